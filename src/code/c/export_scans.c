/* Scans in exported C (kernel/scan.h has the arithmetic and its reasons, kernel/scans.c the driver): the same bits, in loops that say what they do and are left
 * to the C compiler. An instance has, for each scan, the powers of its factors and what a tick that was begun needs to go on. */
#include "code/c/export_writer.h"

#include "plan/plan.h"

#include <string.h>

/* ---- what stands once in a file ---- */

static const char types[] =
    "\n/* A linear recurrence whose factors are steady, s = A s' + B x, of one or two values. 64 elements are a tick, computed from zero in groups of four,\n"
    " * to which is then added what powers of A make of the values before. */\n"
    "typedef struct @_recurrence {\n"
    "    double factors[8];         /* A and B, by rows, of which all that follows is */\n"
    "    float a[2][2], b[2][2];\n"
    "    float within[4][2][2];     /* A to the power of 1 to 4 */\n"
    "    float across[16][2][2];    /* of 0, 4, ... 60 */\n"
    "    float into[4][2][2];       /* B, A B, A A B, A A A B */\n"
    "    int32_t ready, order, inputs, plain; /* plain: one element after the other, for powers are too large */\n"
    "    int32_t origin;            /* the number in its tick of the first element that counts: the factors changed there */\n"
    "    float state[2];            /* before it */\n"
    "    float x[2][64];            /* from it on */\n"
    "} @_recurrence;\n"
    "\ntypedef struct @_streams {\n"
    "    const float *x[2];\n"
    "    float *now[2], *before[2]; /* states, and what they were one element ago; NULL: nobody reads that */\n"
    "} @_streams;\n";

static const char preparing[] =
    "\nstatic void @_multiply_matrices(double a[2][2], double b[2][2], double to[2][2])\n"
    "{\n"
    "    double c[2][2];\n"
    "    for (int32_t k = 0; k < 4; k++)\n"
    "        c[k / 2][k % 2] = a[k / 2][0] * b[0][k % 2] + a[k / 2][1] * b[1][k % 2];\n"
    "    memcpy(to, c, sizeof c);\n"
    "}\n"
    "\n/* To float, what is tiny to 0; 1 if an entry is of a magnitude above `most`, or no number. */\n"
    "static int32_t @_keep(double a[2][2], double most, float to[2][2])\n"
    "{\n"
    "    int32_t large = 0;\n"
    "    for (int32_t k = 0; k < 4; k++) {\n"
    "        to[k / 2][k % 2] = fabs(a[k / 2][k % 2]) < 1e-30 ? 0 : (float)a[k / 2][k % 2];\n"
    "        large |= !(fabs(a[k / 2][k % 2]) <= most);\n"
    "    }\n"
    "    return large;\n"
    "}\n"
    "\nstatic void @_prepare(@_recurrence *q, int32_t order, int32_t inputs, const double *factors)\n"
    "{\n"
    "    double a[2][2], b[2][2], power[2][2] = {{1, 0}, {0, 1}}, fourth[2][2], c[2][2];\n"
    "    memcpy(a, factors, sizeof a);\n"
    "    memcpy(b, factors + 4, sizeof b);\n"
    "    memset(q, 0, sizeof *q);\n"
    "    memcpy(q->factors, factors, sizeof q->factors);\n"
    "    q->order = order;\n"
    "    q->inputs = inputs;\n"
    "    q->ready = 1;\n"
    "    @_keep(a, 1e6, q->a);\n"
    "    @_keep(b, 1e6, q->b);\n"
    "    @_keep(power, 1e6, q->across[0]);\n"
    "    for (int32_t k = 0; k < 4; k++) {\n"
    "        @_multiply_matrices(power, b, c);\n"
    "        q->plain |= @_keep(k ? c : b, 3.4028234663852886e38, q->into[k]); /* the largest float */\n"
    "        if (k)\n"
    "            @_multiply_matrices(power, a, power);\n"
    "        else\n"
    "            memcpy(power, a, sizeof power);\n"
    "        q->plain |= @_keep(power, 1e6, q->within[k]);\n"
    "    }\n"
    "    memcpy(fourth, power, sizeof fourth);\n"
    "    for (int32_t g = 1; g < 16; g++) {\n"
    "        q->plain |= @_keep(power, 1e6, q->across[g]);\n"
    "        @_multiply_matrices(power, fourth, power);\n"
    "    }\n"
    "}\n";

