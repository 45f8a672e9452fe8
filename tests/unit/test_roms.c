/* The ROM store: where it looks, what it says, what it imports and what it refuses. What needs the
 * bytes of a real game is skipped where none is found; nothing here is a game. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/atomic_file.h"
#include "deepq/atari.h"
#include "deepq/env.h"
#include "deepq/roms.h"

static const char *const variables[] = {"DEEPQ_ROMS_DIR", "ALE_ROMS_DIR", "XDG_DATA_HOME", "HOME"};

static char root[] = "/tmp/deepq-roms-XXXXXX";
static void *pong;  // the real image, or NULL
static size_t pong_bytes;

static const char *in_root(const char *name)
{
    static char paths[8][256];
    static int next;
    next = (next + 1) % 8;
    snprintf(paths[next], sizeof(paths[0]), "%s/%s", root, name);
    return paths[next];
}

static void put(const char *name, const void *bytes, size_t n)
{
    char folder[256];
    snprintf(folder, sizeof(folder), "%s", in_root(name));
    *strrchr(folder, '/') = '\0';
    assert_int_equal(dq_make_dirs(folder), DQ_OK);
    assert_int_equal(dq_file_write(in_root(name), bytes, n), DQ_OK);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int find_real_rom(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    if (dq_rom_find("pong", NULL, &pong, &pong_bytes, NULL, 0) != DQ_OK)
        pong = NULL;
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    free(pong);
    remove_tree(root);
    return 0;
}

/** Each test starts in an empty folder without any variable that names ROMs. */
static int start(void **state)
{
    (void)state;
    remove_tree(root);
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
        unsetenv(variables[i]);
    return mkdir(root, 0700);
}

static dq_status find_pong(const char *rom_dir, char *path, size_t cap)
{
    void *bytes;
    size_t n;
    dq_status st = dq_rom_find("pong", rom_dir, &bytes, &n, path, cap);
    if (st == DQ_OK)
        assert_memory_equal(bytes, pong, pong_bytes);
    else
        assert_null(bytes);
    free(bytes);
    return st;
}

/* Looking and telling */

static void missing_rom_is_told_in_full(void **state)
{
    (void)state;
    setenv("DEEPQ_ROMS_DIR", in_root("b"), 1);
    setenv("ALE_ROMS_DIR", in_root("c"), 1);
    setenv("XDG_DATA_HOME", in_root("d"), 1);
    setenv("HOME", in_root("e"), 1);
    char want[1024];
    const dq_atari_game *game = dq_atari_game_by_id("pong");
    snprintf(want, sizeof(want),
             "ROM pong.bin (md5 %s) not found, searched %s, %s, %s, %s/deepq/roms: import it with "
             "`deepq roms import PATH` (a ROM, a folder, a zip, or the ale-py wheel from PyPI)",
             game->md5[0], in_root("a"), in_root("b"), in_root("c"), in_root("d"));
    assert_int_equal(find_pong(in_root("a"), NULL, 0), DQ_ERR_NOT_FOUND);
    assert_string_equal(dq_errmsg(), want);
    dq_env *env;
    dq_env_options options = {.rom_dir = in_root("a")};
    assert_int_equal(dq_env_make(&env, "PongNoFrameskip-v4", &options), DQ_ERR_NOT_FOUND);
    assert_string_equal(dq_errmsg(), want);
}

static void folders_are_named_once_and_home_is_the_last_resort(void **state)
{
    (void)state;
    char want[512];
    setenv("DEEPQ_ROMS_DIR", in_root("a"), 1);
    setenv("ALE_ROMS_DIR", "", 1);
    setenv("XDG_DATA_HOME", "relative/path", 1);  // to be ignored, says the XDG specification
    setenv("HOME", in_root("home"), 1);
    snprintf(want, sizeof(want), "searched %s, %s/.local/share/deepq/roms:", in_root("a"),
             in_root("home"));
    assert_int_equal(find_pong(in_root("a"), NULL, 0), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), want));
}

static void no_folder_at_all(void **state)
{
    (void)state;
    char path[64];
    assert_int_equal(find_pong(NULL, NULL, 0), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), "searched no folder"));
    assert_int_equal(dq_roms_dir(path, sizeof(path)), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "DEEPQ_ROMS_DIR"));
    assert_int_equal(dq_roms_import(root, NULL, NULL, NULL), DQ_ERR_CONFIG);
}

