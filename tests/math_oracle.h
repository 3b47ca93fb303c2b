/* What the tests of src/math measure against: each function in double, in long double and in MPFR, and
 * errors in units in the last place. The fast ones find the arguments that matter; what is reported is
 * MPFR's.
 *
 * An error is |result − exact| over the distance of the type's numbers at the exact value (in the
 * subnormals, the least subnormal). Where the exact value rounds to infinity only infinity is right;
 * infinity elsewhere counts as the first power of two that the type lacks. A wrong zero's sign, a number
 * for NaN and NaN for a number count as infinite errors.
 *
 * The families' functions are in oracle_*.h, each of which adds its entries to the table here, and to the
 * lists of special values and of hard arguments. */
#ifndef TESTS_MATH_ORACLE_H
#define TESTS_MATH_ORACLE_H

#include "math/math.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

/* A function of one argument has those without a 2, one of two arguments those with it; the others are NULL. */
typedef struct math_oracle {
    const char *name;
    ir_code code;
    double (*quick)(double);           /* for f32: errs by about 2^-50 of the value */
    long double (*close)(long double); /* for f64: by about 2^-62 */
    void (*exact)(mpfr_t y, const mpfr_t x);
    /* A random argument of a kind that tries this function: by turns all bits, common ranges, borders,
     * neighbours of what is special. NULL: all bits. What it gives is rounded to the type. */
    double (*argument)(ir_type type, uint64_t *state);
    double (*quick2)(double, double);
    long double (*close2)(long double, long double);
    void (*exact2)(mpfr_t z, const mpfr_t x, const mpfr_t y);
    void (*arguments)(ir_type type, uint64_t *state, double *x, double *y);
    double most[2];     /* ULP promised, by grade; 0: 1 and 4 */
    double absolute[2]; /* f32, f64: an absolute error below this is right however many ULP it is; 0: none */
} math_oracle;

/* What a function must give, in both types; of a NaN, that it is one. */
typedef struct math_special {
    ir_code code;
    double x, y;
} math_special;

typedef struct math_special2 {
    ir_code code;
    double x, y, z;
} math_special2;

#define ORACLE_PI 3.14159265358979323846264338327950288L

/* ---- arguments ---- */

/* xorshift64*: the same arguments everywhere. */
static inline uint64_t oracle_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 0x2545F4914F6CDD1Du;
}

static inline double oracle_unit(uint64_t *state) /* [0, 1) */
{
    return (double)(oracle_random(state) >> 11) * 0x1p-53;
}

static inline double oracle_double(uint64_t bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double oracle_single(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return (double)x;
}

/* Any of the type's numbers, each as likely as the others. */
static inline double oracle_any(ir_type type, uint64_t *state)
{
    const uint64_t bits = oracle_random(state);
    return type == IR_F32 ? oracle_single((uint32_t)(bits >> 32)) : oracle_double(bits);
}

/* The f64 that is so many places further from zero. */
static inline double oracle_step(double x, int places)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return oracle_double(bits + (uint64_t)(int64_t)places);
}

/* The same among the numbers of a type; x is rounded to it first. */
static inline double oracle_neighbour(ir_type type, double x, int places)
{
    if (type != IR_F32)
        return oracle_step(x, places);
    const float single = (float)x;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    return oracle_single(bits + (uint32_t)places);
}

/* ---- the families ---- */

#include "oracle_exponential.h"
#include "oracle_hyperbolic.h"
#include "oracle_trigonometric.h"
#include "oracle_gamma.h"

static const math_oracle math_oracles[] = {
    ORACLES_TRIGONOMETRIC ORACLES_EXPONENTIAL ORACLES_HYPERBOLIC ORACLES_GAMMA
};
enum { MATH_ORACLES = sizeof math_oracles / sizeof *math_oracles };

/* Arguments that are hard for some function: all are tried on all of them. */
static const double math_hard_arguments[] = {
    WORST_TRIGONOMETRIC WORST_EXPONENTIAL WORST_HYPERBOLIC WORST_GAMMA
    0x1p-1074, 0x0.fffffffffffffp-1022, 0x1p-1022, 0x1.fffffffffffffp1023,
    0x1p-149, 0x1.fffffep-127, 0x1p-126, 0x1.fffffep127,
};
enum { MATH_HARD_ARGUMENTS = sizeof math_hard_arguments / sizeof *math_hard_arguments };

static inline bool oracle_takes_two(const math_oracle *f)
{
    return f->exact2 != NULL;
}

