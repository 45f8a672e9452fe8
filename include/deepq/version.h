/** The version of the library. */
#ifndef DEEPQ_VERSION_H
#define DEEPQ_VERSION_H

#include "deepq/status.h"

#define DQ_VERSION_MAJOR 0
#define DQ_VERSION_MINOR 1
#define DQ_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/** The version of the library that the program runs with, "0.1.0", in static storage; that of the
 *  header it was compiled with is in the macros. */
DQ_API
const char *dq_version(void);

#ifdef __cplusplus
}
#endif
#endif
