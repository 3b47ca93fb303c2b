/* Pictures of fields in space, by sphere tracing: where the field is d at a point there is nothing within d
 * of it, if it is a distance or a bound of one, so a ray may advance by d (Hart, "Sphere tracing", The Visual
 * Computer 12, 1996).
 *
 * Rays go in packets. What a step needs of the program is one call over the points of all rays that are still
 * on their way, side by side; then those that have arrived or left drop out, and the others move together. So
 * the program runs as vector code however short each ray's way is, and what is done here, one ray after the
 * other, is a few operations.
 *
 *   walk      from the eye until the distance is a twentieth of a sample there, or the ray is too far out. Over
 *             a step a distance changes by no more than the step is long; where a field does (x*x + y*y + z*z -
 *             1, say) the step is taken back and made shorter by as much. `--step` shortens all steps where that
 *             is not enough
 *   close in  where a step has gone through the surface all the same: halves it
 *   slopes    the program's own derivatives, at all points that were hit, by one call of a second kernel; of
 *             programs that have none, differences. The length of the slope turns values of the field into
 *             distances
 *   shadow    a second walk from these points to the key light. How near it came to something, as seen from the
 *             light's edge, is how much of the light is covered (Aaltonen's form of the estimate that Quilez
 *             describes in "soft shadows in raymarched SDFs")
 *   corners   how much nearer the surface is than it would be on an open plane, at a few heights above the
 *             point, is how much of the sky is covered
 *
 * The sums of light are of linear colour; what a program gives as a colour is taken for one on the screen,
 * and screens are taken to square their values. Nothing but the four operations and roots is used for a ray,
 * so that all machines agree on the bits. */
#include "cli/scene_camera.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PACKET = 1024, /* rays: 25 arrays of them fit the second-level cache */
    MOST_STEPS = 400,
    HALVINGS = 20,
    SHADOW_STEPS = 80,
    CORNER_STEPS = 5,
    MOST_VALUES = 4,                /* distance and colour */
    MOST_OUTPUTS = 4 * MOST_VALUES, /* and the derivatives of each */
    COLOUR = 1                      /* the first of the values that are the colour */
};

typedef struct vector {
    double x, y, z;
} vector;

/* Positions, and what the program made of them, as arrays of its type. */
typedef struct points {
    void *x, *y, *z;
    void *outputs[MOST_OUTPUTS];
    double *d; /* the first output */
} points;

typedef struct worker {
    sinter_instance *walking, *sloping;
    points points;
    void *memory;
    /* By ray. */
    vector direction[PACKET], normal[PACKET], colour[PACKET];
    vector start[PACKET];   /* of what goes out from the point: a little above the surface */
    double far[PACKET];     /* how far it has come; negative: it hits nothing */
    double before[PACKET];  /* how far it was a step ago, */
    double value[PACKET];   /* and what was there; of a shadow's ray, the step */
    double steep[PACKET];   /* how much the field changes over a unit of the ray; 1 for a distance, which
                               changes by no more */
    double slope[PACKET];   /* length of the slope at the point */
    double light[PACKET];   /* how much of the key light arrives */
    double nearest[PACKET]; /* the shadow's distance a step ago */
    double open[PACKET];    /* how much of the sky */
    bool outside[PACKET];
    int32_t active[PACKET], hits[PACKET], bracketed[PACKET];
    int32_t hit_count, bracketed_count;
} worker;

struct scene {
    const arguments *a;
    const preparation *walking;
    preparation sloping; /* its kernel: values and derivatives; NULL: there are none */
    bool coloured, timed;
    size_t element; /* bytes of a number of the program */

    vector eye, forward, right, up;
    double half;  /* tangent of half the angle of view */
    double unit;  /* a fifth of the way from eye to target: what sizes in the light's model are measured by */
    double reach; /* rays end there */
    double step;
    vector light; /* towards it */
    bool plain_background;
    vector background;

    int worker_count;
    worker *workers;
};

const sinter_stream_info sn_cli_scene_outputs[SCENE_CHANNELS] = {
    {"out.0", SINTER_F32}, {"out.1", SINTER_F32}, {"out.2", SINTER_F32}};

/* Where the light comes from, and its colours; all linear. */
static const vector key = {0.48, 0.78, 0.40};
static const vector key_colour = {1.30, 1.18, 1.00}, sky_colour = {0.26, 0.33, 0.44},
                    ground_colour = {0.14, 0.12, 0.10};
