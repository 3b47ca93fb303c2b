/* A sine through a low-pass and a gain; its cutoff moves, and a reverb is put behind it while it plays. Prints the level of each tenth of a second. */
#include <sinter/sinter.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { BLOCK = 480, BLOCKS = 10 }; /* a tenth of a second at 48 kHz */

static sinter_graph *graph;
static sinter_player *player;
static sinter_report report;

static void require(sinter_status status)
{
    if (status == SINTER_OK)
        return;
    fprintf(stderr, "%s: %s\n", sinter_status_name(status), report.count ? report.errors[0].message : "");
    exit(1);
}

static sinter_node add(const char *type, const char *name)
{
    sinter_node node;
    require(sinter_graph_add(graph, type, name, &node, &report));
    return node;
}

static void set(sinter_node node, const char *port, double value)
{
    require(sinter_graph_set(graph, node, sinter_graph_port(graph, node, port), value));
}

static void commit(void)
{
    uint64_t edit;
    require(sinter_graph_commit(graph, player, &edit, &report));
    require(sinter_player_wait(player, edit, &report)); /* only so that every run prints the same: sound needs no waiting */
}

/* In earnest an audio callback does this. */
static void play(const char *what)
{
    float left[BLOCK], right[BLOCK];
    double square = 0;
    for (int block = 0; block < BLOCKS; block++) {
        sinter_player_process(player, NULL, (float *const[]){left, right}, BLOCK);
        for (int k = 0; k < BLOCK; k++)
            square += (double)(left[k] * left[k] + right[k] * right[k]) / (2 * BLOCK * BLOCKS);
    }
    printf("%-24s %6.1f dB\n", what, 10 * log10(square + 1e-12));
}

int main(void)
{
    sinter_context *context;
    require(sinter_open(NULL, &context));
    require(sinter_graph_open(context, &graph));
    require(sinter_player_open(context, &(sinter_player_options){.rate = 48000, .outputs = 2}, &player));

    const sinter_node osc = add("sine", "osc"), low = add("lowpass", "low"), level = add("gain", "level");
    const sinter_node left = add("output", "left"), right = add("output", "right");
    set(osc, "hertz", 440);
    set(low, "cutoff", 2000);
    set(level, "level", 0.5);
    require(sinter_graph_connect(graph, osc, 0, low, 0));
    require(sinter_graph_connect(graph, low, 0, level, 0));
    require(sinter_graph_connect(graph, level, 0, left, 0));
    require(sinter_graph_connect(graph, level, 0, right, 0));
    commit();
    play("sine, low-pass, gain");

    /* A parameter needs no new text: it moves to its goal in 20 ms. */
    char name[128];
    sinter_graph_parameter_name(graph, low, sinter_graph_port(graph, low, "cutoff"), name, sizeof name);
    require(sinter_player_set(player, sinter_player_parameter(player, name), 100));
    set(low, "cutoff", 100);
    play("cutoff at 100 Hz");

    /* The oscillator and the filter go on where they stand. */
    const sinter_node room = add("freeverb", "room");
    require(sinter_graph_disconnect(graph, level, 0, left, 0));
    require(sinter_graph_disconnect(graph, level, 0, right, 0));
    require(sinter_graph_connect(graph, level, 0, room, 0));
    require(sinter_graph_connect(graph, level, 0, room, 1));
    require(sinter_graph_connect(graph, room, 0, left, 0));
    require(sinter_graph_connect(graph, room, 1, right, 0));
    commit();
    play("with a reverb");

    char text[4096];
    require(sinter_graph_explain(graph, text, sizeof text, NULL, &report));
    fputs(text, stdout);
    sinter_player_close(player);
    sinter_graph_close(graph);
    sinter_close(context);
}
