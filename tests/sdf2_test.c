/* Distance fields in the plane (src/lib/sdf2.sn), and operators (src/lib/sdf_operators.sn).
 *
 * One table of calls. To each belongs an outline, described here independently: straight pieces, arcs and
 * curves with a parameter. The true distance is the least over dense samples of it, refined around each place
 * that could be nearest; the true side is whether a ray crosses the outline an odd number of times, or, for
 * what has no end, a formula. Every call is then asked at points of all kinds (scattered, far, on axes and
 * diagonals, on and beside corners, on the outline) and must be
 *   - finite everywhere, for sizes of 0 too, and the same bits on every engine, with sizes folded or not;
 *   - exact: the true distance in f32 and f64, with its sign, and a slope that is the direction from the
 *     nearest point, wherever there is one nearest point; or a bound: the true sign, no further from 0 than
 *     the true distance, and 0 on the outline.
 *
 * What is done with points (rotate, sdf_repeat and so on) is in the same table, its outlines moved by the
 * same words. */
#include "repetitions.h"

#include <sinter/sinter.h>

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846
enum { MOST_PIECES = 400, SAMPLES = 120, MOST_POINTS = 3200, MOST_NEAR = 400 };

typedef struct point {
    double x, y;
} point;

/* ---- outlines ---- */

typedef point (*curve)(const double *a, double t); /* t from 0 to 1 */

typedef struct piece {
    curve at;
    double a[6];
    point shift; /* mirrored, scaled, turned, shifted, in this order */
    double turn, size;
    double cosine, sine; /* of the turn, times the size */
    bool mirrored;
} piece;

static piece pieces[MOST_PIECES];
static unsigned piece_count;
static point samples[MOST_PIECES][SAMPLES + 1];
static piece frame; /* of the pieces that are added */

static point on(const piece *s, double t)
{
    point p = s->at(s->a, t);
    if (s->mirrored)
        p.x = -p.x;
    return (point){s->shift.x + s->cosine * p.x - s->sine * p.y,
                   s->shift.y + s->sine * p.x + s->cosine * p.y};
}

static void frame_reset(void)
{
    frame = (piece){.size = 1};
}

static void outline_clear(void)
{
    piece_count = 0;
    frame_reset();
}

static void add(curve at, double a, double b, double c, double d, double e, double f)
{
    assert_true(piece_count < MOST_PIECES);
    piece *const s = &pieces[piece_count];
    *s = frame;
    s->cosine = cos(s->turn) * s->size;
    s->sine = sin(s->turn) * s->size;
    s->at = at;
    memcpy(s->a, (double[6]){a, b, c, d, e, f}, sizeof s->a);
    for (int k = 0; k <= SAMPLES; k++)
        samples[piece_count][k] = on(s, (double)k / SAMPLES);
    piece_count++;
}

static point on_line(const double *a, double t)
{
    return (point){a[0] + t * (a[2] - a[0]), a[1] + t * (a[3] - a[1])};
}

static point on_arc(const double *a, double t)
{
    const double angle = a[3] + t * (a[4] - a[3]);
    return (point){a[0] + a[2] * sin(angle), a[1] + a[2] * cos(angle)};
}

static void line(double ax, double ay, double bx, double by)
{
    add(on_line, ax, ay, bx, by, 0, 0);
}

/* Angles clockwise from the y axis. */
static void arc(double x, double y, double r, double from, double to)
{
    add(on_arc, x, y, r, from, to, 0);
}

static void circle(double x, double y, double r)
{
    for (int k = 0; k < 4; k++)
        arc(x, y, r, k * PI / 2, (k + 1) * PI / 2);
}

static void loop(unsigned count, const double *xy)
{
    for (unsigned k = 0; k < count; k++) {
        const double *const a = xy + 2 * k, *const b = xy + 2 * ((k + 1) % count);
        line(a[0], a[1], b[0], b[1]);
    }
}
#define LOOP(...) loop(sizeof((double[]){__VA_ARGS__}) / sizeof(double) / 2, (double[]){__VA_ARGS__})

static void box(double x, double y, double w, double h)
{
    LOOP(x - w, y - h, x + w, y - h, x + w, y + h, x - w, y + h);
}

/* What `half` draws at the right of the y axis, on both sides. */
static void both_sides(void (*half)(const double *), const double *a)
{
    half(a);
    frame.mirrored = true;
    half(a);
    frame.mirrored = false;
}

static void turned(void (*part)(const double *), const double *a, unsigned count)
{
    for (unsigned k = 0; k < count; k++) {
        frame.turn = 2 * PI * k / count;
        part(a);
    }
    frame.turn = 0;
}

/* ---- the outlines of the catalogue, in its order; a: the call's arguments ---- */

static void o_circle(const double *a)
{
    circle(0, 0, a[0]);
}

static void o_annulus(const double *a)
{
    circle(0, 0, a[0] - a[1] / 2);
    circle(0, 0, a[0] + a[1] / 2);
}

static void ring_half(const double *a)
{
    const double in = a[1] - a[2] / 2, out = a[1] + a[2] / 2, s = sin(a[0]), c = cos(a[0]);
    arc(0, 0, in, 0, a[0]);
    arc(0, 0, out, 0, a[0]);
    line(in * s, in * c, out * s, out * c);
}

static void o_ring(const double *a)
{
    both_sides(ring_half, a);
}

static void arc_half(const double *a)
{
    arc(0, 0, a[1] - a[2], 0, a[0]);
    arc(0, 0, a[1] + a[2], 0, a[0]);
    arc(a[1] * sin(a[0]), a[1] * cos(a[0]), a[2], a[0], a[0] + PI);
}

static void o_arc(const double *a)
{
    if (a[0] >= PI) /* its ends are gone */
        o_annulus((double[]){a[1], 2 * a[2]});
    else
        both_sides(arc_half, a);
}

static void pie_half(const double *a)
{
    arc(0, 0, a[1], 0, a[0]);
    line(0, 0, a[1] * sin(a[0]), a[1] * cos(a[0]));
}

static void o_pie(const double *a)
{
    both_sides(pie_half, a);
}

static void o_cut_disk(const double *a)
{
    const double w = sqrt(a[0] * a[0] - a[1] * a[1]), to = atan2(w, a[1]);
    arc(0, 0, a[0], -to, to);
    line(-w, a[1], w, a[1]);
}

static void horseshoe_half(const double *a)
{
    const double s = sin(a[0]), c = cos(a[0]), in = a[1] - a[3], out = a[1] + a[3];
    const double dx = -c * a[2], dy = s * a[2];
    arc(0, 0, in, a[0], PI);
    arc(0, 0, out, a[0], PI);
    line(in * s, in * c, in * s + dx, in * c + dy);
    line(out * s, out * c, out * s + dx, out * c + dy);
    line(in * s + dx, in * c + dy, out * s + dx, out * c + dy);
}

static void o_horseshoe(const double *a)
{
    both_sides(horseshoe_half, a);
}

static void vesica_half(const double *a)
{
    const double to = acos(fmin(a[1] / a[0], 1));
    arc(-a[1], 0, a[0], PI / 2 - to, PI / 2 + to);
}

static void o_vesica(const double *a)
{
    both_sides(vesica_half, a);
}

static void o_oriented_vesica(const double *a)
{
    const double h = hypot(a[2] - a[0], a[3] - a[1]) / 2, w = a[4];
    frame.shift = (point){(a[0] + a[2]) / 2, (a[1] + a[3]) / 2};
    frame.turn = atan2(a[3] - a[1], a[2] - a[0]) - PI / 2;
    if (w == 0)
        LOOP(0, -h, 0, h);
    else
        o_vesica((double[]){(h * h + w * w) / (2 * w), (h * h - w * w) / (2 * w)});
    frame_reset();
}

static void o_moon(const double *a)
{
    const double d = a[0], ra = a[1], rb = a[2], at = (ra * ra - rb * rb + d * d) / (2 * d);
    if (!(fabs(at) < ra)) {
        circle(0, 0, ra);
        if (d + rb < ra)
            circle(d, 0, rb);
        return;
    }
    const double h = sqrt(ra * ra - at * at), outer = atan2(at, h), inner = atan2(at - d, h);
    arc(0, 0, ra, outer, -PI - outer);
    arc(d, 0, rb, inner, -PI - inner);
}

static void egg_half(const double *a)
{
    const double w = a[0] - a[1];
    arc(0, 0, a[0], PI / 2, PI);
    arc(-w, 0, 2 * w + a[1], PI / 2, PI / 6);
    arc(0, sqrt(3) * w, a[1], PI / 6, 0);
}

static void o_egg(const double *a)
{
    both_sides(egg_half, a);
}

static void heart_half(const double *a)
{
    (void)a;
    line(0, 0, 0.5, 0.5);
    arc(0.25, 0.75, sqrt(2) / 4, 0.75 * PI, -0.25 * PI);
}

static void o_heart(const double *a)
{
    both_sides(heart_half, a);
}

static void o_tunnel(const double *a)
{
    arc(0, 0, a[0], -PI / 2, PI / 2);
    line(a[0], 0, a[0], -a[1]);
    line(a[0], -a[1], -a[0], -a[1]);
    line(-a[0], -a[1], -a[0], 0);
}

static void o_half_plane(const double *a)
{
    const double r = hypot(a[0], a[1]), nx = a[0] / r, ny = a[1] / r;
    line(nx * a[2] - 99 * ny, ny * a[2] + 99 * nx, nx * a[2] + 99 * ny, ny * a[2] - 99 * nx);
}

static bool in_half_plane(const double *a, point p)
{
    return a[0] * p.x + a[1] * p.y < a[2] * hypot(a[0], a[1]);
}

