/* What wrong texts are told: message, place, mark and hint of every error; that one mistake gives one message
 * and all mistakes are told in one run; limits, time, hostile texts, refused memory. */
#include "lowered_text.h"

#include "base/text.h"
#include "lang/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "repetitions.h"
#include "thread_time.h"

static sinter_status lower_bytes(const char *source, size_t length, bool patch,
                                 const sinter_allocator *allocator)
{
    const lang_options options = {.type = IR_F32, .patch = patch};
    open_it(allocator, IR_IDENTITY | IR_FOLD);
    it.status = sn_lang_lower(&it.p, &it.scratch, source, length, &options, &it.report);
    assert_int_equal(it.status == SINTER_OK, it.report.count == 0);
    assert_true(it.report.count <= SINTER_MAX_ERRORS && it.report.total >= it.report.count);
    return it.status;
}

static sinter_status lower(const char *source, bool patch)
{
    return lower_bytes(source, strlen(source), patch, NULL);
}

/* ---- every error ---- */

static void every_mistake_is_told_where_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        bool patch;
        int count, line, column, width; /* of the first */
        const char *message, *hint;
    } table[] = {
        {"x + ", false, 1, 1, 3, 1, "an expression is missing after '+'", ""},
        {"x +\n", false, 1, 1, 3, 1, "an expression is missing after '+'", ""},
        {"(x + 1", false, 1, 1, 1, 1, "this ( is not closed", ""},
        {"x)", false, 1, 1, 2, 1, "this ) closes nothing", ""},
        {"x y", false, 1, 1, 3, 1, "an operator is missing before 'y'",
         "a product needs its *; statements stand in lines of their own, or behind a ;"},
        {"2x", false, 1, 1, 1, 2, "a number runs into a name", "a product needs its *: 2*x"},
        {"2 x", false, 1, 1, 3, 1, "an operator is missing before 'x'",
         "a product needs its *; statements stand in lines of their own, or behind a ;"},
        {"x + foo", false, 1, 1, 5, 3, "there is no 'foo' here", "a field has x, y, z and t"},
        {"x + tine", false, 1, 1, 5, 4, "there is no 'tine' here", "a field has x, y, z and t"},
        {"sinn(x)", false, 1, 1, 1, 4, "there is no function 'sinn'", "did you mean 'sin'?"},
        {"fmod(x, 2)", false, 1, 1, 1, 4, "there is no function 'fmod'",
         "rem(a, b) has the sign of a, mod(a, b) that of b"},
        {"arctan2(x, 2)", false, 1, 1, 1, 7, "there is no function 'arctan2'", "did you mean 'atan2'?"},
        {"sdf_limited_repeat(x, y, 1)", false, 1, 1, 1, 18, "there is no function 'sdf_limited_repeat'",
         "did you mean 'sdf_repeat_limited'?"},
        {"sdf_subtract(x, y)", false, 1, 1, 1, 12, "there is no function 'sdf_subtract'", "did you mean 'sdf_subtraction'?"},
        {"sdf_rounding(x, y)", false, 1, 1, 1, 12, "there is no function 'sdf_rounding'", "did you mean 'sdf_round'?"},
        {"sdf_revolution(x, y, z)", false, 1, 1, 1, 14, "there is no function 'sdf_revolution'",
         "did you mean 'sdf_revolve'?"},
        {"hsv(x, 1, 1)", false, 1, 1, 1, 3, "there is no function 'hsv'", "did you mean 'hsv_to_rgb'?"},
        {"perlin_noise(x, y)", false, 1, 1, 1, 12, "there is no function 'perlin_noise'", "did you mean 'perlin'?"},
        {"sdf_(x, y)", false, 1, 1, 1, 4, "there is no function 'sdf_'", ""},
        {"_(x, y)", false, 1, 1, 1, 1, "there is no function '_'", ""},
        {"sdf_disk(x, y, 1)", false, 1, 1, 1, 8, "there is no function 'sdf_disk'", "did you mean 'sdf_circle'?"},
        {"xyzzy_sdf(x, y, 1)", false, 1, 1, 1, 9, "there is no function 'xyzzy_sdf'", ""},
        {"colours = x\ncolour + 1", false, 1, 2, 1, 6, "there is no 'colour' here", "did you mean 'colours'?"},
        {"pow(x)", false, 1, 1, 1, 3, "'pow' takes 2 arguments, not 1", "pow(x, y)"},
        {"1 + fast.floor(x)", false, 1, 1, 10, 5, "'floor' has no fast form",
         "leave out fast.: it stands before functions that are approximated, as sin is"},
        {"fast.sum(i, 0, 3, i)", false, 1, 1, 6, 3, "'sum' has no fast form",
         "leave out fast.: it stands before functions that are approximated, as sin is"},
        {"fn f(a) = a\nfast.f(x)", false, 1, 2, 6, 1, "'f' has no fast form",
         "write fast. before functions of the language inside it: fast.sin(x)"},
        {"fast.sin(x)\nfn sin(a) = a", false, 1, 1, 6, 3, "'sin' has no fast form",
         "write fast. before functions of the language inside it: fast.sin(x)"},
        {"fast.sinn(x)", false, 1, 1, 6, 4, "there is no function 'sinn'", "did you mean 'sin'?"},
        {"fast.sin(x, y)", false, 1, 1, 6, 3, "'sin' takes 1 argument, not 2", "sin(x)"},
        {"fast.sin + 1", false, 1, 1, 6, 3, "'sin' takes 1 argument, not 0", "sin(x)"},
        {"fast(sin(x))", false, 1, 1, 1, 4, "there is no function 'fast'",
         "a grade stands before a function: fast.sin(x)"},
        {"fast", false, 1, 1, 1, 4, "there is no 'fast' here",
         "a grade stands before a function: fast.sin(x)"},
        {"fast.x", false, 1, 1, 1, 4, "there is no 'fast' here",
         "a grade stands before a function: fast.sin(x)"},
        {"fast = 1; fast.pi", false, 1, 1, 16, 2, "'.pi' names no components",
         "one to four letters of xyzw, or of rgba"},
        {"fast.", false, 1, 1, 5, 1, "a component is missing after '.'", "as in .x"},
        {"fast.(x)", false, 1, 1, 6, 1, "a component is missing before '('", "as in .x"},
        {"fast.$", false, 1, 1, 6, 1, "unexpected character '$'", "a name begins with a letter"},
        {"fast.sin(", false, 1, 1, 9, 1, "an expression is missing after '('", ""},
        {"fast.sin'", false, 1, 1, 9, 1, "a prime stands behind a name", "bind it: y = ..., then y'"},
        {"clamp(x, 1)", false, 1, 1, 1, 5, "'clamp' takes 3 arguments, not 2", "clamp(x, low, high)"},
        {"sin()", false, 1, 1, 1, 3, "'sin' takes 1 argument, not 0", "sin(x)"},
        {"sin(x, y)", false, 1, 1, 1, 3, "'sin' takes 1 argument, not 2", "sin(x)"},
        {"clamp(x, 0, lo=1)", false, 1, 1, 13, 2, "'clamp' has no argument 'lo'", "clamp(x, low, high)"},
        {"clamp(x, 0, x=1)", false, 1, 1, 13, 1, "an argument is given twice", "clamp(x, low, high)"},
        {"fn f(a, b=1) = a\nf()", false, 1, 2, 1, 1, "'f' takes 1 to 2 arguments, not 0", "f(a, b=...)"},
        {"fn f(a, b=1) = a\nf(1, 2, 3)", false, 1, 2, 1, 1, "'f' takes 1 to 2 arguments, not 3",
         "f(a, b=...)"},
        {"fn f(a, b=1) = a\nf(1, c=3)", false, 1, 2, 6, 1, "'f' has no argument 'c'", "f(a, b=...)"},
        {"fn f(a) = f(a)\nf(x)", false, 1, 1, 11, 1, "a function calls itself: f \342\206\222 f",
         "for a recurrence in time use y', for repetition sum(i, a, b, ...)"},
        {"fn f(a) = g(a)\nfn g(b) = h(b)\nfn h(c) = f(c)\nf(x)",
         false, 1, 3, 11, 1, "a function calls itself: f \342\206\222 g \342\206\222 h \342\206\222 f",
         "for a recurrence in time use y', for repetition sum(i, a, b, ...)"},
        {"a = 1\na = 2\na", false, 1, 2, 1, 1, "'a' is bound already, in line 1",
         "a name keeps its value; bind another one"},
        {"x; y", false, 1, 1, 1, 1, "this value is not used", "bind it to a name, or let out name it"},
        {"a = x\n- y\na", false, 1, 2, 1, 3, "this value is not used",
         "a line goes on where the one before ends with its operator"},
        {"a = x\n + y\na", false, 1, 2, 2, 1, "an expression cannot begin with '+'",
         "a line goes on where the one before ends with its operator"},
        {"", false, 1, 1, 1, 1, "the program has no result",
         "its last line is an expression, or out names what leaves it"},
        {"a = 1", false, 1, 1, 1, 5, "the program has no result",
         "its last line is an expression, or out names what leaves it"},
        {"a = a + 1\na", false, 1, 1, 5, 1, "'a' is used in its own definition", ""},
        {"y = x + y\ny", true, 2, 1, 5, 1, "there is no 'x' here", "an input is declared: input x"},
        {"a = b\nb = 2\na", false, 1, 1, 5, 1, "'b' is bound further down, in line 2", ""},
        {"a = b + 1\nb = 2\na", true, 1, 1, 5, 1, "'b' is bound further down, in line 2",
         "its value one element ago is written with a prime: y'"},
        {"a = b\nc = -a\nb = 2\nc", true, 1, 1, 5, 1, "'b' is bound further down, in line 3",
         "its value one element ago is written with a prime: y'"},
        {"a = b\nb = a\na", true, 1, 1, 5, 1, "'b' is bound further down, in line 2",
         "a cycle needs a delay, above what reads it: a \342\206\222 b \342\206\222 a"},
        {"a = (1, a)\na", true, 1, 1, 9, 1, "'a' is used in its own definition",
         "its value one element ago is written with a prime: y'"},
        {"input x\na = lerp(x, b, 0.5)\nb = allpass(a, 441)\nb", true, 1, 2, 13, 1, "'b' is bound further down, in line 3",
         "a cycle needs a delay, above what reads it: a \342\206\222 b \342\206\222 a"},
        {"input x\nb = allpass(a, 441)\na = lerp(x, b, 0.5)\nb", true, 1, 2, 13, 1, "'a' is bound further down, in line 3",
         "'allpass' needs its value at once; a cycle needs a delay, above what reads it: b \342\206\222 a \342\206\222 b"},
        {"input x\nfn f(v) = g(v) + 1\nfn g(w) = w*2\na = b\nc = x + f(a)\nd = c\nb = d\nb", true, 1, 4, 5, 1,
         "'b' is bound further down, in line 7",
         "'f' needs its value at once; a cycle needs a delay, above what reads it: "
         "a \342\206\222 b \342\206\222 d \342\206\222 c \342\206\222 a"},
        {"input x\nfn f(v) { w = v*x; w }\na = x + f(c.x)\nb = a\nc = (b, x)\na", true, 1, 3, 11, 1,
         "'c' is bound further down, in line 5",
         "'f' needs its value at once; a cycle needs a delay, above what reads it: a \342\206\222 c \342\206\222 b \342\206\222 a"},
        {"a = echo(a, 0.1) + 1\nb = c < 1\nc = 2\na*b", true, 2, 1, 10, 1, "'a' is used in its own definition",
         "'echo' needs its value at once; its value one element ago is written with a prime: y'"},
        {"fn f(v) { p = q + v; q = 2*v; p }\nf(1)", true, 1, 1, 15, 1, "'q' is bound further down, in line 1",
         "its value one element ago is written with a prime: y'"},
        {"fn f(v) = delay(v, 2) + top\na = f(a)\ntop = 3\na", true, 1, 1, 25, 3,
         "'top' is not bound yet where this function is called", "bind it above the call"},
        {"fn f(v) = delay(top, 2) + v\na = f(1)\ntop = 3\na", true, 1, 1, 17, 3,
         "'top' is not bound yet where this function is called", "bind it above the call"},
        /* A cycle is told once, where it is met first, though each of its lines reads ahead; another one on its own. */
        {"input x\na = x + 0.5*b\nb = lowpass(c, 2000)\nc = gain(d, 0.3)\nd = a*2\na", true, 1, 2, 13, 1, "'b' is bound further down, in line 3",
         "a cycle needs a delay, above what reads it: a \342\206\222 b \342\206\222 c \342\206\222 d \342\206\222 a"},
        {"input x\na = b + x\nb = c + 1\nc = (a, d).y\nd = e + a\ne = 2*d\na", true, 2, 2, 5, 1, "'b' is bound further down, in line 3",
         "a cycle needs a delay, above what reads it: a \342\206\222 b \342\206\222 c \342\206\222 a"},
        {"input x\n(p, q) = (r + x, 1)\nr = 2*q2\n(p2, q2) = (s*2, s + 1)\ns = p\np", true, 1, 2, 11, 1, "'r' is bound further down, in line 3",
         "a cycle needs a delay, above what reads it: p \342\206\222 r \342\206\222 p2 \342\206\222 s \342\206\222 p"},
        {"a = b + b*2 + sin(b)\nb = a + 1\na", true, 1, 1, 5, 1, "'b' is bound further down, in line 2",
         "a cycle needs a delay, above what reads it: a \342\206\222 b \342\206\222 a"},
        {"a = b + b*2\nc = b + b\nb = 1\na + c", true, 2, 1, 5, 1, "'b' is bound further down, in line 3",
         "its value one element ago is written with a prime: y'"},
        {"y = x + y*y\ny", false, 1, 1, 9, 1, "'y' is used in its own definition", ""},
        {"a = echo(t)\ntable t = [1]\na", true, 1, 1, 10, 1, "'t' is a table", "read an element: t[i]"},
        {"a = delay(b, 0)\nb = 2\na", true, 1, 1, 5, 5, "'b' is used in its own definition",
         "a recurrence needs a delay of at least 1"},
        {"input a\ncomb(a, a, 0.5)", true, 1, 2, 1, 4, "'samples' of 'comb' must be a constant", "comb(x, samples: const, feedback)"},
        {"fn f(n: const, m) = n\nf(m=1, n=x)", false, 1, 2, 1, 1, "'n' of 'f' must be a constant", "f(n: const, m)"},
        {"fn f(p:2 const, m=1) = p.x\nf(1, x)", false, 1, 2, 1, 1, "'p' of 'f' must be a constant", "f(p:2 const, m=...)"},
        {"fn f(a, n: const=a) = n\nf(1) + f(x)", false, 1, 1, 18, 1, "'n' of 'f' must be a constant", "f(a, n: const=...)"},
        {"fn g(a, m) = f(a, m)\nfn f(a, n: const) = n\ng(x, 3) + g(3, x)", false, 1, 1, 14, 1, "'n' of 'f' must be a constant",
         "f(a, n: const)"},
        {"fn f(a, n: cons) = n\nf(1)", false, 1, 1, 12, 4, "the size of the argument, or const, is missing before 'cons'",
         "fn f(p:2, n: const) = ..."},
        {"fn f(a const) = a\nf(1)", false, 1, 1, 8, 5, "'const' where ) or a comma is expected", ""},
        {"event gate\ngate", true, 1, 1, 7, 4, "the initial value is missing after 'gate'", "event gate = 0"},
        {"event gate = 0\ngate + x", false, 1, 1, 7, 4, "only a patch has events", "declare it by param"},
        {"input a\nevent gate = a\ngate", true, 1, 2, 14, 1, "the initial value of a param is a constant", ""},
        {"event gate = 0\nsince(gate*1.5)", true, 1, 2, 1, 5, "since takes an event, by its name", "event gate = 0, then since(gate)"},
        {"param gate = 0\nsince(gate)", true, 1, 2, 1, 5, "since takes an event, by its name", "event gate = 0, then since(gate)"},
        {"since(x)", false, 1, 1, 1, 5, "since takes an event, by its name", "event gate = 0, then since(gate)"},
        {"event gate = 0\nadsr_event(gate < 1)", true, 1, 2, 1, 10,
         "'adsr_event' cannot take these arguments: since takes an event, by its name",
         "adsr_event(note, attack=0.01, decay=0.1, sustain=0.7, release=0.3)"},
        {"fn f(v) {\nevent gate = v\nv\n}\nf(1)", true, 1, 2, 1, 5, "'event' stands at the top only, not in a function", ""},
        {"event rate = 0\nrate", true, 1, 1, 7, 4, "the rate is given by whoever runs the patch", ""},
        {"fn f(v) = delay(v, 0)*2\na = f(b)\nb = 2\na", true, 1, 2, 7, 1, "'b' is bound further down, in line 3",
         "'f' needs its value at once; its value one element ago is written with a prime: y'"},
        {"a < b < c", false, 1, 1, 7, 1, "comparisons do not chain", "write a < b && b < c"},
        {"x < y < z", false, 1, 1, 7, 1, "comparisons do not chain", "write a < b && b < c"},
        {"x == y == z", false, 1, 1, 8, 2, "comparisons do not chain", "write a < b && b < c"},
        {"x ? y", false, 1, 1, 3, 1, "this ? has no :", "condition ? a : b"},
        {"x ? y : ", false, 1, 1, 7, 1, "an expression is missing after ':'", ""},
        {"(1, 2) + (1, 2, 3)", false, 1, 1, 8, 1, "a tuple of 2 elements meets one of 3",
         "arithmetic goes element by element; a single number goes with any tuple"},
        {"(1, 2).z", false, 1, 1, 7, 1, "a tuple of 2 elements has no .z", ""},
        {"x.y", false, 1, 1, 2, 1, "a number has no .y", ""},
        {"x.foo", false, 1, 1, 3, 3, "'.foo' names no components", "one to four letters of xyzw, or of rgba"},
        {"(a, b) = (1, 2, 3)\na", false, 1, 1, 1, 18, "2 names for a value of 3 elements", ""},
        {"(a, 1) = (1, 2)\na", false, 1, 1, 5, 1, "only names can be bound", "(a, b) = expression"},
        {"x + 1 = 3", false, 1, 1, 7, 1, "only a name can be bound",
         "name = expression, or (a, b) = expression"},
        {"sin = sin(x) + sin\nsin", false, 1, 1, 16, 3, "'sin' is used in its own definition", ""},
        {"x + sin", false, 1, 1, 5, 3, "'sin' is a function", "call it with its arguments in parentheses"},
        {"out + 1", false, 1, 1, 5, 1, "an expression cannot begin with '+'",
         "a line goes on where the one before ends with its operator"},
        {"out = 1", false, 1, 1, 1, 3, "'out' is a word of the language",
         "it begins a statement, and cannot be a name"},
        {"x @ y", false, 1, 1, 3, 1, "unexpected character '@'", "a name begins with a letter"},
        {"x & y", false, 1, 1, 3, 1, "unexpected '&'", "conditions are joined by &&, bits by and(a, b)"},
        {"x ** 2", false, 1, 1, 3, 2, "unexpected '**'", "powers are written a^b"},
        {"x \303\227 2", false, 1, 1, 3, 1, "unexpected character '\303\227'", "write * for a product"},
        {"\"Hz\"", false, 1, 1, 1, 4, "a text in quotes stands behind a param only, as its unit", ""},
        {"x \"Hz", false, 1, 1, 3, 3, "this text has no closing \"", ""},
        {"(x, y)^(1, 2, 3)", false, 1, 1, 7, 1, "a tuple of 2 elements meets one of 3",
         "arithmetic goes element by element; a single number goes with any tuple"},
        {"umulh(x, 3)", false, 1, 1, 1, 5, "upper halves of products are of i32 only",
         "write i32(...) around it"},
        {"flip(x, y)", false, 1, 1, 1, 4, "what is even or odd is of i32 only", "write i32(...) around it"},
        {"low_bits(x, y)", false, 1, 1, 1, 8, "the number of bits is a constant whole number from 1 to 32", ""},
        {"low_bits(x, 33)", false, 1, 1, 1, 8, "the number of bits is a constant whole number from 1 to 32",
         ""},
        {"low_bits(x, 1.5)", false, 1, 1, 1, 8, "the number of bits is a constant whole number from 1 to 32",
         ""},
        {"x << 1", false, 1, 1, 3, 2, "shifts are of i32 only", "write i32(...) around it"},
        {"and(x, 1)", false, 1, 1, 1, 3, "bits are of i32 only", "write i32(...) around it"},
        {"bits(i32(x))", false, 1, 1, 1, 4, "bits takes an f32", "an i32 consists of its bits"},
        {"i32(x) + 3000000000", false, 1, 1, 8, 1, "the number is too large for an i32",
         "write it in hexadecimal if its bits are meant, or f64(...) around the other"},
        {"sum(i, 0, x, i)", false, 1, 1, 11, 1, "the bounds of a sum are constants", ""},
        {"sum(i, 0, 0.5, i)",
         false, 1, 1, 11, 3, "the bounds of a sum are whole numbers, at most 1,000,000,000", ""},
        {"sum(i, 0, 70000, i)", false, 1, 1, 11, 5, "a sum has at most 65,536 terms", ""},
        {"sum(1, 0, 3, i)", false, 1, 1, 5, 1, "a sum begins with the name of its index",
         "sum(i, first, last, term)"},
        {"sum(i, 0, 3)", false, 1, 1, 12, 1, "a sum needs its index, first, last and term",
         "sum(i, first, last, term)"},
        {"accumulate(1, 0, 3, z = 1, z)", false, 1, 1, 12, 1, "an accumulation begins with the name of its index",
         "accumulate(i, first, last, z = start, term)"},
        {"accumulate(i, 0, 3, z, z)", false, 1, 1, 21, 1, "an accumulation needs its index, first, last, what it begins with, and the term",
         "accumulate(i, first, last, z = start, term)"},
        {"accumulate(i, 0, x, z = 1, z)", false, 1, 1, 18, 1, "the bounds of a sum are constants", ""},
        {"accumulate(i, 1, 64, z = 1, (z, 1))", false, 1, 1, 29, 1, "a tuple has at most 64 elements", ""},
        {"accumulate(i, 1, 2, w = w, w)", false, 1, 1, 25, 1, "there is no 'w' here", "a field has x, y, z and t"},
        {"input a\naccumulate(i, 1, 2, z = a, z')", true, 1, 2, 28, 1, "what is accumulated as 'z' has no past", ""},
        {"fn accumulate(a) = a\naccumulate(x)", false, 2, 1, 4, 10, "'accumulate' cannot be redefined",
         "give yours another name: the language has rules of its own for these arguments"},
        {"y'", false, 1, 1, 1, 1, "a field has no past", "only a patch has state"},
        {"delay(x, 1)", false, 1, 1, 1, 5, "a field has no past", "only a patch has state"},
        {"input a\na", false, 1, 1, 7, 1, "only a patch has inputs", "a field has x, y, z and t"},
        {"rate", false, 1, 1, 1, 4, "there is no 'rate' here", "only a patch has rate, dt, time and index"},
        {"x", true, 1, 1, 1, 1, "there is no 'x' here", "an input is declared: input x"},
        {"input a\ndelay(a, a)", true, 1, 2, 1, 5, "the delay is not constant",
         "with a bound it may vary: delay(x, n, max)"},
        {"input a\ndelay(a, 1.5)",
         true, 1, 2, 1, 5, "a delay is a whole number of elements, from 0 to 268,435,456",
         "an interpolated delay mixes two of them"},
        {"input a\ndelay(a, -1)",
         true, 1, 2, 1, 5, "a delay is a whole number of elements, from 0 to 268,435,456",
         "an interpolated delay mixes two of them"},
        {"input a\ndelay(a, a, a)", true, 1, 2, 13, 1, "the bound of a delay is a constant", ""},
        {"input a\ndelay(a, 1, 0)",
         true, 1, 2, 13, 1, "the bound of a delay is a whole number from 1 to 268,435,456", ""},
        {"y = delay(y, 0)\ny", true, 1, 1, 5, 5, "'y' is used in its own definition",
         "a recurrence needs a delay of at least 1"},
        {"input a\n(a+1)'", true, 1, 2, 6, 1, "a prime stands behind a name", "bind it: y = ..., then y'"},
        {"input a\na.x'", true, 1, 2, 4, 1, "a prime stands behind a name", "write y'.x for the past of y.x"},
        {"sum(i, 1, 2, i')", true, 1, 1, 14, 1, "the index 'i' has no past", ""},
        {"rate'", true, 1, 1, 1, 4, "'rate' itself has no past", "bind it to a name: a = ..., then a'"},
        {"foo'", true, 1, 1, 1, 3, "there is no 'foo' here", "an input is declared: input foo"},
        {"param rate = 3\nrate", true, 1, 1, 7, 4, "the rate is given by whoever runs the patch", ""},
        {"param a\na", true, 1, 1, 7, 1, "the initial value is missing after 'a'",
         "param cutoff = 800 in 20..20000 log \"Hz\""},
        {"param a = 3 in 5..1\na", true, 1, 1, 16, 1, "the range of a param is empty", "low..high"},
        {"param a = 3 in 5..6\na", true, 1, 1, 11, 1, "the initial value lies outside the range", ""},
        {"param a = 1 in 0..2 log\na", true, 1, 1, 16, 1, "the range of a logarithmic param begins above 0",
         "or leave out log"},
        {"param a = 1 in 0\na", true, 1, 1, 16, 1, "the other end of the range is missing after '0'",
         "param cutoff = 800 in 20..20000"},
        {"input a\nparam b = a\nb", true, 1, 2, 11, 1, "the initial value of a param is a constant", ""},
        {"input a\ninput a\na", true, 1, 2, 7, 1, "'a' is bound already, in line 1",
         "a name keeps its value; bind another one"},
        {"input 3\n1", true, 1, 1, 7, 1, "a name is missing before '3'", ""},
        {"table t = []\nt[0]", false, 1, 1, 7, 1, "a table has at least one entry", ""},
        {"table t = [1, x]\nt[0]", false, 1, 1, 15, 1, "the entries of a table are constant numbers", ""},
        {"table t: u8 = [256]\nt[0]", false, 1, 1, 16, 3, "not a whole number from 0 to 255", ""},
        {"table t: i32 = [1.5]\nt[0]",
         false, 1, 1, 17, 3, "not a whole number from -2147483648 to 2147483647", ""},
        {"table t: foo = [1]\nt[0]", false, 1, 1, 10, 3, "the type of a table is f32, f64, i32, u8 or i16",
         ""},
        {"table t = 3\nt", false, 1, 1, 11, 1, "a list of numbers is missing before '3'",
         "table t = [1, 2, 3]"},
        {"table t = [1]\nt + 1", false, 1, 2, 1, 1, "'t' is a table", "read an element: t[i]"},
        {"x[0]", false, 1, 1, 2, 1, "only a table or a tuple can be indexed", "table t = [1, 2, 3], then t[i]"},
        {"image a\na + 1", false, 1, 2, 1, 1, "'a' is an image", "read it at a point: sample(a, x, y)"},
        {"image a\nb = a\nx", false, 1, 2, 5, 1, "'a' is an image", "read it at a point: sample(a, x, y)"},
        {"image a\nsample(a, a, y)", false, 1, 2, 11, 1, "'a' is an image", "read it at a point: sample(a, x, y)"},
        {"image a = 1\nimage a\nx", false, 1, 2, 7, 1, "'a' is bound already, in line 1", "a name keeps its value; bind another one"},
        {"image\n", false, 1, 1, 1, 5, "there is no 'image' here", "a field has x, y, z and t"},
        {"image a, 3", false, 1, 1, 10, 1, "a name is missing before '3'", "image a, or image a = expression"},
        {"image a:5\nx", false, 1, 1, 9, 1, "an image has from 1 to 4 channels", "image a:3"},
        {"image a:2.0\nx", false, 1, 1, 9, 3, "an image has from 1 to 4 channels", "image a:3"},
        {"image a:x\nx", false, 1, 1, 9, 1, "an image has from 1 to 4 channels", "image a:3"},
        {"image a = \nx +", false, 1, 2, 3, 1, "an expression is missing after '+'", ""},
        {"image a = (x, y, x, y, x)\nx", false, 1, 1, 7, 19, "an image has at most 4 channels, not 5", ""},
        {"image a:2 = x\na", false, 1, 1, 7, 7, "an image of 2 channels is made of 1 number", ""},
        {"image a = a + 1\na", false, 1, 1, 11, 1, "'a' is used in its own definition", ""},
        {"image a = sample(a, x, y)\na", false, 1, 1, 18, 1, "'a' is used in its own definition", ""},
        {"b = sample(a, x, y)\nimage a\nb", false, 1, 1, 12, 1, "'a' is bound further down, in line 2", ""},
        {"image a = x", false, 1, 1, 7, 5, "the program has no result", "its last line is an expression, or out names what leaves it"},
        {"input x\nimage a = x\na", true, 1, 2, 7, 5, "only a field makes images", "bind it: name = expression"},
        {"fn f(x) {\nimage a = x\nx\n}\nf(1)", false, 1, 2, 1, 5, "'image' stands at the top only, not in a function", ""},
        {"sample(a, x, y)", false, 1, 1, 8, 1, "there is no image 'a' here", "an image is declared: image a"},
        {"image picture\nsample(pictur, x, y)", false, 1, 2, 8, 6, "there is no image 'pictur' here", "did you mean 'picture'?"},
        {"image b, c\nsample(a, x, y)", false, 1, 2, 8, 1, "there is no image 'a' here", "the images here are: b, c"},
        {"p = x\nsample(p, x, y)", false, 1, 2, 8, 1, "'p' is no image", "an image is made by: image p = expression"},
        {"table t = [1]\nsample(t, x, y)", false, 1, 2, 8, 1, "'t' is no image", "an image is made by: image t = expression"},
        {"sample(x + y, x, y)", false, 1, 1, 10, 1, "sample reads an image, by its name", "image b = expression, then sample(b, x, y)"},
        {"fn f(i) = sample(i, x, y)\nf(x)", false, 1, 1, 18, 1, "'i' is no image", "in 'f' as called in line 2"},
        {"image a\nsample(a, x)", false, 1, 2, 1, 6, "the place in an image is a pair of numbers", "sample(a, x, y)"},
        {"image a\nsample(a, (x, y, x))", false, 1, 2, 1, 6, "the place in an image is a pair of numbers", "sample(a, x, y)"},
        {"image a\nsample(a, (x, y), y)", false, 1, 2, 1, 6, "the coordinates in an image are two numbers",
         "sample(a, x, y), or sample(a, p) of a pair p"},
        {"image a\nsample(a)", false, 1, 2, 1, 6, "'sample' takes 2 to 5 arguments, not 1",
         "sample(image, u, v=..., filter=..., edge=...)"},
        {"image a\nsample(a, x, y, filter=cubes)", false, 1, 2, 24, 5, "there is no filter 'cubes'",
         "one of: nearest, bilinear, bicubic"},
        {"image a\nsample(a, x, y, filter=bilnear)", false, 1, 2, 24, 7, "there is no filter 'bilnear'", "did you mean 'bilinear'?"},
        {"image a\nsample(a, x, y, edge=2)", false, 1, 2, 22, 1, "the edge is named by a word", "one of: clamp, repeat, mirror, zero"},
        {"image a\ntexel(a, x, y, edge=mirrored)", false, 1, 2, 21, 8, "there is no edge 'mirrored'", "did you mean 'mirror'?"},
        {"image a\nsize(a, 1)", false, 1, 2, 1, 4, "'size' takes 1 argument, not 2", "size(image)"},
        {"image a\nfast.sample(a, x, y)", false, 1, 2, 6, 6, "'sample' has no fast form",
         "leave out fast.: it stands before functions that are approximated, as sin is"},
        {"(x + 1)[0]", false, 1, 1, 8, 1, "only a table or a tuple can be indexed", "table t = [1, 2, 3], then t[i]"},
        {"(1,2)[(0,1)]", false, 1, 1, 6, 1, "an index is one number", ""},
        {"[1, 2]", false, 1, 1, 1, 1, "a list stands in a table only", "declare it: table t = [...]"},
        {"fn f(a) { }\nf(1)", false, 1, 1, 4, 1, "the function 'f' has no value",
         "its last statement is its value"},
        {"fn f(a) { b = a }\nf(1)", false, 1, 1, 4, 1, "the function 'f' has no value",
         "its last statement is its value"},
        {"fn f(a) { b = a\nf(1)", false, 1, 1, 9, 1, "this { is not closed", ""},
        {"fn f(a) = a\nfn f(b) = b\nf(1)",
         false, 1, 2, 4, 1, "the function 'f' is defined already, in line 1", ""},
        {"fn sum(a) = a\nx", false, 1, 1, 4, 3, "'sum' cannot be redefined",
         "give yours another name: the language has rules of its own for these arguments"},
        {"fn delay(a) = a\nx", false, 1, 1, 4, 5, "'delay' cannot be redefined",
         "give yours another name: the language has rules of its own for these arguments"},
        {"fn sin(a) = a\nfn sin(b) = b\nsin(1)",
         false, 1, 2, 4, 3, "the function 'sin' is defined already, in line 1", ""},
        {"fn sin(a) = sin(a)*2\nsin(x)", false, 1, 1, 13, 3, "a function calls itself: sin \342\206\222 sin",
         "the name means this function, no longer the language's: give it another"},
        {"fn sin(a, b) = a\nsin(x)", false, 1, 2, 1, 3, "'sin' takes 2 arguments, not 1", "sin(a, b)"},
        {"fn f(a=1, b) = a\nf(1)",
         false, 1, 1, 11, 1, "'b' stands behind an argument with a default and needs one, too", ""},
        {"fn f(a) { out a\n a }\nf(1)",
         false, 1, 1, 11, 3, "'out' stands at the top only, not in a function", ""},
        {"fn f\n1", false, 1, 1, 4, 1, "a list of arguments is missing after 'f'", "fn f(a, b=1) = a + b"},
        {"fn (a) = 1\n1", false, 1, 1, 4, 1, "a name is missing before '('", ""},
        {"fn f(a) = a + nosuch\nx", false, 1, 1, 15, 6, "there is no 'nosuch' here",
         "a field has x, y, z and t"},
        {"fn f(a) = a.z + 1\nf((1,2))", false, 1, 1, 12, 1, "a tuple of 2 elements has no .z",
         "in 'f' as called in line 2"},
        {"x | 3", false, 1, 1, 3, 1, "the right side of | is a call", "a | f(b) is f(a, b)"},
        {"x | (sin)", false, 1, 1, 3, 1, "the right side of | is a call", "a | f(b) is f(a, b)"},
        {"x | sin + 1", false, 1, 1, 3, 1, "the right side of | is a call", "a | f(b) is f(a, b)"},
        {"x(3)", false, 1, 1, 1, 1, "there is no function 'x'", "a product needs its *"},
        {"(x)(3)", false, 1, 1, 4, 1, "only a function can be called", "a product needs its *"},
        {"x'", false, 1, 1, 1, 1, "a field has no past", "only a patch has state"},
        {"x''''", true, 1, 1, 1, 1, "there is no 'x' here", "an input is declared: input x"},
        {"dot((1,2),(1,2,3))", false, 1, 1, 1, 3, "dot of a tuple of 2 elements and one of 3", ""},
        {"reflect((1,2),1)", false, 1, 1, 1, 7, "reflect of a tuple of 2 elements and one of 1", ""},
        {"distance((1,2),(1,2,3))", false, 1, 1, 1, 8, "a tuple of 2 elements meets one of 3",
         "arithmetic goes element by element; a single number goes with any tuple"},
        {"cross((1,2,3,4),(1,2,3,4))",
         false, 1, 1, 1, 5, "cross takes tuples of 3 elements, or of 2, not of 4", ""},
        {"cross(x, y)", false, 1, 1, 1, 5, "cross takes tuples of 3 elements, or of 2, not of 1", ""},
        {"a.b = 3", false, 1, 1, 5, 1, "only a name can be bound", "name = expression, or (a, b) = expression"},
        {"let a = 1\na + x", false, 1, 1, 5, 1, "an operator is missing before 'a'",
         "a name is bound by name = expression, with nothing before it"},
        {"fn f(x) {\n  float a = x; var b = a\n  a + b\n}\nf(2)", false, 2, 2, 9, 1, "an operator is missing before 'a'",
         "a name is bound by name = expression, with nothing before it"},
        {"if x then y", false, 1, 1, 4, 1, "an operator is missing before 'x'", "write condition ? a : b"},
        {"def f(a) = a\n1", false, 1, 1, 5, 1, "an operator is missing before 'f'",
         "a function is written fn f(a, b=1) = expression"},
        {"foo bar; y baz", false, 2, 1, 5, 3, "an operator is missing before 'bar'",
         "a product needs its *; statements stand in lines of their own, or behind a ;"},
        {"a := 1", false, 1, 1, 3, 1, "unexpected ':'", ""},
        {"k = 1\nfn f() = q2\nf()\n", false, 1, 2, 10, 2, "there is no 'q2' here",
         "a field has x, y, z and t"},
        {"f(1)\nk = 2\nfn f(a) = a*k", false, 2, 1, 1, 4, "this value is not used",
         "bind it to a name, or let out name it"},
        {"(1, 2", false, 1, 1, 1, 1, "this ( is not closed", ""},
        {"f(1, \n", false, 1, 1, 4, 1, "an expression is missing after ','", ""},
        {"t[1", false, 1, 1, 2, 1, "this [ is not closed", ""},
        {"x +* y", false, 1, 1, 4, 1, "an expression is missing before '*'", ""},
        {"a = )\nb = ]\nc = foo", false, 3, 1, 3, 1, "an expression is missing after '='", ""},
        {"!", false, 1, 1, 1, 1, "an expression is missing after '!'", ""},
        {"out x1, x1", true, 2, 1, 5, 2, "there is no 'x1' here", "an input is declared: input x1"},
        {"input a\nout a, a", true, 1, 2, 8, 1, "two outputs have the same name", "out name = expression"},
        {"0x", false, 1, 1, 1, 2, "hexadecimal digits are missing behind 0x", "as in 0x1F"},
        {"0Xg", false, 1, 1, 1, 3, "hexadecimal digits are missing behind 0x", "as in 0x1F"},
        {"1e", false, 1, 1, 1, 2, "the exponent of a number is missing", "as in 1e3; a product needs its *: 2*e"},
        {"2.5E-", false, 1, 1, 1, 4, "the exponent of a number is missing", "as in 1e3; a product needs its *: 2*e"},
        {"0x1.8p+", false, 1, 1, 1, 6, "the exponent of a number is missing", "as in 0x1.8p3"},
        {"0x1g", false, 1, 1, 1, 4, "a number runs into a name", "a product needs its *: 2*x"},
        {"1_", false, 1, 1, 1, 2, "a single _ may stand between two digits of a number", "as in 1_000"},
        {"1__0", false, 1, 1, 1, 4, "a single _ may stand between two digits of a number", "as in 1_000"},
        {"2pi", false, 1, 1, 1, 3, "a number runs into a name", "a product needs its *: 2*x"},
        {"sin x", false, 1, 1, 5, 1, "an operator is missing before 'x'", "what a function takes stands in parentheses: sin(...)"},
        {"a = 2*perlin x\na + 1", false, 1, 1, 14, 1, "an operator is missing before 'x'",
         "what a function takes stands in parentheses: perlin(...)"},
        {"(sin x)", false, 1, 1, 6, 1, "'x' where ) or a comma is expected", "what a function takes stands in parentheses: sin(...)"},
        {"max(x or y, 1)", false, 1, 1, 7, 2, "'or' where ) or a comma is expected", "conditions are joined by ||, bits by or(a, b)"},
        {"max(x y)", false, 1, 1, 7, 1, "'y' where ) or a comma is expected", ""},
        {"\u221A2", false, 1, 1, 1, 1, "unexpected character '\u221A'", "write sqrt(x)"},
        {"out sin x", true, 1, 1, 9, 1, "an operator is missing before 'x'", "what a function takes stands in parentheses: sin(...)"},
        {"(a, b) = x y\na + b", false, 1, 1, 12, 1, "an operator is missing before 'y'",
         "a product needs its *; statements stand in lines of their own, or behind a ;"},
        {"x and y", false, 1, 1, 3, 3, "an operator is missing before 'and'", "conditions are joined by &&, bits by and(a, b)"},
        {"x mod 2", false, 1, 1, 3, 3, "an operator is missing before 'mod'", "write a % b"},
        {"g(x) = 2*x\ng(1)", false, 2, 1, 6, 1, "only a name can be bound", "a function is written fn f(a, b=1) = expression"},
        {"2 = x", false, 1, 1, 3, 1, "only a name can be bound", "name = expression, or (a, b) = expression"},
        {"a = 1\na += 1", false, 1, 2, 4, 1, "an expression is missing before '='",
         "a name keeps its value, so there is no assignment that changes one; bind another name"},
        {"a = 1, 2\na", false, 1, 1, 6, 1, "unexpected ','", "a tuple stands in parentheses: (a, b)"},
        {"param p = 1 \"Hz\" in 0..2\nout p", true, 1, 1, 18, 2, "an operator is missing before 'in'",
         "param cutoff = 800 in 20..20000 log \"Hz\" smooth 0.02"},
        {"input x\ny = (x, y')\nout y", true, 1, 2, 1, 1, "the number of elements of 'y' depends on its own past and does not settle",
         "a tuple inside a tuple joins it; an element of a past is y'.x"},
        {".", false, 1, 1, 1, 1, "an expression is missing before '.'", ""},
        {"..", false, 1, 1, 1, 2, "an expression is missing before '..'", ""},
        {"x..y", false, 1, 1, 2, 2, "unexpected '..'", ""},
    };
    for (size_t k = 0; k < sizeof table / sizeof *table; k++) {
        assert_int_equal(lower(table[k].source, table[k].patch), SINTER_BAD_PROGRAM);
        const sinter_error *e = &it.report.errors[0];
        if (it.report.count != table[k].count || e->line != table[k].line || e->column != table[k].column
            || e->width != table[k].width || strcmp(e->message, table[k].message)
            || strcmp(e->hint, table[k].hint))
            fail_msg("%s\n%d errors; %d:%d, %d wide: %s [%s]", table[k].source, it.report.count, e->line,
                     e->column, e->width, e->message, e->hint);
    }
}

