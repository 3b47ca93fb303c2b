/* What a kernel keeps of its plan: one block, laid out in two walks over the same list (first for its size, then to copy). */
#include "kernel/kernels.h"

#include <string.h>

typedef struct layout {
    uint8_t *base; /* NULL while only the size is wanted */
    size_t at;
} layout;

static void *piece(layout *l, size_t size)
{
    void *place = l->base ? l->base + l->at : NULL;
    l->at += (size + 15) & ~(size_t)15;
    return place;
}

static const char *name_of(layout *l, const char *name)
{
    const size_t size = strlen(name) + 1;
    char *copy = piece(l, size);
    if (copy)
        memcpy(copy, name, size);
    return copy;
}

static void *copied(layout *l, const void *from, size_t size)
{
    void *copy = piece(l, size);
    if (copy && size)
        memcpy(copy, from, size);
    return copy;
}

static sinter_stream_info *streams(layout *l, const ir_stream *from, uint32_t count)
{
    sinter_stream_info *to = piece(l, count * sizeof *to);
    for (uint32_t k = 0; k < count; k++) {
        const char *name = name_of(l, from[k].name);
        if (to)
            to[k] = (sinter_stream_info){name, (sinter_type)from[k].type};
    }
    return to;
}

static void parameters(layout *l, sinter_kernel *k, const ir_program *p)
{
    sinter_parameter_info *to = piece(l, p->param_count * sizeof *to);
    uint8_t *types = piece(l, p->param_count);
    const char **names = piece(l, p->param_count * sizeof *names);
    for (uint32_t i = 0; i < p->param_count; i++) {
        const ir_param *from = &p->params[i];
        const char *name = name_of(l, from->name), *unit = name_of(l, from->unit ? from->unit : "");
        if (to) {
            to[i] = (sinter_parameter_info){name, unit, from->initial, from->low, from->high, (sinter_curve)from->curve,
                                            (sinter_smoothing)from->smoothing, from->seconds};
            types[i] = from->type;
            names[i] = name;
        }
    }
    if (k) {
        k->params = to;
        k->param_types = types;
        k->param_names = names;
    }
}

static bool body_reads(const plan_body *body, uint32_t memory)
{
    for (uint32_t k = 1; k < body->count; k++)
        if (body->ops[k].code == IR_LOAD && body->ops[k].b == memory)
            return true;
    return false;
}

/* Is the image read, or what is said of it? */
static bool is_used(const plan *p, uint32_t memory)
{
    for (uint32_t k = 0; k < 2 * p->loop_count; k++)
        if (body_reads(&p->loops[k / 2].body[k % 2], memory) || body_reads(&p->loops[k / 2].body[k % 2], memory + 1))
            return true;
    return false;
}

/* Gathers of bytes read four at a time: tables are padded by three. */
static kernel_table *tables(layout *l, const plan *p)
{
    const ir_program *program = p->program;
    kernel_table *to = piece(l, program->memory_count * sizeof *to);
    for (uint32_t k = 0; k < program->memory_count; k++) {
        const ir_memory *m = &program->memories[k];
        const size_t size = m->kind == IR_TABLE ? (size_t)m->length * sn_ir_type_size(m->type) : 0;
        uint8_t *content = m->kind == IR_TABLE ? piece(l, size + 4) : NULL;
        if (content)
            memcpy(content, m->content, size);
        if (to)
            to[k] = (kernel_table){content, m->length, m->kind == IR_CELLS ? p->line_of_memory[k] + 1 : 0, m->type,
                                   m->channels, m->channels && is_used(p, k)};
    }
    return to;
}

static sinter_image_info *images(layout *l, const sinter_kernel *k, const ir_program *p, uint32_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < p->memory_count; i++)
        *count += p->memories[i].channels != 0;
    sinter_image_info *to = piece(l, *count * sizeof *to);
    for (uint32_t i = 0, number = 0; i < p->memory_count; i++) {
        const ir_memory *m = &p->memories[i];
        const char *name = m->channels ? name_of(l, m->name) : NULL;
        if (to && name)
            to[number++] = (sinter_image_info){name, m->channels, m->made, k->tables[i].used};
    }
    return to;
}

