/* Smoothed parameters on their way: which move, from where to where, and when they arrive.
 *
 * A move is a function of the element index (opt/smooth.c), fixed when it starts: the first element of it has the value that it would have had
 * anyway, and the element at which it arrives is known then, so that the driver can cut a call there. From that element on the parameter
 * has its goal, exactly. A new goal in the midst of a move starts another from the value of that very element.
 *
 * What a glide has come to must not depend on the machine's libm: its power of two is computed here, by operations that IEEE 754 settles. */
#include "kernel/kernels.h"

#include "opt/opt.h"

#include <math.h>

static const double LOG2_1000 = 9.965784284662087, LN2 = 0.6931471805599453;
static const double MOST_ELEMENTS = 0x1p53; /* of a move */

/* 2^x for −1000 ≤ x ≤ 0: e^t with |t| ≤ ½ ln 2 by its series up to the 13th power, whose next term is below 2^−57. Even and odd powers
 * run side by side, so that this takes 15 ns. */
static double power_of_two(double x)
{
    static const double even[] = {1.0 / 479001600, 1.0 / 3628800, 1.0 / 40320, 1.0 / 720, 1.0 / 24, 1.0 / 2, 1};
    static const double odd[] = {1.0 / 6227020800, 1.0 / 39916800, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6, 1};
    const double whole = nearbyint(x), t = (x - whole) * LN2, square = t * t;
    double a = even[0], b = odd[0];
    for (int k = 1; k < 7; k++) {
        a = a * square + even[k];
        b = b * square + odd[k];
    }
    return ldexp(a + b * t, (int)whole);
}

static double value_at(const instance_ramp *ramp, unsigned kind, int64_t index)
{
    const double way = (double)(index - ramp->from), power = ramp->decay * way;
    return fma(ramp->slope, kind == SINTER_RAMP ? way : power < -1000 ? 0 : power_of_two(power), ramp->base);
}

void sn_ramp_stop(sinter_instance *i, uint32_t p)
{
    i->moving -= i->ramps[p].moves;
    i->ramps[p].moves = false;
}

void sn_ramps_stop(sinter_instance *i)
{
    for (uint32_t p = 0; i->moving && p < i->kernel->public_params; p++)
        sn_ramp_stop(i, p);
    sn_instance_changed(i);
}

static void move(sinter_instance *i, uint32_t p, double start, double goal)
{
    const sinter_parameter_info *info = &i->kernel->params[p];
    const bool glides = info->smoothing == SINTER_GLIDE;
    const double time = info->seconds * sn_instance_rate(i), elements = nearbyint(glides ? 2 * time : time), way = goal - start;
    sn_ramp_stop(i, p);
    if (!(elements >= 1 && elements <= MOST_ELEMENTS) || !isfinite(way) || way == 0)
        return;
    instance_ramp *ramp = &i->ramps[p];
    *ramp = (instance_ramp){.from = i->index, .until = i->index + (int64_t)elements, .moves = true};
    ramp->base = glides ? goal : start;
    ramp->slope = glides ? -way : way / elements;
    ramp->decay = glides ? -LOG2_1000 / time : 0;
    i->moving++;
}

void sn_ramp_start(sinter_instance *i, uint32_t p, double value)
{
    const instance_ramp *ramp = &i->ramps[p];
    move(i, p, ramp->moves ? value_at(ramp, i->kernel->params[p].smoothing, i->index) : i->values[p], value);
}

void sn_ramp_adopt(sinter_instance *i, uint32_t p, const instance_ramp *ramp, unsigned kind, double goal)
{
    if (!i->ramps || !i->kernel->params[p].smoothing)
        return;
    if (i->kernel->params[p].smoothing == kind && i->values[p] == goal) {
        i->ramps[p] = *ramp;
        i->moving++;
    } else {
        const float_mode mode = sn_float_mode_enter();
        move(i, p, value_at(ramp, kind, i->index), i->values[p]);
        sn_float_mode_leave(mode);
    }
    sn_instance_changed(i);
}

void sn_ramps_arrive(sinter_instance *i)
{
    for (uint32_t p = 0; i->moving && p < i->kernel->public_params; p++)
        if (i->ramps[p].moves && i->ramps[p].until <= i->index) {
            sn_ramp_stop(i, p);
            sn_instance_changed(i);
        }
}

int64_t sn_ramps_next(const sinter_instance *i)
{
    int64_t next = INT64_MAX;
    for (uint32_t p = 0; i->moving && p < i->kernel->public_params; p++)
        if (i->ramps[p].moves && i->ramps[p].until < next)
            next = i->ramps[p].until;
    return next;
}

void sn_ramps_fill(sinter_instance *i)
{
    double *hidden = i->values + i->kernel->public_params;
    for (uint32_t p = 0; p < i->kernel->public_params; p++) {
        if (!i->kernel->params[p].smoothing)
            continue;
        const instance_ramp *ramp = &i->ramps[p];
        hidden[OPT_RAMP_BASE] = ramp->moves ? ramp->base : i->values[p];
        hidden[OPT_RAMP_SLOPE] = ramp->moves ? ramp->slope : -0.0;
        hidden[OPT_RAMP_FROM] = ramp->moves ? (double)ramp->from : 0;
        hidden[OPT_RAMP_DECAY] = ramp->moves ? ramp->decay : 0;
        hidden += OPT_RAMP_PARAMS;
    }
}
