/* The log-likelihood of bound data by the means of their statistics.
 *
 * The few rows that stand for all (compress.h) go through the form in which the family computes a row, which is dear where that form has to be right for
 * one row of any kind: log-gamma functions, logarithms in pairs, for each of them. But a family may say what the mean log-density of data is, as a function of the means of
 * its statistics, and say it without cancellation: a gamma likelihood is a deviance of the mean, −α times what the mean of the logarithms lacks to the logarithm of the
 * mean, and what Stirling's formula leaves (the member `pooled`; src/lib/densities_gamma.sn). That is one evaluation in plain f64.
 *
 * What of it depends on the data alone is computed when rows have come, in twice the precision: differences of means lose digits there and nowhere else.
 * What is left is compiled, cut off (cut.c), for one lane where there is machine code, since there is one row.
 *
 * The member's value is a tuple of terms t, each right to a few ε of max(|t|, 1). What their sum is worth is seen by adding their magnitudes: Σ|t| + |c| at most
 * 4·max(|Σt + c|, 1), where c is the mean of what of the data alone stands in the log-density, and the error is within a few ε of Σ max(|ℓ|, 1) over the rows, which
 * is no less than n·max(|ℓ̄|, 1). Where it is more, and where something is infinite or no number, the standing rows serve. That is decided by the terms, so the same parameters have the same
 * value in every call, and at the border both are right within the bound.
 *
 * A derivative is near 0 at every maximum, and no such test is possible: it is within a few ε of the sum of the magnitudes of its own terms. */
#include "density/bound.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_STATISTICS = 8 };

static const double MOST_CANCELLATION = 4;

/* ---- which sums ---- */

/* An operation of another program about the same columns, put among those of p; 0: there is no place for it. */
static ir_ref import(ir_program *p, const ir_program *from, ir_ref r, const ir_ref *map)
{
    const ir_op *op = &from->ops[r];
    const unsigned operands = sn_ir_info[op->code].operands;
    if (op->code == IR_CONST && op->type == IR_F64) {
        const uint64_t bits = sn_ir_bits(from, r);
        double value;
        memcpy(&value, &bits, sizeof value);
        return sn_ir_f64(p, value);
    }
    if (op->code == IR_INPUT)
        return sn_ir_emit(p, IR_INPUT, (ir_type)op->type, op->a, 0, 0);
    if (!operands || sn_ir_info[op->code].rule == IR_RULE_EFFECT)
        return 0;
    ir_ref at[3] = {0};
    for (unsigned k = 0; k < operands; k++)
        if (!(at[k] = map[sn_ir_operand(op, k)]))
            return 0;
    return sn_ir_emit_flagged(p, op->code, (ir_type)op->type, op->flags, at[0], at[1], at[2]);
}

/* The number of the atom + 1; 0: it is none. */
static uint16_t atom_of(const density_separation *s, ir_ref r)
{
    for (uint32_t k = 0; k < s->atom_count; k++)
        if (s->atoms[k] == r)
            return (uint16_t)(k + 1);
    return 0;
}

/* The monomial that an operation is; 0, which is the number of the monomial 1: none. */
static uint32_t monomial_of(const density_separation *s, ir_ref r)
{
    const ir_op *op = &s->program.ops[r];
    uint16_t a = atom_of(s, r), b = 0;
    if (!a && op->code == IR_MUL) {
        a = atom_of(s, op->a);
        b = atom_of(s, op->b);
        if (!a || !b)
            return 0;
    }
    for (uint32_t k = 1; k < s->monomial_count; k++)
        if (a && s->monomials[k].a == (a > b ? a : b) && s->monomials[k].b == (a > b ? b : a))
            return k;
    return 0;
}

