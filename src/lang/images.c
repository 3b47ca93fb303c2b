/* Images: rectangles of texels that a text reads at any place.
 *
 * An image is given from outside (lang_options.images), declared (`image a`, `image a:3`), or made by the
 * text itself (`image b = …`, a stage). A stage read by its name alone is the value at that place, as if it
 * had been bound with `b = …`; read by sample or texel it is an image like any other, which somebody has to
 * make first: the program then asks for it, and lang_options.stage gives the program that makes it. So a
 * stage that is only ever read at its own pixel costs nothing.
 *
 * In the IR an image is two bound tables: its texels, f32, a plane for each channel, and its extent
 * (IR_EXTENT_…), read at segment rate. One kernel serves images of any size.
 *
 * Images are named, never computed: a name may stand as the argument of a function, which then reads whatever
 * image the call names. */
#include "lang/lowering.h"

#include <stdio.h>
#include <string.h>

/* ---- the list of images ---- */

static lang_image *add_image(lowering *l, const char *name, uint32_t length)
{
    if (l->image_count + 1 >= l->image_room) {
        lang_image *grown = sn_lang_more(l, l->images, l->image_count + 1, &l->image_room, sizeof *grown);
        if (!grown)
            return NULL;
        l->images = grown;
    }
    char *kept = sn_arena_copy_text(l->memory, name, length); /* the text may move */
    if (!kept) {
        l->t->out_of_memory = true;
        return NULL;
    }
    lang_image *image = &l->images[++l->image_count];
    *image = (lang_image){.name = kept, .length = length};
    return image;
}

static bool has_name(const lang_image *image, const char *name, uint32_t length)
{
    return image->length == length && memcmp(image->name, name, length) == 0;
}

static uint32_t find_image(const lowering *l, const char *name, uint32_t length)
{
    for (uint32_t k = 1; k <= l->image_count; k++)
        if (has_name(&l->images[k], name, length))
            return k;
    return 0;
}

/* Of the images from outside, which come first: those of the text, of which there may be many, are found by slots. */
static uint32_t find_given(const lowering *l, const char *name, uint32_t length)
{
    for (uint32_t k = 1; k <= l->image_count && l->images[k].given; k++)
        if (has_name(&l->images[k], name, length))
            return k;
    return 0;
}

/* The texels and, behind them, the extent. */
static uint32_t add_memories(lowering *l, const lang_image *image)
{
    char extent[LANG_MAX_NAME + sizeof "@extent"];
    const ir_memory texels = {.name = image->name,
                              .kind = IR_BOUND,
                              .type = IR_F32,
                              .channels = (uint8_t)image->channels,
                              .made = image->made};
    const uint32_t memory = sn_ir_add_memory(l->p, &texels) + 1;
    snprintf(extent, sizeof extent, "%s@extent", image->name);
    const ir_memory behind = {.name = extent, .kind = IR_BOUND, .type = IR_F64};
    sn_ir_add_memory(l->p, &behind);
    return memory;
}

/* ---- images given from outside ---- */

typedef struct listed_image {
    const char *name;
    uint32_t length, channels; /* 0: not said */
} listed_image;

/* The next of the list at *at; false at its end, and where it is wrong (*good is then false). */
static bool next_listed(const char **at, listed_image *image, bool *good)
{
    const char *text = *at + strspn(*at, " ");
    const size_t length = strcspn(text, " :");
    if (!*text)
        return false;
    *image = (listed_image){text, (uint32_t)length, 0};
    *good = length > 0 && length <= LANG_MAX_NAME;
    text += length;
    if (*text == ':') {
        image->channels = text[1] >= '1' && text[1] <= '0' + IR_MOST_CHANNELS ? (uint32_t)(text[1] - '0') : 0;
        *good &= image->channels && (text[2] == ' ' || text[2] == 0);
        text += image->channels ? 2 : 1;
    }
    *at = text;
    return *good;
}

bool sn_lang_is_image_list(const char *images)
{
    listed_image first, other;
    bool good = true;
    for (const char *at = images; at && next_listed(&at, &first, &good);)
        for (const char *behind = at; next_listed(&behind, &other, &good);)
            if (other.length == first.length && !memcmp(other.name, first.name, first.length))
                return false;
    return good;
}

