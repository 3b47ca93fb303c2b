/* The pipeline: a front end's program, passes, plan, code.
 *
 * Front ends append with the local rules switched on, so identities and constants are gone before a pass runs; the passes that are left
 * run only where there is something for them. Machine code is written into working memory and copied once, into code memory that was mapped
 * in advance. Interpreted kernels keep the plan's operations; the others keep one block of tables (image.c). */
#include "kernel/kernels.h"

#include "base/cpu.h"
#include "ir/scanner.h"
#include "kernel/kept_programs.h"
#include "opt/opt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#if SINTER_JIT
#include "code/x64/x64.h"
#endif

/* The member of the options that has a value which it cannot have; NULL: there is none. */
static const char *wrong_option(const sinter_options *o)
{
    if (o->fixed_count && (!o->fixed_names || !o->fixed_values))
        return o->fixed_names ? "fixed_values" : "fixed_names";
    for (uint32_t k = 0; k < o->fixed_count; k++)
        if (!o->fixed_names[k] || isnan(o->fixed_values[k]))
            return o->fixed_names[k] ? "fixed_values" : "fixed_names";
    for (uint32_t k = 0; k < o->gradient_count; k++)
        if (!o->gradient || !o->gradient[k])
            return "gradient";
    const struct {
        const char *name;
        unsigned value, most;
    } choices[] = {
        {"source", (unsigned)o->source, SINTER_DENSITY}, {"drop", (unsigned)o->drop, SINTER_DROP_THETA},
        {"domain", (unsigned)o->domain, SINTER_GRID}, {"grade", (unsigned)o->grade, SINTER_GRADE_FAST},
        {"rewriting", (unsigned)o->rewriting, SINTER_RELAXED}, {"gradient_mode", (unsigned)o->gradient_mode, SINTER_GRADIENT_REVERSE},
        {"type", (unsigned)o->type, SINTER_F64}, {"engine", (unsigned)o->engine, SINTER_ENGINE_NEON},
        {"lanes", o->lanes, 16},
    };
    for (size_t k = 0; k < sizeof choices / sizeof *choices; k++)
        if (choices[k].value > choices[k].most)
            return choices[k].name;
    const uint32_t lanes = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 8 | 1u << 16;
    return lanes >> o->lanes & 1 ? NULL : "lanes";
}

static sinter_status fail_option(sinter_report *report, const char *name)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "the option %s has a value that it cannot have", name);
    return sn_report_fail(report, SINTER_BAD_ARGUMENT, message, NULL);
}

sinter_status sn_kernel_begin(compilation *c, sinter_context *context, const sinter_options *options, sinter_report *report)
{
    memset(c, 0, sizeof *c);
    sn_report_open(report, options ? options->name : NULL);
    c->report = report;
    if (!context)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no context was given", NULL);
    const char *wrong = options ? wrong_option(options) : NULL;
    if (wrong)
        return fail_option(report, wrong);
    if (options)
        c->options = *options;
    if (!c->options.type)
        c->options.type = c->options.source == SINTER_DENSITY ? SINTER_F64 : SINTER_F32;
    c->relaxed = c->options.rewriting ? c->options.rewriting == SINTER_RELAXED : c->options.source == SINTER_PATCH;
    c->engine = sn_engine_choose(c->options.engine, context->code, &c->engine_reason);
    if (c->engine == SINTER_ENGINE_AUTO) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "the engine %s cannot run here: %s", sinter_engine_name(c->options.engine), c->engine_reason);
        return sn_report_fail(report, SINTER_NO_ENGINE, message, "`sinter doctor` lists what this machine has; without a name the best is taken");
    }
    if (pthread_mutex_lock(&context->compiling))
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "a node type's callback cannot use the context that calls it", NULL);
    c->context = context;
    c->mode = sn_float_mode_enter();
    sn_arena_open(&c->own, &context->allocator);
    c->memory = c->engine == SINTER_ENGINE_INTERP ? &c->own : &context->scratch;
    sn_ir_open(&c->program, c->memory, IR_IDENTITY | IR_FOLD | (c->relaxed ? IR_RELAXED : 0) | (c->options.gradient_count ? 0 : IR_SIGNS));
    return SINTER_OK;
}

void sn_kernel_end(compilation *c)
{
    if (!c->context)
        return;
    sn_arena_close(&c->own);
    sn_arena_rewind(&c->context->scratch);
    sn_arena_rewind(&c->context->loops);
    sn_float_mode_leave(c->mode);
    pthread_mutex_unlock(&c->context->compiling);
}

