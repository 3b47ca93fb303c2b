/* Oracles of the gamma function, its logarithm and its logarithmic derivative. Part of math_oracle.h.
 *
 * glibc's lgamma and tgamma err by some units in the last place, and near lgamma's zeros by little more; digamma
 * is written here: the recurrence up to 20 and the asymptotic series, and reflection. Near its zeros the
 * recurrence cancels, and there alone it errs by more than it says: MPFR is asked then, and decides. */
#ifndef TESTS_ORACLE_GAMMA_H
#define TESTS_ORACLE_GAMMA_H

static inline double oracle_lgamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static inline long double oracle_lgammal(long double x)
{
    int sign;
    return lgammal_r(x, &sign);
}

static inline void oracle_lgamma_exact(mpfr_t y, const mpfr_t x)
{
    int sign;
    mpfr_lgamma(y, &sign, x, MPFR_RNDN);
}

static inline double oracle_gamma(double x) { return tgamma(x); }
static inline long double oracle_gammal(long double x) { return tgammal(x); }
static inline void oracle_gamma_exact(mpfr_t y, const mpfr_t x) { mpfr_gamma(y, x, MPFR_RNDN); }

/* ψ(x) for x > 0. */
static inline long double oracle_positive_digammal(long double x)
{
    static const long double series[] = { /* B(2 k)/(2 k) */
        1.0L / 12, -1.0L / 120, 1.0L / 252, -1.0L / 240, 1.0L / 132, -691.0L / 32760, 1.0L / 12,
        -3617.0L / 8160, 43867.0L / 14364, -174611.0L / 6600,
    };
    long double shifted = x, sum = 0, rest = 0;
    if (x >= 0x1p70L)
        return logl(x);
    while (shifted < 20) {
        sum += 1 / shifted;
        shifted += 1;
    }
    const long double square = 1 / (shifted * shifted);
    for (int k = 9; k >= 0; k--)
        rest = (rest + series[k]) * square;
    return logl(shifted) - (0.5L / shifted + rest) - sum;
}

static inline long double oracle_digammal(long double x)
{
    const long double size = fabsl(x);
    if (isnan(x) || x == -(long double)INFINITY || (x < 0 && rintl(x) == x))
        return (long double)NAN;
    if (size < 0x1p-70L)
        return -1 / x;
    if (x > 0)
        return x == (long double)INFINITY ? x : oracle_positive_digammal(x);
    const long double tangent = oracle_sinpil(size) / oracle_cospil(size);
    return oracle_positive_digammal(size) + 1 / size + ORACLE_PI / tangent;
}

static inline double oracle_digamma(double x)
{
    return (double)oracle_digammal((long double)x);
}

static inline void oracle_digamma_exact(mpfr_t y, const mpfr_t x) { mpfr_digamma(y, x, MPFR_RNDN); }

/* Where Γ is ±1 beside the whole numbers −n: 1/n! away. */
static inline double oracle_near_pole(uint64_t r, double unit)
{
    const double n = (double)(r >> 8 & 31);
    return -n + (r >> 62 & 1 ? -1 : 1) * (r >> 61 & 1 ? 1 / tgamma(n + 1) : unit * unit);
}

static inline double oracle_gamma_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state), most = type == IR_F32 ? 36 : 172;
    const int near = (int)(r >> 16 & 15) - 8;
    switch (r & 15) {
    case 0: return oracle_any(type, state);
    case 1: return ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return sign * ldexp(1 + unit, (int)(r >> 24 & 255) - 200);
    case 3: return unit * 3;
    case 4: return 2 + (unit - 0.5) * ldexp(1, -(int)(r >> 24 & 31));
    case 5: return 1 + (unit - 0.5) * ldexp(1, -(int)(r >> 24 & 31));
    case 6: return 0.5 + unit * 8;
    case 7: return unit * 8 * most;
    case 8: return oracle_neighbour(type, 0.5 * (double)(r >> 24 & 15), near);
    case 9: return unit * most;
    case 10: return -unit * most;
    case 11: return oracle_neighbour(type, -oracle_near_pole(r, unit), near) * -1;
    case 12: return -unit * 10;
    case 13: return oracle_neighbour(type, (double)(r >> 24 & 255), near) * sign;
    case 14: return 1.4616321449683623 + (unit - 0.5) * ldexp(1, -(int)(r >> 24 & 31));
    default: return type == IR_F32 ? -36 - 8 * unit : -168 - 18 * unit;
    }
}

