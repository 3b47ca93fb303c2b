/* What sample and texel compute, in plain C, for one type of numbers: REAL, NAMED(name), SUFFIX(constant),
 * and the functions FMA, FLOOR, FABS. No guard: it is included once for each type. Positions are computed as
 * the language promises, roundings included; which texel a position beyond the edges stands for is worked out
 * one period at a time. */

/* The larger and the smaller as the language has them: the second where the first is no number. */
static REAL NAMED(reference_max)(REAL a, REAL b)
{
    return a > b ? a : b;
}

static REAL NAMED(reference_min)(REAL a, REAL b)
{
    return a < b ? a : b;
}

typedef struct NAMED(reference_axis) {
    int32_t size;
    REAL scale, edge, centre, tolerance, inverse;
} NAMED(reference_axis);

static NAMED(reference_axis) NAMED(reference_open)(int32_t size, double low, double high, bool down)
{
    const double scale = size / (high - low), from_low = low * scale, from_high = high * scale,
                 edge = down ? from_high : -from_low;
    const double largest = fabs(from_low) > fabs(from_high) ? fabs(from_low) : fabs(from_high);
    const double tolerance = largest * (sizeof(REAL) == 4 ? 0x1p-21 : 0x1p-50);
    return (NAMED(reference_axis)){size,
                                   (REAL)scale,
                                   (REAL)edge,
                                   (REAL)(edge - 0.5),
                                   (REAL)(tolerance < 0.25 ? tolerance : 0.25),
                                   (REAL)(1.0 / size)};
}

static REAL NAMED(reference_unfold)(const NAMED(reference_axis) * a, int edge, REAL x)
{
    if (edge == REFERENCE_REPEAT)
        return FMA(-FLOOR((x + SUFFIX(0.5)) * a->inverse), (REAL)a->size, x);
    const REAL period = 2 * (REAL)a->size,
               there = FMA(-FLOOR((x + SUFFIX(0.5)) * (a->inverse * SUFFIX(0.5))), period, x);
    return NAMED(reference_min)(there, period - 1 - there);
}

/* Where the position is looked up: the number of the texel at or before it, and the fraction behind it. */
static int32_t NAMED(reference_place)(const NAMED(reference_axis) * a, bool cubic, int edge, REAL x,
                                      REAL *fraction)
{
    const REAL size = (REAL)a->size;
    REAL low = 0, high = size - 1;
    if (edge == REFERENCE_REPEAT || edge == REFERENCE_MIRROR) {
        x = NAMED(reference_unfold)(a, edge, x);
        low = SUFFIX(-0.5);
        high = size - SUFFIX(0.5);
    } else if (cubic) {
        low = -2;
        high = size + 1;
    } else if (edge == REFERENCE_ZERO) {
        low = -1;
        high = size;
    }
    x = NAMED(reference_min)(NAMED(reference_max)(x, low), high);
    const REAL whole = sizeof(REAL) == 4 ? (REAL)nearbyintf((float)x) : (REAL)nearbyint((double)x);
    if (FABS(x - whole) <= a->tolerance)
        x = whole;
    *fraction = x - FLOOR(x);
    return (int32_t)FLOOR(x);
}

static REAL NAMED(reference_read)(const reference_image *image, uint32_t channel, int edge, int32_t i,
                                  int32_t j)
{
    const int32_t column = reference_index(i, image->width, edge),
                  row = reference_index(j, image->height, edge);
    if (column < 0 || row < 0)
        return 0;
    return (REAL)image->texels[((size_t)channel * (size_t)image->height + (size_t)row) * (size_t)image->width
                               + (size_t)column];
}

static REAL NAMED(reference_blend)(REAL f, REAL a, REAL b)
{
    return FMA(f, b - a, a);
}

static REAL NAMED(reference_cubic)(REAL f, REAL a, REAL b, REAL c, REAL d)
{
    const REAL square = f * f, half = SUFFIX(0.5);
    const REAL w0 = f * FMA(f, FMA(-half, f, 1), -half),
               w1 = FMA(square, FMA(SUFFIX(1.5), f, SUFFIX(-2.5)), 1);
    const REAL w2 = f * FMA(f, FMA(SUFFIX(-1.5), f, 2), half), w3 = square * FMA(half, f, -half);
    return FMA(w3, d, FMA(w2, c, FMA(w0, a, w1 * b)));
}

/* The texel whose number is `x`, a whole number of any size, or NaN. */
static int32_t NAMED(reference_nearest)(const NAMED(reference_axis) * a, int edge, REAL x)
{
    const REAL size = (REAL)a->size;
    if (edge == REFERENCE_REPEAT || edge == REFERENCE_MIRROR)
        x = NAMED(reference_unfold)(a, edge, x);
    if (edge == REFERENCE_ZERO)
        return (int32_t)NAMED(reference_min)(NAMED(reference_max)(x, -1), size);
    return (int32_t)NAMED(reference_min)(NAMED(reference_max)(x, 0), size - 1);
}

static REAL NAMED(reference_sample)(const reference_image *image, uint32_t channel, int filter, int edge,
                                    REAL u, REAL v)
{
    const NAMED(reference_axis) across = NAMED(reference_open)(image->width, image->x0, image->x1, false);
    const NAMED(reference_axis) down = NAMED(reference_open)(image->height, image->y0, image->y1, true);
    if (filter == REFERENCE_TEXEL || filter == REFERENCE_NEAREST) {
        const bool texel = filter == REFERENCE_TEXEL;
        const REAL x = texel ? FLOOR(u) : FLOOR(FMA(u, across.scale, across.edge));
        const REAL y = texel ? (REAL)(image->height - 1) - FLOOR(v) : FLOOR(FMA(-v, down.scale, down.edge));
        return NAMED(reference_read)(image, channel, edge, NAMED(reference_nearest)(&across, edge, x),
                                     NAMED(reference_nearest)(&down, edge, y));
    }
    const bool cubic = filter == REFERENCE_BICUBIC;
    REAL fx, fy, rows[4];
    const int32_t i = NAMED(reference_place)(&across, cubic, edge, FMA(u, across.scale, across.centre), &fx);
    const int32_t j = NAMED(reference_place)(&down, cubic, edge, FMA(-v, down.scale, down.centre), &fy);
    for (int32_t k = 0; k < (cubic ? 4 : 2); k++) {
        REAL t[4];
        for (int32_t n = 0; n < (cubic ? 4 : 2); n++)
            t[n] = NAMED(reference_read)(image, channel, edge, i + n - cubic, j + k - cubic);
        rows[k] = cubic ? NAMED(reference_cubic)(fx, t[0], t[1], t[2], t[3])
                        : NAMED(reference_blend)(fx, t[0], t[1]);
    }
    return cubic ? NAMED(reference_cubic)(fy, rows[0], rows[1], rows[2], rows[3])
                 : NAMED(reference_blend)(fy, rows[0], rows[1]);
}
