/* Parameters by group: rows, sums and derivatives against formulas in long double, the same bits for any number of threads, bound groups against rows, columns that
 * say no number, refused memory; and sums by a column. */
#include "open_context.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <sinter/sinter.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include "refusing_allocator.h"
#include "density_checks.h"

enum { ROWS = 9001, GROUPS = 5, PLACES = 3 };

static const char ONE[] = "input y, group; param a[5] = 0.5; param sigma = 1 in 1e-300..1e300; y ~ normal(a[group], sigma)";
static const char PRIOR[] = "input y, group; param a[5] = 0.5; param sigma = 1 in 1e-300..1e300; a ~ normal(0, 2); y ~ normal(a[group], sigma)";
static const char CROSSED[] = "input y, group, place; param a[5] = 0; param s = 2 in 1e-300..1e300; param b[3] = 1 in -10..10; y ~ normal(a[group] - b[place], s)";
static const char PAIRED[] = "input y, group, place; param a[5] = 0; y ~ normal(a[group] - 2*a[place], 1)";
static const char CURVED[] = "input y, group; param a[5] = 0; param k = 1; target += -0.5*(a[group] - exp(k*y))^2";

static double y[ROWS], group[ROWS], place[ROWS], weight[ROWS];
static uint8_t validity[ROWS / 8 + 2];
static const sinter_density_argument columns[] = {{y, 1}, {group, 1}, {place, 1}};

static void fill_rows(void)
{
    for (int i = 0; i < ROWS; i++) {
        group[i] = floor(GROUPS * uniform(0, 1));
        place[i] = floor(PLACES * uniform(0, 1));
        y[i] = 3 * group[i] - place[i] + 4 * uniform(0, 1);
        weight[i] = floor(3 * uniform(0, 1));
    }
    memset(validity, 0xB7, sizeof validity);
}

static void expect_near(double got, double wanted, double bound, const char *what)
{
    if (!(fabs(got - wanted) <= bound))
        fail_msg("%s: %.17g instead of %.17g, which is %.3g off; %.3g is allowed", what, got, wanted, fabs(got - wanted), bound);
}

static void expect_bits(double got, double wanted, const char *what)
{
    if (memcmp(&got, &wanted, sizeof got) != 0)
        fail_msg("%s: %.17g instead of %.17g", what, got, wanted);
}

typedef struct subject {
    sinter_density *density;
    sinter_groups *groups;
    uint32_t count;
} subject;

static subject open_groups(const char *text, int threads)
{
    subject s;
    sinter_report report;
    char message[1000] = "";
    const sinter_status status = sinter_density_open(context, text, strlen(text), &(sinter_density_options){.threads = threads}, &s.density, &report);
    if (status)
        sinter_report_format(&report, 0, message, sizeof message);
    if (status)
        fail_msg("%s: %s", text, message);
    expect_status(sinter_groups_open(s.density, &s.groups, &report), SINTER_OK, text);
    s.count = sinter_groups_describe(s.groups).count;
    return s;
}

static void close_groups(subject *s)
{
    sinter_groups_close(s->groups);
    sinter_density_close(s->density);
}

static sinter_density_data rows(int64_t count, bool weighted)
{
    sinter_density_data data = {.count = count, .columns = columns};
    if (weighted) {
        data.weights = (sinter_density_argument){weight, 1};
        data.validity = validity;
        data.validity_offset = 3;
    }
    return data;
}

/* ---- what it is ---- */

static void parameters_are_listed(void **state)
{
    static const sinter_group_parameter wanted[] = {{"s", 0, 1, 2, 1e-300, 1e300}, {"a", 1, 5, 0, -INFINITY, INFINITY}, {"b", 6, 3, 1, -10, 10}};
    (void)state;
    subject s = open_groups(CROSSED, 1);
    const sinter_groups_info info = sinter_groups_describe(s.groups);
    if (info.count != 9 || info.parameter_count != 3)
        fail_msg("%u numbers in %u parameters", info.count, info.parameter_count);
    for (uint32_t k = 0; k < 3; k++) {
        const sinter_group_parameter *p = &info.parameters[k], *w = &wanted[k];
        if (strcmp(p->name, w->name) != 0 || p->first != w->first || p->length != w->length)
            fail_msg("parameter %u is %s, %u numbers from %u on", k, p->name, p->length, p->first);
        expect_bits(p->initial, w->initial, w->name);
        expect_bits(p->low, w->low, w->name);
        expect_bits(p->high, w->high, w->name);
    }
    if (sinter_groups_chosen(s.groups, 0) || sinter_groups_chosen(s.groups, 1) != 5 || sinter_groups_chosen(s.groups, 2) != 3)
        fail_msg("columns choose of %u, %u, %u", sinter_groups_chosen(s.groups, 0), sinter_groups_chosen(s.groups, 1), sinter_groups_chosen(s.groups, 2));
    close_groups(&s);
}

/* ---- sums ---- */

typedef struct expected {
    long double sum, size, slopes[9];
} expected;

static bool counts(int i, bool weighted)
{
    return !weighted || (validity[(i + 3) / 8] >> (i + 3) % 8 & 1);
}

/* Of CROSSED; `p`: s, a, b. */
static expected crossed(const double *p, bool weighted)
{
    expected e = {0};
    for (int i = 0; i < ROWS; i++) {
        if (!counts(i, weighted))
            continue;
        const int g = (int)group[i], h = (int)place[i];
        const long double w = weighted ? weight[i] : 1, s = p[0], z = (y[i] - ((long double)p[1 + g] - p[6 + h])) / s;
        const long double log = w * (-0.5L * z * z - logl(s) - 0.918938533204672741780L);
        e.sum += log;
        e.size += fabsl(log) + w;
        e.slopes[0] += w * (z * z - 1) / s;
        e.slopes[1 + g] += w * z / s;
        e.slopes[6 + h] -= w * z / s;
    }
    return e;
}

