/* The exported file: guards, tables, instance, driver.
 *
 * The driver does what the library's does (src/kernel/run.c), bit for bit. A call is cut into pieces no
 * longer than the plan's chunk, within blocks of 4,096 elements where there are totals; loops with lines that
 * are flushed stop at ticks of the absolute index. Delay lines in memory are windows that slide: the newest
 * value lies before the piece, and what is still needed moves to the front when the end is reached, or, of a
 * long line, has been carried there piece by piece.
 *
 * Contraction: clang takes the standard pragma at the top of the file, gcc its own. Both leave the decision
 * to the file, so it needs no flags; faster code comes from -O3 and the target's. */
#include "code/c/export_writer.h"

#include "opt/opt.h"

#include <float.h>
#include <string.h>

/* ---- top ---- */

static bool is_grid(const plan *p)
{
    const ir_program *program = p->program;
    return p->grid || (program->param_count && program->params[program->param_count - 1].name[0] == '@');
}

static const char guards[] =
    "#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) || "
    "defined(__NO_SIGNED_ZEROS__)\n"
    "#error \"the same bits everywhere need IEEE 754: compile this without -ffast-math\"\n"
    "#endif\n"
    "#if defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__\n"
    "#error \"infinities and NaN count: compile this without -ffinite-math-only\"\n"
    "#endif\n"
    "#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0 && __FLT_EVAL_METHOD__ != 16\n"
    "#error \"float and double must be computed in their own precision (on 32-bit x86: -msse2 "
    "-mfpmath=sse)\"\n"
    "#endif\n"
    "\n"
    "#include <math.h>\n"
    "#include <stdint.h>\n"
    "#include <string.h>\n"
    "\n"
    "/* Products and sums are fused where this file says fma, nowhere else. Not every function needs to be called. */\n"
    "#if defined(__clang__)\n"
    "#pragma STDC FP_CONTRACT OFF\n"
    "#pragma clang diagnostic ignored \"-Wpass-failed\"\n"
    "#define @_LANES _Pragma(\"clang loop vectorize(assume_safety)\")\n"
    "#define @_INLINE static inline __attribute__((unused))\n"
    "#elif defined(__GNUC__)\n"
    "#pragma GCC optimize(\"fp-contract=off\", \"no-math-errno\", \"no-trapping-math\")\n"
    "#define @_LANES _Pragma(\"GCC ivdep\")\n"
    "#define @_INLINE static inline __attribute__((unused))\n"
    "#else\n"
    "#pragma STDC FP_CONTRACT OFF\n"
    "#define @_LANES\n"
    "#define @_INLINE static inline\n"
    "#endif\n";

static void write_list(const c_writer *w, const char *what, const ir_stream *streams,
                       const char *const *names, uint32_t count)
{
    if (!count)
        return;
    sn_text_print(w->out, " *   %s:", what);
    for (uint32_t k = 0; k < count; k++)
        sn_text_print(w->out, "%s %s (%s)", k ? "," : "", names[k], sn_ir_type_name(streams[k].type));
    sn_text_add(w->out, "\n");
}

static void write_banner(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    sn_c_say(w, "/* @, made by Sinter. The same bits as every engine of the library, with any C11 compiler "
                "that keeps to IEEE 754.\n *\n");
    write_list(w, "inputs", p->inputs, w->inputs, p->input_count);
    write_list(w, "outputs", p->outputs, w->outputs, p->output_count);
    sn_text_add(w->out, " *\n");
    if (is_grid(w->plan))
        sn_c_say(w, " * @_init once, then @_grid for a picture.\n");
    else
        sn_c_say(
            w,
            " * @_init once, then @_run for each block of a stream, of any length; in place is allowed.\n");
    sn_text_add(w->out, " * The floating-point mode must be the default one. */\n");
}

/* ---- tables ---- */

static uint64_t element(const ir_memory *m, uint32_t i)
{
    uint64_t bits = 0;
    const size_t size = sn_ir_type_size(m->type);
    memcpy(&bits, (const char *)m->content + i * size, size);
    return m->type == IR_I16 ? (uint64_t)(int64_t)(int16_t)bits : bits;
}

