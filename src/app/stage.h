/** Where games are shown: in a window, as a video, or not at all. */
#ifndef DEEPQ_APP_STAGE_H
#define DEEPQ_APP_STAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "app/step_sound.h"
#include "app/value_strip.h"
#include "app/window.h"
#include "deepq/env.h"
#include "record/video.h"

typedef enum stage_format { STAGE_MP4 = 0, STAGE_GIF } stage_format;

typedef struct stage_options {
    const char *record_dir;  // for a video of each game; NULL: none
    int format;              // of videos, a stage_format; -1: not chosen
    bool no_vis, mute;
    bool human;   // somebody plays: nothing goes without a window
    bool values;  // bars below the picture, of what stage_values() is given
    int64_t fps;  // steps a second, in window and video
} stage_options;

typedef struct stage {
    const stage_options *o;
    const char *env_id;
    dq_env *env;
    window *window;       // NULL: none
    dq_video *video;      // of this game; NULL: none
    value_strip *values;  // below the picture; NULL: none
    step_sound sound;
    volatile int *stop;    // set by Ctrl-C
    struct timespec next;  // when the next step is due
} stage;

/** Say what is wrong with options that do not go together, on one line. @return an exit status */
int stage_check_options(const stage_options *o, const char *command);
/** Whether the environment is to be made with sound. */
bool stage_wants_sound(const stage_options *o);
/** Check the options and open the window. What it is given must live as long as the stage.
 *  @param[out] s to be closed by stage_close(), also on failure */
DQ_NODISCARD dq_status stage_open(stage *s, const stage_options *o, const char *env_id,
                                  dq_env *env);
void stage_close(stage *s);

/** Show the beginning of a game: its video is named by this number. */
DQ_NODISCARD dq_status stage_begin(stage *s, int64_t number);
/** With the option `values`: what was thought of the state that is shown next, and the action that
 *  was chosen in it. @param values float [n_actions] */
void stage_values(stage *s, int action, const float *values);
/** Show what a step led to, for as long as a step takes. */
DQ_NODISCARD dq_status stage_step(stage *s);
/** End the game's video. @return st, or the failure of the video */
DQ_NODISCARD dq_status stage_end(stage *s, dq_status st);
/** Whether somebody closed the window or pressed Ctrl-C. While it is paused, this waits. */
bool stage_is_over(stage *s);
/** With the option `human`: the keys that are pressed. */
window_keys stage_keys(stage *s);
/** Whether somebody wants a new game. */
bool stage_asks_again(stage *s);

#endif
