/* The fold of a block's partial sums, in a fixed tree. Here, and not in run.c, so that direct calls have it in line. */
#ifndef SN_KERNEL_FOLD_H
#define SN_KERNEL_FOLD_H

#include "kernel/kernels.h"
#include <string.h>

typedef double kernel_pair __attribute__((vector_size(16)));
typedef float kernel_quad __attribute__((vector_size(16)));

/* By halves: 16 sums to 16, 8 to 8 … in vectors, which changes nothing but the speed. */
static inline double sn_kernel_fold_f64(const kernel_pair *partial)
{
    kernel_pair sums[8];
    for (unsigned j = 0; j < 8; j++)
        sums[j] = partial[j] + partial[j + 8];
    for (unsigned half = 4; half; half /= 2)
        for (unsigned j = 0; j < half; j++)
            sums[j] += sums[j + half];
    return sums[0][0] + sums[0][1];
}

static inline float sn_kernel_fold_f32(const kernel_quad *partial)
{
    kernel_quad sums[8];
    for (unsigned j = 0; j < 8; j++)
        sums[j] = partial[j] + partial[j + 8];
    for (unsigned half = 4; half; half /= 2)
        for (unsigned j = 0; j < half; j++)
            sums[j] += sums[j + half];
    return (sums[0][0] + sums[0][2]) + (sums[0][1] + sums[0][3]);
}

static inline double sn_kernel_fold_partial(const void *partial, unsigned type)
{
    return type == IR_F64 ? sn_kernel_fold_f64(partial) : (double)sn_kernel_fold_f32(partial);
}

/* Of the open block. */
static inline double sn_kernel_fold(const kernel_run *r, uint32_t total)
{
    const sinter_kernel *k = r->kernel;
    const unsigned type = k->totals[total].type;
    double wide;
    float narrow;
    if (!k->folds_sums)
        return sn_kernel_fold_partial((const void *)(uintptr_t)r->frame[k->frame.sums + total], type);
    if (type == IR_F64)
        memcpy(&wide, &r->frame[k->frame.totals + total], sizeof wide);
    else
        memcpy(&narrow, &r->frame[k->frame.totals + total], sizeof narrow);
    return type == IR_F64 ? wide : (double)narrow;
}

#endif
