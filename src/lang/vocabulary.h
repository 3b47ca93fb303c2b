/* The vocabulary: the words that the language brings. A function is one line here and, unless one operation
 * of the IR is all that it does, one case in arithmetic.c; `sinter functions` prints what stands here.
 *
 *   F  function: name, text, fewest and most arguments, their names, summary
 *   M  function that is one operation on floating-point numbers: name, text, how many arguments, their names,
 *      the operation, summary
 *   C  constant: name, text, value, summary
 *   K  keyword: name, text, summary
 *   N  name that is free: name, text, its number, 0 to 3 in fields, 4 to 7 in patches, summary
 *   G  grade: name, text, summary; stands before a function, `fast.sin(x)`; elsewhere it is a name like any other */
#ifndef SN_LANG_VOCABULARY_H
#define SN_LANG_VOCABULARY_H

#include "ir/ir.h"

#include <string.h>

/* In alphabetical order. */
#define LANG_WORDS(F, M, C, K, N, G) \
    F(ABS, "abs", 1, 1, "x", "distance from zero") \
    F(ACCUMULATE, "accumulate", 5, 5, "i first last z term", \
      "z after z = term has been done for i = first, ..., last; z begins as the value it is given") \
    M(ACOS, "acos", 1, "x", IR_ACOS, "angle from 0 to pi whose cosine is x") \
    M(ACOSH, "acosh", 1, "x", IR_ACOSH, "number from 0 on whose cosh is x") \
    F(AND, "and", 2, 2, "a b", "bits of i32 that both have; of conditions: both hold") \
    M(ASIN, "asin", 1, "x", IR_ASIN, "angle from -pi/2 to pi/2 whose sine is x") \
    M(ASINH, "asinh", 1, "x", IR_ASINH, "number whose sinh is x") \
    M(ATAN, "atan", 1, "x", IR_ATAN, "angle from -pi/2 to pi/2 whose tangent is x") \
    M(ATAN2, "atan2", 2, "y x", IR_ATAN2, "angle of the point (x, y), from -pi to pi") \
    M(ATANH, "atanh", 1, "x", IR_ATANH, "number whose tanh is x") \
    F(BITS, "bits", 1, 1, "x", "the 32 bits of an f32 as an i32; every NaN gives 0x7FC00000") \
    M(CBRT, "cbrt", 1, "x", IR_CBRT, "cube root") \
    M(CEIL, "ceil", 1, "x", IR_CEIL, "least whole number not below x") \
    F(CLAMP, "clamp", 3, 3, "x low high", "min(max(x, low), high)") \
    F(COPYSIGN, "copysign", 2, 2, "x sign", "|x| with the sign of the other; a NaN counts as positive") \
    M(COS, "cos", 1, "x", IR_COS, "cosine of x radians; a factor pi in the argument is the real number") \
    M(COSH, "cosh", 1, "x", IR_COSH, "hyperbolic cosine") \
    M(COSPI, "cospi", 1, "x", IR_COSPI, "cosine of x half turns") \
    F(CROSS, "cross", 2, 2, "a b", \
      "(a.y*b.z - a.z*b.y, a.z*b.x - a.x*b.z, a.x*b.y - a.y*b.x); of pairs a.x*b.y - a.y*b.x") \
    F(DEGREES, "degrees", 1, 1, "x", "x * (180/pi), the factor rounded once") \
    F(DELAY, "delay", 2, 3, "x n max", "x n elements ago: n constant, or varying within 1..max") \
    M(DIGAMMA, "digamma", 1, "x", IR_DIGAMMA, "derivative of lgamma") \
    F(DISTANCE, "distance", 2, 2, "a b", "length(a - b)") \
    F(DOT, "dot", 2, 2, "a b", "a.x*b.x + a.y*b.y + ...") \
    N(DT, "dt", 4, "in patches 1/rate, the seconds from one element to the next, an f64") \
    C(E, "e", 2.7182818284590452354, "the base of the natural logarithm, 2.718281828459045") \
    M(ERF, "erf", 1, "x", IR_ERF, \
      "error function: 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x") \
    M(ERFC, "erfc", 1, "x", IR_ERFC, "1 - erf(x)") \
    M(EXP, "exp", 1, "x", IR_EXP, "e to the power of x") \
    M(EXP10, "exp10", 1, "x", IR_EXP10, "10 to the power of x") \
    M(EXP2, "exp2", 1, "x", IR_EXP2, "2 to the power of x") \
    M(EXPM1, "expm1", 1, "x", IR_EXPM1, "exp(x) - 1") \
    F(F32, "f32", 1, 1, "x", "x as an f32") \
    F(F64, "f64", 1, 1, "x", "x as an f64; of a number in the text: the f64 nearest to it") \
    G(FAST, "fast", "before an approximated function its faster and less exact form: fast.sin(x)") \
    F(FLIP, "flip", 2, 2, "x n", "x where the i32 n is even, -x where it is odd") \
    M(FLOOR, "floor", 1, "x", IR_FLOOR, "greatest whole number not above x") \
    F(FMA, "fma", 3, 3, "a b c", "a*b + c, rounded once") \
    K(FN, "fn", "begins the definition of a function: fn f(a, b=1) = a + b") \
    F(FRACT, "fract", 1, 1, "x", "x - floor(x)") \
    F(FROM_BITS, "from_bits", 1, 1, "n", "the f32 that has the bits of an i32") \
    F(FROM_UPPER_BITS, "from_upper_bits", 1, 1, "n", "the f64 whose upper 32 bits are those of an i32, the lower ones 0") \
    M(GAMMA, "gamma", 1, "x", IR_GAMMA, "gamma function: (x - 1)! of whole x") \
    M(HYPOT, "hypot", 2, "x y", IR_HYPOT, "sqrt(x*x + y*y), without overflow in between") \
    F(I32, "i32", 1, 1, "x", "x as an i32: truncates; out of range and NaN give -2147483648") \
    N(INDEX, "index", 5, "in patches the element's number in its stream, from 0, an f64") \
    C(INF, "inf", (double)INFINITY, "infinity") \
    K(INPUT, "input", "begins the streams that come into a patch: input left, right") \
    F(LENGTH, "length", 1, 1, "v", "sqrt(dot(v, v))") \
    F(LERP, "lerp", 3, 3, "a b t", "a + t*(b - a)") \
    M(LGAMMA, "lgamma", 1, "x", IR_LGAMMA, "logarithm of |gamma(x)|") \
    M(LN, "ln", 1, "x", IR_LOG, "natural logarithm; another name of log") \
    M(LOG, "log", 1, "x", IR_LOG, "natural logarithm") \
    M(LOG10, "log10", 1, "x", IR_LOG10, "logarithm to the base 10") \
    M(LOG1P, "log1p", 1, "x", IR_LOG1P, "log(1 + x)") \
    M(LOG2, "log2", 1, "x", IR_LOG2, "logarithm to the base 2") \
    F(LOG_CDF, "log_cdf", 2, 2, "D x", "logarithm of the distribution's share up to x") \
    F(LOG_DENSITY, "log_density", 2, 2, "D x", "logarithm of the distribution's density, or of the probability of a count, at x") \
    F(LOG_SURVIVAL, "log_survival", 2, 2, "D x", "logarithm of the distribution's share above x") \
    M(LOGISTIC, "logistic", 1, "x", IR_LOGISTIC, "1/(1 + exp(-x))") \
    F(LOW_BITS, "low_bits", 2, 2, "x n", \
      "the lower n bits (1 to 32, a constant) of floor(x), however large, as an i32") \
    F(MAX, "max", 2, 2, "a b", "a > b ? a : b") \
    F(MIN, "min", 2, 2, "a b", "a < b ? a : b") \
    F(MIX, "mix", 3, 3, "a b t", "a + t*(b - a); another name of lerp") \
    F(MOD, "mod", 2, 2, "a b", "a - b*floor(a/b); the same as a % b") \
    C(NAN, "nan", (double)NAN, "not a number") \
    M(NORMAL_CDF, "normal_cdf", 1, "x", IR_NORMAL_CDF, "the normal distribution's share below x") \
    M(NORMAL_LOG_CDF, "normal_log_cdf", 1, "x", IR_NORMAL_LOG_CDF, "logarithm of normal_cdf(x)") \
    F(NORMALIZE, "normalize", 1, 1, "v", "v * (1/length(v))") \
    F(NOT, "not", 1, 1, "a", "all bits of an i32 turned over; of a condition: it does not hold") \
    F(NUMBER, "number", 1, 1, "x", "x in the program's type, f32 or f64") \
    F(OR, "or", 2, 2, "a b", "bits of i32 that either has; of conditions: at least one holds") \
    K(OUT, "out", "begins what leaves: out y, or out name = y") \
    K(PARAM, "param", "begins a live parameter: param cutoff = 800 in 20..20000 log \"Hz\"") \
    C(PI, "pi", 3.1415926535897932385, "half a turn, 3.141592653589793; as a factor of the argument of sin, cos, tan the real number") \
    M(POW, "pow", 2, "x y", IR_POW, "x to the power of y, whatever kind of number y is") \
    F(RADIANS, "radians", 1, 1, "x", "x * (pi/180), the factor rounded once") \
    N(RATE, "rate", 6, "in patches the elements a second, a parameter of type f64") \
    F(REFINED, "refined", 3, 3, "condition a b", \
      "condition ? a : b of two forms of one number: a is computed only where an element needs it, slopes are those of b") \
    F(REFLECT, "reflect", 2, 2, "v n", "v - 2*dot(v, n)*n, where n has the length 1") \
    F(REM, "rem", 2, 2, "a b", "a - b*trunc(a/b)") \
    M(ROUND, "round", 1, "x", IR_ROUND, "nearest whole number, halves to the even one") \
    M(RSQRT, "rsqrt", 1, "x", IR_RSQRT, "1/sqrt(x)") \
    F(SAMPLE, "sample", 2, 5, "image u v filter edge", \
      "what an image has at (u, v): filter nearest, bilinear, bicubic; edge clamp, repeat, mirror, zero") \
    F(SAR, "sar", 2, 2, "a n", "a >> n: an i32 shifted right, copies of its sign coming in") \
    F(SELECT, "select", 3, 3, "condition a b", "condition ? a : b") \
    F(SHL, "shl", 2, 2, "a n", "a << n: an i32 shifted left; n counts modulo 32") \
    F(SHR, "shr", 2, 2, "a n", "a >>> n: an i32 shifted right, zeros coming in") \
    F(SIGN, "sign", 1, 1, "x", "x > 0 ? 1 : x < 0 ? -1 : x") \
    M(SIN, "sin", 1, "x", IR_SIN, "sine of x radians; a factor pi in the argument is the real number") \
    F(SINCE, "since", 1, 1, "event", "elements since the event came last, as an f64; 1e18 or more where it has not come yet") \
    M(SINH, "sinh", 1, "x", IR_SINH, "hyperbolic sine") \
    M(SINPI, "sinpi", 1, "x", IR_SINPI, "sine of x half turns") \
    F(SIZE, "size", 1, 1, "image", "(width, height) of an image") \
    F(SMOOTHERSTEP, "smootherstep", 3, 3, "low high x", \
      "min(t*t*t*(t*(6*t - 15) + 10), 1) of t = clamp((x - low)/(high - low), 0, 1)") \
    F(SMOOTHSTEP, "smoothstep", 3, 3, "low high x", \
      "t*t*(3 - 2*t) of t = clamp((x - low)/(high - low), 0, 1)") \
    M(SOFTPLUS, "softplus", 1, "x", IR_SOFTPLUS, "log(1 + exp(x))") \
    M(SQRT, "sqrt", 1, "x", IR_SQRT, "square root") \
    F(STEP, "step", 2, 2, "edge x", "x < edge ? 0 : 1") \
    F(SUM, "sum", 4, 4, "i first last term", \
      "the terms for i = first, ..., last added from left to right") \
    N(T, "t", 3, "in fields an input: the time, where pictures move") \
    K(TABLE, "table", "begins constant numbers, read by t[i]: table t = [1, 2, 3]") \
    M(TAN, "tan", 1, "x", IR_TAN, "tangent of x radians; a factor pi in the argument is the real number") \
    M(TANH, "tanh", 1, "x", IR_TANH, "hyperbolic tangent") \
    M(TANPI, "tanpi", 1, "x", IR_TANPI, "tangent of x half turns") \
    C(TAU, "tau", 6.2831853071795864769, "a whole turn, 6.283185307179586; as a factor of the argument of sin, cos, tan the real number") \
    F(TEXEL, "texel", 3, 4, "image i j edge", \
      "the texel of an image in column i from the left, row j from the bottom, both from 0") \
    N(TIME, "time", 7, "in patches index/rate, the element's time in seconds, an f64") \
    M(TRUNC, "trunc", 1, "x", IR_TRUNC, "x without its fraction") \
    F(UMULH, "umulh", 2, 2, "a b", \
      "upper 32 bits of the 64 of the product of two i32, both taken without sign") \
    F(UPPER_BITS, "upper_bits", 1, 1, "x", "the upper 32 of the 64 bits of an f64 as an i32; every NaN gives 0x7FF80000") \
    N(X, "x", 0, "in fields an input: the first coordinate") \
    F(XOR, "xor", 2, 2, "a b", "bits of i32 in which they differ; of conditions: exactly one holds") \
    N(Y, "y", 1, "in fields an input: the second coordinate") \
    N(Z, "z", 2, "in fields an input: the third coordinate") \
    C(PI_GREEK, "\317\200", 3.1415926535897932385, "pi") \
    C(TAU_GREEK, "\317\204", 6.2831853071795864769, "tau")

