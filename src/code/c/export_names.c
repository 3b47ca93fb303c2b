/* Identifiers and constants.
 *
 * Names come from the user: of any characters, keywords, twice the same under C's rules. An identifier keeps
 * letters and digits, turns the rest into underscores, and gets an underscore behind it where it would be a
 * keyword, a function that the file calls, or one of the file's own. Constants are hexadecimal, hence exact,
 * with the decimal beside them; those that decimals hold exactly in a few digits are written so. Nothing
 * follows the locale. */
#include "code/c/export_writer.h"

#include <string.h>

void sn_c_say(const c_writer *w, const char *string)
{
    for (const char *at; (at = strchr(string, '@')) != NULL; string = at + 1) {
        sn_text_add_bytes(w->out, string, (size_t)(at - string));
        sn_text_add(w->out, w->name);
    }
    sn_text_add(w->out, string);
}

const char *sn_c_type(unsigned type)
{
    switch (type) {
    case IR_F32: return "float";
    case IR_F64: return "double";
    case IR_I32: return "int32_t";
    case IR_U8: return "uint8_t";
    case IR_I16: return "int16_t";
    default: return "int";
    }
}

/* ---- constants ---- */

/* Mantissa digits without trailing zeros. */
static void add_hex(text *t, uint64_t mantissa, int digits)
{
    char line[20];
    int length = 0;
    while (digits > 0 && mantissa) {
        digits--;
        line[length++] = "0123456789abcdef"[mantissa >> (4 * digits) & 15];
        mantissa &= (UINT64_C(1) << (4 * digits)) - 1;
    }
    if (length) {
        sn_text_add(t, ".");
        sn_text_add_bytes(t, line, (size_t)length);
    }
}

static void add_hexadecimal(text *t, bool wide, uint64_t bits)
{
    const int width = wide ? 52 : 23, bias = wide ? 1023 : 127;
    const uint64_t mantissa = bits & ((UINT64_C(1) << width) - 1);
    const int exponent = (int)(bits >> width & (wide ? 2047 : 255));
    sn_text_add(t, exponent ? "0x1" : "0x0");
    add_hex(t, wide ? mantissa : mantissa << 1, wide ? 13 : 6);
    sn_text_print(t, "p%d%s", (exponent ? exponent : 1) - bias, wide ? "" : "f");
}

static void add_shortest(text *t, bool wide, double value)
{
    const size_t start = t->length;
    if (wide)
        sn_text_add_f64(t, value);
    else
        sn_text_add_f32(t, (float)value);
    if (!t->failed && !strpbrk(t->start + start, ".e"))
        sn_text_add(t, ".0");
}

/* A few digits hold it exactly. */
static bool is_short(double value)
{
    const double sixteenths = value * 16;
    return sixteenths > -1e7 && sixteenths < 1e7 && sixteenths == (double)(int32_t)sixteenths;
}

static void add_float(const c_writer *w, bool wide, uint64_t bits, double value)
{
    const uint64_t sign = wide ? UINT64_C(1) << 63 : UINT64_C(1) << 31;
    text *t = w->out;
    if (bits & sign)
        sn_text_add(t, "(-");
    if (value - value != 0) {
        sn_text_add(t, wide ? "(double)INFINITY" : "INFINITY");
    } else if (is_short(value)) {
        add_shortest(t, wide, value < 0 ? -value : value == 0 ? 0 : value);
        sn_text_add(t, wide ? "" : "f");
    } else {
        add_hexadecimal(t, wide, bits & ~sign);
        sn_text_add(t, " /* ");
        add_shortest(t, wide, value < 0 ? -value : value);
        sn_text_add(t, " */");
    }
    if (bits & sign)
        sn_text_add(t, ")");
}

static void add_i32(text *t, int32_t value)
{
    if (value == INT32_MIN)
        sn_text_add(t, "INT32_MIN");
    else
        sn_text_print(t, value < 0 ? "(%d)" : "%d", value);
}

