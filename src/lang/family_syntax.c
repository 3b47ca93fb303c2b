/* The construct `family`: a distribution said by its members.
 *
 *     family normal(mu, sigma > 0) on real {
 *         T = (x, x*x)
 *         eta = (mu/(sigma*sigma), -0.5/(sigma*sigma))
 *         …
 *     }
 *
 * Its body is a scope like a function's, in which x and means are names without a binding, and eta one that may have a binding: members that are functions of the
 * natural parameters read it, whether the body binds it or not; without such members it may be a parameter's name. Of the statements it is found out here which need which, so that lowering
 * lowers what a member needs and nothing else. What is wrong with a family is an error of its own text, not of those who use it. */
#include "lang/library.h"
#include "lang/parsing.h"

#include <stdarg.h>
#include <stdio.h>

const char *const sn_lang_quantity_names[LANG_QUANTITIES] = {
    [LANG_LOG_DENSITY] = "log_density",
    [LANG_T] = "T",
    [LANG_ETA] = "eta",
    [LANG_A] = "A",
    [LANG_LOG_H] = "log_h",
    [LANG_NATURAL_A] = "natural_A",
    [LANG_FROM_NATURAL] = "from_natural",
    [LANG_LOG_CDF] = "log_cdf",
    [LANG_LOG_SURVIVAL] = "log_survival",
    [LANG_ENTROPY] = "entropy",
    [LANG_MEAN] = "mean",
    [LANG_VARIANCE] = "variance",
    [LANG_POOLED] = "pooled",
    [LANG_POSTERIOR] = "posterior",
    [LANG_DERIVED] = "derived",
};

lang_member sn_lang_find_quantity(const char *text, size_t length)
{
    unsigned k = 0;
    while (k < LANG_QUANTITIES && (strlen(sn_lang_quantity_names[k]) != length || memcmp(sn_lang_quantity_names[k], text, length) != 0))
        k++;
    return (lang_member)k;
}

static const char form[] = "family normal(mu, sigma > 0) on real { log_density = ... }";

/* ---- the head ---- */

static bool read_factor(parser *p, lang_width *width)
{
    const unsigned k = width->factors;
    if (token_is(p, TOKEN_NUMBER)) {
        const lang_literal *n = &p->t->literals[p->l.token.value];
        if (!n->whole || n->known != LITERAL_EXACT || !(n->value >= 1 && n->value <= LANG_MAX_TUPLE)) {
            sn_lang_fail_here(p, "alpha:3, or alpha:n", "a tuple has from 1 to %d elements", LANG_MAX_TUPLE);
            return false;
        }
        width->value[k] = (uint32_t)n->value;
    } else if (token_is(p, TOKEN_NAME)) {
        const lang_symbol *s = &p->t->symbols[p->l.token.value];
        width->named[k] = true;
        if (s->scope != p->scope || !s->slot) {
            width->binds = k == 0;
            sn_lang_bind_name(p, p->l.token.value, p->l.token.at, p->l.token.end);
        }
        width->value[k] = p->t->symbols[p->l.token.value].slot;
    } else {
        sn_lang_missing(p, "how many elements it has", "alpha:n");
        return false;
    }
    width->factors++;
    next_token(p);
    return true;
}

/* `:n`, `:3`, `:n*n` */
static lang_width parse_width(parser *p)
{
    lang_width width = {0};
    if (accept_token(p, TOKEN_COLON) && read_factor(p, &width) && accept_token(p, TOKEN_STAR)) {
        width.binds = false;
        read_factor(p, &width);
    }
    return width;
}

static uint32_t parse_bound(parser *p)
{
    return p->panic ? 0 : sn_lang_parse_sum(p);
}

/* `on 0.. {`: a support without an upper end. */
static bool is_open(const parser *p, bool support)
{
    return support && (token_is(p, TOKEN_LBRACE) || token_is_word(p, "with"));
}

