// Makes vvp half as fast again: it spends a third of its time in dynamic_cast, on the same few types for ever.
// Preloaded, this remembers the answers. An object's table of virtual functions tells its type, and which part
// of it one holds; so with the two types of the cast it determines the answer, as an offset from the pointer.
#include <dlfcn.h>
#include <cstddef>
#include <cstdint>

namespace {
using cast = void* (*)(const void*, const void*, const void*, ptrdiff_t);
struct answer { const void *table, *from, *to; ptrdiff_t offset; };
const ptrdiff_t none = PTRDIFF_MIN;
answer answers[4096];
}

extern "C" void* __dynamic_cast(const void* object, const void* from, const void* to, ptrdiff_t hint) {
    static const cast original = (cast)dlsym(RTLD_NEXT, "__dynamic_cast");
    const void* table = *(const void* const*)object;
    answer& a = answers[((uintptr_t)table >> 4 ^ (uintptr_t)to >> 3 ^ (uintptr_t)from >> 5) % 4096];
    if (a.table != table || a.from != from || a.to != to) {
        const char* found = (const char*)original(object, from, to, hint);
        a = {table, from, to, found ? found - (const char*)object : none};
    }
    return a.offset == none ? nullptr : (char*)object + a.offset;
}