#define ORACLES_GAMMA                                                                                          \
    {.name = "lgamma", .code = IR_LGAMMA, .quick = oracle_lgamma, .close = oracle_lgammal,                     \
     .exact = oracle_lgamma_exact, .argument = oracle_gamma_argument, .most = {2, 4},                          \
     .absolute = {0x1p-22, 0x1p-51}},                                                                          \
    {.name = "gamma", .code = IR_GAMMA, .quick = oracle_gamma, .close = oracle_gammal,                         \
     .exact = oracle_gamma_exact, .argument = oracle_gamma_argument, .most = {2, 4}},                          \
    {.name = "digamma", .code = IR_DIGAMMA, .quick = oracle_digamma, .close = oracle_digammal,                 \
     .exact = oracle_digamma_exact, .argument = oracle_gamma_argument, .most = {2, 4},                         \
     .absolute = {0x1p-19, 0x1p-48}},

#define SPECIALS_GAMMA                                                                                         \
    {IR_LGAMMA, 1, 0.0}, {IR_LGAMMA, 2, 0.0}, {IR_LGAMMA, 0.0, INFINITY}, {IR_LGAMMA, -0.0, INFINITY},         \
    {IR_LGAMMA, -1, INFINITY}, {IR_LGAMMA, -2, INFINITY}, {IR_LGAMMA, -0x1p30, INFINITY},                      \
    {IR_LGAMMA, -0x1p127, INFINITY}, {IR_LGAMMA, INFINITY, INFINITY}, {IR_LGAMMA, -INFINITY, INFINITY},        \
    {IR_LGAMMA, NAN, NAN},                                                                      \
    {IR_GAMMA, 0.0, INFINITY}, {IR_GAMMA, -0.0, -INFINITY}, {IR_GAMMA, -1, NAN}, {IR_GAMMA, -2, NAN},          \
    {IR_GAMMA, -0x1p30, NAN}, {IR_GAMMA, -0x1p127, NAN}, {IR_GAMMA, INFINITY, INFINITY},                       \
    {IR_GAMMA, -INFINITY, NAN}, {IR_GAMMA, NAN, NAN}, {IR_GAMMA, 172, INFINITY}, {IR_GAMMA, 0x1p127, INFINITY}, \
    {IR_GAMMA, -190.5, -0.0}, {IR_GAMMA, -191.5, 0.0}, {IR_GAMMA, -1000000.5, -0.0},                           \
    {IR_DIGAMMA, 0.0, -INFINITY}, {IR_DIGAMMA, -0.0, INFINITY}, {IR_DIGAMMA, -1, NAN},                         \
    {IR_DIGAMMA, -2, NAN}, {IR_DIGAMMA, -0x1p30, NAN}, {IR_DIGAMMA, -0x1p127, NAN},                            \
    {IR_DIGAMMA, INFINITY, INFINITY}, {IR_DIGAMMA, -INFINITY, NAN}, {IR_DIGAMMA, NAN, NAN},                    \
    {IR_DIGAMMA, 0x1p-120, -0x1p120}, {IR_DIGAMMA, -0x1p-120, 0x1p120},

#define SPECIALS2_GAMMA

/* The zeros of log |Γ| and of ψ, and where Γ overflows and vanishes. */
#define WORST_GAMMA                                                                                            \
    1.0, 2.0, 0.5, 1.5, 2.5, 2.4570247382208006, 2.7476826467274127, 3.1435808883499798, 3.9552942848585979,   \
    4.0398530221429, 4.9915441654, 5.0082181689, 1.4616321449683623, 0.50408300826445540, 1.5734984731623904,  \
    2.6107208684441447, 3.6352933664369010, 4.6532377617431424, 171.62437695630271, 35.04010009765625,         \
    170.62437695630271, 177.78, 184.0, 38.5, 41.0, 42.0, 0x1.74p121, 0x1.f0p1014,

#endif
