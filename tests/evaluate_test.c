/* Every pure operation on special values against special values, compared with arithmetic written another
 * way: sums, products, quotients, roots and conversions exactly in integers of 4,480 bits and rounded once by
 * hand; roundings and comparisons on the bits; integers in 64 bits. NaN equals NaN, and must be the canonical
 * one where arithmetic made it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ir/ir.h"

__extension__ typedef unsigned __int128 wide;

/* ---- numbers as bits ---- */

typedef struct format {
    ir_type type;
    int digits; /* of the significand, the hidden one included */
    int least;  /* exponent of the last place of subnormals */
    uint64_t sign, infinity, nan;
} format;

static const format single_format = {IR_F32, 24, -149, UINT64_C(1) << 31, 0x7F800000u, 0x7FC00000u};
static const format double_format = {
    IR_F64, 53, -1074, UINT64_C(1) << 63, 0x7FF0000000000000u, 0x7FF8000000000000u};

static uint64_t magnitude(const format *f, uint64_t bits)
{
    return bits & ~f->sign & (f->type == IR_F32 ? 0xFFFFFFFFu : UINT64_MAX);
}

static bool is_nan(const format *f, uint64_t bits)
{
    return magnitude(f, bits) > f->infinity;
}

static bool is_infinite(const format *f, uint64_t bits)
{
    return magnitude(f, bits) == f->infinity;
}

static bool is_zero(const format *f, uint64_t bits)
{
    return magnitude(f, bits) == 0;
}

static bool is_negative(const format *f, uint64_t bits)
{
    return (bits & f->sign) != 0;
}

/* |x| = significand · 2^exponent, x finite. */
static uint64_t split(const format *f, uint64_t bits, int *exponent)
{
    const uint64_t m = magnitude(f, bits), hidden = UINT64_C(1) << (f->digits - 1);
    const int biased = (int)(m >> (f->digits - 1));
    *exponent = f->least + (biased ? biased - 1 : 0);
    return (m & (hidden - 1)) | (biased ? hidden : 0);
}

/* ---- exact arithmetic: two's complement, fixed point ---- */

enum { WORDS = 70, POINT = 2240 };

typedef struct big {
    uint64_t word[WORDS];
} big;

/* sum += ± m · 2^exponent */
static void accumulate(big *sum, bool negative, wide m, int exponent)
{
    const int shift = exponent + POINT, first = shift / 64, bits = shift % 64;
    assert_true(shift >= 0 && first + 3 < WORDS);
    const uint64_t low = (uint64_t)m, high = (uint64_t)(m >> 64);
    const uint64_t part[3] = {low << bits, high << bits | (bits ? low >> (64 - bits) : 0),
                              bits ? high >> (64 - bits) : 0};
    uint64_t carry = 0;
    for (int k = first; k < WORDS; k++) {
        const uint64_t add = k - first < 3 ? part[k - first] : 0;
        const wide next = negative ? (wide)sum->word[k] - add - carry : (wide)sum->word[k] + add + carry;
        sum->word[k] = (uint64_t)next;
        carry = (uint64_t)(next >> 64) & 1;
    }
}

static bool is_below_zero(const big *x)
{
    return x->word[WORDS - 1] >> 63;
}

static int top_bit(const big *x)
{
    for (int k = WORDS - 1; k >= 0; k--)
        if (x->word[k])
            return k * 64 + 63 - __builtin_clzll(x->word[k]);
    return -1;
}

static void negate(big *x)
{
    uint64_t carry = 1;
    for (int k = 0; k < WORDS; k++) {
        x->word[k] = ~x->word[k] + carry;
        carry = carry && x->word[k] == 0;
    }
}

static uint64_t take_bits(const big *x, int from, int count)
{
    uint64_t value = 0;
    for (int k = from + count - 1; k >= from; k--)
        value = value << 1 | (x->word[k / 64] >> (k % 64) & 1);
    return value;
}

static bool any_below(const big *x, int bit)
{
    for (int k = 0; k < bit / 64; k++)
        if (x->word[k])
            return true;
    return bit % 64 && x->word[bit / 64] << (64 - bit % 64);
}

