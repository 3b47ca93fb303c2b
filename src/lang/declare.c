/* What a program declares: parameters, inputs, tables, outputs; and the names that it need not declare. */
#include "lang/library.h"
#include "lang/lowering.h"

#include "base/decimal.h"

#include <math.h>
#include <string.h>

enum { MOST_OUTPUTS = 1024, HIGHEST_RATE = 1000000000 };

static const char *symbol_name(lowering *l, uint32_t symbol)
{
    const char *name =
        sn_arena_copy_text(l->memory, sn_lang_symbol_text(l->t, symbol), l->t->symbols[symbol].length);
    l->t->out_of_memory |= !name;
    return name ? name : "";
}

static void complain_of_statement(lowering *l, uint32_t statement, const char *hint, const char *message)
{
    const lang_statement *s = &l->t->statements[statement];
    sn_lang_complain_at(l, s->at, sn_lang_token_end(&l->t->source, s->at), hint, "%s", message);
}

/* ---- names that need no declaration ---- */

static void add_listed_inputs(lowering *l)
{
    for (const char *at = l->options->inputs; *at;) {
        const size_t length = strcspn(at, " ");
        if (length) {
            const char *name = sn_arena_copy_text(l->memory, at, length);
            if (!name) {
                l->t->out_of_memory = true;
                return;
            }
            sn_ir_add_input(l->p, name, l->type);
        }
        at += length ? length : 1;
    }
}

void sn_lang_declare_inputs(lowering *l)
{
    if (l->options->inputs) {
        add_listed_inputs(l);
        return;
    }
    if (l->options->patch || (l->options->density && l->t->has_inputs))
        return;
    static const char names[FREE_FIELD_NAMES][2] = {"x", "y", "z", "t"};
    for (unsigned k = 0; k < FREE_FIELD_NAMES; k++) {
        const uint32_t symbol = l->t->free_symbols[k];
        if (l->t->free_names >> k & 1 && !l->t->symbols[symbol].global_slot)
            l->inputs[k] = sn_ir_add_input(l->p, names[k], l->type) + 1;
    }
}

static lang_value rate(lowering *l)
{
    if (!l->dry && !l->rate) {
        const ir_param param = {.name = "rate",
                                .type = IR_F64,
                                .curve = SINTER_LOGARITHMIC,
                                .initial = 48000,
                                .low = 1,
                                .high = HIGHEST_RATE,
                                .unit = "Hz"};
        const uint32_t number = sn_ir_add_param(l->p, &param);
        uint64_t known;
        memcpy(&known, &l->options->rate, sizeof known);
        l->rate = known ? sn_ir_settled(l->p, number, IR_F64, known) : sn_ir_emit(l->p, IR_PARAM, IR_F64, number, 0, 0);
    }
    return sn_lang_scalar(l->dry ? 0 : l->rate, IR_F64);
}

void sn_lang_need_rate(lowering *l)
{
    rate(l);
}

static lang_value stream_name(lowering *l, unsigned word)
{
    if (word == WORD_RATE || l->dry)
        return rate(l);
    const lang_value above = sn_lang_scalar(
        word == WORD_DT ? sn_ir_f64(l->p, 1) : sn_ir_emit(l->p, IR_INDEX, IR_F64, 0, 0, 0), IR_F64);
    return word == WORD_INDEX ? above : sn_lang_binary(l, 0, TOKEN_SLASH, above, rate(l));
}

/* The input stream `number`, from 1; 0 where nothing that runs reads it. */
static lang_value stream(lowering *l, uint32_t symbol, uint32_t number)
{
    lang_symbol *s = &l->t->symbols[symbol];
    if (!s->value && !l->dry && number)
        s->value = sn_ir_emit(l->p, IR_INPUT, l->type, number - 1, 0, 0);
    return sn_lang_scalar(l->dry ? 0 : s->value, l->type);
}

