/** Let an allocation fail, where the test was started with tests/counted_malloc.c (as CTest does,
 * but under sanitizers). Included first: dlsym()'s default handle wants _GNU_SOURCE. */
#ifndef DEEPQ_TESTS_FAILING_ALLOCATION_H
#define DEEPQ_TESTS_FAILING_ALLOCATION_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

/** The n-th allocation from here on fails; 0: none does. False, and says so, where it cannot be
 * made to. */
static inline bool let_allocation_fail(long n)
{
    void (*fail_allocation)(long n);
    *(void **)&fail_allocation = dlsym(RTLD_DEFAULT, "fail_allocation");
    if (!fail_allocation)
        printf("SKIP: no allocation can be made to fail without tests/counted_malloc.c\n");
    else
        fail_allocation(n);
    return fail_allocation != NULL;
}

#endif
