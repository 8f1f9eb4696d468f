// A stage backward: bn's sums, the gradient of the convolution's output, and from it those of its weights and input.
#pragma once
#include "layout.h"
#include "outer.h"

namespace {

// The sums of dy and of dy * (value - mean), for bn's own gradients.
void backward_sums(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    i64 channels = s->channels_out, pixels = out_height(s) * out_width(s);
    double *total = h->sums + (i64)thread * 2 * channels;
    for (i64 n = first; n < last; n++)
        for (i64 c = 0; c < channels; c += VL) {
            i64 room = channels - c;
            vf a = vf{}, b = vf{}, mean = load(h->shift + c);
            i64 at = n * pixels * channels + c;
            for (i64 j = 0; j < pixels; j++, at += channels) {
                vf d = load_n(s->dz + at, room);
                if (s->relu_after) d = load_n(s->z + at, room) > 0 ? d : vf{};
                a += d;
                b += d * (load_n(s->raw + at, room) - mean);
            }
            float t[2 * VL];
            store(t, a); store(t + VL, b);
            for (i64 i = 0; i < least(VL, room); i++) { total[c + i] += t[i]; total[channels + c + i] += t[VL + i]; }
        }
}

// The gradient at the pooled positions, before it is spread over 2x2.
inline vf pooled_gradient(const Stage *s, const Shared *h, i64 at, i64 c, i64 room) {
    vf d = load_n(s->dz + at, room);
    if (s->bn == 0) return s->relu ? (load_n(s->z + at, room) > 0 ? d : vf{}) : d;
    if (s->relu_after) d = load_n(s->z + at, room) > 0 ? d : vf{};
    d *= load(h->scale + c);
    if (s->bn == 1) return d;
    vf raw = load_n(s->raw + at, room);
    d += load(h->level + c) + load(h->slope + c) * (raw - load(h->shift + c));
    return s->relu ? (raw > 0 ? d : vf{}) : d;
}

// Row i of the output's gradient -> one or two rows of the convolution's gradient.
template <bool POOL, bool BN_FIRST>
void spread_row(const Stage *s, const Shared *h, i64 n, i64 i, const float *pixels, i64 step, float *g) {
    i64 channels = s->channels_out, columns = out_width(s), rows = out_height(s), g_step = g_row(s);
    i64 top = POOL ? 2 * i : i, count = POOL ? least(2, s->height - top) : 1;
    bool rectify = s->relu != 0;
    float *first = g + (top + 1) * g_step + channels;
    for (i64 j = 0; j < columns; j++) {
        i64 across = POOL && 2 * j + 1 < s->width ? 2 : 1, at = ((n * rows + i) * columns + j) * channels;
        for (i64 c = 0; c < channels; c += VL, at += VL) {
            i64 room = channels - c;
            vf d = pooled_gradient(s, h, at, c, room);
            vi which = POOL ? load_index(s->index + at, room) : vi{};
            vf level{}, slope{}, shift{};
            if (BN_FIRST) level = load(h->level + c), slope = load(h->slope + c), shift = load(h->shift + c);
            for (int y = 0; y < (POOL ? 2 : 1); y++)
                for (int x = 0; x < (POOL ? 2 : 1); x++) {
                    if (POOL && (y >= count || x >= across)) continue;
                    i64 column = POOL ? 2 * j + x : j;
                    vf v = POOL ? (which == vi{} + (2 * y + x) ? d : vf{}) : d;
                    if (BN_FIRST) {
                        vf value = load(pixels + (y * s->width + column) * step + c);
                        v += level + slope * (value - shift);
                        if (rectify) v = value > 0 ? v : vf{};
                    }
                    store_n(first + y * g_step + column * channels + c, v, room);
                }
        }
    }
}

// Sums of one phase's weight gradient; where one of them is.
i64 sum_size(const Stage *s) {
    Taps t = forward_taps(s);
    return narrow(s) ? t.R * s->channels_out * round_up(t.K) : phase_size(s);
}
inline i64 sum_place(const Stage *s, Taps t, i64 r, i64 k, i64 o) {
    return narrow(s) ? (r * s->channels_out + o) * round_up(t.K) + k : (r * t.K + k) * round_up(s->channels_out) + o;
}
i64 weight_sums(const Stage *s) { return (s->up ? 4 : 1) * sum_size(s); }
i64 weight_sum_size(const Stage *s) { return weight_sums(s) + round_up(s->channels_out); }

int backward(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    const i64 piece = 4;  // images whose weight gradients are summed in float32
    i64 channels = s->channels_out, step = round_up(channels), size = weight_sum_size(s), weights = weight_sums(s);
    float *x = take_padded_image(s), *pixels = take(2 * s->width * step), *g = take(g_size(s) + 2 * VL), *sums = take(size);
    double *total = h->weight_sums + (i64)thread * size;
    int failed = !x || !pixels || !g || !sums;
    if (!failed) {
        memset(g, 0, sizeof(float) * (size_t)(g_size(s) + 2 * VL));
        memset(sums, 0, sizeof(float) * (size_t)size);
    }
    for (i64 n = first; n < last && !failed; n++) {
        pad(s, n, x);
        for (i64 i = 0; i < out_height(s); i++) {
            i64 top = s->pool ? 2 * i : i, count = s->pool ? least(2, s->height - top) : 1;
            for (i64 k = 0; k < count && s->bn == 1; k++) {
                float *row = pixels + k * s->width * step;
                if (!s->y) { convolve_row(s, h, x, top + k, row, step, step); continue; }
                const float *y = s->y + ((n * s->height + top + k) * s->width) * channels;
                for (i64 j = 0; j < s->width; j++)
                    for (i64 c = 0; c < channels; c += VL) store(row + j * step + c, load_n(y + j * channels + c, channels - c));
            }
            (s->pool ? (s->bn == 1 ? spread_row<true, true> : spread_row<true, false>)
                     : (s->bn == 1 ? spread_row<false, true> : spread_row<false, false>))(s, h, n, i, pixels, step, g);
        }
        const float *inner = g + g_row(s) + channels;  // past the border
        for (i64 c = 0; c < channels; c += VL) {
            vf a = vf{};
            for (i64 i = 0; i < s->height; i++) {
                vf b = vf{};
                for (i64 j = 0; j < s->width; j++) b += load(inner + i * g_row(s) + j * channels + c);
                a += b;
            }
            store(sums + weights + c, load(sums + weights + c) + a);
        }
        Taps t = forward_taps(s);
        auto add = narrow(s) ? narrow_weight_gradient : weight_gradient;
        if (!s->up) add(x, t, inner, Map{channels, g_row(s)}, s->height, s->width, channels, sums);
        else
            for (i64 q = 0; q < 4; q++) {
                i64 a = q / 2, b = q % 2;
                add(x + a * t.row + b * t.pixel, t, inner + a * g_row(s) + b * channels, Map{2 * channels, 2 * g_row(s)},
                                s->height / 2, s->width / 2, channels, sums + q * sum_size(s));
            }
        if (s->dx) {
            Taps b = backward_taps(s);
            i64 rows = in_height(s), columns = in_width(s), I = s->channels_in;
            for (i64 i = 0; i < rows; i++)
                row_of_pixels(columns, g + (s->up ? 2 * i : i) * b.row, b, h->backward_weight, 0,
                              s->dx + (n * rows + i) * columns * I, I, I, group_of(b, I), false);
        }
        if ((n - first) % piece == piece - 1 || n == last - 1) {
            for (i64 i = 0; i < size; i++) total[i] += sums[i];
            memset(sums, 0, sizeof(float) * (size_t)size);
        }
    }
    free(x); free(pixels); free(g); free(sums);
    return failed;
}

// The sum over threads, phases folded into the 3x3 kernel.
void fold_weight(const Stage *s, const double *total) {
    i64 I = s->channels_in, O = s->channels_out;
    Taps t = forward_taps(s);
    for (i64 o = 0; o < O; o++) {
        if (s->dbias) s->dbias[o] = (float)total[weight_sums(s) + o];
        for (i64 i = 0; i < I; i++)
            for (int ky = 0; ky < 3; ky++)
                for (int kx = 0; kx < 3; kx++) {
                    double sum = 0;
                    if (!s->up) sum = total[sum_place(s, t, ky, kx * I + i, o)];
                    else
                        for (int q = 0; q < 4; q++)
                            for (int r = 0; r < 2; r++)
                                for (int c = 0; c < 2; c++)
                                    if (covers(q / 2, r, ky) && covers(q % 2, c, kx))
                                        sum += total[q * sum_size(s) + sum_place(s, t, r, c * I + i, o)];
                    s->dweight[((o * I + i) * 3 + ky) * 3 + kx] = (float)sum;
                }
    }
}

}  // namespace
