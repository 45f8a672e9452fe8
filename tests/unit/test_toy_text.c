/* FrozenLake, CliffWalking, Taxi and Blackjack against Gymnasium's own: tests/data/toy_text. */
#include "toy_worlds.h"

#include <math.h>
#include <stdlib.h>

#include "env/blackjack.h"
#include "env/world.h"

enum { MAX_LINE = 1024, N_WORLDS = 9 };

/** One world of the tables, to be compared outcome by outcome. */
typedef struct table {
    char name[32];
    dq_env *env;
    int n_states, n_actions;
    int row_state, row_action, n_seen;  // of the row that is being read
    int n_starts;
} table;

static void end_row(table *t)
{
    const dq_outcome *o;
    int n;
    if (!t->env || t->row_state < 0)
        return;
    assert_int_equal(dq_env_model(t->env, t->row_state, t->row_action, &o, &n), DQ_OK);
    assert_int_equal(t->n_seen, n);
}

static void end_table(table *t)
{
    const dq_outcome *o;
    int n;
    if (!t->env)
        return;
    end_row(t);
    assert_int_equal(dq_env_start_model(t->env, &o, &n), DQ_OK);
    assert_int_equal(t->n_starts, n);
    dq_env_destroy(t->env);
    t->env = NULL;
}

static void begin_table(table *t, const char *line)
{
    int max_steps;
    *t = (table){.row_state = -1};
    assert_int_equal(
        sscanf(line, "world %31s %d %d %d", t->name, &t->n_states, &t->n_actions, &max_steps), 4);
    t->env = make_world(t->name);
    const dq_env_spec *spec = dq_env_get_spec(t->env);
    assert_int_equal(spec->n_states, t->n_states);
    assert_int_equal(spec->n_actions, t->n_actions);
    assert_int_equal(spec->max_episode_steps, max_steps);
}

static void compare_outcome(table *t, const char *line)
{
    const dq_outcome *o;
    int state, action, next, end, n;
    double p, reward;
    assert_int_equal(
        sscanf(line, "%*s %d %d %lf %d %lf %d", &state, &action, &p, &next, &reward, &end), 6);
    if (state != t->row_state || action != t->row_action) {
        end_row(t);
        t->row_state = state;
        t->row_action = action;
        t->n_seen = 0;
    }
    assert_int_equal(dq_env_model(t->env, state, action, &o, &n), DQ_OK);
    assert_true(t->n_seen < n);
    o += t->n_seen++;
    assert_true(o->probability == p && o->reward == (float)reward);
    assert_int_equal(o->next_state, next);
    assert_int_equal(o->terminated, end);
}

static void compare_start(table *t, const char *line)
{
    const dq_outcome *o;
    int state, n;
    double p;
    assert_int_equal(sscanf(line, "%*s start %lf %d", &p, &state), 2);
    assert_int_equal(dq_env_start_model(t->env, &o, &n), DQ_OK);
    assert_true(t->n_starts < n);
    o += t->n_starts++;
    assert_int_equal(o->next_state, state);
    assert_true(fabs(o->probability - p) < 1e-15);
}

static void tables_are_those_of_gymnasium(void **state)
{
    (void)state;
    char line[MAX_LINE];
    table t = {.env = NULL};
    int n_worlds = 0;
    gzFile f = open_data("tables.txt.gz");
    while (gzgets(f, line, sizeof(line))) {
        if (line[0] == '#')
            continue;
        if (strncmp(line, "world ", 6) == 0) {
            end_table(&t);
            begin_table(&t, line);
            n_worlds++;
        } else if (strstr(line, " start ")) {
            compare_start(&t, line);
        } else {
            compare_outcome(&t, line);
        }
    }
    end_table(&t);
    gzclose(f);
    assert_int_equal(n_worlds, N_WORLDS);
}

