/** For LD_PRELOAD: counts blocks and files that were left, and lets one allocation fail.
 *
 *  $MAY_HOLD: a program that succeeds but holds more blocks than this when it ends, or has more
 * files open than at its start, fails with status 70 (its standard output's buffer is one block).
 *  $FAIL_AT: which of its allocations fails, from 1; unset or 0: none; fail_allocation() says the
 * same from inside. $FAIL_REPORT: a file for the numbers of allocations and of blocks held. What
 * the program starts is not watched. glibc. */
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
static atomic_long fail_at;
static long may_hold;
static char report[4096];
static pid_t watched;
static int open_at_start;

/** Files that are open, by what fcntl() says of the first 256. */
static int n_open(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static long number(const char *name, long unset)
{
    const char *text = getenv(name);
    return text ? atol(text) : unset;
}

static void write_text(int fd, const char *text, int n)
{
    if (fd < 0 || write(fd, text, (size_t)n) != n)
        return;
}

static void end(int status, void *unused)
{
    char text[128];
    long held = atomic_load(&n_held);
    (void)unused;
    if (getpid() != watched)  // a fork of it
        return;
    int left_open = n_open() - open_at_start;
    if (*report)
        write_text(open(report, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), text,
                   snprintf(text, sizeof(text), "%ld %ld\n", atomic_load(&n_allocations), held));
    if (status != 0 || may_hold < 0 || (held <= may_hold && left_open <= 0))
        return;
    write_text(2, text,
               snprintf(text, sizeof(text),
                        "LEAK: %ld blocks were not freed, %ld may be; %d files were not closed\n",
                        held, may_hold, left_open));
    _exit(70);
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAIL_REPORT");
    snprintf(report, sizeof(report), "%s", path ? path : "");
    may_hold = number("MAY_HOLD", -1);
    watched = getpid();
    open_at_start = n_open();
    on_exit(end, NULL);
    unsetenv("LD_PRELOAD");
    unsetenv("MAY_HOLD");
    atomic_store(&n_allocations, 0);
    atomic_store(&fail_at, number("FAIL_AT", 0));
}

static int fails(void)
{
    return atomic_fetch_add(&n_allocations, 1) + 1 == atomic_load(&fail_at);
}

/** For a test: its n-th allocation from here on fails; 0: none does. */
void fail_allocation(long n)
{
    atomic_store(&fail_at, n > 0 ? atomic_load(&n_allocations) + n : 0);
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
