/* Filters: what becomes of the samples of a pixel.
 *
 * A filter is a product of two equal functions, one along each axis, so a pixel is made in two steps: the rows of
 * samples that it reaches are added, each with its weight, into one row of sums; then a few neighbours in that row. The first step
 * is a loop over whole rows, which compilers turn into vectors, and does nearly all of the work.
 *
 * Sums are f64 whatever the samples are: the mean of n × n equal f32 is then exactly that f32, since its 24 bits times n × n fit.
 * The order is fixed (rows from the top, then columns from the left), and nothing of it depends on which part of the
 * picture is at hand, so the bits do not either. The weights come from arithmetic alone, as libraries' exponential
 * functions differ from machine to machine. */
#include "field/field.h"

#include "kernel/float_mode.h"

#include <math.h>

enum { BLOCK = 256 };

/* e^x for -8 <= x <= 0, to some units in the last place: the series at x/16, which ends below 2^-53 after 13 terms, then four squarings. */
static double exponential(double x)
{
    const double part = x / 16;
    double sum = 1;
    for (int k = 13; k > 0; k--)
        sum = 1 + sum * part / k;
    for (int k = 0; k < 4; k++)
        sum *= sum;
    return sum;
}

static double radius_of(sinter_filter kind)
{
    switch (kind) {
    case SINTER_FILTER_TENT: return 1;
    case SINTER_FILTER_GAUSSIAN: return 1.5;
    case SINTER_FILTER_MITCHELL: return 2;
    default: return 0.5;
    }
}

/* Mitchell and Netravali (1988), the family of cubics at B = C = 1/3, times 18. */
static double mitchell(double d)
{
    return d < 1 ? (21 * d - 36) * d * d + 16 : ((36 - 7 * d) * d - 60) * d + 32;
}

static double weight(sinter_filter kind, double distance)
{
    const double d = fabs(distance);
    switch (kind) {
    case SINTER_FILTER_TENT: return 1 - d;
    case SINTER_FILTER_GAUSSIAN: return exponential(-2 * d * d) - exponential(-4.5);
    case SINTER_FILTER_MITCHELL: return mitchell(d);
    default: return 1;
    }
}

void sn_field_open_filter(field_filter *f, sinter_filter kind, int32_t samples)
{
    f->samples = samples;
    f->reach = (int32_t)((radius_of(kind) - 0.5) * samples);
    const float_mode mode = sn_float_mode_enter();
    for (int32_t k = -f->reach; k < samples + f->reach; k++)
        f->taps[k + f->reach] = weight(kind, (k + 0.5) / samples - 0.5);
    sn_float_mode_leave(mode);
}

bool sn_field_filter_is_plain(const field_filter *f)
{
    return f->samples == 1 && f->reach == 0;
}

/* ---- rows ---- */

/* sums[i] = w a[i] + u b[i], or that added to it from the left: two rows at a time, which reads and writes the sums half as often. */
#define ROW_LOOPS(type, name)                                                                                              \
    static void begin_##name(double *restrict sums, const type *a, int32_t count, double w)                                \
    {                                                                                                                      \
        for (int32_t i = 0; i < count; i++)                                                                                \
            sums[i] = w * (double)a[i];                                                                                    \
    }                                                                                                                      \
    static void begin_two_##name(double *restrict sums, const type *a, const type *b, int32_t count, double w, double u)   \
    {                                                                                                                      \
        for (int32_t i = 0; i < count; i++)                                                                                \
            sums[i] = w * (double)a[i] + u * (double)b[i];                                                                 \
    }                                                                                                                      \
    static void add_##name(double *restrict sums, const type *a, int32_t count, double w)                                  \
    {                                                                                                                      \
        for (int32_t i = 0; i < count; i++)                                                                                \
            sums[i] += w * (double)a[i];                                                                                   \
    }                                                                                                                      \
    static void add_two_##name(double *restrict sums, const type *a, const type *b, int32_t count, double w, double u)     \
    {                                                                                                                      \
        for (int32_t i = 0; i < count; i++)                                                                                \
            sums[i] = sums[i] + w * (double)a[i] + u * (double)b[i];                                                       \
    }                                                                                                                      \
    /* Rows first … end - 1 of samples, each with its weight. */                                                           \
    static void add_rows_##name(double *sums, const type *values, int32_t columns, const double *weights, int32_t count)   \
    {                                                                                                                      \
        int32_t k = count < 2 ? 1 : 2;                                                                                     \
        if (count < 2)                                                                                                     \
            begin_##name(sums, values, columns, weights[0]);                                                               \
        else                                                                                                               \
            begin_two_##name(sums, values, values + columns, columns, weights[0], weights[1]);                             \
        for (; k + 1 < count; k += 2)                                                                                      \
            add_two_##name(sums, values + (size_t)k * (size_t)columns, values + (size_t)(k + 1) * (size_t)columns, columns, \
                           weights[k], weights[k + 1]);                                                                    \
        if (k < count)                                                                                                     \
            add_##name(sums, values + (size_t)k * (size_t)columns, columns, weights[k]);                                   \
    }
