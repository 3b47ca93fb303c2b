/* The long form of math_f32_test and math_f64_test: every one of the 2^32 arguments of the f32 functions of
 * one argument, and 10^8 of all others, random, structured and worst cases; then climbs from the worst of those to worse
 * ones nearby, which random arguments miss.
 *
 *     math_proof [TABLE [FUNCTION [TYPE [GRADE]]]]
 *
 * Results go into a table of tab-separated lines, one a function, type and grade, which is kept up to date
 * after each: what is there stays until it is measured anew. Without a function, lines whose expansion is
 * still the one that was measured (its fingerprint stands in the line) are not measured again, so that a run
 * that was interrupted goes on, and after a change only what has changed is run. docs/accuracy.tsv is such a
 * table; bench/write_accuracy.py makes the page of it.
 *
 * With SINTER_PROOF_PART=N in the environment every Nth stretch of arguments is tried, and a Nth of the random ones: lines
 * say how many that were, and a run without it measures them again.
 *
 * f32's fast oracle comes a block at a time (oracle_blocks.h), f64's is in long double; why MPFR need not be asked about most
 * arguments stands in math_oracle.h. The last columns are how many it was asked about, some 10^5 of them whatever
 * the fast oracle said, and the most by which an error exceeded that one's estimate; a line without them is of an earlier run, and
 * is measured again.
 *
 * What runs is machine code of the widest engine, compiled from one operation; both grades together where they
 * differ, so that the oracle is asked once. All processors work; progress goes to stderr. The exit status is 1
 * if a function errs by more than it promises or is wrong at what is no number, or a fast oracle errs by more
 * than the argument for it allows. */
#include "math_expansion.h"
#include "oracle_blocks.h"

#include "kernel/kernels.h"
#include <sinter/sinter.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
    EVERY_BLOCKS = 1024, RANDOM_BLOCKS = 100, RANDOM_BLOCK = 1000000, CHUNK = ORACLE_BLOCK,
    MAX_THREADS = 256, MOST_LINES = 512, GRADES = 2
};

static const char *const grade_names[GRADES] = {"default", "fast"};

/* ---- one function and type, shared by all threads ---- */

typedef struct proof {
    const math_oracle *of;
    ir_type type;
    bool wanted[GRADES];
    sinter_context *context;
    sinter_kernel *kernels[GRADES];
    atomic_int next; /* block */
    pthread_mutex_t lock;
    math_worst found[GRADES];
} proof;

/* A thread's part. */
typedef struct share {
    proof *whole;
    sinter_instance *instances[GRADES];
    int filled;
    math_worst found[GRADES];
    union { float f32[CHUNK]; double f64[CHUNK]; uint32_t u32[CHUNK]; uint64_t u64[CHUNK]; } x, y, z[GRADES];
    oracle_values values; /* f32; functions that know f(−x) by f(x): of the chunk before */
    bool is_mirrored;
} share;

static void give_up(const char *what)
{
    fprintf(stderr, "math_proof: %s\n", what);
    exit(2);
}

static bool tries_every_argument(const proof *p)
{
    return p->type == IR_F32 && !oracle_takes_two(p->of);
}

/* 1: all of it. */
static unsigned part(void)
{
    const char *text = getenv("SINTER_PROOF_PART");
    const long n = text ? strtol(text, NULL, 10) : 1;
    return n < 1 ? 1 : n > RANDOM_BLOCKS ? RANDOM_BLOCKS : (unsigned)n;
}

static double arguments_wanted(const proof *p)
{
    return (tries_every_argument(p) ? 0x1p32 : (double)RANDOM_BLOCKS * RANDOM_BLOCK) / part();
}

/* What goes to MPFR whatever the fast oracle says, to see whether it may be trusted: 10^5 arguments or so, one in
 * about 40,000 of all 2^32, one in 1,000 of 10^8; which, depends on the chunk's first argument alone. */
