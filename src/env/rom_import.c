#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <zip.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "deepq/atari.h"
#include "deepq/roms.h"
#include "env/archive_kind.h"
#include "env/rom_store.h"

enum { MAX_DEPTH = 64 };  // of folders in folders

static const char zip[] = "zip";  // the kind of archive that is opened

typedef struct importer {
    const char *to_dir;
    dq_rom_import_events events;
    size_t n_found;
} importer;

/** Only files of such a size are looked into: no archive makes us unpack more. */
static bool is_rom_size(uint64_t bytes)
{
    size_t n;
    const dq_atari_game *const *games = dq_atari_games(&n);
    for (size_t i = 0; i < n; i++)
        if (games[i]->rom_bytes == bytes)
            return bytes <= DQ_ROM_MAX_BYTES;
    return false;
}

static bool is_there(const char *path, const char *md5)
{
    void *bytes;
    size_t n;
    char hex[DQ_MD5_HEX];
    if (dq_file_read(path, DQ_ROM_MAX_BYTES, &bytes, &n) != DQ_OK)
        return false;
    dq_rom_md5(bytes, n, hex);
    free(bytes);
    return strcmp(hex, md5) == 0;
}

/** Store the image if it is a known ROM. */
static dq_status take_image(importer *im, const void *bytes, size_t n, const char *from)
{
    char hex[DQ_MD5_HEX], name[64], to[DQ_PATH_CAP];
    dq_rom_md5(bytes, n, hex);
    const dq_atari_game *game = dq_atari_game_by_md5(hex);
    if (!game)
        return DQ_OK;
    im->n_found++;
    snprintf(name, sizeof(name), "%s.bin", game->id);
    DQ_TRY(dq_rom_path(to, im->to_dir, name));
    if (is_there(to, hex)) {
        if (im->events.already_there)
            im->events.already_there(im->events.ctx, game->id, from);
        return DQ_OK;
    }
    DQ_TRY(dq_make_dirs(im->to_dir));
    DQ_TRY(dq_file_write(to, bytes, n));
    if (im->events.imported)
        im->events.imported(im->events.ctx, game->id, from, to);
    return DQ_OK;
}

/* Archives */

static dq_status zip_damaged(const char *path, const char *entry, const char *why)
{
    return dq_fail(DQ_ERR_INPUT, "archive %s%s%s: %s: get a fresh copy of it", path,
                   entry ? ", entry " : "", entry ? entry : "", why);
}

/** What libzip could not do; want of memory is no damage. */
static dq_status zip_failure(const char *path, const char *entry, zip_error_t *error)
{
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY)
        return dq_fail(DQ_ERR_NOMEM, "no memory to read the archive %s", path);
    return zip_damaged(path, entry, zip_error_strerror(error));
}

static dq_status take_entry(importer *im, zip_t *z, const char *path, const zip_stat_t *entry)
{
    uint8_t bytes[DQ_ROM_MAX_BYTES + 1];  // one more, so that the end is seen and its CRC checked
    char from[DQ_PATH_CAP];
    zip_file_t *f = zip_fopen_index(z, entry->index, 0);
    if (!f)
        return zip_failure(path, entry->name, zip_get_error(z));
    uint64_t n = 0;
    zip_int64_t got = 0;
    while (n < sizeof(bytes) && (got = zip_fread(f, bytes + n, sizeof(bytes) - n)) > 0)
        n += (uint64_t)got;
    dq_status st = DQ_OK;
    if (got < 0)
        st = zip_failure(path, entry->name, zip_file_get_error(f));
    else if (n != entry->size)
        st = zip_damaged(path, entry->name, "wrong size");
    zip_fclose(f);
    snprintf(from, sizeof(from), "%s:%s", path, entry->name);
    return st == DQ_OK ? take_image(im, bytes, (size_t)n, from) : st;
}

static void say_not_opened(const importer *im, const char *from, const char *kind)
{
    if (im->events.not_opened)
        im->events.not_opened(im->events.ctx, from, kind);
}

/** An entry that is no ROM may be an archive itself. */
static void look_at_entry(const importer *im, zip_t *z, const char *path, const zip_stat_t *entry)
{
    char head[DQ_ARCHIVE_HEAD], from[DQ_PATH_CAP];
    zip_file_t *f = zip_fopen_index(z, entry->index, 0);
    zip_int64_t n = f ? zip_fread(f, head, sizeof(head)) : 0;
    const char *kind = n > 0 ? dq_archive_kind(head, (size_t)n) : NULL;
    if (f)
        zip_fclose(f);
    snprintf(from, sizeof(from), "%s:%s", path, entry->name);
    if (kind)
        say_not_opened(im, from, kind);
}

