/* A density over its data's histogram.
 *
 * Of a density of one column the curve is the density. Of a model it is that of one column, given the others, averaged over the rows of the data (over PLOT_ROWS of them,
 * evenly taken, where there are more): what the model says the column's histogram should look like. A column of whole numbers whose density lives on
 * whole numbers alone is drawn as points over bars of width 1.
 *
 * Bars are as wide as Freedman and Diaconis advise (2·IQR·n^(-1/3), 1981). Of data with several peaks the range between quartiles is the distance of the
 * peaks, not their width, so that of the shortest interval that has a quarter of the data is taken where it says less; and there are at least sqrt(n) bars,
 * up to 30. A density that repeats after 2·pi is one of angles: they are drawn once around the circle, about their mean direction, wherever they were cut
 * open. Where single values lie so far out that nothing else could be seen, the picture ends before them and says how many it leaves out. */
#include "cli/canvas.h"
#include "cli/density_job.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PLOT_ROWS = 2048, PLOT_BARS = 100, TICKS_MOST = 64, FEWEST_BARS = 30, DIRECTIONS = 8 };

static const double TURN = 6.283185307179586;

enum { PAPER = 0xFCFCFA, GRID = 0xE4E6E8, BAR = 0xB9CCE0, BAR_EDGE = 0x8FABC6, CURVE = 0xC2402A, INK = 0x2B2F33, FAINT_INK = 0x6A7178 };

typedef struct plot {
    const density_job *job;
    const density_table *table; /* NULL: no data */
    uint32_t axis;
    double *sorted;       /* the axis' column, what is finite of it */
    size_t count, outside;
    bool rounded;         /* data are whole numbers */
    bool whole;           /* and the density lives on them alone */
    bool circular;        /* angles */
    double low, high;     /* of the axis */
    double bars[PLOT_BARS]; /* their heights as densities */
    int bar_count;
    double bar_low, bar_width;
    double *places, *heights; /* of the curve */
    size_t curve_count;
    double top;           /* of the other axis, which begins at 0 */
    double scale;         /* of letters and lines: 1 at 1200 × 800 */
    double x0, y0, x1, y1; /* of the field, in pixels */
    canvas canvas;
} plot;

/* ---- rows ---- */

int sn_cli_choose_axis(const density_job *j, uint32_t *axis)
{
    const char *wanted = j->a->axis;
    if (j->info.column_count == 0)
        return sn_cli_fail("--plot: the density has no columns");
    const int named = sinter_density_column_number(j->density, wanted ? wanted : "y");
    if (wanted && named < 0)
        return sn_cli_misuse(j->a->command, "--axis: the density has no column %s", wanted);
    if (!wanted && j->info.column_count > 1 && named < 0)
        return sn_cli_misuse(j->a->command, "--plot: of which of the %u columns? As in --axis %s", j->info.column_count, j->info.columns[0].name);
    *axis = named >= 0 ? (uint32_t)named : 0;
    return STATUS_GOOD;
}

bool sn_cli_keep_rows(density_table *t, uint32_t column_count, double *const *values, size_t count)
{
    if (t->count + count > t->room) {
        const size_t room = t->room ? 2 * t->room : 4 * DENSITY_ROWS;
        for (uint32_t k = 0; k < column_count; k++) {
            double *grown = realloc(t->columns[k], room * sizeof *grown);
            if (!grown)
                return sn_cli_refuse("out of memory: all rows are kept");
            t->columns[k] = grown;
        }
        t->room = room;
    }
    for (uint32_t k = 0; k < column_count; k++)
        memcpy(t->columns[k] + t->count, values[k], count * sizeof(double));
    t->count += count;
    return true;
}

void sn_cli_free_rows(density_table *t, uint32_t column_count)
{
    for (uint32_t k = 0; k < column_count; k++)
        free(t->columns[k]);
    *t = (density_table){0};
}

/* ---- the density ---- */

typedef struct evaluator {
    void *at, *logs; /* of the density's type */
    size_t size, count;
} evaluator;

static void close_evaluator(evaluator *e)
{
    free(e->at);
    free(e->logs);
    *e = (evaluator){0};
}

