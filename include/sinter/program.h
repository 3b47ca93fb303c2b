/* Programs built by calls: a graph of one's own compiles by appending operations.
 *
 *     sinter_program *p = sinter_program_open(NULL);
 *     sinter_value x = sinter_input(p, "x", SINTER_F32);
 *     sinter_output(p, "y", sinter_mul(p, x, sinter_f32(p, 0.8f)));
 *     sinter_compile_program(context, p, NULL, &kernel, &report);
 *     sinter_program_close(p);
 *
 * Values are small numbers; 0 is no value. No call fails on its own: the first error (a wrong type, a foreign value, memory
 * refused) is kept, every later call is harmless, and compiling reports it; sinter_program_status asks for it earlier. NULL as the
 * program, which is what sinter_program_open gives where memory is refused, is let pass by all of them.
 * Equal operations become one. Operands must come from earlier calls; feedback goes through delay lines.
 * A program may be used by one thread at a time; compiling does not change it, so one program may be compiled many times. */
#ifndef SINTER_PROGRAM_H
#define SINTER_PROGRAM_H

#include <sinter/memory.h>
#include <sinter/operations.h>
#include <sinter/report.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Element types. A mask is the result of a comparison; u8 and i16 stand in memory objects only and are read as i32. */
typedef enum sinter_type {
    SINTER_F32 = 1,
    SINTER_F64 = 2,
    SINTER_I32 = 3,
    SINTER_MASK = 4,
    SINTER_U8 = 5,
    SINTER_I16 = 6
} sinter_type;

/* The operations of sinter/operations.h, whose comments give each one's meaning. */
typedef enum sinter_operation {
#define X(NAME, text, operands, immediates, rule, kind) SINTER_OP_##NAME,
    SINTER_OPERATIONS(X)
#undef X
    SINTER_OPERATION_COUNT
} sinter_operation;

typedef enum sinter_curve { SINTER_LINEAR = 0, SINTER_LOGARITHMIC = 1 } sinter_curve;
/* How a parameter gets from one value to the next; see sinter_smooth. */
typedef enum sinter_smoothing { SINTER_UNSMOOTHED = 0, SINTER_RAMP = 1, SINTER_GLIDE = 2 } sinter_smoothing;

typedef uint32_t sinter_value;
typedef struct sinter_program sinter_program;

/* NULL when memory is refused. NULL as allocator: malloc and free. */
SINTER_API sinter_program *sinter_program_open(const sinter_allocator *allocator);
SINTER_API void sinter_program_close(sinter_program *program); /* NULL is allowed */
/* SINTER_OK, or the first error; `report` (NULL allowed) receives its message. */
SINTER_API sinter_status sinter_program_status(const sinter_program *program, sinter_report *report);

/* Streams in: the block entry's inputs in the order of these calls. f32, f64 or i32. Names must differ. */
SINTER_API sinter_value sinter_input(sinter_program *program, const char *name, sinter_type type);
/* Live parameters: set as double, read in `type`. Range [low, high]; values outside are clamped when set. */
SINTER_API sinter_value sinter_parameter(sinter_program *program, const char *name, sinter_type type, double initial, double low,
                                         double high);
/* From now on sinter_set moves this parameter (of type f32 or f64) to its new value over the elements that follow, instead of being there at
 * once: with SINTER_RAMP in a straight line, where it arrives after `seconds`; with SINTER_GLIDE as a one-pole filter does, where it is
 * within a thousandth of the way after `seconds` and at its goal after twice that, when a millionth is left. `seconds` is above 0 and at most 1000; they are
 * counted by the parameter `rate`, or at 48,000 elements a second where the program has none. The values are a function of the element index
 * alone: start + step·k, rounded once, and goal + (start − goal)·2^(−k·log2(1000)/(seconds·rate)). Whatever depends on the parameter follows it
 * element by element while it moves; while nothing moves the kernel runs the very code that it would have without smoothing.
 * On grids and in programs with totals nothing is smoothed. */
SINTER_API void sinter_smooth(sinter_program *program, sinter_value parameter, sinter_smoothing kind, double seconds);
/* Streams out, in the order of these calls; f32, f64 or i32. */
SINTER_API void sinter_output(sinter_program *program, const char *name, sinter_value value);
/* A total over all elements of a call; f32 or f64; see sinter/kernel.h for the order of summation. */
SINTER_API void sinter_total(sinter_program *program, const char *name, sinter_value value);