static const vector skin = {0.46, 0.44, 0.41};
static const vector horizon = {0.66, 0.72, 0.78}, zenith = {0.16, 0.28, 0.50}, below = {0.34, 0.35, 0.37};

/* ---- vectors ---- */

static vector plus(vector a, vector b)
{
    return (vector){a.x + b.x, a.y + b.y, a.z + b.z};
}

static vector times(vector a, double k)
{
    return (vector){a.x * k, a.y * k, a.z * k};
}

static vector product(vector a, vector b)
{
    return (vector){a.x * b.x, a.y * b.y, a.z * b.z};
}

static vector mixed(vector a, vector b, double t)
{
    return plus(times(a, 1 - t), times(b, t));
}

static double dot(vector a, vector b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static vector cross(vector a, vector b)
{
    return (vector){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

static vector unit(vector a)
{
    return times(a, 1 / sqrt(dot(a, a)));
}

static double within(double low, double high, double x)
{
    return x > low ? (x < high ? x : high) : low;
}

/* ---- the program ---- */

static void put_point(const scene *s, points *p, int32_t k, vector at)
{
    if (s->element == sizeof(float)) {
        ((float *)p->x)[k] = (float)at.x;
        ((float *)p->y)[k] = (float)at.y;
        ((float *)p->z)[k] = (float)at.z;
    } else {
        ((double *)p->x)[k] = at.x;
        ((double *)p->y)[k] = at.y;
        ((double *)p->z)[k] = at.z;
    }
}

static double value_at(const scene *s, const void *array, int32_t k)
{
    return s->element == sizeof(float) ? (double)((const float *)array)[k] : ((const double *)array)[k];
}

/* The program at the first `count` points. */
static sinter_status evaluate(const scene *s, sinter_instance *instance, const sinter_kernel_info *info,
                              points *p, int32_t count)
{
    const void *inputs[3];
    for (uint32_t i = 0; i < info->input_count; i++) {
        const char name = info->inputs[i].name[0];
        inputs[i] = name == 'x' ? p->x : name == 'y' ? p->y : p->z;
    }
    const sinter_status status = sinter_instance_run(
        instance, &(sinter_arguments){.inputs = inputs, .outputs = p->outputs, .count = count});
    for (int32_t k = 0; k < count; k++)
        p->d[k] = value_at(s, p->outputs[0], k);
    return status;
}

static sinter_status measure(const scene *s, worker *w, int32_t count)
{
    return evaluate(s, w->walking, &s->walking->info, &w->points, count);
}

/* ---- rays ---- */

/* The ray of a sample; the angle of view is that of the shorter side. */
static vector direction_of(const scene *s, const sinter_grid *grid, int32_t row, int32_t place)
{
    const double shorter = grid->width < grid->height ? grid->width : grid->height, scale = s->half / shorter;
    const double x = (2 * (double)place + 1 - grid->width) * scale,
                 y = (grid->height - 2 * (double)row - 1) * scale;
    return unit(plus(s->forward, plus(times(s->right, x), times(s->up, y))));
}

static vector point_of(const scene *s, const worker *w, int32_t ray)
{
    return plus(s->eye, times(w->direction[ray], w->far[ray]));
}

/* How near the surface counts as there, at distance 1: a twentieth of a sample, as a ray that passes an edge
 * more closely than that takes its light from the far side of it; but not what rounding makes of coordinates.
 */
static double fineness(const scene *s, const sinter_grid *grid)
{
    const double shorter = grid->width < grid->height ? grid->width : grid->height;
    const double sample = s->half / (10 * shorter), rounding = s->element == sizeof(float) ? 1e-6 : 1e-12;
    return sample > rounding ? sample : rounding;
}

static void hit(worker *w, int32_t ray)
{
    w->hits[w->hit_count++] = ray;
}

static void miss(worker *w, int32_t ray)
{
    w->far[ray] = -1;
}

/* The field is steeper than the last step took it for: back, and on by less. */
static bool take_back(const scene *s, worker *w, int32_t ray, double d, double enough)
{
    const double moved = w->far[ray] - w->before[ray], steep = fabs(d - w->value[ray]) / moved;
    const bool too_long = moved > enough && steep > 1.1 * w->steep[ray] && steep < INFINITY;
    if (too_long) {
        const double stride = s->step * fabs(w->value[ray]) / steep;
        w->steep[ray] = steep;
        w->far[ray] = w->before[ray] + (stride > 0.5 * enough ? stride : 0.5 * enough);
    }
    return too_long;
}

/* One step of a ray whose distance was measured; whether it goes on. From within a solid it walks until it is
 * out. */
static bool advance(const scene *s, worker *w, int32_t ray, double d, double fine)
{
    const double enough = fine * (w->far[ray] + 1e-3 * s->unit);
    if (take_back(s, w, ray, d, enough))
        return true;
    if (d < 0 && w->outside[ray]) {
        w->bracketed[w->bracketed_count++] = ray;
        return false;
    }
    /* Near, and nearer than before: not on the way out of a solid. How near, by the slope of the last step.
     */
    const double fallen = w->value[ray] - d, moved = w->far[ray] - w->before[ray];
    if (d >= 0 && w->outside[ray] && d * moved < enough * fallen) {
        hit(w, ray);
        return false;
    }
    w->outside[ray] |= d >= 0;
    w->before[ray] = w->far[ray];
    w->value[ray] = d;
    /* A step must end where the field can be looked at, to be taken back if need be. */
    const double stride = within(0.5 * enough, 2 * s->unit, s->step * fabs(d) / w->steep[ray]);
    w->steep[ray] = w->steep[ray] > 1.2 ? w->steep[ray] * 0.85 : 1;
    w->far[ray] += stride;
    if (d == d && w->far[ray] < s->reach)
        return true;
    miss(w, ray);
    return false;
}

/* Rays that are still under way after all steps are those that graze something: they hit it if it is near. */
static void settle(const scene *s, worker *w, int32_t count, double fine)
{
    for (int32_t k = 0; k < count; k++) {
        const int32_t ray = w->active[k];
        if (fabs(w->points.d[k]) < 64 * fine * (w->far[ray] + s->unit) * w->steep[ray])
            hit(w, ray);
        else
            miss(w, ray);
    }
}

static sinter_status walk(const scene *s, worker *w, int32_t rays, double fine)
{
    int32_t count = rays;
    for (int32_t i = 0; i < rays; i++) {
        w->active[i] = i;
        w->far[i] = w->before[i] = 0;
        w->steep[i] = 1;
        w->outside[i] = false;
    }
    w->hit_count = w->bracketed_count = 0;
    for (int step = 0; step < MOST_STEPS && count > 0; step++) {
        for (int32_t k = 0; k < count; k++)
            put_point(s, &w->points, k, point_of(s, w, w->active[k]));
        const sinter_status status = measure(s, w, count);
        if (status != SINTER_OK)
            return status;
        int32_t kept = 0;
        for (int32_t k = 0; k < count; k++)
            if (advance(s, w, w->active[k], w->points.d[k], fine)) {
                w->points.d[kept] = w->points.d[k];
                w->active[kept++] = w->active[k];
            }
        count = kept;
    }
    settle(s, w, count, fine);
    return SINTER_OK;
}

/* Rays whose last step went through the surface: halves it. `before` is outside, `far` inside. */
static sinter_status close_in(const scene *s, worker *w)
{
    const int32_t count = w->bracketed_count;
    for (int step = 0; step < HALVINGS && count > 0; step++) {
        for (int32_t k = 0; k < count; k++) {
            const int32_t ray = w->bracketed[k];
            const double middle = 0.5 * (w->before[ray] + w->far[ray]);
            put_point(s, &w->points, k, plus(s->eye, times(w->direction[ray], middle)));
        }
        const sinter_status status = measure(s, w, count);
        if (status != SINTER_OK)
            return status;
        for (int32_t k = 0; k < count; k++) {
            const int32_t ray = w->bracketed[k];
            const double middle = 0.5 * (w->before[ray] + w->far[ray]);
            *(w->points.d[k] < 0 ? &w->far[ray] : &w->before[ray]) = middle;
        }
    }
    for (int32_t k = 0; k < count; k++) {
        w->far[w->bracketed[k]] = w->before[w->bracketed[k]];
        hit(w, w->bracketed[k]);
    }
    return SINTER_OK;
}

/* ---- what was hit ---- */

/* The slope as the surface's direction; where there is none, it faces the eye. What was hit from behind, as
 * an edge may be by a ray that passes it closely, is seen from the side. */
static void set_normal(worker *w, int32_t ray, vector slope)
{
    const vector view = w->direction[ray];
    const double length = sqrt(dot(slope, slope));
    const bool good = length > 0 && length < INFINITY;
    w->slope[ray] = good ? length : 1;
    w->normal[ray] = good ? times(slope, 1 / length) : times(view, -1);
    const double behind = dot(w->normal[ray], view);
    if (behind > 0 && behind < 0.999)
        w->normal[ray] = unit(plus(w->normal[ray], times(view, -behind)));
}

static vector colour_at(const scene *s, const points *p, int32_t k)
{
    if (!s->coloured)
        return skin;
    double shown[3];
    for (int i = 0; i < 3; i++)
        shown[i] = within(0, 1, value_at(s, p->outputs[COLOUR + i], k));
    return (vector){shown[0] * shown[0], shown[1] * shown[1], shown[2] * shown[2]};
}

static void put_hits(const scene *s, worker *w, vector aside)
{
    for (int32_t k = 0; k < w->hit_count; k++)
        put_point(s, &w->points, k, plus(point_of(s, w, w->hits[k]), aside));
}

static sinter_status take_derivatives(const scene *s, worker *w)
{
    const points *p = &w->points;
    const uint32_t first = s->walking->info.output_count;
    put_hits(s, w, (vector){0, 0, 0});
    const sinter_status status = evaluate(s, w->sloping, &s->sloping.info, &w->points, w->hit_count);
    for (int32_t k = 0; k < w->hit_count; k++) {
        const vector slope = {value_at(s, p->outputs[first], k), value_at(s, p->outputs[first + 1], k),
                              value_at(s, p->outputs[first + 2], k)};
        set_normal(w, w->hits[k], slope);
        w->colour[w->hits[k]] = colour_at(s, p, k);
    }
    return status;
}

/* Programs without derivatives: central differences. */
static sinter_status take_differences(const scene *s, worker *w)
{
    const double h = 1e-3 * s->unit;
    for (int side = 0; side < 6; side++) {
        const double sign = side & 1 ? -h : h;
        const vector aside = {side < 2 ? sign : 0, side >= 2 && side < 4 ? sign : 0, side >= 4 ? sign : 0};
        put_hits(s, w, aside);
        const sinter_status status = measure(s, w, w->hit_count);
        if (status != SINTER_OK)
            return status;
        for (int32_t k = 0; k < w->hit_count; k++) {
            vector *slope = &w->normal[w->hits[k]];
            double *const part = side < 2 ? &slope->x : side < 4 ? &slope->y : &slope->z;
            *part = side & 1 ? (*part - w->points.d[k]) / (2 * h) : w->points.d[k];
        }
    }
    put_hits(s, w, (vector){0, 0, 0});
    const sinter_status status = measure(s, w, w->hit_count);
    for (int32_t k = 0; k < w->hit_count; k++) {
        set_normal(w, w->hits[k], w->normal[w->hits[k]]);
        w->colour[w->hits[k]] = colour_at(s, &w->points, k);
    }
    return status;
}

/* ---- light ---- */

/* Off the surface, by more than the walk may have stopped short. */
static vector lifted(const scene *s, const worker *w, int32_t ray, double fine)
{
    const double by = 2 * fine * (w->far[ray] + s->unit);
    return plus(point_of(s, w, ray), times(w->normal[ray], by));
}

/* A light of this size: the distance that covers half of it, over the distance from the point. */
static const double light_size = 0.09;

/* One step of a shadow's ray, which is at w->before after a step of w->value; whether it goes on. */
static bool advance_shadow(const scene *s, worker *w, int32_t ray, double d, double fine)
{
    const double far = w->before[ray], distance = d / (w->slope[ray] > 1 ? w->slope[ray] : 1);
    if (!(distance > 0)) {
        w->light[ray] = d == d ? 0 : w->light[ray];
        return false;
    }
    /* The ray came nearest where the spheres of this step and the last meet, if they do. */
    const double meeting = distance * distance / (2 * w->nearest[ray]),
                 back = meeting < w->value[ray] ? meeting : 0;
    const double gap = sqrt(distance * distance - back * back);
    const double covered = gap / (light_size * within(1e-3 * s->unit, INFINITY, far - back));
    w->light[ray] = covered < w->light[ray] ? covered : w->light[ray];
    w->nearest[ray] = distance;
    const double least = (fine + 2e-3) * (far + 0.1 * s->unit);
    w->value[ray] = within(least, 0.5 * s->unit, s->step * distance);
    w->before[ray] = far + w->value[ray];
    return w->light[ray] > 0.005 && w->before[ray] < 5 * s->unit;
}

static sinter_status cast_shadows(const scene *s, worker *w, double fine)
{
    const vector light = s->light;
    int32_t count = 0;
    for (int32_t k = 0; k < w->hit_count; k++) {
        const int32_t ray = w->hits[k];
        w->start[ray] = lifted(s, w, ray, fine);
        w->light[ray] = dot(w->normal[ray], light) > 0 ? 1 : 0;
        w->before[ray] = 1e-2 * s->unit;
        w->nearest[ray] = 1e10 * s->unit;
        w->value[ray] = w->before[ray];
        if (w->light[ray] > 0)
            w->active[count++] = ray;
    }
    for (int step = 0; step < SHADOW_STEPS && count > 0; step++) {
        for (int32_t k = 0; k < count; k++) {
            const int32_t ray = w->active[k];
            put_point(s, &w->points, k, plus(w->start[ray], times(light, w->before[ray])));
        }
        const sinter_status status = measure(s, w, count);
        if (status != SINTER_OK)
            return status;
        int32_t kept = 0;
        for (int32_t k = 0; k < count; k++)
            if (advance_shadow(s, w, w->active[k], w->points.d[k], fine))
                w->active[kept++] = w->active[k];
        count = kept;
    }
    return SINTER_OK;
}

/* The nearer a height, the more it counts. */
static sinter_status look_into_corners(const scene *s, worker *w)
{
    static const double share[CORNER_STEPS] = {0.36, 0.26, 0.18, 0.12, 0.08};
    for (int32_t k = 0; k < w->hit_count; k++)
        w->open[w->hits[k]] = 1;
    for (int step = 0; step < CORNER_STEPS && w->hit_count > 0; step++) {
        const double height = 0.07 * (step + 1) * s->unit;
        for (int32_t k = 0; k < w->hit_count; k++) {
            const int32_t ray = w->hits[k];
            put_point(s, &w->points, k, plus(w->start[ray], times(w->normal[ray], height)));
        }
        const sinter_status status = measure(s, w, w->hit_count);
        if (status != SINTER_OK)
            return status;
        for (int32_t k = 0; k < w->hit_count; k++) {
            const int32_t ray = w->hits[k];
            const double free = within(0, 1, w->points.d[k] / (w->slope[ray] * height));
            w->open[ray] -= share[step] * (1 - free);
        }
    }
    return SINTER_OK;
}

/* Linear light to what screens show: the brightest parts bend towards white. */
static double shown(double light)
{
    return sqrt(within(0, 1, light < 0.7 ? light : 1 - 0.09 / (light - 0.4)));
}

static vector background(const scene *s, vector direction)
{
    if (s->plain_background)
        return s->background;
    const double up = direction.y, down = within(0, 1, -2 * up);
    const vector sky =
        up < 0 ? mixed(horizon, below, down * (2 - down)) : mixed(horizon, zenith, up * (2 - up));
    return (vector){shown(sky.x), shown(sky.y), shown(sky.z)};
}

/* Key light, sky from above, what the ground sends back, a highlight, and more of the sky where the surface
 * is seen from the side. */
static vector light_of(const scene *s, const worker *w, int32_t ray)
{
    const vector n = w->normal[ray], view = w->direction[ray], light = s->light;
    const double facing = within(0, 1, dot(n, light)) * w->light[ray], open = w->open[ray],
                 up = 0.5 + 0.5 * n.y;
    vector sum = times(key_colour, facing);
    sum = plus(sum, times(sky_colour, up * open));
    sum = plus(sum, times(ground_colour, (1 - up) * (0.35 + 0.65 * open)));
    sum = product(sum, w->colour[ray]);
    double shine = within(0, 1, dot(n, unit(plus(light, times(view, -1)))));
    for (int i = 0; i < 6; i++) /* the 64th power */
        shine *= shine;
    const double side = within(0, 1, 1 + dot(n, view));
    sum = plus(sum, times(key_colour, 0.14 * shine * facing));
    return plus(sum, times(sky_colour, 0.25 * side * side * side * open));
}

/* What the screen shows: what is far out fades into the background. */
static vector shade(const scene *s, const worker *w, int32_t ray)
{
    const vector behind = background(s, w->direction[ray]);
    if (w->far[ray] < 0)
        return behind;
    const vector light = light_of(s, w, ray), front = {shown(light.x), shown(light.y), shown(light.z)};
    const double past = within(0, 1, (w->far[ray] / s->reach - 0.3) / 0.7);
    return mixed(front, behind, past * past * (3 - 2 * past));
}

/* ---- tiles ---- */

static sinter_status paint_packet(const scene *s, worker *w, const sinter_grid *grid, int64_t first,
                                  int32_t count)
{
    const double fine = fineness(s, grid);
    for (int32_t i = 0; i < count; i++) {
        const int64_t sample = first + i;
        w->direction[i] = direction_of(s, grid, grid->first_row + (int32_t)(sample / grid->column_count),
                                       grid->first_column + (int32_t)(sample % grid->column_count));
    }
    sinter_status status = walk(s, w, count, fine);
    if (status == SINTER_OK)
        status = close_in(s, w);
    if (status == SINTER_OK && w->hit_count > 0)
        status = w->sloping ? take_derivatives(s, w) : take_differences(s, w);
    if (status == SINTER_OK)
        status = cast_shadows(s, w, fine);
    if (status == SINTER_OK)
        status = look_into_corners(s, w);
    for (int32_t i = 0; i < count && status == SINTER_OK; i++) {
        const int64_t sample = first + i, row = sample / grid->column_count,
                      place = sample % grid->column_count;
        const int64_t to = row * grid->stride + place;
        const vector seen = shade(s, w, i);
        ((float *)grid->outputs[0])[to] = (float)seen.x;
        ((float *)grid->outputs[1])[to] = (float)seen.y;
        ((float *)grid->outputs[2])[to] = (float)seen.z;
    }
    return status;
}

static void set_time(const scene *s, worker *w, double t)
{
    if (!s->timed)
        return;
    sinter_set(w->walking, sinter_parameter_number(s->walking->kernel, "t"), t);
    if (w->sloping)
        sinter_set(w->sloping, sinter_parameter_number(s->sloping.kernel, "t"), t);
}

sinter_status sn_cli_paint_scene(void *context, int number, const sinter_grid *grid)
{
    const scene *s = context;
    worker *w = &s->workers[number];
    const int64_t samples = (int64_t)grid->row_count * grid->column_count;
    set_time(s, w, grid->t);
    sinter_status status = SINTER_OK;
    for (int64_t first = 0; first < samples && status == SINTER_OK; first += PACKET)
        status =
            paint_packet(s, w, grid, first, samples - first < PACKET ? (int32_t)(samples - first) : PACKET);
    return status;
}

/* ---- opening and closing ---- */

/* The camera looks from the front, a little from above and from the right, and sees the cube from -1 to 1 as
 * a whole. */
static bool place_camera(scene *s)
{
    static const vector aside = {1.9, 1.7, 4.3};
    const arguments *a = s->a;
    const vector target = {a->target[0], a->target[1], a->target[2]};
    s->eye = a->eye_given ? (vector){a->eye[0], a->eye[1], a->eye[2]} : plus(target, aside);
    const vector way = plus(target, times(s->eye, -1));
    const double length = sqrt(dot(way, way));
    if (!(length > 0 && length < INFINITY))
        return sn_cli_refuse("the eye must not be where the target is");
    s->forward = times(way, 1 / length);
    const vector high = fabs(s->forward.y) < 0.9999 ? (vector){0, 1, 0} : (vector){0, 0, -1};
    s->right = unit(cross(s->forward, high));
    s->up = cross(s->right, s->forward);
    s->half = tan(a->fov * (0.5 * 3.14159265358979323846 / 180));
    s->unit = length / 5;
    s->reach = 12 * length;
    s->step = a->step;
    s->light = unit(key);
    s->plain_background = a->background_given;
    const double *b = a->background;
    s->background = (vector){b[0], b[1], b[2]};
    return true;
}

static bool reads_time(const sinter_kernel_info *info)
{
    for (uint32_t i = 0; i < info->input_count; i++)
        if (strcmp(info->inputs[i].name, "t") == 0)
            return true;
    return false;
}

/* t is the same for a whole picture: as a parameter, what depends on it alone is computed once. */
static int make_time_a_parameter(const arguments *a, preparation *p, const sinter_options *options)
{
    static const char line[] = "param t = 0\n";
    const size_t length = sizeof line - 1;
    char *text = malloc(length + p->program.length + 1);
    if (!text)
        return sn_cli_fail("out of memory");
    memcpy(text, line, length);
    memcpy(text + length, p->program.text, p->program.length);
    text[length + p->program.length] = 0;
    free(p->program.text);
    p->program.text = text;
    p->program.length += length;
    sinter_kernel_close(p->kernel);
    p->kernel = NULL;
    return sn_cli_compile(a, p, options);
}

/* Programs without derivatives are no error. */
static int compile_slopes(scene *s, const preparation *p)
{
    static const char *const names[3] = {"x", "y", "z"};
    sinter_options options = sn_cli_options_of(s->a, &p->program, false);
    options.gradient = names;
    options.gradient_count = 3;
    s->sloping = *p;
    const sinter_status status =
        sinter_compile(p->context, p->program.text, p->program.length, &options, &s->sloping.kernel, NULL);
    if (status == SINTER_OK)
        s->sloping.info = sinter_kernel_describe(s->sloping.kernel);
    return status == SINTER_NO_MEMORY ? sn_cli_fail("out of memory") : STATUS_GOOD;
}

int sn_cli_open_scene(const arguments *a, preparation *p, scene **result)
{
    scene *s = calloc(1, sizeof *s);
    *result = s;
    if (!s)
        return sn_cli_fail("out of memory");
    const sinter_options options = sn_cli_options_of(a, &p->program, false);
    int status = sn_cli_compile(a, p, &options);
    if (status == STATUS_GOOD && p->info.image_count > 0)
        status = sn_cli_fail("with --3d a program has no images, and there is %s", p->info.images[0].name);
    if (status != STATUS_GOOD)
        return status;
    if (p->info.output_count != 1 && p->info.output_count != MOST_VALUES)
        return sn_cli_fail(
            "the program gives %u values; with --3d it gives 1 (a distance) or 4 (a distance and a colour)",
            p->info.output_count);
    s->timed = reads_time(&p->info);
    if (s->timed && (status = make_time_a_parameter(a, p, &options)) != STATUS_GOOD)
        return status;
    s->a = a;
    s->walking = p;
    s->coloured = p->info.output_count == MOST_VALUES;
    s->element = sn_cli_type_size(p->info.outputs[0].type);
    return place_camera(s) ? compile_slopes(s, p) : STATUS_BAD;
}

/* All arrays of a worker's points are one block. */
static bool make_points(const scene *s, worker *w)
{
    points *p = &w->points;
    const size_t array = PACKET * s->element;
    unsigned char *at = malloc((3 + MOST_OUTPUTS) * array + PACKET * sizeof(double));
    if (!at)
        return sn_cli_refuse("out of memory");
    w->memory = at;
    p->d = (double *)(void *)at;
    at += PACKET * sizeof(double);
    void **const places[] = {&p->x, &p->y, &p->z};
    for (size_t i = 0; i < 3; i++, at += array)
        *places[i] = at;
    for (size_t i = 0; i < MOST_OUTPUTS; i++, at += array)
        p->outputs[i] = at;
    return true;
}

int sn_cli_staff_scene(scene *s, int workers)
{
    s->workers = calloc((size_t)workers, sizeof *s->workers);
    if (!s->workers)
        return sn_cli_fail("out of memory");
    s->worker_count = workers;
    int status = STATUS_GOOD;
    for (int i = 0; i < workers && status == STATUS_GOOD; i++) {
        worker *w = &s->workers[i];
        status = make_points(s, w) ? sn_cli_open_instance(s->a, s->walking, &w->walking) : STATUS_BAD;
        if (status == STATUS_GOOD && s->sloping.kernel)
            status = sn_cli_open_instance(s->a, &s->sloping, &w->sloping);
    }
    return status;
}

void sn_cli_close_scene(scene *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->worker_count; i++) {
        sinter_instance_close(s->workers[i].walking);
        sinter_instance_close(s->workers[i].sloping);
        free(s->workers[i].memory);
    }
    sinter_kernel_close(s->sloping.kernel);
    free(s->workers);
    free(s);
}
