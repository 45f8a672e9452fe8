#include "app/machine_limits.h"

#include "app/app.h"
#include "base/cpu.h"
#include "base/error.h"
#include "learn/gpu.h"
#include "nn/kernels.h"

void machine_limits_threads(int n_threads)
{
    int n_cpus = dq_cpu_count();
    if (n_threads > n_cpus)
        app_note("%d threads on %d processor%s: they take turns, --threads %d is faster", n_threads,
                 n_cpus, n_cpus == 1 ? "" : "s", n_cpus);
}

dq_status machine_limits_precision(const char *isa, const char *device, const char **precision)
{
    dq_precision wanted;
    const dq_kernels *k;
    DQ_TRY(dq_precision_find(*precision, &wanted));
    if (wanted != DQ_BF16 || dq_gpu_is_meant(device))
        return DQ_OK;
    DQ_TRY(dq_kernels_choose(isa, DQ_FP32, &k));
    if (dq_kernels_choose(isa, DQ_BF16, &k) == DQ_OK)
        return DQ_OK;
    app_note("%s: continuing in fp32", dq_errmsg());
    *precision = "fp32";
    return DQ_OK;
}