static void o_line(const double *a)
{
    const double dx = 80 * (a[2] - a[0]), dy = 80 * (a[3] - a[1]);
    line(a[0] - dx, a[1] - dy, a[0] + dx, a[1] + dy);
}

static void o_segment(const double *a)
{
    line(a[0], a[1], a[2], a[3]);
}

static void o_capsule(const double *a)
{
    const double angle = atan2(a[2] - a[0], a[3] - a[1]), r = a[4];
    const double nx = r * cos(angle), ny = -r * sin(angle);
    arc(a[0], a[1], r, angle + PI / 2, angle + 1.5 * PI);
    arc(a[2], a[3], r, angle - PI / 2, angle + PI / 2);
    line(a[0] + nx, a[1] + ny, a[2] + nx, a[3] + ny);
    line(a[0] - nx, a[1] - ny, a[2] - nx, a[3] - ny);
}

static void uneven_half(const double *a)
{
    const double r1 = a[0], r2 = a[1], h = a[2];
    if (h <= fabs(r1 - r2)) {
        arc(0, r1 > r2 ? 0 : h, fmax(r1, r2), 0, PI);
        return;
    }
    const double tilt = asin((r1 - r2) / h), c = cos(tilt), s = sin(tilt);
    arc(0, 0, r1, PI / 2 - tilt, PI);
    arc(0, h, r2, 0, PI / 2 - tilt);
    line(r1 * c, r1 * s, r2 * c, h + r2 * s);
}

static void o_uneven_capsule(const double *a)
{
    both_sides(uneven_half, a);
}

static void o_box(const double *a)
{
    box(0, 0, a[0], a[1]);
}

static void rounded(double w, double h, const double *r)
{
    static const double sx[4] = {1, 1, -1, -1}, sy[4] = {1, -1, 1, -1};
    for (int k = 0; k < 4; k++) {
        const double from = k == 0 ? 0 : k == 1 ? PI / 2 : k == 2 ? -PI / 2 : PI;
        arc(sx[k] * (w - r[k]), sy[k] * (h - r[k]), r[k], from, from + PI / 2);
    }
    line(w, h - r[0], w, r[1] - h);
    line(-w, h - r[2], -w, r[3] - h);
    line(w - r[0], h, r[2] - w, h);
    line(w - r[1], -h, r[3] - w, -h);
}

static void o_rounded_box1(const double *a)
{
    rounded(a[0], a[1], (double[]){a[2], a[2], a[2], a[2]});
}

static void o_rounded_box4(const double *a)
{
    rounded(a[0], a[1], a + 2);
}

static void o_chamfer_box(const double *a)
{
    const double w = a[0], h = a[1], c = a[2];
    LOOP(w, h - c, w - c, h, c - w, h, -w, h - c, -w, c - h, c - w, -h, w - c, -h, w, c - h);
}

static void o_oriented_box(const double *a)
{
    frame.shift = (point){(a[0] + a[2]) / 2, (a[1] + a[3]) / 2};
    frame.turn = atan2(a[3] - a[1], a[2] - a[0]);
    box(0, 0, hypot(a[2] - a[0], a[3] - a[1]) / 2, a[4] / 2);
    frame_reset();
}

static void o_rhombus(const double *a)
{
    LOOP(a[0], 0, 0, a[1], -a[0], 0, 0, -a[1]);
}

static void o_trapezoid(const double *a)
{
    LOOP(a[0], -a[2], a[1], a[2], -a[1], a[2], -a[0], -a[2]);
}

static void o_parallelogram(const double *a)
{
    LOOP(-a[2] - a[0], -a[1], -a[2] + a[0], -a[1], a[2] + a[0], a[1], a[2] - a[0], a[1]);
}

static void polygon_of(double r, unsigned n, double first)
{
    double xy[32];
    for (unsigned k = 0; k < n; k++) {
        xy[2 * k] = r * sin(first + 2 * PI * k / n);
        xy[2 * k + 1] = r * cos(first + 2 * PI * k / n);
    }
    loop(n, xy);
}

static void o_equilateral(const double *a)
{
    polygon_of(2 * a[0] / sqrt(3), 3, 0);
}

static void o_isosceles(const double *a)
{
    LOOP(0, 0, a[0], a[1], -a[0], a[1]);
}

static void o_polygon3(const double *a)
{
    loop(3, a);
}

static void o_polygon4(const double *a)
{
    loop(4, a);
}

static void o_polygon5(const double *a)
{
    loop(5, a);
}

static void o_polygon6(const double *a)
{
    loop(6, a);
}

static void o_polygon7(const double *a)
{
    loop(7, a);
}

static void o_polygon8(const double *a)
{
    loop(8, a);
}

static void o_cross(const double *a)
{
    const double l = a[0], w = a[1];
    LOOP(l, -w, l, w, w, w, w, l, -w, l, -w, w, -l, w, -l, -w, -w, -w, -w, -l, w, -l, w, -w);
}

static void o_stairs(const double *a)
{
    const double w = a[0], h = a[1];
    const int n = (int)a[2];
    for (int k = 0; k < n; k++) {
        line(k * w, k * h, k * w, (k + 1) * h);
        line(k * w, (k + 1) * h, (k + 1) * w, (k + 1) * h);
    }
    line(n * w, n * h, n * w, 0);
    line(n * w, 0, 0, 0);
}

static void regular(double apothem, unsigned n)
{
    polygon_of(apothem / cos(PI / n), n, PI - PI / n);
}

static void o_pentagon(const double *a)
{
    regular(a[0], 5);
}

static void o_hexagon(const double *a)
{
    regular(a[0], 6);
}

static void o_octagon(const double *a)
{
    regular(a[0], 8);
}

static void o_ngon(const double *a)
{
    regular(a[0], (unsigned)a[1]);
}

static void star(double r, unsigned n, double notch)
{
    for (unsigned k = 0; k < n; k++) {
        const double u = 2 * PI * k / n, v = u + PI / n, w = u + 2 * PI / n;
        line(r * sin(u), r * cos(u), notch * sin(v), notch * cos(v));
        line(notch * sin(v), notch * cos(v), r * sin(w), r * cos(w));
    }
}

static void o_hexagram(const double *a)
{
    star(2 * a[0], 6, 2 * a[0] / sqrt(3));
}

static void o_star5(const double *a)
{
    star(a[0], 5, a[0] * a[1]);
}

/* The notch of a pentagram: where the side from point to point is nearest to the second of two points. */
static void o_pentagram(const double *a)
{
    star(a[0], 5, a[0] * cos(2 * PI / 5) / cos(PI / 5));
}

static void o_star(const double *a)
{
    star(a[0], (unsigned)a[1], a[0] * a[2]);
}

static point on_ellipse(const double *a, double t)
{
    return (point){a[0] * cos(a[2] + t * PI / 2), a[1] * sin(a[2] + t * PI / 2)};
}

static void o_ellipse(const double *a)
{
    for (int k = 0; k < 4; k++)
        add(on_ellipse, a[0], a[1], k * PI / 2, 0, 0, 0);
}

static point on_parabola(const double *a, double t)
{
    const double x = sinh(a[1] + t * (a[2] - a[1]));
    return (point){x, a[0] * x * x};
}

static void o_parabola(const double *a)
{
    add(on_parabola, a[0], -5, 0, 0, 0, 0);
    add(on_parabola, a[0], 0, 5, 0, 0, 0);
}

static bool in_parabola(const double *a, point p)
{
    return a[0] < 0 ? p.y < a[0] * p.x * p.x : p.y > a[0] * p.x * p.x;
}

static point on_cap(const double *a, double t)
{
    return (point){a[0] * t, a[1] * (1 - t * t)};
}

static void o_parabola_segment(const double *a)
{
    add(on_cap, a[0], a[1], 0, 0, 0, 0);
    add(on_cap, -a[0], a[1], 0, 0, 0, 0);
    line(-a[0], 0, a[0], 0);
}

static point on_bezier(const double *a, double t)
{
    const double u = 1 - t;
    return (point){u * u * a[0] + 2 * u * t * a[2] + t * t * a[4],
                   u * u * a[1] + 2 * u * t * a[3] + t * t * a[5]};
}