/** Put an environment into a state, through the door that a checkpoint comes by. */
static dq_status put(dq_env *env, int state, int last_action)
{
    dq_writer *w;
    dq_reader *r;
    size_t n;
    assert_int_equal(dq_writer_create(&w), DQ_OK);
    dq_write_tag(w, "ENV ", 1);
    dq_write_u32(w, 1);
    dq_write_u32(w, 0);
    dq_write_tag(w, "TABL", 2);
    dq_write_u32(w, (uint32_t)dq_env_get_spec(env)->n_states);
    dq_write_u32(w, (uint32_t)dq_env_get_spec(env)->n_actions);
    for (int i = 0; i < 4; i++)
        dq_write_u64(w, 1);
    dq_write_u32(w, (uint32_t)state);
    dq_write_u32(w, (uint32_t)last_action);
    dq_write_u32(w, 0);
    const void *bytes = dq_writer_bytes(w, &n);
    assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
    dq_status st = dq_env_load(env, r);
    dq_reader_destroy(r);
    dq_writer_destroy(w);
    return st;
}

/** "\n" and "\e" as they are written in the file. */
static void unescape(char *text)
{
    char *to = text;
    for (; *text && *text != '\n'; text++) {
        if (*text == '\\')
            *to++ = *++text == 'n' ? '\n' : '\x1b';
        else
            *to++ = *text;
    }
    *to = '\0';
}

static void renderings_are_those_of_gymnasium(void **test_state)
{
    (void)test_state;
    char line[MAX_LINE], name[32], last_name[32] = "";
    int state, action, at, n_lines = 0;
    dq_env *env = NULL;
    const char *text;
    gzFile f = open_data("renderings.txt.gz");
    while (gzgets(f, line, sizeof(line))) {
        assert_int_equal(sscanf(line, "%31s %d %d %n", name, &state, &action, &at), 3);
        if (strcmp(name, last_name) != 0) {
            dq_env_destroy(env);
            env = make_world(name);
            strcpy(last_name, name);
        }
        // The third number is followed by one blank; what comes then may itself start with one.
        char *wanted = strchr(strchr(strchr(line, ' ') + 1, ' ') + 1, ' ') + 1;
        unescape(wanted);
        assert_int_equal(put(env, state, action), DQ_OK);
        assert_int_equal(dq_env_render_text(env, &text), DQ_OK);
        assert_string_equal(text, wanted);
        n_lines++;
    }
    dq_env_destroy(env);
    gzclose(f);
    assert_int_equal(n_lines, 16 + 64 + 16 + 16 + 15 + 48 + 48 + 500 + 500);
}

static void impossible_saved_states_are_refused(void **state)
{
    (void)state;
    dq_env *env = make_by_id("FrozenLake-v1");
    assert_int_equal(put(env, 16, -1), DQ_ERR_INPUT);
    assert_int_equal(put(env, -1, -1), DQ_ERR_INPUT);
    assert_int_equal(put(env, 0, 4), DQ_ERR_INPUT);
    assert_int_equal(put(env, 15, 3), DQ_OK);
    dq_env_destroy(env);
}

/* Blackjack: recorded deals, card by card. */

typedef struct tape {
    char *at;
} tape;

static double take_number(tape *t)
{
    char *end;
    double v = strtod(t->at, &end);
    assert_ptr_not_equal(end, t->at);
    t->at = *end == ',' ? end + 1 : end;
    return v;
}

static int take_card(void *ctx)
{
    return (int)take_number(ctx);
}

