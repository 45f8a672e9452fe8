#include "env/lake_map.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "deepq/rng.h"
#include "deepq/toy_text.h"

enum { MAX_TRIES = 100000 };

const char *dq_frozen_lake_map(const char *name)
{
    if (strcmp(name, "4x4") == 0)
        return "SFFF\nFHFH\nFFFH\nHFFG\n";
    if (strcmp(name, "8x8") == 0)
        return "SFFFFFFF\nFFFFFFFF\nFFFHFFFF\nFFFFFHFF\nFFFHFFFF\nFHHFFFHF\nFHFFHFHF\nFFFHFFFG\n";
    return NULL;
}

static dq_status fail_letter(char c, int row, int column)
{
    if (isprint((unsigned char)c))
        return dq_fail(DQ_ERR_INPUT,
                       "map, row %d, column %d: '%c' is not a cell: use S (start), F (frozen), H "
                       "(hole) and G (goal)",
                       row + 1, column + 1, c);
    return dq_fail(
        DQ_ERR_INPUT,
        "map, row %d, column %d: byte %d is not a cell: use S (start), F (frozen), H (hole) "
        "and G (goal)",
        row + 1, column + 1, (unsigned char)c);
}

/** One row up to its end; adds its cells to the map and moves *text behind it. */
static dq_status parse_row(dq_lake_map *m, const char **text)
{
    int n = 0;
    const char *at = *text;
    for (; *at && *at != '\n' && *at != ','; at++) {
        if (*at == '\r' && at[1] == '\n')
            continue;
        if (!strchr("SFHG", *at))
            return fail_letter(*at, m->n_rows, n);
        if (n == DQ_LAKE_MAX_SIDE)
            return dq_fail(DQ_ERR_INPUT, "map, row %d: more than %d columns: use fewer",
                           m->n_rows + 1, DQ_LAKE_MAX_SIDE);
        m->cells[(size_t)m->n_rows * (size_t)m->n_columns + (size_t)n++] = *at;
        if (m->n_rows > 0 && n > m->n_columns)
            break;
    }
    if (n == 0 || (m->n_rows > 0 && n != m->n_columns))
        return dq_fail(DQ_ERR_INPUT, "map, row %d: its length is not that of row 1: make all equal",
                       m->n_rows + 1);
    m->n_columns = n;
    m->n_rows++;
    *text = *at ? at + 1 : at;
    return DQ_OK;
}

static dq_status parse_rows(dq_lake_map *m, const char *text)
{
    if (!*text)
        return dq_fail(DQ_ERR_INPUT, "map: it is empty: give rows of S, F, H and G");
    while (*text) {
        if (m->n_rows == DQ_LAKE_MAX_SIDE)
            return dq_fail(DQ_ERR_INPUT, "map: more than %d rows: use fewer", DQ_LAKE_MAX_SIDE);
        DQ_TRY(parse_row(m, &text));
    }
    size_t n = (size_t)m->n_rows * (size_t)m->n_columns;
    if (!memchr(m->cells, 'S', n))
        return dq_fail(DQ_ERR_INPUT, "map: it has no start: put an S somewhere");
    if (!memchr(m->cells, 'G', n))
        return dq_fail(DQ_ERR_INPUT, "map: it has no goal: put a G somewhere");
    return DQ_OK;
}

dq_status dq_lake_map_parse(dq_lake_map **out, const char *text)
{
    *out = NULL;
    if (!text)
        return dq_fail(DQ_ERR_INPUT, "map: there is none: name one, or give its rows");
    dq_lake_map *m = calloc(1, sizeof(*m) + strlen(text) + 1);  // a cell is a letter of the text
    if (!m)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a map");
    dq_status st = parse_rows(m, text);
    if (st != DQ_OK) {
        free(m);
        return st;
    }
    *out = m;
    return DQ_OK;
}

dq_status dq_frozen_lake_map_check(const char *map, int *n_rows, int *n_columns)
{
    dq_lake_map *m;
    *n_rows = *n_columns = 0;
    DQ_TRY(dq_lake_map_parse(&m, map));
    *n_rows = m->n_rows;
    *n_columns = m->n_columns;
    free(m);
    return DQ_OK;
}

static char *cell_at(char *map, int size, int row, int column)
{
    return &map[(size_t)row * ((size_t)size + 1) + (size_t)column];
}

/** Whether the goal can be reached. @param pending room for size * size cells; visited ones are
 *  marked in lower case */
static bool has_way(char *map, int size, int *pending)
{
    static const int moves[4][2] = {{1, 0}, {0, 1}, {-1, 0}, {0, -1}};
    int n = 0;
    bool found = false;
    pending[n++] = 0;
    *cell_at(map, size, 0, 0) = 's';
    while (n > 0) {
        int at = pending[--n];
        for (int i = 0; i < 4; i++) {
            int row = at / size + moves[i][0], column = at % size + moves[i][1];
            if (row < 0 || row >= size || column < 0 || column >= size)
                continue;
            char *cell = cell_at(map, size, row, column);
            found |= *cell == 'G';
            if (*cell != 'F')
                continue;
            *cell = 'f';
            pending[n++] = row * size + column;
        }
    }
    for (char *c = map; *c; c++)
        *c = (char)toupper((unsigned char)*c);
    return found;
}

static void scatter_holes(char *map, int size, double frozen, dq_rng *rng)
{
    for (int row = 0; row < size; row++) {
        for (int column = 0; column < size; column++)
            *cell_at(map, size, row, column) = dq_rng_unit(rng) < frozen ? 'F' : 'H';
        *cell_at(map, size, row, size) = '\n';
    }
    *cell_at(map, size, 0, 0) = 'S';
    *cell_at(map, size, size - 1, size - 1) = 'G';
    *cell_at(map, size, size - 1, size) = '\0';
}

dq_status dq_frozen_lake_random_map(char *map, int size, double frozen, uint64_t seed)
{
    if (size < 2 || size > DQ_LAKE_MAX_SIDE)
        return dq_fail(DQ_ERR_CONFIG, "a map of %d x %d: choose a side from 2 to %d", size, size,
                       DQ_LAKE_MAX_SIDE);
    if (!(frozen >= 0 && frozen <= 1))
        return dq_fail(DQ_ERR_CONFIG, "%g of a map frozen: choose a probability from 0 to 1",
                       frozen);
    int *pending = malloc((size_t)size * (size_t)size * sizeof(*pending));
    if (!pending)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a map of %d x %d", size, size);
    dq_rng rng = dq_rng_stream(seed, "map");
    int tries = 0;
    do {
        scatter_holes(map, size, frozen, &rng);
    } while (!has_way(map, size, pending) && ++tries < MAX_TRIES);
    free(pending);
    if (tries == MAX_TRIES)
        return dq_fail(DQ_ERR_CONFIG,
                       "no map of %d x %d with %g frozen had a way to the goal: freeze more of it",
                       size, size, frozen);
    return DQ_OK;
}
