/* Which statistics of a data set a log-likelihood depends on.
 *
 * A log-density *collapses* where it is a sum of products, Σ g_k(θ)·f_k(x) + d(x): then the data enter its sum over any number of rows through
 * the sums of the f_k alone. That, and what the f_k are, is read off the operations.
 *
 * The f_k are put down as *monomials*, of degree 0 to 2, in *atoms*. An atom is a column, or anything else that is computed from columns, such as log(x).
 * With a monomial of degree 2 come those of degree 1, so that the list is one also for atoms that are counted from another zero: sums of
 * x², x and 1 say what those of (x − c)², (x − c) and 1 are. */
#ifndef SN_DENSITY_SEPARATE_H
#define SN_DENSITY_SEPARATE_H

#include "density/double_double.h"
#include "ir/ir.h"

enum { DENSITY_MOST_ATOMS = 64, DENSITY_MOST_MONOMIALS = 80, DENSITY_MOST_DOMAINS = 16 };

/* Atoms by number + 1, the greater first; 0: none. */
typedef struct density_monomial {
    uint16_t a, b;
} density_monomial;

typedef struct density_separation {
    const char *reason;   /* NULL: it collapses; else why it does not */
    char message[SINTER_MESSAGE_SIZE]; /* where `reason` points, mostly */
    ir_program program;   /* what atoms and domains are values of; appended to a copy */
    ir_ref atoms[DENSITY_MOST_ATOMS];
    uint32_t atom_count;
    density_monomial monomials[DENSITY_MOST_MONOMIALS]; /* the first is 1 */
    uint32_t monomial_count;
    ir_ref domains[DENSITY_MOST_DOMAINS]; /* conditions that a row has to keep for all this to be so */
    bool wanted[DENSITY_MOST_DOMAINS];    /* how each has to come out */
    uint32_t domain_count;
    bool remainder;       /* there is a d(x) beyond the monomials */
    ir_ref *needed;       /* the operations that atoms and domains are computed by, in order */
    uint32_t needed_count;
} density_separation;

/* Of a program with one output, before any pass; `memory` holds what is found. SINTER_NO_MEMORY. */
sinter_status sn_density_separate(density_separation *s, const ir_program *program, arena *memory);
/* The operations that some are computed by, in order; NULL: one of them has no wide form (*culprit, if it is not NULL, then is it, else 0), or there is no memory. */
ir_ref *sn_density_needed(const ir_program *p, const ir_ref *wanted, uint32_t wanted_count, arena *memory, uint32_t *count, ir_ref *culprit);

/* ---- wide_rows.c ---- */

/* Is it an operation that sn_density_atoms knows? */
bool sn_density_is_wide(const ir_program *p, const ir_op *op);
/* The atoms of one row, with some 100 bits, or 64 where they come from mathematical functions other than logarithms (those of long double where that
 * has more bits than double, else 53). `values` has room for as many numbers as the program has operations. False where the row is beyond the domains. */
bool sn_density_atoms(const density_separation *s, const double *row, double_double *values, double_double *atoms);
/* The values of operations that sn_density_needed has listed, for inputs that are these numbers. */
void sn_density_widen(const ir_program *p, const ir_ref *needed, uint32_t count, const double *inputs, double_double *values);

#endif
