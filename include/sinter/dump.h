/* Looking inside a compilation: what the program is after any of the passes, how it was planned, the code that came of it. */
#ifndef SINTER_DUMP_H
#define SINTER_DUMP_H

#include <sinter/kernel.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sinter_dump_kind {
    SINTER_DUMP_IR,      /* the program's operations as text (which parses again) */
    SINTER_DUMP_PLAN,    /* loops and their bodies */
    SINTER_DUMP_EXPLAIN, /* what was chosen and why, what it will cost */
    SINTER_DUMP_C,       /* the plan as a C file; smoothed parameters are there at once in it */
    SINTER_DUMP_DOT      /* the program as a graph for Graphviz */
} sinter_dump_kind;

typedef struct sinter_dump_options {
    size_t size;              /* sizeof, or 0: reserved for growth */
    const char *passes;       /* NULL: the default ones; else names separated by commas: identity fold affine expand hoist dce; "" for
                               none. What is named runs: affine changes bits of a strict program, too */
    const char *function_name; /* in exported C; NULL: `kernel`. What C or the headers that the file includes have already gets a mark: int_, gamma_2 */
    bool ir_text;             /* the source is the IR's own text form */
} sinter_dump_options;

/* Writes the text to *text (from the context's allocator, terminated; free it with sinter_dump_release), its length to *length, and for
 * SINTER_DUMP_IR appends what each pass removed as comments. Errors as sinter_compile; *text is then NULL. */
SINTER_API sinter_status sinter_dump(sinter_context *context, const char *source, size_t source_length, const sinter_options *options,
                                     sinter_dump_kind kind, const sinter_dump_options *dump_options, char **text, size_t *length,
                                     sinter_report *report);
SINTER_API void sinter_dump_release(sinter_context *context, char *text, size_t length);

/* The machine code of a kernel, for disassembly: part k of how many; false from there on. Each part is a loop (or the function for one
 * element): its name, the address at which it runs, its bytes; and marks: from offset mark.offset on, the code belongs to the operation
 * printed in mark.text. NULL marks unless the kernel was compiled with options.marks. */
typedef struct sinter_code_mark {
    uint32_t offset;
    const char *text;
} sinter_code_mark;
typedef struct sinter_code_part {
    const char *name;
    const void *address;
    size_t size;
    const sinter_code_mark *marks;
    uint32_t mark_count;
} sinter_code_part;
SINTER_API bool sinter_kernel_code(const sinter_kernel *kernel, uint32_t k, sinter_code_part *part);

#ifdef __cplusplus
}
#endif

#endif
