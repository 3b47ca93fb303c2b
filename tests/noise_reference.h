/* Noise once more, from its definitions and for any number of dimensions: what tests/noise_test.c compares
 * with.
 *
 * Included twice, with T as float and as double; NAMED puts the type behind a name, K is a literal of the
 * type, and FMA, FLOOR, FMOD, ABS, SQRT are its functions. Gradients stand in lists, corners are counted in
 * binary, what lies between them is folded axis by axis, the corners of a simplex are found by sorting, and
 * cell numbers come from the remainder of the C library: nothing of how src/lib/noise.sn does it but the
 * roundings, which are part of what is promised. */

/* ---- cells ---- */

/* The whole number modulo 2^32; NaN and infinities as the language converts them. */
static uint32_t NAMED(cell_bits)(T whole)
{
    if (!(whole - whole == 0))
        return 0x80000000u;
    const T rest = FMOD(whole, (T)4294967296.0);
    return (uint32_t)(int64_t)rest;
}

/* The number of the cell `step` cells further, modulo the period if there is one. */
static uint32_t NAMED(cell)(T whole, int step, int period)
{
    T cell = whole + (T)step;
    if (period && cell - cell == 0) {
        cell = FMOD(cell, (T)period);
        cell = cell < 0 ? cell + (T)period : cell;
    }
    return NAMED(cell_bits)(cell);
}

static T NAMED(fade)(T t)
{
    return t * t * t * FMA(t, FMA(t, 6, -15), 10);
}

static T NAMED(fade_slope)(T t)
{
    const T s = t * (t - 1);
    return 30 * s * s;
}

/* Of values at the 2^n corners of a cube, the first axis counting fastest: what lies at `u` between them.
 * With slopes, `values` has n + 1 numbers for each corner, the value first. */
static void NAMED(fold)(unsigned n, T *values, unsigned width, const T *u, const T *steepness)
{
    for (unsigned axis = 0; axis < n; axis++)
        for (unsigned corner = 0; corner < 1u << (n - 1 - axis); corner++) {
            const T *low = values + 2 * corner * width, *high = low + width;
            T between[5];
            for (unsigned k = 0; k < width; k++)
                between[k] = FMA(u[axis], high[k] - low[k], low[k]);
            if (width > 1)
                between[1 + axis] = FMA(steepness[axis], high[0] - low[0], between[1 + axis]);
            memcpy(values + corner * width, between, width * sizeof(T));
        }
}

/* ---- Perlin ---- */

/* A corner's slope along each axis, from the list that its hash numbers. */
static void NAMED(perlin_slope)(unsigned n, unsigned hash, T *slope)
{
    if (n == 1) {
        slope[0] = (T)((hash & 8 ? -1 : 1) * (int)(1 + hash % 8));
        return;
    }
    for (unsigned k = 0; k < n; k++)
        slope[k] = n == 2   ? (T)diagonals[hash % 4][k]
                   : n == 3 ? (T)edges[hash % 16][k]
                            : (T)hyper_edge(hash % 16, k);
}

