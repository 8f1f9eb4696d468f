/* What the machine can do at best: fused multiply-adds in registers, and a STREAM triad through memory. */

#if defined(__AVX512F__)
#define WIDTH 64
#elif defined(__AVX__)
#define WIDTH 32
#else
#define WIDTH 16
#endif

typedef float vector __attribute__((vector_size(WIDTH)));

/* Operations (a multiply and an add count two) of one call of diabolo_multiply_add for each unit of `count`. */
long diabolo_operations(void) { return 12 * (WIDTH / 4) * 2; }

/* Twelve independent chains hide the latency of the unit; the empty instruction keeps the loop from being folded. */
float diabolo_multiply_add(long count) {
    vector a[12], b = (vector){} + 0.999f, c = (vector){} + 0.001f;
    float sum = 0;
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) a[i] = (vector){} + (float)i;
    for (long k = 0; k < count; k++) {
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) a[i] = a[i] * b + c;
        __asm__ volatile("" : "+r"(count));
    }
#pragma GCC unroll 12
    for (int i = 0; i < 12; i++) sum += a[i][0];
    return sum;
}

void diabolo_triad(float *a, const float *b, const float *c, long count) {
    for (long k = 0; k < count; k++) a[k] = b[k] + 0.5f * c[k];
}
