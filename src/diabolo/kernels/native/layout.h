// Where a stage's values lie: padded images, packed weights, the phases of an up-sampled convolution.
#pragma once
#include "convolve.h"
#include "stage.h"

namespace {

inline i64 in_height(const Stage *s) { return s->up ? s->height / 2 : s->height; }
inline i64 in_width(const Stage *s) { return s->up ? s->width / 2 : s->width; }
inline i64 out_height(const Stage *s) { return s->pool ? (s->height + 1) / 2 : s->height; }
inline i64 out_width(const Stage *s) { return s->pool ? (s->width + 1) / 2 : s->width; }
inline i64 x_row(const Stage *s) { return (in_width(s) + 2) * s->channels_in; }
inline i64 x_size(const Stage *s) { return (in_height(s) + 2) * x_row(s); }
inline i64 g_row(const Stage *s) { return (s->width + 2) * s->channels_out; }
inline i64 g_size(const Stage *s) { return (s->height + 2) * g_row(s); }
inline Taps forward_taps(const Stage *s) {
    i64 c = s->channels_in;
    return s->up ? Taps{c, x_row(s), 2, 2 * c} : Taps{c, x_row(s), 3, 3 * c};
}
inline Taps backward_taps(const Stage *s) {
    i64 c = s->channels_out;
    return s->up ? Taps{2 * c, g_row(s), 4, 4 * c} : Taps{c, g_row(s), 3, 3 * c};
}
inline i64 phase_size(const Stage *s) { Taps t = forward_taps(s); return t.R * t.K * round_up(s->channels_out); }
// A phase a (0 or 1) of an up-sampled axis reads two rows; row r of them stands for these rows of the 3x3 kernel.
inline bool covers(int a, int r, int k) { return a == 0 ? (r == 0 ? k == 0 : k > 0) : (r == 0 ? k < 2 : k == 2); }

inline bool narrow(const Stage *s) { return s->channels_out <= VL / 2; }

// `value(r, k, channel)` of a packed matrix goes to [block of vectors][r][k][lane].
inline i64 place(i64 r, i64 k, i64 channel, Taps t, i64 channels) {
    i64 group = group_of(t, channels);
    if (group > 1) return (r * t.K + k) / group * VL + channel * group + k % group;
    i64 vectors = round_up(channels) / VL, v = channel / VL, lane = channel % VL;
    i64 block = v / 2 * 2, width = least(2, vectors - block);
    return block * VL * t.R * t.K + (r * t.K + k) * width * VL + (v - block) * VL + lane;
}

i64 forward_weight_size(const Stage *s) { return (s->up ? 4 : 1) * phase_size(s); }
i64 backward_weight_size(const Stage *s) {
    Taps t = backward_taps(s);
    return t.R * t.K * round_up(s->channels_in);
}

inline float weight_at(const Stage *s, i64 o, i64 i, int ky, int kx) { return s->weight[((o * s->channels_in + i) * 3 + ky) * 3 + kx]; }
inline float phase_weight(const Stage *s, i64 o, i64 i, int a, int b, int r, int c) {
    float sum = 0;
    for (int ky = 0; ky < 3; ky++)
        for (int kx = 0; kx < 3; kx++)
            if (covers(a, r, ky) && covers(b, c, kx)) sum += weight_at(s, o, i, ky, kx);
    return sum;
}

void pack_forward(const Stage *s, float *out) {
    Taps t = forward_taps(s);
    memset(out, 0, sizeof(float) * (size_t)forward_weight_size(s));
    i64 I = s->channels_in, O = s->channels_out;
    for (i64 o = 0; o < O; o++)
        for (i64 i = 0; i < I; i++) {
            if (!s->up) {
                for (int y = 0; y < 3; y++)
                    for (int x = 0; x < 3; x++) out[place(y, x * I + i, o, t, O)] = weight_at(s, o, i, y, x);
                continue;
            }
            for (int q = 0; q < 4; q++)
                for (int r = 0; r < 2; r++)
                    for (int c = 0; c < 2; c++)
                        out[q * phase_size(s) + place(r, c * I + i, o, t, O)] = phase_weight(s, o, i, q / 2, q % 2, r, c);
        }
}

void pack_backward(const Stage *s, float *out) {
    Taps t = backward_taps(s);
    memset(out, 0, sizeof(float) * (size_t)backward_weight_size(s));
    i64 I = s->channels_in, O = s->channels_out;
    const int phase[4] = {1, 0, 1, 0}, tap[4] = {1, 1, 0, 0};  // rows 2i-1 .. 2i+2 of the gradient
    for (i64 o = 0; o < O; o++)
        for (i64 i = 0; i < I; i++) {
            if (!s->up) {
                for (int y = 0; y < 3; y++)
                    for (int x = 0; x < 3; x++) out[place(y, x * O + o, i, t, I)] = weight_at(s, o, i, 2 - y, 2 - x);
                continue;
            }
            for (int y = 0; y < 4; y++)
                for (int x = 0; x < 4; x++)
                    out[place(y, x * O + o, i, t, I)] = phase_weight(s, o, i, phase[y], phase[x], tap[y], tap[x]);
        }
}

// One image with a border of zeros; the border is written once, when the buffer is made.
void pad(const Stage *s, i64 image, float *out) {
    i64 h = in_height(s), row = in_width(s) * s->channels_in;
    const float *x = s->x + image * h * row;
    for (i64 i = 0; i < h; i++) memcpy(out + (i + 1) * x_row(s) + s->channels_in, x + i * row, sizeof(float) * (size_t)row);
}

float *take_padded_image(const Stage *s) {
    float *p = take(x_size(s));
    if (p) memset(p, 0, sizeof(float) * (size_t)(x_size(s) + 64));
    return p;
}

// Row `y` of convolution and bias (and relu), `step` floats from pixel to pixel, `room` of them written.
void convolve_row(const Stage *s, const Shared *h, const float *x, i64 y, float *out, i64 step, i64 room) {
    Taps t = forward_taps(s);
    bool rectify = s->relu != 0;
    i64 group = group_of(t, s->channels_out);
    if (!s->up) {
        row_of_pixels(s->width, x + y * t.row, t, h->forward_weight, h->bias, out, step, room, group, rectify);
        return;
    }
    i64 a = y & 1, i = y / 2;
    for (i64 b = 0; b < 2; b++)
        row_of_pixels(s->width / 2, x + (i + a) * t.row + b * t.pixel, t, h->forward_weight + (2 * a + b) * phase_size(s),
                      h->bias, out + b * step, 2 * step, room, group, rectify);
}

}  // namespace
