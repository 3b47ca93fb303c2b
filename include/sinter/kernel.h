/* Kernels: programs compiled, and how they run.
 *
 * A kernel is immutable and holds no state: any number of threads may run it at once. What changes (parameters, delay lines) lives in
 * instances; a kernel without parameters and state runs without one.
 *
 *     sinter_context *context;
 *     sinter_kernel *kernel;
 *     sinter_report report;
 *     sinter_open(NULL, &context);
 *     if (sinter_compile(context, "0.5*x + 1", 9, NULL, &kernel, &report) == SINTER_OK) {
 *         float (*f)(float) = (float (*)(float))sinter_kernel_function(kernel, NULL);
 *         float in[4] = {0, 1, 2, 3}, out[4];
 *         sinter_run(kernel, &(sinter_arguments){.inputs = (const void *[]){in}, .outputs = (void *[]){out}, .count = 4});
 *         …
 *         sinter_kernel_close(kernel);
 *     }
 *     sinter_close(context);
 *
 * The same program gives the same bits on every engine, for every call length, alignment and thread count. */
#ifndef SINTER_KERNEL_H
#define SINTER_KERNEL_H

#include <sinter/program.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- contexts ---- */

/* A context owns code memory and the compiler's working memory, which stays warm between compilations. It must outlive its
 * kernels. Compiling with one context is for one thread at a time (a mutex inside sees to it); running kernels takes no lock. */
typedef struct sinter_context sinter_context;

/* Right when zeroed. */
typedef struct sinter_context_options {
    size_t size;                   /* sizeof(sinter_context_options), or 0: reserved for growth */
    sinter_allocator allocator;    /* zeroed: malloc and free; copied */
    size_t code_memory;            /* bytes of address space for code and constants; 0: 64 MiB */
    bool perf_map;                 /* names of kernels for the `perf` profiler in /tmp/perf-PID.map */
    unsigned refuse;               /* for tests: 1 refuses memory files, 2 refuses turning pages executable, 4 refuses membarrier */
} sinter_context_options;

/* NULL options: all defaults. SINTER_NO_MEMORY; SINTER_BAD_ARGUMENT for a code memory size beyond 1 GiB. A system without code memory is no error:
 * the interpreter serves. */
SINTER_API sinter_status sinter_open(const sinter_context_options *options, sinter_context **context);
SINTER_API void sinter_close(sinter_context *context); /* its kernels must be closed before; NULL is allowed */
/* How code memory is had, or why not: one line. Lives as long as the context. */
SINTER_API const char *sinter_code_memory_reason(const sinter_context *context);

/* Makes a node type callable in every program compiled later. SINTER_BAD_ARGUMENT where the name is taken or is no name, where the
 * fields do not go together (sinter_node_type), and from within a node type's callback. SINTER_NO_MEMORY. Thread-safe. */
SINTER_API sinter_status sinter_add_node_type(sinter_context *context, const sinter_node_type *type);

/* ---- engines ---- */

typedef enum sinter_engine {
    SINTER_ENGINE_AUTO = 0, /* the widest that this machine has and that can have code memory; else the interpreter */
    SINTER_ENGINE_INTERP,
    SINTER_ENGINE_SCALAR,   /* machine code of one lane */
    SINTER_ENGINE_AVX2,
    SINTER_ENGINE_AVX512,
    SINTER_ENGINE_NEON
} sinter_engine;

/* `interp`, `scalar`, `avx2`, …; NULL for a number that is no engine. */
SINTER_API const char *sinter_engine_name(sinter_engine engine);
/* Can it run here? If not, *reason (when not NULL) says what is missing; static text. */
SINTER_API bool sinter_engine_available(sinter_engine engine, const char **reason);

/* ---- compiling ---- */

typedef enum sinter_source { SINTER_FIELD = 0, SINTER_PATCH = 1, SINTER_VM = 2, SINTER_DENSITY = 3 } sinter_source;
/* Terms of a log-density that are left out, as rates find them. */
typedef enum sinter_drop {
    SINTER_DROP_NONE = 0,
    SINTER_DROP_X = 1,     /* up to a constant in x: terms that no input reaches */
    SINTER_DROP_THETA = 2  /* up to a constant in the parameters: terms that no parameter reaches */
} sinter_drop;
typedef enum sinter_domain {
    SINTER_POINTS = 0, /* inputs are arrays */
    SINTER_GRID = 1    /* inputs named x and y are the pixel centres of a grid, z and t come with it; no other inputs, no state,
                          no totals; see sinter_run_grid */
} sinter_domain;
/* How exact the mathematical functions are, over their whole range: at most 1 unit in the last place (lgamma, gamma, digamma: 2), or at
 * most 4; where a text asks for the second with `fast.` before a function, it is so in either. */
