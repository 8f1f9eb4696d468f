// The convolution's inner loops: out[pixel][channel] = bias + the sum over R rows and K contiguous floats of x * w.
#pragma once
#include "vector.h"

namespace {

struct Taps { i64 pixel, row; int R; i64 K; };  // steps of x between pixels and between rows of the window

template <int P, int V, int CONSTANT>
inline void sum_taps(const float *x, Taps t, const float *w, vf (&a)[P][V]) {
    const i64 K = CONSTANT ? CONSTANT : t.K;
    if (t.R < 1 || K < 1) __builtin_unreachable();
    for (int r = 0; r < t.R; r++) {
        const float *row = x + r * t.row;
#pragma GCC unroll 9
        for (i64 k = 0; k < K; k++, w += V * VL) {
            vf b[V];
            for (int v = 0; v < V; v++) b[v] = load(w + v * VL);
            for (int p = 0; p < P; p++) {
                float s = row[p * t.pixel + k];
                for (int v = 0; v < V; v++) a[p][v] += s * b[v];
            }
        }
    }
}

template <int P, int V>
inline void tile(const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    vf a[P][V];
    for (int v = 0; v < V; v++) {
        vf b = bias ? load(bias + v * VL) : vf{};
        for (int p = 0; p < P; p++) a[p][v] = b;
    }
    if (t.K == 9) sum_taps<P, V, 9>(x, t, w, a);  // three colours in
    else sum_taps<P, V, 0>(x, t, w, a);
    for (int p = 0; p < P; p++)
        for (int v = 0; v < V; v++) store_n(out + p * step + v * VL, rectify ? relu(a[p][v]) : a[p][v], room - v * VL);
}

template <int P, int V>
inline void tile_of(i64 p, const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    if constexpr (P > 0) {
        if (p == P) tile<P, V>(x, t, w, bias, out, step, room, rectify);
        else tile_of<P - 1, V>(p, x, t, w, bias, out, step, room, rectify);
    }
}

template <int P, int V>
void tiles(i64 width, const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    i64 n = (width + P - 1) / P;
    for (i64 i = 0; i < n; i++) {
        i64 from = width * i / n, to = width * (i + 1) / n;
        tile_of<P, V>(to - from, x + from * t.pixel, t, w, bias, out + from * step, step, room, rectify);
    }
}

// Few channels out: a vector holds GROUP neighbouring floats of K for each of them, [channel][k % GROUP], so that one
// broadcast of GROUP floats of x serves them all; the group is summed at the end.
#define LARGEST_GROUP (VL / 4)
inline i64 group_of(Taps t, i64 channels) {
    i64 group = LARGEST_GROUP;
    while (group > 1 && (channels * group > VL || t.K % group)) group /= 2;
    return group;
}
inline double two_floats(const float *p) { double d; memcpy(&d, p, sizeof d); return d; }
template <int GROUP> inline vf spread(const float *p) {
#if defined(__AVX512F__) && VL == 16
    if constexpr (GROUP == 4) return (vf)_mm512_broadcast_f32x4(_mm_loadu_ps(p));
    else return (vf)_mm512_castpd_ps(_mm512_set1_pd(two_floats(p)));
#elif defined(__AVX2__) && VL == 8
    return (vf)_mm256_castpd_ps(_mm256_set1_pd(two_floats(p)));
#else
    vf v;
    for (int i = 0; i < VL; i++) v[i] = p[i % GROUP];
    return v;
#endif
}
template <int P, int GROUP>
inline void narrow_tile(const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    vf a[P];
    for (int p = 0; p < P; p++) a[p] = vf{};
    if (t.R < 1 || t.K < 1) __builtin_unreachable();
    for (int r = 0; r < t.R; r++) {
        const float *row = x + r * t.row;
        for (i64 k = 0; k < t.K; k += GROUP, w += VL) {
            vf b = load(w);
            for (int p = 0; p < P; p++) a[p] += spread<GROUP>(row + p * t.pixel + k) * b;
        }
    }
    for (int p = 0; p < P; p++) {
        float lanes[VL];
        store(lanes, a[p]);
        for (i64 c = 0; c < VL / GROUP && c < room; c++) {
            float sum = lanes[c * GROUP];
            for (int i = 1; i < GROUP; i++) sum += lanes[c * GROUP + i];
            sum += bias ? bias[c] : 0;
            out[p * step + c] = rectify && sum < 0 ? 0 : sum;
        }
    }
}
template <int P, int GROUP>
inline void narrow_tile_of(i64 p, const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    if constexpr (P > 0) {
        if (p == P) narrow_tile<P, GROUP>(x, t, w, bias, out, step, room, rectify);
        else narrow_tile_of<P - 1, GROUP>(p, x, t, w, bias, out, step, room, rectify);
    }
}
template <int GROUP>
void narrow_row(i64 width, const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, bool rectify) {
    i64 n = (width + NARROW - 1) / NARROW;
    for (i64 i = 0; i < n; i++) {
        i64 from = width * i / n, to = width * (i + 1) / n;
        narrow_tile_of<NARROW, GROUP>(to - from, x + from * t.pixel, t, w, bias, out + from * step, step, room, rectify);
    }
}

// One row of pixels. `room`: channels that may be written at each pixel.
void row_of_pixels(i64 width, const float *x, Taps t, const float *w, const float *bias, float *out, i64 step, i64 room, i64 group, bool rectify) {
#if LARGEST_GROUP >= 2
    if (group == 2) return narrow_row<2>(width, x, t, w, bias, out, step, room, rectify);
#endif
#if LARGEST_GROUP >= 4
    if (group == 4) return narrow_row<4>(width, x, t, w, bias, out, step, room, rectify);
#endif
    (void)group;
    i64 vectors = round_up(room) / VL, v = 0;
    for (; v + 2 <= vectors; v += 2)
        tiles<WIDE, 2>(width, x, t, w + v * VL * t.R * t.K, bias ? bias + v * VL : 0, out + v * VL, step, room - v * VL, rectify);
    if (v < vectors)
        tiles<NARROW, 1>(width, x, t, w + v * VL * t.R * t.K, bias ? bias + v * VL : 0, out + v * VL, step, room - v * VL, rectify);
}

}  // namespace