static void all_mistakes_are_told_in_one_run(void **state)
{
    (void)state;
    assert_int_equal(
        lower("a = 1 +\n\nb = $\n(1 + 2\nc = foo(a\nd = b + c\nfn g(v) = v + w\nd + nosuch + a", false),
        SINTER_BAD_PROGRAM);
    static const int lines[] = {1, 3, 4, 5, 7, 8};
    static const int columns[] = {7, 5, 1, 8, 15, 5};
    assert_int_equal(it.report.count, 6);
    for (int k = 0; k < 6; k++) {
        assert_int_equal(it.report.errors[k].line, lines[k]);
        assert_int_equal(it.report.errors[k].column, columns[k]);
    }
    /* at most twenty, and the others are counted */
    text source;
    arena memory;
    sn_arena_open(&memory, NULL);
    sn_text_open(&source, &memory);
    for (int k = 0; k < 50; k++)
        sn_text_print(&source, "a%d = b%d\n", k, k);
    sn_text_add(&source, "x");
    assert_int_equal(lower(source.start, false), SINTER_BAD_PROGRAM);
    assert_int_equal(it.report.count, SINTER_MAX_ERRORS);
    assert_int_equal(it.report.total, 50);
    sn_arena_close(&memory);
    /* what a wrong name is used for is not wrong in turn; a function's mistake is told once */
    lower("a = foo\nb = a + (1, 2)\n(c, d) = a\nsin(b) + c.x", false);
    assert_int_equal(it.report.total, 1);
    lower("fn f(v) = v + foo\nf(x) + f(y) + f(z)", false);
    assert_int_equal(it.report.total, 1);
    lower("fn f(v) { w = w' + v + foo; w }\ninput a\nf(a) + f(2*a)", true);
    assert_int_equal(it.report.total, 1);
    lower("input a\ny = a + foo + y'\nz = y'' + delay(y, 5)\nz", true);
    assert_int_equal(it.report.total, 1);
}