typedef enum sinter_grade { SINTER_GRADE_DEFAULT = 0, SINTER_GRADE_FAST = 1 } sinter_grade;
typedef enum sinter_gradient_mode {
    SINTER_GRADIENT_AUTO = 0,    /* what costs less, by a count; where families of the library are differentiated, reverse */
    SINTER_GRADIENT_FORWARD = 1, /* from the variables on: for few variables; goes through delay lines */
    SINTER_GRADIENT_REVERSE = 2  /* from the results back: for many; the cost does not depend on their number */
} sinter_gradient_mode;
typedef enum sinter_rewriting { SINTER_REWRITING_DEFAULT = 0, SINTER_STRICT = 1, SINTER_RELAXED = 2 } sinter_rewriting;

/* Right when zeroed. */
typedef struct sinter_options {
    size_t size;            /* sizeof(sinter_options), or 0: reserved for growth */
    sinter_engine engine;
    sinter_source source;   /* what the text is: a field (no state), a patch, a `.vm` file, or a density */
    sinter_domain domain;
    sinter_type type;       /* of numbers: SINTER_F32 or SINTER_F64; 0: SINTER_F64 of a density, else SINTER_F32 */
    sinter_grade grade;
    sinter_rewriting rewriting; /* default: fields strict, patches relaxed, where chains of gains and linear recurrences may be regrouped (docs/language.md) */
    const char *name;       /* in messages and profiles; NULL: `expression` */
    const char *inputs;     /* NULL: the inputs that the text uses, x y z t; or names separated by spaces: these, in this order */
    bool sum;               /* the result is a total over the elements of each call instead of an output */
    const char *const *fixed_names; /* parameters compiled as constants: names and values (clamped to the range; no NaN),
                                       `fixed_count` of them; the kernel then has them no more */
    const double *fixed_values;
    uint32_t fixed_count;
    const char *const *gradient; /* inputs and parameters by whose names every result is differentiated, `gradient_count` of them;
                               docs/gradients.md. The derivatives follow the program's own outputs, as outputs d(out)/d(x) of the
                               types of theirs: of the first output by each name in order, then of the second, …; those of
                               totals follow the totals likewise. With `sum` all are totals. Works on grids, and with fixed
                               parameters too: the derivative by one is that at its value. A field's x, y, z, t may be named
                               though the text does not use them: the derivative is 0. SINTER_BAD_ARGUMENT for other names
                               that the program does not have; SINTER_BAD_PROGRAM for integers and for what has no derivative */
    uint32_t gradient_count;
    sinter_gradient_mode gradient_mode;
    const char *passes;     /* NULL: the default ones; else as in sinter_dump_options (expand always runs) */
    bool function;          /* sinter_kernel_function is wanted, however long the program; up to 64 operations it is made anyway */
    bool marks;             /* keep which operation each instruction belongs to, for sinter_kernel_code */
    unsigned random;        /* hostile builds: seed of random choices */
    const char *images;     /* NULL, or names separated by spaces, each perhaps with a number of channels (1, 3 or 4; else 1): "a:3 mask".
                               Images that the text may sample as if it declared them, in this order, before those it declares. Where it
                               declares one of them without saying how many channels it has, it has those. SINTER_BAD_ARGUMENT for what is no such list */
    const char *stage;      /* NULL: the results of the text; or the name of an image that the text makes (`image b = …`): its channels, of
                               type f32, instead. SINTER_BAD_ARGUMENT if there is none. See sinter_kernel_info */
    /* Of a density (docs/language.md, densities); NULL, NULL and 0 elsewhere. */
    const char *quantity;   /* what the kernel computes. NULL: `log_density`; `derived`: log h + eta*T - A where a stable form stands too (in a model
                               that of each family it draws from which has one); or what the
                               family of the distribution at the text's end says: `log_cdf`, `log_survival`, `T`, `log_h` (of x), `eta`, `A`, `entropy`,
                               `mean`, `variance` (of the parameters), `natural_A`, `from_natural` (of the natural parameters: the inputs eta0, eta1, …,
                               and no parameters), `pooled` (of the parameters and the means of the statistics T over some data, each in two parts: the inputs
                               means0 and means1, which add up to the first, means2 and means3, …), `posterior` (of the parameters that are taken as known and the inputs
                               prior0, prior1, …, which are parameters of the conjugate prior, sums0, …, those of the statistics, and observations: the prior's
                               parameters after such data). The output has the quantity's name; a tuple's elements are NAME0, NAME1, …
                               SINTER_BAD_ARGUMENT for other names, SINTER_BAD_PROGRAM where the density has it not */
    const char *arrays;     /* NULL, or names separated by spaces: parameters that are input streams instead, behind the data, in this order.
                               SINTER_BAD_PROGRAM where there is no such parameter */
    sinter_drop drop;       /* up to a constant. Infinite and NaN values stay what they are */
    uint32_t lanes;         /* the most elements that a vector may hold: 1, 4, 8 or 16; 0: as many as the engine's vectors have room for. For
                               machines that lower their clock for wide vectors, and for tests: the bits are the same. 4 of f32 take the
                               instructions of AVX2 on every engine, 1 is the code of SINTER_ENGINE_SCALAR; the interpreter has no use for it.
                               Other numbers: SINTER_BAD_ARGUMENT */
} sinter_options;

