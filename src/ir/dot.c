/* A program as a graph for Graphviz: values as nodes, operands as edges, delay lines as dashed edges back. */
#include "base/text.h"
#include "ir/ir.h"

#include <string.h>

static void add_constant(text *out, const ir_op *op)
{
    const uint64_t bits = op->a | (uint64_t)op->b << 32;
    if (op->type == IR_F64) {
        double v;
        memcpy(&v, &bits, sizeof v);
        sn_text_add_f64(out, v);
    } else if (op->type == IR_F32) {
        float v;
        memcpy(&v, &op->a, sizeof v);
        sn_text_add_f32(out, v);
    } else {
        sn_text_print(out, "%d", (int32_t)op->a);
    }
}

static void add_quoted(text *out, const char *name)
{
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            sn_text_add(out, "\\");
        sn_text_add_bytes(out, name, 1);
    }
}

/* What the node shows: the operation, and the name of the stream, parameter or memory object that it touches. */
static void add_label(text *out, const ir_program *p, const ir_op *op)
{
    const uint32_t first = sn_ir_operand(op, sn_ir_info[op->code].operands);
    if (op->code == IR_CONST) {
        add_constant(out, op);
        return;
    }
    sn_text_add(out, sn_ir_info[op->code].name);
    const char *name = NULL;
    switch (op->code) {
    case IR_INPUT: name = p->inputs[first].name; break;
    case IR_OUTPUT: name = p->outputs[first].name; break;
    case IR_PARAM: name = p->params[first].name; break;
    case IR_ARGUMENT: case IR_RESULT: name = p->calls[first].name; break;
    case IR_SUM: case IR_SUMP: name = p->totals[first]; break;
    case IR_LOAD: case IR_STORE: case IR_READ: case IR_READV: case IR_WRITE: case IR_LENGTH: name = p->memories[first].name; break;
    default: break;
    }
    if (name) {
        sn_text_add(out, " ");
        add_quoted(out, name);
    }
    if (op->code == IR_READ)
        sn_text_print(out, " %u ago", op->b);
}

/* From an argument to what the call makes of it. */
static void add_results(text *out, const ir_program *p, ir_ref argument)
{
    for (ir_ref r = argument + 1; r < p->count; r++)
        if (p->ops[r].code == IR_RESULT && p->ops[r].a == p->ops[argument].b)
            sn_text_print(out, "    v%u -> v%u;\n", argument, r);
}

void sn_ir_print_dot(const ir_program *p, text *out)
{
    sn_text_add(out, "digraph program {\n    node [shape=box, fontname=\"sans-serif\"];\n");
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        sn_text_print(out, "    v%u [label=\"", r);
        add_label(out, p, op);
        sn_text_add(out, sn_ir_info[op->code].rule == IR_RULE_LEAF ? "\", style=rounded];\n" : "\"];\n");
        for (unsigned k = 0; k < sn_ir_info[op->code].operands; k++)
            sn_text_print(out, "    v%u -> v%u;\n", sn_ir_operand(op, k), r);
        if (op->code == IR_ARGUMENT)
            add_results(out, p, r);
        if (op->code != IR_WRITE)
            continue;
        for (ir_ref read = 1; read < p->count; read++) {
            const ir_op *other = &p->ops[read];
            if ((other->code == IR_READ && other->a == op->b) || (other->code == IR_READV && other->b == op->b))
                sn_text_print(out, "    v%u -> v%u [style=dashed, constraint=false];\n", r, read);
        }
    }
    sn_text_add(out, "}\n");
}
