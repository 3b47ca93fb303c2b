/* A picture to draw on.
 *
 * How much of a pixel a shape covers is exact for rectangles; for strokes it is taken from the distance of its centre to the line, half a pixel of ramp at the
 * edge, which is as good to the eye. Overlapping strokes of one painting cover as much as the one that covers most. */
#include "cli/canvas.h"

#include "cli/png_writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool sn_canvas_open(canvas *c, int width, int height, uint32_t colour)
{
    const size_t count = (size_t)width * (size_t)height;
    *c = (canvas){.width = width, .height = height, .left = width, .top = height};
    c->pixels = malloc(3 * count * sizeof *c->pixels);
    c->mask = calloc(count, sizeof *c->mask);
    if (!c->pixels || !c->mask) {
        sn_canvas_close(c);
        return false;
    }
    for (size_t i = 0; i < 3 * count; i++)
        c->pixels[i] = (float)(colour >> (16 - 8 * (i % 3)) & 0xFF);
    return true;
}

void sn_canvas_close(canvas *c)
{
    free(c->pixels);
    free(c->mask);
    *c = (canvas){0};
}

static void blend(canvas *c, int x, int y, uint32_t colour, double alpha)
{
    float *p = c->pixels + 3 * ((size_t)y * (size_t)c->width + (size_t)x);
    for (int k = 0; k < 3; k++)
        p[k] += (float)alpha * ((float)(colour >> (16 - 8 * k) & 0xFF) - p[k]);
}

/* A whole number within 0..most; NaN is 0. */
static int within(double value, int most)
{
    return value >= most ? most : value > 0 ? (int)value : 0;
}

/* How much of [at, at + 1) lies in [low, high). */
static double overlap(double low, double high, int at)
{
    const double from = low > at ? low : at, to = high < at + 1 ? high : at + 1;
    return to > from ? to - from : 0;
}

void sn_canvas_fill(canvas *c, double x0, double y0, double x1, double y1, uint32_t colour, double alpha)
{
    const int right = within(ceil(x1), c->width), bottom = within(ceil(y1), c->height);
    for (int y = within(floor(y0), c->height); y < bottom; y++)
        for (int x = within(floor(x0), c->width); x < right; x++)
            blend(c, x, y, colour, alpha * overlap(x0, x1, x) * overlap(y0, y1, y));
}

/* ---- strokes ---- */

static double distance_to(point a, point b, double x, double y)
{
    const double dx = b.x - a.x, dy = b.y - a.y, length = dx * dx + dy * dy;
    double t = length > 0 ? ((x - a.x) * dx + (y - a.y) * dy) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(x - a.x - t * dx, y - a.y - t * dy);
}

static void stroke_line(canvas *c, point a, point b, double radius)
{
    const double reach = radius + 1;
    const int left = within((a.x < b.x ? a.x : b.x) - reach, c->width), right = within(ceil((a.x > b.x ? a.x : b.x) + reach), c->width);
    const int top = within((a.y < b.y ? a.y : b.y) - reach, c->height), bottom = within(ceil((a.y > b.y ? a.y : b.y) + reach), c->height);
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            const double covered = radius + 0.5 - distance_to(a, b, x + 0.5, y + 0.5);
            float *m = &c->mask[(size_t)y * (size_t)c->width + (size_t)x];
            if (covered > (double)*m)
                *m = covered < 1 ? (float)covered : 1;
        }
    c->left = left < c->left ? left : c->left;
    c->top = top < c->top ? top : c->top;
    c->right = right > c->right ? right : c->right;
    c->bottom = bottom > c->bottom ? bottom : c->bottom;
}

void sn_canvas_stroke(canvas *c, const point *points, size_t count, double radius)
{
    if (count == 1)
        stroke_line(c, points[0], points[0], radius);
    for (size_t i = 0; i + 1 < count; i++)
        stroke_line(c, points[i], points[i + 1], radius);
}

