/** The data of published.c, which tools/make_published.py makes from data/published. */
#ifndef DEEPQ_APP_PUBLISHED_TABLES_H
#define DEEPQ_APP_PUBLISHED_TABLES_H

#include <stddef.h>

typedef struct published_row {
    const char *game_id;  // ALE's ROM id
    const double *score;  // [n_columns] game points; NAN: not published
} published_row;

typedef struct published_tables {
    const char *const *columns;  // [n_columns] of scores.csv, without the game
    size_t n_columns;
    const published_row *rows;  // [n_rows]
    size_t n_rows;
    const unsigned char *curves;  // [n_packed] compressed lines AGENT,GAME,STEPS,RUN,RUN,...
    size_t n_packed, n_text;      // bytes of them, and of the lines
} published_tables;

extern const published_tables published_data;

#endif