typedef struct sinter_kernel sinter_kernel;

/* Compiles `length` bytes of text. On success *kernel is set; else it is NULL and the report (NULL allowed) says why, with places.
 * SINTER_BAD_PROGRAM, SINTER_TOO_LARGE, SINTER_NO_MEMORY, SINTER_NO_ENGINE (an engine that was named cannot run here),
 * SINTER_BAD_ARGUMENT. Not for real-time threads. */
SINTER_API sinter_status sinter_compile(sinter_context *context, const char *source, size_t length, const sinter_options *options,
                                        sinter_kernel **kernel, sinter_report *report);
SINTER_API sinter_status sinter_compile_program(sinter_context *context, const sinter_program *program, const sinter_options *options,
                                                sinter_kernel **kernel, sinter_report *report);
/* Nothing may run it any more; its instances must be closed before. NULL is allowed. */
SINTER_API void sinter_kernel_close(sinter_kernel *kernel);

/* What a kernel is. Strings and arrays live as long as the kernel. */
typedef struct sinter_stream_info {
    const char *name;
    sinter_type type;
} sinter_stream_info;
typedef struct sinter_parameter_info {
    const char *name, *unit;
    double initial, low, high;
    sinter_curve curve;
    sinter_smoothing smoothing; /* and over how many seconds; see sinter_smooth */
    double seconds;
} sinter_parameter_info;
/* An image that a text samples. `made`: the text itself says what is in it (a stage); whoever runs the kernel has it made first, at the size and
 * of the region that the results are to have, by the kernel that sinter_options.stage = name compiles; sinter/image.h does. All kernels of
 * a text have the same list, in which a stage stands behind those that it samples; `used`: this kernel reads it. */
typedef struct sinter_image_info {
    const char *name;
    uint32_t channels;
    bool made, used;
} sinter_image_info;
typedef struct sinter_kernel_info {
    sinter_engine engine;
    const char *engine_reason;   /* why not a wider one; "" if nothing stands against it */
    uint32_t input_count, output_count, parameter_count, total_count, bound_table_count;
    const sinter_stream_info *inputs, *outputs;
    const sinter_parameter_info *parameters;
    uint32_t operations;         /* in all loops, after expansion */
    uint32_t hoisted;            /* of them once per segment, row or column */
    uint32_t loops;
    size_t code_bytes, constant_bytes, state_bytes, workspace_bytes;
    bool stateful, grid;
    uint32_t image_count;        /* images are no bound tables, and are not counted as such */
    const sinter_image_info *images;
    uint32_t call_count;         /* calls of nodes in C (sinter_node_type) that are made */
    uint64_t latency;            /* elements: along every path to an output the declared latencies of the calls on it are summed; the largest sum. A
                                    path goes through delay lines too, but it ends where one brings back what depends on this very
                                    reading, on a cycle. Delays that the program makes itself do not count: they are meant */
    uint64_t tail;               /* elements: while inputs and parameters are steady, the same from one element to the next, outputs are after so many elements;
                                    UINT64_MAX where that may never be. The longest sum of delays along a path to an output; of varying ones
                                    the most that they may be. Without end is what depends on a cycle, for it may die away however slowly, or go
                                    round for ever; on the index; on a function in C, of which nothing is known */
} sinter_kernel_info;
SINTER_API sinter_kernel_info sinter_kernel_describe(const sinter_kernel *kernel);

