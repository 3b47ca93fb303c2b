/* Oracles of exponentials, logarithms, powers and roots. Part of math_oracle.h. */
#ifndef TESTS_ORACLE_EXPONENTIAL_H
#define TESTS_ORACLE_EXPONENTIAL_H

#define ORACLE_BY_MPFR(name, function)                                    \
    static inline void oracle_##name##_exact(mpfr_t y, const mpfr_t x)    \
    {                                                                     \
        function(y, x, MPFR_RNDN);                                        \
    }
ORACLE_BY_MPFR(exp, mpfr_exp)
ORACLE_BY_MPFR(exp2, mpfr_exp2)
ORACLE_BY_MPFR(exp10, mpfr_exp10)
ORACLE_BY_MPFR(expm1, mpfr_expm1)
ORACLE_BY_MPFR(log, mpfr_log)
ORACLE_BY_MPFR(log2, mpfr_log2)
ORACLE_BY_MPFR(log10, mpfr_log10)
ORACLE_BY_MPFR(log1p, mpfr_log1p)
ORACLE_BY_MPFR(cbrt, mpfr_cbrt)

/* Of −0, −infinity, as IEEE 754 has it. */
static inline void oracle_rsqrt_exact(mpfr_t y, const mpfr_t x)
{
    mpfr_rec_sqrt(y, x, MPFR_RNDN);
    if (mpfr_zero_p(x))
        mpfr_set_inf(y, mpfr_signbit(x) ? -1 : 1);
}

static inline void oracle_pow_exact(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    mpfr_pow(z, x, y, MPFR_RNDN);
}

static inline void oracle_hypot_exact(mpfr_t z, const mpfr_t x, const mpfr_t y)
{
    mpfr_hypot(z, x, y, MPFR_RNDN);
}

/* exp(−|x|), which does not overflow; then the function of it. */
static inline void oracle_decayed(mpfr_t y, const mpfr_t x)
{
    mpfr_abs(y, x, MPFR_RNDN);
    mpfr_neg(y, y, MPFR_RNDN);
    mpfr_exp(y, y, MPFR_RNDN);
}

static inline void oracle_logistic_exact(mpfr_t y, const mpfr_t x)
{
    mpfr_t sum;
    mpfr_init2(sum, mpfr_get_prec(y));
    oracle_decayed(y, x);
    mpfr_add_ui(sum, y, 1, MPFR_RNDN);
    if (mpfr_signbit(x))
        mpfr_div(y, y, sum, MPFR_RNDN);
    else
        mpfr_ui_div(y, 1, sum, MPFR_RNDN);
    mpfr_clear(sum);
}

static inline void oracle_softplus_exact(mpfr_t y, const mpfr_t x)
{
    oracle_decayed(y, x);
    mpfr_log1p(y, y, MPFR_RNDN);
    if (!mpfr_signbit(x))
        mpfr_add(y, y, x, MPFR_RNDN);
}

#define ORACLE_OF_DECAYED(type, suffix)                                              \
    static inline type oracle_rsqrt##suffix(type x)                                  \
    {                                                                                \
        return 1 / sqrt##suffix(x);                                                  \
    }                                                                                \
    static inline type oracle_logistic##suffix(type x)                               \
    {                                                                                \
        const type t = exp##suffix(-fabs##suffix(x));                                \
        return (signbit(x) ? t : 1) / (1 + t);                                       \
    }                                                                                \
    static inline type oracle_softplus##suffix(type x)                               \
    {                                                                                \
        const type y = log1p##suffix(exp##suffix(-fabs##suffix(x)));                 \
        return isnan(x) || !signbit(x) ? y + x : y;                                  \
    }
ORACLE_OF_DECAYED(double, )
ORACLE_OF_DECAYED(long double, l)

