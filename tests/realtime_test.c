/* Contract 3: on the audio thread nothing allocates, frees, locks, enters the system or faults a page, over thousands of edits, changes and
 * events.
 *
 * The context's allocator and pthread_mutex_lock, which the test replaces, look whether the thread that calls them is inside of
 * sinter_player_process or of a density's call, prepared before. System calls are seen by the kernel: the audio thread puts a filter upon itself that turns all of them into a
 * signal, whose handler notes the number, but for what it needs between calls (asking for its page faults). Where there is no such filter
 * (under emulation, say) that part is skipped, and said so. */
#include "graph/performance.h"
#include "guard_pages.h"

#include <sinter/sinter.h>

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cmocka.h>

enum { BLOCK = 64, EDITS = 1500, WARM = 20 };

static _Thread_local bool inside;
static atomic_int allocations, locks, calls, faults, last_call;
static atomic_bool warm; /* every piece of the library has been used once: the system maps a program's own pages then */
static bool filtered;
static size_t most_moved; /* bytes, where programs changed */

/* ---- what must not happen ---- */

static void *allocate(void *unused, size_t size)
{
    (void)unused;
    atomic_fetch_add(&allocations, inside);
    return malloc(size);
}

static void release(void *unused, void *block, size_t size)
{
    (void)unused, (void)size;
    atomic_fetch_add(&allocations, inside);
    free(block);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    static int (*_Atomic real)(pthread_mutex_t *);
    int (*lock)(pthread_mutex_t *) = atomic_load(&real);
    if (!lock) {
        *(void **)&lock = dlsym(RTLD_NEXT, "pthread_mutex_lock");
        atomic_store(&real, lock);
    }
    atomic_fetch_add(&locks, inside);
    return lock(mutex);
}
#endif

/* The call fails with ENOSYS, as far as it is known where its result stands. */
static void note_call(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    atomic_store(&last_call, info->si_syscall);
    atomic_fetch_add(&calls, 1);
    ucontext_t *interrupted = context;
#if defined(__x86_64__)
    interrupted->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
    interrupted->uc_mcontext.regs[0] = (unsigned long long)-ENOSYS;
#else
    (void)interrupted;
#endif
}

/* All but these become SIGSYS. False: the system has no filters. */
static bool forbid_calls(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return false; /* they make calls of their own */
#else
    static const int allowed[] = {__NR_getrusage, __NR_rt_sigreturn, __NR_exit, __NR_exit_group, __NR_madvise, __NR_munmap,
                                  __NR_rt_sigprocmask, __NR_futex};
    enum { ALLOWED = sizeof allowed / sizeof *allowed };
    struct sock_filter code[ALLOWED * 2 + 2];
    int n = 0;
    code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    for (int k = 0; k < ALLOWED; k++) {
        code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[k], 0, 1);
        code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP);
    const struct sock_fprog program = {(unsigned short)n, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#endif
}

static long minor_faults(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_minflt + usage.ru_majflt;
}

/* ---- densities ---- */

enum { ROWS = 700 };

static sinter_density *density;
static sinter_density_values *scores;
static double rows[2 * ROWS], logs[ROWS], slopes[ROWS];

/* Calls of every kind, each prepared: contiguous columns and strided ones, a parameter by row, rows that are missing. */
typedef struct score_calls {
    sinter_density_argument plain, strided, parameters[2];
    sinter_density_data one, two;
    sinter_density_results results;
    void *by_parameter[2];
    uint8_t validity[ROWS / 8 + 1];
} score_calls;

static score_calls score;