static void blackjack_deals_end_as_in_gymnasium(void **state)
{
    (void)state;
    char line[MAX_LINE], cards[256], actions[64], states[128], rewards[128];
    int sab, natural, n_games = 0, n_paid_more = 0;
    gzFile f = open_data("blackjack.txt");
    while (gzgets(f, line, sizeof(line))) {
        assert_int_equal(sscanf(line, "%d %d %255s %63s %127s %127s", &sab, &natural, cards,
                                actions, states, rewards),
                         6);
        dq_blackjack game = {.sab = sab, .natural = natural};
        tape c = {cards}, a = {actions}, s = {states}, r = {rewards};
        float reward;
        bool over = false;
        dq_blackjack_deal(&game, take_card, &c);
        assert_int_equal(dq_blackjack_state(&game), (int)take_number(&s));
        while (!over) {
            over = dq_blackjack_act(&game, (int)take_number(&a), &reward, take_card, &c);
            assert_int_equal(dq_blackjack_state(&game), (int)take_number(&s));
            assert_true((double)reward == take_number(&r));
        }
        assert_true(*a.at == '\0' && *s.at == '\0' && *r.at == '\0');
        n_paid_more += reward == 1.5f;
        n_games++;
    }
    gzclose(f);
    assert_int_equal(n_games, 450);
    assert_true(n_paid_more > 0);
}

static void blackjack_ends_and_tells_no_model(void **state)
{
    (void)state;
    dq_env *env = make_by_id("Blackjack-v1");
    const dq_outcome *o;
    const char *text;
    int32_t obs;
    int n;
    dq_step step;
    assert_int_equal(dq_env_model(env, 0, 0, &o, &n), DQ_ERR_UNSUPPORTED);
    for (int game = 0; game < 1000; game++) {
        assert_int_equal(dq_env_reset(env, &obs), DQ_OK);
        do {
            assert_true(obs >= 0 && obs < dq_env_get_spec(env)->n_states);
            assert_int_equal(dq_env_render_text(env, &text), DQ_OK);
            assert_int_equal(strncmp(text, "player ", 7), 0);
            assert_int_equal(dq_env_step(env, obs / 22 < 17, &obs, &step), DQ_OK);
        } while (!step.terminated);
        assert_true(fabs((double)step.reward) <= 1);
    }
    dq_env_destroy(env);
}

/** A run after a load is the run that would have been. */
static void saved_worlds_go_on_the_same(void **state)
{
    (void)state;
    static const char *const ids[] = {"FrozenLake-v0", "CliffWalkingSlippery-v1", "Taxi-v3",
                                      "Blackjack-v1"};
    for (int i = 0; i < 4; i++) {
        dq_env *a = make_by_id(ids[i]), *b = make_by_id(ids[i]);
        int32_t x, y;
        dq_step p, q;
        dq_writer *w;
        dq_reader *r;
        size_t n;
        assert_int_equal(dq_env_seed(a, 5), DQ_OK);
        assert_int_equal(dq_env_reset(a, &x), DQ_OK);
        assert_int_equal(dq_writer_create(&w), DQ_OK);
        assert_int_equal(dq_env_save(a, w), DQ_OK);
        const void *bytes = dq_writer_bytes(w, &n);
        dq_env *other = make_by_id(ids[(i + 1) % 4]);
        assert_int_equal(dq_reader_create(&r, bytes, n), DQ_OK);
        assert_int_equal(dq_env_load(other, r), DQ_ERR_INPUT);
        dq_reader_destroy(r);
        dq_env_destroy(other);
        for (size_t cut = 0; cut <= n; cut++) {  // cut short it is refused
            assert_int_equal(dq_reader_create(&r, bytes, cut), DQ_OK);
            assert_int_equal(dq_env_load(b, r), cut < n ? DQ_ERR_INPUT : DQ_OK);
            dq_reader_destroy(r);
        }
        for (int step = 0; step < 200; step++) {
            assert_int_equal(dq_env_step(a, step % 2, &x, &p), DQ_OK);
            assert_int_equal(dq_env_step(b, step % 2, &y, &q), DQ_OK);
            assert_int_equal(x, y);
            assert_memory_equal(&p, &q, sizeof(p));
            if (p.terminated || p.truncated) {
                assert_int_equal(dq_env_reset(a, &x), DQ_OK);
                assert_int_equal(dq_env_reset(b, &y), DQ_OK);
            }
        }
        dq_writer_destroy(w);
        dq_env_destroy(a);
        dq_env_destroy(b);
    }
}

