/* What the list of operations says, as enumerations and tables. */
#ifndef SN_IR_OPS_H
#define SN_IR_OPS_H

#include <sinter/operations.h>
#include <sinter/program.h>
#include <stdint.h>

typedef enum ir_code {
#define X(NAME, text, operands, immediates, rule, kind) IR_##NAME,
    SINTER_OPERATIONS(X)
#undef X
    IR_CODES
} ir_code;

typedef enum ir_rule {
    IR_RULE_LEAF, IR_RULE_FLOAT, IR_RULE_NUMBER, IR_RULE_INT, IR_RULE_LOGIC, IR_RULE_COMPARE, IR_RULE_CHOOSE,
    IR_RULE_CONVERT, IR_RULE_BITS, IR_RULE_FROM_BITS, IR_RULE_HALF, IR_RULE_PACK, IR_RULE_LOAD, IR_RULE_READ,
    IR_RULE_PREPARED, IR_RULE_EFFECT
} ir_rule;

typedef enum ir_kind { IR_KIND_LEAF, IR_KIND_PURE, IR_KIND_MATH, IR_KIND_MEMORY, IR_KIND_EFFECT, IR_KIND_PLAN } ir_kind;

typedef struct ir_info {
    const char *name;
    uint8_t operands;   /* how many of a, b, c are values; immediates follow them */
    uint8_t immediates;
    uint8_t rule;       /* ir_rule */
    uint8_t kind;       /* ir_kind */
} ir_info;

extern const ir_info sn_ir_info[IR_CODES];

typedef enum ir_type { IR_VOID = 0, IR_F32 = SINTER_F32, IR_F64 = SINTER_F64, IR_I32 = SINTER_I32, IR_MASK = SINTER_MASK,
    IR_U8 = SINTER_U8, IR_I16 = SINTER_I16 /* the last two in memory objects only */ } ir_type;

const char *sn_ir_type_name(ir_type type);
/* Bytes of an element in memory; a mask's is that of the i32 (0 or −1) it is stored as. */
static inline unsigned sn_ir_type_size(ir_type type)
{
    return type == IR_F64 ? 8 : type == IR_U8 ? 1 : type == IR_I16 ? 2 : 4;
}

/* Axes: along what a value varies. */
enum { IR_AXIS_SEGMENT = 1, IR_AXIS_TICK = 2, IR_AXIS_ROW = 4, IR_AXIS_COLUMN = 8, IR_AXIS_INSTANCE = 16, IR_AXIS_ELEMENT = 32 };

#endif
