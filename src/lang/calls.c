/* Calls: words of the language, functions of the text and the library put in place, functions by callbacks.
 *
 * A function is lowered anew for each call, in a frame of its own. Without state, equal arguments give equal
 * values, so its instances are remembered by arguments: what a chain of functions that each call the next
 * twice would cost, 2^n, it costs once a function. With state every call is another instance. */
#include "lang/kept_calls.h"

#include "kernel/kernels.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_MEMOS = 64, MOST_ARGUMENTS = LANG_MAX_TUPLE };

/* ---- functions of the language ---- */

static bool is_pi(const lowering *l, const lang_node *n)
{
    if (n->kind != NODE_GLOBAL)
        return false;
    const lang_symbol *s = &l->t->symbols[n->a];
    return !s->global_slot && !s->input
           && (s->word == WORD_PI || s->word == WORD_PI_GREEK || s->word == WORD_TAU
               || s->word == WORD_TAU_GREEK);
}

/* The last factor of the product that is the name pi or tau: a node, or 0. Right factors are nested at most
 * as deep as parentheses are; left ones are a chain. */
static uint32_t find_pi(const lowering *l, uint32_t node)
{
    for (;;) {
        const lang_node *n = &l->t->nodes[node];
        if (is_pi(l, n))
            return node;
        if (n->kind == NODE_BINARY && n->op == TOKEN_STAR) {
            const uint32_t right = find_pi(l, n->b);
            if (right)
                return right;
        } else if (n->kind != NODE_NEGATE && !(n->kind == NODE_BINARY && n->op == TOKEN_SLASH)) {
            return 0;
        }
        node = n->a;
    }
}

/* The product without its factor `pi`. Its value may be absent (count 0): then it is 1. Nodes of a left
 * operand have lower numbers than those of the right one. */
static lang_value without(lowering *l, uint32_t node, uint32_t pi)
{
    const lang_node n = l->t->nodes[node];
    if (node == pi) {
        const unsigned word = l->t->symbols[n.a].word;
        return word == WORD_PI || word == WORD_PI_GREEK ? (lang_value){.count = 0}
                                                        : sn_lang_small(l, 2, true);
    }
    if (++l->depth > LANG_MAX_DEPTH) {
        sn_lang_too_large(l, n.at, "this is too deeply nested");
        l->depth--;
        return sn_lang_wrong();
    }
    lang_value v;
    if (n.kind == NODE_NEGATE) {
        v = without(l, n.a, pi);
        v = sn_lang_negate(l, node, v.count ? v : sn_lang_small(l, 1, true));
    } else if (n.op == TOKEN_SLASH) {
        v = without(l, n.a, pi);
        v = sn_lang_binary(l, node, TOKEN_SLASH, v.count ? v : sn_lang_small(l, 1, true),
                           sn_lang_expression(l, n.b));
    } else if (pi > n.a) {
        const lang_value left = sn_lang_expression(l, n.a);
        v = without(l, n.b, pi);
        v = v.count ? sn_lang_binary(l, node, TOKEN_STAR, left, v) : left;
    } else {
        v = without(l, n.a, pi);
        const lang_value right = sn_lang_expression(l, n.b);
        v = v.count ? sn_lang_binary(l, node, TOKEN_STAR, v, right) : right;
    }
    l->depth--;
    return v;
}

/* The function whose argument counts half turns, of one that takes radians; else WORD_NONE. */
static unsigned in_half_turns(unsigned word)
{
    return word == WORD_SIN ? WORD_SINPI : word == WORD_COS ? WORD_COSPI : word == WORD_TAN ? WORD_TANPI : 0;
}

