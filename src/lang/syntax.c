/* Statements: bindings, declarations, functions; and what a text as a whole must have. */
#include "lang/library.h"
#include "lang/parsing.h"

/* ---- statements ---- */

static inline uint32_t add_statement(parser *p, statement_kind kind, uint32_t at);

static __attribute__((noinline)) uint32_t add_statement_growing(parser *p, statement_kind kind, uint32_t at)
{
    lang_tree *t = p->t;
    lang_statement *grown = sn_lang_grown(t, p->memory, t->statements, &t->statement_room, sizeof *grown);
    if (!grown)
        return 0;
    t->statements = grown;
    return add_statement(p, kind, at);
}

static inline uint32_t add_statement(parser *p, statement_kind kind, uint32_t at)
{
    lang_tree *t = p->t;
    if (t->statement_count == t->statement_room)
        return add_statement_growing(p, kind, at);
    t->statements[t->statement_count] = (lang_statement){.kind = (uint8_t)kind, .at = at, .end = at};
    const uint32_t s = t->statement_count++;
    if (p->last)
        t->statements[p->last].next = s;
    else if (p->scope)
        t->functions[p->scope].first = s;
    else
        t->first = s;
    return p->statement = p->last = s;
}

static void skip_token(parser *p)
{
    switch (p->l.token.kind) {
    case TOKEN_LPAREN:
    case TOKEN_LBRACKET: p->brackets++; break;
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET: p->brackets -= p->brackets > 0; break;
    default: break;
    }
    next_token(p);
}

/* Ends the panic at what looks like the next statement. Skipped text is not looked at for errors. */
static void recover(parser *p)
{
    sinter_report *report = p->t->source.report;
    const int count = report->count, total = report->total;
    uint32_t braces = 0;
    p->panic = false;
    p->brackets = p->open;
    next_token(p);
    if (p->l.token.at == p->start && !token_is(p, TOKEN_END))
        skip_token(p);
    for (;; skip_token(p)) {
        if (token_is(p, TOKEN_END))
            break;
        if (token_is(p, TOKEN_LBRACE))
            braces++;
        if (token_is(p, TOKEN_RBRACE)) {
            if (braces == 0 && p->scope)
                break;
            braces -= braces > 0;
        }
        if (braces)
            continue;
        if (p->brackets == 0 && (token_is(p, TOKEN_SEMICOLON) || p->l.token.newline))
            break;
        if (p->l.token.newline && (token_binds(p) || token_is_keyword(p)))
            break;
    }
    p->brackets = 0;
    p->nesting = 0;
    report->count = count;
    report->total = total;
    if (token_is(p, TOKEN_BAD)) { /* the statement begins with what the lexer refuses: let it say so */
        p->l.at = p->l.token.at;
        sn_lang_next(&p->l);
    }
}

/* Words by which statements of other languages begin, and what is written here: for whoever thinks in one of them. */
static const char *hint_of_foreign_word(const parser *p)
{
    static const char binds[] = "a name is bound by name = expression, with nothing before it";
    static const struct {
        const char *word, *hint;
    } words[] = {
        {"let", binds},   {"var", binds},  {"const", binds}, {"auto", binds}, {"local", binds},
        {"float", binds}, {"double", binds}, {"int", binds}, {"vec2", binds}, {"vec3", binds},
        {"def", "a function is written fn f(a, b=1) = expression"},
        {"function", "a function is written fn f(a, b=1) = expression"},
        {"return", "the last expression is the result, or out names it"},
        {"if", "write condition ? a : b"},
        {"for", "sum(i, first, last, term) adds the terms for i = first, ..., last"},
        {"while", "there are no loops but sum(i, first, last, term)"},
    };
    const uint32_t at = p->t->statements[p->statement].at, length = sn_lang_token_end(&p->t->source, at) - at;
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
        if (strlen(words[k].word) == length && memcmp(text_at(p, at), words[k].word, length) == 0)
            return words[k].hint;
    return NULL;
}

/* What was meant by an operand behind another: `sin x`, `a and b`, or a clause that no param has. */
static const char *hint_of_missing_operator(const parser *p, char *buffer, size_t size)
{
    const char *hint = sn_lang_hint_of_operand(p, buffer, size);
    if (hint)
        return hint;
    if (p->statement && p->t->statements[p->statement].kind == STATEMENT_PARAM)
        return "param cutoff = 800 in 20..20000 log \"Hz\" smooth 0.02";
    return "a product needs its *; statements stand in lines of their own, or behind a ;";
}

