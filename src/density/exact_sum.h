/* Sums in exact arithmetic, rounded once: the same for every order, cutting and number of threads.
 *
 * An accumulator is one long integer: its unit is the square of the least f64, 2^-2148, so that products of two f64 are whole numbers of it too.
 * It is kept in chunks of 64 bits that overlap, 32 bits apart (R. M. Neal, Fast exact summation using small and large
 * superaccumulators, arXiv:1505.05571, 2015, the small one, here widened for products). Whatever is added meets two chunks (three, of a product), without a carry;
 * after 2^10 additions at the latest the carries are brought on, so that no chunk overflows. Many numbers at once are split into layers by
 * floating-point additions that have no error, so that few sums reach the chunks.
 *
 * Infinities and NaN are counted, not added, so that taking one back leaves no trace. Numbers of additions are not limited before 2^63. Nothing here
 * allocates; one thread at a time. */
#ifndef SN_DENSITY_EXACT_SUM_H
#define SN_DENSITY_EXACT_SUM_H

#include <stdint.h>

enum {
    EXACT_UNIT = 2148,   /* bit 0 is worth 2^-EXACT_UNIT */
    EXACT_CHUNKS = 136,  /* bits up to 2^4352: the largest product, 2^2048, 2^156 times */
    EXACT_CREDIT = 1 << 10 /* additions between carries: each adds less than 2^53 to a chunk */
};

typedef struct exact_sum {
    int64_t chunks[EXACT_CHUNKS]; /* Σ chunks[k]·2^(32k) units */
    int32_t credit;               /* additions until carries are due */
    int64_t plus_infinities, minus_infinities, not_numbers;
} exact_sum;

void sn_exact_open(exact_sum *s); /* to 0 */
/* What was added before can be taken out again by adding its negative, but for what is not finite: that is taken out by name. */
void sn_exact_add(exact_sum *s, double value);
void sn_exact_add_all(exact_sum *s, const double *values, int64_t count);
/* a·b, unrounded. 0·∞ counts as NaN; infinite factors count as an infinite product. */
void sn_exact_add_product(exact_sum *s, double a, double b);
void sn_exact_remove(exact_sum *s, double value);
void sn_exact_remove_product(exact_sum *s, double a, double b);
void sn_exact_join(exact_sum *to, const exact_sum *from); /* += */
/* Rounded to nearest even; never −0. An infinity where there is one, NaN where there are two opposite ones or a NaN. `s` stays what it is worth. */
double sn_exact_value(exact_sum *s);
/* The sum, rounded, and what that leaves out, rounded: together twice the precision. Of a sum that is not finite the rest is 0. */
double sn_exact_value_pair(exact_sum *s, double *rest);

#endif