static void errors_are_shown_with_their_line(void **state)
{
    (void)state;
    char shown[2048];
    lower("a = x*2\nb = a + sinn(x)\nb", false);
    sinter_report_format(&it.report, 0, shown, sizeof shown);
    assert_string_equal(shown, "expression:2:9: error: there is no function 'sinn'\n"
                               "    b = a + sinn(x)\n"
                               "            ^~~~\n"
                               "    hint: did you mean 'sin'?\n");
    lower("\t\303\244 = x +\tfoo; 1", false); /* columns are characters, tabs are one */
    assert_int_equal(it.report.errors[0].column, 10);
    assert_string_equal(it.report.errors[0].excerpt, " \303\244 = x + foo; 1");
    lower("x +\r\nfoo\r\n", false);
    assert_int_equal(it.report.errors[0].line, 2);
    assert_string_equal(it.report.errors[0].excerpt, "foo");
    lower_bytes("x + \0 y", 7, false, NULL);
    assert_string_equal(it.report.errors[0].message, "unexpected character U+0000");
    assert_string_equal(it.report.errors[0].excerpt, "x + ? y");
    lower("x + \200", false);
    assert_string_equal(it.report.errors[0].message, "the byte 0x80 is not UTF-8");
    lower("x + \303", false);
    assert_string_equal(it.report.errors[0].message, "the byte 0xC3 is not UTF-8");
    lower("x \342\210\222 y", false);
    assert_string_equal(it.report.errors[0].hint, "write - for a difference");
    lower("x + \302\240y", false);
    assert_string_equal(it.report.errors[0].message, "unexpected character U+00A0");
}

