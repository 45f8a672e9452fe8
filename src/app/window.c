#include "app/window.h"

#include "base/error.h"

#if DEEPQ_WITH_SDL2

#include <SDL.h>
#include <stdlib.h>
#include <string.h>

enum { START_WIDTH = 840, START_HEIGHT = 630 };

struct window {
    SDL_Window *frame;
    SDL_Renderer *renderer;
    SDL_Texture *texture;  // as large as the picture; made when the first one comes
    int width, height;     // of the texture
    bool closed;
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
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    if (w->renderer)
        SDL_DestroyRenderer(w->renderer);
    if (w->frame)
        SDL_DestroyWindow(w->frame);
    SDL_Quit();
    free(w);
}

static dq_status fit_texture(window *w, const dq_image *image)
{
    if (w->texture && w->width == image->width && w->height == image->height)
        return DQ_OK;
    if (w->texture)
        SDL_DestroyTexture(w->texture);
    w->width = image->width;
    w->height = image->height;
    w->texture = SDL_CreateTexture(w->renderer, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                   w->width, w->height);
    return w->texture ? DQ_OK : fail_window(SDL_GetError());
}

/** The largest 4:3 rectangle in the middle of the window. */
static SDL_Rect television(SDL_Renderer *renderer)
{
    int width = START_WIDTH, height = START_HEIGHT;
    SDL_GetRendererOutputSize(renderer, &width, &height);
    SDL_Rect r = {0, 0, width, width * 3 / 4};
    if (r.h > height)
        r = (SDL_Rect){0, 0, height * 4 / 3, height};
    r.x = (width - r.w) / 2;
    r.y = (height - r.h) / 2;
    return r;
}

dq_status window_show(window *w, const dq_image *image)
{
    DQ_TRY(fit_texture(w, image));
    SDL_Rect to = television(w->renderer);
    if (SDL_UpdateTexture(w->texture, NULL, image->pixels, 3 * image->width) != 0 ||
        SDL_RenderClear(w->renderer) != 0 ||
        SDL_RenderCopy(w->renderer, w->texture, NULL, &to) != 0)
        return fail_window(SDL_GetError());
    SDL_RenderPresent(w->renderer);
    return DQ_OK;
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

dq_status window_show(window *w, const dq_image *image)
{
    (void)w;
    (void)image;
    return DQ_OK;
}

bool window_closed(window *w)
{
    (void)w;
    return true;
}

#endif