lang_value sn_lang_free_name(lowering *l, uint32_t symbol)
{
    const lang_symbol *s = &l->t->symbols[symbol];
    const lang_word *word = &sn_lang_words[s->word];
    if (s->input)
        return stream(l, symbol, s->input);
    if (word->kind == WORD_IS_CONSTANT) {
        const lang_literal literal = {.value = word->value, .known = LITERAL_EXACT};
        return sn_lang_scalar(sn_lang_add_literal(l->t, l->memory, literal), TYPE_LITERAL);
    }
    if (word->kind != WORD_IS_FREE || l->options->patch != (word->number >= FREE_FIELD_NAMES)
        || (l->options->inputs && !l->options->patch) || (l->options->density && l->t->has_inputs))
        return sn_lang_wrong();
    if (word->number < FREE_FIELD_NAMES)
        return stream(l, symbol, l->inputs[word->number]);
    return stream_name(l, s->word);
}

/* ---- inputs ---- */

void sn_lang_input(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    lang_value v = sn_lang_scalar(0, l->type);
    const lang_symbol *symbol = &l->t->symbols[s.b];
    if (!l->options->patch && !l->options->density) {
        complain_of_statement(l, statement, "a field has x, y, z and t", "only a patch has inputs");
        v = sn_lang_wrong();
    } else if (!l->dry && symbol->input) {
        v = sn_lang_free_name(l, s.b);
    } else if (!l->dry && l->options->inputs) {
        complain_of_statement(l, statement, NULL, "this input is not among those given");
    } else if (!l->dry) {
        const uint32_t stream = sn_ir_add_input(l->p, symbol_name(l, s.b), l->type);
        v = sn_lang_scalar(sn_ir_emit(l->p, IR_INPUT, l->type, stream, 0, 0), l->type);
    }
    sn_lang_bind(l, s.c, s.b, v);
}

/* ---- parameters ---- */

static bool constant_node(lowering *l, uint32_t node, const char *what, double *value)
{
    const lang_value v = sn_lang_expression(l, node);
    if (v.type == TYPE_WRONG || sn_lang_constant(l, v, value))
        return v.type != TYPE_WRONG;
    sn_lang_complain(l, node, NULL, "%s is a constant", what);
    return false;
}

static bool good_range(lowering *l, const uint32_t *words, const ir_param *param)
{
    if (!(param->low < param->high)) {
        sn_lang_complain(l, words[1], "low..high", "the range of a param is empty");
        return false;
    }
    if (words[3] && !(param->low > 0)) {
        sn_lang_complain(l, words[1], "or leave out log", "the range of a logarithmic param begins above 0");
        return false;
    }
    if (!(param->initial >= param->low && param->initial <= param->high)) {
        sn_lang_complain(l, words[0], NULL, "the initial value lies outside the range");
        return false;
    }
    return true;
}

static bool good_smoothing(lowering *l, const uint32_t *words, ir_param *param)
{
    if (!words[PARAM_SMOOTHING])
        return true;
    if (!l->options->patch) {
        const uint32_t at = words[PARAM_SMOOTHED_AT];
        sn_lang_complain_at(l, at, sn_lang_token_end(&l->t->source, at), "a field has no time in which they could move",
                            "only the parameters of a patch are smoothed");
        return false;
    }
    if (!constant_node(l, words[PARAM_SECONDS], "the time of smoothing", &param->seconds))
        return false;
    if (!(param->seconds > 0 && param->seconds <= IR_MOST_SECONDS)) {
        sn_lang_complain(l, words[PARAM_SECONDS], "smooth 0.02", "the time of smoothing is above 0 and at most 1,000 seconds");
        return false;
    }
    param->smoothing = (uint8_t)words[PARAM_SMOOTHING];
    return true;
}

/* ---- events ---- */

/* Behind an event's parameter stands another, `gate.onset`, which says where it came last: a name that no text has. */
static const char onset_suffix[] = ".onset";
static const double never = 1e18; /* elements ago; above 2^53 every index is near enough */

