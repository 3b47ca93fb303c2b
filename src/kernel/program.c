/* The public builder: arguments checked, then the internal one (ir/builder.c). */
#include "kernel/kernels.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_LINE = 1 << 28, MOST_NAME = 255 };

/* Whoever builds need not look whether the program could be opened: calls on none are let pass, and compiling none is an error. */

sinter_program *sinter_program_open(const sinter_allocator *allocator)
{
    const sinter_allocator a = sn_allocator_or_default(allocator);
    sinter_program *p = sn_allocate(&a, sizeof *p);
    if (!p)
        return NULL;
    p->allocator = a;
    p->written = NULL;
    p->written_count = 0;
    sn_arena_open(&p->memory, &a);
    sn_ir_open(&p->ir, &p->memory, 0);
    return p;
}

void sinter_program_close(sinter_program *program)
{
    if (!program)
        return;
    sn_arena_close(&program->memory);
    const sinter_allocator a = program->allocator;
    sn_release(&a, program, sizeof *program);
}

sinter_status sinter_program_status(const sinter_program *program, sinter_report *report)
{
    sn_report_open(report, "program");
    if (!program)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no program was given", NULL);
    if (program->ir.status)
        sn_report_fail(report, program->ir.status, program->ir.message, NULL);
    return program->ir.status;
}

void sinter_program_fail(sinter_program *program, const char *message)
{
    if (program)
        sn_ir_fail(&program->ir, SINTER_BAD_PROGRAM, message ? message : "refused by a node type");
}

sinter_type sinter_type_of(const sinter_program *program, sinter_value value)
{
    return program && value < program->ir.count ? (sinter_type)program->ir.ops[value].type : (sinter_type)0;
}

static bool refuse(ir_program *p, const char *format, const char *name)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, format, name ? name : "(null)");
    sn_ir_fail(p, SINTER_BAD_PROGRAM, message);
    return false;
}

static bool is_name(ir_program *p, const char *name)
{
    if (!name || !*name || strlen(name) > MOST_NAME)
        return refuse(p, "a name must have 1 to 255 bytes: \"%.60s\"", name);
    return true;
}

static bool is_stream_type(ir_program *p, const char *name, sinter_type type)
{
    if (type == SINTER_F32 || type == SINTER_F64 || type == SINTER_I32)
        return true;
    return refuse(p, "\"%.60s\" must have the type f32, f64 or i32", name);
}

static bool is_new_stream(ir_program *p, const ir_stream *list, uint32_t count, const char *name)
{
    for (uint32_t k = 0; k < count; k++)
        if (!strcmp(list[k].name, name))
            return refuse(p, "there is a stream \"%.60s\" already", name);
    return true;
}

sinter_value sinter_input(sinter_program *program, const char *name, sinter_type type)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_stream_type(p, name, type) || !is_new_stream(p, p->inputs, p->input_count, name))
        return 0;
    return sn_ir_emit(p, IR_INPUT, (ir_type)type, sn_ir_add_input(p, name, (ir_type)type), 0, 0);
}

sinter_value sinter_parameter(sinter_program *program, const char *name, sinter_type type, double initial, double low, double high)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_stream_type(p, name, type))
        return 0;
    for (uint32_t k = 0; k < p->param_count; k++)
        if (!strcmp(p->params[k].name, name))
            return refuse(p, "there is a parameter \"%.60s\" already", name);
    if (!(low <= high) || !(initial >= low && initial <= high))
        return refuse(p, "the range of \"%.60s\" is empty, or its initial value lies outside", name);
    const ir_param param = {.name = name, .type = (uint8_t)type, .initial = initial, .low = low, .high = high, .unit = ""};
    return sn_ir_emit(p, IR_PARAM, (ir_type)type, sn_ir_add_param(p, &param), 0, 0);
}

static bool is_value(ir_program *p, sinter_value value, const char *what)
{
    if (value && value < p->count && p->ops[value].type != IR_VOID)
        return true;
    return refuse(p, "%.60s: not a value of this program", what);
}

void sinter_smooth(sinter_program *program, sinter_value parameter, sinter_smoothing kind, double seconds)
{
    if (!program)
        return;
    ir_program *p = &program->ir;
    if (!is_value(p, parameter, "smooth"))
        return;
    const ir_op *op = &p->ops[parameter];
    if (op->code != IR_PARAM || op->type == IR_I32 || sn_ir_is_settled(op)) {
        refuse(p, "%.60s: not a parameter of type f32 or f64", "smooth");
        return;
    }
    ir_param *param = &p->params[op->a];
    if ((unsigned)kind > SINTER_GLIDE || (kind && !(seconds > 0 && seconds <= IR_MOST_SECONDS))) {
        refuse(p, "\"%.60s\" is smoothed over more than 0 and at most 1000 seconds, by a ramp or a glide", param->name);
        return;
    }
    param->smoothing = (uint8_t)kind;
    param->seconds = kind ? seconds : 0;
}