/* The mark stands under the place, whatever is cut off the line. */
static void long_lines_are_cut_around_the_place(void **state)
{
    (void)state;
    for (int before = 0; before < 400; before += 7) {
        char source[1200] = "";
        for (int k = 0; k < before; k++)
            strcat(source, k % 3 ? "\303\266" : "o");
        strcat(source, before ? "+nosuch" : "nosuch");
        for (int k = 0; k < 200; k++)
            strcat(source, "+x");
        char with_name[1300];
        snprintf(with_name, sizeof with_name, "%s", source);
        lower(with_name, false);
        const sinter_error *e = NULL;
        for (int k = 0; k < it.report.count; k++)
            if (strstr(it.report.errors[k].message, "'nosuch'")
                || strstr(it.report.errors[k].message, "255 bytes"))
                e = &it.report.errors[k];
        if (!e)
            fail_msg("no error of the name behind %d characters", before);
        const char *at = e->excerpt;
        for (int k = 1; k < e->excerpt_column; k++) {
            at++;
            while (((unsigned char)*at & 0xC0) == 0x80)
                at++;
        }
        if (before <= 127 && strncmp(at, "nosuch", 6) && strncmp(at, "o", 1))
            fail_msg("the mark is at '%s' of '%s'", at, e->excerpt);
        assert_true(strlen(e->excerpt) < SINTER_EXCERPT_SIZE);
    }
}

