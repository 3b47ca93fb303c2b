/* A picture to draw on: rectangles, strokes and letters with smooth edges, in pixels from the top left corner, y down; then a PNG file.
 *
 * Strokes gather in a mask, where they join without a seam, and are painted together. Colours are 0xRRGGBB, of the screen. */
#ifndef SN_CLI_CANVAS_H
#define SN_CLI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct canvas {
    int width, height;
    float *pixels; /* red, green, blue, 0 to 255 */
    float *mask;   /* how much of a pixel the strokes cover; 0 where none was drawn */
    int left, top, right, bottom; /* of the part of the mask that is not 0 */
} canvas;

typedef struct point {
    double x, y;
} point;

bool sn_canvas_open(canvas *c, int width, int height, uint32_t colour);
void sn_canvas_close(canvas *c);
/* A rectangle, its edges anywhere; `alpha` from 0 to 1. */
void sn_canvas_fill(canvas *c, double x0, double y0, double x1, double y1, uint32_t colour, double alpha);
/* Adds a line through points, `radius` to either side, with round ends; a single point is a dot. */
void sn_canvas_stroke(canvas *c, const point *points, size_t count, double radius);
/* Adds text whose capitals are `size` high; x, y: the left end of its base line. Returns the width, which *c NULL only measures. */
double sn_canvas_letters(canvas *c, double x, double y, double size, const char *text);
/* Paints what was added, but for what lies outside the rectangle, and takes the mask back to 0. */
void sn_canvas_paint(canvas *c, double x0, double y0, double x1, double y1, uint32_t colour, double alpha);
bool sn_canvas_write(const canvas *c, FILE *out, char *message, size_t room);

/* ---- stroke_font.c ---- */

/* What of a glyph is drawn, in 14ths of the height of capitals, y up from the base line; ' ' and what has none: NULL. See stroke_font.c. */
const char *sn_stroke_glyph(unsigned char c);
enum { STROKE_CAPITAL = 14, STROKE_MOST = 24 /* points of a stroke */ };
/* Reads the next stroke of a glyph from *at into points; 0 at the end. */
size_t sn_stroke_next(const char **at, point *points, bool *smooth, bool *closed);

#endif
