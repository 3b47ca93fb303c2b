/* Programs as text.
 *
 *     input x: f32
 *     output out: f32
 *     total energy scale 0.5 offset 1
 *     param cutoff: f32 = 800 in 20..20000 log "Hz" smooth 0.02
 *     table t: u8 = [151, 160, 137]
 *     bound data: f32
 *     bound picture: f32 image 3
 *     bound picture@extent: f64
 *     line y: f32[100] from 16 flush
 *     cells c: i32[64]
 *     call low: resonator
 *     %1 = input x                            ; element
 *     %2 = const f32 0.5
 *     %3 = mul f32 %1, %2                     ; element
 *     output out, %3                          ; element
 *
 * First what the program declares, in the order of its numbers, kind by kind; then a line an operation.
 * Values are numbered from 1 without gaps (effects have no number). Behind the operation stands its type:
 * that of the result, of a comparison that of its operands, and nothing where it could be no other. What an
 * operation names comes before its values: `load t, %1`, `read y, 3`, `store c, %1, %2`, `argument low, %1, 0`. A mathematical
 * function of the grade `fast` has the suffix `.fast`. The comment says along which axes the value varies; a
 * constant has none.
 *
 * Names that are not identifiers stand in quotes, with the escapes \" \\ \n \t \xHH. Numbers are the shortest
 * decimals that read back; inf, -inf and nan stand for the infinities and the canonical NaN, and any other
 * NaN is its bits in hexadecimal. Reading a printed program gives the same program, printing that the same
 * text. */
#include "ir/ir.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { COMMENT_COLUMN = 40, NUMBERS_A_LINE = 16 };

typedef struct printer {
    const ir_program *p;
    text *out;
    const uint32_t *number; /* of the value, by operation; 0: it has none */
} printer;

static bool is_identifier(const char *name)
{
    for (const char *c = name; *c; c++) {
        const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
        const bool later = (*c >= '0' && *c <= '9') || *c == '.' || *c == '\'';
        if (!letter && !(later && c > name))
            return false;
    }
    return *name != 0;
}

static void print_quoted(text *out, const char *string)
{
    sn_text_add(out, "\"");
    for (const char *c = string; *c; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (*c == '"' || *c == '\\')
            sn_text_print(out, "\\%c", *c);
        else if (*c == '\n')
            sn_text_add(out, "\\n");
        else if (*c == '\t')
            sn_text_add(out, "\\t");
        else if (byte < 0x20 || byte == 0x7F)
            sn_text_print(out, "\\x%02x", byte);
        else
            sn_text_add_bytes(out, c, 1);
    }
    sn_text_add(out, "\"");
}

static void print_name(text *out, const char *name)
{
    if (is_identifier(name))
        sn_text_add(out, name);
    else
        print_quoted(out, name);
}

static void print_f32(text *out, uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    if (value == value)
        sn_text_add_f32(out, value);
    else if (bits == 0x7FC00000u)
        sn_text_add(out, "nan");
    else
        sn_text_print(out, "0x%08X", bits);
}

static void print_f64(text *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    if (value == value)
        sn_text_add_f64(out, value);
    else if (bits == 0x7FF8000000000000u)
        sn_text_add(out, "nan");
    else
        sn_text_print(out, "0x%08X%08X", (unsigned)(bits >> 32), (unsigned)bits);
}

static void print_number(text *out, unsigned type, uint64_t bits)
{
    double value;
    switch (type) {
    case IR_F32: print_f32(out, (uint32_t)bits); break;
    case IR_F64:
        memcpy(&value, &bits, sizeof value);
        print_f64(out, value);
        break;
    case IR_MASK: sn_text_add(out, bits ? "true" : "false"); break;
    default: sn_text_print(out, "%d", (int)(int32_t)(uint32_t)bits); break;
    }
}

/* ---- declarations ---- */

static void print_stream(text *out, const char *kind, const ir_stream *stream)
{
    sn_text_add(out, kind);
    print_name(out, stream->name);
    sn_text_print(out, ": %s\n", sn_ir_type_name(stream->type));
}

static void print_total(text *out, const ir_program *p, uint32_t k)
{
    sn_text_add(out, "total ");
    print_name(out, p->totals[k]);
    const ir_total_map map = p->total_maps ? p->total_maps[k] : (ir_total_map){1, 0};
    if (map.scale != 1) {
        sn_text_add(out, " scale ");
        print_f64(out, map.scale);
    }
    if (map.offset != 0) {
        sn_text_add(out, " offset ");
        print_f64(out, map.offset);
    }
    sn_text_add(out, "\n");
}

