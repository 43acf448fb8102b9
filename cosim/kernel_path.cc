// A block of a GEMM, compiled once for each instruction set. Sums are kept turned: a vector holds W rows of one column,
// which adds a weight, broadcast, times W activations. So a pruned weight is skipped without a gather, and each sum has
// one accumulator to which k is added in ascending order; K is cut into stretches, but never into partial sums.
#include <cmath>
#include "kernel_pack.h"
#include "kernel_prune.h"

// Sizes of the register tile, and of what the caches hold. A panel's stretch of k stays in the first one.
#if defined(__AVX512F__)
const int DENSE = 3, ACROSS = 8, SPARSE = 8;        // vectors x columns of a dense tile; vectors of a sparse one
#define SAT_PATH PATH_AVX512
#elif defined(__AVX2__)
const int DENSE = 3, ACROSS = 4, SPARSE = 8;
#define SAT_PATH PATH_AVX2
#else
const int DENSE = 2, ACROSS = 4, SPARSE = 8;
#define SAT_PATH PATH_GENERIC
#endif
const int64_t PANEL_BYTES = 32 << 10, SUM_BYTES = 448 << 10, PANELS_BYTES = 256 << 10, WIDEST = 512;

// A kept weight of W columns: its value, and where its activations are in the panel, in bytes.
struct Kept {
    float value[W];
    int32_t place[W];
};

template <int V> INLINE void load_sums(vec sum[V], const float* from, bool first) {
    UNROLL for (int v = 0; v < V; v++) sum[v] = first ? vec{} : ((const vec*)from)[v];
}

