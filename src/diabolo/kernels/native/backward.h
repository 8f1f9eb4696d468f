// A stage backward: bn's sums, the gradient of the convolution's output, and from it those of its weights and input.
#pragma once
#include "layout.h"
#include "outer.h"

namespace {

// Adds the sums of dy and of dy * (value - mean) over one image's pixels to a thread's; dy counts where relu let pass.
template <bool WHOLE>
void bn_sums_of(const float *dy, const float *value, i64 pixels, i64 channels, const Affine *map, double *total) {
    for (i64 c = 0; c < channels; c += VL) {
        i64 room = room_from<WHOLE>(c, channels);
        vf a = vf{}, b = vf{}, mean = load(map->shift + c);
        for (i64 j = 0; j < pixels; j++) {
            vf d = load_n(dy + j * channels + c, room), v = load_n(value + j * channels + c, room);
            if (map->relu) d = affine(v, map, c) > 0 ? d : vf{};
            a += d;
            b += d * (v - mean);
        }
        float t[2 * VL];
        store(t, a); store(t + VL, b);
        for (i64 i = 0; i < least(VL, room); i++) { total[c + i] += t[i]; total[channels + c + i] += t[VL + i]; }
    }
}

void bn_sums(const float *dy, const float *value, i64 pixels, i64 channels, const Affine *map, double *total) {
    (channels % VL ? bn_sums_of<false> : bn_sums_of<true>)(dy, value, pixels, channels, map, total);
}

void backward_sums(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    i64 channels = s->channels_out, pixels = out_height(s) * out_width(s), size = pixels * channels;
    double *total = h->sums + (i64)thread * 2 * channels;
    for (i64 n = first; n < last; n++) bn_sums(s->dz + n * size, s->raw + n * size, pixels, channels, &h->own, total);
}

// The gradient at the pooled positions, before it is spread over 2x2.
inline vf pooled_gradient(const Stage *s, const Shared *h, i64 at, i64 c, i64 room) {
    vf d = load_n(s->dz + at, room);
    if (s->bn == 0) return s->relu ? (load_n(s->z + at, room) > 0 ? d : vf{}) : d;
    if (h->own.relu) d = affine(load_n(s->raw + at, room), &h->own, c) > 0 ? d : vf{};
    d *= load(h->own.scale + c);
    if (s->bn == 1) return d;
    vf raw = load_n(s->raw + at, room);
    d += load(h->level + c) + load(h->slope + c) * (raw - load(h->own.shift + c));
    return s->relu ? (raw > 0 ? d : vf{}) : d;
}

// Row i of the output's gradient -> one or two rows of the convolution's gradient, at `g`. `pixels`: what the
// convolution gave there, `step` floats a pixel.
template <bool POOL, bool BN_FIRST, bool WHOLE>
void spread_row(const Stage *s, const Shared *h, i64 n, i64 i, const float *pixels, i64 step, float *g, i64 g_step) {
    i64 channels = s->channels_out, columns = out_width(s), rows = out_height(s);
    i64 count = POOL ? least(2, s->height - 2 * i) : 1;
    bool rectify = s->relu != 0;
    for (i64 j = 0; j < columns; j++) {
        i64 across = POOL && 2 * j + 1 < s->width ? 2 : 1, at = ((n * rows + i) * columns + j) * channels;
        for (i64 c = 0; c < channels; c += VL, at += VL) {
            i64 room = room_from<WHOLE>(c, channels);
            vf d = pooled_gradient(s, h, at, c, room);
            vi which = POOL ? load_index(s->index + at, room) : vi{};
            vf level{}, slope{}, shift{};
            if (BN_FIRST) level = load(h->level + c), slope = load(h->slope + c), shift = load(h->own.shift + c);
            UNROLL for (int y = 0; y < (POOL ? 2 : 1); y++)
                UNROLL for (int x = 0; x < (POOL ? 2 : 1); x++) {
                    if (POOL && (y >= count || x >= across)) continue;
                    i64 column = POOL ? 2 * j + x : j;
                    vf v = POOL ? (which == vi{} + (2 * y + x) ? d : vf{}) : d;
                    if (BN_FIRST) {
                        vf value = load_n(pixels + (y * s->width + column) * step + c, room);
                        v += level + slope * (value - shift);
                        if (rectify) v = value > 0 ? v : vf{};
                    }
                    store_n(g + y * g_step + column * channels + c, v, room);
                }
        }
    }
}

// Sums of one phase's weight gradient; where one of them is.
inline i64 sum_size(const Stage *s) {
    Taps t = forward_taps(s);
    return narrow(s) ? t.R * s->channels_out * round_up(t.K) : t.R * t.K * round_up(s->channels_out);
}
inline i64 weight_sums(const Stage *s) { return (s->up ? 4 : 1) * sum_size(s); }
i64 weight_sum_size(const Stage *s) { return weight_sums(s) + round_up(s->channels_out); }

// A thread's work on its images.
struct Backward {
    const Stage *s;
    Shared *h;
    float *x, *pixels, *g, *sums;

