#include "base/free_memory.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static void lower(dq_memory_room *r, uint64_t bytes, const char *whose)
{
    if (bytes < r->bytes)
        *r = (dq_memory_room){bytes, whose};
}

/** The number in a file, or no limit: a group that has none says "max", or a huge number. */
static uint64_t read_limit(const char *path)
{
    unsigned long long v;
    FILE *f = fopen(path, "re");
    if (!f)
        return UINT64_MAX;
    bool is_number = fscanf(f, "%llu", &v) == 1;
    fclose(f);
    return is_number ? v : UINT64_MAX;
}

/** The files of one generation of control groups. */
typedef struct generation {
    const char *root, *limit, *used;
} generation;

static void lower_to_files(dq_memory_room *r, const generation *g, const char *group, bool is_free)
{
    char limit[PATH_BYTES + 64], used[PATH_BYTES + 64];
    snprintf(limit, sizeof(limit), "%s%s/%s", g->root, group, g->limit);
    snprintf(used, sizeof(used), "%s%s/%s", g->root, group, g->used);
    uint64_t bytes = read_limit(limit), taken = is_free ? read_limit(used) : 0;
    if (bytes == UINT64_MAX)
        return;
    lower(r, taken == UINT64_MAX ? bytes : bytes > taken ? bytes - taken : 0, "this control group");
}

/** The limits of a group and of those that it is in. Inside a container its own may lie at the top.
 */
static void lower_to_group(dq_memory_room *r, const generation *g, const char *group, bool is_free)
{
    char at[PATH_BYTES];
    if ((size_t)snprintf(at, sizeof(at), "%s", group) >= sizeof(at))
        return;
    for (char *slash; (slash = strrchr(at, '/')); *slash = '\0')
        lower_to_files(r, g, slash[1] ? at : "", is_free);
    lower_to_files(r, g, "", is_free);
}

/** Both generations of control groups; see cgroups(7). */
static void lower_to_groups(dq_memory_room *r, bool is_free)
{
    static const generation first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                     "memory.usage_in_bytes"};
    static const generation second = {"/sys/fs/cgroup", "memory.max", "memory.current"};
    char line[PATH_BYTES];
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return;
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        const char *group = strchr(line, '/');
        if (group && strncmp(line, "0::", 3) == 0)
            lower_to_group(r, &second, group, is_free);
        else if (group && strstr(line, ":memory:"))
            lower_to_group(r, &first, group, is_free);
    }
    fclose(f);
}

dq_memory_room dq_memory_limit(void)
{
    struct rlimit limit;
    dq_memory_room r = {UINT64_MAX, "this machine"};
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        lower(&r, (uint64_t)pages * (uint64_t)page, "this machine");
    lower_to_groups(&r, false);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        lower(&r, limit.rlim_cur, "this process (ulimit -v)");
    return r;
}

/** What programs can have without swapping, by the kernel's estimate; see proc(5). */
static uint64_t available(void)
{
    char line[256];
    unsigned long long kib = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    if (!f)
        return UINT64_MAX;
    while (fgets(line, sizeof(line), f) && sscanf(line, "MemAvailable: %llu kB", &kib) != 1)
        ;
    fclose(f);
    return kib > 0 ? (uint64_t)kib << 10 : UINT64_MAX;
}

uint64_t dq_free_memory(void)
{
    dq_memory_room r = dq_memory_limit();
    lower(&r, available(), "this machine");
    lower_to_groups(&r, true);
    return r.bytes;
}

uint64_t dq_memory_in_use(void)
{
    unsigned long long size, resident = 0;
    long page = sysconf(_SC_PAGESIZE);
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%llu %llu", &size, &resident) != 2 || page <= 0)
        resident = 0;
    fclose(f);
    return (uint64_t)resident * (uint64_t)(page > 0 ? page : 0);
}
