/* What sample, texel and size compute.
 *
 * **Positions.** A coordinate becomes a position counted in texels, from the centre of the first texel (left
 * or top) on: of u over the region [x0, x1] it is (u − x0)·width/(x1 − x0) − ½, of v over [y0, y1] it is (y1
 * − v)·height/(y1 − y0) − ½, as one fused operation whose factors are of segment rate. So what one coordinate
 * determines (indices, weights) varies along that coordinate's axes only, and on a grid is computed once a
 * column or once a row.
 *
 * **Centres.** The centre of a pixel, as a grid computes it, is rounded three times before it gets here: in
 * the size of half a pixel, in the coordinate, and in the edge of the region, and the position's factors and
 * the position are rounded again. With M the larger of |x0| and |x1|, all of it together is less than
 * 8·2^-24·M coordinates (f32; x1 − x0 ≤ 2M), which are 2^-21·M·width/(x1 − x0) texels. Positions that lie no
 * further from a whole number are that whole number, so that an image sampled at the pixels of a grid of its
 * own size is copied bit by bit: a coordinate cannot tell such places apart anyway. The tolerance is at most
 * a quarter of a texel. The whole number is found by adding and subtracting 1.5·2^23, so that the derivative
 * along the coordinate is that of the position, at centres too.
 *
 * **Edges.** What lies beyond the edges is settled before a position becomes an index: it is clamped to where
 * all that it reads is the edge's texel (or zero); repeated, it is taken modulo the size; mirrored, modulo
 * twice the size and folded. NaN goes through `max(x, low)` first and becomes `low`. Then every index lies
 * within two texels of the image and one comparison on either side brings it in, for images of any size from
 * 1 by 1 on. So nothing is read but the image, whatever the coordinates are.
 *
 * **Filters.** nearest: the texel that the point lies in. bilinear: between two columns in either row, then
 * between the rows, each as a + f·(b − a), fused. bicubic: Catmull & Rom's cubic (A Class of Local
 * Interpolating Splines, 1974; Keys' with a = −½), which passes through the texels: four columns in each of
 * four rows, then the rows; weights of the fraction f
 *
 *     w0 = f(−½ + f(1 − ½f))    w1 = f²(−5/2 + 3/2 f) + 1    w2 = f(½ + f(2 − 3/2 f))    w3 = f²(−½ + ½f)
 *
 * and the sum as w3·d + (w2·c + (w0·a + w1·b)), fused from inside out. At whole positions both give the texel
 * itself.
 *
 * Derivatives are those of these formulas: of bilinear within a cell, 0 of nearest. */
#include "lang/lowering.h"

typedef struct sampler {
    ir_program *p;
    ir_type type; /* of coordinates and results */
    lang_image *image;
    lang_filter filter;
    lang_edge edge;
} sampler;

/* What one coordinate reads: up to four columns, or rows (as offsets of their first texels), and the weight
 * between them. */
typedef struct taps {
    unsigned count;
    ir_ref index[4];
    ir_ref inside[4]; /* masks; 0: always */
    ir_ref fraction;
} taps;

/* ---- shorthands ---- */

static ir_ref number(const sampler *s, double value)
{
    return sn_ir_number(s->p, s->type, value);
}

static ir_ref one(const sampler *s, ir_code code, ir_ref a)
{
    return sn_ir_emit(s->p, code, IR_VOID, a, 0, 0);
}

static ir_ref two(const sampler *s, ir_code code, ir_ref a, ir_ref b)
{
    return sn_ir_emit(s->p, code, IR_VOID, a, b, 0);
}

static ir_ref three(const sampler *s, ir_code code, ir_ref a, ir_ref b, ir_ref c)
{
    return sn_ir_emit(s->p, code, IR_VOID, a, b, c);
}

static ir_ref convert(ir_program *p, ir_ref value, ir_type type)
{
    return p->ops[value].type == type ? value : sn_ir_emit(p, IR_CVT, type, value, 0, 0);
}

/* Of numbers and of i32; NaN becomes `low`. */
static ir_ref within(const sampler *s, ir_ref x, ir_ref low, ir_ref high)
{
    return two(s, IR_MIN, two(s, IR_MAX, x, low), high);
}

static ir_ref whole(const sampler *s, int32_t value)
{
    return sn_ir_i32(s->p, value);
}

/* ---- axes ---- */

static ir_ref extent(ir_program *p, const lang_image *image, unsigned which)
{
    return sn_ir_emit(p, IR_LOAD, IR_F64, sn_ir_i32(p, (int32_t)which), image->memory,
                      0); /* the object behind the texels */
}

