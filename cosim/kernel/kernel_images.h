// Packing images: what a kernel meets is picked from them, so that their im2col matrix never exists.
#pragma once
#include "kernel_lines.h"

// Where the kernel's first position meets the images for an output pixel; outside of them `at` must not be read.
struct Pixel {
    const half* at;
    int32_t y, x;
};

// Output pixels in their order.
struct Walk {
    const Images& s;
    Pixel pixel;
    int64_t out_y, out_x;

    INLINE_MEMBER Walk(const Images& images, const half* data, int64_t number)
        : s(images), out_y(number / s.out_x % s.out_y), out_x(number % s.out_x) {
        int64_t y = out_y * s.stride_y - s.padding_y, x = out_x * s.stride_x - s.padding_x;
        int64_t image = number / s.out_x / s.out_y;
        pixel = {data + image * s.batch_stride + y * s.y_stride + x * s.x_stride, (int32_t)y, (int32_t)x};
    }

    // Past `count` pixels, all of them on this line.
    INLINE_MEMBER void pass(int64_t count) {
        pixel.x += count * s.stride_x, pixel.at += count * s.stride_x * s.x_stride;
        if ((out_x += count) < s.out_x) return;
        pixel.x = -s.padding_x, pixel.at += s.stride_y * s.y_stride - s.out_x * s.stride_x * s.x_stride;
        out_x = 0, pixel.y += s.stride_y;
        if (++out_y < s.out_y) return;
        pixel.y = -s.padding_y, pixel.at += s.batch_stride - s.out_y * s.stride_y * s.y_stride;
        out_y = 0;
    }
};

// A stretch of im2col elements that lie side by side in the images: a kernel position, or where they touch a whole
// line of the kernel. Elements offset .. offset + count - 1 of it, `shift` from where the pixel is.
struct Run {
    int64_t y, x, taps, offset, count, shift;
};

INLINE Run run_at(const Images& s, int64_t element, int64_t end) {
    bool touch = s.depth == s.channels && s.dilation_x == 1 && s.channel_stride == 1 && s.x_stride == s.channels;
    int64_t taps = touch ? s.kernel_x : 1, length = taps * s.depth;
    int64_t number = element / length * taps, offset = element % length;
    int64_t y = number / s.kernel_x * s.dilation_y, x = number % s.kernel_x * s.dilation_x;
    return {y, x, taps, offset, least(length - offset, end - element),
            y * s.y_stride + x * s.x_stride + offset * s.channel_stride};
}

INLINE bool inside(const Images& s, const Pixel& p, const Run& run) {
    return (uint64_t)(p.y + run.y) < (uint64_t)s.height && p.x + run.x >= 0 && p.x + run.x + run.taps <= s.width;
}

// A run that is not, or not all, inside of the images: zeros, or a copy in `spare` with zeros.
static const half* outside(const Images& s, const Pixel& p, const Run& run, half* spare) {
    int64_t x = p.x + run.x;
    int64_t first = most(run.offset, -x * s.channels), end = least(run.offset + run.count, (s.width - x) * s.channels);
    if ((uint64_t)(p.y + run.y) >= (uint64_t)s.height || run.taps == 1 || first >= end) return ZEROS;
    memset(spare, 0, run.count * sizeof(half));
    memcpy(spare + first - run.offset, p.at + run.shift + first - run.offset, (end - first) * sizeof(half));
    return spare;
}

// Some pixels, elements k .. end - 1 of their im2col rows.
static void pack_pixels(const Images& s, const Pixel* pixels, int64_t valid, int64_t k, int64_t end, float* out,
                        int64_t pitch, bool turned) {
    half spare[GROUP][LONGEST];
    const half* lines[GROUP];
    for (int64_t i = valid; i < W; i++) lines[i] = ZEROS;
    while (k < end) {
        Run run = run_at(s, k, end);
        int64_t real = run.taps > 1 ? run.count : most(0, least(run.count, s.channels - run.offset));
        for (int64_t i = 0; i < valid; i++)
            lines[i] = inside(s, pixels[i], run) ? pixels[i].at + run.shift : outside(s, pixels[i], run, spare[i]);
        const int64_t step = turned ? pitch : 1;
        pack_lines(lines, valid, s.channel_stride, real, out, pitch, turned);
        if (real < run.count) {
            for (int64_t i = 0; i < valid; i++) lines[i] = ZEROS;
            pack_lines(lines, valid, 1, run.count - real, out + real * step, pitch, turned);
        }
        k += run.count, out += run.count * step;
    }
}

// An operand as its transpose: lines are along k and k along lines.
INLINE void turn_over(Operand& from, int64_t& line, int64_t& lines, int64_t& k, int64_t& end) {
    std::swap(from.line_stride, from.k_stride), std::swap(line, k);
    end -= line, std::swap(lines, end), end += k;
}

// Any number of lines. Of images' im2col matrix `pixels` are the lines, or where it is transposed k .. end - 1. As each
// side may be packed either way, what is transposed is packed as what it is the transpose of, the other way.
static void pack(Operand from, const Pixel* pixels, int64_t line, int64_t lines, int64_t k, int64_t end, float* out,
                 int64_t pitch, bool turned) {
    if (from.images ? from.images->transposed : from.line_stride == 1) {
        turn_over(from, line, lines, k, end);
        turned = !turned;
    }
    const int64_t group = turned ? W : GROUP;
    for (int64_t i = 0; i < lines; i += group, out += turned ? W : group * pitch) {
        int64_t valid = least(group, lines - i);
        if (from.images) pack_pixels(*from.images, pixels + i, valid, k, end, out, pitch, turned);
        else pack_matrix(from, line + i, valid, k, end, out, pitch, turned);
    }
}