static void audit(share *s)
{
    const math_oracle *f = s->whole->of;
    const ir_type type = s->whole->type;
    const int grade = s->whole->wanted[0] ? 0 : 1;
    uint64_t state = 0x9E3779B97F4A7C15u ^ (type == IR_F32 ? s->x.u32[0] : s->x.u64[0]);
    oracle_random(&state);
    const bool every = tries_every_argument(s->whole);
    for (int n = every ? oracle_random(&state) % 10 == 0 : 4; n > 0; n--) {
        const int k = (int)(oracle_random(&state) % (unsigned)s->filled);
        if (type == IR_F32) {
            const float x = s->x.f32[k], y = s->y.f32[k], z = s->z[grade].f32[k];
            oracle_decide(f, type, (math_grade)grade, &s->found[grade], (double)x, (double)y, (double)z,
                          oracle_error_f32(z, s->values.exact[k], oracle_margin(f, type)));
        } else {
            const double x = s->x.f64[k], y = s->y.f64[k], z = s->z[grade].f64[k];
            oracle_decide(f, type, (math_grade)grade, &s->found[grade], x, y, z,
                          oracle_error_f64(z, oracle_close(f, x, y), oracle_margin(f, type)));
        }
    }
}

static void measure_f32(share *s)
{
    const math_oracle *f = s->whole->of;
    if (s->is_mirrored) {
        for (int k = 0; k < s->filled; k++)
            s->values.exact[k] *= oracle_symmetry(f);
    } else {
        oracle_quick_block(f, s->values.exact, s->x.f32, s->y.f32, s->filled);
        oracle_prepare_block(f, &s->values);
    }
    for (int g = 0; g < GRADES; g++)
        if (s->whole->wanted[g])
            oracle_keep_block(f, (math_grade)g, &s->found[g], s->x.f32, s->y.f32, s->z[g].f32, &s->values, s->filled);
}

static void measure_f64(share *s)
{
    const math_oracle *f = s->whole->of;
    for (int k = 0; k < s->filled; k++) {
        const double x = s->x.f64[k], y = s->y.f64[k];
        const long double exact = oracle_close(f, x, y);
        for (int g = 0; g < GRADES; g++)
            if (s->whole->wanted[g])
                oracle_keep_f64(f, (math_grade)g, &s->found[g], x, y, s->z[g].f64[k], exact);
    }
}

static void measure(share *s)
{
    const void *inputs[] = {&s->x, &s->y};
    for (int g = 0; g < GRADES; g++) {
        void *outputs[] = {&s->z[g]};
        const sinter_arguments arguments = {.inputs = inputs, .outputs = outputs, .count = s->filled};
        if (s->whole->wanted[g] && sinter_instance_run(s->instances[g], &arguments) != SINTER_OK)
            give_up("a kernel refuses to run");
    }
    if (s->whole->type == IR_F32)
        measure_f32(s);
    else
        measure_f64(s);
    audit(s);
    s->filled = 0;
}

static void try(share *s, double x, double y)
{
    if (s->whole->type == IR_F32) {
        s->x.f32[s->filled] = (float)x;
        s->y.f32[s->filled] = (float)y;
    } else {
        s->x.f64[s->filled] = x;
        s->y.f64[s->filled] = y;
    }
    if (++s->filled == CHUNK)
        measure(s);
}

static void try_chunk(share *s, uint32_t first, bool is_mirrored)
{
    for (int k = 0; k < CHUNK; k++)
        s->x.u32[k] = first + (uint32_t)k;
    s->filled = CHUNK;
    s->is_mirrored = is_mirrored;
    measure(s);
    s->is_mirrored = false;
}

/* A block of positive arguments, and the same with their signs changed: of functions that are odd or even the oracle is asked once. It
 * begins around 1, where errors are great, and goes about in steps: from the smallest arguments up the errors of many functions grow
 * from one to the next, and each that may be greater than all before goes to MPFR. */
static void try_every(share *s, int block)
{
    enum { AROUND_ONE = EVERY_BLOCKS * 0x7F / 0x100, STEP = 5 };
    const uint32_t count = (UINT32_C(1) << 31) / EVERY_BLOCKS;
    const uint32_t first = (uint32_t)(AROUND_ONE + STEP * block) % EVERY_BLOCKS * count;
    for (uint32_t at = first; at < first + count; at += CHUNK * part()) {
        try_chunk(s, at, false);
        try_chunk(s, at | UINT32_C(1) << 31, oracle_symmetry(s->whole->of) != 0);
    }
}

