/* Oracles of the gamma function, its logarithm and its logarithmic derivative. Part of math_oracle.h.
 *
 * glibc's lgamma and tgamma err by some units in the last place, and near lgamma's zeros by little more; digamma
 * is written here, and asks MPFR where its terms cancel. */
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

static inline void oracle_digamma_exact(mpfr_t y, const mpfr_t x) { mpfr_digamma(y, x, MPFR_RNDN); }

/* Where the terms cancel: π cot πx and log |x|, or next to −0.504 the pole of 1/x and what is left of it. */
static inline long double oracle_digamma_near_zero(double x)
{
    mpfr_t of, y;
    mpfr_init2(of, 53);
    mpfr_init2(y, 64);
    mpfr_set_d(of, x, MPFR_RNDN);
    oracle_digamma_exact(y, of);
    const long double result = mpfr_get_ld(y, MPFR_RNDN);
    mpfr_clears(of, y, (mpfr_ptr)0);
    return result;
}

/* ψ: of x > 0 the recurrence up to `border`, the asymptotic series of `terms` beyond. */
static const long double oracle_digamma_series[] = { /* B(2 k)/(2 k) */
    1.0L / 12, -1.0L / 120, 1.0L / 252, -1.0L / 240, 1.0L / 132, -691.0L / 32760, 1.0L / 12,
    -3617.0L / 8160, 43867.0L / 14364, -174611.0L / 6600,
};

/* ψ around its zero, which is the first number and the second, as far as it is below 1/4 in size and some way beyond: what the recurrence rounds is of the size of
 * its sums, 3, and would hide 0.04 ULP of less (0.035 still of what ψ is 0.3 away). */
#define ORACLE_DIGAMMA_ZERO 0x1.762d86356be3fp+0L
#define ORACLE_DIGAMMA_ZERO_REST 9.5499954299656977151842e-17L
static const long double oracle_digamma_taylor[] = {
    0.9676722454476211704274L, -0.4427631689835921060929L, 0.2584997609556510106244L, -0.1639427054424065275043L,
    0.1078240506912623657572L, -0.07219956125645471092612L, 0.04880428816414310722509L, -0.03316112647484735929226L,
    0.02259764823221810465962L, -0.0154247659049489591388L, 0.01053879161661217538812L, -0.00720453438635686824097L,
    0.004926781395729853446354L, -0.003369801655439328082793L, 0.002305126326734927836938L,
    -0.001576936771430197259271L, 0.001078825201916296580692L, -0.000738070938996005129566L,
    0.0005049532658346020351774L, -0.0003454680251063076995556L, 0.0002363560156402705279237L,
    -0.0001617062209197480344936L, 0.0001106337276874741090409L, -0.00007569179582195065919238L,
    0.00005178575795222080868993L, -0.0000354300709476596063157L, 0.00002424006611860131765268L,
    -0.00001658424227185413337524L, 0.0000113463845846638498067L, -0.000007762817668462094425268L,
    0.000005311060920889863387322L, -0.000003633650789801045668371L, 0.000002486022733129537948898L,
    -0.000001700853885433260658246L, 0.000001163667536354884270291L, -7.961425431241970400352e-7L,
};

#define ORACLE_DIGAMMA(type, suffix, border, terms, cancelled, closer)                                                     \
    static inline type oracle_positive_digamma##suffix(type x)                                          \
    {                                                                                                   \
        type y = x, top = 0, bottom = 1, rest = 0;                                                      \
        if (x >= (type)0x1p70)                                                                          \
            return log##suffix(x);                                                                      \
        const type d = (x - (type)ORACLE_DIGAMMA_ZERO) - (type)ORACLE_DIGAMMA_ZERO_REST;                \
        for (int k = fabs##suffix(d) < (type)0.4 ? 35 : -1; k >= 0; k--)                             \
            rest = (rest + (type)oracle_digamma_taylor[k]) * d;                                         \
        if (rest != 0)                                                                                  \
            return rest;                                                                                \
        for (; y < border; y += 1) { /* the sum of 1/y as one fraction */                               \
            top = top * y + bottom;                                                                     \
            bottom *= y;                                                                                \
        }                                                                                               \
        const type inverse = 1 / y, square = inverse * inverse;                                         \
        for (int k = terms - 1; k >= 0; k--)                                                            \
            rest = (rest + (type)oracle_digamma_series[k]) * square;                                    \
        return log##suffix(y) - (inverse / 2 + rest) - top / bottom;                                    \
    }                                                                                                   \
    static inline type oracle_digamma##suffix(type x)                                                   \
    {                                                                                                   \
        const type size = fabs##suffix(x);                                                              \
        if (isnan(x) || x == -(type)INFINITY || (x < 0 && rint##suffix(x) == x))                        \
            return (type)NAN;                                                                           \
        if (size < (type)0x1p-70)                                                                       \
            return -1 / x;                                                                              \
        if (x > 0)                                                                                      \
            return x == (type)INFINITY ? x : oracle_positive_digamma##suffix(x);                        \
        const type r = size - rint##suffix(size);                                                       \
        const type other = (type)ORACLE_PI * oracle_eighth##suffix(r, 1) / oracle_eighth##suffix(r, 0); \
        const type y = oracle_positive_digamma##suffix(size) + 1 / size + other;                        \
        return fabs##suffix(y) < (fabs##suffix(other) + 1 / size) / cancelled ? (type)closer((double)x) : y; \
    }
ORACLE_DIGAMMA(long double, l, 20, 10, 4, oracle_digamma_near_zero)
ORACLE_DIGAMMA(double, , 8, 8, 128, oracle_digammal)

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
     .absolute = {0x1p-21, 0x1p-50}, .margin = {0, 0x1p-6}},                                                                          \
    {.name = "gamma", .code = IR_GAMMA, .quick = oracle_gamma, .close = oracle_gammal,                         \
     .exact = oracle_gamma_exact, .argument = oracle_gamma_argument, .most = {2, 4}, \
     .margin = {0, 0x1p-6}},                          \
    {.name = "digamma", .code = IR_DIGAMMA, .quick = oracle_digamma, .close = oracle_digammal,                 \
     .exact = oracle_digamma_exact, .argument = oracle_gamma_argument, .most = {2, 4},                         \
     .absolute = {0x1p-20, 0x1p-48}, .margin = {0x1p-13, 0x1p-4}},

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