/* `f(x) = …`: a name and a parenthesis at its end. */
static bool looks_like_function(const parser *p)
{
    if (!p->statement)
        return false;
    const uint32_t at = p->t->statements[p->statement].at, end = sn_lang_token_end(&p->t->source, at);
    return *text_at(p, at) != '(' && *text_at(p, end) == '(' && *text_at(p, p->previous_at) == ')';
}

static void fail_behind_statement(parser *p)
{
    char shown[80], hint[SINTER_MESSAGE_SIZE];
    const char *const foreign = p->statement ? hint_of_foreign_word(p) : NULL;
    const char *what = sn_lang_describe(p, shown, sizeof shown);
    switch (p->l.token.kind) {
    case TOKEN_ASSIGN:
        sn_lang_fail_here(p, looks_like_function(p) ? "a function is written fn f(a, b=1) = expression" : "name = expression, or (a, b) = expression",
                          "only a name can be bound");
        break;
    case TOKEN_COMMA:
        sn_lang_fail_here(p, foreign ? foreign : "a tuple stands in parentheses: (a, b)", "unexpected %s", what);
        break;
    case TOKEN_RPAREN:
    case TOKEN_RBRACKET:
    case TOKEN_RBRACE:
        sn_lang_fail_here(p, NULL, "this %.*s closes nothing", 1, text_at(p, p->l.token.at));
        break;
    case TOKEN_NAME:
    case TOKEN_NUMBER:
    case TOKEN_LPAREN:
        sn_lang_fail_here(p, foreign ? foreign : hint_of_missing_operator(p, hint, sizeof hint), "an operator is missing before %s", what);
        break;
    default: sn_lang_fail_here(p, foreign, "unexpected %s", what);
    }
}

/* What stands before the mistake is not looked at: one mistake, one message. If a binding comes behind it, that is
 * read as one, so that its name is known. */
static __attribute__((noinline)) void end_badly(parser *p)
{
    if (!p->panic) {
        const bool binds = token_binds(p);
        fail_behind_statement(p);
        lang_statement *statement = &p->t->statements[p->statement];
        if (p->statement && (statement->kind == STATEMENT_BIND || statement->kind == STATEMENT_SPLIT || statement->kind == STATEMENT_VALUE
                             || statement->kind == STATEMENT_OUT))
            statement->a = 0;
        if (p->panic && binds) {
            p->panic = false;
            next_token(p);
            return;
        }
    }
    if (p->panic)
        recover(p);
}

static inline void end_statement(parser *p)
{
    if (!p->panic && p->statement)
        p->t->statements[p->statement].end = p->previous_end;
    if (p->panic
        || !(p->l.token.newline || token_is(p, TOKEN_SEMICOLON) || token_is(p, TOKEN_END)
             || (token_is(p, TOKEN_RBRACE) && p->scope)))
        end_badly(p);
}

static inline void parse_binding(parser *p, uint32_t assignment)
{
    const uint32_t symbol = p->l.token.value, at = p->l.token.at;
    const uint32_t s = add_statement(p, STATEMENT_BIND, at);
    const uint32_t slot = sn_lang_bind_name(p, symbol, at, p->l.token.end);
    p->t->statements[s].b = symbol;
    p->t->statements[s].c = slot;
    step_over_assignment(p, assignment);
    const uint32_t node = sn_lang_parse_expression(p);
    p->t->statements[s].a = node;
}

/* (a, b) = …: the tuple just read becomes the list of its names. */
static void parse_destructuring(parser *p, uint32_t s, uint32_t tuple)
{
    lang_tree *t = p->t;
    const lang_node n = t->nodes[tuple];
    const uint32_t base = p->stack_count;
    for (uint32_t k = 0; k < n.a && !p->panic; k++) {
        const lang_node name = t->nodes[t->lists[n.b + k]];
        if ((name.kind != NODE_LOCAL && name.kind != NODE_GLOBAL) || name.flags & NODE_IN_PARENTHESES) {
            sn_lang_fail(p, name.at, sn_lang_token_end(&t->source, name.at), "(a, b) = expression",
                         "only names can be bound");
            continue;
        }
        sn_lang_push(p, name.b);
        sn_lang_push(p, sn_lang_bind_name(p, name.b, name.at, sn_lang_token_end(&t->source, name.at)));
    }
    const uint32_t count = (p->stack_count - base) / 2;
    t->statements[s].kind = STATEMENT_SPLIT;
    const uint32_t list = sn_lang_add_list(p, &count, 1);
    sn_lang_add_list(p, p->stack + base, 2 * count);
    p->stack_count = base;
    t->statements[s].b = list;
    if (p->panic)
        return;
    next_token(p);
    const uint32_t node = sn_lang_parse_expression(p);
    t->statements[s].a = node;
}

