// The convolution's inner loops: out[pixel][channel] = bias + the sum over R rows and K contiguous floats of x * w.
#pragma once
#include "vector.h"

namespace {

struct Taps { i64 pixel, row; int R; i64 K; };  // steps of x between pixels and between rows of the window
struct Rows { i64 count, x, out; };             // rows of pixels, and the steps between them in x and in `out`
// Where the pixels of a tile go: `room` channels may be written at each.
struct Target { float *out; i64 step, room; const float *bias; bool rectify; };

const i64 PANEL = 12288;  // bytes of weights that stay in the first-level cache while rows of pixels pass by
const i64 THIN = 4;       // channels out, up to which vectors run along K instead of along the channels

template <int P, int V, int CONSTANT>
inline void sum_taps(const float *x, Taps t, const float *w, vf (&a)[P][V]) {
    const i64 K = CONSTANT ? CONSTANT : t.K;
    if (t.R < 1 || K < 1) __builtin_unreachable();
    for (int r = 0; r < t.R; r++) {
        const float *row = x + r * t.row;
#pragma GCC unroll 9
        for (i64 k = 0; k < K; k++, w += V * VL) {
            vf b[V];
            UNROLL for (int v = 0; v < V; v++) b[v] = load(w + v * VL);
            UNROLL for (int p = 0; p < P; p++) {
                float s = row[p * t.pixel + k];
                UNROLL for (int v = 0; v < V; v++) a[p][v] += s * b[v];
            }
        }
    }
}

// A tile of P pixels and V vectors of channels, or one panel of its sum: the first starts from the bias, the others
// from what is there. WHOLE: all of the vectors' channels may be written.
template <int P, int V, bool WHOLE>
inline void tile(const float *x, Taps t, const float *w, Target to, bool first, bool last) {
    vf a[P][V];
    UNROLL for (int v = 0; v < V; v++) {
        vf b = first && to.bias ? load(to.bias + v * VL) : vf{};
        UNROLL for (int p = 0; p < P; p++) a[p][v] = b;
    }
    if (!first)
        UNROLL for (int p = 0; p < P; p++)
            UNROLL for (int v = 0; v < V; v++)
                a[p][v] = load_n(to.out + p * to.step + v * VL, WHOLE ? VL : to.room - v * VL);
    if (t.K == 9) sum_taps<P, V, 9>(x, t, w, a);  // three colours in
    else sum_taps<P, V, 0>(x, t, w, a);
    if (to.rectify && last)
        UNROLL for (int p = 0; p < P; p++)
            UNROLL for (int v = 0; v < V; v++) a[p][v] = relu(a[p][v]);
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++)
            store_n(to.out + p * to.step + v * VL, a[p][v], WHOLE ? VL : to.room - v * VL);
}

template <int P, int V>
inline void tile_of(i64 p, const float *x, Taps t, const float *w, Target to, bool first, bool last) {
    if constexpr (P > 0) {
        if (p == P && to.room >= V * VL) tile<P, V, true>(x, t, w, to, first, last);
        else if (p == P) tile<P, V, false>(x, t, w, to, first, last);
        else tile_of<P - 1, V>(p, x, t, w, to, first, last);
    }
}

template <int P, int V>
void tiles(Rows rows, i64 width, const float *x, Taps t, const float *w, Target to, bool first, bool last) {
    i64 n = (width + P - 1) / P;
    for (i64 row = 0; row < rows.count; row++, x += rows.x, to.out += rows.out)
        for (i64 i = 0; i < n; i++) {
            i64 from = width * i / n, end = width * (i + 1) / n;
            Target at = to;
            at.out += from * to.step;
            tile_of<P, V>(end - from, x + from * t.pixel, t, w, at, first, last);
        }
}

