#include "record/repair.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/append_file.h"
#include "record/file_names.h"

typedef struct dq_repair_run {
    dq_verdict verdict;
    size_t n_bytes, n_pieces;
} repair_run;

void dq_repair_add(dq_repair *r, dq_verdict verdict, size_t n_bytes)
{
    if (r->n > 0 && r->runs[r->n - 1].verdict == verdict) {
        r->runs[r->n - 1].n_bytes += n_bytes;
        r->runs[r->n - 1].n_pieces++;
        return;
    }
    if (r->n == r->cap) {
        size_t cap = r->cap ? 2 * r->cap : 16;
        repair_run *runs = realloc(r->runs, cap * sizeof(*runs));
        if (!runs) {
            r->status = dq_fail(DQ_ERR_NOMEM, "no memory to look at a record");
            return;
        }
        r->runs = runs;
        r->cap = cap;
    }
    r->runs[r->n++] = (repair_run){verdict, n_bytes, 1};
}

/** A record only ever grows: what says that it is later, before one that is not, is wrong. */
static void judge_order(dq_repair *r)
{
    size_t n_before = r->n;
    while (n_before > 0 && r->runs[n_before - 1].verdict != DQ_PIECE_KEPT)
        n_before--;
    for (size_t i = 0; i < n_before; i++)
        if (r->runs[i].verdict == DQ_PIECE_LATER)
            r->runs[i].verdict = DQ_PIECE_DAMAGED;
}

static size_t sum(const dq_repair *r, dq_verdict verdict, size_t *n_pieces)
{
    size_t n_bytes = 0;
    *n_pieces = 0;
    for (size_t i = 0; i < r->n; i++)
        if (r->runs[i].verdict == verdict) {
            n_bytes += r->runs[i].n_bytes;
            *n_pieces += r->runs[i].n_pieces;
        }
    return n_bytes;
}

/** The parts with one verdict, to `put`. */
static dq_status copy_parts(const dq_repair *r, const char *path, dq_verdict verdict,
                            dq_status (*put)(void *to, const void *bytes, size_t n), void *to)
{
    unsigned char piece[1 << 14];
    FILE *from = fopen(path, "rbe");
    if (!from)
        return dq_fail_errno("open", path);
    dq_status st = DQ_OK;
    for (size_t i = 0; i < r->n && st == DQ_OK; i++)
        for (size_t left = r->runs[i].n_bytes, n; left > 0 && st == DQ_OK; left -= n) {
            n = left < sizeof(piece) ? left : sizeof(piece);
            if (fread(piece, 1, n, from) != n)
                st = dq_fail(DQ_ERR_IO, "cannot read %s: it became shorter", path);
            else if (r->runs[i].verdict == verdict)
                st = put(to, piece, n);
        }
    fclose(from);
    return st;
}

static dq_status put_aside(void *to, const void *bytes, size_t n)
{
    DQ_TRY(dq_append_put(to, bytes, n));
    return dq_append_flush(to);
}

static dq_status put_kept(void *to, const void *bytes, size_t n)
{
    return dq_write(to, bytes, n);
}

static dq_status set_aside(const dq_repair *r, const char *path, const char *aside)
{
    dq_append_file to;
    dq_status st = dq_append_open(&to, aside, DQ_APPEND_WHOLE);
    if (st == DQ_OK)
        st = copy_parts(r, path, DQ_PIECE_DAMAGED, put_aside, &to);
    if (st == DQ_OK)
        st = dq_append_sync(&to);
    dq_status closed = dq_append_close(&to);
    return dq_first_failure(st, closed);
}

static dq_status keep_rest(const dq_repair *r, const char *path)
{
    dq_writer *w;
    DQ_TRY(dq_file_writer_create(&w, path));
    dq_status st = copy_parts(r, path, DQ_PIECE_KEPT, put_kept, w);
    if (st == DQ_OK)
        return dq_file_commit(w, false);
    dq_file_abandon(w);
    return st;
}

dq_status dq_repair_finish(dq_repair *r, const char *path, const char *aside, size_t *end,
                           size_t *n_damaged)
{
    size_t n_kept;
    dq_status st = r->status;
    judge_order(r);
    *end = sum(r, DQ_PIECE_KEPT, &n_kept);
    (void)sum(r, DQ_PIECE_DAMAGED, n_damaged);
    if (st == DQ_OK && *n_damaged > 0) {
        st = set_aside(r, path, aside);
        if (st == DQ_OK)
            st = keep_rest(r, path);
    }
    free(r->runs);
    *r = (dq_repair){.n = 0};
    return st;
}

size_t dq_repair_drop(dq_repair *r)
{
    size_t n_damaged;
    judge_order(r);
    (void)sum(r, DQ_PIECE_DAMAGED, &n_damaged);
    free(r->runs);
    *r = (dq_repair){.status = r->status};
    return n_damaged;
}
