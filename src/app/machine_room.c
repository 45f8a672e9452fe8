#include "app/machine_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "record/run_folder.h"

/** An amount, and whose limit it is. */
typedef struct room {
    uint64_t bytes;
    const char *whose;
} room;

static void lower(room *r, uint64_t bytes, const char *whose)
{
    if (bytes < r->bytes)
        *r = (room){bytes, whose};
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

/** The limits of a group and of those that it is in. Inside a container its own may lie at the top.
 */
static void lower_to_group(room *r, const char *root, const char *group, const char *file)
{
    char at[DQ_PATH_CAP], path[DQ_PATH_CAP];
    if (dq_path_format(at, sizeof(at), "%s", group) != DQ_OK)
        return;
    for (;;) {
        char *slash = strrchr(at, '/');
        if (dq_path_format(path, sizeof(path), "%s%s/%s", root, slash && !slash[1] ? "" : at,
                           file) == DQ_OK)
            lower(r, read_limit(path), "this control group");
        if (!slash || slash == at)
            break;
        *slash = '\0';
    }
    if (dq_path_format(path, sizeof(path), "%s/%s", root, file) == DQ_OK)
        lower(r, read_limit(path), "this control group");
}

/** Both generations of control groups; see cgroups(7). */
static void lower_to_groups(room *r)
{
    char line[DQ_PATH_CAP];
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (!f)
        return;
    while (fgets(line, sizeof(line), f)) {
        line[strcspn(line, "\n")] = '\0';
        char *group = strchr(line, '/');
        if (!group)
            continue;
        if (strncmp(line, "0::", 3) == 0)
            lower_to_group(r, "/sys/fs/cgroup", group, "memory.max");
        else if (strstr(line, ":memory:"))
            lower_to_group(r, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
    }
    fclose(f);
}

static room memory(void)
{
    struct rlimit limit;
    room r = {UINT64_MAX, "this machine"};
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0)
        lower(&r, (uint64_t)pages * (uint64_t)page, "this machine");
    lower_to_groups(&r);
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        lower(&r, limit.rlim_cur, "this process (ulimit -v)");
    return r;
}

enum { AMOUNT_BYTES = 32 };

static const char *amount(char text[AMOUNT_BYTES], uint64_t bytes)
{
    bool large = bytes >= 1000000000;
    snprintf(text, AMOUNT_BYTES, "%.1f %s", (double)bytes / (large ? 1e9 : 1e6),
             large ? "GB" : "MB");
    return text;
}

static dq_status check_memory(const dq_train_config *cfg, uint64_t need)
{
    room r = memory();
    char needed[AMOUNT_BYTES], there[AMOUNT_BYTES];
    if (need <= r.bytes)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "replay_size %d and batch %d take about %s of memory, and %s has %s: choose "
                   "smaller ones",
                   cfg->replay_size, cfg->batch, amount(needed, need), r.whose,
                   amount(there, r.bytes));
}

/** The disk of the nearest folder that exists. */
static bool disk_of(const char *dir, struct statvfs *disk)
{
    char at[DQ_PATH_CAP];
    if (dq_path_format(at, sizeof(at), "%s", dir) != DQ_OK)
        return false;
    while (statvfs(at, disk) != 0) {
        char *slash = strrchr(at, '/');
        if (!slash)
            return statvfs(".", disk) == 0;
        if (slash == at)
            return statvfs("/", disk) == 0;
        *slash = '\0';
    }
    return true;
}

/** While a checkpoint is replaced there are two; one may be there already. */
static dq_status check_disk(const char *dir, uint64_t checkpoint)
{
    char path[DQ_PATH_CAP];
    struct statvfs disk;
    struct stat old;
    if (!disk_of(dir, &disk) || disk.f_blocks == 0)  // no disk: what is wrong there will be told
        return DQ_OK;
    uint64_t there = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (dq_path_format(path, sizeof(path), "%s/" DQ_RUN_CHECKPOINT, dir) == DQ_OK &&
        stat(path, &old) == 0)
        there += (uint64_t)old.st_size;
    if (2 * checkpoint <= there)
        return DQ_OK;
    char needed[AMOUNT_BYTES], free_now[AMOUNT_BYTES];
    return dq_fail(DQ_ERR_CONFIG,
                   "%s: two checkpoints of %s must fit there, and there is room for %s: make more, "
                   "or choose another --out or a smaller replay_size",
                   dir, amount(needed, checkpoint), amount(free_now, there));
}

dq_status machine_room_check(const dq_train_config *cfg, const char *dir)
{
    dq_train_need need = dq_train_needs(cfg);
    DQ_TRY(check_memory(cfg, need.memory));
    return check_disk(dir, need.checkpoint);
}