static void time_limits_cut_episodes_off(void **state)
{
    (void)state;
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.is_slippery = false;
    dq_env *env = make_lake(&cfg);
    int32_t obs;
    dq_step step;
    assert_int_equal(dq_env_reset(env, &obs), DQ_OK);
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(dq_env_step(env, 0, &obs, &step), DQ_OK);
        assert_int_equal(step.truncated, i == 100);
        assert_false(step.terminated);
    }
    assert_int_equal(dq_env_step(env, 0, &obs, &step), DQ_ERR_CONFIG);
    dq_env_destroy(env);
}

/* Maps. */

static void bad_maps_are_refused(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", "empty"},
        {"SFX,FFF,FFG", "row 1, column 3: 'X'"},
        {"SFF,FF\tG", "byte 9"},
        {"FFF,FFG", "no start"},
        {"SFF,FFF", "no goal"},
        {"SFF,FG", "row 2: its length"},
        {"SFF,FFFG", "row 2: its length"},
        {"SFF,,FFG", "row 2: its length"},
        {",SFG", "row 1: its length"},
        {"sfg", "'s'"},
    };
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        dq_env *env;
        cfg.map = pairs[i][0];
        assert_int_equal(dq_frozen_lake_create(&env, &cfg), DQ_ERR_INPUT);
        assert_null(env);
        assert_non_null(strstr(dq_errmsg(), pairs[i][1]));
    }
}

static void maps_end_their_rows_in_many_ways(void **state)
{
    (void)state;
    static const char *const maps[] = {"SFF,HFG", "SFF\nHFG\n", "SFF\r\nHFG\r\n", "SFF,HFG,"};
    for (int i = 0; i < 4; i++) {
        int rows, columns;
        assert_int_equal(dq_frozen_lake_map_check(maps[i], &rows, &columns), DQ_OK);
        assert_int_equal(rows, 2);
        assert_int_equal(columns, 3);
    }
}

static void large_maps_have_an_end(void **state)
{
    (void)state;
    static char map[2 * (DQ_LAKE_MAX_SIDE + 2)];
    int rows, columns;
    memset(map, 'F', DQ_LAKE_MAX_SIDE);
    map[0] = 'S';
    map[1] = 'G';
    assert_int_equal(dq_frozen_lake_map_check(map, &rows, &columns), DQ_OK);
    assert_int_equal(columns, DQ_LAKE_MAX_SIDE);
    map[DQ_LAKE_MAX_SIDE] = 'F';
    assert_int_equal(dq_frozen_lake_map_check(map, &rows, &columns), DQ_ERR_INPUT);
    for (int i = 0; i < DQ_LAKE_MAX_SIDE + 1; i++) {
        map[2 * i] = i ? 'F' : 'S';
        map[2 * i + 1] = ',';
    }
    map[2] = 'G';
    assert_int_equal(dq_frozen_lake_map_check(map, &rows, &columns), DQ_ERR_INPUT);
    map[2 * DQ_LAKE_MAX_SIDE] = '\0';
    assert_int_equal(dq_frozen_lake_map_check(map, &rows, &columns), DQ_OK);
    assert_int_equal(rows, DQ_LAKE_MAX_SIDE);
}