/* To nearest, ties to even; an exact zero is +0 unless `zero_negative`. */
static uint64_t round_once(const format *f, const big *exact, bool zero_negative)
{
    big x = *exact;
    const bool negative = is_below_zero(&x);
    if (negative)
        negate(&x);
    const int top = top_bit(&x);
    if (top < 0)
        return zero_negative ? f->sign : 0;
    int last = top - f->digits + 1; /* the place of the last digit that is kept */
    if (last < f->least + POINT)
        last = f->least + POINT;
    uint64_t m = take_bits(&x, last, f->digits);
    const bool half = take_bits(&x, last - 1, 1), more = any_below(&x, last - 1);
    m += half && (more || (m & 1));
    /* A carry out of the significand runs into the exponent, as it should. */
    const uint64_t biased = (uint64_t)(last - (f->least + POINT));
    const uint64_t bits = (biased << (f->digits - 1)) + m;
    return (bits >= f->infinity ? f->infinity : bits) | (negative ? f->sign : 0);
}

/* ---- the operations, once more ---- */

static uint64_t exact_fma(const format *f, uint64_t a, uint64_t b, uint64_t c)
{
    const bool sign = is_negative(f, a) != is_negative(f, b);
    if (is_nan(f, a) || is_nan(f, b) || is_nan(f, c))
        return f->nan;
    if (is_infinite(f, a) || is_infinite(f, b)) {
        if (is_zero(f, a) || is_zero(f, b) || (is_infinite(f, c) && is_negative(f, c) != sign))
            return f->nan;
        return f->infinity | (sign ? f->sign : 0);
    }
    if (is_infinite(f, c))
        return c;
    big sum = {{0}};
    int ea, eb, ec;
    const uint64_t ma = split(f, a, &ea), mb = split(f, b, &eb), mc = split(f, c, &ec);
    accumulate(&sum, sign, (wide)ma * mb, ea + eb);
    accumulate(&sum, is_negative(f, c), mc, ec);
    /* Of two zeros the sum is −0 if both are; numbers that cancel give +0. */
    const bool zeros = (is_zero(f, a) || is_zero(f, b)) && is_zero(f, c);
    return round_once(f, &sum, zeros && sign && is_negative(f, c));
}

static uint64_t one_of(const format *f)
{
    return f->type == IR_F32 ? 0x3F800000u : 0x3FF0000000000000u;
}

static uint64_t exact_add(const format *f, uint64_t a, uint64_t b)
{
    return exact_fma(f, one_of(f), a, b);
}

/* c = ∓0 with the product's sign changes nothing. */
static uint64_t exact_mul(const format *f, uint64_t a, uint64_t b)
{
    return exact_fma(f, a, b, (a ^ b) & f->sign);
}

/* Quotients and roots have no end; but whether a result is the nearest number, the two middles to its
 * neighbours say, and on a middle the even one wins. `against` gives the sign of m · 2^e minus the true
 * value. */
typedef struct question {
    const format *f;
    uint64_t a, b;
} question;

static int sign_of_difference(const big *x)
{
    return is_below_zero(x) ? -1 : top_bit(x) >= 0;
}

/* m 2^e against |a| / |b| */
static int against_quotient(const question *q, uint64_t m, int e)
{
    big x = {{0}};
    int ea, eb;
    const uint64_t ma = split(q->f, q->a, &ea), mb = split(q->f, q->b, &eb);
    accumulate(&x, false, (wide)m * mb, e + eb);
    accumulate(&x, true, ma, ea);
    return sign_of_difference(&x);
}

/* m 2^e against √a */
static int against_root(const question *q, uint64_t m, int e)
{
    big x = {{0}};
    int ea;
    const uint64_t ma = split(q->f, q->a, &ea);
    accumulate(&x, false, (wide)m * m, 2 * e);
    accumulate(&x, true, ma, ea);
    return sign_of_difference(&x);
}

static bool is_nearest(const question *q, uint64_t result, int (*against)(const question *, uint64_t, int))
{
    const format *f = q->f;
    const uint64_t r = magnitude(f, result);
    int e;
    const bool is_even = (r & 1) == 0;
    if (r > 0) { /* not below the middle between the number before and r */
        const uint64_t before = split(f, r - 1, &e);
        const int sign = against(q, 2 * before + 1, e - 1);
        if (sign > 0 || (sign == 0 && !is_even))
            return false;
    }
    if (r == f->infinity)
        return true;
    const uint64_t m = split(f, r, &e);
    const int sign = against(q, 2 * m + 1, e - 1);
    return sign > 0 || (sign == 0 && is_even);
}