static const char ticking[] =
    "\n/* t = M y + t */\n"
    "static void @_apply(int32_t order, const float m[2][2], const float *y, float *t)\n"
    "{\n"
    "    if (order == 1) {\n"
    "        t[0] = @_fmaf(m[0][0], y[0], t[0]);\n"
    "    } else {\n"
    "        const float first = @_fmaf(m[0][0], y[0], @_fmaf(m[0][1], y[1], t[0]));\n"
    "        t[1] = @_fmaf(m[1][1], y[1], @_fmaf(m[1][0], y[0], t[1]));\n"
    "        t[0] = first;\n"
    "    }\n"
    "}\n"
    "\n/* Element j of a group that begins from zero, of one stream. */\n"
    "static float @_from_zero(const @_recurrence *q, int32_t m, int32_t k, const float *x, int32_t j)\n"
    "{\n"
    "    const float c0 = q->into[0][m][k], c1 = q->into[1][m][k], c2 = q->into[2][m][k], c3 = q->into[3][m][k];\n"
    "    if (j == 0)\n"
    "        return c0 * x[0];\n"
    "    if (j == 1)\n"
    "        return @_fmaf(c0, x[1], c1 * x[0]);\n"
    "    if (j == 2)\n"
    "        return @_fmaf(c0, x[2], @_fmaf(c1, x[1], c2 * x[0]));\n"
    "    return @_fmaf(c2, x[1], c3 * x[0]) + @_fmaf(c0, x[3], c1 * x[2]);\n"
    "}\n"
    "\nstatic void @_tick_plainly(const @_recurrence *q, float s[64][2])\n"
    "{\n"
    "    for (int32_t i = 0; i < 64; i++) {\n"
    "        for (int32_t m = 0; m < q->order; m++)\n"
    "            s[i][m] = q->inputs == 0 ? q->b[m][0] : q->inputs == 1 ? q->b[m][0] * q->x[0][i]\n"
    "                                                  : @_fmaf(q->b[m][1], q->x[1][i], q->b[m][0] * q->x[0][i]);\n"
    "        @_apply(q->order, q->a, i ? s[i - 1] : q->state, s[i]);\n"
    "    }\n"
    "}\n"
    "\n/* The values of a tick's elements. */\n"
    "static void @_tick(const @_recurrence *q, float s[64][2])\n"
    "{\n"
    "    static const float ones[4] = {1, 1, 1, 1}, nothing[2] = {0, 0};\n"
    "    float e[16][2] = {{0}}, v[16][2];\n"
    "    for (int32_t i = 0; i < 64; i++)\n"
    "        for (int32_t m = 0; m < q->order; m++) {\n"
    "            s[i][m] = @_from_zero(q, m, 0, q->inputs ? q->x[0] + i / 4 * 4 : ones, i % 4);\n"
    "            if (q->inputs == 2)\n"
    "                s[i][m] += @_from_zero(q, m, 1, q->x[1] + i / 4 * 4, i % 4);\n"
    "        }\n"
    "    for (int32_t g = 1; g < 16; g++)\n"
    "        memcpy(e[g], s[4 * g - 1], sizeof e[g]);\n"
    "    for (int32_t by = 1; by < 16; by *= 2) {\n"
    "        memcpy(v, e, sizeof v);\n"
    "        for (int32_t g = 0; g < 16; g++) {\n"
    "            if (by == 8)\n"
    "                @_add_product(q->order, q->across[g], q->state, e[g]);\n"
    "            @_apply(q->order, q->across[by], g < by ? nothing : v[g - by], e[g]);\n"
    "        }\n"
    "    }\n"
    "    for (int32_t i = 0; i < 64; i++)\n"
    "        @_apply(q->order, q->within[i % 4], e[i / 4], s[i]);\n"
    "}\n";

static const char adding[] =
    "\n/* t = t + (M y) */\n"
    "static void @_add_product(int32_t order, const float m[2][2], const float *y, float *t)\n"
    "{\n"
    "    if (order == 1) {\n"
    "        t[0] = t[0] + m[0][0] * y[0];\n"
    "    } else {\n"
    "        const float first = @_fmaf(m[0][0], y[0], m[0][1] * y[1]), second = @_fmaf(m[1][1], y[1], m[1][0] * y[0]);\n"
    "        t[0] = t[0] + first;\n"
    "        t[1] = t[1] + second;\n"
    "    }\n"
    "}\n";