static void imports_go_to_the_first_place_set(void **state)
{
    (void)state;
    char path[256], tiny[4];
    setenv("HOME", "/people/x", 1);
    assert_int_equal(dq_roms_dir(path, sizeof(path)), DQ_OK);
    assert_string_equal(path, "/people/x/.local/share/deepq/roms");
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(dq_roms_dir(path, sizeof(path)), DQ_OK);
    assert_string_equal(path, "/data/deepq/roms");
    setenv("ALE_ROMS_DIR", "/ale", 1);  // others' folder: read, never written
    setenv("DEEPQ_ROMS_DIR", "/mine", 1);
    assert_int_equal(dq_roms_dir(path, sizeof(path)), DQ_OK);
    assert_string_equal(path, "/mine");
    assert_int_equal(dq_roms_dir(tiny, sizeof(tiny)), DQ_ERR_CONFIG);
}

static void folder_that_cannot_be_searched_says_why(void **state)
{
    (void)state;
    put("file", "x", 1);
    assert_int_equal(find_pong(in_root("file"), NULL, 0), DQ_ERR_NOT_FOUND);
    char want[256];
    snprintf(want, sizeof(want), "searched %s (Not a directory):", in_root("file"));
    assert_non_null(strstr(dq_errmsg(), want));
}

static void wrong_rom_is_told_with_its_md5(void **state)
{
    (void)state;
    static const uint8_t other[2048];
    put("a/pong.bin", other, sizeof(other));
    assert_int_equal(find_pong(in_root("a"), NULL, 0), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), in_root("a/pong.bin")));
    assert_non_null(strstr(dq_errmsg(), "c99a74c555371a433d121f551d6c6398"));  // of 2048 zeros
    assert_non_null(strstr(dq_errmsg(), dq_atari_game_by_id("pong")->md5[0]));
    put("b/pong.bin", "", 0);
    assert_int_equal(find_pong(in_root("b"), NULL, 0), DQ_ERR_INPUT);
    static const uint8_t huge[200000];
    put("c/pong.bin", huge, sizeof(huge));
    assert_int_equal(find_pong(in_root("c"), NULL, 0), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), in_root("c/pong.bin")));
}

static void unknown_games_are_refused(void **state)
{
    (void)state;
    void *bytes;
    size_t n;
    assert_int_equal(dq_rom_find("../../etc/passwd", NULL, &bytes, &n, NULL, 0), DQ_ERR_NOT_FOUND);
    assert_int_equal(dq_rom_find("", NULL, &bytes, &n, NULL, 0), DQ_ERR_NOT_FOUND);
    assert_null(bytes);
}

/* Importing what is no game */

static void expect_import(const char *path, dq_status status, const char *message)
{
    size_t n = 99;
    assert_int_equal(dq_roms_import(path, in_root("store"), NULL, &n), status);
    if (message)
        assert_non_null(strstr(dq_errmsg(), message));
    assert_int_equal(n, 0);
}

static void what_is_no_rom_is_passed_over(void **state)
{
    (void)state;
    static const uint8_t noise[4096] = {1, 2, 3};
    put("in/a.bin", noise, sizeof(noise));
    put("in/deep/er/notes.txt", "hello", 5);
    put("in/empty", "", 0);
    assert_int_equal(symlink("..", in_root("in/deep/loop")), 0);
    assert_int_equal(symlink("nowhere", in_root("in/deep/dangling")), 0);
    assert_int_equal(mkfifo(in_root("in/pipe"), 0600), 0);
    expect_import(in_root("in"), DQ_OK, NULL);
    expect_import(in_root("in/a.bin"), DQ_OK, NULL);
    assert_int_equal(access(in_root("store"), F_OK), -1);  // nothing to store, no folder
}

static void what_cannot_be_read_is_named(void **state)
{
    (void)state;
    expect_import(in_root("missing"), DQ_ERR_NOT_FOUND, in_root("missing"));
    expect_import("/dev/null", DQ_ERR_INPUT, "/dev/null");
    if (geteuid() == 0)
        return;  // who may read everything cannot be refused
    assert_int_equal(dq_make_dirs(in_root("in/locked")), DQ_OK);
    assert_int_equal(chmod(in_root("in/locked"), 0), 0);
    expect_import(in_root("in"), DQ_ERR_IO, in_root("in/locked"));
    assert_int_equal(chmod(in_root("in/locked"), 0700), 0);
}

