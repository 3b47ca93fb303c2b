/* Passes by name, one after the other, with what each removed: for `dump --ir --passes …` and for the default pipeline. */
#include "base/text.h"
#include "opt/opt.h"

#include <string.h>

static bool is_word(const char *word, size_t length, const char *name)
{
    return strlen(name) == length && !memcmp(word, name, length);
}

/* Runs the pass of that name; false where there is none. */
static bool run_one(const char *word, size_t length, const ir_program *in, ir_program *out, arena *memory)
{
    if (is_word(word, length, "identity"))
        sn_opt_identity(in, out, memory);
    else if (is_word(word, length, "fold"))
        sn_opt_fold(in, out, memory);
    else if (is_word(word, length, "dce"))
        sn_opt_dead(in, out, memory);
    else if (is_word(word, length, "hoist"))
        sn_opt_hoist(in, out, memory);
    else if (is_word(word, length, "affine"))
        sn_opt_affine(in, out, memory, 0);
    else if (is_word(word, length, "expand"))
        sn_opt_expand(in, out, memory, 0, NULL);
    else
        return false;
    return true;
}

static uint32_t work(const ir_program *p)
{
    uint32_t count = 0;
    for (ir_ref r = 1; r < p->count; r++)
        count += sn_ir_info[p->ops[r].code].rule != IR_RULE_LEAF && sn_ir_info[p->ops[r].code].rule != IR_RULE_EFFECT;
    return count;
}

static void report(struct text *log, const char *word, size_t length, uint32_t before, uint32_t after)
{
    if (!log)
        return;
    sn_text_add(log, "; ");
    sn_text_add_bytes(log, word, length);
    if (after <= before)
        sn_text_print(log, ": removed %u of %u operations\n", before - after, before);
    else
        sn_text_print(log, ": added %u to %u operations\n", after - before, before);
}

static void report_hoisted(struct text *log, const ir_program *p, uint32_t before)
{
    uint32_t hoisted = 0;
    for (ir_ref r = 1; r < p->count; r++) {
        const ir_op *op = &p->ops[r];
        const unsigned axes = op->axes & ~(unsigned)IR_AXIS_SEGMENT;
        hoisted += sn_ir_info[op->code].rule != IR_RULE_LEAF && sn_ir_info[op->code].rule != IR_RULE_EFFECT
                   && (axes == 0 || axes == IR_AXIS_ROW || axes == IR_AXIS_COLUMN);
    }
    if (log)
        sn_text_print(log, "; hoist: moved %u of %u operations out of the loop over elements\n", hoisted, before);
}

const char *sn_opt_run(ir_program *p, arena *memory, const char *names, bool relaxed, struct text *log, size_t *unknown_length)
{
    if (!names)
        names = relaxed ? "identity,fold,affine,expand,identity,dce" : "identity,fold,expand,identity,dce";
    for (const char *at = names; *at;) {
        const size_t length = strcspn(at, ", ");
        if (length) {
            ir_program out;
            const uint32_t before = work(p);
            if (!run_one(at, length, p, &out, memory)) {
                *unknown_length = length;
                return at;
            }
            if (is_word(at, length, "hoist")) {
                *p = out; /* its order is the result */
                report_hoisted(log, p, before);
            } else {
                sn_opt_dead(&out, p, memory); /* what a pass left unused is its own removal */
                report(log, at, length, before, work(p));
            }
        }
        at += length + (at[length] != 0);
    }
    return NULL;
}
