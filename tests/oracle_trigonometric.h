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

/* tan(π x): zeros and poles are exact, and their signs those of the quotient sinpi/cospi. */
#define ORACLE_TURNED_TANGENT(type, suffix)                                                             \
    static inline type oracle_tanpi##suffix(type x)                                                     \
    {                                                                                                   \
        const type pi = (type)ORACLE_PI, n = rint##suffix(x), r = x - n, a = fabs##suffix(r);           \
        const type half = (type)0.5;                                                                    \
        if (r == 0 || a == half)                                                                        \
            return oracle_sinpi##suffix(x) / oracle_cospi##suffix(x);                                   \
        return copysign##suffix(a <= half / 2 ? tan##suffix(pi * a) : 1 / tan##suffix(pi * (half - a)), r); \
    }
ORACLE_TURNED_TANGENT(double, )
ORACLE_TURNED_TANGENT(long double, l)

static inline void oracle_tan_exact(mpfr_t y, const mpfr_t x) { mpfr_tan(y, x, MPFR_RNDN); }
static inline void oracle_tanpi_exact(mpfr_t y, const mpfr_t x)
{
    mpfr_t sine;
    mpfr_init2(sine, mpfr_get_prec(y));
    oracle_turned_exact(sine, x, 0);
    oracle_turned_exact(y, x, 1);
    mpfr_div(y, sine, y, MPFR_RNDN);
    mpfr_clear(sine);
}
static inline void oracle_asin_exact(mpfr_t y, const mpfr_t x) { mpfr_asin(y, x, MPFR_RNDN); }
static inline void oracle_acos_exact(mpfr_t y, const mpfr_t x) { mpfr_acos(y, x, MPFR_RNDN); }
static inline void oracle_atan_exact(mpfr_t y, const mpfr_t x) { mpfr_atan(y, x, MPFR_RNDN); }
static inline void oracle_atan2_exact(mpfr_t z, const mpfr_t y, const mpfr_t x)
{
    mpfr_atan2(z, y, x, MPFR_RNDN);
}

/* Between −1 and 1, with the neighbours of its ends, of its halves and of √½, and a little beyond. */
static inline double oracle_sine(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const int near = (int)(r >> 8 & 15) - 8;
    static const double special[] = {1, 1, 0.5, 0.70710678118654752};
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, -(int)(r >> 24 & 63));
    case 2: return sign * (1 - ldexp(unit, -(int)(r >> 24 & 31)));
    case 3: return oracle_neighbour(type, special[r >> 24 & 3], near) * sign;
    case 4: return sign * (0.5 + ldexp(unit - 0.5, -(int)(r >> 24 & 15)));
    default: return sign * unit;
    }
}

/* All exponents; around 1; where the result is almost π/2. */
static inline double oracle_tangent(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 127) - 64);
    case 2: return oracle_neighbour(type, 1, (int)(r >> 8 & 15) - 8) * sign;
    case 3: return sign / unit;
    case 4: return sign * (1 + ldexp(unit - 0.5, -(int)(r >> 24 & 31)));
    default: return sign * unit * (r & 1 ? 1 : 4);
    }
}

