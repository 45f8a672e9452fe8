#include "app/train_screen.h"

#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "app/numbers.h"
#include "base/clock.h"
#include "base/free_memory.h"

enum { LINE_BYTES = 4 * SCREEN_COLUMNS, N_LEVELS = 8 };
enum { NARROW = 40, FEW_LINES = 9, MANY_LINES = 18 };  // of a terminal
enum { BOOK_LINES = 4 };                               // and a fifth of a terminal, above a game
static const double REDRAW_S = 0.25, GAME_S = 0.125;   // at least, in between two drawings
static const double LEISURE = 100;  // as much time as a drawing took, in between: 1 %

/** Asked at every drawing, so that a new window size counts at once. */
static void terminal_size(int *columns, int *lines)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    *columns = known ? size.ws_col : 80;
    *lines = known && size.ws_row > 0 ? size.ws_row : 24;
    if (*columns > SCREEN_COLUMNS)
        *columns = SCREEN_COLUMNS;
}

static bool writes_unicode(void)
{
    if (!setlocale(LC_CTYPE, ""))
        return false;
    bool unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    setlocale(LC_CTYPE, "C");
    return unicode;
}

void train_screen_init(train_screen *s, bool wanted, const dq_train_config *cfg, int64_t first_step)
{
    const char *term = getenv("TERM");
    bool can_move = term && *term && strcmp(term, "dumb") != 0;
    double now = dq_clock_s();
    *s = (train_screen){
        .enabled = wanted && can_move && isatty(STDOUT_FILENO),
        .limit = cfg->max_steps,
        .replay_size = cfg->rollout > 0 ? 0 : cfg->replay_size,
        .start_s = now,
        .measured_s = now,
        .measured_step = first_step,
        .rewards.each = 1,
    };
    s->unicode = s->enabled && writes_unicode();  // the C library keeps what it loads for that
}

/* ---------------------------------------------------------------- figures as text */

/** Parts of a line, of which the last ones are left out that do not fit. */
typedef struct line {
    char text[LINE_BYTES];
    int used, columns;  // characters on the screen
} line;

static line line_of(int columns)
{
    return (line){.columns = columns};
}

/** @param width on the screen, which UTF-8 takes more bytes for */
static void add_wide(line *l, const char *part, int width)
{
    const char *gap = l->used ? "  " : "";
    size_t n = strlen(l->text);
    if (width == 0 || l->used + (int)strlen(gap) + width > l->columns)
        return;
    snprintf(l->text + n, sizeof(l->text) - n, "%s%s", gap, part);
    l->used += (int)strlen(gap) + width;
}

__attribute__((format(printf, 2, 3))) static void add(line *l, const char *format, ...)
{
    char part[2 * NUMBER_BYTES];
    va_list values;
    va_start(values, format);
    vsnprintf(part, sizeof(part), format, values);
    va_end(values);
    add_wide(l, part, (int)strlen(part));
}

/** "memory 163 MB", or nothing for nothing. */
static void add_bytes(line *l, const char *what, uint64_t bytes)
{
    if (bytes >= 1000000000)
        add(l, "%s %.2f GB", what, (double)bytes / 1e9);
    else if (bytes > 0)
        add(l, "%s %.0f MB", what, (double)bytes / 1e6);
}

static void add_number(line *l, const char *what, double number)
{
    if (!isnan(number))
        add(l, "%s %.4g", what, number);
}

/** Time left, or taken where nothing ends the run. */
static void add_time(line *l, const train_screen *s, const dq_progress *p, double now)
{
    char text[NUMBER_BYTES];
    if (s->limit > 0 && s->speed > 0)
        add(l, "left %s", number_duration(text, (double)(s->limit - p->step) / s->speed));
    else if (s->limit == 0)
        add(l, "time %s", number_duration(text, now - s->start_s));
}

/* ---------------------------------------------------------------- bars and curves */

static void add_bar(line *l, double part)
{
    enum { WIDTH = 20 };
    char bar[WIDTH + 3] = "[";
    int width = l->columns < 60 ? WIDTH / 2 : WIDTH;
    for (int i = 0; i < width; i++)
        bar[1 + i] = i < (int)(part * width) ? '#' : '.';
    bar[1 + width] = ']';
    add(l, "%s %3.0f %%", bar, 100 * part);
}

void train_screen_game(train_screen *s, const dq_progress *p)
{
    screen_curve *c = &s->rewards;
    s->game = *p;
    if (++c->waiting < c->each)
        return;
    c->waiting = 0;
    if (c->n == SCREEN_CURVE) {
        for (int i = 0; i < SCREEN_CURVE / 2; i++)
            c->value[i] = c->value[2 * i + 1];
        c->n = SCREEN_CURVE / 2;
        c->each *= 2;
    }
    c->value[c->n++] = p->mean_reward;
}

