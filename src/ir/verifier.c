/* What holds of every program between passes, so that passes, the plan and the engines need not ask.
 *
 * Each rule of operations.h and ir.h is checked here by code of its own, not by the builder's: a pass may
 * write operations in place, and a mistake in the builder should show. One walk over the declarations, one
 * over the operations, one over what must have happened by the end; names are compared after sorting. The
 * first violation is described in a sentence. */
#include "ir/ir.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_LINE = 1 << 28, NAME_SHOWN = 60 };

typedef struct verifier {
    const ir_program *p;
    arena *memory;
    uint8_t *written, *read; /* by memory object */
    uint8_t *left, *summed;  /* by output stream, by total */
    uint64_t *given;         /* by call: which arguments it has, a bit each */
} verifier;

/* A description; if even that finds no memory, the rule alone. */
__attribute__((format(printf, 2, 3)))
static const char *violation(const verifier *v, const char *format, ...)
{
    char sentence[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    const char *copy = sn_arena_copy_text(v->memory, sentence, strlen(sentence));
    return copy ? copy : "the program breaks a rule, and there is no memory to say which";
}

/* ---- declarations ---- */

static bool is_float(unsigned type)
{
    return type == IR_F32 || type == IR_F64;
}

static bool is_number(unsigned type)
{
    return is_float(type) || type == IR_I32;
}

static void sink(const char **heap, uint32_t at, uint32_t count)
{
    const char *moved = heap[at];
    for (uint32_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && strcmp(heap[below], heap[below + 1]) < 0)
            below++;
        if (strcmp(moved, heap[below]) >= 0)
            break;
        heap[at] = heap[below];
    }
    heap[at] = moved;
}

/* By hand: the C library's qsort takes heap that is not the caller's. */
static void sort_names(const char **names, uint32_t count)
{
    for (uint32_t k = count / 2; k-- > 0;)
        sink(names, k, count);
    for (uint32_t end = count; end-- > 1;) {
        const char *last = names[end];
        names[end] = names[0];
        names[0] = last;
        sink(names, 0, end);
    }
}

/* The names of one kind, gathered by the caller. */
static const char *check_names(const verifier *v, const char *kind, const char **names, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (!names[k])
            return violation(v, "%s %u has no name", kind, (unsigned)k);
    if (count > 1)
        sort_names(names, count);
    for (uint32_t k = 1; k < count; k++)
        if (!strcmp(names[k - 1], names[k]))
            return violation(v, "two of %s are called \"%.*s\"", kind, NAME_SHOWN, names[k]);
    return NULL;
}

static const char *check_all_names(const verifier *v)
{
    const ir_program *p = v->p;
    uint32_t most = p->input_count;
    const uint32_t counts[] = {p->output_count, p->total_count, p->param_count, p->memory_count, p->call_count};
    for (unsigned k = 0; k < sizeof counts / sizeof *counts; k++)
        most = counts[k] > most ? counts[k] : most;
    const char **names = sn_arena_take(v->memory, (size_t)most * sizeof *names);
    const char *wrong = NULL;
    if (!names)
        return "out of memory";
    for (uint32_t k = 0; k < p->input_count; k++)
        names[k] = p->inputs[k].name;
    wrong = check_names(v, "the inputs", names, p->input_count);
    for (uint32_t k = 0; !wrong && k < p->output_count; k++)
        names[k] = p->outputs[k].name;
    wrong = wrong ? wrong : check_names(v, "the outputs", names, p->output_count);
    for (uint32_t k = 0; !wrong && k < p->total_count; k++)
        names[k] = p->totals[k];
    wrong = wrong ? wrong : check_names(v, "the totals", names, p->total_count);
    for (uint32_t k = 0; !wrong && k < p->param_count; k++)
        names[k] = p->params[k].name;
    wrong = wrong ? wrong : check_names(v, "the parameters", names, p->param_count);
    for (uint32_t k = 0; !wrong && k < p->memory_count; k++)
        names[k] = p->memories[k].name;
    wrong = wrong ? wrong : check_names(v, "the memory objects", names, p->memory_count);
    for (uint32_t k = 0; !wrong && k < p->call_count; k++)
        names[k] = p->calls[k].name;
    return wrong ? wrong : check_names(v, "the calls", names, p->call_count);
}