static void parse_range(parser *p, lang_constraint *c, bool support)
{
    c->kind = CONSTRAINT_WITHIN;
    c->low = parse_bound(p);
    if (!p->panic && !accept_token(p, TOKEN_RANGE))
        sn_lang_missing(p, "the other end of the range", "0..1, or 0..inf");
    if (!is_open(p, support))
        c->high = parse_bound(p);
}

/* What may stand behind `in` and, of a support, behind `on`. */
static void parse_set(parser *p, lang_constraint *c, bool support)
{
    if (token_is_word(p, "real")) {
        next_token(p);
    } else if (token_is_word(p, "simplex")) {
        c->kind = CONSTRAINT_SIMPLEX;
        next_token(p);
    } else if (token_is_word(p, "cholesky")) {
        c->kind = CONSTRAINT_CHOLESKY;
        next_token(p);
    } else {
        c->whole = token_is_word(p, "integers");
        if (c->whole)
            next_token(p);
        if (!c->whole || !(token_is(p, TOKEN_COMMA) || token_is(p, TOKEN_RPAREN) || token_is(p, TOKEN_LBRACE) || token_is(p, TOKEN_COLON) || token_is_word(p, "with")))
            parse_range(p, c, support);
    }
    c->end = p->previous_end;
}

static bool is_comparison(unsigned kind)
{
    return kind == TOKEN_GT || kind == TOKEN_GE || kind == TOKEN_LT || kind == TOKEN_LE;
}

/* `> e`: true where it is an end from below. */
static bool parse_comparison(parser *p, lang_constraint *c, uint8_t *kind)
{
    const unsigned sign = p->l.token.kind;
    const bool low = sign == TOKEN_GT || sign == TOKEN_GE;
    next_token(p);
    *(low ? &c->low : &c->high) = parse_bound(p);
    *kind = sign == TOKEN_GT ? CONSTRAINT_ABOVE : sign == TOKEN_GE ? CONSTRAINT_FROM : sign == TOKEN_LT ? CONSTRAINT_BELOW : CONSTRAINT_UP_TO;
    return low;
}

/* `p > 0 && p <= 1`: the other end. */
static void parse_other_end(parser *p, lang_constraint *c, uint32_t symbol, bool low)
{
    static const char hint[] = "p > 0 && p <= 1";
    uint8_t second = CONSTRAINT_REAL;
    next_token(p);
    if (!token_is(p, TOKEN_NAME) || p->l.token.value != symbol) {
        sn_lang_missing(p, "the parameter's name again", hint);
        return;
    }
    next_token(p);
    const uint32_t at = p->l.token.at;
    if (!is_comparison(p->l.token.kind)) {
        sn_lang_missing(p, "the parameter's other end", hint);
        return;
    }
    if (parse_comparison(p, c, &second) == low && !p->panic)
        sn_lang_fail(p, at, p->previous_end, hint, "both are ends on the same side");
    c->also = low ? second : c->kind;
    c->kind = low ? c->kind : second;
}

static lang_constraint parse_constraint(parser *p, uint32_t symbol)
{
    lang_constraint c = {.kind = CONSTRAINT_REAL, .at = p->l.token.at, .end = p->l.token.at};
    if (token_is_word(p, "in")) {
        next_token(p);
        parse_set(p, &c, false);
        return c;
    }
    if (!is_comparison(p->l.token.kind))
        return c;
    const bool low = parse_comparison(p, &c, &c.kind);
    if (!p->panic && token_is(p, TOKEN_AND))
        parse_other_end(p, &c, symbol, low);
    c.end = p->previous_end;
    return c;
}

static bool is_name(const parser *p, uint32_t symbol, const char *name)
{
    return p->t->symbols[symbol].length == strlen(name) && !memcmp(sn_lang_symbol_text(p->t, symbol), name, strlen(name));
}