static void open_axis(const sampler *s, lang_axis *axis, bool down)
{
    ir_program *p = s->p;
    const ir_ref size = extent(p, s->image, down ? IR_EXTENT_HEIGHT : IR_EXTENT_WIDTH);
    const ir_ref low = extent(p, s->image, down ? IR_EXTENT_Y0 : IR_EXTENT_X0);
    const ir_ref high = extent(p, s->image, down ? IR_EXTENT_Y1 : IR_EXTENT_X1);
    const ir_ref scale = two(s, IR_DIV, size, two(s, IR_SUB, high, low)), half = sn_ir_f64(p, 0.5);
    const ir_ref from_low = two(s, IR_MUL, low, scale), from_high = two(s, IR_MUL, high, scale);
    const ir_ref edge = down ? from_high : one(s, IR_NEG, from_low);
    const ir_ref largest = two(s, IR_MAX, one(s, IR_ABS, from_low), one(s, IR_ABS, from_high));
    const ir_ref roundings = sn_ir_f64(p, s->type == IR_F32 ? 0x1p-21 : 0x1p-50);
    const ir_ref tolerance = two(s, IR_MIN, two(s, IR_MUL, largest, roundings), sn_ir_f64(p, 0.25));
    axis->size = convert(p, size, s->type);
    axis->last = convert(p, two(s, IR_SUB, size, sn_ir_f64(p, 1)), s->type);
    axis->whole = sn_ir_emit(p, IR_CVT, IR_I32, size, 0, 0);
    axis->whole_last = two(s, IR_SUB, axis->whole, whole(s, 1));
    axis->scale = convert(p, scale, s->type);
    axis->edge = convert(p, edge, s->type);
    axis->centre = convert(p, two(s, IR_SUB, edge, half), s->type);
    axis->tolerance = convert(p, tolerance, s->type);
    axis->inverse = convert(p, two(s, IR_DIV, sn_ir_f64(p, 1), size), s->type);
}

static const lang_axis *axis_of(const sampler *s, bool down)
{
    lang_axis *axis = &s->image->axes[s->type == IR_F64][down];
    if (!axis->size)
        open_axis(s, axis, down);
    return axis;
}

ir_ref sn_lang_image_side(lowering *l, lang_image *image, ir_type type, bool down)
{
    return convert(l->p, extent(l->p, image, down ? IR_EXTENT_HEIGHT : IR_EXTENT_WIDTH), type);
}

/* ---- positions ---- */

/* x modulo `period`, in [−½, period − ½); `inverse` is 1/period. Whole numbers are half a texel off the
 * borders, which rounding does not reach. */
static ir_ref modulo(const sampler *s, ir_ref x, ir_ref period, ir_ref inverse)
{
    const ir_ref turns = one(s, IR_FLOOR, two(s, IR_MUL, two(s, IR_ADD, x, number(s, 0.5)), inverse));
    return three(s, IR_FNMA, turns, period, x);
}

/* Brings a position into the image, for edges that repeat or mirror. */
static ir_ref unfold(const sampler *s, const lang_axis *axis, ir_ref x)
{
    if (s->edge == EDGE_REPEAT)
        return modulo(s, x, axis->size, axis->inverse);
    const ir_ref period = two(s, IR_ADD, axis->size, axis->size);
    const ir_ref there = modulo(s, x, period, two(s, IR_MUL, axis->inverse, number(s, 0.5)));
    const ir_ref back = two(s, IR_SUB, two(s, IR_SUB, period, number(s, 1)), there);
    return two(s, IR_MIN, there, back);
}

/* A position that rounding has moved off a texel's centre goes back there. */
static ir_ref settle(const sampler *s, const lang_axis *axis, ir_ref x)
{
    const ir_ref magic = number(s, s->type == IR_F32 ? 0x1.8p23 : 0x1.8p52);
    const ir_ref nearest = two(s, IR_SUB, two(s, IR_ADD, x, magic), magic);
    const ir_ref distance = one(s, IR_ABS, two(s, IR_SUB, x, nearest));
    return three(s, IR_SELECT, two(s, IR_LE, distance, axis->tolerance), nearest, x);
}

/* ---- indices ---- */

static void take(taps *t, ir_ref index)
{
    t->index[t->count++] = index;
}

/* Where nothing lies outside of the image, what does is cut off and marked. */
static void take_masked(const sampler *s, const lang_axis *axis, taps *t, ir_ref index)
{
    const ir_ref zero = whole(s, 0);
    t->inside[t->count] = two(s, IR_AND, two(s, IR_LE, zero, index), two(s, IR_LE, index, axis->whole_last));
    take(t, within(s, index, zero, axis->whole_last));
}

