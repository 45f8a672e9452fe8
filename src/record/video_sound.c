#include "record/video_sound.h"

#include <libavutil/channel_layout.h>
#include <string.h>

#include "base/error.h"

enum { BITS_A_SECOND = 96000 };

static void use_one_channel(AVCodecContext *encoder, AVFrame *frame)
{
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(59, 24, 100)
    av_channel_layout_default(&encoder->ch_layout, 1);
    av_channel_layout_default(&frame->ch_layout, 1);
#else
    encoder->channels = frame->channels = 1;
    encoder->channel_layout = frame->channel_layout = AV_CH_LAYOUT_MONO;
#endif
}

/* A frame that the encoder has kept is copied here, so that the next one can be filled. */
static dq_status begin_frame(dq_video_sound *s)
{
    int error = av_frame_make_writable(s->frame);
    s->n_filled = 0;
    return error < 0 ? dq_video_fail("add sound", error) : DQ_OK;
}

dq_status dq_video_sound_open(dq_video_sound *s, int hz)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
    if (!codec)
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "video: this FFmpeg has no AAC for sound: install a complete libavcodec");
    AVCodecContext *e = s->encoder = avcodec_alloc_context3(codec);
    s->frame = av_frame_alloc();
    if (!e || !s->frame)
        return dq_video_fail("open the encoder of sound", AVERROR(ENOMEM));
    use_one_channel(e, s->frame);
    e->sample_rate = s->frame->sample_rate = hz;
    e->sample_fmt = AV_SAMPLE_FMT_FLTP;
    e->bit_rate = BITS_A_SECOND;
    e->time_base = (AVRational){1, hz};
    e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_BITEXACT;
    int error = avcodec_open2(e, codec, NULL);
    if (error < 0)
        return dq_video_fail("open the encoder of sound", error);
    s->frame->format = e->sample_fmt;
    s->frame->nb_samples = e->frame_size;
    error = av_frame_get_buffer(s->frame, 0);
    return error < 0 ? dq_video_fail("prepare sound", error) : DQ_OK;
}

dq_status dq_video_sound_join(dq_video_sound *s, AVFormatContext *muxer)
{
    s->stream = avformat_new_stream(muxer, NULL);
    if (!s->stream)
        return dq_video_fail("make an MP4", AVERROR(ENOMEM));
    s->stream->time_base = s->encoder->time_base;
    int error = avcodec_parameters_from_context(s->stream->codecpar, s->encoder);
    return error < 0 ? dq_video_fail("make an MP4", error) : DQ_OK;
}

/* NULL: no more will come. */
static dq_status encode(dq_video_sound *s, const AVFrame *frame, AVFormatContext *muxer,
                        AVPacket *packet)
{
    int64_t n_packets = 0;
    int error = avcodec_send_frame(s->encoder, frame);
    if (error < 0)
        return dq_video_fail("encode sound", error);
    return dq_video_drain(s->encoder, s->stream, muxer, packet, &n_packets);
}

static dq_status encode_filled(dq_video_sound *s, AVFormatContext *muxer, AVPacket *packet)
{
    s->frame->pts = s->n_samples;
    s->frame->nb_samples = s->n_filled;
    s->n_samples += s->n_filled;
    DQ_TRY(encode(s, s->frame, muxer, packet));
    return begin_frame(s);
}

dq_status dq_video_sound_add(dq_video_sound *s, const float *samples, size_t n,
                             AVFormatContext *muxer, AVPacket *packet)
{
    while (n > 0) {
        size_t room = (size_t)(s->encoder->frame_size - s->n_filled), some = n < room ? n : room;
        memcpy((float *)s->frame->data[0] + s->n_filled, samples, some * sizeof(*samples));
        s->n_filled += (int)some;
        samples += some;
        n -= some;
        if (s->n_filled == s->encoder->frame_size)
            DQ_TRY(encode_filled(s, muxer, packet));
    }
    return DQ_OK;
}

dq_status dq_video_sound_finish(dq_video_sound *s, AVFormatContext *muxer, AVPacket *packet)
{
    if (s->n_filled > 0)
        DQ_TRY(encode_filled(s, muxer, packet));
    return encode(s, NULL, muxer, packet);
}

void dq_video_sound_free(dq_video_sound *s)
{
    av_frame_free(&s->frame);
    avcodec_free_context(&s->encoder);
}