static inline double oracle_most(const math_oracle *f, math_grade grade)
{
    return f->most[grade] > 0 ? f->most[grade] : grade == MATH_FAST ? 4 : 1;
}

static inline double oracle_absolute(const math_oracle *f, ir_type type)
{
    return f->absolute[type == IR_F64];
}

/* Arguments for f, in the type; y is 0 where there is only one. */
static inline void oracle_arguments(const math_oracle *f, ir_type type, uint64_t *state, double *x, double *y)
{
    *y = 0;
    if (f->arguments) {
        f->arguments(type, state, x, y);
    } else {
        *x = f->argument ? f->argument(type, state) : oracle_any(type, state);
        if (oracle_takes_two(f))
            *y = oracle_any(type, state);
    }
    if (type == IR_F32) {
        *x = (double)(float)*x;
        *y = (double)(float)*y;
    }
}

/* ---- errors ---- */

/* 2^-place is the distance of numbers of `bits` bits at a value of 2^exponent or a little more. */
static inline int oracle_place(int exponent, int bits, int least)
{
    return exponent - bits + 1 > least ? exponent - bits + 1 : least;
}

/* f32 against a double. */
static inline double oracle_error_f32(float y, double exact)
{
    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (fabs(exact) >= 0x1.ffffffp127)
        return isinf(y) && (y < 0) == (exact < 0) ? 0 : (double)INFINITY;
    if (exact == 0)
        return y != 0 ? fabs((double)y) * 0x1p149 : !signbit(y) == !signbit(exact) ? 0 : (double)INFINITY;
    uint64_t bits;
    memcpy(&bits, &exact, sizeof bits);
    /* −1023 of a subnormal double, which f32 has no place for anyway. */
    const int exponent = (int)(bits >> 52 & 2047) - 1023;
    const uint64_t scale = (uint64_t)(1023 - oracle_place(exponent, 24, -149)) << 52;
    double per_place;
    memcpy(&per_place, &scale, sizeof per_place);
    const double value = isinf(y) ? copysign(0x1p128, (double)y) : (double)y;
    return fabs(value - exact) * per_place;
}

/* f64 against a long double, whose error adds up to 2^-9 ULP where it has 64 bits. */
static inline double oracle_error_f64(double y, long double exact)
{
    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (fabsl(exact) >= 0x1.fffffffffffff8p1023L)
        return isinf(y) && (y < 0) == (exact < 0) ? 0 : (double)INFINITY;
    if (exact == 0)
        return y == 0 && !signbit(y) == !signbit(exact) ? 0 : (double)INFINITY;
    int exponent;
    frexpl(exact, &exponent);
    const long double value = isinf(y) ? copysignl(0x1p1024L, (long double)y) : (long double)y;
    return (double)ldexpl(fabsl(value - exact), -oracle_place(exponent - 1, 53, -1074));
}

/* The error that counts, by MPFR; *absolute is |result − exact|, infinite where either is no number. */
static inline double oracle_error(const math_oracle *f, ir_type type, double x, double y, double result,
                                  double *absolute)
{
    const bool single = type == IR_F32;
    mpfr_t first, second, exact, error;
    mpfr_inits2(64, first, second, (mpfr_ptr)0);
    mpfr_inits2(single ? 200 : 400, exact, error, (mpfr_ptr)0);
    mpfr_set_d(first, x, MPFR_RNDN);
    mpfr_set_d(second, y, MPFR_RNDN);
    if (f->exact2)
        f->exact2(exact, first, second);
    else
        f->exact(exact, first);
    double e;
    *absolute = (double)INFINITY;
    if (mpfr_nan_p(exact) || isnan(result)) {
        e = mpfr_nan_p(exact) && isnan(result) ? 0 : (double)INFINITY;
    } else if (mpfr_inf_p(exact) || mpfr_zero_p(exact)) {
        e = mpfr_cmp_d(exact, result) == 0 && !signbit(result) == !mpfr_signbit(exact) ? 0 : (double)INFINITY;
        *absolute = mpfr_zero_p(exact) ? fabs(result) : (double)INFINITY;
    } else {
        const int most = single ? 128 : 1024, bits = single ? 24 : 53;
        const mpfr_exp_t high = mpfr_get_exp(exact) - 1;
        const int exponent = high < -20000 ? -20000 : high > 20000 ? 20000 : (int)high;
        const int place = oracle_place(exponent, bits, single ? -149 : -1074);
        if (isinf(result))
            mpfr_set_ui_2exp(error, 1, most, MPFR_RNDN);
        else
            mpfr_set_d(error, fabs(result), MPFR_RNDN);
        mpfr_setsign(error, error, signbit(result), MPFR_RNDN);
        mpfr_sub(error, error, exact, MPFR_RNDN);
        if (!isinf(result))
            *absolute = fabs(mpfr_get_d(error, MPFR_RNDN));
        mpfr_mul_2si(error, error, -place, MPFR_RNDN);
        e = fabs(mpfr_get_d(error, MPFR_RNDN));
        mpfr_set_ui_2exp(error, 1, most, MPFR_RNDN);
        mpfr_sub_d(error, error, ldexp(1, most - bits - 1), MPFR_RNDN); /* from here on infinity is nearest */
        if (mpfr_cmpabs(exact, error) >= 0)
            e = isinf(result) && !signbit(result) == !mpfr_signbit(exact) ? 0 : (double)INFINITY;
    }
    mpfr_clears(first, second, exact, error, (mpfr_ptr)0);
    return e;
}

