// A matrix in the other layout and the other format: FP32 in rows becomes FP16 in columns, or the other way round.
#pragma once
#include "kernel_lines.h"

INLINE vec take(const float* p, int64_t count) {
    vec x = {};
    if (count == W) memcpy(&x, p, sizeof x);
    else memcpy(&x, p, count * sizeof(float));
    return x;
}
INLINE vec take(const half* p, int64_t count) { return count == W ? widen(p) : widen(p, count); }

INLINE void give(vec x, int64_t count, float* p) { count == W ? put(x, p) : put(x, count, p); }
INLINE void give(vec x, int64_t count, half* p) {
#if defined(__AVX512F__)
    _mm256_mask_storeu_epi16(p, (__mmask16)((1u << count) - 1), _mm512_cvtps_ph(x, 0));
#else
    half part[W];
    if (count == W) return narrow(x, p);
    narrow(x, part);
    memcpy(p, part, count * sizeof(half));
#endif
}

// (rows, columns) to (columns, rows).
template <class From, class To> static void turn_matrix(const From* from, int64_t rows, int64_t columns, To* to) {
    for (int64_t i = 0; i < rows; i += W)
        for (int64_t j = 0; j < columns; j += W) {
            const int64_t height = least(W, rows - i), width = least(W, columns - j);
            vec x[W];
            UNROLL for (int64_t k = 0; k < W; k++)
                x[k] = k < height ? take(from + (i + k) * columns + j, width) : vec{};
            transpose(x);
            UNROLL for (int64_t k = 0; k < W; k++)
                if (k < width) give(x[k], height, to + (j + k) * rows + i);
        }
}

static void turn_all(const Turn& t) {
    for (int64_t i = 0; i < t.count; i++) {
        const int64_t at = i * t.rows * t.columns;
        if (t.narrow) turn_matrix((const float*)t.from + at, t.rows, t.columns, (half*)t.to + at);
        else turn_matrix((const half*)t.from + at, t.rows, t.columns, (float*)t.to + at);
    }
}
