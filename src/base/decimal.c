/* Numbers to text and back, correctly rounded.
 *
 * Reading has two roads. The short one takes the first 19 digits w and the decimal exponent q, multiplies w
 * by the first 128 bits of 10^q and so gets the first 128 bits of the value with a known bound on the
 * error. Where no middle between two neighbouring results lies within that bound, the rounding is decided:
 * always but for exact middles and, once in 2^60 numbers or less, right beside one. If the text has more
 * digits, w and w+1 bound the value, and both have to round alike. The long road decides the rest by
 * comparing all digits with that one middle, in whole numbers of any size. A middle of binary64 has at most
 * 767 significant digits, so beyond DIGITS_AT_MOST only "something follows" matters, and all numbers stay
 * below 2^(32 * BIG_LIMBS): nothing is allocated and nothing can overflow.
 *
 * Powers of five are held 27 apart, 400 bytes in place of 10 KB, for one more multiplication (1 ns): a
 * compiler that runs for microseconds finds its tables cold.
 *
 * Writing generates digits one after another, exactly, until they tell the value from both its neighbours
 * (Steele and White 1990, in the form of Burger and Dybvig 1996). */
#include "base/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/decimal_powers.h"

typedef struct binary_format {
    int bits; /* of the significand, the hidden one included */
    int least; /* exponent of the smallest normal number */
    int bias;  /* also the exponent of the largest number */
    int plain; /* numbers are written without exponent below 10^plain */
    uint64_t plain_end; /* 10^plain */
} binary_format;

static const binary_format binary64 = {53, -1022, 1023, 16, 10000000000000000u};
static const binary_format binary32 = {24, -126, 127, 8, 100000000u};

static uint64_t infinity_of(const binary_format *f)
{
    return (uint64_t)(2 * f->bias + 1) << (f->bits - 1);
}

/* --------------------------------------------------------------------------------
 * Whole numbers of any size, least limb first, without leading zero limbs. */

enum {
    DIGITS_AT_MOST = 800,
    BIG_LIMBS = 96 /* the largest need is 5^1143 times 54 bits, 2,710 bits */
};

typedef struct big {
    int size;
    uint32_t limb[BIG_LIMBS];
} big;

static void big_set(big *b, uint64_t value)
{
    b->limb[0] = (uint32_t)value;
    b->limb[1] = (uint32_t)(value >> 32);
    b->size = b->limb[1] ? 2 : b->limb[0] ? 1 : 0;
}