/* y ~ D: the value just read is drawn from what follows. */
static void parse_draw(parser *p, uint32_t s)
{
    lang_tree *t = p->t;
    p->values--;
    t->is_model = true;
    t->statements[s].kind = STATEMENT_DRAW;
    next_token(p);
    const uint32_t node = sn_lang_parse_expression(p);
    t->statements[s].b = node;
}

static void parse_value(parser *p)
{
    const uint32_t s = add_statement(p, STATEMENT_VALUE, p->l.token.at), pendings = p->pending_count;
    const uint8_t free_names = p->free_names;
    p->values++;
    const uint32_t node = sn_lang_parse_expression(p);
    p->t->statements[s].a = node;
    if (!p->panic && token_is(p, TOKEN_ASSIGN) && p->t->nodes[node].kind == NODE_TUPLE) {
        p->pending_count = pendings;
        p->free_names = free_names;
        p->t->statements[s].a = 0;
        p->values--;
        parse_destructuring(p, s, node);
    } else if (!p->panic && token_is(p, TOKEN_TILDE) && p->scope == 0) {
        parse_draw(p, s);
    }
}

/* Behind `target` in a statement of its own: `+=`. */
static bool adds_to_target(const parser *p)
{
    if (!token_is_word(p, "target"))
        return false;
    const char *at = text_at(p, p->l.at);
    at += strspn(at, " \t");
    return at[0] == '+' && at[1] == '=' && at[2] != '=';
}

static void parse_target(parser *p)
{
    const uint32_t s = add_statement(p, STATEMENT_TARGET, p->l.token.at);
    p->t->is_model = true;
    next_token(p); /* target */
    next_token(p); /* + */
    next_token(p); /* = */
    const uint32_t node = sn_lang_parse_expression(p);
    p->t->statements[s].a = node;
}

static void parse_out(parser *p)
{
    next_token(p);
    p->has_outputs = true;
    do {
        const uint32_t s = add_statement(p, STATEMENT_OUT, p->l.token.at);
        const uint32_t assignment = binding_at(p);
        if (assignment) {
            const uint32_t symbol = p->l.token.value, at = p->l.token.at, end = p->l.token.end;
            p->t->statements[s].b = symbol;
            p->t->statements[s].c = sn_lang_bind_name(p, symbol, at, end);
            step_over_assignment(p, assignment);
            const uint32_t node = sn_lang_parse_expression(p);
            p->t->statements[s].a = node;
        } else {
            const uint32_t node = sn_lang_parse_expression(p);
            const lang_node *n = &p->t->nodes[node];
            p->t->statements[s].a = node;
            if ((n->kind == NODE_LOCAL || n->kind == NODE_GLOBAL) && !(n->flags & NODE_IN_PARENTHESES))
                p->t->statements[s].b = n->b;
        }
        p->t->statements[s].end = p->previous_end;
    } while (!p->panic && accept_token(p, TOKEN_COMMA));
}

static void parse_input(parser *p)
{
    next_token(p);
    p->t->has_inputs = true;
    do {
        if (!token_is(p, TOKEN_NAME)) {
            sn_lang_missing(p, "a name", NULL);
            return;
        }
        const uint32_t s = add_statement(p, STATEMENT_INPUT, p->l.token.at);
        p->t->statements[s].b = p->l.token.value;
        p->t->statements[s].c = sn_lang_bind_name(p, p->l.token.value, p->l.token.at, p->l.token.end);
        next_token(p);
        p->t->statements[s].end = p->previous_end;
    } while (accept_token(p, TOKEN_COMMA));
}

/* What stands behind `param` or `table`: the name, bound. */
static uint32_t parse_declared_name(parser *p, statement_kind kind)
{
    next_token(p);
    if (!token_is(p, TOKEN_NAME)) {
        sn_lang_missing(p, "a name", NULL);
        return 0;
    }
    const uint32_t s = add_statement(p, kind, p->l.token.at);
    p->t->statements[s].b = p->l.token.value;
    p->t->statements[s].c = sn_lang_bind_name(p, p->l.token.value, p->l.token.at, p->l.token.end);
    next_token(p);
    return s;
}

