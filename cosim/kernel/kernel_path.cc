// A block of a GEMM, compiled once for each instruction set. Each sum has one accumulator to which k is added in
// ascending order; K is cut into stretches, but never into partial sums. A dense product has vectors of columns, which
// add those of b times a broadcast element of a. A sparse one has vectors of rows, which add those of a times a
// broadcast weight: so a pruned weight is skipped without a gather, and the sums are turned at the end.
#include <cmath>
#include "kernel_prune.h"
#include "kernel_tiles.h"
#include "kernel_turn.h"

#if defined(__AVX512F__)
#define SAT_PATH PATH_AVX512
#elif defined(__AVX2__)
#define SAT_PATH PATH_AVX2
#else
#define SAT_PATH PATH_GENERIC
#endif
const int64_t SHORTEST = 48;     // of a sparse product's stretches of k, if they are to be worth their sums' ways

// Notes the lines of the panel with something that is not finite, and returns whether there are any.
static bool find_odd(const Gemm& g, Block& b, int64_t lines) {
    bool any = false;
    for (int64_t i = 0; i < lines; i += W) {
        ivec odd = {};
        for (int64_t k = 0; k < b.end - b.k; k++) {
            vec x = *(const vec*)(b.panel + k * g.pitch + i);
            odd |= (ivec)(x - x);
        }
        for (int64_t lane = 0; lane < W; lane++) any |= b.odd[i + lane] = odd[lane];
    }
    return any;
}

static void pack_kept(const Gemm& g, const Block& b) {
    const Compact& c = *g.compact;
    int64_t first = b.k / c.group * c.keep;
    Kept* to = (Kept*)b.packed;
    for (int64_t j = 0; j < b.others; j += W)
        for (int64_t i = 0; i < b.kept; i++, to++) {
            int64_t from = (first + i) * c.columns + b.other + j, valid = least(W, b.others - j);
            uint8_t index[W] = {};
            if (valid == W) memcpy(index, c.indices + from, W);
            else memcpy(index, c.indices + from, valid);
            *(vec*)to->value = valid == W ? widen(c.values + from) : widen(c.values + from, valid);
            for (int64_t lane = 0; lane < W; lane++)
                to->place[lane] = (int32_t)((i / c.keep * c.group + index[lane]) * g.pitch * sizeof(float));
        }
}

// An activation that is not finite makes a NaN of each product with zero, so also where a weight is pruned: in a row of
// the panel, for W columns.
static void poison(const Gemm& g, const Block& b, int64_t row, int64_t column, float* sums) {
    const Compact& c = *g.compact;
    int64_t columns = least(W, b.others - column), left = columns;
    bool poisoned[W] = {};
    for (int64_t k = 0; k < b.end - b.k && left; k++) {
        float a = b.panel[k * g.pitch + row];
        if (std::isfinite(a)) continue;
        const uint8_t* indices = c.indices + (b.k + k) / c.group * c.keep * c.columns + b.other + column;
        bool spared[W] = {};
        for (int64_t s = 0; s < c.keep && !std::isnan(a); s++)
            for (int64_t j = 0; j < columns; j++) spared[j] |= indices[s * c.columns + j] == (b.k + k) % c.group;
        left = 0;
        for (int64_t j = 0; j < columns; j++) left += !(poisoned[j] |= !spared[j]);
    }
    for (int64_t j = 0; j < columns; j++)
        if (poisoned[j]) sums[j * g.pitch + row] = NAN;
}

// Turn the sums of W rows and W columns and store them.
static void store_turned(const Gemm& g, const Block& b, int64_t row, int64_t column, const float* sums) {
    vec x[W];
    UNROLL for (int64_t i = 0; i < W; i++) x[i] = *(const vec*)(sums + i * g.pitch);
    transpose(x);
    int64_t place = (b.line + row) * g.row_stride + b.other + column;
    for (int64_t i = 0; i < least(W, b.lines - row); i++, place += g.row_stride)
        store(g, place, x[i], least(W, b.others - column));
}