static void big_multiply_add(big *b, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (int i = 0; i < b->size; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        b->limb[b->size++] = (uint32_t)carry;
}

static void big_times_five_to(big *b, int64_t power)
{
    for (int64_t i = power / 13; i > 0; i--)
        big_multiply_add(b, (uint32_t)small_fives[13], 0);
    big_multiply_add(b, (uint32_t)small_fives[power % 13], 0);
}

static void big_shift_left(big *b, int64_t count)
{
    int limbs = (int)(count / 32), bits = (int)(count % 32);
    if (b->size == 0 || count <= 0)
        return;
    big_multiply_add(b, (uint32_t)1 << bits, 0);
    memmove(b->limb + limbs, b->limb, (size_t)b->size * sizeof b->limb[0]);
    memset(b->limb, 0, (size_t)limbs * sizeof b->limb[0]);
    b->size += limbs;
}

static int big_compare(const big *a, const big *b)
{
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    for (int i = a->size - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

static void big_add(big *a, const big *b)
{
    uint64_t carry = 0;
    int size = a->size > b->size ? a->size : b->size;
    for (int i = 0; i < size; i++) {
        carry += (i < a->size ? a->limb[i] : 0);
        carry += (i < b->size ? b->limb[i] : 0);
        a->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    a->size = size;
    if (carry)
        a->limb[a->size++] = (uint32_t)carry;
}

/* a -= b, where a >= b. */
static void big_subtract(big *a, const big *b)
{
    uint32_t borrow = 0;
    for (int i = 0; i < a->size; i++) {
        uint64_t taken = (uint64_t)(i < b->size ? b->limb[i] : 0) + borrow;
        borrow = taken > a->limb[i];
        a->limb[i] = (uint32_t)(a->limb[i] - taken);
    }
    while (a->size > 0 && a->limb[a->size - 1] == 0)
        a->size--;
}

/* --------------------------------------------------------------------------------
 * The first 128 bits of w * 10^q. */

typedef struct wide {
    uint64_t high, low;
} wide;

static inline wide multiply(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    __extension__ typedef unsigned __int128 u128;
    u128 product = (u128)a * b;
    return (wide){(uint64_t)(product >> 64), (uint64_t)product};
#else
    uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    uint64_t outer = a0 * b0, cross = a1 * b0 + (outer >> 32), middle = a0 * b1 + (uint32_t)cross;
    return (wide){a1 * b1 + (cross >> 32) + (middle >> 32), middle << 32 | (uint32_t)outer};
#endif
}

static inline int leading_zeros(uint64_t x)
{
    return __builtin_clzll(x);
}

/* A value in [bits, bits + error) * 2^(exponent - 127), where bits is normalised; exact, with error 0, if
 * that is known. */
typedef struct approximation {
    wide bits;
    int exponent;
    uint64_t error;
} approximation;

/* a * factor, where factor is normalised, cut to 128 bits; *rest is what was cut off. */
static inline wide multiply_cut(wide a, uint64_t factor, int *exponent, uint64_t *rest)
{
    wide upper = multiply(a.high, factor), lower = multiply(a.low, factor);
    wide product = {upper.high, upper.low + lower.high};
    product.high += product.low < upper.low;
    *rest = lower.low;
    if (product.high >> 63) {
        *exponent += 1;
        return product;
    }
    product.high = product.high << 1 | product.low >> 63;
    product.low = product.low << 1 | lower.low >> 63;
    *rest = lower.low << 1;
    return product;
}

enum {
    LEAST_POWER = -342, /* 10^19 times less is below half of the smallest subnormal */
    GREATEST_POWER = 308,
    EXACT_POWER = 54, /* 5^54 fits into 128 bits */
    PRODUCT_ERROR = 8
};

/* The error: a great power is cut off, so it lies less than 1 above its bits (in units of the last of 128).
 * Each of the two multiplications, normalised, at most doubles that, and its cutting adds less than 1: 3,
 * then 7. */
static inline approximation approximate(uint64_t w, int q)
{
    int k = (q - FIVES_FIRST * FIVES_STEP) / FIVES_STEP;
    const five *great = &great_fives[k];
    uint64_t small = small_fives[q - (k + FIVES_FIRST) * FIVES_STEP], rest, unused;
    int zeros = leading_zeros(w), small_zeros = leading_zeros(small);
    approximation a = {{great->high, great->low}, great->exponent + q + 63 - zeros + 63 - small_zeros, 0};
    a.bits = multiply_cut(a.bits, small << small_zeros, &a.exponent, &unused);
    a.bits = multiply_cut(a.bits, w << zeros, &a.exponent, &rest);
    if (q >= 0 && q <= EXACT_POWER)
        a.bits.low |= rest != 0; /* more than 60 bits below any that rounding looks at one by one */
    else
        a.error = PRODUCT_ERROR;
    return a;
}

/* --------------------------------------------------------------------------------
 * Rounding. */

typedef enum side { BELOW, MIDDLE, ABOVE, UNKNOWN } side;

/* The value cut off to the format, significand * 2^exponent, and the side of the middle to the next number
 * it lies on. */
typedef struct cell {
    uint64_t significand;
    int exponent;
    side side;
} cell;

static inline wide shift_right_sticky(wide a, int count)
{
    if (count >= 128)
        return (wide){0, 1};
    uint64_t lost = count >= 64 ? a.low | (count > 64 ? a.high << (128 - count) : 0) : a.low << (64 - count);
    wide shifted = count > 64    ? (wide){0, a.high >> (count - 64)}
                   : count == 64 ? (wide){0, a.high}
                                 : (wide){a.high >> count, a.low >> count | a.high << (64 - count)};
    shifted.low |= lost != 0;
    return shifted;
}

static inline cell locate(approximation a, const binary_format *f)
{
    if (a.exponent < f->least) {
        a.bits = shift_right_sticky(a.bits, f->least - a.exponent);
        a.exponent = f->least;
        a.error += a.error != 0; /* cutting once more */
    }
    uint64_t half = (uint64_t)1 << (63 - f->bits), rest = a.bits.high & (2 * half - 1);
    cell c = {a.bits.high >> (64 - f->bits), a.exponent - (f->bits - 1), BELOW};
    if (rest > half || (rest == half && a.bits.low))
        c.side = ABOVE;
    else if (rest == half)
        c.side = a.error ? UNKNOWN : MIDDLE;
    else if (rest == half - 1 && a.error && a.bits.low > 0 - a.error)
        c.side = UNKNOWN;
    return c;
}

/* The bits of the number that c rounds to. Adding the rounding to the pattern carries into the exponent by
 * itself, and from the largest number to infinity. */
static inline uint64_t compose(cell c, const binary_format *f)
{
    int exponent = c.exponent + (f->bits - 1);
    if (exponent > f->bias)
        return infinity_of(f);
    uint64_t pattern = c.significand;
    if (c.significand >> (f->bits - 1))
        pattern += (uint64_t)(exponent + f->bias - 1) << (f->bits - 1);
    return pattern + (c.side == ABOVE || (c.side == MIDDLE && (c.significand & 1)));
}

/* --------------------------------------------------------------------------------
 * Scanning. */

typedef struct scan {
    uint64_t w;     /* the first significant digits */
    int kept;       /* their count */
    bool cut;       /* a digit other than 0 was left out */
    int64_t scale;  /* the number is w * 10^scale or w * 2^scale, and what was left out */
    const char *end; /* of the digits */
} scan;

static inline unsigned digit_value(char c, unsigned base)
{
    unsigned value = (unsigned)(unsigned char)c - '0';
    if (value < 10 || base == 10)
        return value;
    value = ((unsigned)(unsigned char)c | 0x20) - 'a';
    return value < 6 ? value + 10 : base;
}

static inline const char *scan_digits(scan *s, const char *p, const char *end, unsigned base, bool fraction)
{
    const int room = base == 10 ? 19 : 16;
    for (const char *first = p; p < end; p++) {
        unsigned value = digit_value(*p, base);
        if (value >= base) {
            if (*p == '_' && p > first && end - p > 1 && digit_value(p[1], base) < base)
                continue;
            break;
        }
        if (s->kept < room) {
            s->w = s->w * base + value;
            s->kept += s->w != 0;
            s->scale -= fraction;
        } else {
            s->cut |= value != 0;
            s->scale += !fraction;
        }
    }
    return p;
}

static bool begins_name(char c)
{
    return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool begins_digits(const char *p, const char *end, unsigned base)
{
    return p < end && digit_value(*p, base) < base;
}

/* An exponent with its letter at p: where it ends, or p if there is none. Saturates far beyond what any
 * text can make up for. */
static const char *scan_exponent(const char *p, const char *end, char letter, int64_t *exponent)
{
    const int64_t limit = INT64_MAX / 100;
    const char *q = p;
    bool negative = false;
    if (q == end || (*q | 0x20) != letter)
        return p;
    q++;
    if (q < end && (*q == '+' || *q == '-'))
        negative = *q++ == '-';
    if (!begins_digits(q, end, 10))
        return p;
    int64_t value = 0;
    for (; begins_digits(q, end, 10) || (q < end && *q == '_' && begins_digits(q + 1, end, 10)); q++)
        if (*q != '_' && value < limit)
            value = value * 10 + (*q - '0');
    *exponent = negative ? -value : value;
    return q;
}

/* Whether the point at p, which digits precede but do not follow, belongs to the number. */
static bool takes_bare_point(const char *p, const char *end, char letter)
{
    int64_t exponent;
    if (p + 1 == end || scan_exponent(p + 1, end, letter, &exponent) > p + 1)
        return true;
    return p[1] != '.' && !begins_name(p[1]);
}

/* Digits and exponent from p on. Returns where the number ends, or null. */
static inline const char *scan_number(scan *s, const char *p, const char *end, unsigned base, char letter)
{
    const char *first = p;
    p = scan_digits(s, p, end, base, false);
    bool whole = p > first;
    if (p < end && *p == '.') {
        if (begins_digits(p + 1, end, base))
            p = scan_digits(s, p + 1, end, base, true);
        else if (whole && takes_bare_point(p, end, letter))
            p++;
    }
    if (p == first)
        return NULL;
    s->end = p;
    int64_t exponent = 0;
    if (p < end)
        p = scan_exponent(p, end, letter, &exponent);
    s->scale = (base == 16 ? 4 * s->scale : s->scale) + exponent;
    return p;
}

/* --------------------------------------------------------------------------------
 * The long road. */

/* All digits of the text as a whole number times 10^*power. */
static void gather(const scan *s, const char *text, big *number, int64_t *power)
{
    int count = 0;
    uint32_t group = 0, weight = 1;
    bool more = false;
    big_set(number, 0);
    for (const char *p = text; p < s->end && !more; p++) {
        unsigned value = digit_value(*p, 10);
        if (value > 9 || (count == 0 && value == 0))
            continue;
        if (count == DIGITS_AT_MOST) {
            more = value != 0;
            continue;
        }
        group = group * 10 + value;
        weight *= 10;
        count++;
        if (weight == 1000000000) {
            big_multiply_add(number, weight, group);
            group = 0, weight = 1;
        }
    }
    big_multiply_add(number, weight, group);
    if (more) { /* no middle lies between the digits kept and the next number of as many digits */
        big_multiply_add(number, 10, 1);
        count++;
    }
    *power = s->scale - (count - s->kept);
}

static side compare_with_middle(const scan *s, const char *text, cell c)
{
    big number, middle;
    int64_t power = s->scale, shift;
    if (s->cut)
        gather(s, text, &number, &power);
    else
        big_set(&number, s->w);
    big_set(&middle, 2 * c.significand + 1);
    big_times_five_to(power < 0 ? &middle : &number, power < 0 ? -power : power);
    shift = power - (c.exponent - 1);
    big_shift_left(shift < 0 ? &middle : &number, shift < 0 ? -shift : shift);
    int order = big_compare(&number, &middle);
    return order < 0 ? BELOW : order > 0 ? ABOVE : MIDDLE;
}

/* --------------------------------------------------------------------------------
 * Reading. */

static inline uint64_t round_decimal(const scan *s, const char *text, const binary_format *f)
{
    if (s->w == 0 || s->scale < LEAST_POWER)
        return 0;
    if (s->scale > GREATEST_POWER)
        return infinity_of(f);
    cell c = locate(approximate(s->w, (int)s->scale), f);
    if (s->cut && c.side != UNKNOWN) {
        cell next = locate(approximate(s->w + 1, (int)s->scale), f);
        bool decided = c.side != MIDDLE && next.side != MIDDLE && next.side != UNKNOWN;
        if (!decided || compose(next, f) != compose(c, f))
            c.side = UNKNOWN;
    }
    if (c.side == UNKNOWN)
        c.side = compare_with_middle(s, text, c);
    return compose(c, f);
}

static uint64_t round_hexadecimal(const scan *s, const binary_format *f)
{
    if (s->w == 0)
        return 0;
    int zeros = leading_zeros(s->w);
    int64_t exponent = s->scale + 63 - zeros;
    if (exponent > f->bias)
        return infinity_of(f);
    if (exponent < f->least - f->bits - 1)
        return 0;
    approximation a = {{s->w << zeros, s->cut}, (int)exponent, 0};
    return compose(locate(a, f), f);
}

static inline size_t read_number(const char *text, size_t length, const binary_format *f, uint64_t *bits)
{
    const char *end = text + length, *p = NULL;
    scan s = {0};
    if (length > 2 && text[0] == '0' && (text[1] | 0x20) == 'x')
        p = scan_number(&s, text + 2, end, 16, 'p');
    if (p) {
        *bits = round_hexadecimal(&s, f);
        return (size_t)(p - text);
    }
    s = (scan){0};
    p = scan_number(&s, text, end, 10, 'e');
    if (!p)
        return 0;
    *bits = round_decimal(&s, text, f);
    return (size_t)(p - text);
}

size_t sn_decimal_read_f64(const char *text, size_t length, double *value)
{
    uint64_t bits;
    size_t used = read_number(text, length, &binary64, &bits);
    if (used)
        memcpy(value, &bits, sizeof *value);
    return used;
}

size_t sn_decimal_read_f32(const char *text, size_t length, float *value)
{
    uint64_t bits;
    size_t used = read_number(text, length, &binary32, &bits);
    if (used) {
        uint32_t narrow = (uint32_t)bits;
        memcpy(value, &narrow, sizeof *value);
    }
    return used;
}

/* --------------------------------------------------------------------------------
 * Writing. */

/* value = significand * 2^exponent; whether the next smaller number is only half as far away as the next
 * larger. */
typedef struct parts {
    uint64_t significand;
    int exponent;
    bool narrow_below;
} parts;

static parts take_apart(uint64_t magnitude, const binary_format *f)
{
    uint64_t hidden = (uint64_t)1 << (f->bits - 1), fraction = magnitude & (hidden - 1);
    int biased = (int)(magnitude >> (f->bits - 1));
    if (biased == 0)
        return (parts){fraction, f->least - (f->bits - 1), false};
    return (parts){fraction | hidden, biased - f->bias - (f->bits - 1), fraction == 0 && biased > 1};
}

/* Digits of a value 0.d1d2d3... * 10^(point). */
typedef struct digits {
    int count, point;
    char digit[20];
} digits;

/* The value over 10^k, and the distances to the middles below and above, as fractions over one denominator.
 */
typedef struct fractions {
    big value, denominator, below, above;
    bool inclusive; /* the middles themselves read back to the value */
} fractions;

static bool reaches_below(const fractions *x)
{
    int order = big_compare(&x->value, &x->below);
    return x->inclusive ? order <= 0 : order < 0;
}

static bool reaches_above(const fractions *x)
{
    big sum = x->value;
    big_add(&sum, &x->above);
    int order = big_compare(&sum, &x->denominator);
    return x->inclusive ? order >= 0 : order > 0;
}

static void times_ten(fractions *x)
{
    big_multiply_add(&x->value, 10, 0);
    big_multiply_add(&x->below, 10, 0);
    big_multiply_add(&x->above, 10, 0);
}

static void set_fractions(fractions *x, parts p, int k)
{
    int numerator_twos = p.exponent > 0 ? p.exponent : 0, denominator_twos = p.exponent < 0 ? -p.exponent : 0;
    big_set(&x->value, p.significand);
    big_set(&x->below, 1);
    big_set(&x->denominator, 1);
    if (k < 0) {
        big_times_five_to(&x->value, -k);
        big_times_five_to(&x->below, -k);
        numerator_twos -= k;
    } else {
        big_times_five_to(&x->denominator, k);
        denominator_twos += k;
    }
    /* All doubled twice, so that half of the smaller distance is whole. */
    big_shift_left(&x->value, numerator_twos + 2);
    big_shift_left(&x->denominator, denominator_twos + 2);
    big_shift_left(&x->below, numerator_twos);
    x->above = x->below;
    big_shift_left(&x->above, 1);
    if (!p.narrow_below)
        x->below = x->above;
    x->inclusive = !(p.significand & 1);
}

/* Whether the last digit, which reads back both as it is and one up, is closer to the value one up. */
static bool rounds_up(const fractions *x, unsigned digit)
{
    big twice = x->value;
    big_shift_left(&twice, 1);
    int order = big_compare(&twice, &x->denominator);
    return order > 0 || (order == 0 && (digit & 1));
}

static digits generate(parts p)
{
    fractions x;
    int exponent = p.exponent + 63 - leading_zeros(p.significand);
    /* floor(exponent * log10 2) for |exponent| < 1,100 (78,913 / 2^18 errs by 3e-8, and no multiple of
     * log10 2 in that range but 0 comes nearer to a whole number than 4e-4); the decimal exponent is this
     * or one more. */
    int k = (int)(((int64_t)exponent * 78913 + ((int64_t)1 << 40)) >> 18) - (1 << 22);
    digits d = {0, k + 1, {0}};
    set_fractions(&x, p, k);
    big ten = x.denominator;
    big_multiply_add(&ten, 10, 0);
    big denominator = x.denominator;
    x.denominator = ten;
    if (reaches_above(&x))
        d.point++;
    else
        x.denominator = denominator;
    for (;;) {
        unsigned digit = 0;
        for (; big_compare(&x.value, &x.denominator) >= 0; digit++)
            big_subtract(&x.value, &x.denominator);
        bool low = reaches_below(&x), high = reaches_above(&x);
        if (high && (!low || rounds_up(&x, digit)))
            digit++;
        d.digit[d.count++] = (char)('0' + digit);
        if (low || high)
            return d;
        times_ten(&x);
    }
}

static char *put(char *out, const char *text, int count)
{
    memcpy(out, text, (size_t)count);
    return out + count;
}

static char *put_whole(char *out, uint64_t value)
{
    char reversed[20];
    int count = 0;
    do
        reversed[count++] = (char)('0' + value % 10);
    while (value /= 10);
    while (count)
        *out++ = reversed[--count];
    return out;
}

/* A number that is not whole, or from 10^plain on. */
static char *put_digits(char *out, const digits *d, const binary_format *f)
{
    int exponent = d->point - 1;
    if (exponent >= -5 && exponent < 0) {
        out = put(out, "0.0000", 1 - exponent);
        return put(out, d->digit, d->count);
    }
    bool scientific = exponent < 0 || exponent >= f->plain;
    int before = scientific ? 1 : d->point;
    out = put(out, d->digit, before);
    if (d->count > before) {
        *out++ = '.';
        out = put(out, d->digit + before, d->count - before);
    }
    if (!scientific)
        return out;
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    return put_whole(out, (uint64_t)(exponent < 0 ? -exponent : exponent));
}

/* The value of p, if it is whole and below limit. */
static bool as_whole(parts p, uint64_t limit, uint64_t *whole)
{
    *whole = 0;
    if (p.significand == 0)
        return true;
    if (p.exponent > 10 || p.exponent < -63)
        return false;
    if (p.exponent < 0 && p.significand & (((uint64_t)1 << -p.exponent) - 1))
        return false;
    *whole = p.exponent < 0 ? p.significand >> -p.exponent : p.significand << p.exponent;
    return *whole < limit;
}

static char *put_magnitude(char *out, uint64_t magnitude, const binary_format *f)
{
    uint64_t whole;
    if (magnitude == infinity_of(f))
        return put(out, "inf", 3);
    parts p = take_apart(magnitude, f);
    if (as_whole(p, f->plain_end, &whole))
        return put_whole(out, whole);
    digits d = generate(p);
    return put_digits(out, &d, f);
}

static size_t write_number(uint64_t bits, const binary_format *f, int width, char *buffer)
{
    uint64_t magnitude = bits & (((uint64_t)1 << (width - 1)) - 1);
    char *out = buffer;
    if (magnitude > infinity_of(f)) {
        out = put(out, "nan", 3);
    } else {
        if (bits >> (width - 1))
            *out++ = '-';
        out = put_magnitude(out, magnitude, f);
    }
    *out = 0;
    return (size_t)(out - buffer);
}

size_t sn_decimal_write_f64(double value, char *buffer)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return write_number(bits, &binary64, 64, buffer);
}

size_t sn_decimal_write_f32(float value, char *buffer)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return write_number(bits, &binary32, 32, buffer);
}
