#include "record/json_lines.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "record/append_file.h"
#include "record/file_names.h"
#include "record/repair.h"

enum { LINE_FORMAT = JSON_COMPACT | JSON_REAL_PRECISION(15) };  // 0.1, not 0.10000000000000001

struct dq_json_lines {
    dq_append_file file;
    size_t n_damaged;  // lines, found when it was opened
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

/** Whether next_line() was false at the end of the file, not for want of memory for a line, which
 *  getline() tells by errno alone, or because the file cannot be read. */
static dq_status check_end(const line_reader *r, const char *path)
{
    return feof(r->file) ? DQ_OK : dq_fail_errno("read", path);
}

/* jansson aborts by an assertion when memory runs out in the middle of a number. So the parser gets
 * a reserve for that case: it ends in its own way, and what it made is thrown away. */
enum { RESERVE_BYTES = 1 << 15, BLOCK_BYTES = 16 };
static _Thread_local _Alignas(BLOCK_BYTES) unsigned char reserve[RESERVE_BYTES];
static _Thread_local size_t reserve_used;  // 0: no allocation failed yet
static _Thread_local json_malloc_t usual_malloc;
static _Thread_local json_free_t usual_free;

static void *allocate(size_t n)
{
    void *memory = usual_malloc(n);
    size_t whole = (n + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    if (memory || whole < n || whole > RESERVE_BYTES - reserve_used)
        return memory;
    reserve_used += whole;
    return reserve + reserve_used - whole;
}

static void release(void *memory)
{
    uintptr_t at = (uintptr_t)memory, first = (uintptr_t)reserve;
    if (at < first || at >= first + RESERVE_BYTES)
        usual_free(memory);
}

dq_status dq_json_parse(json_t **value, const void *bytes, size_t n, size_t flags)
{
    json_get_alloc_funcs(&usual_malloc, &usual_free);
    json_set_alloc_funcs(allocate, release);
    reserve_used = 0;
    errno = 0;
    *value = json_loadb(bytes, n, flags, NULL);
    bool failed = reserve_used > 0 || (!*value && errno == ENOMEM);
    if (failed) {
        json_decref(*value);
        *value = NULL;
    }
    json_set_alloc_funcs(usual_malloc, usual_free);
    return failed ? dq_fail(DQ_ERR_NOMEM, "no memory for %zu bytes of JSON", n) : DQ_OK;
}

/** The JSON object that a line has; NULL when it has none. */
static dq_status parse_line(const line_reader *r, json_t **object)
{
    DQ_TRY(dq_json_parse(object, r->line, r->n_bytes, 0));
    if (*object && !json_is_object(*object)) {
        json_decref(*object);
        *object = NULL;
    }
    return DQ_OK;
}

static bool is_later(const json_t *object, const char *key, int64_t last)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) && json_integer_value(value) > last;
}

/** Judge every line. A file that is missing has none. */
static void look_at_lines(dq_repair *repair, const char *path, const char *key, int64_t last)
{
    line_reader r = {.file = fopen(path, "rbe")};
    if (!r.file) {
        repair->status = errno == ENOENT ? DQ_OK : dq_fail_errno("open", path);
        return;
    }
    json_t *object;
    while (repair->status == DQ_OK && next_line(&r)) {
        if ((repair->status = parse_line(&r, &object)) != DQ_OK)
            break;
        dq_repair_add(repair,
                      !object                       ? DQ_PIECE_DAMAGED
                      : is_later(object, key, last) ? DQ_PIECE_LATER
                                                    : DQ_PIECE_KEPT,
                      r.n_bytes);
        json_decref(object);
    }
    if (repair->status == DQ_OK)
        repair->status = check_end(&r, path);
    free(r.line);
    fclose(r.file);
}

