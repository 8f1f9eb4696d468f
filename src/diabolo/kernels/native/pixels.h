// Passes over pixel values: bytes to floats, and binary cross-entropy with its gradient.
#pragma once
#include "vector.h"

namespace {

// out = bytes / 255.
void convert(const uint8_t *bytes, i64 n, float *out) {
    for (i64 i = 0; i < n; i += VL)
        store_n(out + i, __builtin_convertvector(load_index(bytes + i, n - i), vf) / 255.0f, n - i);
}

// e^-a for a >= 0, to 2e-7 of its value; e^-86 beyond. 2^n * e^f with |f| < ln 2 / 2 and Taylor's polynomial.
inline vf exp_minus(vf a) {
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to a whole number, in the lowest bits
    a = a < 86.0f ? a : vf{} + 86.0f;
    vf whole = a * -1.44269504f + magic, n = whole - magic;
    vf f = -a - n * 0.693359375f + n * 2.12194440e-4f;
    vf p = f * (1.0f / 5040) + 1.0f / 720;
    p = p * f + 1.0f / 120;
    p = p * f + 1.0f / 24;
    p = p * f + 1.0f / 6;
    p = p * f + 0.5f;
    p = p * f + 1.0f;
    p = p * f + 1.0f;
    return (vf)((vi)p + ((vi)whole << 23));
}

// log(1 + e) for 0 <= e <= 1, as 2 artanh(e / (2 + e)).
inline vf log_one_plus(vf e) {
    vf s = e / (e + 2.0f), u = s * s, p = u * (1.0f / 15) + 1.0f / 13;
    p = p * u + 1.0f / 11;
    p = p * u + 1.0f / 9;
    p = p * u + 1.0f / 7;
    p = p * u + 1.0f / 5;
    p = p * u + 1.0f / 3;
    p = p * u + 1.0f;
    return (s + s) * p;
}

// The sum of max(z, 0) - z * x + log(1 + e^-|z|), and (sigmoid(z) - x) * scale where `gradient` is wanted.
double cross_entropy(const float *z, const float *x, i64 n, float scale, float *gradient) {
    const i64 piece = 4096;  // values whose terms are summed in float32
    double total = 0;
    for (i64 from = 0; from < n; from += piece) {
        vf sum = vf{};
        i64 end = least(n, from + piece);
        for (i64 i = from; i < end; i += VL) {
            i64 room = end - i;
            vf v = load_n(z + i, room), t = load_n(x + i, room);
            vf e = exp_minus(v < 0 ? -v : v), above = v < 0 ? vf{} : v;
            vf term = above - v * t + log_one_plus(e);
            if (room < VL) {  // lanes beyond the end hold log 2
                float lanes[VL];
                store(lanes, term);
                for (i64 k = 0; k < room; k++) total += lanes[k];
            } else sum += term;
            if (!gradient) continue;
            vf inverse = 1.0f / (e + 1.0f), sigmoid = v < 0 ? e * inverse : inverse;
            sigmoid = v == v ? sigmoid : v;
            store_n(gradient + i, (sigmoid - t) * scale, room);
        }
        float lanes[VL];
        store(lanes, sum);
        for (i64 k = 0; k < VL; k++) total += lanes[k];
    }
    return total;
}

}  // namespace