/* `L in cholesky:n`: how many rows the triangle has. */
static void parse_rows(parser *p, lang_family *f, uint32_t k)
{
    static const char hint[] = "L in cholesky:n, n being the width of another parameter, or a number";
    const uint32_t at = p->l.token.at;
    if (f->widths[k].factors || !token_is(p, TOKEN_COLON)) {
        sn_lang_fail_here(p, hint, "a Cholesky factor says how many rows it has behind the word");
        return;
    }
    f->widths[k] = parse_width(p);
    f->widths[k].triangle = true;
    f->constraints[k].end = p->previous_end;
    if (!p->panic && (f->widths[k].factors != 1 || f->widths[k].binds))
        sn_lang_fail(p, at, p->previous_end, hint, "nothing says how many rows this Cholesky factor has");
}

/* Of a name that the body of a family is given; NULL for others. */
static const char *meaning_of(const parser *p, uint32_t symbol)
{
    return is_name(p, symbol, "x") ? "what the density is of" : is_name(p, symbol, "means") ? "the means of the sufficient statistics" : NULL;
}

static void parse_parameter(parser *p, lang_family *f, uint32_t k)
{
    const uint32_t symbol = p->l.token.value, at = p->l.token.at, end = p->l.token.end;
    if (meaning_of(p, symbol)) {
        sn_lang_fail_here(p, NULL, "'%.*s' is no parameter of a family: it is %s", shown_length(at, end), text_at(p, at), meaning_of(p, symbol));
        return;
    }
    const uint32_t slot = sn_lang_bind_name(p, symbol, at, end);
    next_token(p);
    f->widths[k] = parse_width(p);
    f->constraints[k] = p->panic ? (lang_constraint){0} : parse_constraint(p, symbol);
    if (!p->panic && f->constraints[k].kind == CONSTRAINT_CHOLESKY)
        parse_rows(p, f, k);
    const uint32_t words[PARAMETER_WORDS] = {[PARAMETER_SYMBOL] = symbol, [PARAMETER_SLOT] = slot};
    for (unsigned w = 0; w < PARAMETER_WORDS; w++)
        sn_lang_push(p, words[w]);
}

static void parse_parameters(parser *p, uint32_t function, lang_family *f)
{
    const uint32_t opening = p->l.token.at, base = p->stack_count;
    uint32_t count = 0;
    p->brackets++;
    next_token(p);
    f->at = p->l.token.at;
    while (!p->panic && token_is(p, TOKEN_NAME)) {
        if (count == LANG_MAX_TUPLE) {
            sn_lang_fail_here(p, NULL, "a family has at most %d parameters", LANG_MAX_TUPLE);
            break;
        }
        parse_parameter(p, f, count++);
        if (p->panic || !accept_token(p, TOKEN_COMMA))
            break;
        if (!token_is(p, TOKEN_NAME))
            sn_lang_missing(p, "a name", NULL);
    }
    p->brackets--;
    f->end = p->l.token.at;
    if (!p->panic && sn_lang_expect_closing(p, TOKEN_RPAREN, opening)) {
        const uint32_t list = sn_lang_add_list(p, p->stack + base, p->stack_count - base);
        p->t->functions[function].parameters = list;
        p->t->functions[function].parameter_count = count;
    }
    p->stack_count = base;
}

static void parse_support(parser *p, lang_family *f)
{
    if (!token_is_word(p, "on")) {
        sn_lang_missing(p, "the support", form);
        return;
    }
    next_token(p);
    f->support.at = p->l.token.at;
    parse_set(p, &f->support, true);
    const uint32_t at = p->l.token.at;
    if (!p->panic)
        f->x_width = parse_width(p);
    if (!p->panic && f->support.kind == CONSTRAINT_CHOLESKY)
        sn_lang_fail(p, f->support.at, f->support.end, NULL, "only a parameter is a Cholesky factor");
    if (!p->panic && f->x_width.binds)
        sn_lang_fail(p, at, p->previous_end, "family f(alpha:n) on simplex:n { ... }", "no parameter says how many elements x has");
}

/* ---- the prior ---- */