#define LANG_F_ENUM_(NAME, text, least, most, arguments, summary) WORD_##NAME,
#define LANG_M_ENUM_(NAME, text, count, arguments, code, summary) WORD_##NAME,
#define LANG_C_ENUM_(NAME, text, value, summary) WORD_##NAME,
#define LANG_K_ENUM_(NAME, text, summary) WORD_##NAME,
#define LANG_N_ENUM_(NAME, text, number, summary) WORD_##NAME,
#define LANG_G_ENUM_(NAME, text, summary) WORD_##NAME,
typedef enum lang_word_code {
    WORD_NONE,
    LANG_WORDS(LANG_F_ENUM_, LANG_M_ENUM_, LANG_C_ENUM_, LANG_K_ENUM_, LANG_N_ENUM_, LANG_G_ENUM_)
    WORD_COUNT
} lang_word_code;

typedef enum lang_word_kind {
    WORD_IS_NOTHING,
    WORD_IS_FUNCTION,
    WORD_IS_CONSTANT,
    WORD_IS_KEYWORD,
    WORD_IS_FREE, /* a name that is free in fields (numbers 0 to 3) or patches (4 to 7) */
    WORD_IS_GRADE
} lang_word_kind;

enum { FREE_FIELD_NAMES = 4 };

typedef struct lang_word {
    const char *text;
    uint8_t length, kind, least, most;
    uint8_t number;
    uint8_t operation; /* ir_code of a function that is one; else 0 */
    double value;
    const char *arguments, *summary;
} lang_word;

