/** What random play and a human tester score: the scale that Atari results are told on. */
#ifndef DEEPQ_APP_HUMAN_SCORES_H
#define DEEPQ_APP_HUMAN_SCORES_H

#include <stdbool.h>

typedef struct human_scores {
    double random, human;  // game points
} human_scores;

/** Those of a game by ALE's ROM id, of published.h. @return false for games without them */
bool human_scores_find(const char *game_id, human_scores *s);
/** A score as a percentage: 0 as random play, 100 as the human. */
double human_scores_normalise(const human_scores *s, double score);

#endif
