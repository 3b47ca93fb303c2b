/* Distance fields in space (src/lib/sdf3.sn) against distances that are found by search.
 *
 * Each row of the table below is a call, and beside it a surface that is described independently: as curves
 * turned around the y axis, as tubes around curves, as the convex hull of corners, as patches. The distance
 * to it is found by sampling it and going downhill from the best samples, and which side a point is on is
 * asked of a test of its own. So nothing of the library's formulas is repeated here. One loop puts all rows
 * through all tests, at points near, far, inside, on the axes and planes of symmetry and on the surface
 * itself.
 *
 * f64 agrees with the search to within 1e-7 (1 + |p|) where the library says *exact*; a *bound* has the sign
 * and is never further from 0 than the distance, nor useless: at least a stated share of it. f32 agrees with
 * f64 to within 1e-6 (1 + |p|). */
#include "lang/library.h"

#include <sinter/sinter.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PI 3.14159265358979323846
#define GROUP "Distance fields, 3D"

typedef struct vec {
    double x, y, z;
} vec;

static vec at(double x, double y, double z)
{
    return (vec){x, y, z};
}
static vec plus(vec a, vec b)
{
    return at(a.x + b.x, a.y + b.y, a.z + b.z);
}
static vec minus(vec a, vec b)
{
    return at(a.x - b.x, a.y - b.y, a.z - b.z);
}
static vec times(vec a, double k)
{
    return at(a.x * k, a.y * k, a.z * k);
}
static double dot(vec a, vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static double size_of(vec a)
{
    return sqrt(dot(a, a));
}
static vec cross(vec a, vec b)
{
    return at(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}
static double square(double x)
{
    return x * x;
}

/* ---- surfaces ---- */

typedef enum patch_kind {
    SEGMENT,  /* from a to a + b */
    ARC,      /* in the plane z = 0: around a, radius r, from angle b.x to b.y, 0 is up and π/2 is right */
    TRIANGLE, /* a, a + b, a + c */
    SHEET,    /* the parallelogram a, a + b, a + b + c, a + c */
    DISC,     /* level, around a, radius r */
    TUBE, /* part of an upright cylinder around a: radius r, angles b.x to b.y from z to x, heights c.x to c.y
           */
    CUBED /* side b.x = 0 to 5 of a cube blown up to an ellipsoid with half axes a */
} patch_kind;

typedef struct patch {
    patch_kind kind;
    vec a, b, c;
    double r;
} patch;

enum { MOST_PATCHES = 256, MOST_ARGUMENTS = 12, MOST_PLANES = 256, FINE = 256, COARSE = 10 };

typedef struct shape {
    double k[MOST_ARGUMENTS];
    int argument_count;

    bool turned; /* patches are curves in the half plane (distance from axis, y) */
    bool framed; /* points are first taken to the axes x, y, z around `origin` */
    vec origin, x, y, z;
    double grown; /* everything within that of the surface belongs to the shape */
    bool (*inside)(const struct shape *s, vec p); /* NULL: nothing is */

    patch patches[MOST_PATCHES];
    int patch_count;
    vec normals[MOST_PLANES]; /* of a hull */
    double offsets[MOST_PLANES];
    int plane_count;
    vec *samples; /* of all patches, one after the other */
    double cells[MOST_PATCHES];
} shape;

static bool is_curve(const patch *t)
{
    return t->kind == SEGMENT || t->kind == ARC;
}

static vec on_patch(const patch *t, double u, double v)
{
    switch (t->kind) {
    case SEGMENT: return plus(t->a, times(t->b, u));
    case ARC: {
        const double angle = t->b.x + u * (t->b.y - t->b.x);
        return plus(t->a, at(t->r * sin(angle), t->r * cos(angle), 0));
    }
    case TRIANGLE: /* u + v is at most 1 */
    case SHEET: return plus(t->a, plus(times(t->b, u), times(t->c, v)));
    case DISC: {
        const double x = 2 * u - 1, z = 2 * v - 1;
        return plus(t->a, at(t->r * x * sqrt(1 - 0.5 * z * z), 0, t->r * z * sqrt(1 - 0.5 * x * x)));
    }
    case TUBE: {
        const double angle = t->b.x + u * (t->b.y - t->b.x);
        return at(t->a.x + t->r * sin(angle), t->c.x + v * (t->c.y - t->c.x), t->a.z + t->r * cos(angle));
    }
    default: {
        const int side = (int)t->b.x;
        const double s = side & 1 ? -1 : 1, x = 2 * u - 1, z = 2 * v - 1;
        vec p = side < 2 ? at(s, x, z) : side < 4 ? at(x, s, z) : at(x, z, s);
        p = times(p, 1 / size_of(p));
        return at(p.x * t->a.x, p.y * t->a.y, p.z * t->a.z);
    }
    }
}

/* Back into the patch. */
static void confine(const patch *t, double *u, double *v)
{
    *u = fmin(fmax(*u, 0), 1);
    *v = fmin(fmax(*v, 0), 1);
    const double sum = *u + *v;
    if (t->kind == TRIANGLE && sum > 1) {
        *u /= sum;
        *v /= sum;
    }
}

static int rows_of(const patch *t)
{
    return is_curve(t) ? FINE : COARSE;
}
static int columns_of(const patch *t)
{
    return is_curve(t) ? 0 : COARSE;
}
static int samples_of(const patch *t)
{
    return (rows_of(t) + 1) * (columns_of(t) + 1);
}

static void sample(shape *s)
{
    int count = 0;
    for (int i = 0; i < s->patch_count; i++)
        count += samples_of(&s->patches[i]);
    s->samples = malloc((size_t)(count + 1) * sizeof *s->samples);
    assert_non_null(s->samples);
    vec *to = s->samples;
    for (int i = 0; i < s->patch_count; i++) {
        const patch *t = &s->patches[i];
        const int rows = rows_of(t), columns = columns_of(t);
        double longest = 0;
        for (int r = 0; r <= rows; r++)
            for (int c = 0; c <= columns; c++, to++) {
                double u = (double)r / rows, v = columns ? (double)c / columns : 0;
                confine(t, &u, &v);
                *to = on_patch(t, u, v);
                if (r > 0)
                    longest = fmax(longest, size_of(minus(*to, to[-columns - 1])));
                if (c > 0)
                    longest = fmax(longest, size_of(minus(*to, to[-1])));
            }
        s->cells[i] = longest;
    }
}

/* Downhill over u and v in ever smaller steps, from the best sample. */
static double descend(const patch *t, vec p, double u, double v)
{
    static const int ways[8][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}, {1, 1}, {-1, -1}, {1, -1}, {-1, 1}};
    confine(t, &u, &v);
    double best = size_of(minus(p, on_patch(t, u, v)));
    for (double step = 1.0 / rows_of(t); step > 1e-10;) {
        bool moved = false;
        for (int i = 0; i < (is_curve(t) ? 2 : 8); i++) {
            double nu = u + step * ways[i][0], nv = v + step * ways[i][1];
            confine(t, &nu, &nv);
            const double d = size_of(minus(p, on_patch(t, nu, nv)));
            if (d < best) {
                best = d;
                u = nu;
                v = nv;
                moved = true;
            }
        }
        if (!moved)
            step *= 0.5;
    }
    return best;
}

static double distance_to_patches(const shape *s, vec p)
{
    double least[MOST_PATCHES], best = INFINITY;
    int where[MOST_PATCHES];
    const vec *q = s->samples;
    for (int i = 0; i < s->patch_count; i++) {
        least[i] = INFINITY;
        const int count = samples_of(&s->patches[i]);
        for (int k = 0; k < count; k++, q++) {
            const vec d = minus(p, *q);
            const double far = dot(d, d);
            if (far < least[i]) {
                least[i] = far;
                where[i] = k;
            }
        }
        least[i] = sqrt(least[i]);
        best = fmin(best, least[i]);
    }
    double distance = best;
    for (int i = 0; i < s->patch_count; i++) {
        const patch *t = &s->patches[i];
        if (least[i] > distance + s->cells[i])
            continue;
        const int columns = columns_of(t), row = where[i] / (columns + 1), column = where[i] % (columns + 1);
        distance =
            fmin(distance, descend(t, p, (double)row / rows_of(t), columns ? (double)column / columns : 0));
    }
    return distance;
}

static vec to_frame(const shape *s, vec p)
{
    if (s->framed) {
        p = minus(p, s->origin);
        p = at(dot(p, s->x), dot(p, s->y), dot(p, s->z));
    }
    return s->turned ? at(hypot(p.x, p.z), p.y, 0) : p;
}

static double reference(const shape *s, vec p)
{
    p = to_frame(s, p);
    const double d = distance_to_patches(s, p);
    return (s->inside && s->inside(s, p) ? -d : d) - s->grown;
}

/* ---- building blocks ---- */

static patch *add(shape *s, patch_kind kind, vec a, vec b, vec c, double r)
{
    assert_true(s->patch_count < MOST_PATCHES);
    s->patches[s->patch_count] = (patch){kind, a, b, c, r};
    return &s->patches[s->patch_count++];
}

static void add_line(shape *s, double x0, double y0, double x1, double y1)
{
    add(s, SEGMENT, at(x0, y0, 0), at(x1 - x0, y1 - y0, 0), at(0, 0, 0), 0);
}

static void add_arc(shape *s, double x, double y, double r, double from, double to)
{
    add(s, ARC, at(x, y, 0), at(from, to, 0), at(0, 0, 0), r);
}

static void add_segment(shape *s, vec a, vec b)
{
    add(s, SEGMENT, a, minus(b, a), at(0, 0, 0), 0);
}

/* The axis from a to b becomes y, with the origin at a. */
static void set_axis(shape *s, vec a, vec b)
{
    s->framed = true;
    s->origin = a;
    s->y = times(minus(b, a), 1 / size_of(minus(b, a)));
    const vec aside = fabs(s->y.x) < 0.5 ? at(1, 0, 0) : at(0, 1, 0);
    s->x = cross(s->y, aside);
    s->x = times(s->x, 1 / size_of(s->x));
    s->z = cross(s->x, s->y);
}

static vec argument(const shape *s, int i)
{
    return at(s->k[i], s->k[i + 1], s->k[i + 2]);
}

static bool within_planes(const shape *s, vec p)
{
    for (int i = 0; i < s->plane_count; i++)
        if (dot(s->normals[i], p) >= s->offsets[i])
            return false;
    return true;
}

/* All triangles between corners that have no corner outside. */
static void add_hull(shape *s, const vec *corners, int count)
{
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            for (int k = j + 1; k < count; k++) {
                vec n = cross(minus(corners[j], corners[i]), minus(corners[k], corners[i]));
                if (size_of(n) < 1e-12)
                    continue;
                n = times(n, 1 / size_of(n));
                const double offset = dot(n, corners[i]);
                int above = 0, below = 0;
                for (int l = 0; l < count; l++) {
                    above += dot(n, corners[l]) > offset + 1e-9;
                    below += dot(n, corners[l]) < offset - 1e-9;
                }
                if (above && below)
                    continue;
                add(s, TRIANGLE, corners[i], minus(corners[j], corners[i]), minus(corners[k], corners[i]), 0);
                s->normals[s->plane_count] = above ? times(n, -1) : n;
                s->offsets[s->plane_count++] = above ? -offset : offset;
            }
    s->inside = within_planes;
}

/* ---- the shapes: each reads the row's arguments from s->k ---- */

static void origin_only(shape *s)
{
    add_line(s, 0, 0, 0, 0);
}

static bool inside_ball(const shape *s, vec p)
{
    return size_of(p) < s->k[0];
}
static void ball(shape *s)
{
    s->turned = true;
    add_arc(s, 0, 0, s->k[0], 0, PI);
    s->inside = inside_ball;
}

static bool inside_ellipsoid(const shape *s, vec p)
{
    return square(p.x / s->k[0]) + square(p.y / s->k[1]) + square(p.z / s->k[2]) < 1;
}
static void ellipsoid(shape *s)
{
    for (int side = 0; side < 6; side++)
        add(s, CUBED, argument(s, 0), at(side, 0, 0), at(0, 0, 0), 0);
    s->inside = inside_ellipsoid;
}

static bool inside_cut(const shape *s, vec p)
{
    return size_of(p) < s->k[0] && p.y > s->k[1];
}
static void cut_sphere(shape *s)
{
    s->turned = true;
    const double r = s->k[0], h = s->k[1];
    add_arc(s, 0, 0, r, 0, acos(h / r));
    add_line(s, 0, h, sqrt(r * r - h * h), h);
    s->inside = inside_cut;
}

static void cut_hollow_sphere(shape *s)
{
    s->turned = true;
    add_arc(s, 0, 0, s->k[0], acos(s->k[1] / s->k[0]), PI);
    s->grown = s->k[2];
}

static bool inside_death_star(const shape *s, vec p)
{
    return size_of(p) < s->k[0] && size_of(minus(p, at(0, s->k[2], 0))) > s->k[1];
}
/* The circle in which the balls meet, by the law of cosines; where they do not, one sphere or both. */
static void death_star(shape *s)
{
    const double a = s->k[0], b = s->k[1], d = s->k[2];
    const double ca = (a * a + d * d - b * b) / (2 * a * d), cb = (b * b + d * d - a * a) / (2 * b * d);
    s->turned = true;
    s->inside = inside_death_star;
    add_arc(s, 0, 0, a, d > 0 && fabs(ca) < 1 ? acos(ca) : 0, PI);
    if (d < a + b)
        add_arc(s, 0, d, b, d > 0 && fabs(cb) < 1 ? PI - acos(cb) : 0, PI);
}

static bool inside_solid_angle(const shape *s, vec p)
{
    return size_of(p) < s->k[1] && atan2(p.x, p.y) < s->k[0];
}
static void solid_angle(shape *s)
{
    s->turned = true;
    add_arc(s, 0, 0, s->k[1], 0, s->k[0]);
    add_line(s, 0, 0, s->k[1] * sin(s->k[0]), s->k[1] * cos(s->k[0]));
    s->inside = inside_solid_angle;
}

/* The arc through (0, h), (w, 0), (0, -h): its centre is (-c, 0). */
static bool inside_spindle(const shape *s, vec p)
{
    const double h = s->k[0], w = s->k[1], c = (h * h - w * w) / (2 * w);
    return hypot(p.x + c, p.y) < c + w;
}
static void spindle(shape *s)
{
    const double h = s->k[0], w = s->k[1], c = (h * h - w * w) / (2 * w), half = atan2(h, c);
    s->turned = true;
    add_arc(s, -c, 0, c + w, PI / 2 - half, PI / 2 + half);
    s->inside = inside_spindle;
}
static void vesica(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3);
    set_axis(s, times(plus(a, b), 0.5), b);
    s->k[1] = s->k[6];
    s->k[0] = 0.5 * size_of(minus(b, a));
    spindle(s);
}

