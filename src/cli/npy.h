/* NumPy's array files (.npy): arrays of one, two or three axes in C order, from and to streams that need
 * not seek, so that pipes serve. Reads versions 1 to 3 of the format; writes version 1, its data on a
 * 64-byte border, as NumPy does.
 *
 * Every function returns whether it succeeded. Where it did not, the reason stands in message (at most room
 * characters, the final zero included), without the name of the file, which only the caller knows. Nothing
 * read from a file is trusted: whatever it says, memory grows with the bytes that really arrive, and
 * nothing overflows.
 *
 * Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
#ifndef SN_CLI_NPY_H
#define SN_CLI_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { NPY_AXES = 3 };

typedef enum npy_type {
    NPY_ANY, /* in a request to read: f64 for f64, i64 and i32, f32 for the others, so that every value is exact (of i64, those up to 2^53) */
    NPY_F32,
    NPY_F64
} npy_type;

/* An array of f32 or f64. The last axis varies fastest; element (i, j, k) is at (i * shape[1] + j) *
 * shape[2] + k. */
typedef struct npy_array {
    npy_type type;          /* NPY_F32 or NPY_F64 */
    int axes;               /* 1 to NPY_AXES */
    size_t shape[NPY_AXES]; /* 1 from the last axis on */
    size_t count;           /* the product of shape, possibly 0 */
    void *data;             /* malloc'ed, never null after a successful read */
} npy_array;

/* An array that is read a piece at a time. `data` of `shape` stays null. */
typedef struct npy_reader {
    FILE *in;
    npy_array shape; /* `type`: the one that holds every value */
    int stored;      /* as the file has them */
    size_t done;     /* values read so far */
} npy_reader;

/* Reads what stands before the values. Files may hold f32, f64, i64, i32, i16 or u8, little-endian. */
bool sn_npy_open(npy_reader *r, FILE *in, char *message, size_t room);
/* The next `count` values, no more than are left, as f64. */
bool sn_npy_read_values(npy_reader *r, double *to, size_t count, char *message, size_t room);

/* Reads one array, and not a byte more, from the stream; the values are converted to the type asked for (f64, i64 and i32 to f32 by
 * rounding). On failure *array is all zeros. */
bool sn_npy_read(FILE *in, npy_type type, npy_array *array, char *message, size_t room);

/* Frees what sn_npy_read made, and makes *array all zeros. */
void sn_npy_free(npy_array *array);

/* Writes what stands before the values. Then come exactly as many values as shape says, in as many calls of
 * sn_npy_write_values as convenient. */
bool sn_npy_write_header(FILE *out, npy_type type, int axes, const size_t *shape, char *message, size_t room);

/* Writes count values of the type. */
bool sn_npy_write_values(FILE *out, npy_type type, const void *values, size_t count, char *message,
                         size_t room);

#endif
