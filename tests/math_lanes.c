/* See math_lanes.h. Loops are plain so that compilers vectorise them. */
#include "math_lanes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

lanes *lanes_open(const ir_program *p)
{
    lanes *values = aligned_alloc(64, p->count * sizeof *values);
    if (!values)
        return NULL;
    for (ir_ref r = 0; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        for (int k = 0; op->code == IR_CONST && k < LANES; k++) {
            if (op->type == IR_F64)
                values[r].u64[k] = sn_ir_bits(p, r);
            else
                values[r].u32[k] = op->type == IR_MASK ? 0u - op->a : op->a;
        }
    }
    return values;
}

#define INLINE static inline __attribute__((always_inline))
#define LOOP(field, expression)             \
    do {                                    \
        for (int k = 0; k < LANES; k++)     \
            y->field[k] = (expression);     \
    } while (0)
#define A(field) a->field[k]
#define B(field) b->field[k]
#define C(field) c->field[k]
/* One float operation: F stands for the type's field, FN for its functions' suffix. */
#define FLOATS(single, real)                \
    do {                                    \
        if (op->type == IR_F32)             \
            LOOP(f32, single);              \
        else                                \
            LOOP(f64, real);                \
    } while (0)
#define NUMBERS(operator)                                           \
    do {                                                            \
        if (op->type == IR_I32)                                     \
            LOOP(u32, A(u32) operator B(u32));                      \
        else                                                        \
            FLOATS(A(f32) operator B(f32), A(f64) operator B(f64)); \
    } while (0)
#define SIGNED(whole, single, real)         \
    do {                                    \
        if (op->type == IR_I32)             \
            LOOP(u32, whole);               \
        else                                \
            FLOATS(single, real);           \
    } while (0)
/* min and max: one of the two, by a comparison that NaN fails. */
#define CHOSEN(operator)                                                        \
    do {                                                                        \
        if (op->type == IR_I32)                                                 \
            LOOP(i32, A(i32) operator B(i32) ? A(i32) : B(i32));                \
        else                                                                    \
            FLOATS(A(f32) operator B(f32) ? A(f32) : B(f32),                    \
                   A(f64) operator B(f64) ? A(f64) : B(f64));                   \
    } while (0)
#define COMPARISON(operator)                        \
    do {                                            \
        if (of == IR_F32)                           \
            LOOP(i32, -(A(f32) operator B(f32)));   \
        else if (of == IR_F64)                      \
            LOOP(i32, -(A(f64) operator B(f64)));   \
        else                                        \
            LOOP(i32, -(A(i32) operator B(i32)));   \
    } while (0)

INLINE int32_t truncated(double x)
{
    return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN;
}

INLINE void choose(const ir_op *op, lanes *restrict y, const lanes *a, const lanes *b, const lanes *c)
{
    if (op->type == IR_F64)
        LOOP(u64, A(i32) ? B(u64) : C(u64));
    else
        LOOP(u32, A(i32) ? B(u32) : C(u32));
}

INLINE void convert(const ir_op *op, unsigned of, lanes *restrict y, const lanes *a)
{
    if (op->type == IR_I32 && of == IR_F32)
        LOOP(i32, truncated((double)A(f32)));
    else if (op->type == IR_I32)
        LOOP(i32, truncated(A(f64)));
    else if (op->type == IR_F32)
        LOOP(f32, (float)A(i32));
    else
        LOOP(f64, (double)A(i32));
}

INLINE void load(const ir_program *p, const ir_op *op, lanes *restrict y, const lanes *a)
{
    const ir_memory *m = &p->memories[op->b];
    for (int k = 0; k < LANES; k++)
        if (A(u32) >= m->length)
            abort(); /* an expansion that reads outside its table */
    if (m->type == IR_F64)
        LOOP(f64, ((const double *)m->content)[A(i32)]);
    else
        LOOP(u32, ((const uint32_t *)m->content)[A(i32)]);
}