void sinter_output(sinter_program *program, const char *name, sinter_value value)
{
    if (!program)
        return;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_value(p, value, name) || !is_stream_type(p, name, (sinter_type)p->ops[value].type)
        || !is_new_stream(p, p->outputs, p->output_count, name))
        return;
    const uint32_t k = sn_ir_add_output(p, name, (ir_type)p->ops[value].type);
    sn_ir_emit(p, IR_OUTPUT, IR_VOID, value, k, 0);
}

void sinter_total(sinter_program *program, const char *name, sinter_value value)
{
    if (!program)
        return;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_value(p, value, name))
        return;
    for (uint32_t k = 0; k < p->total_count; k++)
        if (!strcmp(p->totals[k], name)) {
            refuse(p, "there is a total \"%.60s\" already", name);
            return;
        }
    const uint32_t k = sn_ir_add_total(p, name);
    sn_ir_emit(p, IR_SUM, IR_VOID, value, k, 0);
}

sinter_value sinter_f32(sinter_program *program, float value)
{
    return program ? sn_ir_f32(&program->ir, value) : 0;
}

sinter_value sinter_f64(sinter_program *program, double value)
{
    return program ? sn_ir_f64(&program->ir, value) : 0;
}

sinter_value sinter_i32(sinter_program *program, int32_t value)
{
    return program ? sn_ir_i32(&program->ir, value) : 0;
}

sinter_value sinter_index(sinter_program *program)
{
    return program ? sn_ir_emit(&program->ir, IR_INDEX, IR_F64, 0, 0, 0) : 0;
}

sinter_value sinter_emit(sinter_program *program, sinter_operation operation, sinter_value a, sinter_value b, sinter_value c)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if ((unsigned)operation >= IR_CODES)
        return refuse(p, "%.60s is no operation", "the number given");
    const ir_info *info = &sn_ir_info[operation];
    if ((info->kind != IR_KIND_PURE && info->kind != IR_KIND_MATH) || info->rule == IR_RULE_CONVERT)
        return refuse(p, "%.60s has a function of its own", info->name);
    const sinter_value given[3] = {a, b, c};
    for (unsigned k = 0; k < 3; k++) {
        if (k < info->operands && !is_value(p, given[k], info->name))
            return 0;
        if (k >= info->operands && given[k])
            return refuse(p, "%.60s takes fewer operands", info->name);
    }
    if (operation == (sinter_operation)IR_GUARD && p->ops[a].axes & ~(unsigned)(IR_AXIS_SEGMENT | IR_AXIS_TICK))
        return refuse(p, "%.60s: its mask must depend on parameters only", "guard");
    return sn_ir_emit(p, (ir_code)operation, IR_VOID, a, b, c);
}

sinter_value sinter_convert(sinter_program *program, sinter_value value, sinter_type type)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_value(p, value, "convert") || !is_stream_type(p, "convert", type))
        return 0;
    if (p->ops[value].type == (uint8_t)type)
        return value;
    return sn_ir_emit(p, IR_CVT, (ir_type)type, value, 0, 0);
}

/* ---- memory objects ---- */

static bool is_new_memory(ir_program *p, const char *name)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (!strcmp(p->memories[k].name, name))
            return refuse(p, "there is a table or line \"%.60s\" already", name);
    return true;
}

uint32_t sinter_table(sinter_program *program, const char *name, sinter_type type, const void *content, uint32_t length)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_new_memory(p, name))
        return 0;
    if (!content || length == 0 || length > MOST_LINE || type < SINTER_F32 || type > SINTER_I16 || type == SINTER_MASK)
        return refuse(p, "table \"%.60s\" must have content of f32, f64, i32, u8 or i16 and 1 to 2^28 elements", name);
    const ir_memory memory = {.name = name, .content = content, .length = length, .kind = IR_TABLE, .type = (uint8_t)type};
    return sn_ir_add_memory(p, &memory);
}

uint32_t sinter_bound_table(sinter_program *program, const char *name, sinter_type type)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_new_memory(p, name) || !is_stream_type(p, name, type))
        return 0;
    const ir_memory memory = {.name = name, .kind = IR_BOUND, .type = (uint8_t)type};
    return sn_ir_add_memory(p, &memory);
}

static bool is_memory(ir_program *p, uint32_t k, bool line)
{
    if (k < p->memory_count && (p->memories[k].kind == IR_LINE) == line)
        return true;
    return refuse(p, "not a %.20s of this program", line ? "delay line" : "table");
}

sinter_value sinter_load(sinter_program *program, uint32_t table, sinter_value index)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_memory(p, table, false) || !is_value(p, index, "load"))
        return 0;
    if (p->ops[index].type != IR_I32)
        return refuse(p, "%.60s: the index must be i32", "load");
    const ir_memory *m = &p->memories[table];
    const ir_ref zero = sn_ir_i32(p, 0);
    const ir_ref length = m->kind == IR_BOUND ? sn_ir_emit(p, IR_LENGTH, IR_I32, table, 0, 0) : sn_ir_i32(p, (int32_t)m->length);
    const ir_ref last = sn_ir_emit(p, IR_SUB, IR_I32, length, sn_ir_i32(p, 1), 0);
    const ir_ref inside = sn_ir_emit(p, IR_MIN, IR_I32, sn_ir_emit(p, IR_MAX, IR_I32, index, zero, 0), last, 0);
    return sn_ir_emit(p, IR_LOAD, IR_VOID, inside, table, 0);
}