static lang_value call_word(lowering *l, uint32_t node, unsigned word)
{
    uint32_t places[5] = {0};
    const lang_word *w = &sn_lang_words[word];
    if (!sn_lang_arrange_word(l, node, word, places))
        return sn_lang_wrong();
    if (word == WORD_DELAY)
        return sn_lang_delay(l, node, places, places[2] ? 3 : 2, l->t->lists[l->t->nodes[node].b + 1]);
    if (word == WORD_SINCE)
        return sn_lang_since(l, node, sn_lang_expression(l, places[0]));
    if (word == WORD_SAMPLE || word == WORD_TEXEL || word == WORD_SIZE)
        return sn_lang_image_call(l, node, word, places);
    if (word == WORD_LOG_DENSITY || word == WORD_LOG_CDF || word == WORD_LOG_SURVIVAL)
        return sn_lang_density_call(l, node, word, places);
    const uint8_t flags = l->t->nodes[node].op;
    const uint32_t pi = in_half_turns(word) ? find_pi(l, places[0]) : 0;
    if (pi) {
        lang_value v = without(l, places[0], pi);
        v = v.count ? v : sn_lang_small(l, 1, true);
        return sn_lang_apply(l, node, in_half_turns(word), flags, &v, 1);
    }
    lang_value v[3] = {{0}};
    for (unsigned k = 0; k < w->most; k++)
        v[k] = sn_lang_expression(l, places[k]);
    return sn_lang_apply(l, node, word, flags, v, w->most);
}

/* ---- functions by callbacks ---- */

/* Texts of the library know none. */
const sinter_node_type *sn_lang_find_node_type(const lang_tree *t, const lang_options *options, uint32_t symbol)
{
    lang_symbol *s = &t->symbols[symbol];
    if (s->node_kind == 0) {
        s->node_kind = 1;
        for (uint32_t k = 0; k < options->node_count && !s->library; k++) {
            const char *name = options->nodes[k].name;
            if (strlen(name) == s->length && !memcmp(name, sn_lang_symbol_text(t, symbol), s->length)) {
                s->node_kind = 2;
                s->node = k;
            }
        }
    }
    return s->node_kind == 2 ? &options->nodes[s->node] : NULL;
}

/* A program where a node type is tried, with inputs of the types that it would get. */
static bool open_trial(lowering *l, lang_value *inputs, uint32_t count)
{
    if (!l->trial) {
        l->trial = sn_arena_take(l->memory, sizeof *l->trial);
        if (!l->trial) {
            l->t->out_of_memory = true;
            return false;
        }
        sn_ir_open(l->trial, l->memory, 0);
    }
    for (uint32_t k = 0; k < count; k++) {
        const ir_type type = inputs[k].type == TYPE_UNKNOWN ? l->type : (ir_type)inputs[k].type;
        inputs[k].ref = sn_ir_emit(l->trial, IR_INPUT, type, sn_ir_add_input(l->trial, "", type), 0, 0);
    }
    return true;
}

/* The arguments as numbers, tuples element by element; false after an error. */
static bool flatten(lowering *l, uint32_t node, const sinter_node_type *type, lang_value *inputs)
{
    const lang_node n = l->t->nodes[node];
    const uint32_t given = l->t->lists[n.b];
    uint32_t count = 0;
    for (uint32_t k = 0; k < given; k++) {
        const lang_value v = sn_lang_expression(l, l->t->lists[n.b + 2 + k]);
        if (v.type == TYPE_WRONG)
            return false;
        for (uint32_t e = 0; e < v.count; e++, count++)
            if (count < type->inputs)
                inputs[count] = sn_lang_number(l, node, sn_lang_element(l, v, e));
    }
    if (count == type->inputs)
        return true;
    sn_lang_complain(l, node, NULL, "'%.*s' takes %u number%s, not %u", sn_lang_shown(l->t, n.a),
                     sn_lang_symbol_text(l->t, n.a), type->inputs, type->inputs == 1 ? "" : "s", count);
    return false;
}