static bool has_extent(const ir_program *p, const ir_memory *image)
{
    const ir_memory *extent = image + 1;
    return extent < p->memories + p->memory_count && extent->kind == IR_BOUND && extent->type == IR_F64 && !extent->channels;
}

static const char *check_memory(const verifier *v, const ir_memory *m)
{
    const char *type = sn_ir_type_name(m->type);
    if (m->kind > IR_CELLS)
        return violation(v, "memory object \"%.*s\" is of the unknown kind %u", NAME_SHOWN, m->name, m->kind);
    if (!is_number(m->type) && ((m->kind != IR_TABLE && m->kind != IR_CELLS) || (m->type != IR_U8 && m->type != IR_I16)))
        return violation(v, "memory object \"%.*s\" cannot hold %s", NAME_SHOWN, m->name, type);
    if (m->channels && (m->kind != IR_BOUND || m->type != IR_F32 || m->channels > IR_MOST_CHANNELS || !has_extent(v->p, m)))
        return violation(v, "image \"%.*s\" is no bound table of f32 with 1 to 4 channels and its extent behind it", NAME_SHOWN, m->name);
    if (m->kind == IR_BOUND)
        return NULL;
    if (m->length < 1 || m->length > LONGEST_LINE)
        return violation(v, "memory object \"%.*s\" has %u elements, not 1 to 2^28", NAME_SHOWN, m->name,
                         (unsigned)m->length);
    if (m->kind == IR_TABLE && !m->content)
        return violation(v, "table \"%.*s\" has no content", NAME_SHOWN, m->name);
    if (m->kind == IR_LINE && m->shortest > m->length)
        return violation(v, "line \"%.*s\" is read from %u elements on but keeps %u", NAME_SHOWN, m->name,
                         (unsigned)m->shortest, (unsigned)m->length);
    if (m->flush && (m->kind != IR_LINE || !is_float(m->type)))
        return violation(v, "\"%.*s\" is flushed but is no line of floating-point numbers", NAME_SHOWN,
                         m->name);
    return NULL;
}

static bool is_smoothing(const ir_param *param)
{
    return param->smoothing <= SINTER_GLIDE && is_float(param->type) && param->seconds > 0 && param->seconds <= IR_MOST_SECONDS;
}

static const char *check_declarations(const verifier *v)
{
    const ir_program *p = v->p;
    uint32_t cells = 0;
    for (uint32_t k = 0; k < p->input_count; k++)
        if (!is_number(p->inputs[k].type))
            return violation(v, "input \"%.*s\" is %s", NAME_SHOWN, p->inputs[k].name,
                             sn_ir_type_name(p->inputs[k].type));
    for (uint32_t k = 0; k < p->output_count; k++)
        if (!is_number(p->outputs[k].type))
            return violation(v, "output \"%.*s\" is %s", NAME_SHOWN, p->outputs[k].name,
                             sn_ir_type_name(p->outputs[k].type));
    for (uint32_t k = 0; k < p->param_count; k++)
        if (!is_number(p->params[k].type) || p->params[k].curve > SINTER_LOGARITHMIC)
            return violation(v, "parameter \"%.*s\" has a type or curve that parameters do not have",
                             NAME_SHOWN, p->params[k].name);
        else if (p->params[k].smoothing && !is_smoothing(&p->params[k]))
            return violation(v, "parameter \"%.*s\" cannot be smoothed like that", NAME_SHOWN, p->params[k].name);
    for (uint32_t k = 0; k < p->memory_count; k++) {
        const char *wrong = check_memory(v, &p->memories[k]);
        if (wrong)
            return wrong;
        cells += p->memories[k].kind == IR_CELLS;
    }
    for (uint32_t k = 0; k < p->call_count; k++)
        if (!p->calls[k].type || !(p->calls[k].type->process || p->calls[k].type->tick) || p->calls[k].type->inputs > 64)
            return violation(v, "call \"%.*s\" is of a type that cannot be called", NAME_SHOWN, p->calls[k].name);
    return cells == p->cells ? NULL
                             : violation(v, "the program counts %u read-write tables and has %u",
                                         (unsigned)p->cells, (unsigned)cells);
}

