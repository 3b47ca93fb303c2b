/* sinter doctor: what this machine can do, and whether it does it right.
 *
 * Every engine that can run computes the same little program, which goes through a mathematical function, a
 * rare region, a masked tail and a recurrence; the hashes must agree with the interpreter's. It is no test of
 * Sinter but of where it finds itself: an emulator or a kernel that loses a register shows here. */
#include "cli/command.h"

#include "cli/video_pipe.h"

#include "base/cpu.h"

#include <stdlib.h>
#include <string.h>

#if SINTER_ZLIB
#include <zlib.h>
#endif
#if SINTER_PNG
#include <png.h>
#endif

enum { SAMPLES = 1003 };

typedef struct finding {
    bool available, right;
    const char *reason;
    uint64_t hash;
    double compile_us;
} finding;

/* The hash of what the engine computes; 0 with a reason if it does not. */
static uint64_t compute(sinter_context *context, sinter_engine engine, finding *f)
{
    static const char text[] = "input x; y = sin(x*3000) + exp(-x*x) + 0.9*y'; out y";
    static float in[SAMPLES], out[SAMPLES];
    const sinter_options options = {.engine = engine, .source = SINTER_PATCH};
    sinter_kernel *kernel = NULL;
    sinter_instance *instance = NULL;
    receipt r = sn_cli_open_receipt();
    for (int i = 0; i < SAMPLES; i++)
        in[i] = (float)(2 * i - SAMPLES) * (1.0f / 128);
    const double began = sn_cli_now();
    sinter_status status = sinter_compile(context, text, sizeof text - 1, &options, &kernel, NULL);
    f->compile_us = 1e6 * (sn_cli_now() - began);
    if (status == SINTER_OK)
        status = sinter_instance_open(kernel, &instance);
    if (status == SINTER_OK)
        status = sinter_instance_run(instance, &(sinter_arguments){.inputs = (const void *[]){in},
                                                                   .outputs = (void *[]){out},
                                                                   .count = SAMPLES});
    sinter_instance_close(instance);
    sinter_kernel_close(kernel);
    sn_cli_add_to_receipt(&r, SINTER_F32, out, SAMPLES);
    if (status != SINTER_OK)
        f->reason = sinter_status_name(status);
    return status == SINTER_OK ? r.state : 0;
}

static finding examine(sinter_context *context, sinter_engine engine, uint64_t wanted)
{
    finding f = {.reason = ""};
    f.available = sinter_engine_available(engine, &f.reason);
    if (f.available) {
        f.hash = compute(context, engine, &f);
        f.right = f.hash != 0 && (wanted == 0 || f.hash == wanted);
        if (f.hash && !f.right)
            f.reason = "it computes other bits than the interpreter";
    }
    return f;
}

static void print_finding(sinter_engine engine, const finding *f, bool json, bool first)
{
    const char *name = sinter_engine_name(engine);
    if (json) {
        printf("%s{\"name\":\"%s\",\"available\":%s", first ? "" : ",", name,
               f->available ? "true" : "false");
        if (f->available)
            printf(",\"right\":%s,\"hash\":\"%016llx\"", f->right ? "true" : "false",
                   (unsigned long long)f->hash);
        fputs(",\"reason\":", stdout);
        sn_cli_print_json_text(stdout, f->reason, strlen(f->reason));
        putchar('}');
    } else if (!f->available) {
        printf("  %-8s no: %s\n", name, f->reason);
    } else if (!f->right) {
        printf("  %-8s WRONG: %s\n", name, f->reason);
    } else {
        printf("  %-8s yes, computes %016llx, compiled in %.1f us\n", name, (unsigned long long)f->hash,
               f->compile_us);
    }
}

/* True if all that can run are right. */
static bool print_engines(sinter_context *context, bool json)
{
    bool right = true;
    uint64_t wanted = 0;
    for (int i = SINTER_ENGINE_AUTO + 1; sinter_engine_name((sinter_engine)i); i++) {
        const finding f = examine(context, (sinter_engine)i, wanted);
        if (i == SINTER_ENGINE_INTERP)
            wanted = f.hash;
        right = right && (!f.available || f.right);
        print_finding((sinter_engine)i, &f, json, i == SINTER_ENGINE_AUTO + 1);
    }
    return right;
}