/* How many channels the text says that the image has; 0: it does not say. */
static uint32_t declared_channels(const lowering *l, const char *name, uint32_t length)
{
    for (uint32_t s = l->t->first; s; s = l->t->statements[s].next) {
        const lang_statement *statement = &l->t->statements[s];
        const lang_symbol *symbol = &l->t->symbols[statement->b];
        if (statement->kind == STATEMENT_IMAGE && symbol->length == length
            && !memcmp(sn_lang_symbol_text(l->t, statement->b), name, length))
            return l->t->lists[statement->a];
    }
    return 0;
}

void sn_lang_open_images(lowering *l)
{
    listed_image listed;
    bool good = true;
    for (const char *at = l->options->images; at && next_listed(&at, &listed, &good);) {
        lang_image *image = add_image(l, listed.name, listed.length);
        if (!image)
            return;
        const uint32_t declared = declared_channels(l, listed.name, listed.length);
        image->channels = declared ? declared : listed.channels ? listed.channels : 1;
        image->given = true;
        image->memory = add_memories(l, image);
    }
}

/* ---- images of the text ---- */

static void set_slot(lowering *l, uint32_t slot, uint32_t image)
{
    lang_slot *s = &l->slots[sn_lang_slot(l, slot)];
    s->state = SLOT_IMAGE;
    s->value = sn_lang_scalar(image, TYPE_IMAGE);
}

static void declare_image(lowering *l, const lang_statement *s, uint32_t channels)
{
    const char *name = sn_lang_symbol_text(l->t, s->b);
    uint32_t number = find_given(l, name, l->t->symbols[s->b].length);
    if (!number) {
        lang_image *image = add_image(l, name, l->t->symbols[s->b].length);
        if (!image)
            return; /* memory was refused */
        image->channels = channels ? channels : 1;
        image->memory = add_memories(l, image);
        number = l->image_count;
    }
    set_slot(l, s->c, number);
}

static bool is_stage(lowering *l, const lang_statement *s, lang_value v, uint32_t channels, uint32_t given)
{
    if (v.type == TYPE_WRONG)
        return false;
    if (l->options->patch)
        sn_lang_complain_at(l, s->at, s->end, "bind it: name = expression", "only a field makes images");
    else if (given)
        sn_lang_complain_at(l, s->at, s->end, "give one of them another name",
                            "this image is given from outside");
    else if (v.count > IR_MOST_CHANNELS)
        sn_lang_complain_at(l, s->at, s->end, NULL, "an image has at most %d channels, not %u",
                            IR_MOST_CHANNELS, v.count);
    else if (channels && channels != v.count)
        sn_lang_complain_at(l, s->at, s->end, NULL, "an image of %u channel%s is made of %u number%s",
                            channels, channels == 1 ? "" : "s", v.count, v.count == 1 ? "" : "s");
    else
        return true;
    return false;
}

static void make_image(lowering *l, uint32_t statement, const lang_statement *s, uint32_t channels,
                       uint32_t node)
{
    const char *name = sn_lang_symbol_text(l->t, s->b);
    const uint32_t length = l->t->symbols[s->b].length;
    l->slots[sn_lang_slot(l, s->c)].state = SLOT_IN_PROGRESS;
    lang_value v = sn_lang_expression(l, node);
    if (!is_stage(l, s, v, channels, find_given(l, name, length))) {
        sn_lang_bind(l, s->c, s->b, sn_lang_wrong());
        return;
    }
    if (v.count == 1)
        v = sn_lang_number(l, node, v);
    lang_image *image = add_image(l, name, length);
    if (!image)
        return;
    image->made = true;
    image->channels = v.count;
    image->value = v;
    image->statement = statement;
    set_slot(l, s->c, l->image_count);
}

