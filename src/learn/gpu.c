#define _GNU_SOURCE  // dladdr()
#include "learn/gpu.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

#if !defined(DEEPQ_WITH_CUDA)
#define DEEPQ_WITH_CUDA 0
#endif
#if !defined(DEEPQ_MODULE_FOLDER)
#define DEEPQ_MODULE_FOLDER "."
#endif

enum { PATH_CAP = 4096 };
static const char NAME[] = "libdeepq_cuda.so";

/** The folder of a file, without a final slash; false for a file without a folder. */
static bool folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool is_there(const char *folder, const char *below, char path[PATH_CAP])
{
    int n = snprintf(path, PATH_CAP, "%s/%s/%s", folder, below, NAME);
    return n < PATH_CAP && access(path, R_OK) == 0;
}

/** Beside the program, beside the library, or where `make install` puts it. */
static bool find(char path[PATH_CAP])
{
    char folder[PATH_CAP - 64];
    Dl_info info;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
    folder[n > 0 ? n : 0] = '\0';
    if (folder_of(folder) &&
        (is_there(folder, ".", path) || is_there(folder, DEEPQ_MODULE_FOLDER, path)))
        return true;
    if (dladdr(NAME, &info) == 0 || !info.dli_fname || strlen(info.dli_fname) >= sizeof(folder))
        return false;
    memcpy(folder, info.dli_fname, strlen(info.dli_fname) + 1);
    return folder_of(folder) && is_there(folder, ".", path);
}

/** dlsym() gives a data pointer; ISO C has no cast from it to a function. */
typedef const dq_device_ops *entry_fn(void);
static entry_fn *find_entry(void *module)
{
    entry_fn *entry;
    void *symbol = dlsym(module, DQ_DEVICE_ENTRY);
    memcpy(&entry, &symbol, sizeof(entry));
    return entry;
}

dq_status dq_gpu_load(const dq_device_ops **ops)
{
    char path[PATH_CAP];
    const char *chosen = getenv("DEEPQ_CUDA_MODULE");
    if (chosen && *chosen)
        snprintf(path, sizeof(path), "%s", chosen);
    else if (!DEEPQ_WITH_CUDA)
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "no CUDA: this deepq was built without GPU support: use --device cpu");
    else if (!find(path))
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "no CUDA: %s is not beside deepq: install it, or use --device cpu", NAME);
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);  // loading again gives the same
    entry_fn *entry = module ? find_entry(module) : NULL;
    if (!entry)
        return dq_fail(DQ_ERR_UNSUPPORTED, "no CUDA: cannot load the module: %s: use --device cpu",
                       dlerror());
    *ops = entry();
    if ((*ops)->abi == DQ_DEVICE_ABI)
        return DQ_OK;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "no CUDA: %s is of another version of deepq: install both again", path);
}

bool dq_gpu_is_meant(const char *device)
{
    return device && strcmp(device, "cuda") == 0;
}

dq_status dq_gpu_choose(const char *device, bool *on_gpu)
{
    *on_gpu = dq_gpu_is_meant(device);
    if (*on_gpu || !device || !*device || strcmp(device, "cpu") == 0 || strcmp(device, "auto") == 0)
        return DQ_OK;
    return dq_fail(DQ_ERR_CONFIG, "no device '%s': choose auto, cpu or cuda", device);
}

dq_status dq_gpu_check(const char *device, char name[DQ_DEVICE_TEXT])
{
    const dq_device_ops *ops;
    char error[DQ_DEVICE_TEXT] = "";
    bool on_gpu;
    name[0] = '\0';
    DQ_TRY(dq_gpu_choose(device, &on_gpu));
    if (!on_gpu)
        return DQ_OK;
    DQ_TRY(dq_gpu_load(&ops));
    dq_status st = ops->probe(name, error);
    return st == DQ_OK ? DQ_OK : dq_fail(st, "%s", error);
}

const char *dq_gpu_built_for(void)
{
    const dq_device_ops *ops;
    return dq_gpu_load(&ops) == DQ_OK ? ops->built_for : "";
}