static void o_bezier(const double *a)
{
    add(on_bezier, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* The side from (1, 0) to (0, 1): a parabola over the line between them, h inwards in its middle. */
static point on_blobby(const double *a, double t)
{
    const double inward = 4 * a[0] * t * (1 - t) * sqrt(0.5);
    return (point){1 - t - inward, t - inward};
}

static void blobby_side(const double *a)
{
    add(on_blobby, a[0], 0, 0, 0, 0, 0);
}

static void o_blobby(const double *a)
{
    turned(blobby_side, a, 4);
}

static void o_quadratic_circle(const double *a)
{
    (void)a;
    turned(blobby_side, (double[]){-sqrt(2) / 4}, 4);
}

static point on_hyperbola(const double *a, double t)
{
    return (point){a[0] * cosh(a[2] + t * (a[3] - a[2])), a[1] * sinh(a[2] + t * (a[3] - a[2]))};
}

static void hyperbola_half(const double *a)
{
    add(on_hyperbola, a[0], a[1], 0, 2, 0, 0);
    add(on_hyperbola, a[0], a[1], 2, 8, 0, 0);
    add(on_hyperbola, a[0], a[1], 0, -2, 0, 0);
    add(on_hyperbola, a[0], a[1], -2, -8, 0, 0);
}

static void o_hyperbola(const double *a)
{
    both_sides(hyperbola_half, a);
}

static bool in_hyperbola(const double *a, point p)
{
    return p.x * p.x / (a[0] * a[0]) - p.y * p.y / (a[1] * a[1]) > 1;
}

static void rounded_cross_half(const double *a)
{
    const double w = a[0], h = a[1];
    if (h == 0) {
        line(0, 0, w, 0);
        return;
    }
    const double k = (h + w * w / h) / 2, to = atan2(-w, h - k);
    arc(w, k, k, -PI, to);
    arc(w, -k, k, 0, -PI - to);
}

static void o_rounded_cross(const double *a)
{
    both_sides(rounded_cross_half, a);
}

/* The arm along the y axis of an X that stands as a cross. */
static void x_arm(const double *a)
{
    const double l = a[0] * sqrt(0.5), r = a[1];
    line(-r, r, -r, l);
    line(r, r, r, l);
    arc(0, l, r, -PI / 2, PI / 2);
}

static void o_rounded_x(const double *a)
{
    for (int k = 0; k < 4; k++) {
        frame.turn = PI / 4 + k * PI / 2;
        x_arm(a);
    }
    frame_reset();
}

static point on_super(const double *a, double t)
{
    return (point){a[0] * pow(sin((1 - t) * PI / 2), 2 / a[2]), a[1] * pow(sin(t * PI / 2), 2 / a[2])};
}

static void super_half(const double *a)
{
    add(on_super, a[0], a[1], a[2], 0, 0, 0);
    add(on_super, a[0], -a[1], a[2], 0, 0, 0);
}

static void o_superellipse(const double *a)
{
    both_sides(super_half, a);
}

static void o_squircle(const double *a)
{
    o_superellipse((double[]){a[0], a[0], 4});
}

static void o_circle_wave(const double *a)
{
    const double s = a[1] * sin(a[0]), c = a[1] * cos(a[0]);
    for (int k = -12; k <= 12; k++) {
        if (k & 1)
            arc(2 * k * s, c, a[1], PI - a[0], PI + a[0]);
        else
            arc(2 * k * s, -c, a[1], -a[0], a[0]);
    }
}

static void cool_s_half(const double *a)
{
    (void)a;
    line(0, 1, 0.4, 0.6);
    line(0, 1, -0.4, 0.6);
    for (int k = -1; k <= 1; k++)
        line(0.4 * k, 0.2, 0.4 * k, 0.6);
    line(0.4, 0.2, 0.2, 0);
    line(-0.4, 0.2, -0.2, 0);
    line(0, 0.2, 0.2, 0);
}

static void o_cool_s(const double *a)
{
    turned(cool_s_half, a, 2);
}

static bool in_cool_s(const double *a, point p)
{
    (void)a;
    const double x = fabs(p.x), y = fabs(p.y);
    return x < 0.4 && x + y < 1 && x - y < 0.2;
}

/* ---- outlines of what operators make ---- */

/* Two discs of radius 0.5 about (-0.3, 0) and (0.3, 0): their circles meet at (0, +-0.4). */
static void disc_arcs(double side, bool outer)
{
    const double meet = atan2(0.3, 0.4) * side;
    if (outer)
        arc(0.3 * side, 0, 0.5, -meet, side * PI + meet);
    else
        arc(0.3 * side, 0, 0.5, -meet, meet - side * PI);
}

static void o_union(const double *a)
{
    (void)a;
    disc_arcs(1, true);
    disc_arcs(-1, true);
}

static void o_intersection(const double *a)
{
    (void)a;
    disc_arcs(1, false);
    disc_arcs(-1, false);
}

static void o_subtraction(const double *a)
{
    (void)a;
    disc_arcs(-1, true);
    disc_arcs(1, false);
}

static void o_xor(const double *a)
{
    o_union(a);
    o_intersection(a);
}

static void o_onion(const double *a)
{
    (void)a;
    rounded(0.6, 0.4, (double[]){0.1, 0.1, 0.1, 0.1});
    box(0, 0, 0.4, 0.2);
}

static void moved_box(double x, double y, double turn, double w, double h)
{
    frame.shift = (point){x, y};
    frame.turn = turn;
    box(0, 0, w, h);
    frame_reset();
}

static void o_moved(const double *a)
{
    (void)a;
    moved_box(0.4, 0.2, 0.3, 0.5, 0.2);
}

static void o_turned(const double *a)
{
    (void)a;
    moved_box(0.4 * cos(0.3) - 0.2 * sin(0.3), 0.4 * sin(0.3) + 0.2 * cos(0.3), 0.3, 0.5, 0.2);
}

static void o_heart3(const double *a)
{
    frame.size = 3;
    heart_half(a);
    frame.mirrored = true;
    heart_half(a);
    frame_reset();
}

/* A disc at (0.5, 0.1), and its image at the line through the origin along (1, 3). */
static void o_mirrored(const double *a)
{
    (void)a;
    circle(0.5, 0.1, 0.2);
    const double twice = 2 * (0.5 * 3 - 0.1) / 10;
    circle(0.5 - twice * 3, 0.1 + twice, 0.2);
}

static void o_mirrored_x(const double *a)
{
    (void)a;
    circle(0.5, 0.1, 0.2);
    circle(-0.5, 0.1, 0.2);
}

static void o_mirrored_y(const double *a)
{
    (void)a;
    circle(0.1, 0.5, 0.2);
    circle(0.1, -0.5, 0.2);
}

static void boxes(int x0, int x1, int y0, int y1, double dx, double dy)
{
    for (int i = x0; i <= x1; i++)
        for (int j = y0; j <= y1; j++)
            box(i * dx, j * dy, 0.2, 0.1);
}

static void o_repeated(const double *a)
{
    (void)a;
    boxes(-4, 4, -4, 4, 1, 0.8);
}

static void o_repeated_x(const double *a)
{
    (void)a;
    boxes(-40, 40, 0, 0, 1, 0);
}

static void o_limited(const double *a)
{
    (void)a;
    boxes(-2, 1, 0, 1, 0.6, 0.5);
}

static void spoke(const double *a)
{
    (void)a;
    o_capsule((double[]){0, 0.4, 0, 0.8, 0.1});
}

static void o_polar(const double *a)
{
    for (int k = 0; k < 5; k++) {
        frame.turn = -PI / 2 + 2 * PI * k / 5;
        spoke(a);
    }
    frame_reset();
}

static void o_two_boxes(const double *a)
{
    (void)a;
    box(0.7, 0, 0.2, 0.1);
    box(-0.7, 0, 0.2, 0.1);
}

/* ---- the table ---- */

typedef enum promise { EXACT, UNSIGNED, BOUND, EXACT_OUTSIDE, EXACT_INSIDE } promise;

typedef struct row {
    const char *call; /* a function's name, or a whole text in p */
    promise what;
    unsigned count; /* arguments behind p */
    double a[16];
    void (*outline)(const double *a);
    bool (*inside)(const double *a, point p); /* where crossings do not tell */
    double reach;                             /* the outline is there for points within; 0: everywhere */
} row;

#define ARGUMENTS(...) (sizeof((double[]){0, __VA_ARGS__}) / sizeof(double) - 1), {__VA_ARGS__}
#define NONE 0, {0}

static const row rows[] = {
    {"sdf_circle", EXACT, ARGUMENTS(0.7), o_circle, NULL, 0},
    {"sdf_circle", EXACT, ARGUMENTS(0), o_circle, NULL, 0},
    {"sdf_annulus", EXACT, ARGUMENTS(0.6, 0.3), o_annulus, NULL, 0},
    {"sdf_annulus", EXACT, ARGUMENTS(0.6, 0), o_annulus, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(2.2, 0.6, 0.3), o_ring, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(0.5, 0.6, 0.3), o_ring, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(PI / 2, 0.6, 0.3), o_ring, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(0, 0.6, 0.3), o_ring, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(PI, 0.6, 0.3), o_ring, NULL, 0},
    {"sdf_ring", EXACT, ARGUMENTS(1.2, 0.6, 0), o_ring, NULL, 0},
    {"sdf_arc", EXACT, ARGUMENTS(2.2, 0.6, 0.15), o_arc, NULL, 0},
    {"sdf_arc", EXACT, ARGUMENTS(0.5, 0.6, 0.15), o_arc, NULL, 0},
    {"sdf_arc", EXACT, ARGUMENTS(0, 0.6, 0.15), o_arc, NULL, 0},
    {"sdf_arc", EXACT, ARGUMENTS(PI, 0.6, 0.15), o_arc, NULL, 0},
    {"sdf_arc", EXACT, ARGUMENTS(1.2, 0.6, 0), o_arc, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(2.4, 0.8), o_pie, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(0.6, 0.8), o_pie, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(PI / 2, 0.8), o_pie, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(0, 0.8), o_pie, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(PI, 0.8), o_pie, NULL, 0},
    {"sdf_pie", EXACT, ARGUMENTS(1, 0), o_pie, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0.8, -0.3), o_cut_disk, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0.8, 0.3), o_cut_disk, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0.8, 0), o_cut_disk, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0.75, 0.75), o_cut_disk, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0.75, -0.75), o_cut_disk, NULL, 0},
    {"sdf_cut_disk", EXACT, ARGUMENTS(0, 0), o_cut_disk, NULL, 0},
    {"sdf_horseshoe", EXACT, ARGUMENTS(0.9, 0.5, 0.3, 0.12), o_horseshoe, NULL, 0},
    {"sdf_horseshoe", EXACT, ARGUMENTS(1.8, 0.5, 0.3, 0.1), o_horseshoe, NULL, 0},
    {"sdf_horseshoe", EXACT, ARGUMENTS(PI / 2, 0.5, 0.6, 0.1), o_horseshoe, NULL, 0},
    {"sdf_horseshoe", EXACT, ARGUMENTS(0.9, 0.5, 0, 0.12), o_horseshoe, NULL, 0},
    {"sdf_horseshoe", EXACT, ARGUMENTS(0.9, 0.5, 0.3, 0), o_horseshoe, NULL, 0},
    {"sdf_vesica", EXACT, ARGUMENTS(0.9, 0.4), o_vesica, NULL, 0},
    {"sdf_vesica", EXACT, ARGUMENTS(0.9, 0), o_vesica, NULL, 0},
    {"sdf_vesica", EXACT, ARGUMENTS(0.875, 0.875), o_vesica, NULL, 0},
    {"sdf_oriented_vesica", EXACT, ARGUMENTS(-0.6, -0.5, 0.6, 0.5, 0.3), o_oriented_vesica, NULL, 0},
    {"sdf_oriented_vesica", EXACT, ARGUMENTS(-0.6, -0.5, 0.6, 0.5, 0.001), o_oriented_vesica, NULL, 0},
    {"sdf_oriented_vesica", EXACT, ARGUMENTS(-0.6, -0.5, 0.6, 0.5, 0), o_oriented_vesica, NULL, 0},
    {"sdf_oriented_vesica", EXACT, ARGUMENTS(0.2, -0.5, 0.2, 0.5, 0.5), o_oriented_vesica, NULL, 0},
    {"sdf_oriented_vesica", EXACT, ARGUMENTS(0.2, 0.5, 0.2, 0.5, 0), o_oriented_vesica, NULL, 0},
    {"sdf_moon", EXACT, ARGUMENTS(0.4, 0.8, 0.6), o_moon, NULL, 0},
    {"sdf_moon", EXACT, ARGUMENTS(1, 0.5, 0.9), o_moon, NULL, 0},
    {"sdf_moon", EXACT, ARGUMENTS(0.7, 0.8, 0.3), o_moon, NULL, 0},
    {"sdf_moon", EXACT, ARGUMENTS(0.2, 0.8, 0.5), o_moon, NULL, 0},
    {"sdf_moon", EXACT, ARGUMENTS(0, 0.8, 0.5), o_moon, NULL, 0},
    {"sdf_moon", EXACT_OUTSIDE, ARGUMENTS(2, 0.8, 0.5), o_moon, NULL, 0},
    {"sdf_egg", EXACT, ARGUMENTS(0.6, 0.2), o_egg, NULL, 0},
    {"sdf_egg", EXACT, ARGUMENTS(0.6, 0), o_egg, NULL, 0},
    {"sdf_egg", EXACT, ARGUMENTS(0.6, 0.6), o_egg, NULL, 0},
    {"sdf_egg", EXACT, ARGUMENTS(0, 0), o_egg, NULL, 0},
    {"sdf_heart", EXACT, NONE, o_heart, NULL, 0},
    {"sdf_tunnel", EXACT, ARGUMENTS(0.6, 0.7), o_tunnel, NULL, 0},
    {"sdf_tunnel", EXACT, ARGUMENTS(0.6, 0), o_tunnel, NULL, 0},
    {"sdf_tunnel", EXACT, ARGUMENTS(0, 0.7), o_tunnel, NULL, 0},
    {"sdf_half_plane", EXACT, ARGUMENTS(1, 2, 0.2), o_half_plane, in_half_plane, 30},
    {"sdf_half_plane", EXACT, ARGUMENTS(-0.5, 0), o_half_plane, in_half_plane, 30},
    {"sdf_line", UNSIGNED, ARGUMENTS(-1, -0.5, 1, 0.2), o_line, NULL, 30},
    {"sdf_segment", UNSIGNED, ARGUMENTS(-0.6, -0.5, 0.5, 0.6), o_segment, NULL, 0},
    {"sdf_segment", UNSIGNED, ARGUMENTS(0.25, 0.5, 0.25, 0.5), o_segment, NULL, 0},
    {"sdf_capsule", EXACT, ARGUMENTS(-0.6, -0.5, 0.5, 0.6, 0.2), o_capsule, NULL, 0},
    {"sdf_capsule", EXACT, ARGUMENTS(-0.6, -0.5, 0.5, 0.6, 0), o_capsule, NULL, 0},
    {"sdf_capsule", EXACT, ARGUMENTS(0.25, 0.5, 0.25, 0.5, 0.3), o_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.45, 0.2, 0.8), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.2, 0.45, 0.8), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.5, 0.1, 0.2), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.1, 0.5, 0.2), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.3, 0.3, 0), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.5, 0.3, 0), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0.3, 0.5, 0), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0, 0.3, 0.7), o_uneven_capsule, NULL, 0},
    {"sdf_uneven_capsule", EXACT, ARGUMENTS(0, 0, 0), o_uneven_capsule, NULL, 0},
    {"sdf_box", EXACT, ARGUMENTS(0.7, 0.4), o_box, NULL, 0},
    {"sdf_box", EXACT, ARGUMENTS(0, 0.4), o_box, NULL, 0},
    {"sdf_box", EXACT, ARGUMENTS(0, 0), o_box, NULL, 0},
    {"sdf_rounded_box", EXACT, ARGUMENTS(0.7, 0.5, 0.2), o_rounded_box1, NULL, 0},
    {"sdf_rounded_box", EXACT, ARGUMENTS(0.7, 0.5, 0.5), o_rounded_box1, NULL, 0},
    {"sdf_rounded_box", EXACT, ARGUMENTS(0.7, 0.5, 0.4, 0.1, 0.3, 0), o_rounded_box4, NULL, 0},
    {"sdf_chamfer_box", EXACT, ARGUMENTS(0.7, 0.5, 0.3), o_chamfer_box, NULL, 0},
    {"sdf_chamfer_box", EXACT, ARGUMENTS(0.7, 0.5, 0), o_chamfer_box, NULL, 0},
    {"sdf_chamfer_box", EXACT, ARGUMENTS(0.7, 0.5, 0.5), o_chamfer_box, NULL, 0},
    {"sdf_chamfer_box", EXACT, ARGUMENTS(0.5, 0.5, 0.5), o_chamfer_box, NULL, 0},
    {"sdf_oriented_box", EXACT, ARGUMENTS(-0.6, -0.4, 0.5, 0.6, 0.4), o_oriented_box, NULL, 0},
    {"sdf_oriented_box", EXACT, ARGUMENTS(-0.6, -0.4, 0.5, 0.6, 0), o_oriented_box, NULL, 0},
    {"sdf_oriented_box", EXACT, ARGUMENTS(0.25, 0.5, 0.25, 0.5, 0.5), o_oriented_box, NULL, 0},
    {"sdf_rhombus", EXACT, ARGUMENTS(0.8, 0.5), o_rhombus, NULL, 0},
    {"sdf_rhombus", EXACT, ARGUMENTS(0.8, 0), o_rhombus, NULL, 0},
    {"sdf_rhombus", EXACT, ARGUMENTS(0, 0.5), o_rhombus, NULL, 0},
    {"sdf_rhombus", EXACT, ARGUMENTS(0, 0), o_rhombus, NULL, 0},
    {"sdf_trapezoid", EXACT, ARGUMENTS(0.8, 0.3, 0.5), o_trapezoid, NULL, 0},
    {"sdf_trapezoid", EXACT, ARGUMENTS(0.2, 0.9, 0.5), o_trapezoid, NULL, 0},
    {"sdf_trapezoid", EXACT, ARGUMENTS(0.5, 0, 0.5), o_trapezoid, NULL, 0},
    {"sdf_trapezoid", EXACT, ARGUMENTS(0.5, 0.3, 0), o_trapezoid, NULL, 0},
    {"sdf_trapezoid", EXACT, ARGUMENTS(0, 0, 0), o_trapezoid, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0.5, 0.5, 0.3), o_parallelogram, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0.3, 0.4, -0.9), o_parallelogram, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0.5, 0.4, 0), o_parallelogram, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0, 0.5, 0.3), o_parallelogram, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0.5, 0, 0.3), o_parallelogram, NULL, 0},
    {"sdf_parallelogram", EXACT, ARGUMENTS(0, 0, 0), o_parallelogram, NULL, 0},
    {"sdf_equilateral_triangle", EXACT, ARGUMENTS(0.8), o_equilateral, NULL, 0},
    {"sdf_equilateral_triangle", EXACT, ARGUMENTS(0), o_equilateral, NULL, 0},
    {"sdf_isosceles_triangle", EXACT, ARGUMENTS(0.5, 1.2), o_isosceles, NULL, 0},
    {"sdf_isosceles_triangle", EXACT, ARGUMENTS(0.5, -1.2), o_isosceles, NULL, 0},
    {"sdf_isosceles_triangle", EXACT, ARGUMENTS(0, 1), o_isosceles, NULL, 0},
    {"sdf_isosceles_triangle", EXACT, ARGUMENTS(0.5, 0), o_isosceles, NULL, 0},
    {"sdf_triangle", EXACT, ARGUMENTS(-0.7, -0.5, 0.8, -0.2, -0.1, 0.8), o_polygon3, NULL, 0},
    {"sdf_triangle", EXACT, ARGUMENTS(-0.7, -0.5, -0.1, 0.8, 0.8, -0.5), o_polygon3, NULL, 0},
    {"sdf_triangle", EXACT, ARGUMENTS(-0.7, -0.5, -0.7, -0.5, 0.8, -0.25), o_polygon3, NULL, 0},
    {"sdf_triangle", EXACT, ARGUMENTS(0.25, 0.5, 0.25, 0.5, 0.25, 0.5), o_polygon3, NULL, 0},
    {"sdf_quad", EXACT, ARGUMENTS(-0.8, -0.7, 0, -0.2, 0.8, -0.7, 0, 0.8), o_polygon4, NULL, 0},
    {"sdf_quad", EXACT, ARGUMENTS(-0.7, -0.5, 0.7, 0.5, 0.7, -0.5, -0.7, 0.5), o_polygon4, NULL, 0},
    {"sdf_polygon", EXACT, ARGUMENTS(-0.8, 0, -0.3, 0.8, 0, 0.1, 0.5, 0.7, 0.8, -0.5), o_polygon5, NULL, 0},
    {"sdf_polygon", EXACT, ARGUMENTS(-0.8, 0, -0.3, 0.8, 0, 0.1, 0.5, 0.7, 0.8, -0.5, 0, 0), o_polygon6, NULL,
     0},
    {"sdf_polygon", EXACT, ARGUMENTS(-0.8, 0, -0.3, 0.8, 0, 0.1, 0.5, 0.7, 0.8, -0.5, 0, 0, -0.5, -0.9),
     o_polygon7, NULL, 0},
    {"sdf_polygon", EXACT,
     ARGUMENTS(-0.8, -0.8, 0.8, -0.8, 0.8, 0.8, 0.5, 0.8, 0.5, -0.5, -0.5, -0.5, -0.5, 0.8, -0.8, 0.8),
     o_polygon8, NULL, 0},
    {"sdf_cross", EXACT, ARGUMENTS(0.8, 0.3), o_cross, NULL, 0},
    {"sdf_cross", EXACT, ARGUMENTS(0.5, 0.5), o_cross, NULL, 0},
    {"sdf_cross", EXACT, ARGUMENTS(0.8, 0), o_cross, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.4, 0.3, 4), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.2, 0.5, 3), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.7, 0.1, 2), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.1, 0.6, 2), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.5, 0.4, 1), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0, 0.3, 2), o_stairs, NULL, 0},
    {"sdf_stairs", EXACT, ARGUMENTS(0.3, 0, 2), o_stairs, NULL, 0},
    {"sdf_pentagon", EXACT, ARGUMENTS(0.7), o_pentagon, NULL, 0},
    {"sdf_pentagon", EXACT, ARGUMENTS(0), o_pentagon, NULL, 0},
    {"sdf_hexagon", EXACT, ARGUMENTS(0.7), o_hexagon, NULL, 0},
    {"sdf_hexagon", EXACT, ARGUMENTS(0), o_hexagon, NULL, 0},
    {"sdf_octagon", EXACT, ARGUMENTS(0.7), o_octagon, NULL, 0},
    {"sdf_octagon", EXACT, ARGUMENTS(0), o_octagon, NULL, 0},
    {"sdf_ngon", EXACT, ARGUMENTS(0.5, 3), o_ngon, NULL, 0},
    {"sdf_ngon", EXACT, ARGUMENTS(0.7, 5), o_ngon, NULL, 0},
    {"sdf_ngon", EXACT, ARGUMENTS(0.7, 8), o_ngon, NULL, 0},
    {"sdf_ngon", EXACT, ARGUMENTS(0, 7), o_ngon, NULL, 0},
    {"sdf_hexagram", EXACT, ARGUMENTS(0.4), o_hexagram, NULL, 0},
    {"sdf_hexagram", EXACT, ARGUMENTS(0), o_hexagram, NULL, 0},
    {"sdf_star5", EXACT, ARGUMENTS(0.8, 0.5), o_star5, NULL, 0},
    {"sdf_star5", EXACT, ARGUMENTS(0.8, 0.809), o_star5, NULL, 0},
    {"sdf_star5", EXACT, ARGUMENTS(0.8, 0), o_star5, NULL, 0},
    {"sdf_star5", EXACT, ARGUMENTS(0, 0.5), o_star5, NULL, 0},
    {"sdf_pentagram", EXACT, ARGUMENTS(0.8), o_pentagram, NULL, 0},
    {"sdf_star", EXACT, ARGUMENTS(0.8, 7, 0.6), o_star, NULL, 0},
    {"sdf_star", EXACT, ARGUMENTS(0.8, 4, 0.3), o_star, NULL, 0},
    {"sdf_star", EXACT, ARGUMENTS(0, 5, 0.5), o_star, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0.8, 0.3), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0.3, 0.8), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0.5, 0.5), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(1, 0.99), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0.9, 0.04), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0.8, 0), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0, 0.8), o_ellipse, NULL, 0},
    {"sdf_ellipse", EXACT, ARGUMENTS(0, 0), o_ellipse, NULL, 0},
    {"sdf_parabola", EXACT, ARGUMENTS(1.5), o_parabola, in_parabola, 30},
    {"sdf_parabola", EXACT, ARGUMENTS(-0.7), o_parabola, in_parabola, 30},
    {"sdf_parabola", EXACT, ARGUMENTS(8), o_parabola, in_parabola, 30},
    {"sdf_parabola", EXACT, ARGUMENTS(0), o_parabola, in_parabola, 30},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(0.6, 1), o_parabola_segment, NULL, 0},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(1, 0.3), o_parabola_segment, NULL, 0},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(0.2, 1.5), o_parabola_segment, NULL, 0},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(0, 0.8), o_parabola_segment, NULL, 0},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(0.6, 0), o_parabola_segment, NULL, 0},
    {"sdf_parabola_segment", EXACT, ARGUMENTS(0, 0), o_parabola_segment, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.7, -0.5, 0.3, 1.4, 0.6, -0.6), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.7, -0.5, 0.9, 0.9, -0.5, -0.6), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.5, -0.5, 0.1, 0.0999, 0.7, 0.7), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.5, 0.25, 0, 0.25, 0.5, 0.25), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.5, -0.5, 0.5, 0.5, 0.75, 0.75), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(-0.5, -0.5, 1, 1, -0.5, -0.5), o_bezier, NULL, 0},
    {"sdf_bezier", UNSIGNED, ARGUMENTS(0.25, 0.5, 0.25, 0.5, 0.25, 0.5), o_bezier, NULL, 0},
    {"sdf_blobby_cross", EXACT, ARGUMENTS(0.35), o_blobby, NULL, 0},
    {"sdf_blobby_cross", EXACT, ARGUMENTS(0.25), o_blobby, NULL, 0},
    {"sdf_blobby_cross", EXACT, ARGUMENTS(0.1), o_blobby, NULL, 0},
    {"sdf_blobby_cross", EXACT, ARGUMENTS(0), o_blobby, NULL, 0},
    {"sdf_blobby_cross", EXACT, ARGUMENTS(-0.3), o_blobby, NULL, 0},
    {"sdf_quadratic_circle", EXACT, NONE, o_quadratic_circle, NULL, 0},
    {"sdf_hyperbola", EXACT, ARGUMENTS(0.3, 0.4), o_hyperbola, in_hyperbola, 30},
    {"sdf_hyperbola", EXACT, ARGUMENTS(0.5, 0.1), o_hyperbola, in_hyperbola, 30},
    {"sdf_hyperbola", EXACT, ARGUMENTS(0.5, 0.02), o_hyperbola, in_hyperbola, 30},
    {"sdf_hyperbola", EXACT, ARGUMENTS(0.2, 1.2), o_hyperbola, in_hyperbola, 30},
    {"sdf_rounded_cross", EXACT, ARGUMENTS(0.9, 0.4), o_rounded_cross, NULL, 0},
    {"sdf_rounded_cross", EXACT, ARGUMENTS(0.6, 0.6), o_rounded_cross, NULL, 0},
    {"sdf_rounded_cross", EXACT, ARGUMENTS(0.9, 0.01), o_rounded_cross, NULL, 0},
    {"sdf_rounded_cross", EXACT, ARGUMENTS(0.9, 0), o_rounded_cross, NULL, 0},
    {"sdf_rounded_x", EXACT_OUTSIDE, ARGUMENTS(1, 0.15), o_rounded_x, NULL, 0},
    {"sdf_rounded_x", EXACT_OUTSIDE, ARGUMENTS(1, 0), o_rounded_x, NULL, 0},
    {"sdf_squircle", BOUND, ARGUMENTS(0.8), o_squircle, NULL, 0},
    {"sdf_superellipse", BOUND, ARGUMENTS(0.8, 0.5, 3), o_superellipse, NULL, 0},
    {"sdf_superellipse", BOUND, ARGUMENTS(0.5, 0.8, 2), o_superellipse, NULL, 0},
    {"sdf_superellipse", BOUND, ARGUMENTS(0.7, 0.7, 8), o_superellipse, NULL, 0},
    {"sdf_circle_wave", UNSIGNED, ARGUMENTS(2, 0.3), o_circle_wave, NULL, 3},
    {"sdf_circle_wave", UNSIGNED, ARGUMENTS(0.8, 0.4), o_circle_wave, NULL, 3},
    {"sdf_circle_wave", UNSIGNED, ARGUMENTS(2.6, 0.5), o_circle_wave, NULL, 3},
    {"sdf_cool_s", EXACT, NONE, o_cool_s, in_cool_s, 0},