static void folders_without_end_are_refused(void **state)
{
    (void)state;
    char name[512] = "deep";
    for (int i = 0; i < 70; i++)
        strcat(name, "/d");
    char path[1024];
    snprintf(path, sizeof(path), "%s/%s", root, name);
    assert_int_equal(dq_make_dirs(path), DQ_OK);
    expect_import(in_root("deep"), DQ_ERR_INPUT, "folders deep");
}

/** Write a zip with one entry. */
static void put_zip(const char *path, const char *entry, const void *bytes, size_t n)
{
    int code;
    zip_t *z = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(z);
    assert_true(zip_file_add(z, entry, zip_source_buffer(z, bytes, n, 0), 0) >= 0);
    assert_int_equal(zip_close(z), 0);
}

static void archives_without_roms_are_passed_over(void **state)
{
    (void)state;
    static const uint8_t noise[4096] = {1, 2, 3}, bomb[8 << 20];
    put_zip(in_root("a.zip"), "ale_py/roms/pong.bin", noise, sizeof(noise));
    expect_import(in_root("a.zip"), DQ_OK, NULL);
    put_zip(in_root("bomb.zip"), "pong.bin", bomb, sizeof(bomb));
    expect_import(in_root("bomb.zip"), DQ_OK, NULL);
    put_zip(in_root("c"), "../../../pong.bin", noise, sizeof(noise));
    expect_import(in_root("c"), DQ_OK, NULL);
}

static void broken_archives_are_named(void **state)
{
    (void)state;
    uint8_t noise[4096];
    void *bytes;
    size_t n;
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)((random = random * 1664525u + 1013904223u) >> 24);
    put_zip(in_root("good.zip"), "a.bin", noise, sizeof(noise));
    assert_int_equal(dq_file_read(in_root("good.zip"), 1 << 20, &bytes, &n), DQ_OK);
    put("in/short.zip", bytes, n / 2);
    expect_import(in_root("in"), DQ_ERR_INPUT, in_root("in/short.zip"));
    put("noname", bytes, n / 2);  // known by its first bytes
    expect_import(in_root("noname"), DQ_ERR_INPUT, in_root("noname"));
    ((uint8_t *)bytes)[n / 2] ^= 1;
    put("bits.zip", bytes, n);
    expect_import(in_root("bits.zip"), DQ_ERR_INPUT, "entry a.bin");
    put("page.whl", "<html>", 6);
    expect_import(in_root("page.whl"), DQ_ERR_INPUT, in_root("page.whl"));
    free(bytes);
}

/* Importing Pong */

typedef struct counts {
    int imported, already_there;
    char from[256], to[256];
} counts;

static void count_imported(void *ctx, const char *game, const char *from, const char *to)
{
    counts *c = ctx;
    assert_string_equal(game, "pong");
    c->imported++;
    snprintf(c->from, sizeof(c->from), "%s", from);
    snprintf(c->to, sizeof(c->to), "%s", to);
}

static void count_already_there(void *ctx, const char *game, const char *from)
{
    counts *c = ctx;
    assert_string_equal(game, "pong");
    c->already_there++;
    snprintf(c->from, sizeof(c->from), "%s", from);
}

static counts import_pong(const char *path)
{
    counts c = {0};
    size_t n = 0;
    dq_rom_import_events events = {&c, count_imported, count_already_there, NULL};
    assert_int_equal(dq_roms_import(path, NULL, &events, &n), DQ_OK);
    assert_int_equal(n, c.imported + c.already_there);
    return c;
}

static void need_pong(void)
{
    if (!pong) {
        printf("SKIP: no ROM of Pong\n");
        skip();
    }
    setenv("DEEPQ_ROMS_DIR", in_root("store"), 1);
}

