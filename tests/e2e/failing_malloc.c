/** For LD_PRELOAD: lets one allocation fail, and counts the blocks that nobody freed.
 *
 *  $FAIL_AT: which allocation of the program fails, from 1; unset or 0: none. At the end the number
 *  of allocations and of blocks still held go to the file $FAIL_REPORT. glibc. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *block, size_t n);
extern void *__libc_memalign(size_t alignment, size_t n);
extern void __libc_free(void *block);

static atomic_long n_allocations, n_held;
static long fail_at;

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("FAIL_AT");
    fail_at = text ? atol(text) : 0;
    atomic_store(&n_allocations, 0);
    atomic_store(&n_held, 0);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAIL_REPORT");
    char text[64];
    int n = snprintf(text, sizeof(text), "%ld %ld\n", atomic_load(&n_allocations),
                     atomic_load(&n_held));
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    if (fd >= 0 && write(fd, text, (size_t)n) == n)
        close(fd);
}

static int fails(void)
{
    return atomic_fetch_add(&n_allocations, 1) + 1 == fail_at;
}

static void *count(void *block)
{
    if (block)
        atomic_fetch_add(&n_held, 1);
    return block;
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t n)
{
    return fails() ? no_memory() : count(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
    return fails() ? no_memory() : count(__libc_calloc(n, size));
}

void *realloc(void *block, size_t n)
{
    if (fails())
        return no_memory();
    void *moved = __libc_realloc(block, n);
    if (!block)
        count(moved);
    return moved;
}

void *aligned_alloc(size_t alignment, size_t n)
{
    return fails() ? no_memory() : count(__libc_memalign(alignment, n));
}

void *memalign(size_t alignment, size_t n)
{
    return aligned_alloc(alignment, n);
}

int posix_memalign(void **block, size_t alignment, size_t n)
{
    *block = aligned_alloc(alignment, n);
    return *block ? 0 : ENOMEM;
}

void free(void *block)
{
    if (block)
        atomic_fetch_sub(&n_held, 1);
    __libc_free(block);
}