/* ---- operations ---- */

static const char *check_operands(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    if (op->code == IR_NONE || op->code >= IR_CODES)
        return violation(v, "operation %u has the code %u, which stands for nothing", (unsigned)r, op->code);
    const ir_info *info = &sn_ir_info[op->code];
    if (info->kind == IR_KIND_PLAN)
        return violation(v, "operation %u is %s, which stands in plans only", (unsigned)r, info->name);
    for (unsigned k = 0; k < 3; k++) {
        const uint32_t word = sn_ir_operand(op, k);
        if (k >= (unsigned)info->operands + info->immediates) {
            if (word != 0 && !sn_ir_is_settled(op))
                return violation(v, "operation %u (%s): word %u is not used but %u", (unsigned)r, info->name,
                                 k, (unsigned)word);
        } else if (k < info->operands) {
            if (word == 0 || word >= r)
                return violation(v,
                                 "operation %u (%s): operand %u is operation %u, which does not precede it",
                                 (unsigned)r, info->name, k, (unsigned)word);
            if (v->p->ops[word].type == IR_VOID)
                return violation(v, "operation %u (%s): operand %u is %s, which has no value", (unsigned)r,
                                 info->name, k, sn_ir_info[v->p->ops[word].code].name);
        }
    }
    if (op->flags & ~(info->kind == IR_KIND_MATH ? IR_FLAG_FAST : op->code == IR_RARE    ? IR_FLAG_FORMS
                                                                      : op->code == IR_PARAM ? IR_FLAG_SETTLED
                                                                                             : 0))
        return violation(v, "operation %u (%s) has the flags %u", (unsigned)r, info->name, op->flags);
    return NULL;
}

static unsigned loaded(unsigned stored)
{
    return stored == IR_U8 || stored == IR_I16 ? IR_I32 : stored;
}

/* Whether immediate k names something that there is; the kinds of memory that the operation can use in
 * `kinds`, a bit each. */
static const char *check_memory_use(const verifier *v, ir_ref r, uint32_t k, unsigned kinds)
{
    const char *name = sn_ir_info[v->p->ops[r].code].name;
    if (k >= v->p->memory_count)
        return violation(v, "operation %u (%s): there is no memory object %u", (unsigned)r, name,
                         (unsigned)k);
    if (!(kinds >> v->p->memories[k].kind & 1))
        return violation(v, "operation %u (%s) cannot use \"%.*s\", a memory object of another kind",
                         (unsigned)r, name, NAME_SHOWN, v->p->memories[k].name);
    return NULL;
}

static const char *check_count(const verifier *v, ir_ref r, uint32_t k, uint32_t count)
{
    return k < count ? NULL
                     : violation(v, "operation %u (%s): number %u of %u", (unsigned)r,
                                 sn_ir_info[v->p->ops[r].code].name, (unsigned)k, (unsigned)count);
}

static const char *check_delay(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    const uint32_t length = v->p->memories[op->a].length;
    return op->b >= 1 && op->b <= length ? NULL
                                         : violation(v, "operation %u (read): a delay of %u on a line of %u",
                                                     (unsigned)r, (unsigned)op->b, (unsigned)length);
}

static const char *check_constant(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    if (op->type == IR_F64
        || (op->type == IR_MASK ? op->a <= 1 && op->b == 0 : is_number(op->type) && op->b == 0))
        return NULL;
    return violation(v, "operation %u: no constant of type %s has these bits", (unsigned)r,
                     sn_ir_type_name(op->type));
}

/* Arguments lie in the frame: each is computed, or is a parameter, and they are there before the elements. */
static const char *check_prepare(const verifier *v, ir_ref r)
{
    for (unsigned k = 0; k < IR_ROUTINE_ARGUMENTS; k++) {
        const ir_op *argument = &v->p->ops[sn_ir_operand(&v->p->ops[r], k)];
        if (argument->type != IR_F64 || argument->axes != IR_AXIS_SEGMENT)
            return violation(v, "operation %u (prepare): argument %u is no f64 that varies by segment", (unsigned)r, k);
    }
    return NULL;
}

