/* What distributions.c, combinations.c and densities.c share. */
#ifndef SN_LANG_DISTRIBUTIONS_H
#define SN_LANG_DISTRIBUTIONS_H

#include "lang/lowering.h"

typedef enum distribution_kind {
    DISTRIBUTION_FAMILY,
    DISTRIBUTION_MIXTURE, DISTRIBUTION_TRUNCATED, DISTRIBUTION_CENSORED, DISTRIBUTION_AFFINE, DISTRIBUTION_EXP_OF, DISTRIBUTION_LOG_OF,
    DISTRIBUTION_PRODUCT, DISTRIBUTION_IID, DISTRIBUTION_WEIGHTED, DISTRIBUTION_WRT
} distribution_kind;

typedef struct lang_distribution {
    uint8_t kind;
    bool whole;             /* on integers */
    uint32_t node;
    lang_family_name name;  /* of a family */
    uint32_t values, count; /* its arguments, in the pool; of a combination its numbers */
    uint32_t width;         /* elements of x; 0: a number */
    uint32_t first, next;   /* of a combination its first part; the part behind this one */
} lang_distribution;

uint32_t sn_lang_add_distribution(lowering *l, const lang_distribution *d);

/* ---- combinations.c ---- */
/* Is it the name of a combination? Families of the text come before them. */
bool sn_lang_find_combination(const lang_tree *t, uint32_t symbol);
void sn_lang_offer_combinations(lang_nearest *nearest);
uint32_t sn_lang_combination(lowering *l, uint32_t node, bool live);
lang_value sn_lang_combined_quantity(lowering *l, uint32_t distribution, lang_member quantity, lang_value given);

#endif