static dq_status import_archive(importer *im, const char *path)
{
    int code;
    zip_t *z = zip_open(path, ZIP_RDONLY, &code);
    if (!z) {
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        dq_status st = zip_failure(path, NULL, &error);
        zip_error_fini(&error);
        return st;
    }
    dq_status st = DQ_OK;
    zip_int64_t n = zip_get_num_entries(z, 0);
    for (zip_int64_t i = 0; i < n && st == DQ_OK; i++) {
        const zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_INDEX;
        zip_stat_t entry;
        if (zip_stat_index(z, (zip_uint64_t)i, 0, &entry) != 0 || (entry.valid & needed) != needed)
            st = zip_damaged(path, NULL, "its list of entries is damaged");
        else if (is_rom_size(entry.size))
            st = take_entry(im, z, path, &entry);
        else
            look_at_entry(im, z, path, &entry);
    }
    zip_discard(z);
    return st;
}

/* Files and folders */

static dq_status cannot_read(const char *path)
{
    return dq_fail(DQ_ERR_IO, "cannot read %s: %s", path, strerror(errno));
}

static bool ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);
    return n >= m && strcasecmp(path + n - m, end) == 0;
}

/** By its first bytes, or because its name says so and a failure should be told. NULL: none. */
static dq_status find_kind(const char *path, const char **kind)
{
    char head[DQ_ARCHIVE_HEAD];
    FILE *f = fopen(path, "rb");
    if (!f)
        return cannot_read(path);
    size_t n = fread(head, 1, sizeof(head), f);
    bool failed = ferror(f) != 0;
    fclose(f);
    if (failed)
        return cannot_read(path);
    *kind = dq_archive_kind(head, n);
    if (!*kind && (ends_with(path, ".zip") || ends_with(path, ".whl")))
        *kind = zip;
    return DQ_OK;
}

static dq_status import_file(importer *im, const char *path, uint64_t size)
{
    void *bytes;
    size_t n;
    const char *kind;
    DQ_TRY(find_kind(path, &kind));
    if (kind && strcmp(kind, zip) == 0)
        return import_archive(im, path);
    if (kind)
        say_not_opened(im, path, kind);
    if (kind || !is_rom_size(size))
        return DQ_OK;
    DQ_TRY(dq_file_read(path, DQ_ROM_MAX_BYTES, &bytes, &n));
    dq_status st = take_image(im, bytes, n, path);
    free(bytes);
    return st;
}

static dq_status import_folder(importer *im, const char *path, int depth);

/** Import what lies in a folder. Links to folders are not followed: they may lead back. */
static dq_status import_entry(importer *im, const char *folder, const char *name, int depth)
{
    char path[DQ_PATH_CAP];
    struct stat info;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return DQ_OK;
    DQ_TRY(dq_rom_path(path, folder, name));
    if (lstat(path, &info) != 0)
        return cannot_read(path);
    if (S_ISDIR(info.st_mode))
        return import_folder(im, path, depth + 1);
    if (S_ISLNK(info.st_mode) && stat(path, &info) != 0)
        return DQ_OK;  // leads nowhere
    return S_ISREG(info.st_mode) ? import_file(im, path, (uint64_t)info.st_size) : DQ_OK;
}

static dq_status import_folder(importer *im, const char *path, int depth)
{
    struct dirent **entries;
    if (depth > MAX_DEPTH)
        return dq_fail(DQ_ERR_INPUT,
                       "folder %.200s... is more than %d folders deep: move the ROMs "
                       "out of it",
                       path, MAX_DEPTH);
    int n = scandir(path, &entries, NULL, alphasort);
    if (n < 0)
        return cannot_read(path);
    dq_status st = DQ_OK;
    for (int i = 0; i < n; i++) {  // one that is damaged keeps nobody from the others
        dq_status now = import_entry(im, path, entries[i]->d_name, depth);
        st = now != DQ_OK ? now : st;
        free(entries[i]);
    }
    free(entries);
    return st;
}

dq_status dq_roms_import(const char *path, const char *to_dir, const dq_rom_import_events *events,
                         size_t *n_found)
{
    char usual[DQ_PATH_CAP];
    struct stat info;
    importer im = {.to_dir = to_dir, .events = events ? *events : (dq_rom_import_events){0}};
    if (n_found)
        *n_found = 0;
    if (!to_dir) {
        DQ_TRY(dq_roms_dir(usual, sizeof(usual)));
        im.to_dir = usual;
    }
    if (stat(path, &info) != 0)
        return dq_fail(errno == ENOENT ? DQ_ERR_NOT_FOUND : DQ_ERR_IO, "cannot read %s: %s", path,
                       strerror(errno));
    dq_status st = DQ_OK;
    if (S_ISDIR(info.st_mode))
        st = import_folder(&im, path, 0);
    else if (S_ISREG(info.st_mode))
        st = import_file(&im, path, (uint64_t)info.st_size);
    else
        st = dq_fail(DQ_ERR_INPUT, "%s is neither a file nor a folder", path);
    if (n_found)
        *n_found = im.n_found;
    return st;
}
