/* The families' densities that are lowered when the library is built: there is each family, for values alone and for derivatives too, those of tuples with two lengths, and
 * it is what the library makes of its text now, operation by operation; a context that takes it from there compiles the same program. */
#include "kernel/kernels.h"

#include <sinter/density.h>
#include <sinter/dump.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "built_contexts.h"

/* That of the built member's key among those that the context keeps. */
static const struct lang_kept_member *find(const sinter_context *context, const lang_built_member *built)
{
    const struct lang_kept_member *m = context->members.first;
    const struct lang_kept_member *b = &built->member;
    while (m && (strcmp(m->family->name, built->family) || m->rules != b->rules || m->quantity != b->quantity || m->type != b->type || m->shape != b->shape))
        m = m->next;
    return m;
}

static void expect_same(const char *name, const struct lang_kept_member *a, const struct lang_kept_member *b)
{
    const ir_extract *x = &a->extract, *y = &b->extract;
    if (a->inputs != b->inputs || a->shape != b->shape || a->result != b->result || a->carries != b->carries || a->derived != b->derived || a->expanded != b->expanded)
        fail_msg("%s: not kept in the same way", name);
    if (x->first != y->first || x->count != y->count || x->result != y->result || x->has_functions != y->has_functions)
        fail_msg("%s: %u operations and %u", name, x->count, y->count);
    for (uint32_t k = 0; k < x->count; k++) {
        if (memcmp(&x->ops[k], &y->ops[k], sizeof *x->ops) || (k >= x->first && x->parts[k] != y->parts[k]))
            fail_msg("%s: operation %u differs", name, k);
        if (k < x->first || x->ops[k].code != IR_LOAD)
            continue;
        const ir_memory *m = &x->memories[x->ops[k].b], *n = &y->memories[y->ops[k].b];
        assert_string_equal(m->name, n->name);
        assert_true(m->length == n->length && m->shortest == n->shortest && m->kind == n->kind && m->type == n->type);
        assert_memory_equal(m->content, n->content, (size_t)m->length * sn_ir_type_size(m->type));
    }
}

/* Both ways of which the library keeps something. False where the family needs tuples. */
static bool compile(sinter_context *context, const char *text)
{
    sinter_kernel *kernel;
    sinter_density *density;
    const sinter_options options = {.source = SINTER_DENSITY, .type = SINTER_F64, .engine = SINTER_ENGINE_INTERP};
    const sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, NULL);
    if (status != SINTER_OK) {
        assert_int_equal(status, SINTER_BAD_PROGRAM);
        return false;
    }
    sinter_kernel_close(kernel);
    assert_int_equal(sinter_density_open(context, text, strlen(text), NULL, &density, NULL), SINTER_OK);
    sinter_density_close(density);
    return true;
}

static unsigned count_built(const char *name)
{
    unsigned count = 0;
    for (uint32_t k = 0; k < sn_lang_built_member_count; k++)
        count += !strcmp(sn_lang_built_members[k].family, name);
    return count;
}

static void members_are_what_the_texts_come_to(void **state)
{
    (void)state;
    skip_where_there_are_none();
    sinter_context *context = open_one(true);
    static const char *const of_tuples[] = {
        "categorical((0.1, 0.9))", "categorical((0.1, 0.2, 0.7))", "dirichlet((1, 2))", "dirichlet((1, 2, 3))",
        "multi_normal_cholesky((1, 2), (3, 4, 5))", "multi_normal_cholesky((1, 2, 3), (4, 5, 6, 7, 8, 9))",
    };
    lang_family_entry family;
    for (uint32_t k = 0; sn_lang_family(k, &family); k++)
        if (!family.same_as && count_built(family.name) != (compile(context, family.name) ? 2 : 4))
            fail_msg("%s: %u are built", family.name, count_built(family.name));
    for (unsigned k = 0; k < sizeof of_tuples / sizeof *of_tuples; k++)
        assert_true(compile(context, of_tuples[k]));
    for (uint32_t k = 0; k < sn_lang_built_member_count; k++) {
        const lang_built_member *built = &sn_lang_built_members[k];
        const struct lang_kept_member *m = find(context, built);
        if (!m)
            fail_msg("%s: not kept", built->family);
        assert_ptr_not_equal(m->extract.ops, built->member.extract.ops);
        expect_same(built->family, &built->member, m);
        assert_true(k == 0 || strcmp(built[-1].family, built->family) <= 0);
    }
    sinter_close(context);
}

/* Found by the name of the family that another name stands for, used at once, and found again. */
static void contexts_take_them(void **state)
{
    static const char *const texts[] = {"gaussian(1, 2)", "von_mises", "input x; param a = 1; param b = 2; x ~ gamma(a, b); x ~ gamma(b, a)", "dirichlet((1, 2, 3, 4))", "dirichlet((1, 2, 3))", "mixture((0.5, 0.5), exponential(1), gamma(2, 3))"};
    (void)state;
    skip_where_there_are_none();
    for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++) {
        const char *text = texts[k];
        char *made[2];
        size_t length[2];
        sinter_context *contexts[2] = {open_one(false), open_one(true)};
        for (unsigned c = 0; c < 2; c++) {
            sinter_report report;
            const sinter_options options = {.source = SINTER_DENSITY, .type = SINTER_F64};
            if (sinter_dump(contexts[c], text, strlen(text), &options, SINTER_DUMP_PLAN, NULL, &made[c], &length[c], &report))
                fail_msg("%s: %s", text, report.errors[0].message);
        }
        assert_int_equal(length[0], length[1]);
        assert_memory_equal(made[0], made[1], length[0]);
        assert_non_null(contexts[0]->members.first);
        for (unsigned c = 0; c < 2; c++) {
            sinter_dump_release(contexts[c], made[c], length[c]);
            sinter_close(contexts[c]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_are_what_the_texts_come_to),
        cmocka_unit_test(contexts_take_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
