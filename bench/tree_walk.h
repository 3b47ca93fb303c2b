/* A plain evaluator that walks trees: the way most programs evaluate what their users type, and the yardstick
 * for both bits and time.
 *
 * It reads what the benchmarks need of the language (statements, arithmetic, min, max, abs, sqrt, log, fma, and in float
 * programs the functions of plain_noise.h, π) and `.vm` files, folds constants once, puts every value that is used once in place of its name, and then
 * evaluates element by element, one function call a node. It shares no code with the library. Fused
 * operations are what docs/language.md says: a*b+c and its kin within one expression. */
#ifndef SN_BENCH_TREE_WALK_H
#define SN_BENCH_TREE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct tree tree;

/* `vm`: the text is a `.vm` file. `f64`: numbers are double; else float. NULL without memory or where the
 * text is beyond it. The inputs are x and y. */
tree *sn_tree_open(const char *text, size_t length, bool vm, bool f64);
void sn_tree_close(tree *t); /* NULL is allowed */
/* Elements [first, first + count) of the inputs to out[0], …, out[count − 1]; one thread at a time. */
void sn_tree_run(tree *t, const void *const *inputs, void *out, int64_t first, int64_t count);

#endif