static const char advancing[] =
    "\n/* Elements of a chunk that begins at `index`; the last ones go to `last`. Of a tick that is not over the elements that there are stay, to be computed\n"
    " * again with those that follow. */\n"
    "static void @_advance(@_recurrence *q, uint32_t flush, const @_streams *c, int64_t index, int32_t begin, int32_t end, float *last)\n"
    "{\n"
    "    for (int32_t at = begin, n; at < end; at += n) {\n"
    "        const int32_t into = (int32_t)((index + at) % 64);\n"
    "        float s[64][2] = {{0}};\n"
    "        n = end - at < 64 - into ? end - at : 64 - into;\n"
    "        if (into == 0) {\n"
    "            q->origin = 0;\n"
    "            for (int32_t m = 0; m < q->order; m++)\n"
    "                if (flush >> m & 1 && !(fabsf(q->state[m]) >= 1e-30f && isfinite(q->state[m])))\n"
    "                    q->state[m] = 0;\n"
    "        }\n"
    "        const int32_t first = into - q->origin;\n"
    "        for (int32_t k = 0; k < q->inputs; k++)\n"
    "            memcpy(q->x[k] + first, c->x[k] + at, (size_t)n * sizeof(float));\n"
    "        if (q->plain)\n"
    "            @_tick_plainly(q, s);\n"
    "        else\n"
    "            @_tick(q, s);\n"
    "        for (int32_t i = first; i < first + n; i++)\n"
    "            for (int32_t m = 0; m < q->order; m++) {\n"
    "                if (c->now[m])\n"
    "                    c->now[m][at + i - first] = s[i][m];\n"
    "                if (c->before[m])\n"
    "                    c->before[m][at + i - first] = i ? s[i - 1][m] : q->state[m];\n"
    "            }\n"
    "        memcpy(last, s[first + n - 1], sizeof s[0]);\n"
    "        if (into + n == 64)\n"
    "            memcpy(q->state, last, sizeof q->state);\n"
    "    }\n"
    "}\n"
    "\n/* With new factors it begins anew, from its last values. */\n"
    "static void @_begin(@_recurrence *q, int32_t order, int32_t inputs, const double *factors, const float *last, int64_t index)\n"
    "{\n"
    "    if (q->ready && !memcmp(q->factors, factors, sizeof q->factors))\n"
    "        return;\n"
    "    @_prepare(q, order, inputs, factors);\n"
    "    memcpy(q->state, last, sizeof q->state);\n"
    "    q->origin = (int32_t)(index % 64);\n"
    "}\n";

void sn_c_write_scan_types(const c_writer *w)
{
    if (w->plan->scan_count)
        sn_c_say(w, types);
}

void sn_c_write_scan_fields(const c_writer *w)
{
    for (uint32_t k = 0; k < w->plan->scan_count; k++) {
        sn_c_say(w, "    @_recurrence ");
        sn_text_print(w->out, "q%u;\n", k);
    }
}

/* ---- each ---- */

static void write_factor(const c_writer *w, const plan_scan_factor *f)
{
    uint64_t bits;
    memcpy(&bits, &f->constant, sizeof bits);
    if (f->slot)
        sn_c_uniform(w, f->slot, false);
    else
        sn_c_constant(w, IR_F64, bits);
}

static void write_factors(const c_writer *w, const plan_scan *s)
{
    sn_text_add(w->out, "    const double factors[8] = {");
    for (unsigned m = 0; m < PLAN_SCAN_STATES; m++)
        for (unsigned k = 0; k < PLAN_SCAN_STATES; k++) {
            write_factor(w, &s->a[m][k]);
            sn_text_add(w->out, ", ");
        }
    for (unsigned m = 0; m < PLAN_SCAN_STATES; m++)
        for (unsigned k = 0; k < PLAN_SCAN_STATES; k++) {
            write_factor(w, &s->b[m][k]);
            sn_text_add(w->out, m + k < 2 * (PLAN_SCAN_STATES - 1) ? ", " : "};\n");
        }
}

static void write_buffer(const c_writer *w, uint32_t buffer)
{
    if (buffer)
        sn_text_print(w->out, "s->b%u", buffer - 1);
    else
        sn_text_add(w->out, "NULL");
}

