/* Writes the log-densities of the library's families, lowered, as C: write_members FILE ROUTINES. It runs while the library is built, with all of it but that list
 * (built_members.h), and writes what a context of that library keeps when each family is compiled, for values alone and for derivatives too. What parameters alone determine becomes a routine in C of the second file (split_members.h). */
#include "lang/built_members.h"
#include "lib/family_texts.h"
#include "lib/split_members.h"

#include "base/text.h"
#include "kernel/kernels.h"

#include <sinter/density.h>
#include <sinter/sinter.h>
#include <stdio.h>
#include <string.h>

enum { MOST_MEMBERS = 1000 };

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "write_members: %s: %s\n", what, why);
    return 1;
}

static void write_operations(FILE *out, const ir_extract *e, unsigned number)
{
    fprintf(out, "static const ir_op ops%u[] = {\n", number);
    for (uint32_t k = 0; k < e->count; k++) {
        const ir_op *op = &e->ops[k];
        fprintf(out, "{%u,%u,%u,%u,%uu,%uu,%uu},%s", op->code, op->type, op->axes, op->flags, op->a, op->b, op->c, k % 4 == 3 ? "\n" : "");
    }
    fprintf(out, "};\nstatic const uint8_t parts%u[] = {\n", number);
    for (uint32_t k = 0; k < e->count; k++)
        fprintf(out, "%u,%s", e->parts[k], k % 64 == 63 ? "\n" : "");
    fprintf(out, "};\n");
    if (e->other_count > 0)
        fprintf(out, "static const ir_ref others%u[] = {", number);
    for (uint32_t k = 0; k < e->other_count; k++)
        fprintf(out, "%u,", e->others[k]);
    if (e->other_count > 0)
        fprintf(out, "};\n");
}

static uint32_t count_tables(const ir_extract *e)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < e->count; k++)
        if (e->ops[k].code == IR_LOAD && e->ops[k].b >= count)
            count = e->ops[k].b + 1;
    return count;
}

static void write_tables(FILE *out, const ir_extract *e, unsigned number)
{
    const uint32_t count = count_tables(e);
    for (uint32_t k = 0; k < count; k++) {
        const ir_memory *m = &e->memories[k];
        fprintf(out, "static const _Alignas(64) uint8_t content%u_%u[] = {\n", number, k);
        for (size_t i = 0; i < (size_t)m->length * sn_ir_type_size(m->type); i++)
            fprintf(out, "%u,%s", ((const uint8_t *)m->content)[i], i % 32 == 31 ? "\n" : "");
        fprintf(out, "};\n");
    }
    if (count > 0)
        fprintf(out, "static const ir_memory memories%u[] = {\n", number);
    for (uint32_t k = 0; k < count; k++) {
        const ir_memory *m = &e->memories[k];
        fprintf(out, "{.name = \"%s\", .content = content%u_%u, .length = %uu, .shortest = %uu, .kind = %u, .type = %u},\n", m->name, number, k, m->length, m->shortest, m->kind,
                m->type);
    }
    if (count > 0)
        fprintf(out, "};\n");
}

static void write_extract(FILE *out, const ir_extract *e, unsigned number)
{
    fprintf(out, ".extract = {.ops = ops%u, .parts = parts%u, .first = %uu, .fresh = %uu, .count = %uu, .result = %uu, .has_functions = %d", number, number, e->first,
            e->fresh, e->count, e->result, e->has_functions);
    if (count_tables(e) > 0)
        fprintf(out, ", .memories = memories%u", number);
    if (e->other_count > 0)
        fprintf(out, ", .others = others%u, .other_count = %uu", number, e->other_count);
    fprintf(out, "}");
}

static void write_member(FILE *out, const struct lang_kept_member *m, unsigned number, bool is_split)
{
    fprintf(out, "{\"%s\", {", m->family->name);
    write_extract(out, &m->extract, number);
    fprintf(out, ", .inputs = %uu, .shape = %lluu,\n", m->inputs, (unsigned long long)m->shape);
    if (is_split)
        fprintf(out, " .prepared = &prepared%u,\n", number);
    fprintf(out, " .result = %uu, .carries = %lluu, .rules = %uu, .quantity = %u, .type = %u, .derived = %d, .expanded = %d}},\n", m->result, (unsigned long long)m->carries,
            m->rules, m->quantity, m->type, m->derived, m->expanded);
}

/* In one order, so that whoever builds the library again has the same file: by the family, then by what tells its members apart. */
static bool is_before(const struct lang_kept_member *a, const struct lang_kept_member *b)
{
    const int order = strcmp(a->family->name, b->family->name);
    return order ? order < 0 : a->shape != b->shape ? a->shape < b->shape : a->rules < b->rules;
}

static void insert(const struct lang_kept_member **all, unsigned count, const struct lang_kept_member *m)
{
    for (; count > 0 && is_before(m, all[count - 1]); count--)
        all[count] = all[count - 1];
    all[count] = m;
}

