/* deepq roms: what is in the ROM store, and how it gets there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/options.h"
#include "base/error.h"
#include "base/spelling.h"
#include "deepq/atari.h"
#include "deepq/roms.h"

enum { PATH_BYTES = 4096 };

static bool rom_is_there(const char *game_id, const char *rom_dir, char *path)
{
    void *bytes;
    size_t n;
    if (dq_rom_find(game_id, rom_dir, &bytes, &n, path, PATH_BYTES) != DQ_OK)
        return false;
    free(bytes);
    return true;
}

static int roms_list(const char *rom_dir)
{
    size_t n, n_there = 0;
    const dq_atari_game *const *games = dq_atari_games(&n);
    char path[PATH_BYTES];
    for (size_t i = 0; i < n; i++) {
        bool there = rom_is_there(games[i]->id, rom_dir, path);
        n_there += there;
        printf("%-20s  %-3s  %s\n", games[i]->id, there ? "yes" : "no",
               there ? app_plain(path) : games[i]->md5[0]);
    }
    printf("%zu of %zu games have their ROM\n", n_there, n);
    return APP_DONE;
}

/** A file of the store that carries a game's name must be that game; md5 decides. */
static int roms_verify(const char *rom_dir)
{
    size_t n, n_right = 0, n_wrong = 0;
    const dq_atari_game *const *games = dq_atari_games(&n);
    for (size_t i = 0; i < n; i++) {
        void *bytes;
        size_t size;
        char path[PATH_BYTES];
        dq_status st = dq_rom_find(games[i]->id, rom_dir, &bytes, &size, path, sizeof(path));
        if (st == DQ_OK) {
            printf("%-20s  right  %s\n", games[i]->id, app_plain(path));
            free(bytes);
            n_right++;
        } else if (st != DQ_ERR_NOT_FOUND) {
            printf("%-20s  WRONG  %s\n", games[i]->id, dq_errmsg());
            n_wrong++;
        }
    }
    printf("%zu right, %zu wrong\n", n_right, n_wrong);
    return n_wrong ? APP_FAILED : APP_DONE;
}

static int roms_path(const char *rom_dir)
{
    char path[PATH_BYTES];
    if (rom_dir)
        snprintf(path, sizeof(path), "%s", rom_dir);
    else if (dq_roms_dir(path, sizeof(path)) != DQ_OK)
        return app_report(DQ_ERR_NOT_FOUND);
    printf("%s\n", path);
    return APP_DONE;
}

typedef struct import_count {
    size_t n_imported, n_there;
} import_count;

static void say_imported(void *ctx, const char *game_id, const char *from, const char *to)
{
    ((import_count *)ctx)->n_imported++;
    printf("%-20s  %s -> %s\n", game_id, app_plain(from), app_plain(to));
}

static void say_there(void *ctx, const char *game_id, const char *from)
{
    ((import_count *)ctx)->n_there++;
    printf("%-20s  %s: already there\n", game_id, app_plain(from));
}

static void say_not_opened(void *ctx, const char *from, const char *kind)
{
    (void)ctx;
    app_note("%s: %s %s archive is not opened: unpack it and import what comes out", from,
             strcmp(kind, "xz") == 0 ? "an" : "a", kind);
}

static int roms_import(const char *rom_dir, char **paths, int n_paths)
{
    import_count count = {0};
    dq_rom_import_events events = {&count, say_imported, say_there, say_not_opened};
    for (int i = 0; i < n_paths; i++) {
        size_t n_found = 0;
        dq_status st = dq_roms_import(paths[i], rom_dir, &events, &n_found);
        if (st == DQ_ERR_NOT_FOUND)
            return app_report(DQ_ERR_INPUT);  // a missing path is the caller's mistake
        if (st != DQ_OK)
            return app_report(st);
        if (n_found == 0)
            return app_fail(APP_FAILED,
                            "%s: no ROM of a known game in it: a folder, image, zip or wheel "
                            "that has some is needed (ROMs are recognised by md5)",
                            paths[i]);
    }
    printf("%zu imported, %zu already there\n", count.n_imported, count.n_there);
    return APP_DONE;
}

int cmd_roms(int argc, char **argv)
{
    static const char *const actions[] = {"list", "import", "verify", "path"};
    const char *rom_dir = NULL;
    const option options[] = {
        {"rom-dir", 0, OPTION_TEXT, &rom_dir, "DIR", "look here first; import goes here", 0, 0},
    };
    const option_syntax syntax = {
        .command = "roms",
        .operands = "list|verify|path|import PATH...",
        .min_operands = 1,
        .max_operands = 1000000,
        .about =
            "The store of cartridge images. deepq ships none; it recognises them by md5 alone.\n"
            "  list          every game: whether its ROM is there, and where (or its md5)\n"
            "  import PATH   take the known ROMs from a folder, image, zip or wheel\n"
            "  verify        check the md5 of every ROM in the store\n"
            "  path          the folder of the store",
        .examples = "  pip download --no-deps ale-py && deepq roms import ale_py-*.whl\n"
                    "  deepq roms list\n",
        .options = options,
        .n_options = DQ_COUNT(options),
    };
    int n, exit_status;
    if (!options_parse(&syntax, argc, argv, &n, &exit_status))
        return exit_status;
    bool import = strcmp(argv[0], "import") == 0;
    if (import && n < 2)
        return app_fail(APP_MISUSED, "roms import: PATH is missing: a folder, image, zip or wheel");
    if (!import && n > 1)
        return app_fail(APP_MISUSED, "roms %s: '%s' is one too many", argv[0], argv[1]);
    if (import)
        return roms_import(rom_dir, argv + 1, n - 1);
    if (strcmp(argv[0], "list") == 0)
        return roms_list(rom_dir);
    if (strcmp(argv[0], "verify") == 0)
        return roms_verify(rom_dir);
    if (strcmp(argv[0], "path") == 0)
        return roms_path(rom_dir);
    const char *near = dq_nearest_word(argv[0], actions, DQ_COUNT(actions));
    return app_fail(APP_MISUSED, "roms: no action '%s': %s%s", argv[0],
                    near ? "did you mean " : "choose list, import, verify or path",
                    near ? near : "");
}
