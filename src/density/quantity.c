/* What else the text of a density says: its family's members, read as programs of their own. */
#include "density/bound.h"

#include "lang/lang.h"
#include "opt/opt.h"

#include <string.h>

/* The text with parameters fixed as the density's are. */
static sinter_status read_text(compilation *c, const sinter_density *d)
{
    const sinter_density_options *o = &d->options;
    ir_program out;
    uint32_t unknown;
    c->program.rules &= ~(uint32_t)IR_SIGNS;
    const sinter_status status = sn_lang_front(c, d->text, d->length, NULL);
    if (status || c->program.status)
        return status ? status : c->program.status;
    if (!o->fixed_count)
        return SINTER_OK;
    if (!sn_opt_fix(&c->program, &out, c->memory, IR_IDENTITY | IR_FOLD, o->fixed_names, o->fixed_values, o->fixed_count, &unknown))
        return SINTER_BAD_PROGRAM;
    c->program = out;
    return out.status;
}

sinter_status sn_density_read_quantity(const sinter_density *d, const char *quantity, arena *memory, ir_program *program)
{
    compilation c;
    const sinter_options o = {.engine = SINTER_ENGINE_INTERP, .source = SINTER_DENSITY, .type = d->type, .rewriting = SINTER_STRICT,
                              .name = d->options.name, .inputs = d->options.inputs, .quantity = quantity};
    sinter_status status = sn_kernel_begin(&c, d->context, &o, NULL);
    c.narrow = d->narrow;
    c.prior = d->prior_number;
    if (!status)
        status = read_text(&c, d);
    if (!status) {
        *memory = c.own;
        c.own = (arena){.allocator = c.own.allocator};
        *program = c.program;
        program->memory = memory;
    }
    sn_kernel_end(&c);
    return status;
}

/* It may read columns that the other form does not. */
static bool is_of_the_same(const sinter_density *d, const ir_program *p)
{
    bool same = p->output_count == 1 && p->param_count == d->parameter_count;
    for (ir_ref r = 1; same && r < p->count; r++)
        same = p->ops[r].code != IR_INPUT || p->ops[r].a < d->column_count;
    for (uint32_t k = 0; same && k < p->param_count; k++)
        same = !strcmp(p->params[k].name, d->parameters[k].name);
    return same;
}

sinter_status sn_density_read_derived(const sinter_density *d, arena *memory, ir_program *program)
{
    if (d->options.drop != SINTER_DROP_NONE || (d->options.quantity && strcmp(d->options.quantity, "log_density") != 0))
        return SINTER_BAD_PROGRAM;
    const sinter_status status = sn_density_read_quantity(d, "derived", memory, program);
    if (status || is_of_the_same(d, program))
        return status;
    sn_arena_close(memory);
    return SINTER_BAD_PROGRAM;
}
