#include "app/machine_room.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/error.h"
#include "base/free_memory.h"
#include "record/run_folder.h"
#include "run/environments.h"

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
    dq_memory_room r = dq_memory_limit();
    char needed[AMOUNT_BYTES], there[AMOUNT_BYTES];
    if (need <= r.bytes)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG,
                   "replay_size %d and batch %d take about %s of memory, and %s has %s: choose "
                   "smaller ones%s",
                   cfg->replay_size, cfg->batch, amount(needed, need), r.whose,
                   amount(there, r.bytes),
                   strcmp(cfg->replay_store, "plain") == 0 ? ", or replay_store=packed" : "");
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

/** What a run's checkpoints have already. */
static uint64_t bytes_there(const char *run)
{
    char path[DQ_PATH_CAP];
    struct stat info;
    uint64_t bytes = 0;
    DIR *dir =
        dq_path_format(path, sizeof(path), "%s/checkpoint", run) == DQ_OK ? opendir(path) : NULL;
    if (!dir)
        return 0;
    for (const struct dirent *e; (e = readdir(dir));)
        if (fstatat(dirfd(dir), e->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode))
            bytes += (uint64_t)info.st_size;
    closedir(dir);
    return bytes;
}

/** A checkpoint, the state of the one before, and that of the next one while it is written. */
static dq_status check_disk(const char *dir, const dq_train_need *need)
{
    struct statvfs disk;
    uint64_t bytes = need->checkpoint + 2 * need->state;
    if (!disk_of(dir, &disk) || disk.f_blocks == 0)  // no disk: what is wrong there will be told
        return DQ_OK;
    uint64_t there = (uint64_t)disk.f_bavail * disk.f_frsize + bytes_there(dir);
    if (bytes <= there)
        return DQ_OK;
    char needed[AMOUNT_BYTES], free_now[AMOUNT_BYTES];
    return dq_fail(DQ_ERR_CONFIG,
                   "%s: the run's checkpoints take about %s there, and there is room for %s: make "
                   "more, or choose another --out or a smaller replay_size",
                   dir, amount(needed, bytes), amount(free_now, there));
}

dq_status machine_room_check(const dq_train_config *cfg, const char *env_id, const char *dir)
{
    dq_space obs;
    DQ_TRY(dq_environments_observations(env_id, &obs));
    dq_train_need need = dq_train_needs(cfg, &obs);
    DQ_TRY(check_memory(cfg, need.memory));
    return check_disk(dir, &need);
}
