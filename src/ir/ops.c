/* The list of operations as a table. */
#include "ir/ops.h"

const ir_info sn_ir_info[IR_CODES] = {
#define X(NAME, text, operands, immediates, rule, kind) {text, operands, immediates, IR_RULE_##rule, IR_KIND_##kind},
    SINTER_OPERATIONS(X)
#undef X
};

const char *sn_ir_type_name(ir_type type)
{
    switch (type) {
    case IR_F32: return "f32";
    case IR_F64: return "f64";
    case IR_I32: return "i32";
    case IR_MASK: return "mask";
    case IR_U8: return "u8";
    case IR_I16: return "i16";
    case IR_VOID: break;
    }
    return "void";
}
