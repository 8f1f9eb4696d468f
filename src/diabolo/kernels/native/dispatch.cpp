// The C functions that Python calls: choose the processor's instruction set, share the images out to threads, join sums.
// Threads have fixed shares and sums are joined in their order: the same thread count gives the same bits.
// No exception leaves a function that Python calls: where memory has run out, the function says so.
#include "stage.h"
#include <atomic>
#include <dlfcn.h>
#include <exception>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <thread>
#include <unistd.h>
#include <vector>

extern "C" {
extern const Kernels diabolo_baseline;
#ifdef DIABOLO_X86
extern const Kernels diabolo_v3, diabolo_v4;
#endif
}

namespace {

std::atomic<const Kernels *> chosen{nullptr};

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

// A call takes the table once: another thread may choose anew meanwhile.
const Kernels *kernels() {
    const Kernels *k = chosen;
    return k ? k : find(4);
}

// GNU OpenMP, where the process has it (torch brings it): its threads are there already, and while they wait for torch
// they hold a core that threads of our own would have to share with them. Its calls are a stable binary interface.
// A forked child has none of its threads, but would wait for them: there we start our own.
const pid_t home = getpid();
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
    bool is_here() const { return parallel && getpid() == home; }
};

// Runs work(share, first, last) on up to `threads` fixed shares of `count` things. 0: all went well.
template <typename Work> int share(int64_t threads, int64_t count, Work work) {
    static const OpenMP openmp;
    int64_t n = threads < count ? threads : count;
    if (n < 1) n = 1;
    std::vector<int> failed((size_t)n, 0);
    auto run = [&](int64_t t) { failed[(size_t)t] = work((int)t, count * t / n, count * (t + 1) / n); };
    if (n == 1) run(0);
    else if (openmp.is_here()) {
        auto each = [&] { for (int64_t t = openmp.thread(); t < n; t += openmp.threads()) run(t); };
        openmp.parallel([](void *data) { (*(decltype(each) *)data)(); }, &each, (unsigned)n, 0);
    } else {
        std::vector<std::thread> others;
        others.reserve((size_t)n);
        int64_t started = 1;
        try {
            for (; started < n; started++) others.emplace_back(run, started);
        } catch (const std::exception &) {  // no more threads or memory to be had: this one does their shares
        }
        run(0);
        for (int64_t t = started; t < n; t++) run(t);
        for (auto &other : others) other.join();
    }
    for (int f : failed)
        if (f) return 1;
    return 0;
}

// By channels out, where there are enough weights for it to pay.
template <typename Work> void share_weights(const Stage *s, Work work) {
    bool many = s->channels_in * s->channels_out > 4096;
    share(many ? s->threads : 1, s->channels_out, [&](int, int64_t first, int64_t last) { work(first, last); return 0; });
}

struct Buffers {
    std::vector<void *> taken;
    bool failed = false;
    ~Buffers() { for (void *p : taken) free(p); }
    template <typename T> T *take(int64_t n) {
        void *p = nullptr;
        size_t bytes = ((size_t)n + 64) * sizeof(T);
        taken.push_back(nullptr);
        if (posix_memalign(&p, 64, bytes)) { failed = true; return nullptr; }
        memset(p, 0, bytes);
        taken.back() = p;
        return (T *)p;
    }
};

int64_t padded(const Kernels *k, int64_t channels) { return (channels + k->vector - 1) / k->vector * k->vector; }

void take_map(Affine *map, int64_t floats, Buffers *buffers) {
    for (float **p : {&map->shift, &map->scale, &map->offset}) *p = buffers->take<float>(floats);
}

void fill_map(Affine *map, const Stage *s) {
    map->relu = s->relu_after;
    for (int64_t c = 0; c < s->channels_out; c++) {
        map->shift[c] = s->mean[c];
        map->scale[c] = (float)((double)s->gamma[c] / sqrt((double)s->variance[c] + s->eps));
        map->offset[c] = s->beta[c];
    }
}

