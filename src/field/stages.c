/* Stages: images that a text makes (`image b = …`) and reads at other places than its own, so that they have
 * to be whole before the picture is begun.
 *
 * Each is a kernel of its own, compiled from the same text (sinter_options.stage), and a renderer of its own
 * that borrows the threads of the picture's. All kernels of a text have the same parameters and the same list
 * of images, in which a stage stands behind those that it samples; so the list is one, the order in which
 * stages are made is that of the list, and which are made at all is found from its end: those that the
 * picture's kernel reads, and those that such a stage reads. What a stage is made of lies in planes of f32,
 * as images do: its renderer writes where the next one reads.
 *
 * A stage has the picture's size, region, samples and filter, z and t. Its memory is kept for the next
 * picture. */
#include "field/field.h"

#include "base/arena.h"
#include "kernel/kernels.h"

typedef struct field_stage {
    uint32_t image; /* its number in the list of images */
    uint32_t channels;
    sinter_kernel *kernel;
    sinter_renderer *renderer;
    field_block texels;
} field_stage;

struct field_stages {
    size_t size; /* of this block */
    uint32_t image_count;
    uint32_t stage_count;
    sinter_image *images; /* for all kernels; those that are made, filled in as they are */
    bool *given;          /* which of them come with the picture: used by some kernel, and not made */
    field_stage *stages;
};

/* ---- opening ---- */

static bool *find_needed(const sinter_kernel_info *info, const sinter_allocator *allocator)
{
    bool *needed = sn_allocate(allocator, info->image_count * sizeof *needed + 1);
    for (uint32_t k = 0; needed && k < info->image_count; k++)
        needed[k] = info->images[k].made && info->images[k].used;
    return needed;
}

static uint32_t count_made(const sinter_kernel_info *info)
{
    uint32_t count = 0;
    for (uint32_t k = 0; k < info->image_count; k++)
        count += info->images[k].made;
    return count;
}

static struct field_stages *open_list(const sinter_kernel_info *info, const sinter_allocator *allocator)
{
    const uint32_t made = count_made(info);
    const size_t images = info->image_count * (sizeof(sinter_image) + sizeof(bool));
    const size_t size = sizeof(struct field_stages) + made * sizeof(field_stage) + images;
    struct field_stages *s = sn_allocate(allocator, size);
    if (!s)
        return NULL;
    *s = (struct field_stages){.size = size, .image_count = info->image_count};
    s->stages = (field_stage *)(void *)(s + 1);
    s->images = (sinter_image *)(void *)(s->stages + made);
    s->given = (bool *)(void *)(s->images + info->image_count);
    for (uint32_t k = 0; k < info->image_count; k++)
        s->given[k] = info->images[k].used && !info->images[k].made;
    return s;
}

/* What was set before there were stages holds for them too. */
static sinter_status take_parameters(sinter_renderer *stage, const sinter_renderer *from)
{
    const uint32_t count = sinter_kernel_describe(from->kernel).parameter_count;
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; k < count && status == SINTER_OK; k++)
        status = sinter_renderer_set(stage, (int)k, sinter_get(from->workers[0].instance, (int)k));
    return status;
}

static sinter_status open_stage(const sinter_renderer *r, const char *source, size_t length,
                                const sinter_options *options, const char *name, field_stage *stage,
                                sinter_report *report)
{
    sinter_options its = options ? *options : (sinter_options){0};
    its.domain = SINTER_GRID;
    its.stage = name;
    its.gradient = NULL;
    its.gradient_count = 0;
    its.sum = false;
    const sinter_status status =
        sinter_compile(r->kernel->context, source, length, &its, &stage->kernel, report);
    return status == SINTER_OK ? sn_field_open_beside(r, stage->kernel, &stage->renderer) : status;
}

/* From the last to the first: what needs a stage stands behind it. */
static sinter_status open_needed(sinter_renderer *r, const char *source, size_t length,
                                 const sinter_options *options, bool *needed, sinter_report *report)
{
    const sinter_kernel_info info = sinter_kernel_describe(r->kernel);
    struct field_stages *s = r->stages;
    for (uint32_t k = info.image_count; k-- > 0;) {
        if (!needed[k])
            continue;
        field_stage *stage = &s->stages[s->stage_count++];
        *stage = (field_stage){.image = k, .channels = info.images[k].channels};
        const sinter_status status =
            open_stage(r, source, length, options, info.images[k].name, stage, report);
        if (status != SINTER_OK)
            return status;
        const sinter_kernel_info its = sinter_kernel_describe(stage->kernel);
        if (its.image_count != info.image_count || its.output_count != stage->channels
            || take_parameters(stage->renderer, r) != SINTER_OK)
            return sn_report_fail(report, SINTER_BAD_ARGUMENT, "the kernel was made from another text", NULL);
        for (uint32_t i = 0; i < its.image_count; i++) {
            needed[i] |= its.images[i].used && its.images[i].made;
            s->given[i] |= its.images[i].used && !its.images[i].made;
        }
    }
    return SINTER_OK;
}

