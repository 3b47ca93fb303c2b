/* What the files that lower a syntax tree share: values, frames, lines. */
#ifndef SN_LANG_LOWERING_H
#define SN_LANG_LOWERING_H

#include "lang/tree.h"

/* Types of values beyond those of the IR: a number as written, and, while the types of a recurrence are being
 * found, a number of which nothing is known. */
enum {
    TYPE_WRONG = 0 /* reported: silences whatever is done with it */,
    TYPE_LITERAL = 16,
    TYPE_UNKNOWN,
    TYPE_TUPLE,
    TYPE_DEFERRED, /* what a name stands for that is not bound yet (deferred.c): `ref` is the reading, `negated` the element */
    TYPE_IMAGE /* `ref` is its number: only as an argument of a function, and in slots */
};

/* A number (count 1) or a tuple. `ref` is an operation, a literal, or the first element of a tuple in the
 * pool; while types only are looked for ("dry"), operations are 0. */
typedef struct lang_value {
    uint32_t ref;
    uint16_t count;
    uint8_t type;
    uint8_t negated; /* of a literal; of a deferred value, which element of the name's value it is */
} lang_value;

enum {
    SLOT_UNBOUND,
    SLOT_IN_PROGRESS,
    SLOT_BOUND,
    SLOT_DEFERRED, /* bound to what is, or has, a deferred value */
    SLOT_INDEX,
    SLOT_ACCUMULATED,
    SLOT_TABLE,
    SLOT_GROUPED, /* a parameter of several numbers; `ref` is its place among the lowering's groups, from 1 */
    SLOT_IMAGE
};

typedef struct lang_slot {
    lang_value value;
    lang_value expected; /* count 0, or what a recurrence was found to be */
    uint32_t line;       /* 0: its past is not read */
    uint32_t future;     /* 0: it was not read before it had a value */
    uint8_t state;       /* SLOT_… */
} lang_slot;

typedef struct lang_frame {
    uint32_t base;        /* its slots: base + 1 … */
    uint32_t function;    /* 0: the top */
    uint32_t which;       /* call of that function in the frame around it */
    uint32_t loop_base;   /* indices of sums that were running when it began */
    uint32_t call;        /* node */
    uint32_t known_until; /* the last statement whose recurrences have their types */
} lang_frame;

/* The past of one element of a value: up to two delay lines, one that can live in registers and one that
 * cannot. */
typedef struct lang_line_part {
    uint32_t near, far; /* memory objects, from 1; 0: none */
    uint32_t value;     /* what enters them; 0 until it is known */
    lang_value deferred; /* or that, known when everything is lowered; count 0: it is not */
    uint8_t type;
} lang_line_part;

typedef struct lang_line {
    uint32_t parts; /* first, in the lowering's list */
    uint16_t count;
    const char *name;
} lang_line;

/* The value of a name that was read before it had one. */
typedef struct lang_future {
    lang_value shape; /* what its readers take it for */
    lang_value value; /* count 0: not bound yet */
} lang_future;

/* Where such a name was read. */
typedef struct lang_reading {
    uint32_t future, node, symbol;
    uint32_t frame;     /* of the name */
    uint32_t slot;      /* in that frame */
    uint32_t statement; /* being lowered */
    bool in_progress;   /* the statement is the name's own */
    bool global;        /* read in a function, bound at the top */
} lang_reading;

/* A statement that reads a name which it may not, and has been told so, or is part of a cycle that was. */
typedef struct lang_refusal {
    uint32_t symbol;
    uint32_t next; /* of the same statement; 0: none */
} lang_refusal;

typedef struct lang_memo {
    uint32_t function;                  /* 0: free place */
    uint32_t arguments, argument_count; /* in the pool, flattened */
    uint32_t hash;
    uint32_t epoch; /* 0: of operations; else of a dry run */
    uint32_t type;  /* of the program, which numbers as written get */
    lang_value value;
} lang_memo;

typedef struct lang_output {
    ir_ref value;
    uint32_t statement;
    uint32_t symbol;  /* 0: unnamed */
    uint32_t element; /* of a tuple, from 1; 0: of none */
} lang_output;

/* One axis of an image as coordinates of one type meet it: all of segment rate. */
typedef struct lang_axis {
    ir_ref size, last;       /* of the coordinates' type; last is size - 1 */
    ir_ref whole, whole_last; /* the same as i32 */
    ir_ref scale, edge;      /* texels from the edge: edge + coordinate*scale */
    ir_ref centre;           /* edge - 1/2 */
    ir_ref tolerance;        /* what rounding may have moved a centre by */
    ir_ref inverse;          /* 1/size */
} lang_axis;