/* The texel with the number `x`, whole, as a number. */
static void find_one(const sampler *s, const lang_axis *axis, taps *t, ir_ref x)
{
    const ir_ref zero = number(s, 0);
    if (s->edge == EDGE_ZERO) {
        take_masked(s, axis, t,
                    sn_ir_emit(s->p, IR_CVT, IR_I32, within(s, x, number(s, -1), axis->size), 0, 0));
        return;
    }
    if (s->edge != EDGE_CLAMP)
        x = unfold(s, axis, x);
    take(t, sn_ir_emit(s->p, IR_CVT, IR_I32, within(s, x, zero, axis->last), 0, 0));
}

/* Clamped to where it makes no difference, or to where `unfold` should have put it. */
static ir_ref confine(const sampler *s, const lang_axis *axis, ir_ref x)
{
    const bool cubic = s->filter == FILTER_BICUBIC;
    switch (s->edge) {
    case EDGE_CLAMP:
        return cubic ? within(s, x, number(s, -2), two(s, IR_ADD, axis->size, number(s, 1)))
                     : within(s, x, number(s, 0), axis->last);
    case EDGE_ZERO:
        return cubic ? within(s, x, number(s, -2), two(s, IR_ADD, axis->size, number(s, 1)))
                     : within(s, x, number(s, -1), axis->size);
    default: break;
    }
    return within(s, unfold(s, axis, x), number(s, -0.5), two(s, IR_SUB, axis->size, number(s, 0.5)));
}

static ir_ref below_zero(const sampler *s, ir_ref index)
{
    return two(s, IR_LT, index, whole(s, 0));
}

static ir_ref beyond_last(const sampler *s, const lang_axis *axis, ir_ref index)
{
    return two(s, IR_LT, axis->whole_last, index);
}

/* Index `first` + k of bilinear, `first` from -1 to the last (0 where clamped). */
static void take_linear(const sampler *s, const lang_axis *axis, taps *t, ir_ref first, int32_t k)
{
    const ir_ref index = k ? two(s, IR_ADD, first, whole(s, 1)) : first;
    switch (s->edge) {
    case EDGE_CLAMP: take(t, k ? two(s, IR_MIN, index, axis->whole_last) : index); break;
    case EDGE_MIRROR:
        take(t, k ? two(s, IR_MIN, index, axis->whole_last) : two(s, IR_MAX, index, whole(s, 0)));
        break;
    case EDGE_REPEAT:
        take(t, k ? three(s, IR_SELECT, beyond_last(s, axis, index), whole(s, 0), index)
                  : three(s, IR_SELECT, below_zero(s, index), axis->whole_last, index));
        break;
    case EDGE_ZERO: take_masked(s, axis, t, index); break;
    }
}

/* Index `first` + k - 1 of bicubic, up to two texels off the image. */
static void take_cubic(const sampler *s, const lang_axis *axis, taps *t, ir_ref first, int32_t k)
{
    const ir_ref zero = whole(s, 0), end = two(s, IR_ADD, axis->whole_last, axis->whole);
    ir_ref index = two(s, IR_ADD, first, whole(s, k - 1));
    switch (s->edge) {
    case EDGE_ZERO: take_masked(s, axis, t, index); return;
    case EDGE_CLAMP: break;
    case EDGE_MIRROR: /* -1 - i below zero, 2 size - 1 - i beyond the last */
        index = two(s, IR_MAX, index, two(s, IR_SUB, whole(s, -1), index));
        index = two(s, IR_MIN, index, two(s, IR_SUB, end, index));
        break;
    case EDGE_REPEAT:
        index = three(s, IR_SELECT, below_zero(s, index), two(s, IR_ADD, index, axis->whole), index);
        index = three(s, IR_SELECT, beyond_last(s, axis, index), two(s, IR_SUB, index, axis->whole), index);
        break;
    }
    take(t, within(s, index, zero, axis->whole_last));
}

