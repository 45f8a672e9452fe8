/** Tests that run on the processor, and on a GPU or its emulation where $DEEPQ_TEST_DEVICE says so
 *  (tests/cuda sets it). */
#ifndef DEEPQ_TESTS_ON_DEVICE_H
#define DEEPQ_TESTS_ON_DEVICE_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/gpu.h"

enum { DEVICE_SKIPPED = 77 };

/** For dq_train_config.device; NULL: the processor. */
static inline const char *test_device(void)
{
    return getenv("DEEPQ_TEST_DEVICE");
}

/** Whether a device is asked for and there is none; says so. */
static inline bool test_device_is_missing(void)
{
    char name[DQ_DEVICE_TEXT];
    if (dq_gpu_check(test_device(), name) == DQ_OK)
        return false;
    printf("SKIP: %s\n", dq_errmsg());
    return true;
}

/** The emulation is some thousand times slower than what it stands for. */
static inline bool gpu_is_emulated(void)
{
    return strcmp(dq_gpu_built_for(), "emulation") == 0;
}

#endif
