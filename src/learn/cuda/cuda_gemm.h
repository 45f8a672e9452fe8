/** One kernel for every product of the network: C = A B, cut into tiles, in three precisions.
 *
 *  A job says what A and B are (a picture's patches, weights, gradients; never made in memory) and
 *  where a value of C goes. It has
 *    BM                      rows of C that one block makes; of columns it makes GEMM_BN
 *    GROUPS                  groups of 128 threads in a block, each with its share of k
 *    AT_ONCE                 blocks that a multiprocessor has room for, at least (of registers)
 *    A_ALONG_K, B_ALONG_K    whether four values that lie together are of four k, or of four rows
 *                            of A (columns of B)
 *    BIAS                    whether the sums of B's columns over k are wanted as well
 *    begin(z)                chooses what the grid's z stands for, and sets k0 and k1
 *    a(row, k), b(column, k) four values of A and B; zeros beyond the edges
 *    store(row, column, v)   takes a value of C; looks at the edges itself
 *    store_bias(column, v)   where BIAS
 *
 *  One value of C is a sum over each group's k in order, then over the groups in order, whatever
 *  the other rows are. The groups are there to hide latency: a product here has few blocks, and a
 *  multiprocessor with one of 128 threads waits most of the time. */
#ifndef DEEPQ_LEARN_CUDA_GEMM_H
#define DEEPQ_LEARN_CUDA_GEMM_H

#include "learn/cuda/cuda_platform.h"
#include "learn/device.h"

enum {
    GEMM_GROUP = 128,            // threads
    GEMM_BK = 32,                // k in one tile
    GEMM_BN = 32,                // columns in one
    GEMM_COLUMNS = GEMM_BN / 4,  // threads side by side
    GEMM_ROWS = GEMM_GROUP / GEMM_COLUMNS,
    GEMM_C_STRIDE = GEMM_BN + 4
};

/** How values lie in a tile, and how four of them get there. */
template <dq_precision P> struct gemm_element {
    typedef float type;
    static __device__ inline void put(float *to, float4 v)
    {
        *(float4 *)to = v;
    }
};

#if !defined(__CUDA_ARCH__) || __CUDA_ARCH__ >= 800
#define GEMM_HAS_TENSOR_CORES 1

template <> struct gemm_element<DQ_TF32> {
    typedef float type;
    static __device__ inline void put(float *to, float4 v)
    {
        using nvcuda::wmma::__float_to_tf32;
        *(float4 *)to = make_float4(__float_to_tf32(v.x), __float_to_tf32(v.y),
                                    __float_to_tf32(v.z), __float_to_tf32(v.w));
    }
};
template <> struct gemm_element<DQ_BF16> {
    typedef __nv_bfloat16 type;
    struct alignas(8) quad {
        __nv_bfloat16 v[4];
    };
    static __device__ inline void put(__nv_bfloat16 *to, float4 v)
    {
        quad four;
        four.v[0] = __float2bfloat16(v.x);
        four.v[1] = __float2bfloat16(v.y);
        four.v[2] = __float2bfloat16(v.z);
        four.v[3] = __float2bfloat16(v.w);
        *(quad *)to = four;
    }
};
#endif

/** A tile of WIDTH rows of A (columns of B) and GEMM_BK k: [WIDTH][k] where four k lie together in
 *  memory, else [k][WIDTH]. Rows are 16 bytes longer than they need be, so that few of them begin
 *  in the same bank, and aligned as the tensor cores want them. */