static const double numbers[] = {1.5, 0.25, 2.5, 6.125, 9, 11.75, -0.5, 1, 2.25};

static void compare(const expected *e, double sum, const double *gradient, const char *what)
{
    expect_near(sum, (double)e->sum, 4e-16 * (double)e->size, what);
    for (int k = 0; k < 9; k++)
        expect_near(gradient[k], (double)e->slopes[k], 4e-16 * (double)e->size, what);
}

static void sums_are_those_of_formulas(void **state)
{
    double sum, gradient[9], first[10] = {0}, alone;
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++)
        for (int threads = 1; threads <= 3; threads += 2) {
            subject s = open_groups(CROSSED, threads);
            const sinter_density_data data = rows(ROWS, weighted);
            const expected e = crossed(numbers, weighted);
            expect_status(sinter_groups_sum(s.groups, numbers, &data, &sum, gradient), SINTER_OK, "sum");
            compare(&e, sum, gradient, "a sum and its derivatives");
            expect_status(sinter_groups_sum(s.groups, numbers, &data, &alone, NULL), SINTER_OK, "sum alone");
            expect_bits(alone, sum, "a sum without derivatives");
            for (int k = 0; k < 10; k++) {
                if (threads > 1)
                    expect_bits(k ? gradient[k - 1] : sum, first[k], "three threads");
                first[k] = k ? gradient[k - 1] : sum;
            }
            close_groups(&s);
        }
}

/* One parameter read by two columns: its derivatives are of both. */
static void one_parameter_by_two_columns(void **state)
{
    const double a[] = {0.5, -1, 2, 0.25, 3};
    double sum, gradient[5];
    long double slopes[5] = {0};
    (void)state;
    subject s = open_groups(PAIRED, 1);
    const sinter_density_data data = rows(ROWS, false);
    expect_status(sinter_groups_sum(s.groups, a, &data, &sum, gradient), SINTER_OK, "sum");
    for (int i = 0; i < ROWS; i++) {
        const long double z = y[i] - ((long double)a[(int)group[i]] - 2 * a[(int)place[i]]);
        slopes[(int)group[i]] += z;
        slopes[(int)place[i]] -= 2 * z;
    }
    for (int k = 0; k < 5; k++)
        expect_near(gradient[k], (double)slopes[k], 1e-10, "a derivative");
    close_groups(&s);
}

/* A batch is that of the plain calls with the numbers as an array. */
static void rows_have_the_bits_of_arrays(void **state)
{
    static double logs[ROWS], wanted[ROWS], by_row[ROWS];
    const double p[] = {0.75, 0.5, 3, 6, 9, 12};
    sinter_density_values *v;
    (void)state;
    subject s = open_groups(ONE, 1);
    sinter_density_data data = rows(ROWS, true);
    expect_status(sinter_groups_batch(s.groups, p, &data, logs), SINTER_OK, "batch");
    for (int i = 0; i < ROWS; i++)
        by_row[i] = p[1 + (int)group[i]];
    expect_status(sinter_density_values_open(s.density, &v), SINTER_OK, "values");
    sinter_density_argument given[2] = {{NULL, 0}, {NULL, 0}};
    given[sinter_density_parameter_number(s.density, "sigma")] = (sinter_density_argument){p, 0};
    given[sinter_density_parameter_number(s.density, "a[group]")] = (sinter_density_argument){by_row, 1};
    data.parameters = given;
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = wanted}), SINTER_OK, "rows");
    for (int i = 0; i < ROWS; i++)
        if (!(isnan(logs[i]) && isnan(wanted[i])))
            expect_bits(logs[i], wanted[i], "a row");
    sinter_density_values_close(v);
    close_groups(&s);
}

/* ---- what is wrong ---- */

static void expect_stray(subject *s, const sinter_density_data *data, int64_t row, const char *what)
{
    double sum = 7;
    sinter_groups_bound *b;
    expect_status(sinter_groups_sum(s->groups, numbers, data, &sum, NULL), SINTER_BAD_ARGUMENT, what);
    const sinter_groups_complaint c = sinter_groups_complain(s->groups);
    if (c.row != row || c.column != 1 || c.number != -1)
        fail_msg("%s: row %lld, column %u", what, (long long)c.row, c.column);
    expect_bits(sum, 7, "what a refused sum leaves");
    expect_status(sinter_groups_bind(s->groups, data, &b, NULL), SINTER_BAD_ARGUMENT, what);
    if (sinter_groups_complain(s->groups).row != row || b)
        fail_msg("%s: bound rows: row %lld", what, (long long)sinter_groups_complain(s->groups).row);
}

static void columns_say_numbers_that_there_are(void **state)
{
    static const double wrong[] = {5, -1, 0.5, NAN, INFINITY, -INFINITY, 1e300};
    double sum;
    (void)state;
    subject s = open_groups(CROSSED, 1);
    const sinter_density_data data = rows(ROWS, false);
    const double kept = group[ROWS - 2];
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        group[ROWS - 2] = wrong[k];
        expect_stray(&s, &data, ROWS - 2, "a column that says no number");
    }
    sinter_density_data masked = rows(ROWS, true);
    const double whole = weight[ROWS - 2];
    weight[ROWS - 2] = 0;
    expect_status(sinter_groups_sum(s.groups, numbers, &masked, &sum, NULL), SINTER_OK, "in a row of weight 0");
    if (!isfinite(sum))
        fail_msg("a row of weight 0 makes the sum %g", sum);
    weight[ROWS - 2] = whole;
    group[ROWS - 2] = kept;
    close_groups(&s);
}

