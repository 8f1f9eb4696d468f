// The weight gradient's inner loops: out[k][channel] += the sum over pixels of x[pixel + k] * g[pixel][channel].
#pragma once
#include "convolve.h"

namespace {

struct Map { i64 pixel, row; };

template <int P, int V>
inline void outer(const float *x, Map xs, const float *g, Map gs, i64 height, i64 width, float *out, i64 step) {
    vf a[P][V];
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) a[p][v] = load(out + p * step + v * VL);
    for (i64 i = 0; i < height; i++) {
        const float *xr = x + i * xs.row, *gr = g + i * gs.row;
        for (i64 j = 0; j < width; j++, xr += xs.pixel, gr += gs.pixel) {
            vf b[V];
            for (int v = 0; v < V; v++) b[v] = load(gr + v * VL);
            for (int p = 0; p < P; p++) {
                float s = xr[p];
                for (int v = 0; v < V; v++) a[p][v] += s * b[v];
            }
        }
    }
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) store(out + p * step + v * VL, a[p][v]);
}

template <int P, int V>
inline void outer_of(i64 p, const float *x, Map xs, const float *g, Map gs, i64 height, i64 width, float *out, i64 step) {
    if constexpr (P > 0) {
        if (p == P) outer<P, V>(x, xs, g, gs, height, width, out, step);
        else outer_of<P - 1, V>(p, x, xs, g, gs, height, width, out, step);
    }
}

// g is read in whole vectors: the lanes beyond the last channel hold the next pixel's and are never looked at again.
template <int P, int V>
void outers(i64 K, const float *x, Map xs, const float *g, Map gs, i64 height, i64 width, float *out, i64 step) {
    i64 n = (K + P - 1) / P;
    for (i64 i = 0; i < n; i++) {
        i64 from = K * i / n, to = K * (i + 1) / n;
        outer_of<P, V>(to - from, x + from, xs, g, gs, height, width, out + from * step, step);
    }
}

// Few channels out: the vectors run along k, and g is broadcast. out[r][channel][k], rows of whole vectors.
void narrow_weight_gradient(const float *x, Taps t, const float *g, Map gs, i64 height, i64 width, i64 channels, float *out) {
    i64 padded = round_up(t.K), vectors = padded / VL;
    Map xs{t.pixel, t.row};
    for (int r = 0; r < t.R; r++, x += t.row, out += channels * padded)
        for (i64 c = 0; c < channels; c += 3) {
            i64 count = least(3, channels - c), v = 0;
            for (; v + 4 <= vectors; v += 4)
                outer_of<3, 4>(count, g + c, gs, x + v * VL, xs, height, width, out + c * padded + v * VL, padded);
            for (; v < vectors; v++)
                outer_of<3, 1>(count, g + c, gs, x + v * VL, xs, height, width, out + c * padded + v * VL, padded);
        }
}

// out[block of two vectors][r][k][lane]
void weight_gradient(const float *x, Taps t, const float *g, Map gs, i64 height, i64 width, i64 channels, float *out) {
    i64 vectors = round_up(channels) / VL, size = t.R * t.K * VL;
    i64 row_bytes = 4 * width * (t.pixel + least(channels, 2 * VL)), band = 24576 / (row_bytes ? row_bytes : 1);
    i64 fewest = (63 + width) / width;
    if (band < fewest) band = fewest;
    for (i64 from = 0; from < height; from += band) {
        i64 rows = least(band, height - from);
        for (int r = 0; r < t.R; r++) {
            const float *xb = x + (from + r) * t.row, *gb = g + from * gs.row;
            for (i64 v = 0; v < vectors; v += 2) {
                i64 block = least(2, vectors - v) * VL;
                float *ob = out + v * size + r * t.K * block;
                if (block > VL) outers<WIDE, 2>(t.K, xb, Map{t.pixel, t.row}, gb + v * VL, gs, rows, width, ob, block);
                else outers<NARROW, 1>(t.K, xb, Map{t.pixel, t.row}, gb + v * VL, gs, rows, width, ob, block);
            }
        }
    }
}

}  // namespace
