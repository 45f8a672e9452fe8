/** Videos, judged by FFmpeg's programs where they are installed. */
#include "temp_folder.h"

#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "record/video.h"

#if DEEPQ_WITH_LIBAV

enum { WIDTH = 160, HEIGHT = 210, N_FRAMES = 60 };

static uint8_t picture[HEIGHT * WIDTH * 3];

/** A grey field with a red and a blue block that move by one pixel a frame. */
static void draw(int frame)
{
    memset(picture, 96, sizeof(picture));
    for (int y = 100; y < 132; y++)
        for (int x = 0; x < 32; x++) {
            memcpy(picture + (y * WIDTH + x + frame) * 3, "\xc8\x00\x00", 3);
            memcpy(picture + ((y - 64) * WIDTH + x + frame) * 3, "\x00\x00\xc8", 3);
        }
}

static void make_video(const char *path, int n_frames)
{
    dq_video *v;
    assert_int_equal(dq_video_create(&v, path, WIDTH, HEIGHT, 25, false), DQ_OK);
    for (int i = 0; i < n_frames; i++) {
        draw(i);
        assert_int_equal(dq_video_add(v, picture), DQ_OK);
    }
    assert_int_equal(access(path, F_OK), -1);  // not before it is whole
    assert_int_equal(dq_video_finish(v), DQ_OK);
}

/** Run a command on the video and read what it prints; skips where the command is not installed. */
static size_t ask_of_file(const char *command, const char *arguments, void *answer, size_t cap)
{
    char line[1000];
    snprintf(line, sizeof(line), "command -v %s >/dev/null", command);
    if (system(line) != 0) {
        printf("SKIP: %s is not installed\n", command);
        skip();
    }
    snprintf(line, sizeof(line), "%s -v error -i %s %s", command, temp_path("v.mp4"), arguments);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t n = fread(answer, 1, cap, pipe);
    assert_int_equal(pclose(pipe), 0);
    return n;
}

/** The same of a video of N_FRAMES pictures. */
static size_t ask(const char *command, const char *arguments, void *answer, size_t cap)
{
    make_video(temp_path("v.mp4"), N_FRAMES);
    return ask_of_file(command, arguments, answer, cap);
}

static void ffprobe_counts_the_pictures(void **state)
{
    (void)state;
    char answer[400];
    size_t n = ask("ffprobe",
                   "-count_frames -show_entries stream=codec_type,width,height,pix_fmt,"
                   "r_frame_rate,nb_frames,nb_read_frames -of default=nw=1",
                   answer, sizeof(answer) - 1);
    answer[n] = '\0';
    assert_string_equal(answer, "codec_type=video\nwidth=320\nheight=420\npix_fmt=yuv420p\n"
                                "r_frame_rate=25/1\nnb_frames=60\nnb_read_frames=60\n");
}

static void assert_near(const uint8_t *rgb, int r, int g, int b)
{
    assert_in_range(rgb[0], r > 12 ? r - 12 : 0, r + 12);
    assert_in_range(rgb[1], g > 12 ? g - 12 : 0, g + 12);
    assert_in_range(rgb[2], b > 12 ? b - 12 : 0, b + 12);
}

static void decoded_pictures_show_what_was_drawn(void **state)
{
    (void)state;
    enum { FRAME_BYTES = 320 * 420 * 3 };
    uint8_t *frames = malloc((size_t)N_FRAMES * FRAME_BYTES);
    size_t n =
        ask("ffmpeg", "-f rawvideo -pix_fmt rgb24 -", frames, (size_t)N_FRAMES * FRAME_BYTES);
    assert_int_equal(n, (size_t)N_FRAMES * FRAME_BYTES);
    for (int i = 0; i < N_FRAMES; i++) {
        const uint8_t *f = frames + (size_t)i * FRAME_BYTES;
        assert_near(f + (10 * 320 + 10) * 3, 96, 96, 96);
        assert_near(f + (2 * 116 * 320 + 2 * (i + 16)) * 3, 200, 0, 0);
        assert_near(f + (2 * 52 * 320 + 2 * (i + 16)) * 3, 0, 0, 200);
    }
    free(frames);
}

static void assert_mp4(const char *path)
{
    char head[8] = "";
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof(head), f), sizeof(head));
    assert_memory_equal(head + 4, "ftyp", 4);
    fclose(f);
}