/* What the immediates name exists and is of a kind that the operation can use. */
static const char *check_immediates(const verifier *v, ir_ref r)
{
    enum {
        TABLES = 1 << IR_TABLE | 1 << IR_BOUND | 1 << IR_CELLS,
        LINE = 1 << IR_LINE,
        CELLS = 1 << IR_CELLS
    };
    const ir_program *p = v->p;
    const ir_op *op = &p->ops[r];
    const char *wrong = NULL;
    switch ((int)op->code) {
    case IR_CONST: return check_constant(v, r);
    case IR_INPUT: return check_count(v, r, op->a, p->input_count);
    case IR_PARAM: return check_count(v, r, op->a, p->param_count);
    case IR_OUTPUT: return check_count(v, r, op->b, p->output_count);
    case IR_ARGUMENT:
        wrong = check_count(v, r, op->b, p->call_count);
        return wrong ? wrong : check_count(v, r, op->c, p->calls[op->b].type->inputs);
    case IR_RESULT:
        wrong = check_count(v, r, op->a, p->call_count);
        return wrong ? wrong : check_count(v, r, op->b, p->calls[op->a].type->outputs);
    case IR_SUM: return check_count(v, r, op->b, p->total_count);
    case IR_SUMP: return check_count(v, r, op->c, p->total_count);
    case IR_LENGTH: return check_memory_use(v, r, op->a, TABLES | LINE);
    case IR_LOAD: return check_memory_use(v, r, op->b, TABLES);
    case IR_READV:
    case IR_WRITE: return check_memory_use(v, r, op->b, LINE);
    case IR_STORE: return check_memory_use(v, r, op->c, CELLS);
    case IR_READ: wrong = check_memory_use(v, r, op->a, LINE); return wrong ? wrong : check_delay(v, r);
    case IR_PREPARE: return check_prepare(v, r);
    case IR_PREPARED:
        if (p->ops[op->a].code != IR_PREPARE)
            return violation(v, "operation %u (prepared) is of operation %u, which are no arguments of a routine", (unsigned)r, (unsigned)op->a);
        wrong = check_count(v, r, op->c, p->routine_count);
        return wrong ? wrong : check_count(v, r, op->b, p->routines[op->c]->result_count);
    default: return NULL;
    }
}

static unsigned leaf_type(const ir_program *p, const ir_op *op)
{
    switch ((int)op->code) {
    case IR_INPUT: return p->inputs[op->a].type;
    case IR_PARAM: return sn_ir_is_settled(op) ? op->type : p->params[op->a].type;
    case IR_INDEX: return IR_F64;
    case IR_RESULT: return IR_F32;
    case IR_ROW:
    case IR_COLUMN:
    case IR_LENGTH: return IR_I32;
    default: return op->type; /* of constants the bits were checked */
    }
}

static bool effect_types_fit(const ir_program *p, const ir_op *op, unsigned a, unsigned b)
{
    if (op->type != IR_VOID)
        return false;
    switch ((int)op->code) {
    case IR_WRITE: return a == p->memories[op->b].type;
    case IR_STORE: return a == IR_I32 && b == loaded(p->memories[op->c].type);
    case IR_OUTPUT: return a == p->outputs[op->b].type;
    case IR_ARGUMENT: return a == IR_F32;
    case IR_SUM: return is_float(a);
    case IR_SUMP: return is_float(a) && a == b;
    default: return false;
    }
}