// Results leave as soon as they are there: the memory is then busy beside the arithmetic.
template <int V> static void sparse_panel(const Gemm& g, Block& b, int64_t row, int64_t rows) {
    memset(b.panel + (b.end - b.k) * g.pitch, 0, (b.count - b.end + b.k) * g.pitch * sizeof(float));
    bool odd = find_odd(g, b, rows);
    float* sums = b.sums + row * up(b.others, W);
    for (int64_t column = 0; column < b.others; column += W, sums += W * g.pitch) {
        const Kept* kept = (const Kept*)b.packed + column / W * b.kept;
        for (int64_t j = 0; j < least(W, b.others - column); j++)
            sparse_tile<V>(b.panel, kept, j, b.kept, sums + j * g.pitch, b.k == 0);
        for (int64_t i = 0; odd && i < rows; i++)
            if (b.odd[i]) poison(g, b, i, column, sums);
        for (int64_t i = 0; b.end == g.k && i < rows; i += W) store_turned(g, b, row + i, column, sums + i);
    }
}

// Asks for a part of what will be packed next: matrices' lines are so far apart that no processor guesses them.
static void fetch(Operand from, int64_t line, int64_t lines, int64_t k, int64_t end, int64_t part, int64_t all) {
    if (from.images || k == end) return;
    if (from.line_stride == 1) turn_over(from, line, lines, k, end);
    if (from.k_stride != 1) return;
    for (int64_t i = lines * part / all; i < lines * (part + 1) / all; i++) {
        const half* at = from.data + (line + i) * from.line_stride;
        for (int64_t j = k; j < end; j += 32) __builtin_prefetch(at + j, 0, 2);
        __builtin_prefetch(at + end - 1, 0, 2);
    }
}

// The panel after the one from `line` on, and of the stretch after this one the other operand.
static void fetch_next(const Gemm& g, const Block& b, int64_t line, int64_t row) {
    const int64_t tiles = parts(b.others, ACROSS), tile = row / ACROSS, after = least(b.end + g.depth, g.k);
    const int64_t next = line + g.pitch < b.lines ? line + g.pitch : 0;
    fetch(g.b, b.line + next, least(g.pitch, b.lines - next), next ? b.k : b.end, next ? b.end : after, tile, tiles);
    fetch(g.a, b.other, b.others, b.end, after, line / g.pitch * tiles + tile, parts(b.lines, g.pitch) * tiles);
}

template <int V> static void multiply_panel(const Gemm& g, Block& b, int64_t line, int64_t lines) {
    const Operand& from = g.compact ? g.a : g.b;
    const Pixel* pixels = from.images && !from.images->transposed ? b.pixels + line : b.pixels;
    pack(from, pixels, b.line + line, lines, b.k, b.end, b.panel, g.pitch, true);
    if (g.compact) return sparse_panel<V>(g, b, line, lines);
    if constexpr (V <= DENSE)
        for (int64_t row = 0; row < b.others; row += ACROSS) {
            fetch_next(g, b, line, row);
            dense_tile<V>(g, b, line, row);
        }
}

using Panel = void (*)(const Gemm&, Block&, int64_t, int64_t);
static const Panel PANELS[] = {multiply_panel<1>, multiply_panel<2>, multiply_panel<3>, multiply_panel<4>,
                               multiply_panel<5>, multiply_panel<6>, multiply_panel<7>, multiply_panel<8>};

static int64_t panel_bytes(const Gemm& g) {
    return up(g.depth, LARGEST_GROUP) * g.pitch * sizeof(float);
}
static int64_t sums_bytes(const Gemm& g) {
    return up(g.lines, g.pitch) * up(g.others, most(W, ACROSS)) * sizeof(float);
}
static int64_t packed_bytes(const Gemm& g) {
    if (!g.compact) return g.others * row_pitch(g) * sizeof(float);
    return up(g.others, W) * 2 * up(g.depth, g.compact->group) / g.compact->group * g.compact->keep * sizeof(float);
}
static int64_t scratch(const Gemm& g) {
    int64_t pixels = most(g.depth, most(g.lines, g.others));
    return panel_bytes(g) + sums_bytes(g) + packed_bytes(g) + pixels * (int64_t)sizeof(Pixel);
}

