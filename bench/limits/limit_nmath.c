/* R's log-densities, if libRmath is there (Debian: r-mathlib). Sinter does not depend on it: it is looked for when the benchmark runs.
 *
 * nmath works number by number, so the limit is a plain loop over its function, parameters in registers or memory as its compiler likes. */
#include "limits.h"

#include <dlfcn.h>
#include <string.h>

typedef double (*nmath_1)(double x, double a, int log);
typedef double (*nmath_2)(double x, double a, double b, int log);

static void *library(void)
{
    static void *found;
    static bool looked;
    if (!looked)
        found = dlopen("libRmath.so.1", RTLD_NOW | RTLD_LOCAL);
    looked = true;
    return found;
}

bool sn_nmath_is_here(void)
{
    return library() != NULL;
}

bool sn_nmath_find(nmath_limit *limit, const char *name)
{
    limit->function = library() ? dlsym(library(), name) : NULL;
    return limit->function != NULL;
}

/* An object pointer becomes a function pointer only so. */
static nmath_1 of_one(const nmath_limit *l)
{
    nmath_1 f;
    memcpy(&f, &l->function, sizeof f);
    return f;
}

static nmath_2 of_two(const nmath_limit *l)
{
    nmath_2 f;
    memcpy(&f, &l->function, sizeof f);
    return f;
}

void sn_nmath_run(const limit_call *call)
{
    const nmath_limit *l = call->numbers;
    const double *in = call->inputs[0];
    double *out = call->outputs[0];
    if (l->parameters == 1) {
        const nmath_1 f = of_one(l);
        for (int64_t i = 0; i < call->count; i++)
            out[i] = f(in[i], l->a, 1);
    } else {
        const nmath_2 f = of_two(l);
        for (int64_t i = 0; i < call->count; i++)
            out[i] = f(in[i], l->a, l->b, 1);
    }
}
