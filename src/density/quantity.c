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
