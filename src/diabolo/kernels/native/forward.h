// A stage forward: convolution, statistics and pool of an image at a time; bn's affine map once they are all known.
#pragma once
#include "layout.h"

namespace {

// Sums of v - shift and its square, for a row of `n` pixels.
void add_up(const float *row, i64 n, i64 step, i64 channels, const float *shift, float *sum, float *square) {
    for (i64 c = 0; c < channels; c += VL) {
        i64 room = channels - c;
        vf k = load(shift + c), a = vf{}, b = vf{}, a1 = vf{}, b1 = vf{};
        i64 i = 0;
        for (; i + 2 <= n; i += 2) {
            vf d = load_n(row + i * step + c, room) - k, e = load_n(row + (i + 1) * step + c, room) - k;
            a += d; b += d * d; a1 += e; b1 += e * e;
        }
        if (i < n) { vf d = load_n(row + i * step + c, room) - k; a += d; b += d * d; }
        store(sum + c, load(sum + c) + (a + a1));
        store(square + c, load(square + c) + (b + b1));
    }
}

// Pixels (two rows of them where pooled) -> what comes after the pool, and where it came from.
void pool_row(const Stage *s, const Shared *h, const float *top, const float *bottom, i64 step, float *out, uint8_t *index) {
    i64 channels = s->channels_out, columns = out_width(s);
    for (i64 j = 0; j < columns; j++) {
        bool right = 2 * j + 1 < s->width;
        const float *at[4] = {top + 2 * j * step, right ? top + (2 * j + 1) * step : 0, bottom ? bottom + 2 * j * step : 0,
                              bottom && right ? bottom + (2 * j + 1) * step : 0};
        for (i64 c = 0; c < channels; c += VL) {
            vf sign = load(h->sign + c), best = load(at[0] + c), rank = sign * best;
            vi which = vi{};
            for (int q = 1; q < 4; q++) {
                if (!at[q]) continue;
                vf v = load(at[q] + c), u = sign * v;
                vi wins = (u > rank) | (u != u);
                best = wins ? v : best;
                rank = wins ? u : rank;
                which = wins ? vi{} + q : which;
            }
            store_n(out + j * channels + c, best, channels - c);
            if (index) store_index(index + j * channels + c, which, channels - c);
        }
    }
}

void copy_row(const float *from, i64 step, i64 pixels, i64 channels, float *to) {
    for (i64 j = 0; j < pixels; j++)
        for (i64 c = 0; c < channels; c += VL) store_n(to + j * channels + c, load(from + j * step + c), channels - c);
}

void affine_row(const Stage *s, const Shared *h, const float *from, i64 pixels, float *to) {
    i64 channels = s->channels_out;
    for (i64 j = 0; j < pixels; j++)
        for (i64 c = 0; c < channels; c += VL) {
            i64 room = channels - c;
            vf v = (load_n(from + j * channels + c, room) - load(h->shift + c)) * load(h->scale + c) + load(h->offset + c);
            store_n(to + j * channels + c, s->relu_after ? relu(v) : v, room);
        }
}

// The statistics' shift: the first image's mean, so that the float32 sums are of small numbers.
int pilot(const Stage *s, Shared *h) {
    i64 step = round_up(s->channels_out), channels = s->channels_out, pixels = s->height * s->width;
    float *x = take_padded_image(s), *row = take(s->width * step);
    double *sum = (double *)calloc((size_t)channels, sizeof(double));
    int failed = !x || !row || !sum;
    if (!failed) {
        pad(s, 0, x);
        for (i64 y = 0; y < s->height; y++) {
            convolve_row(s, h, x, y, row, step, step);
            for (i64 j = 0; j < s->width; j++)
                for (i64 c = 0; c < channels; c++) sum[c] += row[j * step + c];
        }
        for (i64 c = 0; c < channels; c++) h->shift[c] = (float)(sum[c] / (double)pixels);
    }
    free(x); free(row); free(sum);
    return failed;
}

int forward(const Stage *s, Shared *h, int thread, i64 first, i64 last) {
    i64 channels = s->channels_out, step = round_up(channels), rows = out_height(s), columns = out_width(s);
    i64 size = rows * columns * channels;
    bool statistics = (s->bn || s->side) && s->training, on_full = s->bn == 1 || s->side;
    float *x = take_padded_image(s), *pixels = take(2 * s->width * step), *pooled = take(columns * channels), *sums = take(2 * step);
    int failed = !x || !pixels || !pooled || !sums;
    for (i64 n = first; n < last && !failed; n++) {
        pad(s, n, x);
        memset(sums, 0, sizeof(float) * (size_t)(2 * step));
        for (i64 i = 0; i < rows; i++) {
            i64 top = s->pool ? 2 * i : i, count = s->pool ? least(2, s->height - top) : 1;
            for (i64 k = 0; k < count; k++) {
                float *row = pixels + k * s->width * step;
                convolve_row(s, h, x, top + k, row, step, step);
                if (statistics && on_full) add_up(row, s->width, step, channels, h->shift, sums, sums + step);
                if (s->y) copy_row(row, step, s->width, channels, s->y + ((n * s->height + top + k) * s->width) * channels);
            }
            i64 at = n * size + i * columns * channels;
            float *to = !s->bn ? s->z + at : statistics ? s->raw + at : pooled;
            if (s->pool) pool_row(s, h, pixels, count == 2 ? pixels + s->width * step : 0, step, to, s->index ? s->index + at : 0);
            else copy_row(pixels, step, columns, channels, to);
            if (statistics && s->bn == 2) add_up(to, columns, channels, channels, h->shift, sums, sums + step);
            if (s->bn && !s->training) affine_row(s, h, pooled, columns, s->z + at);
        }
        if (statistics) {
            double *total = h->sums + (i64)thread * 2 * channels;
            for (i64 c = 0; c < channels; c++) { total[c] += sums[c]; total[channels + c] += sums[step + c]; }
        }
    }
    free(x); free(pixels); free(pooled); free(sums);
    return failed;
}

void affine(const Stage *s, Shared *h, i64 first, i64 last) {
    i64 pixels = out_height(s) * out_width(s);
    for (i64 n = first; n < last; n++)
        affine_row(s, h, s->raw + n * pixels * s->channels_out, pixels, s->z + n * pixels * s->channels_out);
}

}  // namespace
