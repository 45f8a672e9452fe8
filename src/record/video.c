#include "record/video.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
#include <libswscale/swscale.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/palette.h"
#include "record/video_sound.h"

enum { MAX_SIDE = 4096, MAX_FPS = 1000, MIN_ROWS = 400 };
enum { GIF_FPS = 50 };  // browsers show what is faster at 10 pictures a second

struct dq_video {
    dq_writer *file;
    int width, height;  // of the pictures that come in
    int fps, every;     // every `every`-th picture gets into the file
    int64_t n_given, n_frames, n_packets;
    AVCodecContext *encoder;
    AVFormatContext *muxer;
    AVStream *stream;  // the muxer's
    AVFrame *frame;
    AVPacket *packet;
    struct SwsContext *scaler;  // of an MP4
    dq_palette *palette;        // of a GIF; NULL: an MP4
    uint8_t *indices;           // [height][width]
    dq_video_sound sound;
    bool has_header;  // the muxer has begun, and not ended
};

/** The whole factor that makes a picture large enough and its sides even, as 4:2:0 needs. */
static int scale_factor(int width, int height)
{
    int factor = (MIN_ROWS + height - 1) / height;
    if ((width % 2 != 0 || height % 2 != 0) && factor % 2 != 0)
        factor++;
    while (factor > 2 && (factor * width > MAX_SIDE || factor * height > MAX_SIDE))
        factor -= 2;
    return factor;
}

dq_status dq_video_fail(const char *what, int error)
{
    char text[AV_ERROR_MAX_STRING_SIZE] = "no reason given";
    av_strerror(error, text, sizeof(text));
    return dq_fail(error == AVERROR(ENOMEM) ? DQ_ERR_NOMEM : DQ_ERR_IO, "video: cannot %s: %s",
                   what, text);
}

static dq_status begin_encoder(dq_video *v, const AVCodec *codec)
{
    AVCodecContext *e = v->encoder = avcodec_alloc_context3(codec);
    if (!e)
        return dq_video_fail("open the encoder", AVERROR(ENOMEM));
    int factor = scale_factor(v->width, v->height);
    e->width = factor * v->width;
    e->height = factor * v->height;
    e->time_base = (AVRational){1, v->fps};
    e->framerate = (AVRational){v->fps, v->every};
    e->sample_aspect_ratio = (AVRational){1, 1};
    e->thread_count = 1;  // pictures are small, and the game plays beside it
    e->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    return DQ_OK;
}

static dq_status end_encoder(dq_video *v, const AVCodec *codec)
{
    int error = avcodec_open2(v->encoder, codec, NULL);
    return error < 0 ? dq_video_fail("open the encoder", error) : DQ_OK;
}

static dq_status open_encoder(dq_video *v)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec)
        codec = avcodec_find_encoder(AV_CODEC_ID_MPEG4);
    if (!codec)
        return dq_fail(DQ_ERR_UNSUPPORTED, "video: this FFmpeg has neither H.264 nor MPEG-4: "
                                           "install a complete libavcodec");
    DQ_TRY(begin_encoder(v, codec));
    AVCodecContext *e = v->encoder;
    e->pix_fmt = AV_PIX_FMT_YUV420P;
    e->colorspace = AVCOL_SPC_SMPTE170M;  // what the scaler makes
    e->color_range = AVCOL_RANGE_MPEG;
    if (codec->id == AV_CODEC_ID_MPEG4) {
        e->flags |= AV_CODEC_FLAG_QSCALE;
        e->global_quality = 3 * FF_QP2LAMBDA;
    } else {
        av_opt_set(e->priv_data, "preset", "veryfast", 0);
        av_opt_set(e->priv_data, "crf", "18", 0);
    }
    return end_encoder(v, codec);
}

static dq_status open_gif_encoder(dq_video *v)
{
    const AVCodec *codec = avcodec_find_encoder(AV_CODEC_ID_GIF);
    if (!codec)
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "video: this FFmpeg makes no GIFs: install a complete libavcodec");
    DQ_TRY(begin_encoder(v, codec));
    v->encoder->pix_fmt = AV_PIX_FMT_PAL8;
    return end_encoder(v, codec);
}