/* A hard argument and 200 neighbours on either side; of two arguments all pairs of hard ones. */
static void try_hard(share *s, int block)
{
    enum { REACH = 200 };
    for (size_t k = (size_t)block; k < MATH_HARD_ARGUMENTS; k += RANDOM_BLOCKS)
        for (int places = -REACH; places <= REACH; places++) {
            const double x = oracle_neighbour(s->whole->type, math_hard_arguments[k], places);
            for (size_t i = 0; i < (oracle_takes_two(s->whole->of) ? (size_t)MATH_HARD_ARGUMENTS : 1); i++)
                for (int signs = 0; signs < 4; signs++)
                    try(s, signs & 1 ? -x : x, signs & 2 ? -math_hard_arguments[i] : math_hard_arguments[i]);
        }
}

static void try_random(share *s, int block)
{
    const math_oracle *f = s->whole->of;
    uint64_t seed = ((uint64_t)block + 1) * 0x9E3779B97F4A7C15u;
    for (int k = 0; k < RANDOM_BLOCK; k++) {
        double x, y;
        oracle_arguments(f, s->whole->type, &seed, &x, &y);
        try(s, x, y);
    }
    try_hard(s, block);
    for (int exponent = block - 60; oracle_is_periodic(f->code) && exponent <= 971; exponent += RANDOM_BLOCKS) {
        double near[128];
        const size_t count = oracle_near_quarter_turns(exponent, near, 128);
        for (size_t k = 0; k < count; k++)
            try(s, near[k], 0);
    }
}

static share *open_share(proof *p)
{
    share *s = calloc(1, sizeof *s);
    if (!s)
        give_up("out of memory");
    s->whole = p;
    for (int g = 0; g < GRADES; g++)
        if (p->wanted[g] && sinter_instance_open(p->kernels[g], &s->instances[g]) != SINTER_OK)
            give_up("out of memory");
    return s;
}

static void close_share(share *s)
{
    for (int g = 0; g < GRADES; g++)
        sinter_instance_close(s->instances[g]);
    free(s);
    mpfr_free_cache();
}

/* The share's findings are all's, and what all have found is the share's to exceed. */
static void report(share *s)
{
    proof *p = s->whole;
    pthread_mutex_lock(&p->lock);
    for (int g = 0; g < GRADES; g++) {
        oracle_merge(&p->found[g], &s->found[g]);
        s->found[g] = p->found[g];
        s->found[g].arguments = s->found[g].decided = 0;
    }
    pthread_mutex_unlock(&p->lock);
}

/* Some arguments of the kinds that try the function, before all others: while no great error is known, MPFR is
 * asked at every argument. They are not counted. */
static void begin(proof *p)
{
    share *s = open_share(p);
    uint64_t seed = 0xD1B54A32D192ED03u;
    for (int k = 0; k < 25 * CHUNK; k++) {
        double x, y;
        oracle_arguments(p->of, p->type, &seed, &x, &y);
        try(s, x, y);
    }
    report(s);
    for (int g = 0; g < GRADES; g++)
        p->found[g].arguments = 0;
    close_share(s);
}

static void *work(void *argument)
{
    proof *p = argument;
    share *s = open_share(p);
    const int blocks = tries_every_argument(p) ? EVERY_BLOCKS : (RANDOM_BLOCKS + (int)part() - 1) / (int)part();
    for (int block; (block = atomic_fetch_add(&p->next, 1)) < blocks;) {
        report(s);
        if (tries_every_argument(p))
            try_every(s, block);
        else
            try_random(s, block);
        if (isatty(STDERR_FILENO))
            fprintf(stderr, "\r%s %s %3d %% ", p->of->name, sn_ir_type_name(p->type), 100 * block / blocks);
    }
    if (s->filled)
        measure(s);
    report(s);
    close_share(s);
    return NULL;
}

/* ---- climbing ---- */

/* The argument of the last chunk that errs most as the fast oracle has it, and how much; what only an absolute bound makes
 * right does not count. */