// All rows for V vectors of channels, a panel of weights at a time.
template <int P, int V>
void block(Rows rows, i64 width, const float *x, Taps t, const float *w, Target to) {
    const i64 fits = PANEL / (V * VL * (i64)sizeof(float)), fewest = (t.K + fits - 1) / fits;
    if (t.R * t.K <= fits + fits / 4 || rows.count * width <= P) {
        tiles<P, V>(rows, width, x, t, w, to, true, true);
        return;
    }
    for (int r = 0; r < t.R; r++)
        for (i64 piece = 0; piece < fewest; piece++) {
            i64 from = t.K * piece / fewest, end = t.K * (piece + 1) / fewest;
            bool first = r == 0 && piece == 0, last = r == t.R - 1 && piece == fewest - 1;
            tiles<P, V>(rows, width, x + r * t.row + from, Taps{t.pixel, t.row, 1, end - from},
                        w + (r * t.K + from) * V * VL, to, first, last);
        }
}

// Few channels out: a vector holds neighbouring floats of K, w[r][k / VL][channel][VL], and is summed at the end.
template <int P, int C>
inline void thin_tile(const float *x, Taps t, const float *w, Target to, vi tail) {
    vf a[P][C];
    for (int p = 0; p < P; p++)
        for (int c = 0; c < C; c++) a[p][c] = vf{};
    for (int r = 0; r < t.R; r++) {
        const float *row = x + r * t.row;
        i64 k = 0;
        for (; k + VL <= t.K; k += VL, w += C * VL) {
            vf b[C];
            for (int c = 0; c < C; c++) b[c] = load(w + c * VL);
            for (int p = 0; p < P; p++) {
                vf v = load(row + p * t.pixel + k);
                for (int c = 0; c < C; c++) a[p][c] += v * b[c];
            }
        }
        if (k < t.K) {  // what lies beyond K is another pixel's, and might not be a number
            for (int p = 0; p < P; p++) {
                vf v = (vf)((vi)load(row + p * t.pixel + k) & tail);
                for (int c = 0; c < C; c++) a[p][c] += v * load(w + c * VL);
            }
            w += C * VL;
        }
    }
    four bias = four{};
    if (to.bias)
        for (int c = 0; c < C; c++) bias[c] = to.bias[c];
    for (int p = 0; p < P; p++) {
        four v = sum_lanes<C>(a[p]) + bias;
        if (to.rectify) v = v < 0 ? four{} : v;
        memcpy(to.out + p * to.step, &v, C * sizeof(float));
    }
}

template <int P, int C>
inline void thin_tile_of(i64 p, const float *x, Taps t, const float *w, Target to, vi tail) {
    if constexpr (P > 0) {
        if (p == P) thin_tile<P, C>(x, t, w, to, tail);
        else thin_tile_of<P - 1, C>(p, x, t, w, to, tail);
    }
}

template <int P, int C>
void thin_tiles(Rows rows, i64 width, const float *x, Taps t, const float *w, Target to) {
    vi tail;
    for (int i = 0; i < VL; i++) tail[i] = i < t.K % VL ? -1 : 0;
    for (i64 row = 0; row < rows.count; row++, x += rows.x, to.out += rows.out)
        for (i64 from = 0; from < width; from += P) {
            Target at = to;
            at.out += from * to.step;
            thin_tile_of<P, C>(least(P, width - from), x + from * t.pixel, t, w, at, tail);
        }
}

inline i64 packed_size(Taps t, i64 channels) {
    return channels <= THIN ? t.R * round_up(t.K) * channels : t.R * t.K * round_up(channels);
}

// Rows of pixels with all their channels.
void convolve(Rows rows, i64 width, const float *x, Taps t, const float *w, i64 channels, Target to) {
    switch (channels) {
    case 1: return thin_tiles<8, 1>(rows, width, x, t, w, to);
    case 2: return thin_tiles<6, 2>(rows, width, x, t, w, to);
    case 3: return thin_tiles<4, 3>(rows, width, x, t, w, to);
    case 4: return thin_tiles<3, 4>(rows, width, x, t, w, to);
    }
    i64 vectors = round_up(channels) / VL, v = 0;
    for (; v < vectors; v += 2) {
        Target at{to.out + v * VL, to.step, to.room - v * VL, to.bias ? to.bias + v * VL : 0, to.rectify};
        const float *from = w + v * VL * t.R * t.K;
        if (v + 2 <= vectors) block<WIDE, 2>(rows, width, x, t, from, at);
        else block<NARROW, 1>(rows, width, x, t, from, at);
    }
}

}  // namespace