static sinter_status program_error(compilation *c)
{
    return sn_report_fail(c->report, c->program.status, c->program.message, NULL);
}

static sinter_status verified(compilation *c, const char *after)
{
#if SINTER_VERIFY
    const char *violation = sn_ir_verify(&c->program, c->memory);
    if (violation && c->memory->failed)
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    if (violation && !c->program.status) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "after %s: %.150s", after, violation);
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, NULL);
    }
#else
    (void)after;
#endif
    return c->program.status ? program_error(c) : SINTER_OK;
}

static void replace(compilation *c, const ir_program *by)
{
    c->program = *by;
}

static sinter_status fix_parameters(compilation *c, uint32_t rules)
{
    const sinter_options *o = &c->options;
    ir_program out;
    uint32_t unknown = 0;
    if (!sn_opt_fix(&c->program, &out, c->memory, rules, o->fixed_names, o->fixed_values, o->fixed_count, &unknown)) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "there is no parameter \"%.80s\"", o->fixed_names[unknown]);
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, NULL);
    }
    replace(c, &out);
    return verified(c, "fixing parameters");
}

static sinter_status unknown_variable(const compilation *c, const char *name)
{
    const ir_program *p = &c->program;
    const size_t length = strlen(name);
    char message[SINTER_MESSAGE_SIZE], hint[SINTER_MESSAGE_SIZE];
    nearest n = {.wanted = {name, name + length}, .distance = length < 32 ? (unsigned)(length + 1) / 3 + 1 : 0};
    for (uint32_t k = 0; k < p->input_count; k++)
        sn_ir_compare_text(&n, p->inputs[k].name);
    for (uint32_t k = 0; k < p->param_count; k++)
        sn_ir_compare_text(&n, p->params[k].name);
    snprintf(message, sizeof message, "there is no input or parameter \"%.80s\" to differentiate by", name);
    return sn_report_fail(c->report, SINTER_BAD_ARGUMENT, message, sn_ir_hint(&n, hint, sizeof hint));
}

/* What is dead, or could be simpler now, may be left. */
static sinter_status add_gradient(compilation *c)
{
    const sinter_options *o = &c->options;
    const opt_gradient wanted = {o->gradient, o->gradient_count, c->free_names, (opt_gradient_mode)o->gradient_mode, .gives_up = true,
                                 .tells_nan = o->source == SINTER_DENSITY && !o->sum && !c->of_terms};
    ir_program out;
    uint32_t unknown = 0;
    if (!sn_opt_gradient(&c->program, &out, c->memory, c->program.rules | IR_SIGNS, &wanted, &unknown))
        return unknown_variable(c, o->gradient[unknown]);
    replace(c, &out);
    return verified(c, "the gradient");
}

sinter_status sn_kernel_gradient(compilation *c)
{
    if (!c->options.gradient_count)
        return SINTER_OK;
    ir_program out;
    const sinter_status status = add_gradient(c);
    if (status)
        return status;
    sn_opt_rebuild(&c->program, &out, c->memory, c->program.rules, NULL, NULL);
    replace(c, &out);
    return verified(c, "what the gradient left");
}

void sn_kernel_mark_grade(compilation *c)
{
    ir_program *p = &c->program;
    for (ir_ref r = 1; c->options.grade == SINTER_GRADE_FAST && r < p->count; r++)
        if (sn_ir_info[p->ops[r].code].kind == IR_KIND_MATH)
            p->ops[r].flags |= IR_FLAG_FAST;
}

static sinter_status named_passes(compilation *c)
{
    size_t length;
    const char *unknown = sn_opt_run(&c->program, c->memory, c->options.passes, c->relaxed, NULL, &length);
    if (unknown) {
        char message[SINTER_MESSAGE_SIZE];
        snprintf(message, sizeof message, "there is no pass \"%.*s\"", (int)(length < 80 ? length : 80), unknown);
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, "passes: identity, fold, affine, expand, hoist, dce");
    }
    return verified(c, "the passes");
}

/* A grid hands over its region, z and t, and nothing else. */
static sinter_status check_grid(compilation *c)
{
    const ir_program *p = &c->program;
    char message[SINTER_MESSAGE_SIZE];
    if (c->options.sum || p->total_count)
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, "a total cannot be taken over a grid", NULL);
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind != IR_TABLE && p->memories[k].kind != IR_BOUND) {
            snprintf(message, sizeof message, "on a grid there is no state: \"%.80s\"", p->memories[k].name);
            return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, NULL);
        }
    for (ir_ref r = 1; r < p->count; r++) {
        if (p->ops[r].code == IR_INDEX)
            return sn_report_fail(c->report, SINTER_BAD_PROGRAM, "on a grid elements have no index", NULL);
        if (p->ops[r].code == IR_INPUT) {
            snprintf(message, sizeof message, "on a grid there is no input \"%.80s\"", p->inputs[p->ops[r].a].name);
            return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, "a grid gives x, y, z and t");
        }
    }
    return SINTER_OK;
}