static lang_value take_output(lowering *l, uint32_t node, const ir_program *p, ir_ref ref)
{
    const unsigned type = ref && ref < p->count ? p->ops[ref].type : (unsigned)IR_VOID;
    if (type == IR_F32 || type == IR_F64 || type == IR_I32 || type == IR_MASK)
        return sn_lang_scalar(l->dry ? 0 : ref, type);
    sn_lang_complain(l, node, NULL, "the callback of this function gave no value");
    return sn_lang_wrong();
}

/* Callbacks know the public form of a program: this one is lent to it for the call. */
static void run_callback(const sinter_node_type *type, ir_program *p, const sinter_value *in,
                         sinter_value *out)
{
    sinter_program lent = {.allocator = p->memory->allocator, .ir = *p};
    type->emit(type->user, &lent, in, type->inputs, out, type->outputs);
    *p = lent.ir;
}

static void emit_call(lowering *l, uint32_t node, const sinter_node_type *type, const lang_value *inputs, ir_ref *out)
{
    ir_program *p = l->p;
    const ir_call call = {sn_lang_call_name(l, l->t->nodes[node].a, l->t->lists[l->t->nodes[node].b + 1]), type};
    const uint32_t number = sn_ir_add_call(p, &call);
    sn_lang_need_rate(l);
    for (uint32_t k = 0; k < type->inputs && !p->status; k++)
        sn_ir_emit(p, IR_ARGUMENT, IR_VOID, inputs[k].ref, number, k);
    for (uint32_t k = 0; k < type->outputs && !p->status; k++)
        out[k] = sn_ir_emit(p, IR_RESULT, IR_F32, number, k, 0);
}

/* A node with a function in C: of its streams the types are known. */
static lang_value call_block(lowering *l, uint32_t node, const sinter_node_type *type)
{
    lang_value inputs[MOST_ARGUMENTS];
    ir_ref out[MOST_ARGUMENTS] = {0};
    if (!l->options->patch && !l->checking) {
        sn_lang_complain(l, node, "only a patch has streams and state: sinter render runs one", "'%s' is a function in C, and a field calls none",
                         type->name);
        return sn_lang_wrong();
    }
    if (!flatten(l, node, type, inputs))
        return sn_lang_wrong();
    for (uint32_t k = 0; !l->dry && k < type->inputs; k++) {
        inputs[k] = sn_lang_to(l, node, inputs[k], IR_F32);
        if (inputs[k].type == TYPE_WRONG)
            return sn_lang_wrong();
    }
    if (!l->dry)
        emit_call(l, node, type, inputs, out);
    if (type->outputs == 1)
        return sn_lang_scalar(out[0], IR_F32);
    const uint32_t place = sn_lang_pool(l, type->outputs);
    for (uint32_t k = 0; place && k < type->outputs; k++)
        l->pool[place + k] = sn_lang_scalar(out[k], IR_F32);
    return place ? (lang_value){.ref = place, .count = (uint16_t)type->outputs, .type = TYPE_TUPLE} : sn_lang_wrong();
}

static lang_value call_node_type(lowering *l, uint32_t node, const sinter_node_type *type)
{
    if (!type->emit)
        return call_block(l, node, type);
    if (type->inputs > MOST_ARGUMENTS || type->outputs > MOST_ARGUMENTS || type->outputs == 0) {
        sn_lang_complain(l, node, NULL, "a function has at most %d inputs, and from 1 to %d outputs",
                         MOST_ARGUMENTS, MOST_ARGUMENTS);
        return sn_lang_wrong();
    }
    lang_value inputs[MOST_ARGUMENTS];
    if (!flatten(l, node, type, inputs) || (l->dry && !open_trial(l, inputs, type->inputs)))
        return sn_lang_wrong();
    ir_program *p = l->dry ? l->trial : l->p;
    sinter_value in[MOST_ARGUMENTS + 1] = {0}, out[MOST_ARGUMENTS] = {0};
    for (uint32_t k = 0; k < type->inputs; k++)
        in[k] = inputs[k].ref;
    const bool worked = p->status == SINTER_OK;
    run_callback(type, p, in, out);
    if (p->status != SINTER_OK) {
        if (worked)
            sn_lang_complain(l, node, NULL, "%s", p->message);
        return sn_lang_wrong();
    }
    if (type->outputs == 1)
        return take_output(l, node, p, out[0]);
    const uint32_t place = sn_lang_pool(l, type->outputs);
    for (uint32_t k = 0; place && k < type->outputs; k++) {
        const lang_value v = take_output(l, node, p, out[k]);
        l->pool[place + k] = v;
    }
    return place ? (lang_value){.ref = place, .count = (uint16_t)type->outputs, .type = TYPE_TUPLE}
                 : sn_lang_wrong();
}

