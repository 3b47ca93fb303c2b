/* The images of a command line.
 *
 * Files are read before the program is compiled, which then knows how many channels each image has, unless it
 * says so itself: an image is made to fit what the program says, where no colour gets lost by that. */
#include "cli/image_inputs.h"

#include <stdlib.h>
#include <string.h>

static bool is_named(const assignment *a, const char *name)
{
    return strlen(name) == a->name_length && memcmp(a->name, name, a->name_length) == 0;
}

static bool are_different(const arguments *a)
{
    for (int i = 0; i < a->input_count; i++)
        for (int k = 0; k < i; k++)
            if (a->inputs[i].name_length == a->inputs[k].name_length
                && memcmp(a->inputs[i].name, a->inputs[k].name, a->inputs[i].name_length) == 0)
                return sn_cli_refuse("--input gives %.*s twice", (int)a->inputs[i].name_length,
                                     a->inputs[i].name);
    return true;
}

/* "a:3 mask:1" */
static bool write_list(image_inputs *inputs)
{
    size_t size;
    FILE *text = open_memstream(&inputs->list, &size);
    for (int i = 0; text && i < inputs->count; i++)
        fprintf(text, "%s%.*s:%u", i ? " " : "", (int)inputs->names[i].name_length, inputs->names[i].name,
                (unsigned)inputs->files[i].channels);
    return (text && fclose(text) == 0) || sn_cli_refuse("out of memory");
}

bool sn_cli_read_images(const arguments *a, image_inputs *inputs)
{
    *inputs = (image_inputs){.names = a->inputs};
    if (a->input_count == 0)
        return true;
    if (!are_different(a))
        return false;
    inputs->files = calloc((size_t)a->input_count, sizeof *inputs->files);
    if (!inputs->files)
        return sn_cli_refuse("out of memory");
    for (; inputs->count < a->input_count; inputs->count++)
        if (!sn_cli_read_image(a->inputs[inputs->count].text, &inputs->files[inputs->count]))
            return false;
    return write_list(inputs);
}

static bool fit(image_inputs *inputs, const sinter_image_info *wanted, sinter_image *image)
{
    int i = 0;
    bool memory;
    while (i < inputs->count && !is_named(&inputs->names[i], wanted->name))
        i++;
    if (i == inputs->count)
        return sn_cli_refuse("the program samples the image %s: --input %s=FILE is missing", wanted->name,
                             wanted->name);
    image_file *file = &inputs->files[i];
    if (!sn_cli_fit_channels(file, wanted->channels, &memory))
        return memory
                   ? sn_cli_refuse("out of memory")
                   : sn_cli_refuse("%s has %u channels, the program's image %s has %u", inputs->names[i].text,
                                   (unsigned)file->channels, wanted->name, (unsigned)wanted->channels);
    *image = (sinter_image){.texels = file->texels, .width = file->width, .height = file->height};
    return true;
}

/* Where images are made, they may be what samples it. */
static void note_unused(const sinter_kernel_info *info)
{
    for (uint32_t k = 0; k < info->image_count; k++)
        if (info->images[k].made)
            return;
    for (uint32_t k = 0; k < info->image_count; k++)
        if (!info->images[k].used)
            sn_cli_note("note: the program does not sample %s", info->images[k].name);
}

bool sn_cli_fit_images(image_inputs *inputs, const sinter_kernel_info *info)
{
    inputs->images = calloc(info->image_count + 1, sizeof *inputs->images);
    if (!inputs->images)
        return sn_cli_refuse("out of memory");
    for (uint32_t k = 0; k < info->image_count; k++)
        if (!info->images[k].made && !fit(inputs, &info->images[k], &inputs->images[k]))
            return false;
    note_unused(info);
    return true;
}

void sn_cli_release_images(image_inputs *inputs)
{
    for (int i = 0; inputs->files && i < inputs->count; i++)
        sn_cli_free_image(&inputs->files[i]);
    free(inputs->files);
    free(inputs->list);
    free(inputs->images);
    *inputs = (image_inputs){0};
}