static void find_taps(const sampler *s, bool down, ir_ref coordinate, taps *t)
{
    const lang_axis *axis = axis_of(s, down);
    *t = (taps){.count = 0};
    if (s->filter == FILTER_TEXEL) {
        const ir_ref x = one(s, IR_FLOOR, coordinate);
        find_one(s, axis, t, down ? two(s, IR_SUB, axis->last, x) : x);
    } else if (s->filter == FILTER_NEAREST) {
        find_one(s, axis, t,
                 one(s, IR_FLOOR, three(s, down ? IR_FNMA : IR_FMA, coordinate, axis->scale, axis->edge)));
    } else {
        const ir_ref x = three(s, down ? IR_FNMA : IR_FMA, coordinate, axis->scale, axis->centre);
        const ir_ref settled = settle(s, axis, confine(s, axis, x)), base = one(s, IR_FLOOR, settled);
        const ir_ref first = sn_ir_emit(s->p, IR_CVT, IR_I32, base, 0, 0);
        t->fraction = two(s, IR_SUB, settled, base);
        for (int32_t k = 0; s->filter == FILTER_BICUBIC && k < 4; k++)
            take_cubic(s, axis, t, first, k);
        for (int32_t k = 0; s->filter == FILTER_BILINEAR && k < 2; k++)
            take_linear(s, axis, t, first, k);
    }
}

/* ---- values ---- */

static ir_ref load(const sampler *s, const taps *across, const taps *down, unsigned i, unsigned j,
                   ir_ref plane)
{
    ir_ref place = two(s, IR_ADD, down->index[j], across->index[i]);
    if (plane)
        place = two(s, IR_ADD, place, plane);
    const ir_ref value =
        convert(s->p, sn_ir_emit(s->p, IR_LOAD, IR_F32, place, s->image->memory - 1, 0), s->type);
    if (s->edge != EDGE_ZERO)
        return value;
    return three(s, IR_SELECT, two(s, IR_AND, across->inside[i], down->inside[j]), value, number(s, 0));
}

static ir_ref blend(const sampler *s, ir_ref f, ir_ref a, ir_ref b)
{
    return three(s, IR_FMA, f, two(s, IR_SUB, b, a), a);
}

static void find_weights(const sampler *s, ir_ref f, ir_ref *w)
{
    const ir_ref square = two(s, IR_MUL, f, f), half = number(s, 0.5), low = number(s, -0.5);
    const ir_ref outer = three(s, IR_FMA, f, three(s, IR_FNMA, half, f, number(s, 1)), low);
    const ir_ref inner = three(s, IR_FMA, f, three(s, IR_FNMA, number(s, 1.5), f, number(s, 2)), half);
    w[0] = two(s, IR_MUL, f, outer);
    w[1] = three(s, IR_FMA, square, three(s, IR_FMA, number(s, 1.5), f, number(s, -2.5)), number(s, 1));
    w[2] = two(s, IR_MUL, f, inner);
    w[3] = two(s, IR_MUL, square, three(s, IR_FMA, half, f, low));
}

static ir_ref weighted(const sampler *s, const ir_ref *w, const ir_ref *value)
{
    ir_ref sum = two(s, IR_MUL, w[1], value[1]);
    sum = three(s, IR_FMA, w[0], value[0], sum);
    sum = three(s, IR_FMA, w[2], value[2], sum);
    return three(s, IR_FMA, w[3], value[3], sum);
}

static ir_ref combine(const sampler *s, const taps *across, const taps *down, ir_ref plane)
{
    ir_ref wx[4], wy[4], row[4], all[4];
    if (across->count == 1)
        return load(s, across, down, 0, 0, plane);
    if (across->count == 4) {
        find_weights(s, across->fraction, wx);
        find_weights(s, down->fraction, wy);
    }
    for (unsigned j = 0; j < down->count; j++) {
        for (unsigned i = 0; i < across->count; i++)
            row[i] = load(s, across, down, i, j, plane);
        all[j] = across->count == 4 ? weighted(s, wx, row) : blend(s, across->fraction, row[0], row[1]);
    }
    return down->count == 4 ? weighted(s, wy, all) : blend(s, down->fraction, all[0], all[1]);
}

void sn_lang_sample(lowering *l, lang_image *image, lang_filter filter, lang_edge edge, lang_value u,
                    lang_value v, lang_value *result)
{
    const sampler s = {l->p, (ir_type)u.type, image, filter, edge};
    taps across, down;
    find_taps(&s, false, u.ref, &across);
    find_taps(&s, true, v.ref, &down);
    const ir_ref width = axis_of(&s, false)->whole, height = axis_of(&s, true)->whole;
    for (unsigned k = 0; k < down.count; k++)
        down.index[k] = two(&s, IR_MUL, down.index[k], width);
    const ir_ref plane = two(&s, IR_MUL, width, height);
    for (uint32_t k = 0; k < image->channels; k++) {
        const ir_ref before = k ? two(&s, IR_MUL, plane, whole(&s, (int32_t)k)) : 0;
        result[k] = sn_lang_scalar(combine(&s, &across, &down, before), u.type);
    }
}