static uint32_t count_names(const char *names)
{
    uint32_t count = 0;
    for (const char *at = names + strspn(names, " "); *at; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        count++;
    }
    return count;
}

/* Parameters that are streams, and terms that are left out. */
sinter_status sn_kernel_shape_density(compilation *c)
{
    const sinter_options *o = &c->options;
    const uint32_t rules = o->passes ? 0 : c->program.rules;
    ir_program out;
    if (o->arrays) {
        size_t length = 0;
        const char *unknown = sn_opt_stream(&c->program, &out, c->memory, rules, o->arrays, &length);
        if (unknown) {
            char message[SINTER_MESSAGE_SIZE];
            snprintf(message, sizeof message, "there is no parameter \"%.*s\" that could be an array", (int)(length < 80 ? length : 80), unknown);
            return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, "each may be named once");
        }
        replace(c, &out);
    }
    if (o->drop && !c->program.status) {
        sn_opt_drop(&c->program, &out, c->memory, rules, o->drop == SINTER_DROP_THETA, o->arrays ? count_names(o->arrays) : 0);
        replace(c, &out);
    }
    return verified(c, "arrays and terms left out");
}

sinter_status sn_kernel_passes(compilation *c)
{
    uint32_t rules = c->options.passes ? 0 : c->program.rules;
    sinter_status status = verified(c, "the front end");
    ir_program out;
    if (!status && (c->options.arrays || c->options.drop))
        status = sn_kernel_shape_density(c);
    const bool derives = c->options.gradient_count > 0, knew_slopes = c->program.slope_count > 0;
    if (!status && derives) {
        status = c->options.passes ? sn_kernel_gradient(c) : add_gradient(c);
        rules |= c->options.passes ? 0 : IR_SIGNS;
    }
    if (!status && c->options.fixed_count)
        status = fix_parameters(c, rules);
    c->public_params = c->program.param_count;
    if (!status && c->options.domain == SINTER_GRID) {
        sn_opt_grid(&c->program, &out, c->memory, rules);
        replace(c, &out);
        status = verified(c, "grid");
        if (!status)
            status = check_grid(c);
    }
    if (!status && c->options.sum) {
        sn_opt_total(&c->program, &out, c->memory, rules);
        replace(c, &out);
        status = verified(c, "total");
    }
    if (!status)
        sn_kernel_mark_grade(c);
    if (!status && c->options.passes)
        return named_passes(c);
    if (!status && c->relaxed && sn_opt_has_functions_of_constants(&c->program)) {
        sn_opt_expand_constants(&c->program, &out, c->memory, rules, &c->context->templates);
        replace(c, &out);
        status = verified(c, "functions of constants");
    }
    if (!status && c->relaxed) {
        sn_opt_affine(&c->program, &out, c->memory, rules);
        replace(c, &out);
        status = verified(c, "affine");
    }
    if (!status && ((derives && !knew_slopes) || sn_opt_needs_expansion(&c->program))) {
        (derives ? sn_opt_expand_derived : sn_opt_expand)(&c->program, &out, c->memory, rules & ~(uint32_t)IR_RELAXED, &c->context->templates);
        replace(c, &out);
        status = verified(c, "expand");
    }
    return status;
}

static sinter_status make_plan(compilation *c, const ir_program *program, plan *p)
{
    const unsigned how = c->always_moves ? PLAN_SOON : c->relaxed && program == &c->program ? PLAN_LOOK_AHEAD : 0;
    const sinter_status status = sn_plan_make(p, program, how, c->memory);
    if (!status)
        return SINTER_OK;
    if (status == SINTER_BAD_PROGRAM)
        return sn_report_fail(c->report, status, "a call is on a cycle through a line that is flushed at ticks", "leave out `flush`");
    return sn_report_fail(c->report, status, status == SINTER_TOO_LARGE ? "the program has more than 2 GiB of state or of values between loops, or more than 65,000 loops"
                          : "out of memory", NULL);
}

bool sn_kernel_smooths(const compilation *c)
{
    return c->options.domain != SINTER_GRID && c->program.total_count == 0 && sn_opt_is_smoothed(&c->program);
}

