/* Oracles of the hyperbolic functions, their inverses, and the error function's family. Part of
 * math_oracle.h. */
#ifndef TESTS_ORACLE_HYPERBOLIC_H
#define TESTS_ORACLE_HYPERBOLIC_H

static inline void oracle_sinh_exact(mpfr_t y, const mpfr_t x) { mpfr_sinh(y, x, MPFR_RNDN); }
static inline void oracle_cosh_exact(mpfr_t y, const mpfr_t x) { mpfr_cosh(y, x, MPFR_RNDN); }
static inline void oracle_tanh_exact(mpfr_t y, const mpfr_t x) { mpfr_tanh(y, x, MPFR_RNDN); }
static inline void oracle_asinh_exact(mpfr_t y, const mpfr_t x) { mpfr_asinh(y, x, MPFR_RNDN); }
static inline void oracle_acosh_exact(mpfr_t y, const mpfr_t x) { mpfr_acosh(y, x, MPFR_RNDN); }
static inline void oracle_atanh_exact(mpfr_t y, const mpfr_t x) { mpfr_atanh(y, x, MPFR_RNDN); }
static inline void oracle_erf_exact(mpfr_t y, const mpfr_t x) { mpfr_erf(y, x, MPFR_RNDN); }
static inline void oracle_erfc_exact(mpfr_t y, const mpfr_t x) { mpfr_erfc(y, x, MPFR_RNDN); }

/* Left of it erfc may underflow even in MPFR; the asymptotic series is good for more than 200 bits there. */
#define ORACLE_FAR_LEFT (-1e4)

static inline void oracle_normal_cdf_exact(mpfr_t y, const mpfr_t x)
{
    mpfr_t root; /* x/√2, its error magnified by x² */
    mpfr_init2(root, mpfr_get_prec(y) + 100);
    mpfr_sqrt_ui(root, 2, MPFR_RNDN);
    mpfr_div(root, x, root, MPFR_RNDN);
    mpfr_neg(root, root, MPFR_RNDN);
    mpfr_erfc(y, root, MPFR_RNDN);
    mpfr_div_2ui(y, y, 1, MPFR_RNDN);
    mpfr_clear(root);
}

/* Mills' ratio by its asymptotic series: log Φ(x) = −x²/2 − log(−x √(2π)) + log1p(−1/x² + 3/x⁴ − …). */
static inline void oracle_far_log_cdf_exact(mpfr_t y, const mpfr_t x)
{
    mpfr_t square, term;
    mpfr_inits2(mpfr_get_prec(y), square, term, (mpfr_ptr)0);
    mpfr_sqr(square, x, MPFR_RNDN);
    mpfr_set_ui(term, 1, MPFR_RNDN);
    mpfr_set_zero(y, 1);
    for (int k = 1; k <= 13; k += 2) {
        mpfr_mul_si(term, term, -k, MPFR_RNDN);
        mpfr_div(term, term, square, MPFR_RNDN);
        mpfr_add(y, y, term, MPFR_RNDN);
    }
    mpfr_log1p(y, y, MPFR_RNDN);
    mpfr_div_2ui(term, square, 1, MPFR_RNDN);
    mpfr_sub(y, y, term, MPFR_RNDN);
    mpfr_const_pi(term, MPFR_RNDN);
    mpfr_mul(term, term, square, MPFR_RNDN);
    mpfr_mul_2ui(term, term, 1, MPFR_RNDN);
    mpfr_log(term, term, MPFR_RNDN);
    mpfr_div_2ui(term, term, 1, MPFR_RNDN);
    mpfr_sub(y, y, term, MPFR_RNDN);
    mpfr_clears(square, term, (mpfr_ptr)0);
}

static inline void oracle_normal_log_cdf_exact(mpfr_t y, const mpfr_t x)
{
    if (!mpfr_number_p(x) || mpfr_cmp_d(x, ORACLE_FAR_LEFT) > 0) {
        mpfr_t other;
        mpfr_init2(other, mpfr_get_prec(x));
        mpfr_abs(other, x, MPFR_RNDN);
        mpfr_neg(other, other, MPFR_RNDN);
        oracle_normal_cdf_exact(y, other);
        if (mpfr_sgn(x) > 0) {
            mpfr_neg(y, y, MPFR_RNDN);
            mpfr_log1p(y, y, MPFR_RNDN);
        } else {
            mpfr_log(y, y, MPFR_RNDN);
        }
        mpfr_clear(other);
    } else {
        oracle_far_log_cdf_exact(y, x);
    }
}

