/* The inner loops of vector loops: one operation over a block. A template: the including file defines LOOP
 * (static, with the target) and has elements.h. The compilers vectorise each; the pragma promises that an
 * output which is an operand is that operand exactly, element for element.
 *
 * Elements are read and written at any alignment, as any type: streams are the caller's, slots hold now this,
 * now that. */

#define ANYWHERE __attribute__((aligned(1), may_alias))
typedef float f32_at ANYWHERE;
typedef double f64_at ANYWHERE;
typedef int32_t i32_at ANYWHERE;
typedef uint32_t u32_at ANYWHERE;
typedef uint64_t u64_at ANYWHERE;
typedef uint8_t u8_at ANYWHERE;
typedef int16_t i16_at ANYWHERE;

#if defined(__clang__)
#pragma clang diagnostic ignored "-Wpass-failed" /* without optimisation nothing is vectorised */
#define EACH _Pragma("clang loop vectorize(assume_safety)") for (size_t j = 0; j < n; j++)
#else
#define EACH _Pragma("GCC ivdep") for (size_t j = 0; j < n; j++)
#endif

/* ---- one loop a shape: v varies, s is one value ---- */

#define LOOP_1(function, suffix, R, A)                                                                     \
    LOOP function##_v(void *out, const void *a, const void *b, const void *c, size_t n)                    \
    {                                                                                                      \
        R *r = out;                                                                                        \
        const A *x = a;                                                                                    \
        (void)b, (void)c;                                                                                  \
        EACH r[j] = function(x[j]);                                                                        \
    }

#define LOOP_2_SHAPE(function, shape, R, A, index_a, index_b)                                              \
    LOOP function##_##shape(void *out, const void *a, const void *b, const void *c, size_t n)              \
    {                                                                                                      \
        R *r = out;                                                                                        \
        const A *x = a, *y = b, u = *x, v = *y;                                                            \
        (void)c, (void)u, (void)v;                                                                         \
        EACH r[j] = function(index_a, index_b);                                                            \
    }
#define LOOP_2(function, R, A)                                                                             \
    LOOP_2_SHAPE(function, vv, R, A, x[j], y[j])                                                           \
    LOOP_2_SHAPE(function, sv, R, A, u, y[j])                                                              \
    LOOP_2_SHAPE(function, vs, R, A, x[j], v)

#define LOOP_3_SHAPE(function, shape, R, A, B, index_b, index_c)                                           \
    LOOP function##_##shape(void *out, const void *a, const void *b, const void *c, size_t n)              \
    {                                                                                                      \
        R *r = out;                                                                                        \
        const A *x = a;                                                                                    \
        const B *y = b, *z = c, v = *y, w = *z;                                                            \
        (void)v, (void)w;                                                                                  \
        EACH r[j] = function(x[j], index_b, index_c);                                                      \
    }
#define LOOP_3(function, R, A, B)                                                                          \
    LOOP_3_SHAPE(function, vvv, R, A, B, y[j], z[j])                                                       \
    LOOP_3_SHAPE(function, vsv, R, A, B, v, z[j])                                                          \
    LOOP_3_SHAPE(function, vvs, R, A, B, y[j], w)                                                          \
    LOOP_3_SHAPE(function, vss, R, A, B, v, w)

#define JOIN(a, b) a##b
#define LOOP_OF_1(function, R, A) LOOP_1(function, , R, A)
#define LOOP_OF_2(function, R, A) LOOP_2(function, R, A)
#define LOOP_OF_3(function, R, A) LOOP_3(function, R, A, A)