typedef struct lang_image {
    const char *name;  /* ends in a zero */
    uint32_t length;
    uint32_t memory;   /* of its texels, from 1; 0 until a stage is sampled */
    uint32_t channels;
    bool given;        /* from outside, not by the text */
    bool made;         /* a stage */
    lang_value value;  /* of a stage at its own place */
    uint32_t statement;
    lang_axis axes[2][2]; /* for f32 and f64; across and down; 0: not asked for yet */
} lang_image;

typedef struct lowering {
    ir_program *p;
    arena *memory;
    lang_tree *t;
    const lang_options *options;
    ir_type type;

    bool dry;      /* types only: nothing is emitted */
    bool silent;   /* nothing is reported */
    bool checking; /* a function that nothing calls: its arguments are unknown */
    bool notes_limits; /* what is computed counts for every row, so that parameters have to be valid there (parameter_limits.c) */
    bool too_large;
    uint32_t prior_count; /* priors on numbers of parameters that have been met */
    uint32_t epoch;     /* of dry runs: names of the top may have other types in the next */
    uint32_t unsettled; /* a past whose type was not found, 0 if there is none */
    uint32_t unread;    /* a name read above its binding, of which no value was found; 0: none */

    lang_slot *slots;
    uint32_t slot_count, slot_room;
    lang_value *pool;
    uint32_t pool_count, pool_room;
    lang_line *lines;
    uint32_t line_count, line_room;
    lang_line_part *parts;
    uint32_t part_count, part_room;
    lang_future *futures; /* from 1, as readings */
    uint32_t future_count, future_room;
    lang_reading *readings;
    uint32_t reading_count, reading_room;
    lang_refusal *refusals; /* from 1 */
    uint32_t *refused;      /* per statement, up to refused_room: its last one; NULL as long as there is none */
    uint32_t refusal_count, refusal_room, refused_room;
    lang_memo *memos;
    uint32_t memo_count, memo_mask;

    uint32_t frame; /* the innermost */
    uint32_t base;  /* its slots */
    uint32_t loop_count;
    uint32_t depth;
    uint32_t steps;

    uint32_t statement;                /* being lowered */
    uint32_t inputs[FREE_FIELD_NAMES]; /* stream of x, y, z, t, from 1 */
    ir_ref rate;                       /* 0 until it is used */
    lang_output *outputs;
    uint32_t output_count, output_room;
    uint32_t *spine; /* operators of the chains being lowered */
    uint32_t spine_count, spine_room;
    lang_image *images; /* from 1 */
    uint32_t image_count, image_room;
    struct lang_group *groups; /* from 1 */
    uint32_t group_count, group_room;
    struct lang_distribution *distributions; /* from 1 */
    uint32_t distribution_count, distribution_room;
    struct lang_routine_use *routine_uses; /* by number of the program's routines */
    lang_value target; /* of a model, so far; count 0: nothing */
    char *path;        /* where names of lines are put together */
    ir_program *trial; /* where node types are tried for the types of their outputs */

    /* Behind all that has to be zero when it opens: these are written before they are read. */
    lang_frame frames[LANG_MAX_CALLS + 1];
    int32_t loops[LANG_MAX_NESTING + 1];
} lowering;

static inline lang_value sn_lang_wrong(void)
{
    return (lang_value){.count = 1, .type = TYPE_WRONG};
}

static inline lang_value sn_lang_scalar(ir_ref ref, unsigned type)
{
    return (lang_value){.ref = ref, .count = 1, .type = (uint8_t)type};
}

/* ---- lower.c ---- */
/* A value that something is computed with. */
lang_value sn_lang_expression(lowering *l, uint32_t node);
/* One that is handed on: where it is a name that is not bound yet, it may be deferred. */
lang_value sn_lang_handed_on(lowering *l, uint32_t node);
/* An error about the node would be printed: it has not been told yet, and there is room for it. Where not, a hint that
 * looks through all names is not worth its time, which would grow with their number times that of the mistakes. */