/* Φ in long double: what x/√2 loses is put back by the derivative. */
static inline long double oracle_normal_cdfl(long double x)
{
    const long double high = 0x1.6a09e667f3bcc908p-1L, low = 0x1.65f626cdd52afa7cp-66L; /* √½ */
    const long double root = -x * high, y = erfcl(root) / 2;
    if (!(fabsl(x) < 200))
        return y;
    const long double lost = fmal(-x, high, -root) - x * low;
    return y - expl(-root * root) * 0.564189583547756286948079451560772586L * lost;
}

static inline double oracle_normal_cdf(double x)
{
    return erfc(-x * M_SQRT1_2) / 2;
}

static inline long double oracle_normal_log_cdfl(long double x)
{
    if (x > 0)
        return log1pl(-oracle_normal_cdfl(-x));
    if (!(x < -100))
        return logl(oracle_normal_cdfl(x));
    const long double square = x * x, t = -1 / square;
    const long double ratio = t * (1 + t * (3 + t * (15 + t * (105 + t * 945))));
    return log1pl(ratio) - square / 2 - logl(-x) - 0.918938533204672741780329736405617640L;
}

/* Left of −100 nothing cancels, so that double does. */
static inline double oracle_normal_log_cdf(double x)
{
    if (x > 0)
        return log1p(-oracle_normal_cdf(-x));
    if (x > -10)
        return log(oracle_normal_cdf(x));
    if (!(x < -100))
        return (double)oracle_normal_log_cdfl((long double)x);
    const double square = x * x, t = -1 / square;
    return t * (1 + t * (2.5 + t * (37.0 / 3))) - square / 2 - log(-x) - 0.918938533204672741780329736405617640;
}

/* ---- arguments ---- */

/* All bits, all usual sizes, and up to three bounds: of what is common, of what is not trivial, of the
 * rest; and neighbours of multiples of a step, where reductions turn. */
static inline double oracle_spread(ir_type type, uint64_t *state, const double bound[3], double step)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: case 3: return sign * unit * bound[0];
    case 4: case 5: return sign * unit * bound[1];
    case 6: return sign * unit * bound[2];
    default:
        return oracle_neighbour(type, sign * step * rint(unit * bound[1] / step), (int)(r >> 8 & 15) - 8);
    }
}

static inline double oracle_sinh_argument(ir_type type, uint64_t *state)
{
    const double single[] = {1, 10, 90}, real[] = {1, 30, 711};
    const uint64_t r = oracle_random(state);
    if ((r & 15) == 0) /* at overflow */
        return (type == IR_F32 ? 87 + 2.5 * oracle_unit(state) : 708 + 3 * oracle_unit(state)) * (r & 16 ? -1 : 1);
    return oracle_spread(type, state, type == IR_F32 ? single : real, 0.346573590279972654708616060729088284);
}

static inline double oracle_tanh_argument(ir_type type, uint64_t *state)
{
    const double bound[] = {1, 4, 22};
    return oracle_spread(type, state, bound, 0.173286795139986327354308030364544142);
}

static inline double oracle_asinh_argument(ir_type type, uint64_t *state)
{
    const double bound[] = {1, 10, 1e9};
    return oracle_spread(type, state, bound, 0.353553390593273762200422181052424520);
}

static inline double oracle_acosh_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double unit = oracle_unit(state);
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return fabs(oracle_any(type, state));
    case 2: return ldexp(1 + unit, (int)(r >> 24 & 63));
    case 3: return 1 + unit;
    case 4: return 1 + unit * 10;
    case 5: return oracle_neighbour(type, 1, (int)(r >> 24 & 1023) - 8);
    default: return 1 + ldexp(unit, -(int)(r >> 24 & (type == IR_F32 ? 31 : 63)));
    }
}

