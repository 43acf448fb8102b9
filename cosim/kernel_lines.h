// Packing a matrix: W lines of an operand, converted to FP32 and turned so that a vector holds one k of all of them.
#pragma once
#include "kernel_simd.h"

const int64_t DEEPEST = 256;                            // elements of k that are ever packed at a time
alignas(64) static const half ZEROS[DEEPEST] = {};      // a line of nothing, whatever its stride

// Not 0 where x is infinite or NaN.
INLINE ivec unlike(vec x) { return (ivec)(x - x); }

// Lines whose elements lie side by side.
static ivec turn_lines(const half* const from[W], int64_t count, float* out, int64_t pitch) {
    ivec odd = {};
    int64_t k = 0;
    for (; k + W <= count; k += W) {
        vec x[W];
        turn(from, k, x);
        UNROLL for (int64_t i = 0; i < W; i++) {
            odd |= unlike(x[i]);
            *(vec*)(out + (k + i) * pitch) = x[i];
        }
    }
    if (k < count) {
        vec x[W];
        UNROLL for (int64_t i = 0; i < W; i++) x[i] = widen(from[i] + k, count - k);
        transpose(x);
        UNROLL for (int64_t i = 0; i < W; i++) {
            if (k + i >= count) break;
            odd |= unlike(x[i]);
            *(vec*)(out + (k + i) * pitch) = x[i];
        }
    }
    return odd;
}

// `count` elements of each line, from[i] + k * stride, to out + k * pitch; lines from `valid` on are ZEROS.
// Returns what is not 0 in the lanes where one is not finite.
static ivec pack_lines(const half* const from[W], int64_t valid, int64_t stride, int64_t count, float* out,
                       int64_t pitch) {
    bool adjacent = true;
    for (int64_t i = 1; i < valid; i++) adjacent &= from[i] == from[0] + i;
    if (stride == 1 && (!adjacent || valid == 1)) return turn_lines(from, count, out, pitch);
    ivec odd = {};
    for (int64_t k = 0; k < count; k++) {
        vec x;
        if (adjacent && valid == W) {
            x = widen(from[0] + k * stride);
        } else if (adjacent) {
            x = widen(from[0] + k * stride, valid);
        } else {
            half one[W] = {};
            for (int64_t i = 0; i < valid; i++) one[i] = from[i] == ZEROS ? 0 : from[i][k * stride];
            x = widen(one);
        }
        odd |= unlike(x);
        *(vec*)(out + k * pitch) = x;
    }
    return odd;
}

// Elements k .. end - 1 of W lines of a matrix.
static ivec pack_matrix(const Operand& from, int64_t line, int64_t valid, int64_t k, int64_t end, float* out,
                        int64_t pitch) {
    const half* lines[W];
    for (int64_t i = 0; i < W; i++)
        lines[i] = i < valid ? from.data + (line + i) * from.line_stride + k * from.k_stride : ZEROS;
    return pack_lines(lines, valid, from.k_stride, end - k, out, pitch);
}

// Any number of lines that lie side by side, W of them after W others; memory is read as it comes.
static void pack_adjacent(const Operand& from, int64_t line, int64_t lines, int64_t k, int64_t end, float* out) {
    for (const int64_t count = end - k; k < end; k++, out += W) {
        const half* row = from.data + k * from.k_stride + line;
        int64_t j = 0;
        for (; j + W <= lines; j += W) *(vec*)(out + j * count) = widen(row + j);
        if (j < lines) *(vec*)(out + j * count) = widen(row + j, lines - j);
    }
}