    template <bool WHOLE> auto spread_of() {
        return s->pool ? (s->bn == 1 ? spread_row<true, true, WHOLE> : spread_row<true, false, WHOLE>)
                       : (s->bn == 1 ? spread_row<false, true, WHOLE> : spread_row<false, false, WHOLE>);
    }

    // Rows y to y + count of the convolution's gradient, from those of the output's.
    void spread(i64 n, i64 y, i64 count, float *to, i64 g_step) {
        i64 channels = s->channels_out, full = s->height * s->width * channels;
        if (!s->bn && !s->pool && !s->relu) {
            const float *from = s->dz + n * full + y * s->width * channels;
            for (i64 i = 0; i < count; i++, to += g_step, from += s->width * channels)
                memcpy(to, from, sizeof(float) * (size_t)(s->width * channels));
            return;
        }
        auto row = channels % VL ? spread_of<false>() : spread_of<true>();
        i64 rows = s->pool || s->up ? 2 : 1;  // what the convolution gives at once
        for (i64 i = 0; i < count; i += rows) {
            i64 here = least(rows, count - i), step = s->y ? channels : round_up(channels);
            const float *values = s->y ? s->y + n * full + (y + i) * s->width * channels : pixels;
            if (s->bn == 1 && !s->y) convolve_rows(s, h, x, y + i, here, pixels, s->width * step, step, step);
            for (i64 k = 0; k < here; k += s->pool ? 2 : 1)
                row(s, h, n, s->pool ? (y + i) / 2 : y + i + k, values + k * s->width * step, step, to + (i + k) * g_step, g_step);
        }
    }

    void add_bias(const float *from, i64 rows, i64 g_step) {
        float *bias = sums + weight_sums(s);
        for (i64 c = 0; c < s->channels_out; c += VL) {
            vf a = vf{};
            for (i64 i = 0; i < rows; i++) {
                vf b[2] = {};
                const float *row = from + i * g_step + c;
                i64 j = 0;
                for (; j + 2 <= s->width; j += 2, row += 2 * s->channels_out)
                    b[0] += load(row), b[1] += load(row + s->channels_out);
                if (j < s->width) b[0] += load(row);
                a += b[0] + b[1];
            }
            store(bias + c, load(bias + c) + a);
        }
    }

    // Adds to the weights' sums what rows y to y + count of the gradient, at `from`, give.
    void add_weights(const float *from, i64 y, i64 count, i64 g_step) {
        Taps t = forward_taps(s);
        i64 channels = s->channels_out;
        auto add = narrow(s) ? narrow_weight_gradient : weight_gradient;
        if (!s->up) {
            add(x + y * t.row, t, from, Map{channels, g_step}, count, s->width, channels, sums);
            return;
        }
        for (i64 q = 0; q < 4; q++) {
            i64 a = q / 2, b = q % 2;
            add(x + (y / 2 + a) * t.row + b * t.pixel, t, from + a * g_step + b * channels, Map{2 * channels, 2 * g_step},
                count / 2, s->width / 2, channels, sums + q * sum_size(s));
        }
    }

