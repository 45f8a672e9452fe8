#define _GNU_SOURCE  // dladdr()
#include "base/module_file.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if !defined(DEEPQ_MODULE_FOLDER)
#define DEEPQ_MODULE_FOLDER "."
#endif

/** The folder of a file, without a final slash; false for a file without a folder. */
static bool folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool is_there(const char *folder, const char *below, const char *name,
                     char path[DQ_MODULE_PATH])
{
    int n = snprintf(path, DQ_MODULE_PATH, "%s/%s/%s", folder, below, name);
    return n < DQ_MODULE_PATH && access(path, R_OK) == 0;
}

bool dq_module_find(const char *name, char path[DQ_MODULE_PATH])
{
    static const char of_library = 0;  // whose address tells where this code was loaded from
    char folder[DQ_MODULE_PATH - 64];
    Dl_info info;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    folder[n > 0 ? n : 0] = '\0';
    if (folder_of(folder) &&
        (is_there(folder, ".", name, path) || is_there(folder, DEEPQ_MODULE_FOLDER, name, path)))
        return true;
    if (dladdr(&of_library, &info) == 0 || !info.dli_fname ||
        strlen(info.dli_fname) >= sizeof(folder))
        return false;
    memcpy(folder, info.dli_fname, strlen(info.dli_fname) + 1);
    return folder_of(folder) && is_there(folder, ".", name, path);
}
