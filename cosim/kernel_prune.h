// The N:M contract: of each group along k the N largest magnitudes, for as many columns at a time as a vector has halves.
#pragma once
#include "kernel_simd.h"

const int64_t LARGEST_GROUP = 16;

// Elements of a group in columns j .. j + L - 1; zeros where there are none.
INLINE void load_group(const Weights& w, int64_t group, int64_t j, hvec x[LARGEST_GROUP]) {
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
    hvec key[N] = {};
    for (int s = 0; s < N; s++) index[s] = hvec{};
    for (int64_t i = 0; i < group; i++) {
        hvec number = hvec{} + (int16_t)i, magnitude = x[i] & 0x7FFF;
        hvec mine = (magnitude > 0x7C00 ? hvec{} + 0x7C01 : magnitude) + 1;     // an empty place has 0
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

template <int N> static void compact_groups(const Weights& w, int64_t first, int64_t end, const Compact& to) {
    for (int64_t group = first; group < end; group++)
        for (int64_t j = 0; j < w.columns; j += L) {
            hvec x[LARGEST_GROUP], index[N];
            load_group(w, group, j, x);
            largest<N>(x, w.group, index);
            for (int s = 0; s < N; s++) {
                hvec value = {};
                for (int64_t i = 0; i < w.group; i++) value = index[s] == (int16_t)i ? x[i] : value;
                int64_t place = (group * N + s) * w.columns + j, count = least(L, w.columns - j);
                memcpy(to.values + place, &value, count * sizeof(half));
                for (int64_t column = 0; column < count; column++)
                    to.indices[place + column] = (uint8_t)index[s][column];
            }
        }
}

template <int N> static void prune_groups(const Weights& w, int64_t first, int64_t end, half* to) {
    for (int64_t group = first; group < end; group++)
        for (int64_t j = 0; j < w.columns; j += L) {
            hvec x[LARGEST_GROUP], index[N];
            load_group(w, group, j, x);
            largest<N>(x, w.group, index);
            for (int64_t i = 0; i < least(w.group, w.length - group * w.group); i++) {
                hvec kept = {};
                for (int s = 0; s < N; s++) kept |= index[s] == (int16_t)i;
                hvec value = x[i] & kept;
                memcpy(to + (group * w.group + i) * w.columns + j, &value, least(L, w.columns - j) * sizeof(half));
            }
        }
}

static void compact(const Weights& w, int64_t first, int64_t end, const Compact& to) {
    (w.keep == 1 ? compact_groups<1> : w.keep == 2 ? compact_groups<2> : compact_groups<4>)(w, first, end, to);
}

static void prune(const Weights& w, int64_t first, int64_t end, half* to) {
    (w.keep == 1 ? prune_groups<1> : w.keep == 2 ? prune_groups<2> : prune_groups<4>)(w, first, end, to);
}