ROW_LOOPS(float, f32)
ROW_LOOPS(double, f64)

/* The taps [*first, *end) of pixel `number` along an axis that lie in the picture. */
static void clip(const field_filter *f, int32_t number, int32_t size, int32_t *first, int32_t *end)
{
    const int64_t origin = (int64_t)number * f->samples - f->reach; /* where tap 0 lies */
    const int64_t taps = f->samples + 2 * f->reach;
    *first = origin < 0 ? (int32_t)-origin : 0;
    *end = (int32_t)(origin + taps > size ? size - origin : taps);
}

static double add_taps(const field_filter *f, int32_t first, int32_t end)
{
    double sum = 0;
    for (int32_t k = first; k < end; k++)
        sum += f->taps[k];
    return sum;
}

/* The weighted sums of the rows that pixel row `row` reaches; the answer is the sum of their weights. */
static double add_rows(const field_filter *f, const field_samples *s, int32_t row, double *sums)
{
    int32_t first, end;
    clip(f, row, s->height, &first, &end);
    const size_t at = (size_t)(row * f->samples - f->reach + first - s->first_row) * (size_t)s->columns;
    if (s->type == SINTER_F64)
        add_rows_f64(sums, (const double *)s->values + at, s->columns, f->taps + first, end - first);
    else
        add_rows_f32(sums, (const float *)s->values + at, s->columns, f->taps + first, end - first);
    return add_taps(f, first, end);
}

/* ---- columns ---- */

/* Σ w v of the taps [first, end); sums[0] is that of tap 0. */
static double add_columns(const field_filter *f, const double *sums, int32_t first, int32_t end)
{
    double sum = f->taps[first] * sums[first];
    for (int32_t k = first + 1; k < end; k++)
        sum += f->taps[k] * sums[k];
    return sum;
}

/* The same of all `count` taps, which the compiler knows in some calls. */
static inline __attribute__((always_inline)) double add_all(const double *taps, const double *sums, int32_t count)
{
    double sum = taps[0] * sums[0];
    for (int32_t k = 1; k < count; k++)
        sum += taps[k] * sums[k];
    return sum;
}

/* Pixels whose taps all lie in the picture: `sums` is where those of the first one begin. */
static void add_inner(const field_filter *f, const double *sums, int32_t count, double weights, double *to)
{
    const int32_t n = f->samples, all = n + 2 * f->reach;
    if (all == 2)
        for (int32_t i = 0; i < count; i++)
            to[i] = add_all(f->taps, sums + i * n, 2) / weights;
    else if (all == 3)
        for (int32_t i = 0; i < count; i++)
            to[i] = add_all(f->taps, sums + i * n, 3) / weights;
    else if (all == 4)
        for (int32_t i = 0; i < count; i++)
            to[i] = add_all(f->taps, sums + i * n, 4) / weights;
    else
        for (int32_t i = 0; i < count; i++)
            to[i] = add_all(f->taps, sums + i * n, all) / weights;
}

static void put(const field_samples *s, void *values, int32_t i, const double *from, int32_t count)
{
    if (s->type == SINTER_F64)
        for (int32_t k = 0; k < count; k++)
            ((double *)values)[i + k] = from[k];
    else
        for (int32_t k = 0; k < count; k++)
            ((float *)values)[i + k] = (float)from[k];
}

/* How many of the pixels from `column` on, up to `end`, have all taps in the picture. */
static int32_t count_inner(const field_filter *f, int32_t width, int32_t column, int32_t end)
{
    const int64_t origin = (int64_t)column * f->samples - f->reach, beyond = width - f->reach;
    const int64_t last = beyond / f->samples; /* the first pixel whose taps reach beyond the right rim */
    return origin < 0 || last <= column ? 0 : (int32_t)(last < end ? last - column : end - column);
}

void sn_field_filter_row(const field_filter *f, const field_samples *s, int32_t row, int32_t first_column, int32_t count,
                         double *sums, void *values)
{
    const double rows = add_rows(f, s, row, sums);
    const double inside = rows * add_taps(f, 0, f->samples + 2 * f->reach);
    double block[BLOCK];
    for (int32_t i = 0, n; i < count; i += n) {
        const int32_t column = first_column + i;
        const double *origin = sums + column * f->samples - f->reach - s->first_column;
        n = count_inner(f, s->width, column, first_column + (count - i < BLOCK ? count : i + BLOCK));
        if (n) {
            add_inner(f, origin, n, inside, block);
        } else {
            int32_t first, end;
            clip(f, column, s->width, &first, &end);
            *block = add_columns(f, origin, first, end) / (rows * add_taps(f, first, end));
            n = 1;
        }
        put(s, values, i, block, n);
    }
}