SINTER_API sinter_value sinter_f32(sinter_program *program, float value);
SINTER_API sinter_value sinter_f64(sinter_program *program, double value);
SINTER_API sinter_value sinter_i32(sinter_program *program, int32_t value);
SINTER_API sinter_value sinter_index(sinter_program *program); /* f64: the element's absolute index in its stream */

/* Any pure or mathematical operation; unused operands are 0. */
SINTER_API sinter_value sinter_emit(sinter_program *program, sinter_operation operation, sinter_value a, sinter_value b,
                                    sinter_value c);
SINTER_API sinter_value sinter_convert(sinter_program *program, sinter_value value, sinter_type type);

/* Memory objects. A table's content (length elements of `type`, which may be u8 or i16) is copied. Reading clamps the index
 * (i32). Bound memory receives its content with each call. A line remembers the last `length` values of one stream (at most 2^28);
 * what it gives before anything was written is 0. `delay` counts from 1 (the element before). A line must be written exactly once. What is
 * written is kept as it is: in a cycle that dies away, denormals are the builder's care, and so are infinities and NaN (patches in the language flush them). */
SINTER_API uint32_t sinter_table(sinter_program *program, const char *name, sinter_type type, const void *content, uint32_t length);
SINTER_API uint32_t sinter_bound_table(sinter_program *program, const char *name, sinter_type type);
SINTER_API sinter_value sinter_load(sinter_program *program, uint32_t table, sinter_value index);
SINTER_API uint32_t sinter_line(sinter_program *program, const char *name, sinter_type type, uint32_t length);
SINTER_API sinter_value sinter_read(sinter_program *program, uint32_t line, uint32_t delay);
SINTER_API sinter_value sinter_read_varying(sinter_program *program, uint32_t line, sinter_value delay);
SINTER_API void sinter_write(sinter_program *program, uint32_t line, sinter_value value);

/* Shorthands. */
static inline sinter_value sinter_add(sinter_program *p, sinter_value a, sinter_value b)
{
    return sinter_emit(p, SINTER_OP_ADD, a, b, 0);
}
static inline sinter_value sinter_sub(sinter_program *p, sinter_value a, sinter_value b)
{
    return sinter_emit(p, SINTER_OP_SUB, a, b, 0);
}
static inline sinter_value sinter_mul(sinter_program *p, sinter_value a, sinter_value b)
{
    return sinter_emit(p, SINTER_OP_MUL, a, b, 0);
}
static inline sinter_value sinter_div(sinter_program *p, sinter_value a, sinter_value b)
{
    return sinter_emit(p, SINTER_OP_DIV, a, b, 0);
}
static inline sinter_value sinter_fma(sinter_program *p, sinter_value a, sinter_value b, sinter_value c)
{
    return sinter_emit(p, SINTER_OP_FMA, a, b, c);
}

/* ---- node types of one's own ----
 *
 * Two kinds. One *appends* operations (`emit`), which are compiled, fused, hoisted and vectorised like all others and give the same bits on
 * every engine. The other is *called* (`process`, or `tick`): a function in C with a state of its own, of which Sinter knows nothing but its streams; it
 * makes no promise of the same bits, and sinter_dump says where it stands (SINTER_DUMP_EXPLAIN). The language calls both by name. */

/* Appends the operations of a node to the program: `inputs` are the arguments at the call's place; writes `output_count` values to `outputs`.
 * One callback serves every width, since what it appends has none. Errors: sinter_program_fail. Called while compiling,
 * on the compiling thread, possibly several times. */
typedef void (*sinter_emit_callback)(void *user, sinter_program *program, const sinter_value *inputs, uint32_t input_count,
                                     sinter_value *outputs, uint32_t output_count);

