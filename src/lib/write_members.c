/* Writes the log-densities of the library's families, lowered, as C: write_members FILE. It runs while the library is built, with all of it but that list
 * (built_members.h), and writes what a context of that library keeps when each family is compiled, for values alone and for derivatives too; those of tuples
 * of two and of three, since they differ by how long these are. */
#include "lang/built_members.h"

#include "kernel/kernels.h"

#include <sinter/density.h>
#include <sinter/sinter.h>
#include <stdio.h>
#include <string.h>

enum { MOST_MEMBERS = 1000 };

static const char *const of_tuples[] = {
    "categorical((0.5, 0.5))",
    "categorical((0.5, 0.25, 0.25))",
    "dirichlet((1, 1))",
    "dirichlet((1, 1, 1))",
    "multi_normal_cholesky((0, 0), (1, 0, 1))",
    "multi_normal_cholesky((0, 0, 0), (1, 0, 1, 0, 0, 1))",
};

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

static void write_member(FILE *out, const struct lang_kept_member *m, unsigned number)
{
    const ir_extract *e = &m->extract;
    fprintf(out, "{\"%s\", {.extract = {.ops = ops%u, .parts = parts%u, .first = %uu, .count = %uu, .result = %uu, .has_functions = %d", m->family->name, number, number, e->first,
            e->count, e->result, e->has_functions);
    if (count_tables(e) > 0)
        fprintf(out, ", .memories = memories%u", number);
    fprintf(out, "}, .inputs = %uu, .shape = %lluu,\n", m->inputs, (unsigned long long)m->shape);
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

/* In C, with all that is kept in the order of the families. */
static bool write_all(FILE *out, const struct lang_kept_member *first)
{
    const struct lang_kept_member *all[MOST_MEMBERS];
    unsigned count = 0;
    for (const struct lang_kept_member *m = first; m; m = m->next) {
        if (count == MOST_MEMBERS)
            return false;
        if (m->result && m->quantity == LANG_LOG_DENSITY)
            insert(all, count++, m);
    }
    fprintf(out, "/* Log-densities of the library's families, lowered. Written by write_members.c. */\n#include \"lang/built_members.h\"\n\n");
    for (unsigned k = 0; k < count; k++) {
        write_operations(out, &all[k]->extract, k);
        write_tables(out, &all[k]->extract, k);
    }
    fprintf(out, "\nconst lang_built_member sn_lang_built_members[] = {\n");
    for (unsigned k = 0; k < count; k++)
        write_member(out, all[k], k);
    fprintf(out, "};\nconst uint32_t sn_lang_built_member_count = %uu;\n", count);
    return count > 0 && !ferror(out);
}

/* Compiles it by the context, for values and for what may be wanted of a density later, which keeps it. */
static sinter_status keep(sinter_context *context, const char *text)
{
    static sinter_report report;
    sinter_kernel *kernel;
    sinter_density *density;
    const sinter_options options = {.source = SINTER_DENSITY, .type = SINTER_F64, .engine = SINTER_ENGINE_INTERP};
    sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, &report);
    if (status)
        return status;
    sinter_kernel_close(kernel);
    status = sinter_density_open(context, text, strlen(text), NULL, &density, &report);
    if (!status)
        sinter_density_close(density);
    return status;
}

/* Those of tuples by their texts, all others by name. */
static sinter_status keep_all(sinter_context *context)
{
    lang_family_entry family;
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; !status && sn_lang_family(k, &family); k++) {
        status = family.same_as ? SINTER_OK : keep(context, family.name);
        if (status == SINTER_BAD_PROGRAM) /* a tuple is wanted */
            status = SINTER_OK;
    }
    for (unsigned k = 0; !status && k < sizeof of_tuples / sizeof *of_tuples; k++)
        status = keep(context, of_tuples[k]);
    return status;
}

int main(int argc, char **argv)
{
    sinter_context *context;
    if (argc != 2)
        return fail("usage", "write_members FILE");
    if (sinter_open(NULL, &context))
        return fail(argv[1], "no context");
    if (keep_all(context)) {
        sinter_close(context);
        return fail(argv[1], "the families cannot be compiled");
    }
    FILE *out = fopen(argv[1], "wb");
    const bool written = out && write_all(out, context->members.first);
    const bool good = out && fclose(out) == 0 && written;
    sinter_close(context);
    return good ? 0 : fail(argv[1], "the file cannot be written");
}
