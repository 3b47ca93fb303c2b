/* The language: text in, intermediate representation out. This page is the room's table of contents.
 *
 *   lexer.c           characters → tokens, names interned, numbers delimited
 *   vocabulary.c      the words that the language brings (vocabulary.h): functions, constants, keywords
 *   expression.c      tokens → nodes of the syntax tree (tree.h), names resolved to slots
 *   syntax.c          statements, declarations, functions
 *   lower.c           syntax tree → IR: statements, names, operators, contraction
 *   calls.c           functions put in place: instances, callbacks
 *   call_arguments.c  which parameter gets which argument
 *   call_graph.c      who calls whom: recursion
 *   kept_members.c    what families come to, kept for the next program; built_members.h: since the library was built
 *   kept_calls.c      what calls of the library come to, kept likewise
 *   library.c         the standard library (src/lib/NAME.sn, library.h): what a text uses of it
 *   arithmetic.c      how types meet, element by element; what each function computes
 *   geometry.c        functions of whole tuples: dot, length, cross, …
 *   sums.c            sum and accumulate, written out
 *   recurrence.c      delay lines: y', delay(x, n), the types of recurrences
 *   deferred.c        names that are read above their binding: cycles through delays that stand in functions
 *   declare.c         params, inputs, outputs, tables
 *   family_syntax.c   the construct `family`: its parameters, support, members
 *   families.c        families by name: those of the text, those of the library, for whoever lists them
 *   distributions.c   distributions: arguments, members
 *   supports.c        parameters that break their constraints, what lies outside of the support, NaN
 *   parameter_limits.c which parameters those are, for whoever sets them
 *   combinations.c    distributions made of others: mixtures, truncation, …
 *   densities.c       the texts of densities: what a distribution, a number or a model at the end amounts to
 *   images.c          images: given, declared, made (stages); which of them a call reads
 *   sampling.c        what sample, texel and size compute
 *   diagnostics.c     errors as values with place, excerpt and hint
 *   vm_file.c         the `.vm` form: one operation a line
 *
 * docs/language.md says what texts mean. Nothing here keeps anything between calls but what
 * the options hand over for that: every function may run on several threads at once, each with its own program, arena and report. */
#ifndef SN_LANG_LANG_H
#define SN_LANG_LANG_H

#include "ir/ir.h"
#include <sinter/kernel.h>

/* What a family can say of itself. */
typedef enum lang_member {
    LANG_LOG_DENSITY, LANG_T, LANG_ETA, LANG_A, LANG_LOG_H, LANG_NATURAL_A, LANG_FROM_NATURAL, LANG_LOG_CDF, LANG_LOG_SURVIVAL,
    LANG_ENTROPY, LANG_MEAN, LANG_VARIANCE,
    LANG_POOLED, /* terms of the mean log-density of data, by the means of their statistics */
    LANG_POSTERIOR, /* parameters of the conjugate prior's family, after data with these sums of statistics */
    LANG_MEMBERS,
    LANG_DERIVED = LANG_MEMBERS, /* log_h + eta*T - A though a stable form stands */
    LANG_QUANTITIES
} lang_member;

/* `T`, `eta`, …, `derived`. */
extern const char *const sn_lang_quantity_names[LANG_QUANTITIES];
/* LANG_QUANTITIES if the text is no such name. */
lang_member sn_lang_find_quantity(const char *text, size_t length);

typedef struct lang_options {
    const char *name;   /* what the report calls the text; NULL: "expression" */
    ir_type type;       /* of numbers and of all outputs: IR_F32 or IR_F64 */
    uint32_t prior;     /* of a density: 0, or the program is that of its prior of this number, from 1 on: of the input of that parameter's name */
    bool narrow;        /* parameters were rounded to f32 though the type is IR_F64 */
    bool density;       /* a density: its result is a distribution, a log-density or a model; then never a patch */
    lang_member quantity; /* of a density: what of it is the program's result */
    bool drops;         /* terms of it will be left out: that a NaN comes through must not depend on them */
    struct lang_density *described; /* NULL, or where it is said what density the text is */
    bool patch;         /* may have inputs, state and the rate; else a field: free names x, y, z, t */
    const char *inputs; /* NULL, or names separated by spaces: the program's inputs in this order, used or
                           not; then no other name is free in a field */
    const char *images; /* NULL, or names separated by spaces, each perhaps with its channels: "a:3 b": images that need no declaration */
    const char *stage;  /* NULL, or the image made by the text that is the program's result instead of the text's */
    struct kept_members *kept; /* NULL, or what earlier texts made of families and later ones use again */
    bool routines;      /* what parameters determine may be left to routines of the library: nothing turns parameters into streams or constants any more, and if derivatives are
                           to come, they come in reverse mode */
    struct kept_calls *calls;  /* NULL, or what earlier texts made of calls of the library, for whoever compiles one graph again and again */
    struct math_templates *expansions; /* NULL, or functions in what is used again are expanded at once: where nothing has to be done before that */
    double rate;        /* 0, or what the parameter `rate` of a patch will be set to and stay: its value is settled */
    const sinter_node_type *nodes; /* functions made by callbacks, and functions in C */
    uint32_t node_count;
} lang_options;