/** A tone of 1000 Hz that lasts as long as the pictures: decoded, it is one. */
static void sound_is_as_long_as_the_pictures(void **state)
{
    (void)state;
    enum { PER_PICTURE = DQ_VIDEO_SOUND_HZ / 25, N = N_FRAMES * PER_PICTURE, SKIP = 4800 };
    static float tone[N], heard[2 * N];
    dq_video *v;
    for (int i = 0; i < N; i++)
        tone[i] = 0.5f * sinf((float)(i % 48) * 6.2831853f / 48);
    assert_int_equal(dq_video_create(&v, temp_path("v.mp4"), WIDTH, HEIGHT, 25, true), DQ_OK);
    for (int i = 0; i < N_FRAMES; i++) {
        assert_int_equal(dq_video_add(v, picture), DQ_OK);
        assert_int_equal(dq_video_add_sound(v, tone + i * PER_PICTURE, PER_PICTURE), DQ_OK);
    }
    assert_int_equal(dq_video_finish(v), DQ_OK);
    size_t n = ask_of_file("ffmpeg", "-vn -f f32le -", heard, sizeof(heard)) / sizeof(float);
    assert_in_range(n, N - 2048, N + 2048);
    int n_up = 0;  // crossings of zero in a second, not the first 0.1 s
    double power = 0;
    for (int i = SKIP; i < SKIP + 48000; i++) {
        n_up += heard[i] < 0 && heard[i + 1] >= 0;
        power += (double)(heard[i] * heard[i]) / 48000;
    }
    assert_in_range(n_up, 995, 1005);
    assert_in_range((int)(1000 * power), 115, 135);  // 0.125
}

/** Pixels of picture `i` in a GIF: as many colours as Atari's palette has, and more over time. */
static void draw_colours(int i, int n_colours)
{
    for (int p = 0; p < WIDTH * HEIGHT; p++) {
        int k = (p + 7 * i) / 3 % n_colours + (i > 40 ? i : 0);
        const uint8_t rgb[3] = {(uint8_t)(k * k * 5), (uint8_t)(255 - k),
                                (uint8_t)(k * 73 + k * k / 7)};
        memcpy(picture + 3 * p, rgb, 3);
    }
}

static void make_gif(int fps, int n_frames, int n_colours)
{
    dq_video *v;
    draw_colours(0, n_colours);
    assert_int_equal(
        dq_video_create_gif(&v, temp_path("v.mp4"), WIDTH, HEIGHT, fps, picture, WIDTH * HEIGHT),
        DQ_OK);
    for (int i = 0; i < n_frames; i++) {
        draw_colours(i, n_colours);
        assert_int_equal(dq_video_add(v, picture), DQ_OK);
        assert_int_equal(dq_video_add_sound(v, NULL, 0), DQ_OK);
    }
    assert_int_equal(dq_video_finish(v), DQ_OK);
}

/** Every pixel of every picture, as FFmpeg decodes them: also those after a colour came up that was
 *  not known before (41 on), and after there were more than 255 of them (150 colours and 1 a
 *  picture). */
static void a_gif_has_the_exact_colours(void **state)
{
    (void)state;
    enum { N = 180, ROW = 320 * 3, FRAME_BYTES = 420 * ROW, N_COLOURS = 150 };
    uint8_t *frames = malloc((size_t)N * FRAME_BYTES);
    make_gif(25, N, N_COLOURS);
    size_t n =
        ask_of_file("ffmpeg", "-f rawvideo -pix_fmt rgb24 -", frames, (size_t)N * FRAME_BYTES);
    assert_int_equal(n, (size_t)N * FRAME_BYTES);
    for (int i = 0; i < N; i++) {
        draw_colours(i, N_COLOURS);
        for (int y = 0; y < 420; y++)
            for (int x = 0; x < 320; x++)
                assert_memory_equal(frames + (size_t)i * FRAME_BYTES + y * ROW + 3 * x,
                                    picture + 3 * (y / 2 * WIDTH + x / 2), 3);
    }
    free(frames);
}

/** Of 25 a second each takes 4/100; of 40 every other one 2/100 and 3/100; of 60 a half is kept. */
static void pictures_of_a_gif_come_at_the_right_time(void **state)
{
    (void)state;
    static const struct {
        int fps, n_given, n_kept, cs;  // hundredths of a second from the first to the last one
    } cases[] = {{25, 60, 60, 236}, {40, 61, 61, 150}, {50, 51, 51, 100}, {60, 61, 31, 100}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char answer[4000];
        double first = -1, last = 0, time;
        int n_pictures = 0, used;
        make_gif(cases[i].fps, cases[i].n_given, 4);
        size_t n = ask_of_file("ffprobe", "-show_entries frame=pts_time -of csv=p=0", answer,
                               sizeof(answer) - 1);
        answer[n] = '\0';
        for (char *at = answer; sscanf(at, "%lf%*[^0-9.]%n", &time, &used) == 1; at += used) {
            if (n_pictures > 0)  // no viewer shows less than 2/100
                assert_true(time - last > 0.0199 && time - last < 0.0401);
            first = n_pictures++ == 0 ? time : first;
            last = time;
        }
        assert_int_equal(n_pictures, cases[i].n_kept);
        assert_int_equal((int)lround(100 * (last - first)), cases[i].cs);
    }
}

/** The signature, and the block by which browsers repeat it without end. */
static void a_gif_is_repeated(void **state)
{
    (void)state;
    static uint8_t bytes[1 << 20];
    make_gif(25, 2, 4);
    FILE *f = fopen(temp_path("v.mp4"), "rb");
    assert_non_null(f);
    size_t n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    assert_memory_equal(bytes, "GIF89a", 6);
    bool found = false;
    for (size_t i = 0; i + 19 <= n; i++)
        found = found || memcmp(bytes + i, "\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00", 18) == 0;
    assert_true(found);
}

