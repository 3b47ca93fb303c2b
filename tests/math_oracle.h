/* What the tests of src/math measure against: each function in double, in long double and in MPFR, and
 * errors in units in the last place. The fast ones find the arguments that matter; what is reported is
 * MPFR's.
 *
 * An error is |result − exact| over the distance of the type's numbers at the exact value (in the
 * subnormals, the least subnormal). Where the exact value rounds to infinity only infinity is right;
 * infinity elsewhere counts as the first power of two that the type lacks. A wrong zero's sign, a number
 * for NaN and NaN for a number count as infinite errors. */
#ifndef TESTS_MATH_ORACLE_H
#define TESTS_MATH_ORACLE_H

#include "math/math.h"

#include <float.h>
#include <math.h>
#include <mpfr.h>
#include <stdlib.h>
#include <string.h>

typedef struct math_oracle {
    const char *name;
    ir_code code;
    double (*quick)(double);          /* for f32: errs by about 2^-52 of the value */
    long double (*close)(long double); /* for f64: by about 2^-63 */
    void (*exact)(mpfr_t y, const mpfr_t x);
} math_oracle;

#define ORACLE_PI 3.14159265358979323846264338327950288L

/* sin and cos of π x: x modulo 2 is exact, and both are computed from a part of at most a quarter. */
#define ORACLE_TURNS(type, suffix)                                                                      \
    static inline type oracle_eighth##suffix(type r, int cosine) /* |r| ≤ 1/2 */                        \
    {                                                                                                   \
        const type pi = (type)ORACLE_PI, a = fabs##suffix(r), half = (type)0.5;                         \
        if (cosine)                                                                                     \
            return a <= half / 2 ? cos##suffix(pi * a) : sin##suffix(pi * (half - a));                  \
        return copysign##suffix(a <= half / 2 ? sin##suffix(pi * a) : cos##suffix(pi * (half - a)), r); \
    }                                                                                                   \
    static inline type oracle_turned##suffix(type x, int cosine)                                        \
    {                                                                                                   \
        const type n = rint##suffix(x), r = x - n;                                                      \
        const type y = oracle_eighth##suffix(r, cosine);                                                \
        const type signed_y = fmod##suffix(n, 2) != 0 ? -y : y;                                         \
        return signed_y != 0 || isnan(x) ? signed_y : cosine ? 0 : copysign##suffix(0, x);              \
    }                                                                                                   \
    static inline type oracle_sinpi##suffix(type x)                                                     \
    {                                                                                                   \
        return oracle_turned##suffix(x, 0);                                                             \
    }                                                                                                   \
    static inline type oracle_cospi##suffix(type x)                                                     \
    {                                                                                                   \
        return oracle_turned##suffix(x, 1);                                                             \
    }
ORACLE_TURNS(double, )
ORACLE_TURNS(long double, l)

static inline void oracle_turned_exact(mpfr_t y, const mpfr_t x, int cosine)
{
    mpfr_t r, pi;
    mpfr_inits2(mpfr_get_prec(y), r, pi, (mpfr_ptr)0);
    mpfr_set_ui(pi, 2, MPFR_RNDN);
    mpfr_fmod(r, x, pi, MPFR_RNDN); /* exact */
    if (cosine) { /* cos(π r) = sin(π (1/2 − |r|)), so that zeros and their neighbours keep their places */
        mpfr_abs(r, r, MPFR_RNDN);
        mpfr_d_sub(r, 0.5, r, MPFR_RNDN);
    }
    if (mpfr_cmp_d(r, 0.5) > 0)
        mpfr_d_sub(r, 1, r, MPFR_RNDN);
    while (mpfr_cmp_d(r, -0.5) < 0) {
        mpfr_d_sub(r, -1, r, MPFR_RNDN);
        if (mpfr_cmp_d(r, 0.5) > 0)
            mpfr_d_sub(r, 1, r, MPFR_RNDN);
    }
    mpfr_const_pi(pi, MPFR_RNDN);
    mpfr_mul(r, r, pi, MPFR_RNDN);
    mpfr_sin(y, r, MPFR_RNDN);
    if (mpfr_zero_p(y))
        mpfr_set_zero(y, cosine || !mpfr_signbit(x) ? 1 : -1);
    mpfr_clears(r, pi, (mpfr_ptr)0);
}