static bool open_evaluator(evaluator *e, const plot *p, const double *places, size_t count)
{
    const size_t size = sn_cli_type_size(p->job->info.type);
    *e = (evaluator){malloc((count + 1) * size), malloc((count + 1) * size), size, count};
    if (!e->at || !e->logs) {
        close_evaluator(e);
        return sn_cli_refuse("out of memory");
    }
    for (size_t i = 0; i < count; i++)
        if (size == 8)
            ((double *)e->at)[i] = places[i];
        else
            ((float *)e->at)[i] = (float)places[i];
    return true;
}

static double log_at(const evaluator *e, size_t i)
{
    return e->size == 8 ? ((const double *)e->logs)[i] : (double)((const float *)e->logs)[i];
}

/* The log-density at all places, the other columns as in row `row`. */
static bool evaluate(const plot *p, const evaluator *e, size_t row)
{
    const sinter_density_info *info = &p->job->info;
    sinter_density_argument given[SINTER_DENSITY_MOST];
    double wide[SINTER_DENSITY_MOST];
    float narrow[SINTER_DENSITY_MOST];
    for (uint32_t k = 0; k < info->column_count; k++) {
        wide[k] = k == p->axis ? 0 : p->table->columns[k][row];
        narrow[k] = (float)wide[k];
        given[k] = (sinter_density_argument){e->size == 8 ? (const void *)&wide[k] : &narrow[k], 0};
    }
    given[p->axis] = (sinter_density_argument){e->at, 1};
    const sinter_density_data data = {.count = (int64_t)e->count, .columns = given};
    const sinter_status status = sinter_density_batch(p->job->values, &data, &(sinter_density_results){.logs = e->logs});
    return status == SINTER_OK || sn_cli_refuse("%s", sinter_status_name(status));
}

static bool average_densities(const plot *p, const double *places, size_t count, double *densities)
{
    evaluator e;
    const size_t all = p->job->info.column_count > 1 ? p->table->count : 1, rows = all < PLOT_ROWS ? all : PLOT_ROWS;
    bool good = open_evaluator(&e, p, places, count);
    if (!good)
        return false;
    for (size_t i = 0; i < count; i++)
        densities[i] = 0;
    for (size_t r = 0; good && r < rows; r++) {
        good = evaluate(p, &e, (size_t)((double)r * (double)all / (double)rows));
        for (size_t i = 0; good && i < count; i++)
            densities[i] += exp(log_at(&e, i)) / (double)rows;
    }
    close_evaluator(&e);
    return good;
}

/* Whether it lives on whole numbers alone: -inf between them, more than that on one. */
static bool find_whole(plot *p)
{
    enum { PROBES = 64 };
    double places[2 * PROBES];
    evaluator e;
    bool on = false, between = false;
    const double from = floor(p->low), step = ceil((p->high - p->low + 1) / PROBES);
    if (p->count > 0 && !p->rounded)
        return true;
    for (int i = 0; i < PROBES; i++) {
        places[i] = from + i * step;
        places[PROBES + i] = places[i] + 0.37;
    }
    if (!open_evaluator(&e, p, places, (size_t)2 * PROBES))
        return false;
    const bool good = evaluate(p, &e, 0);
    for (size_t i = 0; good && i < PROBES; i++) {
        on = on || log_at(&e, i) > -INFINITY;
        between = between || log_at(&e, PROBES + i) > -INFINITY;
    }
    p->whole = good && on && !between;
    close_evaluator(&e);
    return good;
}