static bool is_quotient(const format *f, uint64_t a, uint64_t b, uint64_t result)
{
    const uint64_t sign = (a ^ b) & f->sign;
    if (is_nan(f, a) || is_nan(f, b) || (is_infinite(f, a) && is_infinite(f, b))
        || (is_zero(f, a) && is_zero(f, b)))
        return result == f->nan;
    if (is_infinite(f, a) || is_zero(f, b))
        return result == (f->infinity | sign);
    if (is_infinite(f, b) || is_zero(f, a))
        return result == sign;
    return (result & f->sign) == sign && is_nearest(&(question){f, a, b}, result, against_quotient);
}

static bool is_root(const format *f, uint64_t a, uint64_t result)
{
    if (is_nan(f, a) || (is_negative(f, a) && !is_zero(f, a)))
        return result == f->nan;
    if (is_zero(f, a) || is_infinite(f, a))
        return result == a;
    return !is_negative(f, result) && is_nearest(&(question){f, a, 0}, result, against_root);
}

/* On the bits: places behind the point are cut off, and one is added to the rest where the rule says so. */
static uint64_t exact_round(const format *f, ir_code code, uint64_t a)
{
    if (is_nan(f, a))
        return f->nan;
    int e;
    const uint64_t m = split(f, a, &e), sign = a & f->sign;
    if (is_infinite(f, a) || e >= 0 || m == 0)
        return a;
    const int cut = -e;
    const uint64_t whole = cut > 63 ? 0 : m >> cut;
    const uint64_t rest = cut > 63 ? m : m - (whole << cut);
    const uint64_t half = cut > 63 ? UINT64_MAX : UINT64_C(1) << (cut - 1);
    bool up = false;
    switch ((int)code) {
    case IR_FLOOR: up = sign && rest; break;
    case IR_CEIL: up = !sign && rest; break;
    case IR_ROUND: up = rest > half || (rest == half && (whole & 1)); break;
    default: break;
    }
    big x = {{0}};
    accumulate(&x, false, whole + up, 0);
    return round_once(f, &x, false) | sign;
}

/* −1, 0, 1, or 2 where unordered */
static int order(const format *f, uint64_t a, uint64_t b)
{
    if (is_nan(f, a) || is_nan(f, b))
        return 2;
    const int64_t x = (int64_t)magnitude(f, a), y = (int64_t)magnitude(f, b);
    const int64_t sx = is_negative(f, a) ? -x : x, sy = is_negative(f, b) ? -y : y;
    return sx < sy ? -1 : sx > sy;
}

static int order_of_integers(uint64_t a, uint64_t b)
{
    const int64_t x = (int32_t)(uint32_t)a, y = (int32_t)(uint32_t)b;
    return x < y ? -1 : x > y;
}

static uint64_t wrapped(int64_t value)
{
    return (uint64_t)value & 0xFFFFFFFFu;
}

/* ---- the values ---- */

static const uint64_t single_values[] = {
    0, 1, 2, 3, 0x400000, 0x7FFFFE, 0x7FFFFF, 0x800000, 0x800001, 0x1000000, 0x0DA24260 /* 1e-30 */,
    0x33000000, 0x33800000, 0x33800001, 0x3EAAAAAB, 0x3EFFFFFF, 0x3F000000, 0x3F000001, 0x3F7FFFFF,
    0x3F800000, 0x3F800001, 0x3FC00000, 0x40000000, 0x40200000 /* 2.5 */, 0x40400000, 0x40490FDB,
    0x40600000, 0x42280000, 0x4AFFFFFF, 0x4B000000, 0x4B000001, 0x4B7FFFFF, 0x4B800000, 0x4EFFFFFF,
    0x4F000000 /* 2^31 */, 0x4F000001, 0x4F800000, 0x501502F9, 0x5F7FFFFF, 0x5F800000,
    0x7149F2CA /* 1e30 */, 0x7E800000, 0x7F000000, 0x7F7FFFFE, 0x7F7FFFFF, 0x7F800000, 0x7F800001, 0x7FC00000,
    0x7FC12345, 0x7FFFFFFF};

