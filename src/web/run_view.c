#include "web/run_view.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "record/config_file.h"
#include "record/run_folder.h"

enum { MAX_COLUMNS = 32, KEY_BYTES = 32, TAIL_BYTES = 128, BLOCK_BYTES = 1 << 16 };
enum { BLOCKS_AT_ONCE = 64, GAMES_AT_ONCE = 4000 };

typedef struct column {
    char key[KEY_BYTES];
    double *value;  // [cap]; NAN: the game has none
} column;

struct dq_run_view {
    char dir[DQ_PATH_CAP];
    int64_t generation;
    column columns[MAX_COLUMNS];
    size_t n_columns, n_games, cap;
    off_t end;              // of the lines that were read
    char tail[TAIL_BYTES];  // the last bytes before that: other ones mean another log
    size_t n_tail;
    struct stat seen;  // the log when it was read to its end
};

/* ---------------------------------------------------------------- the folder */

static bool path_in(const dq_run_view *v, const char *name, char path[DQ_PATH_CAP])
{
    return dq_path_format(path, DQ_PATH_CAP, "%s/%s", v->dir, name) == DQ_OK;
}

bool dq_run_view_exists(const dq_run_view *v)
{
    char path[DQ_PATH_CAP];
    struct stat st;
    return path_in(v, DQ_RUN_CONFIG, path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

dq_status dq_run_view_create(dq_run_view **out, const char *dir)
{
    struct stat st;
    dq_run_view *v = *out = calloc(1, sizeof(*v));
    if (!v)
        return dq_fail(DQ_ERR_NOMEM, "no memory to view a run");
    dq_status status = dq_path_format(v->dir, sizeof(v->dir), "%s", dir);
    for (size_t n = strlen(v->dir); n > 1 && v->dir[n - 1] == '/'; n--)
        v->dir[n - 1] = '\0';
    if (status == DQ_OK && stat(v->dir, &st) == 0 && !S_ISDIR(st.st_mode))
        status = dq_fail(DQ_ERR_INPUT, "%s is no folder: name the folder of a run", dir);
    else if (status == DQ_OK && access(v->dir, F_OK) == 0 && !dq_run_view_exists(v))
        status =
            dq_fail(DQ_ERR_INPUT, "%s: there is no run in this folder (no " DQ_RUN_CONFIG ")", dir);
    if (status == DQ_OK)
        return DQ_OK;
    dq_run_view_destroy(v);
    *out = NULL;
    return status;
}

void dq_run_view_destroy(dq_run_view *v)
{
    if (!v)
        return;
    for (size_t i = 0; i < v->n_columns; i++)
        free(v->columns[i].value);
    free(v);
}

const char *dq_run_view_dir(const dq_run_view *v)
{
    return v->dir;
}

int64_t dq_run_view_generation(const dq_run_view *v)
{
    return v->generation;
}

size_t dq_run_view_games(const dq_run_view *v)
{
    return v->n_games;
}

/* ---------------------------------------------------------------- a line of the log */

/** Room for another game in every column. */
static bool make_room(dq_run_view *v)
{
    if (v->n_games < v->cap)
        return true;
    size_t cap = v->cap ? 2 * v->cap : 256;
    for (size_t i = 0; i < v->n_columns; i++) {
        double *value = realloc(v->columns[i].value, cap * sizeof(*value));
        if (!value)
            return false;
        v->columns[i].value = value;
    }
    v->cap = cap;
    return true;
}

/** The column of a key, which is added when it is new; NULL when there is no room for it. */
static column *column_of(dq_run_view *v, const char *key, size_t n)
{
    for (size_t i = 0; i < v->n_columns; i++)
        if (strncmp(v->columns[i].key, key, n) == 0 && v->columns[i].key[n] == '\0')
            return &v->columns[i];
    if (v->n_columns == MAX_COLUMNS)
        return NULL;
    column *c = &v->columns[v->n_columns];
    c->value = malloc(v->cap * sizeof(*c->value));
    if (!c->value)
        return NULL;
    snprintf(c->key, sizeof(c->key), "%.*s", (int)n, key);
    for (size_t i = 0; i <= v->n_games; i++)
        c->value[i] = NAN;
    v->n_columns++;
    return c;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r");
}

/** @return what is behind a text, NULL where it does not end */
static const char *skip_text(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        p += *p == '\\' && p[1];
    return *p ? p + 1 : NULL;
}

/** The same of a list or an object. */
static const char *skip_nested(const char *p)
{
    int depth = 0;
    do {
        depth += (*p == '[' || *p == '{') - (*p == ']' || *p == '}');
        p = *p == '"' ? skip_text(p) : p + 1;
    } while (p && *p && depth > 0);
    return depth == 0 ? p : NULL;
}

/** A number; what is none is NAN. @return what is behind it, NULL when it is no value at all */
static const char *read_value(const char *p, double *value)
{
    char *end;
    *value = NAN;
    if (strncmp(p, "null", 4) == 0 || strncmp(p, "true", 4) == 0)
        return p + 4;
    if (strncmp(p, "false", 5) == 0)
        return p + 5;
    if (*p == '"')
        return skip_text(p);
    if (*p == '[' || *p == '{')
        return skip_nested(p);
    if (*p != '-' && (*p < '0' || *p > '9'))
        return NULL;
    *value = strtod(p, &end);
    return end;
}

/** Take one object with numbers, as train_log.c writes them. Not by jansson: its allocator cannot
 * be that of dq_json_parse() while the trainer's thread uses jansson, too.
 *  @return false for a line that is none: it is left out */
static bool take_line(dq_run_view *v, const char *p)
{
    if (!make_room(v))
        return false;
    for (size_t i = 0; i < v->n_columns; i++)
        v->columns[i].value[v->n_games] = NAN;
    p = skip_blanks(p);
    do {  // behind the brace, or a comma
        double value;
        if (*p != '{' && *p != ',')
            return false;
        p = skip_blanks(p + 1);
        size_t n = *p == '"' ? strcspn(p + 1, "\"\\") : KEY_BYTES;
        if (n >= KEY_BYTES || p[n + 1] != '"')
            return false;
        const char *key = p + 1;
        p = skip_blanks(p + n + 2);
        if (*p != ':' || !(p = read_value(skip_blanks(p + 1), &value)))
            return false;
        column *c = column_of(v, key, n);
        if (c)
            c->value[v->n_games] = value;
        p = skip_blanks(p);
    } while (*p != '}');
    if (*skip_blanks(p + 1) != '\0')
        return false;
    v->n_games++;
    return true;
}

/* ---------------------------------------------------------------- reading on */

static void forget(dq_run_view *v)
{
    v->generation += v->n_games > 0 || v->end > 0;
    for (size_t i = 0; i < v->n_columns; i++)
        free(v->columns[i].value);
    v->n_columns = v->n_games = v->cap = 0;
    v->end = 0;
    v->n_tail = 0;
    v->seen = (struct stat){.st_size = 0};
}

/** Whether the lines that were read are still there. */
static bool is_same_log(const dq_run_view *v, int fd)
{
    char tail[TAIL_BYTES];
    ssize_t n = pread(fd, tail, v->n_tail, v->end - (off_t)v->n_tail);
    return n == (ssize_t)v->n_tail && memcmp(tail, v->tail, v->n_tail) == 0;
}

static void keep_tail(dq_run_view *v, const char *bytes, size_t n)
{
    v->end += (off_t)n;
    if (n > TAIL_BYTES) {
        bytes += n - TAIL_BYTES;
        n = TAIL_BYTES;
    }
    size_t kept = v->n_tail < TAIL_BYTES - n ? v->n_tail : TAIL_BYTES - n;
    memmove(v->tail, v->tail + v->n_tail - kept, kept);
    memcpy(v->tail + kept, bytes, n);
    v->n_tail = kept + n;
}

/** Take the whole lines of a block. @return their bytes */
static size_t take_lines(dq_run_view *v, char *block)
{
    char *line = block;
    for (char *newline; (newline = strchr(line, '\n')); line = newline + 1) {
        *newline = '\0';
        (void)take_line(v, line);
        *newline = '\n';
    }
    return (size_t)(line - block);
}

/** @return whether it was read to its end, but for a line that is not whole yet */
static bool read_on(dq_run_view *v, int fd)
{
    char block[BLOCK_BYTES + 1];
    for (int i = 0; i < BLOCKS_AT_ONCE; i++) {
        ssize_t n = pread(fd, block, BLOCK_BYTES, v->end);
        if (n <= 0)
            return n == 0;
        for (ssize_t k = 0; k < n; k++)  // zeros, which a crash may leave, are part of no line
            block[k] = (char)(block[k] ? block[k] : '?');
        block[n] = '\0';
        size_t taken = take_lines(v, block);
        if (taken == 0 && n < BLOCK_BYTES)
            return true;
        taken = taken ? taken : (size_t)n;  // a line so long is none of a run
        keep_tail(v, block, taken);
    }
    return false;
}

static bool is_unchanged(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

void dq_run_view_refresh(dq_run_view *v)
{
    char path[DQ_PATH_CAP];
    struct stat now;
    if (!path_in(v, DQ_RUN_LOG, path))
        return;
    if (stat(path, &now) != 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            forget(v);
        return;
    }
    if (!S_ISREG(now.st_mode) || is_unchanged(&now, &v->seen))
        return;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return;
    if (now.st_size < v->end || !is_same_log(v, fd))
        forget(v);
    if (read_on(v, fd))
        v->seen = now;
    close(fd);
}

/* ---------------------------------------------------------------- as JSON */

void dq_run_view_write_games(const dq_run_view *v, size_t from, dq_web_text *t)
{
    size_t begin = from < v->n_games ? from : v->n_games;
    size_t end = v->n_games - begin > GAMES_AT_ONCE ? begin + GAMES_AT_ONCE : v->n_games;
    dq_web_text_add(t, "{\"generation\":%lld,\"from\":%zu,\"games\":%zu,\"columns\":{",
                    (long long)v->generation, begin, v->n_games);
    for (size_t i = 0; i < v->n_columns; i++) {
        dq_web_text_add(t, "%s", i ? "," : "");
        dq_web_text_string(t, v->columns[i].key);
        for (size_t k = begin; k < end; k++) {
            dq_web_text_add(t, "%s", k == begin ? ":[" : ",");
            dq_web_text_number(t, v->columns[i].value[k]);
        }
        dq_web_text_add(t, "%s", begin == end ? ":[]" : "]");
    }
    dq_web_text_add(t, "}}");
}

typedef struct pair_writer {
    dq_web_text *to;
    bool is_first;
} pair_writer;

static dq_status write_pair(void *ctx, const char *key, const char *value)
{
    pair_writer *w = ctx;
    dq_web_text_add(w->to, "%s", w->is_first ? "" : ",");
    w->is_first = false;
    dq_web_text_string(w->to, key);
    dq_web_text_add(w->to, ":");
    dq_web_text_string(w->to, value);
    return DQ_OK;
}

void dq_run_view_write_settings(const dq_run_view *v, dq_web_text *t)
{
    char path[DQ_PATH_CAP];
    pair_writer w = {t, true};
    dq_web_text_add(t, "{\"settings\":{");
    if (path_in(v, DQ_RUN_CONFIG, path))
        (void)!dq_config_read(path, write_pair, &w);  // of a damaged one, what comes before that
    dq_web_text_add(t, "}}");
}