static inline double oracle_atanh_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, -(int)(r >> 24 & 63));
    case 2: return sign * (1 - ldexp(unit, -(int)(r >> 24 & (type == IR_F32 ? 31 : 63))));
    case 3: return sign * oracle_neighbour(type, 1, (int)(r >> 24 & 1023) - 1000);
    case 4: return sign * (0.1 + 0.3 * unit);
    default: return sign * unit;
    }
}

static inline double oracle_erf_argument(ir_type type, uint64_t *state)
{
    const double bound[] = {1, 2.5, 6.5};
    return oracle_spread(type, state, bound, 0.125);
}

static inline double oracle_erfc_argument(ir_type type, uint64_t *state)
{
    const double single[] = {1, 4, 10.5}, real[] = {1, 6, 28};
    return oracle_spread(type, state, type == IR_F32 ? single : real, 0.125);
}

static inline double oracle_normal_argument(ir_type type, uint64_t *state)
{
    const double single[] = {1, 6, 15}, real[] = {1, 9, 40};
    return oracle_spread(type, state, type == IR_F32 ? single : real, 0.125);
}

#define ORACLES_HYPERBOLIC                                                                              \
    {.name = "sinh", .code = IR_SINH, .quick = sinh, .close = sinhl, .exact = oracle_sinh_exact,        \
     .argument = oracle_sinh_argument},                                                                 \
    {.name = "cosh", .code = IR_COSH, .quick = cosh, .close = coshl, .exact = oracle_cosh_exact,        \
     .argument = oracle_sinh_argument},                                                                 \
    {.name = "tanh", .code = IR_TANH, .quick = tanh, .close = tanhl, .exact = oracle_tanh_exact,        \
     .argument = oracle_tanh_argument},                                                                 \
    {.name = "asinh", .code = IR_ASINH, .quick = asinh, .close = asinhl, .exact = oracle_asinh_exact,   \
     .argument = oracle_asinh_argument},                                                                \
    {.name = "acosh", .code = IR_ACOSH, .quick = acosh, .close = acoshl, .exact = oracle_acosh_exact,   \
     .argument = oracle_acosh_argument},                                                                \
    {.name = "atanh", .code = IR_ATANH, .quick = atanh, .close = atanhl, .exact = oracle_atanh_exact,   \
     .argument = oracle_atanh_argument},                                                                \
    {.name = "erf", .code = IR_ERF, .quick = erf, .close = erfl, .exact = oracle_erf_exact,             \
     .argument = oracle_erf_argument},                                                                  \
    {.name = "erfc", .code = IR_ERFC, .quick = erfc, .close = erfcl, .exact = oracle_erfc_exact,        \
     .argument = oracle_erfc_argument},                                                                 \
    {.name = "normal_cdf", .code = IR_NORMAL_CDF, .quick = oracle_normal_cdf,                           \
     .close = oracle_normal_cdfl, .exact = oracle_normal_cdf_exact, .argument = oracle_normal_argument}, \
    {.name = "normal_log_cdf", .code = IR_NORMAL_LOG_CDF, .quick = oracle_normal_log_cdf,               \
     .close = oracle_normal_log_cdfl, .exact = oracle_normal_log_cdf_exact,                             \
     .argument = oracle_normal_argument},