/* An initializer has to be a constant, and calls are none; a NaN's bits are not promised. */
static bool is_nan(unsigned type, uint64_t bits)
{
    return (type == IR_F32 && (bits & 0x7FFFFFFFu) > 0x7F800000u)
           || (type == IR_F64 && (bits & ~(UINT64_C(1) << 63)) > 0x7FF0000000000000u);
}

static void write_table(const c_writer *w, uint32_t number)
{
    enum { A_LINE = 8 };
    const ir_memory *m = &w->plan->program->memories[number];
    sn_text_print(w->out, "\nstatic const %s ", sn_c_type(m->type));
    sn_c_say(w, "@_table_");
    sn_text_print(w->out, "%s[%u] = {", w->memories[number], m->length);
    for (uint32_t i = 0; i < m->length; i++) {
        sn_text_add(w->out, i % A_LINE ? " " : "\n    ");
        if (is_nan(m->type, element(m, i)))
            sn_text_add(w->out, m->type == IR_F64 ? "(double)NAN" : "NAN");
        else
            sn_c_constant(w, m->type, element(m, i));
        sn_text_add(w->out, ",");
    }
    sn_text_add(w->out, "\n};\n");
}

/* ---- instance ---- */

static void find_uniform_types(c_writer *w)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < 2 * p->loop_count; k++) {
        const plan_body *body = &p->loops[k / 2].body[k % 2];
        for (uint32_t i = 1; i < body->count; i++)
            if (body->ops[i].code == IR_SET_UNIFORM)
                w->uniform_types[body->ops[i].b] = body->ops[body->ops[i].a].type;
    }
}

static void write_memories(const c_writer *w)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < p->program->memory_count; k++) {
        const ir_memory *m = &p->program->memories[k];
        const char *type = sn_c_type(m->type);
        if (m->kind == IR_BOUND)
            sn_text_print(w->out,
                          "    const %s *t%u; /* %s: its content */\n    uint32_t n%u; /* and length */\n",
                          type, k, w->memories[k], k);
        else if (m->kind == IR_CELLS)
            sn_text_print(w->out, "    %s c%u[%u]; /* %s */\n", type, k, m->length, w->memories[k]);
    }
}

static bool is_line(const plan *p, uint32_t k)
{
    return p->program->memories[p->lines[k].memory].kind == IR_LINE;
}

/* As in an instance of the library (KERNEL_CARRIED_LINE): what is written to lines so long is carried to where their window will be, so many elements at a
 * time, and the window has not to be moved there in one block. */
enum { CARRIED_LINE = 1 << 17 /* bytes */, CARRIED_AT_ONCE = 1024 };

static bool is_carried(const plan_line *line)
{
    return !line->held && !line->flush && line->length * (uint64_t)sn_ir_type_size(line->type) >= CARRIED_LINE;
}

/* A window that is carried moves as soon as it can arrive: one length further down. */
static uint32_t capacity_of(const plan *p, const plan_line *line)
{
    return is_carried(line) ? 2 * line->length + p->chunk : line->capacity;
}

static void write_line_fields(const c_writer *w)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < p->line_count; k++) {
        const plan_line *line = &p->lines[k];
        if (!is_line(p, k) || k >= p->line_count - p->ahead_count) /* those are in recurrences */
            continue;
        sn_text_print(w->out, "    %s %c%u[%u]; /* %s%s */\n", sn_c_type(line->type), line->held ? 'h' : 'l',
                      k, capacity_of(p, line), w->memories[line->memory], line->held ? ", the oldest first" : "");
        if (!line->held)
            sn_text_print(w->out, "    int32_t at%u; /* where its next value goes */\n", k);
        if (is_carried(line))
            sn_text_print(w->out, "    int32_t carried%u; /* what lies before it lies %u further down too */\n", k, line->length);
    }
}

