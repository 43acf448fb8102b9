// Sharing work among threads.
#pragma once
#include <cstdint>
#include <functional>

// Each of the numbers 0 .. count - 1 is done by one of the threads, this one or another.
void share(int64_t count, int64_t threads, const std::function<void(int64_t)>& work);