/* What `posterior` alone is given. */
static const struct {
    char name[16]; /* as sn_lang_find_symbol reads it, zeros behind */
    uint32_t length;
    const char *what;
} of_posterior[3] = {{"prior", 5, "the parameters of the prior"}, {"sums", 4, "the sums of the sufficient statistics"},
                     {"observations", 12, "the number of observations"}};

static uint32_t slot_here(const parser *p, uint32_t symbol)
{
    const lang_symbol *s = &p->t->symbols[symbol];
    return symbol && s->scope == p->scope ? s->slot : 0;
}

/* Those names may be no parameter's. */
static void check_given_names(parser *p, uint32_t at, uint32_t end)
{
    for (unsigned k = 0; k < 3; k++)
        if (slot_here(p, sn_lang_find_symbol(p->t, of_posterior[k].name, of_posterior[k].length)))
            sn_lang_fail(p, at, end, NULL, "a family with a prior has no parameter '%s': that is %s", of_posterior[k].name, of_posterior[k].what);
}

/* `with lambda ~ gamma`: the family of the conjugate prior, on one of the parameters. */
static void parse_prior(parser *p, lang_family *f)
{
    static const char hint[] = "family poisson(lambda >= 0) on integers 0..inf with lambda ~ gamma { ... }";
    const uint32_t at = p->l.token.at;
    if (!token_is_word(p, "with"))
        return;
    next_token(p);
    if (!token_is(p, TOKEN_NAME) || !slot_here(p, p->l.token.value)) {
        sn_lang_missing(p, "the parameter that the prior is on", hint);
        return;
    }
    next_token(p);
    if (!accept_token(p, TOKEN_TILDE) || !token_is(p, TOKEN_NAME)) {
        sn_lang_missing(p, "the family of the prior", hint);
        return;
    }
    f->prior_family = p->l.token.value;
    f->prior_at = p->l.token.at;
    f->prior_end = p->l.token.end;
    next_token(p);
    check_given_names(p, at, f->prior_end);
}

/* ---- the body ---- */

/* The nodes of each statement, which follow each other in the tree. */
typedef struct body {
    uint32_t nodes[FAMILY_MOST_STATEMENTS + 1];
} body;

/* `eta` may be read before it is bound, and x, `means` and what a posterior is given never are. */
static void bind_given(parser *p, lang_family *f)
{
    static const char x[16] = "x", eta[16] = "eta", means[16] = "means";
    uint32_t symbols[6] = {sn_lang_find_symbol(p->t, x, 1), sn_lang_find_symbol(p->t, eta, 3), sn_lang_find_symbol(p->t, means, 5)};
    uint32_t *const slots[6] = {&f->x, &f->eta, &f->means, &f->prior, &f->sums, &f->observations};
    for (unsigned k = 0; k < 3; k++)
        symbols[3 + k] = sn_lang_find_symbol(p->t, of_posterior[k].name, of_posterior[k].length);
    for (unsigned k = 0; k < (f->prior_family ? 6 : 3); k++) {
        lang_symbol *s = &p->t->symbols[symbols[k]];
        uint32_t *slot = slots[k];
        if (symbols[k] && s->scope == p->scope && s->slot && k == 1) {
            *slot = s->slot;
            continue;
        }
        *slot = ++p->slots;
        if (symbols[k]) {
            s->scope = p->scope;
            s->slot = *slot;
            s->slot_at = s->at;
            s->slot_statement = 0;
        }
    }
    p->free_names = 0; /* x is none here */
}

