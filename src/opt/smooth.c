/* The moving program: what runs while smoothed parameters are on their way.
 *
 * Purpose: while a parameter moves, whatever depends on it varies by element; while it rests it should cost what a parameter costs that
 * was never smoothed. So a smoothed parameter stays an ordinary one through all passes, of segment rate, fused and hoisted as such,
 * and only then a second program is made, in which it is read from a ramp. Axes do the rest: what followed from it once a segment follows from it
 * once an element there, in lanes where no cycle stands against it. A kernel has both, planned each for itself, and its driver runs
 * the one or the other on the same state. (One plan with two bodies a loop would have to agree on loops, lanes and chunks, and so charge the
 * resting program for values that only the moving one needs.)
 *
 * A ramp is a function of the absolute index alone, base + slope·g(index − from), in f64, rounded once to the parameter's type;
 * g is the distance itself, or for a glide 2^(decay·distance). So it has no state, fills lanes, and looks the same however a stream is cut. A parameter that
 * rests meanwhile has its value as base and the slope −0, which changes no bit of it, not of −0 or an infinity either.
 *
 * Requirements: functions are expanded, so that both programs have the same ones. Rules are off: the two must differ in nothing
 * but ramps. Why it ends: one walk. */
#include "opt/opt.h"

#include <string.h>

bool sn_opt_is_smoothed(const ir_program *in)
{
    for (uint32_t k = 0; k < in->param_count; k++)
        if (in->params[k].smoothing)
            return true;
    return false;
}

typedef struct moving {
    const ir_param *params;
    uint32_t *first; /* per parameter: the first of its hidden ones, or 0 */
} moving;

static ir_ref hidden(ir_program *p, uint32_t number)
{
    return sn_ir_emit(p, IR_PARAM, IR_F64, number, 0, 0);
}

static ir_ref ramp(ir_program *p, const ir_param *param, uint32_t first)
{
    const ir_ref index = sn_ir_emit(p, IR_INDEX, IR_F64, 0, 0, 0);
    ir_ref way = sn_ir_emit(p, IR_SUB, IR_F64, index, hidden(p, first + OPT_RAMP_FROM), 0);
    if (param->smoothing == SINTER_GLIDE)
        way = sn_ir_emit(p, IR_EXP2, IR_F64, sn_ir_emit(p, IR_MUL, IR_F64, hidden(p, first + OPT_RAMP_DECAY), way, 0), 0, 0);
    const ir_ref value =
        sn_ir_emit(p, IR_FMA, IR_F64, hidden(p, first + OPT_RAMP_SLOPE), way, hidden(p, first + OPT_RAMP_BASE));
    return param->type == IR_F64 ? value : sn_ir_emit(p, IR_CVT, (ir_type)param->type, value, 0, 0);
}

static ir_ref visit(void *context, ir_program *out, const ir_op *op)
{
    const moving *m = context;
    if (op->code == IR_PARAM && m->first[op->a])
        return ramp(out, &m->params[op->a], m->first[op->a]);
    /* A guard whose mask moves chooses by element. */
    const bool varies = op->code == IR_GUARD && out->ops[op->a].axes & IR_AXIS_ELEMENT;
    return sn_ir_emit_flagged(out, varies ? IR_SELECT : op->code, op->type, op->flags, op->a, op->b, op->c);
}

/* `cutoff@from`: no name of the language. */
static const char *hidden_name(arena *memory, const char *name, unsigned which)
{
    static const char *const suffixes[OPT_RAMP_PARAMS] = {"@base", "@slope", "@from", "@decay"};
    const size_t length = strlen(name), more = strlen(suffixes[which]);
    char *whole = sn_arena_take(memory, length + more + 1);
    if (!whole)
        return "";
    memcpy(whole, name, length);
    memcpy(whole + length, suffixes[which], more + 1);
    return whole;
}

void sn_opt_move(const ir_program *in, ir_program *out, arena *memory)
{
    ir_program with_ramps = *in;
    moving m = {in->params, sn_arena_take_zeroed(memory, (in->param_count + 1) * sizeof *m.first)};
    with_ramps.memory = memory;
    with_ramps.params = sn_arena_take(memory, (1 + OPT_RAMP_PARAMS) * (size_t)in->param_count * sizeof *in->params + 1);
    if (!m.first || !with_ramps.params) {
        sn_ir_open(out, memory, 0);
        sn_ir_fail(out, SINTER_NO_MEMORY, "out of memory");
        return;
    }
    memcpy(with_ramps.params, in->params, in->param_count * sizeof *in->params);
    for (uint32_t k = 0; k < in->param_count; k++) {
        if (!in->params[k].smoothing)
            continue;
        m.first[k] = with_ramps.param_count;
        for (unsigned h = 0; h < OPT_RAMP_PARAMS; h++)
            with_ramps.params[with_ramps.param_count++] = (ir_param){
                .name = hidden_name(memory, in->params[k].name, h), .type = IR_F64, .low = -1e308, .high = 1e308, .unit = ""};
    }
    sn_opt_rebuild(&with_ramps, out, memory, 0, visit, &m);
}
