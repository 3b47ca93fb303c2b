/* The library's families as texts. */
#include "lib/family_texts.h"

#include "lang/lang.h"

static const char *const of_tuples[] = {
    "categorical((0.5, 0.5))",
    "categorical((0.5, 0.25, 0.25))",
    "dirichlet((1, 1))",
    "dirichlet((1, 1, 1))",
    "multi_normal_cholesky((0, 0), (1, 0, 1))",
    "multi_normal_cholesky((0, 0, 0), (1, 0, 1, 0, 0, 1))",
};

sinter_status sn_each_family_text(family_visitor visit, void *visitor)
{
    lang_family_entry family;
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; !status && sn_lang_family(k, &family); k++) {
        status = family.same_as ? SINTER_OK : visit(visitor, family.name);
        if (status == SINTER_BAD_PROGRAM) /* a tuple is wanted */
            status = SINTER_OK;
    }
    for (unsigned k = 0; !status && k < sizeof of_tuples / sizeof *of_tuples; k++)
        status = visit(visitor, of_tuples[k]);
    return status;
}