/* The value and, if they are wanted, the slopes behind it. */
static void NAMED(perlin_or_endless)(unsigned n, const T *p, int period, int seed, bool endless, bool slopes,
                                     T *result)
{
    T whole[4], within[4], u[4], steepness[4], values[16 * 5];
    const unsigned width = slopes ? n + 1 : 1;
    const T scale = n == 1 ? K(0.25) : n == 4 ? K(0.65) : 1;
    for (unsigned k = 0; k < n; k++) {
        whole[k] = FLOOR(p[k]);
        within[k] = p[k] - whole[k];
        u[k] = NAMED(fade)(within[k]);
        steepness[k] = NAMED(fade_slope)(within[k]);
    }
    for (unsigned corner = 0; corner < 1u << n; corner++) {
        unsigned hash = 0;
        uint32_t cells[4] = {0};
        T slope[4], sum = 0;
        for (unsigned k = 0; k < n; k++) {
            const uint32_t cell = NAMED(cell)(whole[k], 0, period), next = NAMED(cell)(whole[k], 1, period);
            /* without a period the next cell is the next number, also where adding 1 is rounded */
            const uint32_t number = corner >> k & 1 ? (period ? next : cell + 1) : cell;
            hash = k ? permutation[(hash + number) % 256] : first_look_up(number, seed);
            cells[k] = number;
        }
        if (endless)
            hash = upper_bits(n, mixed(key_of(n, cells, seed)));
        NAMED(perlin_slope)(n, hash, slope);
        for (unsigned k = 0; k < n; k++) {
            const T offset = corner >> k & 1 ? within[k] - 1 : within[k];
            sum = k ? sum + slope[k] * offset : slope[k] * offset;
        }
        values[corner * width] = n == 4 && hash & 16 ? -sum : sum; /* of a 0, too */
        for (unsigned k = 1; k < width; k++)
            values[corner * width + k] = slope[k - 1];
    }
    NAMED(fold)(n, values, width, u, steepness);
    for (unsigned k = 0; k < width; k++)
        result[k] = values[k] * scale;
}

static void NAMED(perlin_any)(unsigned n, const T *p, int period, int seed, bool slopes, T *result)
{
    NAMED(perlin_or_endless)(n, p, period, seed, false, slopes, result);
}

/* ---- value and white noise ---- */

static T NAMED(value_any)(unsigned n, const T *p, int period, int seed)
{
    T whole[4], u[4], values[16];
    for (unsigned k = 0; k < n; k++) {
        whole[k] = FLOOR(p[k]);
        u[k] = NAMED(fade)(p[k] - whole[k]);
    }
    for (unsigned corner = 0; corner < 1u << n; corner++) {
        uint32_t cells[4] = {0};
        for (unsigned k = 0; k < n; k++)
            cells[k] = corner >> k & 1
                           ? (period ? NAMED(cell)(whole[k], 1, period) : NAMED(cell)(whole[k], 0, 0) + 1)
                           : NAMED(cell)(whole[k], 0, period);
        values[corner] = (T)(float)(int32_t)mixed(key_of(n, cells, seed));
    }
    NAMED(fold)(n, values, 1, u, NULL);
    return values[0] * K(0x1p-31);
}

static T NAMED(white_of)(uint32_t key, T sum)
{
    const uint32_t m = mixed(key);
    return FMA(0, sum, (T)((float)(int32_t)((m ^ m >> 15) * 747796405u) * 0x1p-31f));
}

static T NAMED(white_any)(unsigned n, const T *p, int seed)
{
    uint32_t cells[4] = {0};
    T sum = p[0];
    for (unsigned k = 0; k < n; k++) {
        cells[k] = NAMED(cell)(FLOOR(p[k]), 0, 0);
        sum = k ? sum + p[k] : sum;
    }
    return NAMED(white_of)(key_of(n, cells, seed), sum);
}

/* ---- simplex ---- */

static T NAMED(dot)(unsigned n, const T *a, const T *b)
{
    if (n == 1)
        return a[0] * b[0];
    T sum = FMA(a[0], b[0], a[1] * b[1]);
    for (unsigned k = 2; k < n; k++)
        sum = FMA(a[k], b[k], sum);
    return sum;
}

/* The constants of the shear, and how far the corner after `steps` steps lies from the first along the axes
 * that were taken and those that were not. */
static T NAMED(shear)(unsigned n)
{
    return n == 2 ? K(0.36602540378443864676) : n == 3 ? K(0.33333333333333333333) : K(0.3090169943749474241);
}

static T NAMED(unshear)(unsigned n)
{
    return n == 2   ? K(0.21132486540518711775)
           : n == 3 ? K(0.16666666666666666667)
                    : K(0.13819660112501051518);
}