void sn_c_constant(const c_writer *w, unsigned type, uint64_t bits)
{
    const uint32_t low = (uint32_t)bits;
    int32_t whole;
    float narrow;
    double wide;
    memcpy(&whole, &low, sizeof whole);
    memcpy(&narrow, &low, sizeof narrow);
    memcpy(&wide, &bits, sizeof wide);
    if (type == IR_F32 && narrow != narrow) {
        sn_c_say(w, "@_from_bits(");
        add_i32(w->out, whole);
        sn_text_add(w->out, ")");
    } else if (type == IR_F64 && wide != wide) {
        const uint32_t high = (uint32_t)(bits >> 32);
        int32_t high_word;
        memcpy(&high_word, &high, sizeof high_word);
        sn_c_say(w, "@_pack(");
        add_i32(w->out, high_word);
        sn_text_add(w->out, ", ");
        add_i32(w->out, whole);
        sn_text_add(w->out, ")");
    } else if (type == IR_F32) {
        add_float(w, false, low, (double)narrow);
    } else if (type == IR_F64) {
        add_float(w, true, bits, wide);
    } else if (type == IR_MASK) {
        sn_text_add(w->out, bits & 1 ? "1" : "0");
    } else {
        add_i32(w->out, whole);
    }
}

/* ---- identifiers ---- */