static void add_onset(lowering *l, const char *event)
{
    const size_t length = strlen(event);
    char *name = sn_arena_take(l->memory, length + sizeof onset_suffix);
    if (!name) {
        l->t->out_of_memory = true;
        return;
    }
    memcpy(name, event, length);
    memcpy(name + length, onset_suffix, sizeof onset_suffix);
    const ir_param onset = {.name = name, .type = IR_F64, .initial = -never, .low = -(double)INFINITY, .high = (double)INFINITY};
    sn_ir_add_param(l->p, &onset);
}

/* The number of the event's onset; that of the event itself where the value is none. */
static uint32_t onset_of(const lowering *l, uint32_t event)
{
    const char *name = l->p->params[event].name;
    const size_t length = strlen(name);
    if (event + 1 >= l->p->param_count)
        return event;
    const char *next = l->p->params[event + 1].name;
    return strncmp(next, name, length) == 0 && strcmp(next + length, onset_suffix) == 0 ? event + 1 : event;
}

lang_value sn_lang_since(lowering *l, uint32_t node, lang_value event)
{
    if (event.type == TYPE_WRONG)
        return event;
    if (l->dry)
        return sn_lang_scalar(0, IR_F64);
    ir_program *p = l->p;
    const bool is_parameter = event.count == 1 && event.type == (unsigned)l->type && event.ref && event.ref < p->count
                              && p->ops[event.ref].code == IR_PARAM && !sn_ir_is_settled(&p->ops[event.ref]);
    const uint32_t number = is_parameter ? p->ops[event.ref].a : 0, onset = is_parameter ? onset_of(l, number) : 0;
    if (!is_parameter || onset == number) {
        sn_lang_complain(l, node, "event gate = 0, then since(gate)", "since takes an event, by its name");
        return sn_lang_wrong();
    }
    const ir_ref index = sn_ir_emit(p, IR_INDEX, IR_F64, 0, 0, 0);
    const ir_ref elapsed = sn_ir_emit(p, IR_SUB, IR_F64, index, sn_ir_emit(p, IR_PARAM, IR_F64, onset, 0, 0), 0);
    /* What lies ahead, as after a reset of the index, has not come yet. */
    const ir_ref ahead = sn_ir_emit(p, IR_LT, IR_MASK, elapsed, sn_ir_f64(p, 0), 0);
    return sn_lang_scalar(sn_ir_emit(p, IR_SELECT, IR_F64, ahead, sn_ir_f64(p, never), elapsed), IR_F64);
}

void sn_lang_param(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    lang_value v = sn_lang_scalar(0, l->type);
    if (l->dry && s.a && l->t->lists[s.a + PARAM_LENGTH]) {
        sn_lang_grouped_param(l, statement, 0, NULL);
        return;
    }
    if (!l->dry) {
        uint32_t words[PARAM_WORDS];
        memcpy(words, l->t->lists + s.a, sizeof words);
        ir_param param = {.name = symbol_name(l, s.b),
                          .type = (uint8_t)l->type,
                          .low = -(double)INFINITY,
                          .high = (double)INFINITY,
                          .curve = words[3] ? SINTER_LOGARITHMIC : SINTER_LINEAR};
        v = sn_lang_wrong();
        bool good = s.a && constant_node(l, words[0], "the initial value of a param", &param.initial);
        if (good && words[1])
            good = constant_node(l, words[1], "the range of a param", &param.low)
                   && constant_node(l, words[2], "the range of a param", &param.high);
        if (good && l->options->patch && l->t->symbols[s.b].word == WORD_RATE) {
            complain_of_statement(l, statement, NULL, "the rate is given by whoever runs the patch");
            good = false;
        }
        if (good && words[PARAM_EVENT] && !l->options->patch) {
            complain_of_statement(l, statement, "declare it by param", "only a patch has events");
            good = false;
        }
        if (good && words[PARAM_LENGTH]) {
            if (good_range(l, words, &param))
                sn_lang_grouped_param(l, statement, words[PARAM_LENGTH], &param);
            else
                sn_lang_bind(l, s.c, s.b, v);
            return;
        }
        if (good && good_range(l, words, &param) && good_smoothing(l, words, &param)) {
            const char *unit =
                words[5] ? sn_arena_copy_text(l->memory, l->t->source.text + words[4], words[5]) : NULL;
            l->t->out_of_memory |= words[5] && !unit;
            param.unit = unit;
            v = sn_lang_scalar(sn_ir_emit(l->p, IR_PARAM, l->type, sn_ir_add_param(l->p, &param), 0, 0),
                               l->type);
            if (words[PARAM_EVENT])
                add_onset(l, param.name);
            if (param.smoothing) /* the rate counts its seconds: the patch has it then */
                rate(l);
        }
    }
    sn_lang_bind(l, s.c, s.b, v);
}

