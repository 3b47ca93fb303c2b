/* Edits of a graph by bytes, four to an edit: what, and of which nodes and ports, stale ones and ones that never were among them. After each few
 * edits the text is made, compiled and run; a text that is made must compile, and a graph that has none must say why. */
#include <sinter/sinter.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16, MOST_EDITS = 60, SAMPLES = 70 };

static sinter_report report;

static void fail(const char *what, const char *text)
{
    fprintf(stderr, "%s\n%s\n%d: %s\n", text, what, report.errors[0].line, report.errors[0].message);
    abort();
}

static void play(sinter_context *context, const char *text, size_t length)
{
    static float channels[MOST][SAMPLES];
    void *outputs[MOST];
    const void *inputs[MOST];
    sinter_kernel *kernel;
    sinter_instance *instance;
    const sinter_status status =
        sinter_compile(context, text, length, &(sinter_options){.source = SINTER_PATCH, .engine = SINTER_ENGINE_INTERP}, &kernel, &report);
    if (status != SINTER_OK)
        fail("a text that was made does not compile", text);
    for (int k = 0; k < MOST; k++)
        inputs[k] = outputs[k] = channels[k];
    if (sinter_instance_open(kernel, &instance) == SINTER_OK) {
        sinter_instance_run(instance, &(sinter_arguments){.inputs = inputs, .outputs = outputs, .count = SAMPLES});
        sinter_instance_close(instance);
    }
    sinter_kernel_close(kernel);
}

static void make(sinter_context *context, sinter_graph *graph)
{
    static char text[1 << 16];
    size_t length;
    const sinter_status status = sinter_graph_text(graph, text, sizeof text, &length, &report);
    if (status == SINTER_OK && length < sizeof text)
        play(context, text, length);
    else if (status != SINTER_OK && !report.count)
        fail("no reason is given", "");
    sinter_graph_explain(graph, text, sizeof text, &length, NULL);
    sinter_graph_dot(graph, text, 100, &length, NULL);
}

static void join(sinter_graph *graph, sinter_node from, uint32_t output, sinter_node to, uint32_t port)
{
    if (sinter_graph_connect(graph, from, output, to, port, &report) != SINTER_OK && !report.count)
        fail("no reason is given", "");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"gain", "saw", "svf", "delay", "pan", "comb", "echo", "input", "output", "noise", "adsr", "nothing", "own", "pluck"};
    static const char own[] = "fn own(a, b=2) = (a*b, a)\n";
    sinter_context *context;
    sinter_graph *graph;
    sinter_node nodes[MOST] = {0};
    if (sinter_open(NULL, &context) != SINTER_OK)
        return 0;
    if (sinter_graph_open(context, &graph) == SINTER_OK) {
        for (size_t k = 0; k + 4 <= size && k < 4 * MOST_EDITS; k += 4) {
            const uint8_t what = data[k], port = data[k + 3] & 7, output = data[k + 3] >> 3 & 3;
            sinter_node *const a = &nodes[data[k + 1] % MOST], b = nodes[data[k + 2] % MOST];
            switch (what & 7) {
            case 0: sinter_graph_add(graph, types[what / 8 % 14], data[k + 3] & 1 ? "named" : NULL, a, &report); break;
            case 1: sinter_graph_remove(graph, *a); break;
            case 2: join(graph, *a, output, b, port); break;
            case 3: sinter_graph_connect_delayed(graph, *a, output, b, port, &report); break;
            case 4: sinter_graph_disconnect(graph, *a, output, b, port); break;
            case 5: sinter_graph_set(graph, *a, port, 1 + data[k + 2]); break;
            case 6: sinter_graph_fix(graph, *a, port, 1 + data[k + 2]); break;
            case 7: sinter_graph_define(graph, own, what & 8 ? sizeof own - 1 : sizeof own - 8, &report); break;
            }
            if (k % 16 == 12)
                make(context, graph);
        }
        make(context, graph);
        sinter_graph_close(graph);
    }
    sinter_close(context);
    return 0;
}