static void numbers_keep_constraints(void **state)
{
    double p[9], sum, gradient[9];
    (void)state;
    subject s = open_groups(CROSSED, 1);
    const sinter_density_data data = rows(100, false);
    static const struct {
        int number;
        double value;
    } wrong[] = {{0, 0}, {0, NAN}, {7, 11}, {8, -10.5}, {6, NAN}, {3, NAN}};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        memcpy(p, numbers, sizeof p);
        p[wrong[k].number] = wrong[k].value;
        const sinter_status status = sinter_groups_sum(s.groups, p, &data, &sum, gradient);
        expect_status(status, SINTER_BAD_PARAMETER, "a number outside of its range");
        if (sinter_groups_complain(s.groups).number != wrong[k].number || !isnan(sum) || !isnan(gradient[4]))
            fail_msg("number %d: %lld is named, the sum is %g", wrong[k].number, (long long)sinter_groups_complain(s.groups).number, sum);
    }
    close_groups(&s);
}

/* What families want of numbers, and of one number beside others, whichever rows may meet; of parameters of priors, too. */
static void numbers_suit_families(void **state)
{
    (void)state;
    static const double y_of[3] = {0.5, 1, 0.75}, place_of[3] = {0, 1, 2}, other_place_of[3] = {2, 0, 1};
    static const struct { const char *text; double numbers[6]; int64_t wrong; double lows[3]; } cases[] = {
        {"input y, g; param s[3] = 1; y ~ normal(0, s[g])", {1, 2, 3}, -1, {5e-324}},
        {"input y, g; param s[3] = 1; y ~ normal(0, s[g])", {1, 0, 3}, 1, {5e-324}},
        {"input y, g; param s[3] = 1; y ~ normal(0, exp(s[g]))", {1, 1000, 3}, -1, {-INFINITY}}, /* an expression: NaN, with all derivatives */
        {"input y, g; param lo = 0; param hi[3] = 2; y ~ uniform(lo, hi[g])", {0, 2, 2, 2}, -1, {-DBL_MAX, -DBL_MAX}},
        {"input y, g; param lo = 0; param hi[3] = 2; y ~ uniform(lo, hi[g])", {0.25, 2, 2, 0.25}, 3, {-DBL_MAX, -DBL_MAX}},
        {"input y, g; param lo[3] = 0; param hi = 2; y ~ uniform(lo[g], hi)", {2, 0, 0, 3}, 0, {-DBL_MAX, -DBL_MAX}},
        {"input y, g; param lo[3] = 0; param hi[2] = 2; y ~ uniform(lo[g], hi[g])", {0, 1, 0, 2, 1}, 4, {-DBL_MAX, -DBL_MAX}},
        {"input y, g; param lo[2] = 0; param hi[3] = 2; y ~ uniform(lo[g], hi[g])", {0, 1, 2, 2, -5}, -1, {-DBL_MAX, -DBL_MAX}}, /* the last meets none */
        {"input y, g, h; param lo[3] = 0; param hi[3] = 4; y ~ uniform(lo[g], hi[h])", {3, 0, 0, 2, 2, 4}, -1, {-DBL_MAX, -DBL_MAX}}, /* nobody can say which two meet */
        {"input y, g; param a[3] = 1; param tau = 2; a ~ normal(0, tau); y ~ normal(a[g], 1)", {2, 1, 1, 1}, -1, {5e-324, -DBL_MAX}},
        {"input y, g; param a[3] = 1; param tau = 2; a ~ normal(0, tau); y ~ normal(a[g], 1)", {-1, 1, 1, 1}, 0, {5e-324, -DBL_MAX}},
        {"input y, g; param a[3] = 1; param u = 0; param v = 3; a ~ uniform(u, v); y ~ normal(a[g], 1)", {2, 1, 1.5, 1.5, 1.5}, 1, {-DBL_MAX, -DBL_MAX, -DBL_MAX}},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        sinter_density *d;
        sinter_groups *g;
        sinter_report report;
        double sum = 7, gradient[6] = {7, 7, 7, 7, 7, 7};
        if (sinter_density_open(context, cases[k].text, strlen(cases[k].text), NULL, &d, &report) || sinter_groups_open(d, &g, &report))
            fail_msg("%s: %s", cases[k].text, report.errors[0].message);
        const sinter_groups_info info = sinter_groups_describe(g);
        for (uint32_t p = 0; p < info.parameter_count; p++)
            if (info.parameters[p].low != cases[k].lows[p])
                fail_msg("%s: %s from %g to %g", cases[k].text, info.parameters[p].name, info.parameters[p].low, info.parameters[p].high);
        const sinter_density_argument three[3] = {{y_of, 1}, {place_of, 1}, {other_place_of, 1}};
        const sinter_density_data data = {.count = strstr(cases[k].text, "[2]") ? 2 : 3, .columns = three};
        expect_status(sinter_groups_sum(g, cases[k].numbers, &data, &sum, gradient), cases[k].wrong < 0 ? SINTER_OK : SINTER_BAD_PARAMETER, cases[k].text);
        bool none = isnan(sum) != 0;
        for (uint32_t n = 0; n < info.count; n++)
            none = none && isnan(gradient[n]);
        const bool is_none = cases[k].wrong >= 0 || strstr(cases[k].text, "exp");
        if (sinter_groups_complain(g).number != cases[k].wrong || none != is_none)
            fail_msg("%s: number %d is named, the sum is %g", cases[k].text, (int)sinter_groups_complain(g).number, sum);
        sinter_groups_close(g);
        sinter_density_close(d);
    }
}