/* ---- tables ---- */

static bool store(lowering *l, uint32_t node, unsigned type, double value, float single, char *place)
{
    const double low = type == IR_U8 ? 0 : type == IR_I16 ? -32768.0 : -2147483648.0;
    const double high = type == IR_U8 ? 255 : type == IR_I16 ? 32767 : 2147483647;
    if (type == IR_F64) {
        memcpy(place, &value, sizeof value);
        return true;
    }
    if (type == IR_F32) {
        memcpy(place, &single, sizeof single);
        return true;
    }
    if (!(value >= low && value <= high && value == trunc(value))) {
        sn_lang_complain(l, node, NULL, "not a whole number from %d to %d", (int)low, (int)high);
        return false;
    }
    const int32_t whole = (int32_t)value;
    const int16_t half = (int16_t)whole;
    const uint8_t byte = (uint8_t)whole;
    if (type == IR_I32)
        memcpy(place, &whole, sizeof whole);
    else if (type == IR_I16)
        memcpy(place, &half, sizeof half);
    else
        memcpy(place, &byte, sizeof byte);
    return true;
}

/* An entry: mostly a number as written, read straight to the table's type. */
static bool fill(lowering *l, uint32_t node, unsigned type, char *place)
{
    const lang_value v = sn_lang_expression(l, node);
    double value;
    if (v.type == TYPE_WRONG)
        return false;
    if (!sn_lang_constant(l, v, &value)) {
        sn_lang_complain(l, node, NULL, "the entries of a table are constant numbers");
        return false;
    }
    float single = (float)value;
    if (type == IR_F32 && v.type == TYPE_LITERAL && l->t->literals[v.ref].known != LITERAL_EXACT) {
        const lang_literal *literal = &l->t->literals[v.ref];
        sn_decimal_read_f32(l->t->source.text + literal->at, literal->length, &single);
        single = v.negated ? -single : single;
    }
    return store(l, node, type, value, single, place);
}

static uint32_t make_table(lowering *l, uint32_t statement, const lang_statement *s)
{
    const uint32_t declared = l->t->lists[s->a], count = l->t->lists[s->a + 1];
    const unsigned type = declared ? declared : (unsigned)l->type;
    const size_t size = sn_ir_type_size((ir_type)type);
    if (count == 0) {
        complain_of_statement(l, statement, NULL, "a table has at least one entry");
        return 0;
    }
    char *content = sn_arena_take(l->memory, count * size);
    if (!content) {
        l->t->out_of_memory = true;
        return 0;
    }
    bool good = true;
    for (uint32_t k = 0; k < count; k++)
        good &= fill(l, l->t->lists[s->a + 2 + k], type, content + k * size);
    const ir_memory table = {.name = symbol_name(l, s->b),
                             .content = content,
                             .length = count,
                             .kind = IR_TABLE,
                             .type = (uint8_t)type};
    return good ? sn_ir_add_memory(l->p, &table) + 1 : 0;
}

/* A table of the library becomes one of the program when a function that reads it is put in place. */
uint32_t sn_lang_library_table(lowering *l, uint32_t symbol)
{
    lang_symbol *s = &l->t->symbols[symbol];
    if (!s->library || s->value)
        return s->value;
    const lang_library_item *item = sn_lang_find_item(sn_lang_symbol_text(l->t, symbol), s->length);
    if (!item || item->text)
        return 0;
    const ir_memory table = {.name = item->name,
                             .content = item->content,
                             .length = item->entries,
                             .kind = IR_TABLE,
                             .type = (uint8_t)item->type};
    return s->value = sn_ir_add_memory(l->p, &table) + 1;
}

