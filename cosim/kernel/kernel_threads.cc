// The threads that share the work: OpenMP's where they are there, or our own.
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>
#include <vector>
#include "kernel_threads.h"

namespace {

// Threads that wait for work. It is never destroyed: they may still wait when the process ends.
class Pool {
public:
    // Calls `work` on this thread and on up to threads - 1 others, and returns when all are through. A thread that
    // comes too late does not take part, so nobody waits for one that has no processor.
    void run(int64_t threads, const std::function<void()>& work) {
        start(threads - 1);
        follow_affinity();
        {
            std::lock_guard<std::mutex> guard(state_);
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
    void start(size_t wanted) {
        try {
            while (helpers_.size() < wanted) {
                std::thread helper([this] { serve(); });
                helpers_.push_back(helper.native_handle());
                helper.detach();
                allowed_ = {};
            }
        } catch (const std::system_error&) {    // no more of them are allowed: those that are there do
        }
    }

    void serve() {
        for (uint64_t seen = 0;;) {
            for (int i = 0; i < SPINS && calls_.load(std::memory_order_acquire) == seen; i++) pause();
            std::unique_lock<std::mutex> guard(state_);
            wake_.wait(guard, [this] { return wanted_ > 0; });
            seen = calls_.load();
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

    // Processors may be taken from or given to the caller at any time; its helpers may go where it may go, but not where
    // it is now: the system likes to wake them there.
    void follow_affinity() {
        cpu_set_t now;
        if (sched_getaffinity(0, sizeof now, &now)) return;
        int mine = sched_getcpu();
        if (mine >= 0 && CPU_COUNT(&now) > 1) CPU_CLR(mine, &now);
        if (CPU_EQUAL(&now, &allowed_)) return;
        allowed_ = now;
        for (pthread_t helper : helpers_) pthread_setaffinity_np(helper, sizeof now, &now);
    }

    static const int SPINS = 2000;
    std::mutex state_;
    std::condition_variable wake_, idle_;
    const std::function<void()>* work_ = nullptr;
    std::vector<pthread_t> helpers_;
    int64_t wanted_ = 0, active_ = 0;
    std::atomic<uint64_t> calls_{0};
    cpu_set_t allowed_ = {};
};

Pool* the_pool = nullptr;
std::mutex in_use;              // whoever finds it locked works alone
bool forked = false;            // the threads of before are the parent's
const int FORKS = pthread_atfork(nullptr, nullptr, [] {
    the_pool = nullptr, forked = true;
    new (&in_use) std::mutex;
});

// The threads of OpenMP, if something has loaded it for all, as PyTorch does: they spin for a while after each of its
// operations, and would keep the processors from threads of our own. A forked process cannot use them.
using Parallel = void (*)(void (*)(void*), void*, unsigned threads, unsigned flags);
Parallel openmp() {
    static Parallel found = nullptr;
    if (!found) found = (Parallel)dlsym(RTLD_DEFAULT, "GOMP_parallel");
    return forked ? nullptr : found;
}

void together(int64_t threads, std::function<void()> work) {
    std::unique_lock<std::mutex> alone(in_use, std::try_to_lock);
    if (!alone) return work();
    if (Parallel parallel = openmp())
        return parallel([](void* work) { (*(std::function<void()>*)work)(); }, &work, (unsigned)threads, 0);
    if (!the_pool) the_pool = new Pool;
    the_pool->run(threads, work);
}

}

void share(int64_t count, int64_t threads, const std::function<void(int64_t)>& work) {
    std::atomic<int64_t> next{0};
    auto all = [&] { for (int64_t i; (i = next++) < count;) work(i); };
    threads = std::min(threads, count);
    if (threads < 2) all();
    else together(threads, all);
}
