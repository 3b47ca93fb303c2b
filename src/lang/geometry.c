/* Functions of whole tuples, whose elements are the coordinates of points and directions.
 *
 * Each is the formula that stands behind it, computed and contracted as if the text said so, by the rules of
 * operators: whatever types meet there meet here. In dry runs an unknown number may stand for a tuple, and so
 * may what is made of it. */
#include "lang/lowering.h"

static lang_value product(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    return sn_lang_binary(l, node, TOKEN_STAR, a, b);
}

/* a.x*b.x + a.y*b.y + … */
static lang_value dot(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    lang_value sum = product(l, node, sn_lang_element(l, a, a.count > 1), sn_lang_element(l, b, b.count > 1));
    if (a.count > 1)
        sum = sn_lang_fused(l, node, IR_FMA, sn_lang_element(l, a, 0), sn_lang_element(l, b, 0), sum);
    for (uint32_t k = 2; k < a.count; k++)
        sum = sn_lang_fused(l, node, IR_FMA, sn_lang_element(l, a, k), sn_lang_element(l, b, k), sum);
    return sum;
}

/* sqrt(dot(v, v)) */
static lang_value length(lowering *l, uint32_t node, lang_value v)
{
    const lang_value square = dot(l, node, v, v);
    return sn_lang_apply(l, node, WORD_SQRT, 0, &square, 1);
}

/* v * (1/length(v)): one division, however many elements there are. */
static lang_value normalize(lowering *l, uint32_t node, lang_value v)
{
    const lang_value size = length(l, node, v);
    return product(l, node, v, sn_lang_binary(l, node, TOKEN_SLASH, sn_lang_small(l, 1, true), size));
}

/* v - 2*dot(v, n)*n */
static lang_value reflect(lowering *l, uint32_t node, lang_value v, lang_value n)
{
    const lang_value twice = product(l, node, sn_lang_small(l, 2, true), dot(l, node, v, n));
    return sn_lang_fused(l, node, IR_FNMA, twice, n, v);
}

/* a.i*b.j - a.j*b.i */
static lang_value minor_of(lowering *l, uint32_t node, lang_value a, lang_value b, uint32_t i, uint32_t j)
{
    const lang_value right = product(l, node, sn_lang_element(l, a, j), sn_lang_element(l, b, i));
    return sn_lang_fused(l, node, IR_FMS, sn_lang_element(l, a, i), sn_lang_element(l, b, j), right);
}

static lang_value cross(lowering *l, uint32_t node, lang_value a, lang_value b)
{
    if (a.count == 2)
        return minor_of(l, node, a, b, 0, 1);
    if (a.count != 3) {
        sn_lang_complain(l, node, NULL, "cross takes tuples of 3 elements, or of 2, not of %u", a.count);
        return sn_lang_wrong();
    }
    const lang_value x = minor_of(l, node, a, b, 1, 2);
    const lang_value y = minor_of(l, node, a, b, 2, 0);
    const lang_value z = minor_of(l, node, a, b, 0, 1);
    const uint32_t place = sn_lang_pool(l, 3);
    if (!place)
        return sn_lang_wrong();
    l->pool[place] = x;
    l->pool[place + 1] = y;
    l->pool[place + 2] = z;
    return (lang_value){.ref = place, .count = 3, .type = TYPE_TUPLE};
}

lang_value sn_lang_geometric(lowering *l, uint32_t node, unsigned word, const lang_value *arguments)
{
    const lang_value a = arguments[0], b = sn_lang_words[word].most > 1 ? arguments[1] : a;
    if (a.type == TYPE_UNKNOWN || b.type == TYPE_UNKNOWN)
        return sn_lang_scalar(0, TYPE_UNKNOWN);
    if (a.count != b.count && word != WORD_DISTANCE) {
        sn_lang_complain(l, node, NULL, "%s of a tuple of %u elements and one of %u",
                         sn_lang_words[word].text, a.count, b.count);
        return sn_lang_wrong();
    }
    switch (word) {
    case WORD_CROSS: return cross(l, node, a, b);
    case WORD_DISTANCE: return length(l, node, sn_lang_binary(l, node, TOKEN_MINUS, a, b));
    case WORD_LENGTH: return length(l, node, a);
    case WORD_NORMALIZE: return normalize(l, node, a);
    case WORD_REFLECT: return reflect(l, node, a, b);
    default: return dot(l, node, a, b);
    }
}