/* ---- functions of the text ---- */

/* Everything that the result can depend on; in dry runs that is types, and numbers as written. */
static uint32_t flatten_key(lowering *l, const lang_value *arguments, uint32_t count, uint32_t *hash)
{
    const uint32_t first = l->pool_count;
    uint32_t mixed = *hash;
    for (uint32_t k = 0; k < count; k++)
        for (uint32_t e = 0; e < (arguments[k].count > 1 ? arguments[k].count : 1u); e++) {
            lang_value v = sn_lang_element(l, arguments[k], e);
            if (l->dry && v.type != TYPE_LITERAL && v.type != TYPE_IMAGE)
                v.ref = 0;
            v.count = arguments[k].count;
            const uint32_t place = sn_lang_pool(l, 1);
            if (!place)
                return 0;
            l->pool[place] = v;
            mixed = (mixed ^ v.ref ^ (uint32_t)v.type << 24 ^ (uint32_t)v.count << 16) * 0x9E3779B1u;
            mixed ^= mixed >> 15;
        }
    *hash = mixed;
    return first;
}

static bool grow_memos(lowering *l)
{
    const uint32_t old = l->memo_mask + 1, size = l->memos ? 2 * old : FIRST_MEMOS;
    lang_memo *grown = sn_arena_take_zeroed(l->memory, size * sizeof *grown);
    if (!grown) {
        l->t->out_of_memory = true;
        return false;
    }
    for (uint32_t k = 0; l->memos && k < old; k++)
        if (l->memos[k].function) {
            uint32_t at = l->memos[k].hash & (size - 1);
            while (grown[at].function)
                at = (at + 1) & (size - 1);
            grown[at] = l->memos[k];
        }
    l->memos = grown;
    l->memo_mask = size - 1;
    return true;
}

/* The place of the instance: found (its value is there) or free. NULL when memory is refused. */
static lang_memo *find_memo(lowering *l, const lang_memo *wanted)
{
    if ((!l->memos || 2 * l->memo_count >= l->memo_mask) && !grow_memos(l))
        return NULL;
    uint32_t at = wanted->hash & l->memo_mask;
    for (; l->memos[at].function; at = (at + 1) & l->memo_mask) {
        const lang_memo *m = &l->memos[at];
        if (m->hash == wanted->hash && m->function == wanted->function && m->epoch == wanted->epoch && m->type == wanted->type
            && m->argument_count == wanted->argument_count
            && !memcmp(&l->pool[m->arguments], &l->pool[wanted->arguments],
                       m->argument_count * sizeof *l->pool))
            break;
    }
    return &l->memos[at];
}

bool sn_lang_enter(lowering *l, uint32_t function, uint32_t node, uint32_t which)
{
    if (l->frame == LANG_MAX_CALLS) {
        sn_lang_too_large(l, l->t->nodes[node].at, "more than 64 functions call each other in a row");
        return false;
    }
    const uint32_t needed = l->slot_count + l->t->functions[function].slot_count + 1;
    while (l->slot_room < needed) {
        lang_slot *grown = sn_lang_more(l, l->slots, l->slot_count, &l->slot_room, sizeof *grown);
        if (!grown)
            return false;
        l->slots = grown;
    }
    memset(l->slots + l->slot_count, 0, (needed - l->slot_count) * sizeof *l->slots);
    l->frames[++l->frame] = (lang_frame){.base = l->slot_count - 1,
                                         .function = function,
                                         .which = which,
                                         .loop_base = l->loop_count,
                                         .call = node};
    l->base = l->slot_count - 1;
    l->slot_count = needed;
    return true;
}