static void add_sides(shape *s, vec b)
{
    for (int sign = -1; sign <= 1; sign += 2) {
        add(s, SHEET, at(sign * b.x, -b.y, -b.z), at(0, 2 * b.y, 0), at(0, 0, 2 * b.z), 0);
        add(s, SHEET, at(-b.x, sign * b.y, -b.z), at(2 * b.x, 0, 0), at(0, 0, 2 * b.z), 0);
        add(s, SHEET, at(-b.x, -b.y, sign * b.z), at(2 * b.x, 0, 0), at(0, 2 * b.y, 0), 0);
    }
}
static bool inside_box(const shape *s, vec p)
{
    const double r = s->argument_count > 3 ? s->k[3] : 0;
    return fabs(p.x) < s->k[0] - r && fabs(p.y) < s->k[1] - r && fabs(p.z) < s->k[2] - r;
}
static void box(shape *s)
{
    add_sides(s, argument(s, 0));
    s->inside = inside_box;
}
static void round_box(shape *s)
{
    const double r = s->grown = s->k[3];
    add_sides(s, minus(argument(s, 0), at(r, r, r)));
    s->inside = inside_box;
}

static bool inside_frame(const shape *s, vec p)
{
    const double q[3] = {fabs(p.x), fabs(p.y), fabs(p.z)};
    int near = 0;
    for (int i = 0; i < 3; i++) {
        if (q[i] >= s->k[i])
            return false;
        near += q[i] > s->k[i] - 2 * s->k[3];
    }
    return near >= 2;
}
static vec along(int axis, double value)
{
    return at(axis == 0 ? value : 0, axis == 1 ? value : 0, axis == 2 ? value : 0);
}
/* Four strips on each of six sides, and the walls of the six windows. */
static void box_frame(shape *s)
{
    const double *b = s->k, w = 2 * s->k[3];
    for (int n = 0; n < 3; n++)
        for (int k = 1; k <= 2; k++) {
            const int u = (n + k) % 3, v = 3 - n - u;
            for (int side = -1; side <= 1; side += 2)
                for (int edge = -1; edge <= 1; edge += 2) {
                    const vec n_at = along(n, side * b[n]), v_from = along(v, -b[v]),
                              v_long = along(v, 2 * b[v]);
                    /* a strip of the side n = side*b, along v, at the edge u = edge*b */
                    add(s, SHEET, plus(n_at, plus(along(u, edge * b[u]), v_from)), along(u, -edge * w),
                        v_long, 0);
                    /* the wall of the window in that side, below that strip, as far as it goes down and along
                     */
                    const double open = b[v] - w;
                    add(s, SHEET, plus(n_at, plus(along(u, edge * (b[u] - w)), along(v, -open))),
                        along(n, -side * w), along(v, 2 * open), 0);
                }
        }
    s->inside = inside_frame;
}