static void parse_smoothing(parser *p, uint32_t *words)
{
    const bool glides = token_is_word(p, "glide");
    if (!glides && !token_is_word(p, "smooth"))
        return;
    words[PARAM_SMOOTHED_AT] = p->l.token.at;
    words[PARAM_SMOOTHING] = glides ? SINTER_GLIDE : SINTER_RAMP;
    next_token(p);
    words[PARAM_SECONDS] = sn_lang_parse_choice(p);
}

/* `[8]`: as many numbers, read by `a[group]`. */
static uint32_t parse_length(parser *p)
{
    const uint32_t at = p->l.token.at;
    if (!token_is(p, TOKEN_LBRACKET))
        return 0;
    p->brackets++;
    next_token(p);
    const uint32_t node = sn_lang_parse_choice(p);
    p->brackets--;
    return !p->panic && sn_lang_expect_closing(p, TOKEN_RBRACKET, at) ? node : 0;
}

static void parse_param(parser *p)
{
    const uint32_t s = parse_declared_name(p, STATEMENT_PARAM);
    if (p->panic)
        return;
    uint32_t words[PARAM_WORDS] = {[PARAM_LENGTH] = parse_length(p)};
    if (p->panic)
        return;
    if (!accept_token(p, TOKEN_ASSIGN)) {
        sn_lang_missing(p, "the initial value", "param cutoff = 800 in 20..20000 log \"Hz\"");
        return;
    }
    words[0] = sn_lang_parse_choice(p);
    if (!p->panic && token_is_word(p, "in")) {
        next_token(p);
        words[1] = sn_lang_parse_choice(p);
        if (!p->panic && !accept_token(p, TOKEN_RANGE))
            sn_lang_missing(p, "the other end of the range", "param cutoff = 800 in 20..20000");
        words[2] = p->panic ? 0 : sn_lang_parse_choice(p);
        if (!p->panic && token_is_word(p, "log")) {
            words[3] = 1;
            next_token(p);
        }
    }
    if (!p->panic && token_is(p, TOKEN_TEXT)) {
        words[4] = p->l.token.at + 1;
        words[5] = p->l.token.end - p->l.token.at - 2;
        next_token(p);
    }
    if (!p->panic)
        parse_smoothing(p, words);
    if (!p->panic)
        p->t->statements[s].a = sn_lang_add_list(p, words, PARAM_WORDS);
}

/* A parameter that also says when it came: no range, no smoothing. */
static void parse_event(parser *p)
{
    const uint32_t s = parse_declared_name(p, STATEMENT_PARAM);
    if (p->panic)
        return;
    uint32_t words[PARAM_WORDS] = {[PARAM_EVENT] = 1};
    if (!accept_token(p, TOKEN_ASSIGN)) {
        sn_lang_missing(p, "the initial value", "event gate = 0");
        return;
    }
    words[0] = sn_lang_parse_choice(p);
    if (!p->panic)
        p->t->statements[s].a = sn_lang_add_list(p, words, PARAM_WORDS);
}

static uint32_t parse_table_type(parser *p)
{
    static const struct {
        const char *name;
        ir_type type;
    } types[] = {
        {"f32", IR_F32}, {"f64", IR_F64}, {"i32", IR_I32}, {"u8", IR_U8}, {"i16", IR_I16},
    };
    for (size_t k = 0; k < sizeof types / sizeof *types; k++)
        if (token_is_word(p, types[k].name)) {
            next_token(p);
            return types[k].type;
        }
    sn_lang_fail_here(p, NULL, "the type of a table is f32, f64, i32, u8 or i16");
    return 0;
}

