/** Something that is told once it has taken more than half a second. */
#ifndef DEEPQ_APP_SLOW_NOTICE_H
#define DEEPQ_APP_SLOW_NOTICE_H

#include <pthread.h>
#include <stdbool.h>

/** In the caller's hands between begin and end; nothing in it is the caller's to touch. */
typedef struct slow_notice {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool is_running, is_over;
    void (*say)(void *ctx);
    void *ctx;
} slow_notice;

/** `say` is called from another thread; until slow_notice_end() the caller leaves alone what it
 *  uses. Where no thread can be had nothing is told. */
void slow_notice_begin(slow_notice *n, void (*say)(void *ctx), void *ctx);
void slow_notice_end(slow_notice *n);

#endif
