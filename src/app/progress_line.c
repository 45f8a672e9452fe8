#include "app/progress_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/free_memory.h"

enum { MAX_COLUMNS = 200, PART_BYTES = 48 };
static const double REDRAW_S = 0.25;

/** Asked at every drawing, so that a new window size counts at once. */
static int terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < MAX_COLUMNS ? size.ws_col : MAX_COLUMNS;
}

void progress_line_init(progress_line *line, bool wanted, int64_t limit, int64_t first_step)
{
    const char *term = getenv("TERM");
    bool can_move = term && *term && strcmp(term, "dumb") != 0;
    double now = dq_clock_s();
    *line = (progress_line){
        .enabled = wanted && can_move && isatty(STDOUT_FILENO),
        .limit = limit,
        .start_s = now,
        .measured_s = now,
        .measured_step = first_step,
    };
}

static void format_duration(char *text, double seconds)
{
    int64_t s = seconds < 3.6e8 ? (int64_t)seconds : 360000000;
    snprintf(text, PART_BYTES, "%lld:%02d:%02d", (long long)(s / 3600), (int)(s / 60 % 60),
             (int)(s % 60));
}

/** 1234567 as 1,234,567. */
static void format_count(char *text, int64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%lld", (long long)n);
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *text++ = ',';
        *text++ = digits[i];
    }
    *text = '\0';
}

/** Put `parts` together in the order of their places, leaving out the last ones that do not fit. */
static void join_parts(char *text, int columns, char parts[][PART_BYTES], int n)
{
    size_t used = 0;
    *text = '\0';
    for (int i = 0; i < n; i++) {
        size_t len = strlen(parts[i]), gap = i ? 2 : 0;
        if (len == 0 || used + gap + len > (size_t)columns)
            continue;
        memcpy(text + used, "  ", gap);
        memcpy(text + used + gap, parts[i], len + 1);
        used += gap + len;
    }
}

/** "memory 163 MB", or nothing for nothing. */
static void format_bytes(char *text, const char *what, uint64_t bytes)
{
    if (bytes >= 1000000000)
        snprintf(text, PART_BYTES, "%s %.2f GB", what, (double)bytes / 1e9);
    else if (bytes > 0)
        snprintf(text, PART_BYTES, "%s %.0f MB", what, (double)bytes / 1e6);
}

void progress_line_format(char *text, int columns, const dq_progress *p, int64_t limit,
                          const progress_figures *figures)
{
    enum { N_PARTS = 8 };
    char parts[N_PARTS][PART_BYTES] = {""}, n[PART_BYTES], time_text[PART_BYTES];
    double speed = figures->speed;
    format_count(n, p->step);
    snprintf(parts[0], PART_BYTES, "frame %.40s", n);
    if (p->n_games > 0)
        snprintf(parts[1], PART_BYTES, "reward %.2f", p->mean_reward);
    if (speed > 0)
        snprintf(parts[2], PART_BYTES, "%.0f f/s", speed);
    if (limit > 0 && speed > 0) {
        format_duration(time_text, (double)(limit - p->step) / speed);
        snprintf(parts[3], PART_BYTES, "left %.40s", time_text);
    } else if (limit == 0) {
        format_duration(time_text, figures->elapsed_s);
        snprintf(parts[3], PART_BYTES, "time %.40s", time_text);
    }
    format_count(n, p->n_games);
    snprintf(parts[4], PART_BYTES, "games %.40s", n);
    snprintf(parts[5], PART_BYTES, "eps %.2f", p->epsilon);
    format_bytes(parts[6], "memory", figures->memory_bytes);
    format_bytes(parts[7], "disk", figures->disk_bytes);
    join_parts(text, columns, parts, N_PARTS);
}

/** True when it is time to draw again. */
static bool measure_speed(progress_line *line, const dq_progress *p, double now)
{
    double dt = now - line->measured_s;
    if (dt < REDRAW_S)
        return false;
    double lately = (double)(p->step - line->measured_step) / dt;
    line->speed = line->speed > 0 ? line->speed + 0.1 * (lately - line->speed) : lately;
    line->measured_s = now;
    line->measured_step = p->step;
    return true;
}

void progress_line_say(progress_line *line, const char *text)
{
    if (!line->enabled)
        return;
    printf("\r%.*s\033[K", terminal_columns() - 1, text);
    (void)fflush(stdout);
    line->on_screen = true;
}

void progress_line_update(progress_line *line, const dq_progress *p, uint64_t disk_bytes)
{
    if (!line->enabled)
        return;
    double now = dq_clock_s();
    bool due = measure_speed(line, p, now);
    if (!due && line->on_screen)
        return;
    char text[MAX_COLUMNS + 1];
    const progress_figures figures = {.speed = line->speed,
                                      .elapsed_s = now - line->start_s,
                                      .memory_bytes = dq_memory_in_use(),
                                      .disk_bytes = disk_bytes};
    progress_line_format(text, terminal_columns() - 1, p, line->limit, &figures);
    progress_line_say(line, text);
}

void progress_line_clear(progress_line *line)
{
    if (!line->on_screen)
        return;
    fputs("\r\033[K", stdout);
    line->on_screen = false;
}