static kernel_total *totals(layout *l, const plan *p)
{
    const ir_program *program = p->program;
    kernel_total *to = piece(l, program->total_count * sizeof *to);
    for (uint32_t k = 0; to && k < program->total_count; k++) {
        const ir_total_map map = program->total_maps ? program->total_maps[k] : (ir_total_map){1, 0};
        to[k] = (kernel_total){p->sum_types[k], map.scale, map.offset};
    }
    return to;
}

static kernel_loop *loops(layout *l, const plan *p)
{
    kernel_loop *to = piece(l, p->loop_count * sizeof *to);
    for (uint32_t k = 0; to && k < p->loop_count; k++)
        to[k] = (kernel_loop){.rate = p->loops[k].rate, .ticked = p->loops[k].ticked, .guard = p->loops[k].guard, .routine = p->loops[k].routine,
                              .arguments = {p->loops[k].arguments[0], p->loops[k].arguments[1], p->loops[k].arguments[2]}, .results = p->loops[k].results};
    return to;
}

/* Scans come in the order of the loops before which they are computed. */
static plan_scan *scans(layout *l, const plan *p, kernel_loop *all)
{
    plan_scan *to = copied(l, p->scans, p->scan_count * sizeof *to);
    for (uint32_t k = p->scan_count; to && k-- > 0;) {
        if (to[k].keeps_loop) {
            all[to[k].loop].instead = k + 1;
            continue;
        }
        all[to[k].before].first_scan = k;
        all[to[k].before].scans++;
    }
    return to;
}

static uint32_t counters(layout *l, const plan *p, kernel_counter **to)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < p->line_count; k++)
        count += p->lines[k].counter;
    *to = piece(l, count * sizeof **to);
    count = 0;
    for (uint32_t k = 0; k < p->line_count; k++)
        if (p->lines[k].counter && *to)
            (*to)[count++] = (kernel_counter){k, p->frame.lines + k, p->lines[k].step_slot, p->lines[k].step};
    return count;
}

static uint32_t windows(layout *l, const plan *p, kernel_window **to)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < p->line_count; k++)
        count += !p->lines[k].held;
    *to = piece(l, count * sizeof **to);
    count = 0;
    for (uint32_t k = 0; k < p->line_count; k++)
        if (!p->lines[k].held && *to)
            (*to)[count++] = (kernel_window){k, p->frame.lines + k, p->lines[k].length, (uint32_t)sn_ir_type_size((ir_type)p->lines[k].type)};
    return count;
}

typedef struct line_list {
    uint32_t *lines, count;
    uint8_t *listed;
    kernel_group *groups;
    uint32_t group_count;
} line_list;

static void list_line(line_list *list, uint32_t line)
{
    if (!list->listed[line])
        list->lines[list->count++] = line;
    list->listed[line] = 1;
}

/* Of alike components the first value of each, then the second. */
static void list_held(line_list *list, const plan *p, const plan_loop *loop)
{
    const plan_body *body = &loop->body[0];
    const uint32_t slices = loop->alike ? loop->alike : 1, slice = loop->alike ? loop->slice : body->count - 1;
    for (uint32_t place = 1; place <= slice && body->count; place++) {
        if (body->ops[place].code != IR_HELD)
            continue;
        const kernel_group group = {list->count, slices};
        for (uint32_t k = 0; k < slices; k++)
            list_line(list, body->ops[place + k * slice].a);
        if (loop->alike && list->count == group.first + slices && p->lines[body->ops[place].a].length == 1)
            list->groups[list->group_count++] = group;
    }
}

/* What is looked at together lies together: lines.c. */
static void order_lines(line_list *list, const plan *p)
{
    memset(list->listed, 0, p->line_count);
    for (uint32_t k = 0; k < p->line_count; k++)
        if (p->lines[k].counter)
            list_line(list, k);
    for (uint32_t k = 0; k < p->loop_count; k++)
        if (p->loops[k].lanes == PLAN_SCALAR)
            list_held(list, p, &p->loops[k]);
    for (uint32_t k = 0; k < p->line_count; k++)
        list_line(list, k);
}