static void prepare_scores(sinter_context *context)
{
    static const char text[] = "normal(mu=0.5, sigma=2)";
    assert_int_equal(sinter_density_open(context, text, strlen(text), NULL, &density, NULL), SINTER_OK);
    assert_int_equal(sinter_density_values_open(density, &scores), SINTER_OK);
    for (int k = 0; k < 2 * ROWS; k++)
        rows[k] = 0.001 * k;
    memset(score.validity, 0x5E, sizeof score.validity);
    score.plain = (sinter_density_argument){rows, 1};
    score.strided = (sinter_density_argument){rows, 2};
    score.parameters[0] = (sinter_density_argument){rows, 1};
    score.by_parameter[1] = slopes;
    score.one = (sinter_density_data){.count = ROWS, .columns = &score.plain};
    score.two = (sinter_density_data){.count = ROWS, .columns = &score.strided, .parameters = score.parameters, .validity = score.validity};
    score.results = (sinter_density_results){.logs = logs, .parameters = score.by_parameter};
    assert_int_equal(sinter_density_prepare(scores, SINTER_DENSITY_LOG, NULL, NULL, NULL), SINTER_OK);
    assert_int_equal(sinter_density_prepare(scores, SINTER_DENSITY_BATCH, &score.two, &score.results, NULL), SINTER_OK);
    assert_int_equal(sinter_density_prepare(scores, SINTER_DENSITY_SUM, &score.one, &score.results, NULL), SINTER_OK);
    assert_int_equal(sinter_density_prepare(scores, SINTER_DENSITY_SUM, &score.two, NULL, NULL), SINTER_OK);
    assert_int_equal(sinter_density_prepare(scores, SINTER_DENSITY_SUM_EXACT, &score.two, NULL, NULL), SINTER_OK);
}

static atomic_int scored, unscored;

static void make_scores(int k)
{
    double log, sum, gradient[2];
    bool good = sinter_density_set(scores, 0, 0.01 * (k % 100)) == SINTER_OK;
    good = sinter_density_log(scores, rows, &log) == SINTER_OK && good;
    good = sinter_density_sum(scores, &score.one, &sum, gradient) == SINTER_OK && good;
    good = sinter_density_batch(scores, &score.two, &score.results) == SINTER_OK && good;
    good = sinter_density_sum(scores, &score.two, &sum, NULL) == SINTER_OK && good;
    good = sinter_density_sum_exact(scores, &score.two, &sum) == SINTER_OK && good;
    atomic_fetch_add(good ? &scored : &unscored, 1);
}

/* ---- the audio thread ---- */

static sinter_player *player;
static atomic_bool over;
static atomic_int started;

static void *play(void *unused)
{
    (void)unused;
    static float input[BLOCK], left[BLOCK], right[BLOCK];
    const float *const inputs[] = {input};
    float *const outputs[] = {left, right};
    volatile char stack[1 << 16];
    for (size_t k = 0; k < sizeof stack; k += 512)
        stack[k] = 0;
    for (int k = 0; k < BLOCK; k++)
        input[k] = 0.01f * (float)k;
    filtered = forbid_calls();
    minor_faults();
    atomic_store(&started, 1);
    for (int k = 0; !atomic_load(&over); k++) {
        const long before = minor_faults();
        inside = true;
        sinter_player_process(player, inputs, outputs, BLOCK);
        if (k % 16 == 0)
            make_scores(k);
        inside = false;
        atomic_fetch_add(&faults, atomic_load(&warm) ? (int)(minor_faults() - before) : 0);
        if (player->current && player->current->instance->moved > most_moved)
            most_moved = player->current->instance->moved;
    }
    return NULL;
}

/* ---- a node in C ---- */

static void *create(void *unused, double rate)
{
    (void)unused, (void)rate;
    return calloc(1, sizeof(float));
}

static void leak(void *self, double rate, const float *const *inputs, float *const *outputs, uint32_t count, const sinter_block_context *context)
{
    (void)rate, (void)context;
    float *y = self;
    for (uint32_t i = 0; i < count; i++)
        outputs[0][i] = *y += inputs[1][i] * (inputs[0][i] - *y);
}

/* ---- what happens meanwhile ---- */

