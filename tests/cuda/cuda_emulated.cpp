// The emulation's machine: fibres for threads, streams that are done as late as possible.
#include "cuda_emulated.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <ucontext.h>
#include <vector>

emulated_index threadIdx, blockIdx;

namespace
{
/** The value of word `name` of $DEEPQ_EMULATED, -1 without it, 0 for a word without a value. */
long setting(const char *name)
{
    const char *text = getenv("DEEPQ_EMULATED");
    size_t n = strlen(name);
    while (text && *text) {
        if (strncmp(text, name, n) == 0 && (text[n] == '\0' || text[n] == ',' || text[n] == '='))
            return text[n] == '=' ? strtol(text + n + 1, NULL, 10) : 0;
        text = strchr(text, ',');
        text = text ? text + 1 : NULL;
    }
    return -1;
}

[[noreturn]] void misuse(const char *what)
{
    fprintf(stderr, "emulated CUDA: %s\n", what);
    abort();
}

/* Fibres. A sanitizer wants to see every switch; without one, jumping saves the system calls. */

#if defined(__SANITIZE_ADDRESS__)
#define EMULATED_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EMULATED_SANITIZED 1
#endif
#endif

enum { MAX_THREADS = 1024, STACK_BYTES = 1 << 18 };

struct fibre {
    ucontext_t context;
    jmp_buf at;
    std::unique_ptr<char[]> stack;
    bool started, busy;
};

fibre fibres[MAX_THREADS];
#if defined(EMULATED_SANITIZED)
ucontext_t machine;
#else
jmp_buf machine_at;
#endif
fibre *current;
const std::function<void()> *body_to_run;

void leave_fibre()
{
#if defined(EMULATED_SANITIZED)
    swapcontext(&current->context, &machine);
#else
    if (_setjmp(current->at) == 0)
        _longjmp(machine_at, 1);
#endif
}

/** A fibre lives on: it runs one body after the other. */
void fibre_main()
{
    for (;;) {
        (*body_to_run)();
        current->busy = false;
        leave_fibre();
    }
}

void start_fibre(fibre *f)
{
    f->stack.reset(new char[STACK_BYTES]);
    getcontext(&f->context);
    f->context.uc_stack.ss_sp = f->stack.get();
    f->context.uc_stack.ss_size = STACK_BYTES;
    f->context.uc_link = NULL;
    makecontext(&f->context, fibre_main, 0);
    f->started = true;
}

void enter_fibre(fibre *f)
{
    bool fresh = !f->started;
    current = f;
    if (fresh)
        start_fibre(f);
#if defined(EMULATED_SANITIZED)
    swapcontext(&machine, &f->context);
#else
    if (_setjmp(machine_at) == 0) {
        if (fresh)
            setcontext(&f->context);
        else
            _longjmp(f->at, 1);
    }
#endif
    current = NULL;
}

/** What the threads said at a barrier. They answer it while the next one is being reached already,
 *  so there are two, in turn. */
int votes[2];
unsigned n_barriers;

/** All threads of the block to the next barrier or their end; true while there is more. */
bool run_to_barrier(int threads, bool reverse)
{
    bool more = false;
    votes[++n_barriers % 2] = 0;
    for (int i = 0; i < threads; i++) {
        int t = reverse ? threads - 1 - i : i;
        if (!fibres[t].busy)
            continue;
        threadIdx = emulated_index{(unsigned)t, 0, 0};
        enter_fibre(&fibres[t]);
        more = more || fibres[t].busy;
    }
    return more;
}

void run_kernel(dim3 grid, int threads, const std::function<void()> &body)
{
    bool reverse = setting("reverse") >= 0;
    if (threads < 1 || threads > MAX_THREADS || grid.x < 1 || grid.y < 1 || grid.z < 1 ||
        grid.y > 65535 || grid.z > 65535)
        misuse("a grid that CUDA would refuse");
    body_to_run = &body;
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                blockIdx = emulated_index{x, y, z};
                for (int t = 0; t < threads; t++)
                    fibres[t].busy = true;
                while (run_to_barrier(threads, reverse))
                    ;
            }
}
}  // namespace

void __syncthreads()
{
    emulated_index mine = threadIdx;
    leave_fibre();
    threadIdx = mine;
}

int __syncthreads_or(int mine)
{
    unsigned barrier = n_barriers % 2;
    votes[barrier] |= mine != 0;
    __syncthreads();
    return votes[barrier];
}

/* Streams: what is queued, with the events between them */

struct emulated_event {
    unsigned recorded, reached;  // how often, in the queue and in truth
};

