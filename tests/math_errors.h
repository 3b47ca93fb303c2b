/* What math_f32_test.c and math_f64_test.c have in common: every function of a type and grade is tried, and
 * those that err by more than they promise are named together. After cmocka.h. */
#ifndef TESTS_MATH_ERRORS_H
#define TESTS_MATH_ERRORS_H

#include "math_expansion.h"

/* Is it within its bounds? Says so. */
static inline bool is_accurate(const expansion *e)
{
    const math_worst *w = &e->worst;
    const bool good = w->error <= oracle_most(e->of, e->grade) && oracle_is_sound(e->of, e->type, w);
    print_message("# %s%s %s %s: %.4f ULP at %a", good ? "" : "WRONG: ", e->of->name,
                  sn_ir_type_name(e->type), e->grade == MATH_FAST ? "fast" : "default", w->error, w->x);
    if (oracle_takes_two(e->of))
        print_message(", %a", w->y);
    if (!good)
        print_message(", which gives %a", w->result);
    if (w->absolute > 0)
        print_message("; absolute %.3g at %a", w->absolute, w->absolute_x);
    if (!oracle_is_sound(e->of, e->type, w))
        print_message("; the fast oracle hides %.3g ULP at %a, %a", w->hidden, w->hidden_x, w->hidden_y);
    print_message("\n");
    return good;
}

/* `fast` where it is the same code is not tried again. */
static inline void assert_all_accurate(ir_type type, math_grade grade, void (*try)(expansion *e))
{
    int wrong = 0;
    for (int k = 0; k < MATH_ORACLES; k++) {
        expansion e;
        if (grade == MATH_FAST && expansion_fast_is_default(&math_oracles[k], type))
            continue;
        expansion_open(&e, &math_oracles[k], type, grade, IR_IDENTITY | IR_FOLD);
        if (e.p.status != SINTER_OK)
            fail_msg("%s: %s", e.of->name, e.p.message);
        assert_non_null(e.values);
        try(&e);
        expansion_flush(&e);
        wrong += e.worst.arguments > 0 && !is_accurate(&e);
        expansion_close(&e);
    }
    assert_int_equal(wrong, 0);
}

#endif
