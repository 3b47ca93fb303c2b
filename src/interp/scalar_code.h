/* The instructions of scalar loops: an operation and its type in one number, so that one jump decides. */
#ifndef SN_INTERP_SCALAR_CODE_H
#define SN_INTERP_SCALAR_CODE_H

#include "interp/interp_code.h"

/* A pure operation of a type (of the first operand that is a number; of CHOOSE, of the result). */
#define SCALAR_CODE(ir_code, type) ((unsigned)(ir_code)*TYPES + (type))

enum {
    SCALAR_FIRST = IR_CODES * TYPES,
    SCALAR_CONVERT = SCALAR_FIRST,                 /* + from × TYPES + to */
    SCALAR_CONST = SCALAR_CONVERT + TYPES * TYPES, /* out = constants[a] */
    SCALAR_UNIFORM,                                /* out = frame[a] */
    SCALAR_MOVE,                                   /* out = a */
    SCALAR_READ_4,
    SCALAR_READ_8, /* out = stream in slot a, b elements ago */
    SCALAR_READV_4,
    SCALAR_READV_8, /* the same, a: register, b: slot, c: constant of two i32, the bounds */
    SCALAR_INDEX,
    SCALAR_COLUMN,
    SCALAR_LOAD_U8,
    SCALAR_LOAD_I16,
    SCALAR_LOAD_4,
    SCALAR_LOAD_8, /* out = element a of the table in slot b */
    SCALAR_STORE_U8,
    SCALAR_STORE_I16,
    SCALAR_STORE_4,
    SCALAR_STORE_8, /* element a of the table in slot c becomes b */
    SCALAR_WRITE_4,
    SCALAR_WRITE_8, /* stream in slot b at this element becomes a */
    SCALAR_SET_4,
    SCALAR_SET_8, /* frame[b] = a */
    SCALAR_SUM_F32,
    SCALAR_SUM_F64, /* slot b */
    SCALAR_SUMP_F32,
    SCALAR_SUMP_F64, /* a·b, slot c */
    SCALAR_HOLD,    /* registers b … b + c move down by one, a comes last */
    SCALAR_COLD,    /* to instruction c, a RARE, unless a */
    SCALAR_END
};

typedef union scalar_value {
    float f32;
    double f64;
    int32_t i32;
    uint32_t u32;
    uint64_t u64;
} __attribute__((may_alias)) scalar_value;

#endif