    // Without the input's gradient a few rows at a time do; with it, all of them with a border of zeros.
    void image(i64 n, i64 band) {
        pad(s, h, n, x);
        i64 g_step = s->dx ? g_row(s) : s->width * s->channels_out;
        float *inner = s->dx ? g + g_row(s) + s->channels_out : g;
        for (i64 y = 0; y < s->height; y += band) {
            i64 count = least(band, s->height - y);
            spread(n, y, count, inner, g_step);
            add_bias(inner, count, g_step);
            add_weights(inner, y, count, g_step);
        }
    }

    void input_gradient(i64 n, double *total) {
        Taps t = backward_taps(s);
        i64 rows = in_height(s), columns = in_width(s), channels = s->channels_in, size = rows * columns * channels;
        float *dx = s->dx + n * size;
        convolve(Rows{rows, s->up ? 2 * t.row : t.row, columns * channels}, columns, g, t, h->backward_weight, channels,
                 Target{dx, channels, channels, 0, false});
        if (total) bn_sums(dx, s->x + n * size, rows * columns, channels, &h->before, total);
    }
};

int backward(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    const i64 piece = 4;  // images whose weight gradients are summed in float32
    i64 size = weight_sum_size(s), band = s->height, row = s->width * s->channels_out;
    if (!s->dx) {
        i64 fits = 4096 / row, fewest = (63 + s->width) / s->width;
        band = least(s->height + 1, fits > fewest ? fits : fewest) / 2 * 2;
        if (band < 2) band = 2;
    }
    i64 g_floats = (s->dx ? g_size(s) : band * row) + 2 * VL;
    Backward work{s, h, take_padded_image(s), take(2 * s->width * round_up(s->channels_out)), take(g_floats), take(size)};
    double *total = h->weight_sums + (i64)thread * size;
    double *before = h->sums_before ? h->sums_before + (i64)thread * 2 * s->channels_in : 0;
    int failed = !work.x || !work.pixels || !work.g || !work.sums;
    if (!failed) {
        memset(work.g, 0, sizeof(float) * (size_t)g_floats);
        memset(work.sums, 0, sizeof(float) * (size_t)size);
    }
    for (i64 n = first; n < last && !failed; n++) {
        work.image(n, band);
        if (s->dx) work.input_gradient(n, before);
        if ((n - first) % piece == piece - 1 || n == last - 1) {
            for (i64 i = 0; i < size; i++) total[i] += work.sums[i];
            memset(work.sums, 0, sizeof(float) * (size_t)size);
        }
    }
    free(work.x); free(work.pixels); free(work.g); free(work.sums);
    return failed;
}

// The sum over threads, phases folded into the 3x3 kernel, for channels `first` to `last` out.
void fold_weight(const Stage *s, const double *total, i64 first, i64 last) {
    i64 I = s->channels_in, O = s->channels_out, size = sum_size(s);
    Taps t = forward_taps(s);
    for (i64 o = first; o < last; o++) {
        if (s->dbias) s->dbias[o] = (float)total[weight_sums(s) + o];
        Column wide = column(o, t, O);
        auto at = [&](i64 r, i64 k) { return narrow(s) ? (r * O + o) * round_up(t.K) + k : wide.base + (r * t.K + k) * wide.step; };
        for (i64 i = 0; i < I; i++)
            for (int ky = 0; ky < 3; ky++)
                for (int kx = 0; kx < 3; kx++) {
                    double sum = 0;
                    if (!s->up) sum = total[at(ky, kx * I + i)];
                    else
                        for (int q = 0; q < 4; q++)
                            for (int r = 0; r < 2; r++)
                                for (int c = 0; c < 2; c++)
                                    if (covers(q / 2, r, ky) && covers(q % 2, c, kx)) sum += total[q * size + at(r, c * I + i)];
                    s->dweight[((o * I + i) * 3 + ky) * 3 + kx] = (float)sum;
                }
    }
}

}  // namespace