#define DISCS "sdf_circle(translate(p, -0.3, 0), 0.5), sdf_circle(translate(p, 0.3, 0), 0.5)"
    {"sdf_union(" DISCS ")", EXACT_OUTSIDE, NONE, o_union, NULL, 0},
    {"sdf_intersection(" DISCS ")", EXACT_INSIDE, NONE, o_intersection, NULL, 0},
    {"sdf_subtraction(" DISCS ")", BOUND, NONE, o_subtraction, NULL, 0},
    {"sdf_xor(" DISCS ")", EXACT_OUTSIDE, NONE, o_xor, NULL, 0},
    {"sdf_smooth_union(" DISCS ", 0)", EXACT_OUTSIDE, NONE, o_union, NULL, 0},
    {"sdf_smooth_intersection(" DISCS ", 0)", EXACT_INSIDE, NONE, o_intersection, NULL, 0},
    {"sdf_smooth_subtraction(" DISCS ", 0)", BOUND, NONE, o_subtraction, NULL, 0},
    {"sdf_smooth_xor(" DISCS ", 0)", EXACT_OUTSIDE, NONE, o_xor, NULL, 0},
    {"sdf_round(sdf_box(p, 0.5, 0.3), 0.2)", EXACT, ARGUMENTS(0.7, 0.5, 0.2), o_rounded_box1, NULL, 0},
    {"sdf_onion(sdf_circle(p, 0.6), 0.15)", EXACT, ARGUMENTS(0.6, 0.3), o_annulus, NULL, 0},
    {"sdf_onion(sdf_box(p, 0.5, 0.3), 0.1)", EXACT_OUTSIDE, NONE, o_onion, NULL, 0},
    {"p | translate(0.4, 0.2) | rotate(0.3) | sdf_box(0.5, 0.2)", EXACT, NONE, o_moved, NULL, 0},
    {"p | rotate(0.3) | translate((0.4, 0.2)) | sdf_box(0.5, 0.2)", EXACT, NONE, o_turned, NULL, 0},
    {"sdf_box(rotate_z(translate((p, 0), 0.4, 0.2, 0), 0.3).xy, 0.5, 0.2)", EXACT, NONE, o_moved, NULL, 0},
    {"sdf_heart(scale(p, 3))*3", EXACT, NONE, o_heart3, NULL, 0},
    {"sdf_heart(scale((p, 7), 3).xy)*3", EXACT, NONE, o_heart3, NULL, 0},
    {"sdf_circle(translate(sdf_mirror(p, 3, -1), 0.5, 0.1), 0.2)", EXACT, NONE, o_mirrored, NULL, 0},
    {"sdf_circle(translate(sdf_mirror(p.x, 5, p.y, 3, 0, -1).xz, 0.5, 0.1), 0.2)", EXACT, NONE, o_mirrored,
     NULL, 0},
    {"sdf_circle(translate(sdf_mirror_x(p), 0.5, 0.1), 0.2)", EXACT, NONE, o_mirrored_x, NULL, 0},
    {"sdf_circle(translate(sdf_mirror_x((p, 1)).xy, 0.5, 0.1), 0.2)", EXACT, NONE, o_mirrored_x, NULL, 0},
    {"sdf_circle(translate(sdf_mirror_y(p), 0.1, 0.5), 0.2)", EXACT, NONE, o_mirrored_y, NULL, 0},
    {"sdf_circle(translate(sdf_mirror_y((p, 1)).xy, 0.1, 0.5), 0.2)", EXACT, NONE, o_mirrored_y, NULL, 0},
    {"sdf_circle(translate(sdf_mirror_z((1, p)).yz, 0.1, 0.5), 0.2)", EXACT, NONE, o_mirrored_y, NULL, 0},
    {"sdf_box(sdf_repeat(p, (1, 0.8)), 0.2, 0.1)", EXACT, NONE, o_repeated, NULL, 2.5},
    {"sdf_box(sdf_repeat((p, 1), (1, 0.8, 0)).xy, 0.2, 0.1)", EXACT, NONE, o_repeated, NULL, 2.5},
    {"sdf_box(sdf_repeat(p, (1, 0)), 0.2, 0.1)", EXACT, NONE, o_repeated_x, NULL, 30},
    {"sdf_box(sdf_repeat_limited(p, (0.6, 0.5), (-2, 0), (1, 1)), 0.2, 0.1)", EXACT, NONE, o_limited, NULL,
     0},
    {"sdf_box(sdf_repeat_limited((5, p), (0, 0.6, 0.5), (0, -2, 0), (0, 1, 1)).yz, 0.2, 0.1)", EXACT, NONE,
     o_limited, NULL, 0},
    {"sdf_capsule(sdf_repeat_polar(p, 5), 0.4, 0, 0.8, 0, 0.1)", EXACT, NONE, o_polar, NULL, 0},
    {"sdf_capsule(sdf_repeat_polar(p.x, 3, p.y, 5).xz, 0.4, 0, 0.8, 0, 0.1)", EXACT, NONE, o_polar, NULL, 0},
    {"sdf_circle(sdf_elongate(p, (0.5, 0.3)), 0.2)", EXACT_OUTSIDE, ARGUMENTS(0.7, 0.5, 0.2), o_rounded_box1,
     NULL, 0},
    {"sdf_circle(sdf_elongate((p, 0), (0.5, 0.3, 0)).xy, 0.2)", EXACT_OUTSIDE, ARGUMENTS(0.7, 0.5, 0.2),
     o_rounded_box1, NULL, 0},
    {"sdf_extrude(sdf_circle(0.6*p.x, 0.8*p.x, 0.7), p.y, 0.4)", EXACT, ARGUMENTS(0.7, 0.4), o_box, NULL, 0},
    {"sdf_box(sdf_revolve(0.6*p.x, p.y, 0.8*p.x, 0.7), 0.2, 0.1)", EXACT, NONE, o_two_boxes, NULL, 0},
    {"sdf_circle(sdf_revolve(0.6*p.x, p.y, 0.8*p.x), 0.7)", EXACT, ARGUMENTS(0.7), o_circle, NULL, 0},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* ---- the truth ---- */

