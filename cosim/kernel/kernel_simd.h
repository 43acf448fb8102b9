// A vector of W floats for each instruction set, and the few operations that C++ has no operator for.
#pragma once
#include <cstring>
#include <utility>
#include "kernel.h"
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
#define INLINE_MEMBER inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")     // what is indexed by such a loop stays in registers

#if defined(__AVX512F__)
const int64_t W = 16;           // floats of a vector
#elif defined(__AVX2__)
const int64_t W = 8;
#else
const int64_t W = 4;
#endif

typedef float vec __attribute__((vector_size(4 * W), may_alias));
typedef int32_t ivec __attribute__((vector_size(4 * W), may_alias));
typedef int16_t hvec __attribute__((vector_size(4 * W), may_alias));
const int64_t L = 2 * W;        // halves of a vector

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
INLINE int64_t parts(int64_t length, int64_t part) { return (length + part - 1) / part; }
INLINE int64_t up(int64_t length, int64_t step) { return parts(length, step) * step; }

#if defined(__AVX512F__)
INLINE vec splat(float x) { return _mm512_set1_ps(x); }
INLINE vec widen(const half* p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }
INLINE vec widen(const half* p, int64_t count) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16((__mmask16)((1u << count) - 1), p));
}
// `count` from p, and from q as many as make them `valid`.
INLINE vec widen(const half* p, int64_t count, const half* q, int64_t valid) {
    uint32_t first = (1u << count) - 1, second = ((1u << valid) - 1) & ~first;
    return _mm512_cvtph_ps(_mm256_mask_loadu_epi16(_mm256_maskz_loadu_epi16((__mmask16)first, p), (__mmask16)second,
                                                   q - count));
}
INLINE void narrow(vec x, half* p) { _mm256_storeu_si256((__m256i*)p, _mm512_cvtps_ph(x, 0)); }
#else
#if defined(__AVX2__)
INLINE vec splat(float x) { return _mm256_set1_ps(x); }
INLINE vec widen(const half* p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }
INLINE void narrow(vec x, half* p) { _mm_storeu_si128((__m128i*)p, _mm256_cvtps_ph(x, 0)); }
#else
INLINE vec splat(float x) { return vec{x, x, x, x}; }
INLINE vec widen(const half* p) {
    ivec x = {p[0], p[1], p[2], p[3]};
    ivec magnitude = (x & 0x7FFF) << 13, special = (x & 0x7C00) == 0x7C00, small = (x & 0x7C00) == 0;
    ivec normal = magnitude + (special ? ivec{} + (224 << 23) : ivec{} + (112 << 23));
    vec subnormal = __builtin_convertvector(x & 0x03FF, vec) * 0x1p-24f;
    return (vec)((small ? (ivec)subnormal : normal) | (x & 0x8000) << 16);
}
INLINE void narrow(vec x, half* p) {
    ivec bits = (ivec)x, magnitude = bits & 0x7FFFFFFF, sign = bits >> 16 & 0x8000;
    ivec normal = (magnitude - (112 << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13;     // to nearest even; 1 <= exponent
    // Where the last place is 2^-24, adding 1/2 makes the sum's rounding that of a subnormal.
    ivec subnormal = (ivec)((vec)magnitude + 0.5f) - 0x3F000000;
    ivec y = magnitude < (113 << 23) ? subnormal : normal;
    y = y > 0x7C00 || magnitude >= (143 << 23) ? ivec{} + 0x7C00 : y;
    y = (magnitude > 0x7F800000 ? ivec{} + 0x7E00 : y) | sign;
    for (int64_t i = 0; i < W; i++) p[i] = (half)y[i];
}
#endif
INLINE vec widen(const half* p, int64_t count) {
    half part[W] = {};
    memcpy(part, p, count * sizeof(half));
    return widen(part);
}
INLINE vec widen(const half* p, int64_t count, const half* q, int64_t valid) {
    half part[W] = {};
    for (int64_t i = 0; i < valid; i++) part[i] = i < count ? p[i] : q[i - count];
    return widen(part);
}
#endif

template <size_t... I> INLINE void interleave(vec a, vec b, vec& low, vec& high, std::index_sequence<I...>) {
    low = __builtin_shuffle(a, b, ivec{int32_t(I % 2 * W + I / 2)...});
    high = __builtin_shuffle(a, b, ivec{int32_t(I % 2 * W + I / 2 + W / 2)...});
}

// x[i][j] becomes x[j][i]: an interleaving rotates the bits of an element's number, log2(W) of them swap its halves.
INLINE void transpose(vec x[W]) {
    UNROLL for (int64_t step = 1; step < W; step *= 2) {
        vec y[W];
        UNROLL for (int64_t i = 0; i < W / 2; i++)
            interleave(x[i], x[i + W / 2], y[2 * i], y[2 * i + 1], std::make_index_sequence<W>());
        UNROLL for (int64_t i = 0; i < W; i++) x[i] = y[i];
    }
}

INLINE bool has_nan(vec x) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
#else
    ivec odd = x != x;
    int64_t any = 0;
    for (int64_t i = 0; i < W; i++) any |= odd[i];
    return any;
#endif
}
INLINE vec canonical(vec x) { return x == x ? x : splat(__builtin_nanf("")); }

// W elements of W lines, from[i][k ..], turned: x[j] is element k + j of all lines.
#if defined(__AVX512F__)
INLINE void turn(const half* const from[W], int64_t k, vec x[W]) {
    __m512i a[8], b[8];         // lines i and i + 8 in a register: 8 x 8 halves are turned in each quarter of it
    UNROLL for (int i = 0; i < 8; i++)
        a[i] = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i*)(from[i] + k))),
                                  _mm256_loadu_si256((const __m256i*)(from[i + 8] + k)), 1);
    UNROLL for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm512_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm512_unpackhi_epi16(a[i], a[i + 4]);
    }
    UNROLL for (int i = 0; i < 4; i++) {
        a[2 * i] = _mm512_unpacklo_epi16(b[i], b[i + 4]);
        a[2 * i + 1] = _mm512_unpackhi_epi16(b[i], b[i + 4]);
    }
    alignas(64) half turned[8][2][W];
    UNROLL for (int i = 0; i < 4; i++) {
        b[2 * i] = _mm512_unpacklo_epi16(a[i], a[i + 4]);
        b[2 * i + 1] = _mm512_unpackhi_epi16(a[i], a[i + 4]);
    }
    UNROLL for (int i = 0; i < 8; i++)
        _mm512_store_si512(turned[i], _mm512_shuffle_i64x2(b[i], b[i], _MM_SHUFFLE(3, 1, 2, 0)));
    UNROLL for (int i = 0; i < 8; i++) x[i] = widen(turned[i][0]), x[i + 8] = widen(turned[i][1]);
}
#else
INLINE void turn(const half* const from[W], int64_t k, vec x[W]) {
    UNROLL for (int64_t i = 0; i < W; i++) x[i] = widen(from[i] + k);
    transpose(x);
}
#endif