void sn_lang_image(lowering *l, uint32_t statement)
{
    const lang_statement s = l->t->statements[statement];
    const uint32_t channels = s.a ? l->t->lists[s.a] : 0, node = s.a ? l->t->lists[s.a + 1] : 0;
    if (l->dry) /* the types of recurrences are being found, which read no images of their statement */
        return;
    if (!s.a)
        sn_lang_bind(l, s.c, s.b, sn_lang_wrong());
    else if (node)
        make_image(l, statement, &s, channels, node);
    else
        declare_image(l, &s, channels);
}

/* ---- reading ---- */

lang_value sn_lang_image_value(lowering *l, uint32_t node, uint32_t number)
{
    const lang_image *image = &l->images[number];
    if (image->made)
        return image->value;
    const int length = image->length > 60 ? 60 : (int)image->length;
    char hint[SINTER_MESSAGE_SIZE];
    snprintf(hint, sizeof hint, "read it at a point: sample(%.*s, x, y)", length, image->name);
    sn_lang_complain(l, node, hint, "'%.*s' is an image", length, image->name);
    return sn_lang_wrong();
}

/* The slot that the node names; NULL: it is no name, or of nothing that the text binds. */
static const lang_slot *slot_of(const lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    if (n->kind == NODE_LOCAL)
        return &l->slots[sn_lang_slot(l, n->a)];
    const uint32_t slot = n->kind == NODE_GLOBAL ? l->t->symbols[n->a].global_slot : 0;
    return slot ? &l->slots[slot] : NULL;
}

/* The image that the node names; 0: it names none. */
static uint32_t named_image(const lowering *l, uint32_t node)
{
    const lang_node *n = &l->t->nodes[node];
    const lang_slot *s = slot_of(l, node);
    if (s)
        return s->state == SLOT_IMAGE ? s->value.ref : 0;
    if (n->kind != NODE_GLOBAL || l->t->symbols[n->a].library)
        return 0;
    return find_given(l, sn_lang_symbol_text(l->t, n->a), l->t->symbols[n->a].length);
}

lang_value sn_lang_argument(lowering *l, uint32_t node)
{
    const uint32_t image = named_image(l, node);
    return image ? sn_lang_scalar(image, TYPE_IMAGE) : sn_lang_handed_on(l, node);
}

lang_value sn_lang_made_value(const lowering *l, lang_value v)
{
    return v.type == TYPE_IMAGE && l->images[v.ref].made ? l->images[v.ref].value : v;
}

/* ---- calls ---- */

/* The names of all images, as many as there is room for. */
static void list_images(const lowering *l, char *text, size_t room)
{
    size_t used = (size_t)snprintf(text, room, "the images here are: ");
    for (uint32_t k = 1; k <= l->image_count && used < room; k++)
        used += (size_t)snprintf(text + used, room - used, "%s%s", k > 1 ? ", " : "", l->images[k].name);
}

static void no_image(lowering *l, uint32_t node, unsigned word)
{
    const lang_node *n = &l->t->nodes[node];
    char hint[SINTER_MESSAGE_SIZE];
    if (n->kind != NODE_LOCAL && n->kind != NODE_GLOBAL) {
        sn_lang_complain(l, node, "image b = expression, then sample(b, x, y)",
                         "%s reads an image, by its name", sn_lang_words[word].text);
        return;
    }
    const char *name = sn_lang_symbol_text(l->t, n->b);
    const uint32_t length = l->t->symbols[n->b].length;
    const int shown = length > 60 ? 60 : (int)length;
    const bool bound = n->kind == NODE_LOCAL || l->t->symbols[n->a].global_slot;
    const bool argument = n->kind == NODE_LOCAL && l->frame > 0; /* the call is at fault, and is named */
    lang_nearest best = {.wanted = name, .wanted_length = length};
    const uint32_t images = sn_lang_is_heard(l, node) ? l->image_count : 0;
    for (uint32_t k = 1; k <= images; k++)
        sn_lang_offer(&best, l->images[k].name, l->images[k].length);
    if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    else if (bound)
        snprintf(hint, sizeof hint, "an image is made by: image %.*s = expression", shown, name);
    else if (l->image_count > 0)
        list_images(l, hint, sizeof hint);
    else
        snprintf(hint, sizeof hint, "an image is declared: image %.*s", shown, name);
    sn_lang_complain(l, node, argument ? NULL : hint,
                     bound ? "'%.*s' is no image" : "there is no image '%.*s' here", shown, name);
}