sinter_status sn_kernel_plan_moving(compilation *c, plan *p)
{
    ir_program moving;
    sn_opt_move(&c->program, &moving, c->memory);
    if (sn_opt_needs_expansion(&moving))
        sn_opt_expand(&moving, &c->moving, c->memory, 0, &c->context->templates);
    else
        c->moving = moving;
    if (c->moving.status)
        return sn_report_fail(c->report, c->moving.status, c->moving.message, NULL);
#if SINTER_VERIFY
    const char *violation = sn_ir_verify(&c->moving, c->memory);
    if (violation && !c->memory->failed)
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, violation, "after smooth");
#endif
    return make_plan(c, &c->moving, p);
}

static sinter_status refuse_calls(compilation *c, const char *where)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "'%.80s' is a function in C, which %s cannot call", c->program.calls[0].type->name, where);
    return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, NULL);
}

static sinter_status check_program(compilation *c)
{
    if (sn_opt_needs_expansion(&c->program)) { /* named passes may have left it out */
        ir_program out;
        sn_opt_expand(&c->program, &out, c->memory, 0, NULL);
        replace(c, &out);
    }
    if (c->program.status)
        return program_error(c);
    if (c->program.call_count && (c->program.total_count || c->options.domain == SINTER_GRID))
        return refuse_calls(c, c->program.total_count ? "a program with totals" : "a grid");
    if (c->program.total_count > KERNEL_MOST_TOTALS)
        return sn_report_fail(c->report, SINTER_TOO_LARGE, "a program has at most 64 totals, derivatives included", NULL);
    return SINTER_OK;
}

sinter_status sn_kernel_plan(compilation *c, plan *p)
{
    const sinter_status status = check_program(c);
    return status ? status : make_plan(c, &c->program, p);
}

/* ---- code ---- */

static const char *no_function(const compilation *c, const plan *p)
{
    const ir_program *program = p->program;
    uint32_t loops = 0;
    for (uint32_t k = 0; k < p->loop_count; k++)
        loops += p->loops[k].rate == PLAN_ELEMENT;
    if (c->engine == SINTER_ENGINE_INTERP)
        return "the interpreter has no machine code";
    if (!c->options.function && p->operations > KERNEL_SMALL_FUNCTION)
        return "a program of more than 64 operations has one if the options ask for it";
    if (p->call_count)
        return "it calls functions in C, which are called for many elements at once";
    if (p->stateful || p->grid || p->reads_index || loops != 1 || program->total_count)
        return "it is a function of one element only where there is no state, no grid, no index and no total";
    if (program->output_count != 1 || program->input_count > 8)
        return "it needs exactly one output and at most 8 inputs";
    if (p->loops[p->loop_count - 1].guard)
        return "it has two bodies, one of which the parameters choose";
    for (uint32_t k = 0; k < program->memory_count; k++)
        if (program->memories[k].kind == IR_BOUND)
            return "its tables are bound with each call";
    if (program->param_count == 0 && p->loop_count > 1)
        return "part of it is computed once, and functions without parameters are given no frame to find it in";
    for (uint32_t k = 0; k < program->input_count; k++)
        if (program->inputs[k].type == IR_I32)
            return "i32 streams have no place in its argument list";
    if (program->outputs[0].type == IR_I32)
        return "i32 streams have no place in its argument list";
    return NULL;
}

#if SINTER_JIT
typedef struct code_job {
    const compilation *c;
    const plan *plan;
    x64_output out;
    x64_options options;
    x64_function *functions; /* two per loop, then the function of one element */
} code_job;

static unsigned bodies_of(const plan_loop *loop)
{
    return loop->routine ? 0 : loop->guard ? 2 : 1;
}

/* Where the constant tables of the kernel lie. */
static const void **table_addresses(const plan *p, const sinter_kernel *k, arena *memory)
{
    const void **addresses = sn_arena_take(memory, (p->program->memory_count + 1) * sizeof *addresses);
    for (uint32_t i = 0; addresses && i < p->program->memory_count; i++)
        addresses[i] = k->tables[i].content;
    return addresses;
}