/* ---- limits ---- */

static char *repeated(const char *before, const char *part, size_t count, const char *after)
{
    const size_t length = strlen(part);
    char *source = malloc(strlen(before) + length * count + strlen(after) + 1), *at = source;
    at += sprintf(at, "%s", before);
    for (size_t k = 0; k < count; k++, at += length)
        memcpy(at, part, length);
    strcpy(at, after);
    return source;
}

static void expect_status(char *source, bool patch, sinter_status wanted)
{
    const sinter_status status = lower(source, patch);
    if (status != wanted)
        fail_msg("%.40s...: %s (%s)", source, sinter_status_name(status), it.report.errors[0].message);
    free(source);
}

static void limits_are_told(void **state)
{
    (void)state;
    static const char *const parts[] = {"(", "-", "!", "sin(", "1 ? 1 : ", "2^", "(1,"};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
        expect_status(repeated("", parts[k], 100000, "x"), false, SINTER_TOO_LARGE);
        assert_int_equal(it.report.count, 1);
    }
    expect_status(repeated("", "sqrt(", 190, "x))))))"), false, SINTER_BAD_PROGRAM);
    char *nested = repeated("", "(", 150, "x");
    for (int k = 0; k < 150; k++)
        nested = strcat(realloc(nested, strlen(nested) + 2), ")");
    expect_status(nested, false, SINTER_OK);
    expect_status(repeated("x", ".x", 100000, ""), false, SINTER_TOO_LARGE);
    expect_status(repeated("x", " | sqrt", 100000, ""), false, SINTER_TOO_LARGE);
    expect_status(repeated("x", " | sqrt", 150, ""), false, SINTER_OK);
    expect_status(repeated("x", "+x", 100000, ""), false, SINTER_OK);
    expect_status(repeated("sin(x", "*x", 100000, "*pi)"), false, SINTER_OK);
    expect_status(repeated("sin(pi", "*x", 100000, ")"), false, SINTER_TOO_LARGE);
    expect_status(repeated("", "a", 255, " = 1; x"), false, SINTER_OK);
    expect_status(repeated("", "a", 256, ""), false, SINTER_TOO_LARGE);
    expect_status(repeated("", "1", 60000, ""), false, SINTER_OK);
    expect_status(repeated("", "1", 70000, ""), false, SINTER_TOO_LARGE);
    expect_status(repeated("(x", ",x", 63, ")"), false, SINTER_OK);
    expect_status(repeated("(x", ",x", 64, ")"), false, SINTER_BAD_PROGRAM);
    expect_status(repeated("input a\na", "'", 255, ""), true, SINTER_OK);
    expect_status(repeated("input a\na", "'", 256, ""), true, SINTER_BAD_PROGRAM);
    expect_status(repeated("sum(i, 0, 65535, i)", "", 0, ""), false, SINTER_OK);
    expect_status(repeated("sum(i, 0, 65535, sum(j, 0, 65535, x*i*j))", "", 0, ""), false, SINTER_TOO_LARGE);
    expect_status(repeated("input a\ndelay(a, 268435456)", "", 0, ""), true, SINTER_OK);
    expect_status(
        repeated("input a\nsum(i, 0, 65535, delay(a*i, 1)) + sum(i, 0, 65535, delay(a*i, 1))", "", 0, ""),
        true, SINTER_TOO_LARGE);
    expect_status(repeated("input a\n", "out a\n", 1025, ""), true, SINTER_TOO_LARGE);
}

