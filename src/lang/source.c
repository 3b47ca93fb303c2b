/* The library's calls that take a text: compile, dump, and the node types that texts may call. */
#include "kernel/kernels.h"
#include "lang/tree.h"

#include <string.h>

enum { BYTES_AN_OPERATION = 14 }; /* of text, in programs of many statements */

typedef struct source_text {
    const char *text;
    size_t length;
    bool ir;
    lang_density *described; /* NULL, or where it is said what density it is */
    double rate;             /* 0: whatever the parameter is set to */
    bool moves;              /* c->always_moves */
} source_text;

/* A function of settled values; the program has the grade that its options ask for behind the front end only. */
static bool evaluate_function(void *context, const ir_op *op, uint64_t a, uint64_t b, uint64_t *result)
{
    const compilation *c = context;
    const bool fast = op->flags & IR_FLAG_FAST || c->options.grade == SINTER_GRADE_FAST;
    return sn_math_evaluate(&c->context->templates, (ir_code)op->code, (ir_type)op->type, a, b, fast ? MATH_FAST : MATH_DEFAULT, c->memory, result);
}

/* Of a program that is edited about as many as before the edit; else so many for so many bytes. */
static uint32_t expected_operations(const compilation *c, const source_text *s)
{
    const last_edited *before = &c->context->edited;
    const size_t difference = s->length > before->bytes ? s->length - before->bytes : before->bytes - s->length, few = s->length / BYTES_AN_OPERATION;
    if (s->rate > 0 && difference < s->length / 16)
        return before->operations + before->operations / 16;
    return few < IR_MAX_OPERATIONS / 4 ? (uint32_t)few : 0;
}

static sinter_status lower_text(compilation *c, const source_text *s, bool may_prepare)
{
    c->always_moves = s->moves;
    c->settling = (ir_settling){evaluate_function, c};
    c->program.settling = s->rate > 0 ? &c->settling : NULL;
    sn_ir_reserve(&c->program, expected_operations(c, s));
    c->program.node_types = c->context->nodes;
    c->program.node_type_count = c->context->node_count;
    if (s->ir)
        return sn_ir_parse(&c->program, s->text, s->length, c->report);
    /* What only the translation needs goes where the program does: both are forgotten together. */
    const lang_member quantity = c->options.quantity ? sn_lang_find_quantity(c->options.quantity, strlen(c->options.quantity)) : LANG_LOG_DENSITY;
    if (quantity == LANG_QUANTITIES || (quantity != LANG_LOG_DENSITY && c->options.source != SINTER_DENSITY))
        return sn_report_fail(c->report, SINTER_BAD_ARGUMENT, "the quantity is none that a density has",
                              "log_density, derived, log_cdf, log_survival, T, eta, A, log_h, natural_A, from_natural, entropy, mean, variance, pooled or posterior");
    const sinter_options *asked = &c->options;
    const bool as_it_is = !c->relaxed && !c->shows_program && !asked->passes && !asked->drop && asked->grade != SINTER_GRADE_FAST;
    const bool expands = as_it_is && !asked->gradient_count;
    const bool knows_slopes = asked->gradient_count && asked->source == SINTER_DENSITY /* which has no past */ && asked->gradient_mode != SINTER_GRADIENT_FORWARD;
    const bool routines = may_prepare && as_it_is && (c->program.rules & IR_SIGNS || knows_slopes) && !asked->arrays && !asked->fixed_count && asked->domain != SINTER_GRID;
    const lang_options o = {.density = c->options.source == SINTER_DENSITY, .quantity = quantity, .prior = c->prior, .narrow = c->narrow,
                            .drops = c->options.drop != SINTER_DROP_NONE, .described = s->described,
                            .name = c->options.name, .type = (ir_type)c->options.type, .patch = c->options.source == SINTER_PATCH,
                            .inputs = c->options.inputs, .images = c->options.images, .stage = c->options.stage,
                            .rate = s->rate, .kept = &c->context->members, .calls = s->rate > 0 ? &c->context->calls : NULL, .expansions = expands ? &c->context->templates : NULL,
                            .routines = routines,
                            .nodes = c->context->nodes, .node_count = c->context->node_count};
    if (!sn_lang_is_image_list(c->options.images))
        return sn_report_fail(c->report, SINTER_BAD_ARGUMENT, "the list of images is none", "names separated by spaces, each perhaps with its channels: a:3 mask");
    if (c->options.source != SINTER_PATCH && c->options.source != SINTER_DENSITY && !c->options.inputs)
        c->free_names = "x y z t";
    if (c->options.source == SINTER_VM)
        return sn_vm_lower(&c->program, c->memory, s->text, s->length, &o, c->report);
    return sn_lang_lower(&c->program, c->memory, s->text, s->length, &o, c->report);
}