static sinter_status write_code(code_job *j, const sinter_kernel *kernel, bool function)
{
    const plan *p = j->plan;
    arena *memory = j->c->memory;
    j->functions = sn_arena_take_zeroed(memory, (2 * (size_t)p->loop_count + 1) * sizeof *j->functions);
    j->options.tables = table_addresses(p, kernel, memory);
    if (!j->functions || !j->options.tables)
        return SINTER_NO_MEMORY;
    sn_x64_output_open(&j->out, memory, &j->c->context->loops);
    for (uint32_t k = 0; k < p->loop_count; k++)
        for (unsigned side = 0; side < bodies_of(&p->loops[k]); side++)
            j->functions[2 * k + side] = sn_x64_loop(&j->out, p, &p->loops[k], &p->loops[k].body[side], &j->options);
    if (function) {
        uint32_t last = p->loop_count - 1;
        j->functions[2 * p->loop_count] = sn_x64_function(&j->out, p, &p->loops[last], &p->loops[last].body[0], &j->options);
    }
    if (j->out.violation && j->out.status == SINTER_BAD_PROGRAM)
        sn_report_fail(j->c->report, SINTER_BAD_PROGRAM, j->out.violation, "a mistake of register allocation, not of the program");
    return j->out.status;
}

/* Constants lie at a distance that is known only now. */
static void copy_code(const machine_code *code, const code_block *block)
{
    memcpy(block->write, code->code, code->size);
    for (uint32_t k = 0; k < code->reference_count; k++) {
        const uint32_t place = code->references[k];
        const int64_t distance = (int64_t)(intptr_t)(block->pool + X64_POOL_BIAS) - (int64_t)(intptr_t)(block->run + place + 4);
        const int32_t near = (int32_t)distance;
        memcpy(block->write + place, &near, 4);
    }
    if (code->pool_size)
        memcpy(block->pool_write, code->pool, code->pool_size);
}

/* Tables are each kernel's own. */
static void copy_addresses(const machine_code *code, const sinter_kernel *k)
{
    for (uint32_t i = 0; code->addresses && i < k->table_count; i++)
        if (code->addresses[i])
            memcpy(k->block.pool_write + code->addresses[i] - 1, &k->tables[i].content, sizeof k->tables[i].content);
}

/* Gives the code a place in code memory and the kernel its addresses. */
static sinter_status place_code(const compilation *c, const plan *p, const machine_code *code, sinter_kernel *k)
{
    sinter_status status = sn_exec_reserve(c->context->code, code->size, code->pool_size ? code->pool_size : 1, &k->block);
    if (status)
        return status;
    copy_code(code, &k->block);
    copy_addresses(code, k);
    const uint8_t *run = k->block.run;
    status = sn_exec_publish(c->context->code, &k->block, code->size, c->options.name ? c->options.name : "expression");
    if (status)
        return status;
    for (uint32_t i = 0; i < p->loop_count; i++)
        for (unsigned side = 0; side < bodies_of(&p->loops[i]); side++)
            k->loops[i].code[side] = (kernel_code)(uintptr_t)(run + code->starts[2 * i + side]);
    if (!k->function_reason)
        k->function = (sinter_function)(uintptr_t)(run + code->starts[2 * p->loop_count]);
    k->opens_blocks = code->opens_blocks;
    k->folds_sums = code->folds_sums;
    return SINTER_OK;
}

static bool keep_parts(sinter_kernel *k, const code_job *j, arena *memory);

/* Masks of four bits have no instructions of their own in AVX-512. */
static x64_isa isa_of(const compilation *c)
{
    const uint32_t lanes = c->options.lanes;
    if (c->engine == SINTER_ENGINE_SCALAR || lanes == 1)
        return X64_ONE_LANE;
    return c->engine == SINTER_ENGINE_AVX512 && (!lanes || lanes >= 8) ? X64_AVX512 : X64_AVX2;
}

/* What was written, as one piece. */
static sinter_status take_code(const code_job *j, machine_code *code)
{
    const size_t count = 2 * (size_t)j->plan->loop_count + 1;
    uint32_t *starts = sn_arena_take(j->c->memory, count * sizeof *starts);
    if (!starts)
        return SINTER_NO_MEMORY;
    bool opens_blocks = true, folds_sums = true;
    for (size_t k = 0; k < count; k++) {
        starts[k] = j->functions[k].start;
        opens_blocks &= !j->functions[k].reads_sums;
        folds_sums &= !j->functions[k].leaves_sums;
    }
    *code = (machine_code){.code = j->out.code, .size = j->out.size, .pool = j->out.pool.bytes, .pool_size = j->out.pool.size,
                           .references = j->out.pool_references, .reference_count = j->out.pool_reference_count, .addresses = j->out.pool.addresses, .starts = starts,
                           .opens_blocks = opens_blocks, .folds_sums = folds_sums};
    return SINTER_OK;
}