/* For the power of a base whose natural logarithm is 1/unit. */
static inline double oracle_power_argument(ir_type type, uint64_t *state, long double unit_length)
{
    const uint64_t r = oracle_random(state);
    const double unit = oracle_unit(state), scale = (double)unit_length, sign = r >> 63 ? -1 : 1;
    const bool single = type == IR_F32;
    const long double halves = rintl(ldexpl((long double)oracle_unit(state), (int)(r >> 16 & 63)));
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return sign * scale * unit;
    case 3: return sign * scale * unit * 40;
    case 4: return sign * scale * unit * (single ? 110 : 750);
    case 5: /* results at the borders of overflow and of the subnormals */
        if (r >> 62 & 1)
            return scale * (single ? -87 - 17 * unit : -708 - 38 * unit);
        return scale * (single ? 88 + unit : 708 + 2.5 * unit);
    default: /* odd and even multiples of half of log 2: where reductions turn */
        return oracle_neighbour(type, (double)(halves * 0.346573590279972654708616060729088284L * unit_length),
                                (int)(r >> 8 & 15) - 8) * sign;
    }
}

static inline double oracle_exp_argument(ir_type type, uint64_t *state)
{
    return oracle_power_argument(type, state, 1);
}

static inline double oracle_exp2_argument(ir_type type, uint64_t *state)
{
    return oracle_power_argument(type, state, 1.442695040888963407359924681001892137L);
}

static inline double oracle_exp10_argument(ir_type type, uint64_t *state)
{
    return oracle_power_argument(type, state, 0.434294481903251827651128918916605082L);
}

static inline double oracle_log_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const bool single = type == IR_F32;
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return fabs(oracle_any(type, state));
    case 3: /* subnormals */
        return single ? oracle_single((uint32_t)(oracle_random(state) >> 41))
                      : oracle_double(oracle_random(state) >> 12);
    case 4: return 1 + sign * ldexp(unit, -(int)(r >> 24 & (single ? 31 : 63)));
    case 5: /* where the significand is folded */
        return oracle_neighbour(type, ldexp(sqrt(0.5), single ? (int)(r >> 24 & 255) - 127
                                                              : (int)(r >> 24 & 2047) - 1023),
                                (int)(r >> 8 & 15) - 8);
    default: return ldexp(0.5 + unit, (int)(r >> 24 & 7) - 4);
    }
}

static inline double oracle_log1p_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    if (r & 1)
        return oracle_log_argument(type, state) - 1;
    const double x = ldexp(1 + oracle_unit(state), (int)(r >> 24 & 31) - 31);
    return (r >> 8 & 3) == 0 ? oracle_any(type, state) : r >> 63 && x < 1 ? -x : x;
}

/* By turns all bits; x at all scales or near 1 and a y for which the result is in range, or near its
 * borders; small whole and half numbers; negative x to whole powers. */
static inline void oracle_pow_arguments(ir_type type, uint64_t *state, double *x, double *y)
{
    const uint64_t r = oracle_random(state);
    const bool single = type == IR_F32;
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state), other = oracle_unit(state);
    const double most = single ? 89 : 710, least = single ? -104 : -746;
    const unsigned kind = (unsigned)(r & 7);
    *x = fabs(oracle_any(type, state));
    if (kind == 1)
        *x = ldexp(1 + unit, (int)(r >> 24 & 7) - 4);
    else if (kind == 2)
        *x = 1 + sign * ldexp(unit, -(int)(r >> 24 & (single ? 31 : 63)));
    else if (kind == 3) /* subnormals */
        *x = single ? oracle_single((uint32_t)(oracle_random(state) >> 41))
                    : oracle_double(oracle_random(state) >> 12);
    const double log_x = log(*x);
    *y = (least + (most - least) * other) / log_x;
    if (kind == 0) {
        *y = oracle_any(type, state);
        *x *= sign;
    } else if (kind == 4) {
        *y = (r >> 62 & 1 ? most - other * 2 : (single ? -87 - 17 * other : -708 - 38 * other)) / log_x;
    } else if (kind == 5) {
        *x = sign * (double)((r >> 8 & 1023) + 1) / 8;
        *y = rint(64 * (other - 0.5)) / (r >> 62 & 1 ? 1 : 2);
    } else if (kind == 6) {
        *x = sign * ldexp(1 + unit, (int)(r >> 24 & 3) - 2);
        *y = rint(*y * unit);
    }
}