static inline void oracle_sin_exact(mpfr_t y, const mpfr_t x) { mpfr_sin(y, x, MPFR_RNDN); }
static inline void oracle_cos_exact(mpfr_t y, const mpfr_t x) { mpfr_cos(y, x, MPFR_RNDN); }
static inline void oracle_sinpi_exact(mpfr_t y, const mpfr_t x) { oracle_turned_exact(y, x, 0); }
static inline void oracle_cospi_exact(mpfr_t y, const mpfr_t x) { oracle_turned_exact(y, x, 1); }
static inline void oracle_exp_exact(mpfr_t y, const mpfr_t x) { mpfr_exp(y, x, MPFR_RNDN); }
static inline void oracle_log_exact(mpfr_t y, const mpfr_t x) { mpfr_log(y, x, MPFR_RNDN); }

static const math_oracle math_oracles[] = {
    {"sin", IR_SIN, sin, sinl, oracle_sin_exact},
    {"cos", IR_COS, cos, cosl, oracle_cos_exact},
    {"sinpi", IR_SINPI, oracle_sinpi, oracle_sinpil, oracle_sinpi_exact},
    {"cospi", IR_COSPI, oracle_cospi, oracle_cospil, oracle_cospi_exact},
    {"exp", IR_EXP, exp, expl, oracle_exp_exact},
    {"log", IR_LOG, log, logl, oracle_log_exact},
};
enum { MATH_ORACLES = sizeof math_oracles / sizeof *math_oracles };

/* 2^-place is the distance of numbers of `bits` bits at a value of 2^exponent or a little more. */
static inline int oracle_place(int exponent, int bits, int least)
{
    return exponent - bits + 1 > least ? exponent - bits + 1 : least;
}

/* ---- f32 against a double ---- */
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

/* ---- f64 against a long double, whose error adds up to 2^-10 ULP where it has 64 bits ---- */
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

/* ---- the error that counts, by MPFR ---- */
static inline double oracle_error(const math_oracle *f, ir_type type, double x, double y)
{
    const bool single = type == IR_F32;
    mpfr_t argument, exact, error;
    mpfr_init2(argument, 64);
    mpfr_inits2(single ? 200 : 400, exact, error, (mpfr_ptr)0);
    mpfr_set_d(argument, x, MPFR_RNDN);
    f->exact(exact, argument);
    double e;
    if (mpfr_nan_p(exact) || isnan(y)) {
        e = mpfr_nan_p(exact) && isnan(y) ? 0 : (double)INFINITY;
    } else if (mpfr_inf_p(exact) || mpfr_cmpabs_ui(exact, 0) == 0) {
        e = mpfr_cmp_d(exact, y) == 0 && !signbit(y) == !mpfr_signbit(exact) ? 0 : (double)INFINITY;
    } else {
        const int most = single ? 128 : 1024, bits = single ? 24 : 53;
        const int exponent = (int)mpfr_get_exp(exact) - 1;
        const int place = oracle_place(exponent, bits, single ? -149 : -1074);
        if (isinf(y))
            mpfr_set_ui_2exp(error, 1, most, MPFR_RNDN);
        else
            mpfr_set_d(error, fabs(y), MPFR_RNDN);
        mpfr_setsign(error, error, signbit(y), MPFR_RNDN);
        mpfr_sub(error, error, exact, MPFR_RNDN);
        mpfr_mul_2si(error, error, -place, MPFR_RNDN);
        e = fabs(mpfr_get_d(error, MPFR_RNDN));
        mpfr_set_ui_2exp(error, 1, most, MPFR_RNDN);
        mpfr_sub_d(error, error, ldexp(1, most - bits - 1), MPFR_RNDN); /* from here on infinity is nearest */
        if (mpfr_cmpabs(exact, error) >= 0)
            e = isinf(y) && !signbit(y) == !mpfr_signbit(exact) ? 0 : (double)INFINITY;
    }
    mpfr_clears(argument, exact, error, (mpfr_ptr)0);
    return e;
}

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

