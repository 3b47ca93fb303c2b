/* What exported statements call, as C text: only those functions that a file needs.
 *
 * Integers wrap, shifts are masked, conversions out of range give INT32_MIN, all without what C leaves
 * undefined. Where the target has no fused multiply-add, fmaf and fma are made here, exactly, so that the
 * file depends on nobody's libm for its bits.
 *
 * fmaf: the product of two floats is exact in double; the sum is rounded to odd (if inexact, the last bit is
 * set), and a value of 53 bits that was rounded to odd rounds to 24 bits, or to a subnormal's fewer, as the
 * exact one would (S. Boldo, G. Melquiond, "Emulation of a FMA and correctly rounded sums: proved algorithms
 * using rounding to odd", 2008). The error of the sum is D. Knuth's two-sum.
 *
 * fma: 106 bits of product and 53 of addend in one integer of 128 bits. The product has 20 zeros below it, so
 * what is shifted out of the smaller term, remembered in its last bit, lies below every bit that rounding
 * looks at: where more than one leading bit cancels, the exponents are so close that nothing was shifted out.
 */
#include "code/c/export_writer.h"

#include <string.h>

typedef struct support {
    const char *call; /* after the name */
    const char *source;
} support;

static const char fmaf_source[] =
    "\n#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__) || defined(FP_FAST_FMAF)\n"
    "#define @_fmaf(a, b, c) fmaf(a, b, c)\n"
    "#else\n"
    "/* a b + c, rounded once: the sum in double rounded to odd, then to float. */\n"
    "static inline float @_fmaf(float a, float b, float c)\n"
    "{\n"
    "    const double product = (double)a * b, addend = c, sum = product + addend;\n"
    "    const double part = sum - product;\n"
    "    const double error = (product - (sum - part)) + (addend - part);\n"
    "    uint64_t bits;\n"
    "    double odd;\n"
    "    memcpy(&bits, &sum, 8);\n"
    "    if (error != 0 && !(bits & 1) && sum - sum == 0)\n"
    "        bits += (error > 0) == (sum > 0) ? 1 : UINT64_MAX;\n"
    "    memcpy(&odd, &bits, 8);\n"
    "    return (float)odd;\n"
    "}\n"
    "#endif\n";