template <dq_precision P, int WIDTH, bool ALONG_K> struct gemm_tile {
    typedef typename gemm_element<P>::type element;
    enum {
        STRIDE = (ALONG_K ? GEMM_BK : WIDTH) + 16 / (int)sizeof(element),
        SIZE = (ALONG_K ? WIDTH : GEMM_BK) * STRIDE,
        LANES = (ALONG_K ? GEMM_BK : WIDTH) / 4,  // quads that lie together
        QUADS = WIDTH * GEMM_BK / 4 / GEMM_GROUP  // of each thread
    };
    static_assert(GEMM_GROUP % LANES == 0, "a thread's quads have the same place in a row");

    static __device__ inline int quad_row(int thread, int i)
    {
        return ALONG_K ? thread / LANES + i * (GEMM_GROUP / LANES) : thread % LANES * 4;
    }
    static __device__ inline int quad_k(int thread, int i)
    {
        return ALONG_K ? thread % LANES * 4 : thread / LANES + i * (GEMM_GROUP / LANES);
    }
    static __device__ inline void put(element *tile, int thread, int i, float4 v)
    {
        int row = quad_row(thread, i), k = quad_k(thread, i);
        gemm_element<P>::put(tile + (ALONG_K ? row * STRIDE + k : k * STRIDE + row), v);
    }
};

/** N rows of a tile of floats at four k: the rows of thread `place`, of `places`. */
template <int N, int PLACES, bool ALONG_K> struct gemm_strip {
    float v[N][4];

    /** Far apart where each has its own place in the tile, else side by side. */
    static __device__ inline int row(int place, int i)
    {
        return ALONG_K ? place + i * PLACES : place * N + i;
    }
    __device__ inline void load(const float *tile, int stride, int place, int k)
    {
        if (ALONG_K) {
#pragma unroll
            for (int i = 0; i < N; i++) {
                float4 four = *(const float4 *)(tile + row(place, i) * stride + k);
                v[i][0] = four.x;
                v[i][1] = four.y;
                v[i][2] = four.z;
                v[i][3] = four.w;
            }
        } else {
#pragma unroll
            for (int j = 0; j < 4; j++)
                load_across(tile + (k + j) * stride + place * N, j);
        }
    }
    __device__ inline void load_across(const float *from, int j)
    {
#pragma unroll
        for (int i = 0; i < N; i += 2) {
            float2 two = *(const float2 *)(from + i);
            v[i][j] = two.x;
            v[i + 1][j] = two.y;
        }
    }
};

