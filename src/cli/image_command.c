/* sinter image: a field over the pixels of a grid, as a file or an animation.
 *
 * The library renders (sinter/image.h), the sink writes (picture_sink.h); what is left is what the words of the command line
 * mean. Colours of values, ranges and shapes are one thing here: a second program, of points, which all samples
 * go through before they are filtered. `--colormap viridis` and `--range -1,1` are its text `(x - (-1))/(1 - (-1)) | viridis`.
 * A `.vm` file is a shape, white where its value is negative, wherever pixels are written: `x < 0`.
 *
 * A signal raises a flag that the renderer looks at; the file that was under way goes away, those that are whole stay, and the
 * process then ends by that signal, so that a shell sees what happened. */
#include "cli/image_inputs.h"
#include "cli/picture_sink.h"
#include "cli/scene_camera.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MAPPED = 64, MOST_FRAMES = 1 << 30 };

typedef struct painting {
    arguments settled; /* with the size and region that images bring along */
    const arguments *a;
    image_inputs inputs;
    picture_kind kind;
    int64_t frames;
    preparation prepared;
    char *map_text;
    sinter_kernel *map;
    sinter_kernel_info map_info;
    scene *scene; /* with --3d */
    sinter_renderer *renderer;
    picture_sink sink;
    void *row; /* for the hash: one row, its channels side by side */
    receipt receipt;
    progress progress;
    int64_t done; /* pixels of whole pictures */
    double run_seconds;
} painting;

/* ---- the map ---- */

static bool is_name(const char *text)
{
    size_t i = 0;
    while ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_' || (text[i] & 0x80) ||
           (i > 0 && ((text[i] >= '0' && text[i] <= '9') || text[i] == '.')))
        i++;
    return i > 0 && !text[i];
}

/* The numbers are those of the command line, which the language reads too, but for a plus sign. */
static const char *unsigned_text(const char *number)
{
    return number + (*number == '+');
}

/* `(v - (low))/((high) - (low))`, or the value alone. */
static void put_ranged(FILE *out, const arguments *a, const char *value)
{
    if (!a->range) {
        fputs(value, out);
        return;
    }
    const char *low = unsigned_text(a->range), *comma = strchr(a->range, ','), *high = unsigned_text(comma + 1);
    const int length = (int)(comma - low);
    fprintf(out, "(%s - (%.*s))/((%s) - (%.*s))", value, length, low, high, length, low);
}

enum { NAME_ROOM = 32 };

/* Inputs of the map are called v0, v1, …, or x where there is one. */
static void name_input(char *name, size_t count, size_t k)
{
    if (count == 1)
        snprintf(name, NAME_ROOM, "x");
    else
        snprintf(name, NAME_ROOM, "v%zu", k);
}

static void put_map(FILE *out, const painting *p, size_t count, bool shape)
{
    const arguments *a = p->a;
    if (a->colormap && !is_name(a->colormap))
        fprintf(out, "fn colormap(x) {\n%s\n}\n", a->colormap);
    fputs(count > 1 ? "(" : "", out);
    for (size_t k = 0; k < count; k++) {
        char name[NAME_ROOM];
        name_input(name, count, k);
        fputs(k ? ", " : "", out);
        if (count == 4 && k == 3)
            fputs(name, out); /* alpha */
        else
            put_ranged(out, a, name);
    }
    fputs(count > 1 ? ")" : "", out);
    if (a->colormap)
        fprintf(out, " | %s", is_name(a->colormap) ? a->colormap : "colormap");
    else if (shape)
        fputs(" < 0", out);
}