bool prepare(const Kernels *k, const Stage *s, Shared *h, Buffers *buffers) {
    int64_t c = padded(k, s->channels_out);
    h->forward_weight = buffers->take<float>(k->forward_weight_size(s));
    for (float **p : {&h->bias, &h->sign, &h->slope, &h->level}) *p = buffers->take<float>(c);
    take_map(&h->own, c, buffers);
    if (s->before) take_map(&h->before, padded(k, s->channels_in), buffers);
    h->sums = buffers->take<double>(2 * s->channels_out * s->threads);
    if (buffers->failed) return false;
    if (s->before) fill_map(&h->before, s->before);
    share_weights(s, [&](int64_t first, int64_t last) { k->pack_forward(s, h->forward_weight, first, last); });
    for (int64_t i = 0; i < s->channels_out; i++) {
        if (s->bias) h->bias[i] = s->bias[i];
        // With bn before the pool, the largest y = γx + β is at the smallest x where γ < 0, and anywhere where γ = 0.
        h->sign[i] = s->bn != 1 || s->gamma[i] > 0 ? 1.0f : s->gamma[i] < 0 ? -1.0f : s->gamma[i];
    }
    return true;
}

// Over how many values a channel's statistics are taken.
double counted(const Stage *s) {
    double pixels = (double)s->images;
    if (s->bn == 2 && s->pool) return pixels * (double)((s->height + 1) / 2) * (double)((s->width + 1) / 2);
    return pixels * (double)s->height * (double)s->width;
}

// [thread][size] -> their sum in the threads' order, in the first.
void join(double *sums, int64_t threads, int64_t size) {
    for (int64_t t = 1; t < threads; t++)
        for (int64_t i = 0; i < size; i++) sums[i] += sums[t * size + i];
}

int64_t forward(const Kernels *k, const Stage *s) {
    Shared h;
    memset(&h, 0, sizeof h);
    Buffers buffers;
    if (!prepare(k, s, &h, &buffers)) return 1;
    bool statistics = (s->bn || s->side) && s->training;
    if (statistics && k->pilot(s, &h)) return 1;
    if (s->bn && !s->training) fill_map(&h.own, s);
    if (share(s->threads, s->images, [&](int t, int64_t first, int64_t last) { return k->forward(s, &h, t, first, last); })) return 1;
    if (!statistics) return 0;
    int64_t channels = s->channels_out;
    join(h.sums, s->threads, 2 * channels);
    double n = counted(s);
    for (int64_t c = 0; c < channels; c++) {
        double off = h.sums[c] / n, variance = h.sums[channels + c] / n - off * off;
        s->mean[c] = (float)((double)h.own.shift[c] + off);
        s->variance[c] = (float)(variance < 0 ? 0 : variance);
    }
    if (!s->bn || !s->z) return 0;
    fill_map(&h.own, s);
    return share(s->threads, s->images, [&](int, int64_t first, int64_t last) { k->affine(s, &h, first, last); return 0; });
}

