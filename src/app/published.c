#include "app/published.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "app/published_tables.h"
#include "base/error.h"
#include "base/spelling.h"

enum { NAME_BYTES = 64 };

#define DOPAMINE                                                                                   \
    "Dopamine's curves: mean of the training games in each million console frames, sticky "        \
    "actions "                                                                                     \
    "0.25, whole games"
#define ATARI_100K "Atari 100k: mean of 100 games that a run plays after 100,000 agent steps"

static const published_agent agents[] = {
    {"dopamine-dqn", "dqn_adam", "Dopamine DQN (Adam)", PUBLISHED_CURVE, DOPAMINE},
    {"dopamine-dqn-nature", "dqn_nature", "Dopamine DQN (RMSProp)", PUBLISHED_CURVE, DOPAMINE},
    {"dopamine-c51", "c51", "Dopamine C51", PUBLISHED_CURVE, DOPAMINE},
    {"dopamine-qr", "qr_dqn", "Dopamine QR-DQN", PUBLISHED_CURVE, DOPAMINE},
    {"dopamine-iqn", "iqn", "Dopamine IQN", PUBLISHED_CURVE, DOPAMINE},
    {"dopamine-rainbow", "rainbow", "Dopamine Rainbow", PUBLISHED_CURVE, DOPAMINE},
    {"drq-eps", "drq_eps", "DrQ(\xce\xb5)", PUBLISHED_END, ATARI_100K},
    {"spr", "spr", "SPR", PUBLISHED_END, ATARI_100K},
    {"human", "human", "human", PUBLISHED_LEVEL, "Human: Mnih et al. 2015, Wang et al. 2016"},
    {"random", "random", "random play", PUBLISHED_LEVEL, "Random play: Mnih et al. 2015"},
};

const published_agent *published_agent_at(size_t index)
{
    return index < DQ_COUNT(agents) ? &agents[index] : NULL;
}

dq_status published_agent_named(const published_agent **out, const char *name)
{
    const char *names[DQ_COUNT(agents)], *nearest;
    char all[512];
    for (size_t i = 0; i < DQ_COUNT(agents); i++) {
        names[i] = agents[i].name;
        if (strcmp(name, names[i]) == 0) {
            *out = &agents[i];
            return DQ_OK;
        }
    }
    nearest = dq_nearest_word(name, names, DQ_COUNT(agents));
    if (nearest)
        return dq_fail(DQ_ERR_CONFIG, "--reference '%s': did you mean %s?", name, nearest);
    dq_list_words(all, sizeof(all), names, DQ_COUNT(agents), "or");
    return dq_fail(DQ_ERR_CONFIG, "--reference '%s': choose %s", name, all);
}

/* ---------------------------------------------------------------- scores */

static const published_row *row_of(const char *game_id)
{
    for (size_t i = 0; i < published_data.n_rows; i++)
        if (strcmp(published_data.rows[i].game_id, game_id) == 0)
            return &published_data.rows[i];
    return NULL;
}

double published_score(const char *game_id, const char *column)
{
    const published_row *row = row_of(game_id);
    for (size_t i = 0; row && i < published_data.n_columns; i++)
        if (strcmp(published_data.columns[i], column) == 0)
            return row->score[i];
    return NAN;
}

/* ---------------------------------------------------------------- runs */

/** All lines, with a newline before the first one, too. */
static dq_status unpack(char **text)
{
    uLongf n = published_data.n_text;
    *text = malloc(published_data.n_text + 2);
    if (!*text)
        return dq_fail(DQ_ERR_NOMEM, "no memory for published curves");
    int failed = uncompress((Bytef *)*text + 1, &n, published_data.curves, published_data.n_packed);
    if (failed == Z_MEM_ERROR) {
        free(*text);
        return dq_fail(DQ_ERR_NOMEM, "no memory for published curves");
    }
    assert(!failed && n == published_data.n_text);  // they are a part of the program
    (*text)[0] = '\n';
    (*text)[n + 1] = '\0';
    return DQ_OK;
}

/** How many commas a line has. */
static size_t n_commas(const char *line)
{
    size_t n = 0;
    for (; *line && *line != '\n'; line++)
        n += *line == ',';
    return n;
}

/** One number for each point is the step, all others are runs. */
static dq_status make_room(published_runs *runs, size_t n_points, size_t n_runs)
{
    *runs = (published_runs){.n_points = n_points, .n_runs = n_runs};
    runs->step = malloc(n_points * (n_runs + 1) * sizeof(*runs->step));
    if (!runs->step)
        return dq_fail(DQ_ERR_NOMEM, "no memory for published curves");
    runs->score = runs->step + n_points;
    return DQ_OK;
}

/** The lines of one agent and game, which are one after the other.
 *  @param begin what each begins with: "AGENT,GAME," */
static dq_status take_lines(published_runs *runs, const char *line, const char *begin)
{
    size_t n_points = 0, n = strlen(begin);
    const char *next = line;
    do {
        n_points++;
        next = strchr(next, '\n') + 1;
    } while (strncmp(next, begin, n) == 0);
    size_t n_runs = n_commas(line + n);
    DQ_TRY(make_room(runs, n_points, n_runs));
    for (size_t i = 0; i < n_points; i++) {
        char *at;
        runs->step[i] = strtod(line + n, &at);
        for (size_t k = 0; k < n_runs; k++)
            runs->score[i * n_runs + k] = strtod(at + 1, &at);
        line = at + 1;  // behind the newline
    }
    return DQ_OK;
}

static dq_status fail_absent(const published_agent *agent, const char *game_id)
{
    return dq_fail(DQ_ERR_CONFIG, "nothing of %s is published for %s: leave this reference out",
                   agent->name, game_id);
}

static dq_status read_lines(published_runs *runs, const published_agent *agent, const char *game_id)
{
    char *text, begin[NAME_BYTES];
    snprintf(begin, sizeof(begin), "\n%s,%s,", agent->key, game_id);
    DQ_TRY(unpack(&text));
    const char *found = strstr(text, begin);
    dq_status st = found ? take_lines(runs, found + 1, begin + 1) : fail_absent(agent, game_id);
    free(text);
    return st;
}

dq_status published_runs_read(published_runs *runs, const published_agent *agent,
                              const char *game_id)
{
    *runs = (published_runs){.n_points = 0};
    if (agent->kind != PUBLISHED_LEVEL)
        return read_lines(runs, agent, game_id);
    double score = published_score(game_id, agent->key);
    if (isnan(score))
        return fail_absent(agent, game_id);
    DQ_TRY(make_room(runs, 1, 1));
    runs->step[0] = 0;
    runs->score[0] = score;
    return DQ_OK;
}

void published_runs_free(published_runs *runs)
{
    free(runs->step);
    *runs = (published_runs){.n_points = 0};
}
