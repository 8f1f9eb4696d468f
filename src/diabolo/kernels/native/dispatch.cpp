// The C functions that Python calls: choose the processor's instruction set, share the images out to threads, join sums.
// Threads have fixed shares and sums are joined in their order: the same thread count gives the same bits.
#include "stage.h"
#include <dlfcn.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <system_error>
#include <thread>
#include <vector>

extern "C" {
extern const Kernels diabolo_baseline;
#ifdef DIABOLO_X86
extern const Kernels diabolo_v3, diabolo_v4;
#endif
}

namespace {

const Kernels *chosen = nullptr;

const Kernels *find(int level) {
#ifdef DIABOLO_X86
    __builtin_cpu_init();
    bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
              __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    if (v4 && level >= 4) return &diabolo_v4;
    if (v3 && level >= 3) return &diabolo_v3;
#endif
    (void)level;
    return &diabolo_baseline;
}

// GNU OpenMP, where the process has it (torch brings it): its threads are there already, and while they wait for torch
// they hold a core that threads of our own would have to share with them. Its calls are a stable binary interface.
struct OpenMP {
    void (*parallel)(void (*)(void *), void *, unsigned, unsigned);
    int (*thread)();
    int (*threads)();
    OpenMP() {
        parallel = (void (*)(void (*)(void *), void *, unsigned, unsigned))dlsym(RTLD_DEFAULT, "GOMP_parallel");
        thread = (int (*)())dlsym(RTLD_DEFAULT, "omp_get_thread_num");
        threads = (int (*)())dlsym(RTLD_DEFAULT, "omp_get_num_threads");
        if (!thread || !threads) parallel = nullptr;
    }
};

// Runs work(share, first image, last image) on `threads` fixed shares of the images. 0: all went well.
template <typename Work> int share(const Stage *s, Work work) {
    static const OpenMP openmp;
    int64_t n = s->threads < s->images ? s->threads : s->images;
    if (n < 1) n = 1;
    std::vector<int> failed((size_t)n, 0);
    auto run = [&](int64_t t) { failed[(size_t)t] = work((int)t, s->images * t / n, s->images * (t + 1) / n); };
    if (n > 1 && openmp.parallel) {
        auto each = [&] { for (int64_t t = openmp.thread(); t < n; t += openmp.threads()) run(t); };
        openmp.parallel([](void *data) { (*(decltype(each) *)data)(); }, &each, (unsigned)n, 0);
    } else {
        std::vector<std::thread> others;
        others.reserve((size_t)n);
        int64_t started = 1;
        try {
            for (; started < n; started++) others.emplace_back(run, started);
        } catch (const std::system_error &) {  // no more threads to be had: this one does their shares
        }
        run(0);
        for (int64_t t = started; t < n; t++) run(t);
        for (auto &other : others) other.join();
    }
    for (int f : failed)
        if (f) return 1;
    return 0;
}

struct Buffers {
    std::vector<void *> taken;
    bool failed = false;
    ~Buffers() { for (void *p : taken) free(p); }
    template <typename T> T *take(int64_t n) {
        void *p = nullptr;
        size_t bytes = ((size_t)n + 64) * sizeof(T);
        if (posix_memalign(&p, 64, bytes)) { failed = true; return nullptr; }
        memset(p, 0, bytes);
        taken.push_back(p);
        return (T *)p;
    }
};

bool prepare(const Stage *s, Shared *h, Buffers *buffers) {
    const Kernels *k = chosen;
    int64_t c = (s->channels_out + k->vector - 1) / k->vector * k->vector;
    h->padded = c;
    h->forward_weight = buffers->take<float>(k->forward_weight_size(s));
    for (float **p : {&h->bias, &h->sign, &h->shift, &h->scale, &h->offset, &h->slope, &h->level}) *p = buffers->take<float>(c);
    h->sums = buffers->take<double>(2 * s->channels_out * s->threads);
    if (buffers->failed) return false;
    k->pack_forward(s, h->forward_weight);
    for (int64_t i = 0; i < s->channels_out; i++) {
        if (s->bias) h->bias[i] = s->bias[i];
        // With bn before the pool, the largest y = γx + β is at the smallest x where γ < 0, and anywhere where γ = 0.
        h->sign[i] = s->bn != 1 || s->gamma[i] > 0 ? 1.0f : s->gamma[i] < 0 ? -1.0f : s->gamma[i];
    }
    return true;
}

double counted(const Stage *s) {
    double pixels = (double)s->images;
    if (s->bn == 2 && s->pool) return pixels * (double)((s->height + 1) / 2) * (double)((s->width + 1) / 2);
    return pixels * (double)s->height * (double)s->width;
}

double joined(const Stage *s, const Shared *h, int64_t which, int64_t channel) {
    double sum = 0;
    for (int64_t t = 0; t < s->threads; t++) sum += h->sums[(t * 2 + which) * s->channels_out + channel];
    return sum;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int64_t diabolo_stage_size() { return (int64_t)sizeof(Stage); }

// Chooses the best instruction set up to `level` (1 baseline, 3 AVX2, 4 AVX-512); returns the level found.
int64_t diabolo_choose(int64_t level) {
    chosen = find((int)level);
#ifdef DIABOLO_X86
    if (chosen == &diabolo_v4) return 4;
    if (chosen == &diabolo_v3) return 3;
#endif
    return 1;
}

// 0: done; 1: no memory.
int64_t diabolo_forward(const Stage *s) {
    if (!chosen) chosen = find(4);
    const Kernels *k = chosen;
    Shared h;
    memset(&h, 0, sizeof h);
    Buffers buffers;
    if (!prepare(s, &h, &buffers)) return 1;
    bool statistics = (s->bn || s->side) && s->training;
    if (statistics && k->pilot(s, &h)) return 1;
    auto affine_map = [&](int64_t c) {
        h.shift[c] = s->mean[c];
        h.scale[c] = (float)((double)s->gamma[c] / sqrt((double)s->variance[c] + s->eps));
        h.offset[c] = s->beta[c];
    };
    if (s->bn && !s->training)
        for (int64_t c = 0; c < s->channels_out; c++) affine_map(c);
    if (share(s, [&](int t, int64_t first, int64_t last) { return k->forward(s, &h, t, first, last); })) return 1;
    if (!statistics) return 0;
    double n = counted(s);
    for (int64_t c = 0; c < s->channels_out; c++) {
        double off = joined(s, &h, 0, c) / n, variance = joined(s, &h, 1, c) / n - off * off;
        s->mean[c] = (float)((double)h.shift[c] + off);
        s->variance[c] = (float)(variance < 0 ? 0 : variance);
        if (s->bn) affine_map(c);
    }
    if (!s->bn) return 0;
    return share(s, [&](int, int64_t first, int64_t last) { k->affine(s, &h, first, last); return 0; });
}

int64_t diabolo_backward(const Stage *s) {
    if (!chosen) chosen = find(4);
    const Kernels *k = chosen;
    Shared h;
    memset(&h, 0, sizeof h);
    Buffers buffers;
    if (!prepare(s, &h, &buffers)) return 1;
    h.weight_size = k->weight_sum_size(s);
    h.weight_sums = buffers.take<double>(h.weight_size * s->threads);
    if (s->dx) h.backward_weight = buffers.take<float>(k->backward_weight_size(s));
    if (buffers.failed) return 1;
    if (s->dx) k->pack_backward(s, h.backward_weight);
    if (s->bn) {
        for (int64_t c = 0; c < s->channels_out; c++) h.shift[c] = s->mean[c];
        share(s, [&](int t, int64_t first, int64_t last) { k->backward_sums(s, &h, t, first, last); return 0; });
        double n = counted(s);
        for (int64_t c = 0; c < s->channels_out; c++) {
            double inverse = 1 / sqrt((double)s->variance[c] + s->eps), scale = (double)s->gamma[c] * inverse;
            double sum = joined(s, &h, 0, c), product = joined(s, &h, 1, c) * inverse;
            if (s->dbeta) s->dbeta[c] = (float)sum;
            if (s->dgamma) s->dgamma[c] = (float)product;
            h.scale[c] = (float)scale;
            h.level[c] = (float)(-scale * sum / n);
            h.slope[c] = (float)(-scale * inverse * product / n);
        }
    }
    if (share(s, [&](int t, int64_t first, int64_t last) { return k->backward(s, &h, t, first, last); })) return 1;
    for (int64_t t = 1; t < s->threads; t++)
        for (int64_t i = 0; i < h.weight_size; i++) h.weight_sums[i] += h.weight_sums[t * h.weight_size + i];
    k->fold_weight(s, h.weight_sums);
    return 0;
}
}
#pragma GCC visibility pop