void sn_canvas_paint(canvas *c, double x0, double y0, double x1, double y1, uint32_t colour, double alpha)
{
    for (int y = c->top; y < c->bottom; y++)
        for (int x = c->left; x < c->right; x++) {
            float *m = &c->mask[(size_t)y * (size_t)c->width + (size_t)x];
            if (*m > 0)
                blend(c, x, y, colour, alpha * (double)*m * overlap(x0, x1, x) * overlap(y0, y1, y));
            *m = 0;
        }
    c->left = c->width;
    c->top = c->height;
    c->right = c->bottom = 0;
}

/* ---- letters ---- */

static point middle(point a, point b)
{
    return (point){(a.x + b.x) / 2, (a.y + b.y) / 2};
}

enum { CURVE_PARTS = 6 };

/* The parabola from `a` to `b` that the lines to `control` touch. */
static void stroke_parabola(canvas *c, point a, point control, point b, double radius)
{
    point parts[CURVE_PARTS + 1];
    for (int i = 0; i <= CURVE_PARTS; i++) {
        const double t = (double)i / CURVE_PARTS, s = 1 - t;
        parts[i] = (point){s * s * a.x + 2 * s * t * control.x + t * t * b.x, s * s * a.y + 2 * s * t * control.y + t * t * b.y};
    }
    sn_canvas_stroke(c, parts, CURVE_PARTS + 1, radius);
}

static void stroke_smooth(canvas *c, const point *p, size_t count, bool closed, double radius)
{
    for (size_t i = closed ? 0 : 1; i + !closed < count; i++) {
        const point before = p[(i + count - 1) % count], after = p[(i + 1) % count];
        const point from = !closed && i == 1 ? before : middle(before, p[i]), to = !closed && i + 2 == count ? after : middle(p[i], after);
        stroke_parabola(c, from, p[i], to, radius);
    }
}

/* Draws a glyph, unless c is NULL; returns where its right edge is, in its own units. */
static double draw_glyph(canvas *c, double x, double y, double unit, const char *glyph)
{
    point points[STROKE_MOST];
    bool smooth, closed;
    double edge = 0;
    size_t count;
    while ((count = sn_stroke_next(&glyph, points, &smooth, &closed)) > 0) {
        for (size_t i = 0; i < count; i++) {
            edge = points[i].x > edge ? points[i].x : edge;
            points[i] = (point){x + unit * points[i].x, y - unit * points[i].y};
        }
        if (c && smooth)
            stroke_smooth(c, points, count, closed, 1.05 * unit);
        else if (c)
            sn_canvas_stroke(c, points, count, 1.05 * unit);
    }
    return edge;
}

double sn_canvas_letters(canvas *c, double x, double y, double size, const char *text)
{
    const double unit = size / STROKE_CAPITAL;
    double at = 0;
    for (; *text; text++) {
        if (((unsigned char)*text & 0xC0) == 0x80)
            continue; /* inside a character, of which one sign was drawn */
        const char *glyph = sn_stroke_glyph((unsigned char)*text);
        at += glyph ? draw_glyph(c, x + unit * at, y, unit, glyph) + 4.5 : 7;
    }
    return unit * at;
}

/* ---- the file ---- */

static bool write_rows(const canvas *c, png_writer *w, char *message, size_t room)
{
    const size_t count = 3 * (size_t)c->width * (size_t)c->height;
    uint8_t *bytes = malloc(count);
    if (!bytes) {
        snprintf(message, room, "out of memory");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(c->pixels[i] + 0.5F);
    const bool packed = sn_png_pack(w, 0, 0, (uint32_t)c->height, bytes, 3 * (size_t)c->width);
    free(bytes);
    if (!packed)
        snprintf(message, room, "out of memory");
    return packed && sn_png_put(w, 0, message, room) && sn_png_finish(w, message, room);
}

bool sn_canvas_write(const canvas *c, FILE *out, char *message, size_t room)
{
    const png_form form = {(uint32_t)c->width, (uint32_t)c->height, 3, 8, 9};
    png_writer *w = sn_png_open(out, &form, 1, message, room);
    const bool good = w && write_rows(c, w, message, room);
    sn_png_close(w);
    return good;
}
