// A block of a GEMM, compiled once for each instruction set. Sums are kept turned: a vector holds W rows of one column,
// which adds a weight, broadcast, times W activations. So a pruned weight is skipped without a gather, and each sum has
// one accumulator to which k is added in ascending order; K is cut into stretches, but never into partial sums.
#include <cmath>
#include "kernel_images.h"
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
const int64_t PANEL_BYTES = 32 << 10, SUM_BYTES = 576 << 10, WIDEST = 512, LARGEST_PANEL = 128;

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
    for (int64_t j = 0; j < ACROSS * pitch; j += 16) __builtin_prefetch(sums + ACROSS * pitch + j, 1);       // the next
    for (int64_t k = 0; k < count; k++, panel += pitch, b += W) {
        __builtin_prefetch(b + 8 * W);
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

// What a block works on: rows x columns of the result, a stretch of k, and its part of the scratch memory.
struct Block {
    int64_t row, rows, column, columns, k, end;
    float *sums, *panel;
    char* weights;
    Pixel* pixels;              // of the rows, where they are those of images
    int64_t pitch, count;       // rows of a panel; elements of k with the zeros that fill the last group
    int64_t kept;               // of them in a column of sparse weights
    bool odd[LARGEST_PANEL];    // rows of the panel with something that is not finite
};

// Sums of W columns for a panel of V vectors of rows.
template <int V> static void tile(const Block& b, int64_t column, float* sums) {
    int64_t columns = least(W, b.columns - column);
    if (b.kept) {
        const Kept* kept = (const Kept*)b.weights + column / W * b.kept;
        for (int64_t j = 0; j < columns; j++)
            sparse_tile<V>(b.panel, kept, j, b.kept, sums + j * SPARSE * W, b.k == 0);
    } else if constexpr (V <= DENSE) {
        const float* weights = (const float*)b.weights + column * b.count;
        for (int64_t j = 0; j < columns; j += ACROSS)
            dense_tile<V>(b.panel, weights + j, b.count, sums + j * DENSE * W, b.k == 0);
    }
}

using Tile = void (*)(const Block&, int64_t, float*);
static const Tile TILES[] = {tile<1>, tile<2>, tile<3>, tile<4>, tile<5>, tile<6>, tile<7>, tile<8>};

// Returns whether something in it is not finite.
static bool pack_panel(const Gemm& g, Block& b, int64_t row, int64_t rows) {
    bool any = false;
    for (int64_t i = 0; i < rows; i += W) {
        int64_t valid = least(W, rows - i), line = b.row + row + i;
        float* out = b.panel + i;
        ivec odd = !g.a.images ? pack_matrix(g.a, line, valid, b.k, b.end, out, b.pitch)
                   : g.a.images->transposed ? pack_taps(g.a, line, valid, b.k, b.end, out, b.pitch)
                   : pack_pixels(g.a, b.pixels + row + i, valid, b.k, b.end, out, b.pitch);
        for (int64_t k = b.end - b.k; k < b.count; k++) *(vec*)(out + k * b.pitch) = vec{};
        for (int64_t lane = 0; lane < W; lane++) any |= b.odd[i + lane] = odd[lane];
    }
    return any;
}

static void pack_weights(const Gemm& g, const Block& b) {
    if (!g.compact) {
        if (g.b.line_stride == 1)
            return pack_adjacent(g.b, b.column, b.columns, b.k, b.end, (float*)b.weights);
        for (int64_t j = 0; j < b.columns; j += W)
            pack_matrix(g.b, b.column + j, least(W, b.columns - j), b.k, b.end, (float*)b.weights + j * b.count, W);
        return;
    }
    const Compact& c = *g.compact;
    int64_t first = b.k / c.group * c.keep;
    Kept* to = (Kept*)b.weights;
    for (int64_t j = 0; j < b.columns; j += W)
        for (int64_t i = 0; i < b.kept; i++, to++) {
            int64_t from = (first + i) * c.columns + b.column + j, valid = least(W, b.columns - j);
            uint8_t index[W] = {};
            if (valid == W) memcpy(index, c.indices + from, W);
            else memcpy(index, c.indices + from, valid);
            *(vec*)to->value = valid == W ? widen(c.values + from) : widen(c.values + from, valid);
            for (int64_t lane = 0; lane < W; lane++)
                to->place[lane] = (int32_t)((i / c.keep * c.group + index[lane]) * b.pitch * sizeof(float));
        }
}

// An activation that is not finite makes a NaN of each product with zero, so also where a weight is pruned: in a row of
// the panel, for W columns.
static void poison(const Compact& c, const Block& b, int64_t row, int64_t column, float* sums) {
    int64_t columns = least(W, b.columns - column), left = columns;
    bool poisoned[W] = {};
    for (int64_t k = 0; k < b.end - b.k && left; k++) {
        float a = b.panel[k * b.pitch + row];
        if (std::isfinite(a)) continue;
        const uint8_t* indices = c.indices + (b.k + k) / c.group * c.keep * c.columns + b.column + column;
        bool spared[W] = {};
        for (int64_t s = 0; s < c.keep && !std::isnan(a); s++)
            for (int64_t j = 0; j < columns; j++) spared[j] |= indices[s * c.columns + j] == (b.k + k) % c.group;
        left = 0;
        for (int64_t j = 0; j < columns; j++) left += !(poisoned[j] |= !spared[j]);
    }
    for (int64_t j = 0; j < columns; j++)
        if (poisoned[j]) sums[j * b.pitch + row] = NAN;
}

// Turn the sums of W rows and W columns and store them.
static void store(const Gemm& g, const Block& b, int64_t row, int64_t column, const float* sums) {
    int64_t columns = least(W, b.columns - column);
    vec x[W];
    UNROLL for (int64_t i = 0; i < W; i++) x[i] = *(const vec*)(sums + i * b.pitch);
    transpose(x);
    for (int64_t i = 0; i < least(W, b.rows - row); i++) {
        int64_t place = (b.row + row + i) * g.row_stride + b.column + column;
        vec y = canonical(x[i]);
        half rounded[W];
        if (g.narrow) narrow(y, rounded);
        if (g.narrow && columns == W) memcpy((half*)g.c + place, rounded, sizeof rounded);
        else if (g.narrow) memcpy((half*)g.c + place, rounded, columns * sizeof(half));
        else if (columns == W) memcpy((float*)g.c + place, &y, sizeof y);
        else memcpy((float*)g.c + place, &y, columns * sizeof(float));
    }
}

// All columns of a panel. Results leave as soon as they are there: the memory is then busy beside the arithmetic.
static void multiply_panel(const Gemm& g, Block& b, int64_t row) {
    int64_t rows = least(b.pitch, b.rows - row);
    float* sums = b.sums + row * up(b.columns, W);
    bool odd = pack_panel(g, b, row, rows) && g.compact;
    for (int64_t column = 0; column < b.columns; column += W, sums += W * b.pitch) {
        TILES[parts(rows, W) - 1](b, column, sums);
        for (int64_t i = 0; odd && i < rows; i++)
            if (b.odd[i]) poison(*g.compact, b, i, column, sums);
        for (int64_t i = 0; b.end == g.k && i < rows; i += W) store(g, b, row + i, column, sums + i);
    }
}

static int64_t pitch_of(const Gemm& g) { return (g.compact ? SPARSE : DENSE) * W; }
static int64_t sums_bytes(const Gemm& g) { return up(g.rows, pitch_of(g)) * up(g.columns, W) * sizeof(float); }
static int64_t weights_bytes(const Gemm& g) {
    int64_t per = g.compact ? 2 * up(g.depth, g.compact->group) / g.compact->group * g.compact->keep : g.depth;
    return up(g.columns, W) * per * sizeof(float);
}
static int64_t scratch(const Gemm& g) {
    return PANEL_BYTES + sums_bytes(g) + weights_bytes(g) + g.rows * (int64_t)sizeof(Pixel);
}

static void block(const Gemm& g, int64_t number, char* memory) {
    Block b = {};
    const int64_t index = number / g.column_blocks, units = parts(g.a.lines, g.unit);
    b.row = index * units / g.row_blocks * g.unit, b.column = number % g.column_blocks * g.columns;
    b.rows = least((index + 1) * units / g.row_blocks * g.unit, g.a.lines) - b.row;
    b.columns = least(g.columns, g.b.lines - b.column);
    b.panel = (float*)memory, b.sums = (float*)(memory + PANEL_BYTES);
    b.weights = memory + PANEL_BYTES + sums_bytes(g), b.pixels = (Pixel*)(b.weights + weights_bytes(g));
    b.pitch = pitch_of(g);
    if (g.a.images && !g.a.images->transposed) {
        Walk walk(*g.a.images, g.a.data, b.row);
        for (int64_t i = 0; i < b.rows; i++, walk.pass(1)) b.pixels[i] = walk.pixel;
    }
    for (b.k = 0; b.k < g.k; b.k = b.end) {
        b.end = least(b.k + g.depth, g.k);
        b.count = g.compact ? up(b.end - b.k, g.compact->group) : b.end - b.k;
        b.kept = g.compact ? b.count / g.compact->group * g.compact->keep : 0;
        pack_weights(g, b);
        for (int64_t row = 0; row < b.rows; row += b.pitch) multiply_panel(g, b, row);
    }
}

// Blocks that the second cache holds. A multiple of as many as there are threads, where the result is large enough.
static void plan(Gemm& g, int64_t threads) {
    int64_t panel = pitch_of(g), m = g.a.lines, n = g.b.lines, pad = LARGEST_GROUP;
    g.depth = least(PANEL_BYTES / (4 * panel) / pad * pad, least(DEEPEST, up(g.k, pad)));
    g.depth = least(g.depth, up(parts(g.k, parts(g.k, g.depth)), pad));
    g.columns = up(parts(n, parts(n, WIDEST)), W);
    g.column_blocks = parts(n, g.columns);
    int64_t rows = most(1, SUM_BYTES / (4 * g.columns) / panel) * panel;
    g.row_blocks = parts(m, rows);
    if (g.row_blocks * g.column_blocks % threads) g.row_blocks = up(g.row_blocks, threads);
    g.unit = m < 2 * g.row_blocks * panel ? W : panel;
    g.row_blocks = least(g.row_blocks, parts(m, g.unit));
    g.rows = parts(parts(m, g.unit), g.row_blocks) * g.unit;
    if (g.row_blocks == 1 && g.column_blocks < threads) {
        g.columns = up(parts(n, threads), W);
        g.column_blocks = parts(n, g.columns);
    }
}

// As many multiply-adds as fit the registers, and nothing else.
static float multiply_add(int64_t rounds) {
    const int sums = W == 16 ? 24 : 12;
    vec sum[sums], a = splat(0.5f), b = splat(1.0f);
    UNROLL for (int j = 0; j < sums; j++) sum[j] = splat(j);         // different, or there would be but one
    for (int64_t i = 0; i < rounds * (FMA_ROUND / (sums * W)); i++)
        UNROLL for (int j = 0; j < sums; j++) sum[j] = sum[j] * a + b;
    vec total = {};
    UNROLL for (int j = 0; j < sums; j++) total += sum[j];
    return total[0];
}

const Path SAT_PATH = {plan, scratch, block, compact, prune, multiply_add};