static double greatest_of_chunk(const share *s, int grade, double *x, double *y)
{
    const math_oracle *f = s->whole->of;
    const bool single = s->whole->type == IR_F32;
    const double margin = oracle_margin(f, s->whole->type), most = oracle_most(f, (math_grade)grade);
    const bool bounded = oracle_absolute(f, s->whole->type) > 0;
    double greatest = 0;
    for (int k = 0; k < CHUNK; k++) {
        const double of_x = single ? (double)s->x.f32[k] : s->x.f64[k], of_y = single ? (double)s->y.f32[k] : s->y.f64[k];
        const double error = single ? oracle_error_f32(s->z[grade].f32[k], s->values.exact[k], margin)
                                    : oracle_error_f64(s->z[grade].f64[k], oracle_close(f, of_x, of_y), margin);
        if (error > greatest && isfinite(error) && !(bounded && error > most)) {
            greatest = error;
            *x = of_x;
            *y = of_y;
        }
    }
    return greatest;
}

/* From an argument that errs much to those around it that err more, nearer and nearer. */
static void climb(share *s, int grade, double x, double y, uint64_t *seed)
{
    enum { ROUNDS = 40 };
    const int bits = s->whole->type == IR_F32 ? 22 : 50;
    double greatest = 0;
    for (int round = 0; round < ROUNDS && isfinite(x) && isfinite(y); round++) {
        const int reach = 1 + round * bits / ROUNDS;
        double best_x = x, best_y = y;
        for (int k = 0; k < CHUNK; k++) {
            const double along = ldexp(oracle_unit(seed) - 0.5, -reach), across = ldexp(oracle_unit(seed) - 0.5, -reach);
            try(s, x + x * along, y + y * across);
        }
        const double error = greatest_of_chunk(s, grade, &best_x, &best_y);
        if (error > greatest) {
            greatest = error;
            x = best_x;
            y = best_y;
        }
    }
}

/* Where not every argument is tried: climbs from the worst that is known, and from the worst of some random ones each. */
static void climb_from_all(proof *p)
{
    enum { STARTS = 60 };
    share *s = open_share(p);
    uint64_t seed = 0xA0761D6478BD642Fu;
    for (int grade = 0; grade < GRADES; grade++)
        for (unsigned start = 0; p->wanted[grade] && start < STARTS / part() + 1; start++) {
            report(s);
            double x = p->found[grade].x, y = p->found[grade].y;
            for (int k = 0; start > 0 && k < CHUNK; k++) {
                oracle_arguments(p->of, p->type, &seed, &x, &y);
                try(s, x, y);
            }
            if (start > 0)
                greatest_of_chunk(s, grade, &x, &y);
            climb(s, grade, x, y, &seed);
        }
    report(s);
    close_share(s);
}

static void run(proof *p)
{
    pthread_t threads[MAX_THREADS];
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int most = processors < 1 ? 1 : processors > MAX_THREADS ? MAX_THREADS : (int)processors;
    int started = 0;
    begin(p);
    while (started < most && pthread_create(&threads[started], NULL, work, p) == 0)
        started++;
    if (!started)
        work(p);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    if (!tries_every_argument(p))
        climb_from_all(p);
    if (isatty(STDERR_FILENO))
        fputs("\r                              \r", stderr);
}

/* One operation as a program, compiled for the widest engine. */
static sinter_kernel *compile(sinter_context *context, const math_oracle *f, ir_type type, int grade)
{
    sinter_program *p = sinter_program_open(NULL);
    sinter_kernel *kernel = NULL;
    sinter_report report;
    if (!p)
        give_up("out of memory");
    const sinter_value x = sinter_input(p, "x", (sinter_type)type);
    const sinter_value y = oracle_takes_two(f) ? sinter_input(p, "y", (sinter_type)type) : 0;
    const uint8_t flags = grade == MATH_FAST ? IR_FLAG_FAST : 0;
    sinter_output(p, "z", sn_ir_emit_flagged(&p->ir, f->code, type, flags, x, y, 0));
    if (sinter_compile_program(context, p, NULL, &kernel, &report) != SINTER_OK)
        give_up(report.count ? report.errors[0].message : "not compiled");
    sinter_program_close(p);
    return kernel;
}