static bool inside_plane(const shape *s, vec p)
{
    return dot(p, argument(s, 0)) < -s->k[3];
}
static void plane(shape *s)
{
    set_axis(s, at(0, 0, 0), argument(s, 0));
    const vec foot = times(argument(s, 0), -s->k[3]);
    add(s, SHEET, plus(foot, times(plus(s->x, s->z), -60)), times(s->x, 120), times(s->z, 120), 0);
    s->framed = false;
    s->inside = inside_plane;
}

static bool inside_rhombus(const shape *s, vec p)
{
    const double la = s->k[0], lb = s->k[1], h = s->k[2], ra = s->k[3];
    const vec q = at(fabs(p.x), 0, fabs(p.z)), a = at(la, 0, 0), e = at(-la, 0, lb);
    const double t = fmin(fmax(dot(minus(q, a), e) / dot(e, e), 0), 1);
    return fabs(p.y) < h && (q.x * lb + q.z * la < la * lb || size_of(minus(q, plus(a, times(e, t)))) < ra);
}
static void rhombus(shape *s)
{
    const double la = s->k[0], lb = s->k[1], h = s->k[2], ra = s->k[3];
    const vec corners[4] = {at(la, 0, 0), at(0, 0, lb), at(-la, 0, 0), at(0, 0, -lb)};
    for (int i = 0; i < 4; i++) {
        const vec a = corners[i], b = corners[(i + 1) % 4], e = minus(b, a);
        const vec n = times(at(e.z, 0, -e.x), ra / size_of(e));
        const vec before = minus(a, corners[(i + 3) % 4]), m = at(before.z, 0, -before.x);
        const double from = atan2(m.x, m.z), turn = atan2(n.x, n.z) - from;
        add(s, SHEET, plus(plus(a, n), at(0, -h, 0)), e, at(0, 2 * h, 0), 0);
        add(s, TUBE, a, at(from, from + remainder(turn, 2 * PI), 0), at(-h, h, 0), ra);
        for (int side = -1; side <= 1; side += 2) {
            const vec up = at(0, side * h, 0);
            add(s, DISC, plus(a, up), at(0, 0, 0), at(0, 0, 0), ra);
            add(s, SHEET, plus(a, up), e, n, 0);
            add(s, TRIANGLE, up, a, b, 0);
        }
    }
    s->inside = inside_rhombus;
}

static void prism(shape *s, int sides, double corner, double first)
{
    vec corners[12];
    for (int i = 0; i < 2 * sides; i++) {
        const double angle = first + 2 * PI * (i / 2) / sides;
        corners[i] = at(corner * cos(angle), i & 1 ? s->k[1] : -s->k[1], corner * sin(angle));
    }
    add_hull(s, corners, 2 * sides);
}
static void hex_prism(shape *s)
{
    prism(s, 6, s->k[0] * 2 / sqrt(3), 0);
}
static void tri_prism(shape *s)
{
    prism(s, 3, s->k[0], PI / 2);
}

