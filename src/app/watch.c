#include "app/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/action_values.h"
#include "app/half_blocks.h"
#include "base/error.h"
#include "deepq/atari_env.h"

enum { WIDEST = 160, GAP = 2, MIN_ROWS = 6 };     // of the picture
enum { NUMBER = 11, BAR_MIN = 4, BAR_MAX = 24 };  // columns; -1.234e-05 and a space
enum { BARS_BYTES = 1024 };                       // of a row
enum { ROW_BYTES = WIDEST * HALF_BLOCKS_CELL_BYTES + HALF_BLOCKS_END_BYTES + BARS_BYTES };

struct watch {
    dq_env *env;
    terminal_colours colours;
    bool unicode;
    action_values actions;
    int width[WATCH_ROWS];
    char text[WATCH_ROWS][ROW_BYTES];
    uint8_t pixels[2 * WATCH_ROWS * WIDEST * 3];
};

/** Where things are, in columns and rows. */
typedef struct layout {
    int columns, rows;           // of the picture; 0: none
    int bars, across, bar_rows;  // columns of a bar with its name; bars in a row; rows of them
} layout;

dq_status watch_create(watch **out, dq_env *env, bool unicode)
{
    watch *w = *out = calloc(1, sizeof(*w));
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory to watch a game");
    w->env = env;
    w->unicode = unicode;
    if (unicode)
        w->colours = half_blocks_colours(getenv("NO_COLOR"), getenv("COLORTERM"), getenv("TERM"));
    action_values_init(&w->actions, dq_env_get_spec(env));
    return DQ_OK;
}

void watch_destroy(watch *w)
{
    free(w);
}

void watch_act(watch *w, const dq_train_act *a)
{
    if (a->env == 0)
        action_values_take(&w->actions, a->action, a->values);
}

/* ---------------------------------------------------------------- layout */

/** Columns of a name, its mark, and the shortest bar. */
static int narrowest_bars(const watch *w)
{
    return 2 + w->actions.name_width + 1 + BAR_MIN;
}

/** Bars beside the picture of a layout, several in a row where there are fewer rows than
 *  actions. @return false: there is no room for them */
static bool fit_bars(const watch *w, int columns, int rows, layout *l)
{
    int room = columns - (l->columns ? l->columns + GAP : 0);
    l->across = (w->actions.n + rows - 1) / rows;
    l->bars = (room + GAP) / l->across - GAP;
    l->bar_rows = (w->actions.n + l->across - 1) / l->across;
    return l->bars >= narrowest_bars(w);
}

/** As large as there is room for, in the shape that a person knows it in: a television's for Atari.
 */
static bool fit_picture(const watch *w, const dq_image *image, int columns, int rows, layout *l)
{
    bool is_atari = dq_env_atari(w->env) != NULL;
    int wide = is_atari ? 4 : image->width, high = is_atari ? 3 : image->height;
    for (l->rows = rows; l->rows >= MIN_ROWS; l->rows--) {
        int64_t width = (int64_t)2 * l->rows * wide / high;
        l->columns = width < 1 ? 1 : width > WIDEST ? WIDEST + 1 : (int)width;
        if (l->columns <= WIDEST && fit_bars(w, columns, l->rows, l))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- bars */

/** Full blocks, then one of eight narrow ones; spaces make it `width` wide. */
static int print_bar(const watch *w, char *text, size_t cap, double part, int width)
{
    static const char *const eighths[8] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int n = 0, filled = (int)(part * 8 * width + 0.5), last = filled % 8;
    for (int i = 0; i < filled / 8; i++)
        n += snprintf(text + n, cap - (size_t)n, "%s", w->unicode ? "█" : "#");
    const char *end = w->unicode ? eighths[last] : last >= 4 ? "#" : "";
    n += snprintf(text + n, cap - (size_t)n, "%s", end);
    return n + snprintf(text + n, cap - (size_t)n, "%*s", width - filled / 8 - (*end ? 1 : 0), "");
}

/** "> NOOP   0.1234 ███▌", `width` columns: the action that was taken has the mark, another one if
 *  it was drawn at random. */
static int print_action(const watch *w, char *text, size_t cap, int action, int width)
{
    const action_values *v = &w->actions;
    char number[16] = "", name[16];
    int room = width - 2 - w->actions.name_width - 1;
    bool has_number = room >= NUMBER + BAR_MIN;
    if (has_number && v->has_values)
        snprintf(number, sizeof(number), "%*.4g ", NUMBER - 1, (double)v->values[action]);
    int bar = has_number ? room - NUMBER : room, rest = 0;
    if (bar > BAR_MAX) {
        rest = bar - BAR_MAX;
        bar = BAR_MAX;
    }
    const char *mark = action != v->action ? " " : v->is_greedy ? ">" : "?";
    int n = snprintf(text, cap, "%s %-*s %*s", mark, v->name_width,
                     action_values_name(v, action, name), has_number ? NUMBER : 0, number);
    n += print_bar(w, text + n, cap - (size_t)n, action_values_part(v, action), bar);
    return n + snprintf(text + n, cap - (size_t)n, "%*s", rest, "");
}

/** The actions of a row: 0 and 1, then 2 and 3, and so on. @return columns */
static int print_actions(const watch *w, char *text, size_t cap, const layout *l, int row)
{
    int n = 0, used = 0;
    for (int i = 0; i < l->across; i++) {
        int action = row * l->across + i, gap = i > 0 ? GAP : 0;
        if (action >= w->actions.n)
            break;
        n += snprintf(text + n, cap - (size_t)n, "%*s", gap, "");
        n += print_action(w, text + n, cap - (size_t)n, action, l->bars);
        used += gap + l->bars;
    }
    return used;
}

/* ---------------------------------------------------------------- drawing */

static void print_row(watch *w, const layout *l, int row)
{
    char *text = w->text[row];
    size_t n = 0, pitch = 3 * (size_t)l->columns;
    w->width[row] = 0;
    *text = '\0';
    if (row < l->rows) {
        const uint8_t *upper = w->pixels + 2 * (size_t)row * pitch;
        n = half_blocks_row(text, upper, upper + pitch, l->columns, w->colours);
        w->width[row] = l->columns;
    }
    if (row >= l->bar_rows)
        return;
    int gap = l->columns ? GAP + l->columns - w->width[row] : 0;
    n += (size_t)snprintf(text + n, ROW_BYTES - n, "%*s", gap, "");
    w->width[row] += gap + print_actions(w, text + n, ROW_BYTES - n, l, row);
}

int watch_draw(watch *w, int columns, int rows)
{
    layout l = {0};
    dq_image image;
    if (rows > WATCH_ROWS)
        rows = WATCH_ROWS;
    bool has_picture = dq_env_render(w->env, &image) == DQ_OK;
    bool fits = has_picture ? fit_picture(w, &image, columns, rows, &l)
                            : rows > 0 && fit_bars(w, columns, rows, &l);
    if (!fits)
        return 0;
    if (has_picture)
        half_blocks_scale(&image, l.columns, 2 * l.rows, w->pixels);
    int n = l.rows > l.bar_rows ? l.rows : l.bar_rows;
    for (int i = 0; i < n; i++)
        print_row(w, &l, i);
    return n;
}

const char *watch_row(const watch *w, int i, int *width)
{
    *width = w->width[i];
    return w->text[i];
}