void sn_lang_leave(lowering *l)
{
    l->slot_count = l->base + 1;
    l->base = l->frames[--l->frame].base;
}

static lang_value run_body(lowering *l, uint32_t function, const lang_value *arguments)
{
    const lang_function f = l->t->functions[function];
    for (uint32_t k = 0; k < f.parameter_count; k++) {
        uint32_t words[PARAMETER_WORDS];
        memcpy(words, sn_lang_parameter(l->t, &f, k), sizeof words);
        lang_value v = arguments[k];
        if (!v.count) {
            v = words[PARAMETER_SIZE] ? sn_lang_handed_on(l, words[PARAMETER_DEFAULT])
                                      : sn_lang_argument(l, words[PARAMETER_DEFAULT]);
            if (words[PARAMETER_SIZE] && v.type != TYPE_WRONG && v.type != TYPE_UNKNOWN
                && v.count != words[PARAMETER_SIZE]) {
                sn_lang_complain(l, words[PARAMETER_DEFAULT], NULL, "'%.*s' has %u element%s, this has %u",
                                 sn_lang_shown(l->t, words[PARAMETER_SYMBOL]),
                                 sn_lang_symbol_text(l->t, words[PARAMETER_SYMBOL]), words[PARAMETER_SIZE],
                                 words[PARAMETER_SIZE] == 1 ? "" : "s", v.count);
                v = sn_lang_wrong();
            }
            if (!sn_lang_check_constant(l, words[PARAMETER_DEFAULT], function, k, v))
                v = sn_lang_wrong();
        }
        sn_lang_bind(l, words[PARAMETER_SLOT], words[PARAMETER_SYMBOL], v);
    }
    lang_value v = sn_lang_wrong();
    for (uint32_t s = f.first; s; s = l->t->statements[s].next) {
        if (l->t->statements[s].forward > l->frames[l->frame].known_until)
            sn_lang_infer(l, s);
        v = sn_lang_statement(l, s);
    }
    return v;
}

lang_value sn_lang_instance(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, uint32_t which)
{
    const uint32_t statement = l->statement;
    l->t->functions[function].called |= !l->silent;
    if (!sn_lang_enter(l, function, node, which))
        return sn_lang_wrong();
    const lang_value v = run_body(l, function, arguments);
    sn_lang_leave(l);
    l->statement = statement;
    return v;
}

/* With its arguments in the order of the parameters; count 0: the default. */
static lang_value call_with(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments)
{
    const lang_function *f = &l->t->functions[function];
    const uint32_t count = f->parameter_count, which = l->t->lists[l->t->nodes[node].b + 1];
    if (f->stateful && !l->dry)
        return sn_lang_instance(l, node, function, arguments, which);
    lang_memo wanted = {
        .function = function, .epoch = l->dry ? l->epoch : 0, .type = (uint32_t)l->type,
        .hash = function * 0x85EBCA6Bu + 2u * (uint32_t)l->type + l->dry};
    wanted.arguments = flatten_key(l, arguments, count, &wanted.hash);
    wanted.argument_count = l->pool_count - wanted.arguments;
    lang_memo *memo = wanted.arguments ? find_memo(l, &wanted) : NULL;
    if (!memo)
        return sn_lang_wrong();
    if (memo->function) {
        l->pool_count = wanted.arguments;
        return memo->value;
    }
    wanted.value = sn_lang_instance(l, node, function, arguments, which);
    memo = find_memo(l, &wanted);
    if (memo && !memo->function) {
        *memo = wanted;
        l->memo_count++;
    }
    return wanted.value;
}