/* ---- the table ---- */

typedef struct line {
    char function[24], type[8], grade[8];
    bool two; /* arguments; else - stands for y */
    math_worst found;
    unsigned long long fingerprint; /* of the expansion */
} line;

typedef struct table {
    const char *path; /* NULL: only shown */
    line lines[MOST_LINES];
    int count;
} table;

static const char heading[] = "function\ttype\tgrade\tulp\tx\ty\tabsolute\tabsolute_x\targuments\tfingerprint\tby_mpfr\thidden\n";

static void read_table(table *t)
{
    FILE *file = t->path ? fopen(t->path, "r") : NULL;
    char text[512];
    while (file && t->count < MOST_LINES && fgets(text, sizeof text, file)) {
        line *l = &t->lines[t->count];
        char y[32];
        memset(l, 0, sizeof *l);
        if (sscanf(text, "%23s %7s %7s %lf %lf %31s %lf %lf %llu %llx %llu %lf", l->function, l->type, l->grade,
                   &l->found.error, &l->found.x, y, &l->found.absolute, &l->found.absolute_x,
                   &l->found.arguments, &l->fingerprint, &l->found.decided, &l->found.hidden) < 10)
            continue;
        l->two = strcmp(y, "-") != 0;
        l->found.y = l->two ? strtod(y, NULL) : 0;
        t->count++;
    }
    if (file)
        fclose(file);
}

static const line *find_line(const table *t, const char *function, const char *type, const char *grade)
{
    for (int k = 0; k < t->count; k++)
        if (!strcmp(t->lines[k].function, function) && !strcmp(t->lines[k].type, type)
            && !strcmp(t->lines[k].grade, grade))
            return &t->lines[k];
    return NULL;
}

static void write_line(FILE *file, const line *l)
{
    char y[32] = "-";
    if (l->two)
        snprintf(y, sizeof y, "%a", l->found.y);
    fprintf(file, "%s\t%s\t%s\t%.4f\t%a\t%s\t%.3g\t%a\t%llu\t%016llx\t%llu\t%.2g\n", l->function, l->type, l->grade,
            l->found.error, l->found.x, y, l->found.absolute, l->found.absolute_x, l->found.arguments,
            l->fingerprint, l->found.decided, l->found.hidden);
}

/* In the order of the oracles. */
static void write_table(const table *t)
{
    FILE *file = t->path ? fopen(t->path, "w") : NULL;
    if (!file)
        return;
    fputs(heading, file);
    for (int k = 0; k < MATH_ORACLES; k++)
        for (int v = 0; v < 2 * GRADES; v++) {
            const char *type = sn_ir_type_name(v / GRADES ? IR_F64 : IR_F32);
            const line *l = find_line(t, math_oracles[k].name, type, grade_names[v % GRADES]);
            if (l)
                write_line(file, l);
        }
    if (fclose(file) != 0)
        give_up("the table cannot be written");
}

static void put_line(table *t, const line *new)
{
    line *old = (line *)(uintptr_t)find_line(t, new->function, new->type, new->grade);
    if (!old && t->count == MOST_LINES)
        give_up("the table is full");
    *(old ? old : &t->lines[t->count++]) = *new;
}

/* FNV-1a over operations and tables. */
static unsigned long long fingerprint_of(const math_oracle *f, ir_type type, int grade)
{
    expansion e;
    uint64_t hash = 0xCBF29CE484222325u;
    expansion_build(&e, f, type, (math_grade)grade, IR_IDENTITY | IR_FOLD);
    for (ir_ref r = 1; r < e.p.count; r++) {
        const ir_op *op = &e.p.ops[r];
        const uint32_t words[] = {op->code, op->type, op->a, op->b, op->c};
        for (size_t k = 0; k < sizeof words / sizeof *words; k++)
            hash = (hash ^ words[k]) * 0x100000001B3u;
    }
    for (uint32_t k = 0; k < e.p.memory_count; k++) {
        const unsigned char *bytes = e.p.memories[k].content;
        for (size_t i = 0; i < e.p.memories[k].length * sn_ir_type_size(e.p.memories[k].type); i++)
            hash = (hash ^ bytes[i]) * 0x100000001B3u;
    }
    hash = (hash ^ e.z) * 0x100000001B3u;
    expansion_close(&e);
    return hash;
}