static sinter_status make_code(const compilation *c, const plan *p, sinter_kernel *k)
{
    code_job j = {.c = c, .plan = p};
    machine_code code;
    j.options = (x64_options){.isa = isa_of(c), .most_lanes = (uint8_t)c->options.lanes, .byte_permutations = sn_cpu_features() & CPU_AVX512VBMI,
                              .random = c->options.random ? c->options.random : 1, .marks = c->options.marks};
#if SINTER_HOSTILE
    j.options.most_registers = 9;
#endif
    k->function_reason = no_function(c, p);
    sinter_status status = write_code(&j, k, !k->function_reason);
    if (!status)
        status = take_code(&j, &code);
    if (!status)
        status = place_code(c, p, &code, k);
    if (status)
        return status;
    sn_kernel_keep_program(c, &c->key, p, &code, k->function_reason);
    if (c->options.marks) {
        sn_arena_open(&k->own, &c->context->allocator);
        if (!keep_parts(k, &j, &k->own))
            return SINTER_NO_MEMORY;
    }
    return SINTER_OK;
}

/* ---- what `dump --asm` shows ---- */

static const char *mark_text(const plan_body *body, uint32_t operation, arena *memory)
{
    if (!operation || operation >= body->count)
        return "";
    const ir_op *op = &body->ops[operation];
    const ir_info *info = &sn_ir_info[op->code];
    char text[96];
    int at = snprintf(text, sizeof text, "%%%u = %s %s", operation, info->name, sn_ir_type_name(op->type));
    const uint32_t operands[3] = {op->a, op->b, op->c};
    for (unsigned k = 0; k < (unsigned)info->operands + info->immediates && k < 3; k++)
        at += snprintf(text + at, sizeof text - (size_t)at, k < info->operands ? " %%%u" : " %u", operands[k]);
    return sn_arena_copy_text(memory, text, (size_t)at);
}

static bool add_part(sinter_kernel *k, const code_job *j, const x64_function *f, const plan_body *body, const char *name, uint32_t *mark,
                     arena *memory)
{
    sinter_code_part *part = &k->parts[k->part_count++];
    *part = (sinter_code_part){.name = name, .address = k->block.run + f->start, .size = f->size};
    const uint32_t first = *mark;
    while (*mark < j->out.mark_count && j->out.marks[*mark].at < f->start + f->size)
        ++*mark;
    sinter_code_mark *marks = sn_arena_take(memory, (*mark - first + 1) * sizeof *marks);
    if (!marks)
        return false;
    part->marks = marks;
    part->mark_count = *mark - first;
    for (uint32_t i = first; i < *mark; i++) {
        const char *text = mark_text(body, j->out.marks[i].operation, memory);
        if (!text)
            return false;
        marks[i - first] = (sinter_code_mark){j->out.marks[i].at - f->start, text};
    }
    return true;
}

static bool keep_parts(sinter_kernel *k, const code_job *j, arena *memory)
{
    static const char *const rates[] = {"segment", "column", "row", "element"};
    const plan *p = j->plan;
    k->parts = sn_arena_take(memory, (2 * (size_t)p->loop_count + 1) * sizeof *k->parts);
    if (!k->parts)
        return false;
    uint32_t mark = 0;
    for (uint32_t i = 0; i < p->loop_count; i++)
        for (unsigned side = 0; side < bodies_of(&p->loops[i]); side++) {
            char name[64];
            const int length = snprintf(name, sizeof name, "loop %u (%s)%s%s", i, rates[p->loops[i].rate], side ? ", guarded" : "",
                                        p->program == &j->c->moving ? ", moving" : "");
            const char *kept = sn_arena_copy_text(memory, name, (size_t)length);
            if (!kept || !add_part(k, j, &j->functions[2 * i + side], &p->loops[i].body[side], kept, &mark, memory))
                return false;
        }
    if (!k->function_reason)
        return add_part(k, j, &j->functions[2 * p->loop_count], &p->loops[p->loop_count - 1].body[0], "function of one element", &mark, memory);
    return true;
}
#else
static sinter_status make_code(const compilation *c, const plan *p, sinter_kernel *k)
{
    k->function_reason = no_function(c, p);
    return SINTER_NO_ENGINE;
}

static sinter_status place_code(const compilation *c, const plan *p, const machine_code *code, sinter_kernel *k)
{
    (void)c, (void)p, (void)code, (void)k;
    return SINTER_NO_ENGINE;
}
#endif

static sinter_status interpret(compilation *c, const plan *p, sinter_kernel *k)
{
    interp_code *code;
    const sinter_status status = sn_interp_prepare(p, c->memory, &code);
    if (status)
        return status;
    k->interpreted = code;
    k->interp_workspace = sn_interp_workspace(code);
    k->function_reason = no_function(c, p);
    return SINTER_OK;
}

