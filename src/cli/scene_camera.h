/* A field of x, y, z (and t) seen by a camera: its surface is where it is 0, and what is inside is negative.
 *
 * This is all that sinter image needs of it: a `sinter_paint` for the renderer (sinter/image.h), with three
 * channels, red, green, blue, f32, from 0 to 1 as screens show them. Samples are independent of each other,
 * so that any cutting gives the same bits. */
#ifndef SN_CLI_SCENE_CAMERA_H
#define SN_CLI_SCENE_CAMERA_H

#include "cli/command.h"

typedef struct scene scene;

/* The channels. */
enum { SCENE_CHANNELS = 3 };
extern const sinter_stream_info sn_cli_scene_outputs[SCENE_CHANNELS];

/* Compiles the program of `p`, which has been opened: into p->kernel, of points, for the walk, and once more
 * with its derivatives. It gives a distance, or a distance and a colour. A failure has been told; its answer
 * is the exit status. */
int sn_cli_open_scene(const arguments *a, preparation *p, scene **s);
/* Room and instances for so many workers; before anything is painted. */
int sn_cli_staff_scene(scene *s, int workers);
/* For sinter_renderer_options: `context` is the scene. */
sinter_status sn_cli_paint_scene(void *context, int worker, const sinter_grid *grid);
void sn_cli_close_scene(scene *s); /* NULL is allowed; before the preparation is closed */

#endif
