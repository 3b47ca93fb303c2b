/* Expansions kept for the next program.
 *
 * An expansion comes out the same whenever its arguments are no constants. So a context keeps the first one, of arguments that are inputs, and later ones
 * are inserted from it (ir/extract.c).
 *
 * A function of constants is a constant, at the price of folding a hundred operations (16,000 instructions). An edited graph asks for the same ones
 * again, so results are kept too, in a table where a later one takes an earlier one's place. Only of functions that read no table:
 * expanding those puts the table into the program. */
#include "math/math.h"

#include <string.h>

enum { RULES = IR_IDENTITY | IR_FOLD, FIRST_KEPT = 3 /* operations 1 and 2 stand for the arguments */ };

enum { KEPT_RESULTS = 4096 }; /* 160 KiB, once there is one: the coefficients of a thousand filters and more */

struct math_result {
    uint64_t x, y, value; /* bits */
    uint32_t what;        /* function, type, grade; 0: nothing is kept here */
};

struct math_template {
    ir_extract extract;
    bool has_tables;
};

void sn_math_templates_open(math_templates *t, const sinter_allocator *allocator)
{
    memset(t, 0, sizeof *t);
    sn_arena_open(&t->memory, allocator);
}

void sn_math_templates_close(math_templates *t)
{
    sn_arena_close(&t->memory);
}

/* ---- making one ---- */

static const math_template *make(math_templates *all, ir_code function, ir_type type, math_grade grade, arena *scratch)
{
    ir_program p;
    sn_ir_open(&p, scratch, RULES);
    sn_ir_add_input(&p, "x", type);
    sn_ir_add_input(&p, "y", type);
    const ir_ref x = sn_ir_emit(&p, IR_INPUT, type, 0, 0, 0);
    const ir_ref y = sn_ir_info[function].operands > 1 ? sn_ir_emit(&p, IR_INPUT, type, 1, 0, 0) : 0;
    const ir_ref result = sn_math_expand(&p, function, type, x, y, grade);
    math_template *t = sn_arena_take_zeroed(&all->memory, sizeof *t);
    if (!t || p.status != SINTER_OK || !sn_ir_extract(&p, result, FIRST_KEPT, &all->memory, scratch, &t->extract))
        return NULL; /* the expansion itself will say what is wrong */
    t->has_tables = p.memory_count > 0;
    return t;
}

/* Made when it is first asked for. */
static const math_template *template_of(math_templates *all, ir_code function, ir_type type, math_grade grade, arena *scratch)
{
    const math_template **kept = &all->of[function][type == IR_F64][grade == MATH_FAST];
    if (!*kept)
        *kept = make(all, function, type, grade, scratch);
    return *kept;
}

/* ---- functions of constants ---- */

static uint64_t bits_of(const ir_program *p, ir_ref r)
{
    return r ? p->ops[r].a | (uint64_t)p->ops[r].b << 32 : 0;
}

/* The place where the result is, or may be put; NULL: nothing is kept. */
static math_result *place_of(math_templates *all, const math_result *wanted)
{
    if (!all->results)
        all->results = sn_arena_take_zeroed(&all->memory, KEPT_RESULTS * sizeof *all->results);
    uint64_t h = (wanted->x ^ (wanted->y << 1 | wanted->y >> 63) ^ wanted->what) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
    return all->results ? &all->results[(h * 0xBF58476D1CE4E5B9u) >> 52] : NULL;
}

static math_result *find_result(math_templates *all, ir_code function, ir_type type, uint64_t x, uint64_t y, math_grade grade, math_result *wanted)
{
    *wanted = (math_result){x, y, 0, 1u | (unsigned)function << 8 | (unsigned)(type == IR_F64) << 1 | (unsigned)(grade == MATH_FAST) << 2};
    return place_of(all, wanted);
}

static bool is_kept(const math_result *place, const math_result *wanted)
{
    return place && place->what == wanted->what && place->x == wanted->x && place->y == wanted->y;
}

static ir_ref expand_constants(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    const math_template *t = template_of(all, function, type, grade, p->memory);
    math_result wanted, *place = t && !t->has_tables ? find_result(all, function, type, bits_of(p, x), bits_of(p, y), grade, &wanted) : NULL;
    if (is_kept(place, &wanted))
        return sn_ir_const_bits(p, type, place->value);
    const ir_ref result = sn_math_expand(p, function, type, x, y, grade);
    if (place && result && sn_ir_is_const(p, result)) {
        *place = wanted;
        place->value = bits_of(p, result);
    }
    return result;
}

ir_ref sn_math_expand_kept(math_templates *all, ir_program *p, ir_code function, ir_type type, ir_ref x, ir_ref y, math_grade grade)
{
    if (!all || (p->rules & RULES) != RULES || p->status != SINTER_OK)
        return sn_math_expand(p, function, type, x, y, grade);
    const bool first = sn_ir_is_const(p, x), second = y && sn_ir_is_const(p, y);
    if (first && (second || !y))
        return expand_constants(all, p, function, type, x, y, grade);
    if ((function == IR_SINPI || function == IR_COSPI) && sn_math_turns_bound(p, x) <= 1) /* shorter than what is kept */
        return sn_math_expand(p, function, type, x, y, grade);
    const math_template *t = first || second ? NULL : template_of(all, function, type, grade, p->memory);
    if (!t)
        return sn_math_expand(p, function, type, x, y, grade);
    const uint32_t rules = p->rules;
    p->rules = RULES;
    const ir_ref result = sn_ir_insert(p, &t->extract, (const ir_ref[]){x, y}, true, NULL);
    p->rules = rules;
    return result;
}

/* Tables may be read here: they go into a program that nobody keeps. */
bool sn_math_evaluate(math_templates *all, ir_code function, ir_type type, uint64_t x, uint64_t y, math_grade grade, arena *scratch, uint64_t *value)
{
    math_result wanted, *place = find_result(all, function, type, x, y, grade, &wanted);
    if (!is_kept(place, &wanted)) {
        ir_program p;
        sn_ir_open(&p, scratch, RULES);
        const ir_ref a = sn_ir_const_bits(&p, type, x), b = sn_ir_info[function].operands > 1 ? sn_ir_const_bits(&p, type, y) : 0;
        const ir_ref result = sn_math_expand(&p, function, type, a, b, grade);
        if (p.status != SINTER_OK || !place || !sn_ir_is_const(&p, result))
            return false;
        *place = wanted;
        place->value = bits_of(&p, result);
    }
    *value = place->value;
    return true;
}
