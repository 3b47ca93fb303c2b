/* The one list of operations of the intermediate representation (IR). Everything that knows operations (names,
 * arities, types, the verifier, the constant folder, the interpreter, every backend) expands this list.
 *
 * An operation has up to three operands, which are values, followed by up to two immediate numbers (which input, which
 * memory object, how long a delay). Its meaning is IEEE 754 with subnormals, round to nearest even; integers wrap.
 *
 * X(NAME, text, operands, immediates, rule, kind)
 *
 * rule, how types go together:
 *   LEAF      no operands; the type is given
 *   FLOAT     operands and result of one type, f32 or f64
 *   NUMBER    the same, f32, f64 or i32
 *   INT       all i32
 *   LOGIC     the same, i32 or mask
 *   COMPARE   two operands of one number type, result mask
 *   CHOOSE    mask, then two of one type, which is the result's (any type)
 *   CONVERT   one number, result another number type
 *   BITS, FROM_BITS, HALF, PACK   f32→i32, i32→f32, f64→i32, (i32, i32)→f64
 *   LOAD      i32 index; the result is the memory object's type (u8 and i16 give i32)
 *   READ      no operand (READ) or an i32 one (READV); the line's type
 *   PREPARED  the arguments of a routine; the type that the routine's result has
 *   EFFECT    no result
 * kind: LEAF, PURE, MATH (put in terms of the others before code is made), MEMORY (reads state, or has a routine called), EFFECT, PLAN (made by the
 *   plan or an encoder only, never in a program). */
#ifndef SINTER_OPERATIONS_H
#define SINTER_OPERATIONS_H