static const char *const reserved[] = {
    "auto",     "break",   "case",      "char",          "const",        "continue", "default",  "do",
    "double",   "else",    "enum",      "extern",        "float",        "for",      "goto",     "if",
    "inline",   "int",     "long",      "register",      "restrict",     "return",   "short",    "signed",
    "sizeof",   "static",  "struct",    "switch",        "typedef",      "union",    "unsigned", "void",
    "volatile", "while",   "asm",       "typeof",        "bool",         "true",     "false",    "nullptr",
    "alignas",  "alignof", "constexpr", "static_assert", "thread_local", "main",     "linux",    "unix",
    "INFINITY", "NAN",     "NULL",      "INT32_MIN",     "int32_t",      "uint32_t", "int64_t",  "uint64_t",
    "uint8_t",  "int16_t", "size_t",    "memcpy",        "memmove",      "memset",   "sqrtf",    "sqrt",
    "floorf",   "floor",   "ceilf",     "ceil",          "rintf",        "rint",     "truncf",   "trunc",
    "fabsf",    "fabs",    "copysignf", "copysign",      "fmaf",         "fma",      "inputs",   "outputs",
    "totals",   "count",   "column",    "row",           "index",        "s",        "i",        "n",
    "done",     "begin",   "end",
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The file's own names of values, uniforms, buffers, results: a letter or `out`, then a number. */
static bool looks_made(const char *name)
{
    if (!strncmp(name, "out", 3))
        return is_digit(name[3]);
    return strchr("vub", name[0]) && is_digit(name[1]);
}

static bool is_reserved(const char *name)
{
    if (looks_made(name) || name[0] == '_')
        return true;
    for (size_t k = 0; k < sizeof reserved / sizeof *reserved; k++)
        if (!strcmp(name, reserved[k]))
            return true;
    return false;
}

static bool is_taken(const char *name, const char *const *taken, uint32_t count)
{
    for (uint32_t k = 0; k < count; k++)
        if (!strcmp(name, taken[k]))
            return true;
    return false;
}

const char *sn_c_identifier(arena *memory, const char *name, const char *const *taken, uint32_t count)
{
    enum { LONGEST = 60, ROOM = 16 };
    char line[LONGEST + ROOM];
    size_t length = 0;
    while (*name == '_' || (*name && !is_letter(*name) && !is_digit(*name)))
        name++;
    for (; name[length] && length < LONGEST; length++)
        line[length] = is_letter(name[length]) || is_digit(name[length]) ? name[length] : '_';
    line[length] = 0;
    if (!length || is_digit(line[0])
        || line[0] == '_') { /* leading underscores belong to the implementation */
        memmove(line + 1, line, length + 1);
        line[0] = 'x';
        length++;
    }
    if (is_reserved(line)) {
        line[length++] = '_';
        line[length] = 0;
    }
    const size_t stem = length;
    for (uint32_t number = 2; is_taken(line, taken, count); number++) {
        char digits[12];
        int k = 0;
        for (uint32_t rest = number; rest; rest /= 10)
            digits[k++] = (char)('0' + rest % 10);
        length = stem;
        line[length++] = '_';
        while (k)
            line[length++] = digits[--k];
        line[length] = 0;
    }
    return sn_arena_copy_text(memory, line, length);
}

/* Functions of <math.h>, glibc's own among them. */
static const char *const mathematical[] = {
    "acos",  "acosh", "asin",   "asinh",  "atan",      "atan2",      "atanh",    "cbrt",    "ceil",    "copysign", "cos",       "cosh",
    "drem",  "erf",   "erfc",   "exp",    "exp10",     "exp2",       "expm1",    "fabs",    "fdim",    "finite",   "floor",     "fma",
    "fmax",  "fmin",  "fmod",   "frexp",  "gamma",     "hypot",      "ilogb",    "isinf",   "isnan",   "j0",       "j1",        "jn",
    "ldexp", "lgamma", "llrint", "llround", "log",     "log10",      "log1p",    "log2",    "logb",    "lrint",    "lround",    "modf",
    "nan",   "nearbyint", "nextafter", "nexttoward", "pow", "pow10", "remainder", "remquo", "rint",    "round",    "roundeven", "scalb",
    "scalbln", "scalbn", "significand", "sin", "sincos", "sinh",     "sqrt",     "tan",     "tanh",    "tgamma",   "trunc",     "y0",
    "y1",    "yn",
};

static const char *const of_strings[] = {
    "memccpy", "memchr", "memcmp", "memmem", "rindex", "strcat", "strchr", "strcmp", "strcoll", "strcpy", "strcspn", "strdup", "strerror",
    "strlen", "strncat", "strncmp", "strncpy", "strndup", "strpbrk", "strrchr", "strsep", "strspn", "strstr", "strtok", "strxfrm",
};

/* Is it declared, at file scope, by a header that the file includes? Those of <math.h> are there with an f and an l behind them, too. */
static bool is_declared(const char *name)
{
    const size_t length = strlen(name);
    for (size_t k = 0; k < sizeof of_strings / sizeof *of_strings; k++)
        if (!strcmp(name, of_strings[k]))
            return true;
    for (size_t k = 0; k < sizeof mathematical / sizeof *mathematical; k++) {
        const size_t stem = strlen(mathematical[k]);
        if (!strncmp(name, mathematical[k], stem)
            && (length == stem || (length == stem + 1 && (name[stem] == 'f' || name[stem] == 'l'))))
            return true;
    }
    return false;
}

const char *sn_c_function_name(arena *memory, const char *name)
{
    const char *found = sn_c_identifier(memory, name, NULL, 0);
    return found && is_declared(found) ? sn_c_identifier(memory, name, &found, 1) : found;
}

static bool name_list(c_writer *w, const char **names, uint32_t count,
                      const char *(*get)(const ir_program *p, uint32_t k), const char **taken,
                      uint32_t *taken_count)
{
    for (uint32_t k = 0; k < count; k++) {
        names[k] = sn_c_identifier(w->memory, get(w->plan->program, k), taken, *taken_count);
        if (!names[k])
            return false;
        taken[(*taken_count)++] = names[k];
    }
    return true;
}

static const char *input_name(const ir_program *p, uint32_t k) { return p->inputs[k].name; }
static const char *output_name(const ir_program *p, uint32_t k) { return p->outputs[k].name; }
static const char *param_name(const ir_program *p, uint32_t k) { return p->params[k].name; }
static const char *memory_name(const ir_program *p, uint32_t k) { return p->memories[k].name; }

bool sn_c_name_all(c_writer *w)
{
    const ir_program *p = w->plan->program;
    const size_t all = (size_t)p->input_count + p->output_count + p->param_count + p->memory_count + 1;
    const char **names = sn_arena_take(w->memory, all * sizeof *names);
    const char **taken = sn_arena_take(w->memory, all * sizeof *taken);
    if (!names || !taken)
        return false;
    w->inputs = names;
    w->outputs = w->inputs + p->input_count;
    w->params = w->outputs + p->output_count;
    w->memories = w->params + p->param_count;
    uint32_t count = 0;
    taken[count++] = w->name;
    return name_list(w, w->inputs, p->input_count, input_name, taken, &count)
           && name_list(w, w->params, p->param_count, param_name, taken, &count)
           && name_list(w, w->outputs, p->output_count, output_name, taken, &count)
           && name_list(w, w->memories, p->memory_count, memory_name, taken, &count);
}