/* Appends the program that the text (UTF-8, need not end in a zero) describes to `program`, which has been
 * opened and is empty.
 *
 * Inputs: of a field those of x, y, z, t that the text uses, in this order; of a patch those it declares; or
 * `options->inputs`. Outputs have the program's type: the last expression as "out" ("out.0", "out.1", … for a
 * tuple), or what `out` names. A patch that uses the sample rate gets a parameter "rate" of type f64.
 *
 * All errors of the text are in the report (NULL allowed), in the order of their places. Returns SINTER_OK,
 * SINTER_BAD_PROGRAM, SINTER_TOO_LARGE (nesting, expansion, operations) or SINTER_NO_MEMORY; the program's
 * status is the same. `scratch` holds what only the translation needs; nothing in the program points there.
 */
sinter_status sn_lang_lower(ir_program *program, arena *scratch, const char *source, size_t length,
                            const lang_options *options, sinter_report *report);

/* What a compilation with such a text does first (kernel/kernels.h): fills c->program with it, as c->options say what it is. `described`: as in
 * lang_options. */
struct compilation;
struct lang_density;
sinter_status sn_lang_front(struct compilation *c, const char *source, size_t length, struct lang_density *described);

/* sinter_compile for whoever knows the sample rate and will not change it: what follows from it and from constants, coefficients of filters above all, is
 * folded instead of compiled. The same bits as with the parameter `rate` set to that; the kernel goes on having the parameter, which
 * has to be set to it. 0: not known. `moves`: smoothed parameters will move nearly all the time, so the program for when they rest is left out, which would
 * cost less to run and have the same bits. */
sinter_status sn_lang_compile(sinter_context *context, const char *source, size_t length, const sinter_options *options, double rate,
                              bool moves, sinter_kernel **kernel, sinter_report *report);

/* Is the list what lang_options.images may be? NULL is. */
bool sn_lang_is_image_list(const char *images);

/* The same for a `.vm` text: `name op arguments` a line, the last line is the result. Inputs x and y, and z
 * if it says var-z; one output, "out". Nothing is ever contracted. Of the options, name and type count. */
sinter_status sn_vm_lower(ir_program *program, arena *scratch, const char *source, size_t length,
                          const lang_options *options, sinter_report *report);

/* Is the text a patch: does it declare inputs, have state, or read rate, dt, time or index? Errors in it do
 * not matter. */
bool sn_lang_is_patch(arena *scratch, const char *source, size_t length);
/* Is it a density: does it have lines `y ~ D` or `target += …`, or a distribution at its end, which is no function of the text? */
bool sn_lang_is_density(arena *scratch, const char *source, size_t length);

/* What a parameter of a density has to keep to be valid, or a value of x to lie in the support. */
typedef struct lang_bounds {
    double low, high;       /* -inf and inf where there is none; NaN: it depends on other parameters */
    bool above, below;      /* low and high themselves are out; infinite values are out unless the constraint was `in` */
    bool infinite;          /* infinite values are valid */
    bool whole;             /* integers only */
    bool shares;            /* one number of a point of the simplex: all of them add up to 1 */
    const char *text;       /* as written: `> 0`, `in 0..1`; "" if nothing is; of the support `0..inf` */
} lang_bounds;

/* How far the numbers of a point of the simplex may be from 1 together. Of data it is what rounding to f32, or to the seven digits of a table, leaves: beyond
 * that the density is nothing, and says no more. Of parameters it is that in f32 only; in f64 it is Stan's. */
static const double LANG_SIMPLEX_MARGIN = 1e-6, LANG_SIMPLEX_MARGIN_F64 = 1e-8;
static inline double sn_lang_simplex_margin(bool narrow)
{
    return narrow ? LANG_SIMPLEX_MARGIN : LANG_SIMPLEX_MARGIN_F64;
}

/* A live parameter that the text of a density has without declaring it: an argument of the distribution at its end. */
typedef struct lang_density_parameter {
    const char *name;       /* of the kernel's parameter: that of the family, its element's number behind it if it is a tuple */
    const char *family;     /* whose parameter it is */
    const char *of;         /* that family's name for it */
    uint32_t element, width; /* of the tuple; 0 and 1 of a number */
    uint32_t distribution;  /* another number for each, of one family too */
    bool given;             /* has an initial value; else that is NaN */
    lang_bounds bounds;
} lang_density_parameter;

enum { LANG_DENSITY_PARAMETERS = 256 };

/* What a parameter has to keep for a density to be a number, whoever declares it: it lies above or below a number, or another parameter. */
typedef struct lang_limit {
    const char *name, *other; /* of the program's parameters; `other` NULL: the value */
    double value;
    bool above;             /* else below */
    bool open;              /* and not at it */
    bool whole;             /* it is an integer besides */
} lang_limit;

