/* Loops of alike components (plan_loop.alike), one component a lane: see side_by_side.c. Included by x64.h. */
#ifndef SN_CODE_X64_SIDE_BY_SIDE_H
#define SN_CODE_X64_SIDE_BY_SIDE_H

#include "plan/plan.h"

enum {
    X64_ALIKE_BLOCK = 4,                    /* elements that are turned at once */
    X64_ALIKE_VECTOR = PLAN_ALIKE_BYTES,    /* bytes that a vector of lanes has on the stack, whatever its width */
    X64_ALIKE_ROOM = 2 * X64_ALIKE_BLOCK    /* elements of a stream that are there at once: a block that is worked on, and the one before or behind it */
};

/* A vector of values that the lanes have from the frame's slots, or, of constants, in the pool. */
typedef struct x64_lanes {
    uint32_t place;  /* in the area, or in the pool */
    bool in_pool;
    uint8_t type;
    uint32_t slot[PLAN_MOST_ALIKE]; /* of the frame, a lane */
} x64_lanes;

/* A stream a lane, or one for all lanes. */
typedef struct x64_lane_stream {
    uint32_t place; /* in the area: a vector an element of the block */
    uint8_t type;
    bool shared;    /* one for all lanes: read where it lies */
    bool out, padded; /* padded: up to a block more can be read and written than there is: chunk buffers */
    uint8_t lanes;  /* that have a component of their own; the others repeat the last */
    uint32_t slot[PLAN_MOST_ALIKE];
    int32_t offset[PLAN_MOST_ALIKE]; /* of a chunk buffer: bytes from the first buffer's beginning */
} x64_lane_stream;

/* A held line a lane. */
typedef struct x64_lane_line {
    uint32_t line;   /* that of lane 0, by which the body names it */
    uint32_t place;  /* in the area: a vector a past value, the oldest first */
    uint8_t lanes;
    uint32_t slot[PLAN_MOST_ALIKE];
} x64_lane_line;

/* What is made of a loop of alike components: a body for vectors, in which the components of as many lanes as a vector has are one slice. There
 *   a UNIFORM with b ≠ 0 is lanes[b − 1];
 *   INPUT, BUFFER: a; SET_BUFFER: b: the number of a stream. */
typedef struct x64_alike {
    const plan_loop *loop;
    plan_body body;
    uint32_t *origins; /* by operation: one of the loop's body */
    x64_lanes *vectors;
    x64_lane_stream *streams;
    x64_lane_line *lines;
    uint32_t vector_count, stream_count, line_count;
    uint32_t area;     /* bytes, below the allocator's slots */
    uint32_t begin;    /* where in it: the element with which the loop began */
    unsigned lanes;
} x64_alike;

#endif
