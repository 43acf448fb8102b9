// The register tiles: sums that stay in registers over a stretch of k, and how results leave them.
#pragma once
#include "kernel_images.h"

#if defined(__AVX512F__)
const int DENSE = 4, ACROSS = 6, SPARSE = 8;        // vectors x rows of a dense tile; vectors of a sparse one
#elif defined(__AVX2__)
const int DENSE = 2, ACROSS = 6, SPARSE = 8;
#else
const int DENSE = 2, ACROSS = 4, SPARSE = 8;
#endif
const int64_t LARGEST_PANEL = SPARSE * W;

// A kept weight of W columns: its value, and where its activations are in the panel, in bytes.
struct Kept {
    float value[W];
    int32_t place[W];
};

// What a block works on: lines of the operand that is read in vectors, those of the other one, whose elements are
// broadcast, a stretch of k, and its part of the scratch memory.
struct Block {
    int64_t line, lines, other, others, k, end;
    float *sums, *panel;
    char* packed;               // the other operand: rows, or kept weights
    Pixel* pixels;              // of the rows of a that images are, or of the stretch of k
    int64_t count;              // elements of k with the zeros that fill the last group
    int64_t kept;               // of them in a column of sparse weights
    bool odd[LARGEST_PANEL];    // lines of the panel with something that is not finite
};

INLINE void put(vec x, half* to) { narrow(x, to); }

template <class T> INLINE void put_valid(vec x, int64_t valid, T* to) {
    T part[W];
    if (valid == W) return put(x, to);
    put(x, part);
    memcpy(to, part, valid * sizeof(T));
}

// Results of a row from a place on, W of them or fewer. Every NaN is the canonical one.
INLINE void store(const Gemm& g, int64_t place, vec x, int64_t valid) {
    x = canonical(x);
    if (g.narrow) put_valid(x, valid, (half*)g.c + place);
    else put_valid(x, valid, (float*)g.c + place);
}

template <int V> INLINE void load_sums(vec sum[V], const float* from, bool first) {
    UNROLL for (int v = 0; v < V; v++) sum[v] = first ? vec{} : ((const vec*)from)[v];
}

// Floats from one packed row to the next: their lines of the cache must not compete.
INLINE int64_t row_pitch(const Gemm& g) { return g.depth + W; }

template <int V> INLINE void multiply_add(const float* panel, int64_t pitch, const float* const a[ACROSS],
                                          int64_t count, vec sum[ACROSS][V]) {
    for (int64_t k = 0; k < count; k++, panel += pitch) {
        vec x[V];
        UNROLL for (int v = 0; v < V; v++) x[v] = ((const vec*)panel)[v];
        UNROLL for (int j = 0; j < ACROSS; j++) {
            vec scalar = splat(a[j][k]);
            UNROLL for (int v = 0; v < V; v++) sum[j][v] += x[v] * scalar;
        }
    }
}

template <int V, class T> INLINE void store_whole(T* c, int64_t row_stride, const vec sum[ACROSS][V]) {
    UNROLL for (int j = 0; j < ACROSS; j++)
        UNROLL for (int v = 0; v < V; v++) put(sum[j][v], c + j * row_stride + v * W);
}

// Not where there is a NaN, for it makes a NaN of the total.
template <int V> INLINE bool all_numbers(const vec sum[ACROSS][V]) {
    vec total[V];
    UNROLL for (int v = 0; v < V; v++) total[v] = sum[0][v];
    UNROLL for (int j = 1; j < ACROSS; j++)
        UNROLL for (int v = 0; v < V; v++) total[v] += sum[j][v];
    UNROLL for (int v = 1; v < V; v++) total[0] += total[v];
    return !has_nan(total[0]);
}

// ACROSS rows x V vectors of columns. Where k ends whole tiles of numbers go from the registers to c: the way through
// the memory, which the others take, would show where k is short.
template <int V> static void dense_tile(const Gemm& g, const Block& b, int64_t line, int64_t row) {
    const int64_t rows = least(ACROSS, b.others - row), columns = b.lines - line;
    const float* a[ACROSS];     // those beyond the last row repeat it
    UNROLL for (int j = 0; j < ACROSS; j++)
        a[j] = (const float*)b.packed + (row + least(j, rows - 1)) * row_pitch(g);
    float* sums = b.sums + line * up(b.others, ACROSS) + row * V * W;
    vec sum[ACROSS][V];
    UNROLL for (int j = 0; j < ACROSS; j++) load_sums<V>(sum[j], sums + j * V * W, b.k == 0);
    multiply_add<V>(b.panel, g.pitch, a, b.count, sum);
    int64_t place = (b.other + row) * g.row_stride + b.line + line;
    if (b.end == g.k && rows == ACROSS && columns >= V * W && all_numbers<V>(sum))
        return g.narrow ? store_whole<V>((half*)g.c + place, g.row_stride, sum)
                        : store_whole<V>((float*)g.c + place, g.row_stride, sum);
    UNROLL for (int j = 0; j < ACROSS; j++)
        UNROLL for (int v = 0; v < V; v++) ((vec*)(sums + j * V * W))[v] = sum[j][v];
    for (int64_t j = 0; b.end == g.k && j < rows; j++, place += g.row_stride)
        for (int64_t v = 0; v < V; v++)
            store(g, place + v * W, ((const vec*)(sums + j * V * W))[v], least(W, columns - v * W));
}

// V vectors of rows x one column, for `count` kept weights.
template <int V> static void sparse_tile(const float* panel, const Kept* kept, int64_t column, int64_t count,
                                         float* sums, bool first) {
    vec sum[V];
    load_sums<V>(sum, sums, first);
    for (int64_t i = 0; i < count; i++) {
        const vec* a = (const vec*)((const char*)panel + kept[i].place[column]);
        vec weight = splat(kept[i].value[column]);
        UNROLL for (int v = 0; v < V; v++) sum[v] += a[v] * weight;
    }
    UNROLL for (int v = 0; v < V; v++) ((vec*)sums)[v] = sum[v];
}
