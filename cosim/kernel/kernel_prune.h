// The N:M contract: of each group along k the N largest magnitudes, for as many columns as a vector has halves.
#pragma once
#include "kernel_simd.h"

typedef uint8_t bvec __attribute__((vector_size(L)));
const int64_t LARGEST_GROUP = 16;

template <size_t... I> INLINE void part_pairs(hvec a, hvec b, hvec& even, hvec& odd, std::index_sequence<I...>) {
    even = __builtin_shuffle(a, b, hvec{int16_t(2 * I)...});
    odd = __builtin_shuffle(a, b, hvec{int16_t(2 * I + 1)...});
}

// M elements side by side of each of L columns, turned. The bits of an element's number are those of its column, then
// those of k; parting even from odd rotates them, until those of k come first.
template <int M> INLINE void load_turned(const half* from, int64_t stride, hvec x[M]) {
    half side[L * M];
    for (int64_t column = 0; column < L; column++)
        memcpy(side + column * M, from + column * stride, M * sizeof(half));
    memcpy(x, side, sizeof side);
    UNROLL for (int step = 1; step < M; step *= 2) {
        hvec y[M];
        UNROLL for (int i = 0; i < M / 2; i++)
            part_pairs(x[2 * i], x[2 * i + 1], y[i], y[i + M / 2], std::make_index_sequence<L>());
        UNROLL for (int i = 0; i < M; i++) x[i] = y[i];
    }
}

// Elements of a group in columns j .. j + L - 1; zeros where there are none.
INLINE void load_group(const Weights& w, int64_t group, int64_t j, hvec x[LARGEST_GROUP]) {
    if (w.k_stride == 1 && j + L <= w.columns && (group + 1) * w.group <= w.length) {
        const half* from = w.data + group * w.group + j * w.column_stride;
        if (w.group == 4) return load_turned<4>(from, w.column_stride, x);
        if (w.group == 8) return load_turned<8>(from, w.column_stride, x);
        return load_turned<16>(from, w.column_stride, x);
    }
    int64_t count = least(L, w.columns - j);
    for (int64_t i = 0; i < w.group; i++) {
        int64_t k = group * w.group + i;
        x[i] = hvec{};
        if (k >= w.length) continue;
        const half* from = w.data + k * w.k_stride + j * w.column_stride;
        half part[L] = {};
        if (w.column_stride == 1 && count == L)
            memcpy(part, from, sizeof part);
        else
            for (int64_t column = 0; column < count; column++) part[column] = from[column * w.column_stride];
        memcpy(&x[i], part, sizeof part);
    }
}

// Indices of the N largest magnitudes, ascending. Elements come in ascending order, and only a larger one goes before
// those that are there: so a tie keeps the lower index. NaN are alike, and above infinity.
template <int N> INLINE void largest(const hvec x[], int64_t group, hvec index[N]) {
    hvec key[N];
    for (int s = 0; s < N; s++) key[s] = hvec{} - 1, index[s] = hvec{};     // less than any
    for (int64_t i = 0; i < group; i++) {
        hvec number = hvec{} + (int16_t)i, magnitude = x[i] & 0x7FFF;
        hvec mine = magnitude > 0x7C00 ? hvec{} + 0x7C01 : magnitude;
        for (int s = N - 1; s >= 0; s--) {
            hvec before = s ? mine > key[s ? s - 1 : 0] : hvec{}, here = mine > key[s];
            key[s] = here ? (before ? key[s ? s - 1 : 0] : mine) : key[s];
            index[s] = here ? (before ? index[s ? s - 1 : 0] : number) : index[s];
        }
    }
    for (int s = 0; s < N; s++)
        for (int t = s + 1; t < N; t++) {
            hvec low = index[s] < index[t] ? index[s] : index[t];
            index[t] = index[s] < index[t] ? index[t] : index[s];
            index[s] = low;
        }
}

// The first `count` elements of a vector.
template <class V, class T> INLINE void put(V vector, int64_t count, T* to) {
    if (count == L) memcpy(to, &vector, sizeof vector);
    else memcpy(to, &vector, count * sizeof(T));
}

// Calls visit(group, column) for L columns at a time of groups first .. end - 1, in the order of the memory.
template <class F> INLINE void each(const Weights& w, int64_t first, int64_t end, const F& visit) {
    if (w.k_stride == 1) {
        for (int64_t j = 0; j < w.columns; j += L)
            for (int64_t group = first; group < end; group++) visit(group, j);
    } else {
        for (int64_t group = first; group < end; group++)
            for (int64_t j = 0; j < w.columns; j += L) visit(group, j);
    }
}

template <int N> static void compact_groups(const Weights& w, int64_t first, int64_t end, const Compact& to) {
    each(w, first, end, [&](int64_t group, int64_t j) {
        hvec x[LARGEST_GROUP], index[N];
        load_group(w, group, j, x);
        largest<N>(x, w.group, index);
        for (int s = 0; s < N; s++) {
            hvec value = {};
            for (int64_t i = 0; i < w.group; i++) value = index[s] == (int16_t)i ? x[i] : value;
            int64_t place = (group * N + s) * w.columns + j, count = least(L, w.columns - j);
            put(value, count, to.values + place);
            put(__builtin_convertvector(index[s], bvec), count, to.indices + place);
        }
    });
}

template <int N> static void prune_groups(const Weights& w, int64_t first, int64_t end, half* to) {
    each(w, first, end, [&](int64_t group, int64_t j) {
        hvec x[LARGEST_GROUP], index[N];
        load_group(w, group, j, x);
        largest<N>(x, w.group, index);
        for (int64_t i = 0; i < least(w.group, w.length - group * w.group); i++) {
            hvec kept = {};
            for (int s = 0; s < N; s++) kept |= index[s] == (int16_t)i;
            put(x[i] & kept, least(L, w.columns - j), to + (group * w.group + i) * w.columns + j);
        }
    });
}

static void compact(const Weights& w, int64_t first, int64_t end, const Compact& to) {
    (w.keep == 1 ? compact_groups<1> : w.keep == 2 ? compact_groups<2> : compact_groups<4>)(w, first, end, to);
}

static void prune(const Weights& w, int64_t first, int64_t end, half* to) {
    (w.keep == 1 ? prune_groups<1> : w.keep == 2 ? prune_groups<2> : prune_groups<4>)(w, first, end, to);
}