static const uint64_t double_values[] = {
    0, 1, 2, 0x8000000000000, 0xFFFFFFFFFFFFF, 0x10000000000000, 0x10000000000001, 0x01A56E1FC2F8F359,
    0x36A0000000000000 /* 2^-149 */, 0x3690000000000000, 0x3690000000000001, 0x380FFFFFE0000000,
    0x380FFFFFF0000000, 0x3810000000000000, 0x3C90000000000000, 0x3CA0000000000001, 0x3FD5555555555555,
    0x3FDFFFFFFFFFFFFF, 0x3FE0000000000000, 0x3FE0000000000001, 0x3FEFFFFFFFFFFFFF, 0x3FF0000000000000,
    0x3FF0000000000001, 0x3FF0000010000000 /* between two f32 */, 0x3FF0000030000000, 0x3FF8000000000000,
    0x4000000000000000, 0x4004000000000000, 0x4008000000000000, 0x400921FB54442D18,
    0x41DFFFFFFFC00000 /* 2^31 − 1 */, 0x41DFFFFFFFE00000, 0x41DFFFFFFFFFFFFF, 0x41E0000000000000,
    0x41E0000000100000, 0x41E00000001FFFFF, 0x41E0000000200000, 0x432FFFFFFFFFFFFF, 0x4330000000000000, 0x4330000000000001,
    0x433FFFFFFFFFFFFF, 0x47EFFFFFE0000000 /* the largest f32 */, 0x47EFFFFFEFFFFFFF, 0x47EFFFFFF0000000,
    0x5FEFFFFFFFFFFFFF, 0x5FF0000000000000, 0x7FD0000000000000, 0x7FE0000000000000, 0x7FEFFFFFFFFFFFFF,
    0x7FF0000000000000, 0x7FF0000000000001, 0x7FF8000000000000, 0x7FF8123456789ABC, 0x7FFFFFFFFFFFFFFF};

static const uint64_t integer_values[] = {
    0, 1, 2, 3, 5, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536, 0xFFFFFF,
    0x1000000, 0x1000001, 0x1000003, 0x3FFFFFFF, 0x40000000, 0x55555555, 0x7FFFFFBF, 0x7FFFFFC0,
    0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, 0x80000001, 0x80000040, 0xAAAAAAAA, 0xC0000000, 0xFF000000,
    0xFFFF0000, 0xFFFFFF00, 0xFFFFFFE0, 0xFFFFFFFD, 0xFFFFFFFE, 0xFFFFFFFF};

enum { MOST = 128, COUNT_OF_INTEGERS = sizeof integer_values / sizeof *integer_values };

/* Both signs of every value. */
static unsigned gather(const format *f, uint64_t *values)
{
    const uint64_t *list = f->type == IR_F32 ? single_values : double_values;
    const size_t count =
        f->type == IR_F32 ? sizeof single_values / sizeof *list : sizeof double_values / sizeof *list;
    assert_true(2 * count <= MOST);
    for (size_t k = 0; k < count; k++) {
        values[2 * k] = list[k];
        values[2 * k + 1] = list[k] | f->sign;
    }
    return (unsigned)(2 * count);
}

static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Few significant digits and exponents near those of 1, so that ties and cancellation happen. */
static uint64_t random_number(const format *f)
{
    const uint64_t r = random_bits();
    const int keep = 1 + (int)(r % (unsigned)f->digits);
    const uint64_t fraction =
        random_bits() & ((UINT64_C(1) << (f->digits - 1)) - 1) & ~((UINT64_C(1) << (f->digits - keep)) - 1);
    const uint64_t centre = one_of(f) >> (f->digits - 1);
    const uint64_t exponent = r >> 16 & 15 ? centre - 64 + (r >> 20) % 128 : (r >> 20) % (2 * centre);
    return exponent << (f->digits - 1) | fraction | (r >> 63 ? f->sign : 0);
}

static void expect_bits(ir_code code, uint64_t a, uint64_t b, uint64_t c, uint64_t got, uint64_t wanted)
{
    if (got != wanted)
        fail_msg("%s of %llx, %llx, %llx: %llx, not %llx", sn_ir_info[code].name, (unsigned long long)a,
                 (unsigned long long)b, (unsigned long long)c, (unsigned long long)got,
                 (unsigned long long)wanted);
}

static void expect(ir_code code, ir_type type, ir_type operand, uint64_t a, uint64_t b, uint64_t c,
                   uint64_t wanted)
{
    expect_bits(code, a, b, c, sn_ir_evaluate(code, type, operand, a, b, c), wanted);
}