static dq_status open_muxer(dq_video *v)
{
    const char *format = v->palette ? "gif" : "mp4";
    int error = avformat_alloc_output_context2(&v->muxer, NULL, format, NULL);
    if (error < 0)
        return dq_video_fail("make a video", error);
    error = avio_open_dyn_buf(&v->muxer->pb);
    if (error < 0)
        return dq_video_fail("make a video", error);
    v->stream = avformat_new_stream(v->muxer, NULL);
    if (!v->stream)
        return dq_video_fail("make a video", AVERROR(ENOMEM));
    v->stream->time_base = v->encoder->time_base;
    v->stream->avg_frame_rate = v->encoder->framerate;
    v->muxer->flags |= AVFMT_FLAG_BITEXACT;  // no date in it
    if (v->sound.encoder)
        DQ_TRY(dq_video_sound_join(&v->sound, v->muxer));
    error = avcodec_parameters_from_context(v->stream->codecpar, v->encoder);
    if (error >= 0)
        error = avformat_write_header(v->muxer, NULL);
    v->has_header = error >= 0;
    return error < 0 ? dq_video_fail("make a video", error) : DQ_OK;
}

static dq_status open_frame(dq_video *v)
{
    const AVCodecContext *e = v->encoder;
    v->packet = av_packet_alloc();
    v->frame = av_frame_alloc();
    if (!v->palette)
        v->scaler = sws_getContext(v->width, v->height, AV_PIX_FMT_RGB24, e->width, e->height,
                                   e->pix_fmt, SWS_POINT | SWS_ACCURATE_RND, NULL, NULL, NULL);
    if (!v->packet || !v->frame || (!v->palette && !v->scaler))
        return dq_video_fail("prepare pictures", AVERROR(ENOMEM));
    v->frame->format = e->pix_fmt;
    v->frame->width = e->width;
    v->frame->height = e->height;
    int error = av_frame_get_buffer(v->frame, 0);
    return error < 0 ? dq_video_fail("prepare pictures", error) : DQ_OK;
}

static dq_status begin(dq_video **out, const char *path, int width, int height, int fps)
{
    *out = NULL;
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE || fps < 1 ||
        fps > MAX_FPS)
        return dq_fail(DQ_ERR_CONFIG, "a video of %dx%d at %d frames a second is impossible", width,
                       height, fps);
    av_log_set_level(AV_LOG_QUIET);
    dq_video *v = *out = calloc(1, sizeof(*v));
    if (!v)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a video");
    v->width = width;
    v->height = height;
    v->fps = fps;
    v->every = 1;
    return dq_file_writer_create(&v->file, path);
}

static dq_status finish_opening(dq_video **out, dq_status st)
{
    if (st == DQ_OK)
        st = open_muxer(*out);
    if (st == DQ_OK)
        st = open_frame(*out);
    if (st != DQ_OK) {
        dq_video_abandon(*out);
        *out = NULL;
    }
    return st;
}

dq_status dq_video_create(dq_video **out, const char *path, int width, int height, int fps,
                          bool has_sound)
{
    dq_status st = begin(out, path, width, height, fps);
    if (st == DQ_OK)
        st = open_encoder(*out);
    if (st == DQ_OK && has_sound)
        st = dq_video_sound_open(&(*out)->sound, DQ_VIDEO_SOUND_HZ);
    return finish_opening(out, st);
}

static dq_status open_palette(dq_video *v, const uint8_t *colours, size_t n_colours)
{
    v->every = (v->fps + GIF_FPS - 1) / GIF_FPS;
    v->indices = malloc((size_t)v->width * (size_t)v->height);
    v->palette = malloc(sizeof(*v->palette));
    if (!v->indices || !v->palette)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a GIF");
    dq_palette_init(v->palette, colours, n_colours);
    return DQ_OK;
}

dq_status dq_video_create_gif(dq_video **out, const char *path, int width, int height, int fps,
                              const uint8_t *colours, size_t n_colours)
{
    dq_status st = begin(out, path, width, height, fps);
    if (st == DQ_OK)
        st = open_palette(*out, colours, n_colours);
    if (st == DQ_OK)
        st = open_gif_encoder(*out);
    return finish_opening(out, st);
}

dq_status dq_video_drain(AVCodecContext *encoder, const AVStream *stream, AVFormatContext *muxer,
                         AVPacket *packet, int64_t *n_packets)
{
    for (;;) {
        int error = avcodec_receive_packet(encoder, packet);
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
            return DQ_OK;
        if (error < 0)
            return dq_video_fail("encode a picture", error);
        packet->stream_index = stream->index;
        if (encoder->codec_type == AVMEDIA_TYPE_VIDEO)
            packet->duration = 1;
        av_packet_rescale_ts(packet, encoder->time_base, stream->time_base);
        error = av_interleaved_write_frame(muxer, packet);
        if (error < 0)
            return dq_video_fail("add a picture to the file", error);
        (*n_packets)++;
    }
}