static void settle_calls(sinter_kernel *k)
{
    k->simple = k->loop_count == 1 && k->loops[0].code[0] && !k->loops[0].guard && k->frame.count <= KERNEL_SIMPLE_SLOTS
                && !k->param_count && !k->table_count && !k->buffer_count && k->total_count <= KERNEL_SIMPLE_TOTALS && !k->grid && !k->stateful;
    k->stack = (size_t)k->frame.count * 8 + 128 + sn_kernel_workspace(k);
}

/* Everything but what interpreted kernels keep. */
static sinter_status make_kernel(compilation *c, const plan *p, sinter_kernel **kernel)
{
    sinter_kernel *k = sn_kernel_image(c, p);
    if (!k)
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    const sinter_status status = c->engine == SINTER_ENGINE_INTERP ? interpret(c, p, k) : make_code(c, p, k);
    if (status) {
        sinter_kernel_close(k);
        return status;
    }
    settle_calls(k);
    *kernel = k;
    return SINTER_OK;
}

/* By which the seconds of smoothing are counted: the parameter `rate`, which may have been compiled as a constant. */
static void find_rate(const compilation *c, sinter_kernel *k)
{
    k->rate_parameter = sinter_parameter_number(k, "rate");
    k->rate = 48000;
    for (uint32_t i = 0; i < c->options.fixed_count; i++)
        if (!strcmp(c->options.fixed_names[i], "rate"))
            k->rate = c->options.fixed_values[i];
}

/* Both programs keep the same lines, whatever each of them makes of one, and make the same calls; but one that looks ahead has lines behind these. */
static bool same_state(const sinter_kernel *a, const sinter_kernel *b)
{
    bool same = a->line_count == b->line_count + a->ahead_count && a->call_count == b->call_count;
    for (uint32_t i = 0; same && i < b->line_count; i++)
        same = a->lines[i].memory == b->lines[i].memory && a->lines[i].length == b->lines[i].length && a->lines[i].type == b->lines[i].type;
    return same;
}

static sinter_status add_moving(compilation *c, sinter_kernel *k)
{
    plan p;
    sinter_status status = sn_kernel_plan_moving(c, &p);
    if (!status)
        status = make_kernel(c, &p, &k->moving);
    if (!status && !same_state(k, k->moving))
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, "the moving program has another state", "a mistake of the planner, not of the program");
    return status;
}

/* Parameters that rest have their values in the moving program too, bit for bit; it only costs more to run than to have another for that. */
static sinter_status finish(compilation *c, sinter_kernel **kernel)
{
    plan p;
    sinter_kernel *k;
    sinter_status status = check_program(c);
    const bool smooths = !status && sn_kernel_smooths(c), always_moving = smooths && c->always_moves;
    if (!status)
        status = always_moving ? sn_kernel_plan_moving(c, &p) : make_plan(c, &c->program, &p);
    if (!status)
        status = make_kernel(c, &p, &k);
    if (status)
        return status;
    k->always_moving = always_moving;
    find_rate(c, k);
    if (smooths && !always_moving)
        status = add_moving(c, k);
    if (status) {
        sinter_kernel_close(k);
        return status;
    }
    if (c->engine == SINTER_ENGINE_INTERP) { /* the kernel's own from now on */
        k->own = c->own;
        c->own = (arena){.allocator = c->own.allocator};
    }
    *kernel = k;
    return SINTER_OK;
}

/* The kernel of a program whose code is kept. */
static sinter_status revive(compilation *c, const kept_program *kept, sinter_kernel **kernel)
{
    ir_program program = c->program;
    plan p = kept->plan;
    program.outputs = kept->streams.outputs;
    program.totals = kept->streams.totals;
    program.total_maps = kept->streams.total_maps;
    program.memories = kept->streams.memories;
    program.memory_count = kept->streams.memory_count;
    program.output_count = kept->streams.output_count;
    program.total_count = kept->streams.total_count;
    p.program = &program;
    c->public_params = program.param_count;
    sinter_kernel *k = sn_kernel_image(c, &p);
    if (!k)
        return SINTER_NO_MEMORY;
    k->function_reason = kept->function_reason;
    const sinter_status status = place_code(c, &p, &kept->code, k);
    if (status) {
        sinter_kernel_close(k);
        return status;
    }
    settle_calls(k);
    find_rate(c, k);
    *kernel = k;
    return SINTER_OK;
}