/* The member's number k, with the routine of that number if it has one. */
static bool write_split(FILE *out, FILE *routines, const struct lang_kept_member *m, unsigned k, unsigned number, sinter_context *context)
{
    split_member split;
    arena *memory = &context->scratch;
    if (!sn_split_member(m, &context->templates, memory, &split))
        return false;
    text c;
    sn_text_open(&c, memory);
    if (!sn_write_routine(&split, m->family->name, number, &c))
        return false;
    fprintf(routines, "%.*s", (int)c.length, c.start);
    write_operations(out, &split.rest, MOST_MEMBERS + k);
    write_tables(out, &split.rest, MOST_MEMBERS + k);
    if (split.slopes > 0)
        fprintf(out, "static const uint8_t flags%u[] = {", k);
    for (uint32_t i = 0; i < split.slopes; i++)
        fprintf(out, "%u,", split.slope_flags[i]);
    if (split.slopes > 0)
        fprintf(out, "};\n");
    fprintf(out, "static const lang_prepared prepared%u = {", k);
    write_extract(out, &split.rest, MOST_MEMBERS + k);
    if (split.slopes > 0)
        fprintf(out, ", .slope_flags = flags%u", k);
    fprintf(out, ", .parameters = %uu, .slopes = %uu, .checks = %d, .routine = &sn_lang_built_routines[%u]};\n", split.parameters, split.slopes, split.checks, number);
    return true;
}

static void write_routine_list(FILE *routines, unsigned count)
{
    fprintf(routines, "\nconst ir_routine sn_lang_built_routines[%u] = {\n", count);
    for (unsigned k = 0; k < count; k++)
        fprintf(routines, "    ROUTINE_%u,\n", k);
    fprintf(routines, "};\n#else\nconst ir_routine sn_lang_built_routines[%u]; /* which nobody calls */\n#endif\n", count);
}

/* In C, with all that is kept in the order of the families. */
static bool write_all(FILE *out, FILE *routines, sinter_context *context)
{
    const struct lang_kept_member *all[MOST_MEMBERS];
    bool is_split[MOST_MEMBERS];
    unsigned count = 0, routine_count = 0;
    for (const struct lang_kept_member *m = context->members.first; m; m = m->next) {
        if (count == MOST_MEMBERS)
            return false;
        if (m->result && m->quantity == LANG_LOG_DENSITY)
            insert(all, count++, m);
    }
    fprintf(out, "/* Log-densities of the library's families, lowered. Written by write_members.c. */\n#include \"lang/built_members.h\"\n\n");
    fprintf(routines, "/* What parameters alone determine of the families' log-densities. Written by write_members.c. */\n#include \"lang/built_members.h\"\n\n"
                      "#if defined(__x86_64__) || defined(__aarch64__)\n");
    for (unsigned k = 0; k < count; k++) {
        write_operations(out, &all[k]->extract, k);
        write_tables(out, &all[k]->extract, k);
        is_split[k] = write_split(out, routines, all[k], k, routine_count, context);
        routine_count += is_split[k];
    }
    write_routine_list(routines, routine_count);
    fprintf(out, "\nconst lang_built_member sn_lang_built_members[] = {\n");
    for (unsigned k = 0; k < count; k++)
        write_member(out, all[k], k, is_split[k]);
    fprintf(out, "};\nconst uint32_t sn_lang_built_member_count = %uu;\n", count);
    return count > 0 && routine_count > 0 && !context->scratch.failed && !ferror(out) && !ferror(routines);
}

/* Compiles it by the context, for values and for what may be wanted of a density later, which keeps it. */
static sinter_status keep(void *visitor, const char *of)
{
    sinter_context *context = visitor;
    static sinter_report report;
    sinter_kernel *kernel;
    sinter_density *density;
    const sinter_options options = {.source = SINTER_DENSITY, .type = SINTER_F64, .engine = SINTER_ENGINE_INTERP};
    sinter_status status = sinter_compile(context, of, strlen(of), &options, &kernel, &report);
    if (status)
        return status;
    sinter_kernel_close(kernel);
    status = sinter_density_open(context, of, strlen(of), NULL, &density, &report);
    if (!status)
        sinter_density_close(density);
    return status;
}

int main(int argc, char **argv)
{
    sinter_context *context;
    if (argc != 3)
        return fail("usage", "write_members FILE ROUTINES");
    if (sinter_open(NULL, &context))
        return fail(argv[1], "no context");
    context->members.keeps_checked = true;
    if (sn_each_family_text(keep, context)) {
        sinter_close(context);
        return fail(argv[1], "the families cannot be compiled");
    }
    FILE *out = fopen(argv[1], "wb"), *routines = fopen(argv[2], "wb");
    const bool written = out && routines && write_all(out, routines, context);
    const bool closed = out && routines && fclose(out) == 0 && fclose(routines) == 0;
    const bool good = closed && written;
    sinter_close(context);
    return good ? 0 : fail(argv[1], "the file cannot be written");
}