/* ---- bound ---- */

static void bound_groups_are_their_rows(void **state)
{
    double p[9], log, gradient[9];
    sinter_groups_bound *b;
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        subject s = open_groups(CROSSED, 1);
        const sinter_density_data data = rows(ROWS, weighted);
        expect_status(sinter_groups_bind(s.groups, &data, &b, NULL), SINTER_OK, "bind");
        if (sinter_groups_bound_count(b) != GROUPS * PLACES)
            fail_msg("%lld groups", (long long)sinter_groups_bound_count(b));
        for (int turn = 0; turn < 5; turn++) {
            for (int k = 0; k < 9; k++)
                p[k] = numbers[k] + (turn ? uniform(0, 1) : 0);
            const expected e = crossed(p, weighted);
            expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "bound");
            compare(&e, log, gradient, "bound groups");
        }
        p[7] = 99;
        expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_BAD_PARAMETER, "bound");
        sinter_groups_unbind(b);
        close_groups(&s);
    }
}

static void rows_that_do_not_collapse_are_kept(void **state)
{
    const double p[] = {0.09, 0.5, 1, 1.5, 2, 2.25};
    double log, sum, gradient[6], slopes[6];
    sinter_groups_bound *b;
    (void)state;
    subject s = open_groups(CURVED, 1);
    const sinter_density_data data = rows(ROWS, true);
    expect_status(sinter_groups_bind(s.groups, &data, &b, NULL), SINTER_OK, "bind");
    if (sinter_groups_bound_count(b))
        fail_msg("%lld groups", (long long)sinter_groups_bound_count(b));
    expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "bound");
    expect_status(sinter_groups_sum(s.groups, p, &data, &sum, slopes), SINTER_OK, "sum");
    expect_bits(log, sum, "kept rows");
    for (int k = 0; k < 6; k++)
        expect_bits(gradient[k], slopes[k], "their derivatives");
    sinter_groups_unbind(b);
    close_groups(&s);
}

/* ---- rows that come and go ---- */

/* Some of the rows. */
static sinter_density_data part(int64_t begin, int64_t count, bool weighted, sinter_density_argument *moved)
{
    sinter_density_data data = rows(count, weighted);
    for (int k = 0; k < 3; k++)
        moved[k] = (sinter_density_argument){(const double *)columns[k].data + begin, 1};
    data.columns = moved;
    if (weighted)
        data.weights.data = weight + begin;
    data.validity_offset += weighted ? begin : 0;
    return data;
}

/* All rows but some in the middle, in parts, others that go again; against the formulas over what is left. */
static void rows_come_and_go(void **state)
{
    enum { FIRST = 3000, SECOND = 6500 };
    static const struct { int64_t begin, end; } out[] = {{0, 10}, {2990, 3010}, {4000, 6000}, {8999, ROWS}};
    sinter_density_argument moved[3];
    double log, gradient[9];
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        subject s = open_groups(CROSSED, 1);
        sinter_groups_bound *b;
        sinter_density_data data = part(0, FIRST, weighted, moved);
        expect_status(sinter_groups_bind(s.groups, &data, &b, NULL), SINTER_OK, "bind");
        data = part(SECOND, ROWS - SECOND, weighted, moved);
        expect_status(sinter_groups_append(b, &data), SINTER_OK, "the last rows");
        data = part(FIRST, SECOND - FIRST, weighted, moved);
        expect_status(sinter_groups_append(b, &data), SINTER_OK, "those between");
        expected e = crossed(numbers, weighted);
        expect_status(sinter_groups_bound_log(b, numbers, &log, gradient), SINTER_OK, "all rows");
        compare(&e, log, gradient, "all rows in three parts");
        for (size_t k = 0; k < sizeof out / sizeof *out; k++) {
            data = part(out[k].begin, out[k].end - out[k].begin, weighted, moved);
            expect_status(sinter_groups_remove(b, &data), SINTER_OK, "some rows");
            for (int64_t i = out[k].begin; i < out[k].end; i++) {
                if (!counts((int)i, weighted))
                    continue;
                const int g = (int)group[i], h = (int)place[i];
                const long double w = weighted ? weight[i] : 1, sigma = numbers[0], z = (y[i] - ((long double)numbers[1 + g] - numbers[6 + h])) / sigma;
                e.sum -= w * (-0.5L * z * z - logl(sigma) - 0.918938533204672741780L);
                e.slopes[0] -= w * (z * z - 1) / sigma;
                e.slopes[1 + g] -= w * z / sigma;
                e.slopes[6 + h] += w * z / sigma;
            }
        }
        expect_status(sinter_groups_bound_log(b, numbers, &log, gradient), SINTER_OK, "what is left");
        compare(&e, log, gradient, "what is left");
        sinter_groups_unbind(b);
        close_groups(&s);
    }
}