static bool inside_torus(const shape *s, vec p)
{
    return hypot(p.x - s->k[0], p.y) < s->k[1];
}
static void torus(shape *s)
{
    s->turned = true;
    add_arc(s, s->k[0], 0, s->k[1], 0, 2 * PI);
    s->inside = inside_torus;
}
static void capped_torus(shape *s)
{
    add_arc(s, 0, 0, s->k[1], -s->k[0], s->k[0]);
    s->grown = s->k[2];
}
static void chain_link(shape *s)
{
    const double h = s->k[0], r = s->k[1];
    add_arc(s, 0, h, r, -PI / 2, PI / 2);
    add_arc(s, 0, -h, r, PI / 2, 3 * PI / 2);
    add_line(s, r, -h, r, h);
    add_line(s, -r, -h, -r, h);
    s->grown = s->k[2];
}

static bool inside_cylinder(const shape *s, vec p)
{
    return p.x < s->k[0] && (s->argument_count < 2 || fabs(p.y) < s->k[1]);
}
static void endless_cylinder(shape *s)
{
    s->turned = true;
    if (s->argument_count > 1)
        set_axis(s, at(s->k[1], 0, s->k[2]), at(s->k[1], 1, s->k[2]));
    s->argument_count = 1;
    add_line(s, s->k[0], -60, s->k[0], 60);
    s->inside = inside_cylinder;
}
static void cylinder(shape *s)
{
    s->turned = true;
    add_line(s, s->k[0], -s->k[1], s->k[0], s->k[1]);
    add_line(s, 0, s->k[1], s->k[0], s->k[1]);
    add_line(s, 0, -s->k[1], s->k[0], -s->k[1]);
    s->inside = inside_cylinder;
}
static void cylinder_between(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3);
    set_axis(s, times(plus(a, b), 0.5), b);
    s->k[0] = s->k[6];
    s->k[1] = 0.5 * size_of(minus(b, a));
    cylinder(s);
}
static void rounded_cylinder(shape *s)
{
    const double r = s->grown = s->k[1];
    s->k[0] -= r;
    s->k[1] = s->k[2] - r;
    cylinder(s);
}

static void segment(shape *s)
{
    add_segment(s, argument(s, 0), argument(s, 3));
    if (s->argument_count > 6)
        s->grown = s->k[6];
}
static void vertical_capsule(shape *s)
{
    add_line(s, 0, 0, 0, s->k[0]);
    s->grown = s->k[1];
}

static bool inside_cone(const shape *s, vec p)
{
    return p.y > -s->k[1] && atan2(p.x, -p.y) < s->k[0];
}
static void cone(shape *s)
{
    const double r = s->k[1] * tan(s->k[0]);
    s->turned = true;
    add_line(s, 0, 0, r, -s->k[1]);
    add_line(s, 0, -s->k[1], r, -s->k[1]);
    s->inside = inside_cone;
}
static void endless_cone(shape *s)
{
    s->turned = true;
    s->k[1] = INFINITY;
    add_line(s, 0, 0, 60 * sin(s->k[0]), -60 * cos(s->k[0]));
    s->inside = inside_cone;
}

static bool inside_frustum(const shape *s, vec p)
{
    const double h = s->k[0], r1 = s->k[1], r2 = s->k[2];
    return fabs(p.y) < h && p.x < r1 + (r2 - r1) * (p.y + h) / (2 * h);
}
static void frustum(shape *s)
{
    const double h = s->k[0], r1 = s->k[1], r2 = s->k[2];
    s->turned = true;
    add_line(s, r1, -h, r2, h);
    add_line(s, 0, -h, r1, -h);
    add_line(s, 0, h, r2, h);
    s->inside = inside_frustum;
}
static void frustum_between(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3);
    set_axis(s, times(plus(a, b), 0.5), b);
    s->k[1] = s->k[6];
    s->k[2] = s->k[7];
    s->k[0] = 0.5 * size_of(minus(b, a));
    frustum(s);
}

/* A point of the round cone lies in a ball; looked for among many. */
static bool inside_round_cone(const shape *s, vec p)
{
    enum { BALLS = 20000 };
    const double r1 = s->k[0], r2 = s->k[1], h = s->k[2];
    for (int i = 0; i <= BALLS; i++) {
        const double t = (double)i / BALLS;
        if (hypot(p.x, p.y - t * h) < r1 + t * (r2 - r1))
            return true;
    }
    return false;
}
/* The line that touches both balls stands on their radii, whose direction has the sine (r1 - r2)/h. */
static void round_cone(shape *s)
{
    const double r1 = s->k[0], r2 = s->k[1], h = s->k[2], lean = (r1 - r2) / h;
    s->turned = true;
    s->inside = inside_round_cone;
    if (!(fabs(lean) < 1)) {
        add_arc(s, 0, r1 > r2 ? 0 : h, fmax(r1, r2), 0, PI);
        return;
    }
    const double angle = acos(lean);
    add_arc(s, 0, 0, r1, angle, PI);
    add_arc(s, 0, h, r2, 0, angle);
    add_line(s, r1 * sin(angle), r1 * lean, r2 * sin(angle), h + r2 * lean);
}
static void round_cone_between(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3);
    set_axis(s, a, b);
    s->k[0] = s->k[6];
    s->k[1] = s->k[7];
    s->k[2] = size_of(minus(b, a));
    round_cone(s);
}

static void octahedron(shape *s)
{
    const double r = s->k[0];
    add_hull(s, (vec[]){at(r, 0, 0), at(-r, 0, 0), at(0, r, 0), at(0, -r, 0), at(0, 0, r), at(0, 0, -r)}, 6);
}
static void pyramid(shape *s)
{
    add_hull(
        s, (vec[]){at(0.5, 0, 0.5), at(-0.5, 0, 0.5), at(-0.5, 0, -0.5), at(0.5, 0, -0.5), at(0, s->k[0], 0)},
        5);
}
static void tetrahedron(shape *s)
{
    const double r = s->k[0] / sqrt(3);
    add_hull(s, (vec[]){at(r, r, r), at(r, -r, -r), at(-r, r, -r), at(-r, -r, r)}, 4);
}
/* The corners of a dodecahedron are those of a cube and of three rectangles; those of an icosahedron, of
 * three others. */
static int add_rectangles(vec *corners, int count, double a, double b)
{
    for (int i = 0; i < 4; i++) {
        const double x = i & 1 ? a : -a, y = i & 2 ? b : -b;
        corners[count++] = at(0, x, y);
        corners[count++] = at(x, y, 0);
        corners[count++] = at(y, 0, x);
    }
    return count;
}
static void dodecahedron(shape *s)
{
    const double phi = (1 + sqrt(5)) / 2, r = s->k[0] / sqrt(3);
    vec corners[20];
    int count = 0;
    for (int i = 0; i < 8; i++)
        corners[count++] = at(i & 1 ? r : -r, i & 2 ? r : -r, i & 4 ? r : -r);
    add_hull(s, corners, add_rectangles(corners, count, r * phi, r / phi));
}
static void icosahedron(shape *s)
{
    const double phi = (1 + sqrt(5)) / 2, r = s->k[0] / hypot(1, phi);
    vec corners[12];
    add_hull(s, corners, add_rectangles(corners, 0, r, r * phi));
}

