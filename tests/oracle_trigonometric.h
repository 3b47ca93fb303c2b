/* Oracles of the trigonometric functions and their inverses. Part of math_oracle.h. */
#ifndef TESTS_ORACLE_TRIGONOMETRIC_H
#define TESTS_ORACLE_TRIGONOMETRIC_H

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
        const type n = rint##suffix(x), r = x - n, pairs = n / 2;                                       \
        const type y = oracle_eighth##suffix(r, cosine);                                                \
        const type signed_y = pairs != rint##suffix(pairs) ? -y : y;                                    \
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

/* Does it have its hard arguments next to multiples of π/2? */
static inline bool oracle_is_periodic(ir_code code)
{
    return code == IR_SIN || code == IR_COS || code == IR_TAN;
}

/* Radians: kinds 0 and 1 are all bits and all common exponents; then ranges; then neighbours of multiples
 * of π/2. */
static inline double oracle_radians(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const long double turns = rintl(ldexpl((long double)oracle_unit(state), (int)(r >> 16 & 63)));
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return sign * unit * 8;
    case 3: return sign * unit * 1000;
    case 4: return sign * unit * 3e6;
    default: return oracle_neighbour(type, (double)(turns * (ORACLE_PI / 2)), (int)(r >> 8 & 15) - 8) * sign;
    }
}

/* Half turns: the same, with halves and quarters. */
static inline double oracle_half_turns(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const unsigned kind = (unsigned)(r & 7);
    const long double turns = rintl(ldexpl((long double)oracle_unit(state), (int)(r >> 16 & 63)));
    switch (kind) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return sign * unit;
    case 3: return sign * unit * 4;
    case 4: return sign * unit * 1000;
    case 5: return sign * unit * (type == IR_F32 ? 1e7 : 1e15);
    default:
        return oracle_neighbour(type, (double)(turns / (kind == 6 ? 2 : 4)), (int)(r >> 8 & 15) - 8) * sign;
    }
}

#define ORACLES_TRIGONOMETRIC                                                                           \
    {.name = "sin", .code = IR_SIN, .quick = sin, .close = sinl, .exact = oracle_sin_exact,             \
     .argument = oracle_radians},                                                                       \
    {.name = "cos", .code = IR_COS, .quick = cos, .close = cosl, .exact = oracle_cos_exact,             \
     .argument = oracle_radians},                                                                       \
    {.name = "sinpi", .code = IR_SINPI, .quick = oracle_sinpi, .close = oracle_sinpil,                  \
     .exact = oracle_sinpi_exact, .argument = oracle_half_turns},                                       \
    {.name = "cospi", .code = IR_COSPI, .quick = oracle_cospi, .close = oracle_cospil,                  \
     .exact = oracle_cospi_exact, .argument = oracle_half_turns},

#define SPECIALS_TRIGONOMETRIC                                                                          \
    {IR_SIN, 0.0, 0.0}, {IR_SIN, -0.0, -0.0}, {IR_SIN, INFINITY, NAN}, {IR_SIN, -INFINITY, NAN},        \
    {IR_SIN, NAN, NAN}, {IR_SIN, 0x1p-149, 0x1p-149}, {IR_SIN, -0x1p-149, -0x1p-149},                   \
    {IR_SIN, 0x1.fffffcp-127, 0x1.fffffcp-127},                                                         \
    {IR_COS, 0.0, 1}, {IR_COS, -0.0, 1}, {IR_COS, INFINITY, NAN}, {IR_COS, -INFINITY, NAN},             \
    {IR_COS, NAN, NAN}, {IR_COS, 0x1p-149, 1},                                                          \
    {IR_SINPI, 0.0, 0.0}, {IR_SINPI, -0.0, -0.0}, {IR_SINPI, 1, 0.0}, {IR_SINPI, 2, 0.0},               \
    {IR_SINPI, 3, 0.0}, {IR_SINPI, -1, -0.0}, {IR_SINPI, -2, -0.0}, {IR_SINPI, 0.5, 1},                 \
    {IR_SINPI, 1.5, -1}, {IR_SINPI, -0.5, -1}, {IR_SINPI, 0x1p126, 0.0},                                \
    {IR_SINPI, 0x1.fffffep127, 0.0}, {IR_SINPI, -0x1.fffffep127, -0.0},                                 \
    {IR_SINPI, 8388607, 0.0}, {IR_SINPI, 4194303.5, -1},                                                \
    {IR_SINPI, INFINITY, NAN}, {IR_SINPI, -INFINITY, NAN}, {IR_SINPI, NAN, NAN},                        \
    {IR_COSPI, 0.0, 1}, {IR_COSPI, -0.0, 1}, {IR_COSPI, 1, -1}, {IR_COSPI, -1, -1}, {IR_COSPI, 2, 1},   \
    {IR_COSPI, 0.5, 0.0}, {IR_COSPI, -0.5, 0.0}, {IR_COSPI, 1.5, 0.0}, {IR_COSPI, -1.5, 0.0},           \
    {IR_COSPI, 4194303.5, 0.0}, {IR_COSPI, 8388607, -1}, {IR_COSPI, 0x1.fffffep127, 1},                 \
    {IR_COSPI, INFINITY, NAN}, {IR_COSPI, -INFINITY, NAN}, {IR_COSPI, NAN, NAN},

#define SPECIALS2_TRIGONOMETRIC

/* What exhaustive runs found, and neighbours of multiples of π/2 that are known from the literature. */
#define WORST_TRIGONOMETRIC                                                                             \
    6381956970095103.0 * 0x1p797, 0x1.6ac5b262ca1ffp849, 5.319372648326541416e+255, 16367173.0 * 0x1p72, \
    0x1.921fb54442d18p1, 0x1.f9cbe2p7, 0x1.4c3946p8, 0x1.e4fb6ep9, 3200, 0x1.900002p11, 1600000,        \
    0x1.86a0000000001p20,

#endif
