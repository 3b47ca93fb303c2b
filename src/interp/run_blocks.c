/* Vector loops: block after block, operation after operation. */
#include "interp/interp_code.h"

#include <string.h>

typedef struct block_run {
    const interp_engine *engine;
    const interp_stream *streams;
    const uint64_t *frame;
    char *base[3]; /* of slots, frame, constants; the last two are only read */
    int64_t first; /* element of the block */
    size_t n;
} block_run;

static void *address(const block_run *run, interp_place place)
{
    const interp_space space = sn_interp_space(place);
    const uint32_t number = place & PLACE_MASK;
    if (space != SPACE_STREAM)
        return run->base[space] + (size_t)number * 8;
    const interp_stream *stream = &run->streams[number];
    return (char *)(uintptr_t)run->frame[stream->slot] + (run->first - stream->delay) * stream->size;
}

/* memmove: the caller's streams may overlap when one is passed on. */
static void copy(const block_run *run, const block_op *op, interp_place from)
{
    void *out = address(run, op->out);
    const void *in = address(run, from);
    if (sn_interp_is_uniform(from))
        run->engine->fill[op->size == 8](out, in, in, in, run->n);
    else if (out != in)
        memmove(out, in, run->n * op->size);
}

static bool asks(const block_run *run, const block_op *cold)
{
    return run->engine->any(address(run, cold->a), sn_interp_is_uniform(cold->a) ? 1 : run->n);
}

static void run_block(const block_run *run, const block_op *ops, uint32_t count)
{
    for (const block_op *op = ops, *end = ops + count; op < end; op++) {
        switch ((block_kind)op->kind) {
        case BLOCK_LOOP:
            op->loop(address(run, op->out), address(run, op->a), address(run, op->b), address(run, op->c),
                     run->n);
            break;
        case BLOCK_COPY:
            copy(run, op, op->a);
            break;
        case BLOCK_COUNT:
            op->loop(address(run, op->out), address(run, op->a), &run->first, NULL, run->n);
            break;
        case BLOCK_SUM:
            run->engine->sum[op->size == 8](address(run, op->out), address(run, op->a), (size_t)run->first,
                                            run->n);
            break;
        case BLOCK_SUM_PRODUCTS:
            run->engine->sum_products[op->size == 8](address(run, op->out), address(run, op->a), address(run, op->b),
                                                     (size_t)run->first, run->n);
            break;
        case BLOCK_COLD:
            if (!asks(run, op)) {
                op = ops + op->c;
                copy(run, op, op->c);
            }
            break;
        }
    }
}

void sn_interp_run_blocks(const interp_code *code, const block_body *body, uint64_t *frame, int64_t begin,
                          int64_t end, void *workspace)
{
    block_run run = {.engine = code->engine, .streams = body->streams, .frame = frame};
    run.base[SPACE_SLOT] = workspace;
    run.base[SPACE_FRAME] = (char *)frame;
    memcpy(&run.base[SPACE_CONST], &code->constants, sizeof code->constants); /* never written through */
    for (run.first = begin; run.first < end; run.first += (int64_t)run.n) {
        const int64_t left = end - run.first;
        run.n = left < (int64_t)body->length ? (size_t)left : body->length;
        run_block(&run, body->ops, body->count);
    }
}