/* ---- the tests ---- */

static void check_unary(const format *f, uint64_t a)
{
    const ir_type t = f->type;
    const bool nan = is_nan(f, a);
    expect(IR_NEG, t, t, a, 0, 0, nan ? f->nan : a ^ f->sign);
    expect(IR_ABS, t, t, a, 0, 0, nan ? f->nan : magnitude(f, a));
    for (unsigned code = IR_FLOOR; code <= IR_TRUNC; code++)
        expect((ir_code)code, t, t, a, 0, 0, exact_round(f, (ir_code)code, a));
    const uint64_t root = sn_ir_evaluate(IR_SQRT, t, t, a, 0, 0);
    if (!is_root(f, a, root))
        fail_msg("sqrt of %llx: %llx", (unsigned long long)a, (unsigned long long)root);
}

static void check_compare(ir_type t, uint64_t a, uint64_t b, int ordered)
{
    expect(IR_LT, IR_MASK, t, a, b, 0, ordered == -1);
    expect(IR_LE, IR_MASK, t, a, b, 0, ordered == -1 || ordered == 0);
    expect(IR_EQ, IR_MASK, t, a, b, 0, ordered == 0);
    expect(IR_NE, IR_MASK, t, a, b, 0, ordered != 0);
}

static void check_binary(const format *f, uint64_t a, uint64_t b)
{
    const ir_type t = f->type;
    const int ordered = order(f, a, b);
    expect(IR_ADD, t, t, a, b, 0, exact_add(f, a, b));
    expect(IR_SUB, t, t, a, b, 0, exact_add(f, a, b ^ f->sign));
    expect(IR_MUL, t, t, a, b, 0, exact_mul(f, a, b));
    const uint64_t quotient = sn_ir_evaluate(IR_DIV, t, t, a, b, 0);
    if (!is_quotient(f, a, b, quotient))
        fail_msg("%llx / %llx: %llx", (unsigned long long)a, (unsigned long long)b,
                 (unsigned long long)quotient);
    const uint64_t least = ordered == -1 ? a : b, greatest = ordered == 1 ? a : b;
    expect(IR_MIN, t, t, a, b, 0, is_nan(f, least) ? f->nan : least);
    expect(IR_MAX, t, t, a, b, 0, is_nan(f, greatest) ? f->nan : greatest);
    expect(IR_COPYSIGN, t, t, a, b, 0, magnitude(f, a) | (b & f->sign));
    check_compare(t, a, b, ordered);
}

static void check_fused(const format *f, uint64_t a, uint64_t b, uint64_t c)
{
    const ir_type t = f->type;
    expect(IR_FMA, t, t, a, b, c, exact_fma(f, a, b, c));
    expect(IR_FMS, t, t, a, b, c, exact_fma(f, a, b, c ^ f->sign));
    expect(IR_FNMA, t, t, a, b, c, exact_fma(f, a ^ f->sign, b, c));
}

static void check_floats(const format *f)
{
    uint64_t values[MOST];
    const unsigned count = gather(f, values);
    for (unsigned i = 0; i < count; i++) {
        check_unary(f, values[i]);
        for (unsigned j = 0; j < count; j++)
            check_binary(f, values[i], values[j]);
    }
    /* Every third value in a triple, shifted from triple to triple. */
    for (unsigned i = 0; i < count; i++)
        for (unsigned j = i % 2; j < count; j += 2)
            for (unsigned k = (i + j) % 3; k < count; k += 3)
                check_fused(f, values[i], values[j], values[k]);
    for (unsigned i = 0; i < 20000; i++) {
        const uint64_t a = random_number(f), b = random_number(f), c = random_number(f);
        check_unary(f, a);
        check_binary(f, a, b);
        check_fused(f, a, b, c);
        /* The sum of a product and its own rounding cancels to the error. */
        check_fused(f, a, b, exact_mul(f, a, b) ^ f->sign);
    }
}

static void singles(void **state)
{
    (void)state;
    check_floats(&single_format);
}

static void doubles(void **state)
{
    (void)state;
    check_floats(&double_format);
}

static uint64_t quotient_of(int64_t x, int64_t y)
{
    return y == 0 ? 0 : wrapped(x / y);
}