/* ---- running ---- */

/* An image: width × height texels of as many numbers as the kernel's image has channels. Channels follow each other as planes, each
 * of `height` rows from the top one on, each of `width` numbers from left to right. It lies over a region of the plane, y up:
 * zeros mean the square from (0, 0) to (1, 1). It must stay as it is while the call runs. */
typedef struct sinter_image {
    const float *texels;
    int32_t width, height;  /* 1 to 2^22; width × height × channels ≤ 2^31 − 1 */
    double x0, y0, x1, y1;  /* finite, x0 ≠ x1, y0 ≠ y1; or all 0 */
} sinter_image;

/* A call's streams, in the order in which the program names them. Each holds `count` elements of its type, any alignment. An output may be
 * the same array as an input (in place), or apart from it; partly overlapping arrays are not allowed. */
typedef struct sinter_arguments {
    const void *const *inputs;
    void *const *outputs;
    int64_t count;              /* ≥ 0 */
    double *totals;             /* one per total, written; may be NULL if there are none */
    const void *const *tables;  /* bound tables in order: content, and lengths (≥ 1) */
    const uint32_t *table_lengths;
    const sinter_image *images; /* in the order of sinter_kernel_info; each call may bring others, of other sizes. Those that are not used are
                                   not looked at; NULL if none is */
} sinter_arguments;

/* Runs a kernel that needs no instance: parameters have their initial values. SINTER_NEEDS_INSTANCE where it has state or needs more than
 * 64 KiB of stack. Real-time safe: no allocation, no lock, no system call. Thread-safe.
 *
 * Totals: 64 (f32) or 32 (f64) partial sums that start at −0, by element number; folded by halves every 4,096 elements; the totals of
 * blocks combine in a binary tree by block number. */
SINTER_API sinter_status sinter_run(const sinter_kernel *kernel, const sinter_arguments *arguments);

/* A region of the plane and the pixels on it; pixel (column, row) has its centre at x0 + (column + ½)(x1 − x0)/width,
 * y1 − (row + ½)(y1 − y0)/height. Runs rows [first_row, first_row + row_count), of these columns [first_column, first_column +
 * column_count): outputs[k] holds that many rows of as many elements, the top one first, `stride` elements from row to row (0: as many as
 * there are columns). t and z: values of the inputs so named. */
typedef struct sinter_grid {
    int32_t width, height; /* 1 to 2^24 */
    double x0, y0, x1, y1;
    double z, t;
    int32_t first_row, row_count;
    void *const *outputs;
    int64_t stride;
    int32_t first_column, column_count; /* 0 and 0: all */
    const void *const *tables;  /* as in sinter_arguments */
    const uint32_t *table_lengths;
    const sinter_image *images;
} sinter_grid;
/* For kernels compiled with SINTER_GRID. Real-time safe, thread-safe: threads may share an image by rows and columns, with the same bits;
 * image.h does. SINTER_NEEDS_INSTANCE as sinter_run. */
SINTER_API sinter_status sinter_run_grid(const sinter_kernel *kernel, const sinter_grid *grid);

/* The kernel as a C function of one element: `float f(float x, …)` (double where streams are f64), all inputs in order, the single output as
 * the result. With parameters: `float f(const void *frame, float x, …)`, the frame from sinter_instance_frame. Thread-safe, real-time safe; expects the
 * default floating-point mode. Smoothed parameters are at their goals for it. NULL where there is none: the interpreter, state, several outputs, more than 8 inputs, i32 streams, more
 * than 64 operations without options.function; *reason
 * (may be NULL) says which. Lives as long as the kernel. */
typedef void (*sinter_function)(void);
SINTER_API sinter_function sinter_kernel_function(const sinter_kernel *kernel, const char **reason);

/* ---- instances ---- */

/* Parameters and state. One thread at a time, but setting parameters from the thread that runs it. */
typedef struct sinter_instance sinter_instance;

/* The allocator of the context is used. Not for real-time threads. Nodes in C are created here and destroyed when it is closed. */
SINTER_API sinter_status sinter_instance_open(const sinter_kernel *kernel, sinter_instance **instance);
SINTER_API void sinter_instance_close(sinter_instance *instance); /* NULL is allowed */
/* −1 where there is no such parameter. */
SINTER_API int sinter_parameter_number(const sinter_kernel *kernel, const char *name);
/* Takes effect with the next run; clamped to the parameter's range, NaN refused. Real-time safe. SINTER_BAD_ARGUMENT.
 * A smoothed parameter (docs/language.md, sinter_smooth) starts to move with the next element, which still has the value that it
 * would have had, from wherever it is, in the midst of a move too; the value that it is on its way to changes nothing. While the element
 * index is 0 there is nothing to move from, and it is there at once. */