static T NAMED(taken)(unsigned n, unsigned steps)
{
    static const T two[] = {0, K(0.78867513459481288225), K(0.5773502691896257645)};
    static const T three[] = {0, K(0.83333333333333333333), K(0.66666666666666666667), K(0.5)};
    static const T four[] = {0, K(0.86180339887498948482), K(0.72360679774997896964),
                             K(0.58541019662496845446), K(0.44721359549995793928)};
    return n == 2 ? two[steps] : n == 3 ? three[steps] : four[steps];
}

static T NAMED(left)(unsigned n, unsigned steps)
{
    static const T two[] = {0, K(-0.21132486540518711775)};
    static const T three[] = {0, K(-0.16666666666666666667), K(-0.33333333333333333333)};
    static const T four[] = {0, K(-0.13819660112501051518), K(-0.27639320225002103036),
                             K(-0.41458980337503154554)};
    return n == 2 ? two[steps] : n == 3 ? three[steps] : four[steps];
}

static void NAMED(simplex_any)(unsigned n, const T *p, int seed, bool slopes, T *result)
{
    const T scale = n == 2 ? K(13.156) : n == 3 ? K(38.44) : K(31.38);
    T sum = p[0], cells_sum = 0, whole[4] = {0}, at[4];
    uint32_t cells[4] = {0};
    for (unsigned k = 1; k < n; k++)
        sum += p[k];
    for (unsigned k = 0; k < n; k++) {
        whole[k] = FLOOR(FMA(sum, NAMED(shear)(n), p[k]));
        cells_sum = k ? cells_sum + whole[k] : whole[k];
        cells[k] = NAMED(cell)(whole[k], 0, 0);
    }
    for (unsigned k = 0; k < n; k++)
        at[k] = FMA(cells_sum, NAMED(unshear)(n), p[k] - whole[k]);
    /* axes by falling coordinates; of equals the first one first, but in the plane the last one */
    unsigned order[4] = {0, 1, 2, 3};
    for (unsigned i = 1; i < n; i++)
        for (unsigned k = i; k > 0; k--) {
            const T a = at[order[k - 1]], b = at[order[k]];
            if (n == 2 ? a > b : a >= b)
                break;
            const unsigned axis = order[k];
            order[k] = order[k - 1];
            order[k - 1] = axis;
        }
    bool steps[4] = {false};
    for (unsigned corner = 0; corner <= n; corner++) {
        T d[4] = {0}, g[4] = {0};
        uint32_t numbers[4] = {0};
        if (corner)
            steps[order[corner - 1]] = true;
        for (unsigned k = 0; k < n; k++) {
            numbers[k] = cells[k] + steps[k];
            d[k] = !corner ? at[k] : at[k] - (steps[k] ? NAMED(taken)(n, corner) : NAMED(left)(n, corner));
        }
        const uint32_t hash = mixed(key_of(n, numbers, seed));
        for (unsigned k = 0; k < n; k++)
            g[k] = n == 2   ? (T)octagon[hash >> 29][k]
                   : n == 3 ? (T)(2 * edges[hash >> 28][k])
                            : (T)(2 * hyper_edge((hash >> 28 & 15) | (hash >> 27 & 1) << 4, k));
        const T near = K(0.5) - NAMED(dot)(n, d, d), s = near > 0 ? near : 0, q = s * s, w = q * q;
        const T v = NAMED(dot)(n, g, d), part = w * v;
        result[0] = corner ? result[0] + part : part;
        for (unsigned k = 0; slopes && k < n; k++) {
            const T slope = FMA(w, g[k], -(8 * (q * s * v) * d[k]));
            result[1 + k] = corner ? result[1 + k] + slope : slope;
        }
    }
    for (unsigned k = 0; k < (slopes ? n + 1 : 1); k++)
        result[k] *= scale;
}

/* ---- cellular ---- */

typedef struct NAMED(nearest) {
    T first, second;
    uint32_t key;
} NAMED(nearest);