static void write_instance(const c_writer *w)
{
    const plan *p = w->plan;
    text *t = w->out;
    sn_c_write_scan_types(w);
    sn_c_say(w, "\ntypedef struct @_instance {\n    int64_t index; /* of the stream's next element */\n");
    if (is_grid(p))
        sn_text_add(t, "    int32_t column, row;\n");
    for (uint32_t k = 0; k < p->program->param_count; k++)
        sn_text_print(t, "    %s p_%s;\n", sn_c_type(p->program->params[k].type), w->params[k]);
    for (uint32_t k = 0; k < p->frame.count; k++)
        if (w->uniform_types[k])
            sn_text_print(t, "    %s u%u;\n", sn_c_type(w->uniform_types[k]), k);
    write_memories(w);
    write_line_fields(w);
    sn_c_write_scan_fields(w);
    for (uint32_t k = 0; k < p->buffer_count; k++)
        sn_text_print(t, "    %s b%u[%u];\n", sn_c_type(p->buffers[k].type), k, p->chunk);
    for (uint32_t k = 0; k < p->program->total_count; k++)
        sn_text_print(t, "    %s sum%u[%d];\n", sn_c_type(p->sum_types[k]), k,
                      p->sum_types[k] == IR_F64 ? 32 : 64);
    sn_c_say(w, "} @_instance;\n");
}

/* ---- parameters ---- */

static void call_loop(const c_writer *w, uint32_t k, const char *arguments, const char *indent)
{
    const plan_loop *loop = &w->plan->loops[k];
    sn_text_add(w->out, indent);
    if (loop->guard) {
        sn_text_print(w->out, "if (s->u%u)\n%s    ", loop->guard, indent);
        sn_c_say(w, "@_loop");
        sn_text_print(w->out, "%u_guarded(%s);\n%selse\n%s    ", k, arguments, indent, indent);
    }
    sn_c_say(w, "@_loop");
    sn_text_print(w->out, "%u%s(%s);\n", k, loop->guard ? "_open" : "", arguments);
}

static void call_loops(const c_writer *w, plan_rate rate, const char *arguments, const char *indent)
{
    for (uint32_t k = 0; k < w->plan->loop_count; k++)
        if (w->plan->loops[k].rate == rate)
            call_loop(w, k, arguments, indent);
}

/* The parameters that a grid adds are its own business: NAME_grid sets them. */
static uint32_t public_params(const ir_program *p)
{
    uint32_t count = p->param_count;
    while (count && p->params[count - 1].name[0] == '@')
        count--;
    return count;
}

static void write_enumeration(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    sn_text_add(w->out, "\nenum {\n");
    for (uint32_t k = 0; k < public_params(p); k++) {
        sn_c_say(w, "    @_param_");
        sn_text_print(w->out, "%s = %u, /* from ", w->params[k], k);
        sn_text_add_f64(w->out, p->params[k].low);
        sn_text_add(w->out, " to ");
        sn_text_add_f64(w->out, p->params[k].high);
        sn_text_add(w->out, " */\n");
    }
    sn_text_add(w->out, "};\n");
}

static void say_f64(const c_writer *w, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    sn_c_constant(w, IR_F64, bits);
}

/* A parameter's `value` in its type. */
static const char *converted(unsigned type)
{
    return type == IR_F32 ? "(float)value"
           : type == IR_I32
               ? "value >= 2147483647.0 ? INT32_MAX : value <= -2147483648.0 ? INT32_MIN : (int32_t)value"
               : "value";
}

static void write_set(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    write_enumeration(w);
    sn_text_add(
        t, "\n/* Clamped to the parameter's range; NaN is refused. Takes effect with the next run.");
    if (sn_opt_is_smoothed(p))
        sn_text_add(t, "\n * Smoothing is left to the caller: every parameter is at its new value at once.");
    sn_text_add(t, " */\n");
    sn_c_say(w, "void @_set(@_instance *s, int parameter, double value);\n");
    sn_c_say(w, "void @_set(@_instance *s, int parameter, double value)\n{\n    if (value != value)\n        "
                "return;\n    switch (parameter) {\n");
    for (uint32_t k = 0; k < public_params(p); k++) {
        const ir_param *param = &p->params[k];
        sn_c_say(w, "    case @_param_");
        sn_text_print(t, "%s:\n        value = value < ", w->params[k]);
        say_f64(w, param->low);
        sn_text_add(t, " ? ");
        say_f64(w, param->low);
        sn_text_add(t, " : value > ");
        say_f64(w, param->high);
        sn_text_add(t, " ? ");
        say_f64(w, param->high);
        sn_text_print(t, " : value;\n        s->p_%s = ", w->params[k]);
        sn_text_add(t, converted(param->type));
        sn_text_add(t, ";\n        break;\n");
    }
    sn_text_add(t, "    default:\n        return;\n    }\n");
    call_loops(w, PLAN_SEGMENT, "s, NULL, NULL, 0, 0, 1", "    ");
    sn_text_add(t, "}\n");
}