static void parse_table(parser *p)
{
    const uint32_t s = parse_declared_name(p, STATEMENT_TABLE), base = p->stack_count;
    if (p->panic)
        return;
    const uint32_t type = accept_token(p, TOKEN_COLON) ? parse_table_type(p) : 0;
    if (p->panic)
        return;
    if (!accept_token(p, TOKEN_ASSIGN) || !token_is(p, TOKEN_LBRACKET)) {
        sn_lang_missing(p, "a list of numbers", "table t = [1, 2, 3]");
        return;
    }
    const uint32_t opening = p->l.token.at;
    p->brackets++;
    next_token(p);
    while (!p->panic && !token_is(p, TOKEN_RBRACKET)) {
        sn_lang_push(p, sn_lang_parse_expression(p));
        if (!p->panic && !token_is(p, TOKEN_RBRACKET) && !accept_token(p, TOKEN_COMMA))
            break;
    }
    p->brackets--;
    if (!p->panic && sn_lang_expect_closing(p, TOKEN_RBRACKET, opening)) {
        const uint32_t list = sn_lang_pop_list(p, base, type, p->stack_count - base);
        p->t->statements[s].a = list;
    }
    p->stack_count = base;
}

/* `image` and `event` are words only where a name follows them in their line: elsewhere they are names like any other. */
static bool declares(const parser *p, const char *word)
{
    if (!token_is_word(p, word))
        return false;
    const char *at = text_at(p, p->l.at);
    at += strspn(at, " \t");
    return at > text_at(p, p->l.token.end) && (*at == '_' || ((*at | 0x20) >= 'a' && (*at | 0x20) <= 'z') || (unsigned char)*at >= 0x80);
}

static uint32_t parse_channels(parser *p)
{
    const lang_literal *n = token_is(p, TOKEN_NUMBER) ? &p->t->literals[p->l.token.value] : NULL;
    if (n && n->whole && n->known == LITERAL_EXACT && n->value >= 1 && n->value <= IR_MOST_CHANNELS) {
        const uint32_t channels = (uint32_t)n->value;
        next_token(p);
        return channels;
    }
    return sn_lang_fail_here(p, "image a:3", "an image has from 1 to %d channels", IR_MOST_CHANNELS);
}

static void parse_image(parser *p)
{
    next_token(p);
    do {
        if (!token_is(p, TOKEN_NAME)) {
            sn_lang_missing(p, "a name", "image a, or image a = expression");
            return;
        }
        const uint32_t s = add_statement(p, STATEMENT_IMAGE, p->l.token.at);
        p->t->statements[s].b = p->l.token.value;
        p->t->statements[s].c = sn_lang_bind_name(p, p->l.token.value, p->l.token.at, p->l.token.end);
        next_token(p);
        uint32_t words[2] = {0};
        if (accept_token(p, TOKEN_COLON))
            words[0] = parse_channels(p);
        if (!p->panic && accept_token(p, TOKEN_ASSIGN))
            words[1] = sn_lang_parse_expression(p);
        p->t->statements[s].end = p->previous_end;
        if (!p->panic)
            p->t->statements[s].a = sn_lang_add_list(p, words, 2);
    } while (!p->panic && accept_token(p, TOKEN_COMMA));
}

/* ---- functions ---- */

uint32_t sn_lang_new_function(lang_tree *t, arena *memory, lang_function function)
{
    if (t->function_count == t->function_room) {
        lang_function *grown = sn_lang_grown(t, memory, t->functions, &t->function_room, sizeof *grown);
        if (!grown)
            return 0;
        t->functions = grown;
    }
    t->functions[t->function_count] = function;
    return t->function_count++;
}

static uint32_t add_function(parser *p, uint32_t symbol, uint32_t at, uint32_t end)
{
    lang_tree *t = p->t;
    const uint32_t f = sn_lang_new_function(t, p->memory, (lang_function){.symbol = symbol, .at = at});
    if (!f)
        return 0;
    lang_symbol *s = &t->symbols[symbol];
    if (s->word == WORD_SUM || s->word == WORD_ACCUMULATE || s->word == WORD_DELAY || s->function) {
        p->broken = true;
        if (s->function)
            sn_lang_error(&t->source, SINTER_BAD_PROGRAM, at, end, NULL,
                          "the function '%.*s' is defined already, in line %d", shown_length(at, end),
                          text_at(p, at), sn_lang_line(&t->source, t->functions[s->function].at));
        else
            sn_lang_error(&t->source, SINTER_BAD_PROGRAM, at, end,
                          "give yours another name: the language has rules of its own for these arguments",
                          "'%.*s' cannot be redefined", shown_length(at, end), text_at(p, at));
    } else {
        s->function = f;
    }
    return f;
}