static void a_picture_of_too_many_colours_is_refused(void **state)
{
    (void)state;
    dq_video *v;
    assert_int_equal(dq_video_create_gif(&v, temp_path("v.mp4"), WIDTH, HEIGHT, 25, NULL, 0),
                     DQ_OK);
    draw_colours(0, 255);
    assert_int_equal(dq_video_add(v, picture), DQ_OK);
    draw_colours(0, 256);
    assert_int_equal(dq_video_add(v, picture), DQ_ERR_UNSUPPORTED);
    assert_non_null(strstr(dq_errmsg(), "255 colours"));
    dq_video_abandon(v);
    assert_int_equal(temp_folder_count(), 0);
}

static void odd_sizes_and_one_picture_will_do(void **state)
{
    (void)state;
    static const int sizes[][2] = {{1, 1}, {3, 5}, {161, 401}, {64, 64}, {1023, 3}};
    static const uint8_t black[1023 * 401 * 3];
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        dq_video *v;
        assert_int_equal(
            dq_video_create(&v, temp_path("v.mp4"), sizes[i][0], sizes[i][1], 60, false), DQ_OK);
        assert_int_equal(dq_video_add(v, black), DQ_OK);
        assert_int_equal(dq_video_finish(v), DQ_OK);
        assert_mp4(temp_path("v.mp4"));
    }
}

static void nothing_is_left_of_a_video_that_fails(void **state)
{
    (void)state;
    dq_video *v;
    const char *path = temp_path("v.mp4");
    assert_int_equal(dq_video_create(&v, path, WIDTH, HEIGHT, 25, false), DQ_OK);
    assert_int_equal(dq_video_finish(v), DQ_ERR_EMPTY);
    assert_int_equal(dq_video_create(&v, path, WIDTH, HEIGHT, 25, false), DQ_OK);
    assert_int_equal(dq_video_add(v, picture), DQ_OK);
    dq_video_abandon(v);
    dq_video_abandon(NULL);
    assert_int_equal(temp_folder_count(), 0);
}

static void impossible_videos_are_refused_at_the_start(void **state)
{
    (void)state;
    static const int bad[][3] = {{0, 1, 25}, {1, 0, 25}, {5000, 1, 25}, {1, 1, 0}, {1, 1, 1001}};
    dq_video *v;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(
            dq_video_create(&v, temp_path("v.mp4"), bad[i][0], bad[i][1], bad[i][2], false),
            DQ_ERR_CONFIG);
        assert_null(v);
    }
    assert_int_equal(dq_video_create(&v, temp_path("no/v.mp4"), 2, 2, 25, false), DQ_ERR_NOT_FOUND);
    assert_non_null(strstr(dq_errmsg(), temp_path("no/v.mp4")));
}

static void a_full_disk_is_one_error(void **state)
{
    (void)state;
    dq_video *v;
    struct rlimit before, small;
    assert_int_equal(dq_video_create(&v, temp_path("v.mp4"), WIDTH, HEIGHT, 25, false), DQ_OK);
    assert_int_equal(dq_video_add(v, picture), DQ_OK);
    getrlimit(RLIMIT_FSIZE, &before);
    small = (struct rlimit){100, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    assert_int_equal(dq_video_finish(v), DQ_ERR_IO);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_non_null(strstr(dq_errmsg(), "cannot write"));
    assert_int_equal(temp_folder_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TEMP_FOLDER(ffprobe_counts_the_pictures),
        IN_TEMP_FOLDER(decoded_pictures_show_what_was_drawn),
        IN_TEMP_FOLDER(sound_is_as_long_as_the_pictures),
        IN_TEMP_FOLDER(a_gif_has_the_exact_colours),
        IN_TEMP_FOLDER(pictures_of_a_gif_come_at_the_right_time),
        IN_TEMP_FOLDER(a_gif_is_repeated),
        IN_TEMP_FOLDER(a_picture_of_too_many_colours_is_refused),
        IN_TEMP_FOLDER(odd_sizes_and_one_picture_will_do),
        IN_TEMP_FOLDER(nothing_is_left_of_a_video_that_fails),
        IN_TEMP_FOLDER(impossible_videos_are_refused_at_the_start),
        IN_TEMP_FOLDER(a_full_disk_is_one_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void it_says_what_is_missing(void **state)
{
    (void)state;
    dq_video *v;
    assert_int_equal(dq_video_create(&v, temp_path("v.mp4"), 2, 2, 25, false), DQ_ERR_UNSUPPORTED);
    assert_null(v);
    assert_non_null(strstr(dq_errmsg(), "without video: install libavcodec-dev"));
    assert_int_not_equal(access(temp_path("v.mp4"), F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {IN_TEMP_FOLDER(it_says_what_is_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
