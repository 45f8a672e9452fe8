#include "app/tabular_view.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

enum { CELL = 9, GAP = 3, DEFAULT_COLUMNS = 80 };
static const double tie = 1e-12;  // two actions this near are equally good

#define RED "\x1b[31m"
#define GREEN "\x1b[32m"
#define BLUE "\x1b[34m"
#define PLAIN "\x1b[0m"

/** How the terminal wants it. */
typedef struct style {
    bool has_colour, has_utf8;
    int columns;
} style;

static style find_style(void)
{
    struct winsize size;
    style s = {.columns = DEFAULT_COLUMNS};
    const char *language = getenv("LC_ALL");
    if (!language || !*language)
        language = getenv("LC_CTYPE");
    if (!language || !*language)
        language = getenv("LANG");
    s.has_utf8 = language && (strstr(language, "UTF-8") || strstr(language, "utf8"));
    s.has_colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        s.columns = size.ws_col;
    return s;
}

/** What the map shows: the values in one table and the actions they lead to. */
typedef struct map_view {
    const tabular_world *world;
    const dq_env_spec *spec;
    const tabular_findings *f;
    const double *q;
    bool is_learnt;
    int decimals;
    style style;
} map_view;

static const char *arrow(const map_view *v, int action)
{
    static const char *const names[] = {"Left", "Down", "Right", "Up"};
    static const char *const utf8[] = {"←", "↓", "→", "↑"};
    static const char *const ascii[] = {"<", "v", ">", "^"};
    for (size_t i = 0; v->spec->action_names && i < DQ_COUNT(names); i++)
        if (strcmp(v->spec->action_names[action], names[i]) == 0)
            return v->style.has_utf8 ? utf8[i] : ascii[i];
    return "?";
}

static int best_of(const double *q, int n)
{
    int best = 0;
    for (int a = 1; a < n; a++)
        if (q[a] > q[best] + tie)
            best = a;
    return best;
}

static char letter(const map_view *v, int state)
{
    const char *map = v->world->map;
    for (int s = 0; map && *map; map++)
        if (strchr("SFHG", *map) && s++ == state)
            return *map;
    return map ? ' ' : '.';  // the cliff's own cells that cannot be stood on
}

/** Whether a learnt action is as good as the best. */
static bool is_right(const map_view *v, int state, int action)
{
    const double *q = &v->f->exact_q[state * v->spec->n_actions];
    return q[action] >= q[best_of(q, v->spec->n_actions)] - 1e-9;
}

static void print_cell(const map_view *v, int state)
{
    const double *q = &v->q[state * v->spec->n_actions];
    int action = v->is_learnt ? v->f->policy[state] : best_of(q, v->spec->n_actions);
    const char *colour = "", *end = v->style.has_colour ? PLAIN : "";
    if (!v->f->is_visited[state]) {
        char c = letter(v, state);
        if (v->style.has_colour)
            colour = c == 'G' ? GREEN : BLUE;
        printf("%s    %c    %s", colour, c, end);
        return;
    }
    if (v->style.has_colour && v->is_learnt && !is_right(v, state, action))
        colour = RED;
    printf("%s%s%6.*f%s  ", colour, arrow(v, action), v->decimals, q[action], end);
}

static void print_row(const map_view *v, int row)
{
    for (int column = 0; column < v->world->n_columns; column++)
        print_cell(v, row * v->world->n_columns + column);
}

static void print_maps(map_view *v, const tabular_findings *f)
{
    int width = v->world->n_columns * CELL;
    map_view exact = *v;
    exact.q = f->exact_q;
    exact.is_learnt = false;
    if (f->is_exact) {
        for (int row = 0; row < v->world->n_rows; row++, printf("\n"))
            print_row(&exact, row);
    } else if (2 * width + GAP <= v->style.columns) {
        printf("%-*s%s\n", width + GAP, "learnt", "exact");
        for (int row = 0; row < v->world->n_rows; row++, printf("\n")) {
            print_row(v, row);
            printf("%*s", GAP, "");
            print_row(&exact, row);
        }
    } else {
        printf("learnt\n");
        for (int row = 0; row < v->world->n_rows; row++, printf("\n"))
            print_row(v, row);
        printf("exact\n");
        for (int row = 0; row < v->world->n_rows; row++, printf("\n"))
            print_row(&exact, row);
    }
}