/* Points: any two; quotients of all exponents, near 1, near the borders of the type, small whole numbers. */
static inline void oracle_points(ir_type type, uint64_t *state, double *y, double *x)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, other = r >> 62 & 1 ? -1 : 1;
    const double a = 1 + oracle_unit(state), b = 1 + oracle_unit(state);
    const int most = type == IR_F32 ? 126 : 1022, places = type == IR_F32 ? 24 : 53;
    const int e = (int)(oracle_random(state) % (unsigned)(2 * most)) - most;
    switch (r & 7) {
    case 0:
        *y = oracle_any(type, state);
        *x = oracle_any(type, state);
        return;
    case 1:
        *y = sign * ldexp(a, e);
        *x = other * ldexp(b, (int)(oracle_random(state) % (unsigned)(2 * most)) - most);
        return;
    case 2: /* a quotient in the subnormals, or near them */
        *y = sign * ldexp(a, -most + (int)(r >> 24 & 127));
        *x = other * ldexp(b, (int)(r >> 32 & 127) + (r >> 40 & 1 ? 0 : places));
        return;
    case 3: /* the smaller one subnormal */
        *y = sign * ldexp(a, -most - (int)(r >> 24 & 31));
        *x = other * ldexp(b, -most - (int)(r >> 32 & 15) + (r >> 40 & 1 ? 0 : places));
        return;
    case 4:
        *y = (double)((int)(r >> 16 & 31) - 16);
        *x = (double)((int)(r >> 24 & 31) - 16);
        return;
    default: /* quotients of common sizes, at any scale or at none */
        *y = sign * ldexp(a, r & 1 ? 0 : e);
        *x = other * ldexp(b, (r & 1 ? 0 : e) + (int)(r >> 24 & 7) - 4);
        return;
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
     .exact = oracle_cospi_exact, .argument = oracle_half_turns},                                       \
    {.name = "tan", .code = IR_TAN, .quick = tan, .close = tanl, .exact = oracle_tan_exact,             \
     .argument = oracle_radians},                                                                       \
    {.name = "tanpi", .code = IR_TANPI, .quick = oracle_tanpi, .close = oracle_tanpil,                  \
     .exact = oracle_tanpi_exact, .argument = oracle_half_turns},                                       \
    {.name = "asin", .code = IR_ASIN, .quick = asin, .close = asinl, .exact = oracle_asin_exact,        \
     .argument = oracle_sine},                                                                          \
    {.name = "acos", .code = IR_ACOS, .quick = acos, .close = acosl, .exact = oracle_acos_exact,        \
     .argument = oracle_sine},                                                                          \
    {.name = "atan", .code = IR_ATAN, .quick = atan, .close = atanl, .exact = oracle_atan_exact,        \
     .argument = oracle_tangent},                                                                       \
    {.name = "atan2", .code = IR_ATAN2, .quick2 = atan2, .close2 = atan2l, .exact2 = oracle_atan2_exact, \
     .arguments = oracle_points},