/* f1 calls f0 twice, f2 calls f1 twice, …: 2^n values, n instances, as long as there is no state. */
static void instances_are_remembered(void **state)
{
    (void)state;
    text source;
    arena memory;
    sn_arena_open(&memory, NULL);
    for (int stateful = 0; stateful < 2; stateful++) {
        sn_text_open(&source, &memory);
        sn_text_add(&source, stateful ? "fn g0(a) = a'\n" : "fn g0(a) = a*3\n");
        for (int k = 1; k < 60; k++)
            sn_text_print(&source, "fn g%d(a) = g%d(a) - g%d(a + 1)*g%d(a)\n", k, k - 1, k - 1, k - 1);
        sn_text_add(&source, "input x\ng9(x)");
        assert_int_equal(lower(source.start, true), stateful ? SINTER_OK : SINTER_OK);
        sn_text_open(&source, &memory);
        sn_text_add(&source, stateful ? "fn g0(a) = a'\n" : "fn g0(a) = a*3\n");
        for (int k = 1; k < 60; k++)
            sn_text_print(&source, "fn g%d(a) = g%d(a) - g%d(a)*g%d(a)\n", k, k - 1, k - 1, k - 1);
        sn_text_add(&source, "input x\ng59(x)");
        assert_int_equal(lower(source.start, true), stateful ? SINTER_TOO_LARGE : SINTER_OK);
    }
    sn_text_open(&source, &memory);
    sn_text_add(&source, "fn g0(a) = a\n");
    for (int k = 1; k < 70; k++)
        sn_text_print(&source, "fn g%d(a) = g%d(a)\n", k, k - 1);
    sn_text_add(&source, "g69(x)");
    assert_int_equal(lower(source.start, false), SINTER_TOO_LARGE);
    /* the types of recurrences within recurrences */
    sn_text_open(&source, &memory);
    sn_text_add(&source, "fn g0(a) { s = s' + a; s }\n");
    for (int k = 1; k < 60; k++)
        sn_text_print(&source, "fn g%d(a) { s = s' + g%d(a); s }\n", k, k - 1);
    sn_text_add(&source, "y = g59(y') + i32(1)\ny");
    assert_int_equal(lower(source.start, true), SINTER_OK);
    for (uint32_t k = 0; k < it.p.memory_count; k++)
        assert_int_equal(it.p.memories[k].type, IR_I32);
    sn_arena_close(&memory);
}