/* ---- the data ---- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const plot *p, double q)
{
    return p->sorted[(size_t)(q * (double)(p->count - 1) + 0.5)];
}

static int sort_data(plot *p)
{
    const double *from = p->table->columns[p->axis];
    p->sorted = malloc((p->table->count + 1) * sizeof *p->sorted);
    if (!p->sorted)
        return sn_cli_fail("out of memory");
    for (size_t i = 0; i < p->table->count; i++)
        if (isfinite(from[i]))
            p->sorted[p->count++] = from[i];
    p->outside = p->table->count - p->count;
    if (p->count == 0)
        return sn_cli_fail("--plot: there are no rows to draw");
    p->rounded = true;
    for (size_t i = 0; i < p->count; i++)
        p->rounded = p->rounded && p->sorted[i] == floor(p->sorted[i]);
    qsort(p->sorted, p->count, sizeof *p->sorted, compare);
    return STATUS_GOOD;
}

/* Is the density the same a turn on, and two turns back, wherever there are data, and not the same everywhere? */
static bool find_circle(plot *p)
{
    double places[3 * DIRECTIONS], least = INFINITY, most = -INFINITY;
    evaluator e;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        places[i] = p->sorted[0] + TURN * (double)i / DIRECTIONS;
        places[DIRECTIONS + i] = places[i] + TURN;
        places[2 * DIRECTIONS + i] = places[i] - 2 * TURN;
    }
    if (fabs(p->sorted[0]) > 1e3 || p->whole) /* too far for angles that are to be compared */
        return true;
    if (!open_evaluator(&e, p, places, sizeof places / sizeof *places))
        return false;
    const bool good = evaluate(p, &e, 0);
    p->circular = good;
    for (size_t i = 0; p->circular && i < DIRECTIONS; i++) {
        const double here = log_at(&e, i), margin = (e.size == 8 ? 1e-9 : 1e-2) * fmax(fabs(here), 1);
        p->circular = isfinite(here) && fabs(log_at(&e, DIRECTIONS + i) - here) <= margin && fabs(log_at(&e, 2 * DIRECTIONS + i) - here) <= margin;
        least = fmin(least, here);
        most = fmax(most, here);
    }
    p->circular = p->circular && most - least > 1e-3 * fmax(fabs(most), 1);
    close_evaluator(&e);
    return good;
}

/* Angles as those next to their mean direction. */
static void go_around(plot *p)
{
    double x = 0, y = 0;
    for (size_t i = 0; i < p->count; i++) {
        x += cos(p->sorted[i]);
        y += sin(p->sorted[i]);
    }
    const double middle = atan2(y, x);
    for (size_t i = 0; i < p->count; i++)
        p->sorted[i] -= TURN * floor((p->sorted[i] - middle) / TURN + 0.5);
    qsort(p->sorted, p->count, sizeof *p->sorted, compare);
    p->low = middle - TURN / 2;
    p->high = middle + TURN / 2;
}

/* From the least to the greatest, but not to what lies far outside. */
static void find_range(plot *p)
{
    const double q05 = quantile(p, 0.05), q95 = quantile(p, 0.95), spread = q95 - q05;
    p->low = p->sorted[0];
    p->high = p->sorted[p->count - 1];
    if (spread > 0 && p->high - p->low > 8 * spread) {
        p->low = p->low < q05 - 1.5 * spread ? q05 - 1.5 * spread : p->low;
        p->high = p->high > q95 + 1.5 * spread ? q95 + 1.5 * spread : p->high;
    }
    for (size_t i = 0; i < p->count; i++)
        p->outside += p->sorted[i] < p->low || p->sorted[i] > p->high;
}

/* The distance between quartiles, and what it would be of normal data whose densest quarter lies as close together as here, if that is less. */
static double spread_of(const plot *p)
{
    const double iqr = quantile(p, 0.75) - quantile(p, 0.25);
    const size_t quarter = p->count / 4;
    double shortest = INFINITY;
    for (size_t i = 0; quarter > 3 && i + quarter < p->count; i++)
        shortest = fmin(shortest, p->sorted[i + quarter] - p->sorted[i]);
    return shortest > 0 && 2.1168 * shortest < iqr ? 2.1168 * shortest : iqr;
}