#define SPECIALS_HYPERBOLIC                                                                             \
    {IR_SINH, 0.0, 0.0}, {IR_SINH, -0.0, -0.0}, {IR_SINH, INFINITY, INFINITY},                          \
    {IR_SINH, -INFINITY, -INFINITY}, {IR_SINH, NAN, NAN}, {IR_SINH, 711, INFINITY},                     \
    {IR_SINH, -711, -INFINITY}, {IR_SINH, 0x1p-149, 0x1p-149},                                          \
    {IR_COSH, 0.0, 1}, {IR_COSH, -0.0, 1}, {IR_COSH, INFINITY, INFINITY},                               \
    {IR_COSH, -INFINITY, INFINITY}, {IR_COSH, NAN, NAN}, {IR_COSH, 711, INFINITY},                      \
    {IR_COSH, -0x1p127, INFINITY}, {IR_COSH, 0x1p-149, 1},                                              \
    {IR_TANH, 0.0, 0.0}, {IR_TANH, -0.0, -0.0}, {IR_TANH, INFINITY, 1}, {IR_TANH, -INFINITY, -1},       \
    {IR_TANH, NAN, NAN}, {IR_TANH, 0x1p-149, 0x1p-149}, {IR_TANH, 23, 1}, {IR_TANH, -0x1p127, -1},      \
    {IR_ASINH, 0.0, 0.0}, {IR_ASINH, -0.0, -0.0}, {IR_ASINH, INFINITY, INFINITY},                       \
    {IR_ASINH, -INFINITY, -INFINITY}, {IR_ASINH, NAN, NAN}, {IR_ASINH, -0x1p-149, -0x1p-149},           \
    {IR_ACOSH, 1, 0.0}, {IR_ACOSH, 0.0, NAN}, {IR_ACOSH, -0.0, NAN}, {IR_ACOSH, -1, NAN},               \
    {IR_ACOSH, 0x1.fffffep-1, NAN}, {IR_ACOSH, -0x1p127, NAN}, {IR_ACOSH, INFINITY, INFINITY},          \
    {IR_ACOSH, -INFINITY, NAN}, {IR_ACOSH, NAN, NAN},                                                   \
    {IR_ATANH, 0.0, 0.0}, {IR_ATANH, -0.0, -0.0}, {IR_ATANH, 1, INFINITY}, {IR_ATANH, -1, -INFINITY},   \
    {IR_ATANH, 0x1.000002p0, NAN}, {IR_ATANH, -2, NAN}, {IR_ATANH, INFINITY, NAN},                      \
    {IR_ATANH, -INFINITY, NAN}, {IR_ATANH, NAN, NAN}, {IR_ATANH, 0x1p-149, 0x1p-149},                   \
    {IR_ERF, 0.0, 0.0}, {IR_ERF, -0.0, -0.0}, {IR_ERF, INFINITY, 1}, {IR_ERF, -INFINITY, -1},           \
    {IR_ERF, NAN, NAN}, {IR_ERF, 6, 1}, {IR_ERF, -0x1p127, -1},                                         \
    {IR_ERFC, 0.0, 1}, {IR_ERFC, -0.0, 1}, {IR_ERFC, INFINITY, 0.0}, {IR_ERFC, -INFINITY, 2},           \
    {IR_ERFC, NAN, NAN}, {IR_ERFC, 28, 0.0}, {IR_ERFC, 0x1p127, 0.0}, {IR_ERFC, -6, 2},                 \
    {IR_NORMAL_CDF, 0.0, 0.5}, {IR_NORMAL_CDF, -0.0, 0.5}, {IR_NORMAL_CDF, INFINITY, 1},                \
    {IR_NORMAL_CDF, -INFINITY, 0.0}, {IR_NORMAL_CDF, NAN, NAN}, {IR_NORMAL_CDF, -39, 0.0},              \
    {IR_NORMAL_CDF, 9, 1},                                                                              \
    {IR_NORMAL_LOG_CDF, INFINITY, -0.0}, {IR_NORMAL_LOG_CDF, -INFINITY, -INFINITY},                     \
    {IR_NORMAL_LOG_CDF, NAN, NAN}, {IR_NORMAL_LOG_CDF, 39, -0.0}, {IR_NORMAL_LOG_CDF, -0x1p64, -0x1p127},

#define SPECIALS2_HYPERBOLIC

/* Overflow of sinh and cosh, saturation of tanh and erf, underflow of erfc and Φ. */
#define WORST_HYPERBOLIC                                                                                \
    0x1.65a9fap6, 0x1.65a9f8p6, 0x1.633ce8fb9f87dp9, 0x1.633ce8fb9f87ep9, 0x1.2b708872320e2p4,          \
    0x1.205966p3, 0x1.f5a888p1, 0x1.7afb48dc96626p2, 0x1.39d9f28bf5ebfp4, 0x1.b39dc41e48bfdp4,          \
    0x1.41bbf8p3, -0x1.c5af12p3, -0x1.33baa6e4fb54p5,

#endif