static sinter_status compile_once(sinter_context *context, const sinter_options *options, kernel_front front, void *source,
                                  sinter_kernel **kernel, sinter_report *report, bool *code_failed)
{
    compilation c;
    sinter_status status = sn_kernel_begin(&c, context, options, report);
    const int reported = report ? report->total : 0;
    if (!status)
        status = front(&c, source);
    if (!status)
        c.key = sn_kernel_key_of(&c);
    const kept_program *kept = status ? NULL : sn_kernel_find_program(&c, &c.key);
    if (!status && !kept)
        status = sn_kernel_passes(&c);
    if (!status) {
        status = kept ? revive(&c, kept, kernel) : finish(&c, kernel);
        /* No room for code: not the program's fault, and the interpreter has room. */
        *code_failed = c.engine != SINTER_ENGINE_INTERP && c.options.engine == SINTER_ENGINE_AUTO
                       && (status == SINTER_TOO_LARGE || status == SINTER_NO_ENGINE) && (!report || report->total == reported);
    }
    if (status && !*code_failed && report && report->total == 0)
        sn_report_fail(report, status, status == SINTER_NO_MEMORY ? "out of memory" : status == SINTER_TOO_LARGE
                       ? "code memory is full, or the program needs more than 256 KiB of stack" : sinter_status_name(status), NULL);
    sn_kernel_end(&c);
    return status;
}

sinter_status sn_kernel_compile(sinter_context *context, const sinter_options *options, kernel_front front, void *source,
                                sinter_kernel **kernel, sinter_report *report)
{
    if (!kernel) {
        sn_report_open(report, options ? options->name : NULL);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "there is no place for the kernel", NULL);
    }
    *kernel = NULL;
    bool code_failed = false;
    const sinter_status status = compile_once(context, options, front, source, kernel, report, &code_failed);
    if (!code_failed)
        return status;
    sinter_options interpreted = options ? *options : (sinter_options){0};
    interpreted.engine = SINTER_ENGINE_INTERP;
    const sinter_status again = compile_once(context, &interpreted, front, source, kernel, report, &code_failed);
    if (!again)
        (*kernel)->engine_reason = "there was no room for its machine code";
    return again;
}

/* ---- programs built by calls ---- */

static sinter_status copy_program(compilation *c, void *source)
{
    const sinter_program *p = source;
    if (p->ir.status)
        return sn_report_fail(c->report, p->ir.status, p->ir.message, NULL);
    if (p->ir.output_count + p->ir.total_count == 0)
        return sn_report_fail(c->report, SINTER_BAD_PROGRAM, "the program has no output", "sinter_output or sinter_total names a result");
    const uint32_t rules = c->options.passes ? 0 : c->program.rules;
    sn_opt_rebuild(&p->ir, &c->program, c->memory, rules, NULL, NULL);
    /* The verifier is for bugs of passes; a program from outside is always verified. */
    const char *violation = c->program.status ? NULL : sn_ir_verify(&c->program, c->memory);
    if (violation && c->memory->failed)
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    return violation ? sn_report_fail(c->report, SINTER_BAD_PROGRAM, violation, NULL) : SINTER_OK;
}

sinter_status sinter_compile_program(sinter_context *context, const sinter_program *program, const sinter_options *options,
                                     sinter_kernel **kernel, sinter_report *report)
{
    if (!program) {
        if (kernel)
            *kernel = NULL;
        sn_report_open(report, options ? options->name : NULL);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no program was given", NULL);
    }
    sinter_program copy = *program; /* compiling changes nothing of it */
    return sn_kernel_compile(context, options, copy_program, &copy, kernel, report);
}

/* ---- kernels ---- */

void sinter_kernel_close(sinter_kernel *k)
{
    if (!k)
        return;
    sinter_kernel_close(k->moving);
    sn_exec_release(k->context->code, &k->block);
    sn_arena_close(&k->own);
    const sinter_allocator a = k->context->allocator;
    sn_release(&a, k, k->block_size);
}

sinter_function sinter_kernel_function(const sinter_kernel *kernel, const char **reason)
{
    if (reason)
        *reason = !kernel ? "no kernel was given" : kernel->function_reason ? kernel->function_reason : "";
    return kernel ? kernel->function : NULL;
}

bool sinter_kernel_code(const sinter_kernel *kernel, uint32_t k, sinter_code_part *part)
{
    if (!kernel || !part)
        return false;
    if (k >= kernel->part_count)
        return sinter_kernel_code(kernel->moving, k - kernel->part_count, part);
    *part = kernel->parts[k];
    return true;
}
