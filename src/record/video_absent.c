/** What video.h says of a build without FFmpeg's libraries. */
#include <stddef.h>

#include "base/error.h"
#include "record/video.h"

static dq_status fail_absent(void)
{
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "this deepq was built without video: install libavcodec-dev, libavformat-dev, "
                   "libavutil-dev and libswscale-dev and build it again");
}

dq_status dq_video_create(dq_video **out, const char *path, int width, int height, int fps,
                          bool has_sound)
{
    (void)path, (void)width, (void)height, (void)fps, (void)has_sound;
    *out = NULL;
    return fail_absent();
}

dq_status dq_video_create_gif(dq_video **out, const char *path, int width, int height, int fps,
                              const uint8_t *colours, size_t n_colours)
{
    (void)path, (void)width, (void)height, (void)fps, (void)colours, (void)n_colours;
    *out = NULL;
    return fail_absent();
}

dq_status dq_video_add(dq_video *v, const uint8_t *rgb)
{
    (void)v, (void)rgb;
    return fail_absent();
}

dq_status dq_video_add_sound(dq_video *v, const float *samples, size_t n)
{
    (void)v, (void)samples, (void)n;
    return fail_absent();
}

dq_status dq_video_finish(dq_video *v)
{
    (void)v;
    return fail_absent();
}

void dq_video_abandon(dq_video *v)
{
    (void)v;
}
