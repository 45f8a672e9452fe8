/** How much memory there is for this process. */
#ifndef DEEPQ_BASE_FREE_MEMORY_H
#define DEEPQ_BASE_FREE_MEMORY_H

#include <stdint.h>

/** An amount of memory, and whose limit it is, in words: "this machine". */
typedef struct dq_memory_room {
    uint64_t bytes;
    const char *whose;
} dq_memory_room;

/** The most that the process can have: of the machine, its control groups and ulimit -v the least.
 */
dq_memory_room dq_memory_limit(void);
/** What is free of that at present, in bytes. */
uint64_t dq_free_memory(void);
/** What this process has in memory at present, in bytes; 0 where the system does not say. */
uint64_t dq_memory_in_use(void);

#endif