static void choose_bars(plot *p)
{
    const double range = p->high - p->low, iqr = spread_of(p), fewest = fmin(sqrt((double)p->count), FEWEST_BARS);
    double width = fmin(2 * iqr / cbrt((double)p->count), range / fewest);
    if (p->rounded && !p->circular && (p->whole || width >= 1)) { /* each bar has as many whole numbers */
        p->bar_width = p->whole ? ceil((range + 1) / PLOT_BARS) : floor(width + 0.5);
        if (range / p->bar_width > PLOT_BARS - 2)
            p->bar_width = ceil((range + 1) / (PLOT_BARS - 2));
        p->bar_low = floor(p->low) - 0.5;
        p->bar_count = (int)ceil((range + 1) / p->bar_width);
        return;
    }
    if (!(range > 0)) {
        p->bar_low = p->low - 0.5;
        p->bar_width = 1;
        p->bar_count = 1;
        return;
    }
    if (!(width > range / 80))
        width = range / (iqr > 0 ? 80 : 20);
    p->bar_count = (int)ceil(range / width);
    p->bar_count = p->bar_count < 4 ? 4 : p->bar_count;
    p->bar_low = p->low;
    p->bar_width = range / p->bar_count;
}

static void count_bars(plot *p)
{
    const double all = (double)p->table->count * p->bar_width;
    for (size_t i = 0; i < p->count; i++) {
        if (p->sorted[i] < p->low || p->sorted[i] > p->high)
            continue;
        int bar = (int)((p->sorted[i] - p->bar_low) / p->bar_width);
        bar = bar < p->bar_count ? bar : p->bar_count - 1;
        p->bars[bar < 0 ? 0 : bar] += 1 / all;
    }
    const double end = p->bar_low + p->bar_count * p->bar_width, margin = p->whole ? 0.3 * p->bar_width : 0.05 * (end - p->bar_low);
    p->low = p->bar_low - margin;
    p->high = end + margin;
}

static bool find_range_and_kind(plot *p)
{
    find_range(p);
    if (!find_whole(p) || !find_circle(p))
        return false;
    if (p->circular) {
        p->outside = p->table->count - p->count;
        go_around(p);
    }
    return true;
}

static int read_data(plot *p)
{
    const int status = sort_data(p);
    if (status != STATUS_GOOD)
        return status;
    if (!find_range_and_kind(p))
        return STATUS_BAD;
    choose_bars(p);
    count_bars(p);
    return STATUS_GOOD;
}

/* Without data: four standard deviations around the mean. */
static int guess_range(plot *p)
{
    double mean, variance;
    if (p->job->info.column_count != 1 || sn_cli_density_quantity(p->job, "mean", &mean, 1) != 1
        || sn_cli_density_quantity(p->job, "variance", &variance, 1) != 1 || !isfinite(mean) || !isfinite(variance) || !(variance > 0))
        return sn_cli_fail("--plot: which part is drawn follows from data, or from mean and variance, and this density has neither: --data is missing");
    p->low = mean - 4 * sqrt(variance);
    p->high = mean + 4 * sqrt(variance);
    if (!find_whole(p))
        return STATUS_BAD;
    if (p->whole) {
        p->low = floor(p->low);
        p->high = ceil(p->high);
    }
    return STATUS_GOOD;
}

/* ---- the curve ---- */

static int compute_curve(plot *p)
{
    const double first = ceil(p->low), last = floor(p->high);
    const size_t smooth = 3 * (size_t)p->job->a->width / 2;
    const double step = p->whole ? ceil((last - first + 1) / 400) : (p->high - p->low) / (double)(smooth - 1);
    p->curve_count = p->whole ? (size_t)((last - first) / step) + 1 : smooth;
    p->places = malloc((p->curve_count + 1) * sizeof *p->places);
    p->heights = malloc((p->curve_count + 1) * sizeof *p->heights);
    if (!p->places || !p->heights)
        return sn_cli_fail("out of memory");
    for (size_t i = 0; i < p->curve_count; i++)
        p->places[i] = (p->whole ? first : p->low) + (double)i * step;
    return average_densities(p, p->places, p->curve_count, p->heights) ? STATUS_GOOD : STATUS_BAD;
}