void sn_lang_table(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    lang_slot *slot = &l->slots[sn_lang_slot(l, s.c)];
    if (!l->dry) { /* the value is the memory object, from 1 */
        const uint32_t memory = s.a ? make_table(l, statement, &s) : 0;
        slot = &l->slots[sn_lang_slot(l, s.c)];
        slot->value = sn_lang_scalar(memory, TYPE_WRONG);
        slot->state = s.a ? SLOT_TABLE : SLOT_BOUND;
    } else if (slot->state != SLOT_TABLE) { /* no memory yet: what is read from it has this type */
        const uint32_t type = s.a && l->t->lists[s.a] ? l->t->lists[s.a] : (uint32_t)l->type;
        slot->value = sn_lang_scalar(0, type == IR_U8 || type == IR_I16 ? IR_I32 : type);
        slot->state = SLOT_TABLE;
    }
}

/* ---- outputs ---- */

void sn_lang_add_outputs(lowering *l, uint32_t statement, uint32_t symbol, lang_value v)
{
    if (l->dry)
        return;
    for (uint32_t k = 0; k < v.count; k++) {
        lang_value e = sn_lang_element(l, v, k);
        if (l->output_count == MOST_OUTPUTS) {
            sn_lang_too_large(l, l->t->statements[statement].at, "a program has at most 1,024 outputs");
            return;
        }
        if (l->output_count == l->output_room) {
            lang_output *grown = sn_lang_more(l, l->outputs, l->output_count, &l->output_room, sizeof *grown);
            if (!grown)
                return;
            l->outputs = grown;
        }
        e = sn_lang_to(l, l->t->statements[statement].a, e, l->type);
        l->outputs[l->output_count++] = (lang_output){e.ref, statement, symbol, v.count > 1 ? k + 1 : 0};
    }
}

static size_t append_number(char *text, uint32_t number)
{
    char digits[SN_DECIMAL_ROOM];
    const size_t length = sn_decimal_write_f64((double)number, digits);
    memcpy(text, digits, length + 1);
    return length;
}

static void name_output(const lowering *l, const lang_output *o, uint32_t unnamed_count,
                        uint32_t unnamed_index, char *name)
{
    const char *const own = l->options->density ? sn_lang_quantity_names[l->options->quantity] : "out";
    size_t length = strlen(own);
    memcpy(name, own, length + 1);
    if (l->options->density && unnamed_count > 1) {
        append_number(name + length, unnamed_index);
        return;
    }
    if (o->symbol) {
        length = l->t->symbols[o->symbol].length;
        memcpy(name, sn_lang_symbol_text(l->t, o->symbol), length);
        name[length] = 0;
    }
    if (o->symbol ? o->element > 0 : unnamed_count > 1) {
        name[length++] = '.';
        append_number(name + length, o->symbol ? o->element - 1 : unnamed_index);
    }
}

static bool is_taken(const lowering *l, const char *name)
{
    for (uint32_t k = 0; k < l->p->output_count; k++)
        if (!strcmp(l->p->outputs[k].name, name))
            return true;
    return false;
}

void sn_lang_emit_outputs(lowering *l)
{
    uint32_t unnamed_count = 0, unnamed_index = 0;
    for (uint32_t k = 0; k < l->output_count; k++)
        unnamed_count += l->outputs[k].symbol == 0;
    for (uint32_t k = 0; k < l->output_count && l->p->status == SINTER_OK; k++) {
        const lang_output *o = &l->outputs[k];
        char name[LANG_MAX_NAME + SN_DECIMAL_ROOM];
        name_output(l, o, unnamed_count, unnamed_index, name);
        unnamed_index += o->symbol == 0;
        if (is_taken(l, name)) {
            complain_of_statement(l, o->statement, "out name = expression", "two outputs have the same name");
            return;
        }
        const uint32_t stream = sn_ir_add_output(l->p, name, l->type);
        sn_ir_emit(l->p, IR_OUTPUT, IR_VOID, o->value, stream, 0);
    }
}
