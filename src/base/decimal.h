/* Numbers to text and back, free of the locale.
 *
 * Reading is correctly rounded: the result is the floating-point number nearest to the exact value of the
 * text, ties to even, rounded once and straight to the type asked for, whatever the number of digits.
 * Writing gives the shortest text that reads back to the same number. Neither does floating-point
 * arithmetic, so neither depends on the rounding mode or the flush-to-zero bits of the caller; neither
 * allocates, and all of them may be called from any thread. */
#ifndef SN_BASE_DECIMAL_H
#define SN_BASE_DECIMAL_H

#include <stddef.h>

/* The room a buffer needs for one written number, the final zero included. */
enum { SN_DECIMAL_ROOM = 32 };

/* Reads the longest prefix of text[0 .. length) that is a number, puts its value into *value and returns
 * how many characters it took. Returns 0, and leaves *value alone, where no number begins. The text needs
 * no final zero.
 *
 *   12   1_000   0.5   .5   2.   6.02e23   1E-3   0x1F   0x1.8p3
 *
 * Digits, a fraction, an exponent (e or E; p or P and decimal digits after hexadecimal ones). No sign, no
 * infinity, no NaN. One underscore may stand between two digits. A point without digits behind it belongs
 * to the number only if neither a second point, a letter nor an underscore follows: `20..30` reads as 20,
 * and `2.xy` as 2. An exponent without digits is left unread, and so is an x without hexadecimal digits.
 *
 * Too large becomes infinity, too small becomes 0; both count as read. About 10 ns for numbers of ordinary
 * length; texts on or next to the middle between two neighbouring numbers take up to a few microseconds,
 * and further digits about a nanosecond each. */
size_t sn_decimal_read_f64(const char *text, size_t length, double *value);
size_t sn_decimal_read_f32(const char *text, size_t length, float *value);

/* Writes the shortest text that reads back to value (of the shortest the closest, of two equally close the
 * even one), ends it with a zero and returns its length without that zero, at most 24. The buffer holds
 * SN_DECIMAL_ROOM characters.
 *
 *   1.5   0.1   -0   100   0.00001   1e-6   1e+30   1.7976931348623157e+308   inf   -inf   nan
 *
 * The exponent form is used below 0.00001 and from 1e16 on (f64) or 1e8 on (f32). Whole numbers below that
 * are written exactly. A NaN's sign and payload are not shown. */
size_t sn_decimal_write_f64(double value, char *buffer);
size_t sn_decimal_write_f32(float value, char *buffer);

#endif