/* T among the sums; false: some of it is not there. */
static bool find_statistics(bound_pool *pool, density_separation *s, const ir_program *t, arena *memory)
{
    ir_ref *map = sn_arena_take_zeroed(memory, t->count * sizeof *map);
    if (!map || t->output_count > MOST_STATISTICS)
        return false;
    for (ir_ref r = 1; r < t->count; r++)
        if (t->ops[r].code != IR_OUTPUT)
            map[r] = import(&s->program, t, r, map);
        else if (!map[t->ops[r].a] || !(pool->monomials[t->ops[r].b] = monomial_of(s, map[t->ops[r].a])))
            return false;
    pool->statistics = t->output_count;
    return !s->program.status;
}

/* ---- opening ---- */

static bool has_room(const sinter_density *d)
{
    const uint32_t terms = d->of_means.output_count;
    return terms && (uint64_t)terms * (d->parameter_count + 1) <= BOUND_MOST_POOLED;
}

/* The density keeps the program: kernels are compiled of it, which outlive what is bound. */
static sinter_status read_program(sinter_density *d)
{
    sinter_status status = SINTER_OK;
    pthread_mutex_lock(&d->lock);
    if (!d->means_read) {
        status = sn_density_read_quantity(d, "pooled", &d->means_memory, &d->of_means);
        if (status)
            d->of_means = (ir_program){.count = 0};
        d->means_read = status != SINTER_NO_MEMORY;
    }
    pthread_mutex_unlock(&d->lock);
    return status;
}

/* The means are the last inputs; columns of data that are declared stand before them, and are not read. */
static bool reads_means_alone(const ir_program *p, uint32_t statistics)
{
    const uint32_t paired = 2 * statistics, others = p->input_count - paired;
    if (p->input_count < paired || p->input_count > SINTER_DENSITY_MOST || strcmp(p->inputs[others].name, "means0") != 0)
        return false;
    for (ir_ref r = 1; r < p->count; r++)
        if (p->ops[r].code == IR_INPUT && p->ops[r].a < others)
            return false;
    return true;
}

static bool find_columns(sinter_bound *b)
{
    bound_pool *pool = &b->pool;
    const ir_program *p = &b->density->of_means;
    const sinter_status status = sn_density_cut_columns(p, &b->own, &pool->columns, &pool->column_count);
    if (status || !reads_means_alone(p, pool->statistics))
        return false;
    ir_ref culprit;
    pool->needed = sn_density_needed(p, pool->columns, pool->column_count, &b->own, &pool->needed_count, &culprit);
    pool->values = sn_arena_take(&b->own, p->count * sizeof *pool->values);
    pool->row = sn_arena_take(&b->own, (size_t)(pool->column_count + 1) * DENSITY_VECTOR * sizeof *pool->row);
    pool->addresses = sn_arena_take(&b->own, (pool->column_count + 1) * sizeof *pool->addresses);
    if (b->own.failed || !pool->needed)
        return false;
    for (uint32_t k = 0; k < pool->column_count; k++)
        pool->addresses[k] = (uint64_t)(uintptr_t)(pool->row + (size_t)k * DENSITY_VECTOR);
    return true;
}

sinter_status sn_bound_open_pool(sinter_bound *b, sinter_report *report)
{
    sinter_density *d = b->density;
    arena memory;
    ir_program t;
    sinter_status status = read_program(d);
    if (status || !has_room(d))
        return status == SINTER_NO_MEMORY ? status : SINTER_OK;
    status = sn_density_read_quantity(d, "T", &memory, &t);
    if (status)
        return status == SINTER_NO_MEMORY ? status : SINTER_OK;
    const bool found = find_statistics(&b->pool, &b->separation, &t, &memory) && find_columns(b);
    const bool refused = memory.failed || b->own.failed || b->separation.program.status == SINTER_NO_MEMORY;
    sn_arena_close(&memory);
    if (refused || !found)
        return refused ? SINTER_NO_MEMORY : SINTER_OK;
    b->pool.plain = sn_bound_variant(b, DENSITY_POOLED, false, report, &status);
    if (!status)
        b->pool.sloped = sn_bound_variant(b, DENSITY_POOLED, true, report, &status);
    b->pool.is_there = !status;
    return status;
}

