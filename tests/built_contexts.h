/* Contexts that take families from what was lowered when the library was built, or lower them themselves: what both come to is compared. */
#ifndef TEST_BUILT_CONTEXTS_H
#define TEST_BUILT_CONTEXTS_H

#include "lang/built_members.h"

#include "kernel/kernels.h"

static sinter_context *open_one(bool without_built)
{
    sinter_context *context;
    assert_int_equal(sinter_open(NULL, &context), SINTER_OK);
    context->members.without_built = without_built;
    return context;
}

static void skip_where_there_are_none(void)
{
    if (sn_lang_built_member_count > 0)
        return;
    puts("# this library was built without them");
    skip();
}

#endif
