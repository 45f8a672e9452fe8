#include "app/setting_table.h"

#include <stdbool.h>
#include <string.h>

/** The line of a setting in a run's, up to its end; NULL: it has none. @param n bytes of the key */
static const char *line_of(const grouped_run *r, const char *key, size_t n)
{
    for (const char *line = r->settings; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line, key, n) == 0 && line[n] == ' ')
            return line;
    return NULL;
}

static bool is_same_line(const char *a, const char *b)
{
    return a == b || (a && b && strncmp(a, b, strcspn(a, "\n") + 1) == 0);
}

/** Whether not all variants have a setting the same. */
static bool differs(const run_groups *g, const char *key, size_t n)
{
    for (size_t v = 1; v < g->n_variants; v++)
        if (!is_same_line(line_of(run_groups_first(g, 0), key, n),
                          line_of(run_groups_first(g, v), key, n)))
            return true;
    return false;
}

/** Whether an earlier variant has that setting, which then has its row already. */
static bool is_told(const run_groups *g, size_t variant, const char *key, size_t n)
{
    for (size_t v = 0; v < variant; v++)
        if (line_of(run_groups_first(g, v), key, n))
            return true;
    return false;
}

static void write_row(FILE *to, const run_groups *g, const char *key, size_t n)
{
    fprintf(to, "| %.*s |", (int)n, key);
    for (size_t v = 0; v < g->n_variants; v++) {
        const char *line = line_of(run_groups_first(g, v), key, n);
        const char *value = line ? line + n + strlen(" = ") : "";
        fprintf(to, " %.*s |", (int)strcspn(value, "\n"), value);
    }
    fputc('\n', to);
}

void setting_table_write(FILE *to, const run_groups *g)
{
    bool has_head = false;
    for (size_t v = 0; v < g->n_variants; v++)
        for (const char *line = run_groups_first(g, v)->settings; *line;
             line = strchr(line, '\n') + 1) {
            size_t n = strcspn(line, " ");
            if (!differs(g, line, n) || is_told(g, v, line, n))
                continue;
            if (!has_head) {
                fprintf(to, "| setting |");
                for (size_t i = 0; i < g->n_variants; i++)
                    fprintf(to, " %s |", g->labels[i]);
                fprintf(to, "\n|---|");
                for (size_t i = 0; i < g->n_variants; i++)
                    fprintf(to, "---|");
                fputc('\n', to);
                has_head = true;
            }
            write_row(to, g, line, n);
        }
    if (has_head)
        fputc('\n', to);
}