/* ---- rows have come ---- */

static double_double mean_of(sinter_bound *b, uint32_t monomial)
{
    double_double sum, weight;
    sum.hi = sn_exact_value_pair(&b->compression.sums[monomial], &sum.lo);
    weight.hi = sn_exact_value_pair(&b->compression.sums[0], &weight.lo);
    return sn_dd_divide(sum, weight);
}

void sn_bound_pool_rows(sinter_bound *b)
{
    bound_pool *pool = &b->pool;
    const ir_program *p = &b->density->of_means;
    double inputs[SINTER_DENSITY_MOST] = {0};
    pool->stands = false;
    if (!pool->is_there)
        return;
    pool->weight = sn_exact_value(&b->compression.sums[0]);
    if (!(pool->weight > 0) || isinf(pool->weight))
        return;
    double *means = inputs + (p->input_count - 2 * pool->statistics);
    for (uint32_t k = 0; k < pool->statistics; k++) {
        const double_double mean = mean_of(b, pool->monomials[k]);
        means[2 * k] = mean.hi;
        means[2 * k + 1] = mean.lo;
    }
    sn_density_widen(p, pool->needed, pool->needed_count, inputs, pool->values);
    bool finite = true;
    for (uint32_t k = 0; k < pool->column_count; k++) {
        const double value = sn_dd_value(pool->values[pool->columns[k]]);
        for (unsigned i = 0; i < DENSITY_VECTOR; i++)
            pool->row[k * DENSITY_VECTOR + i] = value;
        finite = finite && isfinite(value);
    }
    pool->stands = finite && !b->separation.remainder;
}

/* What of the data alone stands in the log-density: the difference at the reference, exactly added, of what `difference` holds and the pooled terms. */
void sn_bound_pool_remainder(sinter_bound *b, exact_sum difference)
{
    bound_pool *pool = &b->pool;
    pool->stands = false;
    if (!pool->is_there || !(pool->weight > 0) || isinf(pool->weight))
        return;
    density_frame *f = sn_density_frame(b->reference, pool->plain, 0);
    if (!f || !sn_density_settle(b->reference, NULL))
        return;
    const float_mode mode = sn_float_mode_enter();
    const kernel_run run = sn_bound_renewed(b->reference, f);
    sn_bound_run_vector(&run, f, pool->addresses, 1);
    sn_float_mode_leave(mode);
    for (uint32_t k = 0; k < b->density->of_means.output_count; k++)
        sn_exact_add_product(&difference, -pool->weight, f->results[(size_t)k * DENSITY_VECTOR]);
    pool->constant = sn_exact_value(&difference);
    pool->stands = isfinite(pool->constant);
    for (uint32_t k = 0; k < pool->column_count; k++)
        pool->stands = pool->stands && isfinite(pool->row[k * DENSITY_VECTOR]);
}

/* ---- at parameters ---- */

bool sn_bound_pooled(const sinter_bound *b, const double *results, double *log, double *gradient)
{
    const bound_pool *pool = &b->pool;
    const uint32_t terms = b->density->of_means.output_count, parameters = gradient ? b->density->parameter_count : 0;
    double sum = 0, size = 0;
    for (uint32_t k = 0; k < terms; k++) {
        const double term = results[(size_t)k * DENSITY_VECTOR];
        sum += term;
        size += fabs(term);
    }
    const double value = pool->weight * sum + pool->constant, least = fabs(value) > pool->weight ? fabs(value) : pool->weight;
    if (!(pool->weight * size + fabs(pool->constant) <= MOST_CANCELLATION * least) || isinf(value))
        return false;
    const double *slopes = results + (size_t)terms * DENSITY_VECTOR;
    *log = value;
    for (uint32_t p = 0; p < parameters; p++) {
        double slope = 0;
        for (uint32_t k = 0; k < terms; k++)
            slope += slopes[(size_t)(k * parameters + p) * DENSITY_VECTOR];
        gradient[p] = pool->weight * slope;
    }
    return true;
}
