// Packing: lines of an operand become FP32, either as they lie, out[line][k], or turned, out[k][line].
#pragma once
#include "kernel_simd.h"

const int64_t LONGEST = 512;                            // elements of a line that are ever packed at a time
const int64_t GROUP = 4 * W;                            // lines that are copied at a time
alignas(64) static const half ZEROS[LONGEST] = {};      // a line of nothing, whatever its stride

INLINE void put(vec x, float* to) { memcpy(to, &x, sizeof x); }

// The first `count` floats of a vector.
INLINE void put(vec x, int64_t count, float* to) {
#if defined(__AVX512F__)
    _mm512_mask_storeu_ps(to, (__mmask16)((1u << count) - 1), x);
#else
    memcpy(to, &x, count * sizeof(float));
#endif
}

static void copy_lines(const half* const from[], int64_t lines, int64_t count, float* out, int64_t pitch) {
    const int64_t whole = count / W * W, rest = count - whole;
    for (int64_t i = 0; i < lines; i++)
        for (int64_t k = 0; k < whole; k += W) put(widen(from[i] + k), out + i * pitch + k);
    for (int64_t i = 0; i < lines && rest; i++)
        put(widen(from[i] + whole, rest), rest, out + i * pitch + whole);
}

// Lines whose elements are apart, or ZEROS.
static void copy_apart(const half* const from[], int64_t lines, int64_t stride, int64_t count, float* out,
                       int64_t pitch) {
    half beside[LONGEST];
    const half* line = beside;
    for (int64_t i = 0; i < lines; i++) {
        for (int64_t k = 0; k < count; k++) beside[k] = from[i] == ZEROS ? 0 : from[i][k * stride];
        copy_lines(&line, 1, count, out + i * pitch, pitch);
    }
}

// W lines whose elements lie side by side.
static void turn_lines(const half* const from[W], int64_t count, float* out, int64_t pitch) {
    int64_t k = 0;
    vec x[W];
    for (; k + W <= count; k += W) {
        turn(from, k, x);
        UNROLL for (int64_t i = 0; i < W; i++) *(vec*)(out + (k + i) * pitch) = x[i];
    }
    if (k == count) return;
    UNROLL for (int64_t i = 0; i < W; i++) x[i] = widen(from[i] + k, count - k);
    transpose(x);
    UNROLL for (int64_t i = 0; i < W; i++)
        if (k + i < count) *(vec*)(out + (k + i) * pitch) = x[i];
}

// `count` elements of up to GROUP lines, from[i][k * stride]; turned of W lines, those from `valid` on are ZEROS.
static void pack_lines(const half* const from[], int64_t valid, int64_t stride, int64_t count, float* out,
                       int64_t pitch, bool turned) {
    if (!turned) return stride == 1 ? copy_lines(from, valid, count, out, pitch)
                                    : copy_apart(from, valid, stride, count, out, pitch);
    bool adjacent = true;
    for (int64_t i = 1; i < valid; i++) adjacent &= from[i] == from[0] + i;
    if (stride == 1 && (!adjacent || valid == 1)) return turn_lines(from, count, out, pitch);
    for (int64_t k = 0; k < count; k++, out += pitch) {
        half one[W] = {};
        if (!adjacent)
            for (int64_t i = 0; i < valid; i++) one[i] = from[i] == ZEROS ? 0 : from[i][k * stride];
        *(vec*)out = !adjacent ? widen(one) : valid == W ? widen(from[0] + k * stride)
                                                         : widen(from[0] + k * stride, valid);
    }
}

// Elements k .. end - 1 of some lines of a matrix.
static void pack_matrix(const Operand& from, int64_t line, int64_t valid, int64_t k, int64_t end, float* out,
                        int64_t pitch, bool turned) {
    const half* lines[GROUP];
    for (int64_t i = 0; i < most(W, valid); i++)
        lines[i] = i < valid ? from.data + (line + i) * from.line_stride + k * from.k_stride : ZEROS;
    pack_lines(lines, valid, from.k_stride, end - k, out, pitch, turned);
}