static bool compile_map(painting *p, size_t count, bool shape)
{
    static sinter_report report;
    char *inputs = NULL;
    size_t size, inputs_size;
    FILE *text = open_memstream(&p->map_text, &size), *names = open_memstream(&inputs, &inputs_size);
    if (text && names) {
        put_map(text, p, count, shape);
        for (size_t k = 0; k < count; k++) {
            char name[NAME_ROOM];
            name_input(name, count, k);
            fprintf(names, "%s%s", k ? " " : "", name);
        }
    }
    const bool good = text && names && !ferror(text) && !ferror(names);
    if (text)
        fclose(text);
    if (names)
        fclose(names);
    sinter_status status = SINTER_NO_MEMORY;
    if (good) {
        sinter_options options = sn_cli_options_of(p->a, &p->prepared.program, false);
        options.source = SINTER_FIELD;
        options.name = p->a->colormap ? "--colormap" : "--range";
        options.inputs = inputs;
        status = sinter_compile(p->prepared.context, p->map_text, size, &options, &p->map, &report);
    }
    free(inputs);
    if (status == SINTER_OK)
        p->map_info = sinter_kernel_describe(p->map);
    else if (good)
        sn_cli_print_report(status, &report);
    else
        sn_cli_fail("out of memory");
    return status == SINTER_OK;
}

static bool prepare_map(painting *p)
{
    const arguments *a = p->a;
    const size_t count = p->prepared.info.output_count;
    const bool pixels = p->kind == PICTURE_PNG || p->kind == PICTURE_VIDEO;
    const bool shape = p->prepared.program.form == FORM_VM && pixels && !a->range;
    if (!a->colormap && !a->range && !shape)
        return true;
    if (a->colormap && count != 1)
        return sn_cli_refuse("--colormap colours one value; the program gives %zu", count);
    if (count > MOST_MAPPED)
        return sn_cli_refuse("--range is for at most %d values; the program gives %zu", MOST_MAPPED, count);
    return count == 0 || compile_map(p, count, shape);
}

/* ---- before anything is drawn ---- */

static int settle_frames(painting *p)
{
    const arguments *a = p->a;
    const double frames = a->seconds >= 0 ? nearbyint(a->seconds * a->fps) : a->frames >= 0 ? (double)a->frames : 1;
    if (!(frames >= 1 && frames <= MOST_FRAMES))
        return sn_cli_misuse(a->command, "an animation has 1 to %d pictures", MOST_FRAMES);
    p->frames = (int64_t)frames;
    return STATUS_GOOD;
}

static bool open_renderer(painting *p, const sinter_options *text_options)
{
    static sinter_report report;
    const program_text *text = &p->prepared.program;
    const sinter_renderer_options options = {.threads = p->a->threads, .map = p->map};
    sinter_status status = sinter_renderer_open(p->prepared.kernel, &options, &p->renderer);
    if (status != SINTER_OK)
        return sn_cli_refuse("%s", sinter_status_name(status));
    status = sinter_renderer_add_stages(p->renderer, text->text, text->length, text_options, &report);
    if (status != SINTER_OK) {
        sn_cli_print_report(status, &report);
        return false;
    }
    sn_cli_set_renderer(p->a, &p->prepared, p->renderer);
    return true;
}

static bool open_scene_renderer(painting *p)
{
    const sinter_renderer_options options = {.threads = p->a->threads,
                                             .paint = sn_cli_paint_scene,
                                             .paint_context = p->scene,
                                             .paint_outputs = SCENE_CHANNELS,
                                             .paint_type = SINTER_F32};
    const sinter_status status = sinter_renderer_open(NULL, &options, &p->renderer);
    if (status != SINTER_OK)
        return sn_cli_refuse("%s", sinter_status_name(status));
    return sn_cli_staff_scene(p->scene, sinter_renderer_threads(p->renderer)) == STATUS_GOOD;
}

static bool open_sink(painting *p)
{
    const arguments *a = p->a;
    const picture_form form = {.kind = p->kind,
                               .animated = a->frames >= 0 || a->seconds >= 0,
                               .channels = sinter_renderer_channels(p->renderer),
                               .type = sinter_renderer_type(p->renderer),
                               .outputs = p->scene ? sn_cli_scene_outputs
                                          : p->map ? p->map_info.outputs
                                                   : p->prepared.info.outputs};
    if (!sn_cli_can_picture(a, &form))
        return false;
    p->row = a->hash ? malloc((size_t)a->width * form.channels * sn_cli_type_size(form.type)) : NULL;
    if (a->hash && !p->row)
        return sn_cli_refuse("out of memory");
    return sn_cli_open_sink(&p->sink, a, &form, p->renderer);
}