static void file_folder_zip_and_wheel_are_imported(void **state)
{
    (void)state;
    char path[256];
    need_pong();
    put("in/deep/Some Name [!].a26", pong, pong_bytes);
    assert_int_equal(find_pong(NULL, NULL, 0), DQ_ERR_NOT_FOUND);
    counts c = import_pong(in_root("in"));
    assert_int_equal(c.imported, 1);
    assert_string_equal(c.from, in_root("in/deep/Some Name [!].a26"));
    assert_string_equal(c.to, in_root("store/pong.bin"));
    assert_int_equal(find_pong(NULL, path, sizeof(path)), DQ_OK);
    assert_string_equal(path, in_root("store/pong.bin"));
    c = import_pong(in_root("in/deep/Some Name [!].a26"));
    assert_int_equal(c.already_there, 1);
    put_zip(in_root("in/roms.zip"), "a/b/x", pong, pong_bytes);
    put_zip(in_root("ale_py-0.12.1-cp311-cp311-linux_x86_64.whl"), "ale_py/roms/pong.bin", pong,
            pong_bytes);
    remove_tree(in_root("store"));
    c = import_pong(in_root("ale_py-0.12.1-cp311-cp311-linux_x86_64.whl"));
    assert_int_equal(c.imported, 1);
    assert_non_null(strstr(c.from, ".whl:ale_py/roms/pong.bin"));
    assert_int_equal(find_pong(NULL, NULL, 0), DQ_OK);
    c = import_pong(in_root("in"));  // the zip in the folder as well
    assert_int_equal(c.already_there, 2);
    put("in/damaged.zip", "<html>", 6);  // and past one that is none
    size_t n;
    assert_int_equal(dq_roms_import(in_root("in"), NULL, NULL, &n), DQ_ERR_INPUT);
    assert_non_null(strstr(dq_errmsg(), in_root("in/damaged.zip")));
    assert_int_equal(n, 2);
}

static void md5_alone_decides(void **state)
{
    (void)state;
    char path[256];
    need_pong();
    put("rom-dir/whatever", pong, pong_bytes);
    assert_int_equal(find_pong(in_root("rom-dir"), path, sizeof(path)), DQ_OK);
    assert_string_equal(path, in_root("rom-dir/whatever"));
    put("rom-dir/pong.bin", "damaged", 7);
    assert_int_equal(find_pong(in_root("rom-dir"), path, sizeof(path)), DQ_OK);
    assert_string_equal(path, in_root("rom-dir/whatever"));
    put("store/pong.bin", "damaged", 7);
    assert_int_equal(find_pong(NULL, NULL, 0), DQ_ERR_INPUT);
    assert_int_equal(import_pong(in_root("rom-dir")).imported, 1);  // mends it
    assert_int_equal(find_pong(NULL, path, sizeof(path)), DQ_OK);
    assert_string_equal(path, in_root("store/pong.bin"));
}

static void places_are_searched_in_order(void **state)
{
    (void)state;
    char path[256];
    need_pong();
    static const char *const places[] = {"a", "b", "c", "data/deepq/roms"};
    setenv("DEEPQ_ROMS_DIR", in_root("b"), 1);
    setenv("ALE_ROMS_DIR", in_root("c"), 1);
    setenv("XDG_DATA_HOME", in_root("data"), 1);
    for (int i = 3; i >= 0; i--) {
        char name[64];
        snprintf(name, sizeof(name), "%s/pong.bin", places[i]);
        put(name, pong, pong_bytes);
        assert_int_equal(find_pong(in_root("a"), path, sizeof(path)), DQ_OK);
        assert_string_equal(path, in_root(name));
    }
}

static void store_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    need_pong();
    put("store", "a file where the folder should be", 33);
    put("pong", pong, pong_bytes);
    assert_int_equal(dq_roms_import(in_root("pong"), NULL, NULL, NULL), DQ_ERR_IO);
    assert_non_null(strstr(dq_errmsg(), in_root("store")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(missing_rom_is_told_in_full, start),
        cmocka_unit_test_setup(folders_are_named_once_and_home_is_the_last_resort, start),
        cmocka_unit_test_setup(no_folder_at_all, start),
        cmocka_unit_test_setup(imports_go_to_the_first_place_set, start),
        cmocka_unit_test_setup(folder_that_cannot_be_searched_says_why, start),
        cmocka_unit_test_setup(wrong_rom_is_told_with_its_md5, start),
        cmocka_unit_test_setup(unknown_games_are_refused, start),
        cmocka_unit_test_setup(what_is_no_rom_is_passed_over, start),
        cmocka_unit_test_setup(what_cannot_be_read_is_named, start),
        cmocka_unit_test_setup(folders_without_end_are_refused, start),
        cmocka_unit_test_setup(archives_without_roms_are_passed_over, start),
        cmocka_unit_test_setup(broken_archives_are_named, start),
        cmocka_unit_test_setup(file_folder_zip_and_wheel_are_imported, start),
        cmocka_unit_test_setup(md5_alone_decides, start),
        cmocka_unit_test_setup(places_are_searched_in_order, start),
        cmocka_unit_test_setup(store_that_cannot_be_written_is_named, start),
    };
    return cmocka_run_group_tests(tests, find_real_rom, clean_up);
}
