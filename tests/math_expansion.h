/* An expansion under test: one function, type and grade as a program of its own, evaluated by math_lanes.c
 * over a block of arguments at a time, and the greatest error of what it gave. */
#ifndef TESTS_MATH_EXPANSION_H
#define TESTS_MATH_EXPANSION_H

#include "math_lanes.h"
#include "math_oracle.h"

typedef struct expansion {
    const math_oracle *of;
    ir_type type;
    math_grade grade;
    ir_program p;
    arena memory;
    ir_ref x, y, z; /* z = f(x) or f(x, y); y is 0 where there is only x */
    lanes *values;
    int filled;
    math_worst worst;
} expansion;

static inline void expansion_build(expansion *e, const math_oracle *f, ir_type type, math_grade grade,
                                   uint32_t rules)
{
    *e = (expansion){.of = f, .type = type, .grade = grade};
    sn_arena_open(&e->memory, NULL);
    sn_ir_open(&e->p, &e->memory, rules);
    sn_ir_add_input(&e->p, "x", type);
    e->x = sn_ir_emit(&e->p, IR_INPUT, type, 0, 0, 0);
    if (oracle_takes_two(f)) {
        sn_ir_add_input(&e->p, "y", type);
        e->y = sn_ir_emit(&e->p, IR_INPUT, type, 1, 0, 0);
    }
    e->z = sn_math_expand(&e->p, f->code, type, e->x, e->y, grade);
}

/* The values are NULL if the program has failed. */
static inline void expansion_open(expansion *e, const math_oracle *f, ir_type type, math_grade grade,
                                  uint32_t rules)
{
    expansion_build(e, f, type, grade, rules);
    if (e->p.status == SINTER_OK)
        e->values = lanes_open(&e->p);
}

static inline void expansion_close(expansion *e)
{
    free(e->values);
    sn_arena_close(&e->memory);
}

/* The same operations, constants and tables? */
static inline bool expansion_equal(const expansion *a, const expansion *b)
{
    if (a->p.count != b->p.count || a->z != b->z || a->p.memory_count != b->p.memory_count)
        return false;
    for (ir_ref r = 1; r < a->p.count; r++) {
        const ir_op *m = &a->p.ops[r], *n = &b->p.ops[r];
        if (m->code != n->code || m->type != n->type || m->a != n->a || m->b != n->b || m->c != n->c)
            return false;
    }
    for (uint32_t k = 0; k < a->p.memory_count; k++) {
        const ir_memory *m = &a->p.memories[k], *n = &b->p.memories[k];
        if (m->length != n->length || m->type != n->type
            || memcmp(m->content, n->content, m->length * sn_ir_type_size(m->type)) != 0)
            return false;
    }
    return true;
}

/* Is `fast` the code of the default grade? */
static inline bool expansion_fast_is_default(const math_oracle *f, ir_type type)
{
    expansion a, b;
    expansion_build(&a, f, type, MATH_DEFAULT, IR_IDENTITY | IR_FOLD);
    expansion_build(&b, f, type, MATH_FAST, IR_IDENTITY | IR_FOLD);
    const bool equal = expansion_equal(&a, &b);
    expansion_close(&a);
    expansion_close(&b);
    return equal;
}

static inline double expansion_value(const expansion *e, ir_ref r, int lane)
{
    return r == 0 ? 0 : e->type == IR_F32 ? (double)e->values[r].f32[lane] : e->values[r].f64[lane];
}

static inline void expansion_flush(expansion *e)
{
    lanes_run(&e->p, e->values);
    for (int k = 0; k < e->filled; k++) {
        const double x = expansion_value(e, e->x, k), y = expansion_value(e, e->y, k);
        const double z = expansion_value(e, e->z, k);
        if (e->type == IR_F32)
            oracle_keep_f32(e->of, e->grade, &e->worst, (float)x, (float)y, (float)z, oracle_quick(e->of, x, y));
        else
            oracle_keep_f64(e->of, e->grade, &e->worst, x, y, z, oracle_close(e->of, x, y));
    }
    e->filled = 0;
}

static inline void expansion_set(expansion *e, ir_ref r, int lane, double value)
{
    if (e->type == IR_F32)
        e->values[r].f32[lane] = (float)value;
    else
        e->values[r].f64[lane] = value;
}

static inline void expansion_try(expansion *e, double x, double y)
{
    expansion_set(e, e->x, e->filled, x);
    if (e->y)
        expansion_set(e, e->y, e->filled, y);
    if (++e->filled == LANES)
        expansion_flush(e);
}

/* The hard arguments of all functions, and their neighbours, for this one; for a function of two arguments
 * all pairs of them. */
static inline void expansion_try_worst(expansion *e, int reach)
{
    for (size_t k = 0; k < MATH_HARD_ARGUMENTS; k++)
        for (int places = -reach; places <= reach; places++) {
            const double x = oracle_neighbour(e->type, math_hard_arguments[k], places);
            if (!e->y) {
                expansion_try(e, x, 0);
                expansion_try(e, -x, 0);
            }
            for (size_t i = 0; e->y && i < MATH_HARD_ARGUMENTS; i++)
                for (int sign = -1; sign <= 1; sign += 2) {
                    expansion_try(e, x, sign * math_hard_arguments[i]);
                    expansion_try(e, -x, sign * math_hard_arguments[i]);
                }
        }
}

#endif
