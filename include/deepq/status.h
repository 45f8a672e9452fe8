/** Status codes, the error message, and the macros every other header uses. */
#ifndef DEEPQ_STATUS_H
#define DEEPQ_STATUS_H

#if defined(__GNUC__)
#define DQ_API __attribute__((visibility("default")))
#define DQ_NODISCARD __attribute__((warn_unused_result))
#else
#define DQ_API
#define DQ_NODISCARD
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** The result of a call. Every failure leaves a message in dq_errmsg(), except a status that one of
 *  your own functions returned, which is passed on as it is. */
typedef enum dq_status {
    DQ_OK = 0,
    DQ_ERR_NOMEM,        // out of memory
    DQ_ERR_CONFIG,       // a value that the caller chose is impossible
    DQ_ERR_INPUT,        // a file or a byte stream is damaged, or not what is expected
    DQ_ERR_IO,           // the operating system could not read or write
    DQ_ERR_NOT_FOUND,    // a file, an environment or a ROM does not exist
    DQ_ERR_EMPTY,        // more was requested than is stored
    DQ_ERR_UNSUPPORTED,  // this build, this machine or this environment cannot do it
    DQ_ERR_INTERRUPTED,  // stopped at the caller's request
    DQ_ERR_DEVICE,       // the GPU failed
    DQ_ERR_DIVERGED      // learning diverged: a loss or a parameter is not finite
} dq_status;

/** The message of the last failure in this thread, "what is wrong: what to do": one line without a
 *  newline, "" before the first failure. Valid until the next failure in this thread. */
DQ_API
const char *dq_errmsg(void);

/** The name of a status, "out of memory" for DQ_ERR_NOMEM, in static storage. Never NULL. */
DQ_API
const char *dq_status_name(dq_status status);

#ifdef __cplusplus
}
#endif
#endif