static bool has_bound(const ir_program *p)
{
    for (uint32_t k = 0; k < p->memory_count; k++)
        if (p->memories[k].kind == IR_BOUND)
            return true;
    return false;
}

static void write_bind(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    uint32_t number = 0;
    sn_text_add(t, "\n/* The content of table number `table`, at least one element, which must stay as long "
                   "as it is used. */\n");
    sn_c_say(w, "void @_bind(@_instance *s, int table, const void *content, uint32_t length);\n");
    sn_c_say(w, "void @_bind(@_instance *s, int table, const void *content, uint32_t length)\n{\n    switch "
                "(table) {\n");
    for (uint32_t k = 0; k < p->memory_count; k++) {
        if (p->memories[k].kind != IR_BOUND)
            continue;
        sn_text_print(t,
                      "    case %u: /* %s */\n        s->t%u = (const %s *)content;\n        s->n%u = "
                      "length;\n        break;\n",
                      number++, w->memories[k], k, sn_c_type(p->memories[k].type), k);
    }
    sn_text_add(t, "    default:\n        return;\n    }\n");
    call_loops(w, PLAN_SEGMENT, "s, NULL, NULL, 0, 0, 1", "    ");
    sn_text_add(t, "}\n");
}

static uint64_t initial_bits(const ir_param *param)
{
    uint64_t bits = 0;
    const double wide = param->initial;
    const float narrow = (float)wide;
    const int32_t whole = wide >= 2147483647.0    ? INT32_MAX
                          : wide <= -2147483648.0 ? INT32_MIN
                                                  : (int32_t)wide;
    if (param->type == IR_F64)
        memcpy(&bits, &wide, sizeof wide);
    else if (param->type == IR_F32)
        memcpy(&bits, &narrow, sizeof narrow);
    else
        memcpy(&bits, &whole, sizeof whole);
    return bits;
}

static void write_init(const c_writer *w)
{
    const plan *p = w->plan;
    const ir_program *program = p->program;
    text *t = w->out;
    if (has_bound(program))
        sn_c_say(w, "\nstatic const double @_nothing[6] = {1, 1, 0, 0, 1, 1}; /* what tables hold before they are bound; as an "
                    "extent, one texel */\n");
    sn_text_add(t, "\n/* Parameters at their initial values, all state 0. */\n");
    sn_c_say(w, "void @_init(@_instance *s);\nvoid @_init(@_instance *s)\n{\n    memset(s, 0, sizeof *s);\n");
    for (uint32_t k = 0; k < program->param_count; k++) {
        sn_text_print(t, "    s->p_%s = ", w->params[k]);
        sn_c_constant(w, program->params[k].type, initial_bits(&program->params[k]));
        sn_text_add(t, ";\n");
    }
    for (uint32_t k = 0; k < program->memory_count; k++)
        if (program->memories[k].kind == IR_BOUND) {
            sn_text_print(t, "    s->t%u = (const %s *)", k, sn_c_type(program->memories[k].type));
            sn_c_say(w, "@_nothing;\n");
            sn_text_print(t, "    s->n%u = 1;\n", k);
        }
    for (uint32_t k = 0; k < p->line_count; k++)
        if (is_line(p, k) && !p->lines[k].held)
            sn_text_print(t, "    s->at%u = %u;\n", k, p->lines[k].length);
    for (uint32_t k = 0; k < p->line_count; k++)
        if (is_line(p, k) && is_carried(&p->lines[k]))
            sn_text_print(t, "    s->carried%u = %u;\n", k, p->lines[k].length);
    call_loops(w, PLAN_SEGMENT, "s, NULL, NULL, 0, 0, 1", "    ");
    sn_text_add(t, "}\n");
}

/* ---- running ---- */

static void say_float(const c_writer *w, bool wide, double value, float narrow)
{
    uint64_t bits = 0;
    memcpy(&bits, &narrow, sizeof narrow);
    if (wide)
        say_f64(w, value);
    else
        sn_c_constant(w, IR_F32, bits);
}