/* Without data the range may be more than the support. */
static void trim_range(plot *p)
{
    size_t first = 0, last = p->curve_count - 1;
    while (first < last && !(p->heights[first] > 0))
        first++;
    while (last > first && !(p->heights[last] > 0))
        last--;
    const double margin = 0.04 * (p->places[last] - p->places[first]) + (p->whole ? 0.6 : 0);
    if (!(p->places[last] > p->places[first]))
        return;
    p->low = first > 0 || p->whole ? p->places[first] - margin : p->low;
    p->high = last + 1 < p->curve_count || p->whole ? p->places[last] + margin : p->high;
}

/* All bars and, unless it shoots up beyond them, the whole curve. */
static int find_top(plot *p)
{
    double bars = 0, curve = 0, finite = 0;
    size_t beyond = 0;
    for (int i = 0; i < p->bar_count; i++)
        bars = p->bars[i] > bars ? p->bars[i] : bars;
    for (size_t i = 0; i < p->curve_count; i++)
        if (isfinite(p->heights[i])) {
            curve = p->heights[i] > curve ? p->heights[i] : curve;
            finite += p->heights[i];
        }
    const double mean = finite / (double)p->curve_count;
    for (size_t i = 0; i < p->curve_count; i++)
        beyond += p->heights[i] > 12 * mean;
    if (p->table && curve > 3 * bars)
        curve = 3 * bars;
    else if (!p->table && beyond > 0 && beyond < p->curve_count / 40)
        curve = 12 * mean;
    p->top = 1.08 * (curve > bars ? curve : bars);
    if (!(p->top > 0) || !isfinite(p->top))
        return sn_cli_fail("--plot: the density is 0 where it would be drawn");
    return STATUS_GOOD;
}

/* ---- drawing ---- */

static double x_of(const plot *p, double value)
{
    return p->x0 + (value - p->low) / (p->high - p->low) * (p->x1 - p->x0);
}

static double y_of(const plot *p, double value)
{
    const double y = p->y1 - value / p->top * (p->y1 - p->y0);
    return y > p->y0 - 40 ? y : p->y0 - 40; /* cut above the field, and infinity with it */
}

/* 1, 2 or 5 times a power of ten: about `count` of them in the range. */
static double tick_step(double range, double count)
{
    const double power = pow(10, floor(log10(range / count))), parts = range / count / power;
    return power * (parts < 1.5 ? 1 : parts < 3.5 ? 2 : parts < 7.5 ? 5 : 10);
}

/* As many digits as tell one tick from the next. */
static void write_tick(char *text, size_t room, double value, double step)
{
    const double size = fabs(value);
    if (fabs(value) < step / 2)
        snprintf(text, room, "0");
    else if (step < 1e-4 || size >= 1e6)
        snprintf(text, room, "%.*g", (int)(size > step ? floor(log10(size / step)) + 2 : 2), value);
    else
        snprintf(text, room, "%.*f", step < 1 ? (int)ceil(-log10(step) - 1e-9) : 0, value);
}

static void paint(plot *p, uint32_t colour, double alpha)
{
    sn_canvas_paint(&p->canvas, 0, 0, p->canvas.width, p->canvas.height, colour, alpha);
}

static double width_of_tick(double value, double step, double size)
{
    char text[48];
    write_tick(text, sizeof text, value, step);
    return sn_canvas_letters(NULL, 0, 0, size, text);
}

/* So far apart that their words do not touch. */
static double x_step(const plot *p, double size)
{
    const double field = p->x1 - p->x0;
    double count = field / (130 * p->scale), step = tick_step(p->high - p->low, count);
    while (count > 1 && fmax(width_of_tick(p->low, step, size), width_of_tick(p->high, step, size)) + 24 * p->scale > step / (p->high - p->low) * field)
        step = tick_step(p->high - p->low, count /= 1.5);
    return p->whole && step < 1 ? 1 : step;
}

static void draw_x_ticks(plot *p)
{
    char text[48];
    const double size = 15 * p->scale, step = x_step(p, size);
    for (double k = ceil(p->low / step); k <= floor(p->high / step) && k < ceil(p->low / step) + TICKS_MOST; k++) {
        const double x = x_of(p, k * step);
        write_tick(text, sizeof text, k * step, step);
        sn_canvas_fill(&p->canvas, x - 0.6 * p->scale, p->y1, x + 0.6 * p->scale, p->y1 + 8 * p->scale, FAINT_INK, 1);
        sn_canvas_letters(&p->canvas, x - (sn_canvas_letters(NULL, 0, 0, size, text) - 4.5 * size / STROKE_CAPITAL) / 2, p->y1 + 18 * p->scale + size, size, text);
    }
    paint(p, INK, 1);
}

