#include <stdio.h>

#include "base/error.h"
#include "deepq/toy_text.h"
#include "env/gym_ids.h"
#include "env/table_env.h"

enum { SIDE = 5, N_PLACES = 4, IN_TAXI = N_PLACES, N_STATES = SIDE * SIDE * 5 * N_PLACES };
enum { SOUTH, NORTH, EAST, WEST, PICK_UP, DROP_OFF, N_ACTIONS };
enum { MAX_OUTCOMES = 3, N_STARTS = SIDE * SIDE * N_PLACES * (N_PLACES - 1), MAX_STEPS = 200 };
enum { MAP_ROWS = SIDE + 2, MAP_COLUMNS = 2 * SIDE + 1, TEXT_BYTES = 256 };

static const char *const action_names[] = {"South", "North", "East", "West", "Pickup", "Dropoff"};
static const int places[N_PLACES][2] = {{0, 0}, {0, 4}, {4, 0}, {4, 3}};  // R, G, Y, B
// Between two columns stands ':' where a taxi may pass.
static const char map[MAP_ROWS][MAP_COLUMNS + 1] = {
    "+---------+", "|R: | : :G|", "| : | : : |", "| : : : : |",
    "| | : | : |", "|Y| : |B: |", "+---------+",
};

typedef struct taxi {
    int row, column, passenger, destination;
} taxi;

static int encode(taxi t)
{
    return ((t.row * SIDE + t.column) * 5 + t.passenger) * N_PLACES + t.destination;
}

static taxi decode(int state)
{
    return (taxi){state / 100, state / 20 % SIDE, state / 4 % 5, state % N_PLACES};
}

/** The place that the taxi stands on, or -1. */
static int place_of(taxi t)
{
    for (int i = 0; i < N_PLACES; i++)
        if (t.row == places[i][0] && t.column == places[i][1])
            return i;
    return -1;
}

/** Drive one cell; false where a wall is. */
static bool drive(taxi *t, int direction)
{
    switch (direction) {
    case SOUTH:
        if (t->row == SIDE - 1)
            return false;
        t->row++;
        return true;
    case NORTH:
        if (t->row == 0)
            return false;
        t->row--;
        return true;
    case EAST:
        if (map[1 + t->row][2 * t->column + 2] != ':')
            return false;
        t->column++;
        return true;
    default:
        if (map[1 + t->row][2 * t->column] != ':')
            return false;
        t->column--;
        return true;
    }
}

static void add_drive(dq_world *w, taxi t, int direction, double probability)
{
    drive(&t, direction);
    dq_world_add(w, probability, encode(t), -1, false);
}

/** In rain the taxi may slide to its left or right, unless a wall stops it from going at all. */
static void add_move(dq_world *w, taxi t, int direction, double dry_rate)
{
    static const int left[] = {EAST, WEST, NORTH, SOUTH}, right[] = {WEST, EAST, SOUTH, NORTH};
    if (dry_rate == 1) {
        add_drive(w, t, direction, 1);
        return;
    }
    double side_rate = (1.0 - dry_rate) / 2.0;
    taxi ahead = t;
    bool is_free = drive(&ahead, direction);
    dq_world_add(w, dry_rate, encode(ahead), -1, false);
    if (is_free) {
        add_drive(w, t, left[direction], side_rate);
        add_drive(w, t, right[direction], side_rate);
    } else {
        dq_world_add(w, side_rate, encode(t), -1, false);
        dq_world_add(w, side_rate, encode(t), -1, false);
    }
}

static void add_pick_up(dq_world *w, taxi t)
{
    bool is_there = t.passenger != IN_TAXI && place_of(t) == t.passenger;
    if (is_there)
        t.passenger = IN_TAXI;
    dq_world_add(w, 1, encode(t), is_there ? -1.0f : -10.0f, false);
}

static void add_drop_off(dq_world *w, taxi t)
{
    int place = place_of(t);
    bool is_possible = t.passenger == IN_TAXI && place >= 0;
    bool is_right = is_possible && place == t.destination;
    if (is_possible)
        t.passenger = place;
    dq_world_add(w, 1, encode(t), is_right ? 20.0f : is_possible ? -1.0f : -10.0f, is_right);
}

