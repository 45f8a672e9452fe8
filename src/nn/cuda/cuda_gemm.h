/** One kernel for every product of the network: C = A B, cut into tiles, in three precisions.
 *
 *  A job says what A and B are (a picture's patches, weights, gradients; never made in memory) and
 *  where a value of C goes. It has
 *    BM, BN                  rows and columns of C that one block makes
 *    A_ALONG_K, B_ALONG_K    whether four values that lie together are of four k, or of four rows
 *                            of A (columns of B)
 *    BIAS                    whether the sums of B's columns over k are wanted as well
 *    begin(z)                chooses what the grid's z stands for, and sets k0 and k1
 *    a(row, k), b(column, k) four values of A and B; zeros beyond the edges
 *    store(row, column, v)   takes a value of C; looks at the edges itself
 *    store_bias(column, v)   where BIAS
 *
 *  One value of C is one sum over k0..k1-1 in order, whatever the other rows are. */
#ifndef DEEPQ_NN_CUDA_GEMM_H
#define DEEPQ_NN_CUDA_GEMM_H

#include "nn/cuda/cuda_platform.h"
#include "nn/device.h"

enum {
    GEMM_THREADS = 128,
    GEMM_BK = 32,   // k in one tile
    GEMM_PAD = 8,   // keeps rows of a tile aligned as the tensor cores want them
    GEMM_BIAS = 16  // threads that share a column's sum
};

/** How values lie in a tile, and how four of them get there. */
template <dq_precision P> struct gemm_element {
    typedef float type;
    static __device__ inline float from(float x)
    {
        return x;
    }
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define GEMM_HAS_TENSOR_CORES 1

template <> struct gemm_element<DQ_TF32> {
    typedef float type;
    static __device__ inline float from(float x)
    {
        return nvcuda::wmma::__float_to_tf32(x);
    }
};
template <> struct gemm_element<DQ_BF16> {
    typedef __nv_bfloat16 type;
    static __device__ inline __nv_bfloat16 from(float x)
    {
        return __float2bfloat16(x);
    }
};
#endif

/** Four values into a tile [GEMM_BK][WIDTH + GEMM_PAD] at (k, row); ALONG_K: of four k. */
template <dq_precision P, int WIDTH, bool ALONG_K>
static __device__ inline void put_quad(typename gemm_element<P>::type *tile, int quad, float4 v)
{
    typedef gemm_element<P> element;
    const int stride = WIDTH + GEMM_PAD;
    const int step = ALONG_K ? stride : 1;
    const int row = ALONG_K ? quad % WIDTH : quad % (WIDTH / 4) * 4;
    const int k = ALONG_K ? quad / WIDTH * 4 : quad / (WIDTH / 4);
    typename element::type *to = tile + k * stride + row;
    to[0] = element::from(v.x);
    to[step] = element::from(v.y);
    to[2 * step] = element::from(v.z);
    to[3 * step] = element::from(v.w);
}

template <int WIDTH, bool ALONG_K> static __device__ inline int quad_row(int quad)
{
    return ALONG_K ? quad % WIDTH : quad % (WIDTH / 4) * 4;
}

template <int WIDTH, bool ALONG_K> static __device__ inline int quad_k(int quad)
{
    return ALONG_K ? quad / WIDTH * 4 : quad / (WIDTH / 4);
}

/** A block's share of C. The plain one: each thread has a patch of it in registers. */
template <dq_precision P, int BM, int BN> struct gemm_block {
    enum { TN = 4, COLUMNS = BN / TN, TM = BM / (GEMM_THREADS / COLUMNS) };
    float c[TM][TN];

    __device__ inline void clear()
    {
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++)
                c[i][j] = 0.0f;
    }

    __device__ inline void multiply(const float *a, const float *b)
    {
        int row = threadIdx.x / COLUMNS * TM, column = threadIdx.x % COLUMNS * TN;
#pragma unroll 8
        for (int k = 0; k < GEMM_BK; k++)
            for (int i = 0; i < TM; i++)
                for (int j = 0; j < TN; j++)
                    c[i][j] = fmaf(a[k * (BM + GEMM_PAD) + row + i],
                                   b[k * (BN + GEMM_PAD) + column + j], c[i][j]);
    }

    template <class Job> __device__ inline void finish(const Job &job, int m0, int n0, float *)
    {
        int row = threadIdx.x / COLUMNS * TM, column = threadIdx.x % COLUMNS * TN;
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++)
                job.store(m0 + row + i, n0 + column + j, c[i][j]);
    }
};