static void write_streams(const c_writer *w, const plan_scan *s)
{
    const uint32_t buffers[] = {s->x[0], s->x[1], s->result[PLAN_SCAN_PORT(0, 0)], s->result[PLAN_SCAN_PORT(1, 0)],
                                s->result[PLAN_SCAN_PORT(0, 1)], s->result[PLAN_SCAN_PORT(1, 1)]};
    sn_c_say(w, "    const @_streams streams = {");
    for (unsigned k = 0; k < 6; k++) {
        sn_text_add(w->out, k % 2 ? ", " : k ? ", {" : "{");
        write_buffer(w, buffers[k]);
        sn_text_add(w->out, k % 2 ? "}" : "");
    }
    sn_text_add(w->out, "};\n");
}

static bool has_difference(const plan_scan *s)
{
    return s->order > s->line_count;
}

static void write_source(const c_writer *w, const plan_scan *s)
{
    sn_text_add(w->out, "    float last[2] = {");
    if (has_difference(s))
        sn_text_print(w->out, "s->h%u[1], s->h%u[1] - s->h%u[0]", s->lines[0], s->lines[0], s->lines[0]);
    for (unsigned m = 0; m < s->order && !has_difference(s); m++)
        sn_text_print(w->out, m ? ", s->h%u[0]" : "s->h%u[0]", s->lines[m]);
    sn_text_add(w->out, "};\n");
}

static void write_back(const c_writer *w, const plan_scan *s)
{
    if (has_difference(s))
        sn_text_print(w->out, "    s->h%u[0] = last[0] - last[1];\n    s->h%u[1] = last[0];\n", s->lines[0], s->lines[0]);
    for (unsigned m = 0; m < s->order && !has_difference(s); m++)
        sn_text_print(w->out, "    s->h%u[0] = last[%u];\n", s->lines[m], m);
}

static void write_scan(const c_writer *w, uint32_t number)
{
    const plan_scan *s = &w->plan->scans[number];
    text *t = w->out;
    sn_c_say(w, "\nstatic void @_scan");
    sn_text_print(t, "%u(", number);
    sn_c_say(w, "@_instance *s, int32_t begin, int32_t end)\n{\n");
    write_factors(w, s);
    write_streams(w, s);
    write_source(w, s);
    sn_c_say(w, "    @_begin");
    sn_text_print(t, "(&s->q%u, %u, %u, factors, last, s->index + begin);\n", number, s->order, s->inputs);
    sn_c_say(w, "    @_advance");
    sn_text_print(t, "(&s->q%u, %u, &streams, s->index, begin, end, last);\n", number, s->flush);
    write_back(w, s);
    sn_text_add(t, "}\n");
}

/* May it be computed instead of its loop? */
static void write_settled(const c_writer *w, uint32_t number)
{
    const plan_scan *s = &w->plan->scans[number];
    text *t = w->out;
    sn_c_say(w, "\nstatic int32_t @_settled");
    sn_text_print(t, "%u(", number);
    sn_c_say(w, "@_instance *s, int64_t index)\n{\n");
    write_factors(w, s);
    sn_text_print(t, "    if ((double)s->h%u[0] == ", s->flag);
    write_factor(w, &s->settled);
    sn_text_add(t, " && (double)index >= ");
    write_factor(w, &s->from);
    sn_text_print(t, " && (index %% %d == 0 || (s->q%u.ready && !memcmp(s->q%u.factors, factors, sizeof factors))))\n        return 1;\n", PLAN_TICK, number, number);
    sn_text_print(t, "    s->q%u.ready = 0;\n    return 0;\n}\n", number);
}

void sn_c_write_scans(const c_writer *w)
{
    if (!w->plan->scan_count)
        return;
    sn_c_say(w, preparing);
    sn_c_say(w, adding);
    sn_c_say(w, ticking);
    sn_c_say(w, advancing);
    for (uint32_t k = 0; k < w->plan->scan_count; k++) {
        write_scan(w, k);
        if (w->plan->scans[k].keeps_loop)
            write_settled(w, k);
    }
}

void sn_c_call_scans(const c_writer *w, uint32_t loop)
{
    for (uint32_t k = 0; k < w->plan->scan_count; k++)
        if (!w->plan->scans[k].keeps_loop && w->plan->scans[k].before == loop) {
            sn_c_say(w, "    @_scan");
            sn_text_print(w->out, "%u(s, 0, n);\n", k);
        }
}

const plan_scan *sn_c_scan_instead(const c_writer *w, uint32_t loop, uint32_t *number)
{
    for (*number = 0; *number < w->plan->scan_count; ++*number)
        if (w->plan->scans[*number].keeps_loop && w->plan->scans[*number].loop == loop)
            return &w->plan->scans[*number];
    return NULL;
}