static T NAMED(reach)(unsigned n, const T *d, int metric)
{
    if (metric == 0)
        return NAMED(dot)(n, d, d);
    T sum = ABS(d[0]);
    for (unsigned k = 1; k < n; k++)
        sum = metric == 1 ? sum + ABS(d[k]) : ABS(d[k]) < sum ? sum : ABS(d[k]);
    return sum;
}

/* `around` cells on each side are looked at: 1 in the library, 2 to see what that misses. */
static NAMED(nearest)
    NAMED(worley_any)(unsigned n, const T *p, int period, T jitter, int metric, int seed, int around)
{
    NAMED(nearest) best = {(T)INFINITY, (T)INFINITY, 0};
    const int side = 2 * around + 1, count = n == 2 ? side * side : side * side * side;
    T whole[3] = {0};
    for (unsigned k = 0; k < n; k++)
        whole[k] = FLOOR(p[k]);
    for (int c = 0; c < count; c++) {
        T d[3] = {0};
        uint32_t cells[3] = {0};
        int rest = c;
        for (unsigned k = 0; k < n; k++, rest /= side)
            cells[k] = period ? NAMED(cell)(whole[k], rest % side - around, period)
                              : NAMED(cell)(whole[k], 0, 0) + (uint32_t)(rest % side - around);
        uint32_t h = mixed(key_of(n, cells, seed));
        rest = c;
        for (unsigned k = 0; k < n; k++, rest /= side, h *= 747796405u)
            d[k] = FMA((T)((int32_t)h >> 16), jitter * K(0x1p-16),
                       K(0.5) - (p[k] - whole[k]) + (T)(rest % side - around));
        const T reach = NAMED(reach)(n, d, metric);
        if (reach < best.first) {
            best.second = best.first;
            best.first = reach;
            best.key = key_of(n, cells, seed);
        } else if (reach < best.second) {
            best.second = reach;
        } else if (reach != reach) {
            best.first = best.second = reach;
        }
    }
    if (metric == 0) {
        best.first = SQRT(best.first);
        best.second = SQRT(best.second);
    }
    return best;
}

/* ---- octaves ---- */

typedef T (*NAMED(octave))(unsigned n, const T *p, int period, int seed);

static T NAMED(perlin_octave)(unsigned n, const T *p, int period, int seed)
{
    T value;
    NAMED(perlin_any)(n, p, period, seed, false, &value);
    return value;
}

static T NAMED(simplex_octave)(unsigned n, const T *p, int period, int seed)
{
    T value;
    (void)period;
    NAMED(simplex_any)(n, p, seed, false, &value);
    return value;
}

/* By squaring, as the language has it. */
static T NAMED(power)(T base, unsigned exponent)
{
    T result = 1;
    for (int bit = 7; bit >= 0; bit--) {
        result = result == 1 ? result : result * result;
        if (exponent >> bit & 1)
            result = result == 1 ? base : result * base;
    }
    return result;
}

static T NAMED(octaves)(NAMED(octave) noise, unsigned n, const T *p, int period, fractal_kind kind,
                        unsigned octaves, T lacunarity, T gain, int seed)
{
    static const T moves[4] = {K(17.6875), K(31.5625), K(43.8125), K(59.4375)};
    T sum = 0, weights = 0;
    for (unsigned o = 0; o < octaves; o++) {
        const T frequency = NAMED(power)(lacunarity, o), weight = NAMED(power)(gain, o);
        T at[4];
        for (unsigned k = 0; k < n; k++)
            at[k] = FMA(p[k], frequency, -(moves[k] * (T)o));
        T v = noise(n, at, (int)((T)period * frequency), seed);
        const T r = 1 - ABS(v);
        v = kind == RIDGED       ? FMA(2 * r, r, -1)
            : kind == BILLOW     ? FMA(2, ABS(v), -1)
            : kind == TURBULENCE ? ABS(v)
                                 : v;
        sum = o ? sum + weight * v : v;
        weights = o ? weights + weight : weight;
    }
    return sum * (1 / weights);
}