dq_status dq_json_lines_open(dq_json_lines **out, const char *path, const char *key, int64_t last)
{
    char aside[DQ_PATH_CAP];
    size_t end;
    dq_repair repair = {.n = 0};
    *out = NULL;
    DQ_TRY(dq_path_format(aside, sizeof(aside), "%s.damaged", path));
    DQ_TRY(dq_plain_check(path));
    dq_json_lines *log = calloc(1, sizeof(*log));
    if (!log)
        return dq_fail(DQ_ERR_NOMEM, "no memory to open %s", path);
    log->file.fd = -1;
    look_at_lines(&repair, path, key, last);
    dq_status st = dq_repair_finish(&repair, path, aside, &end, &log->n_damaged);
    if (st == DQ_OK)
        st = dq_append_open(&log->file, path, (off_t)end);
    if (st == DQ_OK)
        *out = log;
    else
        dq_json_lines_close(log);
    return st;
}

size_t dq_json_lines_damaged(const dq_json_lines *log)
{
    return log->n_damaged;
}

dq_status dq_json_lines_append(dq_json_lines *log, json_t *object)
{
    if (object && !json_is_object(object)) {
        json_decref(object);
        return dq_fail(DQ_ERR_CONFIG, "a line for %s is not a JSON object", log->file.path);
    }
    char *line = json_dumps(object, LINE_FORMAT);
    json_decref(object);
    if (!line)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a line of %s", log->file.path);
    size_t n = strlen(line);
    line[n] = '\n';  // in place of the zero
    dq_status st = dq_append_put(&log->file, line, n + 1);
    free(line);
    return st == DQ_OK ? dq_append_flush(&log->file) : st;
}

dq_status dq_json_lines_flush(dq_json_lines *log)
{
    return dq_append_flush(&log->file);
}

dq_status dq_json_lines_sync(dq_json_lines *log)
{
    return dq_append_sync(&log->file);
}

dq_status dq_json_lines_close(dq_json_lines *log)
{
    if (!log)
        return DQ_OK;
    dq_status st = dq_append_close(&log->file);
    free(log);
    return st;
}

dq_status dq_json_lines_read(const char *path, dq_json_line_fn *fn, void *ctx, size_t *n_damaged)
{
    if (n_damaged)
        *n_damaged = 0;
    line_reader r = {.file = fopen(path, "rbe")};
    if (!r.file)
        return dq_fail_errno("open", path);
    dq_status st = DQ_OK;
    while (st == DQ_OK && next_line(&r)) {
        json_t *object;
        if ((st = parse_line(&r, &object)) != DQ_OK)
            break;
        if (object)
            st = fn(ctx, object);
        else if (n_damaged)
            ++*n_damaged;
        else
            st = dq_fail(DQ_ERR_INPUT, "%s:%zu: this is not a JSON object", path, r.number);
        json_decref(object);
    }
    if (st == DQ_OK)
        st = check_end(&r, path);
    free(r.line);
    fclose(r.file);
    return st;
}

json_t *dq_json_real(double number)
{
    return isfinite(number) ? json_real(number) : json_null();
}

/** Bytes of the character in UTF-8 that `c` begins with; 0: none. */
static size_t character_bytes(const unsigned char *c)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = c[0] < 0x80 ? 1 : c[0] >> 5 == 6 ? 2 : c[0] >> 4 == 14 ? 3 : c[0] >> 3 == 30 ? 4 : 0;
    uint32_t code = c[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if (c[i] >> 6 != 2)
            return 0;
        code = code << 6 | (c[i] & 0x3F);
    }
    if (n <= 1)
        return n;
    return code >= least[n] && code <= 0x10FFFF && code >> 11 != 0x1B ? n : 0;
}

json_t *dq_json_text(const char *text)
{
    static const char unknown[] = "\xef\xbf\xbd";
    char *valid = malloc(3 * strlen(text) + 1), *to = valid;
    if (!valid)
        return NULL;
    while (*text) {
        size_t n = character_bytes((const unsigned char *)text);
        size_t n_to = n ? n : sizeof(unknown) - 1;
        memcpy(to, n ? text : unknown, n_to);
        to += n_to;
        text += n ? n : 1;
    }
    *to = '\0';
    json_t *string = json_string(valid);
    free(valid);
    return string;
}