static sinter_status lower(compilation *c, void *source)
{
    const source_text *s = source;
    sinter_status status = lower_text(c, s, true);
    if (!status && c->program.routine_count && sn_kernel_smooths(c)) { /* parameters that move are streams */
        sn_ir_open(&c->program, c->memory, c->program.rules);
        status = lower_text(c, s, false);
    }
    if (s->rate > 0 && !status)
        c->context->edited = (last_edited){s->length, c->program.count};
    return status;
}

sinter_status sn_lang_front(compilation *c, const char *source, size_t length, lang_density *described)
{
    source_text s = {.text = source, .length = length, .described = described};
    return lower(c, &s);
}

sinter_status sinter_compile(sinter_context *context, const char *source, size_t length, const sinter_options *options,
                             sinter_kernel **kernel, sinter_report *report)
{
    if (!source) {
        if (kernel)
            *kernel = NULL;
        sn_report_open(report, options ? options->name : NULL);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, "no text was given", NULL);
    }
    return sn_lang_compile(context, source, length, options, 0, false, kernel, report);
}

sinter_status sn_lang_compile(sinter_context *context, const char *source, size_t length, const sinter_options *options, double rate,
                              bool moves, sinter_kernel **kernel, sinter_report *report)
{
    source_text s = {.text = source, .length = length, .rate = rate, .moves = moves};
    return sn_kernel_compile(context, options, lower, &s, kernel, report);
}

/* ---- node types ---- */

static bool is_identifier(const char *name)
{
    for (const char *p = name; *p; p++) {
        const bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || *p == '_';
        if (!letter && !(p > name && *p >= '0' && *p <= '9'))
            return false;
    }
    return *name && strlen(name) <= LANG_MAX_NAME;
}

static bool is_taken(const char *name)
{
    char padded[LANG_MAX_NAME + 9] = ""; /* words are compared eight bytes at a time */
    const size_t length = strlen(name);
    memcpy(padded, name, length);
    return sn_lang_find_word(padded, (uint32_t)length) != WORD_NONE;
}

static bool make_room(sinter_context *c)
{
    if (c->node_count < c->node_capacity)
        return true;
    const uint32_t capacity = c->node_capacity ? 2 * c->node_capacity : 8;
    sinter_node_type *grown = sn_allocate(&c->allocator, capacity * sizeof *grown);
    if (!grown)
        return false;
    if (c->node_count)
        memcpy(grown, c->nodes, c->node_count * sizeof *grown);
    sn_release(&c->allocator, c->nodes, c->node_capacity * sizeof *grown);
    c->nodes = grown;
    c->node_capacity = capacity;
    return true;
}

static sinter_status add_node_type(sinter_context *c, const sinter_node_type *type)
{
    for (uint32_t k = 0; k < c->node_count; k++)
        if (!strcmp(c->nodes[k].name, type->name))
            return SINTER_BAD_ARGUMENT;
    const size_t size = strlen(type->name) + 1;
    char *name = sn_allocate(&c->allocator, size);
    if (!name || !make_room(c)) {
        sn_release(&c->allocator, name, size);
        return SINTER_NO_MEMORY;
    }
    memcpy(name, type->name, size);
    c->nodes[c->node_count] = *type;
    c->nodes[c->node_count++].name = name;
    return SINTER_OK;
}

sinter_status sinter_add_node_type(sinter_context *c, const sinter_node_type *type)
{
    if (!c || !sn_node_type_is_valid(type) || !type->name || !is_identifier(type->name) || is_taken(type->name))
        return SINTER_BAD_ARGUMENT;
    if (pthread_mutex_lock(&c->compiling)) /* from within a callback: the list is being read */
        return SINTER_BAD_ARGUMENT;
    const sinter_status status = add_node_type(c, type);
    pthread_mutex_unlock(&c->compiling);
    return status;
}

/* ---- dumps ---- */

sinter_status sinter_dump(sinter_context *context, const char *source, size_t source_length, const sinter_options *options,
                          sinter_dump_kind kind, const sinter_dump_options *dump_options, char **out, size_t *length, sinter_report *report)
{
    if (!source || !out || !length) {
        if (out)
            *out = NULL;
        sn_report_open(report, options ? options->name : NULL);
        return sn_report_fail(report, SINTER_BAD_ARGUMENT, source ? "there is no place for the text" : "no text was given", NULL);
    }
    source_text s = {.text = source, .length = source_length, .ir = dump_options && dump_options->ir_text};
    return sn_kernel_dump(context, options, lower, &s, kind, dump_options, out, length, report);
}
