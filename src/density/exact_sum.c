/* Exact sums: see exact_sum.h for the layout.
 *
 * A number is m·2^p units, m below 2^53 in magnitude. Chunk p/32 gets the low 32 bits of m·2^(p mod 32), the next one the rest, which has at
 * most 52 bits. So a chunk changes by less than 2^53 with each addition, 2^10 of them by less than 2^63. Bringing carries on leaves
 * chunks of 0 … 2^32 − 1 and one with a sign on top, which never comes near its end: all numbers together would have to be beyond 2^63 many. */
#include "density/exact_sum.h"

#include "kernel/float_mode.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { MANTISSA = 52, BIAS_UNITS = EXACT_UNIT - 1074 /* of the least f64 */ };

static const int64_t LOW = 0xFFFFFFFF;

__extension__ typedef unsigned __int128 wide;

void sn_exact_open(exact_sum *s)
{
    memset(s, 0, sizeof *s);
    s->credit = EXACT_CREDIT;
}

/* Chunks but the top one become 0 … 2^32 − 1; the worth is the same. */
static void carry(exact_sum *s)
{
    int64_t over = 0;
    for (int k = 0; k < EXACT_CHUNKS - 1; k++) {
        const int64_t sum = s->chunks[k] + over;
        s->chunks[k] = sum & LOW;
        over = (sum - s->chunks[k]) / (LOW + 1);
    }
    s->chunks[EXACT_CHUNKS - 1] += over;
    s->credit = EXACT_CREDIT;
}

static void count(exact_sum *s, double value, int by)
{
    if (isnan(value))
        s->not_numbers += by;
    else if (value > 0)
        s->plus_infinities += by;
    else
        s->minus_infinities += by;
}