int64_t backward(const Kernels *k, const Stage *s) {
    Shared h;
    memset(&h, 0, sizeof h);
    Buffers buffers;
    if (!prepare(k, s, &h, &buffers)) return 1;
    int64_t channels = s->channels_out, before = s->channels_in;
    h.weight_size = k->weight_sum_size(s);
    h.weight_sums = buffers.take<double>(h.weight_size * s->threads);
    if (s->dx) h.backward_weight = buffers.take<float>(k->backward_weight_size(s));
    if (s->bn_sums_before) h.sums_before = buffers.take<double>(2 * before * s->threads);
    if (buffers.failed) return 1;
    if (s->dx) share_weights(s, [&](int64_t first, int64_t last) { k->pack_backward(s, h.backward_weight, first, last); });
    if (s->bn) {
        fill_map(&h.own, s);
        if (s->bn_sums) memcpy(h.sums, s->bn_sums, sizeof(double) * 2 * (size_t)channels);
        else {
            share(s->threads, s->images, [&](int t, int64_t first, int64_t last) { k->backward_sums(s, &h, t, first, last); return 0; });
            join(h.sums, s->threads, 2 * channels);
        }
        double n = counted(s);
        for (int64_t c = 0; c < channels; c++) {
            double inverse = 1 / sqrt((double)s->variance[c] + s->eps), scale = (double)s->gamma[c] * inverse;
            double sum = h.sums[c], product = h.sums[channels + c] * inverse;
            if (s->dbeta) s->dbeta[c] = (float)sum;
            if (s->dgamma) s->dgamma[c] = (float)product;
            h.level[c] = (float)(-scale * sum / n);
            h.slope[c] = (float)(-scale * inverse * product / n);
        }
    }
    if (share(s->threads, s->images, [&](int t, int64_t first, int64_t last) { return k->backward(s, &h, t, first, last); })) return 1;
    join(h.weight_sums, s->threads, h.weight_size);
    share_weights(s, [&](int64_t first, int64_t last) { k->fold_weight(s, h.weight_sums, first, last); });
    if (s->bn_sums_before) {
        join(h.sums_before, s->threads, 2 * before);
        memcpy(s->bn_sums_before, h.sums_before, sizeof(double) * 2 * (size_t)before);
    }
    return 0;
}

// 0: done; 1: no memory; or what the work says.
template <typename Work> int64_t guarded(Work work) {
    try {
        return work();
    } catch (const std::exception &) {
        return 1;
    }
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int64_t diabolo_stage_size() { return (int64_t)sizeof(Stage); }

// Which sources this was built from (../compile.py).
int64_t diabolo_sources() { return DIABOLO_SOURCES; }

// Chooses the best instruction set up to `level` (1 baseline, 3 AVX2, 4 AVX-512); returns the level found.
int64_t diabolo_choose(int64_t level) {
    const Kernels *found = find((int)level);
    chosen = found;
#ifdef DIABOLO_X86
    if (found == &diabolo_v4) return 4;
    if (found == &diabolo_v3) return 3;
#endif
    return 1;
}

// 0: done; 1: no memory.
int64_t diabolo_forward(const Stage *s) {
    return guarded([&] { return forward(kernels(), s); });
}

int64_t diabolo_backward(const Stage *s) {
    return guarded([&] { return backward(kernels(), s); });
}

// Images of `size` bytes by index -> floats in [0, 1]. 0: done; 1: no memory; 2: an index is outside.
int64_t diabolo_gather(const uint8_t *images, int64_t count, int64_t size, const int64_t *indices, int64_t taken, float *out, int64_t threads) {
    const Kernels *k = kernels();
    for (int64_t i = 0; i < taken; i++)
        if (indices[i] < 0 || indices[i] >= count) return 2;
    return guarded([&] {
        return share(threads, taken, [&](int, int64_t first, int64_t last) {
            for (int64_t i = first; i < last; i++) k->convert(images + indices[i] * size, size, out + i * size);
            return 0;
        });
    });
}

// The mean of binary cross-entropy of logits z, to `loss`, and its gradient where there is room for it. 0: done; 1: no memory.
int64_t diabolo_cross_entropy(const float *z, const float *x, int64_t count, double *loss, float *gradient, int64_t threads) {
    const Kernels *k = kernels();
    const int64_t piece = 4096;  // shares are whole pieces: a small batch is not worth a thread
    return guarded([&] {
        std::vector<double> sums((size_t)(threads < 1 ? 1 : threads), 0.0);
        share(threads, (count + piece - 1) / piece, [&](int t, int64_t first, int64_t last) {
            int64_t from = first * piece, end = last * piece < count ? last * piece : count;
            sums[(size_t)t] = k->cross_entropy(z + from, x + from, end - from, (float)(1.0 / (double)count), gradient ? gradient + from : gradient);
            return 0;
        });
        double total = 0;
        for (double sum : sums) total += sum;
        *loss = total / (double)count;
        return 0;
    });
}
}
#pragma GCC visibility pop