/* ---- runs ---- */

typedef struct request {
    const char *function, *type, *grade; /* NULL: all */
} request;

static bool keep_result(const proof *p, int grade, unsigned long long fingerprint, table *t)
{
    line l = {.two = oracle_takes_two(p->of), .found = p->found[grade], .fingerprint = fingerprint};
    snprintf(l.function, sizeof l.function, "%s", p->of->name);
    snprintf(l.type, sizeof l.type, "%s", sn_ir_type_name(p->type));
    snprintf(l.grade, sizeof l.grade, "%s", grade_names[grade]);
    put_line(t, &l);
    write_line(stdout, &l);
    fflush(stdout);
    const bool sound = oracle_is_sound(p->of, p->type, &l.found);
    if (!sound)
        fprintf(stderr, "%s %s: the fast oracle hides %g ULP at (%a, %a)\n", l.function, l.type, l.found.hidden, l.found.hidden_x,
                l.found.hidden_y);
    if (l.found.error <= oracle_most(p->of, (math_grade)grade))
        return sound;
    fprintf(stderr, "%s %s %s: %.4f ULP: f(%a, %a) = %a\n", l.function, l.type, l.grade, l.found.error, l.found.x,
            l.found.y, l.found.result);
    return false;
}

/* Both grades, if both are wanted; `fast` with the default's figures if it is the same code. */
static bool prove(const math_oracle *f, ir_type type, const request *r, table *t, sinter_context *context)
{
    static proof p;
    unsigned long long fingerprints[GRADES];
    p = (proof){.of = f, .type = type, .context = context, .lock = PTHREAD_MUTEX_INITIALIZER};
    for (int g = 0; g < GRADES; g++) {
        fingerprints[g] = fingerprint_of(f, type, g);
        const line *old = find_line(t, f->name, sn_ir_type_name(type), grade_names[g]);
        p.wanted[g] = r->grade ? !strcmp(r->grade, grade_names[g]) : true;
        if (!r->function && old && old->found.decided && old->fingerprint == fingerprints[g] && (double)old->found.arguments >= 0.9 * arguments_wanted(&p))
            p.wanted[g] = false;
    }
    const bool same = fingerprints[0] == fingerprints[1], fast = p.wanted[1];
    if (same && fast) {
        p.wanted[0] = true;
        p.wanted[1] = false;
    }
    if (!p.wanted[0] && !p.wanted[1])
        return true;
    for (int g = 0; g < GRADES; g++)
        if (p.wanted[g])
            p.kernels[g] = compile(context, f, type, g);
    run(&p);
    bool good = true;
    for (int g = 0; g < GRADES; g++) {
        if (p.wanted[g])
            good &= keep_result(&p, g, fingerprints[g], t);
        sinter_kernel_close(p.kernels[g]);
    }
    if (same && fast) {
        p.found[1] = p.found[0];
        good &= keep_result(&p, 1, fingerprints[1], t);
    }
    write_table(t);
    return good;
}

static bool is_wanted(const char *asked, const char *name)
{
    return !asked || !strcmp(asked, name);
}

int main(int argc, char **argv)
{
    static table t;
    const request r = {argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL, argc > 4 ? argv[4] : NULL};
    bool good = true;
    int found = 0;
    sinter_context *context;
    if (argc > 1 && strcmp(argv[1], "-"))
        t.path = argv[1];
    read_table(&t);
    if (sinter_open(NULL, &context) != SINTER_OK)
        give_up("out of memory");
    for (int k = 0; k < 2 * MATH_ORACLES; k++) {
        const ir_type type = k % 2 ? IR_F64 : IR_F32;
        if (is_wanted(r.function, math_oracles[k / 2].name) && is_wanted(r.type, sn_ir_type_name(type))) {
            good &= prove(&math_oracles[k / 2], type, &r, &t, context);
            found++;
        }
    }
    sinter_close(context);
    if (!found)
        give_up("no such function or type");
    return good ? 0 : 1;
}
