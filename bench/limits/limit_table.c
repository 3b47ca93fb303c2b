/* Which kernel is whose limit. Rows of one workload and engine stand in the order in which results show them:
 * first the one that the goal names. */
#include "limits.h"

#include "../plain_noise.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
static const limit_affine gain = {0.8f, 0};
static const limit_chain chain = {{0.9f, 1.1f, 0.8f, 1.25f, 0.7f}, {0.1f, -0.2f, 0.3f, -0.05f, 0.15f}};
/* The chain as one line, found in double. */
static const limit_affine folded = {(float)(0.9 * 1.1 * 0.8 * 1.25 * 0.7),
                                    (float)((((0.1 * 1.1 - 0.2) * 0.8 + 0.3) * 1.25 - 0.05) * 0.7 + 0.15)};
/* mean 0.3, deviation 1.7: −1/(2σ²) and −(log σ + log(2π)/2) */
static const limit_density density = {0.3, -0.5 / (1.7 * 1.7), -1.449566784266843};
#endif

#if defined(__clang__)
#define PLAIN_C "plain C, clang"
#else
#define PLAIN_C "plain C, gcc -O3"
#endif

/* The numbers are the workload's name. */
static void run_plain(const limit_call *call)
{
    sn_plain_field(call->numbers)(call->inputs[0], call->inputs[1], call->outputs[0], call->count);
}

static const limit_kernel limits[] = {
    {"gain", "memcpy", SINTER_ENGINE_AUTO, -1, sn_limit_copy_f32, NULL},
    {"affine10", "memcpy", SINTER_ENGINE_AUTO, -1, sn_limit_copy_f32, NULL},
#if defined(__x86_64__)
    {"gain", "hand-written", SINTER_ENGINE_AVX512, 0, sn_limit_gain_avx512, &gain},
    {"gain", "hand-written", SINTER_ENGINE_AVX2, 0, sn_limit_gain_avx2, &gain},
    {"affine10", "hand-written, folded", SINTER_ENGINE_AVX512, 1e-6, sn_limit_affine_avx512, &folded},
    {"affine10", "hand-written, folded", SINTER_ENGINE_AVX2, 1e-6, sn_limit_affine_avx2, &folded},
    {"affine10-strict", "hand-written, 5 FMAs", SINTER_ENGINE_AVX512, 0, sn_limit_chain_avx512, &chain},
    {"affine10-strict", "hand-written, 5 FMAs", SINTER_ENGINE_AVX2, 0, sn_limit_chain_avx2, &chain},
    {"circle", "hand-written, root instruction", SINTER_ENGINE_AVX512, 0, sn_limit_circle_avx512, NULL},
    {"circle", "hand-written, half the roots by FMA", SINTER_ENGINE_AVX512, 0, sn_limit_circle_split_avx512,
     NULL},
    {"circle", "hand-written, root instruction", SINTER_ENGINE_AVX2, 0, sn_limit_circle_avx2, NULL},
    {"sinpi_cospi", "hand-written", SINTER_ENGINE_AVX512, 3e-7, sn_limit_trig_avx512, NULL},
    {"sinpi_cospi", "hand-written", SINTER_ENGINE_AVX2, 3e-7, sn_limit_trig_avx2, NULL},
    {"perlin", "hand-written", SINTER_ENGINE_AVX512, 0, sn_limit_perlin_avx512, &sn_limit_permutation},
    {"perlin", "hand-written", SINTER_ENGINE_AVX2, 0, sn_limit_perlin_avx2, &sn_limit_permutation},
    {"normal", "hand-written", SINTER_ENGINE_AVX512, 1e-14, sn_limit_density_avx512, &density},
    {"normal", "hand-written", SINTER_ENGINE_AVX2, 1e-14, sn_limit_density_avx2, &density},
    {"normal_sum", "hand-written, constants out", SINTER_ENGINE_AVX512, 1e-12, sn_limit_density_sum_avx512,
     &density},
    {"normal_sum", "hand-written, constants out", SINTER_ENGINE_AVX2, 1e-12, sn_limit_density_sum_avx2,
     &density},
#endif
    {"perlin", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "perlin"},
    {"perlin3", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "perlin3"},
    {"simplex2", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "simplex2"},
    {"simplex3", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "simplex3"},
    {"fbm", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "fbm"},
    {"worley2", PLAIN_C, SINTER_ENGINE_AUTO, 0, run_plain, "worley2"},
};

/* Can it run here? All do where their engine does, but for the one that permutes bytes. */
static bool is_possible(const limit_kernel *l)
{
#if defined(__x86_64__)
    return l->run != sn_limit_perlin_avx512 || __builtin_cpu_supports("avx512vbmi");
#else
    return l->run != NULL;
#endif
}

const limit_kernel *sn_limit_find(const char *workload, sinter_engine engine, unsigned k)
{
    const bool strict = !strncmp(workload, "affine10-strict", strlen("affine10-strict"));
    const size_t length = strict ? strlen("affine10-strict") : strcspn(workload, "-");
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const limit_kernel *l = &limits[i];
        if (strlen(l->workload) == length && !strncmp(l->workload, workload, length)
            && (l->engine == engine || l->engine == SINTER_ENGINE_AUTO) && is_possible(l) && k-- == 0)
            return l;
    }
    return NULL;
}

#if defined(__x86_64__)
#include <xmmintrin.h>

/* MXCSR: all exceptions masked, to nearest, subnormals kept; and the bits that say what happened. */
enum { MODE_DEFAULT = 0x1F80, MODE_FLAGS = 0x3F };

static void run_in_default_mode(const limit_kernel *l, const limit_call *call)
{
    const unsigned mode = _mm_getcsr();
    if (__builtin_expect((mode & ~(unsigned)MODE_FLAGS) == MODE_DEFAULT, 1)) {
        l->run(call);
        return;
    }
    _mm_setcsr(MODE_DEFAULT);
    l->run(call);
    _mm_setcsr(mode);
}
#else
static void run_in_default_mode(const limit_kernel *l, const limit_call *call)
{
    l->run(call);
}
#endif

sinter_status sn_limit_run(const limit_kernel *l, const sinter_arguments *a)
{
    if (!l || !a || a->count < 0 || !a->inputs || (!a->outputs && !a->totals))
        return SINTER_BAD_ARGUMENT;
    if (a->count == 0)
        return SINTER_OK;
    const limit_call call = {a->inputs, a->outputs, a->count, a->totals, l->numbers};
    run_in_default_mode(l, &call);
    return SINTER_OK;
}
