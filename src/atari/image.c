#include "atari/image.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "atari/cart.h"
#include "atari/m6507_quick.h"

typedef struct entry {
    dq_image_shared image;  // first: what is handed out
    uint8_t *rom;           // as the image has them
    dq_op *ops;
    size_t n_users;
    struct entry *next;
} entry;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static entry *entries;  // of the images in use

static entry *find(const void *rom, size_t n, dq_cart_type type)
{
    for (entry *e = entries; e; e = e->next)
        if (e->image.n == n && e->image.type == type && memcmp(e->image.rom, rom, n) == 0)
            return e;
    return NULL;
}

/* The engine stops at opcodes that stop the processor, and where there is no code to be taken. */
static void translate(dq_op *ops, const uint8_t *rom, size_t n, dq_cart_type type)
{
    const dq_cart_code code = dq_cart_code_of(type);
    for (size_t at = 0; at < n; at++) {
        size_t place = at % code.part;
        bool is_code = place >= code.first && place < code.end;
        ops[at] = is_code ? dq_m6507_plain_op(rom[at]) : dq_m6507_stop_op();
    }
    dq_m6507_shorten(ops, rom, n, code.part);
}

static entry *make(const void *rom, size_t n, dq_cart_type type)
{
    enum { PAGE = 256 };
    entry *e = calloc(1, sizeof(*e));
    uint8_t *copy = aligned_alloc(PAGE, (n + PAGE - 1) / PAGE * PAGE);
    dq_op *ops = malloc(n * sizeof(*ops));
    if (!e || !copy || !ops) {
        free(e);
        free(copy);
        free(ops);
        return NULL;
    }
    memcpy(copy, rom, n);
    translate(ops, copy, n, type);
    *e = (entry){.image = {copy, ops, n, type}, .rom = copy, .ops = ops, .next = entries};
    entries = e;
    return e;
}

const dq_image_shared *dq_image_take(const void *rom, size_t n, dq_cart_type type)
{
    pthread_mutex_lock(&mutex);
    entry *e = find(rom, n, type);
    if (!e)
        e = make(rom, n, type);
    if (e)
        e->n_users++;
    pthread_mutex_unlock(&mutex);
    return e ? &e->image : NULL;
}

static void drop(const dq_image_shared *image)
{
    entry **at = &entries;
    while (&(*at)->image != image)
        at = &(*at)->next;
    entry *e = *at;
    if (--e->n_users > 0)
        return;
    *at = e->next;
    free(e->rom);
    free(e->ops);
    free(e);
}

void dq_image_give_back(const dq_image_shared *image)
{
    if (!image)
        return;
    pthread_mutex_lock(&mutex);
    drop(image);
    pthread_mutex_unlock(&mutex);
}