/* The 2 of `p:2`: how many elements the argument has; 0: it is not said. */
static uint32_t parse_size(parser *p)
{
    next_token(p);
    if (token_is_word(p, "const"))
        return 0;
    if (token_is(p, TOKEN_NUMBER)) {
        const lang_literal *n = &p->t->literals[p->l.token.value];
        const uint32_t at = p->l.token.at, end = p->l.token.end;
        if (n->whole && n->known == LITERAL_EXACT && n->value >= 1 && n->value <= LANG_MAX_TUPLE) {
            const uint32_t size = (uint32_t)n->value;
            next_token(p);
            return size;
        }
        return sn_lang_fail(p, at, end, "fn f(p:2, r) = ...", "the size of an argument is a whole number from 1 to %d",
                            LANG_MAX_TUPLE);
    }
    return sn_lang_missing(p, "the size of the argument, or const,", "fn f(p:2, n: const) = ...");
}

static void parse_parameters(parser *p, uint32_t f)
{
    const uint32_t opening = p->l.token.at, base = p->stack_count;
    bool optional = false;
    p->brackets++;
    next_token(p);
    while (!p->panic && token_is(p, TOKEN_NAME)) {
        const uint32_t symbol = p->l.token.value, at = p->l.token.at, end = p->l.token.end;
        sn_lang_push(p, symbol);
        sn_lang_push(p, sn_lang_bind_name(p, symbol, at, end));
        next_token(p);
        const uint32_t size = token_is(p, TOKEN_COLON) ? parse_size(p) : 0;
        const bool constant = p->previous_end > end && token_is_word(p, "const");
        if (constant)
            next_token(p);
        p->t->functions[f].sized |= size != 0;
        p->t->functions[f].constants |= constant;
        uint32_t value = 0;
        if (accept_token(p, TOKEN_ASSIGN)) {
            value = sn_lang_parse_choice(p);
            optional = true;
        } else if (optional) {
            sn_lang_fail(p, at, end, NULL,
                         "'%.*s' stands behind an argument with a default and needs one, too",
                         shown_length(at, end), text_at(p, at));
        }
        sn_lang_push(p, value);
        sn_lang_push(p, size);
        sn_lang_push(p, constant);
        if (p->panic || !accept_token(p, TOKEN_COMMA))
            break;
        if (!token_is(p, TOKEN_NAME))
            sn_lang_missing(p, "a name", NULL);
    }
    p->brackets--;
    if (!p->panic && sn_lang_expect_closing(p, TOKEN_RPAREN, opening)) {
        const uint32_t words = p->stack_count - base;
        if (words / PARAMETER_WORDS > LANG_MAX_TUPLE)
            sn_lang_fail(p, opening, opening + 1, NULL, "a function has at most %d arguments",
                         LANG_MAX_TUPLE);
        const uint32_t list = sn_lang_add_list(p, p->stack + base, words);
        p->t->functions[f].parameters = list;
        p->t->functions[f].parameter_count = words / PARAMETER_WORDS;
    }
    p->stack_count = base;
}

void sn_lang_parse_body_statement(parser *p)
{
    p->statement = 0;
    p->start = p->l.token.at;
    const uint32_t assignment = binding_at(p);
    if (token_is_keyword(p) || declares(p, "image") || declares(p, "event"))
        sn_lang_fail_here(p, NULL, "'%.*s' stands at the top only, not in a function",
                          shown_length(p->l.token.at, p->l.token.end), text_at(p, p->l.token.at));
    else if (assignment)
        parse_binding(p, assignment);
    else
        parse_value(p);
    end_statement(p);
}

static void check_values(parser *p, uint32_t first, bool has_outputs);

static void parse_body(parser *p, uint32_t f, uint32_t name_end)
{
    const uint32_t opening = p->l.token.at;
    const bool outer_broken = p->broken;
    p->broken = false;
    next_token(p);
    while (!token_is(p, TOKEN_RBRACE) && !token_is(p, TOKEN_END)) {
        if (accept_token(p, TOKEN_SEMICOLON))
            continue;
        sn_lang_parse_body_statement(p);
    }
    if (token_is(p, TOKEN_END)) {
        p->panic = false;
        p->t->call_count = p->t->functions[f].first_call; /* what it seems to call may stand behind it: */
        p->t->functions[f].recursive = true;              /* it is not called, and not looked at */
        sn_lang_fail(p, opening, opening + 1, NULL, "this { is not closed");
        return;
    }
    next_token(p);
    lang_function *function = &p->t->functions[f];
    if (!p->broken) {
        check_values(p, function->first, false);
        if (!p->last || p->t->statements[p->last].kind != STATEMENT_VALUE) {
            sn_lang_error(&p->t->source, SINTER_BAD_PROGRAM, function->at, name_end,
                          "its last statement is its value", "the function '%.*s' has no value",
                          shown_length(function->at, name_end), text_at(p, function->at));
            p->broken = true;
        }
    }
    p->broken |= outer_broken;
}