/* The image that an argument names: its number; 0: none, which is reported unless `*unknown`: a function that
 * nothing calls is looked through, and this is one of its arguments. */
static uint32_t image_of(lowering *l, uint32_t node, unsigned word, bool *unknown)
{
    const uint32_t image = named_image(l, node);
    const lang_slot *s = slot_of(l, node);
    *unknown = !image && s && s->state == SLOT_BOUND && s->value.type == TYPE_UNKNOWN;
    if (image || *unknown)
        return image;
    if (s && (s->state == SLOT_UNBOUND || s->state == SLOT_IN_PROGRESS))
        sn_lang_expression(l, node); /* reported as of any name that has no value yet */
    else if (!s || s->state != SLOT_BOUND || s->value.type != TYPE_WRONG)
        no_image(l, node, word);
    return 0;
}

/* Which of the words an argument is; `fallback` where it is not given. -1 after an error. */
static int choice(lowering *l, uint32_t node, const char *what, const char *const *words, int count,
                  int fallback)
{
    char hint[SINTER_MESSAGE_SIZE] = "";
    if (!node)
        return fallback;
    const lang_node *n = &l->t->nodes[node];
    const bool is_name = n->kind == NODE_LOCAL || n->kind == NODE_GLOBAL;
    const char *name = is_name ? sn_lang_symbol_text(l->t, n->b) : "";
    const uint32_t length = is_name ? l->t->symbols[n->b].length : 0;
    lang_nearest best = {.wanted = name, .wanted_length = length};
    size_t used = 0;
    for (int k = 0; k < count; k++) {
        if (strlen(words[k]) == length && !memcmp(words[k], name, length))
            return k;
        sn_lang_offer(&best, words[k], strlen(words[k]));
        used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%s", k ? ", " : "one of: ", words[k]);
    }
    if (best.name)
        snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
    if (is_name)
        sn_lang_complain(l, node, hint, "there is no %s '%.*s'", what, length > 60 ? 60 : (int)length, name);
    else
        sn_lang_complain(l, node, hint, "the %s is named by a word", what);
    return -1;
}

static const char *const filters[] = {
    [FILTER_NEAREST] = "nearest", [FILTER_BILINEAR] = "bilinear", [FILTER_BICUBIC] = "bicubic"};
static const char *const edges[] = {
    [EDGE_CLAMP] = "clamp", [EDGE_REPEAT] = "repeat", [EDGE_MIRROR] = "mirror", [EDGE_ZERO] = "zero"};

/* Two numbers, or a pair. */
static bool coordinates(lowering *l, uint32_t node, const uint32_t *places, lang_value *uv)
{
    uv[0] = sn_lang_expression(l, places[0]);
    uv[1] = places[1] ? sn_lang_expression(l, places[1]) : uv[0];
    if (uv[0].type == TYPE_WRONG || uv[1].type == TYPE_WRONG)
        return false;
    if (!places[1] && uv[0].count == 2) {
        uv[1] = sn_lang_element(l, uv[0], 1);
        uv[0] = sn_lang_element(l, uv[0], 0);
        return uv[0].type != TYPE_WRONG && uv[1].type != TYPE_WRONG;
    }
    if (places[1] ? uv[0].count == 1 && uv[1].count == 1 : uv[0].type == TYPE_UNKNOWN)
        return true;
    sn_lang_complain(l, node, places[1] ? "sample(a, x, y), or sample(a, p) of a pair p" : "sample(a, x, y)",
                     places[1] ? "the coordinates in an image are two numbers"
                               : "the place in an image is a pair of numbers");
    return false;
}

