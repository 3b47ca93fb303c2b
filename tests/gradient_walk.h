/* One element of a program without state, evaluated operation by operation, functions included: for tests of what a pass made of it,
 * before anything is expanded. */
#ifndef SN_TESTS_GRADIENT_WALK_H
#define SN_TESTS_GRADIENT_WALK_H

#include "ir/ir.h"

typedef struct walk {
    const ir_program *p;
    bool wide; /* numbers in long double, never rounded to their types */
    const long double *inputs, *params;
    long double *values;  /* by operation; integers and masks too */
    long double *outputs; /* outputs, then totals (of this one element) */
    long double greatest; /* the magnitude of the largest finite number that came up */
} walk;

/* Fills w->values and w->outputs, arrays of the caller's, and w->greatest. Tables are read as 0.25 times the index, bound ones and those that the
 * program writes as well; lines give 0. */
void walk_element(walk *w);

#endif
