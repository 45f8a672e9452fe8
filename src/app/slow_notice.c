#include "app/slow_notice.h"

#include <errno.h>
#include <time.h>

enum { DELAY_NS = 500000000 };

static struct timespec after_delay(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_nsec += DELAY_NS;
    if (t.tv_nsec >= 1000000000) {
        t.tv_nsec -= 1000000000;
        t.tv_sec++;
    }
    return t;
}

static void *wait_and_say(void *arg)
{
    slow_notice *n = arg;
    struct timespec limit = after_delay();
    int waited = 0;
    pthread_mutex_lock(&n->lock);
    while (!n->is_over && waited != ETIMEDOUT)
        waited = pthread_cond_timedwait(&n->ended, &n->lock, &limit);
    bool is_slow = !n->is_over;
    pthread_mutex_unlock(&n->lock);
    if (is_slow)
        n->say(n->ctx);
    return NULL;
}

void slow_notice_begin(slow_notice *n, void (*say)(void *ctx), void *ctx)
{
    pthread_condattr_t steady;
    *n = (slow_notice){.say = say, .ctx = ctx};
    pthread_mutex_init(&n->lock, NULL);
    pthread_condattr_init(&steady);
    pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
    pthread_cond_init(&n->ended, &steady);
    pthread_condattr_destroy(&steady);
    n->is_running = pthread_create(&n->thread, NULL, wait_and_say, n) == 0;
}

void slow_notice_end(slow_notice *n)
{
    pthread_mutex_lock(&n->lock);
    n->is_over = true;
    pthread_cond_signal(&n->ended);
    pthread_mutex_unlock(&n->lock);
    if (n->is_running)
        pthread_join(n->thread, NULL);
    pthread_cond_destroy(&n->ended);
    pthread_mutex_destroy(&n->lock);
}
