/** Memory that lies in a file: for what exceeds the machine's memory. The operating system keeps in
 *  memory what is used most. The file has no name and ends with the process. */
#ifndef DEEPQ_REPLAY_MAPPED_MEMORY_H
#define DEEPQ_REPLAY_MAPPED_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "deepq/status.h"

/** Make a file of n bytes, all zero, and map it into memory.
 *  @param[out] out to be freed by dq_unmap_memory(); NULL on failure
 *  @param dir an existing folder
 *  @return DQ_OK; DQ_ERR_IO when the file cannot be made, as on a full disk */
DQ_NODISCARD dq_status dq_map_memory(uint8_t **out, size_t n, const char *dir);
/** Accepts NULL. */
void dq_unmap_memory(uint8_t *memory, size_t n);

#endif