static void random_maps_have_a_way(void **state)
{
    (void)state;
    char map[8 * 9], again[8 * 9];
    int rows, columns, n_holes = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        assert_int_equal(dq_frozen_lake_random_map(map, 8, 0.6, seed), DQ_OK);
        assert_int_equal(dq_frozen_lake_random_map(again, 8, 0.6, seed), DQ_OK);
        assert_string_equal(map, again);
        assert_int_equal(dq_frozen_lake_map_check(map, &rows, &columns), DQ_OK);
        assert_true(rows == 8 && columns == 8 && map[0] == 'S' && map[8 * 9 - 2] == 'G');
        for (const char *c = map; *c; c++)
            n_holes += *c == 'H';
    }
    // 62 cells, 0.4 of them holes before maps without a way are thrown away.
    assert_true(n_holes > 200 * 62 * 0.2 && n_holes < 200 * 62 * 0.4);
    assert_int_equal(dq_frozen_lake_random_map(map, 8, 1, 0), DQ_OK);
    assert_null(strchr(map, 'H'));
    assert_int_equal(dq_frozen_lake_random_map(map, 8, 0, 0), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "had a way to the goal"));  // 0 is a probability
    assert_int_equal(dq_frozen_lake_random_map(map, 1, 1, 0), DQ_ERR_CONFIG);
    assert_int_equal(dq_frozen_lake_random_map(map, 8, -0.1, 0), DQ_ERR_CONFIG);
    assert_non_null(strstr(dq_errmsg(), "a probability from 0 to 1"));
}

static void impossible_lakes_are_refused(void **state)
{
    (void)state;
    dq_env *env;
    dq_frozen_lake_config cfg = dq_frozen_lake_default();
    cfg.success_rate = 1.5;
    assert_int_equal(dq_frozen_lake_create(&env, &cfg), DQ_ERR_CONFIG);
    cfg = dq_frozen_lake_default();
    cfg.reward_hole = INFINITY;
    assert_int_equal(dq_frozen_lake_create(&env, &cfg), DQ_ERR_CONFIG);
    cfg = dq_frozen_lake_default();
    cfg.max_steps = -1;
    assert_int_equal(dq_frozen_lake_create(&env, &cfg), DQ_ERR_CONFIG);
    cfg = dq_frozen_lake_default();
    cfg.map = NULL;
    assert_int_equal(dq_frozen_lake_create(&env, &cfg), DQ_ERR_INPUT);
    assert_int_equal(dq_taxi_create(&env, 2, 0), DQ_ERR_CONFIG);
    assert_null(env);
}

/** Each outcome as often as its probability says: chi-squared with 2 degrees of freedom. */
static void chance_is_as_the_table_says(void **state)
{
    (void)state;
    dq_env *env = make_world("rate");
    dq_world w;
    dq_rng rng = dq_rng_stream(1, DQ_WORLD_STREAM);
    enum { N = 100000 };
    int count[3] = {0};
    assert_int_equal(dq_world_from_env(&w, env), DQ_OK);
    size_t row = 14 * 4 + 2;
    for (int i = 0; i < N; i++)
        count[dq_world_draw(&w, row, &rng) - w.first[row]]++;
    double chi = 0;
    for (int k = 0; k < 3; k++) {
        double wanted = N * w.outcomes[w.first[row] + (size_t)k].probability;
        chi += (count[k] - wanted) * (count[k] - wanted) / wanted;
    }
    assert_true(chi < 13.8);  // p = 0.001
    dq_world_free(&w);
    dq_env_destroy(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_are_those_of_gymnasium),
        cmocka_unit_test(renderings_are_those_of_gymnasium),
        cmocka_unit_test(impossible_saved_states_are_refused),
        cmocka_unit_test(blackjack_deals_end_as_in_gymnasium),
        cmocka_unit_test(blackjack_ends_and_tells_no_model),
        cmocka_unit_test(saved_worlds_go_on_the_same),
        cmocka_unit_test(time_limits_cut_episodes_off),
        cmocka_unit_test(bad_maps_are_refused),
        cmocka_unit_test(maps_end_their_rows_in_many_ways),
        cmocka_unit_test(large_maps_have_an_end),
        cmocka_unit_test(random_maps_have_a_way),
        cmocka_unit_test(impossible_lakes_are_refused),
        cmocka_unit_test(chance_is_as_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
