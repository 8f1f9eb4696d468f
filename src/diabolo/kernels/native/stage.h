// The stage that both sides of the C boundary describe: [up 2] -> conv 3x3 'same' -> [relu] -> [bn] -> [pool 2] -> ...
// Mirrored field by field in ../library.py. All maps are float32, channels last (NHWC), dense.
#pragma once
#include <stdint.h>

struct Stage {
    int64_t images, height, width;  // size of the convolution's output (twice the input's where `up`)
    int64_t channels_in, channels_out;
    int64_t up;          // nearest up-sampling by 2 before the convolution
    int64_t pool;        // maximum of 2x2, 'same' at odd sides
    int64_t relu;        // before bn (anywhere, without bn)
    int64_t bn;          // 0 none, 1 before pool (or no pool), 2 after pool
    int64_t relu_after;  // after bn
    int64_t side;        // a bn beside the line, after relu and before pool: its statistics are wanted, nothing else
    int64_t training;    // bn takes the batch's statistics and writes them; else it reads them
    int64_t threads;
    const Stage *before;      // the stage whose `raw` is this one's x: its affine map is applied here; or null
    const float *x, *weight;  // weight: (out, in, 3, 3), dense in this order
    const float *bias, *gamma, *beta;
    float *mean, *variance;
    double eps;
    float *z;          // the stage's output; null: bn's affine map is left to the stage after
    float *raw;        // what bn's affine map is applied to (bn in training only)
    uint8_t *index;    // which of the 2x2 was taken (pool in training only)
    float *y;          // convolution (and relu) before bn, or null: then backward computes it again
    const float *dz;
    float *dx;         // null: not wanted
    float *dweight, *dbias, *dgamma, *dbeta;
    double *bn_sums;   // backward, [2][channels_out]: sums of dz and dz * (raw - mean), or null: then taken from dz
    double *bn_sums_before;  // backward: room for those of the stage before; or null
};

// bn's map: (v - shift) * scale + offset, then relu; by channel, padded to whole vectors.
struct Affine {
    float *shift, *scale, *offset;
    int64_t relu;
};

// What the passes of one call share.
struct Shared {
    float *forward_weight, *backward_weight;  // packed
    float *bias, *sign;                       // by channel, padded to whole vectors
    Affine own, before;                       // this stage's map and that of the stage before
    float *slope, *level;                     // bn backward: level + slope * (y - shift) + scale * dy
    double *sums;                             // [thread][2][channels out]
    double *sums_before;                      // [thread][2][channels in]
    double *weight_sums;                      // [thread][weight gradient and bias gradient]
    int64_t weight_size;
};

// One instruction set's functions. `first` and `last` bound a thread's images.
struct Kernels {
    int vector;  // floats in a vector
    int64_t (*forward_weight_size)(const Stage *);
    int64_t (*backward_weight_size)(const Stage *);
    void (*pack_forward)(const Stage *, float *, int64_t first, int64_t last);  // channels out
    void (*pack_backward)(const Stage *, float *, int64_t first, int64_t last);
    int (*pilot)(const Stage *, Shared *);
    int (*forward)(const Stage *, Shared *, int thread, int64_t first, int64_t last);
    void (*affine)(const Stage *, Shared *, int64_t first, int64_t last);
    void (*backward_sums)(const Stage *, Shared *, int thread, int64_t first, int64_t last);
    int (*backward)(const Stage *, Shared *, int thread, int64_t first, int64_t last);
    int64_t (*weight_sum_size)(const Stage *);
    void (*fold_weight)(const Stage *, const double *, int64_t first, int64_t last);
    void (*convert)(const uint8_t *, int64_t count, float *);
    double (*cross_entropy)(const float *z, const float *x, int64_t count, float scale, float *gradient);
};
