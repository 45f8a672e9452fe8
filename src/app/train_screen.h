/** The bottom of a terminal while a run trains: a few lines, redrawn in place, that say how it
 * goes, and above them with train_screen_watch() the game.
 *
 *  Other lines may be printed in between: clear it first, it comes back with the next update. On
 *  anything but a terminal nothing is drawn. Lines take a third of the terminal at most, and one
 *  where there is little room; the game leaves room for four lines of the book and more. */
#ifndef DEEPQ_APP_TRAIN_SCREEN_H
#define DEEPQ_APP_TRAIN_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "app/watch.h"
#include "deepq/train.h"

enum { SCREEN_CURVE = 256, SCREEN_LINES = 5, SCREEN_COLUMNS = 200 };
enum { SCREEN_ROWS = WATCH_ROWS + SCREEN_LINES };

/** A curve of the whole run in little room: when it is full two neighbours become one. */
typedef struct screen_curve {
    double value[SCREEN_CURVE];
    int n;
    int64_t each;     // games that a value is the last of
    int64_t waiting;  // games since the last value
} screen_curve;

typedef struct train_screen {
    bool enabled, unicode;
    watch *watch;                     // the game above the lines; NULL: none
    int n_drawn, drawn[SCREEN_ROWS];  // lines on the screen, and the characters of each
    int n_game;                       // lines of the game, as it was drawn last
    double due_s;                     // when it is drawn again
    double rest_s;                    // with a game: when it may, since drawing takes time
    int64_t limit;                    // frames the run may have, 0: no limit
    int64_t replay_size;              // transitions that are kept; 0: there is no replay buffer
    double start_s, measured_s;
    int64_t measured_step;
    double speed;                     // frames a second lately
    double stage_s[DQ_TRAIN_STAGES];  // when it was measured
    double share[DQ_TRAIN_STAGES];    // of the time lately
    screen_curve rewards;             // means of 100 games
    dq_progress game;                 // at the end of the last game
} train_screen;

/** What it is drawn for. @param first_step of this process
 *  @param wanted false draws nothing ever */
void train_screen_init(train_screen *s, bool wanted, const dq_train_config *cfg,
                       int64_t first_step);
/** Show the game too.
 *  @param w the screen's from now on, until train_screen_end(); NULL: not */
void train_screen_watch(train_screen *s, watch *w);
/** A game is over. */
void train_screen_game(train_screen *s, const dq_progress *p);
/** Draw where the run stands, a few times a second at most.
 *  @param disk_bytes what its checkpoints have on the disk */
void train_screen_update(train_screen *s, const dq_progress *p, uint64_t disk_bytes);
/** Draw these words in its place. */
void train_screen_say(train_screen *s, const char *text);
/** Take it away, so that a line can be printed. */
void train_screen_clear(train_screen *s);
/** Take it away for good. */
void train_screen_end(train_screen *s);

#endif
