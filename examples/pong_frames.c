/* The Atari 2600 by itself: plays Pong with random actions and draws what it sees as text.
 *
 *   cc pong_frames.c $(pkg-config --cflags --libs deepq) && ./a.out [GAME [N_FRAMES]]
 *
 * Needs the game's ROM, which `deepq roms import` brings; without it says so and ends with 77. */
#include <deepq/deepq.h>
#include <stdio.h>
#include <stdlib.h>

enum { COLUMNS = 80, ROWS = 35, NO_ROM = 77 };

/** One character for a block of pixels, by the brightest grey in it. */
static char shade(const dq_atari *a, int column, int row)
{
    static const char shades[] = " .:-=+*#%@";
    const uint8_t *screen = dq_atari_screen(a), *grey = dq_atari_grey(a);
    int width = DQ_ATARI_WIDTH / COLUMNS, height = dq_atari_height(a) / ROWS;
    int brightest = 0;
    for (int y = row * height; y < (row + 1) * height; y++)
        for (int x = column * width; x < (column + 1) * width; x++) {
            int g = grey[screen[y * DQ_ATARI_WIDTH + x]];
            brightest = g > brightest ? g : brightest;
        }
    return shades[brightest * (int)(sizeof(shades) - 2) / 255];
}

static void print_screen(const dq_atari *a)
{
    for (int row = 0; row < ROWS; row++) {
        char line[COLUMNS + 1];
        for (int column = 0; column < COLUMNS; column++)
            line[column] = shade(a, column, row);
        line[COLUMNS] = '\0';
        puts(line);
    }
}

static void play(dq_atari *a, int n_frames)
{
    const dq_atari_game *game = dq_atari_get_game(a);
    dq_rng rng = dq_rng_stream(0, "player");
    int score = 0;
    dq_atari_reset(a);
    for (int frame = 0; frame < n_frames && !dq_atari_game_over(a); frame++) {
        int action = game->minimal[dq_rng_below(&rng, (uint32_t)game->n_minimal)];
        score += dq_atari_act(a, action, frame == n_frames - 1);  // only the last is looked at
    }
    print_screen(a);
    printf("%s after %llu frames: score %d\n", game->gym_name,
           (unsigned long long)dq_atari_ticks(a), score);
}

int main(int argc, char **argv)
{
    const char *game_id = argc > 1 ? argv[1] : "pong";
    int n_frames = argc > 2 ? atoi(argv[2]) : 300;
    void *rom;
    size_t n_bytes;
    dq_status st = dq_rom_find(game_id, NULL, &rom, &n_bytes, NULL, 0);
    if (st != DQ_OK) {
        fprintf(stderr, "pong_frames: %s\n", dq_errmsg());
        return st == DQ_ERR_NOT_FOUND ? NO_ROM : EXIT_FAILURE;
    }
    dq_atari *atari;
    st = dq_atari_create(&atari, rom, n_bytes, NULL);
    free(rom);
    if (st != DQ_OK) {
        fprintf(stderr, "pong_frames: %s\n", dq_errmsg());
        return EXIT_FAILURE;
    }
    play(atari, n_frames);
    dq_atari_destroy(atari);
    return EXIT_SUCCESS;
}
