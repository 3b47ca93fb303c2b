/* SLEEF's vector functions, where the library is on the machine: it is looked for when the program runs, so
 * that nothing depends on it. Each is called over whole arrays in the width of the engine that it stands
 * beside; a last vector that is not full goes through a copy.
 *
 * Its names: Sleef_ sin f16 _u10 avx512f. The middle is the width, a type's letter and the lanes; u10 is the
 * bound, 1.0 ULP. A function does not have every bound, so that the nearest one is taken. */
#include "limits.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void *sn_sleef_find(const char *function, sinter_type type, sinter_engine engine, bool fast, const char **bound)
{
    static const char *const bounds[2][5] = {{"u10", "u05", "u15", "u35", NULL}, {"u35", "u10", "u15", "u05", NULL}};
    static void *library;
    static bool tried;
    const bool wide = engine == SINTER_ENGINE_AVX512;
    char name[64];
    if (!tried)
        library = dlopen("libsleef.so.3", RTLD_NOW | RTLD_LOCAL);
    tried = true;
    if (!library || !function || (!wide && engine != SINTER_ENGINE_AVX2))
        return NULL;
    const char *width = type == SINTER_F64 ? (wide ? "d8" : "d4") : (wide ? "f16" : "f8");
    for (const char *const *b = bounds[fast]; *b; b++) {
        snprintf(name, sizeof name, "Sleef_%s%s_%s%s", function, width, *b, wide ? "avx512f" : "avx2");
        void *found = dlsym(library, name);
        if (found) {
            *bound = *b;
            return found;
        }
    }
    return NULL;
}

bool sn_sleef_is_here(void)
{
    void *library = dlopen("libsleef.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library)
        dlclose(library);
    return library != NULL;
}

#if defined(__x86_64__)
#include "limit_lanes.h"

/* For one vector type: a loop over arrays for functions of one and of two arguments, and for the product of
 * sine and cosine. `width` lanes of `number` are a `vector`. */
#define LOOPS(name, target, vector, number, width, load, store)                                              \
    typedef vector (*name##_one)(vector);                                                                    \
    typedef vector (*name##_two)(vector, vector);                                                            \
    static target void name##_run(const limit_call *call)                                                    \
    {                                                                                                        \
        const sleef_limit *f = call->numbers;                                                                \
        const number *x = call->inputs[0], *y = f->arguments > 1 ? call->inputs[1] : NULL;                   \
        number *out = call->outputs[0];                                                                      \
        name##_one one, other;                                                                               \
        name##_two two;                                                                                      \
        memcpy(&one, &f->function, sizeof one);                                                              \
        memcpy(&two, &f->function, sizeof two);                                                              \
        memcpy(&other, &f->other, sizeof other);                                                             \
        int64_t i = 0;                                                                                       \
        if (f->other)                                                                                        \
            for (; i + width <= call->count; i += width)                                                     \
                store(out + i, name##_product(one(name##_times_pi(load(x + i))), other(name##_times_pi(load(y + i))))); \
        else if (y)                                                                                          \
            for (; i + width <= call->count; i += width)                                                     \
                store(out + i, two(load(x + i), load(y + i)));                                               \
        else                                                                                                 \
            for (; i + width <= call->count; i += width)                                                     \
                store(out + i, one(load(x + i)));                                                            \
        if (i < call->count) {                                                                               \
            number last[3][width] = {{0}};                                                                   \
            const size_t size = (size_t)(call->count - i) * sizeof *x;                                       \
            memcpy(last[0], x + i, size);                                                                    \
            if (y)                                                                                           \
                memcpy(last[1], y + i, size);                                                                \
            const limit_call rest = {(const void *[]){last[0], last[1]}, (void *[]){last[2]}, width, NULL, f}; \
            name##_run(&rest);                                                                               \
            memcpy(out + i, last[2], size);                                                                  \
        }                                                                                                    \
    }
#define ARITHMETIC(name, target, vector, multiply, every)                             \
    static inline target vector name##_product(vector a, vector b) { return multiply(a, b); } \
    static inline target vector name##_times_pi(vector a) { return multiply(a, every(0x1.921fb54442d18p1)); }
#define EVERY_16(value) _mm512_set1_ps((float)(value))
#define EVERY_8(value) _mm256_set1_ps((float)(value))
ARITHMETIC(wide_f32, ON_AVX512, __m512, _mm512_mul_ps, EVERY_16)
ARITHMETIC(wide_f64, ON_AVX512, __m512d, _mm512_mul_pd, _mm512_set1_pd)
ARITHMETIC(narrow_f32, ON_AVX2, __m256, _mm256_mul_ps, EVERY_8)
ARITHMETIC(narrow_f64, ON_AVX2, __m256d, _mm256_mul_pd, _mm256_set1_pd)
LOOPS(wide_f32, ON_AVX512, __m512, float, 16, _mm512_loadu_ps, _mm512_storeu_ps)
LOOPS(wide_f64, ON_AVX512, __m512d, double, 8, _mm512_loadu_pd, _mm512_storeu_pd)
LOOPS(narrow_f32, ON_AVX2, __m256, float, 8, _mm256_loadu_ps, _mm256_storeu_ps)
LOOPS(narrow_f64, ON_AVX2, __m256d, double, 4, _mm256_loadu_pd, _mm256_storeu_pd)

void (*sn_sleef_loop(sinter_type type, sinter_engine engine))(const limit_call *call)
{
    if (engine == SINTER_ENGINE_AVX512)
        return type == SINTER_F64 ? wide_f64_run : wide_f32_run;
    return type == SINTER_F64 ? narrow_f64_run : narrow_f32_run;
}
#else
void (*sn_sleef_loop(sinter_type type, sinter_engine engine))(const limit_call *call)
{
    (void)type;
    (void)engine;
    return NULL;
}
#endif
