/* From a program's text to a kernel that is ready to run: what eval, image, render and dump do alike. */
#include "cli/command.h"

#include <math.h>
#include <string.h>

sinter_options sn_cli_options_of(const arguments *a, const program_text *p, bool patch)
{
    return (sinter_options){
        .size = sizeof(sinter_options),
        .engine = a->engine,
        .lanes = (uint32_t)a->lanes,
        .source = p->form == FORM_VM ? SINTER_VM
                  : patch            ? SINTER_PATCH
                                     : SINTER_FIELD,
        .type = a->type,
        .grade = a->grade,
        .rewriting = a->rewriting,
        .name = p->name,
        .gradient = a->gradient,
        .gradient_count = a->gradient_count,
    };
}

int sn_cli_open_preparation(const arguments *a, preparation *p)
{
    const char *reason = NULL;
    *p = (preparation){0};
    if (!sinter_engine_available(a->engine, &reason))
        return sn_cli_fail("the engine %s cannot run here: %s", sinter_engine_name(a->engine),
                           reason ? reason : "unknown");
    if (!sn_cli_load_program(a, &p->program))
        return STATUS_BAD;
    const sinter_status status = sinter_open(NULL, &p->context);
    return status == SINTER_OK ? STATUS_GOOD : sn_cli_fail("%s", sinter_status_name(status));
}

static const char *parameter_at(const void *context, int i)
{
    const sinter_kernel_info *info = context;
    return i < (int)info->parameter_count ? info->parameters[i].name : NULL;
}

static int find_parameter(const sinter_kernel_info *info, const assignment *set)
{
    for (uint32_t i = 0; i < info->parameter_count; i++) {
        const char *name = info->parameters[i].name;
        if (strlen(name) == set->name_length && memcmp(name, set->name, set->name_length) == 0)
            return (int)i;
    }
    return -1;
}

static double value_of(const assignment *set)
{
    double value = 0;
    sn_cli_read_number(set->text, strlen(set->text), SINTER_F64, &value);
    return value;
}

static int check_sets(const arguments *a, const preparation *p)
{
    for (int i = 0; i < a->set_count; i++) {
        const assignment *set = &a->sets[i];
        const int number = find_parameter(&p->info, set);
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)set->name_length, set->name);
        if (number < 0) {
            const char *nearest = sn_cli_nearest(name, parameter_at, &p->info);
            return nearest ? sn_cli_misuse(a->command, "there is no parameter %s; did you mean %s?", name,
                                           nearest)
                           : sn_cli_misuse(a->command, "there is no parameter %s", name);
        }
        const sinter_parameter_info *parameter = &p->info.parameters[number];
        const double value = value_of(set);
        if (value < parameter->low || value > parameter->high)
            sn_cli_note("note: %s is out of the range of %s and becomes its %s end", set->text, name,
                        value < parameter->low ? "lower" : "upper");
    }
    return STATUS_GOOD;
}

int sn_cli_compile(const arguments *a, preparation *p, const sinter_options *options)
{
    static sinter_report report;
    if (p->program.form == FORM_IR)
        return sn_cli_misuse(a->command, "operations as text are for dump; %s takes programs",
                             a->command->name);
    const double began = sn_cli_now();
    const sinter_status status =
        sinter_compile(p->context, p->program.text, p->program.length, options, &p->kernel, &report);
    p->compile_seconds = sn_cli_now() - began;
    if (status != SINTER_OK)
        return sn_cli_print_report(status, &report);
    p->info = sinter_kernel_describe(p->kernel);
    return check_sets(a, p);
}

int sn_cli_refuse_images(const arguments *a, const preparation *p)
{
    for (uint32_t k = 0; k < p->info.image_count; k++)
        if (p->info.images[k].used)
            return sn_cli_fail("the program samples the image %s, and %s has none; image has", p->info.images[k].name, a->command->name);
    return STATUS_GOOD;
}

int sn_cli_open_instance(const arguments *a, const preparation *p, sinter_instance **instance)
{
    const sinter_status status = sinter_instance_open(p->kernel, instance);
    if (status != SINTER_OK)
        return sn_cli_fail("%s", sinter_status_name(status));
    for (int i = 0; i < a->set_count; i++)
        sinter_set(*instance, find_parameter(&p->info, &a->sets[i]), value_of(&a->sets[i]));
    return STATUS_GOOD;
}

void sn_cli_set_renderer(const arguments *a, const preparation *p, sinter_renderer *renderer)
{
    for (int i = 0; i < a->set_count; i++)
        sinter_renderer_set(renderer, find_parameter(&p->info, &a->sets[i]), value_of(&a->sets[i]));
}

void sn_cli_close_preparation(preparation *p)
{
    sinter_kernel_close(p->kernel);
    if (p->context)
        sinter_close(p->context);
    sn_cli_release_program(&p->program);
    *p = (preparation){0};
}