static void write_flush_of(const c_writer *w, uint32_t k)
{
    const plan_line *line = &w->plan->lines[k];
    const bool wide = line->type == IR_F64;
    text *t = w->out;
    sn_text_print(t, "    for (int32_t i = 0; i < %u; i++) {\n        %s *const v = &s->", line->length,
                  sn_c_type(line->type));
    if (line->held)
        sn_text_print(t, "h%u[i];\n", k);
    else
        sn_text_print(t, "l%u[s->at%u + begin - 1 - i];\n", k, k);
    sn_text_print(t, "        *v = %s(*v) >= ", wide ? "fabs" : "fabsf");
    say_float(w, wide, 1e-250, 1e-30f);
    sn_text_print(t, " && %s(*v) <= ", wide ? "fabs" : "fabsf");
    say_float(w, wide, DBL_MAX, FLT_MAX);
    sn_text_add(t, " ? *v : 0;\n    }\n");
}

static void write_flushes(const c_writer *w)
{
    const plan *p = w->plan;
    for (uint32_t loop = 0; loop < p->loop_count; loop++) {
        if (!p->loops[loop].ticked)
            continue;
        sn_text_add(w->out, "\n/* At a tick: what has nearly decayed becomes 0, before it is denormal, and what is not finite. */\n");
        sn_c_say(w, "static void @_flush");
        sn_text_print(w->out, "%u(", loop);
        sn_c_say(w, "@_instance *s, int32_t begin)\n{\n    (void)begin;\n");
        for (uint32_t k = 0; k < p->line_count; k++)
            if (p->lines[k].flush && p->lines[k].loop == loop)
                write_flush_of(w, k);
        sn_text_add(w->out, "}\n");
    }
}

/* Where it is carried to nobody reads any more; what is left of it when the window moves is less than two pieces. */
static void write_carry(const c_writer *w, uint32_t k)
{
    const plan_line *line = &w->plan->lines[k];
    const uint32_t length = line->length, capacity = capacity_of(w->plan, line);
    text *t = w->out;
    sn_text_print(t, "    if (s->at%u - s->carried%u >= %d || s->at%u + n > %u) {\n", k, k, CARRIED_AT_ONCE, k, capacity);
    sn_text_print(t, "        memcpy(s->l%u + s->carried%u - %u, s->l%u + s->carried%u, (size_t)(s->at%u - s->carried%u) * sizeof *s->l%u);\n", k, k, length, k, k, k,
                  k, k);
    sn_text_print(t, "        s->carried%u = s->at%u;\n    }\n    if (s->at%u + n > %u) {\n", k, k, k, capacity);
    sn_text_print(t, "        s->at%u -= %u;\n        s->carried%u = %u;\n    }\n", k, length, k, length);
}

static void write_slide(const c_writer *w, uint32_t k)
{
    const plan_line *line = &w->plan->lines[k];
    if (is_carried(line)) {
        write_carry(w, k);
        return;
    }
    sn_text_print(w->out, "    if (s->at%u + n > %u) {\n", k, line->capacity);
    sn_text_print(w->out, "        memmove(s->l%u, s->l%u + s->at%u - %u, %u * sizeof *s->l%u);\n", k, k, k,
                  line->length, line->length, k);
    sn_text_print(w->out, "        s->at%u = %u;\n    }\n", k, line->length);
}

/* By ticks; up to where a scan may be computed instead, if there is one. */
static void write_ticked_call(const c_writer *w, uint32_t loop)
{
    text *t = w->out;
    uint32_t scan;
    const bool settles = sn_c_scan_instead(w, loop, &scan) != NULL;
    sn_text_add(t, "    for (int32_t begin = 0, end; begin < n; begin = end) {\n");
    if (settles) {
        sn_c_say(w, "        if (@_settled");
        sn_text_print(t, "%u(s, s->index + begin)) {\n", scan);
        sn_c_say(w, "            @_scan");
        sn_text_print(t, "%u(s, begin, n);\n            break;\n        }\n", scan);
    }
    sn_text_print(t, "        const int32_t into = (int32_t)((s->index + begin) %% %d);\n", PLAN_TICK);
    if (w->plan->loops[loop].ticked) {
        sn_c_say(w, "        if (into == 0)\n            @_flush");
        sn_text_print(t, "%u(s, begin);\n", loop);
    }
    sn_text_print(t, "        end = n - begin < %d - into ? n : begin + %d - into;\n", PLAN_TICK, PLAN_TICK);
    call_loop(w, loop, "s, inputs, outputs, done, begin, end", "        ");
    sn_text_add(t, "    }\n");
}