static bool types_fit(const ir_program *p, const ir_op *op)
{
    const ir_info *info = &sn_ir_info[op->code];
    const unsigned t = op->type;
    const unsigned a = info->operands > 0 ? p->ops[op->a].type : IR_VOID;
    const unsigned b = info->operands > 1 ? p->ops[op->b].type : a;
    const unsigned c = info->operands > 2 ? p->ops[op->c].type : b;
    switch ((ir_rule)info->rule) {
    case IR_RULE_LEAF: return t == leaf_type(p, op);
    case IR_RULE_FLOAT: return is_float(t) && a == t && b == t && c == t;
    case IR_RULE_NUMBER: return is_number(t) && a == t && b == t;
    case IR_RULE_INT: return t == IR_I32 && a == t && b == t;
    case IR_RULE_LOGIC: return (t == IR_I32 || t == IR_MASK) && a == t && b == t;
    case IR_RULE_COMPARE: return t == IR_MASK && is_number(a) && b == a;
    case IR_RULE_CHOOSE: return a == IR_MASK && b == t && c == t;
    case IR_RULE_CONVERT: return is_number(t) && is_number(a) && a != t;
    case IR_RULE_BITS: return t == IR_I32 && a == IR_F32;
    case IR_RULE_FROM_BITS: return t == IR_F32 && a == IR_I32;
    case IR_RULE_HALF: return t == IR_I32 && a == IR_F64;
    case IR_RULE_PACK: return t == IR_F64 && a == IR_I32 && b == IR_I32;
    case IR_RULE_LOAD: return a == IR_I32 && t == loaded(p->memories[op->b].type);
    case IR_RULE_READ:
        return op->code == IR_READ ? t == p->memories[op->a].type
                                   : a == IR_I32 && t == p->memories[op->b].type;
    case IR_RULE_PREPARED: return t == p->routines[op->c]->types[op->b];
    case IR_RULE_EFFECT: return effect_types_fit(p, op, a, b);
    }
    return false;
}

static const char *check_types(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    if (types_fit(v->p, op))
        return NULL;
    const char *types[3] = {"", "", ""};
    for (unsigned k = 0; k < info->operands; k++)
        types[k] = sn_ir_type_name(v->p->ops[sn_ir_operand(op, k)].type);
    return violation(v, "operation %u (%s) cannot be of type %s with operands of the types %s%s%s%s%s",
                     (unsigned)r, info->name, sn_ir_type_name(op->type), info->operands ? types[0] : "(none)",
                     info->operands > 1 ? ", " : "", types[1], info->operands > 2 ? ", " : "", types[2]);
}

/* The axes that an operation brings along beyond those of its operands. */
static unsigned own_axes(const ir_program *p, const ir_op *op)
{
    switch ((int)op->code) {
    case IR_INPUT:
    case IR_INDEX:
    case IR_READ:
    case IR_READV:
    case IR_RESULT: return IR_AXIS_ELEMENT;
    case IR_PARAM:
    case IR_LENGTH: return IR_AXIS_SEGMENT;
    case IR_ROW: return IR_AXIS_ROW;
    case IR_COLUMN: return IR_AXIS_COLUMN;
    case IR_LOAD:
        if (p->memories[op->b].kind == IR_BOUND)
            return IR_AXIS_SEGMENT;
        return p->memories[op->b].kind == IR_CELLS ? IR_AXIS_ELEMENT : 0;
    default: return 0;
    }
}

static const char *check_axes(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    const ir_info *info = &sn_ir_info[op->code];
    unsigned axes = own_axes(v->p, op);
    for (unsigned k = 0; k < info->operands; k++)
        axes |= v->p->ops[sn_ir_operand(op, k)].axes;
    if (op->axes != axes)
        return violation(v, "operation %u (%s) has the axes %u where its operands make %u", (unsigned)r,
                         info->name, op->axes, axes);
    if (op->code == IR_GUARD && (v->p->ops[op->a].axes & ~(IR_AXIS_SEGMENT | IR_AXIS_TICK)))
        return violation(v, "operation %u (guard): its mask varies within a tick", (unsigned)r);
    return NULL;
}

/* ---- what happens how often ---- */

static uint64_t all_arguments(const ir_call *call)
{
    return call->type->inputs == 64 ? UINT64_MAX : ((uint64_t)1 << call->type->inputs) - 1;
}

static const char *check_argument(const verifier *v, ir_ref r)
{
    const ir_op *op = &v->p->ops[r];
    const uint64_t bit = (uint64_t)1 << op->c;
    if (v->given[op->b] & bit)
        return violation(v, "operation %u gives argument %u to call \"%.*s\" again", (unsigned)r, (unsigned)op->c, NAME_SHOWN,
                         v->p->calls[op->b].name);
    v->given[op->b] |= bit;
    return NULL;
}

