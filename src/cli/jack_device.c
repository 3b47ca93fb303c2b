/* JACK, as a client of the server that runs: ports out_1, out_2, … and in_1, in_2, …
 *
 * Outputs are connected to the physical ports in order, as far as there are any. Inputs are not: a microphone that is heard by itself
 * is a howl; whoever wants it connects it. No server is started: one that nobody asked for would take the sound card from the
 * desktop. PipeWire's library has the same name and the same functions.
 *
 * The constants are those of jack/types.h (JACK 1.9.21); they are part of its binary interface. */
#include "cli/sound_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct jack_client jack_client;
typedef struct jack_port jack_port;

enum { NO_START_SERVER = 1 };                       /* options */
enum { SERVER_FAILED = 0x10 };                      /* status */
enum { IS_INPUT = 1, IS_OUTPUT = 2, IS_PHYSICAL = 4 }; /* flags of ports */
static const char audio[] = "32 bit float mono audio";

static struct {
    jack_client *(*open)(const char *name, int options, int *status, ...);
    int (*close)(jack_client *client);
    int (*activate)(jack_client *client);
    int (*deactivate)(jack_client *client);
    char *(*name)(jack_client *client);
    uint32_t (*rate)(jack_client *client);
    uint32_t (*block)(jack_client *client);
    int (*set_process)(jack_client *client, int (*process)(uint32_t count, void *argument), void *argument);
    int (*set_xrun)(jack_client *client, int (*xrun)(void *argument), void *argument);
    void (*on_shutdown)(jack_client *client, void (*shutdown)(void *argument), void *argument);
    jack_port *(*add_port)(jack_client *client, const char *name, const char *type, unsigned long flags, unsigned long size);
    const char *(*port_name)(const jack_port *port);
    void *(*buffer)(jack_port *port, uint32_t count);
    const char **(*ports)(jack_client *client, const char *name, const char *type, unsigned long flags);
    int (*connect)(jack_client *client, const char *from, const char *to);
    void (*release)(void *memory);
    void (*set_error)(void (*say)(const char *text));
    void (*set_info)(void (*say)(const char *text));
} jack;

static bool load(char *reason, size_t room)
{
    const sound_symbol symbols[] = {
        {"jack_client_open", &jack.open},
        {"jack_client_close", &jack.close},
        {"jack_activate", &jack.activate},
        {"jack_deactivate", &jack.deactivate},
        {"jack_get_client_name", &jack.name},
        {"jack_get_sample_rate", &jack.rate},
        {"jack_get_buffer_size", &jack.block},
        {"jack_set_process_callback", &jack.set_process},
        {"jack_set_xrun_callback", &jack.set_xrun},
        {"jack_on_shutdown", &jack.on_shutdown},
        {"jack_port_register", &jack.add_port},
        {"jack_port_name", &jack.port_name},
        {"jack_port_get_buffer", &jack.buffer},
        {"jack_get_ports", &jack.ports},
        {"jack_connect", &jack.connect},
        {"jack_free", &jack.release},
        {"jack_set_error_function", &jack.set_error},
        {"jack_set_info_function", &jack.set_info},
    };
    return sn_sound_library_symbols("libjack.so.0", symbols, sizeof symbols / sizeof *symbols, reason, room);
}

typedef struct jack_device {
    sound_device device;
    jack_client *client;
    jack_port **in, **out;
    const float **inputs; /* of the block that is played */
    float **outputs;
} jack_device;

/* The library tells of a missing server in five lines, which whoever has ALSA need not see. */
static void be_quiet(const char *text)
{
    (void)text;
}

static int process(uint32_t count, void *argument)
{
    jack_device *j = argument;
    sound_device *d = &j->device;
    for (uint32_t k = 0; k < d->inputs; k++)
        j->inputs[k] = jack.buffer(j->in[k], count);
    for (uint32_t k = 0; k < d->outputs; k++)
        j->outputs[k] = jack.buffer(j->out[k], count);
    d->call(d->context, j->inputs, j->outputs, count);
    return 0;
}

