#include "app/human_scores.h"

#include <math.h>

#include "app/published.h"

bool human_scores_find(const char *game_id, human_scores *s)
{
    *s = (human_scores){published_score(game_id, "random"), published_score(game_id, "human")};
    return !isnan(s->random) && !isnan(s->human);
}

double human_scores_normalise(const human_scores *s, double score)
{
    return 100 * (score - s->random) / (s->human - s->random);
}
