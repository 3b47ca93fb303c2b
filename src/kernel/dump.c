/* Looking inside: the front half of the pipeline, printed. */
#include "kernel/kernels.h"

#include "base/cpu.h"
#include "base/text.h"
#include "code/c/export_c.h"
#include "opt/opt.h"

#include <stdio.h>
#include <string.h>

static sinter_status named_passes(compilation *c, const char *names, text *log)
{
    size_t length;
    const char *unknown = sn_opt_run(&c->program, c->memory, names, c->relaxed, log, &length);
    if (!unknown)
        return c->program.status ? sn_report_fail(c->report, c->program.status, c->program.message, NULL) : SINTER_OK;
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "there is no pass \"%.*s\"", (int)(length < 80 ? length : 80), unknown);
    return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, "passes: identity, fold, affine, expand, hoist, dce");
}

static unsigned vector_bytes(sinter_engine engine)
{
    return engine == SINTER_ENGINE_AVX512 ? 64 : engine == SINTER_ENGINE_AVX2 ? 32 : engine == SINTER_ENGINE_NEON ? 16 : 0;
}

static void write_one_plan(const compilation *c, sinter_dump_kind kind, const plan *p, text *out)
{
    const plan_machine machine = {sinter_engine_name(c->engine), c->options.lanes == 1 ? 0 : vector_bytes(c->engine), c->options.lanes,
                                  sn_cpu_features() & CPU_AVX512VBMI};
    if (kind == SINTER_DUMP_PLAN)
        sn_plan_print(p, out);
    else
        sn_plan_explain(p, &machine, out);
}

static sinter_status refuse_export(const compilation *c, const plan *p)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "the exported file would not have '%.80s', a function in C that the program calls",
             p->program->calls[p->calls[0].call].type->name);
    return sn_report_fail(c->report, SINTER_BAD_PROGRAM, message, NULL);
}

static sinter_status write_plan(compilation *c, sinter_dump_kind kind, const char *function_name, text *out)
{
    plan p;
    sinter_status status = sn_kernel_plan(c, &p);
    if (status)
        return status;
    if (kind == SINTER_DUMP_C && p.call_count)
        return refuse_export(c, &p);
    if (kind == SINTER_DUMP_C)
        return sn_c_export(&p, &(c_export_options){.name = function_name ? function_name : "kernel"}, out);
    write_one_plan(c, kind, &p, out);
    if (!sn_kernel_smooths(c))
        return SINTER_OK;
    sn_text_add(out, "two bodies: the one above, and while a smoothed parameter moves:\n");
    status = sn_kernel_plan_moving(c, &p);
    if (!status)
        write_one_plan(c, kind, &p, out);
    return status;
}

static sinter_status write_dump(compilation *c, sinter_dump_kind kind, const sinter_dump_options *d, text *out)
{
    sinter_status status = SINTER_OK;
    if (kind == SINTER_DUMP_IR || kind == SINTER_DUMP_DOT) {
        text log;
        sn_text_open(&log, c->memory);
        status = sn_kernel_shape_density(c);
        if (!status)
            status = sn_kernel_gradient(c);
        sn_kernel_mark_grade(c);
        if (!status)
            status = named_passes(c, d->passes, &log);
        if (!status && kind == SINTER_DUMP_IR) {
            sn_ir_print(&c->program, out);
            if (log.length)
                sn_text_add_bytes(out, log.start, log.length);
        } else if (!status) {
            sn_ir_print_dot(&c->program, out);
        }
        return status;
    }
    status = sn_kernel_passes(c);
    return status ? status : write_plan(c, kind, d->function_name, out);
}

static sinter_status hand_over(const compilation *c, const text *from, char **to, size_t *length)
{
    if (from->failed || c->memory->failed) /* what was refused on the way may be missing from the text */
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    char *copy = sn_allocate(&c->context->allocator, from->length + 1);
    if (!copy)
        return sn_report_fail(c->report, SINTER_NO_MEMORY, "out of memory", NULL);
    if (from->length)
        memcpy(copy, from->start, from->length);
    copy[from->length] = 0;
    *to = copy;
    *length = from->length;
    return SINTER_OK;
}

sinter_status sn_kernel_dump(sinter_context *context, const sinter_options *options, kernel_front front, void *source, sinter_dump_kind kind,
                             const sinter_dump_options *dump_options, char **out, size_t *length, sinter_report *report)
{
    *out = NULL;
    *length = 0;
    if ((unsigned)kind > SINTER_DUMP_DOT) {
        sn_report_open(report, options ? options->name : NULL);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "there is no such kind of dump", NULL);
    }
    const sinter_dump_options none = {0};
    const sinter_dump_options *d = dump_options ? dump_options : &none;
    compilation c;
    sinter_status status = sn_kernel_begin(&c, context, options, report);
    if (!status) {
        c.program.rules = d->passes || d->ir_text ? 0 : c.program.rules;
        c.shows_program = kind != SINTER_DUMP_EXPLAIN; /* which tells what a kernel does */
        status = front(&c, source);
    }
    text written;
    if (!status) {
        sn_text_open(&written, c.memory);
        status = write_dump(&c, kind, d, &written);
    }
    if (!status)
        status = hand_over(&c, &written, out, length);
    if (status && report && report->total == 0)
        sn_report_fail(report, status, status == SINTER_NO_MEMORY ? "out of memory" : sinter_status_name(status), NULL);
    sn_kernel_end(&c);
    return status;
}

sinter_status sn_kernel_export_function(const ir_program *program, const char *name, text *out)
{
    plan p;
    const sinter_status status = sn_plan_make(&p, program, 0, out->memory);
    return status ? status : sn_c_export(&p, &(c_export_options){.name = name, .function_alone = true}, out);
}

void sinter_dump_release(sinter_context *context, char *dumped, size_t length)
{
    if (context)
        sn_release(&context->allocator, dumped, length + 1);
}