static void fail_statement(parser *p, uint32_t statement, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void fail_statement(parser *p, uint32_t statement, const char *hint, const char *format, ...)
{
    char message[SINTER_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    const uint32_t at = p->t->statements[statement].at;
    sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, at, sn_lang_token_end(&p->t->source, at), hint, "%s", message);
    p->broken = true;
}

/* Of what is given to `posterior`; 3 for any other name, or where there is no prior. */
static unsigned given_to_posterior(const parser *p, const lang_family *f, uint32_t symbol)
{
    unsigned k = f->prior_family ? 0 : 3;
    while (k < 3 && !is_name(p, symbol, of_posterior[k].name))
        k++;
    return k;
}

static void parse_statement(parser *p, lang_family *f, body *b)
{
    const uint32_t first = p->t->statement_count;
    const bool binds = token_is(p, TOKEN_NAME) && token_binds(p), binds_x = binds && is_name(p, p->l.token.value, "x");
    const bool binds_means = binds && is_name(p, p->l.token.value, "means");
    const unsigned given = binds ? given_to_posterior(p, f, p->l.token.value) : 3;
    sn_lang_parse_body_statement(p);
    if (p->broken || p->t->out_of_memory)
        return;
    if (f->statement_count == FAMILY_MOST_STATEMENTS)
        fail_statement(p, first, NULL, "a family has at most %d statements", FAMILY_MOST_STATEMENTS);
    else if (binds_x)
        fail_statement(p, first, NULL, "x is what the density is of, and is not bound");
    else if (binds_means)
        fail_statement(p, first, NULL, "means are those of the sufficient statistics, and are not bound");
    else if (given < 3)
        fail_statement(p, first, NULL, "'%s' is %s, and is not bound", of_posterior[given].name, of_posterior[given].what);
    else if (p->t->statements[first].kind == STATEMENT_VALUE)
        fail_statement(p, first, "log_density = ..., or a name of its own", "a family's body binds names, and this is a value alone");
    else
        f->statements[f->statement_count++] = first;
    b->nodes[f->statement_count] = p->t->node_count;
}

static void parse_body(parser *p, lang_family *f, body *b)
{
    const uint32_t opening = p->l.token.at;
    next_token(p);
    b->nodes[0] = p->t->node_count;
    while (!token_is(p, TOKEN_RBRACE) && !token_is(p, TOKEN_END) && !p->t->out_of_memory)
        if (!accept_token(p, TOKEN_SEMICOLON))
            parse_statement(p, f, b);
    if (token_is(p, TOKEN_END)) {
        p->panic = false;
        sn_lang_fail(p, opening, opening + 1, NULL, "this { is not closed");
        return;
    }
    next_token(p);
}

/* ---- who needs what ---- */

static uint32_t slots_of(const lang_tree *t, uint32_t statement, uint32_t k)
{
    const lang_statement *s = &t->statements[statement];
    if (s->kind == STATEMENT_BIND)
        return k == 0 ? s->c : 0;
    return k < t->lists[s->b] ? t->lists[s->b + 2 + 2 * k] : 0;
}

static void find_needs(const parser *p, const lang_function *function, lang_family *f, const body *b, uint8_t *binder, uint8_t *parameter)
{
    const lang_tree *t = p->t;
    for (uint32_t k = 0; k < function->parameter_count; k++)
        parameter[sn_lang_parameter(t, function, k)[PARAMETER_SLOT]] = (uint8_t)(k + 1);
    for (uint32_t i = 0; i < f->statement_count; i++) {
        const uint64_t own = (uint64_t)1 << i;
        f->needs[i] = f->of_eta[i] = own;
        for (uint32_t n = b->nodes[i]; n < b->nodes[i + 1]; n++) {
            if (t->nodes[n].kind != NODE_LOCAL)
                continue;
            const uint32_t slot = t->nodes[n].a, from = binder[slot];
            f->reads_x[i] |= slot == f->x;
            f->reads_means[i] |= slot == f->means;
            f->reads_prior[i] |= slot == f->prior || slot == f->sums || slot == f->observations;
            if (parameter[slot])
                f->parameters[i] |= (uint64_t)1 << (parameter[slot] - 1);
            if (!from || from > i)
                continue; /* what is bound below is an error when it is lowered */
            f->needs[i] |= f->needs[from - 1];
            f->of_eta[i] |= slot == f->eta ? 0 : f->of_eta[from - 1];
            f->parameters[i] |= slot == f->eta ? 0 : f->parameters[from - 1];
            f->reads_x[i] |= f->reads_x[from - 1];
            f->reads_means[i] |= f->reads_means[from - 1];
            f->reads_prior[i] |= f->reads_prior[from - 1];
        }
        for (uint32_t k = 0, slot; (slot = slots_of(t, f->statements[i], k)) != 0; k++)
            binder[slot] = (uint8_t)(i + 1);
    }
}

static void find_members(parser *p, lang_family *f)
{
    for (uint32_t i = 0; i < f->statement_count; i++) {
        const lang_statement *s = &p->t->statements[f->statements[i]];
        if (s->kind != STATEMENT_BIND)
            continue;
        const lang_member member = sn_lang_find_quantity(sn_lang_symbol_text(p->t, s->b), p->t->symbols[s->b].length);
        if (member < LANG_MEMBERS)
            f->members[member] = (uint8_t)(i + 1);
    }
}

/* ---- what a family must keep to ---- */

/* A parameter may be called eta, as Stan calls the logarithm of a mean, where no member is of the natural parameters. */
static bool check_eta(parser *p, const lang_function *function, const lang_family *f)
{
    static const lang_member natural[] = {LANG_ETA, LANG_NATURAL_A, LANG_FROM_NATURAL};
    bool is_parameter = false;
    for (uint32_t k = 0; k < function->parameter_count; k++)
        is_parameter |= sn_lang_parameter(p->t, function, k)[PARAMETER_SLOT] == f->eta;
    for (unsigned k = 0; k < sizeof natural / sizeof *natural && is_parameter; k++) {
        const uint32_t i = f->members[natural[k]];
        if (i) {
            fail_statement(p, f->statements[i - 1], NULL, "'eta' is a parameter of this family, so it has no member '%s'",
                           sn_lang_quantity_names[natural[k]]);
            return false;
        }
    }
    return true;
}

/* Parameters that are taken as known where the others are written as natural ones: those that T, log_h or the ends of the support read. */
static uint64_t known_parameters(const parser *p, const lang_function *function, const lang_family *f)
{
    const uint32_t ends[2] = {f->support.low, f->support.high};
    uint64_t known = 0;
    if (f->members[LANG_T])
        known |= f->parameters[f->members[LANG_T] - 1];
    if (f->members[LANG_LOG_H])
        known |= f->parameters[f->members[LANG_LOG_H] - 1];
    for (uint32_t k = 0; k < function->parameter_count; k++)
        for (unsigned e = 0; e < 2; e++)
            if (ends[e] && p->t->nodes[ends[e]].kind == NODE_LOCAL && p->t->nodes[ends[e]].a == sn_lang_parameter(p->t, function, k)[PARAMETER_SLOT])
                known |= (uint64_t)1 << k;
    return known;
}

static void check_reads(parser *p, const lang_function *function, const lang_family *f)
{
    const uint64_t known = known_parameters(p, function, f);
    static const uint32_t of_parameters = 1u << LANG_ETA | 1u << LANG_A | 1u << LANG_ENTROPY | 1u << LANG_MEAN | 1u << LANG_VARIANCE;
    static const uint32_t natural = 1u << LANG_NATURAL_A | 1u << LANG_FROM_NATURAL;
    for (unsigned m = 0; m < LANG_MEMBERS; m++) {
        const uint32_t i = f->members[m] - 1u;
        if (!f->members[m])
            continue;
        if ((of_parameters | natural) >> m & 1 && f->reads_x[i])
            fail_statement(p, f->statements[i], NULL, "'%s' is of the parameters, and reads x", sn_lang_quantity_names[m]);
        if (m == LANG_POOLED && f->reads_x[i])
            fail_statement(p, f->statements[i], NULL, "'pooled' is of the means of T, and reads x");
        if (m != LANG_POOLED && f->reads_means[i])
            fail_statement(p, f->statements[i], NULL, "'%s' reads the means, which only 'pooled' is given", sn_lang_quantity_names[m]);
        if (m == LANG_POSTERIOR && f->reads_x[i])
            fail_statement(p, f->statements[i], NULL, "'posterior' is of the sums of T, and reads x");
        if (m != LANG_POSTERIOR && f->reads_prior[i])
            fail_statement(p, f->statements[i], NULL, "'%s' reads what only 'posterior' is given: prior, sums or observations", sn_lang_quantity_names[m]);
        if (natural >> m & 1 && f->parameters[i] & ~known) {
            const uint32_t k = (uint32_t)__builtin_ctzll(f->parameters[i] & ~known), symbol = sn_lang_parameter(p->t, function, k)[PARAMETER_SYMBOL];
            fail_statement(p, f->statements[i], "it is given the tuple eta alone: eta.x, eta.y", "'%s' is of eta, and reads '%.*s'",
                           sn_lang_quantity_names[m], sn_lang_shown(p->t, symbol), sn_lang_symbol_text(p->t, symbol));
        }
    }
}

/* A name that nothing reads is mostly a member's, misspelt. */
static void check_unread(parser *p, const lang_family *f)
{
    for (uint32_t i = 0; i < f->statement_count; i++) {
        bool read = false;
        for (unsigned m = 0; m < LANG_MEMBERS; m++)
            read |= f->members[m] && f->needs[f->members[m] - 1] >> i & 1;
        const lang_statement *s = &p->t->statements[f->statements[i]];
        if (read)
            continue;
        char hint[SINTER_MESSAGE_SIZE] = "";
        const uint32_t symbol = s->kind == STATEMENT_BIND ? s->b : p->t->lists[s->b + 1];
        const char *name = sn_lang_symbol_text(p->t, symbol);
        lang_nearest best = {.wanted = name, .wanted_length = p->t->symbols[symbol].length};
        for (unsigned m = 0; m < LANG_MEMBERS; m++)
            sn_lang_offer(&best, sn_lang_quantity_names[m], strlen(sn_lang_quantity_names[m]));
        if (best.name)
            snprintf(hint, sizeof hint, "did you mean '%.*s'?", (int)best.length, best.name);
        fail_statement(p, f->statements[i], hint, "no member of the family reads '%.*s'", sn_lang_shown(p->t, symbol), name);
    }
}

/* Data are taken into a posterior by T, and log_h says whether they lie in the support. */
static void check_prior(parser *p, const lang_family *f)
{
    const uint32_t i = f->members[LANG_POSTERIOR];
    if (i && !f->prior_family)
        fail_statement(p, f->statements[i - 1], "family poisson(lambda >= 0) on integers 0..inf with lambda ~ gamma { ... }",
                       "the family's head does not say what its prior is");
    else if (i && (!f->members[LANG_T] || !f->members[LANG_LOG_H]))
        fail_statement(p, f->statements[i - 1], NULL, "a family with a posterior has T and log_h");
    else if (!i && f->prior_family) {
        sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, f->prior_at, f->prior_end, NULL, "the family has a prior, and no member 'posterior'");
        p->broken = true;
    }
}