/* Coordinates are of one type, and fractions. */
static bool settle_coordinates(lowering *l, uint32_t node, lang_value *uv)
{
    const unsigned common = sn_lang_common_type(l, uv, 2);
    const unsigned type = common == IR_I32         ? (unsigned)IR_F64
                          : common == TYPE_UNKNOWN ? (unsigned)l->type
                                                   : common;
    for (unsigned k = 0; k < 2; k++)
        uv[k] = sn_lang_to(l, node, uv[k], type);
    return uv[0].type != TYPE_WRONG && uv[1].type != TYPE_WRONG;
}

static lang_value gathered(lowering *l, const lang_value *elements, uint32_t count)
{
    if (count == 1)
        return elements[0];
    const uint32_t place = sn_lang_pool(l, count);
    if (!place)
        return sn_lang_wrong();
    memcpy(l->pool + place, elements, count * sizeof *elements);
    return (lang_value){.ref = place, .count = (uint16_t)count, .type = TYPE_TUPLE};
}

/* A stage is an image from the first time on that it is sampled. */
static lang_image *sampled(lowering *l, uint32_t number)
{
    lang_image *image = &l->images[number];
    if (!image->memory && !l->dry)
        image->memory = add_memories(l, image);
    return image;
}

static lang_value call_size(lowering *l, uint32_t number)
{
    lang_value sides[2];
    for (unsigned k = 0; k < 2; k++)
        sides[k] =
            sn_lang_scalar(l->dry ? 0 : sn_lang_image_side(l, sampled(l, number), l->type, k == 1), l->type);
    return gathered(l, sides, 2);
}

lang_value sn_lang_image_call(lowering *l, uint32_t node, unsigned word, const uint32_t *places)
{
    lang_value uv[2], elements[IR_MOST_CHANNELS];
    bool unknown;
    const uint32_t number = image_of(l, places[0], word, &unknown);
    if (!number && !unknown)
        return sn_lang_wrong();
    if (word == WORD_SIZE)
        return unknown ? sn_lang_scalar(0, TYPE_UNKNOWN) : call_size(l, number);
    const bool texel = word == WORD_TEXEL;
    const int filter = texel ? FILTER_TEXEL : choice(l, places[3], "filter", filters, 3, FILTER_BILINEAR);
    const int edge = choice(l, places[texel ? 3 : 4], "edge", edges, 4, EDGE_CLAMP);
    if (!coordinates(l, node, places + 1, uv) || !settle_coordinates(l, node, uv) || filter < 0 || edge < 0)
        return sn_lang_wrong();
    if (unknown)
        return sn_lang_scalar(0, TYPE_UNKNOWN);
    lang_image *image = sampled(l, number);
    for (uint32_t k = 0; k < image->channels; k++)
        elements[k] = sn_lang_scalar(0, uv[0].type);
    if (!l->dry && image->memory)
        sn_lang_sample(l, image, (lang_filter)filter, (lang_edge)edge, uv[0], uv[1], elements);
    return gathered(l, elements, image->channels);
}

/* ---- a stage as the program's result ---- */

static void no_stage(lowering *l)
{
    char message[SINTER_MESSAGE_SIZE];
    snprintf(message, sizeof message, "the text makes no image \"%.80s\"", l->options->stage);
    sn_lang_error_of_all(&l->t->source, SINTER_BAD_ARGUMENT, message);
}

void sn_lang_emit_stage(lowering *l)
{
    const uint32_t number = find_image(l, l->options->stage, (uint32_t)strlen(l->options->stage));
    if (!number || !l->images[number].made) {
        no_stage(l);
        return;
    }
    const lang_image *image = &l->images[number];
    const uint32_t node = l->t->lists[l->t->statements[image->statement].a + 1];
    for (uint32_t k = 0; k < image->channels; k++) {
        char name[LANG_MAX_NAME + 3];
        const lang_value e = sn_lang_number(l, node, sn_lang_element(l, image->value, k));
        const lang_value single = sn_lang_to(l, node, e, IR_F32);
        const int length = snprintf(name, sizeof name, "%.*s", (int)image->length, image->name);
        if (image->channels > 1)
            snprintf(name + length, sizeof name - (size_t)length, ".%u", k);
        sn_ir_emit(l->p, IR_OUTPUT, IR_VOID, single.ref, sn_ir_add_output(l->p, name, IR_F32), 0);
    }
}