extern const lang_word sn_lang_words[WORD_COUNT];
/* WORD_NONE if it is none; `text` can be read up to 8 bytes past its end. */
lang_word_code sn_lang_find_word(const char *text, uint32_t length);

/* The words alone, close together, zeros behind them. */
enum { LANG_LONGEST_WORD = 15 };
extern const char sn_lang_word_texts[WORD_COUNT][LANG_LONGEST_WORD + 1];
/* The first word of each letter; the Greek ones, which begin with the byte 0xCF, stand behind z. */
extern const uint8_t sn_lang_first_words[28];

static inline uint64_t sn_lang_load8(const char *name)
{
    uint64_t bytes;
    memcpy(&bytes, name, 8);
    return bytes;
}

/* The first eight bytes of a name as one number, zeros behind its end. Masks from a table ask neither for the order of bytes nor for a shift by a variable. */
static inline uint64_t sn_lang_first_bytes(const char *name, uint32_t length)
{
    static const char beginnings[9][9] = {
        "", "\xFF", "\xFF\xFF", "\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\xFF\xFF",
        "\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF",
    };
    return sn_lang_load8(name) & sn_lang_load8(beginnings[length < 8 ? length : 8]);
}

/* sn_lang_find_word of a name of which the first eight bytes are known: every new name of a text is asked for. */
static inline lang_word_code sn_lang_find_word_by_key(const char *name, uint32_t length, uint64_t key)
{
    const uint8_t c = (uint8_t)name[0];
    const unsigned letter = c >= 'a' && c <= 'z' ? c - 'a' : c == 0xCF ? 26 : 27;
    if (letter == 27 || length > LANG_LONGEST_WORD)
        return WORD_NONE;
    const uint64_t rest = length > 8 ? sn_lang_first_bytes(name + 8, length - 8) : 0;
    for (unsigned w = sn_lang_first_words[letter]; w < sn_lang_first_words[letter + 1]; w++)
        if (sn_lang_load8(sn_lang_word_texts[w]) == key && sn_lang_load8(sn_lang_word_texts[w] + 8) == rest)
            return (lang_word_code)w;
    return WORD_NONE;
}

static inline bool sn_lang_is_function(unsigned word)
{
    return sn_lang_words[word].kind == WORD_IS_FUNCTION;
}

/* Is it a function that has a grade `fast`? */
static inline bool sn_lang_is_graded(unsigned word)
{
    return sn_ir_info[sn_lang_words[word].operation].kind == IR_KIND_MATH;
}

#endif
