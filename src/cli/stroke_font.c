/* Letters of strokes, drawn for the labels of plots.
 *
 * A glyph is a few strokes with spaces between them. A stroke is a row of points, two characters each: x, then y, in 14ths of the height of
 * capitals: 0 to 9, A to F for 10 to 15, and z, y, x, w for -1 to -4, below the base line. Small letters are 10 high. A stroke that begins with ~ is smooth: a quadratic
 * B-spline whose control polygon the points are, from the first to the last; with @ it is closed. So @00808E0E, four corners, is the O that touches their sides. */
#include "cli/canvas.h"

static const char *const glyphs[] = {
    ['!'] = "1E14 1010", ['"'] = "1E1A 4E4A", ['#'] = "202E 606E 0A8A 0484", ['$'] = "~8B8E0E0787800003 4F4z", ['%'] = "008E @0A3A3E0E @50808454",
    ['&'] = "~801B1E6E6B02005085", ['\''] = "1E1A", ['('] = "~3E0B013y", [')'] = "~0E3B310y", ['*'] = "464E 188C 1C88", ['+'] = "434B 0787",
    [','] = "110y", ['-'] = "0767", ['.'] = "1010", ['/'] = "007E",
    ['0'] = "@00808E0E", ['1'] = "1B4E40", ['2'] = "~0B0E8E8900 0080", ['3'] = "~0C0E7E7838 ~3888800002", ['4'] = "606E0484", ['5'] = "7E0E08 ~088A800002",
    ['6'] = "@00808908 ~6E0D04", ['7'] = "0E8E30", ['8'] = "@17777E1E @00808707", ['9'] = "@06868E0E ~8A8120",
    [':'] = "1010 1818", [';'] = "1818 110y", ['<'] = "7B0773", ['='] = "0585 0989", ['>'] = "0B7703", ['?'] = "~0B0E8E8844 4040",
    ['@'] = "@00909E0E @33636A3A",
    ['A'] = "004E80 1575", ['B'] = "000E ~0E7E7707 ~07878000 0E1E 0010", ['C'] = "~8B8E0E008083", ['D'] = "000E ~0E9E9000", ['E'] = "8E0E0080 0767",
    ['F'] = "8E0E00 0767", ['G'] = "~8B8E0E008086 478786", ['H'] = "000E 808E 0787", ['I'] = "101E", ['J'] = "~6E600003", ['K'] = "000E 8E05 3880",
    ['L'] = "0E0080", ['M'] = "000E569E90", ['N'] = "000E808E", ['O'] = "@00909E0E", ['P'] = "000E ~0E8E8606", ['Q'] = "@00909E0E 539z",
    ['R'] = "000E ~0E8E8606 4680", ['S'] = "~8B8E0E0787800003", ['T'] = "0E8E 4E40", ['U'] = "~0E00808E", ['V'] = "0E408E", ['W'] = "0E305A70AE",
    ['X'] = "008E 0E80", ['Y'] = "0E488E 4840", ['Z'] = "0E8E0080",
    ['['] = "3E0E0y3y", ['\\'] = "0E70", [']'] = "0E3E3y0y", ['^'] = "1A4E7A", ['_'] = "0z8z", ['`'] = "1E3B",
    ['a'] = "@00707A0A 7A70", ['b'] = "0E00 @00707A0A", ['c'] = "~787A0A007072", ['d'] = "7E70 @00707A0A", ['e'] = "0575 ~757A0A007072",
    ['f'] = "~5E2E2B20 0A5A", ['g'] = "@00707A0A ~7A707w0w0y", ['h'] = "000E ~060A7A7570", ['i'] = "101A 1D1E", ['j'] = "~3A303w0w 3D3E",
    ['k'] = "000E 6A04 2660", ['l'] = "101E", ['m'] = "000A ~060A5A5550 ~565AAAA5A0", ['n'] = "000A ~060A7A7570", ['o'] = "@00707A0A", ['p'] = "0A0w @00707A0A",
    ['q'] = "7A7w @00707A0A", ['r'] = "000A ~060A5A", ['s'] = "~686A0A0565600002", ['t'] = "~2D222050 0A5A", ['u'] = "~0A007075 7A70", ['v'] = "0A408A",
    ['w'] = "0A305970AA", ['x'] = "007A 0A70", ['y'] = "0A40 8A2w", ['z'] = "0A7A0070",
    ['{'] = "~3E1E1707 ~07171y3y", ['|'] = "1E1y", ['}'] = "~0E2E2737 ~37272y0y", ['~'] = "~062A6488",
};

const char *sn_stroke_glyph(unsigned char c)
{
    return c < sizeof glyphs / sizeof *glyphs ? glyphs[c] : glyphs['?'];
}

static double coordinate(char c)
{
    return c <= '9' ? c - '0' : c <= 'F' ? c - 'A' + 10 : c - 'z' - 1;
}

size_t sn_stroke_next(const char **at, point *points, bool *smooth, bool *closed)
{
    size_t count = 0;
    const char *p = *at + (**at == ' ');
    *closed = *p == '@';
    *smooth = *p == '~' || *closed;
    for (p += *smooth; *p && *p != ' ' && count < STROKE_MOST; p += 2)
        points[count++] = (point){coordinate(p[0]), coordinate(p[1])};
    *at = p;
    return count;
}
