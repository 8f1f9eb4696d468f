// Vectors of floats in the widest form that the instruction set at hand has, and how they are loaded and stored.
#pragma once
#include <stdint.h>
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

// AVX-512 loads and stores some of a vector's lanes as fast as all of them.
#if defined(__AVX512F__) && VL == 16
#define MASKS 1
#else
#define MASKS 0
#endif

// Loops over the registers of a tile: without this the compiler keeps them in memory before and after the sum.
#define UNROLL _Pragma("GCC unroll 16")

namespace {

typedef float vf __attribute__((vector_size(VL * 4)));
typedef int32_t vi __attribute__((vector_size(VL * 4)));
typedef uint8_t vb __attribute__((vector_size(VL)));
typedef float four __attribute__((vector_size(16)));
typedef int64_t i64;

inline vf load(const float *p) { vf v; memcpy(&v, p, sizeof v); return v; }
inline void store(float *p, vf v) { memcpy(p, &v, sizeof v); }
#if MASKS
inline __mmask16 first_lanes(i64 n) { return (__mmask16)((1u << n) - 1); }  // n below 16
#endif
inline vf load_n(const float *p, i64 n) {  // zeros beyond the n-th, of at least one
    if (n >= VL) return load(p);
#if defined(__AVX2__) && VL == 8
    static const int32_t mask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    return _mm256_maskload_ps(p, _mm256_loadu_si256((const __m256i *)(mask + 8 - n)));
#elif MASKS
    return _mm512_maskz_loadu_ps(first_lanes(n), p);
#else
    float t[VL] = {0};
    for (i64 i = 0; i < n; i++) t[i] = p[i];
    return load(t);
#endif
}
inline void store_n(float *p, vf v, i64 n) {
    if (n >= VL) { store(p, v); return; }
#if MASKS
    _mm512_mask_storeu_ps(p, first_lanes(n), v);
#else
    float t[VL];
    store(t, v);
    for (i64 i = 0; i < n; i++) p[i] = t[i];
#endif
}
inline vi load_index(const uint8_t *p, i64 n) {
#if MASKS
    return (vi)_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(n >= VL ? (__mmask16)-1 : first_lanes(n), p));
#else
    vb v = {0};
    if (n >= VL) memcpy(&v, p, VL);
    else { uint8_t t[VL] = {0}; for (i64 i = 0; i < n; i++) t[i] = p[i]; memcpy(&v, t, VL); }
    return __builtin_convertvector(v, vi);
#endif
}
inline void store_index(uint8_t *p, vi w, i64 n) {
#if MASKS
    _mm512_mask_cvtepi32_storeu_epi8(p, n >= VL ? (__mmask16)-1 : first_lanes(n), (__m512i)w);
#else
    vb v = __builtin_convertvector(w, vb);
    if (n >= VL) { memcpy(p, &v, VL); return; }
    uint8_t t[VL];
    memcpy(t, &v, VL);
    for (i64 i = 0; i < n; i++) p[i] = t[i];
#endif
}
inline vf relu(vf v) {  // keeps NaN, as torch does: of two values, max gives the second where one is NaN
#if MASKS
    return _mm512_max_ps(vf{}, v);
#elif defined(__AVX2__) && VL == 8
    return _mm256_max_ps(vf{}, v);
#elif defined(__SSE2__) && VL == 4
    return _mm_max_ps(vf{}, v);
#else
    return v < 0 ? vf{} : v;
#endif
}
// Sums over the lanes of each of C (up to 4) vectors.
template <int C> inline four sum_lanes(const vf (&a)[C]) {
#if defined(__AVX2__) && VL == 8
    vf zero = vf{};
    __m256 low = _mm256_hadd_ps(a[0], C > 1 ? a[C > 1 ? 1 : 0] : zero);
    __m256 high = C > 2 ? _mm256_hadd_ps(a[C > 2 ? 2 : 0], C > 3 ? a[C > 3 ? 3 : 0] : zero) : zero;
    __m256 both = _mm256_hadd_ps(low, high);
    return _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
#elif MASKS
    vf zero = vf{};
    auto pair = [](vf p, vf q) { return (vf)_mm512_unpacklo_ps(p, q) + (vf)_mm512_unpackhi_ps(p, q); };
    __m512d low = (__m512d)pair(a[0], C > 1 ? a[C > 1 ? 1 : 0] : zero);
    __m512d high = C > 2 ? (__m512d)pair(a[C > 2 ? 2 : 0], C > 3 ? a[C > 3 ? 3 : 0] : zero) : (__m512d)zero;
    __m512 all = (vf)_mm512_unpacklo_pd(low, high) + (vf)_mm512_unpackhi_pd(low, high);  // each quarter: of its lanes
    __m256 both = _mm256_add_ps(_mm512_castps512_ps256(all), _mm512_extractf32x8_ps(all, 1));
    return _mm_add_ps(_mm256_castps256_ps128(both), _mm256_extractf128_ps(both, 1));
#else
    four sum = four{};
    for (int c = 0; c < C; c++) {
        float lanes[VL];
        store(lanes, a[c]);
        for (int width = VL / 2; width; width /= 2)
            for (int i = 0; i < width; i++) lanes[i] += lanes[i + width];
        sum[c] = lanes[0];
    }
    return sum;
#endif
}
inline i64 round_up(i64 n) { return (n + VL - 1) / VL * VL; }
// How many of the vector's channels from c on there are. WHOLE: the channels fill their vectors, known beforehand.
template <bool WHOLE> inline i64 room_from(i64 c, i64 channels) { return WHOLE ? VL : channels - c; }
inline i64 least(i64 a, i64 b) { return a < b ? a : b; }

float *take(i64 floats) {
    void *p = 0;
    return posix_memalign(&p, 64, (size_t)(floats + 64) * sizeof(float)) ? 0 : (float *)p;
}

}  // namespace