sinter_status sinter_renderer_add_stages(sinter_renderer *r, const char *source, size_t length,
                                         const sinter_options *options, sinter_report *report)
{
    sn_report_open(report, options ? options->name : NULL);
    if (!r || !r->kernel || r->stages || !source)
        return sn_report_fail(report, SINTER_BAD_ARGUMENT,
                              "stages are added once, to the renderer of a kernel", NULL);
    const sinter_kernel_info info = sinter_kernel_describe(r->kernel);
    bool *needed = find_needed(&info, &r->allocator);
    r->stages = needed ? open_list(&info, &r->allocator) : NULL;
    const sinter_status status = r->stages ? open_needed(r, source, length, options, needed, report)
                                           : sn_report_fail(report, SINTER_NO_MEMORY, "out of memory", NULL);
    sn_release(&r->allocator, needed, info.image_count * sizeof *needed + 1);
    if (status != SINTER_OK || r->stages->stage_count == 0)
        sn_field_close_stages(r);
    return status;
}

void sn_field_close_stages(sinter_renderer *r)
{
    struct field_stages *s = r->stages;
    for (uint32_t k = 0; s && k < s->stage_count; k++) {
        sinter_renderer_close(s->stages[k].renderer);
        sinter_kernel_close(s->stages[k].kernel);
        sn_release(&r->allocator, s->stages[k].texels.bytes, s->stages[k].texels.size);
    }
    if (s)
        sn_release(&r->allocator, s, s->size);
    r->stages = NULL;
}

sinter_status sn_field_set_stages(sinter_renderer *r, int parameter, double value)
{
    sinter_status status = SINTER_OK;
    for (uint32_t k = 0; r->stages && k < r->stages->stage_count && status == SINTER_OK; k++)
        status = sinter_renderer_set(r->stages->stages[k].renderer, parameter, value);
    return status;
}

/* ---- making ---- */

/* Pixels of what is made before, and of all. */
typedef struct stage_progress {
    const sinter_picture *picture;
    int64_t before, total;
} stage_progress;

static void show(void *context, int64_t done, int64_t total)
{
    const stage_progress *p = context;
    (void)total;
    p->picture->progress(p->picture->context, p->before + done, p->total);
}

static bool pack(void *context, const sinter_band *band)
{
    const stage_progress *p = context;
    return p->picture->pack(p->picture->context, band);
}

static bool rows(void *context, const sinter_band *band)
{
    const stage_progress *p = context;
    return p->picture->rows(p->picture->context, band);
}

/* Every size that images can have, and as many bytes as there are. */
static bool is_possible(const sinter_picture *q, uint32_t channels)
{
    const int32_t most = 1 << 22;
    return q->width <= most && q->height <= most && (int64_t)q->width * q->height <= INT32_MAX / channels
           && (size_t)q->width * (size_t)q->height * channels <= SIZE_MAX / sizeof(float);
}

static sinter_status make_stage(sinter_renderer *r, field_stage *stage, const sinter_picture *picture,
                                stage_progress *progress)
{
    const size_t plane = (size_t)picture->width * (size_t)picture->height;
    if (!is_possible(picture, stage->channels))
        return SINTER_TOO_LARGE;
    if (!sn_field_grow(&r->allocator, &stage->texels, plane * stage->channels * sizeof(float)))
        return SINTER_NO_MEMORY;
    void *planes[IR_MOST_CHANNELS];
    for (uint32_t k = 0; k < stage->channels; k++)
        planes[k] = (float *)(void *)stage->texels.bytes + k * plane;
    sinter_picture own = {.width = picture->width,
                          .height = picture->height,
                          .x0 = picture->x0,
                          .y0 = picture->y0,
                          .x1 = picture->x1,
                          .y1 = picture->y1,
                          .z = picture->z,
                          .t = picture->t,
                          .samples = picture->samples,
                          .filter = picture->filter,
                          .pixels = planes,
                          .context = progress,
                          .progress = picture->progress ? show : NULL,
                          .images = r->stages->images,
                          .cancel = picture->cancel};
    const sinter_status status = sn_field_render(stage->renderer, &own);
    r->stages->images[stage->image] =
        (sinter_image){.texels = (const float *)(const void *)stage->texels.bytes,
                       .width = picture->width,
                       .height = picture->height,
                       .x0 = picture->x0,
                       .y0 = picture->y0,
                       .x1 = picture->x1,
                       .y1 = picture->y1};
    return status;
}

sinter_status sn_field_render_stages(sinter_renderer *r, const sinter_picture *picture)
{
    struct field_stages *s = r->stages;
    sinter_picture whole = *picture;
    const int64_t pixels = (int64_t)whole.width * whole.height;
    if (whole.width < 1 || whole.height < 1)
        return SINTER_BAD_ARGUMENT;
    stage_progress progress = {picture, 0, pixels * (s->stage_count + 1)};
    sn_field_settle_region(&whole);
    for (uint32_t k = 0; k < s->image_count; k++)
        s->images[k] = s->given[k] && whole.images ? whole.images[k] : (sinter_image){0};
    /* The list was found from its end. */
    for (uint32_t k = s->stage_count; k-- > 0; progress.before += pixels) {
        const sinter_status status = make_stage(r, &s->stages[k], &whole, &progress);
        if (status != SINTER_OK)
            return status;
    }
    whole.images = s->images;
    whole.context = &progress;
    whole.progress = whole.progress ? show : NULL;
    whole.pack = whole.pack ? pack : NULL;
    whole.rows = whole.rows ? rows : NULL;
    return sn_field_render(r, &whole);
}