/** The curve in `width` columns, lowest to highest value in eight steps. */
static void add_curve(line *l, const screen_curve *c, bool unicode)
{
    static const char *const bars[N_LEVELS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const marks[N_LEVELS] = {"_", ".", ",", "-", "=", "+", "*", "#"};
    char text[LINE_BYTES] = "";
    int width = l->columns - l->used - 2;
    double low = INFINITY, high = -INFINITY;
    if (width > c->n)
        width = c->n;
    if (width < 2)
        return;
    for (int i = 0; i < c->n; i++) {
        low = fmin(low, c->value[i]);
        high = fmax(high, c->value[i]);
    }
    for (int i = 0, n = 0; i < width; i++) {
        double value = c->value[(i + 1) * c->n / width - 1];
        int level = high > low ? (int)((value - low) / (high - low) * (N_LEVELS - 1) + 0.5) : 0;
        n += snprintf(text + n, sizeof(text) - (size_t)n, "%s", (unicode ? bars : marks)[level]);
    }
    add_wide(l, text, width);
}

/* ---------------------------------------------------------------- the lines */

typedef struct moment {
    const train_screen *s;
    const dq_progress *p;
    double now;
    uint64_t memory, disk;
} moment;

/** All that matters in one line, where there is room for no more. */
static line only_line(const moment *m, int columns)
{
    line l = line_of(columns);
    char n[NUMBER_BYTES];
    add(&l, "frame %s", number_count(n, m->p->step));
    if (m->p->n_games > 0)
        add(&l, "reward %.2f", m->p->mean_reward);
    if (m->s->speed > 0)
        add(&l, "%.0f f/s", m->s->speed);
    add_time(&l, m->s, m->p, m->now);
    add(&l, "games %s", number_count(n, m->p->n_games));
    add(&l, "eps %.2f", m->p->epsilon);
    add_bytes(&l, "memory", m->memory);
    add_bytes(&l, "disk", m->disk);
    return l;
}

static line progress_line(const moment *m, int columns)
{
    line l = line_of(columns);
    char n[NUMBER_BYTES], of[NUMBER_BYTES];
    if (m->s->limit > 0) {
        add_bar(&l, (double)m->p->step / (double)m->s->limit);
        add_time(&l, m->s, m->p, m->now);
        add(&l, "frame %s of %s", number_count(n, m->p->step), number_count(of, m->s->limit));
    } else {
        add(&l, "frame %s", number_count(n, m->p->step));
        add_time(&l, m->s, m->p, m->now);
    }
    if (m->s->speed > 0)
        add(&l, "%.0f f/s", m->s->speed);
    return l;
}

static line reward_line(const moment *m, int columns)
{
    line l = line_of(columns);
    if (m->p->n_games == 0) {
        add(&l, "reward: no game is over yet");
        return l;
    }
    add(&l, "reward %.2f", m->p->mean_reward);
    add(&l, "last %.4g", m->p->reward);
    add(&l, "best %.2f", m->p->best_mean);
    add_curve(&l, &m->s->rewards, m->s->unicode);
    return l;
}

/** Means of the last game, since those of the one at hand begin with nothing. */
static line learning_line(const moment *m, int columns)
{
    line l = line_of(columns);
    char n[NUMBER_BYTES];
    const dq_progress *means = m->s->game.n_games > 0 ? &m->s->game : m->p;
    add(&l, "eps %.2f", m->p->epsilon);
    add(&l, "games %s", number_count(n, m->p->n_games));
    add_number(&l, "loss", means->mean_loss);
    add_number(&l, "Q", means->max_q);
    add_number(&l, "TD error", means->td_error);
    add(&l, "updates %s", number_count(n, m->p->n_updates));
    add_number(&l, "rate", m->p->learning_rate);
    return l;
}

static line time_line(const moment *m, int columns)
{
    static const char *const names[DQ_TRAIN_STAGES] = {"play", "act", "sample", "target", "update"};
    line l = line_of(columns);
    double rest = 1;
    for (int i = 0; i < DQ_TRAIN_STAGES; i++) {
        rest -= m->s->share[i];
        add(&l, "%s %.0f %%", names[i], 100 * m->s->share[i]);
    }
    add(&l, "other %.0f %%", 100 * fmax(rest, 0));
    return l;
}

static line memory_line(const moment *m, int columns)
{
    line l = line_of(columns);
    if (m->s->replay_size > 0)
        add(&l, "replay %.0f %%", 100 * fmin((double)m->p->step / (double)m->s->replay_size, 1));
    add_bytes(&l, "memory", m->memory);
    add_bytes(&l, "disk", m->disk);
    return l;
}

/** As many lines as there is room for. */
static int make_lines(line lines[SCREEN_LINES], const moment *m, int columns, int n_lines)
{
    if (columns < NARROW || n_lines < FEW_LINES) {
        lines[0] = only_line(m, columns - 1);
        return 1;
    }
    lines[0] = progress_line(m, columns - 1);
    lines[1] = reward_line(m, columns - 1);
    lines[2] = learning_line(m, columns - 1);
    if (n_lines < MANY_LINES)
        return 3;
    lines[3] = time_line(m, columns - 1);
    lines[4] = memory_line(m, columns - 1);
    return SCREEN_LINES;
}

/* ---------------------------------------------------------------- drawing */

/** To the first column of the first line that was drawn. A terminal that has become narrower has
 * broken longer lines in two. */
static void go_up(const train_screen *s, int columns)
{
    int n = -1;
    for (int i = 0; i < s->n_drawn; i++)
        n += s->drawn[i] > columns ? (s->drawn[i] + columns - 1) / columns : 1;
    putchar('\r');
    if (n > 0)
        printf("\033[%dA", n);
}

/** @param n_game rows of the game, which are drawn first */
static void draw(train_screen *s, int n_game, const line *lines, int n_lines, int columns)
{
    int n = n_game + n_lines;
    if (s->n_drawn != n)
        train_screen_clear(s);
    go_up(s, columns);
    for (int i = 0; i < n; i++) {
        bool was_broken = i < s->n_drawn && s->drawn[i] > columns;
        int width = i < n_game ? 0 : lines[i - n_game].used;
        const char *text = i < n_game ? watch_row(s->watch, i, &width) : lines[i - n_game].text;
        printf("%s%s%s", text, was_broken ? "\033[J" : "\033[K", i + 1 < n ? "\n" : "");
        s->drawn[i] = width;
    }
    (void)fflush(stdout);
    s->n_drawn = n;
}

void train_screen_say(train_screen *s, const char *text)
{
    int columns, n_lines;
    if (!s->enabled)
        return;
    terminal_size(&columns, &n_lines);
    line l = line_of(columns - 1);
    l.used = snprintf(l.text, sizeof(l.text), "%.*s", columns - 1, text);
    train_screen_clear(s);
    draw(s, 0, &l, 1, columns);
}

/** What a second of training does, now and then. */
static void measure(train_screen *s, const dq_progress *p, double now)
{
    double dt = now - s->measured_s;
    if (dt < REDRAW_S)
        return;
    bool is_first = s->speed <= 0;
    double lately = (double)(p->step - s->measured_step) / dt;
    s->speed = is_first ? lately : s->speed + 0.1 * (lately - s->speed);
    for (int i = 0; i < DQ_TRAIN_STAGES; i++) {
        double share = (p->stage_s[i] - s->stage_s[i]) / dt;
        s->share[i] += (is_first ? 1 : 0.1) * (share - s->share[i]);
        s->stage_s[i] = p->stage_s[i];
    }
    s->measured_s = now;
    s->measured_step = p->step;
}

/** The game in what the lines and some of the book's leave of the terminal. @return its rows */
static int draw_game(const train_screen *s, int columns, int n_lines)
{
    int book = n_lines / 5 > BOOK_LINES ? n_lines / 5 : BOOK_LINES;
    if (!s->watch || n_lines < MANY_LINES)
        return 0;
    return watch_draw(s->watch, columns - 1, n_lines - SCREEN_LINES - book);
}

void train_screen_update(train_screen *s, const dq_progress *p, uint64_t disk_bytes)
{
    int columns, n_lines;
    line lines[SCREEN_LINES];
    if (!s->enabled)
        return;
    double now = dq_clock_s();
    measure(s, p, now);
    bool is_due = now >= s->due_s;
    if (now < s->rest_s || (!is_due && s->n_drawn > 0))
        return;
    const moment m = {s, p, now, dq_memory_in_use(), disk_bytes};
    terminal_size(&columns, &n_lines);
    if (is_due)
        s->n_game = draw_game(s, columns, n_lines);
    draw(s, s->n_game, lines, make_lines(lines, &m, columns, n_lines), columns);
    if (s->watch)
        s->rest_s = now + LEISURE * (dq_clock_s() - now);
    if (is_due)
        s->due_s = now + (s->watch ? GAME_S : REDRAW_S);
}

void train_screen_watch(train_screen *s, watch *w)
{
    s->watch = w;
}

void train_screen_end(train_screen *s)
{
    train_screen_clear(s);
    watch_destroy(s->watch);
    s->watch = NULL;
}

void train_screen_clear(train_screen *s)
{
    int columns, n_lines;
    if (s->n_drawn == 0)
        return;
    terminal_size(&columns, &n_lines);
    go_up(s, columns);
    fputs(s->n_drawn > 1 ? "\033[J" : "\033[K", stdout);
    s->n_drawn = 0;
}