static inline double oracle_step(double x, int places)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return oracle_double(bits + (uint64_t)(int64_t)places);
}

/* Whole m < 2^53 for which m 2^e is nearest to multiples of π/2: the denominators of the convergents of
 * 2^(e+1)/π, and their multiples of 53 bits. Writes at most `most` arguments m 2^e, and returns how many. */
static inline size_t oracle_near_quarter_turns(int e, double *out, size_t most)
{
    mpfr_t rest, whole;
    mpfr_inits2(1400, rest, whole, (mpfr_ptr)0);
    mpfr_const_pi(rest, MPFR_RNDN);
    mpfr_ui_div(rest, 1, rest, MPFR_RNDN);
    mpfr_mul_2si(rest, rest, e + 1, MPFR_RNDN);
    mpfr_frac(rest, rest, MPFR_RNDN);
    double before = 0, now = 1;
    size_t count = 0;
    while (count + 2 < most && !mpfr_zero_p(rest)) {
        mpfr_ui_div(rest, 1, rest, MPFR_RNDN);
        mpfr_floor(whole, rest);
        mpfr_sub(rest, rest, whole, MPFR_RNDN);
        const double next = before + mpfr_get_d(whole, MPFR_RNDN) * now;
        if (next >= 0x1p53)
            break;
        before = now;
        now = next;
        out[count++] = ldexp(now, e);
        const double multiple = floor((0x1p53 - 1) / now) * now;
        if (multiple != now)
            out[count++] = ldexp(multiple, e);
    }
    mpfr_clears(rest, whole, (mpfr_ptr)0);
    return count;
}

/* A random f64 of one of the kinds that try a function: by turns all bits, common ranges, neighbours of
 * what is special. */
static inline double oracle_argument(const math_oracle *f, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const int near = (int)(r >> 8 & 15) - 8;
    const unsigned kind = (unsigned)(r & 7);
    const long double turns = rintl(ldexpl((long double)oracle_unit(state), (int)(r >> 16 & 63)));
    if (kind == 0)
        return oracle_double(oracle_random(state));
    if (kind == 1)
        return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    switch (f->code) {
    case IR_SIN: case IR_COS:
        if (kind <= 4)
            return sign * unit * (kind == 2 ? 8 : kind == 3 ? 1000 : 3e6);
        return oracle_step((double)(turns * (ORACLE_PI / 2)), near) * sign;
    case IR_SINPI: case IR_COSPI:
        if (kind <= 5)
            return sign * unit * (kind == 2 ? 1 : kind == 3 ? 4 : kind == 4 ? 1000 : 1e15);
        return oracle_step((double)(turns / (kind == 6 ? 2 : 4)), near) * sign;
    case IR_EXP:
        if (kind <= 4)
            return sign * unit * (kind == 2 ? 1 : kind == 3 ? 40 : 750);
        if (kind == 5)
            return r >> 62 & 1 ? -708 - 38 * unit : 708 + 2.5 * unit;
        return oracle_step((double)(turns * 0.346573590279972654708616060729088284L), near) * sign;
    default: /* log */
        if (kind == 2)
            return oracle_double(oracle_random(state) >> 1);
        if (kind == 3)
            return oracle_double(oracle_random(state) >> 12); /* subnormals */
        if (kind == 4)
            return 1 + sign * ldexp(unit, -(int)(r >> 24 & 63));
        if (kind == 5)
            return oracle_step(ldexp(sqrt(0.5), (int)(r >> 24 & 2047) - 1023), near);
        return ldexp(0.5 + unit, (int)(r >> 24 & 7) - 4);
    }
}

#endif
