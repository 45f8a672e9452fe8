#include "learn/gpu.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/module_file.h"

#if !defined(DEEPQ_WITH_CUDA)
#define DEEPQ_WITH_CUDA 0
#endif
static const char NAME[] = "libdeepq_cuda.so";

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
    char path[DQ_MODULE_PATH];
    const char *chosen = getenv("DEEPQ_CUDA_MODULE");
    if (chosen && *chosen)
        snprintf(path, sizeof(path), "%s", chosen);
    else if (!DEEPQ_WITH_CUDA)
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "no CUDA: this deepq was built without GPU support: use --device cpu");
    else if (!dq_module_find(NAME, path))
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