static void print_param(text *out, const ir_param *param)
{
    sn_text_add(out, "param ");
    print_name(out, param->name);
    sn_text_print(out, ": %s = ", sn_ir_type_name(param->type));
    print_f64(out, param->initial);
    sn_text_add(out, " in ");
    print_f64(out, param->low);
    sn_text_add(out, "..");
    print_f64(out, param->high);
    if (param->curve == SINTER_LOGARITHMIC)
        sn_text_add(out, " log");
    if (param->unit && *param->unit) {
        sn_text_add(out, " ");
        print_quoted(out, param->unit);
    }
    if (param->smoothing) {
        sn_text_add(out, param->smoothing == SINTER_RAMP ? " smooth " : " glide ");
        print_f64(out, param->seconds);
    }
    sn_text_add(out, "\n");
}

static uint64_t element_bits(const ir_memory *m, uint32_t i)
{
    const char *at = (const char *)m->content + (size_t)i * sn_ir_type_size(m->type);
    uint64_t bits = 0;
    uint32_t low;
    int16_t small;
    switch (m->type) {
    case IR_F64: memcpy(&bits, at, 8); return bits;
    case IR_U8: return (unsigned char)*at;
    case IR_I16:
        memcpy(&small, at, 2);
        low = (uint32_t)(int32_t)small;
        return low;
    default: memcpy(&low, at, 4); return low;
    }
}

static void print_content(text *out, const ir_memory *m)
{
    sn_text_add(out, " = [");
    for (uint32_t i = 0; i < m->length; i++) {
        if (i > 0)
            sn_text_add(out, i % NUMBERS_A_LINE ? ", " : ",\n    ");
        print_number(out, m->type, element_bits(m, i));
    }
    sn_text_add(out, "]");
}

static void print_memory(text *out, const ir_memory *m)
{
    static const char *const kinds[] = {
        [IR_TABLE] = "table ", [IR_BOUND] = "bound ", [IR_LINE] = "line ", [IR_CELLS] = "cells "};
    sn_text_add(out, kinds[m->kind]);
    print_name(out, m->name);
    sn_text_print(out, ": %s", sn_ir_type_name(m->type));
    if (m->kind == IR_TABLE)
        print_content(out, m);
    else if (m->kind != IR_BOUND)
        sn_text_print(out, "[%u]", (unsigned)m->length);
    if (m->channels)
        sn_text_print(out, " image %u%s", (unsigned)m->channels, m->made ? " made" : "");
    if (m->kind == IR_LINE && m->shortest != 1)
        sn_text_print(out, " from %u", (unsigned)m->shortest);
    if (m->kind == IR_LINE && m->flush)
        sn_text_add(out, " flush");
    sn_text_add(out, "\n");
}

static void print_call(text *out, const ir_call *call)
{
    sn_text_add(out, "call ");
    print_name(out, call->name);
    sn_text_print(out, ": %s\n", call->type->name);
}

static void print_declarations(text *out, const ir_program *p)
{
    for (uint32_t k = 0; k < p->input_count; k++)
        print_stream(out, "input ", &p->inputs[k]);
    for (uint32_t k = 0; k < p->output_count; k++)
        print_stream(out, "output ", &p->outputs[k]);
    for (uint32_t k = 0; k < p->total_count; k++)
        print_total(out, p, k);
    for (uint32_t k = 0; k < p->param_count; k++)
        print_param(out, &p->params[k]);
    for (uint32_t k = 0; k < p->memory_count; k++)
        print_memory(out, &p->memories[k]);
    for (uint32_t k = 0; k < p->call_count; k++)
        print_call(out, &p->calls[k]);
}

/* ---- operations ---- */

/* The name of what immediate k of the operation means, or NULL if it is a plain number (or nothing has that
 * number, which the verifier says; printing what is wrong must still work). */
static const char *name_of(const ir_program *p, const ir_op *op, uint32_t k)
{
    switch (op->code) {
    case IR_INPUT: return k < p->input_count ? p->inputs[k].name : NULL;
    case IR_OUTPUT: return k < p->output_count ? p->outputs[k].name : NULL;
    case IR_ARGUMENT:
    case IR_RESULT: return k < p->call_count ? p->calls[k].name : NULL;
    case IR_SUM:
    case IR_SUMP: return k < p->total_count ? p->totals[k] : NULL;
    case IR_PARAM: return k < p->param_count ? p->params[k].name : NULL;
    case IR_LENGTH:
    case IR_LOAD:
    case IR_READ:
    case IR_READV:
    case IR_WRITE:
    case IR_STORE: return k < p->memory_count ? p->memories[k].name : NULL;
    default: return NULL;
    }
}

