// The stage's inner loops. Compiled once for each instruction set, with NAME set to that set's table. Everything here
// is static and free of the standard library's templates: a copy compiled for AVX-512 must never be the one that the
// linker keeps for all.
#include "stage.h"
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

// VL: floats in a vector. WIDE: pixels of a tile of two vectors, as many as the registers hold.
#if defined(VL)  // given on the command line, to try the code of wider vectors on a processor without them
#define WIDE 12
#elif defined(__AVX512F__)
#define VL 16
#define WIDE 12
#elif defined(__AVX2__)
#define VL 8
#define WIDE 6
#else
#define VL 4
#define WIDE 6
#endif
#define NARROW 12  // pixels of a tile of one vector

namespace {

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef uint8_t vb __attribute__((vector_size(VL)));
typedef int64_t i64;

inline vf load(const float *p) { vf v; memcpy(&v, p, sizeof v); return v; }
inline void store(float *p, vf v) { memcpy(p, &v, sizeof v); }
inline vf load_n(const float *p, i64 n) {
    if (n >= VL) return load(p);
    float t[VL] = {0};
    for (i64 i = 0; i < n; i++) t[i] = p[i];
    return load(t);
}
inline void store_n(float *p, vf v, i64 n) {
    if (n >= VL) { store(p, v); return; }
    float t[VL];
    store(t, v);
    for (i64 i = 0; i < n; i++) p[i] = t[i];
}
inline vi load_index(const uint8_t *p, i64 n) {
    vb v = {0};
    if (n >= VL) memcpy(&v, p, VL);
    else { uint8_t t[VL] = {0}; for (i64 i = 0; i < n; i++) t[i] = p[i]; memcpy(&v, t, VL); }
    return __builtin_convertvector(v, vi);
}
inline void store_index(uint8_t *p, vi w, i64 n) {
    vb v = __builtin_convertvector(w, vb);
    if (n >= VL) { memcpy(p, &v, VL); return; }
    uint8_t t[VL];
    memcpy(t, &v, VL);
    for (i64 i = 0; i < n; i++) p[i] = t[i];
}
inline vf relu(vf v) {  // keeps NaN, as torch does: of two values, max gives the second where one is NaN
#if defined(__AVX512F__) && VL == 16
    return _mm512_max_ps(vf{}, v);
#elif defined(__AVX2__) && VL == 8
    return _mm256_max_ps(vf{}, v);
#elif defined(__SSE2__) && VL == 4
    return _mm_max_ps(vf{}, v);
#else
    return v < 0 ? vf{} : v;
#endif
}
inline i64 round_up(i64 n) { return (n + VL - 1) / VL * VL; }
inline i64 least(i64 a, i64 b) { return a < b ? a : b; }

float *take(i64 floats) {
    void *p = 0;
    return posix_memalign(&p, 64, (size_t)(floats + 64) * sizeof(float)) ? 0 : (float *)p;
}

// ---- out[pixel][channel] = bias + sum over R rows and K contiguous floats of x * w --------------------------------

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

// ---- weight gradient: out[k][channel] += sum over pixels of x[pixel + k] * g[pixel][channel] ----------------------

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

void weight_gradient(const float *x, Taps t, const float *g, Map gs, i64 height, i64 width, i64 channels, float *out) {
    i64 padded = round_up(channels), vectors = padded / VL;
    i64 row_bytes = 4 * width * (t.pixel + channels), band = 24576 / (row_bytes ? row_bytes : 1) - 1;
    i64 fewest = (63 + width) / width;
    if (band < fewest) band = fewest;
    for (i64 from = 0; from < height; from += band) {
        i64 rows = least(band, height - from);
        for (int r = 0; r < t.R; r++) {
            const float *xb = x + (from + r) * t.row, *gb = g + from * gs.row;
            float *ob = out + r * t.K * padded;
            i64 v = 0;
            for (; v + 2 <= vectors; v += 2)
                outers<WIDE, 2>(t.K, xb, Map{t.pixel, t.row}, gb + v * VL, gs, rows, width, ob + v * VL, padded);
            if (v < vectors)
                outers<NARROW, 1>(t.K, xb, Map{t.pixel, t.row}, gb + v * VL, gs, rows, width, ob + v * VL, padded);
        }
    }
}

// ---- geometry ------------------------------------------------------------------------------------------------------

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

// ---- forward -------------------------------------------------------------------------------------------------------

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

// ---- backward ------------------------------------------------------------------------------------------------------

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

extern "C" const Kernels NAME;
extern "C" const Kernels NAME = {VL, forward_weight_size, backward_weight_size, pack_forward, pack_backward, pilot, forward,
                                 affine, backward_sums, backward, weight_sum_size, fold_weight};
