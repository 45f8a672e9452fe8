/** Videos: MP4 of H.264, or MPEG-4 part 2 where FFmpeg has no x264, and AAC; or animated GIFs.
 *
 *  The video grows in memory (a few MB for a game) and becomes a file, atomically, at the end; that
 *  the file can be made is found out at the start. Pictures are scaled up by a whole factor to 400
 *  rows or more, pixels stay square as in ALE's and Gymnasium's videos: 160x210 becomes 320x420.
 *  Without FFmpeg's libraries in the build, every call is DQ_ERR_UNSUPPORTED. FFmpeg's log messages
 *  are switched off for the process. */
#ifndef DEEPQ_RECORD_VIDEO_H
#define DEEPQ_RECORD_VIDEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

typedef struct dq_video dq_video;

enum { DQ_VIDEO_SOUND_HZ = 48000 };  // samples of a video's sound in a second

/** Start a video of pictures of width x height pixels, each 1 to 4096. @param fps 1 to 1000
 *  @param has_sound dq_video_add_sound() will be called */
DQ_NODISCARD dq_status dq_video_create(dq_video **out, const char *path, int width, int height,
                                       int fps, bool has_sound);

/** Start an animated GIF, which has no sound and is shown again and again. Its colours are exactly
 *  those of the pictures. GIFs count hundredths of a second: pictures come at the nearest one, so
 *  that the mean is right. Of more than 50 a second only every second, third, ... is kept, since
 *  browsers show faster ones at 10 a second.
 *  @param colours uint8 [n_colours][3], those that pictures may have, as far as they are known: one
 *         that comes up later makes each picture from then on larger, by its own palette */
DQ_NODISCARD dq_status dq_video_create_gif(dq_video **out, const char *path, int width, int height,
                                           int fps, const uint8_t *colours, size_t n_colours);

/** Add one picture. @param rgb uint8 [height][width][3]
 *  @return DQ_OK; DQ_ERR_UNSUPPORTED for a picture of a GIF with more than 255 colours */
DQ_NODISCARD dq_status dq_video_add(dq_video *v, const uint8_t *rgb);

/** Add sound, one channel, after that which was added before; it should be as long as the pictures.
 * A GIF is silent.
 *  @param samples float [n], -1 to 1 */
DQ_NODISCARD dq_status dq_video_add_sound(dq_video *v, const float *samples, size_t n);

/** Finish the file, check that it has every picture, and destroy the video in any case.
 *  DQ_ERR_EMPTY: there were no pictures, so there is no file. */
DQ_NODISCARD dq_status dq_video_finish(dq_video *v);

/** Give up: no file. Accepts NULL. */
void dq_video_abandon(dq_video *v);

#endif