#define SPECIALS_TRIGONOMETRIC                                                                          \
    {IR_ASIN, 1, 0x1.921fb54442d18p0}, {IR_ASIN, -1, -0x1.921fb54442d18p0}, {IR_ACOS, -1, 0x1.921fb54442d18p1},\
    {IR_ACOS, 0.0, 0x1.921fb54442d18p0}, {IR_ATAN, INFINITY, 0x1.921fb54442d18p0},                      \
    {IR_ATAN, -INFINITY, -0x1.921fb54442d18p0},                                                         \
    {IR_SIN, 0.0, 0.0}, {IR_SIN, -0.0, -0.0}, {IR_SIN, INFINITY, NAN}, {IR_SIN, -INFINITY, NAN},        \
    {IR_SIN, NAN, NAN}, {IR_SIN, 0x1p-149, 0x1p-149}, {IR_SIN, -0x1p-149, -0x1p-149},                   \
    {IR_SIN, 0x1.fffffcp-127, 0x1.fffffcp-127},                                                         \
    {IR_COS, 0.0, 1}, {IR_COS, -0.0, 1}, {IR_COS, INFINITY, NAN}, {IR_COS, -INFINITY, NAN},             \
    {IR_COS, NAN, NAN}, {IR_COS, 0x1p-149, 1},                                                          \
    {IR_SINPI, 0.0, 0.0}, {IR_SINPI, -0.0, -0.0}, {IR_SINPI, 1, 0.0}, {IR_SINPI, 2, 0.0},               \
    {IR_SINPI, 3, 0.0}, {IR_SINPI, -1, -0.0}, {IR_SINPI, -2, -0.0}, {IR_SINPI, 0.5, 1},                 \
    {IR_SINPI, 1.5, -1}, {IR_SINPI, -0.5, -1}, {IR_SINPI, 0x1p126, 0.0},                                \
    {IR_SINPI, 0x1.fffffep127, 0.0}, {IR_SINPI, -0x1.fffffep127, -0.0}, {IR_SINPI, 8388607, 0.0},       \
    {IR_SINPI, 4194303.5, -1}, {IR_SINPI, INFINITY, NAN}, {IR_SINPI, -INFINITY, NAN},                   \
    {IR_SINPI, NAN, NAN},                                                                               \
    {IR_COSPI, 0.0, 1}, {IR_COSPI, -0.0, 1}, {IR_COSPI, 1, -1}, {IR_COSPI, -1, -1}, {IR_COSPI, 2, 1},   \
    {IR_COSPI, 0.5, 0.0}, {IR_COSPI, -0.5, 0.0}, {IR_COSPI, 1.5, 0.0}, {IR_COSPI, -1.5, 0.0},           \
    {IR_COSPI, 4194303.5, 0.0}, {IR_COSPI, 8388607, -1}, {IR_COSPI, 0x1.fffffep127, 1},                 \
    {IR_COSPI, INFINITY, NAN}, {IR_COSPI, -INFINITY, NAN}, {IR_COSPI, NAN, NAN},                        \
    {IR_ASIN, 0.0, 0.0}, {IR_ASIN, -0.0, -0.0}, {IR_ASIN, 0x1p-149, 0x1p-149},                          \
    {IR_ASIN, INFINITY, NAN}, {IR_ASIN, -INFINITY, NAN}, {IR_ASIN, NAN, NAN},                           \
    {IR_ASIN, 0x1.000002p0, NAN}, {IR_ASIN, -3, NAN}, {IR_ASIN, 4, NAN}, {IR_ASIN, 1000, NAN},          \
    {IR_ASIN, -0x1p100, NAN}, {IR_ASIN, 0x1.fffffep127, NAN},                                           \
    {IR_ACOS, 1, 0.0}, {IR_ACOS, INFINITY, NAN}, {IR_ACOS, -INFINITY, NAN}, {IR_ACOS, NAN, NAN},        \
    {IR_ACOS, 0x1.000002p0, NAN}, {IR_ACOS, -0x1.000002p0, NAN}, {IR_ACOS, -2, NAN},                    \
    {IR_ACOS, 3, NAN}, {IR_ACOS, 5, NAN}, {IR_ACOS, 10, NAN}, {IR_ACOS, -100, NAN},                     \
    {IR_ACOS, 0x1p100, NAN}, {IR_ACOS, -0x1.fffffep127, NAN},                                           \
    {IR_ATAN, 0.0, 0.0}, {IR_ATAN, -0.0, -0.0}, {IR_ATAN, NAN, NAN}, {IR_ATAN, 0x1p-149, 0x1p-149},     \
    {IR_ATAN, -0x1.fffffcp-127, -0x1.fffffcp-127},                                                      \
    {IR_TAN, 0.0, 0.0}, {IR_TAN, -0.0, -0.0}, {IR_TAN, INFINITY, NAN}, {IR_TAN, -INFINITY, NAN},        \
    {IR_TAN, NAN, NAN}, {IR_TAN, 0x1p-149, 0x1p-149}, {IR_TAN, -0x1.fffffcp-127, -0x1.fffffcp-127},     \
    {IR_TANPI, 0.0, 0.0}, {IR_TANPI, -0.0, -0.0}, {IR_TANPI, 1, -0.0}, {IR_TANPI, -1, 0.0},             \
    {IR_TANPI, 2, 0.0}, {IR_TANPI, -2, -0.0}, {IR_TANPI, 3, -0.0}, {IR_TANPI, 8388607, -0.0},           \
    {IR_TANPI, -8388607, 0.0}, {IR_TANPI, 0.5, INFINITY}, {IR_TANPI, -0.5, -INFINITY},                  \
    {IR_TANPI, 1.5, -INFINITY}, {IR_TANPI, 2.5, INFINITY}, {IR_TANPI, -1.5, INFINITY},                  \
    {IR_TANPI, 4194303.5, -INFINITY}, {IR_TANPI, 4194302.5, INFINITY}, {IR_TANPI, 0.25, 1},             \
    {IR_TANPI, -0.25, -1}, {IR_TANPI, 0.75, -1}, {IR_TANPI, 1.25, 1},                                   \
    {IR_TANPI, 0x1.fffffep127, 0.0}, {IR_TANPI, -0x1.fffffep127, -0.0}, {IR_TANPI, INFINITY, NAN},      \
    {IR_TANPI, -INFINITY, NAN}, {IR_TANPI, NAN, NAN},