/* To nothing and back: a huge row leaves no trace, groups without rows are gone, new ones come in order. */
static void groups_come_and_go(void **state)
{
    static const double p[] = {1.5, 0.25, 2.5, 6.125, 9, 11.75};
    const double values[] = {1, 2, 4, 7, 1e15, 3}, which[] = {3, 1, 3, 4, 1, 0};
    const sinter_density_argument given[] = {{values, 1}, {which, 1}}, later[] = {{values + 4, 1}, {which + 4, 1}}, third[] = {{values + 2, 1}, {which + 2, 1}};
    double log, before, gradient[6];
    sinter_groups_bound *b;
    (void)state;
    subject s = open_groups(ONE, 1);
    expect_status(sinter_groups_bind(s.groups, &(sinter_density_data){.count = 4, .columns = given}, &b, NULL), SINTER_OK, "bind");
    expect_status(sinter_groups_bound_log(b, p, &before, gradient), SINTER_OK, "before");
    const sinter_density_data two = {.count = 2, .columns = later}, four = {.count = 4, .columns = given};
    expect_status(sinter_groups_append(b, &two), SINTER_OK, "a huge row and a new group");
    if (sinter_groups_bound_count(b) != 4)
        fail_msg("%lld groups", (long long)sinter_groups_bound_count(b));
    expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "a huge row");
    expect_near(gradient[1], (3 - 0.25) / 2.25, 1e-15, "the new group's slope");
    expect_near(log, -0.5e30 / 2.25, 1e16, "the sum");
    expect_status(sinter_groups_remove(b, &two), SINTER_OK, "both go");
    if (sinter_groups_bound_count(b) != 3)
        fail_msg("%lld groups are left", (long long)sinter_groups_bound_count(b));
    expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "after");
    expect_near(log, before, 1e-15 * fabs(before), "a huge row that went");
    expect_status(sinter_groups_remove(b, &two), SINTER_BAD_ARGUMENT, "rows of a group that has not so many");
    expect_status(sinter_groups_remove(b, &(sinter_density_data){.count = 4, .columns = third}), SINTER_BAD_ARGUMENT, "rows, one of them of a group that has none");
    expect_status(sinter_groups_bound_log(b, p, &before, gradient), SINTER_OK, "after a refused removal");
    expect_bits(before, log, "a refused removal");
    const double stray[] = {1, 7};
    const sinter_density_argument wrong[] = {{values, 1}, {stray, 1}};
    expect_status(sinter_groups_append(b, &(sinter_density_data){.count = 2, .columns = wrong}), SINTER_BAD_ARGUMENT, "a stray row");
    if (sinter_groups_complain(s.groups).row != 1)
        fail_msg("row %lld is named", (long long)sinter_groups_complain(s.groups).row);
    expect_status(sinter_groups_bound_log(b, p, &before, NULL), SINTER_OK, "after a stray row");
    expect_bits(before, log, "a stray row");
    expect_status(sinter_groups_remove(b, &four), SINTER_OK, "all go");
    if (sinter_groups_bound_count(b))
        fail_msg("%lld groups are left of none", (long long)sinter_groups_bound_count(b));
    expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "no rows");
    expect_bits(log, 0, "the sum of no rows");
    expect_bits(gradient[4], 0, "its slope");
    expect_status(sinter_groups_append(b, &four), SINTER_OK, "they come again");
    expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "again");
    expect_near(log, before, 1e-15 * fabs(before), "rows that come again");
    expect_status(sinter_groups_append(NULL, &four), SINTER_BAD_ARGUMENT, "nothing bound");
    expect_status(sinter_groups_remove(b, NULL), SINTER_BAD_ARGUMENT, "no data");
    sinter_groups_unbind(b);
    close_groups(&s);
}

/* Rows that are kept are those that are left, in their order. */
static void kept_rows_come_and_go(void **state)
{
    const double p[] = {0.09, 0.5, 1, 1.5, 2, 2.25};
    double log, sum, gradient[6], slopes[6];
    sinter_density_argument moved[3];
    sinter_groups_bound *b;
    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        subject s = open_groups(CURVED, 1);
        sinter_density_data data = part(0, 2000, weighted, moved);
        expect_status(sinter_groups_bind(s.groups, &data, &b, NULL), SINTER_OK, "bind");
        data = part(2000, 1500, weighted, moved);
        expect_status(sinter_groups_append(b, &data), SINTER_OK, "more");
        data = part(0, 700, weighted, moved);
        expect_status(sinter_groups_remove(b, &data), SINTER_OK, "fewer");
        expect_status(sinter_groups_remove(b, &data), SINTER_BAD_ARGUMENT, "the same once more");
        const double own = group[3001];
        group[3001] = 9;
        data = part(3001, 1, false, moved);
        expect_status(sinter_groups_append(b, &data), SINTER_BAD_ARGUMENT, "a stray row");
        group[3001] = own;
        expect_status(sinter_groups_bound_log(b, p, &log, gradient), SINTER_OK, "bound");
        data = part(700, 2800, weighted, moved);
        expect_status(sinter_groups_sum(s.groups, p, &data, &sum, slopes), SINTER_OK, "sum");
        expect_near(log, sum, 1e-12 * fabs(sum), "kept rows");
        for (int k = 0; k < 6; k++)
            expect_near(gradient[k], slopes[k], 1e-11 * fabs(slopes[k]), "their derivatives");
        sinter_groups_unbind(b);
        close_groups(&s);
    }
}

/* ---- sums by a column ---- */

