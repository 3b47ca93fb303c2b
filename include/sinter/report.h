/* Errors as values: what went wrong, where in the source text, and what may help. */
#ifndef SINTER_REPORT_H
#define SINTER_REPORT_H

#include <sinter/memory.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum sinter_status {
    SINTER_OK = 0,
    SINTER_BAD_PROGRAM,    /* the text or the operations are not a program; the report says where and why */
    SINTER_BAD_ARGUMENT,   /* a call of this API is wrong: a null pointer, an unknown name, a count out of range */
    SINTER_NO_MEMORY,      /* the allocator refused */
    SINTER_NO_ENGINE,      /* the engine asked for cannot run here; the report says what is missing */
    SINTER_TOO_LARGE,      /* beyond a stated limit (operations, nesting, names, state) */
    SINTER_NEEDS_INSTANCE, /* the kernel has state, or needs more workspace than the stack gives: make an instance */
    SINTER_CANCELLED,      /* the caller stopped it, by a flag or a callback */
    SINTER_FULL,           /* a queue has no room: again, when the audio thread has taken something from it */
    SINTER_BAD_PARAMETER   /* a parameter of a density breaks its constraint, or has no value yet: results are NaN;
                              sinter_density_invalid names it */
} sinter_status;

enum { SINTER_MAX_ERRORS = 20, SINTER_MESSAGE_SIZE = 200, SINTER_EXCERPT_SIZE = 160 };

/* One error. `line` and `column` count from 1 (columns in characters, not bytes); 0 where there is no place.
 * `width` is the number of characters that the mark under the source line spans.
 * `excerpt` is the source line, cut around the place when it is long (`excerpt_column` is the place within it, from 1). */
typedef struct sinter_error {
    sinter_status status;
    int line;
    int column;
    int width;
    int excerpt_column;
    char message[SINTER_MESSAGE_SIZE];
    char hint[SINTER_MESSAGE_SIZE]; /* empty where there is none */
    char excerpt[SINTER_EXCERPT_SIZE];
} sinter_error;

/* All errors of one compilation, the first SINTER_MAX_ERRORS of them; `total` counts the others too.
 * The caller owns it and need not initialise it; every call that takes one resets it. Passing NULL is allowed
 * everywhere. */
typedef struct sinter_report {
    int count;
    int total;
    char name[64]; /* what the messages call the source: a file's name, or `expression` */
    sinter_error errors[SINTER_MAX_ERRORS];
} sinter_report;

/* Writes error `i` of the report the way compilers do, newline at the end, no colours:
 *
 *     name:line:column: error: message
 *         source line
 *            ^~~~
 *     hint: …
 *
 * into `buffer` of `size` bytes, cut at the end when it does not fit, always terminated (size > 0).
 * Returns the length that the whole text has, like snprintf. Reads only its arguments. */
SINTER_API size_t sinter_report_format(const sinter_report *report, int i, char *buffer, size_t size);

/* A status in words: "no memory". Never NULL. */
SINTER_API const char *sinter_status_name(sinter_status status);

#ifdef __cplusplus
}
#endif

#endif
