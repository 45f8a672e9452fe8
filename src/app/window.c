#include "app/window.h"

#include "base/error.h"

#if DEEPQ_WITH_SDL2

#include <SDL.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { START_WIDTH = 840, START_HEIGHT = 630 };

struct window {
    SDL_Window *frame;
    SDL_Renderer *renderer;
    SDL_Texture *texture;       // as large as the picture; made when the first one comes
    int width, height;          // of the texture
    SDL_AudioDeviceID speaker;  // 0: none
    bool closed, is_mute;       // is_mute: no speaker could be opened
};

static dq_status fail_window(const char *why)
{
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "cannot open a window (%s): use --no-vis to play without one, or --record DIR "
                   "for a video",
                   why);
}

/** Start SDL on a display that somebody can see; without one it would draw into nothing. */
static dq_status start_video(void)
{
    bool chosen = getenv("SDL_VIDEODRIVER");
    if (!chosen && !getenv("DISPLAY") && !getenv("WAYLAND_DISPLAY"))
        return fail_window("there is no display");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");  // Ctrl-C is the command's
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return fail_window(SDL_GetError());
    const char *driver = SDL_GetCurrentVideoDriver();
    if (!chosen && (strcmp(driver, "offscreen") == 0 || strcmp(driver, "dummy") == 0))
        return fail_window("the display cannot be reached");
    return DQ_OK;
}

dq_status window_create(window **out, const char *title)
{
    *out = NULL;
    window *w = calloc(1, sizeof(*w));
    if (!w)
        return dq_fail(DQ_ERR_NOMEM, "no memory for a window");
    dq_status st = start_video();
    if (st == DQ_OK)
        w->frame =
            SDL_CreateWindow(title, SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, START_WIDTH,
                             START_HEIGHT, SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
    if (w->frame)
        w->renderer = SDL_CreateRenderer(w->frame, -1, 0);
    if (st == DQ_OK && !w->renderer)
        st = fail_window(SDL_GetError());
    if (st != DQ_OK) {
        window_destroy(w);
        return st;
    }
    *out = w;
    return DQ_OK;
}

void window_destroy(window *w)
{
    if (!w)
        return;
    if (w->speaker)
        SDL_CloseAudioDevice(w->speaker);
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->frame)
        SDL_DestroyWindow(w->frame);
    SDL_Quit();
    free(w);
}

/** As high as 4:3 and the rows below need it, as soon as that is known. */
static int height_for(const dq_image *image, int rows, int width)
{
    return width * 3 * image->height / (4 * rows);
}

static dq_status fit_texture(window *w, const dq_image *image, int rows)
{
    if (w->texture && w->width == image->width && w->height == image->height)
        return DQ_OK;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    else if (rows < image->height)
        SDL_SetWindowSize(w->frame, START_WIDTH, height_for(image, rows, START_WIDTH));
    w->width = image->width;
    w->height = image->height;
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                   w->width, w->height);
    return w->texture ? DQ_OK : fail_window(SDL_GetError());
}

/** The largest rectangle in the middle of the window that has the picture 4:3. */
static SDL_Rect television(SDL_Renderer *renderer, const dq_image *image, int rows)
{
    int width = START_WIDTH, height = START_HEIGHT;
    SDL_GetRendererOutputSize(renderer, &width, &height);
    SDL_Rect r = {0, 0, width, height_for(image, rows, width)};
    if (r.h > height)
        r = (SDL_Rect){0, 0, height * 4 * rows / (3 * image->height), height};
    r.x = (width - r.w) / 2;
    r.y = (height - r.h) / 2;
    return r;
}

dq_status window_show(window *w, const dq_image *image, int rows)
{
    DQ_TRY(fit_texture(w, image, rows));
    SDL_Rect to = television(w->renderer, image, rows);
    if (SDL_UpdateTexture(w->texture, NULL, image->pixels, 3 * image->width) != 0 ||
        SDL_RenderClear(w->renderer) != 0 ||
        SDL_RenderCopy(w->renderer, w->texture, NULL, &to) != 0)
        return fail_window(SDL_GetError());
    SDL_RenderPresent(w->renderer);
    return DQ_OK;
}

/** Where there is no sound card the libraries below SDL say so in lines of their own. */
static SDL_AudioDeviceID open_device_quietly(const SDL_AudioSpec *want)
{
    SDL_AudioDeviceID device = 0;
    int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (kept >= 0 && nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    if (SDL_InitSubSystem(SDL_INIT_AUDIO) == 0)
        device = SDL_OpenAudioDevice(NULL, 0, want, NULL, 0);
    if (kept >= 0)
        dup2(kept, STDERR_FILENO);
    close(nowhere);
    close(kept);
    return device;
}

/** Open a speaker with a little silence, which later sound may come late by. */
static void open_speaker(window *w, int hz)
{
    const SDL_AudioSpec want = {.freq = hz, .format = AUDIO_F32SYS, .channels = 1, .samples = 1024};
    static const float silence[4096];
    w->speaker = open_device_quietly(&want);
    w->is_mute = !w->speaker;
    if (w->is_mute)
        return;
    SDL_QueueAudio(w->speaker, silence, sizeof(silence));
    SDL_PauseAudioDevice(w->speaker, 0);
}

void window_play(window *w, const float *samples, size_t n, int hz)
{
    if (!w->speaker && !w->is_mute)
        open_speaker(w, hz);
    if (w->is_mute || SDL_GetQueuedAudioSize(w->speaker) > (unsigned)hz)  // a quarter of a second
        return;
    SDL_QueueAudio(w->speaker, samples, (Uint32)(n * sizeof(*samples)));
}

bool window_closed(window *w)
{
    SDL_Event e;
    while (SDL_PollEvent(&e)) {
        bool quit_key = e.type == SDL_KEYDOWN &&
                        (e.key.keysym.sym == SDLK_q || e.key.keysym.sym == SDLK_ESCAPE);
        if (e.type == SDL_QUIT || quit_key)
            w->closed = true;
    }
    return w->closed;
}

#else

dq_status window_create(window **out, const char *title)
{
    (void)title;
    *out = NULL;
    return dq_fail(DQ_ERR_UNSUPPORTED,
                   "this deepq was built without SDL2 and has no window: use --no-vis, or "
                   "--record DIR for a video");
}

void window_destroy(window *w)
{
    (void)w;
}

dq_status window_show(window *w, const dq_image *image, int rows)
{
    (void)w, (void)image, (void)rows;
    return DQ_OK;
}

void window_play(window *w, const float *samples, size_t n, int hz)
{
    (void)w, (void)samples, (void)n, (void)hz;
}

bool window_closed(window *w)
{
    (void)w;
    return true;
}

#endif