// V vectors of rows x ACROSS columns; each of `count` elements of k takes a product and an addition.
template <int V> static void dense_tile(const float* panel, const float* b, int64_t count, float* sums, bool first) {
    const int64_t pitch = DENSE * W;
    vec sum[ACROSS][V];
    UNROLL for (int j = 0; j < ACROSS; j++) load_sums<V>(sum[j], sums + j * pitch, first);
    for (int64_t k = 0; k < count; k++, panel += pitch, b += W) {
        vec a[V];
        UNROLL for (int v = 0; v < V; v++) a[v] = ((const vec*)panel)[v];
        UNROLL for (int j = 0; j < ACROSS; j++) {
            vec weight = splat(b[j]);
            UNROLL for (int v = 0; v < V; v++) sum[j][v] += a[v] * weight;
        }
    }
    UNROLL for (int j = 0; j < ACROSS; j++)
        UNROLL for (int v = 0; v < V; v++) ((vec*)(sums + j * pitch))[v] = sum[j][v];
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

template <int V> static void tiles(const Gemm& g, const float* panel, const char* weights, int64_t columns,
                                   int64_t count, float* sums, bool first) {
    if (g.compact) {
        int64_t kept = up(count, g.compact->group) / g.compact->group * g.compact->keep;
        for (int64_t j = 0; j < columns; j++)
            sparse_tile<V>(panel, (const Kept*)weights + j / W * kept, j % W, kept, sums + j * SPARSE * W, first);
        return;
    }
    if constexpr (V <= DENSE)
        for (int64_t j = 0; j < columns; j += ACROSS)
            dense_tile<V>(panel, (const float*)weights + j / W * W * count + j % W, count, sums + j * DENSE * W, first);
}

using Tiles = void (*)(const Gemm&, const float*, const char*, int64_t, int64_t, float*, bool);
static const Tiles TILES[] = {tiles<1>, tiles<2>, tiles<3>, tiles<4>, tiles<5>, tiles<6>, tiles<7>, tiles<8>};

// What a block works on: rows x columns of the result, a stretch of k, and its part of the scratch memory.
struct Block {
    int64_t row, rows, column, columns, k, end;
    float *sums, *panels;
    char* weights;
    int64_t pitch, count;       // rows of a panel; elements of k with the zeros that fill the last group
};

INLINE float* panel_of(const Block& b, int64_t row, int64_t depth) { return b.panels + row / b.pitch * b.pitch * depth; }
INLINE float* sums_of(const Block& b, int64_t row) { return b.sums + row / b.pitch * b.pitch * up(b.columns, W); }

// An activation that is not finite makes a NaN of each product with zero, so also where a weight is pruned.
static void poison(const Gemm& g, const Block& b, int64_t row) {
    const Compact& c = *g.compact;
    const float *panel = panel_of(b, row, b.count) + row % b.pitch;
    float* sums = sums_of(b, row) + row % b.pitch;
    for (int64_t k = 0; k < b.end - b.k; k++) {
        float a = panel[k * b.pitch];
        if (std::isfinite(a)) continue;
        const uint8_t* indices = c.indices + (b.k + k) / c.group * c.keep * c.columns + b.column;
        for (int64_t j = 0; j < b.columns; j++) {
            bool kept = false;
            for (int64_t s = 0; s < c.keep; s++) kept |= indices[s * c.columns + j] == (b.k + k) % c.group;
            if (!kept) sums[j * b.pitch] = NAN;
        }
    }
}

// Pack the panels of a stretch of k. Sets odd[i] where one of row i's elements is not finite.
static void pack_panels(const Gemm& g, const Block& b, bool* odd) {
    for (int64_t i = 0; i < b.rows; i += W) {
        float* out = panel_of(b, i, b.count) + i % b.pitch;
        vec seen = pack(g.a, b.row + i, b.k, b.end, out, b.pitch);
        for (int64_t k = b.end - b.k; k < b.count; k++) *(vec*)(out + k * b.pitch) = vec{};
        ivec bad = seen != seen;
        for (int64_t lane = 0; lane < W; lane++) odd[i + lane] = bad[lane];
    }
}

static void pack_weights(const Gemm& g, const Block& b) {
    if (!g.compact) {
        for (int64_t j = 0; j < b.columns; j += W)
            pack(g.b, b.column + j, b.k, b.end, (float*)b.weights + j * b.count, W);
        return;
    }
    const Compact& c = *g.compact;
    int64_t first = b.k / c.group * c.keep, kept = b.count / c.group * c.keep;
    Kept* to = (Kept*)b.weights;
    for (int64_t j = 0; j < b.columns; j += W)
        for (int64_t i = 0; i < kept; i++, to++) {
            int64_t from = (first + i) * c.columns + b.column + j, valid = least(W, b.columns - j);
            uint8_t index[W] = {};
            if (valid == W) memcpy(index, c.indices + from, W);
            else memcpy(index, c.indices + from, valid);
            *(vec*)to->value = valid == W ? widen(c.values + from) : widen(c.values + from, valid);
            for (int64_t lane = 0; lane < W; lane++)
                to->place[lane] = (int32_t)((i / c.keep * c.group + index[lane]) * b.pitch * sizeof(float));
        }
}

// Turn the sums of W rows and store them.
static void store(const Gemm& g, const Block& b, int64_t row) {
    const float* sums = sums_of(b, row) + row % b.pitch;
    for (int64_t j = 0; j < b.columns; j += W) {
        int64_t columns = least(W, b.columns - j);
        vec x[W];
        for (int64_t i = 0; i < W; i++) x[i] = *(const vec*)(sums + (j + least(i, columns - 1)) * b.pitch);
        transpose(x);
        for (int64_t i = 0; i < least(W, b.rows - row); i++) {
            int64_t place = (b.row + row + i) * g.row_stride + b.column + j;
            vec y = canonical(x[i]);
            half rounded[W];
            if (g.narrow) {
                narrow(y, rounded);
                memcpy((half*)g.c + place, rounded, columns * sizeof(half));
            } else {
                memcpy((float*)g.c + place, &y, columns * sizeof(float));
            }
        }
    }
}

static int64_t sums_bytes(const Gemm& g) { return (g.rows + 128) * up(g.columns, W) * sizeof(float); }
static int64_t panels_bytes(const Gemm& g) { return (g.rows + 128) * g.depth * sizeof(float); }
static int64_t weights_bytes(const Gemm& g) {
    int64_t per = g.compact ? 2 * up(g.depth, g.compact->group) / g.compact->group * g.compact->keep : g.depth;
    return up(g.columns, W) * per * sizeof(float);
}

static int64_t scratch(const Gemm& g) { return sums_bytes(g) + panels_bytes(g) + weights_bytes(g) + up(g.rows, W); }

static void block(const Gemm& g, int64_t number, char* memory) {
    Block b;
    b.row = number / g.column_blocks * g.rows, b.column = number % g.column_blocks * g.columns;
    b.rows = least(g.rows, g.a.lines - b.row), b.columns = least(g.columns, g.b.lines - b.column);
    b.sums = (float*)memory, b.panels = (float*)(memory + sums_bytes(g));
    b.weights = memory + sums_bytes(g) + panels_bytes(g);
    b.pitch = (g.compact ? SPARSE : DENSE) * W;
    bool* odd = (bool*)(b.weights + weights_bytes(g));
    for (b.k = 0; b.k < g.k; b.k = b.end) {
        b.end = least(b.k + g.depth, g.k);
        b.count = g.compact ? up(b.end - b.k, g.compact->group) : b.end - b.k;
        pack_panels(g, b, odd);
        pack_weights(g, b);
        for (int64_t row = 0; row < b.rows; row += b.pitch)
            TILES[up(least(b.pitch, b.rows - row), W) / W - 1](g, panel_of(b, row, b.count), b.weights, b.columns,
                                                              b.count, sums_of(b, row), b.k == 0);
        for (int64_t row = 0; g.compact && row < b.rows; row++)
            if (odd[row]) poison(g, b, row);
    }
    for (int64_t row = 0; row < b.rows; row += W) store(g, b, row);
}

// Blocks that the second cache holds; as many as threads, or a multiple, where the result is large enough.
static void plan(Gemm& g, int64_t threads) {
    int64_t panel = (g.compact ? SPARSE : DENSE) * W, m = g.a.lines, n = g.b.lines;
    g.depth = least(least(PANEL_BYTES / (panel * (int64_t)sizeof(float)), DEEPEST) / LARGEST_GROUP * LARGEST_GROUP,
                    up(g.k, LARGEST_GROUP));
    g.columns = least(up(n, W), WIDEST);
    g.column_blocks = (n + g.columns - 1) / g.columns;
    int64_t most_rows = least(SUM_BYTES / (4 * g.columns), PANELS_BYTES / (4 * g.depth)) / panel * panel;
    g.row_blocks = (m + most(most_rows, panel) - 1) / most(most_rows, panel);
    if (g.row_blocks * g.column_blocks % threads)
        g.row_blocks = least(up(g.row_blocks, threads), (m + W - 1) / W);
    g.rows = up((m + g.row_blocks - 1) / g.row_blocks, W);
    g.row_blocks = (m + g.rows - 1) / g.rows;
    if (g.row_blocks == 1 && g.column_blocks < threads) {
        g.columns = up((n + threads - 1) / threads, W);
        g.column_blocks = (n + g.columns - 1) / g.columns;
    }
}

// As many multiply-adds as fit the registers, and nothing else.
static float multiply_add(int64_t rounds) {
    const int sums = W == 16 ? 24 : 12;
    vec sum[sums], a = splat(0.5f), b = splat(1.0f);
    UNROLL for (int j = 0; j < sums; j++) sum[j] = splat(j);         // different, or the compiler would make one of them
    for (int64_t i = 0; i < rounds * (FMA_ROUND / (sums * W)); i++)
        UNROLL for (int j = 0; j < sums; j++) sum[j] = sum[j] * a + b;
    vec total = {};
    UNROLL for (int j = 0; j < sums; j++) total += sum[j];
    return total[0];
}

const Path SAT_PATH = {plan, scratch, block, compact, prune, multiply_add};