/* After n elements: so many steps at once. */
static void write_advance(const c_writer *w, uint32_t k)
{
    const plan_line *line = &w->plan->lines[k];
    text *t = w->out;
    if (!line->counter) {
        sn_text_print(t, "    s->at%u += n;\n", k);
        return;
    }
    sn_text_print(t, "    s->h%u[0] = (int32_t)((uint32_t)s->h%u[0] + (uint32_t)", k, k);
    if (line->step_slot)
        sn_c_uniform(w, line->step_slot, false);
    else
        sn_c_constant(w, IR_I32, (uint32_t)line->step);
    sn_text_add(t, " * (uint32_t)n);\n");
}

static void write_piece(const c_writer *w)
{
    const plan *p = w->plan;
    sn_text_add(w->out, "\n/* `n` elements from element `done` of the call on. */\n");
    sn_c_say(w, "static void @_piece(@_instance *s, const void *const *inputs, void *const *outputs, int64_t "
                "done, int32_t n)\n{\n");
    for (uint32_t k = 0; k < p->line_count; k++)
        if (is_line(p, k) && !p->lines[k].held)
            write_slide(w, k);
    for (uint32_t k = 0; k < p->loop_count; k++) {
        uint32_t scan;
        if (p->loops[k].rate != PLAN_ELEMENT)
            continue;
        sn_c_call_scans(w, k);
        if (p->loops[k].ticked || sn_c_scan_instead(w, k, &scan))
            write_ticked_call(w, k);
        else
            call_loop(w, k, "s, inputs, outputs, done, 0, n", "    ");
    }
    for (uint32_t k = 0; k < p->line_count; k++)
        if (is_line(p, k) && (!p->lines[k].held || p->lines[k].counter))
            write_advance(w, k);
    sn_text_add(w->out, "    s->index += n;\n}\n");
}

/* ---- totals ---- */

/* One type's: how partial sums fold by halves. */
static void write_fold(const c_writer *w, uint32_t k)
{
    const bool wide = w->plan->sum_types[k] == IR_F64;
    sn_text_print(w->out,
                  "    for (int half = %d; half; half /= 2)\n        for (int i = 0; i < half; i++)\n",
                  wide ? 16 : 32);
    sn_text_print(w->out, "            s->sum%u[i] += s->sum%u[i + half];\n    ", k, k);
    sn_c_say(w, "@_carry(");
    sn_text_print(w->out, "&all[%u], %d, s->sum%u[0]);\n", k, wide, k);
}

static void write_block_functions(const c_writer *w)
{
    const plan *p = w->plan;
    sn_c_say(w, "\n/* Before and after each 4,096 elements of a call. */\nstatic void "
                "@_open_block(@_instance *s)\n{\n");
    for (uint32_t k = 0; k < p->program->total_count; k++)
        sn_text_print(w->out, "    for (int i = 0; i < %d; i++)\n        s->sum%u[i] = %s;\n",
                      p->sum_types[k] == IR_F64 ? 32 : 64, k, p->sum_types[k] == IR_F64 ? "-0.0" : "-0.0f");
    sn_c_say(w, "}\n\nstatic void @_close_block(@_instance *s, @_carries *all)\n{\n");
    for (uint32_t k = 0; k < p->program->total_count; k++)
        write_fold(w, k);
    sn_text_add(w->out, "}\n");
}

