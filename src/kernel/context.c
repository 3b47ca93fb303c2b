/* Contexts. */
#include "kernel/kernels.h"

#include <string.h>

sinter_status sinter_open(const sinter_context_options *options, sinter_context **context)
{
    if (!context)
        return SINTER_BAD_ARGUMENT;
    *context = NULL;
    const sinter_allocator a = sn_allocator_or_default(options ? &options->allocator : NULL);
    sinter_context *c = sn_allocate(&a, sizeof *c);
    if (!c)
        return SINTER_NO_MEMORY;
    *c = (sinter_context){.allocator = a};
    code_memory_options memory = {0};
    if (options) {
        memory.size = options->code_memory;
        memory.perf_map = options->perf_map;
        memory.refuse = options->refuse;
    }
#if !SINTER_JIT
    memory.mode = CODE_MEMORY_NONE;
#endif
    const sinter_status status = sn_exec_open(&a, &memory, &c->code);
    if (status) {
        sn_release(&a, c, sizeof *c);
        return status;
    }
    sn_arena_open(&c->scratch, &a);
    sn_arena_open(&c->loops, &a);
    sn_math_templates_open(&c->templates, &a);
    sn_arena_open(&c->members.memory, &a);
    sn_arena_open(&c->calls.memory, &a);
    sn_arena_open(&c->programs.memory, &a);
    pthread_mutexattr_t checked;
    pthread_mutexattr_init(&checked);
    pthread_mutexattr_settype(&checked, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&c->compiling, &checked);
    pthread_mutexattr_destroy(&checked);
    *context = c;
    return SINTER_OK;
}

void sinter_close(sinter_context *c)
{
    if (!c)
        return;
    for (uint32_t k = 0; k < c->node_count; k++)
        sn_release(&c->allocator, (void *)(uintptr_t)c->nodes[k].name, strlen(c->nodes[k].name) + 1);
    sn_release(&c->allocator, c->nodes, c->node_capacity * sizeof *c->nodes);
    sn_math_templates_close(&c->templates);
    sn_arena_close(&c->members.memory);
    sn_arena_close(&c->calls.memory);
    sn_arena_close(&c->programs.memory);
    sn_arena_close(&c->scratch);
    sn_arena_close(&c->loops);
    sn_exec_close(c->code);
    pthread_mutex_destroy(&c->compiling);
    const sinter_allocator a = c->allocator;
    sn_release(&a, c, sizeof *c);
}

bool sn_node_type_is_valid(const sinter_node_type *t)
{
    enum { MOST_PORTS = 64, MOST_LATENCY = 1 << 28 };
    if (!t || t->outputs == 0 || t->outputs > MOST_PORTS || t->inputs > MOST_PORTS || !t->emit + !t->process + !t->tick != 2)
        return false;
    if (t->emit)
        return !t->create && !t->destroy && !t->reset && !t->save && !t->restore && !t->latency && !t->pure;
    return (t->create || !t->destroy) && !t->save == !t->restore && t->latency <= MOST_LATENCY;
}

const char *sinter_code_memory_reason(const sinter_context *context)
{
    return context ? sn_exec_reason(context->code) : "no context was given";
}