static inline void oracle_hypot_arguments(ir_type type, uint64_t *state, double *x, double *y)
{
    const uint64_t r = oracle_random(state);
    *x = oracle_any(type, state);
    *y = oracle_any(type, state);
    if ((r & 3) == 0)
        return;
    if ((r & 3) == 1) /* about 1 */
        *x = ldexp(1 + oracle_unit(state), (int)(r >> 8 & 3));
    *y = ldexp(*x, -(int)(r >> 16 & (r & 4 ? 63 : 1))) * (0.5 + 1.5 * oracle_unit(state));
    if (r & 8) {
        const double swap = *x;
        *x = *y;
        *y = swap;
    }
}

#define ORACLE_ONE(NAME, f, quick_f, close_f, arguments_f)                                              \
    {.name = #f, .code = IR_##NAME, .quick = quick_f, .close = close_f, .exact = oracle_##f##_exact,    \
     .argument = arguments_f}
#define ORACLE_TWO(NAME, f)                                                                             \
    {.name = #f, .code = IR_##NAME, .quick2 = f, .close2 = f##l, .exact2 = oracle_##f##_exact,          \
     .arguments = oracle_##f##_arguments}

#define ORACLES_EXPONENTIAL                                                                             \
    ORACLE_ONE(EXP, exp, exp, expl, oracle_exp_argument),                                               \
    ORACLE_ONE(EXP2, exp2, exp2, exp2l, oracle_exp2_argument),                                          \
    ORACLE_ONE(EXP10, exp10, exp10, exp10l, oracle_exp10_argument),                                     \
    ORACLE_ONE(EXPM1, expm1, expm1, expm1l, oracle_exp_argument),                                       \
    ORACLE_ONE(LOG, log, log, logl, oracle_log_argument),                                               \
    ORACLE_ONE(LOG2, log2, log2, log2l, oracle_log_argument),                                           \
    ORACLE_ONE(LOG10, log10, log10, log10l, oracle_log_argument),                                       \
    ORACLE_ONE(LOG1P, log1p, log1p, log1pl, oracle_log1p_argument),                                     \
    ORACLE_TWO(POW, pow),                                                                               \
    ORACLE_ONE(CBRT, cbrt, cbrt, cbrtl, NULL),                                                          \
    ORACLE_ONE(RSQRT, rsqrt, oracle_rsqrt, oracle_rsqrtl, oracle_log_argument),                         \
    ORACLE_TWO(HYPOT, hypot),                                                                           \
    ORACLE_ONE(LOGISTIC, logistic, oracle_logistic, oracle_logisticl, oracle_exp_argument),             \
    ORACLE_ONE(SOFTPLUS, softplus, oracle_softplus, oracle_softplusl, oracle_exp_argument),

#define SPECIALS_EXPONENTIAL                                                                            \
    {IR_EXP, 0.0, 1}, {IR_EXP, -0.0, 1}, {IR_EXP, INFINITY, INFINITY}, {IR_EXP, -INFINITY, 0.0},        \
    {IR_EXP, NAN, NAN}, {IR_EXP, 0x1p-149, 1},                                                          \
    {IR_EXP, 0x1p127, INFINITY}, {IR_EXP, -0x1p127, 0.0}, {IR_EXP, 710, INFINITY}, {IR_EXP, -746, 0.0}, \
    {IR_EXP2, 0.0, 1}, {IR_EXP2, -0.0, 1}, {IR_EXP2, INFINITY, INFINITY}, {IR_EXP2, -INFINITY, 0.0},    \
    {IR_EXP2, NAN, NAN}, {IR_EXP2, 0x1p-149, 1}, {IR_EXP2, 10, 1024}, {IR_EXP2, -126, 0x1p-126},        \
    {IR_EXP2, -149, 0x1p-149}, {IR_EXP2, 127, 0x1p127}, {IR_EXP2, 1024, INFINITY},                      \
    {IR_EXP2, -1080, 0.0}, {IR_EXP2, 0x1p127, INFINITY}, {IR_EXP2, -0x1p127, 0.0},                      \
    {IR_EXP10, 0.0, 1}, {IR_EXP10, -0.0, 1}, {IR_EXP10, INFINITY, INFINITY}, {IR_EXP10, -INFINITY, 0.0}, \
    {IR_EXP10, NAN, NAN}, {IR_EXP10, 0x1p-149, 1}, {IR_EXP10, 309, INFINITY}, {IR_EXP10, -324.5, 0.0},  \
    {IR_EXP10, 0x1p127, INFINITY}, {IR_EXP10, -0x1p127, 0.0},                                           \
    {IR_EXPM1, 0.0, 0.0}, {IR_EXPM1, -0.0, -0.0}, {IR_EXPM1, INFINITY, INFINITY},                       \
    {IR_EXPM1, -INFINITY, -1}, {IR_EXPM1, NAN, NAN}, {IR_EXPM1, 0x1p-149, 0x1p-149},                    \
    {IR_EXPM1, -0x1p-149, -0x1p-149}, {IR_EXPM1, -0x1p-126, -0x1p-126}, {IR_EXPM1, 710, INFINITY},      \
    {IR_EXPM1, 0x1p127, INFINITY}, {IR_EXPM1, -0x1p127, -1}, {IR_EXPM1, -100, -1},                      \
    {IR_LOG, 1, 0.0}, {IR_LOG, 0.0, -INFINITY}, {IR_LOG, -0.0, -INFINITY}, {IR_LOG, -1, NAN},           \
    {IR_LOG, -0x1p-149, NAN}, {IR_LOG, INFINITY, INFINITY}, {IR_LOG, -INFINITY, NAN}, {IR_LOG, NAN, NAN}, \
    {IR_LOG2, 1, 0.0}, {IR_LOG2, 0.0, -INFINITY}, {IR_LOG2, -0.0, -INFINITY}, {IR_LOG2, -1, NAN},       \
    {IR_LOG2, -0x1p-149, NAN}, {IR_LOG2, INFINITY, INFINITY}, {IR_LOG2, -INFINITY, NAN},                \
    {IR_LOG2, NAN, NAN}, {IR_LOG2, 2, 1}, {IR_LOG2, 0.5, -1}, {IR_LOG2, 0x1p127, 127},                  \
    {IR_LOG2, 0x1p-126, -126}, {IR_LOG2, 0x1p-149, -149},                                               \
    {IR_LOG10, 1, 0.0}, {IR_LOG10, 0.0, -INFINITY}, {IR_LOG10, -0.0, -INFINITY}, {IR_LOG10, -1, NAN},   \
    {IR_LOG10, -0x1p-149, NAN}, {IR_LOG10, INFINITY, INFINITY}, {IR_LOG10, -INFINITY, NAN},             \
    {IR_LOG10, NAN, NAN}, {IR_LOG10, 10, 1}, {IR_LOG10, 1000, 3}, {IR_LOG10, 1e10, 10},                 \
    {IR_LOG1P, 0.0, 0.0}, {IR_LOG1P, -0.0, -0.0}, {IR_LOG1P, -1, -INFINITY}, {IR_LOG1P, -1.5, NAN},     \
    {IR_LOG1P, INFINITY, INFINITY}, {IR_LOG1P, -INFINITY, NAN}, {IR_LOG1P, NAN, NAN},                   \
    {IR_LOG1P, 0x1p-149, 0x1p-149}, {IR_LOG1P, -0x1p-149, -0x1p-149}, {IR_LOG1P, -0x1p-126, -0x1p-126}, \
    {IR_CBRT, 0.0, 0.0}, {IR_CBRT, -0.0, -0.0}, {IR_CBRT, 1, 1}, {IR_CBRT, -8, -2}, {IR_CBRT, 27, 3},   \
    {IR_CBRT, INFINITY, INFINITY}, {IR_CBRT, -INFINITY, -INFINITY}, {IR_CBRT, NAN, NAN},                \
    {IR_CBRT, 0x1p-147, 0x1p-49}, {IR_CBRT, 0x1p126, 0x1p42}, {IR_CBRT, -1000, -10},                    \
    {IR_RSQRT, 0.0, INFINITY}, {IR_RSQRT, -0.0, -INFINITY}, {IR_RSQRT, 1, 1}, {IR_RSQRT, 4, 0.5},       \
    {IR_RSQRT, 0x1p-148, 0x1p74}, {IR_RSQRT, 0x1p126, 0x1p-63}, {IR_RSQRT, INFINITY, 0.0},              \
    {IR_RSQRT, -INFINITY, NAN}, {IR_RSQRT, -1, NAN}, {IR_RSQRT, -0x1p-149, NAN}, {IR_RSQRT, NAN, NAN},  \
    {IR_LOGISTIC, 0.0, 0.5}, {IR_LOGISTIC, -0.0, 0.5}, {IR_LOGISTIC, INFINITY, 1},                      \
    {IR_LOGISTIC, -INFINITY, 0.0}, {IR_LOGISTIC, NAN, NAN}, {IR_LOGISTIC, 100, 1},                      \
    {IR_LOGISTIC, 0x1p127, 1}, {IR_LOGISTIC, -0x1p127, 0.0}, {IR_LOGISTIC, 0x1p-149, 0.5},              \
    {IR_SOFTPLUS, INFINITY, INFINITY}, {IR_SOFTPLUS, -INFINITY, 0.0}, {IR_SOFTPLUS, NAN, NAN},          \
    {IR_SOFTPLUS, 100, 100}, {IR_SOFTPLUS, 0x1p127, 0x1p127}, {IR_SOFTPLUS, -0x1p127, 0.0},

/* The rows of C99, F.9.4.4; exact and nearly exact powers; powers of what is subnormal. */
#define SPECIALS2_EXPONENTIAL                                                                           \
    {IR_POW, 0.0, -3, INFINITY}, {IR_POW, -0.0, -3, -INFINITY}, {IR_POW, 0.0, -2, INFINITY},            \
    {IR_POW, -0.0, -2, INFINITY}, {IR_POW, 0.0, -2.5, INFINITY}, {IR_POW, -0.0, -2.5, INFINITY},        \
    {IR_POW, 0.0, -INFINITY, INFINITY}, {IR_POW, -0.0, -INFINITY, INFINITY}, {IR_POW, 0.0, 3, 0.0},     \
    {IR_POW, -0.0, 3, -0.0}, {IR_POW, -0.0, 2, 0.0}, {IR_POW, -0.0, 2.5, 0.0}, {IR_POW, 0.0, 0.5, 0.0}, \
    {IR_POW, 0.0, INFINITY, 0.0}, {IR_POW, -0.0, INFINITY, 0.0}, {IR_POW, -1, INFINITY, 1},             \
    {IR_POW, -1, -INFINITY, 1}, {IR_POW, 1, NAN, 1}, {IR_POW, 1, INFINITY, 1}, {IR_POW, 1, -INFINITY, 1}, \
    {IR_POW, 1, 0.0, 1}, {IR_POW, 1, 0x1p100, 1}, {IR_POW, -1, NAN, NAN}, {IR_POW, NAN, 0.0, 1},        \
    {IR_POW, NAN, -0.0, 1}, {IR_POW, NAN, 1, NAN}, {IR_POW, NAN, INFINITY, NAN}, {IR_POW, 2, NAN, NAN}, \
    {IR_POW, 0.0, NAN, NAN}, {IR_POW, INFINITY, NAN, NAN}, {IR_POW, NAN, NAN, NAN},                     \
    {IR_POW, 0.0, 0.0, 1}, {IR_POW, -0.0, -0.0, 1}, {IR_POW, INFINITY, 0.0, 1}, {IR_POW, -INFINITY, 0.0, 1}, \
    {IR_POW, -3, 0.0, 1}, {IR_POW, -2, 0.5, NAN}, {IR_POW, -2, -1.5, NAN}, {IR_POW, -0x1p-149, 0.5, NAN}, \
    {IR_POW, -1, 0.5, NAN}, {IR_POW, -1, 3, -1}, {IR_POW, -1, 4, 1}, {IR_POW, -1, 0x1p60, 1},           \
    {IR_POW, -1, 16777215, -1}, {IR_POW, -1, 16777216, 1}, {IR_POW, -1, -7, -1},                        \
    {IR_POW, 0.5, -INFINITY, INFINITY}, {IR_POW, -0.5, -INFINITY, INFINITY}, {IR_POW, 2, -INFINITY, 0.0}, \
    {IR_POW, -2, -INFINITY, 0.0}, {IR_POW, 0.5, INFINITY, 0.0}, {IR_POW, -0.5, INFINITY, 0.0},          \
    {IR_POW, 2, INFINITY, INFINITY}, {IR_POW, -2, INFINITY, INFINITY}, {IR_POW, -INFINITY, -3, -0.0},   \
    {IR_POW, -INFINITY, -2, 0.0}, {IR_POW, -INFINITY, -0.5, 0.0}, {IR_POW, -INFINITY, 3, -INFINITY},    \
    {IR_POW, -INFINITY, 2, INFINITY}, {IR_POW, -INFINITY, 0.5, INFINITY}, {IR_POW, INFINITY, -1, 0.0},  \
    {IR_POW, INFINITY, 1, INFINITY}, {IR_POW, INFINITY, INFINITY, INFINITY},                            \
    {IR_POW, -INFINITY, INFINITY, INFINITY}, {IR_POW, -INFINITY, -INFINITY, 0.0},                       \
    {IR_POW, INFINITY, -INFINITY, 0.0}, {IR_POW, 3, 4, 81}, {IR_POW, -3, 5, -243}, {IR_POW, 2, -1, 0.5}, \
    {IR_POW, 2, 127, 0x1p127}, {IR_POW, 2, -126, 0x1p-126}, {IR_POW, 2, -149, 0x1p-149},                \
    {IR_POW, -2, -149, -0x1p-149}, {IR_POW, 0x1p-149, 1, 0x1p-149}, \
    {IR_POW, -0x1p-149, 1, -0x1p-149}, {IR_POW, 0x1p-148, -0.5, 0x1p74}, {IR_POW, 10, 10, 1e10},        \
    {IR_POW, 10, 400, INFINITY}, {IR_POW, -10, 401, -INFINITY}, {IR_POW, -10, -401, -0.0},              \
    {IR_POW, 10, -400, 0.0}, {IR_POW, 9, 0.5, 3}, {IR_POW, 0x1p126, 0.5, 0x1p63},                       \
    {IR_POW, 0x1.fffffep127, 1, 0x1.fffffep127},                                                        \
    {IR_HYPOT, 0.0, 0.0, 0.0}, {IR_HYPOT, -0.0, -0.0, 0.0}, {IR_HYPOT, 3, 4, 5}, {IR_HYPOT, -5, 12, 13}, \
    {IR_HYPOT, INFINITY, NAN, INFINITY}, {IR_HYPOT, NAN, -INFINITY, INFINITY}, {IR_HYPOT, NAN, 1, NAN}, \
    {IR_HYPOT, 1, NAN, NAN}, {IR_HYPOT, NAN, NAN, NAN}, {IR_HYPOT, 0.0, NAN, NAN},                      \
    {IR_HYPOT, INFINITY, INFINITY, INFINITY}, {IR_HYPOT, 1, -INFINITY, INFINITY},                       \
    {IR_HYPOT, 0x1p-149, 0.0, 0x1p-149}, {IR_HYPOT, 0.0, -0x1p-149, 0x1p-149},                          \
    {IR_HYPOT, 0x1.8p-148, 0x1p-147, 0x1.4p-147}, {IR_HYPOT, 0x1.8p126, 0x1p127, 0x1.4p127},            \
    {IR_HYPOT, 0x1.fffffep127, 0.0, 0x1.fffffep127},

#define WORST_EXPONENTIAL                                                                               \
    0x1.94af2p-128, 0x1.45addcp-127, 0x1.0c7f94p8, 0x1.be8f14p-6, 0x1.0154f2p9, 0x1.1ec29d0c245d5p-16,  \
    0x1.765026p2, 0x1.4cbe12p2, 0x1.62e42fp6, 0x1.9fe368p6, 0x1.62e42fefa39efp9, 0x1.74910d52d3051p9,   \
    0x1.74385446d71c3p9, 0x1.6232bdd7abcd2p9, 0x1.463a72p0, 0x1.69869ep0, 0x1.670660def758cp-1,         \
    0x1.55a2f063f185bp0,

#endif
