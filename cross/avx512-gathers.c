/* Loaded before the tests in the machine of cross/avx512-emulated: does the gathers that Bochs refuses.
 *
 * Bochs takes an index in one of the registers 16 to 31, whose highest bit stands where other instructions name a
 * second source, for a second source that no gather has, and raises #UD (2.7, and the versions since: the end of
 * assign_srcs in its decoder). Processors and disassemblers know better. So SIGILL comes here first, before any handler
 * of the program; a gather of that kind is done on the registers that the signal saved, everything else is passed on.
 * A bad address in a gather faults here, with the program's handler for that. */
#include <cpuid.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

enum { SSE = 1, AVX = 2, MASKS = 5, HIGH_256 = 6, HIGH_16 = 7 }; /* parts of the saved state */

typedef int sigaction_function(int, const struct sigaction *, struct sigaction *);

static struct sigaction theirs;

/* A part of the saved state, with its zeros written out where it was left out because it holds nothing else. */
static uint8_t *state_part(const ucontext_t *context, unsigned part)
{
    uint8_t *const state = (uint8_t *)context->uc_mcontext.fpregs;
    unsigned size = 256, offset = 160, c, d;
    if (part != SSE)
        __get_cpuid_count(0xD, part, &size, &offset, &c, &d);
    uint64_t present;
    memcpy(&present, state + 512, sizeof present);
    if (!(present >> part & 1)) {
        memset(state + offset, 0, size);
        present |= UINT64_C(1) << part;
        memcpy(state + 512, &present, sizeof present);
    }
    return state + offset;
}

typedef struct piece {
    uint8_t *at;
    size_t size;
} piece;

/* Where the 64 bytes of a register lie: in one piece or in three. */
static void register_pieces(const ucontext_t *context, unsigned number, piece out[3])
{
    if (number >= 16) {
        out[0] = (piece){state_part(context, HIGH_16) + (number - 16) * 64, 64};
        out[1] = out[2] = (piece){out[0].at, 0};
        return;
    }
    out[0] = (piece){state_part(context, SSE) + number * 16, 16};
    out[1] = (piece){state_part(context, AVX) + number * 16, 16};
    out[2] = (piece){state_part(context, HIGH_256) + number * 32, 32};
}

static void read_register(const ucontext_t *context, unsigned number, uint8_t bytes[64])
{
    piece p[3];
    register_pieces(context, number, p);
    for (unsigned k = 0; k < 3; bytes += p[k++].size)
        memcpy(bytes, p[k].at, p[k].size);
}

static void write_register(const ucontext_t *context, unsigned number, const uint8_t bytes[64])
{
    piece p[3];
    register_pieces(context, number, p);
    for (unsigned k = 0; k < 3; bytes += p[k++].size)
        memcpy(p[k].at, bytes, p[k].size);
}

static uint64_t general_register(const ucontext_t *context, unsigned number)
{
    static const int places[] = {
        REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
    };
    return (uint64_t)context->uc_mcontext.gregs[places[number]];
}

/* What the bits of an EVEX prefix, stored inverted, add to a register's number. */
static unsigned extension(unsigned byte, unsigned bit, unsigned value)
{
    return byte >> bit & 1 ? 0 : value;
}

/* Does the instruction where the program stopped, if it is a gather whose index is in registers 16 to 31. */
static bool gather(ucontext_t *context)
{
    const uint8_t *const code = (const uint8_t *)context->uc_mcontext.gregs[REG_RIP];
    const unsigned p0 = code[1], p1 = code[2], p2 = code[3], opcode = code[4], modrm = code[5], sib = code[6];
    const unsigned mod = modrm >> 6, bytes = 16u << (p2 >> 5 & 3), k = p2 & 7;
    if (code[0] != 0x62 || (p0 & 15) != 2 || (p1 & 0x7F) != 0x7D || (p2 & 0x98) || bytes > 64 || !k
        || opcode < 0x90 || opcode > 0x93 || mod == 3 || (modrm & 7) != 4)
        return false;

    const unsigned size = p1 >> 7 ? 8 : 4, index_size = opcode & 1 ? 8 : 4;
    const unsigned lanes = bytes / (size > index_size ? size : index_size);
    const unsigned target = (modrm >> 3 & 7) | extension(p0, 7, 8) | extension(p0, 4, 16);
    const unsigned index = (sib >> 3 & 7) | extension(p0, 6, 8) | 16;
    const bool based = mod || (sib & 7) != 5;
    if (target == index)
        return false; /* no processor does that */

    uint64_t start = based ? general_register(context, (sib & 7) | extension(p0, 5, 8)) : 0;
    int32_t displacement = 0;
    if (mod == 1)
        displacement = (int8_t)code[7] * (int32_t)size;
    else if (mod == 2 || !based)
        memcpy(&displacement, code + 7, sizeof displacement);
    start += (uint64_t)(int64_t)displacement;

    uint8_t indices[64], old[64], values[64] = {0};
    uint64_t mask;
    uint8_t *const mask_at = state_part(context, MASKS) + k * 8;
    read_register(context, index, indices);
    read_register(context, target, old);
    memcpy(&mask, mask_at, sizeof mask);
    for (unsigned lane = 0; lane < lanes; lane++) {
        int64_t wide;
        int32_t narrow;
        memcpy(&wide, indices + (index_size == 8 ? lane * 8 : 0), sizeof wide);
        memcpy(&narrow, indices + (index_size == 4 ? lane * 4 : 0), sizeof narrow);
        const uint64_t at = (uint64_t)(index_size == 8 ? wide : narrow) << (sib >> 6);
        memcpy(values + lane * size, mask >> lane & 1 ? (const uint8_t *)(start + at) : old + lane * size, size);
    }
    mask = 0;
    memcpy(mask_at, &mask, sizeof mask);
    write_register(context, target, values);
    context->uc_mcontext.gregs[REG_RIP] += 7 + (mod == 1 ? 1 : mod == 2 || !based ? 4 : 0);
    return true;
}

static void on_illegal(int number, siginfo_t *info, void *context)
{
    if (gather(context))
        return;
    if (theirs.sa_flags & SA_SIGINFO)
        theirs.sa_sigaction(number, info, context);
    else if (theirs.sa_handler == SIG_DFL || theirs.sa_handler == SIG_IGN)
        signal(number, SIG_DFL); /* and once more */
    else
        theirs.sa_handler(number);
}

static int set(const struct sigaction *wanted)
{
    sigaction_function *const real = (sigaction_function *)dlsym(RTLD_NEXT, "sigaction");
    struct sigaction ours = *wanted;
    ours.sa_sigaction = on_illegal;
    ours.sa_flags |= SA_SIGINFO;
    return real(SIGILL, &ours, NULL);
}

int sigaction(int number, const struct sigaction *wanted, struct sigaction *before)
{
    if (number != SIGILL) {
        sigaction_function *const real = (sigaction_function *)dlsym(RTLD_NEXT, "sigaction");
        return real(number, wanted, before);
    }
    if (before)
        *before = theirs;
    if (!wanted)
        return 0;
    theirs = *wanted;
    return set(wanted);
}

/* cmocka sets its handlers by this one; the C library's would not come by here. */
sighandler_t signal(int number, sighandler_t handler)
{
    const struct sigaction wanted = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct sigaction before;
    return sigaction(number, &wanted, &before) ? SIG_ERR : before.sa_handler;
}

__attribute__((constructor)) static void begin(void)
{
    set(&(struct sigaction){.sa_handler = SIG_DFL});
}