static dq_status drain(dq_video *v)
{
    return dq_video_drain(v->encoder, v->stream, v->muxer, v->packet, &v->n_packets);
}

/** Rows of indices, each pixel repeated by the scale factor. */
static dq_status fill_with_indices(dq_video *v, const uint8_t *rgb)
{
    AVFrame *f = v->frame;
    int factor = f->width / v->width;
    if (!dq_palette_map(v->palette, rgb, (size_t)v->width * (size_t)v->height, v->indices))
        return dq_fail(DQ_ERR_UNSUPPORTED,
                       "a GIF shows %d colours at once, and this picture has more: record an MP4",
                       DQ_PALETTE_COLOURS);
    memcpy(f->data[1], v->palette->argb, sizeof(v->palette->argb));
    for (int y = 0; y < f->height; y++) {
        uint8_t *to = f->data[0] + (ptrdiff_t)y * f->linesize[0];
        const uint8_t *from = v->indices + (size_t)(y / factor) * (size_t)v->width;
        for (int x = 0; x < v->width; x++)
            memset(to + (ptrdiff_t)factor * x, from[x], (size_t)factor);
    }
    return DQ_OK;
}

static dq_status fill_frame(dq_video *v, const uint8_t *rgb)
{
    const uint8_t *rows[1] = {rgb};
    const int row_bytes[1] = {3 * v->width};
    int error = av_frame_make_writable(v->frame);
    if (error < 0)
        return dq_video_fail("add a picture", error);
    if (v->palette)
        return fill_with_indices(v, rgb);
    sws_scale(v->scaler, rows, row_bytes, 0, v->height, v->frame->data, v->frame->linesize);
    return DQ_OK;
}

dq_status dq_video_add(dq_video *v, const uint8_t *rgb)
{
    int64_t number = v->n_given++;
    if (number % v->every != 0)
        return DQ_OK;
    DQ_TRY(fill_frame(v, rgb));
    v->frame->pts = number;
    v->n_frames++;
    int error = avcodec_send_frame(v->encoder, v->frame);
    return error < 0 ? dq_video_fail("encode a picture", error) : drain(v);
}

dq_status dq_video_add_sound(dq_video *v, const float *samples, size_t n)
{
    if (v->palette)
        return DQ_OK;
    return dq_video_sound_add(&v->sound, samples, n, v->muxer, v->packet);
}

static dq_status close_file(dq_video *v)
{
    if (v->n_frames == 0)
        return dq_fail(DQ_ERR_EMPTY, "a video without pictures is not written");
    int error = avcodec_send_frame(v->encoder, NULL);
    if (error < 0)
        return dq_video_fail("finish the video", error);
    DQ_TRY(drain(v));
    if (v->sound.encoder)
        DQ_TRY(dq_video_sound_finish(&v->sound, v->muxer, v->packet));
    error = av_write_trailer(v->muxer);
    v->has_header = false;
    if (error < 0)
        return dq_video_fail("finish the video", error);
    if (v->n_packets != v->n_frames)
        return dq_fail(DQ_ERR_IO, "video: %lld of %lld pictures arrived in the file",
                       (long long)v->n_packets, (long long)v->n_frames);
    return DQ_OK;
}

dq_status dq_video_finish(dq_video *v)
{
    dq_status st = close_file(v);
    if (st == DQ_OK) {
        uint8_t *bytes;
        int n = avio_close_dyn_buf(v->muxer->pb, &bytes);
        v->muxer->pb = NULL;
        dq_write(v->file, bytes, (size_t)n);
        av_free(bytes);
        st = dq_file_commit(v->file, 0);
        v->file = NULL;
    }
    dq_video_abandon(v);
    return st;
}

void dq_video_abandon(dq_video *v)
{
    if (!v)
        return;
    dq_file_abandon(v->file);
    if (v->muxer && v->muxer->pb) {
        uint8_t *bytes;
        if (v->palette && v->has_header)  // a GIF's last picture is held until then
            (void)av_write_trailer(v->muxer);
        avio_close_dyn_buf(v->muxer->pb, &bytes);
        av_free(bytes);
    }
    dq_video_sound_free(&v->sound);
    free(v->palette);
    free(v->indices);
    sws_freeContext(v->scaler);
    av_frame_free(&v->frame);
    av_packet_free(&v->packet);
    avcodec_free_context(&v->encoder);
    avformat_free_context(v->muxer);
    free(v);
}
