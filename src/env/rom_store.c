#include "env/rom_store.h"

#include <dirent.h>
#include <errno.h>
#include <md5.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/atari.h"
#include "deepq/roms.h"

void dq_rom_md5(const void *bytes, size_t n, char hex[DQ_MD5_HEX])
{
    MD5Data(bytes, n, hex);
}

dq_status dq_rom_path(char path[DQ_PATH_CAP], const char *folder, const char *name)
{
    int n = snprintf(path, DQ_PATH_CAP, "%s/%s", folder, name);
    return n < DQ_PATH_CAP ? DQ_OK : dq_fail(DQ_ERR_CONFIG, "path too long: %.200s...", folder);
}

/** An environment variable; NULL when unset or empty. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/** Where a user's data lies by the XDG base directory specification. Relative paths count for
 * nothing. False when nothing says it. */
static bool user_roms_dir(char path[DQ_PATH_CAP])
{
    const char *data = variable("XDG_DATA_HOME"), *home = variable("HOME");
    int n = DQ_PATH_CAP;
    if (data && data[0] == '/')
        n = snprintf(path, DQ_PATH_CAP, "%s/deepq/roms", data);
    else if (home && home[0] == '/')
        n = snprintf(path, DQ_PATH_CAP, "%s/.local/share/deepq/roms", home);
    return n < DQ_PATH_CAP;
}

dq_status dq_roms_dir(char *path, size_t cap)
{
    char user[DQ_PATH_CAP];
    const char *chosen = variable("DEEPQ_ROMS_DIR");
    if (!chosen && user_roms_dir(user))
        chosen = user;
    if (!chosen)
        return dq_fail(DQ_ERR_CONFIG,
                       "no folder for ROMs: set DEEPQ_ROMS_DIR, or HOME to an absolute path");
    if (snprintf(path, cap, "%s", chosen) >= (int)cap)
        return dq_fail(DQ_ERR_CONFIG, "path of the ROM folder too long: %.200s...", chosen);
    return DQ_OK;
}

/* Finding one ROM. */

enum { MAX_DIRS = 4 };

typedef struct search {
    const dq_atari_game *game;
    char dirs[MAX_DIRS][DQ_PATH_CAP];
    int n_dirs;
    void *bytes;  // the ROM, once found
    size_t n_bytes;
    char path[DQ_PATH_CAP];        // where
    char wrong_path[DQ_PATH_CAP];  // a file of the right name that is not the ROM, or ""
    char wrong_md5[DQ_MD5_HEX];    // "" when it could not be read: `unreadable` says why
    int unreadable;
} search;

static void add_dir(search *s, const char *dir)
{
    if (!dir || !*dir)
        return;
    for (int i = 0; i < s->n_dirs; i++)
        if (strcmp(s->dirs[i], dir) == 0)
            return;
    snprintf(s->dirs[s->n_dirs++], DQ_PATH_CAP, "%s", dir);
}

static bool has_md5(const dq_atari_game *game, const char *hex)
{
    for (const char *const *md5 = game->md5; *md5; md5++)
        if (strcmp(*md5, hex) == 0)
            return true;
    return false;
}

/** Take the file if it is the ROM. A missing file is not reported. */
static bool try_file(search *s, const char *path, bool right_name)
{
    struct stat info;
    char hex[DQ_MD5_HEX] = "";
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return false;
    if (!right_name && (size_t)info.st_size != s->game->rom_bytes)
        return false;
    errno = 0;
    if (dq_file_read(path, DQ_ROM_MAX_BYTES, &s->bytes, &s->n_bytes) == DQ_OK) {
        dq_rom_md5(s->bytes, s->n_bytes, hex);
        if (has_md5(s->game, hex)) {
            snprintf(s->path, sizeof(s->path), "%s", path);
            return true;
        }
        free(s->bytes);
        s->bytes = NULL;
    }
    if (right_name && !s->wrong_path[0]) {
        s->unreadable = errno;
        memcpy(s->wrong_md5, hex, sizeof(hex));
        snprintf(s->wrong_path, sizeof(s->wrong_path), "%s", path);
    }
    return false;
}

