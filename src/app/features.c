#include "app/features.h"

#include <stdio.h>

#include "base/cpu.h"
#include "deepq/version.h"

static const char *yes_no(int with)
{
    return with ? "yes" : "no";
}

void features_print(void)
{
    unsigned cpu = dq_cpu_flags();
    printf("deepq %s\n", dq_version());
    printf("instruction sets here: ref%s%s\n", cpu & DQ_CPU_AVX2 ? " avx2" : "",
           cpu & DQ_CPU_AVX512 ? " avx512" : "");
    printf("devices: cpu\n");
    printf("window (SDL2): %s\n", yes_no(DEEPQ_WITH_SDL2));
    printf("video (FFmpeg): %s\n", yes_no(DEEPQ_WITH_LIBAV));
    printf("pictures (libpng): %s\n", yes_no(DEEPQ_WITH_PNG));
}