uint32_t sinter_line(sinter_program *program, const char *name, sinter_type type, uint32_t length)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_name(p, name) || !is_new_memory(p, name) || !is_stream_type(p, name, type))
        return 0;
    if (length == 0 || length > MOST_LINE)
        return refuse(p, "line \"%.60s\" must have 1 to 2^28 elements", name);
    const ir_memory memory = {.name = name, .length = length, .shortest = 1, .kind = IR_LINE, .type = (uint8_t)type};
    return sn_ir_add_memory(p, &memory);
}

sinter_value sinter_read(sinter_program *program, uint32_t line, uint32_t delay)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_memory(p, line, true))
        return 0;
    if (delay == 0 || delay > p->memories[line].length)
        return refuse(p, "line \"%.60s\" is not that long (delays count from 1)", p->memories[line].name);
    return sn_ir_emit(p, IR_READ, IR_VOID, line, delay, 0);
}

sinter_value sinter_read_varying(sinter_program *program, uint32_t line, sinter_value delay)
{
    if (!program)
        return 0;
    ir_program *p = &program->ir;
    if (!is_memory(p, line, true) || !is_value(p, delay, "read"))
        return 0;
    return sn_ir_emit(p, IR_READV, IR_VOID, delay, line, 0);
}

/* A flag for each memory object that there is. */
static bool make_flags(sinter_program *program)
{
    const uint32_t old = program->written_count, count = 2 * program->ir.memory_count;
    if (old >= program->ir.memory_count)
        return true;
    uint8_t *grown = sn_arena_grow(program->ir.memory, program->written, old, count);
    if (!grown) {
        sn_ir_fail(&program->ir, SINTER_NO_MEMORY, "out of memory");
        return false;
    }
    memset(grown + old, 0, count - old);
    program->written = grown;
    program->written_count = count;
    return true;
}

void sinter_write(sinter_program *program, uint32_t line, sinter_value value)
{
    if (!program)
        return;
    ir_program *p = &program->ir;
    if (!is_memory(p, line, true) || !is_value(p, value, "write"))
        return;
    if (p->ops[value].type != p->memories[line].type) {
        refuse(p, "line \"%.60s\" has another type", p->memories[line].name);
        return;
    }
    if (!make_flags(program))
        return;
    if (program->written[line]) {
        refuse(p, "line \"%.60s\" is written already", p->memories[line].name);
        return;
    }
    program->written[line] = 1;
    sn_ir_emit(p, IR_WRITE, IR_VOID, value, line, 0);
}

/* ---- calls ---- */

static const sinter_node_type *copy_type(ir_program *p, const sinter_node_type *type, const char *name)
{
    sinter_node_type *copy = sn_arena_take(p->memory, sizeof *copy);
    const char *kept = sn_arena_copy_text(p->memory, name, strlen(name));
    if (!copy || !kept) {
        sn_ir_fail(p, SINTER_NO_MEMORY, "out of memory");
        return NULL;
    }
    *copy = *type;
    copy->name = kept;
    return copy;
}

static bool is_new_call(ir_program *p, const char *name)
{
    for (uint32_t k = 0; k < p->call_count; k++)
        if (!strcmp(p->calls[k].name, name))
            return refuse(p, "there is a call \"%.60s\" already", name);
    return true;
}

void sinter_call(sinter_program *program, const char *name, const sinter_node_type *type, const sinter_value *inputs, sinter_value *outputs)
{
    if (!program)
        return;
    ir_program *p = &program->ir;
    for (uint32_t k = 0; outputs && sn_node_type_is_valid(type) && k < type->outputs; k++)
        outputs[k] = 0;
    if (!is_name(p, name) || !is_new_call(p, name))
        return;
    if (!sn_node_type_is_valid(type) || type->emit || !outputs || (type->inputs && !inputs)) {
        refuse(p, "\"%.60s\": not a node that can be called", name);
        return;
    }
    sinter_value in[KERNEL_MOST_PORTS];
    for (uint32_t k = 0; k < type->inputs; k++) {
        if (!is_value(p, inputs[k], name))
            return;
        in[k] = sinter_convert(program, inputs[k], SINTER_F32);
    }
    const ir_call call = {name, copy_type(p, type, type->name ? type->name : name)};
    const uint32_t number = call.type ? sn_ir_add_call(p, &call) : 0;
    for (uint32_t k = 0; k < type->inputs && !p->status; k++)
        sn_ir_emit(p, IR_ARGUMENT, IR_VOID, in[k], number, k);
    for (uint32_t k = 0; k < type->outputs && !p->status; k++)
        outputs[k] = sn_ir_emit(p, IR_RESULT, IR_F32, number, k, 0);
}