typedef struct truth {
    double distance; /* without a sign */
    bool inside;
    bool lonely; /* one nearest point, and no other nearly as near */
    point foot;
} truth;

static double square_to(const piece *s, double t, point p)
{
    const point q = on(s, t);
    return (q.x - p.x) * (q.x - p.x) + (q.y - p.y) * (q.y - p.y);
}

/* The least square between two parameters, by golden section; *t is where. */
static double refine(const piece *s, double low, double high, point p, double *t)
{
    const double g = 0.61803398874989485;
    double a = high - g * (high - low), b = low + g * (high - low);
    double at_a = square_to(s, a, p), at_b = square_to(s, b, p);
    for (int k = 0; k < 42; k++)
        if (at_a < at_b) {
            high = b, b = a, at_b = at_a;
            at_a = square_to(s, a = high - g * (high - low), p);
        } else {
            low = a, a = b, at_a = at_b;
            at_b = square_to(s, b = low + g * (high - low), p);
        }
    const double ends[4] = {low, high, a, b};
    double best = INFINITY;
    for (int k = 0; k < 4; k++) {
        const double square = square_to(s, ends[k], p);
        if (square < best)
            best = square, *t = ends[k];
    }
    return best;
}

static double between(point a, point b)
{
    return hypot(a.x - b.x, a.y - b.y);
}