static void check_family(parser *p, uint32_t function, const lang_family *f)
{
    const lang_function *of = &p->t->functions[function];
    const bool derived = f->members[LANG_T] && f->members[LANG_ETA] && f->members[LANG_A];
    if (!check_eta(p, of, f))
        return;
    check_reads(p, of, f);
    check_unread(p, f);
    if (!p->broken)
        check_prior(p, f);
    if (!p->broken && !f->members[LANG_LOG_DENSITY] && !derived) {
        sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, of->at, sn_lang_token_end(&p->t->source, of->at), NULL,
                      "the family '%.*s' has neither log_density nor all of T, eta and A", sn_lang_shown(p->t, of->symbol),
                      sn_lang_symbol_text(p->t, of->symbol));
        p->broken = true;
    }
}

static void settle_body(parser *p, uint32_t function, lang_family *f, const body *b)
{
    uint8_t *binder = sn_arena_take_zeroed(p->memory, 2 * ((size_t)p->slots + 1));
    if (!binder) {
        p->t->out_of_memory = true;
        return;
    }
    find_members(p, f);
    find_needs(p, &p->t->functions[function], f, b, binder, binder + p->slots + 1);
    if (!p->definition)
        check_family(p, function, f);
}

/* ---- the whole ---- */

static lang_family *add_family(parser *p, uint32_t function)
{
    lang_tree *t = p->t;
    lang_family *f = sn_arena_take_zeroed(p->memory, sizeof *f);
    if (f) {
        f->constraints = sn_arena_take_zeroed(p->memory, LANG_MAX_TUPLE * sizeof *f->constraints);
        f->widths = sn_arena_take_zeroed(p->memory, LANG_MAX_TUPLE * sizeof *f->widths);
    }
    if (t->family_count == t->family_room) {
        const uint32_t room = t->family_room ? 2 * t->family_room : 8;
        lang_family **grown = sn_arena_grow(p->memory, t->families, t->family_count * sizeof(void *), room * sizeof(void *));
        if (grown) {
            t->families = grown;
            t->family_room = room;
        }
    }
    if (!f || !f->constraints || !f->widths || t->family_count == t->family_room) {
        t->out_of_memory = true;
        return NULL;
    }
    t->family_count += t->family_count == 0; /* number 0 is none */
    t->families[t->family_count] = f;
    t->functions[function].family = t->family_count++;
    return f;
}