// Pixels of the images that the block needs: those of its rows, or where the images are transposed of its k.
static void find_pixels(const Gemm& g, const Block& b) {
    const bool along_k = g.a.images->transposed;
    if (!along_k && b.k) return;        // they stay
    Walk walk(*g.a.images, g.a.data, along_k ? b.k : g.compact ? b.line : b.other);
    const int64_t count = along_k ? b.end - b.k : g.compact ? b.lines : b.others;
    for (int64_t i = 0; i < count; i++, walk.pass(1)) b.pixels[i] = walk.pixel;
}

static void block(const Gemm& g, int64_t number, char* memory) {
    Block b = {};
    const int64_t all = (g.compact ? g.a : g.b).lines, all_others = (g.compact ? g.b : g.a).lines;
    const int64_t index = number / g.other_blocks, units = parts(all, g.unit);
    b.line = index * units / g.line_blocks * g.unit, b.other = number % g.other_blocks * g.others;
    b.lines = least((index + 1) * units / g.line_blocks * g.unit, all) - b.line;
    b.others = least(g.others, all_others - b.other);
    b.panel = (float*)memory, b.sums = (float*)(memory + panel_bytes(g));
    b.packed = memory + panel_bytes(g) + sums_bytes(g), b.pixels = (Pixel*)(b.packed + packed_bytes(g));
    for (b.k = 0; b.k < g.k; b.k = b.end) {
        b.end = least(b.k + g.depth, g.k);
        b.count = g.compact ? up(b.end - b.k, g.compact->group) : b.end - b.k;
        b.kept = g.compact ? b.count / g.compact->group * g.compact->keep : 0;
        if (g.a.images) find_pixels(g, b);
        if (g.compact) pack_kept(g, b);
        else pack(g.a, b.pixels, b.other, b.others, b.k, b.end, (float*)b.packed, row_pitch(g), false);
        for (int64_t line = 0; line < b.lines; line += g.pitch) {
            int64_t lines = least(g.pitch, b.lines - line);
            PANELS[parts(lines, W) - 1](g, b, line, lines);
        }
    }
}

// Panels that the first cache holds and blocks that the second one does. The fewer lines a block has of either side, the
// more often those of the other are packed; and there is a multiple of as many blocks as there are threads, where the
// result is large enough.
static void plan(Gemm& g, int64_t threads) {
    const int64_t m = (g.compact ? g.a : g.b).lines, n = (g.compact ? g.b : g.a).lines, pad = LARGEST_GROUP;
    const int64_t vectors = g.compact ? most(4, least(SPARSE, g.panel_bytes / (SHORTEST * 4 * W))) : DENSE;
    const int64_t step = g.compact ? W : ACROSS;
    g.pitch = up(parts(m, parts(m, vectors * W)), W);
    g.depth = most(pad, least(g.panel_bytes / (4 * g.pitch), LONGEST / 2) / pad * pad);
    g.depth = up(parts(g.k, parts(g.k, g.depth)), pad);
    const int64_t tallest = most(step, g.block_bytes / (g.compact ? 1024 : 2048));
    int64_t shares = parts(n, tallest);
    if (shares > threads) shares = up(shares, threads);
    g.others = up(parts(n, shares), step);
    g.other_blocks = parts(n, g.others);
    int64_t lines = most(1, g.block_bytes / (4 * g.others) / g.pitch) * g.pitch;
    g.line_blocks = parts(m, lines);
    if (g.line_blocks * g.other_blocks % threads) g.line_blocks = up(g.line_blocks, threads);
    g.unit = m < 2 * g.line_blocks * g.pitch ? W : g.pitch;
    g.line_blocks = least(g.line_blocks, parts(m, g.unit));
    g.lines = parts(parts(m, g.unit), g.line_blocks) * g.unit;
    if (g.line_blocks == 1 && g.other_blocks < threads) {
        g.others = up(parts(n, threads), step);
        g.other_blocks = parts(n, g.others);
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

const Path SAT_PATH = {plan, scratch, block, compact, prune, turn_all, multiply_add};
