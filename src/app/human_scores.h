/** What random play and a human tester score: the scale that Atari results are told on. */
#ifndef DEEPQ_APP_HUMAN_SCORES_H
#define DEEPQ_APP_HUMAN_SCORES_H

typedef struct human_scores {
    const char *game_id;   // ALE's rom id
    double random, human;  // game points
} human_scores;

/** NULL for the games without published scores. Static storage. */
const human_scores *human_scores_find(const char *game_id);
/** A score as a percentage: 0 as random play, 100 as the human. */
double human_scores_normalise(const human_scores *s, double score);

#endif