bool sn_lang_is_heard(const lowering *l, uint32_t node);
/* Reports an error about a node, once; in silent runs only notes it. `hint` may be NULL. */
void sn_lang_complain(lowering *l, uint32_t node, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same about a place that is no node. */
void sn_lang_complain_at(lowering *l, uint32_t at, uint32_t end, const char *hint, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
void sn_lang_too_large(lowering *l, uint32_t at, const char *message);
/* Room in the pool of tuple elements for `count` values: the first one's place. */
uint32_t sn_lang_pool(lowering *l, uint32_t count);
lang_value sn_lang_element(const lowering *l, lang_value v,
                           uint32_t k); /* a number stands for all of its elements */
void *sn_lang_more(lowering *l, void *list, uint32_t count, uint32_t *room, size_t size);
void sn_lang_bind(lowering *l, uint32_t slot_of_frame, uint32_t symbol, lang_value v);
/* The error that the name's type, or how many elements it has, depends on its own past and does not settle. */
void sn_lang_unsettled(lowering *l, uint32_t symbol, bool of_another_length);
/* The value of the statement, if it has one. */
lang_value sn_lang_statement(lowering *l, uint32_t statement);
static inline uint32_t sn_lang_slot(const lowering *l, uint32_t slot_of_frame)
{
    return l->base + slot_of_frame;
}

/* ---- arithmetic.c: on numbers of any type, element by element ---- */
lang_value sn_lang_small(lowering *l, double value, bool whole); /* a literal */
/* The number in the type given, emitted; whatever is wrong gives TYPE_WRONG. */
lang_value sn_lang_to(lowering *l, uint32_t node, lang_value v, unsigned type);
lang_value sn_lang_number(lowering *l, uint32_t node,
                          lang_value v); /* a literal or condition in the program's type */
unsigned sn_lang_common_type(const lowering *l, const lang_value *v, unsigned count);
lang_value sn_lang_binary(lowering *l, uint32_t node, unsigned token, lang_value a, lang_value b);
lang_value sn_lang_fused(lowering *l, uint32_t node, ir_code code, lang_value a, lang_value b, lang_value c);
lang_value sn_lang_negate(lowering *l, uint32_t node, lang_value a);
lang_value sn_lang_not(lowering *l, uint32_t node, lang_value a);
lang_value sn_lang_choose(lowering *l, uint32_t node, lang_value c, lang_value a, lang_value b);
lang_value sn_lang_power(lowering *l, uint32_t node, lang_value base, lang_value exponent);
/* A function of the language; `flags` are those of the operation (IR_FLAG_FAST) where it is one. */
lang_value sn_lang_apply(lowering *l, uint32_t node, unsigned word, uint8_t flags,
                         const lang_value *arguments, unsigned count);
lang_value sn_lang_load(lowering *l, uint32_t node, uint32_t memory, lang_value index);
/* The value if it is a constant number. Not in dry runs, except of literals. */
bool sn_lang_constant(lowering *l, lang_value v, double *value);

/* ---- geometry.c ---- */
lang_value sn_lang_geometric(lowering *l, uint32_t node, unsigned word, const lang_value *arguments);

/* ---- images.c ---- */
void sn_lang_open_images(lowering *l);
void sn_lang_image(lowering *l, uint32_t statement);
/* An argument of a function: a value, or an image by its name (TYPE_IMAGE). */
lang_value sn_lang_argument(lowering *l, uint32_t node);
/* A slot that holds an image, read as a value: what a stage is at its own place. */
lang_value sn_lang_image_value(lowering *l, uint32_t node, uint32_t image);
/* Of a stage, its value at its own place; all else as it is. */
lang_value sn_lang_made_value(const lowering *l, lang_value v);
/* sample, texel, size; `places`: nodes of the arguments, 0 where there is none. */
lang_value sn_lang_image_call(lowering *l, uint32_t node, unsigned word, const uint32_t *places);
/* Puts the stage that the options name in the place of the text's outputs. */
void sn_lang_emit_stage(lowering *l);

/* ---- sampling.c ---- */
typedef enum lang_filter { FILTER_NEAREST, FILTER_BILINEAR, FILTER_BICUBIC, FILTER_TEXEL } lang_filter;
typedef enum lang_edge { EDGE_CLAMP, EDGE_REPEAT, EDGE_MIRROR, EDGE_ZERO } lang_edge;
/* Channel by channel, numbers of the coordinates' type (f32 or f64) to `result`. */
void sn_lang_sample(lowering *l, lang_image *image, lang_filter filter, lang_edge edge, lang_value u, lang_value v,
                    lang_value *result);
/* Width or height as a number of the type. */
ir_ref sn_lang_image_side(lowering *l, lang_image *image, ir_type type, bool down);

/* ---- recurrence.c ---- */
/* False, with an error, in a field. */
bool sn_lang_past_is_legal(lowering *l, uint32_t node);
/* The value of the slot `n` elements ago. */
lang_value sn_lang_past(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol, uint32_t n);
lang_value sn_lang_delay(lowering *l, uint32_t node, const uint32_t *arguments, unsigned count,
                         uint32_t which);
bool sn_lang_line_value(lowering *l, uint32_t line, lang_value v);
/* The name of the state that a call of a function in C has: its path, the function's name, #2 for the second one in its scope. */
const char *sn_lang_call_name(lowering *l, uint32_t symbol, uint32_t which);
/* A line that a kept call has: its name within the frame, the values that enter its parts. */
void sn_lang_add_line(lowering *l, const char *name, const lang_line_part *parts, uint32_t count);
/* Of what the names of the frame's state begin with. */
size_t sn_lang_path_length(lowering *l);
/* Finds the types of the recurrences that begin in the statement. */
void sn_lang_infer(lowering *l, uint32_t statement);
/* After everything else: names, and what enters each line. Values that were deferred are known by then. */
void sn_lang_write_lines(lowering *l);

/* What a past is of the value: a number as written, and a condition, are numbers of the program's type. */
lang_value sn_lang_settled(const lowering *l, lang_value v);
/* The same of each element of a tuple: what a dry run sees of a past. */
lang_value sn_lang_shape(lowering *l, lang_value v);

/* ---- deferred.c ---- */
/* May the name be read where it is only handed on? It has no value, and what it will be is known or being found. */
bool sn_lang_may_defer(const lowering *l, uint32_t slot);
lang_value sn_lang_defer(lowering *l, uint32_t node, uint32_t slot, uint32_t symbol);
unsigned sn_lang_deferred_type(const lowering *l, lang_value v);
bool sn_lang_has_deferred(const lowering *l, lang_value v);
/* With the values that names have got since. */
lang_value sn_lang_resolved(lowering *l, lang_value v);
/* The value where it is needed at once: if it is not known by now, an error of the place where the name was written. */
lang_value sn_lang_known(lowering *l, lang_value v);
/* What a name is bound to, which its readers may have waited for. */
lang_value sn_lang_keep_promise(lowering *l, uint32_t slot, uint32_t symbol, lang_value v);
/* The error that a name is read before it has a value; by that function (NULL: none), `shown` bytes of its name. */
void sn_lang_refuse_ahead(lowering *l, uint32_t node, const lang_reading *reading, const char *function, int shown);

/* ---- grouped_params.c ---- */
/* A parameter of so many numbers (a node), each of which is as `one` says. */
void sn_lang_grouped_param(lowering *l, uint32_t statement, uint32_t length, const ir_param *one);
/* `a[group]`, where `slot` is that of a. */
lang_value sn_lang_grouped_element(lowering *l, uint32_t node, uint32_t slot);
/* The slot of such a parameter that stands there as a whole, `a`; of one that a column chooses, `a[group]`; 0: it is none. */
uint32_t sn_lang_all_numbers(const lowering *l, uint32_t node);
uint32_t sn_lang_chosen_number(const lowering *l, uint32_t node);
/* Notes a prior on all numbers of the parameter; its name, where this program is that of the prior, else NULL. */
const char *sn_lang_note_prior(lowering *l, uint32_t statement, uint32_t slot);

/* ---- calls.c ---- */
lang_value sn_lang_call(lowering *l, uint32_t node);
/* The function's body with these arguments, in the order of the parameters; count 0: the default. */
lang_value sn_lang_instance(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments, uint32_t which);
/* A frame for the slots of the function, and out of it. False when memory is refused, or with an error where calls nest too deeply. */
bool sn_lang_enter(lowering *l, uint32_t function, uint32_t node, uint32_t which);
void sn_lang_leave(lowering *l);
/* Looks for mistakes in functions that nothing calls. */
void sn_lang_check_uncalled(lowering *l);
/* The callback that the name means; NULL: none. */
const sinter_node_type *sn_lang_find_node_type(const lang_tree *t, const lang_options *options, uint32_t symbol);

/* ---- call_arguments.c: false or 0 after an error ---- */
/* The arguments' nodes in the order of the word's parameters, 0 where one is left out. */
bool sn_lang_arrange_word(lowering *l, uint32_t node, unsigned word, uint32_t *places);
/* The values of a call in the order of the function's parameters, none of which has a size; count 0: the default. */
bool sn_lang_take_arguments(lowering *l, uint32_t node, uint32_t function, lang_value *arguments);
/* The same where some have: of the definitions that begin with `function` the one that takes what the call gives. */
uint32_t sn_lang_choose_definition(lowering *l, uint32_t node, uint32_t function, lang_value *arguments);

/* Is the value a constant, if that parameter must be one? The node is that of the call, or of a default. */
bool sn_lang_check_constant(lowering *l, uint32_t node, uint32_t function, uint32_t parameter, lang_value v);
/* The same of all arguments of a call. */
bool sn_lang_check_constants(lowering *l, uint32_t node, uint32_t function, const lang_value *arguments);

/* The same of a family: nodes in the order of its parameters; unless `all`, arguments may be left out. A name alone gives none. */
bool sn_lang_arrange_family(lowering *l, uint32_t node, uint32_t function, bool all, uint32_t *places);

/* ---- families.c ---- */
/* What a name means where a distribution is wanted. */
typedef struct lang_family_name {
    uint32_t symbol;   /* of the family itself, where the name is another one of it */
    uint32_t function; /* of a family of the text; else 0 */
    const struct lang_library_item *item; /* of one of the library; else NULL */
} lang_family_name;

lang_family_name sn_lang_family_of(const lang_tree *t, uint32_t symbol);
bool sn_lang_has_quantity(const lang_tree *t, const lang_family_name *name, lang_member quantity);
void sn_lang_offer_families(const lang_tree *t, lang_nearest *nearest);

/* ---- sums.c ---- */
lang_value sn_lang_lower_sum(lowering *l, uint32_t node);
lang_value sn_lang_lower_accumulation(lowering *l, uint32_t node);

/* ---- distributions.c ---- */
/* Is it a name, or a call, that means a distribution where one is wanted? */
bool sn_lang_names_distribution(const lang_tree *t, uint32_t node);
/* The distribution that the node says, its arguments evaluated: its number, 0 after an error. With `live`, arguments that are constants, or left out,
 * become parameters of the program. `quantity` is what will be asked of it first. */
uint32_t sn_lang_distribution(lowering *l, uint32_t node, lang_member quantity, bool live);
/* Elements of x. */
/* Does what is a function of eta read parameters too, those that are taken as known? */
bool sn_lang_natural_takes_parameters(lowering *l, uint32_t distribution, lang_member quantity);
uint32_t sn_lang_distribution_width(const lowering *l, uint32_t distribution);
/* The quantity at x; of those in eta at eta. `given` is not looked at where the quantity is of the parameters. */
lang_value sn_lang_quantity(lowering *l, uint32_t distribution, lang_member quantity, lang_value given);
/* The posterior of a distribution at the end of a text, of the inputs prior0, prior1, …, which keep the constraints of the prior's family or are NaN, sums0,
 * … and observations. `input` makes them: NAME0 and so on, or NAME alone where `count` is 0. */
lang_value sn_lang_posterior(lowering *l, uint32_t distribution, uint32_t statistics, lang_value (*input)(lowering *l, const char *name, uint32_t count));
/* log_density(D, x) and its like. */
lang_value sn_lang_density_call(lowering *l, uint32_t node, unsigned word, const uint32_t *places);
/* Looks for mistakes in families that nothing uses. */
void sn_lang_check_families(lowering *l);

/* ---- densities.c ---- */
/* The value that stands alone at the top: the density that the text says. */
void sn_lang_density_value(lowering *l, uint32_t statement);
void sn_lang_draw(lowering *l, uint32_t statement);
void sn_lang_target(lowering *l, uint32_t statement);
/* A parameter that the text has without declaring it. `element` is its place in the tuple of `width`. */
lang_value sn_lang_live(lowering *l, uint32_t node, const lang_density_parameter *parameter, double initial);
/* Behind all statements: the sum of a model becomes the result. */
void sn_lang_emit_model(lowering *l);

/* ---- call_graph.c ---- */
/* Recursion is reported, and what a function does through others becomes known of it. */
void sn_lang_sort_calls(lang_tree *tree, arena *memory, const lang_options *options);

/* ---- declare.c ---- */
void sn_lang_declare_inputs(lowering *l);
void sn_lang_param(lowering *l, uint32_t statement);
void sn_lang_need_rate(lowering *l); /* the patch has the parameter `rate` then, whether the text reads it or not */
/* How many elements ago the event came that the value is of. */
lang_value sn_lang_since(lowering *l, uint32_t node, lang_value event);
void sn_lang_input(lowering *l, uint32_t statement);
void sn_lang_table(lowering *l, uint32_t statement);
/* The memory object, from 1, of a table of the library; 0: the symbol names none. */
uint32_t sn_lang_library_table(lowering *l, uint32_t symbol);
/* A free name of a field or a patch; type TYPE_WRONG without a report if it is none here. */
lang_value sn_lang_free_name(lowering *l, uint32_t symbol);
/* Notes the value as one output or several; `symbol` may be 0. */
void sn_lang_add_outputs(lowering *l, uint32_t statement, uint32_t symbol, lang_value v);
void sn_lang_emit_outputs(lowering *l);

#endif
