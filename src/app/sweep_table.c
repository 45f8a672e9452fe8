#include "app/sweep_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/file_names.h"
#include "sweep/sweep_folder.h"

static dq_status add_scores(score_table *t, const dq_sweep_plan *p, const char *path)
{
    for (size_t i = 0; i < p->n_runs; i++) {
        const dq_sweep_run *run = &p->runs[i];
        double score;
        dq_status st = dq_sweep_score(path, run, &score);
        if (st == DQ_OK)
            st = score_table_add(t, run->game, run->variant, score);
        if (st != DQ_OK && st != DQ_ERR_NOT_FOUND)
            return st;
    }
    return score_table_measure(t);
}

dq_status sweep_table_make(score_table **t, const dq_sweep_plan *p, const char *path)
{
    const char **variants = calloc(p->n_variants, sizeof(*variants));
    *t = NULL;
    if (!variants)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    for (size_t i = 0; i < p->n_variants; i++)
        variants[i] = p->variants[i].name;
    dq_status st =
        score_table_create(t, (const char *const *)p->games, p->n_games, variants, p->n_variants);
    free(variants);
    if (st == DQ_OK)
        st = add_scores(*t, p, path);
    if (st != DQ_OK) {
        score_table_free(*t);
        *t = NULL;
    }
    return st;
}

/** Takes over the text. */
static dq_status write_file(const char *path, const char *name, char *text)
{
    char to[DQ_PATH_CAP];
    if (!text)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a table");
    dq_status st = dq_path_format(to, sizeof(to), "%s/%s", path, name);
    if (st == DQ_OK)
        st = dq_file_write(to, text, strlen(text));
    free(text);
    return st;
}

dq_status sweep_table_write(const score_table *t, const dq_sweep_plan *p, const char *path)
{
    DQ_TRY(write_file(path, "table.md", score_table_markdown(t, p->n_seeds)));
    DQ_TRY(write_file(path, "table.csv", score_table_csv(t)));
    return write_file(path, "table.json", score_table_json(t, false));
}
