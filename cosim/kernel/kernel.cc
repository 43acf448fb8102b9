// The doors that Python calls, and the threads that share the work.
#include <pthread.h>
#include <sched.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include "kernel.h"

namespace {

// Threads that wait for work. It is never destroyed: they may still wait when the process ends.
class Pool {
public:
    // Calls `work` on this thread and on up to threads - 1 others, and returns when all are through. A thread that
    // comes too late does not take part, so nobody waits for one that has no processor.
    void run(int64_t threads, const std::function<void()>& work) {
        std::unique_lock<std::mutex> alone(entry_, std::try_to_lock);
        if (threads < 2 || !alone) return work();
        follow_affinity();
        {
            std::lock_guard<std::mutex> guard(state_);
            start(threads - 1);
            work_ = &work, wanted_ = threads - 1;
            calls_.fetch_add(1, std::memory_order_release);
        }
        wake_.notify_all();
        work();
        std::unique_lock<std::mutex> guard(state_);
        wanted_ = 0;
        idle_.wait(guard, [this] { return active_ == 0; });
    }

private:
    void start(int64_t wanted) {
        try {
            for (; started_ < wanted; started_++) std::thread([this] { serve(); }).detach();
        } catch (const std::system_error&) {    // no more of them are allowed: those that are there do
        }
    }

    void serve() {
        for (uint64_t seen = 0;;) {
            for (int i = 0; i < SPINS && calls_.load(std::memory_order_acquire) == seen; i++) pause();
            std::unique_lock<std::mutex> guard(state_);
            wake_.wait(guard, [this] { return wanted_ > 0; });
            seen = calls_.load();
            keep_affinity();
            wanted_--, active_++;
            const std::function<void()>& work = *work_;
            guard.unlock();
            work();
            guard.lock();
            if (--active_ == 0) idle_.notify_one();
        }
    }

    static void pause() {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }

    // Processors may be taken from or given to the caller at any time; its helpers go where it may go.
    void follow_affinity() { sched_getaffinity(0, sizeof allowed_, &allowed_); }
    void keep_affinity() {
        thread_local cpu_set_t mine = {};
        if (!CPU_EQUAL(&mine, &allowed_)) sched_setaffinity(0, sizeof allowed_, &allowed_);
        mine = allowed_;
    }

    static const int SPINS = 2000;
    std::mutex entry_, state_;
    std::condition_variable wake_, idle_;
    const std::function<void()>* work_ = nullptr;
    int64_t started_ = 0, wanted_ = 0, active_ = 0;
    std::atomic<uint64_t> calls_{0};
    cpu_set_t allowed_ = {};
};

std::atomic<Pool*> the_pool{nullptr};

Pool& pool() {
    static std::mutex making;
    static const int forks = pthread_atfork(nullptr, nullptr, [] {
        the_pool = nullptr;         // its threads are the parent's
        new (&making) std::mutex;
    });
    (void)forks;
    if (Pool* there = the_pool) return *there;
    std::lock_guard<std::mutex> guard(making);
    if (!the_pool) the_pool = new Pool;
    return *the_pool;
}

// Each of the numbers 0 .. count - 1 is done by one of the threads.
void share(int64_t count, int64_t threads, const std::function<void(int64_t)>& work) {
    if (threads > count) threads = count;
    std::atomic<int64_t> next{0};
    auto all = [&] { for (int64_t i; (i = next++) < count;) work(i); };
    if (threads < 2) return all();
    pool().run(threads, all);
}

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
};

// Returns 1, or 0 where memory has run out.
int64_t sat_gemm(const GemmCall* call) {
    Gemm gemm = {};
    gemm.a = {call->a, call->m, call->a_line, call->a_k, call->images ? &call->source : nullptr};
    gemm.b = {call->b, call->n, call->b_line, call->b_k, nullptr};
    gemm.k = call->k, gemm.c = call->c, gemm.row_stride = call->n, gemm.narrow = call->narrow;
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
