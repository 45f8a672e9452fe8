/** The sound of a video: AAC, one channel. A part of video.c. */
#ifndef DEEPQ_RECORD_VIDEO_SOUND_H
#define DEEPQ_RECORD_VIDEO_SOUND_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdbool.h>
#include <stddef.h>

#include "deepq/status.h"

typedef struct dq_video_sound {
    AVCodecContext *encoder;  // NULL: a silent video
    AVStream *stream;         // the muxer's
    AVFrame *frame;           // that is being filled
    int n_filled;             // samples of it
    int64_t n_samples;        // in the frames before it
} dq_video_sound;

/** Pass on to the muxer what an encoder has ready, and count it. */
DQ_NODISCARD dq_status dq_video_drain(AVCodecContext *encoder, const AVStream *stream,
                                      AVFormatContext *muxer, AVPacket *packet, int64_t *n_packets);
/** What FFmpeg says about an error of its. */
dq_status dq_video_fail(const char *what, int error);

/** Open the encoder. @param hz samples a second, that AAC has */
DQ_NODISCARD dq_status dq_video_sound_open(dq_video_sound *s, int hz);
/** Add its stream to the muxer, before the header is written. */
DQ_NODISCARD dq_status dq_video_sound_join(dq_video_sound *s, AVFormatContext *muxer);
/** Add samples of -1 to 1. */
DQ_NODISCARD dq_status dq_video_sound_add(dq_video_sound *s, const float *samples, size_t n,
                                          AVFormatContext *muxer, AVPacket *packet);
/** Encode what is left. */
DQ_NODISCARD dq_status dq_video_sound_finish(dq_video_sound *s, AVFormatContext *muxer,
                                             AVPacket *packet);
void dq_video_sound_free(dq_video_sound *s);

#endif
