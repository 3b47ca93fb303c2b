/* Exported C as one more engine of the random programs: a batch of them is exported, compiled into one shared
 * library by the compiler that made this test, loaded, and run like the others. SINTER_PROOF=1 makes more
 * batches. */
#include "engine_compare.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include "repetitions.h"

enum { BATCH = 60, PROOF_BATCHES = 40, PATH = 256 };

static char folder[PATH];

static void make_graph(random_graph *g, uint64_t seed, arena *memory)
{
    sn_arena_open(memory, &(sinter_allocator){0});
    /* Large ones would only keep the compiler busy. */
    random_graph_make(g, seed,
                      seed % 7 == 0   ? GRAPH_SMALL | GRAPH_WITH_ALIKE
                      : seed % 3 == 0 ? GRAPH_SMALL | GRAPH_WITH_STATE
                      : seed % 3 == 1 ? GRAPH_SMALL
                                      : 0,
                      memory);
}

static bool is_large(const random_graph *g)
{
    return g->count > 400;
}

static void export_batch(uint64_t first)
{
    char path[PATH + 64], name[32];
    for (uint64_t seed = first; seed < first + BATCH; seed++) {
        arena memory;
        random_graph g;
        make_graph(&g, seed, &memory);
        snprintf(name, sizeof name, "g%llu", (unsigned long long)seed);
        snprintf(path, sizeof path, "%s/%s.c", folder, name);
        FILE *f = is_large(&g) ? NULL : fopen(path, "w");
        if (f) {
            assert_true(compare_export(&g, name, f));
            fclose(f);
        }
        sn_arena_close(&memory);
    }
}

static void *compile_batch(void)
{
    char command[4 * PATH], library[PATH + 64];
    const char *compiler = getenv("SINTER_CC");
    snprintf(library, sizeof library, "%s/all.so", folder);
    snprintf(command, sizeof command, "%s -std=c11 -O1 -w -shared -fPIC -o %s %s/*.c -lm",
             compiler ? compiler : "cc", library, folder);
    assert_int_equal(system(command), 0);
    void *handle = dlopen(library, RTLD_NOW);
    if (!handle)
        fail_msg("%s", dlerror());
    return handle;
}

/* ISO C has no conversion from object to function pointers; POSIX promises that the bits serve. */
static void find(void *handle, const char *name, const char *end, void *function)
{
    char symbol[64];
    snprintf(symbol, sizeof symbol, "%s_%s", name, end);
    void *address = dlsym(handle, symbol);
    memcpy(function, &address, sizeof address);
}

static uint32_t run_batch(void *handle, uint64_t first)
{
    uint32_t failures = 0;
    for (uint64_t seed = first; seed < first + BATCH; seed++) {
        arena memory;
        random_graph g;
        exported code;
        mismatch m;
        char name[32];
        make_graph(&g, seed, &memory);
        snprintf(name, sizeof name, "g%llu", (unsigned long long)seed);
        find(handle, name, "open", &code.open);
        find(handle, name, "run", &code.run);
        find(handle, name, "set", &code.set);
        find(handle, name, "bind", &code.bind);
        const comparison c = {.seed = seed ^ 0x5DEECE66Du};
        if (code.open && !compare_exported(&g, &c, &code, &m)) {
            m.engine = SINTER_ENGINE_AUTO; /* shrinking would take a compiler run a step */
            failures++;
            compare_explain(&g, &c, &m, seed);
        }
        sn_arena_close(&memory);
    }
    return failures;
}

static void remove_batch(uint64_t first)
{
    char path[PATH + 64];
    for (uint64_t seed = first; seed < first + BATCH; seed++) {
        snprintf(path, sizeof path, "%s/g%llu.c", folder, (unsigned long long)seed);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/all.so", folder);
    unlink(path);
}

static void exported_programs(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    const uint64_t batches = test_proof() ? PROOF_BATCHES : 1;
    uint32_t failures = 0;
    snprintf(folder, sizeof folder, "%s/sinter-exported-XXXXXX", temporary ? temporary : "/tmp");
    assert_non_null(mkdtemp(folder));
    compare_open();
    for (uint64_t k = 0; k < batches; k++) {
        const uint64_t first = 1 + k * BATCH;
        export_batch(first);
        void *handle = compile_batch();
        failures += run_batch(handle, first);
        dlclose(handle);
        remove_batch(first);
    }
    compare_close();
    rmdir(folder);
    printf("# %llu exported programs, %llu runs over %llu elements\n",
           (unsigned long long)compare_counts.programs, (unsigned long long)compare_counts.runs,
           (unsigned long long)compare_counts.elements);
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exported_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
