/* Choosing a few rows and their weights: see compress.h.
 *
 * First which rows: the non-negative least squares of Lawson and Hanson (Solving least squares problems, 1974, chapter 23), in f64, find a solution with few
 * rows if there is any among the candidates: a sample of the rows, as many as make it all but certain that the mean of all lies between
 * them; as many of the last ones, for windows that move; and for each atom the rows of its least and greatest values, so that of one statistic it lies between these. Then the equations are
 * solved for these rows, and for as many others as it takes to meet all of them; the others get weights as small as the
 * rounding errors of f64, of either sign. If the mean lies outside of what there is to choose from, as it may when rows were removed, weights are
 * negative, and the sum of rows cancels by the factor `spread`. */
#include "density/compress.h"

#include <string.h>

enum {
    MOST_PIECES = 8, /* f64 that an exact sum is taken apart into: over 400 bits */
    EXTREMES = 12    /* rows of the least, and of the greatest values of an atom: so many of them may be removed */
};

/* Of entries of which the greatest of a row is 1, as they are behind an elimination in some 100 bits: what is below is rounding. Sums of all data may be
 * that much larger than the pivot by which they are divided. */
static const double LEAST_PIVOT = 1e-28, NO_DEVIATION = 1e-29;

static uint32_t samples_for(const density_separation *s)
{
    return 4 * s->monomial_count + 32;
}

bool sn_density_open_compression(density_compression *c, const density_separation *s, uint32_t columns, arena *memory)
{
    const uint32_t k = s->monomial_count, sampled = samples_for(s), n = 2 * sampled + 2 * EXTREMES * s->atom_count + k;
    *c = (density_compression){.separation = s, .columns = columns, .sampled = sampled, .candidate_count = n, .spread = 1};
    c->sums = sn_arena_take(memory, k * sizeof *c->sums);
    c->candidates = sn_arena_take_zeroed(memory, n * sizeof *c->candidates);
    c->nodes = sn_arena_take(memory, n * sizeof *c->nodes);
    c->order = sn_arena_take(memory, 2 * n * sizeof *c->order);
    c->weights = sn_arena_take_zeroed(memory, n * sizeof *c->weights);
    c->scratch_doubles = sn_arena_take(memory, ((size_t)2 * k * n + 8 * (size_t)(n + k)) * sizeof *c->scratch_doubles);
    c->scratch = sn_arena_take(memory, ((size_t)k * n + (size_t)k * k + 2 * (size_t)k) * sizeof *c->scratch);
    double *rows = sn_arena_take(memory, ((size_t)n * columns + 1) * sizeof *rows);
    double_double *atoms = sn_arena_take(memory, ((size_t)n * s->atom_count + 1) * sizeof *atoms);
    if (memory->failed)
        return false;
    for (uint32_t i = 0; i < k; i++)
        sn_exact_open(&c->sums[i]);
    for (uint32_t i = 0; i < n; i++) {
        c->candidates[i].row = rows + (size_t)i * columns;
        c->candidates[i].atoms = atoms + (size_t)i * s->atom_count;
    }
    return true;
}

/* ---- sums ---- */

/* weight·a, in two parts: exact, since a weight of 1 changes nothing and others are not so small that the second part is lost. */
static double_double weighed(double weight, double a)
{
    return weight == 1 ? sn_dd(a) : weight == -1 ? sn_dd(-a) : sn_dd_two_product(weight, a);
}

static void add_product(exact_sum *s, double_double a, double b)
{
    sn_exact_add_product(s, a.hi, b);
    if (a.lo != 0)
        sn_exact_add_product(s, a.lo, b);
}

static void add_monomial(exact_sum *s, double weight, double_double a, double_double b)
{
    const double_double first = weighed(weight, a.hi);
    add_product(s, first, b.hi);
    if (b.lo != 0)
        add_product(s, first, b.lo);
    if (a.lo == 0)
        return;
    const double_double second = weighed(weight, a.lo);
    add_product(s, second, b.hi);
    if (b.lo != 0)
        add_product(s, second, b.lo);
}