/* By counting, in the order in which they lie. */
static uint32_t *flushed_lines(layout *l, const plan *p, kernel_loop *all, const uint32_t *order)
{
    uint32_t *to = piece(l, p->line_count * sizeof *to), first = 0;
    if (!to)
        return NULL;
    for (uint32_t k = 0; k < p->line_count; k++)
        all[p->lines[k].loop].flushed += p->lines[k].flush;
    for (uint32_t k = 0; k < p->loop_count; k++) {
        all[k].first_flushed = first;
        first += all[k].flushed;
        all[k].flushed = 0;
    }
    for (uint32_t k = 0; k < p->line_count; k++) {
        const uint32_t line = order[k];
        kernel_loop *loop = &all[p->lines[line].loop];
        if (p->lines[line].flush)
            to[loop->first_flushed + loop->flushed++] = line;
    }
    return to;
}

/* Calls that are made come in the order in which they are made; their selves in that of the program, which is the same for its moving one. */
static kernel_call *calls(layout *l, const plan *p)
{
    const ir_program *program = p->program;
    kernel_call *to = piece(l, p->call_count * sizeof *to);
    for (uint32_t k = 0, self = 0; self < p->call_count; k++) {
        const ir_call *call = &program->calls[k];
        const plan_call *from = &p->calls[p->place_of_call[k]];
        if (from->call != k)
            continue;
        const char *name = name_of(l, call->name), *type_name = name_of(l, call->type->name);
        if (to) {
            kernel_call *made = &to[p->place_of_call[k]];
            *made = (kernel_call){name, *call->type, from->before, from->inputs, from->outputs, self, from->steady};
            made->type.name = type_name;
        }
        self++;
    }
    return to;
}

static void lay_out(layout *l, sinter_kernel *k, const plan *p)
{
    const ir_program *program = p->program;
    kernel_loop *all_loops = loops(l, p);
    plan_scan *all_scans = scans(l, p, all_loops);
    plan_buffer *buffers = copied(l, p->buffers, p->buffer_count * sizeof *buffers);
    plan_line *lines = copied(l, p->lines, p->line_count * sizeof *lines);
    const char **line_names = piece(l, p->line_count * sizeof *line_names);
    for (uint32_t i = 0; i < p->line_count; i++) {
        const char *name = name_of(l, program->memories[p->lines[i].memory].name);
        if (line_names)
            line_names[i] = name;
    }
    kernel_counter *all_counters;
    kernel_window *all_windows;
    const uint32_t counter_count = counters(l, p, &all_counters), window_count = windows(l, p, &all_windows);
    line_list list = {.lines = piece(l, p->line_count * sizeof *list.lines), .groups = piece(l, p->line_count * sizeof *list.groups),
                      .listed = piece(l, p->line_count) /* for this walk only */};
    if (k)
        order_lines(&list, p);
    uint32_t *flushed = flushed_lines(l, p, all_loops, list.lines);
    kernel_table *all_tables = tables(l, p);
    kernel_total *all_totals = totals(l, p);
    kernel_call *all_calls = calls(l, p);
    sinter_stream_info *inputs = streams(l, program->inputs, program->input_count);
    sinter_stream_info *outputs = streams(l, program->outputs, program->output_count);
    uint32_t image_count;
    if (k)
        k->tables = all_tables;
    sinter_image_info *all_images = images(l, k, program, &image_count);
    parameters(l, k, program);
    if (!k)
        return;
    k->images = all_images;
    k->image_count = image_count;
    k->loops = all_loops;
    k->scans = all_scans;
    k->buffers = buffers;
    k->lines = lines;
    k->line_names = line_names;
    k->line_order = list.lines;
    k->groups = list.groups;
    k->group_count = list.group_count;
    k->counters = all_counters;
    k->counter_count = counter_count;
    k->windows = all_windows;
    k->window_count = window_count;
    for (uint32_t i = 0; i < k->loop_count; i++)
        k->flushed_count += all_loops[i].flushed;
    k->flushed = flushed;
    k->totals = all_totals;
    k->calls = all_calls;
    k->inputs = inputs;
    k->outputs = outputs;
}