#define SINTER_OPERATIONS(X) \
    X(NONE,      "none",      0, 0, LEAF,    LEAF)   /* value 0: the absent one */ \
    X(CONST,     "const",     0, 2, LEAF,    LEAF)   /* immediates: the bits, low word first; an f32 has one */ \
    X(INPUT,     "input",     0, 1, LEAF,    LEAF)   /* stream k at this element */ \
    X(PARAM,     "param",     0, 1, LEAF,    LEAF)   /* parameter k, changing at segment borders */ \
    X(INDEX,     "index",     0, 0, LEAF,    LEAF)   /* f64: the element's absolute index */ \
    X(ROW,       "row",       0, 0, LEAF,    LEAF)   /* i32: row of a grid */ \
    X(COLUMN,    "column",    0, 0, LEAF,    LEAF)   /* i32: column of a grid */ \
    X(LENGTH,    "length",    0, 1, LEAF,    LEAF)   /* i32: elements of memory object k */ \
    X(ADD,       "add",       2, 0, NUMBER,  PURE) \
    X(SUB,       "sub",       2, 0, NUMBER,  PURE) \
    X(MUL,       "mul",       2, 0, NUMBER,  PURE) \
    X(DIV,       "div",       2, 0, NUMBER,  PURE)   /* i32: truncates; x/0 = 0; INT32_MIN/−1 = INT32_MIN */ \
    X(FMA,       "fma",       3, 0, FLOAT,   PURE)   /* a b + c, rounded once */ \
    X(FMS,       "fms",       3, 0, FLOAT,   PURE)   /* a b − c, rounded once */ \
    X(FNMA,      "fnma",      3, 0, FLOAT,   PURE)   /* c − a b, rounded once */ \
    X(NEG,       "neg",       1, 0, NUMBER,  PURE) \
    X(ABS,       "abs",       1, 0, NUMBER,  PURE)   /* i32: |INT32_MIN| = INT32_MIN */ \
    X(MIN,       "min",       2, 0, NUMBER,  PURE)   /* a < b ? a : b */ \
    X(MAX,       "max",       2, 0, NUMBER,  PURE)   /* a > b ? a : b */ \
    X(SQRT,      "sqrt",      1, 0, FLOAT,   PURE) \
    X(FLOOR,     "floor",     1, 0, FLOAT,   PURE) \
    X(CEIL,      "ceil",      1, 0, FLOAT,   PURE) \
    X(ROUND,     "round",     1, 0, FLOAT,   PURE)   /* ties to even */ \
    X(TRUNC,     "trunc",     1, 0, FLOAT,   PURE) \
    X(COPYSIGN,  "copysign",  2, 0, FLOAT,   PURE)   /* |a| with b's sign; of a NaN b, raw */ \
    X(AND,       "and",       2, 0, LOGIC,   PURE) \
    X(OR,        "or",        2, 0, LOGIC,   PURE) \
    X(XOR,       "xor",       2, 0, LOGIC,   PURE) \
    X(NOT,       "not",       1, 0, LOGIC,   PURE) \
    X(SHL,       "shl",       2, 0, INT,     PURE)   /* counts are taken modulo 32 */ \
    X(SAR,       "sar",       2, 0, INT,     PURE)   /* arithmetic */ \
    X(SHR,       "shr",       2, 0, INT,     PURE)   /* logical */ \
    X(UMULH,     "umulh",     2, 0, INT,     PURE)   /* high word of the unsigned product */ \
    X(LT,        "lt",        2, 0, COMPARE, PURE)   /* false where unordered */ \
    X(LE,        "le",        2, 0, COMPARE, PURE)   /* false where unordered */ \
    X(EQ,        "eq",        2, 0, COMPARE, PURE)   /* false where unordered */ \
    X(NE,        "ne",        2, 0, COMPARE, PURE)   /* true where unordered */ \
    X(SELECT,    "select",    3, 0, CHOOSE,  PURE)   /* mask ? a : b, lane by lane */ \
    X(RARE,      "rare",      3, 0, CHOOSE,  PURE)   /* select's meaning; what only `a` needs runs if any lane asks */ \
    X(GUARD,     "guard",     3, 0, CHOOSE,  PURE)   /* select's meaning; the mask does not vary by element: two loop bodies */ \
    X(CVT,       "cvt",       1, 0, CONVERT, PURE)   /* to i32: truncates, out of range and NaN give INT32_MIN */ \
    X(BITS,      "bits",      1, 0, BITS,    PURE)   /* raw: a NaN's bits are not promised */ \
    X(FROM_BITS, "from_bits", 1, 0, FROM_BITS, PURE) \
    X(HI32,      "hi32",      1, 0, HALF,    PURE) \
    X(LO32,      "lo32",      1, 0, HALF,    PURE) \
    X(PACK64,    "pack64",    2, 0, PACK,    PURE)   /* f64 of (high word, low word) */ \
    X(SIN,       "sin",       1, 0, FLOAT,   MATH) \
    X(COS,       "cos",       1, 0, FLOAT,   MATH) \
    X(SINPI,     "sinpi",     1, 0, FLOAT,   MATH)   /* sin(π a), π the real number */ \
    X(COSPI,     "cospi",     1, 0, FLOAT,   MATH) \
    X(EXP,       "exp",       1, 0, FLOAT,   MATH) \
    X(LOG,       "log",       1, 0, FLOAT,   MATH) \
    X(TAN,             "tan",             1, 0, FLOAT,   MATH) \
    X(TANPI,           "tanpi",           1, 0, FLOAT,   MATH)   /* tan(π a) */ \
    X(ASIN,            "asin",            1, 0, FLOAT,   MATH) \
    X(ACOS,            "acos",            1, 0, FLOAT,   MATH) \
    X(ATAN,            "atan",            1, 0, FLOAT,   MATH) \
    X(SINH,            "sinh",            1, 0, FLOAT,   MATH) \
    X(COSH,            "cosh",            1, 0, FLOAT,   MATH) \
    X(TANH,            "tanh",            1, 0, FLOAT,   MATH) \
    X(ASINH,           "asinh",           1, 0, FLOAT,   MATH) \
    X(ACOSH,           "acosh",           1, 0, FLOAT,   MATH) \
    X(ATANH,           "atanh",           1, 0, FLOAT,   MATH) \
    X(EXP2,            "exp2",            1, 0, FLOAT,   MATH) \
    X(EXP10,           "exp10",           1, 0, FLOAT,   MATH) \
    X(EXPM1,           "expm1",           1, 0, FLOAT,   MATH) \
    X(LOG2,            "log2",            1, 0, FLOAT,   MATH) \
    X(LOG10,           "log10",           1, 0, FLOAT,   MATH) \
    X(LOG1P,           "log1p",           1, 0, FLOAT,   MATH) \
    X(RSQRT,           "rsqrt",           1, 0, FLOAT,   MATH)   /* 1/sqrt(a) */ \
    X(CBRT,            "cbrt",            1, 0, FLOAT,   MATH) \
    X(ERF,             "erf",             1, 0, FLOAT,   MATH) \
    X(ERFC,            "erfc",            1, 0, FLOAT,   MATH) \
    X(LGAMMA,          "lgamma",          1, 0, FLOAT,   MATH)   /* log |gamma(a)| */ \
    X(GAMMA,           "gamma",           1, 0, FLOAT,   MATH) \
    X(DIGAMMA,         "digamma",         1, 0, FLOAT,   MATH) \
    X(LOGISTIC,        "logistic",        1, 0, FLOAT,   MATH)   /* 1/(1 + exp(−a)) */ \
    X(SOFTPLUS,        "softplus",        1, 0, FLOAT,   MATH)   /* log(1 + exp(a)) */ \
    X(NORMAL_CDF,      "normal_cdf",      1, 0, FLOAT,   MATH)   /* erfc(−a/√2)/2 */ \
    X(NORMAL_LOG_CDF,  "normal_log_cdf",  1, 0, FLOAT,   MATH)   /* its logarithm */ \
    X(POW,             "pow",             2, 0, FLOAT,   MATH)   /* a to the power of b, as IEEE 754 has it */ \
    X(ATAN2,           "atan2",           2, 0, FLOAT,   MATH)   /* the angle of the point (b, a) */ \
    X(HYPOT,           "hypot",           2, 0, FLOAT,   MATH)   /* sqrt(a² + b²), without overflow in between */ \
    X(LOAD,      "load",      1, 1, LOAD,    MEMORY) /* element a of memory object k; a lies within it */ \
    X(READ,      "read",      0, 2, READ,    MEMORY) /* delay line k, d ≥ 1 elements ago */ \
    X(READV,     "readv",     1, 1, READ,    MEMORY) /* the same, a elements ago, clamped to the line's range */ \
    X(WRITE,     "write",     1, 1, EFFECT,  EFFECT) /* a enters delay line k: once a line and element */ \
    X(STORE,     "store",     2, 1, EFFECT,  EFFECT) /* element a of read-write table k becomes b, in order */ \
    X(OUTPUT,    "output",    1, 1, EFFECT,  EFFECT) /* a leaves through output stream k */ \
    X(ARGUMENT,  "argument",  1, 2, EFFECT,  EFFECT) /* a, an f32, is argument j of call k: once a call and argument */ \
    X(RESULT,    "result",    0, 2, LEAF,    MEMORY) /* f32: result j of call k, whose arguments all stand before */ \
    X(PREPARE,   "prepare",   3, 0, FLOAT,   MEMORY) /* the arguments of a routine of the library, all f64, none varying by element */ \
    X(PREPARED,  "prepared",  1, 2, PREPARED, MEMORY) /* result j of routine k, given those arguments */ \
    X(SUM,       "sum",       1, 1, EFFECT,  EFFECT) /* a is added to total k, in the order of contract 1 */ \
    X(SUMP,      "sum_product", 2, 1, EFFECT, EFFECT) /* the product a b, not rounded, is added to total k: one rounding in all */ \
    X(UNIFORM,   "uniform",   0, 1, LEAF,    PLAN)   /* slot k, computed by an outer loop */ \
    X(BUFFER,    "buffer",    0, 1, LEAF,    PLAN)   /* chunk buffer k at this element */ \
    X(HELD,      "held",      0, 2, LEAF,    PLAN)   /* line k, d elements ago, carried in a register */ \
    X(SET_UNIFORM, "set_uniform", 1, 1, EFFECT, PLAN) \
    X(SET_BUFFER, "set_buffer", 1, 1, EFFECT, PLAN) \
    X(HOLD,      "hold",      1, 1, EFFECT,  PLAN)   /* a is line k's next value: takes effect at the element's end */ \
    X(COLD,      "cold",      1, 1, EFFECT,  PLAN)   /* from here to operation k, a `rare`, only if any lane of a asks */ \
    X(JOIN,      "join",      1, 0, INT,     PLAN)   /* the low bytes of a, of all vectors side by side: a joint value */ \
    X(PART,      "part",      1, 0, INT,     PLAN)   /* of a joint value this vector's byte, as an i32 */ \
    X(PART_AT,   "part_at",   1, 1, INT,     PLAN)   /* the same from bit k on; other bits are anything */ \
    X(FLIP,      "flip",      3, 0, INT,     PLAN)   /* a xor (b and c) */

#endif
