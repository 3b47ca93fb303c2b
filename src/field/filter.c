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

#include <math.h>

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
    for (int32_t k = -f->reach; k < samples + f->reach; k++)
        f->taps[k + f->reach] = weight(kind, (k + 0.5) / samples - 0.5);
}

bool sn_field_filter_is_plain(const field_filter *f)
{
    return f->samples == 1 && f->reach == 0;
}

/* ---- rows ---- */

static void begin_f32(double *restrict sums, const float *restrict values, int32_t count, double w)
{
    for (int32_t i = 0; i < count; i++)
        sums[i] = w * (double)values[i];
}

static void begin_f64(double *restrict sums, const double *restrict values, int32_t count, double w)
{
    for (int32_t i = 0; i < count; i++)
        sums[i] = w * values[i];
}

static void add_f32(double *restrict sums, const float *restrict values, int32_t count, double w)
{
    for (int32_t i = 0; i < count; i++)
        sums[i] += w * (double)values[i];
}

static void add_f64(double *restrict sums, const double *restrict values, int32_t count, double w)
{
    for (int32_t i = 0; i < count; i++)
        sums[i] += w * values[i];
}

static void add_row(double *sums, const field_samples *s, int32_t row, double w, bool first)
{
    const size_t at = (size_t)(row - s->first_row) * (size_t)s->columns;
    if (s->type == SINTER_F64)
        (first ? begin_f64 : add_f64)(sums, (const double *)s->values + at, s->columns, w);
    else
        (first ? begin_f32 : add_f32)(sums, (const float *)s->values + at, s->columns, w);
}

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
    for (int32_t k = first; k < end; k++)
        add_row(sums, s, row * f->samples - f->reach + k, f->taps[k], k == first);
    return add_taps(f, first, end);
}

/* ---- columns ---- */

/* Σ w v over taps [first, end); sums[0] is that of tap 0. */
static double add_columns(const field_filter *f, const double *sums, int32_t first, int32_t end)
{
    double sum = f->taps[first] * sums[first];
    for (int32_t k = first + 1; k < end; k++)
        sum += f->taps[k] * sums[k];
    return sum;
}

static void put(const field_samples *s, void *values, int32_t i, double value)
{
    if (s->type == SINTER_F64)
        ((double *)values)[i] = value;
    else
        ((float *)values)[i] = (float)value;
}

void sn_field_filter_row(const field_filter *f, const field_samples *s, int32_t row, int32_t first_column, int32_t count,
                         double *sums, void *values)
{
    const double rows = add_rows(f, s, row, sums);
    const int32_t all = f->samples + 2 * f->reach;
    const double inside = rows * add_taps(f, 0, all); /* of every pixel but a few at the rims */
    for (int32_t i = 0; i < count; i++) {
        int32_t first, end;
        const double *origin = sums + (first_column + i) * f->samples - f->reach - s->first_column;
        clip(f, first_column + i, s->width, &first, &end);
        const double weights = end - first == all ? inside : rows * add_taps(f, first, end);
        put(s, values, i, add_columns(f, origin, first, end) / weights);
    }
}
