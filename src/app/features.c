#include "app/features.h"

#include <stdio.h>

#include "base/cpu.h"
#include "deepq/version.h"
#include "learn/gpu.h"
#include "nn/kernels.h"
#include "sweep/sweep_machines.h"

static const char *yes_no(int with)
{
    return with ? "yes" : "no";
}

/** The GPU module, and whether it has found a GPU. */
static void print_devices(void)
{
    char name[DQ_DEVICE_TEXT];
    const char *built_for = dq_gpu_built_for();
    printf("devices: cpu%s\n", *built_for ? " cuda" : "");
    if (!*built_for)
        return;
    dq_status st = dq_gpu_check("cuda", name);
    printf("cuda: built for %s; here: %s\n", built_for, st == DQ_OK ? name : dq_errmsg());
}

void features_print(void)
{
    unsigned cpu = dq_cpu_flags();
    printf("deepq %s\n", dq_version());
    printf("instruction sets here: ref%s%s\n", cpu & DQ_CPU_AVX2 ? " avx2" : "",
           cpu & DQ_CPU_AVX512 ? " avx512" : "");
    printf("precisions here: fp32%s\n", dq_kernels_bf16_for("avx512") ? " bf16" : "");
    print_devices();
    printf("window (SDL2): %s\n", yes_no(DEEPQ_WITH_SDL2));
    printf("dashboard (libmicrohttpd, dygraphs): %s\n", yes_no(DEEPQ_WITH_DASHBOARD));
    printf("many machines (MPI): %s\n", yes_no(dq_machines_are_built()));
    printf("video (FFmpeg): %s\n", yes_no(DEEPQ_WITH_LIBAV));
    printf("plots (cairo): %s\n", yes_no(DEEPQ_WITH_CAIRO));
    printf("pictures (libpng): %s\n", yes_no(DEEPQ_WITH_PNG));
}
