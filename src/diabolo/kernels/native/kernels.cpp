// The stage's passes over a thread's images. Compiled once for each instruction set, with NAME set to that set's table.
// Everything in these files is static and free of the standard library's templates: a copy compiled for AVX-512 must
// never be the one that the linker keeps for all.
#include "backward.h"
#include "forward.h"
#include "pixels.h"

extern "C" const Kernels NAME;
extern "C" const Kernels NAME = {VL, forward_weight_size, backward_weight_size, pack_forward, pack_backward, pilot, forward,
                                 apply_affine, backward_sums, backward, weight_sum_size, fold_weight, convert, cross_entropy};
