/** Bytes as text (RFC 4648, section 4). */
#ifndef DEEPQ_EXPORT_BASE64_H
#define DEEPQ_EXPORT_BASE64_H

#include <stddef.h>

/** @return malloc'd, the caller's to free(); NULL for want of memory */
char *dq_base64(const void *bytes, size_t n);

#endif