/* The ray passes a little above the point: pieces that meet at its height do so but for rounding. */
static bool crosses(point a, point b, point p)
{
    const double y = p.y + 2.3e-8;
    return (a.y <= y) != (b.y <= y) && a.x + (b.x - a.x) * ((y - a.y) / (b.y - a.y)) > p.x;
}

static truth find_truth(point p)
{
    static double squares[MOST_PIECES][SAMPLES + 1];
    truth found = {.distance = INFINITY, .lonely = true};
    double rough = INFINITY;
    unsigned crossings = 0;
    for (unsigned i = 0; i < piece_count; i++)
        for (int k = 0; k <= SAMPLES; k++) {
            const double dx = samples[i][k].x - p.x, dy = samples[i][k].y - p.y;
            squares[i][k] = dx * dx + dy * dy;
            rough = fmin(rough, squares[i][k]);
            crossings += k < SAMPLES && crosses(samples[i][k], samples[i][k + 1], p);
        }
    rough = sqrt(rough);
    found.inside = crossings & 1;
    const double limit = rough * rough;
    struct {
        double distance;
        point foot;
    } near[MOST_NEAR];
    unsigned count = 0;
    for (unsigned i = 0; i < piece_count; i++)
        for (int k = 0; k <= SAMPLES; k++) {
            const int before = k ? k - 1 : 0, after = k < SAMPLES ? k + 1 : k;
            if ((k && squares[i][before] <= squares[i][k]) || squares[i][after] < squares[i][k])
                continue;
            if (squares[i][k] > limit
                && sqrt(squares[i][k]) > rough + between(samples[i][before], samples[i][after]))
                continue;
            double t = 0;
            assert_true(count < MOST_NEAR);
            near[count].distance =
                sqrt(refine(&pieces[i], (double)before / SAMPLES, (double)after / SAMPLES, p, &t));
            near[count].foot = on(&pieces[i], t);
            if (near[count].distance < found.distance)
                found.distance = near[count].distance, found.foot = near[count].foot;
            count++;
        }
    for (unsigned i = 0; i < count; i++)
        if (near[i].distance < found.distance + 1e-4 && between(near[i].foot, found.foot) > 1e-5)
            found.lonely = false;
    return found;
}

/* ---- points ---- */

static point points[MOST_POINTS];
static truth truths[MOST_POINTS];
static unsigned point_count;
enum { SCATTERED = 240 }; /* the first ones: nowhere in particular */

static double uniform(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(int32_t)*state / 2147483648.0;
}

/* Both types see the same points. */
static void add_point(const row *r, double x, double y)
{
    x = (double)(float)x, y = (double)(float)y;
    if (point_count < MOST_POINTS && (r->reach == 0 || hypot(x, y) < r->reach))
        points[point_count++] = (point){x, y};
}

/* Where the piece's normals meet, and beside: what finds a nearest point by steps is slowest there. */
static void add_centres(const row *r, const piece *s)
{
    for (int k = 0; k <= 24; k++) {
        const double t = k / 24.0, h = 1e-4;
        const point a = on(s, t - h), b = on(s, t), c = on(s, t + h);
        const double vx = (c.x - a.x) / (2 * h), vy = (c.y - a.y) / (2 * h);
        const double wx = (a.x - 2 * b.x + c.x) / (h * h), wy = (a.y - 2 * b.y + c.y) / (h * h);
        const double turning = vx * wy - vy * wx, radius = (vx * vx + vy * vy) / turning;
        const point q = {b.x - radius * vy, b.y + radius * vx};
        if (!(fabs(turning) > 1e-3 && hypot(q.x, q.y) < 20))
            continue;
        add_point(r, q.x, q.y);
        for (double beside = 0.1; beside > 1e-6; beside *= 0.1)
            add_point(r, q.x + beside, q.y), add_point(r, q.x + beside, q.y - 1e-5);
    }
}

