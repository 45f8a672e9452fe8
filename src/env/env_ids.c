#include "env/env_ids.h"

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/spelling.h"
#include "deepq/env.h"
#include "env/gym_ids.h"

/* The id families of ale-py's registration.py. Where two ids are equally near to what somebody
 * typed, the one that comes first here is suggested. */
typedef struct family {
    const char *prefix, *suffix;
    int skip_low, skip_high;
    float repeat_action_probability;
    bool legacy;  // only for games that have legacy ids
} family;

static const family families[] = {
    {"", "NoFrameskip-v4", 1, 1, 0.0f, true}, {"", "-v4", 2, 4, 0.0f, true},
    {"ALE/", "-v5", 4, 4, 0.25f, false},      {"", "NoFrameskip-v0", 1, 1, 0.25f, true},
    {"", "-v0", 2, 4, 0.25f, true},
};

enum { NO_FRAMESKIP_V4 = 0, ALE_V5 = 2, N_FAMILIES = DQ_COUNT(families) };
enum { MAX_GAMES = 128, MAX_HOMEBREWS = 8, MAX_GYM = 32, MAX_ID = 48 };
enum { MAX_IDS = MAX_GAMES * N_FAMILIES + MAX_HOMEBREWS + MAX_GYM };

/* All ids; written once, by whoever asks first. */
static struct {
    char text[MAX_IDS][MAX_ID];
    const char *sorted[MAX_IDS];
    const char *by_game[MAX_GAMES][N_FAMILIES];  // NULL: the game has no such id
    const dq_atari_game *const *games;
    const dq_homebrew *homebrews;
    size_t n_games, n_homebrews, n;
} ids;
static pthread_once_t ids_made = PTHREAD_ONCE_INIT;

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void make_ids(void)
{
    ids.games = dq_atari_games(&ids.n_games);
    if (ids.n_games > MAX_GAMES)
        ids.n_games = MAX_GAMES;
    for (size_t g = 0; g < ids.n_games; g++)
        for (size_t f = 0; f < N_FAMILIES; f++) {
            if (families[f].legacy && !ids.games[g]->has_legacy_ids)
                continue;
            snprintf(ids.text[ids.n], MAX_ID, "%s%s%s", families[f].prefix, ids.games[g]->gym_name,
                     families[f].suffix);
            ids.by_game[g][f] = ids.sorted[ids.n] = ids.text[ids.n];
            ids.n++;
        }
    ids.homebrews = dq_homebrews(&ids.n_homebrews);
    for (size_t h = 0; h < ids.n_homebrews; h++)
        ids.sorted[ids.n++] = ids.homebrews[h].id;
    for (size_t t = 0; t < MAX_GYM && dq_gym_id(t); t++)
        ids.sorted[ids.n++] = dq_gym_id(t);
    qsort(ids.sorted, ids.n, sizeof(ids.sorted[0]), compare_text);
}

const char *const *dq_env_ids(size_t *n)
{
    pthread_once(&ids_made, make_ids);
    *n = ids.n;
    return ids.sorted;
}

static void describe(dq_atari_id *id, size_t game, size_t family_number)
{
    const family *f = &families[family_number];
    const char *name = ids.by_game[game][family_number];
    *id = (dq_atari_id){
        .name = name ? name : ids.games[game]->id,
        .game = ids.games[game],
        .skip_low = f->skip_low,
        .skip_high = f->skip_high,
        .repeat_action_probability = f->repeat_action_probability,
    };
}

/** "Pong-v5": the v5 id without its namespace. */
static bool is_short_v5(const char *text, const char *v5)
{
    return strcmp(text, v5 + strlen(families[ALE_V5].prefix)) == 0;
}

bool dq_atari_id_parse(const char *text, dq_atari_id *id)
{
    pthread_once(&ids_made, make_ids);
    const dq_homebrew *own = dq_homebrew_by_id(text);
    if (own) {
        *id = (dq_atari_id){own->id, dq_atari_game_by_id(own->rules), 1, 1, 0.0f, own};
        return true;
    }
    for (size_t g = 0; g < ids.n_games; g++) {
        for (size_t f = 0; f < N_FAMILIES; f++)
            if (ids.by_game[g][f] && strcmp(text, ids.by_game[g][f]) == 0) {
                describe(id, g, f);
                return true;
            }
        bool is_v5 = is_short_v5(text, ids.by_game[g][ALE_V5]);
        if (is_v5 || strcmp(text, ids.games[g]->id) == 0) {
            describe(id, g, is_v5 ? ALE_V5 : NO_FRAMESKIP_V4);
            return true;
        }
    }
    return false;
}

/* Suggestions: the nearest in spelling. */

static int lower(char c)
{
    return tolower((unsigned char)c);
}

static bool starts_with(const char *text, const char *start)
{
    while (*start)
        if (lower(*text++) != lower(*start++))
            return false;
    return true;
}

/** The id of a game to name first. */
static const char *main_id(size_t game)
{
    const char *id = ids.by_game[game][NO_FRAMESKIP_V4];
    return id ? id : ids.by_game[game][ALE_V5];
}

/** Whether the text names a game and then something else, as KlaxNoFrameskip-v4 or Pong-v6: the
 * game with the longest name that it starts with. */
static bool names_game(const char *text, size_t *game)
{
    size_t longest = 0;
    if (starts_with(text, "ALE/"))
        text += 4;
    for (size_t g = 0; g < ids.n_games; g++) {
        size_t n = strlen(ids.games[g]->gym_name);
        if (n > longest && starts_with(text, ids.games[g]->gym_name) &&
            !islower((unsigned char)text[n])) {
            longest = n;
            *game = g;
        }
    }
    return longest > 0;
}

/** The id of this game that is nearest to the text, or the one to name first. */
static const char *suggest_of_game(const char *text, size_t game, int least)
{
    const char *best = main_id(game);
    for (size_t f = 0; f < N_FAMILIES; f++) {
        const char *id = ids.by_game[game][f];
        int d = id ? dq_spelling_distance(text, id) : MAX_ID;
        if (d < least) {
            least = d;
            best = id;
        }
    }
    return best;
}

const char *dq_env_suggest(const char *id)
{
    pthread_once(&ids_made, make_ids);
    size_t length = strlen(id);
    if (length == 0 || length >= MAX_ID)
        return NULL;
    const char *best = NULL;
    int least = 2 + (int)length / 5;  // farther than this it would be another word
    size_t game;
    if (names_game(id, &game))
        return suggest_of_game(id, game, least);
    for (size_t h = 0; h < ids.n_homebrews; h++) {
        int d = dq_spelling_distance(id, ids.homebrews[h].id);
        if (d < least) {
            least = d;
            best = ids.homebrews[h].id;
        }
    }
    for (size_t t = 0; dq_gym_id(t); t++) {
        int d = dq_spelling_distance(id, dq_gym_id(t));
        if (d < least) {
            least = d;
            best = dq_gym_id(t);
        }
    }
    for (size_t f = 0; f < N_FAMILIES; f++)
        for (size_t g = 0; g < ids.n_games; g++) {
            int d = ids.by_game[g][f] ? dq_spelling_distance(id, ids.by_game[g][f]) : MAX_ID;
            if (d < least) {
                least = d;
                best = ids.by_game[g][f];
            }
        }
    for (size_t g = 0; g < ids.n_games; g++)
        if (dq_spelling_distance(id, ids.games[g]->id) < least ||
            dq_spelling_distance(id, ids.games[g]->gym_name) < least)
            return main_id(g);
    return best;
}