static void count_loops(sinter_kernel *k)
{
    k->first_row_loop = k->first_element_loop = k->loop_count;
    for (uint32_t i = k->loop_count; i-- > 0;) {
        if (k->loops[i].rate == PLAN_ELEMENT)
            k->first_element_loop = i;
        if (k->loops[i].rate >= PLAN_ROW)
            k->first_row_loop = i;
        k->column_loops += k->loops[i].rate == PLAN_COLUMN;
        k->segment_loops += k->loops[i].rate == PLAN_SEGMENT;
    }
}

static void count_bound(sinter_kernel *k, const ir_program *p)
{
    for (uint32_t i = 0; i < p->memory_count; i++)
        k->bound_count += p->memories[i].kind == IR_BOUND;
    k->bound_count -= 2 * k->image_count; /* texels and extents */
    for (uint32_t i = 0; i < k->table_count; i++)
        k->uses_images |= k->tables[i].used;
    k->binds = k->bound_count || k->uses_images;
}

sinter_kernel *sn_kernel_image(const compilation *c, const plan *p)
{
    const ir_program *program = p->program;
    layout l = {NULL, 0};
    piece(&l, sizeof(sinter_kernel));
    lay_out(&l, NULL, p);
    const size_t size = l.at;
    sinter_kernel *k = sn_allocate(&c->context->allocator, size);
    if (!k)
        return NULL;
    *k = (sinter_kernel){.context = c->context, .block_size = size, .engine = c->engine, .engine_reason = c->engine_reason,
                         .frame = p->frame, .loop_count = p->loop_count, .input_count = program->input_count,
                         .output_count = program->output_count, .param_count = program->param_count, .public_params = c->public_params,
                         .table_count = program->memory_count, .total_count = program->total_count, .buffer_count = p->buffer_count,
                         .line_count = p->line_count, .call_count = p->call_count,
                         .scan_count = p->scan_count, .ahead_count = p->ahead_count, .latency = p->latency, .tail = p->tail,
                         .chunk = p->chunk, .workspace = p->workspace, .sums_offset = p->sums_offset,
                         .state = p->state, .stateful = p->stateful, .grid = p->grid || c->options.domain == SINTER_GRID,
                         .operations = p->operations, .hoisted = p->hoisted};
    k->own.allocator = c->context->allocator;
    l = (layout){(uint8_t *)k, 0};
    piece(&l, sizeof(sinter_kernel));
    lay_out(&l, k, p);
    count_loops(k);
    count_bound(k, program);
    return k;
}

sinter_kernel_info sinter_kernel_describe(const sinter_kernel *k)
{
    if (!k)
        return (sinter_kernel_info){.engine_reason = "no kernel was given"};
    const sinter_kernel *m = k->moving;
    return (sinter_kernel_info){.engine = k->engine, .engine_reason = k->engine_reason, .input_count = k->input_count,
                                .output_count = k->output_count, .parameter_count = k->public_params, .total_count = k->total_count,
                                .bound_table_count = k->bound_count, .inputs = k->inputs, .outputs = k->outputs,
                                .parameters = k->params, .operations = k->operations, .hoisted = k->hoisted, .loops = k->loop_count,
                                .code_bytes = k->block.size + (m ? m->block.size : 0),
                                .constant_bytes = k->block.pool_size + (m ? m->block.pool_size : 0), .state_bytes = (size_t)k->state,
                                .workspace_bytes = k->workspace + k->interp_workspace + (m ? m->workspace + m->interp_workspace : 0), .stateful = k->stateful, .grid = k->grid,
                                .image_count = k->image_count, .images = k->images, .call_count = k->call_count, .latency = k->latency, .tail = k->tail};
}
