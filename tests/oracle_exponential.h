/* Oracles of exponentials, logarithms, powers and roots. Part of math_oracle.h. */
#ifndef TESTS_ORACLE_EXPONENTIAL_H
#define TESTS_ORACLE_EXPONENTIAL_H

static inline void oracle_exp_exact(mpfr_t y, const mpfr_t x) { mpfr_exp(y, x, MPFR_RNDN); }
static inline void oracle_log_exact(mpfr_t y, const mpfr_t x) { mpfr_log(y, x, MPFR_RNDN); }

static inline double oracle_exp_argument(ir_type type, uint64_t *state)
{
    const uint64_t r = oracle_random(state);
    const double sign = r >> 63 ? -1 : 1, unit = oracle_unit(state);
    const bool single = type == IR_F32;
    const long double halves = rintl(ldexpl((long double)oracle_unit(state), (int)(r >> 16 & 63)));
    switch (r & 7) {
    case 0: return oracle_any(type, state);
    case 1: return sign * ldexp(1 + unit, (int)(r >> 24 & 63) - 40);
    case 2: return sign * unit;
    case 3: return sign * unit * 40;
    case 4: return sign * unit * (single ? 110 : 750);
    case 5: /* results at the borders of overflow and of the subnormals */
        if (r >> 62 & 1)
            return single ? -87 - 17 * unit : -708 - 38 * unit;
        return single ? 88 + unit : 708 + 2.5 * unit;
    default: /* odd and even multiples of log 2 / 2: where reductions turn */
        return oracle_neighbour(type, (double)(halves * 0.346573590279972654708616060729088284L),
                                (int)(r >> 8 & 15) - 8) * sign;
    }
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

#define ORACLES_EXPONENTIAL                                                                             \
    {.name = "exp", .code = IR_EXP, .quick = exp, .close = expl, .exact = oracle_exp_exact,             \
     .argument = oracle_exp_argument},                                                                  \
    {.name = "log", .code = IR_LOG, .quick = log, .close = logl, .exact = oracle_log_exact,             \
     .argument = oracle_log_argument},

#define SPECIALS_EXPONENTIAL                                                                            \
    {IR_EXP, 0.0, 1}, {IR_EXP, -0.0, 1}, {IR_EXP, INFINITY, INFINITY}, {IR_EXP, -INFINITY, 0.0},        \
    {IR_EXP, NAN, NAN}, {IR_EXP, 0x1p-149, 1},                                                          \
    {IR_EXP, 0x1p127, INFINITY}, {IR_EXP, -0x1p127, 0.0}, {IR_EXP, 710, INFINITY}, {IR_EXP, -746, 0.0}, \
    {IR_LOG, 1, 0.0}, {IR_LOG, 0.0, -INFINITY}, {IR_LOG, -0.0, -INFINITY}, {IR_LOG, -1, NAN},           \
    {IR_LOG, -0x1p-149, NAN}, {IR_LOG, INFINITY, INFINITY}, {IR_LOG, -INFINITY, NAN}, {IR_LOG, NAN, NAN},

#define SPECIALS2_EXPONENTIAL

#define WORST_EXPONENTIAL                                                                               \
    0x1.94af2p-128, 0x1.45addcp-127, 0x1.0c7f94p8, 0x1.be8f14p-6, 0x1.0154f2p9, 0x1.1ec29d0c245d5p-16,  \
    0x1.765026p2, 0x1.4cbe12p2, 0x1.62e42fp6, 0x1.9fe368p6, 0x1.62e42fefa39efp9, 0x1.74910d52d3051p9,   \
    0x1.74385446d71c3p9, 0x1.6232bdd7abcd2p9, 0x1.463a72p0, 0x1.69869ep0, 0x1.670660def758cp-1,

#endif