INLINE void run(const ir_program *p, const ir_op *op, lanes *restrict y, const lanes *a, const lanes *b,
                const lanes *c)
{
    const unsigned of = p->ops[op->a].type;
    switch ((int)op->code) {
    case IR_ADD: NUMBERS(+); break;
    case IR_SUB: NUMBERS(-); break;
    case IR_MUL: NUMBERS(*); break;
    case IR_DIV: FLOATS(A(f32) / B(f32), A(f64) / B(f64)); break;
    case IR_FMA: FLOATS(fmaf(A(f32), B(f32), C(f32)), fma(A(f64), B(f64), C(f64))); break;
    case IR_FMS: FLOATS(fmaf(A(f32), B(f32), -C(f32)), fma(A(f64), B(f64), -C(f64))); break;
    case IR_FNMA: FLOATS(fmaf(-A(f32), B(f32), C(f32)), fma(-A(f64), B(f64), C(f64))); break;
    case IR_NEG: SIGNED(0u - A(u32), -A(f32), -A(f64)); break;
    case IR_ABS: SIGNED(A(i32) < 0 ? 0u - A(u32) : A(u32), fabsf(A(f32)), fabs(A(f64))); break;
    case IR_MIN: CHOSEN(<); break;
    case IR_MAX: CHOSEN(>); break;
    case IR_SQRT: FLOATS(sqrtf(A(f32)), sqrt(A(f64))); break;
    case IR_FLOOR: FLOATS(floorf(A(f32)), floor(A(f64))); break;
    case IR_CEIL: FLOATS(ceilf(A(f32)), ceil(A(f64))); break;
    case IR_ROUND: FLOATS(rintf(A(f32)), rint(A(f64))); break;
    case IR_TRUNC: FLOATS(truncf(A(f32)), trunc(A(f64))); break;
    case IR_COPYSIGN: FLOATS(copysignf(A(f32), B(f32)), copysign(A(f64), B(f64))); break;
    case IR_AND: LOOP(u32, A(u32) & B(u32)); break;
    case IR_OR: LOOP(u32, A(u32) | B(u32)); break;
    case IR_XOR: LOOP(u32, A(u32) ^ B(u32)); break;
    case IR_NOT: LOOP(u32, ~A(u32)); break;
    case IR_SHL: LOOP(u32, A(u32) << (B(u32) & 31)); break;
    case IR_SHR: LOOP(u32, A(u32) >> (B(u32) & 31)); break;
    case IR_SAR: LOOP(i32, A(i32) >> (B(u32) & 31)); break;
    case IR_UMULH: LOOP(u32, (uint32_t)((uint64_t)A(u32) * B(u32) >> 32)); break;
    case IR_LT: COMPARISON(<); break;
    case IR_LE: COMPARISON(<=); break;
    case IR_EQ: COMPARISON(==); break;
    case IR_NE: COMPARISON(!=); break;
    case IR_SELECT: case IR_RARE: choose(op, y, a, b, c); break;
    case IR_CVT: convert(op, of, y, a); break;
    case IR_BITS: case IR_FROM_BITS: LOOP(u32, A(u32)); break;
    case IR_HI32: LOOP(u32, (uint32_t)(A(u64) >> 32)); break;
    case IR_LO32: LOOP(u32, (uint32_t)A(u64)); break;
    case IR_PACK64: LOOP(u64, (uint64_t)A(u32) << 32 | B(u32)); break;
    case IR_LOAD: load(p, op, y, a); break;
    default: abort(); /* an operation that no expansion uses so far */
    }
}

/* Compiled for several instruction sets where the compiler can, so that fused operations are instructions. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif
void lanes_run(const ir_program *p, lanes *values)
{
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        const unsigned operands = sn_ir_info[op->code].operands;
        if (operands)
            run(p, op, &values[r], &values[op->a], &values[operands > 1 ? op->b : 0],
                &values[operands > 2 ? op->c : 0]);
    }
}