struct emulated_stream {
    bool capturing;
};

namespace
{
enum op_kind { WORK, RECORD, WAIT };
struct op {
    op_kind kind;
    cudaStream_t stream;
    std::function<void()> work;
    cudaEvent_t event;
    unsigned ticket;
};

std::vector<op> pending;              // not done yet
std::vector<op> *captured;            // where a capture collects, or NULL
std::vector<cudaStream_t> capturers;  // streams that take part in it
long n_calls;
bool lost;
cudaError_t last_error;
size_t bytes_in_use;

/** Streams in the order of their first work. */
std::vector<cudaStream_t> streams_of(const std::vector<op> &ops, bool reverse)
{
    std::vector<cudaStream_t> streams;
    for (const op &o : ops) {
        bool known = false;
        for (cudaStream_t s : streams)
            known = known || s == o.stream;
        if (!known)
            streams.insert(reverse ? streams.begin() : streams.end(), o.stream);
    }
    return streams;
}

/** The first operation of a queue, unless it waits for what is still to come. */
const op *next_op(const std::deque<const op *> &queue)
{
    if (queue.empty())
        return NULL;
    const op *o = queue.front();
    return o->kind == WAIT && o->event->reached < o->ticket ? NULL : o;
}

void do_op(const op *o)
{
    if (o->kind == WORK)
        o->work();
    else if (o->kind == RECORD)
        o->event->reached = o->ticket;
}

/** Do everything, at each moment for the first stream that can continue: what lacks a wait is done
 * too early in one order of the streams or too late in the other. */
void run_all(const std::vector<op> &ops)
{
    std::vector<std::deque<const op *>> queues;
    for (cudaStream_t s : streams_of(ops, setting("reverse") >= 0)) {
        queues.emplace_back();
        for (const op &o : ops)
            if (o.stream == s)
                queues.back().push_back(&o);
    }
    for (size_t done = 0; done < ops.size(); done++) {
        size_t i = 0;
        while (i < queues.size() && !next_op(queues[i]))
            i++;
        if (i == queues.size())
            misuse("streams that wait for each other");
        const op *o = next_op(queues[i]);
        queues[i].pop_front();
        do_op(o);
    }
}

void flush()
{
    if (captured)
        misuse("waiting while a graph is captured");
    std::vector<op> ops;
    ops.swap(pending);
    run_all(ops);
}

/** What a call gives back: an error that sticks, once the device is lost. */
cudaError_t call()
{
    long when = setting("lost");
    lost = lost || (when >= 0 && ++n_calls >= when);
    return lost ? cudaErrorIllegalAddress : cudaSuccess;
}

cudaError_t wait()
{
    flush();
    return call();
}

bool is_capturing(cudaStream_t s)
{
    for (cudaStream_t c : capturers)
        if (c == s)
            return true;
    return false;
}

void submit(op o)
{
    if (captured && is_capturing(o.stream)) {
        captured->push_back(o);
        return;
    }
    pending.push_back(o);
    if (setting("eager") >= 0)
        flush();
}

void submit_work(cudaStream_t s, std::function<void()> work)
{
    submit(op{WORK, s, std::move(work), NULL, 0});
}

cudaError_t allocate(void **p, size_t n)
{
    *p = malloc(n ? n : 1);
    if (!*p)
        return cudaErrorMemoryAllocation;
    memset(*p, 0xCB, n);
    return cudaSuccess;
}
}  // namespace

void emulated_launch(dim3 grid, int threads, cudaStream_t stream, std::function<void()> body)
{
    if (setting("no-image") >= 0)
        last_error = cudaErrorNoKernelImageForDevice;
    else if (setting("old-ptx") >= 0)
        last_error = cudaErrorUnsupportedPtxVersion;
    else if (call() == cudaSuccess)
        submit_work(stream, [grid, threads, body] { run_kernel(grid, threads, body); });
}

void nvcuda::wmma::emulated_check_matrix(const void *p, size_t row_bytes)
{
    if ((uintptr_t)p % 32 != 0 || row_bytes % 16 != 0)
        misuse("a matrix that is not aligned as the tensor cores want it");
}

const char *cudaGetErrorString(cudaError_t e)
{
    return e == cudaErrorIllegalAddress     ? "an illegal memory access was encountered"
           : e == cudaErrorMemoryAllocation ? "out of memory"
                                            : "emulated error";
}

cudaError_t cudaGetLastError()
{
    cudaError_t e = lost ? cudaErrorIllegalAddress : last_error;
    last_error = cudaSuccess;
    return e;
}

