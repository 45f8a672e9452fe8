#include "record/file_queue.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"

/** A job in one of the queue's two lists. */
typedef struct entry {
    struct entry *next;
    dq_file_job job;
    dq_file_done done;
} entry;

typedef struct list {
    entry *first, **end;
} list;

struct dq_file_queue {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t given, finished;
    list waiting, done;
    bool is_running;  // the thread
    bool is_writing;
    bool quit;
    bool failed;  // a file, which was not told yet
    char message[sizeof(((dq_file_done *)0)->message)];
    size_t bytes;
};

static void push(list *l, entry *e)
{
    e->next = NULL;
    *l->end = e;
    l->end = &e->next;
}

static entry *pop(list *l)
{
    entry *e = l->first;
    if (e)
        l->first = e->next;
    if (!l->first)
        l->end = &l->first;
    return e;
}

static size_t bytes_of(const dq_file_job *job)
{
    size_t n;
    (void)dq_writer_bytes(job->bytes, &n);
    return n;
}

/* ---------------------------------------------------------------- the thread */

/** One that cannot be synced keeps no other from being written. */
static void sync_file(const char *path)
{
    int fd = *path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0)
        return;
    (void)fdatasync(fd);
    close(fd);
}

static dq_status write_file(const dq_file_job *job)
{
    size_t n;
    const void *bytes = dq_writer_bytes(job->bytes, &n);
    dq_writer *w;
    for (int i = 0; i < DQ_QUEUE_SYNCED; i++)
        sync_file(job->synced[i]);
    DQ_TRY(dq_file_writer_create(&w, job->path));
    dq_write(w, bytes, n);  // a failure is the commit's
    return *job->before ? dq_file_commit_keeping(w, true, job->before) : dq_file_commit(w, true);
}

/** With the mutex held before and after. */
static void do_first(dq_file_queue *q)
{
    entry *e = pop(&q->waiting);
    size_t n = bytes_of(&e->job);
    bool skipped = e->job.is_last && q->failed;
    q->is_writing = true;
    pthread_mutex_unlock(&q->mutex);
    e->done = (dq_file_done){.id = e->job.id, .is_last = e->job.is_last};
    if (!skipped)
        e->done.status = write_file(&e->job);
    if (!skipped && e->done.status != DQ_OK)
        snprintf(e->done.message, sizeof(e->done.message), "%s", dq_errmsg());
    if (!e->job.is_last)
        dq_writer_destroy(e->job.bytes);
    pthread_mutex_lock(&q->mutex);
    if (skipped) {
        e->done.status = DQ_ERR_IO;
        memcpy(e->done.message, q->message, sizeof(q->message));
    } else if (e->done.status != DQ_OK) {
        q->failed = true;
        memcpy(q->message, e->done.message, sizeof(q->message));
    }
    q->bytes -= n;
    q->is_writing = false;
    push(&q->done, e);
    pthread_cond_signal(&q->finished);
}

static void *write_files(void *arg)
{
    dq_file_queue *q = arg;
    pthread_mutex_lock(&q->mutex);
    for (;;) {
        while (!q->waiting.first && !q->quit)
            pthread_cond_wait(&q->given, &q->mutex);
        if (!q->waiting.first)
            break;
        do_first(q);
    }
    pthread_mutex_unlock(&q->mutex);
    return NULL;
}

/* ---------------------------------------------------------------- the caller's side */

/** The thread is started with the first file. */
static dq_status start_thread(dq_file_queue *q)
{
    if (!q->is_running)
        q->is_running = pthread_create(&q->thread, NULL, write_files, q) == 0;
    return q->is_running ? DQ_OK
                         : dq_fail(DQ_ERR_NOMEM, "no memory for a thread that writes checkpoints");
}

dq_status dq_file_queue_create(dq_file_queue **out)
{
    *out = NULL;
    dq_file_queue *q = calloc(1, sizeof(*q));
    if (!q)
        return dq_fail(DQ_ERR_NOMEM, "no memory to write checkpoints");
    q->waiting.end = &q->waiting.first;
    q->done.end = &q->done.first;
    pthread_mutex_init(&q->mutex, NULL);
    pthread_cond_init(&q->given, NULL);
    pthread_cond_init(&q->finished, NULL);
    *out = q;
    return DQ_OK;
}

void dq_file_queue_destroy(dq_file_queue *q)
{
    if (!q)
        return;
    pthread_mutex_lock(&q->mutex);
    q->quit = true;
    pthread_cond_signal(&q->given);
    pthread_mutex_unlock(&q->mutex);
    if (q->is_running)
        pthread_join(q->thread, NULL);
    for (entry *e; (e = pop(&q->done));)
        free(e);
    pthread_mutex_destroy(&q->mutex);
    pthread_cond_destroy(&q->given);
    pthread_cond_destroy(&q->finished);
    free(q);
}

dq_status dq_file_queue_give(dq_file_queue *q, const dq_file_job *job)
{
    dq_status st = start_thread(q);
    entry *e = st == DQ_OK ? malloc(sizeof(*e)) : NULL;
    if (!e) {
        if (!job->is_last)
            dq_writer_destroy(job->bytes);
        return st != DQ_OK ? st : dq_fail(DQ_ERR_NOMEM, "no memory to write %s", job->path);
    }
    e->job = *job;
    pthread_mutex_lock(&q->mutex);
    q->bytes += bytes_of(job);
    push(&q->waiting, e);
    pthread_cond_signal(&q->given);
    pthread_mutex_unlock(&q->mutex);
    return DQ_OK;
}

bool dq_file_queue_done(dq_file_queue *q, bool wait, dq_file_done *done)
{
    pthread_mutex_lock(&q->mutex);
    while (wait && !q->done.first && (q->waiting.first || q->is_writing))
        pthread_cond_wait(&q->finished, &q->mutex);
    entry *e = pop(&q->done);
    if (!e)
        q->failed = false;  // all failures were told
    pthread_mutex_unlock(&q->mutex);
    if (e)
        *done = e->done;
    free(e);
    return e != NULL;
}

size_t dq_file_queue_bytes(dq_file_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    size_t n = q->bytes;
    pthread_mutex_unlock(&q->mutex);
    return n;
}