static const char carrying[] =
    "\n/* Totals of blocks, combined as a binary counter carries: place k holds 2^k blocks. */\n"
    "typedef struct @_carries {\n"
    "    double total[52];\n"
    "    uint64_t count;\n"
    "} @_carries;\n"
    "\n"
    "static double @_join(int wide, double a, double b)\n"
    "{\n"
    "    return wide ? a + b : (double)((float)a + (float)b);\n"
    "}\n"
    "\n"
    "static void @_carry(@_carries *c, int wide, double total)\n"
    "{\n"
    "    int place = 0;\n"
    "    for (uint64_t count = c->count; count & 1; count >>= 1)\n"
    "        total = @_join(wide, c->total[place++], total);\n"
    "    c->total[place] = total;\n"
    "    c->count++;\n"
    "}\n"
    "\n"
    "/* What is left over, from the smallest up. */\n"
    "static double @_gather(const @_carries *c, int wide)\n"
    "{\n"
    "    double total = -0.0;\n"
    "    int first = 1;\n"
    "    for (int place = 0; place < 52; place++)\n"
    "        if (c->count >> place & 1) {\n"
    "            total = first ? c->total[place] : @_join(wide, c->total[place], total);\n"
    "            first = 0;\n"
    "        }\n"
    "    return total;\n"
    "}\n";

static void write_totals_end(const c_writer *w)
{
    const ir_program *p = w->plan->program;
    text *t = w->out;
    for (uint32_t k = 0; k < p->total_count; k++) {
        const ir_total_map map = p->total_maps ? p->total_maps[k] : (ir_total_map){1, 0};
        const bool wide = w->plan->sum_types[k] == IR_F64, mapped = map.scale != 1 || map.offset != 0;
        sn_text_print(t, "    totals[%u] = %s", k, wide ? "" : "(float)");
        if (mapped) {
            sn_c_say(w, "(count == 0 ? -0.0 : @_fma(");
            say_f64(w, map.scale);
            sn_text_add(t, ", ");
        }
        sn_c_say(w, "@_gather(");
        sn_text_print(t, "&all[%u], %d)", k, wide);
        if (mapped) {
            sn_text_add(t, ", ");
            say_f64(w, map.offset);
            sn_text_add(t, " * (double)count))");
        }
        sn_text_print(t, "; /* %s */\n", sn_c_identifier(w->memory, p->totals[k], NULL, 0));
    }
}

static void write_blocks(const c_writer *w)
{
    text *t = w->out;
    sn_c_say(w, "    @_carries all");
    sn_text_print(t, "[%u];\n    memset(all, 0, sizeof all);\n", w->plan->program->total_count);
    sn_text_print(t, "    for (int64_t block = 0; block < count; block += %d) {\n", PLAN_SUM_BLOCK);
    sn_text_print(t, "        const int64_t end = count - block < %d ? count : block + %d;\n", PLAN_SUM_BLOCK,
                  PLAN_SUM_BLOCK);
    sn_c_say(w, "        @_open_block(s);\n");
    sn_text_print(t,
                  "        for (int64_t done = block, n; done < end; done += n) {\n            n = end - "
                  "done < %u ? end - done : %u;\n",
                  w->plan->chunk, w->plan->chunk);
    sn_c_say(w, "            @_piece(s, inputs, outputs, done, (int32_t)n);\n        }\n        "
                "@_close_block(s, all);\n    }\n");
    write_totals_end(w);
}

static void write_run(const c_writer *w)
{
    static const char signature[] = "void @_run(@_instance *s, const void *const *inputs, void *const "
                                    "*outputs, double *totals, int64_t count)";
    text *t = w->out;
    if (w->plan->program->total_count) {
        sn_c_say(w, carrying);
        write_block_functions(w);
    }
    sn_text_add(t, "\n/* The next `count` elements of the stream. An output may be an input's array, or "
                   "apart from it. */\n");
    sn_c_say(w, signature);
    sn_text_add(t, ";\n");
    sn_c_say(w, signature);
    sn_text_add(t, "\n{\n");
    if (w->plan->program->total_count) {
        write_blocks(w);
    } else {
        sn_text_add(t, "    (void)totals;\n    for (int64_t done = 0, n; done < count; done += n) {\n");
        sn_text_print(t, "        n = count - done < %u ? count - done : %u;\n", w->plan->chunk,
                      w->plan->chunk);
        sn_c_say(w, "        @_piece(s, inputs, outputs, done, (int32_t)n);\n    }\n");
    }
    sn_text_add(t, "}\n");
}

/* ---- grids ---- */

