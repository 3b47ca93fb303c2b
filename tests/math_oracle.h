/* What the tests of src/math measure against: each function in double, in long double and in MPFR, and
 * errors in units in the last place. The fast ones find the arguments that matter; what is reported is
 * MPFR's.
 *
 * An error is |result − exact| over the distance of the type's numbers at the exact value (in the
 * subnormals, the least subnormal). Where the exact value rounds to infinity only infinity is right;
 * infinity elsewhere counts as the first power of two that the type lacks. A wrong zero's sign, a number
 * for NaN and NaN for a number count as infinite errors.
 *
 * Why the greatest error that is found is the one MPFR would find if it were asked at every argument. The fast
 * oracle is allowed to err by half the margin that oracle_margin states, in units in the last place. Where that much decides anything, its estimate of the error is taken on the side of
 * alarm: an exact value less than that above a power of two has the smaller places below it, and one that
 * may or may not round to infinity has an infinite error. So no true error exceeds its estimate by more than
 * the margin, and MPFR decides each argument whose estimate and the margin together exceed the greatest
 * error so far; what it does not decide is not greater. The same holds for the absolute errors next to zeros,
 * with the margin on both sides.
 *
 * What rests on trust there is the fast oracle's error: no proof of glibc's functions is known to us (its manual
 * states at most 4 places of a double for libmvec's, which is 2^-26 of a place of a float, and 5 of a long
 * double). It is therefore measured: each time MPFR is asked, and math_proof.c asks it at some 10^5 arguments a
 * function and type that did not seem to matter, the true error less its estimate is noted (math_worst.hidden),
 * and a run in which that exceeds half the margin fails. tests/math_filter_test.c plants errors and sees them found,
 * and compares maxima with those of MPFR alone.
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
    double margin[2];   /* f32, f64: see oracle_margin; 0: the usual one */
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

/* How much a true error may exceed the fast oracle's estimate, in ULP. So that oracle may be wrong by half of that,
 * which is oracle_loose of the value: a double of the last ten bits, a long double of the last three. */
static inline double oracle_margin(const math_oracle *f, ir_type type)
{
    const double margin = f->margin[type == IR_F64];
    return margin > 0 ? margin : type == IR_F32 ? 0x1p-15 : 0x1p-7;
}

static inline double oracle_loose(ir_type type, double margin)
{
    return margin * (type == IR_F32 ? 0x1p-25 : 0x1p-54);
}

/* ---- errors ---- */

/* 2^-place is the distance of numbers of `bits` bits at a value of 2^exponent or a little more. */
static inline int oracle_place(int exponent, int bits, int least)
{
    return exponent - bits + 1 > least ? exponent - bits + 1 : least;
}

/* f32 against a double, on the side of alarm. */
static inline double oracle_error_f32(float y, double exact, double margin)
{
    const double loose = oracle_loose(IR_F32, margin), border = 0x1.ffffffp127;
    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (fabs(exact) > border * (1 - loose)) {
        const bool is_surely_infinite = fabs(exact) >= border * (1 + loose);
        return is_surely_infinite && isinf(y) && (y < 0) == (exact < 0) ? 0 : (double)INFINITY;
    }
    if (exact == 0)
        return y == 0 && !signbit(y) == !signbit(exact) ? 0 : (double)INFINITY;
    uint64_t bits;
    const double least = fabs(exact) * (1 - loose);
    memcpy(&bits, &least, sizeof bits);
    /* −1023 of a subnormal double, which f32 has no place for anyway. */
    const int exponent = (int)(bits >> 52) - 1023;
    const uint64_t scale = (uint64_t)(1023 - oracle_place(exponent, 24, -149)) << 52;
    double per_place;
    memcpy(&per_place, &scale, sizeof per_place);
    const double value = isinf(y) ? copysign(0x1p128, (double)y) : (double)y;
    return value == 0 && !signbit(y) != !signbit(exact) ? (double)INFINITY : fabs(value - exact) * per_place;
}