static void sums_by_a_column(void **state)
{
    static const char text[] = "normal(mu = 6, sigma = 2)";
    static double logs[ROWS];
    double sums[GROUPS + 1];
    long double wanted[GROUPS + 1] = {0}, size = 0;
    int64_t row = 9;
    sinter_density *d;
    sinter_density_values *v;
    (void)state;
    expect_status(sinter_density_open(context, text, strlen(text), NULL, &d, NULL), SINTER_OK, text);
    expect_status(sinter_density_values_open(d, &v), SINTER_OK, "values");
    const sinter_density_data data = rows(ROWS, true);
    expect_status(sinter_density_batch(v, &data, &(sinter_density_results){.logs = logs}), SINTER_OK, "batch");
    for (int i = 0; i < ROWS; i++)
        if (counts(i, true)) {
            wanted[(int)group[i]] += logs[i];
            size += fabsl((long double)logs[i]);
        }
    expect_status(sinter_density_sum_by(v, &data, &columns[1], GROUPS + 1, sums, &row), SINTER_OK, "sums");
    for (int k = 0; k <= GROUPS; k++)
        expect_near(sums[k], (double)wanted[k], 0x1p-52 * fabs((double)wanted[k]) + 1e-18 * (double)size, "a group's sum");
    expect_status(sinter_density_sum_by(v, &data, &columns[1], GROUPS - 1, sums, &row), SINTER_BAD_ARGUMENT, "too few groups");
    int first = 0;
    while (!counts(first, true) || weight[first] == 0 || group[first] != GROUPS - 1)
        first++;
    if (row != first)
        fail_msg("row %lld is named instead of %d", (long long)row, first);
    sinter_density_values_close(v);
    sinter_density_close(d);
}

/* ---- texts ---- */

static void texts_are_understood(void **state)
{
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"input y, g; param a[0] = 0; y ~ normal(a[g], 1)", "a parameter has from 1 to 16,777,216 numbers, a constant"},
        {"input y, g; param a[2.5] = 0; y ~ normal(a[g], 1)", "a parameter has from 1 to 16,777,216 numbers, a constant"},
        {"input y, g; param a[3] = 0; y ~ normal(a, 1)", "'a' is a parameter of several numbers"},
        {"input y, g; param a[3] = 0; y ~ normal(a[g + 1], 1)", "a parameter of several numbers is read by a column alone"},
        {"input y, g; param a[3] = 0; y ~ normal(a[1], 1)", "a parameter of several numbers is read by a column alone"},
        {"input y, g; param a[3] = 9 in 0..1; y ~ normal(a[g], 1)", "the initial value lies outside the range"},
        {"input y, g; param a[3 = 0; y ~ normal(a[g], 1)", NULL},
        {"input y, g; param a[3] = 0; a[g] ~ normal(0, 1); y ~ normal(a[g], 1)", "what stands here would count once a row, whatever number the row chooses"},
        {"input y, g; param a[3] = 0; a ~ normal(y, 1); y ~ normal(a[g], 1)", "the prior on the numbers of 'a' counts once, and reads nothing that a row says"},
        {"input y, g; param a[3] = 0; m = 2*a[g]; a ~ normal(m, 1); y ~ normal(a[g], 1)", "the prior on the numbers of 'a' counts once, and reads nothing that a row says"},
        {"input y, g; param a[3] = 0; a ~ normal(a, 1); y ~ normal(a[g], 1)", "'a' is a parameter of several numbers"},
        {"input y, g; param a[3] = 0; a ~ normal(1); y ~ normal(a[g], 1)", "'normal' takes 2 arguments, not 1"},
        {"input y, g; param a[3] = 0; a ~ dirichlet((1, 1)); y ~ normal(a[g], 1)", "x has 2 elements here, and is given 1"},
        {"input y, g; param a[3] = 0; 2*a ~ normal(0, 1); y ~ normal(a[g], 1)", "'a' is a parameter of several numbers"},
        {"input y, g; param a[3] = 0; a ~ normal(0, -1); y ~ normal(a[g], 1)", "'normal' cannot take these arguments: 'sigma' is -1, and must be > 0"},
    };
    sinter_report report;
    sinter_density *d;
    sinter_groups *g;
    (void)state;
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        const sinter_status status = sinter_density_open(context, wrong[k].text, strlen(wrong[k].text), NULL, &d, &report);
        expect_status(status, SINTER_BAD_PROGRAM, wrong[k].text);
        if (wrong[k].message && strcmp(report.errors[0].message, wrong[k].message) != 0)
            fail_msg("%s: %s", wrong[k].text, report.errors[0].message);
    }
    static const char field[] = "param a[3] = 0; x";
    sinter_kernel *kernel;
    expect_status(sinter_compile(context, field, strlen(field), NULL, &kernel, &report), SINTER_BAD_PROGRAM, field);
    expect_status(sinter_density_open(context, "normal", 6, NULL, &d, NULL), SINTER_OK, "normal");
    expect_status(sinter_groups_open(d, &g, &report), SINTER_BAD_PROGRAM, "no parameter of several numbers");
    sinter_density_close(d);
}

/* ---- priors ---- */

static const char HIERARCHY[] = "input y, group; param mu = 0.25; param a[5] = 0; param tau = 1.5 in 1e-300..1e300; param sigma = 0.75 in 1e-300..1e300; param b[3] = 1; input place\n"
                                "a ~ normal(mu, tau); y ~ normal(a[group] - b[place], sigma); b ~ exponential(2)";

/* Of its priors alone; `p`: mu, tau, sigma, a, b. Scaled by how often they count. */
static expected priors_of_hierarchy(const double *p)
{
    expected e = {0};
    for (int k = 0; k < 5; k++) {
        const long double z = (p[3 + k] - (long double)p[0]) / p[1], log = -0.5L * z * z - logl(p[1]) - 0.918938533204672741780L;
        e.sum += log;
        e.size += fabsl(log) + 1;
    }
    for (int k = 0; k < 3; k++) {
        e.sum += logl(2) - 2 * (long double)p[8 + k];
        e.size += 3 * (1 + fabsl(p[8 + k]));
    }
    return e;
}