static void make_points(const row *r)
{
    uint32_t seed = 1;
    const double wide = r->reach > 0 && r->reach < 3 ? r->reach / 1.5 : 1.6;
    point_count = 0;
    while (point_count < SCATTERED) {
        const double x = wide * uniform(&seed);
        add_point(r, x, wide * uniform(&seed));
    }
    for (int k = 0; k < 40; k++) {
        const double x = 25 * uniform(&seed);
        add_point(r, x, 25 * uniform(&seed));
    }
    for (int k = -24; k <= 24; k++) {
        const double s = k / 16.0;
        add_point(r, s, 0), add_point(r, 0, s), add_point(r, s, s), add_point(r, s, -s);
        add_point(r, s, 1e-6), add_point(r, -1e-6, s), add_point(r, s, -1e-3);
    }
    for (double tiny = 1e-2; tiny > 1e-13; tiny *= 0.1)
        add_point(r, tiny, 0), add_point(r, 0, -tiny), add_point(r, -tiny, tiny), add_point(r, 0.5, tiny);
    const unsigned step = piece_count > 24 ? piece_count / 24 : 1;
    for (unsigned i = 0; i < piece_count; i += step)
        for (int k = 0; k <= SAMPLES; k += SAMPLES / 2) {
            const point q = samples[i][k];
            add_point(r, q.x, q.y);
            add_point(r, q.x + 0.01, q.y), add_point(r, q.x - 0.01, q.y);
            add_point(r, q.x, q.y + 0.01), add_point(r, q.x, q.y - 0.01);
            add_point(r, 1.05 * q.x, 1.05 * q.y), add_point(r, 0.95 * q.x, 0.95 * q.y);
        }
    for (unsigned i = 0; i < piece_count; i += step)
        if (pieces[i].at != on_line && pieces[i].at != on_arc)
            add_centres(r, &pieces[i]);
}

/* ---- running ---- */

static sinter_context *context;
static double results64[3][MOST_POINTS], other64[MOST_POINTS];
static float results32[MOST_POINTS], other32[MOST_POINTS];
static uint64_t asked, programs;
static unsigned wrong; /* rows that do not keep their promise; each is told once */
#define TELL(...) return print_error(__VA_ARGS__), false