/* A name that families have, or another name of one: once a text. */
static bool is_new(parser *p, uint32_t symbol, uint32_t at, uint32_t end)
{
    const lang_symbol *s = &p->t->symbols[symbol];
    if (!s->family && !s->alias)
        return true;
    sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, at, end, NULL, "the family '%.*s' is defined already", shown_length(at, end),
                  text_at(p, at));
    p->broken = true;
    return false;
}

static uint32_t begin_family(parser *p)
{
    const uint32_t symbol = p->l.token.value, at = p->l.token.at, end = p->l.token.end;
    const uint32_t function =
        p->definition ? p->definition : sn_lang_new_function(p->t, p->memory, (lang_function){.symbol = symbol, .at = at});
    if (function && !p->definition && is_new(p, symbol, at, end))
        p->t->symbols[symbol].family = function;
    return function;
}

static void parse_rest(parser *p, uint32_t function, lang_family *f, uint32_t pendings)
{
    body b;
    if (!token_is(p, TOKEN_LPAREN)) {
        sn_lang_missing(p, "a list of parameters", form);
        return;
    }
    parse_parameters(p, function, f);
    if (!p->panic)
        parse_support(p, f);
    if (!p->panic)
        parse_prior(p, f);
    if (!p->panic && !token_is(p, TOKEN_LBRACE))
        sn_lang_missing(p, "the body", form);
    if (p->panic)
        return;
    const bool broken = p->broken;
    p->broken = false;
    parse_body(p, f, &b);
    bind_given(p, f);
    sn_lang_settle_pending(p, pendings);
    if (!p->broken && !p->t->out_of_memory)
        settle_body(p, function, f, &b);
    p->broken |= broken;
}

void sn_lang_parse_family(parser *p)
{
    next_token(p);
    const uint32_t function = begin_family(p);
    lang_family *f = function ? add_family(p, function) : NULL;
    if (!f)
        return;
    p->t->functions[function].first_call = p->t->call_count;
    next_token(p);
    const uint32_t pendings = p->pending_count;
    const parser outer = sn_lang_open_scope(p, function);
    parse_rest(p, function, f, pendings);
    sn_lang_close_scope(p, &outer, pendings);
}

void sn_lang_parse_alias(parser *p)
{
    next_token(p);
    const uint32_t symbol = p->l.token.value, at = p->l.token.at, end = p->l.token.end;
    next_token(p);
    if (!accept_token(p, TOKEN_ASSIGN) || !token_is(p, TOKEN_NAME)) {
        sn_lang_missing(p, "the name of a family", "alias gaussian = normal");
        return;
    }
    if (is_new(p, symbol, at, end))
        p->t->symbols[symbol].alias = p->l.token.value;
    next_token(p);
}