static void draw_y_ticks(plot *p)
{
    const double step = tick_step(p->top, (p->y1 - p->y0) / (95 * p->scale)), size = 15 * p->scale;
    char text[48];
    for (double k = 0; k * step <= p->top && k < TICKS_MOST; k++) {
        const double y = y_of(p, k * step);
        write_tick(text, sizeof text, k * step, step);
        if (k > 0)
            sn_canvas_fill(&p->canvas, p->x0, y - 0.5 * p->scale, p->x1, y + 0.5 * p->scale, GRID, 1);
        sn_canvas_letters(&p->canvas, p->x0 - 14 * p->scale - sn_canvas_letters(NULL, 0, 0, size, text), y + size / 2, size, text);
    }
    paint(p, INK, 1);
}

static void draw_bars(plot *p)
{
    const double gap = p->bar_count > 60 ? 0.25 : 0.75;
    for (int i = 0; i < p->bar_count; i++) {
        const double inset = p->whole ? 0.14 * p->bar_width : 0, from = p->bar_low + i * p->bar_width;
        const double left = x_of(p, from + inset) + gap * p->scale, right = x_of(p, from + p->bar_width - inset) - gap * p->scale;
        const double y = y_of(p, p->bars[i]), edge = 1.5 * p->scale;
        if (!(p->bars[i] > 0))
            continue;
        sn_canvas_fill(&p->canvas, left, y, right, p->y1, BAR, 1);
        sn_canvas_fill(&p->canvas, left, y, right, y + edge < p->y1 ? y + edge : p->y1, BAR_EDGE, 1);
    }
}

static int draw_curve(plot *p)
{
    point *points = malloc((p->curve_count + 1) * sizeof *points);
    if (!points)
        return sn_cli_fail("out of memory");
    for (size_t i = 0; i < p->curve_count; i++)
        points[i] = (point){x_of(p, p->places[i]), y_of(p, p->heights[i])};
    const double bottom = p->y1 + 3 * p->scale;
    if (p->whole && p->curve_count <= 80) {
        for (size_t i = 0; i < p->curve_count; i++)
            if (p->heights[i] > 0)
                sn_canvas_stroke(&p->canvas, &points[i], 1, 5.5 * p->scale);
        sn_canvas_paint(&p->canvas, p->x0, p->y0, p->x1, bottom, CURVE, 1);
        for (size_t i = 0; i + 1 < p->curve_count; i++)
            if (p->heights[i] > 0 && p->heights[i + 1] > 0)
                sn_canvas_stroke(&p->canvas, &points[i], 2, p->scale);
        sn_canvas_paint(&p->canvas, p->x0, p->y0, p->x1, bottom, CURVE, 0.45);
    } else {
        for (size_t i = 0; i + 1 < p->curve_count; i++)
            sn_canvas_fill(&p->canvas, points[i].x, (points[i].y + points[i + 1].y) / 2 < p->y0 ? p->y0 : (points[i].y + points[i + 1].y) / 2,
                           points[i + 1].x, p->y1, CURVE, p->table ? 0.07 : 0.16);
        sn_canvas_stroke(&p->canvas, points, p->curve_count, 1.7 * p->scale);
        sn_canvas_paint(&p->canvas, p->x0, p->y0, p->x1, bottom, CURVE, 1);
    }
    free(points);
    return STATUS_GOOD;
}

/* ---- words ---- */

/* The text itself where it is short; else the file's name. Blanks become single spaces. */
static void write_title(const plot *p, char *title, size_t room)
{
    const program_text *text = &p->job->program;
    if (text->path) {
        const char *slash = strrchr(text->path, '/');
        snprintf(title, room, "%s", slash ? slash + 1 : text->path);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < text->length && n + 1 < room; i++) {
        const unsigned char c = (unsigned char)text->text[i];
        if (c > ' ')
            title[n++] = (char)c;
        else if (n > 0 && title[n - 1] != ' ')
            title[n++] = ' ';
    }
    title[n] = 0;
}