/* The text's values at the points, z being 1; with `slopes` those by x and y behind them. */
static void run(const char *text, sinter_engine engine, sinter_type type, bool slopes, void *results,
                size_t stride)
{
    static const char *const by[] = {"x", "y"};
    static double in64[3][MOST_POINTS];
    static float in32[3][MOST_POINTS];
    sinter_kernel *kernel;
    sinter_report report;
    sinter_options options = {.engine = engine, .type = type, .inputs = "x y z"};
    if (slopes)
        options.gradient = by, options.gradient_count = 2;
    if (sinter_compile(context, text, strlen(text), &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s\n%s", text, report.errors[0].message);
    for (unsigned k = 0; k < point_count; k++) {
        in64[0][k] = points[k].x, in64[1][k] = points[k].y, in64[2][k] = 1;
        in32[0][k] = (float)points[k].x, in32[1][k] = (float)points[k].y, in32[2][k] = 1;
    }
    const void *inputs[3];
    void *outputs[3];
    for (int k = 0; k < 3; k++) {
        inputs[k] = type == SINTER_F32 ? (const void *)in32[k] : (const void *)in64[k];
        outputs[k] = (char *)results + (size_t)k * stride;
    }
    const sinter_arguments a = {.inputs = inputs, .outputs = outputs, .count = point_count};
    assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
    sinter_kernel_close(kernel);
    programs++;
}

/* The call with a pair, with numbers in a row, and with sizes that are not constants. */
typedef enum form { PAIR, ROW, VARYING, FORMS } form;

static bool is_text(const row *r)
{
    return strpbrk(r->call, "(|");
}

static void write_call(const row *r, form f, char *text, size_t size)
{
    if (is_text(r)) {
        snprintf(text, size, "p = (x, y)\n%s", r->call);
        return;
    }
    int n = snprintf(text, size, f == ROW ? "%s(x, y" : "%s((x, y)", r->call);
    for (unsigned k = 0; k < r->count; k++)
        n += snprintf(text + n, size - (size_t)n, f == VARYING ? ", %.17g*z" : ", %.17g", r->a[k]);
    snprintf(text + n, size - (size_t)n, ")");
}

static bool same_everywhere(const row *r)
{
    char text[1024];
    for (int f = PAIR; f < (is_text(r) ? ROW : FORMS); f++)
        for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
            if (!sinter_engine_available((sinter_engine)engine, NULL)
                || (f && engine == SINTER_ENGINE_SCALAR))
                continue;
            write_call(r, (form)f, text, sizeof text);
            run(text, (sinter_engine)engine, SINTER_F32, false, other32, 0);
            run(text, (sinter_engine)engine, SINTER_F64, false, other64, 0);
            for (unsigned k = 0; k < point_count; k++)
                if (memcmp(&other32[k], &results32[k], sizeof(float)) != 0
                    || memcmp(&other64[k], &results64[0][k], sizeof(double)) != 0)
                    TELL("%s\n%s at (%g, %g): %.9g and %.17g, not %.9g and %.17g\n", text,
                         sinter_engine_name((sinter_engine)engine), points[k].x, points[k].y,
                         (double)other32[k], other64[k], (double)results32[k], results64[0][k]);
        }
    return true;
}

/* ---- what is promised ---- */

static double worst[2]; /* errors of what is exact, in units of 1 + |p| */

/* The outline's samples are chords: they do not tell the side of a point that is nearer to it than this. */
#define ON_OUTLINE 1e-4

static bool keeps(const row *r, const truth *t, double value, double tolerance, double *error)
{
    const bool unsure = t->distance < ON_OUTLINE && r->what != UNSIGNED;
    const double side = r->what != UNSIGNED && t->inside ? -1 : 1;
    const bool exact = r->what == EXACT || r->what == UNSIGNED || (r->what == EXACT_OUTSIDE && side > 0)
                       || (r->what == EXACT_INSIDE && side < 0);
    if (!isfinite(value))
        return false;
    *error = 0;
    if (!exact)
        return fabs(value) <= t->distance + tolerance && (t->distance < 1e-3 || value * side > 0);
    *error = unsure ? fabs(fabs(value) - t->distance) : fabs(value - side * t->distance);
    /* At the outline the other half of an EXACT_OUTSIDE may show: a bound. */
    return *error <= tolerance || (unsure && r->what >= BOUND && fabs(value) <= t->distance);
}

static bool check_values(const row *r, const char *text)
{
    /* A Bezier curve's nearest point is where a cubic is 0, whose coefficients round. */
    const double tolerances[2] = {strcmp(r->call, "sdf_bezier") == 0 ? 2e-6 : 4e-7, 1e-9};
    for (unsigned k = 0; k < point_count; k++)
        for (int type = 0; type < 2; type++) {
            const double value = type ? results64[0][k] : (double)results32[k];
            const double scale = 1 + hypot(points[k].x, points[k].y);
            double error = 0;
            if (!keeps(r, &truths[k], value, tolerances[type] * scale, &error))
                TELL("%s\n%s at (%.9g, %.9g) is %.12g, the distance %s%.12g\n", text, type ? "f64" : "f32",
                     points[k].x, points[k].y, value, truths[k].inside ? "-" : "", truths[k].distance);
            worst[type] = fmax(worst[type], error / scale);
            asked++;
        }
    return true;
}

/* The slope of what is exact points away from the nearest point. */
static bool check_slopes(const row *r, const char *text)
{
    if (r->what != EXACT && r->what != UNSIGNED)
        return true;
    run(text, SINTER_ENGINE_AUTO, SINTER_F64, true, results64, sizeof results64[0]);
    for (unsigned k = 0; k < SCATTERED; k++) {
        const truth *const t = &truths[k];
        if (!t->lonely || t->distance < 1e-2)
            continue;
        const double side = r->what != UNSIGNED && t->inside ? -1 : 1;
        const double dx = side * (points[k].x - t->foot.x) / t->distance;
        const double dy = side * (points[k].y - t->foot.y) / t->distance;
        if (!(hypot(results64[1][k] - dx, results64[2][k] - dy) < 1e-4))
            TELL("%s\nat (%.9g, %.9g) the slope is (%.9g, %.9g), the direction (%.9g, %.9g)\n", text,
                 points[k].x, points[k].y, results64[1][k], results64[2][k], dx, dy);
    }
    return true;
}

/* No distance and no bound changes by more than the way between two points. */
static bool check_steepness(const char *text)
{
    for (unsigned k = 1; k < point_count; k++)
        if (!(fabs(results64[0][k] - results64[0][k - 1]) <= between(points[k], points[k - 1]) + 1e-7))
            TELL("%s\nfrom (%.9g, %.9g) to (%.9g, %.9g): %.9g, %.9g\n", text, points[k - 1].x,
                 points[k - 1].y, points[k].x, points[k].y, results64[0][k - 1], results64[0][k]);
    return true;
}

static bool check_row(const row *r)
{
    char text[1024];
    outline_clear();
    r->outline(r->a);
    make_points(r);
    for (unsigned k = 0; k < point_count; k++) {
        truths[k] = find_truth(points[k]);
        if (r->inside)
            truths[k].inside = r->inside(r->a, points[k]);
    }
    write_call(r, PAIR, text, sizeof text);
    run(text, SINTER_ENGINE_AUTO, SINTER_F32, false, results32, 0);
    run(text, SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
    return check_values(r, text) && check_steepness(text) && same_everywhere(r) && check_slopes(r, text);
}

static void distances_are_what_they_promise(void **state)
{
    (void)state;
    for (unsigned k = 0; k < ROWS; k += (unsigned)test_share())
        wrong += !check_row(&rows[k]);
    printf("# %u calls, %llu values, %llu programs; greatest error of exact ones, over 1 + |p|: %.2g (f32), "
           "%.2g (f64)\n",
           (unsigned)ROWS, (unsigned long long)asked, (unsigned long long)programs, worst[0], worst[1]);
    assert_int_equal(wrong, 0);
}

/* ---- what is no shape ---- */

/* Pairs of numbers for the inputs, on a lattice through 0. */
static void make_lattice(double wide)
{
    point_count = 0;
    for (int i = -16; i <= 16; i++)
        for (int j = -16; j <= 16; j++)
            points[point_count++] = (point){wide * i / 16, wide * j / 16};
}

static double smooth_least(double a, double b, double k)
{
    const double h = fmax(k - fabs(a - b), 0) / k;
    return fmin(a, b) - h * h * k / 4;
}

static void smooth_forms_are_the_quadratic_polynomial(void **state)
{
    (void)state;
    static const double widths[] = {0.3, 1, 1e-3};
    make_lattice(1);
    for (unsigned n = 0; n < 3; n++)
        for (unsigned which = 0; which < 4; which++) {
            static const char *const names[] = {"union", "intersection", "subtraction", "xor"};
            const double k = widths[n];
            char text[100];
            snprintf(text, sizeof text, "sdf_smooth_%s(x, y, %.17g)", names[which], k);
            run(text, SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
            snprintf(text, sizeof text, "sdf_%s(x, y)", names[which]);
            run(text, SINTER_ENGINE_AUTO, SINTER_F64, false, other64, 0);
            check_steepness("a smooth form of one argument changed at a time");
            for (unsigned i = 0; i < point_count; i++) {
                const double a = points[i].x, b = points[i].y, both = -smooth_least(-a, -b, k);
                const double wanted = which == 0   ? smooth_least(a, b, k)
                                      : which == 1 ? both
                                      : which == 2 ? -smooth_least(-a, b, k)
                                                   : -smooth_least(-smooth_least(a, b, k), both, k);
                const double sharp = which == 0   ? fmin(a, b)
                                     : which == 1 ? fmax(a, b)
                                     : which == 2 ? fmax(a, -b)
                                                  : fmax(fmin(a, b), -fmax(a, b));
                assert_true(fabs(results64[0][i] - wanted) <= 1e-15);
                assert_true(other64[i] == sharp);
            }
        }
}

typedef struct triple {
    double x, y, z;
} triple;

static triple crossed(triple a, triple b)
{
    return (triple){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

/* By a quaternion: the point (x, y, 1) turned clockwise around a unit vector, which is where it sees what is
 * turned the other way. */
static triple seen_from(point p, triple axis, double angle)
{
    const double w = cos(angle / 2), s = -sin(angle / 2);
    const triple q = {s * axis.x, s * axis.y, s * axis.z}, v = {p.x, p.y, 1};
    const triple once = crossed(q, v),
                 twice = crossed(q, (triple){once.x + w * v.x, once.y + w * v.y, once.z + w * v.z});
    return (triple){v.x + 2 * twice.x, v.y + 2 * twice.y, v.z + 2 * twice.z};
}

static void check_triples(const char *text, triple (*wanted)(point p))
{
    run(text, SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
    for (unsigned k = 0; k < point_count; k++) {
        const triple t = wanted(points[k]);
        const double error =
            fabs(results64[0][k] - t.x) + fabs(results64[1][k] - t.y) + fabs(results64[2][k] - t.z);
        if (!(error < 1e-14))
            fail_msg("%s\nat (%g, %g, 1): (%.17g, %.17g, %.17g), not (%.17g, %.17g, %.17g)", text,
                     points[k].x, points[k].y, results64[0][k], results64[1][k], results64[2][k], t.x, t.y,
                     t.z);
    }
}

static triple around_x(point p)
{
    return seen_from(p, (triple){1, 0, 0}, 0.7);
}

static triple around_y(point p)
{
    return seen_from(p, (triple){0, 1, 0}, 0.7);
}

static triple around_z(point p)
{
    return seen_from(p, (triple){0, 0, 1}, 0.7);
}

static triple around_oblique(point p)
{
    return seen_from(p, (triple){1.0 / 3, 2.0 / 3, -2.0 / 3}, -1.9);
}

static triple twisted(point p)
{
    return seen_from(p, (triple){0, 1, 0}, 1.5 * p.y);
}

static void motions_turn_the_way_they_say(void **state)
{
    (void)state;
    make_lattice(1);
    check_triples("rotate_x(x, y, z, 0.7)", around_x);
    check_triples("rotate((x, y, z), (2, 0, 0), 0.7)", around_x);
    check_triples("rotate_y(x, y, z, 0.7)", around_y);
    check_triples("rotate_z(x, y, z, 0.7)", around_z);
    check_triples("(rotate(x, y, 0.7), z)", around_z);
    check_triples("rotate(x, y, z, 1, 2, -2, -1.9)", around_oblique);
    check_triples("sdf_twist(x, y, z, 1.5)", twisted);
    check_triples("sdf_twist(x, y, z, 0) | rotate_z(0.7)", around_z);
    /* The plane's words agree with the picture: a quarter turn counterclockwise brings what was at (1, 0) to
     * (0, 1). */
    points[0] = (point){0, 1}, point_count = 1;
    run("(rotate(x, y, pi/2), 0)", SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
    assert_true(fabs(results64[0][0] - 1) + fabs(results64[1][0]) < 1e-15);
}

/* What lies at (s, h) in the straight bar is asked for at its place in the bent one. */
static void bends_bring_back_the_bar(void **state)
{
    (void)state;
    static const double curvatures[] = {1.5, -0.8, 1e-3, 1e-9, 0};
    for (unsigned n = 0; n < 5; n++) {
        const double k = curvatures[n];
        char text[100];
        make_lattice(1);
        static point bar[MOST_POINTS];
        for (unsigned i = 0; i < point_count; i++) {
            const double s = points[i].x, h = 0.4 * points[i].y;
            bar[i] = (point){s, h};
            if (k != 0) {
                const double half = sin(k * s / 2);
                points[i] = (point){(1 / k - h) * sin(k * s), h + (1 / k - h) * 2 * half * half};
            } else {
                points[i] = bar[i];
            }
        }
        for (int space = 0; space < 2; space++) {
            snprintf(text, sizeof text, space ? "sdf_bend(x, y, z, %.17g)" : "sdf_bend(x, y, %.17g)", k);
            run(text, SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
            for (unsigned i = 0; i < point_count; i++)
                if (!(hypot(results64[0][i] - bar[i].x, results64[1][i] - bar[i].y) < 1e-14)
                    || (space && results64[2][i] != 1))
                    fail_msg("%s at (%g, %g) is (%g, %g), not (%g, %g)", text, points[i].x, points[i].y,
                             results64[0][i], results64[1][i], bar[i].x, bar[i].y);
        }
    }
}

/* Space is stretched most along a helix as steep as the stretch, wound one way or the other; there as much as
 * the text says. */
static void a_twist_stretches_as_it_says(void **state)
{
    (void)state;
    make_lattice(2);
    run("k = 1.5; d = 1e-6; r = length((x, z)); most = (k*r + sqrt(k*k*r*r + 4))/2\n"
        "fn stretch(way, steep) = length(sdf_twist((x, y, z) + d*(way*z/r, steep, -way*x/r), k) - "
        "sdf_twist((x, y, z), k)) /\n"
        "    (d*sqrt(1 + steep*steep))\n"
        "(stretch(1, most), stretch(-1, most), most)",
        SINTER_ENGINE_AUTO, SINTER_F64, false, results64, sizeof results64[0]);
    for (unsigned i = 0; i < point_count; i++) {
        const double stretch = fmax(results64[0][i], results64[1][i]) / results64[2][i];
        assert_true(fabs(stretch - 1) < 1e-5);
    }
}

/* As printed, and nothing more than what is written by hand. */
static void a_circle_costs_what_it_must(void **state)
{
    (void)state;
    static const char *const texts[] = {"sqrt(x*x + y*y) - 0.5", "sdf_circle(x, y, 0.5)",
                                        "(x, y) | sdf_circle(0.5)"};
    size_t bytes[3];
    make_lattice(3);
    for (int k = 0; k < 3; k++) {
        sinter_kernel *kernel;
        assert_int_equal(sinter_compile(context, texts[k], strlen(texts[k]), NULL, &kernel, NULL), SINTER_OK);
        const sinter_kernel_info info = sinter_kernel_describe(kernel);
        assert_int_equal(info.operations, 4);
        bytes[k] = info.code_bytes;
        sinter_kernel_close(kernel);
        run(texts[k], SINTER_ENGINE_AUTO, SINTER_F32, false, k ? other32 : results32, 0);
        if (k)
            assert_memory_equal(other32, results32, point_count * sizeof(float));
    }
    assert_int_equal(bytes[0], bytes[1]);
    assert_int_equal(bytes[0], bytes[2]);
}

static int open_context(void **state)
{
    (void)state;
    return (int)sinter_open(NULL, &context);
}

static int close_context(void **state)
{
    (void)state;
    sinter_close(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_what_they_promise),
        cmocka_unit_test(smooth_forms_are_the_quadratic_polynomial),
        cmocka_unit_test(motions_turn_the_way_they_say),
        cmocka_unit_test(bends_bring_back_the_bar),
        cmocka_unit_test(a_twist_stretches_as_it_says),
        cmocka_unit_test(a_circle_costs_what_it_must),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
