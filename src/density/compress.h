/* A few rows with weights that stand for any number of rows.
 *
 * If the log-density is Σ g_k(θ)·f_k(x) + d(x) (separate.h), then rows x_j with weights w_j for which Σ w_j·f_k(x_j) is what the sum of f_k over all the data is,
 * for each k and for the function 1, have the same log-likelihood as the data for every θ, but for a constant. Such rows can be had among the data
 * themselves, no more of them than there are functions, with weights that are not negative (Carathéodory). So a sum over a
 * million rows is one over two or three, by the very kernel that computes rows: it has the accuracy of the family's stable form, which
 * η·ΣT − nA, a difference of large numbers, would lose.
 *
 * What must be right to all digits is the weights. The sums of monomials are exact (exact_sum.h), a row more or less is exactly that, whatever
 * came before. From them follow, exactly, sums about a centre near the mean; the linear equations for the weights stand in these and are solved in
 * double-double arithmetic. */
#ifndef SN_DENSITY_COMPRESS_H
#define SN_DENSITY_COMPRESS_H

#include "base/arena.h"
#include "density/exact_sum.h"
#include "density/separate.h"

/* A row that may be taken. */
typedef struct density_candidate {
    bool there;
    double *row;
    double_double *atoms;
} density_candidate;

typedef struct density_compression {
    const density_separation *separation;
    uint32_t columns;
    exact_sum *sums;       /* one for each monomial */
    int64_t seen;          /* rows that were offered as candidates */
    density_candidate *candidates; /* a sample of the rows, the last rows, then for each atom the rows of its least and greatest values */
    uint32_t sampled, candidate_count, added; /* behind these such as were added by name */
    uint32_t *nodes;       /* candidates that were chosen */
    double *weights;
    uint32_t node_count;
    double spread;         /* Σ|w_j|/|Σ w_j|: 1 where no weight is negative */
    int chunks[DENSITY_MOST_ATOMS];    /* atom a is taken times 2^(32·chunks[a]), */
    double centre[DENSITY_MOST_ATOMS]; /* less this */
    int exponents[DENSITY_MOST_MONOMIALS]; /* and monomial k of those times 2^exponents[k] */
    double_double functional[DENSITY_MOST_MONOMIALS]; /* see sn_density_deviation */
    double *scratch_doubles;  /* of the equations */
    double_double *scratch;
    uint32_t *order;
} density_compression;

/* Takes all memory that will be needed from the arena. False: refused. */
bool sn_density_open_compression(density_compression *c, const density_separation *s, uint32_t columns, arena *memory);
/* One row more, or, with the negative weight, one less. False where the row cannot be put into sums: something is infinite or no number. */
bool sn_density_count_row(density_compression *c, const double_double *atoms, double weight);
/* Rows that may be taken for others must have been offered. */
void sn_density_offer_row(density_compression *c, const double *row, const double_double *atoms);
/* Chooses rows and weights for the sums as they are. False where the candidates will not do: they lie in a plane, and the data do not; then some row that was
 * counted lies beside it, and the one that deviates most has to become a candidate, by sn_density_add_candidate. */
bool sn_density_choose_rows(density_compression *c);
double sn_density_deviation(const density_compression *c, const double_double *atoms);
void sn_density_add_candidate(density_compression *c, const double *row, const double_double *atoms);

#endif