cudaError_t cudaGetDeviceCount(int *n)
{
    *n = 0;
    if (setting("no-driver") >= 0 || setting("old-driver") >= 0)
        return cudaErrorInsufficientDriver;
    if (setting("no-gpu") >= 0)
        return cudaErrorNoDevice;
    *n = 1;
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    *version = setting("no-driver") >= 0 ? 0 : setting("old-driver") >= 0 ? 11040 : 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int)
{
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *prop, int)
{
    snprintf(prop->name, sizeof(prop->name), "Emulated GPU");
    return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int)
{
    long capability = setting("capability");
    capability = capability < 0 ? 90 : capability;
    *value =
        (int)(attribute == cudaDevAttrComputeCapabilityMajor ? capability / 10 : capability % 10);
    return cudaSuccess;
}

cudaError_t cudaMemGetInfo(size_t *left, size_t *all)
{
    *all = (size_t)setting("memory");
    *left = *all - bytes_in_use;
    return cudaSuccess;
}

cudaError_t cudaMalloc(void **p, size_t n)
{
    long limit = setting("memory");
    if (limit >= 0 && bytes_in_use + n > (size_t)limit)
        return cudaErrorMemoryAllocation;
    bytes_in_use += n;
    return allocate(p, n);
}

cudaError_t cudaFree(void *p)
{
    flush();
    free(p);
    return cudaSuccess;
}

cudaError_t cudaMallocHost(void **p, size_t n)
{
    return allocate(p, n);
}

cudaError_t cudaFreeHost(void *p)
{
    return cudaFree(p);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, unsigned)
{
    *s = new emulated_stream();
    return cudaSuccess;
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *s, unsigned flags, int)
{
    return cudaStreamCreateWithFlags(s, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t s)
{
    flush();
    delete s;
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t)
{
    return wait();
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *e, unsigned)
{
    *e = new emulated_event();
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t e)
{
    flush();
    delete e;
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t e, cudaStream_t s)
{
    submit(op{RECORD, s, nullptr, e, ++e->recorded});
    return call();
}

/** A stream that waits for an event of a capture takes part in the capture from then on. */
cudaError_t cudaStreamWaitEvent(cudaStream_t s, cudaEvent_t e, unsigned)
{
    if (captured && !is_capturing(s))
        for (const op &o : *captured)
            if (o.kind == RECORD && o.event == e) {
                capturers.push_back(s);
                break;
            }
    submit(op{WAIT, s, nullptr, e, e->recorded});
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t e)
{
    return e->recorded == e->reached ? call() : wait();
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, cudaMemcpyKind, cudaStream_t s)
{
    if (call() != cudaSuccess)
        return cudaErrorIllegalAddress;
    submit_work(s, [to, from, n] { memcpy(to, from, n); });
    return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t s)
{
    if (call() != cudaSuccess)
        return cudaErrorIllegalAddress;
    submit_work(s, [to, value, n] { memset(to, value, n); });
    return cudaSuccess;
}

struct emulated_graph {
    std::vector<op> ops;
};

cudaError_t cudaStreamBeginCapture(cudaStream_t s, cudaStreamCaptureMode)
{
    captured = new std::vector<op>();
    capturers.assign(1, s);
    return cudaSuccess;
}

/** What was recorded must have come back to the stream: else CUDA calls it unjoined work. */
cudaError_t cudaStreamEndCapture(cudaStream_t s, cudaGraph_t *graph)
{
    cudaEvent_t last = NULL;
    for (size_t i = captured->size(); i-- > 0 && !last;)
        if ((*captured)[i].kind == WAIT && (*captured)[i].stream == s)
            last = (*captured)[i].event;
    for (size_t i = captured->size(); capturers.size() > 1 && i-- > 0;)
        if ((*captured)[i].stream != s) {
            if ((*captured)[i].kind != RECORD || (*captured)[i].event != last)
                misuse("a captured side stream that does not join");
            break;
        }
    *graph = new emulated_graph{std::move(*captured)};
    delete captured;
    captured = NULL;
    capturers.clear();
    return cudaSuccess;
}

cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *exec, cudaGraph_t graph,
                                          unsigned long long)
{
    *exec = new emulated_graph(*graph);
    return cudaSuccess;
}

/** Its events are the graph's own: they begin again with each launch. */
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t s)
{
    if (call() != cudaSuccess)
        return cudaErrorIllegalAddress;
    submit_work(s, [exec] {
        for (const op &o : exec->ops)
            if (o.kind == RECORD)
                o.event->reached = 0;
        run_all(exec->ops);
    });
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    delete graph;
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    flush();
    delete exec;
    return cudaSuccess;
}