static void write_grid_params(const c_writer *w)
{
    static const char *const values[OPT_GRID_PARAMS] = {
        "x0", "(x1 - x0) / (2.0 * width)", "y1", "(y1 - y0) / (2.0 * height)", "z", "t"};
    const ir_program *p = w->plan->program;
    const uint32_t first = public_params(p);
    if (p->param_count - first != OPT_GRID_PARAMS) {
        sn_text_add(w->out, "    (void)height, (void)x0, (void)y0, (void)x1, (void)y1, (void)z, (void)t;\n");
        return;
    }
    for (unsigned k = 0; k < OPT_GRID_PARAMS; k++)
        sn_text_print(w->out, "    s->p_%s = (%s)(%s);\n", w->params[first + k],
                      sn_c_type(p->params[first + k].type), values[k]);
}

static void write_grid(const c_writer *w)
{
    static const char signature[] =
        "void @_grid(@_instance *s, int32_t width, int32_t height, double x0, double y0, double x1, double "
        "y1, double z, double t,\n"
        "            int32_t first_row, int32_t row_count, void *const *outputs, int64_t stride)";
    text *t = w->out;
    sn_text_add(t, "\n/* Rows [first_row, first_row + row_count) of a picture of the region from (x0, y0) to "
                   "(x1, y1), the top row first, `stride`\n"
                   " * elements from row to row. Pixel centres; y points up. */\n");
    sn_c_say(w, signature);
    sn_text_add(t, ";\n");
    sn_c_say(w, signature);
    sn_text_add(t, "\n{\n");
    write_grid_params(w);
    call_loops(w, PLAN_SEGMENT, "s, NULL, NULL, 0, 0, 1", "    ");
    sn_text_add(t, "    for (int32_t column = 0, n; column < width; column += n) {\n");
    sn_text_print(t, "        n = width - column < %u ? width - column : %u;\n        s->column = column;\n",
                  w->plan->chunk, w->plan->chunk);
    call_loops(w, PLAN_COLUMN, "s, NULL, NULL, 0, 0, n", "        ");
    sn_text_add(
        t,
        "        for (int32_t row = 0; row < row_count; row++) {\n            s->row = first_row + row;\n");
    call_loops(w, PLAN_ROW, "s, NULL, NULL, 0, 0, 1", "            ");
    call_loops(w, PLAN_ELEMENT, "s, NULL, outputs, row * stride + column, 0, n", "            ");
    sn_text_add(t, "        }\n    }\n}\n");
}

/* ---- the whole ---- */

static bool open_writer(c_writer *w, const plan *p, const c_export_options *options, text *out)
{
    arena *memory = out->memory;
    *w = (c_writer){.plan = p, .memory = memory, .out = out};
    const char *name = options && options->name ? options->name : "kernel";
    w->name = sn_c_function_name(memory, name);
    w->uniform_types = sn_arena_take_zeroed(memory, p->frame.count + 1);
    if (!w->name || !w->uniform_types || !sn_c_name_all(w))
        return false;
    find_uniform_types(w);
    return true;
}

static void write_code(const c_writer *w, const c_export_options *options)
{
    const plan *p = w->plan;
    for (uint32_t k = 0; k < p->program->memory_count; k++)
        if (p->program->memories[k].kind == IR_TABLE)
            write_table(w, k);
    if (sn_c_has_function(p) && !(options && options->no_function))
        sn_c_write_function(w);
    if (options && options->function_alone)
        return;
    write_instance(w);
    sn_c_write_loops(w);
    write_init(w);
    if (public_params(p->program))
        write_set(w);
    if (has_bound(p->program))
        write_bind(w);
    if (is_grid(p)) {
        write_grid(w);
        return;
    }
    write_flushes(w);
    sn_c_write_scans(w);
    write_piece(w);
    write_run(w);
}

sinter_status sn_c_export(const plan *p, const c_export_options *options, text *out)
{
    c_writer w;
    text code;
    if (p->call_count || p->program->routine_count || (options && options->function_alone && !sn_c_has_function(p)))
        return SINTER_BAD_PROGRAM;
    sn_text_open(&code, out->memory);
    if (!open_writer(&w, p, options, &code))
        return SINTER_NO_MEMORY;
    write_code(&w, options);
    w.out = out;
    if (!options || !options->function_alone)
        write_banner(&w);
    sn_c_say(&w, guards);
    sn_c_write_support(&w, &code);
    if (code.start)
        sn_text_add_bytes(out, code.start, code.length);
    return code.failed || out->failed ? SINTER_NO_MEMORY : SINTER_OK;
}