/* ---- time ---- */

static double time_of(const char *part, const char *after, size_t bytes, bool patch)
{
    char *source = repeated(&"input q\n"[patch ? 0 : 8], part, bytes / strlen(part), after);
    double best = 1e9;
    for (uint64_t k = 0; k < repetitions(3); k++) {
        const double start = seconds();
        lower(source, patch);
        const double took = seconds() - start;
        best = took < best ? took : best;
    }
    free(source);
    return best;
}

/* Eight times the text takes at most about eight times as long, whatever it consists of. */
static void time_is_linear(void **state)
{
    (void)state;
    keep_memory();
    static const struct { const char *part, *after; bool patch; } texts[] = {
        {"x*y+", "x", false}, {"(x+1)*", "x", false}, {"# comment\n", "x", false}, {"\n", "x", false},
        {"$", "", false}, {"(", "", false},
        {")", "", false}, {"a = b\n", "", false}, {"1,", "", false}, {"fn f(a) = f(a)\n", "x", false},
        {"fn f(a) { a\n", "", false},
        {"\"", "", false}, {"x'+", "x", true}, {"delay(q, 9)+", "q", true}, {"out x\n", "", false},
        {"input a\n", "", true},
        {"sin(x*pi)+", "x", false}, {"x?", "", false}, {"\377", "", false}, {"(a,b)=(x,y)\n", "x", false},
        {"q'+", "q", true},
    };
    for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
        const double small = time_of(texts[k].part, texts[k].after, 1 << 17, texts[k].patch);
        const double large = time_of(texts[k].part, texts[k].after, 1 << 20, texts[k].patch);
        if (test_share() == 1 && large > 24 * small + 2e-3) /* caches, and the noise of a busy machine */
            fail_msg("'%s': 128 KB in %.2f ms, 1 MB in %.2f ms", texts[k].part, small * 1e3, large * 1e3);
    }
}

/* Statements, names, functions, recurrences and mistakes of which there are many. */
static void large_programs_take_linear_time(void **state)
{
    (void)state;
    keep_memory();
    enum { FIRST_WRONG = 10 };
    static const char *const shapes[] = {
        "a%1$d = x*%1$d + y\n",
        "fn g%1$d(a, b=2) = a*%1$d + b\nv%1$d = g%1$d(x)\n",
        "w%1$d = w%1$d' + x\n",
        "u%1$d = delay(u%1$d, 99)*x + x\n",
        "table t%1$d = [%1$d, 2, 3, 4]\nk%1$d = t%1$d[x]\n",
        "p%1$d = (x, y)*%1$d\n",
        "param m%1$d = %1$d in 0..1e9\n",
        "r%1$d = q%1$d'\nq%1$d = x\n",
        "d%1$d = e%1$d\n(f%1$d, g%1$d) = (d%1$d, x)\ne%1$d = x*f%1$d'\n",
        "image i%1$d\n",
        "h%1$d = missing%1$d\n", /* of which every name is compared with every other, if hints are sought for all */
        "fn j%1$d(a) = a\nh%1$d = missing%1$d(x)\n",
        "let h%1$d = x\n",
    };
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        double best[2] = {1e9, 1e9};
        for (int size = 0; size < 2; size++) {
            text source;
            arena memory;
            sn_arena_open(&memory, NULL);
            sn_text_open(&source, &memory);
            sn_text_add(&source, "input x, y\n");
            for (int i = 0; i < (size ? 16000 : 2000); i++) {
                char line[200];
                int n = 0;
                for (const char *c = shapes[k]; *c; c++) /* %1$d by hand: it is not ISO C */
                    if (!strncmp(c, "%1$d", 4)) {
                        n += snprintf(line + n, sizeof line - (size_t)n, "%d", i);
                        c += 3;
                    } else {
                        line[n++] = *c;
                    }
                sn_text_add_bytes(&source, line, (size_t)n);
            }
            sn_text_add(&source, "x");
            for (uint64_t run = 0; run < repetitions(5); run++) {
                const double start = seconds();
                if (lower(source.start, true) != SINTER_OK && k < FIRST_WRONG)
                    fail_msg("%s", it.report.errors[0].message);
                const double took = seconds() - start;
                best[size] = took < best[size] ? took : best[size];
            }
            sn_arena_close(&memory);
        }
        if (test_share() == 1 && best[1] > 24 * best[0] + 2e-3) /* with sanitizers it is their memory that is timed */
            fail_msg("%s: 2,000 in %.2f ms, 16,000 in %.2f ms", shapes[k], best[0] * 1e3, best[1] * 1e3);
    }
}

