/** A text in memory that is written as to a file. */
#ifndef DEEPQ_BASE_TEXT_OF_H
#define DEEPQ_BASE_TEXT_OF_H

#include <stdio.h>

/** What `write` writes, with a zero at its end, malloc'd, the caller's to free(); NULL for want of
 *  memory. */
char *dq_text_of(void (*write)(FILE *to, const void *ctx), const void *ctx);

#endif
