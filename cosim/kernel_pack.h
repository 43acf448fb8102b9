// Packing: W lines of an operand, converted to FP32 and turned so that a vector holds one k of all of them.
#pragma once
#include "kernel_simd.h"

const int64_t DEEPEST = 256;                    // elements of k that are ever packed at a time
alignas(64) static const half ZEROS[DEEPEST] = {};      // what a pixel in the padding is made of

// `count` elements of each line, from[i] + k * stride, to out + k * pitch. Returns NaN in lanes where one is not finite.
static vec pack_lines(const half* const from[W], int64_t valid, int64_t stride, int64_t count, float* out,
                      int64_t pitch) {
    vec odd = {};
    bool adjacent = true;
    for (int64_t i = 1; i < valid; i++) adjacent &= from[i] == from[0] + i;
    if (stride == 1 && (!adjacent || valid == 1)) {
        for (int64_t k = 0; k < count; k += W) {
            int64_t part = least(W, count - k);
            vec x[W];
            for (int64_t i = 0; i < W; i++) x[i] = part == W ? widen(from[i] + k) : widen(from[i] + k, part);
            transpose(x);
            for (int64_t i = 0; i < part; i++) {
                odd += x[i] * 0.0f;
                *(vec*)(out + (k + i) * pitch) = x[i];
            }
        }
        return odd;
    }
    for (int64_t k = 0; k < count; k++) {
        half one[W] = {};
        if (!adjacent)
            for (int64_t i = 0; i < valid; i++) one[i] = from[i] == ZEROS ? 0 : from[i][k * stride];
        const half* p = adjacent ? from[0] + k * stride : one;
        vec x = adjacent && valid < W ? widen(p, valid) : widen(p);
        odd += x * 0.0f;
        *(vec*)(out + k * pitch) = x;
    }
    return odd;
}

// Where the kernel's first position meets the images for an output pixel, which may be outside of them.
struct Pixel {
    const half* image;
    int64_t y, x, out_y, out_x;
};

INLINE Pixel pixel_at(const Images& s, const half* data, int64_t number) {
    int64_t line = number / s.out_x, out_x = number % s.out_x, out_y = line % s.out_y;
    return {data + line / s.out_y * s.batch_stride, out_y * s.stride_y - s.padding_y,
            out_x * s.stride_x - s.padding_x, out_y, out_x};
}

INLINE void advance(const Images& s, Pixel& at) {
    at.x += s.stride_x;
    if (++at.out_x < s.out_x) return;
    at.out_x = 0, at.x = -s.padding_x, at.y += s.stride_y;
    if (++at.out_y < s.out_y) return;
    at.out_y = 0, at.y = -s.padding_y, at.image += s.batch_stride;
}

// A stretch of im2col elements that lie side by side in the images: a kernel position, or where they touch a whole
// line of the kernel. Elements offset .. offset + count - 1 of it.
struct Run {
    int64_t y, x, taps, offset, count;
};

INLINE int64_t taps_of(const Images& s) {
    bool touch = s.depth == s.channels && s.dilation_x == 1 && s.channel_stride == 1 && s.x_stride == s.channels;
    return touch ? s.kernel_x : 1;
}

INLINE Run run_at(const Images& s, int64_t element, int64_t end) {
    int64_t taps = taps_of(s), length = taps * s.depth, number = element / length * taps, offset = element % length;
    return {number / s.kernel_x * s.dilation_y, number % s.kernel_x * s.dilation_x, taps, offset,
            least(length - offset, end - element)};
}

// What a pixel meets in a run: a pointer into the images, or into `spare` where some of it is in the padding.
INLINE const half* meets(const Images& s, const Pixel& at, const Run& run, half* spare) {
    int64_t y = at.y + run.y, x = at.x + run.x;
    if ((uint64_t)y >= (uint64_t)s.height || x >= s.width || x + run.taps <= 0) return ZEROS;
    const half* line = at.image + y * s.y_stride;
    if (x >= 0 && x + run.taps <= s.width) return line + x * s.x_stride + run.offset * s.channel_stride;
    memset(spare, 0, run.count * sizeof(half));
    int64_t first = most(run.offset, -x * s.channels);
    int64_t end = least(run.offset + run.count, (s.width - x) * s.channels);
    if (first < end)
        memcpy(spare + first - run.offset, line + x * s.channels + first, (end - first) * sizeof(half));
    return spare;
}

// Lines are pixels: W of them, elements k .. end - 1 of their im2col rows.
static vec pack_pixels(const Operand& from, int64_t line, int64_t valid, int64_t k, int64_t end, float* out,
                       int64_t pitch) {
    const Images& s = *from.images;
    Pixel at[W];
    at[0] = pixel_at(s, from.data, line);
    for (int64_t i = 1; i < valid; i++) advance(s, at[i] = at[i - 1]);
    half spare[W][DEEPEST];
    vec odd = {};
    while (k < end) {
        Run run = run_at(s, k, end);
        int64_t real = run.taps > 1 ? run.count : most(0, least(run.count, s.channels - run.offset));
        const half* lines[W];
        for (int64_t i = 0; i < W; i++) lines[i] = i < valid ? meets(s, at[i], run, spare[i]) : ZEROS;
        odd += pack_lines(lines, valid, s.channel_stride, real, out, pitch);
        for (int64_t i = real; i < run.count; i++) *(vec*)(out + i * pitch) = vec{};
        k += run.count, out += run.count * pitch;
    }
    return odd;
}

// Lines are kernel positions and channels: W of them, for pixels k .. end - 1.
static vec pack_taps(const Operand& from, int64_t line, int64_t valid, int64_t k, int64_t end, float* out,
                     int64_t pitch) {
    const Images& s = *from.images;
    Run runs[W];
    int64_t parts = 0;
    for (int64_t i = 0; i < valid; i += runs[parts++].count) runs[parts] = run_at(s, line + i, line + valid);
    Pixel at = pixel_at(s, from.data, k);
    vec odd = {};
    for (; k < end; k++, out += pitch, advance(s, at)) {
        half spare[W], whole[W] = {};
        const half* p = meets(s, at, runs[0], spare);
        if (runs[0].count < W || s.channel_stride != 1) {
            for (int64_t part = 0, i = 0; part < parts; i += runs[part++].count) {
                p = meets(s, at, runs[part], spare);
                int64_t step = p == ZEROS ? 1 : s.channel_stride;
                for (int64_t j = 0; j < runs[part].count; j++) whole[i + j] = p[j * step];
            }
            p = whole;
        }
        vec x = widen(p);
        odd += x * 0.0f;
        *(vec*)out = x;
    }
    return odd;
}

// Elements k .. end - 1 of W lines, as far as there are that many, to out[(k - first) * pitch + i]; the rest are zeros.
static vec pack(const Operand& from, int64_t line, int64_t k, int64_t end, float* out, int64_t pitch) {
    int64_t valid = most(0, least(W, from.lines - line));
    if (from.images)
        return (from.images->transposed ? pack_taps : pack_pixels)(from, line, valid, k, end, out, pitch);
    const half* lines[W];
    for (int64_t i = 0; i < W; i++)
        lines[i] = i < valid ? from.data + (line + i) * from.line_stride + k * from.k_stride : ZEROS;
    return pack_lines(lines, valid, from.k_stride, end - k, out, pitch);
}
