/** Reading integers as people write them. */
#ifndef DEEPQ_BASE_WHOLE_NUMBER_H
#define DEEPQ_BASE_WHOLE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/** Read an integer: "1200", "-3", or with an exponent or a point "1e6", "2.5e5", "7.0".
 *  @return whether it is one within 64 bits, or with an exponent or a point within 2^53 */
bool dq_whole_number(const char *text, int64_t *value);

#endif