/* f64 against a long double, on the side of alarm. */
static inline double oracle_error_f64(double y, long double exact, double margin)
{
    const long double loose = (long double)oracle_loose(IR_F64, margin), border = 0x1.fffffffffffff8p1023L;
    if (isnan(exact) || isnan(y))
        return isnan(exact) && isnan(y) ? 0 : (double)INFINITY;
    if (fabsl(exact) > border * (1 - loose)) {
        const bool is_surely_infinite = fabsl(exact) >= border * (1 + loose);
        return is_surely_infinite && isinf(y) && (y < 0) == (exact < 0) ? 0 : (double)INFINITY;
    }
    if (exact == 0)
        return y == 0 && !signbit(y) == !signbit(exact) ? 0 : (double)INFINITY;
    if (y == 0 && !signbit(y) != !signbit(exact))
        return INFINITY;
    int exponent;
    frexpl(exact * (1 - loose), &exponent);
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
    } else if (result == 0 && !signbit(result) != !mpfr_signbit(exact)) {
        e = INFINITY;
        *absolute = mpfr_number_p(exact) ? fabs(mpfr_get_d(exact, MPFR_RNDN)) : (double)INFINITY;
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
    double hidden; /* the most by which an error exceeded the fast oracle's estimate, in ULP */
    double hidden_x, hidden_y;
    unsigned long long arguments, decided; /* how many were tried, and how many of them MPFR was asked about */
} math_worst;

/* Is it certain, with what the fast oracle says, that neither greatest error grows? */
static inline bool oracle_is_settled(const math_oracle *f, ir_type type, math_grade grade, const math_worst *w, double error,
                                     double absolute)
{
    const double margin = oracle_margin(f, type), most = oracle_most(f, grade), bound = oracle_absolute(f, type);
    if (error + margin <= w->error)
        return true;
    /* Just above a power of two an estimate may be twice the error. */
    return bound > 0 && isfinite(error) && error > 2 * most + margin
           && absolute * (1 + margin) <= (w->absolute < bound ? w->absolute : bound);
}

/* What MPFR says of a result; `estimate` is the fast oracle's error. */
static inline void oracle_decide(const math_oracle *f, ir_type type, math_grade grade, math_worst *w, double x, double y,
                                 double result, double estimate)
{
    const double most = oracle_most(f, grade), bound = oracle_absolute(f, type);
    double absolute;
    const double error = oracle_error(f, type, x, y, result, &absolute);
    w->decided++;
    if (isfinite(estimate) && error - estimate > w->hidden) {
        w->hidden = error - estimate;
        w->hidden_x = x;
        w->hidden_y = y;
    }
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

/* Did the fast oracle err by less than the argument for it allows? */
static inline bool oracle_is_sound(const math_oracle *f, ir_type type, const math_worst *w)
{
    return w->hidden <= oracle_margin(f, type) / 2;
}

/* A result is looked at, beside what the fast oracle says. */
static inline void oracle_keep_f32(const math_oracle *f, math_grade grade, math_worst *w, float x, float y,
                                   float result, double exact)
{
    const double error = oracle_error_f32(result, exact, oracle_margin(f, IR_F32));
    w->arguments++;
    if (!oracle_is_settled(f, IR_F32, grade, w, error, fabs((double)result - exact)))
        oracle_decide(f, IR_F32, grade, w, (double)x, (double)y, (double)result, error);
}

static inline void oracle_keep_f64(const math_oracle *f, math_grade grade, math_worst *w, double x, double y,
                                   double result, long double exact)
{
    const double margin = oracle_margin(f, IR_F64);
    w->arguments++;
    /* Most results are the number nearest to the fast oracle's, half a place from it at most. */
    if (w->error > 0.5 + 2 * margin && result == (double)exact && result != 0 && isfinite(result))
        return;
    const double error = oracle_error_f64(result, exact, margin);
    if (!oracle_is_settled(f, IR_F64, grade, w, error, (double)fabsl((long double)result - exact)))
        oracle_decide(f, IR_F64, grade, w, x, y, result, error);
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
    const math_worst before = *all;
    if (part->error > all->error)
        *all = *part;
    const math_worst *absolute = part->absolute > before.absolute ? part : &before;
    const math_worst *hidden = part->hidden > before.hidden ? part : &before;
    all->absolute = absolute->absolute;
    all->absolute_x = absolute->absolute_x;
    all->hidden = hidden->hidden;
    all->hidden_x = hidden->hidden_x;
    all->hidden_y = hidden->hidden_y;
    all->arguments = before.arguments + part->arguments;
    all->decided = before.decided + part->decided;
}

#endif