static void check_integers(uint64_t a, uint64_t b)
{
    const int64_t x = (int32_t)(uint32_t)a, y = (int32_t)(uint32_t)b;
    const ir_type t = IR_I32;
    const unsigned count = b & 31;
    expect(IR_ADD, t, t, a, b, 0, wrapped(x + y));
    expect(IR_SUB, t, t, a, b, 0, wrapped(x - y));
    expect(IR_MUL, t, t, a, b, 0, wrapped(x * y));
    expect(IR_DIV, t, t, a, b, 0, quotient_of(x, y));
    expect(IR_MIN, t, t, a, b, 0, wrapped(x < y ? x : y));
    expect(IR_MAX, t, t, a, b, 0, wrapped(x > y ? x : y));
    expect(IR_AND, t, t, a, b, 0, a & b);
    expect(IR_OR, t, t, a, b, 0, a | b);
    expect(IR_XOR, t, t, a, b, 0, (a | b) - (a & b));
    expect(IR_SHL, t, t, a, b, 0, wrapped((int64_t)(a * (UINT64_C(1) << count))));
    expect(IR_SHR, t, t, a, b, 0, a / (UINT64_C(1) << count));
    const int64_t divisor = INT64_C(1) << count; /* rounded towards −∞ */
    expect(IR_SAR, t, t, a, b, 0, wrapped(x / divisor - (x % divisor < 0)));
    expect(IR_UMULH, t, t, a, b, 0, (uint64_t)((wide)a * b >> 32));
    expect(IR_PACK64, IR_F64, IR_I32, a, b, 0, a * 4294967296u + b);
    check_compare(t, a, b, order_of_integers(a, b));
}

static void integers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < COUNT_OF_INTEGERS; i++) {
        const uint64_t a = integer_values[i];
        const int64_t x = (int32_t)(uint32_t)a;
        expect(IR_NEG, IR_I32, IR_I32, a, 0, 0, wrapped(-x));
        expect(IR_ABS, IR_I32, IR_I32, a, 0, 0, wrapped(x < 0 ? -x : x));
        expect(IR_NOT, IR_I32, IR_I32, a, 0, 0, 0xFFFFFFFFu - a);
        for (unsigned j = 0; j < COUNT_OF_INTEGERS; j++)
            check_integers(a, integer_values[j]);
    }
    for (unsigned i = 0; i < 20000; i++)
        check_integers(random_bits() & 0xFFFFFFFFu, random_bits() >> 32 >> (random_bits() & 31));
    /* What C would not say. */
    expect(IR_DIV, IR_I32, IR_I32, 0x80000000u, 0xFFFFFFFFu, 0, 0x80000000u);
    expect(IR_ABS, IR_I32, IR_I32, 0x80000000u, 0, 0, 0x80000000u);
}

static void masks(void **state)
{
    (void)state;
    for (uint64_t a = 0; a < 2; a++) {
        expect(IR_NOT, IR_MASK, IR_MASK, a, 0, 0, a == 0);
        for (uint64_t b = 0; b < 2; b++) {
            expect(IR_AND, IR_MASK, IR_MASK, a, b, 0, a + b == 2);
            expect(IR_OR, IR_MASK, IR_MASK, a, b, 0, a + b > 0);
            expect(IR_XOR, IR_MASK, IR_MASK, a, b, 0, a + b == 1);
        }
    }
}

/* What chooses moves bits, a NaN's payload included. */
static void choices(void **state)
{
    (void)state;
    static const ir_code codes[] = {IR_SELECT, IR_RARE, IR_GUARD};
    static const uint64_t values[] = {
        0, 1, 0x80000000u, 0x7FC12345u, 0xFFFFFFFFu, 0x7FF0000000000001u, UINT64_MAX};
    for (unsigned k = 0; k < 3; k++)
        for (unsigned i = 0; i < 7; i++)
            for (unsigned j = 0; j < 7; j++) {
                expect(codes[k], IR_F64, IR_F64, 1, values[i], values[j], values[i]);
                expect(codes[k], IR_F64, IR_F64, 0, values[i], values[j], values[j]);
            }
}