static bool search_dir(search *s, const char *dir)
{
    char name[64], path[DQ_PATH_CAP];
    snprintf(name, sizeof(name), "%s.bin", s->game->id);
    if (dq_rom_path(path, dir, name) == DQ_OK && try_file(s, path, true))
        return true;
    DIR *d = opendir(dir);
    if (!d)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(d));)
        found = dq_rom_path(path, dir, entry->d_name) == DQ_OK && try_file(s, path, false);
    closedir(d);
    return found;
}

/** "A, B (Permission denied), C": the folders searched, and why one could not be. */
static void name_dirs(const search *s, char *text, size_t cap)
{
    size_t n = 0;
    snprintf(text, cap, "no folder, since none is set");
    for (int i = 0; i < s->n_dirs && n < cap; i++) {
        DIR *d = opendir(s->dirs[i]);
        bool say_why = !d && errno != ENOENT;
        const char *why = say_why ? strerror(errno) : "";
        n += (size_t)snprintf(text + n, cap - n, "%s%s%s%s%s", i > 0 ? ", " : "", s->dirs[i],
                              say_why ? " (" : "", why, say_why ? ")" : "");
        if (d)
            closedir(d);
    }
}

static dq_status report_missing(const search *s)
{
    const char *id = s->game->id, *md5 = s->game->md5[0];
    char dirs[600];
    if (s->wrong_md5[0])
        return dq_fail(DQ_ERR_INPUT,
                       "ROM %s is damaged or another one, its md5 is %s and not %s: put the right "
                       "one there with `deepq roms import PATH`",
                       s->wrong_path, s->wrong_md5, md5);
    if (s->wrong_path[0])
        return dq_fail(s->unreadable ? DQ_ERR_IO : DQ_ERR_INPUT,
                       "ROM %s cannot be read (%s): it should be a readable file with md5 %s",
                       s->wrong_path, s->unreadable ? strerror(s->unreadable) : "too large", md5);
    name_dirs(s, dirs, sizeof(dirs));
    return dq_fail(DQ_ERR_NOT_FOUND,
                   "ROM %s.bin (md5 %s) not found, searched %s: import it with `deepq roms import "
                   "PATH` (a ROM, a folder, a zip, or the ale-py wheel from PyPI)",
                   id, md5, dirs);
}

static dq_status find(search *s, const char *rom_dir)
{
    char user[DQ_PATH_CAP];
    add_dir(s, rom_dir);
    add_dir(s, variable("DEEPQ_ROMS_DIR"));
    add_dir(s, variable("ALE_ROMS_DIR"));
    if (user_roms_dir(user))
        add_dir(s, user);
    for (int i = 0; i < s->n_dirs; i++)
        if (search_dir(s, s->dirs[i]))
            return DQ_OK;
    return report_missing(s);
}

dq_status dq_rom_find(const char *game_id, const char *rom_dir, void **bytes, size_t *n_bytes,
                      char *path, size_t cap)
{
    *bytes = NULL;
    *n_bytes = 0;
    const dq_atari_game *game = dq_atari_game_by_id(game_id);
    if (!game)
        return dq_fail(DQ_ERR_NOT_FOUND, "unknown game %s: `deepq roms list` names the known ones",
                       game_id);
    search *s = calloc(1, sizeof(*s));
    if (!s)
        return dq_fail(DQ_ERR_NOMEM, "no memory to look for the ROM of %s", game_id);
    s->game = game;
    dq_status st = find(s, rom_dir);
    if (st == DQ_OK) {
        *bytes = s->bytes;
        *n_bytes = s->n_bytes;
        if (path)
            snprintf(path, cap, "%s", s->path);
    }
    free(s);
    return st;
}