static void triangle(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3), c = argument(s, 6);
    add(s, TRIANGLE, a, minus(b, a), minus(c, a), 0);
}
static void quad(shape *s)
{
    const vec a = argument(s, 0), b = argument(s, 3), c = argument(s, 6), d = argument(s, 9);
    add(s, TRIANGLE, a, minus(b, a), minus(c, a), 0);
    add(s, TRIANGLE, a, minus(c, a), minus(d, a), 0);
}

/* No surface to search: only the inside test. */
static bool inside_gyroid(const shape *s, vec p)
{
    const double k = s->k[0];
    const double f = sin(k * p.x) * cos(k * p.y) + sin(k * p.y) * cos(k * p.z) + sin(k * p.z) * cos(k * p.x);
    return s->argument_count > 1 ? fabs(f) < s->k[1] * k * sqrt(3) : f < 0;
}
static void gyroid(shape *s)
{
    s->inside = inside_gyroid;
}

/* ---- the table ---- */

typedef enum promise { EXACT, UNSIGNED, BOUND } promise;

typedef struct row {
    const char *name, *arguments;
    promise promise;
    void (*build)(shape *s);
    double share; /* of a bound: at least that much of the distance, anywhere */
} row;

static const row rows[] = {
    {"sdf_sphere", "0.8", EXACT, ball, 0},
    {"sdf_sphere", "0", EXACT, origin_only, 0},
    {"sdf_ellipsoid", "1, 0.5, 0.7", BOUND, ellipsoid, 0.4},
    {"sdf_ellipsoid", "0.7, 0.7, 0.7", EXACT, ellipsoid, 0},
    {"sdf_ellipsoid", "0.3, 1.2, 0.25", BOUND, ellipsoid, 0.2},
    {"sdf_ellipsoid", "0, 0, 0", BOUND, origin_only, 0.9},
    {"sdf_cut_sphere", "0.8, 0.3", EXACT, cut_sphere, 0},
    {"sdf_cut_sphere", "0.8, -0.5", EXACT, cut_sphere, 0},
    {"sdf_cut_sphere", "0.8, 0", EXACT, cut_sphere, 0},
    {"sdf_cut_sphere", "0.8, -0.8", EXACT, cut_sphere, 0},
    {"sdf_cut_sphere", "0, 0", EXACT, origin_only, 0},
    {"sdf_cut_hollow_sphere", "0.8, 0.3, 0.1", EXACT, cut_hollow_sphere, 0},
    {"sdf_cut_hollow_sphere", "0.8, -0.4, 0", EXACT, cut_hollow_sphere, 0},
    {"sdf_cut_hollow_sphere", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_death_star", "0.9, 0.7, 0.8", EXACT, death_star, 0},
    {"sdf_death_star", "0.9, 0.3, 0.9", EXACT, death_star, 0},
    {"sdf_death_star", "0.9, 1.6, 1", EXACT, death_star, 0},
    {"sdf_death_star", "0.5, 0.3, 2", EXACT, death_star, 0},
    {"sdf_death_star", "0.9, 0.3, 0", EXACT, death_star, 0},
    {"sdf_death_star", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_solid_angle", "0.6, 0.9", EXACT, solid_angle, 0},
    {"sdf_solid_angle", "2, 0.9", EXACT, solid_angle, 0},
    {"sdf_solid_angle", "pi/2, 0.9", EXACT, solid_angle, 0},
    {"sdf_solid_angle", "3, 0.9", EXACT, solid_angle, 0},
    {"sdf_solid_angle", "0.6, 0", EXACT, origin_only, 0},
    {"sdf_revolved_vesica", "1, 0.4", EXACT, spindle, 0},
    {"sdf_revolved_vesica", "0.8, 0.8", EXACT, spindle, 0},
    {"sdf_revolved_vesica", "1, 1e-3", EXACT, spindle, 0},
    {"sdf_revolved_vesica", "0, 0", EXACT, origin_only, 0},
    {"sdf_vesica_segment", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3", EXACT, vesica, 0},
    {"sdf_box", "1, 0.5, 0.7", EXACT, box, 0},
    {"sdf_box", "0.8, 0, 0.6", EXACT, box, 0},
    {"sdf_box", "0, 0, 0", EXACT, box, 0},
    {"sdf_round_box", "1, 0.5, 0.7, 0.2", EXACT, round_box, 0},
    {"sdf_rounded_box", "1, 0.5, 0.7, 0.2", EXACT, round_box, 0},
    {"sdf_round_box", "0.5, 0.5, 0.5, 0.5", EXACT, round_box, 0},
    {"sdf_box_frame", "1, 0.6, 0.7, 0.1", EXACT, box_frame, 0},
    {"sdf_box_frame", "0.8, 0.8, 0.8, 0.2", EXACT, box_frame, 0},
    {"sdf_box_frame", "0, 0, 0, 0", EXACT, origin_only, 0},
    {"sdf_plane", "0.6, 0.8, 0, 0.3", EXACT, plane, 0},
    {"sdf_plane", "0, 1, 0, -0.5", EXACT, plane, 0},
    {"sdf_rhombus", "0.9, 0.5, 0.3, 0.15", EXACT, rhombus, 0},
    {"sdf_rhombus", "0.4, 0.9, 0.5, 0", EXACT, rhombus, 0},
    {"sdf_rhombus", "0, 0, 0, 0", EXACT, origin_only, 0},
    {"sdf_hex_prism", "0.7, 0.4", EXACT, hex_prism, 0},
    {"sdf_hex_prism", "0.3, 0.9", EXACT, hex_prism, 0},
    {"sdf_hex_prism", "0, 0", EXACT, origin_only, 0},
    {"sdf_tri_prism", "0.8, 0.4", EXACT, tri_prism, 0},
    {"sdf_tri_prism", "0.5, 1", EXACT, tri_prism, 0},
    {"sdf_tri_prism", "0, 0", EXACT, origin_only, 0},
    {"sdf_torus", "0.8, 0.25", EXACT, torus, 0},
    {"sdf_torus", "0, 0.7", EXACT, torus, 0},
    {"sdf_torus", "0, 0", EXACT, origin_only, 0},
    {"sdf_capped_torus", "0.7, 0.8, 0.2", EXACT, capped_torus, 0},
    {"sdf_capped_torus", "2.2, 0.7, 0.1", EXACT, capped_torus, 0},
    {"sdf_capped_torus", "pi, 0.7, 0.1", EXACT, capped_torus, 0},
    {"sdf_capped_torus", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_link", "0.4, 0.5, 0.15", EXACT, chain_link, 0},
    {"sdf_link", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_infinite_cylinder", "0.6", EXACT, endless_cylinder, 0},
    {"sdf_infinite_cylinder", "0.5, 0.2, -0.3", EXACT, endless_cylinder, 0},
    {"sdf_infinite_cylinder", "0", EXACT, endless_cylinder, 0},
    {"sdf_segment", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4", UNSIGNED, segment, 0},
    {"sdf_segment", "0.2, 0.3, 0.4, 0.2, 0.3, 0.4", UNSIGNED, segment, 0},
    {"sdf_capsule", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3", EXACT, segment, 0},
    {"sdf_capsule", "0.2, 0.3, 0.4, 0.2, 0.3, 0.4, 0.5", EXACT, segment, 0},
    {"sdf_vertical_capsule", "0.9, 0.3", EXACT, vertical_capsule, 0},
    {"sdf_vertical_capsule", "0, 0", EXACT, vertical_capsule, 0},
    {"sdf_capped_cylinder", "0.7, 0.5", EXACT, cylinder, 0},
    {"sdf_capped_cylinder", "0.7, 0", EXACT, cylinder, 0},
    {"sdf_capped_cylinder", "0, 0", EXACT, cylinder, 0},
    {"sdf_capped_cylinder", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3", EXACT, cylinder_between, 0},
    {"sdf_capped_cylinder", "0, 0, 0, 0, 0, 0, 0", EXACT, origin_only, 0},
    {"sdf_cylinder", "0.6, 0.4", EXACT, cylinder, 0},
    {"sdf_cylinder", "-0.4, -0.2, 0.3, 0.5, 0.6, 0.3, 0.25", EXACT, cylinder_between, 0},
    {"sdf_rounded_cylinder", "0.7, 0.2, 0.5", EXACT, rounded_cylinder, 0},
    {"sdf_rounded_cylinder", "0, 0, 0", EXACT, rounded_cylinder, 0},
    {"sdf_cone", "0.5, 1", EXACT, cone, 0},
    {"sdf_cone", "1.2, 0.4", EXACT, cone, 0},
    {"sdf_cone", "0.5, 0", EXACT, origin_only, 0},
    {"sdf_cone_bound", "0.5, 1", BOUND, cone, 0.3},
    {"sdf_infinite_cone", "0.5", EXACT, endless_cone, 0},
    {"sdf_infinite_cone", "1.2", EXACT, endless_cone, 0},
    {"sdf_capped_cone", "0.5, 0.8, 0.3", EXACT, frustum, 0},
    {"sdf_capped_cone", "0.6, 0.2, 0.7", EXACT, frustum, 0},
    {"sdf_capped_cone", "0, 0.2, 0.7", EXACT, frustum, 0},
    {"sdf_capped_cone", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_capped_cone", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3, 0.6", EXACT, frustum_between, 0},
    {"sdf_capped_cone", "0, 0, 0, 0, 0, 0, 0, 0", EXACT, origin_only, 0},
    {"sdf_round_cone", "0.6, 0.3, 0.8", EXACT, round_cone, 0},
    {"sdf_round_cone", "0.2, 0.5, 0.6", EXACT, round_cone, 0},
    {"sdf_round_cone", "0.9, 0.2, 0.5", EXACT, round_cone, 0},
    {"sdf_round_cone", "0.2, 0.9, 0.5", EXACT, round_cone, 0},
    {"sdf_round_cone", "0.4, 0.4, 0", EXACT, round_cone, 0},
    {"sdf_round_cone", "0, 0, 0", EXACT, origin_only, 0},
    {"sdf_round_cone", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3, 0.6", EXACT, round_cone_between, 0},
    {"sdf_octahedron", "0.9", EXACT, octahedron, 0},
    {"sdf_octahedron", "0", EXACT, origin_only, 0},
    {"sdf_octahedron_bound", "0.9", BOUND, octahedron, 0.57},
    {"sdf_pyramid", "0.8", EXACT, pyramid, 0},
    {"sdf_pyramid", "0.2", EXACT, pyramid, 0},
    {"sdf_pyramid", "2", EXACT, pyramid, 0},
    {"sdf_tetrahedron", "0.9", EXACT, tetrahedron, 0},
    {"sdf_tetrahedron", "0", EXACT, origin_only, 0},
    {"sdf_tetrahedron_bound", "0.9", BOUND, tetrahedron, 0.33},
    {"sdf_dodecahedron", "0.9", EXACT, dodecahedron, 0},
    {"sdf_dodecahedron", "0", EXACT, origin_only, 0},
    {"sdf_dodecahedron_bound", "0.9", BOUND, dodecahedron, 0.79},
    {"sdf_icosahedron", "0.9", EXACT, icosahedron, 0},
    {"sdf_icosahedron", "0", EXACT, origin_only, 0},
    {"sdf_icosahedron_bound", "0.9", BOUND, icosahedron, 0.79},
    {"sdf_triangle", "-0.5, -0.3, 0.2, 0.6, 0.5, 0.4, 0.3, 0.6, -0.7", UNSIGNED, triangle, 0},
    {"sdf_triangle", "0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1", UNSIGNED, triangle, 0},
    {"sdf_triangle", "0, 0, 0, 0, 0, 0, 0, 0, 0", UNSIGNED, origin_only, 0},
    {"sdf_quad", "-1, -0.3, 0.2, 1, -0.3, 0.2, 0.7, 0.5, 0.4, -0.5, 0.5, 0.4", UNSIGNED, quad, 0},
    {"sdf_quad", "0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0", UNSIGNED, origin_only, 0},
    {"sdf_gyroid", "3", BOUND, gyroid, 0},
    {"sdf_gyroid", "5, 0.05", BOUND, gyroid, 0},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* A number, or pi over one. */
static void read_arguments(shape *s, const char *text)
{
    while (*text) {
        char *end;
        double value;
        if (strncmp(text, "pi", 2) == 0) {
            value = PI;
            end = (char *)text + 2;
        } else {
            value = strtod(text, &end);
        }
        if (*end == '/')
            value /= strtod(end + 1, &end);
        assert_true(s->argument_count < MOST_ARGUMENTS);
        s->k[s->argument_count++] = value;
        text = end + strspn(end, ", ");
    }
}

static shape *open_shape(const row *r)
{
    shape *s = calloc(1, sizeof *s);
    assert_non_null(s);
    read_arguments(s, r->arguments);
    r->build(s);
    sample(s);
    return s;
}

static void close_shape(shape *s)
{
    free(s->samples);
    free(s);
}

/* ---- points ---- */

enum { RANDOM = 160, FAR = 24, NEAR = 60, SPECIAL = 150, POINTS = RANDOM + FAR + NEAR + SPECIAL };

typedef struct points {
    double x[POINTS], y[POINTS], z[POINTS]; /* numbers that f32 has too */
    float fx[POINTS], fy[POINTS], fz[POINTS];
    int count;
} points;

static double uniform(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(int32_t)*state / 2147483648.0;
}

static vec random_vec(uint32_t *state, double size)
{
    const double x = uniform(state), y = uniform(state), z = uniform(state);
    return at(size * x, size * y, size * z);
}

static void add_point(points *t, vec p)
{
    assert_true(t->count < POINTS);
    t->x[t->count] = t->fx[t->count] = (float)p.x;
    t->y[t->count] = t->fy[t->count] = (float)p.y;
    t->z[t->count] = t->fz[t->count] = (float)p.z;
    t->count++;
}

/* The centre, the axes, planes in which two coordinates agree, lattice points. */
static void add_special_points(points *t)
{
    static const double steps[] = {0, 0.3, -0.3, 0.5, -0.8, 0.9, -1, 1.25};
    for (int i = 0; i < 8; i++)
        for (int axis = 0; axis < 3; axis++)
            add_point(t, along(axis, steps[i]));
    for (int i = 0; i < 8; i++)
        for (int k = 0; k < 3; k++)
            add_point(t, plus(along(k, steps[i]), along((k + 1) % 3, i & 1 ? steps[i] : -steps[i])));
    for (int i = 0; i < 8; i++)
        add_point(t, at(steps[i], steps[i], i & 1 ? steps[i] : -steps[i]));
    for (int i = 0; i < 27; i++)
        add_point(t, at(i % 3 - 1, i / 3 % 3 - 1, i / 9 - 1));
    uint32_t state = 77;
    while (t->count < POINTS - RANDOM - FAR - NEAR) {
        const vec p = random_vec(&state, 1.2);
        const int how = t->count % 3;
        add_point(t, how == 0 ? at(0, p.y, p.z) : how == 1 ? at(p.x, p.y, p.x) : at(p.x, 0, p.z));
    }
}

/* Back from the shape's own frame. */
static vec from_frame(const shape *s, vec p)
{
    return s->framed ? plus(s->origin, plus(times(s->x, p.x), plus(times(s->y, p.y), times(s->z, p.z)))) : p;
}

static void make_points(points *t, const shape *s)
{
    uint32_t state = 12345;
    t->count = 0;
    add_special_points(t);
    for (int i = 0; i < RANDOM; i++)
        add_point(t, random_vec(&state, i & 1 ? 1.5 : 0.8));
    for (int i = 0; i < FAR; i++)
        add_point(t, random_vec(&state, 20));
    for (int i = 0; i < NEAR; i++) {
        const patch *own = s->patch_count ? &s->patches[i % s->patch_count] : NULL;
        double u = 0.5 + 0.5 * uniform(&state), v = 0.5 + 0.5 * uniform(&state);
        if (own)
            confine(own, &u, &v);
        vec p = own ? on_patch(own, u, v) : at(0, 0, 0);
        if (size_of(p) > 3)
            p = random_vec(&state, 1);
        if (s->turned) {
            const double angle = PI * uniform(&state);
            p = at(p.x * sin(angle), p.y, p.x * cos(angle));
        }
        add_point(t, plus(from_frame(s, p), random_vec(&state, i % 3 ? s->grown + 0.02 : 1e-5)));
    }
    assert_int_equal(t->count, POINTS);
}

/* ---- running ---- */

static sinter_context *context;

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

static sinter_kernel *compile(const row *r, sinter_engine engine, sinter_type type, bool gradient)
{
    static sinter_report report;
    static const char *const names[3] = {"x", "y", "z"};
    char text[256];
    sinter_kernel *kernel;
    const int length = snprintf(text, sizeof text, "%s(x, y, z, %s)", r->name, r->arguments);
    const sinter_options options = {.engine = engine,
                                    .type = type,
                                    .inputs = "x y z",
                                    .gradient = names,
                                    .gradient_count = gradient ? 3 : 0};
    if (sinter_compile(context, text, (size_t)length, &options, &kernel, &report) != SINTER_OK)
        fail_msg("%s: %s", text, report.errors[0].message);
    return kernel;
}

static void run(const sinter_kernel *kernel, const void *x, const void *y, const void *z,
                void *const *outputs, int64_t count)
{
    const sinter_arguments a = {.inputs = (const void *[]){x, y, z}, .outputs = outputs, .count = count};
    assert_int_equal(sinter_run(kernel, &a), SINTER_OK);
}

static void evaluate64(const row *r, const points *t, double *d)
{
    sinter_kernel *kernel = compile(r, SINTER_ENGINE_AUTO, SINTER_F64, false);
    run(kernel, t->x, t->y, t->z, (void *[]){d}, t->count);
    sinter_kernel_close(kernel);
}

#define WHERE "%s(%.9g, %.9g, %.9g, %s)"
#define AT(r, t, i) (r)->name, (t)->x[i], (t)->y[i], (t)->z[i], (r)->arguments

static vec point_of(const points *t, int i)
{
    return at(t->x[i], t->y[i], t->z[i]);
}

/* ---- the tests ---- */

static void check_distance(const row *r, const points *t, int i, double got, double wanted)
{
    const double tolerance = 1e-7 * (1 + size_of(point_of(t, i)));
    if (!(fabs(got) < INFINITY))
        fail_msg(WHERE " is %g", AT(r, t, i), got);
    if (fabs(wanted) > tolerance && got * wanted <= 0)
        fail_msg(WHERE " is %.12g, which has another sign than %.12g", AT(r, t, i), got, wanted);
    if (r->promise == BOUND) {
        if (fabs(got) > fabs(wanted) + tolerance)
            fail_msg(WHERE " is %.12g, more than the distance %.12g", AT(r, t, i), got, wanted);
        if (fabs(got) < r->share * fabs(wanted) - tolerance)
            fail_msg(WHERE " is %.12g, too little of the distance %.12g", AT(r, t, i), got, wanted);
    } else if (fabs(got - wanted) > tolerance) {
        fail_msg(WHERE " is %.12g, not %.12g", AT(r, t, i), got, wanted);
    }
    if (r->promise == UNSIGNED && got < 0)
        fail_msg(WHERE " is %g", AT(r, t, i), got);
}

/* A shape without a surface to search: in the ball that the bound tells, all points are on one side. */
static void check_ball(const row *r, const shape *s, const points *t, int i, double got)
{
    uint32_t state = (uint32_t)i;
    const vec p = point_of(t, i);
    if (fabs(got) > 1e-9 && s->inside(s, p) != (got < 0))
        fail_msg(WHERE " is %.12g on the other side", AT(r, t, i), got);
    for (int k = 0; k < 200; k++) {
        vec step = random_vec(&state, 1);
        step = times(step, 0.999999 * fabs(got) * (k & 1 ? 1 / size_of(step) : 0.5));
        if (s->inside(s, plus(p, step)) != (got < 0))
            fail_msg(WHERE " is %.12g, but the surface is nearer", AT(r, t, i), got);
    }
}

static void distances_are_those_of_a_search(void **state)
{
    (void)state;
    static points t;
    static double d[POINTS];
    double worst = 0;
    for (int k = 0; k < ROWS; k++) {
        const row *r = &rows[k];
        shape *s = open_shape(r);
        make_points(&t, s);
        evaluate64(r, &t, d);
        int inside = 0;
        for (int i = 0; i < POINTS; i++) {
            if (!s->patch_count) {
                check_ball(r, s, &t, i, d[i]);
                continue;
            }
            const double wanted = reference(s, point_of(&t, i));
            check_distance(r, &t, i, d[i], wanted);
            inside += wanted < -1e-6;
            if (r->promise != BOUND)
                worst = fmax(worst, fabs(d[i] - wanted) / (1 + size_of(point_of(&t, i))));
        }
        /* What has an inside was looked at there. */
        if (s->patch_count && s->inside && s->k[0] > 0.01 && s->k[1] > 0.01 && inside < 8)
            fail_msg("%s(%s): %d points inside", r->name, r->arguments, inside);
        close_shape(s);
    }
    printf("# the worst difference is %.2g (1 + |p|)\n", worst);
}

static void single_precision_is_near(void **state)
{
    (void)state;
    static points t;
    static double d[POINTS];
    static float f[POINTS];
    double worst = 0;
    for (int k = 0; k < ROWS; k++) {
        const row *r = &rows[k];
        shape *s = open_shape(r);
        make_points(&t, s);
        evaluate64(r, &t, d);
        sinter_kernel *kernel = compile(r, SINTER_ENGINE_AUTO, SINTER_F32, false);
        run(kernel, t.fx, t.fy, t.fz, (void *[]){f}, POINTS);
        sinter_kernel_close(kernel);
        for (int i = 0; i < POINTS; i++) {
            const double error = fabs((double)f[i] - d[i]) / (1 + size_of(point_of(&t, i)));
            if (!(error < 1e-6))
                fail_msg(WHERE " is %.9g in f32, not %.9g", AT(r, &t, i), (double)f[i], d[i]);
            worst = fmax(worst, error);
        }
        close_shape(s);
    }
    printf("# the worst difference is %.2g (1 + |p|)\n", worst);
}

/* The slope by differences says where a point is away from edges and the medial axis: there its length is 1,
 * and the gradient is it. */
static void slopes_have_length_one(void **state)
{
    (void)state;
    enum { STEPS = 6 };
    static points t, moved;
    static double value[POINTS], slope[3][POINTS], by[STEPS][POINTS];
    const double step = 1e-5;
    for (int k = 0; k < ROWS; k++) {
        const row *r = &rows[k];
        shape *s = open_shape(r);
        make_points(&t, s);
        sinter_kernel *kernel = compile(r, SINTER_ENGINE_AUTO, SINTER_F64, true);
        run(kernel, t.x, t.y, t.z, (void *[]){value, slope[0], slope[1], slope[2]}, POINTS);
        sinter_kernel_close(kernel);
        for (int way = 0; way < STEPS; way++) {
            moved = t;
            double *const axis = way / 2 == 0 ? moved.x : way / 2 == 1 ? moved.y : moved.z;
            for (int i = 0; i < POINTS; i++)
                axis[i] += way & 1 ? -step : step;
            evaluate64(r, &moved, by[way]);
        }
        int checked = 0;
        for (int i = 0; i < POINTS; i++) {
            const vec g = at(slope[0][i], slope[1][i], slope[2][i]);
            const vec n =
                times(at(by[0][i] - by[1][i], by[2][i] - by[3][i], by[4][i] - by[5][i]), 0.5 / step);
            double bend = 0; /* where the slope jumps, the second difference is large */
            for (int axis = 0; axis < 3; axis++)
                bend = fmax(bend, fabs(by[2 * axis][i] + by[2 * axis + 1][i] - 2 * value[i]) / step);
            if (bend > 1e-3 || (r->promise != BOUND && fabs(size_of(n) - 1) > 1e-4))
                continue;
            checked++;
            if (r->promise != BOUND && !(fabs(size_of(g) - 1) < 1e-6))
                fail_msg(WHERE " has a slope of length %.9g", AT(r, &t, i), size_of(g));
            if (!(size_of(minus(g, n)) < 1e-3))
                fail_msg(WHERE " has the slope %g, %g, %g, not %g, %g, %g", AT(r, &t, i), g.x, g.y, g.z, n.x,
                         n.y, n.z);
            if (r->promise == BOUND && size_of(g) > 1 + 1e-6 && s->patch_count && s->patches[0].kind != CUBED)
                fail_msg(WHERE " has a slope of length %.9g", AT(r, &t, i), size_of(g));
        }
        if (checked < POINTS / 2)
            fail_msg("%s(%s): only %d points away from edges", r->name, r->arguments, checked);
        close_shape(s);
    }
}

static bool same_bits(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static void engines_agree(void **state)
{
    (void)state;
    static points t;
    static double d[2][POINTS];
    static float f[2][POINTS];
    for (int k = 0; k < ROWS; k++) {
        const row *r = &rows[k];
        shape *s = open_shape(r);
        make_points(&t, s);
        close_shape(s);
        for (int engine = SINTER_ENGINE_INTERP; engine <= SINTER_ENGINE_NEON; engine++) {
            if (!sinter_engine_available((sinter_engine)engine, NULL))
                continue;
            const int to = engine != SINTER_ENGINE_INTERP;
            sinter_kernel *kernel = compile(r, (sinter_engine)engine, SINTER_F64, false);
            run(kernel, t.x, t.y, t.z, (void *[]){d[to]}, POINTS);
            sinter_kernel_close(kernel);
            kernel = compile(r, (sinter_engine)engine, SINTER_F32, false);
            run(kernel, t.fx, t.fy, t.fz, (void *[]){f[to]}, POINTS);
            sinter_kernel_close(kernel);
            for (int i = 0; to && i < POINTS; i++)
                if (!same_bits(&d[0][i], &d[1][i], sizeof(double)) ||
                    !same_bits(&f[0][i], &f[1][i], sizeof(float)))
                    fail_msg("%s: " WHERE " is %a and %a, not %a and %a",
                             sinter_engine_name((sinter_engine)engine), AT(r, &t, i), d[1][i],
                             (double)f[1][i], d[0][i], (double)f[0][i]);
        }
    }
}

/* Each function of the group stands in the table, with as many numbers as it takes, and keeps what its
 * summary promises. */
static void table_is_complete(void **state)
{
    (void)state;
    int count = 0;
    for (uint32_t i = 0; i < sn_lang_library_count; i++) {
        const lang_library_item *item = &sn_lang_library[i];
        if (!item->summary || strcmp(item->group, GROUP) != 0)
            continue;
        count++;
        bool found = false;
        for (int k = 0; k < ROWS; k++) {
            shape numbers = {0};
            read_arguments(&numbers, rows[k].arguments);
            if (strcmp(rows[k].name, item->name) != 0 || numbers.argument_count + 3 != item->needed)
                continue;
            found = true;
            const char *wanted = rows[k].promise == UNSIGNED ? "Exact, unsigned."
                                 : rows[k].promise == EXACT  ? "xact"
                                                             : "ound";
            if (!strstr(item->summary, wanted) && !strstr(item->details, wanted))
                fail_msg("%s does not say `%s`", item->name, wanted);
        }
        if (!found)
            fail_msg("%s of %d numbers is not tested", item->name, item->needed);
    }
    assert_true(count >= 32);
    printf("# %d functions, %d rows, %d points each\n", count, (int)ROWS, (int)POINTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_complete),
        cmocka_unit_test(distances_are_those_of_a_search),
        cmocka_unit_test(single_precision_is_near),
        cmocka_unit_test(slopes_have_length_one),
        cmocka_unit_test(engines_agree),
    };
    return cmocka_run_group_tests(tests, open_context, close_context);
}