SINTER_API sinter_status sinter_set(sinter_instance *instance, int parameter, double value);
/* The same, but a smoothed parameter is there at once as well, and a move of it ends. */
SINTER_API sinter_status sinter_jump(sinter_instance *instance, int parameter, double value);
/* What was set last, clamped: of a parameter that moves, where it is going. NaN where there is no such parameter. */
SINTER_API double sinter_get(const sinter_instance *instance, int parameter);
/* The stream goes on where the last call ended: for any cutting of a stream into calls, the same bits. Real-time safe, as far as nodes in C are. */
SINTER_API sinter_status sinter_instance_run(sinter_instance *instance, const sinter_arguments *arguments);
SINTER_API sinter_status sinter_instance_run_grid(sinter_instance *instance, const sinter_grid *grid);
/* All state back to 0, the element index too; parameters stay, those that move are at their goals. Nodes in C are reset. Real-time safe but for its length (one
 * pass over the state), as far as their `reset` is. */
SINTER_API void sinter_instance_reset(sinter_instance *instance);
/* The first argument of functions of kernels with parameters; what they determine is computed here. Valid until the next sinter_set. */
SINTER_API const void *sinter_instance_frame(sinter_instance *instance);
/* The stream's next element. */
SINTER_API int64_t sinter_instance_index(const sinter_instance *instance);
/* Infinities and NaN that were found in recursive state at ticks, every 64th element, and set to 0 (docs/language.md, what is not
 * finite): *count (NULL allowed) is how many times since the instance was opened, once a line and tick; the result is the name of the state in which the last
 * one was, NULL while there was none. Lines that the cycle reads further back than one element are set to 0 as they are written, and not counted. The name lives as
 * long as the kernel. Real-time safe; on the thread that runs the instance, or while nothing does. */
SINTER_API const char *sinter_instance_fault(const sinter_instance *instance, uint64_t *count);

/* ---- state that outlives a kernel ---- */

/* What of an instance of `from` goes where in an instance of `to`, by the names of the source (docs/language.md says how state is
 * named): worked out once for two kernels, of an edited program, of another engine or of another context. Both must outlive it. It does not
 * change, so that any number of threads may migrate by it. Not for real-time threads. SINTER_NO_MEMORY, SINTER_BAD_ARGUMENT. */
typedef struct sinter_migration sinter_migration;
SINTER_API sinter_status sinter_migration_open(const sinter_kernel *from, const sinter_kernel *to, sinter_migration **migration);
SINTER_API void sinter_migration_close(sinter_migration *migration); /* NULL is allowed */
/* `to`, just opened or reset, goes on where `from` stands: the element index, parameters by name (clamped to their ranges), past
 * values by name and type, nodes in C by name and functions (same callbacks, same `user`, same numbers of streams); what is new begins at 0, and lines of another length keep their newest values. What both programs compute alike
 * continues bit for bit. `from` is good for nothing then but being reset or closed: long lines change owners instead of being copied
 * (those that take 32 KiB and more, where the new line is no longer than the old one but more than half as long, and both contexts
 * have the same allocator). Real-time safe: no allocation, no lock, no system call; what is copied takes its time.
 * SINTER_BAD_ARGUMENT where the instances are not two of these kernels. */
SINTER_API sinter_status sinter_instance_migrate(const sinter_migration *migration, sinter_instance *from, sinter_instance *to);

/* An instance as bytes: element index, parameters, past values, by name, and what nodes in C save (sinter_node_type; those that do not are reset). They may be kept, moved to another machine, and restored on any
 * engine, also into an instance of an edited program, with the rules of a migration; the stream then goes on with the same bits. Real-time
 * safe but for the length: one pass over the state. */
SINTER_API size_t sinter_snapshot_size(const sinter_instance *instance);
/* SINTER_BAD_ARGUMENT where `size` is less than sinter_snapshot_size. */
SINTER_API sinter_status sinter_snapshot_save(const sinter_instance *instance, void *bytes, size_t size);
/* SINTER_BAD_ARGUMENT where the bytes are no whole snapshot: the instance is as it was. */
SINTER_API sinter_status sinter_snapshot_restore(sinter_instance *instance, const void *bytes, size_t size);

#ifdef __cplusplus
}
#endif

#endif
