#include "record/json_lines.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "record/file_names.h"

enum { LINE_FORMAT = JSON_COMPACT | JSON_REAL_PRECISION(15) };  // 0.1, not 0.10000000000000001

struct dq_json_lines {
    int fd;
    off_t end;  // after the last whole line
    char *path;
};

/** The lines of a file, one after the other. */
typedef struct line_reader {
    FILE *file;
    char *line;
    size_t cap;
    size_t n_bytes;  // of the line, its newline included
    size_t number;   // of the line, from 1
} line_reader;

/** The next line; false at the end, or before a line without a newline. */
static bool next_line(line_reader *r)
{
    ssize_t n = getline(&r->line, &r->cap, r->file);
    if (n <= 0 || r->line[n - 1] != '\n')
        return false;
    r->n_bytes = (size_t)n;
    r->number++;
    return true;
}

/** The object in a line, NULL when there is none. */
static json_t *parse_line(const line_reader *r)
{
    json_t *object = json_loadb(r->line, r->n_bytes, 0, NULL);
    if (object && !json_is_object(object)) {
        json_decref(object);
        object = NULL;
    }
    return object;
}

static bool is_later(const json_t *object, const char *key, int64_t last)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) > last;
}

/** Where the lines to be kept end. */
static dq_status find_end(const char *path, const char *key, int64_t last, off_t *end)
{
    *end = 0;
    line_reader r = {.file = fopen(path, "rbe")};
    if (!r.file)
        return errno == ENOENT ? DQ_OK : dq_fail_errno("open", path);
    while (next_line(&r)) {
        json_t *object = parse_line(&r);
        bool keep = object && !is_later(object, key, last);
        json_decref(object);
        if (!keep)
            break;
        *end += (off_t)r.n_bytes;
    }
    dq_status st = ferror(r.file) ? dq_fail_errno("read", path) : DQ_OK;
    free(r.line);
    fclose(r.file);
    return st;
}

dq_status dq_json_lines_open(dq_json_lines **out, const char *path, const char *key, int64_t last)
{
    *out = NULL;
    dq_json_lines *log = calloc(1, sizeof(*log));
    char *copy = strdup(path);
    if (!log || !copy) {
        free(log);
        free(copy);
        return dq_fail(DQ_ERR_NOMEM, "no memory to open %s", path);
    }
    *log = (dq_json_lines){.fd = -1, .path = copy};
    dq_status st = dq_plain_open_append(path, &log->fd);
    if (st == DQ_OK)
        st = find_end(path, key, last, &log->end);
    if (st == DQ_OK && ftruncate(log->fd, log->end) != 0)
        st = dq_fail_errno("cut", path);
    if (st == DQ_OK)
        *out = log;
    else
        dq_json_lines_close(log);
    return st;
}

/** Write a line whole or, as far as the file system lets us, not at all. */
static dq_status write_line(dq_json_lines *log, const char *line, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = write(log->fd, line + at, n - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            dq_status st = dq_fail_errno("write", log->path);
            return ftruncate(log->fd, log->end) == 0
                       ? st
                       : dq_fail_errno("write and then cut", log->path);
        }
        at += (size_t)got;
    }
    log->end += (off_t)n;
    return DQ_OK;
}

dq_status dq_json_lines_append(dq_json_lines *log, json_t *object)
{
    char *line = json_is_object(object) ? json_dumps(object, LINE_FORMAT) : NULL;
    json_decref(object);
    if (!line)
        return dq_fail(DQ_ERR_CONFIG, "a line for %s is no JSON object", log->path);
    size_t n = strlen(line);
    line[n] = '\n';  // in place of the zero: one write for line and newline
    dq_status st = write_line(log, line, n + 1);
    free(line);
    return st;
}

dq_status dq_json_lines_close(dq_json_lines *log)
{
    if (!log)
        return DQ_OK;
    dq_status st = DQ_OK;
    if (log->fd >= 0 && close(log->fd) != 0)
        st = dq_fail_errno("close", log->path);
    free(log->path);
    free(log);
    return st;
}

dq_status dq_json_lines_read(const char *path, dq_json_line_fn *fn, void *ctx)
{
    line_reader r = {.file = fopen(path, "rbe")};
    if (!r.file)
        return dq_fail_errno("open", path);
    dq_status st = DQ_OK;
    while (st == DQ_OK && next_line(&r)) {
        json_t *object = parse_line(&r);
        if (object)
            st = fn(ctx, object);
        else
            st = dq_fail(DQ_ERR_INPUT, "%s:%zu: this is no JSON object", path, r.number);
        json_decref(object);
    }
    if (st == DQ_OK && ferror(r.file))
        st = dq_fail_errno("read", path);
    free(r.line);
    fclose(r.file);
    return st;
}

json_t *dq_json_real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}