static const char *check_result(const verifier *v, ir_ref r)
{
    const ir_call *call = &v->p->calls[v->p->ops[r].a];
    return v->given[v->p->ops[r].a] == all_arguments(call)
               ? NULL
               : violation(v, "operation %u is a result of call \"%.*s\" before that has its arguments", (unsigned)r, NAME_SHOWN, call->name);
}

static const char *check_once(const verifier *v, ir_ref r)
{
    const ir_program *p = v->p;
    const ir_op *op = &p->ops[r];
    switch ((int)op->code) {
    case IR_READ: v->read[op->a] = 1; return NULL;
    case IR_READV: v->read[op->b] = 1; return NULL;
    case IR_WRITE:
        return v->written[op->b]++ ? violation(v, "operation %u writes line \"%.*s\" again", (unsigned)r,
                                               NAME_SHOWN, p->memories[op->b].name)
                                   : NULL;
    case IR_ARGUMENT: return check_argument(v, r);
    case IR_RESULT: return check_result(v, r);
    case IR_OUTPUT:
        return v->left[op->b]++ ? violation(v, "operation %u writes output \"%.*s\" again", (unsigned)r,
                                            NAME_SHOWN, p->outputs[op->b].name)
                                : NULL;
    case IR_SUM:
    case IR_SUMP: {
        const uint32_t total = op->code == IR_SUM ? op->b : op->c;
        return v->summed[total]++ ? violation(v, "operation %u adds to total \"%.*s\" again", (unsigned)r,
                                              NAME_SHOWN, p->totals[total])
                                  : NULL;
    }
    default: return NULL;
    }
}

static const char *check_end(const verifier *v)
{
    const ir_program *p = v->p;
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (v->read[k] && !v->written[k])
            return violation(v, "line \"%.*s\" is read but never written", NAME_SHOWN, p->memories[k].name);
    for (uint32_t k = 0; k < p->output_count; k++)
        if (!v->left[k])
            return violation(v, "output \"%.*s\" is never written", NAME_SHOWN, p->outputs[k].name);
    for (uint32_t k = 0; k < p->total_count; k++)
        if (!v->summed[k])
            return violation(v, "nothing is added to total \"%.*s\"", NAME_SHOWN, p->totals[k]);
    for (uint32_t k = 0; k < p->call_count; k++) /* of a pure one all may be gone */
        if (v->given[k] != all_arguments(&p->calls[k]) && (v->given[k] || !p->calls[k].type->pure))
            return violation(v, "call \"%.*s\" lacks an argument", NAME_SHOWN, p->calls[k].name);
    return NULL;
}

static const char *check_operation(const verifier *v, ir_ref r)
{
    static const char *(*const checks[])(const verifier *, ir_ref) = {check_operands, check_immediates,
                                                                      check_types, check_axes, check_once};
    for (unsigned k = 0; k < sizeof checks / sizeof *checks; k++) {
        const char *wrong = checks[k](v, r);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *sn_ir_verify(const ir_program *p, arena *memory)
{
    static const ir_op none; /* what operation 0 is */
    verifier v = {.p = p, .memory = memory};
    if (p->status != SINTER_OK)
        return violation(&v, "the program has failed: %s", p->message);
    v.written = sn_arena_take_zeroed(memory, p->memory_count);
    v.read = sn_arena_take_zeroed(memory, p->memory_count);
    v.left = sn_arena_take_zeroed(memory, p->output_count);
    v.summed = sn_arena_take_zeroed(memory, p->total_count);
    v.given = sn_arena_take_zeroed(memory, (p->call_count + 1) * sizeof *v.given);
    if (!v.written || !v.read || !v.left || !v.summed || !v.given)
        return "out of memory";
    if (p->count < 1 || p->count > IR_MAX_OPERATIONS || memcmp(&p->ops[0], &none, sizeof none) != 0)
        return "operation 0 is not the absent one, or there are too many operations";
    const char *wrong = check_all_names(&v);
    wrong = wrong ? wrong : check_declarations(&v);
    for (ir_ref r = 1; !wrong && r < p->count; r++)
        wrong = check_operation(&v, r);
    return wrong ? wrong : check_end(&v);
}