/* In two parts: C11 promises no longer strings than 4,095 characters. */
static const char fma_parts_source[] =
    "\n#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__) || defined(FP_FAST_FMA)\n"
    "#define @_fma(a, b, c) fma(a, b, c)\n"
    "#else\n"
    "typedef struct @_wide {\n"
    "    uint64_t high, low;\n"
    "} @_wide;\n"
    "\n"
    "/* To the right, any distance; bits that fall out are remembered in the last one. */\n"
    "static inline @_wide @_shift_right(@_wide x, int64_t distance)\n"
    "{\n"
    "    @_wide r = {0, (x.high | x.low) != 0};\n"
    "    if (distance == 0)\n"
    "        return x;\n"
    "    if (distance < 64) {\n"
    "        r.high = x.high >> distance;\n"
    "        r.low = x.high << (64 - distance) | x.low >> distance | (x.low << (64 - distance) != 0);\n"
    "    } else if (distance == 64) {\n"
    "        r.low = x.high | (x.low != 0);\n"
    "    } else if (distance < 128) {\n"
    "        r.low = x.high >> (distance - 64) | ((x.high << (128 - distance) | x.low) != 0);\n"
    "    }\n"
    "    return r;\n"
    "}\n"
    "\n"
    "static inline @_wide @_shift_left(@_wide x, int distance)\n"
    "{\n"
    "    @_wide r = x;\n"
    "    if (distance >= 64) {\n"
    "        r.high = x.low << (distance - 64);\n"
    "        r.low = 0;\n"
    "    } else if (distance > 0) {\n"
    "        r.high = x.high << distance | x.low >> (64 - distance);\n"
    "        r.low = x.low << distance;\n"
    "    }\n"
    "    return r;\n"
    "}\n"
    "\n"
    "static inline @_wide @_multiply(uint64_t a, uint64_t b)\n"
    "{\n"
    "    const uint64_t a1 = a >> 32, a0 = a & 0xFFFFFFFFu, b1 = b >> 32, b0 = b & 0xFFFFFFFFu;\n"
    "    const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & 0xFFFFFFFFu);\n"
    "    const @_wide r = {a1 * b1 + (middle >> 32) + (other >> 32), a * b};\n"
    "    return r;\n"
    "}\n"
    "\n"
    "/* |x| as mantissa (53 bits, the first one set) times a power of two. */\n"
    "static inline uint64_t @_split(double x, int *exponent)\n"
    "{\n"
    "    uint64_t bits, mantissa;\n"
    "    memcpy(&bits, &x, 8);\n"
    "    mantissa = bits & 0xFFFFFFFFFFFFFu;\n"
    "    *exponent = (int)(bits >> 52 & 2047) - 1075;\n"
    "    if (*exponent > -1075)\n"
    "        return mantissa | (uint64_t)1 << 52;\n"
    "    for (*exponent = -1074; !(mantissa >> 52); mantissa <<= 1)\n"
    "        --*exponent;\n"
    "    return mantissa;\n"
    "}\n"
    "\n"
    "/* The nearest double to x 2^exponent, ties to even; x is not 0 and its last bit may stand for more "
    "below. */\n"
    "static inline double @_round(@_wide x, int exponent, int negative)\n"
    "{\n"
    "    int shift, last;\n"
    "    uint64_t bits, tail;\n"
    "    double r;\n"
    "    while (!(x.high >> 62)) { /* few turns unless terms cancelled */\n"
    "        const int step = x.high >> 32 ? 1 : 30;\n"
    "        x = @_shift_left(x, step);\n"
    "        exponent -= step;\n"
    "    }\n"
    "    shift = x.high >> 63 ? 75 : 74;\n"
    "    last = exponent + shift;\n"
    "    if (last < -1074) {\n"
    "        shift += -1074 - last;\n"
    "        last = -1074;\n"
    "    }\n"
    "    x = @_shift_right(x, shift - 2); /* two bits remain below: the half and the rest */\n"
    "    tail = x.low & 3;\n"
    "    bits = x.low >> 2;\n"
    "    bits += tail > 2 || (tail == 2 && (bits & 1));\n"
    "    if (last >= 972)\n"
    "        bits = (uint64_t)2047 << 52;\n"
    "    else\n"
    "        bits += (uint64_t)(last + 1074) << 52; /* the mantissa's first bit counts too */\n"
    "    bits |= (uint64_t)negative << 63;\n"
    "    memcpy(&r, &bits, 8);\n"
    "    return r;\n"
    "}\n"
    "\n"
    "static inline int @_less(@_wide a, @_wide b)\n"
    "{\n"
    "    return a.high != b.high ? a.high < b.high : a.low < b.low;\n"
    "}\n"
    "\n"
    "static inline @_wide @_subtract(@_wide a, @_wide b)\n"
    "{\n"
    "    const @_wide r = {a.high - b.high - (a.low < b.low), a.low - b.low};\n"
    "    return r;\n"
    "}\n"
    "\n";

static const char fma_source[] =
    "/* a b + c, rounded once. */\n"
    "static inline double @_fma(double a, double b, double c)\n"
    "{\n"
    "    int ea, eb, ec, exponent;\n"
    "    const int negative = (signbit(a) != 0) != (signbit(b) != 0), opposite = negative != (signbit(c) != "
    "0);\n"
    "    @_wide product, addend;\n"
    "    if (a - a != 0 || b - b != 0 || a == 0 || b == 0)\n"
    "        return a * b + c;\n"
    "    if (c - c != 0)\n"
    "        return c;\n"
    "    if (c == 0)\n"
    "        return a * b;\n"
    "    product = @_multiply(@_split(a, &ea), @_split(b, &eb)); /* 105 or 106 bits */\n"
    "    addend.high = @_split(c, &ec);\n"
    "    addend.low = 0;\n"
    "    product = @_shift_left(product, 20);\n"
    "    addend = @_shift_left(addend, 8);\n"
    "    exponent = ea + eb - 20;\n"
    "    ec -= 72;\n"
    "    if (exponent > ec) {\n"
    "        addend = @_shift_right(addend, (int64_t)exponent - ec);\n"
    "    } else {\n"
    "        product = @_shift_right(product, (int64_t)ec - exponent);\n"
    "        exponent = ec;\n"
    "    }\n"
    "    if (!opposite) {\n"
    "        const uint64_t low = product.low + addend.low;\n"
    "        product.high += addend.high + (low < addend.low);\n"
    "        product.low = low;\n"
    "        return @_round(product, exponent, negative);\n"
    "    }\n"
    "    if (@_less(product, addend))\n"
    "        return @_round(@_subtract(addend, product), exponent, !negative);\n"
    "    product = @_subtract(product, addend);\n"
    "    return product.high | product.low ? @_round(product, exponent, negative) : 0.0;\n"
    "}\n"
    "#endif\n";