/* A function of the library. One that is kept needs no body. */
static lang_value call_item(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments)
{
    kept_key key;
    lang_value value;
    sn_lang_kept_key(l, l->t->functions[function].item, arguments, &key);
    if (sn_lang_take_kept_call(l, node, function, arguments, &key, &value))
        return value;
    if (!sn_lang_parse_item(l->t, l->memory, function) || !sn_lang_check_constants(l, node, function, arguments))
        return sn_lang_wrong();
    return sn_lang_keep_call(l, node, function, arguments, &key, &value) ? value : call_with(l, node, function, arguments);
}

static lang_value call_function(lowering *l, uint32_t node, uint32_t function)
{
    lang_value arguments[MOST_ARGUMENTS];
    const lang_function *f = &l->t->functions[function];
    if (f->recursive || (!f->first && !f->item))
        return sn_lang_wrong();
    if (f->sized || f->item) {
        function = sn_lang_choose_definition(l, node, function, arguments);
        if (!function)
            return sn_lang_wrong();
    } else if (!sn_lang_take_arguments(l, node, function, arguments)) {
        return sn_lang_wrong();
    }
    if (!l->t->functions[function].item)
        return sn_lang_check_constants(l, node, function, arguments) ? call_with(l, node, function, arguments) : sn_lang_wrong();
    return call_item(l, node, function, arguments);
}

/* ---- any call ---- */

static void unknown_function(lowering *l, uint32_t node)
{
    const uint32_t symbol = l->t->nodes[node].a;
    const lang_symbol *s = &l->t->symbols[symbol];
    const char *name = sn_lang_symbol_text(l->t, symbol);
    lang_nearest best = {.wanted = name, .wanted_length = s->length};
    static const struct {
        const char *name, *hint;
    } others[] = {
        {"square", "write x^2"},
        {"if", "write condition ? a : b"},
        {"saturate", "write clamp(x, 0, 1)"},
        {"fmod", "rem(a, b) has the sign of a, mod(a, b) that of b"},
        {"inversesqrt", "did you mean 'rsqrt'?"},
        {"sigmoid", "did you mean 'logistic'?"},
        {"tgamma", "did you mean 'gamma'?"},
        {"float", "did you mean 'f32'?"},
        {"int", "did you mean 'i32'?"},
        {"fabs", "did you mean 'abs'?"},
        {"sdf_disc", "did you mean 'sdf_circle'?"},
        {"sdf_disk", "did you mean 'sdf_circle'?"},
        {"sdf_rectangle", "did you mean 'sdf_box'?"},
        {"sdf_square", "did you mean 'sdf_box'?"},
        {"sdf_cube", "did you mean 'sdf_box'?"},
        {"smin", "did you mean 'sdf_smooth_union'?"},
        {"smax", "did you mean 'sdf_smooth_intersection'?"},
        {"fast", "a grade stands before a function: fast.sin(x)"},
        {"print", NULL},
    };
    char hint[SINTER_MESSAGE_SIZE] = "";
    if (!sn_lang_is_heard(l, node)) {
        sn_lang_complain(l, node, NULL, "there is no function '%.*s'", sn_lang_shown(l->t, symbol), name);
        return;
    }
    for (uint32_t w = 0; w < WORD_COUNT; w++)
        if (sn_lang_words[w].kind == WORD_IS_FUNCTION)
            sn_lang_offer(&best, sn_lang_words[w].text, sn_lang_words[w].length);
    for (uint32_t f = 1; f < l->t->function_count; f++) {
        if (l->t->functions[f].item)
            continue;
        const uint32_t other = l->t->functions[f].symbol;
        sn_lang_offer(&best, sn_lang_symbol_text(l->t, other), l->t->symbols[other].length);
    }
    for (uint32_t k = 0; k < l->options->node_count; k++)
        sn_lang_offer(&best, l->options->nodes[k].name, strlen(l->options->nodes[k].name));
    for (uint32_t k = 0; k < sn_lang_library_count; k++)
        if (sn_lang_library[k].summary)
            sn_lang_offer(&best, sn_lang_library[k].name, sn_lang_library[k].name_length);
    if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    for (size_t k = 0; k < sizeof others / sizeof *others; k++)
        if (strlen(others[k].name) == s->length && !memcmp(others[k].name, name, s->length))
            snprintf(hint, sizeof hint, "%s", others[k].hint ? others[k].hint : "");
    if (s->global_slot || s->input || sn_lang_words[s->word].kind == WORD_IS_CONSTANT
        || sn_lang_words[s->word].kind == WORD_IS_FREE)
        snprintf(hint, sizeof hint, "a product needs its *");
    const lang_family_name family = sn_lang_family_of(l->t, symbol);
    if (family.function || family.item)
        snprintf(hint, sizeof hint, "it is a family: log_density(%.*s(...), x)", sn_lang_shown(l->t, symbol), name);
    sn_lang_complain(l, node, hint, "there is no function '%.*s'", sn_lang_shown(l->t, symbol), name);
}