#if defined(GEMM_HAS_TENSOR_CORES)
/** What the tensor cores take at once. */
template <dq_precision P> struct tensor_types;
template <> struct tensor_types<DQ_TF32> {
    typedef nvcuda::wmma::precision::tf32 type;
    enum { K = 8 };
};
template <> struct tensor_types<DQ_BF16> {
    typedef __nv_bfloat16 type;
    enum { K = 16 };
};

/** On tensor cores: each of the four warps has 16 rows of C and some patches of 16 columns. */
template <dq_precision P, int BM, int BN> struct tensor_block {
    typedef tensor_types<P> types;
    typedef typename gemm_element<P>::type element;
    enum {
        ROWS = BM / 16,
        WARPS_A_ROW = GEMM_THREADS / 32 / ROWS,
        PATCHES = BN / 16 / WARPS_A_ROW
    };
    nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, types::K, float> c[PATCHES];

    __device__ inline void clear()
    {
        for (int p = 0; p < PATCHES; p++)
            nvcuda::wmma::fill_fragment(c[p], 0.0f);
    }

    static __device__ inline int first_row()
    {
        return threadIdx.x / 32 % ROWS * 16;
    }
    static __device__ inline int first_column()
    {
        return threadIdx.x / 32 / ROWS * PATCHES * 16;
    }

    __device__ inline void multiply(const element *a, const element *b)
    {
        using namespace nvcuda::wmma;
        const int a_stride = BM + GEMM_PAD, b_stride = BN + GEMM_PAD;
        for (int k = 0; k < GEMM_BK; k += types::K) {
            fragment<matrix_a, 16, 16, types::K, typename types::type, col_major> fa;
            load_matrix_sync(fa, a + k * a_stride + first_row(), a_stride);
            for (int p = 0; p < PATCHES; p++) {
                fragment<matrix_b, 16, 16, types::K, typename types::type, row_major> fb;
                load_matrix_sync(fb, b + k * b_stride + first_column() + p * 16, b_stride);
                mma_sync(c[p], fa, fb, c[p]);
            }
        }
    }

    template <class Job> __device__ inline void finish(const Job &job, int m0, int n0, float *room)
    {
        const int stride = BN + GEMM_PAD;
        for (int p = 0; p < PATCHES; p++)
            nvcuda::wmma::store_matrix_sync(room + first_row() * stride + first_column() + p * 16,
                                            c[p], stride, nvcuda::wmma::mem_row_major);
        __syncthreads();
        for (int i = threadIdx.x; i < BM * BN; i += GEMM_THREADS)
            job.store(m0 + i / BN, n0 + i % BN, room[i / BN * stride + i % BN]);
    }
};

template <int BM, int BN>
struct gemm_block<DQ_TF32, BM, BN> : public tensor_block<DQ_TF32, BM, BN> {
};
template <int BM, int BN>
struct gemm_block<DQ_BF16, BM, BN> : public tensor_block<DQ_BF16, BM, BN> {
};
#endif

static __device__ inline void add_quad(float4 &sum, float4 v)
{
    sum.x += v.x;
    sum.y += v.y;
    sum.z += v.z;
    sum.w += v.w;
}

/** The sums of B's columns: each thread has one quad's over some k; added up in a fixed order. */
template <class Job>
static __device__ inline void finish_bias(const Job &job, float4 sum, int n0, float *room)
{
    float *mine = room + threadIdx.x * 4;
    mine[0] = sum.x;
    mine[1] = sum.y;
    mine[2] = sum.z;
    mine[3] = sum.w;
    __syncthreads();
    if (blockIdx.x == 0 && threadIdx.x < Job::BN) {
        float total = 0.0f;
        for (int i = 0; i < GEMM_BIAS; i++)
            total += room[i * Job::BN + threadIdx.x];
        job.store_bias(n0 + (int)threadIdx.x, total);
    }
    __syncthreads();
}

