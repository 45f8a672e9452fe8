#include "record/config_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/stream_internal.h"

enum { MAX_FILE_BYTES = 1 << 20, MAX_LINE_BYTES = 1 << 14 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/** Cut blanks off both ends, in place. */
static char *trim(char *text)
{
    while (is_blank(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && is_blank(text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

static char *find_comment(char *line)
{
    for (char *p = line; *p; p++)
        if (*p == '#' && (p == line || is_blank(p[-1])))
            return p;
    return NULL;
}

typedef struct reader {
    dq_config_pair_fn *pair;
    dq_config_section_fn *section;  // NULL: the file has none
    void *ctx;
} reader;

/** A line that begins with a bracket. */
static dq_status parse_section(char *line, const reader *r)
{
    size_t n = strlen(line);
    if (line[n - 1] != ']')
        return dq_fail(DQ_ERR_INPUT, "\"%.60s\" is not `[name]`", line);
    line[n - 1] = '\0';
    char *name = trim(line + 1);
    if (!*name)
        return dq_fail(DQ_ERR_INPUT, "a name is missing between the brackets");
    return r->section(r->ctx, name);
}

static dq_status parse_line(char *line, const reader *r)
{
    char *comment = find_comment(line);
    if (comment)
        *comment = '\0';
    char *key = trim(line);
    if (!*key)
        return DQ_OK;
    if (r->section && *key == '[')
        return parse_section(key, r);
    char *equals = strchr(key, '=');
    if (!equals)
        return dq_fail(DQ_ERR_INPUT, "\"%.60s\" is not `key = value`", key);
    *equals = '\0';
    key = trim(key);
    if (!*key)
        return dq_fail(DQ_ERR_INPUT, "a key is missing before the =");
    return r->pair(r->ctx, key, trim(equals + 1));
}

dq_status dq_config_parse_sections(const char *bytes, size_t n, const char *name,
                                   dq_config_pair_fn *fn, dq_config_section_fn *section, void *ctx)
{
    const reader r = {fn, section, ctx};
    char line[MAX_LINE_BYTES];
    const char *end = bytes + n;
    for (size_t number = 1; bytes < end; number++) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        size_t length = (size_t)((newline ? newline : end) - bytes);
        dq_status st;
        if (length >= sizeof(line) || memchr(bytes, '\0', length)) {
            st = dq_fail(DQ_ERR_INPUT, "this is not a line of text");
        } else {
            memcpy(line, bytes, length);
            line[length] = '\0';
            st = parse_line(line, &r);
        }
        if (st != DQ_OK)
            return dq_fail_within(st, "%s:%zu", name, number);
        bytes += length + (newline ? 1 : 0);
    }
    return DQ_OK;
}

dq_status dq_config_parse(const char *bytes, size_t n, const char *name, dq_config_pair_fn *fn,
                          void *ctx)
{
    return dq_config_parse_sections(bytes, n, name, fn, NULL, ctx);
}

dq_status dq_config_read(const char *path, dq_config_pair_fn *fn, void *ctx)
{
    void *bytes;
    size_t n;
    DQ_TRY(dq_file_read(path, MAX_FILE_BYTES, &bytes, &n));
    dq_status st = dq_config_parse(bytes, n, path, fn, ctx);
    free(bytes);
    return st;
}

static dq_status write_text(dq_writer *w, const char *text)
{
    return dq_write(w, text, strlen(text));
}

static bool has_blank_ends(const char *text)
{
    size_t n = strlen(text);
    return n > 0 && (is_blank(text[0]) || is_blank(text[n - 1]));
}

dq_status dq_config_write_pair(dq_writer *w, const char *key, const char *value)
{
    if (!*key || strpbrk(key, " \t\r\n=#"))
        return w->status = dq_fail(DQ_ERR_CONFIG, "\"%s\" cannot be a key of a configuration", key);
    if (strchr(value, '\n') || has_blank_ends(value) || value[0] == '#' || strstr(value, " #") ||
        strstr(value, "\t#") || strstr(value, "\r#") || strlen(key) + strlen(value) > 8000)
        return w->status = dq_fail(DQ_ERR_CONFIG,
                                   "%s cannot be \"%s\" in a configuration: it would be read "
                                   "back as something else",
                                   key, value);
    write_text(w, key);
    write_text(w, *value ? " = " : " =");
    write_text(w, value);
    return write_text(w, "\n");
}

dq_status dq_config_write_comment(dq_writer *w, const char *text)
{
    if (strchr(text, '\n'))
        return w->status = dq_fail(DQ_ERR_CONFIG, "a comment has one line");
    write_text(w, "# ");
    write_text(w, text);
    return write_text(w, "\n");
}