static void priors_count_once(void **state)
{
    static const double p[11] = {0.5, 1.25, 0.875, 0.5, -1, 0.25, 2, 1, 0.5, 2, 0.125};
    (void)state;
    double sum, piece, none, gradient[11], of_rows[11], of_priors[11], bits[12] = {0}, bound_sum, bound_gradient[11];
    const expected e = priors_of_hierarchy(p);
    for (int threads = 1; threads <= 3; threads += 2) {
        subject s = open_groups(HIERARCHY, threads);
        assert_int_equal(s.count, 11);
        sinter_density_data data = rows(ROWS, true);
        const sinter_density_data nothing = {.count = 0, .columns = columns};
        expect_status(sinter_groups_sum(s.groups, p, &data, &sum, gradient), SINTER_OK, "all");
        expect_status(sinter_groups_sum_piece(s.groups, p, &data, &piece, of_rows), SINTER_OK, "rows");
        expect_status(sinter_groups_sum(s.groups, p, &nothing, &none, of_priors), SINTER_OK, "priors");
        expect_near(none, (double)e.sum, 1e-15 * (double)e.size, "priors");
        expect_near(sum, piece + none, 1e-14 * (fabs(piece) + fabs(none)), "rows and priors");
        long double by_mu = 0, by_tau = 0;
        for (int k = 0; k < 5; k++) {
            const long double z = (p[3 + k] - (long double)p[0]) / p[1];
            by_mu += z / p[1];
            by_tau += (z * z - 1) / p[1];
            expect_near(of_priors[3 + k], (double)(-z / p[1]), 1e-15 * (1 + fabs(of_priors[3 + k])), "a number");
        }
        expect_near(of_priors[0], (double)by_mu, 1e-14, "mu");
        expect_near(of_priors[1], (double)by_tau, 1e-14, "tau");
        assert_true(of_priors[2] == 0 && of_priors[8] == -2 && of_priors[9] == -2 && of_priors[10] == -2);
        for (int k = 0; k < 11; k++)
            expect_near(gradient[k], of_rows[k] + of_priors[k], 1e-13 * (1 + fabs(of_rows[k])), "derivatives");
        if (threads > 1)
            assert_true(bits[11] == sum && !memcmp(bits, gradient, sizeof gradient));
        memcpy(bits, gradient, sizeof gradient);
        bits[11] = sum;
        sinter_groups_bound *b;
        expect_status(sinter_groups_bind(s.groups, &data, &b, NULL), SINTER_OK, "bind");
        assert_true(sinter_groups_bound_count(b) > 0);
        expect_status(sinter_groups_bound_log(b, p, &bound_sum, bound_gradient), SINTER_OK, "bound");
        expect_near(bound_sum, sum, 1e-13 * (1 + fabs(piece)), "bound data");
        for (int k = 0; k < 11; k++)
            expect_near(bound_gradient[k], gradient[k], 1e-12 * (1 + fabs(gradient[k])), "bound data's derivatives");
        sinter_groups_unbind(b);
        close_groups(&s);
    }
}

/* Up to a constant in the parameters, of which the numbers are some, terms of numbers alone stay; up to one in the data there is no prior. */
static void priors_up_to_a_constant(void **state)
{
    static const double p[2][11] = {{0.5, 1.25, 0.875, 0.5, -1, 0.25, 2, 1, 0.5, 2, 0.125}, {-0.5, 0.25, 0.5, 1.5, 1, 0.75, -2, 1, 1.5, 0.25, 3}};
    double sums[3][2], pieces[3][2];
    (void)state;
    for (int drop = SINTER_DROP_NONE; drop <= SINTER_DROP_THETA; drop++)
        for (int k = 0; k < 2; k++) {
            sinter_density *d;
            sinter_groups *g;
            const sinter_density_data data = rows(ROWS, false);
            expect_status(sinter_density_open(context, HIERARCHY, strlen(HIERARCHY), &(sinter_density_options){.drop = (sinter_drop)drop}, &d, NULL), SINTER_OK, "open");
            expect_status(sinter_groups_open(d, &g, NULL), SINTER_OK, "groups");
            expect_status(sinter_groups_sum(g, p[k], &data, &sums[drop][k], NULL), SINTER_OK, "sum");
            expect_status(sinter_groups_sum_piece(g, p[k], &data, &pieces[drop][k], NULL), SINTER_OK, "piece");
            sinter_groups_close(g);
            sinter_density_close(d);
        }
    const double constant = sums[SINTER_DROP_NONE][0] - sums[SINTER_DROP_THETA][0];
    expect_near(sums[SINTER_DROP_NONE][1] - sums[SINTER_DROP_THETA][1], constant, 1e-10 * fabs(sums[0][1]), "the same constant");
    expect_near(constant, -ROWS * 0.9189385332046727 - 5 * 0.9189385332046727 + 3 * log(2), 1e-10 * fabs(sums[0][0]), "what it is");
    assert_true(sums[SINTER_DROP_X][0] == pieces[SINTER_DROP_X][0] && sums[SINTER_DROP_X][1] == pieces[SINTER_DROP_X][1]);
}

