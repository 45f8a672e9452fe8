/** A fuzz target without a fuzzer: every file of the folders that are named, once. Fails unless
 * they get to all of the target's depths. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus_depth.h"

enum { PATH_BYTES = 4096 };

static void run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0) {
        perror(path);
        exit(2);
    }
    size_t n = (size_t)ftell(f);
    uint8_t *bytes = malloc(n + (n == 0));  // its own block, so that a read beyond it is seen
    rewind(f);
    if (!bytes || fread(bytes, 1, n, f) != n) {
        perror(path);
        exit(2);
    }
    fclose(f);
    (void)LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
}

static int run_folder(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    if (!dir) {
        perror(folder);
        exit(2);
    }
    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[PATH_BYTES];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
        run_file(path);
        n++;
    }
    closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++)
        n += run_folder(argv[i]);
    const char *missing = fuzz_not_reached();
    if (missing)
        fprintf(stderr, "none of %d inputs gets so deep: %s\n", n, missing);
    else
        printf("%d inputs get to every depth\n", n);
    return missing != NULL;
}