static sinter_engine chosen(sinter_context *context)
{
    sinter_kernel *kernel;
    if (sinter_compile(context, "x", 1, NULL, &kernel, NULL) != SINTER_OK)
        return SINTER_ENGINE_INTERP;
    const sinter_engine engine = sinter_kernel_describe(kernel).engine;
    sinter_kernel_close(kernel);
    return engine;
}

/* What the system calls the processor; empty where it says nothing. */
static void read_processor(char *name, size_t size)
{
    char line[256];
    FILE *in = fopen("/proc/cpuinfo", "r");
    *name = 0;
    while (in && !*name && fgets(line, sizeof line, in)) {
        const char *colon = strchr(line, ':');
        if (colon && strncmp(line, "model name", 10) == 0)
            snprintf(name, size, "%.*s", (int)strcspn(colon + 1, "\n") - 1, colon + 2);
    }
    if (in)
        fclose(in);
}

static void print_features(bool json)
{
    const uint32_t features = sn_cpu_features();
    bool first = true;
    for (unsigned i = 0; i < CPU_FEATURES; i++) {
        if (!(features & 1U << i))
            continue;
        printf(json ? "%s\"%s\"" : "%s%s", first ? "" : json ? "," : " ", sn_cpu_feature_name(i));
        first = false;
    }
    if (first && !json)
        fputs("none that Sinter uses", stdout);
}

static const char *compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#elif defined(__GNUC__)
    return "gcc " __VERSION__;
#else
    return "unknown";
#endif
}

#if SINTER_ZLIB
#define PICTURES_WRITTEN "PNG by zlib " ZLIB_VERSION
#else
#define PICTURES_WRITTEN "no PNG (built without zlib)"
#endif
#if SINTER_PNG
#define PICTURES_READ ", read by libpng " PNG_LIBPNG_VER_STRING
#else
#define PICTURES_READ ", none read (built without libpng)"
#endif

static const char *picture_libraries(void)
{
    return PICTURES_WRITTEN PICTURES_READ;
}

static const char *video_program(void)
{
    static char path[4096];
    return sn_video_program(path, sizeof path) ? path : "none (ffmpeg is not in the PATH)";
}

static bool print_plain(sinter_context *context)
{
    char processor[128];
    read_processor(processor, sizeof processor);
    printf("sinter       " SINTER_VERSION ", built by %s\n", compiler());
    printf("processor    %s\n", *processor ? processor : "unknown");
    fputs("features     ", stdout);
    print_features(false);
    printf("\ncode memory  %s\n", sinter_code_memory_reason(context));
    printf("pictures     %s\n", picture_libraries());
    printf("videos       %s\n", video_program());
    printf("sounds       %s\n", sn_sound_library());
    printf("disassembly  %s\n", sn_cli_disassembler());
    printf("engines      (auto: %s)\n", sinter_engine_name(chosen(context)));
    return print_engines(context, false);
}

static void print_member(const char *name, const char *text)
{
    printf(",\"%s\":", name);
    sn_cli_print_json_text(stdout, text, strlen(text));
}

static bool print_json(sinter_context *context)
{
    char processor[128];
    read_processor(processor, sizeof processor);
    fputs("{\"version\":\"" SINTER_VERSION "\"", stdout);
    print_member("compiler", compiler());
    print_member("processor", processor);
    fputs(",\"features\":[", stdout);
    print_features(true);
    putchar(']');
    print_member("code_memory", sinter_code_memory_reason(context));
    print_member("pictures", picture_libraries());
    print_member("videos", video_program());
    print_member("sounds", sn_sound_library());
    print_member("disassembly", sn_cli_disassembler());
    print_member("auto", sinter_engine_name(chosen(context)));
    fputs(",\"engines\":[", stdout);
    const bool right = print_engines(context, true);
    puts("]}");
    return right;
}

int sn_cli_doctor(const arguments *a)
{
    sinter_context *context;
    const sinter_status status = sinter_open(NULL, &context);
    if (status != SINTER_OK)
        return sn_cli_fail("%s", sinter_status_name(status));
    const bool right = a->json ? print_json(context) : print_plain(context);
    sinter_close(context);
    return right ? STATUS_GOOD : STATUS_BAD;
}