static uint64_t bits_of(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Mantissa, and the place of its lowest bit in units of the least f64. */
static inline uint64_t mantissa_of(uint64_t bits, unsigned *place)
{
    const unsigned exponent = (unsigned)(bits >> MANTISSA) & 0x7FF;
    const uint64_t fraction = bits & (((uint64_t)1 << MANTISSA) - 1);
    *place = exponent ? exponent - 1 : 0;
    return exponent ? fraction | (uint64_t)1 << MANTISSA : fraction;
}

static inline void put(int64_t *chunks, uint64_t bits)
{
    unsigned place;
    const uint64_t m = mantissa_of(bits, &place);
    place += BIAS_UNITS;
    const int64_t sign = -(int64_t)(bits >> 63); /* 0 or −1 */
    const unsigned shift = place % 32;
    const int64_t low = (int64_t)((m << shift) & (uint64_t)LOW), high = (int64_t)(m >> (32 - shift));
    int64_t *at = &chunks[place / 32];
    at[0] += (low ^ sign) - sign;
    at[1] += (high ^ sign) - sign;
}

static bool is_finite(uint64_t bits)
{
    return ((bits >> MANTISSA) & 0x7FF) != 0x7FF;
}

static void spend(exact_sum *s)
{
    if (--s->credit < 0)
        carry(s);
}

void sn_exact_add(exact_sum *s, double value)
{
    const uint64_t bits = bits_of(value);
    if (!is_finite(bits)) {
        count(s, value, 1);
        return;
    }
    put(s->chunks, bits);
    spend(s);
}

void sn_exact_remove(exact_sum *s, double value)
{
    if (!is_finite(bits_of(value)))
        count(s, value, -1);
    else
        sn_exact_add(s, -value);
}

static void put_or_count(exact_sum *s, int64_t *chunks, double value)
{
    const uint64_t bits = bits_of(value);
    if (is_finite(bits))
        put(chunks, bits);
    else
        count(s, value, 1);
}

/* Neighbours are mostly of one size and meet the same chunks: every other one goes elsewhere first, so that it need not wait for the one before. */
static void add_one_by_one(exact_sum *s, const double *values, int64_t n)
{
    int64_t other[EXACT_CHUNKS] = {0};
    int64_t i = 0;
    for (; i + 2 <= n; i += 2) {
        put_or_count(s, s->chunks, values[i]);
        put_or_count(s, other, values[i + 1]);
    }
    if (i < n)
        put_or_count(s, s->chunks, values[i]);
    for (int k = 0; k < EXACT_CHUNKS; k++)
        s->chunks[k] += other[k];
}

/* ---- many at once ----
 *
 * Of numbers below 2^e in magnitude, at most 2^10 of them, additions of floating-point numbers take the upper parts without an error (T. Ogita,
 * S. M. Rump, S. Oishi, Accurate sum and dot product, 2005, and later work of theirs on splitting by a large number): a sum that begins at
 * 1.5·2^(e + 11) never leaves its binade, so that it is always a whole number of one unit u = 2^(e − 41), and so is what a number adds to it, which the
 * difference of two successive sums shows exactly; what is left of the number, at most u/2, is exact as well. The next layer does the same with what is left, 42 bits
 * further down. Numbers whose exponents are within 30 of the largest are spent then; of the others the rest goes one by one. All of it is exact, so neither the
 * order nor the number of layers can be seen in the result. */

typedef double pair __attribute__((vector_size(16)));
typedef int64_t mask __attribute__((vector_size(16)));

enum { SIDE_BY_SIDE = 4, LAYER_BITS = 42, FEWEST = 64 };

static pair load_pair(const double *from)
{
    pair p;
    memcpy(&p, from, sizeof p);
    return p;
}

/* The upper parts of all values, in each of two lanes of each sum, and what they leave. */
static void take_layer(pair sums[SIDE_BY_SIDE], const double *values, double *rests, int64_t n)
{
    for (int64_t i = 0; i < n; i += 2 * SIDE_BY_SIDE)
        for (int k = 0; k < SIDE_BY_SIDE; k++) {
            const pair value = load_pair(values + i + 2 * k), sum = sums[k] + value, taken = sum - sums[k], rest = value - taken;
            sums[k] = sum;
            memcpy(rests + i + 2 * k, &rest, sizeof rest);
        }
}

/* False, and nothing is added: there is a NaN among them. */
static bool add_layer(exact_sum *s, const double *values, double *rests, int64_t n, int exponent)
{
    const double start = ldexp(1.5, exponent + 11);
    pair sums[SIDE_BY_SIDE];
    for (int k = 0; k < SIDE_BY_SIDE; k++)
        sums[k] = (pair){start, start};
    take_layer(sums, values, rests, n);
    const pair all = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    if (isnan(all[0] + all[1]))
        return false;
    for (int k = 0; k < SIDE_BY_SIDE; k++)
        for (int lane = 0; lane < 2; lane++)
            put(s->chunks, bits_of(sums[k][lane] - start));
    return true;
}

/* The largest magnitude, infinities included, NaN not. */
static double highest(const double *values, int64_t n)
{
    const mask sign = {INT64_MIN, INT64_MIN};
    pair most[2] = {{0, 0}, {0, 0}};
    for (int64_t i = 0; i < n; i += 4)
        for (int k = 0; k < 2; k++) {
            const mask value = (mask)load_pair(values + i + 2 * k) & ~sign, more = (pair)value > most[k];
            most[k] = (pair)((value & more) | ((mask)most[k] & ~more));
        }
    return fmax(fmax(most[0][0], most[0][1]), fmax(most[1][0], most[1][1]));
}

static int exponent_of(double magnitude)
{
    return (int)(bits_of(magnitude) >> MANTISSA) - 1023;
}

/* What two layers leave, if that is anything. */
static void add_rests(exact_sum *s, const double *rests, int64_t n)
{
    mask any = {0, 0};
    for (int64_t i = 0; i < n; i += 2) {
        const pair rest = load_pair(rests + i);
        any |= rest != (pair){0, 0};
    }
    for (int64_t i = 0; (any[0] | any[1]) && i < n; i++)
        if (rests[i] != 0)
            put(s->chunks, bits_of(rests[i]));
}

/* At most EXACT_CREDIT, in the default floating-point mode. */
static void add_many(exact_sum *s, const double *values, int64_t n)
{
    double rests[EXACT_CREDIT];
    const int64_t whole = n - n % (2 * SIDE_BY_SIDE);
    const int exponent = exponent_of(highest(values, whole)) + 1;
    /* Nothing of the layers becomes subnormal or infinite. */
    if (exponent < -900 || exponent > 1000 || !add_layer(s, values, rests, whole, exponent)) {
        add_one_by_one(s, values, n);
        return;
    }
    add_layer(s, rests, rests, whole, exponent - LAYER_BITS);
    add_rests(s, rests, whole);
    add_one_by_one(s, values + whole, n - whole);
}

void sn_exact_add_all(exact_sum *s, const double *values, int64_t n)
{
    const float_mode mode = sn_float_mode_enter();
    for (int64_t i = 0, end; i < n; i = end) {
        end = n - i < s->credit ? n : i + s->credit;
        s->credit -= (int32_t)(end - i);
        if (end - i < FEWEST)
            add_one_by_one(s, values + i, end - i);
        else
            add_many(s, values + i, end - i);
        if (s->credit <= 0)
            carry(s);
    }
    sn_float_mode_leave(mode);
}

/* A product has 106 bits, shifted 137: five pieces of 32, of which each changes its chunk by less than 2^32. */
static void put_product(exact_sum *s, double a, double b)
{
    unsigned place_a, place_b;
    const uint64_t bits_a = bits_of(a), bits_b = bits_of(b);
    const uint64_t m_a = mantissa_of(bits_a, &place_a), m_b = mantissa_of(bits_b, &place_b);
    const unsigned place = place_a + place_b, shift = place % 32; /* two of the least f64 make a unit */
    const wide product = (wide)m_a * m_b;
    const int64_t sign = -(int64_t)((bits_a ^ bits_b) >> 63);
    wide rest = product >> (32 - shift);
    int64_t *at = &s->chunks[place / 32];
    int64_t piece = (int64_t)((uint64_t)(product << shift) & (uint64_t)LOW);
    for (int k = 0; k < 5; k++) {
        at[k] += (piece ^ sign) - sign;
        piece = (int64_t)((uint64_t)rest & (uint64_t)LOW);
        rest >>= 32;
    }
}

void sn_exact_add_product(exact_sum *s, double a, double b)
{
    if (!is_finite(bits_of(a)) || !is_finite(bits_of(b))) {
        count(s, a * b, 1);
        return;
    }
    put_product(s, a, b);
    spend(s);
}

void sn_exact_remove_product(exact_sum *s, double a, double b)
{
    if (!is_finite(bits_of(a)) || !is_finite(bits_of(b)))
        count(s, a * b, -1);
    else
        sn_exact_add_product(s, -a, b);
}

void sn_exact_join(exact_sum *to, const exact_sum *from)
{
    exact_sum other = *from;
    carry(&other);
    carry(to);
    for (int k = 0; k < EXACT_CHUNKS; k++)
        to->chunks[k] += other.chunks[k];
    to->credit--;
    to->plus_infinities += from->plus_infinities;
    to->minus_infinities += from->minus_infinities;
    to->not_numbers += from->not_numbers;
}

/* ---- rounding ---- */

/* Of carried chunks without a sign, as 32-bit digits. */
typedef struct magnitude {
    uint32_t digits[EXACT_CHUNKS + 1];
    bool negative;
} magnitude;

static void take_magnitude(const exact_sum *s, magnitude *m)
{
    m->negative = s->chunks[EXACT_CHUNKS - 1] < 0;
    uint64_t borrow = 1; /* of a negative number: all bits turned, plus 1 */
    for (int k = 0; k < EXACT_CHUNKS; k++) {
        uint64_t digit = (uint64_t)s->chunks[k] & (uint64_t)LOW;
        if (m->negative) {
            digit = (~digit & (uint64_t)LOW) + borrow;
            borrow = digit >> 32;
        }
        m->digits[k] = (uint32_t)digit;
    }
    const int64_t top = s->chunks[EXACT_CHUNKS - 1] >> 32;
    m->digits[EXACT_CHUNKS] = (uint32_t)(m->negative ? ~(uint64_t)top + borrow : (uint64_t)top);
}

static int highest_bit(const magnitude *m)
{
    for (int k = EXACT_CHUNKS; k >= 0; k--)
        if (m->digits[k])
            return 32 * k + 31 - __builtin_clz(m->digits[k]);
    return -1;
}

static unsigned bit(const magnitude *m, int at)
{
    return at < 0 ? 0 : m->digits[at / 32] >> at % 32 & 1;
}

static bool any_below(const magnitude *m, int at)
{
    for (int k = 0; k < at / 32; k++)
        if (m->digits[k])
            return true;
    return at > 0 && (m->digits[at / 32] & (((uint32_t)1 << at % 32) - 1)) != 0;
}

/* Digits from bit `at` on, 64 of them. */
static uint64_t from_bit(const magnitude *m, int at)
{
    uint64_t value = 0;
    for (int k = 2; k >= 0; k--) {
        const int digit = at / 32 + k, shift = 32 * k - at % 32;
        const uint64_t d = digit <= EXACT_CHUNKS ? m->digits[digit] : 0;
        if (shift < 64)
            value |= shift >= 0 ? d << shift : d >> -shift;
    }
    return value;
}

static double rounded(const magnitude *m)
{
    const int top = highest_bit(m);
    if (top < 0)
        return 0;
    const int last = top - MANTISSA > BIAS_UNITS ? top - MANTISSA : BIAS_UNITS; /* the last bit that a double has */
    uint64_t mantissa = from_bit(m, last) & (((uint64_t)1 << (MANTISSA + 1)) - 1);
    if (bit(m, last - 1) && ((mantissa & 1) || any_below(m, last - 1)))
        mantissa++;
    const double value = ldexp((double)mantissa, last - EXACT_UNIT); /* exact, or beyond all doubles: an infinity */
    return m->negative ? -value : value;
}

static double finite_value(exact_sum *s)
{
    magnitude m;
    carry(s);
    take_magnitude(s, &m);
    return rounded(&m);
}

double sn_exact_value(exact_sum *s)
{
    if (s->not_numbers || (s->plus_infinities && s->minus_infinities))
        return NAN;
    if (s->plus_infinities || s->minus_infinities)
        return s->plus_infinities ? INFINITY : -INFINITY;
    return finite_value(s);
}

double sn_exact_value_pair(exact_sum *s, double *rest)
{
    const double value = sn_exact_value(s);
    *rest = 0;
    if (!isfinite(value))
        return value;
    exact_sum less = *s;
    sn_exact_add(&less, -value);
    *rest = finite_value(&less);
    return value;
}