bool sn_density_count_row(density_compression *c, const double_double *atoms, double weight)
{
    const density_separation *s = c->separation;
    for (uint32_t k = 0; k < s->atom_count; k++)
        if (!isfinite(atoms[k].hi) || !isfinite(atoms[k].lo) || !isfinite(weight * atoms[k].hi))
            return false;
    sn_exact_add(&c->sums[0], weight);
    for (uint32_t k = 1; k < s->monomial_count; k++) {
        const density_monomial m = s->monomials[k];
        if (m.b) {
            add_monomial(&c->sums[k], weight, atoms[m.a - 1], atoms[m.b - 1]);
            continue;
        }
        sn_exact_add_product(&c->sums[k], weight, atoms[m.a - 1].hi);
        if (atoms[m.a - 1].lo != 0)
            sn_exact_add_product(&c->sums[k], weight, atoms[m.a - 1].lo);
    }
    return true;
}

/* ---- candidates ---- */

static void take(density_compression *c, density_candidate *to, const double *row, const double_double *atoms)
{
    to->there = true;
    memcpy(to->row, row, c->columns * sizeof *row);
    if (c->separation->atom_count)
        memcpy(to->atoms, atoms, c->separation->atom_count * sizeof *atoms);
}

/* Fixed numbers that look like chance (S. Vigna's splitmix64): the same rows are sampled each time. */
static uint64_t scattered(uint64_t x)
{
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

/* In place of the one that is the least so, if it is more so. */
static void offer_extreme(density_compression *c, uint32_t atom, bool greatest, const double *row, const double_double *atoms)
{
    const double sign = greatest ? 1 : -1, value = sign * atoms[atom].hi;
    density_candidate *const group = &c->candidates[2 * c->sampled + (2 * atom + greatest) * EXTREMES], *to = group;
    for (uint32_t k = 0; k < EXTREMES; k++) {
        if (!group[k].there) {
            take(c, &group[k], row, atoms);
            return;
        }
        if (sign * group[k].atoms[atom].hi < sign * to->atoms[atom].hi)
            to = &group[k];
    }
    if (value > sign * to->atoms[atom].hi)
        take(c, to, row, atoms);
}

void sn_density_offer_row(density_compression *c, const double *row, const double_double *atoms)
{
    const uint64_t seen = (uint64_t)c->seen++;
    const uint64_t place = seen < c->sampled ? seen : scattered(seen) % (seen + 1); /* each row seen so far is there with the same chance */
    if (place < c->sampled)
        take(c, &c->candidates[place], row, atoms);
    take(c, &c->candidates[c->sampled + seen % c->sampled], row, atoms);
    for (uint32_t k = 0; k < c->separation->atom_count; k++) {
        offer_extreme(c, k, false, row, atoms);
        offer_extreme(c, k, true, row, atoms);
    }
}

/* ---- sums about a centre ---- */

/* The sum times 2^(32·chunks); what falls below the last bit is lost. Carries have been brought on. */
static void shift(exact_sum *s, int chunks)
{
    exact_sum from = *s;
    const double sign = sn_exact_value(&from);
    if (sign < 0) { /* so that no sign has to be shifted */
        for (int k = 0; k < EXACT_CHUNKS; k++)
            from.chunks[k] = -from.chunks[k];
        (void)sn_exact_value(&from);
    }
    for (int k = 0; k < EXACT_CHUNKS; k++) {
        const int source = k - chunks;
        const int64_t chunk = source >= 0 && source < EXACT_CHUNKS ? from.chunks[source] : 0;
        s->chunks[k] = sign < 0 ? -chunk : chunk;
    }
}

/* As f64 that add up to it; their number. */
static int take_apart(const exact_sum *of, int chunks, double *pieces)
{
    exact_sum s = *of;
    int count = 0;
    if (chunks)
        shift(&s, chunks);
    while (count < MOST_PIECES) {
        const double piece = sn_exact_value(&s);
        if (piece == 0 || !isfinite(piece))
            break;
        pieces[count++] = piece;
        sn_exact_add(&s, -piece);
    }
    return count;
}

/* s += factor·(a sum). */
static void add_times(exact_sum *s, double_double factor, const exact_sum *of, int chunks)
{
    double pieces[MOST_PIECES];
    const int count = take_apart(of, chunks, pieces);
    for (int k = 0; k < count; k++) {
        sn_exact_add_product(s, factor.hi, pieces[k]);
        sn_exact_add_product(s, factor.lo, pieces[k]);
    }
}

typedef struct equations {
    density_compression *c;
    uint32_t alone[DENSITY_MOST_ATOMS]; /* the monomial that it is by itself; 0: none */
    uint32_t rows, columns;            /* monomials; candidates that are there */
    uint32_t *candidate;               /* by column */
    double_double *matrix, *right;     /* rows × columns; the sums */
    double_double *combination;        /* rows × rows: what of the equations as they were each one is now */
    double_double *solution;
    double size;                       /* |Σ w|, by which all was divided */
} equations;

static double_double *entry(const equations *e, uint32_t row, uint32_t column)
{
    return &e->matrix[(size_t)row * e->c->candidate_count + column];
}

static double_double value_of(exact_sum *s)
{
    double rest;
    const double value = sn_exact_value_pair(s, &rest);
    return (double_double){value, rest};
}

/* Σ w·(a − centre)·(b − centre), exactly, then rounded. */
static double_double centred(const equations *e, uint32_t k)
{
    const density_monomial m = e->c->separation->monomials[k];
    exact_sum *sums = e->c->sums;
    exact_sum s;
    if (k == 0)
        return value_of(&sums[0]);
    const uint32_t a = m.a - 1u;
    sn_exact_open(&s);
    if (!m.b) {
        add_times(&s, sn_dd(1), &sums[k], e->c->chunks[a]);
        add_times(&s, sn_dd(-e->c->centre[a]), &sums[0], 0);
        return value_of(&s);
    }
    const uint32_t b = m.b - 1u;
    add_times(&s, sn_dd(1), &sums[k], e->c->chunks[a] + e->c->chunks[b]);
    add_times(&s, sn_dd(-e->c->centre[b]), &sums[e->alone[a]], e->c->chunks[a]);
    add_times(&s, sn_dd(-e->c->centre[a]), &sums[e->alone[b]], e->c->chunks[b]);
    add_times(&s, sn_dd_two_product(e->c->centre[a], e->c->centre[b]), &sums[0], 0);
    return value_of(&s);
}

static double_double scaled_atom(const density_compression *c, const double_double *atoms, uint32_t a)
{
    return sn_dd_subtract(sn_dd_scale(atoms[a], 32 * c->chunks[a]), sn_dd(c->centre[a]));
}

/* Of a row with these atoms, but for the power of two by which rows of the matrix are divided. */
static double_double scaled_monomial(const density_compression *c, const double_double *atoms, uint32_t k)
{
    const density_monomial m = c->separation->monomials[k];
    if (!m.a)
        return sn_dd(1);
    const double_double first = scaled_atom(c, atoms, m.a - 1u);
    return m.b ? sn_dd_multiply(first, scaled_atom(c, atoms, m.b - 1u)) : first;
}

static void choose_centres(equations *e)
{
    density_compression *c = e->c;
    const double total = sn_exact_value(&c->sums[0]);
    for (uint32_t a = 0; a < c->separation->atom_count; a++) {
        double most = 0;
        for (uint32_t j = 0; j < e->columns; j++)
            most = fmax(most, fabs(c->candidates[e->candidate[j]].atoms[a].hi));
        e->c->chunks[a] = most > 0 ? -(int)lrint(ilogb(most) / 32.0) : 0;
        double pieces[MOST_PIECES];
        const double sum = take_apart(&c->sums[e->alone[a]], e->c->chunks[a], pieces) ? pieces[0] : 0;
        e->c->centre[a] = total != 0 && fabs(sum / total) < 0x1p200 ? sum / total : 0;
    }
}

static void find_alone(equations *e)
{
    const density_separation *s = e->c->separation;
    for (uint32_t k = 1; k < s->monomial_count; k++)
        if (!s->monomials[k].b)
            e->alone[s->monomials[k].a - 1] = k;
}

/* One row of the matrix, divided by its greatest entry, and so is its sum. */
static void fill_row(equations *e, uint32_t k)
{
    density_compression *c = e->c;
    double most = 0;
    for (uint32_t j = 0; j < e->columns; j++) {
        const double_double value = scaled_monomial(c, c->candidates[e->candidate[j]].atoms, k);
        *entry(e, k, j) = value;
        most = fmax(most, fabs(value.hi));
    }
    c->exponents[k] = most > 0 ? -ilogb(most) : 0;
    for (uint32_t j = 0; j < e->columns; j++)
        *entry(e, k, j) = sn_dd_scale(*entry(e, k, j), c->exponents[k]);
    e->right[k] = sn_dd_divide(sn_dd_scale(centred(e, k), c->exponents[k]), sn_dd(e->size));
    for (uint32_t j = 0; j < e->rows; j++)
        e->combination[(size_t)k * e->rows + j] = sn_dd(j == k);
}

static void fill(equations *e)
{
    density_compression *c = e->c;
    e->rows = c->separation->monomial_count;
    e->candidate = c->order;
    e->matrix = c->scratch;
    e->right = e->matrix + (size_t)e->rows * c->candidate_count;
    e->solution = e->right + e->rows;
    e->combination = e->solution + e->rows;
    for (uint32_t j = 0; j < c->candidate_count; j++)
        if (c->candidates[j].there)
            e->candidate[e->columns++] = j;
    find_alone(e);
    choose_centres(e);
    const double total = fabs(sn_exact_value(&c->sums[0]));
    e->size = total > 0 ? total : 1;
    for (uint32_t k = 0; k < e->rows; k++)
        fill_row(e, k);
}

/* ---- which rows ---- */

/* Non-negative least squares, in f64. Columns of the matrix are divided by their lengths, so that rows are taken for their direction, not because they
 * lie far out. */
typedef struct least_squares {
    const equations *e;
    double *columns;   /* unit vectors, one after the other */
    double *basis;     /* orthonormal, of the passive ones, one after the other */
    double *triangle;  /* their coordinates, column by column */
    double *x, *trial, *residual, *right, *coordinates;
    uint32_t *passive;
    uint32_t count;
} least_squares;

static double dot(const double *a, const double *b, uint32_t n)
{
    double sum = 0;
    for (uint32_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return sum;
}

static void open_least_squares(least_squares *l, const equations *e)
{
    const uint32_t k = e->rows, n = e->c->candidate_count;
    double *at = e->c->scratch_doubles;
    *l = (least_squares){.e = e, .columns = at, .passive = e->c->order + n};
    at += (size_t)k * n;
    l->basis = at;
    at += (size_t)k * k;
    l->triangle = at;
    at += (size_t)k * k;
    double **const vectors[] = {&l->x, &l->trial};
    for (unsigned i = 0; i < 2; i++, at += n)
        *vectors[i] = at;
    l->residual = at;
    l->right = at + k;
    l->coordinates = at + 2 * (size_t)k;
    for (uint32_t j = 0; j < e->columns; j++) {
        double *column = l->columns + (size_t)j * k;
        for (uint32_t i = 0; i < k; i++)
            column[i] = entry(e, i, j)->hi;
        const double length = sqrt(dot(column, column, k));
        for (uint32_t i = 0; i < k; i++)
            column[i] /= length;
        l->x[j] = 0;
    }
    for (uint32_t i = 0; i < k; i++)
        l->right[i] = l->residual[i] = e->right[i].hi;
}

/* Orthogonalises the passive columns from number `from` on (Gram and Schmidt, twice); false where the last is in the span of the others. */
static bool orthogonalise(least_squares *l, uint32_t from)
{
    const uint32_t k = l->e->rows;
    for (uint32_t j = from; j < l->count; j++) {
        double *q = l->basis + (size_t)j * k, *r = l->triangle + (size_t)j * k;
        memcpy(q, l->columns + (size_t)l->passive[j] * k, k * sizeof *q);
        memset(r, 0, k * sizeof *r);
        for (unsigned turn = 0; turn < 2; turn++)
            for (uint32_t i = 0; i < j; i++) {
                const double along = dot(q, l->basis + (size_t)i * k, k);
                r[i] += along;
                for (uint32_t t = 0; t < k; t++)
                    q[t] -= along * l->basis[(size_t)i * k + t];
            }
        r[j] = sqrt(dot(q, q, k));
        if (r[j] < 1e-11)
            return false;
        for (uint32_t t = 0; t < k; t++)
            q[t] /= r[j];
    }
    return true;
}

/* The least squares solution on the passive columns. */
static void solve_passive(least_squares *l)
{
    const uint32_t k = l->e->rows;
    for (uint32_t j = 0; j < l->count; j++)
        l->coordinates[j] = dot(l->right, l->basis + (size_t)j * k, k);
    for (uint32_t j = l->count; j-- > 0;) {
        double value = l->coordinates[j];
        for (uint32_t i = j + 1; i < l->count; i++)
            value -= l->triangle[(size_t)i * k + j] * l->trial[i];
        l->trial[j] = value / l->triangle[(size_t)j * k + j];
    }
}

static void find_residual(least_squares *l)
{
    const uint32_t k = l->e->rows;
    memcpy(l->residual, l->right, k * sizeof *l->residual);
    for (uint32_t j = 0; j < l->count; j++)
        for (uint32_t t = 0; t < k; t++)
            l->residual[t] -= l->x[l->passive[j]] * l->columns[(size_t)l->passive[j] * k + t];
}

static bool is_passive(const least_squares *l, uint32_t column)
{
    for (uint32_t j = 0; j < l->count; j++)
        if (l->passive[j] == column)
            return true;
    return false;
}

/* The column that lies most along the residual; the number of columns where none does. */
static uint32_t best_column(const least_squares *l, double least)
{
    uint32_t best = l->e->columns;
    double most = least;
    for (uint32_t j = 0; j < l->e->columns; j++) {
        const double along = dot(l->columns + (size_t)j * l->e->rows, l->residual, l->e->rows);
        if (along > most && !is_passive(l, j)) {
            most = along;
            best = j;
        }
    }
    return best;
}

/* From x towards the trial, as far as nothing becomes negative; what becomes 0 leaves. True where the trial was reached. */
static bool move_to_trial(least_squares *l)
{
    double step = 1;
    for (uint32_t j = 0; j < l->count; j++) {
        const double x = l->x[l->passive[j]];
        if (l->trial[j] <= 0)
            step = fmin(step, x / (x - l->trial[j]));
    }
    uint32_t kept = 0, first = l->count;
    for (uint32_t j = 0; j < l->count; j++) {
        double *x = &l->x[l->passive[j]];
        *x += step * (l->trial[j] - *x);
        if (step < 1 && l->trial[j] <= 0 && *x <= 1e-15) {
            *x = 0;
            first = first < j ? first : j;
            continue;
        }
        l->passive[kept++] = l->passive[j];
    }
    const bool reached = kept == l->count;
    l->count = kept;
    if (!reached)
        orthogonalise(l, first);
    return reached;
}

static void find_non_negative(least_squares *l)
{
    const uint32_t k = l->e->rows;
    const double size = sqrt(dot(l->right, l->right, k));
    for (uint32_t turn = 0; turn < 4 * l->e->columns && l->count < k; turn++) {
        if (sqrt(dot(l->residual, l->residual, k)) <= 1e-14 * size)
            return;
        const uint32_t column = best_column(l, 1e-13 * size);
        if (column == l->e->columns)
            return;
        l->passive[l->count++] = column;
        if (!orthogonalise(l, l->count - 1)) {
            l->count--;
            return;
        }
        solve_passive(l);
        for (uint32_t inner = 0; inner < k && !move_to_trial(l); inner++)
            solve_passive(l);
        find_residual(l);
    }
}

/* ---- their weights ---- */

typedef struct elimination {
    equations *e;
    uint32_t *column; /* columns in their order: those that have a pivot first */
    uint32_t pivots;
} elimination;

/* The greatest entry below the pivots in columns from..to; false where none reaches `least`. */
static bool find_pivot(const elimination *g, uint32_t from, uint32_t to, double least, uint32_t *row, uint32_t *at)
{
    double most = least;
    bool found = false;
    for (uint32_t j = from; j < to; j++)
        for (uint32_t i = g->pivots; i < g->e->rows; i++) {
            const double size = fabs(entry(g->e, i, g->column[j])->hi);
            if (size > most) {
                most = size;
                *row = i;
                *at = j;
                found = true;
            }
        }
    return found;
}

static void swap(double_double *a, double_double *b)
{
    const double_double value = *a;
    *a = *b;
    *b = value;
}

static void swap_rows(equations *e, uint32_t a, uint32_t b)
{
    swap(&e->right[a], &e->right[b]);
    for (uint32_t j = 0; j < e->columns; j++)
        swap(entry(e, a, j), entry(e, b, j));
    for (uint32_t j = 0; j < e->rows; j++)
        swap(&e->combination[(size_t)a * e->rows + j], &e->combination[(size_t)b * e->rows + j]);
}

static void add_multiple(double_double *to, double_double factor, double_double of)
{
    *to = sn_dd_add(*to, sn_dd_multiply(factor, of));
}

static void eliminate(elimination *g, uint32_t row, uint32_t at)
{
    equations *e = g->e;
    const uint32_t pivot = g->pivots, column = g->column[at];
    g->column[at] = g->column[pivot];
    g->column[pivot] = column;
    swap_rows(e, pivot, row);
    for (uint32_t i = pivot + 1; i < e->rows; i++) {
        const double_double factor = sn_dd_negative(sn_dd_divide(*entry(e, i, column), *entry(e, pivot, column)));
        if (factor.hi == 0)
            continue;
        for (uint32_t j = pivot + 1; j < e->columns; j++)
            add_multiple(entry(e, i, g->column[j]), factor, *entry(e, pivot, g->column[j]));
        for (uint32_t j = 0; j < e->rows; j++)
            add_multiple(&e->combination[(size_t)i * e->rows + j], factor, e->combination[(size_t)pivot * e->rows + j]);
        *entry(e, i, column) = sn_dd(0);
        add_multiple(&e->right[i], factor, e->right[pivot]);
    }
    g->pivots++;
}

static void back_substitute(const elimination *g)
{
    const equations *e = g->e;
    for (uint32_t i = g->pivots; i-- > 0;) {
        double_double value = e->right[i];
        for (uint32_t j = i + 1; j < g->pivots; j++)
            value = sn_dd_subtract(value, sn_dd_multiply(*entry(e, i, g->column[j]), e->solution[j]));
        e->solution[i] = sn_dd_divide(value, *entry(e, i, g->column[i]));
    }
}

static void hand_over(const elimination *g)
{
    const equations *e = g->e;
    density_compression *c = e->c;
    double sum = 0, sum_of_sizes = 0;
    c->node_count = g->pivots;
    for (uint32_t j = 0; j < g->pivots; j++) {
        c->weights[j] = sn_dd_value(sn_dd_multiply(e->solution[j], sn_dd(e->size)));
        c->nodes[j] = e->candidate[g->column[j]];
        sum += c->weights[j];
        sum_of_sizes += fabs(c->weights[j]);
    }
    c->spread = sum_of_sizes > 0 ? sum_of_sizes / fabs(sum) : 1;
}

/* An equation that no candidate meets holds by itself where all data lie in the plane that the candidates lie in. Where one does not, false, and
 * the data's deviation is measured by it. */
static bool holds(const elimination *g)
{
    const equations *e = g->e;
    uint32_t worst = g->pivots;
    for (uint32_t i = g->pivots; i < e->rows; i++)
        if (fabs(e->right[i].hi) > fabs(e->right[worst].hi))
            worst = i;
    if (worst == e->rows || fabs(e->right[worst].hi) <= NO_DEVIATION)
        return true;
    memcpy(e->c->functional, &e->combination[(size_t)worst * e->rows], e->rows * sizeof *e->c->functional);
    return false;
}

/* The rows that were found take part first, as far as they are independent; then others, as long as an equation is left. */
static bool find_weights(equations *e, const least_squares *l)
{
    elimination g = {e, e->c->nodes, 0};
    uint32_t count = 0, row = 0, at = 0;
    for (uint32_t j = 0; j < l->count; j++)
        g.column[count++] = l->passive[j];
    for (uint32_t j = 0; j < e->columns; j++)
        if (!is_passive(l, j))
            g.column[count++] = j;
    while (g.pivots < l->count && find_pivot(&g, g.pivots, l->count, 1e-12, &row, &at))
        eliminate(&g, row, at);
    while (g.pivots < e->rows && find_pivot(&g, g.pivots, e->columns, LEAST_PIVOT, &row, &at))
        eliminate(&g, row, at);
    back_substitute(&g);
    hand_over(&g);
    return holds(&g);
}

bool sn_density_choose_rows(density_compression *c)
{
    equations e = {.c = c};
    least_squares l;
    c->node_count = 0;
    c->spread = 1;
    fill(&e);
    if (!e.columns)
        return true;
    open_least_squares(&l, &e);
    find_non_negative(&l);
    return find_weights(&e, &l);
}

/* ---- rows beside the plane ---- */

double sn_density_deviation(const density_compression *c, const double_double *atoms)
{
    double_double sum = {0, 0};
    for (uint32_t k = 0; k < c->separation->monomial_count; k++)
        sum = sn_dd_add(sum, sn_dd_multiply(c->functional[k], sn_dd_scale(scaled_monomial(c, atoms, k), c->exponents[k])));
    return fabs(sum.hi);
}

void sn_density_add_candidate(density_compression *c, const double *row, const double_double *atoms)
{
    const uint32_t fixed = 2 * (c->sampled + EXTREMES * c->separation->atom_count), own = c->candidate_count - fixed;
    take(c, &c->candidates[fixed + c->added++ % own], row, atoms);
}
