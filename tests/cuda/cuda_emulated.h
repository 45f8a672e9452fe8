/** CUDA on the processor, for tests: the names that src/learn/cuda uses, so that the same source is
 *  compiled for the host and held against the reference where there is no GPU.
 *
 *  A block's threads are fibres that run in turn between two barriers. Work is only queued, and
 *  done when somebody waits for it, as late as the rules allow: a buffer that is changed too early
 *  shows. Memory is not cleared. $DEEPQ_EMULATED, words with a comma between, changes the machine:
 *    reverse       threads run from the last to the first, side streams before the main one
 *    eager         work is done at once
 *    no-driver, old-driver, no-gpu, capability=61, memory=BYTES
 *    no-image      the module has no code for this GPU
 *    old-ptx       it has PTX alone, and the driver is too old for it
 *    lost=N        the device is gone at the N-th copy, launch, event or wait */
#ifndef DEEPQ_TESTS_CUDA_EMULATED_H
#define DEEPQ_TESTS_CUDA_EMULATED_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <tuple>

#define __global__
#define __device__
#define __shared__ static
#define __align__(n) __attribute__((aligned(n)))
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    explicit dim3(unsigned nx, unsigned ny = 1, unsigned nz = 1) : x(nx), y(ny), z(nz)
    {
    }
};
struct emulated_index {
    unsigned x, y, z;
};
extern emulated_index threadIdx, blockIdx;

struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) float2 {
    float x, y;
};
struct alignas(4) uchar4 {
    unsigned char x, y, z, w;
};
static inline float4 make_float4(float x, float y, float z, float w)
{
    return float4{x, y, z, w};
}

/** The barrier of a block. */
void __syncthreads();
/** Of a part of it, here of all: every part must come as often as the others. */
static inline void cuda_barrier(int, int)
{
    __syncthreads();
}
/** The same; whether any thread came with something else than 0. */
int __syncthreads_or(int mine);

/* The runtime */

enum cudaError_t {
    cudaSuccess = 0,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInsufficientDriver = 35,
    cudaErrorNoDevice = 100,
    cudaErrorNoKernelImageForDevice = 209,
    cudaErrorUnsupportedPtxVersion = 222,
    cudaErrorIllegalAddress = 700
};
enum cudaMemcpyKind {
    cudaMemcpyHostToDevice = 1,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice
};
enum cudaDeviceAttr { cudaDevAttrComputeCapabilityMajor = 75, cudaDevAttrComputeCapabilityMinor };
enum cudaStreamCaptureMode { cudaStreamCaptureModeThreadLocal = 1 };
enum { cudaStreamNonBlocking = 1, cudaEventDisableTiming = 2 };
struct cudaDeviceProp {
    char name[256];
};
typedef struct emulated_stream *cudaStream_t;
typedef struct emulated_event *cudaEvent_t;
typedef struct emulated_graph *cudaGraph_t;
typedef struct emulated_graph *cudaGraphExec_t;

const char *cudaGetErrorString(cudaError_t e);
cudaError_t cudaGetLastError();
cudaError_t cudaGetDeviceCount(int *n);
cudaError_t cudaDriverGetVersion(int *version);
cudaError_t cudaRuntimeGetVersion(int *version);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *prop, int device);
cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device);
cudaError_t cudaMemGetInfo(size_t *left, size_t *all);
cudaError_t cudaMalloc(void **p, size_t n);
cudaError_t cudaFree(void *p);
cudaError_t cudaMallocHost(void **p, size_t n);
cudaError_t cudaFreeHost(void *p);
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned flags);
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *s, unsigned flags, int priority);
cudaError_t cudaStreamDestroy(cudaStream_t s);
cudaError_t cudaStreamSynchronize(cudaStream_t s);
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned flags);
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned flags);
cudaError_t cudaEventDestroy(cudaEvent_t e);
cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s);
cudaError_t cudaEventSynchronize(cudaEvent_t e);
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind kind,
                            cudaStream_t s);
cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t s);
cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode mode);
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *exec, cudaGraph_t graph,
                                          unsigned long long flags);
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t s);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec);

/** Queue body for every thread of every block. */
void emulated_launch(dim3 grid, int threads, cudaStream_t stream, std::function<void()> body);

template <class... Parameters, class... Arguments>
inline void cuda_launch(void (*kernel)(Parameters...), dim3 grid, int threads, cudaStream_t stream,
                        const Arguments &...arguments)
{
    std::tuple<Parameters...> copies(arguments...);
    emulated_launch(grid, threads, stream, [kernel, copies] { std::apply(kernel, copies); });
}