#define INT_2(name, comment, expression)                                                   \
    {                                                                                      \
        "_" name "(", comment "static inline int32_t @_" name                              \
                              "(int32_t a, int32_t b)\n{\n    return " expression ";\n}\n" \
    }

static const support functions[] = {
    {"_fmaf(", fmaf_source},
    {"_fma(", fma_parts_source},
    {"_fma(", fma_source},
    INT_2("add", "\n/* Integers wrap. */\n", "(int32_t)((uint32_t)a + (uint32_t)b)"),
    INT_2("sub", "\n", "(int32_t)((uint32_t)a - (uint32_t)b)"),
    INT_2("mul", "\n", "(int32_t)((uint32_t)a * (uint32_t)b)"),
    INT_2("div", "\n/* By 0: 0. */\n", "b == 0 ? 0 : b == -1 ? (int32_t)(0u - (uint32_t)a) : a / b"),
    INT_2("shl", "\n/* Counts are taken modulo 32. */\n", "(int32_t)((uint32_t)a << (b & 31))"),
    INT_2("sar", "\n", "a < 0 ? ~(~a >> (b & 31)) : a >> (b & 31)"),
    INT_2("shr", "\n", "(int32_t)((uint32_t)a >> (b & 31))"),
    INT_2("umulh", "\n/* The high word of the unsigned product. */\n",
          "(int32_t)((uint64_t)(uint32_t)a * (uint32_t)b >> 32)"),
    {"_abs(",
     "\nstatic inline int32_t @_abs(int32_t a)\n{\n    return a < 0 ? (int32_t)(0u - (uint32_t)a) : a;\n}\n"},
    {"_clamp(", "\nstatic inline int32_t @_clamp(int32_t a, int32_t least, int32_t most)\n{\n"
                "    return a < least ? least : a > most ? most : a;\n}\n"},
    {"_i32f(",
     "\n/* Truncates; out of range and NaN give INT32_MIN. */\nstatic inline int32_t @_i32f(float a)\n{\n"
     "    const int fits = a >= -2147483648.0f && a < 2147483648.0f;\n"
     "    const int32_t whole = (int32_t)(fits ? a : 0.0f);\n"
     "    return fits ? whole : INT32_MIN;\n}\n"},
    {"_i32d(",
     "\n/* Truncates; out of range and NaN give INT32_MIN. */\nstatic inline int32_t @_i32d(double a)\n{\n"
     "    const int fits = a > -2147483649.0 && a < 2147483648.0;\n"
     "    const int32_t whole = (int32_t)(fits ? a : 0.0);\n"
     "    return fits ? whole : INT32_MIN;\n}\n"},
    {"_bits(", "\nstatic inline int32_t @_bits(float a)\n{\n    int32_t r;\n    memcpy(&r, &a, 4);\n    "
               "return r;\n}\n"},
    {"_from_bits(", "\nstatic inline float @_from_bits(int32_t a)\n{\n    float r;\n    memcpy(&r, &a, 4);\n "
                    "   return r;\n}\n"},
    {"_high(", "\nstatic inline int32_t @_high(double a)\n{\n    uint64_t bits;\n    memcpy(&bits, &a, 8);\n"
               "    return (int32_t)(bits >> 32);\n}\n"},
    {"_low(", "\nstatic inline int32_t @_low(double a)\n{\n    uint64_t bits;\n    memcpy(&bits, &a, 8);\n"
              "    return (int32_t)(bits & 0xFFFFFFFFu);\n}\n"},
    {"_pack(", "\nstatic inline double @_pack(int32_t high, int32_t low)\n{\n"
               "    const uint64_t bits = (uint64_t)(uint32_t)high << 32 | (uint32_t)low;\n"
               "    double r;\n    memcpy(&r, &bits, 8);\n    return r;\n}\n"},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* One walk over the code marks what it calls: every call begins with the name. */
static void find_calls(const c_writer *w, const text *code, bool *called)
{
    const size_t length = strlen(w->name);
    for (const char *at = code->start; at && (at = strstr(at, w->name)) != NULL;) {
        at += length;
        for (int k = 0; k < FUNCTIONS; k++)
            if (!strncmp(at, functions[k].call, strlen(functions[k].call)))
                called[k] = true;
    }
}

void sn_c_write_support(const c_writer *w, const text *code)
{
    bool called[FUNCTIONS] = {false};
    find_calls(w, code, called);
    for (int k = 0; k < FUNCTIONS; k++)
        if (called[k])
            sn_c_say(w, functions[k].source);
}
