/* Writes a density as exported C, for the loops of exported_loops.c: write_exported TEXT NAME FILE. It runs while the benchmarks are built, so that they measure what the
 * compiler of this very tree exports. */
#include <sinter/dump.h>
#include <sinter/sinter.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what)
{
    fprintf(stderr, "write_exported: %s\n", what);
    return 1;
}

static int write_file(const char *path, const char *text, size_t length)
{
    FILE *out = fopen(path, "wb");
    if (!out)
        return fail("the file cannot be opened");
    const bool good = fwrite(text, 1, length, out) == length;
    return fclose(out) == 0 && good ? 0 : fail("the file cannot be written");
}

int main(int argc, char **argv)
{
    static sinter_report report;
    const sinter_options options = {.source = SINTER_DENSITY, .type = SINTER_F64, .rewriting = SINTER_STRICT};
    sinter_context *context;
    char *text;
    size_t length;
    if (argc != 4)
        return fail("TEXT NAME FILE");
    if (sinter_open(NULL, &context))
        return fail("no context");
    const sinter_dump_options dump = {.function_name = argv[2]};
    const sinter_status status = sinter_dump(context, argv[1], strlen(argv[1]), &options, SINTER_DUMP_C, &dump, &text, &length, &report);
    const int result = status ? fail(report.errors[0].message) : write_file(argv[3], text, length);
    if (!status)
        sinter_dump_release(context, text, length);
    sinter_close(context);
    return result;
}
