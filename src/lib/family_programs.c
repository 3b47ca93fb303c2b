/* The programs of the library's families that it brings machine code of. */
#include "lib/family_programs.h"
#include "lib/family_texts.h"

#include "base/cpu.h"
#include "kernel/kernels.h"

#include <sinter/density.h>
#include <string.h>

enum { MOST_NAMES = 64 };

/* As engines see them: what looks tables up may be other code where bytes can be permuted. */
static const uint32_t processors[FAMILY_PROCESSORS] = {CPU_X64_AVX2, CPU_X64_AVX512, CPU_X64_AVX512 | CPU_AVX512VBMI};

static sinter_status compile(sinter_context *context, const char *text, const sinter_density_info *info, sinter_gradient_mode mode)
{
    const char *names[MOST_NAMES];
    uint32_t count = 0;
    for (; info && count < info->parameter_count && count < MOST_NAMES; count++)
        names[count] = info->parameters[count].name;
    const sinter_options options = {.source = SINTER_DENSITY, .gradient = names, .gradient_count = count, .gradient_mode = mode};
    sinter_kernel *kernel;
    const sinter_status status = sinter_compile(context, text, strlen(text), &options, &kernel, NULL);
    if (!status)
        sinter_kernel_close(kernel);
    return status;
}

static sinter_status prepare_rows(sinter_density *density)
{
    sinter_density_values *values;
    if (sinter_density_values_open(density, &values))
        return SINTER_NO_MEMORY;
    const sinter_status status = sinter_density_prepare(values, SINTER_DENSITY_LOG, NULL, NULL, NULL);
    sinter_density_values_close(values);
    return status;
}

static sinter_status keep(void *visitor, const char *text)
{
    sinter_context *context = visitor;
    sinter_density *density;
    sinter_status status = compile(context, text, NULL, SINTER_GRADIENT_AUTO);
    if (!status)
        status = sinter_density_open(context, text, strlen(text), NULL, &density, NULL);
    if (status)
        return status;
    const sinter_density_info info = sinter_density_describe(density);
    for (unsigned mode = 0; !status && mode < 2; mode++)
        status = compile(context, text, &info, mode ? SINTER_GRADIENT_REVERSE : SINTER_GRADIENT_AUTO);
    if (!status)
        status = prepare_rows(density);
    sinter_density_close(density);
    return status;
}

sinter_status sn_keep_family_programs(sinter_context *context, unsigned processor)
{
    sn_cpu_pretend(processors[processor]);
    context->programs.keeps_all = true;
    return sn_exec_mode(context->code) == CODE_MEMORY_NONE ? SINTER_OK : sn_each_family_text(keep, context);
}
