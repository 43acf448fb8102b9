// The doors that Python calls.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include "kernel.h"
#include "kernel_threads.h"

namespace {

// Memory that a thread keeps for the next call.
struct Scratch {
    char* memory = nullptr;
    int64_t bytes = 0;
    ~Scratch() { free(memory); }
    char* get(int64_t wanted) {
        if (wanted > bytes) {
            free(memory);
            bytes = (wanted + 4095) / 4096 * 4096;
            memory = (char*)aligned_alloc(64, bytes);
            if (!memory) abort();       // of 1 MB
        }
        return memory;
    }
};
thread_local Scratch scratch;

const Path& path_of(int64_t number) {
#if defined(SAT_X86)
    if (number == 2) return PATH_AVX512;
    if (number == 1) return PATH_AVX2;
#endif
    return PATH_GENERIC;
}

const int64_t GROUPS = 64;      // that a thread prunes at a time

template <class F> void share_groups(const Weights& w, int64_t threads, const F& work) {
    int64_t groups = (w.length + w.group - 1) / w.group;
    share((groups + GROUPS - 1) / GROUPS, threads,
          [&](int64_t i) { work(i * GROUPS, std::min(groups, (i + 1) * GROUPS)); });
}

void multiply(const Path& path, Gemm gemm, int64_t threads) {
    path.plan(gemm, threads);
    int64_t bytes = path.scratch(gemm);
    share(gemm.line_blocks * gemm.other_blocks, threads,
          [&](int64_t i) { path.block(gemm, i, scratch.get(bytes)); });
}

// As many columns at a time as have a compact copy that is small beside the operands and the result.
bool multiply_sparse(const Path& path, const Gemm& gemm, Weights w, int64_t elements, int64_t threads) {
    int64_t planes = (w.length + w.group - 1) / w.group * w.keep, all = w.columns;
    int64_t width = std::min(all, std::max<int64_t>(64, (elements + (1 << 20)) / 4 / planes));
    half* values = (half*)malloc(planes * width * sizeof(half));
    uint8_t* indices = (uint8_t*)malloc(planes * width);
    for (int64_t first = 0; values && indices && first < all; first += width) {
        w.columns = std::min(width, all - first);
        Compact compact = {w.keep, w.group, w.columns, values, indices};
        share_groups(w, threads, [&](int64_t from, int64_t end) { path.compact(w, from, end, compact); });
        Gemm part = gemm;
        part.compact = &compact, part.b.lines = w.columns;
        part.c = (char*)gemm.c + first * (gemm.narrow ? sizeof(half) : sizeof(float));
        multiply(path, part, threads);
        w.data += w.columns * w.column_stride;
    }
    bool done = values && indices;
    free(values), free(indices);
    return done;
}

}

extern "C" {

// What this processor has, best last: 0 generic, 1 AVX2, 2 AVX-512.
int64_t sat_best() {
#if defined(SAT_X86)
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
    return avx2 ? 1 + avx512 : 0;
#else
    return 0;
#endif
}

struct GemmCall {
    int64_t path, threads, narrow, keep, group;         // keep = 0: dense
    int64_t m, k, n;
    const half *a, *b;
    void* c;
    int64_t a_line, a_k, b_line, b_k, images;           // strides in elements; whether a is images
    Images source;
    int64_t panel_bytes, block_bytes;                   // see Gemm
};

// Returns 1, or 0 where memory has run out.
int64_t sat_gemm(const GemmCall* call) {
    Gemm gemm = {};
    gemm.a = {call->a, call->m, call->a_line, call->a_k, call->images ? &call->source : nullptr};
    gemm.b = {call->b, call->n, call->b_line, call->b_k, nullptr};
    gemm.k = call->k, gemm.c = call->c, gemm.row_stride = call->n, gemm.narrow = call->narrow;
    gemm.panel_bytes = call->panel_bytes, gemm.block_bytes = call->block_bytes;
    const Path& path = path_of(call->path);
    if (!call->keep) return multiply(path, gemm, call->threads), 1;
    Weights w = {call->b, call->k, call->n, call->b_k, call->b_line, call->keep, call->group};
    return multiply_sparse(path, gemm, w, (call->m + call->k) * call->n, call->threads);
}

struct PruneCall {
    int64_t path, threads, keep, group, length, columns, k_stride, column_stride;
    const half* weights;
    half* values;
    uint8_t* indices;           // null: the values are to be like the weights
};

void sat_prune(const PruneCall* call) {
    Weights w = {call->weights, call->length, call->columns, call->k_stride, call->column_stride,
                 call->keep, call->group};
    Compact compact = {w.keep, w.group, w.columns, call->values, call->indices};
    const Path& path = path_of(call->path);
    share_groups(w, call->threads, [&](int64_t first, int64_t end) {
        if (call->indices) path.compact(w, first, end, compact);
        else path.prune(w, first, end, call->values);
    });
}

void sat_turn(const Turn* turn, int64_t path) { path_of(path).turn(*turn); }

// Multiply-adds a second of `threads` threads that do nothing else.
double sat_peak(int64_t number, int64_t threads, int64_t rounds) {
    const Path& path = path_of(number);
    std::atomic<int> sink{0};
    auto start = std::chrono::steady_clock::now();
    share(threads, threads, [&](int64_t) { sink += (int)path.multiply_add(rounds); });
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return threads * rounds * FMA_ROUND / seconds.count();
}
}