static void edit(int k)
{
    static const char *const ends[] = {
        "out left = low\nout right = echo(low, 0.1, 0.5, 48000)\n",
        "out left = low + delay(low, 30000)\n",
        "out left = freeverb(low, x).x\nout right = (noise())*0.1\n",
        "out left = low + late\nlate = delay_cubic(low, 0.2 + 0.1*sine(0.3), 24000)\n",
        "out left = pluck(x, 220) + sine(cutoff)\nout right = leak(low + 0.5*leak(x, 0.1), 0.01)\n",
        "out left = low + delay(low, 90000)\n", /* longer than before */
    };
    char text[600];
    snprintf(text, sizeof text, "input x\nparam cutoff = 800 in 20..20000 smooth 0.003\nparam gate = 0\nlow = svf(saw(110 + %d) + adsr(gate), cutoff, 2).x\n%s", k % 17,
             ends[k % 10 == 2 ? 5 : k % 5]);
    if (k % 5 == 3)
        snprintf(text, sizeof text, "input x\nparam cutoff = 800 in 20..20000 smooth 0.003\nlow = lowpass(x, cutoff)\n%s",
                 "late = delay_cubic(low, 0.2 + 0.1*sine(0.3), 24000)\nout left = low + late\n");
    uint64_t number;
    assert_int_equal(sinter_player_edit(player, text, strlen(text), NULL, &number), SINTER_OK);
    assert_int_equal(sinter_player_wait(player, number, NULL), SINTER_OK);
    while (sinter_player_look(player, NULL).playing < number)
        sched_yield();
}

static void test_audio_thread(void **state)
{
    (void)state;
    sinter_context *context;
    const sinter_context_options options = {.allocator = {allocate, release, NULL}};
    assert_int_equal(sinter_open(&options, &context), SINTER_OK);
    const sinter_node_type node = {.name = "leak", .inputs = 2, .outputs = 1, .process = leak, .create = create, .destroy = free};
    assert_int_equal(sinter_add_node_type(context, &node), SINTER_OK);
    assert_int_equal(sinter_player_open(context, &(sinter_player_options){.inputs = 1, .outputs = 2, .fade = 0.002}, &player), SINTER_OK);
    prepare_scores(context);
    struct sigaction act = {.sa_flags = SA_SIGINFO};
    act.sa_sigaction = note_call;
    sigaction(SIGSYS, &act, NULL);
    pthread_t audio;
    assert_int_equal(pthread_create(&audio, NULL, play, NULL), 0);
    while (!atomic_load(&started))
        continue;
    const int cutoff = sinter_player_parameter(player, "cutoff"), gate = sinter_player_parameter(player, "gate");
    for (int k = 0; k < EDITS; k++) {
        atomic_store(&warm, k >= WARM);
        edit(k);
        sinter_player_set(player, cutoff, 100 + k);
        sinter_player_event_at(player, gate, k % 2, sinter_player_index(player) + 33);
        sinter_player_jump_at(player, cutoff, 200 + k, sinter_player_index(player) + 1000);
    }
    atomic_store(&over, true);
    pthread_join(audio, NULL);
    const uint64_t swaps = sinter_player_look(player, NULL).swaps;
    sinter_player_close(player);
    sinter_density_values_close(scores);
    sinter_density_close(density);
    sinter_close(context);
    printf("# %llu swaps, at most %zu bytes copied; allocations %d, locks %d, system calls %d%s, page faults %d\n", (unsigned long long)swaps, most_moved,
           atomic_load(&allocations), atomic_load(&locks), atomic_load(&calls), filtered ? "" : " (not looked for: no filters here)", atomic_load(&faults));
    assert_int_equal(swaps, EDITS);
    assert_true(atomic_load(&scored) > WARM && atomic_load(&unscored) == 0);
    assert_int_equal(atomic_load(&allocations), 0);
    assert_int_equal(atomic_load(&locks), 0);
    if (atomic_load(&calls))
        fail_msg("%d system calls, the last of number %d", atomic_load(&calls), atomic_load(&last_call));
    if (filtered)
        assert_int_equal(atomic_load(&faults), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_audio_thread)};
    return cmocka_run_group_tests_name("realtime", tests, NULL, NULL);
}