parser sn_lang_open_scope(parser *p, uint32_t function)
{
    const parser outer = *p;
    p->scope = function;
    p->last = p->statement = p->slots = p->values = 0;
    p->free_names = 0;
    return outer;
}

void sn_lang_close_scope(parser *p, const parser *outer, uint32_t pendings)
{
    sn_lang_settle_pending(p, pendings);
    lang_function *function = &p->t->functions[p->scope];
    function->slot_count = p->slots;
    function->free_names = p->free_names;
    function->call_count = p->t->call_count - function->first_call;
    p->scope = 0;
    p->last = outer->last;
    p->slots = outer->slots;
    p->values = outer->values;
    p->free_names = outer->free_names;
    p->statement = 0;
}

static void parse_function(parser *p)
{
    next_token(p);
    if (!token_is(p, TOKEN_NAME)) {
        sn_lang_missing(p, "a name", NULL);
        return;
    }
    const uint32_t name_end = p->l.token.end;
    const uint32_t f =
        p->definition ? p->definition : add_function(p, p->l.token.value, p->l.token.at, name_end);
    if (f == 0)
        return;
    p->t->functions[f].first_call = p->t->call_count;
    next_token(p);
    if (!token_is(p, TOKEN_LPAREN)) {
        sn_lang_missing(p, "a list of arguments", "fn f(a, b=1) = a + b");
        return;
    }
    const parser outer = sn_lang_open_scope(p, f);
    const uint32_t pendings = p->pending_count;
    parse_parameters(p, f);
    const bool assigned = !p->panic && accept_token(p, TOKEN_ASSIGN);
    if (!p->panic && token_is(p, TOKEN_LBRACE)) {
        parse_body(p, f, name_end);
    } else if (!p->panic && !assigned) {
        sn_lang_missing(p, "the value of the function", "fn f(a, b=1) = a + b");
    } else if (!p->panic) {
        const uint32_t s = add_statement(p, STATEMENT_VALUE, p->l.token.at);
        const uint32_t node = sn_lang_parse_expression(p);
        p->t->statements[s].a = node;
        p->t->statements[s].end = p->previous_end;
    }
    sn_lang_close_scope(p, &outer, pendings);
}

/* ---- the whole ---- */

/* A value that nobody uses is a mistake: often a line that should have been part of the one before. */
static void check_values(parser *p, uint32_t first, bool has_outputs)
{
    lang_tree *t = p->t;
    if (p->values == 0 || (p->values == 1 && !has_outputs && t->statements[p->last].kind == STATEMENT_VALUE))
        return; /* the one that there is comes last: nothing needs to be looked for */
    for (uint32_t s = first; s; s = t->statements[s].next) {
        const lang_statement *statement = &t->statements[s];
        if (statement->kind != STATEMENT_VALUE || statement->a == 0 || (!statement->next && !has_outputs))
            continue; /* a is 0 where there was a mistake, which has been told */
        const bool negated = t->source.text[statement->at] == '-';
        sn_lang_error(&t->source, SINTER_BAD_PROGRAM, statement->at, statement->end,
                      negated ? "a line goes on where the one before ends with its operator"
                              : "bind it to a name, or let out name it",
                      "this value is not used");
        p->broken = true;
    }
}

static void check_result(parser *p)
{
    lang_tree *t = p->t;
    check_values(p, t->first, p->has_outputs || t->is_model);
    if (!p->has_outputs && !t->is_model && (!p->last || t->statements[p->last].kind != STATEMENT_VALUE) && !p->broken) {
        const uint32_t end = t->source.length;
        const uint32_t at = p->last ? t->statements[p->last].at : end;
        sn_lang_error(&t->source, SINTER_BAD_PROGRAM, at, p->last ? t->statements[p->last].end : end,
                      "its last line is an expression, or out names what leaves it",
                      "the program has no result");
    }
}