/* The type that the text shows, or IR_VOID where the operation leaves no choice. */
static unsigned shown_type(const ir_program *p, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    switch ((ir_rule)info->rule) {
    case IR_RULE_FLOAT:
    case IR_RULE_NUMBER:
    case IR_RULE_LOGIC:
    case IR_RULE_CHOOSE:
    case IR_RULE_CONVERT: return op->type;
    case IR_RULE_COMPARE: return op->a < p->count ? p->ops[op->a].type : IR_VOID;
    case IR_RULE_LEAF: return op->code == IR_CONST || info->kind == IR_KIND_PLAN ? op->type : IR_VOID;
    case IR_RULE_INT:
    case IR_RULE_BITS:
    case IR_RULE_FROM_BITS:
    case IR_RULE_HALF:
    case IR_RULE_PACK:
    case IR_RULE_LOAD:
    case IR_RULE_READ:
    case IR_RULE_PREPARED:
    case IR_RULE_EFFECT: break;
    }
    return IR_VOID;
}

static void print_value(const printer *s, ir_ref r)
{
    if (r < s->p->count && s->number[r])
        sn_text_print(s->out, "%%%u", (unsigned)s->number[r]);
    else
        sn_text_add(s->out, "%?");
}

static void print_arguments(const printer *s, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    const char *gap = " ";
    uint32_t first = info->operands; /* the immediate that is a name goes first */
    if (op->code == IR_CONST) {
        sn_text_add(s->out, gap);
        print_number(s->out, op->type, op->a | (uint64_t)op->b << 32);
        return;
    }
    if (info->immediates > 0) {
        const uint32_t k = sn_ir_operand(op, first);
        const char *name = name_of(s->p, op, k);
        sn_text_add(s->out, gap);
        if (name)
            print_name(s->out, name);
        else
            sn_text_print(s->out, "%u", (unsigned)k);
        gap = ", ";
        first++;
    }
    for (uint32_t k = 0; k < info->operands; k++, gap = ", ") {
        sn_text_add(s->out, gap);
        print_value(s, sn_ir_operand(op, k));
    }
    for (; first < (uint32_t)info->operands + info->immediates; first++, gap = ", ")
        sn_text_print(s->out, "%s%u", gap, (unsigned)sn_ir_operand(op, first));
}

static void print_axes(text *out, size_t line, unsigned axes)
{
    static const char *const names[] = {"segment", "tick", "row", "column", "instance", "element"};
    if (!axes || out->failed)
        return;
    size_t width = 0;
    for (size_t k = line; k < out->length; k++)
        width += ((unsigned char)out->start[k] & 0xC0) != 0x80;
    sn_text_print(out, "%*s", width < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - width) : 1, "");
    const char *gap = "; ";
    for (unsigned k = 0; k < sizeof names / sizeof *names; k++) {
        if (axes >> k & 1) {
            sn_text_print(out, "%s%s", gap, names[k]);
            gap = ", ";
        }
    }
}

static void print_operation(const printer *s, ir_ref r)
{
    const ir_op *op = &s->p->ops[r];
    const size_t line = s->out->length;
    if (s->number[r])
        sn_text_print(s->out, "%%%u = ", (unsigned)s->number[r]);
    sn_text_add(s->out, sn_ir_info[op->code].name);
    if (op->flags & IR_FLAG_FAST)
        sn_text_add(s->out, ".fast");
    if (op->flags & IR_FLAG_FORMS)
        sn_text_add(s->out, ".forms");
    const unsigned type = shown_type(s->p, op);
    if (type != IR_VOID)
        sn_text_print(s->out, " %s", sn_ir_type_name(type));
    print_arguments(s, op);
    print_axes(s->out, line, op->axes);
    sn_text_add(s->out, "\n");
}

void sn_ir_print(const ir_program *p, struct text *out)
{
    print_declarations(out, p);
    uint32_t *number = sn_arena_take(out->memory, p->count * sizeof *number);
    if (!number) {
        out->failed = true;
        return;
    }
    uint32_t values = 0;
    number[0] = 0;
    for (ir_ref r = 1; r < p->count; r++)
        number[r] = sn_ir_info[p->ops[r].code].rule == IR_RULE_EFFECT ? 0 : ++values;
    const printer s = {p, out, number};
    for (ir_ref r = 1; r < p->count; r++)
        print_operation(&s, r);
}