/* ---- the greatest error ---- */

typedef struct math_worst {
    double error, x, y, result; /* in ULP, by MPFR, and where */
    double absolute;            /* the greatest error that only the absolute bound makes right; 0: none */
    double absolute_x;
    unsigned long long arguments;
} math_worst;

/* The rest of oracle_keep, for an error that seems greater than all before: MPFR says what it is. So a fast
 * oracle that errs on the side of alarm costs time and nothing else. */
static inline void oracle_keep_greater(const math_oracle *f, ir_type type, math_grade grade, math_worst *w,
                                       double x, double y, double result, double absolute)
{
    const double most = oracle_most(f, grade), bound = oracle_absolute(f, type);
    double error = INFINITY;
    if (!(absolute <= 0.99 * bound))
        error = oracle_error(f, type, x, y, result, &absolute);
    if (error > most && absolute <= bound) {
        if (absolute > w->absolute) {
            w->absolute = absolute;
            w->absolute_x = x;
        }
    } else if (error > w->error) {
        w->error = error;
        w->x = x;
        w->y = y;
        w->result = result;
    }
}

/* A result is looked at, beside what the fast oracle says. */
static inline void oracle_keep_f32(const math_oracle *f, math_grade grade, math_worst *w, float x, float y,
                                   float result, double exact)
{
    const float nearest = (float)exact;
    w->arguments++;
    /* Most results are the number nearest to the exact one, and err by half a place at most. */
    if (w->error > 0.501 && (!memcmp(&nearest, &result, sizeof result) || (isnan(nearest) && isnan(result))))
        return;
    const double error = oracle_error_f32(result, exact);
    if (error > w->error) {
        const double absolute = error > oracle_most(f, grade) ? fabs((double)result - exact) : INFINITY;
        oracle_keep_greater(f, IR_F32, grade, w, (double)x, (double)y, (double)result, absolute);
    }
}

static inline void oracle_keep_f64(const math_oracle *f, math_grade grade, math_worst *w, double x, double y,
                                   double result, long double exact)
{
    const double error = oracle_error_f64(result, exact);
    w->arguments++;
    if (error > w->error) {
        const double absolute = error > oracle_most(f, grade) ? (double)fabsl((long double)result - exact) : INFINITY;
        oracle_keep_greater(f, IR_F64, grade, w, x, y, result, absolute);
    }
}

/* 1: f(−x) = f(x), −1: f(−x) = −f(x), 0: neither. */
static inline int oracle_symmetry(const math_oracle *f)
{
    switch ((int)f->code) {
    case IR_COS: case IR_COSPI: case IR_COSH: return 1;
    case IR_SIN: case IR_TAN: case IR_SINPI: case IR_TANPI: case IR_ASIN: case IR_ATAN: case IR_SINH: case IR_TANH:
    case IR_ASINH: case IR_ATANH: case IR_ERF: case IR_CBRT: return -1;
    default: return 0;
    }
}

static inline double oracle_quick(const math_oracle *f, double x, double y)
{
    return f->quick2 ? f->quick2(x, y) : f->quick(x);
}

static inline long double oracle_close(const math_oracle *f, double x, double y)
{
    return f->close2 ? f->close2((long double)x, (long double)y) : f->close((long double)x);
}

static inline void oracle_merge(math_worst *all, const math_worst *part)
{
    const unsigned long long arguments = all->arguments + part->arguments;
    const math_worst *greater = part->absolute > all->absolute ? part : all;
    const double absolute = greater->absolute, absolute_x = greater->absolute_x;
    if (part->error > all->error)
        *all = *part;
    all->absolute = absolute;
    all->absolute_x = absolute_x;
    all->arguments = arguments;
}

#endif