static void print_worth(dq_env *env, const tabular_findings *f, const dq_tabular_config *cfg)
{
    const dq_env_spec *spec = dq_env_get_spec(env);
    if (!f->is_exact) {
        printf("largest difference from the exact values (gamma %g): %.6f, state %d, action %d",
               cfg->gamma, f->largest_difference, f->worst_state, f->worst_action);
        printf(spec->action_names ? " %s\n" : "\n",
               spec->action_names ? spec->action_names[f->worst_action] : "");
    }
    printf("value of the start, exact (gamma %g): %.6f\n", cfg->gamma, f->start_value);
    if (!f->is_won_or_lost) {
        printf("this policy's mean reward within the time limit: %.4f; the best there is: %.4f\n",
               f->score.reward, f->best_reward);
        return;
    }
    printf(
        "this policy wins within the time limit with probability %.4f; the best there is: %.4f\n",
        f->score.success, f->best_reward);
    printf("a test of %d of its games is above %.2f with probability %.3f\n", cfg->test_episodes,
           cfg->reward_bound,
           tabular_lucky_test(f->score.success, cfg->test_episodes, cfg->reward_bound));
}

void tabular_view_print(const tabular_world *w, dq_env *env, const tabular_findings *f,
                        const dq_tabular_config *cfg)
{
    if (!f->has_exact) {
        printf("%s has no transition model: there are no exact values to compare with\n",
               dq_env_get_spec(env)->id);
        return;
    }
    map_view v = {.world = w,
                  .spec = dq_env_get_spec(env),
                  .f = f,
                  .q = f->q,
                  .is_learnt = true,
                  .decimals = fabs(f->best_reward) > 1 ? 1 : 3,
                  .style = find_style()};
    if (w->n_rows > 0)
        print_maps(&v, f);
    print_worth(env, f, cfg);
    (void)fflush(stdout);
}

/* An episode to watch. */

static int count_lines(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static dq_status show_frame(dq_env *env, int64_t fps, bool is_first)
{
    const char *text;
    DQ_TRY(dq_env_render_text(env, &text));
    if (!isatty(STDOUT_FILENO)) {
        printf("%s", text);
        return DQ_OK;
    }
    if (!is_first)
        printf("\x1b[%dA\x1b[J", count_lines(text));
    printf("%s", text);
    (void)fflush(stdout);
    struct timespec pause = {.tv_sec = fps > 1 ? 0 : 1, .tv_nsec = fps > 1 ? 1000000000 / fps : 0};
    nanosleep(&pause, NULL);
    return DQ_OK;
}

dq_status tabular_view_episode(dq_env *env, const int32_t *policy, const dq_tabular_config *cfg,
                               int64_t fps, const volatile int *stop)
{
    int32_t state;
    double total = 0;
    dq_step step = {0};
    int limit = cfg->max_episode_steps ? cfg->max_episode_steps : DQ_TABULAR_EPISODE_STEPS;
    DQ_TRY(dq_env_seed(env, cfg->seed));
    DQ_TRY(dq_env_reset(env, &state));
    DQ_TRY(show_frame(env, fps, true));
    for (int n = 0; n < limit && !step.terminated && !step.truncated && !*stop; n++) {
        DQ_TRY(dq_env_step(env, policy[state], &state, &step));
        total += (double)step.reward;
        DQ_TRY(show_frame(env, fps, false));
    }
    printf("Total reward: %.2f\n", total);
    return DQ_OK;
}
