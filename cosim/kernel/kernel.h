// What the parts of the kernel share: operands, a GEMM, and what each path (instruction set) has to offer.
#pragma once
#include <cstdint>

using half = uint16_t;          // the bits of an FP16

// Images (batch, height, width, channels) whose im2col matrix, or its transpose, is an operand. Strides count elements.
struct Images {
    int64_t batch_stride, y_stride, x_stride, channel_stride;
    int64_t height, width, channels;
    int64_t kernel_y, kernel_x, stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x, out_y, out_x;
    int64_t depth;              // elements of a kernel position; those beyond the channels are zeros
    int64_t transposed;         // lines are kernel positions and channels, k are pixels; else the other way round
};

// Lines (rows of a, columns of b) of elements along k.
struct Operand {
    const half* data;
    int64_t lines, line_stride, k_stride;
    const Images* images;       // or null: then the strides hold
};

// The compact copy of b: planes [groups * keep][columns] of values, and of their indices within the group of `group`.
struct Compact {
    int64_t keep, group, columns;
    half* values;
    uint8_t* indices;
};

struct Gemm {
    Operand a, b;
    int64_t k;
    void* c;                    // (a.lines, row_stride) floats, or halves; the first columns of it are written
    int64_t row_stride;
    bool narrow;                // c is FP16
    const Compact* compact;     // of b, which is then not read; or null
    int64_t panel_bytes, block_bytes;       // of the first and the second cache for a panel and a block
    // The plan. An operand is read in vectors (b, or where b is compact a), the elements of the other are broadcast:
    // lines of both in a block at most, elements of k in a stretch, lines of the first in a panel, how many blocks
    // there are along each, and what a block's first line is a multiple of.
    int64_t lines, others, depth, pitch, line_blocks, other_blocks, unit;
};

// Weights (length, columns) to be pruned along the first axis.
struct Weights {
    const half* data;
    int64_t length, columns, k_stride, column_stride;
    int64_t keep, group;
};

// Matrices one after the other, (rows, columns), to be turned, and from FP32 to FP16, or if not `narrow` to FP32.
struct Turn {
    int64_t count, rows, columns, narrow;
    const void* from;
    void* to;
};

// What a path can do. The work is cut into pieces that threads may do in any order.
struct Path {
    void (*plan)(Gemm&, int64_t threads);
    int64_t (*scratch)(const Gemm&);                                        // bytes that a block needs
    void (*block)(const Gemm&, int64_t number, char* scratch);
    void (*compact)(const Weights&, int64_t first, int64_t end, const Compact& to);         // groups first .. end - 1
    void (*prune)(const Weights&, int64_t first, int64_t end, half* to);                    // to: (length, columns)
    void (*turn)(const Turn&);
    float (*multiply_add)(int64_t rounds);                                  // FMA_ROUND of them each round
};

const int64_t FMA_ROUND = 24 * 16;
extern const Path PATH_GENERIC, PATH_AVX2, PATH_AVX512;