/* Number formats, and the tensor cores */

struct __nv_bfloat16 {
    uint16_t bits;
};

/** Round to nearest, ties to even. */
static inline __nv_bfloat16 __float2bfloat16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    return __nv_bfloat16{(uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16)};
}

namespace nvcuda
{
namespace wmma
{
namespace precision
{
struct tf32 {
};
}  // namespace precision
struct matrix_a {
};
struct matrix_b {
};
struct accumulator {
};
struct row_major {
};
struct col_major {
};
enum layout_t { mem_row_major };

/** Round to 10 bits of mantissa, ties away from zero. */
static inline float __float_to_tf32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    bits = (bits + 0x1000) & ~(uint32_t)0x1FFF;
    memcpy(&x, &bits, sizeof(bits));
    return x;
}

static inline float emulated_value(float x)
{
    return x;
}
static inline float emulated_value(__nv_bfloat16 x)
{
    uint32_t bits = (uint32_t)x.bits << 16;
    float value;
    memcpy(&value, &bits, sizeof(bits));
    return value;
}

/** A warp's 16x16 product: each lane makes half a row of it, so it needs one row of A and half of
 *  B; that mapping is not the hardware's, and nobody may look into a fragment. */
enum { EMULATED_HALF = 8 };
template <class Use, int M, int N, int K, class T, class Layout = void> struct fragment;
template <int K, class T, class Layout> struct fragment<matrix_a, 16, 16, K, T, Layout> {
    float row[K];
};
template <int K, class T, class Layout> struct fragment<matrix_b, 16, 16, K, T, Layout> {
    float half[K][EMULATED_HALF];
};
template <int K, class T> struct fragment<accumulator, 16, 16, K, T> {
    float half[EMULATED_HALF];
};

static inline int emulated_row()
{
    return (int)(threadIdx.x % 32 / 2);
}
static inline int emulated_column()
{
    return (int)(threadIdx.x % 2) * EMULATED_HALF;
}
/** What the hardware asks of an address: 32 bytes for the first, 16 between rows. */
void emulated_check_matrix(const void *p, size_t row_bytes);

/** Where value (row, column) is. */
static inline size_t emulated_place(row_major, int row, int column, unsigned stride)
{
    return (size_t)row * stride + (size_t)column;
}
static inline size_t emulated_place(col_major, int row, int column, unsigned stride)
{
    return (size_t)column * stride + (size_t)row;
}

template <int K, class T, class L, class E>
inline void load_matrix_sync(fragment<matrix_a, 16, 16, K, T, L> &f, const E *p, unsigned stride)
{
    emulated_check_matrix(p, stride * sizeof(E));
    for (int k = 0; k < K; k++)
        f.row[k] = emulated_value(p[emulated_place(L(), emulated_row(), k, stride)]);
}
template <int K, class T, class L, class E>
inline void load_matrix_sync(fragment<matrix_b, 16, 16, K, T, L> &f, const E *p, unsigned stride)
{
    emulated_check_matrix(p, stride * sizeof(E));
    for (int k = 0; k < K; k++)
        for (int j = 0; j < EMULATED_HALF; j++)
            f.half[k][j] = emulated_value(p[emulated_place(L(), k, emulated_column() + j, stride)]);
}
template <int K, class T> inline void fill_fragment(fragment<accumulator, 16, 16, K, T> &f, float v)
{
    for (int j = 0; j < EMULATED_HALF; j++)
        f.half[j] = v;
}
template <int K, class T, class LA, class LB, class C>
inline void mma_sync(fragment<accumulator, 16, 16, K, C> &d,
                     const fragment<matrix_a, 16, 16, K, T, LA> &a,
                     const fragment<matrix_b, 16, 16, K, T, LB> &b,
                     const fragment<accumulator, 16, 16, K, C> &c)
{
    for (int j = 0; j < EMULATED_HALF; j++) {
        float sum = c.half[j];
        for (int k = 0; k < K; k++)
            sum += a.row[k] * b.half[k][j];
        d.half[j] = sum;
    }
}
template <int K, class T>
inline void store_matrix_sync(float *p, const fragment<accumulator, 16, 16, K, T> &f,
                              unsigned stride, layout_t)
{
    emulated_check_matrix(p, stride * sizeof(float));
    for (int j = 0; j < EMULATED_HALF; j++)
        p[(size_t)emulated_row() * stride + (size_t)(emulated_column() + j)] = f.half[j];
}
}  // namespace wmma
}  // namespace nvcuda

#endif
