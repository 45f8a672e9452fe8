/** How the library reports a failure: it returns a status, and sets one line of text that each
 *  thread has. */
#ifndef DEEPQ_BASE_ERROR_H
#define DEEPQ_BASE_ERROR_H

#include "deepq/status.h"

/** Set dq_errmsg() to the formatted text (cut at 1023 bytes) and return `status`. */
dq_status dq_fail(dq_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Put "prefix: " before the message of the failure just reported; returns `status`. */
dq_status dq_fail_within(dq_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Make text from outside safe to print on one line: control characters, those of two bytes in
 *  UTF-8 included, are replaced by question marks, in place. Returns `text`. */
char *dq_make_plain(char *text);

/** Return the status of a call that fails, in a function that has nothing to clean up:
 *  `DQ_TRY(dq_foo(...));` */
#define DQ_TRY(call)                                                                               \
    do {                                                                                           \
        dq_status dq_try_status_ = (call);                                                         \
        if (dq_try_status_ != DQ_OK)                                                               \
            return dq_try_status_;                                                                 \
    } while (0)

/** The status of the first of two calls that failed; DQ_OK when both succeeded. */
static inline dq_status dq_first_failure(dq_status first, dq_status second)
{
    return first != DQ_OK ? first : second;
}

#ifdef __clang_analyzer__  // it cannot see that a failure is returned as the status given
#define dq_fail(status, ...) ((dq_fail)((status), __VA_ARGS__), (status))
#define dq_fail_within(status, ...) ((dq_fail_within)((status), __VA_ARGS__), (status))
#endif

#define DQ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