/* Parameters that are a point of the simplex, with numbers whose sum is `rest`. */
typedef struct lang_sum {
    const char **names; /* of the program's parameters; one that stands there twice is here twice */
    uint32_t count;
    double rest;
} lang_sum;

/* A parameter of several numbers, `param a[8] = 0`. */
typedef struct lang_density_vector {
    const char *name;
    uint32_t length;
    double initial, low, high;
} lang_density_vector;

/* One of them, chosen row by row: `a[group]`, which is a parameter of the program of this name. */
typedef struct lang_density_choice {
    const char *name;
    uint32_t vector; /* its number */
    uint32_t column; /* the input that says which, from 0 */
} lang_density_choice;

/* What the text of a density turned out to be, filled by sn_lang_lower where the options ask for it. What it points to lives in `scratch`. */
typedef struct lang_density {
    const char *family;     /* of the distribution at its end; NULL: a combination, a number or a model */
    const char *prior;      /* the family of the conjugate prior that it declares; NULL: none */
    uint32_t members;       /* bits of the lang_member that the family has; of anything else log_density alone */
    uint32_t width;         /* elements of x */
    bool model, number;     /* what else it is */
    bool has_routines;      /* some family in it has a routine of the library, where it may be used */
    lang_bounds support;    /* of the family */
    lang_density_parameter *parameters;
    uint32_t parameter_count;
    lang_limit *limits;
    uint32_t limit_count, limit_room;
    lang_sum *sums;
    uint32_t sum_count, sum_room;
    lang_density_vector *vectors; /* LANG_DENSITY_PARAMETERS have room, and as many choices */
    lang_density_choice *choices;
    uint32_t vector_count, choice_count;
    uint32_t *priors;       /* `a ~ normal(mu, tau)`: the vector that each is of; as much room */
    uint32_t prior_count;
} lang_density;

/* One family of the library, for whoever lists them. */
typedef struct lang_family_entry {
    const char *name;
    const char *same_as;    /* NULL, or the family that this is another name of */
    const char *form;       /* its parameters as written: `mu, sigma > 0` */
    const char *names;      /* separated by spaces */
    const char *support;    /* as written: `0..inf` */
    uint32_t parameter_count, members;
    const char *summary, *group, *details;
} lang_family_entry;

/* All of them in the order of their names, aliases too: `i` from 0 until it returns false. */
bool sn_lang_family(uint32_t i, lang_family_entry *entry);

/* One function of the language, for whoever lists them. */
typedef struct lang_function_entry {
    const char *name;
    const char *arguments; /* names separated by spaces, the optional ones last */
    unsigned least, most;  /* how many arguments */
    const char *summary;   /* one line: mostly the formula */
    bool graded;           /* has a grade `fast` */
    const char *group;     /* what it belongs to; NULL: a word of the language, not of the library */
    const char *form;      /* its arguments as the library's text has them: `p:2, seed=0`; NULL: a word */
    const char *details;   /* more lines, "" if there are none */
    const char *support;   /* NULL; whoever lists families among functions puts theirs here */
} lang_function_entry;

/* All of them: the words of the language in alphabetical order, then the library's functions, in order of their names
 * too; a name that has several definitions has an entry for each. `i` from 0 until it returns false. */
bool sn_lang_function(uint32_t i, lang_function_entry *entry);

/* One parameter of such a function. */
typedef struct lang_parameter_entry {
    const char *name; /* not ended by a zero, nor is the default */
    uint32_t name_length;
    const char *standard; /* the default as it is written, an expression that may name parameters before it; NULL: it has none. Of a word
                             of the language that may leave an argument out: "" */
    uint32_t standard_length;
    uint32_t size; /* of the tuple that it takes; 0: whatever an argument is */
    bool constant; /* must be one where it is called */
} lang_parameter_entry;

/* The k-th parameter, from 0; false behind the last. */
bool sn_lang_function_parameter(const lang_function_entry *entry, uint32_t k, lang_parameter_entry *parameter);

enum {
    LANG_MAX_TEXT = 1 << 28,      /* bytes */
    LANG_MAX_NAME = 255,          /* bytes of a name */
    LANG_MAX_NESTING = 200,       /* of parentheses, calls, conditions and signs in the text */
    LANG_MAX_DEPTH = 600,         /* the same with functions put in place */
    LANG_MAX_CALLS = 64,          /* functions within functions */
    LANG_MAX_TUPLE = 64,          /* elements of a tuple */
    LANG_MAX_TERMS = 1 << 16,     /* of one sum */
    LANG_MAX_GROUPS = 1 << 24,    /* numbers of one parameter */
    LANG_MAX_LINES = 1 << 16,     /* delay lines */
    LANG_MAX_DELAY = 1 << 28,     /* elements */
    LANG_MAX_EXPANSION = 1 << 22, /* nodes of the tree visited, functions and sums put in place */
    LANG_MAX_POWER = 64           /* whole exponents reach from -64 to 64 */
};

#endif
