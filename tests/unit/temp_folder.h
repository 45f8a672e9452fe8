/** A folder of its own for each test: cmocka set-up and tear-down, and paths inside it. */
#ifndef DEEPQ_TESTS_TEMP_FOLDER_H
#define DEEPQ_TESTS_TEMP_FOLDER_H

#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif
#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static char temp_folder[64];

static inline int temp_folder_make(void **state)
{
    (void)state;
    snprintf(temp_folder, sizeof(temp_folder), "/tmp/deepq-test-XXXXXX");
    return mkdtemp(temp_folder) ? 0 : -1;
}

static inline int temp_folder_remove_one(const char *path, const struct stat *info, int type,
                                         struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

static inline int temp_folder_remove(void **state)
{
    (void)state;
    return nftw(temp_folder, temp_folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/** Files in it, of whatever name. */
static inline int temp_folder_count(void)
{
    int n = 0;
    DIR *dir = opendir(temp_folder);
    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n - 2;  // "." and ".."
}

/** The path of a file in it; static storage, three at a time. */
static inline const char *temp_path(const char *name)
{
    static char paths[3][160];
    static int next;
    char *path = paths[next++ % 3];
    snprintf(path, sizeof(paths[0]), "%s/%s", temp_folder, name);
    return path;
}

#define IN_TEMP_FOLDER(test)                                                                       \
    cmocka_unit_test_setup_teardown(test, temp_folder_make, temp_folder_remove)

#endif