#define SPECIALS2_TRIGONOMETRIC                                                                         \
    {IR_ATAN2, 0.0, -0.0, 0x1.921fb54442d18p1}, {IR_ATAN2, -0.0, -0.0, -0x1.921fb54442d18p1},           \
    {IR_ATAN2, 0.0, -1, 0x1.921fb54442d18p1}, {IR_ATAN2, -1, -INFINITY, -0x1.921fb54442d18p1},          \
    {IR_ATAN2, 1, 0.0, 0x1.921fb54442d18p0}, {IR_ATAN2, -1, -0.0, -0x1.921fb54442d18p0},                \
    {IR_ATAN2, INFINITY, 1, 0x1.921fb54442d18p0}, {IR_ATAN2, INFINITY, INFINITY, 0x1.921fb54442d18p-1}, \
    {IR_ATAN2, -INFINITY, INFINITY, -0x1.921fb54442d18p-1},                                             \
    {IR_ATAN2, INFINITY, -INFINITY, 0x1.2d97c7f3321d2p1},                                               \
    {IR_ATAN2, -INFINITY, -INFINITY, -0x1.2d97c7f3321d2p1},                                             \
    {IR_ATAN2, 0.0, 0.0, 0.0}, {IR_ATAN2, -0.0, 0.0, -0.0}, {IR_ATAN2, 0.0, 1, 0.0},                    \
    {IR_ATAN2, -0.0, 1, -0.0}, {IR_ATAN2, 0.0, INFINITY, 0.0}, {IR_ATAN2, -0.0, INFINITY, -0.0},        \
    {IR_ATAN2, 1, INFINITY, 0.0}, {IR_ATAN2, -1, INFINITY, -0.0}, {IR_ATAN2, 0x1p-149, 1, 0x1p-149},    \
    {IR_ATAN2, -0x1p-149, 1, -0x1p-149}, {IR_ATAN2, 0.0, 0x1p127, 0.0}, {IR_ATAN2, NAN, 0.0, NAN},      \
    {IR_ATAN2, 0.0, NAN, NAN}, {IR_ATAN2, NAN, 1, NAN}, {IR_ATAN2, 1, NAN, NAN},                        \
    {IR_ATAN2, NAN, INFINITY, NAN}, {IR_ATAN2, INFINITY, NAN, NAN}, {IR_ATAN2, NAN, -INFINITY, NAN},    \
    {IR_ATAN2, -INFINITY, NAN, NAN}, {IR_ATAN2, NAN, NAN, NAN}, {IR_ATAN2, 0x1p-149, NAN, NAN},         \
    {IR_ATAN2, NAN, 0x1p-149, NAN},

/* What exhaustive runs found, and neighbours of multiples of π/2 that are known from the literature. */
#define WORST_TRIGONOMETRIC                                                                             \
    6381956970095103.0 * 0x1p797, 0x1.6ac5b262ca1ffp849, 5.319372648326541416e+255, 16367173.0 * 0x1p72, \
    0x1.921fb54442d18p1, 0x1.f9cbe2p7, 0x1.4c3946p8, 0x1.e4fb6ep9, 3200, 0x1.900002p11, 1600000,        \
    0x1.86a0000000001p20,                                                                               \
    0x1p17, 0x1p30, 0x1.451bf2p-13, 0x1.fed5dp-2, 0x1.8f0b46p-1, 0x1.51f312p0, 0x1.fd8112p51,           \
    0x1.4d4ae91851e2ap733, 0x1.79c50cd4a442dp8, 0x1.f8416ap-3, 0x1.d775b2p-2, 0x1.059fec4d3cf8dp9,      \
    0x1.100c9ep-1, 0x1.0005626c7670dp-1, 0x1.81231p-1, 0x1.747cc454a5865p-1, 0x1.0280d4p0, 0x1.1620ap0, \
    0x1.000000a5f250ep0, 0x1.000069c74143p0,

#endif
