/* Engines: their names, and which of them this machine has. */
#include "base/cpu.h"
#include "kernel/kernels.h"

const char *sinter_engine_name(sinter_engine engine)
{
    static const char *const names[] = {"auto", "interp", "scalar", "avx2", "avx512", "neon"};
    return (unsigned)engine < sizeof names / sizeof *names ? names[engine] : NULL;
}

const char *sn_engine_code_refused(void)
{
    return "the system refuses code memory";
}

#if SINTER_JIT
static const char *missing(sinter_engine engine)
{
    const uint32_t features = sn_cpu_features();
    switch (engine) {
    case SINTER_ENGINE_SCALAR:
    case SINTER_ENGINE_AVX2:
        return (features & CPU_X64_AVX2) == CPU_X64_AVX2 ? NULL : "this processor has no AVX2 with FMA";
    case SINTER_ENGINE_AVX512:
        return (features & CPU_X64_AVX512) == CPU_X64_AVX512 ? NULL : "this processor has no AVX-512 (F, DQ, BW, VL)";
    case SINTER_ENGINE_NEON:
        return "this is no AArch64 machine";
    default:
        return NULL;
    }
}
#elif defined(__x86_64__)
static const char *missing(sinter_engine engine)
{
    return engine == SINTER_ENGINE_AUTO || engine == SINTER_ENGINE_INTERP ? NULL : "this build has no machine code (-Djit=false)";
}
#else
static const char *missing(sinter_engine engine)
{
    return engine == SINTER_ENGINE_AUTO || engine == SINTER_ENGINE_INTERP ? NULL : "there is no encoder for this kind of processor";
}
#endif

bool sinter_engine_available(sinter_engine engine, const char **reason)
{
    const char *what = sinter_engine_name(engine) ? missing(engine) : "there is no such engine";
    if (reason)
        *reason = what ? what : "";
    return !what;
}

sinter_engine sn_engine_choose(sinter_engine wanted, const code_memory *code, const char **reason)
{
    *reason = "";
    if (wanted == SINTER_ENGINE_INTERP)
        return wanted;
    const bool refused = sn_exec_mode(code) == CODE_MEMORY_NONE;
    if (wanted != SINTER_ENGINE_AUTO) {
        if (!sinter_engine_available(wanted, reason))
            return SINTER_ENGINE_AUTO;
        if (refused)
            *reason = sn_engine_code_refused();
        return refused ? SINTER_ENGINE_AUTO : wanted;
    }
    /* The reason is that of the next wider one: why this one, and not why not the widest. */
    static const sinter_engine by_width[] = {SINTER_ENGINE_AVX512, SINTER_ENGINE_AVX2};
    for (unsigned k = 0; k < 2; k++) {
        const char *why;
        if (sinter_engine_available(by_width[k], &why)) {
            if (!refused)
                return by_width[k];
            why = sn_engine_code_refused();
        }
        *reason = why;
    }
    return SINTER_ENGINE_INTERP;
}