static int note_xrun(void *argument)
{
    atomic_fetch_add_explicit(&((jack_device *)argument)->device.xruns, 1, memory_order_relaxed);
    return 0;
}

static void note_shutdown(void *argument)
{
    atomic_store(&((jack_device *)argument)->device.lost, true);
}

static void connect_outputs(jack_device *j)
{
    const char **physical = jack.ports(j->client, NULL, audio, IS_PHYSICAL | IS_INPUT);
    for (uint32_t k = 0; physical && k < j->device.outputs && physical[k]; k++)
        jack.connect(j->client, jack.port_name(j->out[k]), physical[k]);
    if (physical)
        jack.release(physical);
}

static bool start(sound_device *d, char *reason, size_t room)
{
    jack_device *j = (jack_device *)d;
    if (jack.activate(j->client) != 0) {
        snprintf(reason, room, "the JACK server does not let us play");
        return false;
    }
    connect_outputs(j);
    return true;
}

static void stop(sound_device *d)
{
    if (!atomic_load(&d->lost))
        jack.deactivate(((jack_device *)d)->client);
}

static void close_jack(sound_device *d)
{
    jack_device *j = (jack_device *)d;
    if (j->client)
        jack.close(j->client);
    free(j->in);
    free(j->out);
    free(j->inputs);
    free(j->outputs);
    free(j);
}

static bool add_ports(jack_device *j, jack_port **ports, uint32_t count, const char *direction, unsigned long flag)
{
    char name[32];
    for (uint32_t k = 0; k < count; k++) {
        snprintf(name, sizeof name, "%s_%u", direction, k + 1);
        if (!(ports[k] = jack.add_port(j->client, name, audio, flag, 0)))
            return false;
    }
    return true;
}

static bool prepare(jack_device *j, const sound_wish *wish, char *reason, size_t room)
{
    int status = 0;
    sound_device *d = &j->device;
    j->in = calloc(wish->inputs + 1, sizeof(void *));
    j->out = calloc(wish->outputs + 1, sizeof(void *));
    j->inputs = calloc(wish->inputs + 1, sizeof(void *));
    j->outputs = calloc(wish->outputs + 1, sizeof(void *));
    if (!j->in || !j->out || !j->inputs || !j->outputs)
        return snprintf(reason, room, "out of memory"), false;
    j->client = jack.open(wish->client, NO_START_SERVER, &status);
    if (!j->client && status & SERVER_FAILED)
        return snprintf(reason, room, "no server runs"), false;
    if (!j->client)
        return snprintf(reason, room, "the server refuses the client %s (status 0x%x)", wish->client, (unsigned)status), false;
    d->inputs = wish->inputs;
    d->outputs = wish->outputs;
    if (!add_ports(j, j->in, wish->inputs, "in", IS_INPUT) || !add_ports(j, j->out, wish->outputs, "out", IS_OUTPUT))
        return snprintf(reason, room, "the server has no room for %u ports", wish->inputs + wish->outputs), false;
    snprintf(d->name, sizeof d->name, "JACK, as %.48s", jack.name(j->client));
    d->rate = jack.rate(j->client);
    d->block = jack.block(j->client);
    d->heard = d->outputs;
    d->captured = d->inputs;
    jack.set_process(j->client, process, j);
    jack.set_xrun(j->client, note_xrun, j);
    jack.on_shutdown(j->client, note_shutdown, j);
    return true;
}

static sound_device *open_jack(const sound_wish *wish, char *reason, size_t room)
{
    if (!load(reason, room))
        return NULL;
    jack.set_error(be_quiet);
    jack.set_info(be_quiet);
    jack_device *j = calloc(1, sizeof *j);
    if (!j) {
        snprintf(reason, room, "out of memory");
        return NULL;
    }
    j->device.driver = &sn_jack_driver;
    j->device.paced = true;
    if (prepare(j, wish, reason, room))
        return &j->device;
    close_jack(&j->device);
    return NULL;
}

const sound_driver sn_jack_driver = {"jack", open_jack, start, stop, close_jack};