static void parse_statement(parser *p)
{
    p->statement = 0;
    p->brackets = p->nesting = 0;
    p->start = p->l.token.at;
    const uint32_t assignment = binding_at(p);
    if (assignment)
        parse_binding(p, assignment);
    else
        switch (token_is_keyword(p) && assignment_behind(p) ? TOKEN_BAD : p->l.token.kind) {
        case TOKEN_BAD: sn_lang_fail_keyword(p); break;
        case TOKEN_FN: parse_function(p); break;
        case TOKEN_PARAM: parse_param(p); break;
        case TOKEN_INPUT: parse_input(p); break;
        case TOKEN_OUT: parse_out(p); break;
        case TOKEN_TABLE: parse_table(p); break;
        default:
            if (declares(p, "image"))
                parse_image(p);
            else if (declares(p, "event"))
                parse_event(p);
            else if (declares(p, "family"))
                sn_lang_parse_family(p);
            else if (declares(p, "alias"))
                sn_lang_parse_alias(p);
            else if (adds_to_target(p))
                parse_target(p);
            else
                parse_value(p);
        }
    end_statement(p);
}

static bool open_parser(parser *p)
{
    p->pending_room = 32;
    p->stack_room = 64;
    p->pendings = sn_arena_take(p->memory, p->pending_room * sizeof *p->pendings);
    p->stack = sn_arena_take(p->memory, p->stack_room * sizeof *p->stack);
    p->t->out_of_memory |= !p->pendings || !p->stack;
    return p->pendings && p->stack;
}

static bool open_tree(parser *p)
{
    lang_tree *t = p->t;
    const uint32_t length = t->source.length;
    t->node_room = length / 2 + 32;
    t->list_room = length / 2 + 32;
    t->statement_room = length / 16 + 8;
    t->function_room = 8;
    t->call_room = 16;
    t->nodes = sn_arena_take(p->memory, t->node_room * sizeof *t->nodes);
    t->lists = sn_arena_take(p->memory, t->list_room * sizeof *t->lists);
    t->statements = sn_arena_take(p->memory, t->statement_room * sizeof *t->statements);
    t->functions = sn_arena_take(p->memory, t->function_room * sizeof *t->functions);
    t->calls = sn_arena_take(p->memory, t->call_room * sizeof *t->calls);
    if (!t->nodes || !t->lists || !t->statements || !t->functions || !t->calls) {
        t->out_of_memory = true;
        return false;
    }
    t->nodes[0] = (lang_node){.kind = NODE_WRONG};
    t->lists[0] = 0;
    t->statements[0] = (lang_statement){0};
    t->functions[0] = (lang_function){0};
    t->node_count = t->list_count = t->statement_count = t->function_count = 1;
    return true;
}

static void intern_inputs(parser *p, const char *inputs)
{
    const uint32_t base = p->t->source.length + LANG_PADDING;
    uint8_t place = 0;
    for (uint32_t at = 0; inputs[at];) {
        uint32_t length = 0;
        while (inputs[at + length] && inputs[at + length] != ' ')
            length++;
        if (length && length <= LANG_MAX_NAME && place < UINT8_MAX) {
            const uint32_t symbol = sn_lang_intern(p->t, p->memory, text_at(p, base + at), length, base + at);
            p->t->symbols[symbol].input = ++place;
        }
        at += length ? length : 1;
    }
}

void sn_lang_parse(lang_tree *tree, arena *memory, const char *inputs)
{
    parser p = {.t = tree, .memory = memory};
    if (!sn_lang_open_lexer(&p.l, tree, memory) || !open_tree(&p) || !open_parser(&p))
        return;
    if (inputs)
        intern_inputs(&p, inputs);
    p.previous_at = p.previous_end = p.l.at;
    sn_lang_next(&p.l);
    while (!token_is(&p, TOKEN_END))
        if (!accept_token(&p, TOKEN_SEMICOLON))
            parse_statement(&p);
    sn_lang_settle_pending(&p, 0);
    tree->slot_count = p.slots;
    tree->free_names = p.free_names;
    if (!tree->out_of_memory && !p.broken)
        check_result(&p);
}

void sn_lang_parse_definition(lang_tree *tree, arena *memory, uint32_t at, uint32_t function)
{
    parser p = {.t = tree, .memory = memory, .definition = function};
    p.l = (lang_lexer){.tree = tree, .memory = memory, .text = tree->source.text, .at = at};
    if (!open_parser(&p))
        return;
    sn_lang_next(&p.l);
    if (tree->functions[function].item->family)
        sn_lang_parse_family(&p);
    else
        parse_function(&p);
}