/* Numbers by the thousand go in pieces; what one of them, or a parameter of the prior, breaks is named; fixed parameters are constants of priors too; f32. */
static void priors_in_pieces(void **state)
{
    static const char text[] = "input y, g; param a[10001] = 0 in -5..5; param mu = 0; param s = 1 in 1e-300..1e300; a ~ normal(mu, s); y ~ normal(a[g], 1)";
    enum { COUNT = 10003 };
    static double p[COUNT], gradient[COUNT];
    (void)state;
    for (int narrow = 0; narrow < 2; narrow++) {
        sinter_density *d;
        sinter_groups *g;
        const char *const names[] = {"s"};
        const sinter_density_options o = {.type = narrow ? SINTER_F32 : SINTER_F64, .fixed_names = names, .fixed_values = &(double){2}, .fixed_count = 1};
        expect_status(sinter_density_open(context, text, strlen(text), &o, &d, NULL), SINTER_OK, text);
        expect_status(sinter_groups_open(d, &g, NULL), SINTER_OK, text);
        assert_int_equal(sinter_groups_describe(g).count, COUNT - 1);
        const sinter_density_data nothing = {.count = 0, .columns = columns};
        long double wanted = 0;
        double sum;
        p[0] = 0.25;
        for (int k = 1; k < COUNT - 1; k++) {
            p[k] = (k % 64) / 16.0;
            wanted += -0.125L * (p[k] - 0.25L) * (p[k] - 0.25L) - logl(2) - 0.918938533204672741780L;
        }
        expect_status(sinter_groups_sum(g, p, &nothing, &sum, gradient), SINTER_OK, "pieces");
        expect_near(sum, (double)wanted, (narrow ? 1e-6 : 1e-14) * fabs(sum), "pieces");
        for (int k = 1; k < COUNT - 1; k++)
            expect_near(gradient[k], (0.25 - p[k]) / 4, narrow ? 1e-6 : 1e-15, "a number far on");
        p[7000] = 6;
        expect_status(sinter_groups_sum(g, p, &nothing, &sum, NULL), SINTER_BAD_PARAMETER, "a number outside");
        assert_int_equal(sinter_groups_complain(g).number, 7000);
        assert_true(isnan(sum));
        sinter_groups_close(g);
        sinter_density_close(d);
    }
}

/* ---- refusals ---- */

/* Rows come and go; where one is refused the log-likelihood is what it was. */
static sinter_status use_more(sinter_groups_bound *b)
{
    double before, after, gradient[9];
    sinter_density_argument moved[3];
    sinter_density_data data = part(50, 40, true, moved);
    sinter_status status = sinter_groups_bound_log(b, numbers, &before, gradient);
    if (status)
        return status;
    for (int turn = 0; turn < 2; turn++) {
        status = turn ? sinter_groups_remove(b, &data) : sinter_groups_append(b, &data);
        if (sinter_groups_bound_log(b, numbers, &after, NULL) == SINTER_OK) {
            if (status)
                expect_near(after, before, 1e-14 * fabs(before), turn ? "a refused removal" : "refused rows");
            before = after;
        }
        if (status)
            return status;
    }
    return SINTER_OK;
}

/* All that takes memory; the first refusal ends it. */
static sinter_status use_all(sinter_context *own, const char *text)
{
    sinter_density *d = NULL;
    sinter_groups *g = NULL;
    sinter_groups_bound *b = NULL;
    double log, gradient[9];
    const sinter_density_data data = rows(60, true);
    sinter_status status = sinter_density_open(own, text, strlen(text), NULL, &d, NULL);
    if (!status)
        status = sinter_groups_open(d, &g, NULL);
    if (!status)
        status = sinter_groups_sum(g, numbers, &data, &log, gradient);
    if (!status)
        status = sinter_groups_bind(g, &data, &b, NULL);
    if (!status)
        status = use_more(b);
    sinter_groups_unbind(b);
    sinter_groups_close(g);
    sinter_density_close(d);
    return status;
}

static void memory_is_refused(void **state)
{
    static const char *const texts[] = {ONE, CURVED, PRIOR};
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        sinter_status status = SINTER_NO_MEMORY;
        for (int granted = 0; status == SINTER_NO_MEMORY; granted++) {
            refusing r = {1 << 30, 0};
            sinter_context *own;
            expect_status(sinter_open(&(sinter_context_options){.allocator = refusing_allocator(&r)}, &own), SINTER_OK, "context");
            r.left = granted;
            status = use_all(own, texts[k]);
            if (status && status != SINTER_NO_MEMORY)
                fail_msg("refused after %d: %s", granted, sinter_status_name(status));
            sinter_close(own);
            if (r.taken)
                fail_msg("refused after %d: %zu bytes are left", granted, r.taken);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_are_listed),
        cmocka_unit_test(sums_are_those_of_formulas),
        cmocka_unit_test(one_parameter_by_two_columns),
        cmocka_unit_test(rows_have_the_bits_of_arrays),
        cmocka_unit_test(columns_say_numbers_that_there_are),
        cmocka_unit_test(numbers_keep_constraints), cmocka_unit_test(numbers_suit_families),
        cmocka_unit_test(bound_groups_are_their_rows),
        cmocka_unit_test(rows_that_do_not_collapse_are_kept), cmocka_unit_test(rows_come_and_go), cmocka_unit_test(groups_come_and_go), cmocka_unit_test(kept_rows_come_and_go),
        cmocka_unit_test(sums_by_a_column),
        cmocka_unit_test(priors_count_once), cmocka_unit_test(priors_up_to_a_constant), cmocka_unit_test(priors_in_pieces),
        cmocka_unit_test(texts_are_understood),
        cmocka_unit_test(memory_is_refused),
    };
    fill_rows();
    return cmocka_run_group_tests(tests, open_context, close_context);
}