static void add_row(dq_world *w, int state, int action, double dry_rate)
{
    if (action == PICK_UP)
        add_pick_up(w, decode(state));
    else if (action == DROP_OFF)
        add_drop_off(w, decode(state));
    else
        add_move(w, decode(state), action, dry_rate);
    dq_world_end_row(w, (size_t)state * N_ACTIONS + (size_t)action);
}

static void add_starts(dq_world *w)
{
    for (int s = 0; s < N_STATES; s++) {
        taxi t = decode(s);
        if (t.passenger != IN_TAXI && t.passenger != t.destination)
            dq_world_add(w, 1.0 / N_STARTS, s, 0, false);
    }
    dq_world_end_row(w, w->n_rows - 1);
}

/** Gymnasium puts one colour around another where two things are in one cell. */
static int print_cell(char *to, size_t cap, char letter, const char *const *colours, int n_colours)
{
    int n = 0;
    for (int i = n_colours - 1; i >= 0; i--)
        n += snprintf(to + n, cap - (size_t)n, "\x1b[%sm", colours[i]);
    n += snprintf(to + n, cap - (size_t)n, "%c", letter);
    for (int i = 0; i < n_colours; i++)
        n += snprintf(to + n, cap - (size_t)n, "\x1b[0m");
    return n;
}

static int print_map_cell(char *to, size_t cap, taxi t, int row, int column)
{
    const char *colours[3];
    int n = 0;
    char letter = map[row][column];
    bool is_riding = t.passenger == IN_TAXI;
    if (row == 1 + t.row && column == 2 * t.column + 1) {
        colours[n++] = is_riding ? "42" : "43";
        letter = is_riding && letter == ' ' ? '_' : letter;
    }
    if (!is_riding && row == 1 + places[t.passenger][0] && column == 2 * places[t.passenger][1] + 1)
        colours[n++] = "34;1";
    if (row == 1 + places[t.destination][0] && column == 2 * places[t.destination][1] + 1)
        colours[n++] = "35";
    return print_cell(to, cap, letter, colours, n);
}

static void text(const void *picture, int state, int last_action, char *to, size_t cap)
{
    (void)picture;
    int n = 0;
    for (int row = 0; row < MAP_ROWS; row++) {
        for (int column = 0; column < MAP_COLUMNS; column++)
            n += print_map_cell(to + n, cap - (size_t)n, decode(state), row, column);
        n += snprintf(to + n, cap - (size_t)n, "\n");
    }
    if (last_action < 0)
        snprintf(to + n, cap - (size_t)n, "\n");
    else
        snprintf(to + n, cap - (size_t)n, "  (%s)\n", action_names[last_action]);
}

dq_status dq_taxi_create(dq_env **out, double dry_rate, uint64_t seed)
{
    return dq_taxi_named(out, "Taxi-v4", dry_rate, seed);
}

dq_status dq_taxi_named(dq_env **out, const char *id, double dry_rate, uint64_t seed)
{
    dq_world w;
    *out = NULL;
    if (!(dry_rate >= 0 && dry_rate <= 1))
        return dq_fail(DQ_ERR_CONFIG, "dry rate %g: choose a probability from 0 to 1", dry_rate);
    DQ_TRY(dq_world_init(&w, N_STATES, N_ACTIONS, N_STATES * N_ACTIONS * MAX_OUTCOMES + N_STARTS));
    w.max_steps = MAX_STEPS;
    for (int s = 0; s < N_STATES; s++)
        for (int a = 0; a < N_ACTIONS; a++)
            add_row(&w, s, a, dry_rate);
    add_starts(&w);
    const dq_table_config table = {
        .id = id,
        .action_names = action_names,
        .seed = seed,
        .text = text,
        .text_bytes = TEXT_BYTES,
    };
    return dq_table_env_create(out, &w, &table);
}