/* What the library says of sizes, where it is told what to do about it. */
static int check_samples(const arguments *a)
{
    enum { MOST = 1 << 24 };
    if (a->width <= MOST / a->supersample && a->height <= MOST / a->supersample)
        return STATUS_GOOD;
    return sn_cli_misuse(a->command, "%dx%d pixels of %dx%d samples: a side may have %d samples", a->width, a->height, a->supersample,
                         a->supersample, MOST);
}

/* A filter makes a picture of the size of its first image, over the square that images lie over. */
static void settle_picture(painting *p)
{
    arguments *a = &p->settled;
    if (p->inputs.count == 0)
        return;
    if (!a->size_given) {
        a->width = p->inputs.files[0].width;
        a->height = p->inputs.files[0].height;
    }
    if (!a->region_given) {
        a->x0 = a->y0 = 0;
        a->x1 = a->y1 = 1;
    }
}

static int prepare(painting *p)
{
    const arguments *a = p->a;
    int status = sn_cli_choose_picture(a, &p->kind);
    if (status == STATUS_GOOD)
        status = settle_frames(p);
    if (status == STATUS_GOOD)
        status = sn_cli_open_preparation(a, &p->prepared);
    if (status == STATUS_GOOD && a->three_d)
        status = sn_cli_open_scene(a, &p->prepared, &p->scene);
    if (status != STATUS_GOOD)
        return status;
    if (!sn_cli_read_images(a, &p->inputs))
        return STATUS_BAD;
    settle_picture(p);
    status = check_samples(a);
    if (status != STATUS_GOOD)
        return status;
    if (p->scene)
        return open_scene_renderer(p) && open_sink(p) ? STATUS_GOOD : STATUS_BAD;
    sinter_options options = sn_cli_options_of(a, &p->prepared.program, false);
    options.domain = SINTER_GRID;
    options.images = p->inputs.list;
    status = sn_cli_compile(a, &p->prepared, &options);
    if (status != STATUS_GOOD)
        return status;
    const bool good = sn_cli_fit_images(&p->inputs, &p->prepared.info) && prepare_map(p) && open_renderer(p, &options) && open_sink(p);
    return good ? STATUS_GOOD : STATUS_BAD;
}

/* ---- pictures ---- */

static bool pack(void *context, const sinter_band *band)
{
    return sn_cli_pack_band(&((painting *)context)->sink, band);
}

static void hash_rows(painting *p, const sinter_band *band)
{
    const picture_form *f = &p->sink.form;
    const size_t width = (size_t)p->a->width, row = width * f->channels, size = sn_cli_type_size(f->type);
    for (int32_t i = 0; i < band->row_count; i++) {
        const size_t at = (size_t)i * (size_t)band->stride;
        const void *values = (const char *)band->pixels[0] + at * size;
        if (f->kind == PICTURE_EXR) {
            sn_cli_interleave(f->type, (const void *const *)band->pixels, f->channels, at, width, p->row);
            values = p->row;
        }
        sn_cli_add_to_receipt(&p->receipt, f->type, values, row);
    }
}

static bool put(void *context, const sinter_band *band)
{
    painting *p = context;
    if (p->a->hash)
        hash_rows(p, band);
    return sn_cli_put_band(&p->sink, band);
}

static void show(void *context, int64_t done, int64_t total)
{
    painting *p = context;
    const int64_t pixels = (int64_t)p->a->width * p->a->height; /* of which there are more where images are made before */
    sn_cli_show_progress(&p->progress, p->done + done / (total / pixels));
}