#define LOOPS_LEAF(NAME, operands)
#define LOOPS_FLOAT(NAME, operands)                                                                        \
    JOIN(LOOP_OF_, operands)(NAME##_f32, f32_at, f32_at)                                                   \
    JOIN(LOOP_OF_, operands)(NAME##_f64, f64_at, f64_at)
#define LOOPS_NUMBER(NAME, operands)                                                                       \
    LOOPS_FLOAT(NAME, operands)                                                                            \
    JOIN(LOOP_OF_, operands)(NAME##_i32, i32_at, i32_at)
#define LOOPS_INT(NAME, operands) JOIN(LOOP_OF_, operands)(NAME##_i32, i32_at, i32_at)
#define LOOPS_LOGIC(NAME, operands) LOOPS_INT(NAME, operands)
#define LOOPS_COMPARE(NAME, operands)                                                                      \
    LOOP_2(NAME##_f32, i32_at, f32_at)                                                                     \
    LOOP_2(NAME##_f64, i32_at, f64_at)                                                                     \
    LOOP_2(NAME##_i32, i32_at, i32_at)
#define LOOPS_CHOOSE(NAME, operands)                                                                       \
    LOOP_3(NAME##_u32, u32_at, i32_at, u32_at)                                                             \
    LOOP_3(NAME##_u64, u64_at, i32_at, u64_at)
#define LOOPS_CONVERT(NAME, operands)                                                                      \
    LOOP_1(NAME##_f32_i32, , i32_at, f32_at)                                                               \
    LOOP_1(NAME##_f64_i32, , i32_at, f64_at)                                                               \
    LOOP_1(NAME##_i32_f32, , f32_at, i32_at)                                                               \
    LOOP_1(NAME##_f64_f32, , f32_at, f64_at)                                                               \
    LOOP_1(NAME##_i32_f64, , f64_at, i32_at)                                                               \
    LOOP_1(NAME##_f32_f64, , f64_at, f32_at)
#define LOOPS_BITS(NAME, operands)      /* the operand itself */
#define LOOPS_FROM_BITS(NAME, operands) /* the operand itself */
#define LOOPS_HALF(NAME, operands) LOOP_1(NAME##_u64, , i32_at, u64_at)
#define LOOPS_PACK(NAME, operands) LOOP_2(NAME##_i32, u64_at, i32_at)

#define LOOPS_IF_LEAF(NAME, operands, rule)
#define LOOPS_IF_PURE(NAME, operands, rule) LOOPS_##rule(NAME, operands)
#define LOOPS_IF_MATH(NAME, operands, rule)
#define LOOPS_IF_MEMORY(NAME, operands, rule)
#define LOOPS_IF_EFFECT(NAME, operands, rule)
#define LOOPS_IF_PLAN(NAME, operands, rule)

#define X(NAME, text, operands, immediates, rule, kind) LOOPS_IF_##kind(NAME, operands, rule)
SINTER_OPERATIONS(X)
#undef X

/* ---- memory ---- */

LOOP fill_4(void *out, const void *a, const void *b, const void *c, size_t n)
{
    u32_at *r = out;
    const uint32_t value = *(const u32_at *)a;
    (void)b, (void)c;
    EACH r[j] = value;
}

LOOP fill_8(void *out, const void *a, const void *b, const void *c, size_t n)
{
    u64_at *r = out;
    const uint64_t value = *(const u64_at *)a;
    (void)b, (void)c;
    EACH r[j] = value;
}

LOOP count_index(void *out, const void *a, const void *b, const void *c, size_t n)
{
    f64_at *r = out;
    const double first = *(const f64_at *)a + (double)*(const int64_t *)b; /* whole numbers below 2^53 */
    (void)c;
    EACH r[j] = first + (double)(int32_t)j;
}

LOOP count_column(void *out, const void *a, const void *b, const void *c, size_t n)
{
    i32_at *r = out;
    const uint32_t first = *(const u32_at *)a + (uint32_t)*(const int64_t *)b;
    (void)c;
    EACH r[j] = (int32_t)(first + (uint32_t)j);
}

#define GATHER(type, R, A)                                                                                 \
    LOOP load_##type(void *out, const void *a, const void *b, const void *c, size_t n)                     \
    {                                                                                                      \
        R *r = out;                                                                                        \
        const i32_at *x = a;                                                                               \
        const A *table = b;                                                                                \
        (void)c;                                                                                           \
        EACH r[j] = table[x[j]];                                                                           \
    }
GATHER(u8, i32_at, u8_at)
GATHER(i16, i32_at, i16_at)
GATHER(u32, u32_at, u32_at)
GATHER(u64, u64_at, u64_at)

/* In order: a later element may overwrite an earlier one. */
#define SCATTER(type, R, A)                                                                                \
    LOOP store_##type(void *out, const void *a, const void *b, const void *c, size_t n)                    \
    {                                                                                                      \
        R *table = out;                                                                                    \
        const i32_at *x = a;                                                                               \
        const A *y = b;                                                                                    \
        (void)c;                                                                                           \
        for (size_t j = 0; j < n; j++)                                                                     \
            table[x[j]] = (R)y[j];                                                                         \
    }
SCATTER(u8, u8_at, u32_at)
SCATTER(i16, i16_at, i32_at)
SCATTER(u32, u32_at, u32_at)
SCATTER(u64, u64_at, u64_at)

#define READ_VARYING(type, A)                                                                              \
    LOOP readv_##type(void *out, const void *a, const void *b, const void *c, size_t n)                    \
    {                                                                                                      \
        A *r = out;                                                                                        \
        const i32_at *x = a, least = ((const i32_at *)c)[0], most = ((const i32_at *)c)[1];                \
        const A *base = b;                                                                                 \
        EACH {                                                                                             \
            const int32_t delay = x[j] < least ? least : x[j] > most ? most : x[j];                        \
            r[j] = base[(ptrdiff_t)j - delay];                                                             \
        }                                                                                                  \
    }
READ_VARYING(u32, u32_at)
READ_VARYING(u64, u64_at)

/* Element i belongs to partial sum i modulo their number (contract: 64 of f32, 32 of f64). */
#define SUM(type, T, partials)                                                                             \
    LOOP sum_##type(void *sums, const void *values, size_t first, size_t n)                            \
    {                                                                                                      \
        T *total = sums;                                                                                   \
        const T *x = values;                                                                               \
        for (size_t done = 0; done < n;) {                                                                 \
            const size_t lane = (first + done) % (partials);                                               \
            const size_t room = (partials) - lane, left = n - done, m = left < room ? left : room;         \
            PARTIALS total[lane + j] += x[done + j];                                                       \
            done += m;                                                                                     \
        }                                                                                                  \
    }
/* The same with products that are not rounded. */
#define SUM_PRODUCTS(type, T, partials, fused)                                                             \
    LOOP sum_products_##type(void *sums, const void *values, const void *factors, size_t first, size_t n) \
    {                                                                                                      \
        T *total = sums;                                                                                   \
        const T *x = values, *y = factors;                                                                 \
        for (size_t done = 0; done < n;) {                                                                 \
            const size_t lane = (first + done) % (partials);                                               \
            const size_t room = (partials) - lane, left = n - done, m = left < room ? left : room;         \
            PARTIALS total[lane + j] = fused(x[done + j], y[done + j], total[lane + j]);                   \
            done += m;                                                                                     \
        }                                                                                                  \
    }
#if defined(__clang__)
#define PARTIALS _Pragma("clang loop vectorize(assume_safety)") for (size_t j = 0; j < m; j++)
#else
#define PARTIALS _Pragma("GCC ivdep") for (size_t j = 0; j < m; j++)
#endif
SUM(f32, f32_at, 64u)
SUM(f64, f64_at, 32u)
SUM_PRODUCTS(f32, f32_at, 64u, __builtin_fmaf)
SUM_PRODUCTS(f64, f64_at, 32u, __builtin_fma)

ANY_LOOP any_lane(const void *mask, size_t n)
{
    const i32_at *x = mask;
    int32_t any = 0;
    for (size_t j = 0; j < n; j++)
        any |= x[j];
    return any != 0;
}

/* ---- the table ---- */

#define SHAPES_1(function) {function##_v}
#define SHAPES_2(function) {function##_vv, function##_sv, function##_vs}
#define SHAPES_3(function) {function##_vvv, function##_vsv, function##_vvs, function##_vss}

#define ROW_FLOAT(NAME, operands) \
    {JOIN(SHAPES_, operands)(NAME##_f32), JOIN(SHAPES_, operands)(NAME##_f64), {0}}
#define ROW_NUMBER(NAME, operands)                                                                         \
    {JOIN(SHAPES_, operands)(NAME##_f32), JOIN(SHAPES_, operands)(NAME##_f64),                             \
     JOIN(SHAPES_, operands)(NAME##_i32)}
#define ROW_INT(NAME, operands) {{0}, {0}, JOIN(SHAPES_, operands)(NAME##_i32)}
#define ROW_LOGIC(NAME, operands) ROW_INT(NAME, operands)
#define ROW_COMPARE(NAME, operands) ROW_NUMBER(NAME, operands)
#define ROW_CHOOSE(NAME, operands) {SHAPES_3(NAME##_u32), SHAPES_3(NAME##_u64), SHAPES_3(NAME##_u32)}
#define ROW_CONVERT(NAME, operands) {{0}}
#define ROW_BITS(NAME, operands) {{0}}
#define ROW_FROM_BITS(NAME, operands) {{0}}
#define ROW_HALF(NAME, operands) {{0}, SHAPES_1(NAME##_u64), {0}}
#define ROW_PACK(NAME, operands) {{0}, {0}, SHAPES_2(NAME##_i32)}

#define ROW_IF_LEAF(NAME, operands, rule)
#define ROW_IF_PURE(NAME, operands, rule) [IR_##NAME] = ROW_##rule(NAME, operands),
#define ROW_IF_MATH(NAME, operands, rule)
#define ROW_IF_MEMORY(NAME, operands, rule)
#define ROW_IF_EFFECT(NAME, operands, rule)
#define ROW_IF_PLAN(NAME, operands, rule)

#define ENGINE_TABLES                                                                                      \
    .pure = {SINTER_OPERATIONS(ENGINE_ROW)},                                                               \
    .convert = {[TYPE_F32] = {NULL, CVT_f32_f64_v, CVT_f32_i32_v},                                         \
                [TYPE_F64] = {CVT_f64_f32_v, NULL, CVT_f64_i32_v},                                         \
                [TYPE_I32] = {CVT_i32_f32_v, CVT_i32_f64_v, NULL}},                                        \
    .fill = {fill_4, fill_8},                                                                              \
    .index = count_index,                                                                                  \
    .column = count_column,                                                                                \
    .load = {[IR_F32] = load_u32, [IR_F64] = load_u64, [IR_I32] = load_u32, [IR_U8] = load_u8,             \
             [IR_I16] = load_i16},                                                                         \
    .store = {[IR_F32] = store_u32, [IR_F64] = store_u64, [IR_I32] = store_u32, [IR_U8] = store_u8,        \
              [IR_I16] = store_i16},                                                                       \
    .readv = {readv_u32, readv_u64},                                                                       \
    .sum = {sum_f32, sum_f64},                                                                             \
    .sum_products = {sum_products_f32, sum_products_f64},                                                  \
    .any = any_lane,                                                                                       \
    .run_scalar = run_scalar
#define ENGINE_ROW(NAME, text, operands, immediates, rule, kind) ROW_IF_##kind(NAME, operands, rule)
