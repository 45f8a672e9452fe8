/** What the tests of the GPU share: they say why when there is none. */
#ifndef DEEPQ_TESTS_GPU_TEST_H
#define DEEPQ_TESTS_GPU_TEST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/device_net.h"

enum { GPU_SKIPPED = 77 };

/** False, and said so, where no GPU can be used. */
static inline bool gpu_is_there(void)
{
    char name[DQ_DEVICE_TEXT];
    if (dq_device_check("cuda", name) != DQ_OK) {
        printf("SKIP: %s\n", dq_errmsg());
        return false;
    }
    printf("on %s\n", name);
    return true;
}

/** The emulation is some thousand times slower than what it stands for. */
static inline bool gpu_is_emulated(void)
{
    return strcmp(dq_device_built_for(), "emulation") == 0;
}

#endif