/* `fast.` before a function that has one form only. */
static lang_value refuse_grade(lowering *l, uint32_t node, bool is_word)
{
    const uint32_t symbol = l->t->nodes[node].a;
    sn_lang_complain(l, node,
                     is_word ? "leave out fast.: it stands before functions that are approximated, as sin is"
                             : "write fast. before functions of the language inside it: fast.sin(x)",
                     "'%.*s' has no fast form", sn_lang_shown(l->t, symbol), sn_lang_symbol_text(l->t, symbol));
    return sn_lang_wrong();
}

static lang_value call_library(lowering *l, uint32_t node, uint32_t function)
{
    const lang_library_item *item = l->t->functions[function].item;
    if ((!item->stateful && !item->free_names) || l->options->patch || l->checking)
        return call_function(l, node, function);
    sn_lang_complain(l, node, "only a patch has streams and state: sinter render runs one",
                     item->stateful ? "'%s' remembers what was, and a field has no past"
                                    : "'%s' goes by the sample rate, and a field has none",
                     item->name);
    return sn_lang_wrong();
}

/* What the text defines comes first: it knew nothing of words that the language has since gained. */
lang_value sn_lang_call(lowering *l, uint32_t node)
{
    const uint32_t symbol = l->t->nodes[node].a;
    const bool fast = l->t->nodes[node].op != 0;
    const lang_symbol *s = &l->t->symbols[symbol];
    if (s->function)
        return fast ? refuse_grade(l, node, false) : call_function(l, node, s->function);
    if (sn_lang_is_function(s->word))
        return fast && !sn_lang_is_graded(s->word) ? refuse_grade(l, node, true)
                                                   : call_word(l, node, s->word);
    const sinter_node_type *type = sn_lang_find_node_type(l->t, l->options, symbol);
    if (type)
        return fast ? refuse_grade(l, node, false) : call_node_type(l, node, type);
    const uint32_t function = sn_lang_library_function(l->t, l->memory, symbol);
    if (function)
        return fast ? refuse_grade(l, node, false) : call_library(l, node, function);
    if (l->t->out_of_memory)
        return sn_lang_wrong();
    unknown_function(l, node);
    return sn_lang_wrong();
}

void sn_lang_check_uncalled(lowering *l)
{
    l->dry = l->checking = true;
    l->epoch++;
    for (uint32_t k = 1; k < l->t->function_count; k++) {
        const lang_function f = l->t->functions[k];
        if (f.called || f.recursive || !f.first || f.item || f.family || l->too_large)
            continue;
        lang_value arguments[MOST_ARGUMENTS];
        for (uint32_t a = 0; a < f.parameter_count; a++)
            arguments[a] = sn_lang_scalar(0, TYPE_UNKNOWN);
        sn_lang_instance(l, 0, k, arguments, 0);
    }
    l->dry = l->checking = false;
}
