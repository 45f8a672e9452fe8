/** What a C file has besides the network: the game's screens, and recorded states. */
#ifndef DEEPQ_EXPORT_C_FILE_H
#define DEEPQ_EXPORT_C_FILE_H

#include "env/frame84.h"
#include "export/export.h"

enum {
    DQ_C_PREFIX = 40,   // bytes of what its names begin with, the final zero included
    DQ_C_RECORDED = 3,  // states of pictures that are recorded, at most
    DQ_C_NOTES = 512    // bytes of what its head comment says of the states
};

/** Ways to make grey, as model_level() in c_picture.inc has them. */
typedef enum dq_c_grey { DQ_C_BOOK, DQ_C_BYTES, DQ_C_COLOURS, DQ_C_ALE } dq_c_grey;

/** How screens become pictures. */
typedef struct dq_c_screens {
    dq_c_grey grey;          // how colours are made grey
    int height;              // rows of a screen
    int skip;                // console frames that an action is repeated for
    bool repeats;            // whether the first picture of an episode fills the stack
    const uint8_t *palette;  // [256][3]
    dq_frame84_plan plan;    // which samples make up a picture's
} dq_c_screens;

/** States, and what the network makes of them. */
typedef struct dq_c_recording {
    int n;                              // states
    const uint8_t *pairs;               // screens as pairs: how many pixels, which index
    size_t n_pairs;                     // pairs of all screens
    uint32_t checksums[DQ_C_RECORDED];  // FNV-1a of the pictures of each
    const float *vectors;               // [n][inputs], instead of screens
    const float *values;                // [n][n_actions]
} dq_c_recording;

typedef struct dq_c_file {
    bool int8;                        // weights of int8
    char prefix[DQ_C_PREFIX];         // what its names begin with, "pong"
    const char *const *action_names;  // [n_actions], or NULL
    dq_c_screens screens;             // of a network of pictures
    dq_c_recording recording;         // for the self-check
    char notes[DQ_C_NOTES];           // where the states are from, what int8 costs
} dq_c_file;

/** FNV-1a, as in c_check_pictures.inc. */
uint32_t dq_c_checksum(const void *bytes, size_t n);
/** The prefix that a path stands for: "pong" of "models/pong.c"; "model" where no name is in it. */
void dq_c_prefix(const char *path, char prefix[DQ_C_PREFIX]);

#endif
