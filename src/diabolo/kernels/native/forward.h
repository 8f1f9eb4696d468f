// A stage forward: convolution, statistics and pool of an image at a time; bn's affine map once they are all known.
#pragma once
#include "layout.h"

namespace {

// Sums of v - shift and its square, over `n` pixels.
template <bool WHOLE>
void add_up_rows(const float *pixels, i64 n, i64 step, i64 channels, const float *shift, float *sum, float *square) {
    for (i64 c = 0; c < channels; c += VL) {
        i64 room = room_from<WHOLE>(c, channels);
        vf k = load(shift + c), a[4] = {}, b[4] = {};
        i64 i = 0;
        for (; i + 4 <= n; i += 4)
            for (int q = 0; q < 4; q++) {
                vf d = load_n(pixels + (i + q) * step + c, room) - k;
                a[q] += d;
                b[q] += d * d;
            }
        for (; i < n; i++) {
            vf d = load_n(pixels + i * step + c, room) - k;
            a[0] += d;
            b[0] += d * d;
        }
        store(sum + c, load(sum + c) + ((a[0] + a[1]) + (a[2] + a[3])));
        store(square + c, load(square + c) + ((b[0] + b[1]) + (b[2] + b[3])));
    }
}

void add_up(const float *pixels, i64 n, i64 step, i64 channels, const float *shift, float *sum, float *square) {
    (channels % VL ? add_up_rows<false> : add_up_rows<true>)(pixels, n, step, channels, shift, sum, square);
}

// Two rows of pixels (or the last alone: `bottom` null) -> what comes after the pool, and where it came from.
template <bool SIGNED, bool WHOLE>
void pool_row(const Stage *s, const Shared *h, const float *top, const float *bottom, i64 step, float *out, uint8_t *index) {
    i64 channels = s->channels_out, columns = out_width(s);
    for (i64 j = 0; j < columns; j++) {
        bool right = 2 * j + 1 < s->width;
        const float *at[4] = {top + 2 * j * step, right ? top + (2 * j + 1) * step : 0, bottom ? bottom + 2 * j * step : 0,
                              bottom && right ? bottom + (2 * j + 1) * step : 0};
        for (i64 c = 0; c < channels; c += VL) {
            i64 room = room_from<WHOLE>(c, channels);
            vf sign = load(h->sign + c), best = load_n(at[0] + c, room), rank = SIGNED ? sign * best : best;
            vi which = vi{};
            for (int q = 1; q < 4; q++) {
                if (!at[q]) continue;
                vf v = load_n(at[q] + c, room), u = SIGNED ? sign * v : v;
                vi wins = (u > rank) | (u != u);
                if (SIGNED) best = wins ? v : best;
                rank = wins ? u : rank;
                which = wins ? vi{} + q : which;
            }
            store_n(out + j * channels + c, SIGNED ? best : rank, room);
            if (index) store_index(index + j * channels + c, which, room);
        }
    }
}

void affine_rows(const Stage *s, const Shared *h, const float *from, i64 step, i64 pixels, float *to) {
    i64 channels = s->channels_out;
    for (i64 j = 0; j < pixels; j++)
        for (i64 c = 0; c < channels; c += VL)
            store_n(to + j * channels + c, affine(load_n(from + j * step + c, channels - c), &h->own, c), channels - c);
}

// The statistics' shift: the first image's mean, so that the float32 sums are of small numbers.
int pilot(const Stage *s, Shared *h) {
    i64 step = round_up(s->channels_out), channels = s->channels_out, pixels = s->height * s->width;
    float *x = take_padded_image(s), *rows = take(2 * s->width * step);
    double *sum = (double *)calloc((size_t)channels, sizeof(double));
    int failed = !x || !rows || !sum;
    if (!failed) {
        pad(s, h, 0, x);
        for (i64 y = 0; y < s->height; y += 2) {
            i64 count = least(2, s->height - y);
            convolve_rows(s, h, x, y, count, rows, s->width * step, step, step);
            for (i64 j = 0; j < count * s->width; j++)
                for (i64 c = 0; c < channels; c++) sum[c] += rows[j * step + c];
        }
        for (i64 c = 0; c < channels; c++) h->own.shift[c] = (float)(sum[c] / (double)pixels);
    }
    free(x); free(rows); free(sum);
    return failed;
}

// Rows of pixels worked on at once: few enough for the first-level cache, unless the weights are too many for it. Even.
i64 rows_at_once(const Stage *s) {
    i64 row = 4 * s->width * round_up(s->channels_out), rows = 16384 / row;
    if (4 * forward_weight_size(s) > 24576) {
        i64 more = (127 + s->width) / s->width;
        rows = rows > more ? rows : more;
    }
    rows = least(rows, s->height) / 2 * 2;
    return rows < 2 ? 2 : rows;
}

int forward(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    i64 channels = s->channels_out, padded = round_up(channels), columns = out_width(s), band = rows_at_once(s);
    i64 full = s->height * s->width * channels, size = out_height(s) * columns * channels;
    bool statistics = (s->bn || s->side) && s->training, on_full = s->bn == 1 || s->side, is_signed = false;
    for (i64 c = 0; c < channels; c++) is_signed |= h->sign[c] != 1.0f;
    auto pool = channels % VL ? (is_signed ? pool_row<true, false> : pool_row<false, false>)
                              : (is_signed ? pool_row<true, true> : pool_row<false, true>);
    float *after = s->bn && s->training ? s->raw : s->z;                        // written here, after the pool if any
    float *whole = s->pool ? s->y : s->bn && !s->training ? 0 : after;          // the convolution's values, if kept
    float *x = take_padded_image(s), *rows = take(band * s->width * padded), *pooled = take(columns * channels), *sums = take(2 * padded);
    int failed = !x || !rows || !pooled || !sums;
    for (i64 n = first; n < last && !failed; n++) {
        pad(s, h, n, x);
        memset(sums, 0, sizeof(float) * (size_t)(2 * padded));
        for (i64 y = 0; y < s->height; y += band) {
            i64 count = least(band, s->height - y), step = whole ? channels : padded, row = s->width * step;
            float *pixels = whole ? whole + n * full + y * row : rows;
            convolve_rows(s, h, x, y, count, pixels, row, step, whole ? channels : padded);
            if (statistics && on_full) add_up(pixels, count * s->width, step, channels, h->own.shift, sums, sums + padded);
            if (!s->pool) {
                if (!whole) affine_rows(s, h, pixels, step, count * s->width, s->z + n * full + y * s->width * channels);
                continue;
            }
            for (i64 k = 0; k < count; k += 2) {
                i64 at = n * size + (y + k) / 2 * columns * channels;
                float *to = s->bn && !s->training ? pooled : after + at;
                pool(s, h, pixels + k * row, k + 1 < count ? pixels + (k + 1) * row : 0, step, to, s->index ? s->index + at : 0);
                if (statistics && s->bn == 2) add_up(to, columns, channels, channels, h->own.shift, sums, sums + padded);
                if (s->bn && !s->training) affine_rows(s, h, pooled, channels, columns, s->z + at);
            }
        }
        if (statistics) {
            double *total = h->sums + (i64)thread * 2 * channels;
            for (i64 c = 0; c < channels; c++) { total[c] += sums[c]; total[channels + c] += sums[padded + c]; }
        }
    }
    free(x); free(rows); free(pooled); free(sums);
    return failed;
}

void apply_affine(const Stage *s, Shared *h, i64 first, i64 last) {
    i64 pixels = out_height(s) * out_width(s), size = pixels * s->channels_out;
    for (i64 n = first; n < last; n++) affine_rows(s, h, s->raw + n * size, s->channels_out, pixels, s->z + n * size);
}

}  // namespace