/* Pictures are 1/fps of a unit of t apart, or divide the span that --time gives, whose end would be the beginning of the next round. */
static double time_of(const painting *p, int64_t number)
{
    const arguments *a = p->a;
    if (a->time_range)
        return a->time + (a->time_end - a->time) * (double)number / (double)p->frames;
    return a->time + (double)number / a->fps;
}

static bool paint(painting *p, int64_t number)
{
    const arguments *a = p->a;
    sinter_picture q = {.width = a->width, .height = a->height, .x0 = a->x0, .y0 = a->y0, .x1 = a->x1, .y1 = a->y1,
                        .z = a->z, .t = time_of(p, number), .samples = a->supersample, .filter = a->filter, .images = p->inputs.images,
                        .context = p, .pack = pack, .rows = put, .progress = show, .cancel = p->sink.stopped};
    sn_cli_shape_bands(&p->sink, &q);
    if (!sn_cli_begin_picture(&p->sink, number))
        return false;
    const double began = sn_cli_now();
    const sinter_status status = sinter_render(p->renderer, &q);
    p->run_seconds += sn_cli_now() - began;
    p->done += (int64_t)a->width * a->height;
    if (status == SINTER_TOO_LARGE)
        return sn_cli_refuse("the images that the program makes would be too large: 4,194,304 pixels a side are the most, and "
                             "2,147,483,647 numbers in all");
    if (status != SINTER_OK && status != SINTER_CANCELLED)
        return sn_cli_refuse("%s", sinter_status_name(status));
    return status == SINTER_OK && sn_cli_end_picture(&p->sink);
}

static void print_result(const painting *p)
{
    const unsigned long long hash = (unsigned long long)p->receipt.state;
    const arguments *a = p->a;
    if (!a->json) {
        if (a->hash)
            printf("%016llx\n", hash);
        return;
    }
    printf("{\"width\":%d,\"height\":%d,\"channels\":%u,\"frames\":%lld,\"samples\":%d,\"engine\":\"%s\",\"threads\":%d", a->width,
           a->height, sinter_renderer_channels(p->renderer), (long long)p->frames, a->supersample,
           sinter_engine_name(p->prepared.info.engine), sinter_renderer_threads(p->renderer));
    printf(",\"compile_us\":%.0f,\"run_us\":%.0f", 1e6 * p->prepared.compile_seconds, 1e6 * p->run_seconds);
    if (a->hash)
        printf(",\"hash\":\"%016llx\"", hash);
    puts("}");
}

static void tell_stopped(const painting *p, int64_t whole)
{
    if (!*p->sink.stopped)
        return;
    if (p->kind == PICTURE_NONE || p->kind == PICTURE_VIDEO || p->frames == 1)
        sn_cli_note("stopped by a signal; nothing was written");
    else
        sn_cli_note("stopped by a signal; %lld of %lld pictures are written", (long long)whole, (long long)p->frames);
}

static int run(painting *p)
{
    int64_t number = 0;
    p->receipt = sn_cli_open_receipt();
    sn_cli_open_progress(&p->progress, "image", (int64_t)p->a->width * p->a->height * p->frames);
    while (number < p->frames && paint(p, number))
        number++;
    sn_cli_close_progress(&p->progress);
    const bool good = sn_cli_close_sink(&p->sink, number == p->frames);
    if (good)
        print_result(p);
    else
        tell_stopped(p, number);
    return good ? STATUS_GOOD : STATUS_BAD;
}

static void release(painting *p)
{
    sinter_renderer_close(p->renderer);
    sn_cli_close_scene(p->scene);
    sn_cli_release_images(&p->inputs);
    sinter_kernel_close(p->map);
    free(p->map_text);
    free(p->row);
    sn_cli_close_preparation(&p->prepared);
}

int sn_cli_image(const arguments *a)
{
    painting p = {.settled = *a};
    p.a = &p.settled;
    int status = prepare(&p);
    if (status == STATUS_GOOD)
        status = run(&p);
    release(&p);
    if (status != STATUS_GOOD)
        sn_cli_obey_signal();
    return status;
}