/* ---- hostile texts ---- */

static const char *const samples[] = {
    "sin(x*pi)*cos(y*pi)",
    "input a\nfn lp(v, c=0.5) { y = y' + c*(v - y'); y }\nout lp(a), r = lp(a, c=0.1) | max(0)",
    "table t: u8 = [151, 160, 137]\ns = i32(s') * 1664525 + 1013904223\nt[s >>> 24] + delay(s, s, 100)",
    ("param cutoff = 800 in 20..20000 log \"Hz\"\n(a, b) = (time, dt).yx ? 1 : 2\n"
     "sum(i, 0, 3, a*i^2) + f64(0.1)"),
    "p = (x, y, \317\200)\nlength(p.xy) - 0.5 % 3 # comment\n",
    "fn exp(a) = fast.tan(a)^(y, 2)\nfast = cross((x, 1), exp(y)) | fast.pow(fast.x)\nfast . log(0.5^x)",
    "y'' + delay(y, 9)\ny = 3 <= 4 && !1 || 0x1F\n;;",
    "input a\nevent g = 0\nfn d(v, n: const) { w = v; w' + delay(w, n) }\n(p, q) = (b, a)\nb = d((b, p).x, 2) + since(g)\nc = q\n(b, c) | d(3)",
    "fn h(v:2) { u = (w, v); w = u'.x; s = w.x + u.y; s }\na = b\nb = (c, h(a, b).y)\nc = echo(a.x, 1) | comb(3, b.y)\nc",
};

static void no_text_crashes_it(void **state)
{
    (void)state;
    uint32_t seed = 1;
    for (size_t k = 0; k < sizeof samples / sizeof *samples; k++)
        for (size_t length = 0; length <= strlen(samples[k]); length++) {
            char *exact = malloc(length ? length : 1); /* so that a sanitizer sees a read behind the end */
            memcpy(exact, samples[k], length);
            lower_bytes(exact, length, k % 2, NULL);
            free(exact);
        }
    for (int round = 0; round < 20000; round++) {
        char source[512];
        size_t length = 0;
        const int pieces = 1 + round % 6;
        for (int k = 0; k < pieces; k++) {
            seed = seed * 1664525 + 1013904223;
            const char *sample = samples[(seed >> 16) % (sizeof samples / sizeof *samples)];
            seed = seed * 1664525 + 1013904223;
            const size_t from = (seed >> 12) % strlen(sample);
            seed = seed * 1664525 + 1013904223;
            size_t count = (seed >> 12) % 24;
            count = count > strlen(sample) - from ? strlen(sample) - from : count;
            memcpy(source + length, sample + from, count);
            length += count;
        }
        seed = seed * 1664525 + 1013904223;
        if (length && round % 3 == 0)
            source[(seed >> 8) % length] = (char)(seed >> 24);
        lower_bytes(source, length, seed >> 31, NULL);
    }
}

typedef struct limited {
    int left; /* allocations until one is refused */
    int blocks;
} limited;

static void *take_limited(void *context, size_t size)
{
    limited *l = context;
    if (l->left-- == 0)
        return NULL;
    l->blocks++;
    return malloc(size);
}

static void give_limited(void *context, void *block, size_t size)
{
    (void)size;
    ((limited *)context)->blocks--;
    free(block);
}

static void refused_memory_is_an_error(void **state)
{
    (void)state;
    char *large = repeated("input a\n", "a*3.25 + delay(a, 9)*sin(a) + (a, a).x + ", 2000, "a");
    text many;
    arena memory;
    sn_arena_open(&memory, NULL);
    sn_text_open(&many, &memory);
    for (int k = 0; k < 3000; k++)
        sn_text_print(&many, "fn g%d(a) { y%d = y%d' + a; y%d }\nv%d = g%d((%d, %d))\n", k, k, k, k, k, k, k,
                      k);
    sn_text_add(&many, "1");
    const char *const sources[] = {samples[0], samples[1], samples[2], samples[3], large, many.start};
    for (size_t k = 0; k < sizeof sources / sizeof *sources; k++) {
        for (int allowed = 0;; allowed += 1 + allowed / 64) { /* hostile builds ask for every piece */
            limited l = {.left = allowed};
            const sinter_allocator allocator = {take_limited, give_limited, &l};
            const sinter_status status = lower_bytes(sources[k], strlen(sources[k]), k > 0, &allocator);
            const bool refused = l.left < 0;
            if (refused) {
                assert_int_equal(status, SINTER_NO_MEMORY);
                assert_int_equal(it.report.errors[0].status, SINTER_NO_MEMORY);
            }
            close_it();
            assert_int_equal(l.blocks, 0);
            if (!refused)
                break;
            assert_true(allowed < 1000000);
        }
    }
    free(large);
    sn_arena_close(&memory);
}

/* ---- the vocabulary ---- */

static void every_word_is_found(void **state)
{
    (void)state;
    for (unsigned w = 1; w < WORD_COUNT; w++) {
        const lang_word *word = &sn_lang_words[w];
        char padded[64] = "";
        memcpy(padded, word->text, word->length);
        assert_int_equal(sn_lang_find_word(padded, word->length), w);
        padded[word->length] = 'q';
        assert_int_equal(sn_lang_find_word(padded, word->length + 1u), WORD_NONE);
        if (w > 1)
            assert_true(strcmp(sn_lang_words[w - 1].text, word->text) < 0);
        if (word->kind == WORD_IS_FUNCTION) /* fast.NAME is never a value's components */
            assert_true(strspn(word->text, "xyzwrgba") < word->length);
    }
    assert_int_equal(sn_lang_find_word("Sin(x) + 1234", 3), WORD_NONE);
    assert_int_equal(sn_lang_find_word("_ + 123456789", 1), WORD_NONE);
    lang_function_entry entry;
    uint32_t count = 0;
    for (; sn_lang_function(count, &entry) && !entry.group; count++) {
        unsigned names = 1;
        for (const char *c = entry.arguments; *c; c++)
            names += *c == ' ';
        assert_int_equal(names, entry.most);
        assert_true(entry.least <= entry.most && strlen(entry.summary) > 3);
    }
    assert_int_equal(count, 96);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_mistake_is_told_where_it_is, teardown),
        cmocka_unit_test_teardown(all_mistakes_are_told_in_one_run, teardown),
        cmocka_unit_test_teardown(errors_are_shown_with_their_line, teardown),
        cmocka_unit_test_teardown(long_lines_are_cut_around_the_place, teardown),
        cmocka_unit_test_teardown(limits_are_told, teardown),
        cmocka_unit_test_teardown(instances_are_remembered, teardown),
        cmocka_unit_test_teardown(time_is_linear, teardown),
        cmocka_unit_test_teardown(large_programs_take_linear_time, teardown),
        cmocka_unit_test_teardown(no_text_crashes_it, teardown),
        cmocka_unit_test_teardown(refused_memory_is_an_error, teardown),
        cmocka_unit_test(every_word_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