static void write_subtitle(const plot *p, char *text, size_t room)
{
    const sinter_density_info *info = &p->job->info;
    size_t n = 0;
    for (uint32_t k = 0; k < info->parameter_count && n < room; k++)
        n += (size_t)snprintf(text + n, room - n, "%s%s = %.5g", n ? "   " : "", info->parameters[k].name, sinter_density_get(p->job->values, (int)k));
    if (p->table && n < room)
        n += (size_t)snprintf(text + n, room - n, "%s%zu row%s", n ? "   " : "", p->table->count, p->table->count == 1 ? "" : "s");
    if (p->outside && n < room)
        snprintf(text + n, room - n, ", %zu outside the picture", p->outside);
}

/* Cut, with three points at its end, where it is too long. */
static void draw_words(plot *p, double y, double size, char *text, uint32_t colour)
{
    size_t n = strlen(text);
    while (n > 4 && sn_canvas_letters(NULL, 0, 0, size, text) > p->x1 - p->x0) {
        n--;
        memcpy(text + n - 3, "...", 4);
    }
    sn_canvas_letters(&p->canvas, p->x0, y, size, text);
    paint(p, colour, 1);
}

static void draw_text(plot *p)
{
    char title[256], below[512] = "";
    const double size = 16 * p->scale;
    write_title(p, title, sizeof title);
    write_subtitle(p, below, sizeof below);
    draw_words(p, 48 * p->scale, 21 * p->scale, title, INK);
    draw_words(p, 82 * p->scale, size, below, FAINT_INK);
    const char *name = p->job->info.columns[p->axis].name;
    sn_canvas_letters(&p->canvas, (p->x0 + p->x1 - sn_canvas_letters(NULL, 0, 0, size, name)) / 2, p->y1 + 66 * p->scale, size, name);
    paint(p, INK, 1);
}

static int draw(plot *p)
{
    const arguments *a = p->job->a;
    if (!sn_canvas_open(&p->canvas, a->width, a->height, PAPER))
        return sn_cli_fail("out of memory");
    p->scale = fmin(a->width / 1200.0, a->height / 800.0);
    p->x0 = 110 * p->scale;
    p->y0 = 115 * p->scale;
    p->x1 = a->width - 40 * p->scale;
    p->y1 = a->height - 90 * p->scale;
    draw_y_ticks(p);
    draw_bars(p);
    const int status = draw_curve(p);
    sn_canvas_fill(&p->canvas, p->x0, p->y1 - 0.75 * p->scale, p->x1, p->y1 + 0.75 * p->scale, INK, 1);
    draw_x_ticks(p);
    draw_text(p);
    return status;
}

static int write_picture(const plot *p)
{
    output_file file;
    char message[200];
    if (!sn_cli_open_output(&file, p->job->a->plot))
        return STATUS_BAD;
    if (sn_canvas_write(&p->canvas, file.stream, message, sizeof message))
        return sn_cli_commit_output(&file) ? STATUS_GOOD : STATUS_BAD;
    sn_cli_discard_output(&file);
    return sn_cli_fail("cannot write %s: %s", p->job->a->plot, message);
}

int sn_cli_plot_density(const density_job *j, uint32_t axis, const density_table *t)
{
    plot p = {.job = j, .table = t, .axis = axis};
    int status = t ? read_data(&p) : guess_range(&p);
    if (status == STATUS_GOOD)
        status = compute_curve(&p);
    if (status == STATUS_GOOD && !t)
        trim_range(&p);
    if (status == STATUS_GOOD)
        status = find_top(&p);
    if (status == STATUS_GOOD)
        status = draw(&p);
    if (status == STATUS_GOOD)
        status = write_picture(&p);
    sn_canvas_close(&p.canvas);
    free(p.sorted);
    free(p.places);
    free(p.heights);
    return status;
}
