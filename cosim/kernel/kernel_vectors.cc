// What a step does element by element: compiled without fused multiply-adds, since each operation is rounded once.
#include <cmath>
#include <cstdint>
#include <cstring>

namespace {

float canonical(float x) {
    const uint32_t nan = 0x7FC00000;
    float quiet;
    memcpy(&quiet, &nan, sizeof quiet);
    return x != x ? quiet : x;
}

}

extern "C" {

struct SgdCall {
    int64_t count;
    const float *w, *v, *g;
    float *new_w, *new_v;
    float unscale, decay, momentum, rate;
};

// rtl/golden/sgd.py.
void sat_sgd(const SgdCall* calls, int64_t number) {
    for (const SgdCall* call = calls; call < calls + number; call++) {
        const float *w = call->w, *v = call->v, *g = call->g;
        float *new_w = call->new_w, *new_v = call->new_v;
        const float unscale = call->unscale, decay = call->decay, momentum = call->momentum, rate = call->rate;
#pragma GCC ivdep               // the new ones may take the old ones' place
        for (int64_t i = 0; i < call->count; i++) {
            float velocity = momentum * v[i] + (g[i] * unscale + decay * w[i]);
            new_v[i] = canonical(velocity);
            new_w[i] = canonical(w[i] - rate * velocity);
        }
    }
}

struct Floats {
    int64_t count;
    const uint32_t* data;           // their bits
};

// Whether none of them is infinite or NaN: of those alone the exponent's bits are all ones, and one more carries.
int64_t sat_finite(const Floats* all, int64_t number) {
    uint32_t odd = 0;
    for (const Floats* some = all; some < all + number; some++)
        for (int64_t i = 0; i < some->count; i++) odd |= (some->data[i] & 0x7FFFFFFF) + (1u << 23);
    return !(odd >> 31);
}

struct Col2imCall {
    int64_t batch, height, width, channels;
    int64_t kernel_y, kernel_x, stride_y, stride_x, padding_y, padding_x, dilation_y, dilation_x, out_y, out_x;
    const float* columns;           // (batch, out_y, out_x, kernel_y, kernel_x, channels)
    float* images;                  // (batch, height, width, channels), zeros
};

// cosim/col2im.py.
void sat_col2im(const Col2imCall* call) {
    const Col2imCall& c = *call;
    const int64_t positions = c.kernel_y * c.kernel_x;
    for (int64_t image = 0; image < c.batch; image++)
        for (int64_t position = 0; position < positions; position++)
            for (int64_t oy = 0; oy < c.out_y; oy++) {
                int64_t y = oy * c.stride_y - c.padding_y + position / c.kernel_x * c.dilation_y;
                if (y < 0 || y >= c.height) continue;
                for (int64_t ox = 0; ox < c.out_x; ox++) {
                    int64_t x = ox * c.stride_x - c.padding_x + position % c.kernel_x * c.dilation_x;
                    if (x < 0 || x >= c.width) continue;
                    const float* from = c.columns
                        + (((image * c.out_y + oy) * c.out_x + ox) * positions + position) * c.channels;
                    float* to = c.images + ((image * c.height + y) * c.width + x) * c.channels;
                    for (int64_t channel = 0; channel < c.channels; channel++) to[channel] += from[channel];
                }
            }
}

}