/** What a thread carries from memory to the tiles: its quads of A and B. */
template <class Job, dq_precision P> struct gemm_load {
    enum {
        A_QUADS = Job::BM * GEMM_BK / 4 / GEMM_THREADS,
        B_QUADS = Job::BN * GEMM_BK / 4 / GEMM_THREADS
    };
    typedef typename gemm_element<P>::type element;
    float4 a[A_QUADS], b[B_QUADS];

    __device__ inline void fetch(const Job &job, int m0, int n0, int k, float4 &bias)
    {
        const int thread = threadIdx.x;
#pragma unroll
        for (int i = 0; i < A_QUADS; i++)
            a[i] = job.a(m0 + quad_row<Job::BM, Job::A_ALONG_K>(thread + i * GEMM_THREADS),
                         k + quad_k<Job::BM, Job::A_ALONG_K>(thread + i * GEMM_THREADS));
#pragma unroll
        for (int i = 0; i < B_QUADS; i++) {
            b[i] = job.b(n0 + quad_row<Job::BN, Job::B_ALONG_K>(thread + i * GEMM_THREADS),
                         k + quad_k<Job::BN, Job::B_ALONG_K>(thread + i * GEMM_THREADS));
            if (Job::BIAS)
                add_quad(bias, b[i]);
        }
    }

    __device__ inline void put(element *a_tile, element *b_tile) const
    {
        const int thread = threadIdx.x;
#pragma unroll
        for (int i = 0; i < A_QUADS; i++)
            put_quad<P, Job::BM, Job::A_ALONG_K>(a_tile, thread + i * GEMM_THREADS, a[i]);
#pragma unroll
        for (int i = 0; i < B_QUADS; i++)
            put_quad<P, Job::BN, Job::B_ALONG_K>(b_tile, thread + i * GEMM_THREADS, b[i]);
    }
};

template <class Job, dq_precision P>
__global__ void __launch_bounds__(GEMM_THREADS) gemm_kernel(Job job)
{
    typedef typename gemm_element<P>::type element;
    enum {
        BM = Job::BM,
        BN = Job::BN,
        A_TILE = GEMM_BK * (BM + GEMM_PAD),
        B_TILE = GEMM_BK * (BN + GEMM_PAD),
        TILES_BYTES = 2 * (A_TILE + B_TILE) * (int)sizeof(element),
        C_BYTES = BM * (BN + GEMM_PAD) * (int)sizeof(float)
    };
    static_assert(GEMM_THREADS / (BN / 4) == GEMM_BIAS, "finish_bias counts on it");
    __shared__ __align__(
        128) unsigned char room[(int)TILES_BYTES > (int)C_BYTES ? (int)TILES_BYTES : (int)C_BYTES];
    element *a_tile = (element *)room, *b_tile = a_tile + 2 * A_TILE;
    const int m0 = blockIdx.x * BM, n0 = blockIdx.y * BN;
    float4 bias = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    gemm_load<Job, P> load;
    gemm_block<P, BM, BN> block;
    job.begin(blockIdx.z);
    block.clear();
    load.fetch(job, m0, n0, job.k0, bias);
    load.put(a_tile, b_tile);
    __syncthreads();
    // While one pair of tiles is multiplied, the next is on its way from memory to registers.
    int side = 0;
    for (int k = job.k0; k < job.k1; k += GEMM_BK, side ^= 1) {
        bool more = k + GEMM_BK < job.k1;
        if (more)
            load.fetch(job, m0, n0, k + GEMM_BK, bias);
        block.multiply(a_tile + side * A_TILE, b_tile + side * B_TILE);
        if (more)
            load.put(a_tile + (side ^ 1) * A_TILE, b_tile + (side ^ 1) * B_TILE);
        __syncthreads();
    }
    if (Job::BIAS)
        finish_bias(job, bias, n0, (float *)room);
    block.finish(job, m0, n0, (float *)room);
}

#endif