/** A group's share of C. The plain one: each thread has some values of it in registers. */
template <class Job, dq_precision P> struct gemm_block {
    enum { TM = Job::BM / GEMM_ROWS, TN = 4 };
    typedef gemm_tile<P, Job::BM, Job::A_ALONG_K> a_tile;
    typedef gemm_tile<P, GEMM_BN, Job::B_ALONG_K> b_tile;
    typedef gemm_strip<TM, GEMM_ROWS, Job::A_ALONG_K> a_strip;
    typedef gemm_strip<TN, GEMM_COLUMNS, Job::B_ALONG_K> b_strip;
    float c[TM][TN];

    __device__ inline void clear()
    {
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++)
                c[i][j] = 0.0f;
    }

    __device__ inline void multiply(int thread, const float *a, const float *b)
    {
#pragma unroll 2
        for (int k = 0; k < GEMM_BK; k += 4) {
            a_strip as;
            b_strip bs;
            as.load(a, a_tile::STRIDE, thread / GEMM_COLUMNS, k);
            bs.load(b, b_tile::STRIDE, thread % GEMM_COLUMNS, k);
#pragma unroll
            for (int kk = 0; kk < 4; kk++)
#pragma unroll
                for (int i = 0; i < TM; i++)
#pragma unroll
                    for (int j = 0; j < TN; j++)
                        c[i][j] = fmaf(as.v[i][kk], bs.v[j][kk], c[i][j]);
        }
    }

    /** To [BM][GEMM_C_STRIDE]. */
    __device__ inline void put(int thread, float *to) const
    {
        for (int i = 0; i < TM; i++)
            for (int j = 0; j < TN; j++)
                to[a_strip::row(thread / GEMM_COLUMNS, i) * GEMM_C_STRIDE +
                   b_strip::row(thread % GEMM_COLUMNS, j)] = c[i][j];
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

template <bool ROWS> struct tensor_layout {
    typedef nvcuda::wmma::row_major type;
};
template <> struct tensor_layout<false> {
    typedef nvcuda::wmma::col_major type;
};

/** On tensor cores: each of the four warps has 16 rows of C and some patches of 16 columns. */
template <class Job, dq_precision P> struct tensor_block {
    typedef tensor_types<P> types;
    typedef typename gemm_element<P>::type element;
    typedef gemm_tile<P, Job::BM, Job::A_ALONG_K> a_tile;
    typedef gemm_tile<P, GEMM_BN, Job::B_ALONG_K> b_tile;
    typedef nvcuda::wmma::fragment<nvcuda::wmma::matrix_a, 16, 16, types::K, typename types::type,
                                   typename tensor_layout<Job::A_ALONG_K>::type>
        a_patch;
    typedef nvcuda::wmma::fragment<nvcuda::wmma::matrix_b, 16, 16, types::K, typename types::type,
                                   typename tensor_layout<!Job::B_ALONG_K>::type>
        b_patch;
    enum {
        ROWS = Job::BM / 16,
        WARPS_A_ROW = GEMM_GROUP / 32 / ROWS,
        PATCHES = GEMM_BN / 16 / WARPS_A_ROW
    };
    nvcuda::wmma::fragment<nvcuda::wmma::accumulator, 16, 16, types::K, float> c[PATCHES];

    __device__ inline void clear()
    {
        for (int p = 0; p < PATCHES; p++)
            nvcuda::wmma::fill_fragment(c[p], 0.0f);
    }

    static __device__ inline int first_row(int thread)
    {
        return thread / 32 % ROWS * 16;
    }
    static __device__ inline int column(int thread, int patch)
    {
        return (thread / 32 / ROWS * PATCHES + patch) * 16;
    }

    __device__ inline void multiply(int thread, const element *a, const element *b)
    {
        const int a_step = Job::A_ALONG_K ? 1 : a_tile::STRIDE;  // from k to k
        const int a_row = Job::A_ALONG_K ? a_tile::STRIDE : 1;
        const int b_step = Job::B_ALONG_K ? 1 : b_tile::STRIDE;
        const int b_column = Job::B_ALONG_K ? b_tile::STRIDE : 1;
#pragma unroll
        for (int k = 0; k < GEMM_BK; k += types::K) {
            a_patch fa;
            nvcuda::wmma::load_matrix_sync(fa, a + k * a_step + first_row(thread) * a_row,
                                           a_tile::STRIDE);
            for (int p = 0; p < PATCHES; p++) {
                b_patch fb;
                nvcuda::wmma::load_matrix_sync(fb, b + k * b_step + column(thread, p) * b_column,
                                               b_tile::STRIDE);
                nvcuda::wmma::mma_sync(c[p], fa, fb, c[p]);
            }
        }
    }

    __device__ inline void put(int thread, float *to) const
    {
        for (int p = 0; p < PATCHES; p++)
            nvcuda::wmma::store_matrix_sync(to + first_row(thread) * GEMM_C_STRIDE +
                                                column(thread, p),
                                            c[p], GEMM_C_STRIDE, nvcuda::wmma::mem_row_major);
    }
};

template <class Job> struct gemm_block<Job, DQ_TF32> : public tensor_block<Job, DQ_TF32> {
};
template <class Job> struct gemm_block<Job, DQ_BF16> : public tensor_block<Job, DQ_BF16> {
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
    *(float4 *)(room + threadIdx.x * 4) = sum;
    __syncthreads();
    if (blockIdx.x == 0 && threadIdx.x < GEMM_BN) {
        float total = 0.0f;
        for (int i = 0; i < Job::GROUPS * GEMM_ROWS; i++)
            total += room[i * GEMM_BN + threadIdx.x];
        job.store_bias(n0 + (int)threadIdx.x, total);
    }
    __syncthreads();
}

/** What a thread carries from memory to the tiles: its quads of A and B. */
template <class Job, dq_precision P> struct gemm_load {
    typedef gemm_tile<P, Job::BM, Job::A_ALONG_K> a_tile;
    typedef gemm_tile<P, GEMM_BN, Job::B_ALONG_K> b_tile;
    typedef typename gemm_element<P>::type element;
    float4 a[a_tile::QUADS], b[b_tile::QUADS];

    __device__ inline void fetch(const Job &job, int thread, int m0, int n0, int k)
    {
#pragma unroll
        for (int i = 0; i < a_tile::QUADS; i++)
            a[i] = job.a(m0 + a_tile::quad_row(thread, i), k + a_tile::quad_k(thread, i));
#pragma unroll
        for (int i = 0; i < b_tile::QUADS; i++)
            b[i] = job.b(n0 + b_tile::quad_row(thread, i), k + b_tile::quad_k(thread, i));
    }

    __device__ inline void put(int thread, element *a_to, element *b_to, float4 &bias) const
    {
#pragma unroll
        for (int i = 0; i < a_tile::QUADS; i++)
            a_tile::put(a_to, thread, i, a[i]);
#pragma unroll
        for (int i = 0; i < b_tile::QUADS; i++) {
            b_tile::put(b_to, thread, i, b[i]);
            if (Job::BIAS)
                add_quad(bias, b[i]);
        }
    }
};

/** Every group's share of C from shared memory, added up, to where it goes. */
template <class Job>
static __device__ inline void finish_sums(const Job &job, int m0, int n0, const float *room)
{
    for (int i = threadIdx.x; i < Job::BM * GEMM_BN; i += Job::GROUPS * GEMM_GROUP) {
        int row = i / GEMM_BN, column = i % GEMM_BN;
        float sum = room[row * GEMM_C_STRIDE + column];
        for (int g = 1; g < Job::GROUPS; g++)
            sum += room[(g * Job::BM + row) * GEMM_C_STRIDE + column];
        job.store(m0 + row, n0 + column, sum);
    }
}

template <class Job, dq_precision P>
__global__ void __launch_bounds__(Job::GROUPS *GEMM_GROUP, Job::AT_ONCE) gemm_kernel(Job job)
{
    typedef typename gemm_element<P>::type element;
    typedef gemm_tile<P, Job::BM, Job::A_ALONG_K> a_tile;
    typedef gemm_tile<P, GEMM_BN, Job::B_ALONG_K> b_tile;
    enum {
        TILES_BYTES = Job::GROUPS * (a_tile::SIZE + b_tile::SIZE) * (int)sizeof(element),
        C_BYTES = Job::GROUPS * Job::BM * GEMM_C_STRIDE * (int)sizeof(float)
    };
    __shared__ __align__(
        128) unsigned char room[(int)TILES_BYTES > (int)C_BYTES ? (int)TILES_BYTES : (int)C_BYTES];
    const int group = threadIdx.x / GEMM_GROUP, thread = threadIdx.x % GEMM_GROUP;
    element *a = (element *)room + group * (a_tile::SIZE + b_tile::SIZE), *b = a + a_tile::SIZE;
    const int m0 = blockIdx.x * Job::BM, n0 = blockIdx.y * GEMM_BN;
    float4 bias = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    gemm_load<Job, P> load;
    gemm_block<Job, P> block;
    job.begin(blockIdx.z);
    block.clear();
    // Groups of whole tiles; while one is multiplied, the next is on its way from memory.
    const int share = ((job.k1 - job.k0 + GEMM_BK - 1) / GEMM_BK + Job::GROUPS - 1) / Job::GROUPS;
    const int first = job.k0 + group * share * GEMM_BK;
    const int end = first + share * GEMM_BK < job.k1 ? first + share * GEMM_BK : job.k1;
    if (first < end)
        load.fetch(job, thread, m0, n0, first);
    for (int i = 0, k = first; i < share; i++, k += GEMM_BK) {
        if (k < end)
            load.put(thread, a, b, bias);
        cuda_barrier(1 + group, GEMM_GROUP);
        if (k + GEMM_BK < end)
            load.fetch(job, thread, m0, n0, k + GEMM_BK);
        if (k < end)
            block.multiply(thread, a, b);
        cuda_barrier(1 + group, GEMM_GROUP);
    }
    __syncthreads();
    if (Job::BIAS)
        finish_bias(job, bias, n0, (float *)room);
    block.put(thread, (float *)room + group * Job::BM * GEMM_C_STRIDE);
    __syncthreads();
    finish_sums(job, m0, n0, (const float *)room);
}

#endif
