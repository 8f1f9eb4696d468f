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
inline i64 phase_size(const Stage *s) { return packed_size(forward_taps(s), s->channels_out); }
// A phase a (0 or 1) of an up-sampled axis reads two rows; row r of them stands for these rows of the 3x3 kernel.
inline bool covers(int a, int r, int k) { return a == 0 ? (r == 0 ? k == 0 : k > 0) : (r == 0 ? k < 2 : k == 2); }

// Few channels out: their weight gradient runs along k (outer.h).
inline bool narrow(const Stage *s) { return s->channels_out <= VL / 2; }

// A channel's column of a matrix in blocks of two vectors, [block][r][k][lane]: where it begins, and the step of k.
struct Column { i64 base, step; };
inline Column column(i64 channel, Taps t, i64 channels) {
    i64 vectors = round_up(channels) / VL, v = channel / VL, block = v / 2 * 2;
    return Column{block * VL * t.R * t.K + channel - block * VL, least(2, vectors - block) * VL};
}
// Where value (r, k) of a channel lies in packed weights.
struct Place {
    Taps t;
    i64 base, step, thin;
    Place(i64 channel, Taps taps, i64 channels) : t(taps), thin(channels <= THIN ? channels : 0) {
        Column c = column(channel, taps, channels);
        base = thin ? channel * VL : c.base;
        step = c.step;
    }
    i64 at(i64 r, i64 k) const {
        return thin ? base + (r * round_up(t.K) + k / VL * VL) * thin + k % VL : base + (r * t.K + k) * step;
    }
};

i64 forward_weight_size(const Stage *s) { return (s->up ? 4 : 1) * phase_size(s); }
i64 backward_weight_size(const Stage *s) { return packed_size(backward_taps(s), s->channels_in); }

inline float phase_weight(const float *w, int a, int b, int r, int c) {
    float sum = 0;
    for (int ky = 0; ky < 3; ky++)
        for (int kx = 0; kx < 3; kx++)
            if (covers(a, r, ky) && covers(b, c, kx)) sum += w[ky * 3 + kx];
    return sum;
}

// The weights of channels `first` to `last` out, into a matrix of zeros.
void pack_forward(const Stage *s, float *out, i64 first, i64 last) {
    Taps t = forward_taps(s);
    i64 I = s->channels_in, size = phase_size(s);
    for (i64 o = first; o < last; o++) {
        Place to(o, t, s->channels_out);
        for (i64 i = 0; i < I; i++) {
            const float *w = s->weight + (o * I + i) * 9;
            if (!s->up) {
                for (int y = 0; y < 3; y++)
                    for (int x = 0; x < 3; x++) out[to.at(y, x * I + i)] = w[y * 3 + x];
                continue;
            }
            for (int q = 0; q < 4; q++)
                for (int r = 0; r < 2; r++)
                    for (int c = 0; c < 2; c++) out[q * size + to.at(r, c * I + i)] = phase_weight(w, q / 2, q % 2, r, c);
        }
    }
}

void pack_backward(const Stage *s, float *out, i64 first, i64 last) {
    Taps t = backward_taps(s);
    i64 I = s->channels_in, O = s->channels_out;
    const int phase[4] = {1, 0, 1, 0}, tap[4] = {1, 1, 0, 0};  // rows 2i-1 .. 2i+2 of the gradient
    for (i64 i = 0; i < I; i++) {
        Place to(i, t, I);
        for (i64 o = first; o < last; o++) {
            const float *w = s->weight + (o * I + i) * 9;
            if (!s->up) {
                for (int y = 0; y < 3; y++)
                    for (int x = 0; x < 3; x++) out[to.at(y, x * O + o)] = w[(2 - y) * 3 + 2 - x];
                continue;
            }
            for (int y = 0; y < 4; y++)
                for (int x = 0; x < 4; x++) out[to.at(y, x * O + o)] = phase_weight(w, phase[y], phase[x], tap[y], tap[x]);
        }
    }
}

// bn's affine map, the same bits wherever it is applied.
inline vf affine(vf v, const Affine *a, i64 c) {
    v = (v - load(a->shift + c)) * load(a->scale + c) + load(a->offset + c);
    return a->relu ? relu(v) : v;
}

// One image with a border of zeros, the map of the stage before applied; the border is written once, at the start.
template <bool WHOLE> void pad_image(const Stage *s, const Shared *h, i64 image, float *out) {
    i64 rows = in_height(s), channels = s->channels_in, row = in_width(s) * channels;
    const float *x = s->x + image * rows * row;
    for (i64 i = 0; i < rows; i++, x += row) {
        float *to = out + (i + 1) * x_row(s) + channels;
        if (!s->before) {
            memcpy(to, x, sizeof(float) * (size_t)row);
            continue;
        }
        for (i64 j = 0; j < row; j += channels)
            for (i64 c = 0; c < channels; c += VL) {
                i64 room = room_from<WHOLE>(c, channels);
                store_n(to + j + c, affine(load_n(x + j + c, room), &h->before, c), room);
            }
    }
}
void pad(const Stage *s, const Shared *h, i64 image, float *out) {
    (s->channels_in % VL ? pad_image<false> : pad_image<true>)(s, h, image, out);
}

float *take_padded_image(const Stage *s) {
    float *p = take(x_size(s));
    if (p) memset(p, 0, sizeof(float) * (size_t)(x_size(s) + 64));
    return p;
}

// Rows `y` to `y + count` of convolution and bias (and relu); both even where `up`. `row`, `step`: floats of `out` from
// row to row and from pixel to pixel.
void convolve_rows(const Stage *s, const Shared *h, const float *x, i64 y, i64 count, float *out, i64 row, i64 step, i64 room) {
    Taps t = forward_taps(s);
    bool rectify = s->relu != 0;
    if (!s->up) {
        convolve(Rows{count, t.row, row}, s->width, x + y * t.row, t, h->forward_weight, s->channels_out,
                 Target{out, step, room, h->bias, rectify});
        return;
    }
    for (i64 q = 0; q < 4; q++) {
        i64 a = q / 2, b = q % 2;
        convolve(Rows{count / 2, t.row, 2 * row}, s->width / 2, x + (y / 2 + a) * t.row + b * t.pixel, t,
                 h->forward_weight + q * phase_size(s), s->channels_out,
                 Target{out + a * row + b * step, 2 * step, room, h->bias, rectify});
    }
}

}  // namespace