/* What a called node is told beside its streams; valid during the call. */
typedef struct sinter_block_context {
    int64_t index; /* the absolute index in the stream of the call's first element */
    double time;   /* index / rate, in seconds */
    /* Bit k: input k has one and the same value all over the call, that of inputs[k][0], because it varies with parameters only. Nothing is said of
     * inputs whose bit is not set; what depends on a smoothed parameter is not steady while that moves. */
    uint64_t steady;
    /* The program's parameters: their values (the goals, of smoothed ones that move) and names. No value changes within a call, since calls are
     * cut where parameters are set and events come. An event is two parameters: `gate`, and `gate.onset`, the index at which it came
     * (docs/language.md). */
    uint32_t parameter_count;
    const double *parameters;
    const char *const *parameter_names;
} sinter_block_context;

/* Makes `count` elements, from 1 to 512: reads inputs[k][0 … count), writes all of outputs[k][0 … count). Inputs and outputs are apart from each
 * other and aligned to 64 bytes. How a stream is cut into calls must not be heard: it depends on what the caller of the kernel asks for, on events, and on
 * the cycles of the program. On a cycle through a delay of d elements count is at most d; that is so at d = 1 too. `rate` is the
 * value of the program's parameter `rate`, elements a second (48,000 where it has none; a text that calls a node in C always has it).
 * Called on the thread that runs the instance, in the default floating-point mode, which it must leave as it was. Where the caller is a real-time thread
 * (sinter_player is one) it must not allocate, lock, or enter the system. */
typedef void (*sinter_process_callback)(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count,
                                        const sinter_block_context *context);
/* The same for one element: inputs[k] and outputs[k] are its values, context->index is its own. */
typedef void (*sinter_tick_callback)(void *self, double rate, const float *inputs, float *outputs, const sinter_block_context *context);

/* A function that the language may call by `name`, as any other. Names of the language's own functions are refused when the
 * node type is given to a context. `name` is copied. Exactly one of emit, process and tick is set; right when the rest is zero. */
typedef struct sinter_node_type {
    const char *name;
    uint32_t inputs;  /* at most 64 */
    uint32_t outputs; /* 1, or more: the call's value is a tuple; at most 64 */
    sinter_emit_callback emit;
    void *user;

    /* What is called. Its inputs are converted to f32, its outputs are f32. Each call in the text is a node of its own, with a `self` in every
     * instance of the kernel; a call in a function is one for every call of the function. */
    sinter_process_callback process;
    sinter_tick_callback tick;
    /* A node's state, made for sinter_instance_open, on that thread; it may allocate and wait. NULL is a refusal: SINTER_NO_MEMORY. Without
     * `create`, self is `user`. destroy: once for each self, when the instance that has it is closed (a migration hands selves
     * over). `rate` is the parameter's initial value: whoever runs the instance may set it before the first call, and `process` is told. */
    void *(*create)(void *user, double rate);
    void (*destroy)(void *self);
    /* Back to the beginning, for sinter_instance_reset, and for a snapshot that does not have the node's state. On the thread that calls these; as
     * real-time safe as it has to be for whoever resets. NULL: it has nothing that begins. */
    void (*reset)(void *self);
    /* State as bytes, for snapshots; both or neither. save: how many bytes it takes, which does not change while nothing runs, written to `bytes` if that is
     * not NULL (then there is room for `size`, what the last answer was). restore: false where they are not its own; the node is reset then.
     * Bytes have no alignment. Without these two a snapshot does not hold the node, and restoring resets it. */
    size_t (*save)(const void *self, void *bytes, size_t size);
    bool (*restore)(void *self, const void *bytes, size_t size);
    uint32_t latency; /* elements by which what comes out lags behind what goes in: reported (sinter_kernel_info), not made up for. At most 2^28 */
    bool pure;        /* calling it does nothing but write its outputs and its own state: it is not called where nothing depends on an output */
} sinter_node_type;

/* Appends a call of a node with `process` or `tick`: `inputs` are as many values, converted to f32, as it has inputs; its outputs are written to
 * `outputs`. `name` is what its state is keyed by, and no other call's. The type is copied; it need not be given to a context. */
SINTER_API void sinter_call(sinter_program *program, const char *name, const sinter_node_type *type, const sinter_value *inputs,
                            sinter_value *outputs);

/* To be called within an emit callback: refuses the call with a message, which the report shows at the call's place. */
SINTER_API void sinter_program_fail(sinter_program *program, const char *message);
/* A value's type; 0 for no value. */
SINTER_API sinter_type sinter_type_of(const sinter_program *program, sinter_value value);

#ifdef __cplusplus
}
#endif

#endif