static uint64_t exact_to_integer(const format *f, uint64_t a)
{
    if (is_nan(f, a) || is_infinite(f, a))
        return 0x80000000u;
    int e;
    const uint64_t m = split(f, a, &e);
    const wide whole = e > 32 ? (wide)1 << 32 : e >= 0 ? (wide)m << e : e < -63 ? 0 : m >> -e;
    if (whole > 0x7FFFFFFFu)
        return 0x80000000u; /* −2^31 too */
    return wrapped(is_negative(f, a) ? -(int64_t)whole : (int64_t)whole);
}

/* The same number in the other format. */
static uint64_t exact_convert(const format *from, const format *to, uint64_t a)
{
    const uint64_t sign = is_negative(from, a) ? to->sign : 0;
    if (is_nan(from, a))
        return to->nan;
    if (is_infinite(from, a))
        return to->infinity | sign;
    big x = {{0}};
    int e;
    const uint64_t m = split(from, a, &e);
    accumulate(&x, false, m, e);
    return round_once(to, &x, false) | sign;
}

static void check_from_float(const format *from, const format *to, uint64_t a)
{
    expect(IR_CVT, to->type, from->type, a, 0, 0, exact_convert(from, to, a));
    expect(IR_CVT, IR_I32, from->type, a, 0, 0, exact_to_integer(from, a));
}

static void check_from_integer(const format *to, uint64_t a)
{
    const int64_t value = (int32_t)(uint32_t)a;
    big x = {{0}};
    accumulate(&x, value < 0, (wide)(value < 0 ? -value : value), 0);
    expect(IR_CVT, to->type, IR_I32, a, 0, 0, round_once(to, &x, false));
}

static void conversions(void **state)
{
    (void)state;
    uint64_t values[MOST];
    unsigned count = gather(&single_format, values);
    for (unsigned i = 0; i < count; i++)
        check_from_float(&single_format, &double_format, values[i]);
    count = gather(&double_format, values);
    for (unsigned i = 0; i < count; i++)
        check_from_float(&double_format, &single_format, values[i]);
    for (unsigned i = 0; i < COUNT_OF_INTEGERS; i++) {
        check_from_integer(&single_format, integer_values[i]);
        check_from_integer(&double_format, integer_values[i]);
    }
    for (unsigned i = 0; i < 20000; i++) {
        check_from_float(&single_format, &double_format, random_number(&single_format));
        check_from_float(&double_format, &single_format, random_number(&double_format));
        check_from_integer(&single_format, random_bits() >> 32);
        check_from_integer(&double_format, random_bits() >> 32);
    }
    /* The last ones inside and the first outside. */
    expect(IR_CVT, IR_I32, IR_F64, 0x41DFFFFFFFFFFFFF, 0, 0, 0x7FFFFFFF);
    expect(IR_CVT, IR_I32, IR_F64, 0xC1E00000001FFFFF, 0, 0, 0x80000000);
    expect(IR_CVT, IR_I32, IR_F32, 0x4EFFFFFF, 0, 0, 0x7FFFFF80);
    expect(IR_CVT, IR_I32, IR_F32, 0x4F000000, 0, 0, 0x80000000);
}

static void reinterpretation(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof single_values / sizeof *single_values; i++) {
        expect(IR_BITS, IR_I32, IR_F32, single_values[i], 0, 0, single_values[i]);
        expect(IR_FROM_BITS, IR_F32, IR_I32, single_values[i], 0, 0, single_values[i]);
    }
    for (unsigned i = 0; i < sizeof double_values / sizeof *double_values; i++) {
        expect(IR_HI32, IR_I32, IR_F64, double_values[i], 0, 0, double_values[i] / 4294967296u);
        expect(IR_LO32, IR_I32, IR_F64, double_values[i], 0, 0, double_values[i] % 4294967296u);
    }
}

/* Nothing but pure operations has a value of its own. */
static void others(void **state)
{
    (void)state;
    unsigned pure = 0;
    for (unsigned code = 0; code < IR_CODES; code++) {
        if (sn_ir_info[code].kind == IR_KIND_PURE)
            pure++;
        else
            expect((ir_code)code, IR_F32, IR_F32, one_of(&single_format), one_of(&single_format), 1, 0);
    }
    assert_int_equal(pure, 38);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(singles),          cmocka_unit_test(doubles),
        cmocka_unit_test(integers),         cmocka_unit_test(masks),
        cmocka_unit_test(choices),          cmocka_unit_test(conversions),
        cmocka_unit_test(reinterpretation), cmocka_unit_test(others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
