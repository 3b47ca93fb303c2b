/* A graph that is edited while it plays: a sine through a low-pass filter and a gain, whose cutoff moves; after two seconds a reverb is put behind it.
 *
 *     graph [FILE]        six seconds of stereo, to FILE as 32-bit floats without a head (sox -t f32 -r 48000 -c 2 FILE sound.wav)
 *
 * What an audio callback would do is the loop at the end: it calls sinter_player_process and nothing else. */
#include <sinter/sinter.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { RATE = 48000, BLOCK = 64, SECONDS = 6 };

static sinter_report report;

static void check(sinter_status status)
{
    if (status == SINTER_OK)
        return;
    char text[1000];
    if (report.count > 0 && sinter_report_format(&report, 0, text, sizeof text) > 0)
        fputs(text, stderr);
    else
        fprintf(stderr, "%s\n", sinter_status_name(status));
    exit(1);
}

static sinter_node add(sinter_graph *graph, const char *type, const char *name)
{
    sinter_node node;
    check(sinter_graph_add(graph, type, name, &node, &report));
    return node;
}

/* Compiled by a thread of the player's; what plays plays on until then. */
static void commit(sinter_graph *graph, sinter_player *player)
{
    uint64_t edit;
    check(sinter_graph_commit(graph, player, &edit, &report));
    check(sinter_player_wait(player, edit, &report));
}

static void add_reverb(sinter_graph *graph, sinter_player *player, sinter_node from, sinter_node left, sinter_node right)
{
    const sinter_node room = add(graph, "freeverb", "room");
    check(sinter_graph_set(graph, room, sinter_graph_port(graph, room, "size"), 0.9));
    check(sinter_graph_connect(graph, from, 0, room, 0, &report));
    check(sinter_graph_connect(graph, from, 0, room, 1, &report));
    check(sinter_graph_connect(graph, room, 0, left, 0, &report));
    check(sinter_graph_connect(graph, room, 1, right, 0, &report));
    commit(graph, player);
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "wb") : NULL;
    sinter_context *context;
    sinter_graph *graph;
    sinter_player *player;
    if (argc > 1 && !file)
        return perror(argv[1]), 1;
    check(sinter_open(NULL, &context));
    check(sinter_graph_open(context, &graph));
    check(sinter_player_open(context, &(sinter_player_options){.rate = RATE, .outputs = 2}, &player));

    const sinter_node tone = add(graph, "sine", "tone"), low = add(graph, "lowpass", "low"), level = add(graph, "gain", "level");
    const sinter_node left = add(graph, "output", "left"), right = add(graph, "output", "right");
    check(sinter_graph_set(graph, tone, sinter_graph_port(graph, tone, "hertz"), 330));
    check(sinter_graph_set(graph, low, sinter_graph_port(graph, low, "cutoff"), 2000));
    check(sinter_graph_set(graph, level, sinter_graph_port(graph, level, "level"), 0.3));
    check(sinter_graph_connect(graph, tone, 0, low, 0, &report));
    check(sinter_graph_connect(graph, low, 0, level, 0, &report));
    check(sinter_graph_connect(graph, level, 0, left, 0, &report));
    check(sinter_graph_connect(graph, level, 0, right, 0, &report));
    commit(graph, player);

    const int cutoff = sinter_player_parameter(player, "low__cutoff"), loudness = sinter_player_parameter(player, "level__level");
    for (int64_t at = 0; at < SECONDS * RATE; at += BLOCK) {
        float channels[2][BLOCK], frames[2 * BLOCK], peak = 0;
        if (at == 2 * RATE) {
            add_reverb(graph, player, level, left, right);
            printf("a reverb, after %g µs of compiling\n", sinter_player_look(player, NULL).compile_seconds * 1e6);
        }
        if (at == RATE)
            sinter_player_set(player, cutoff, 200);
        if (at == 4 * RATE)
            sinter_player_set(player, loudness, 0);
        sinter_player_process(player, NULL, (float *const[]){channels[0], channels[1]}, BLOCK);
        for (int k = 0; k < BLOCK; k++) {
            frames[2 * k] = channels[0][k];
            frames[2 * k + 1] = channels[1][k];
            peak = fmaxf(peak, fabsf(channels[0][k]));
        }
        if (file)
            fwrite(frames, sizeof frames, 1, file);
        if (at % (RATE / 2) == 0)
            printf("%.1f s: %.3f\n", (double)at / RATE, (double)peak);
    }
    sinter_player_close(player);
    sinter_graph_close(graph);
    sinter_close(context);
    return file && fclose(file) != 0;
}
