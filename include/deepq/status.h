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

/** What a call came to. Everything but DQ_OK leaves a message in dq_errmsg(), unless it is the
 * status of an operation or a callback of your own, which is handed on as it is. */
typedef enum dq_status {
    DQ_OK = 0,
    DQ_ERR_NOMEM,        // memory ran out
    DQ_ERR_CONFIG,       // a value that the caller chose is impossible
    DQ_ERR_INPUT,        // a file or a byte stream is damaged or of another kind
    DQ_ERR_IO,           // the operating system refused to read or write
    DQ_ERR_NOT_FOUND,    // a file, an environment, a ROM is not there
    DQ_ERR_EMPTY,        // asked for more than is stored
    DQ_ERR_UNSUPPORTED,  // this build or this machine cannot do it
    DQ_ERR_INTERRUPTED,  // stopped because the caller asked for it; state is saved
    DQ_ERR_DEVICE,       // the GPU failed, or is gone
    DQ_ERR_DIVERGED      // learning came to a loss or a weight that is infinite or no number
} dq_status;

/** The message of the last failure in this thread, "what is wrong: what to do", one line without
 *  a newline; "" before the first failure. Valid until the next failing call of this thread. */
DQ_API
const char *dq_errmsg(void);

/** A short fixed name of a status, "out of memory" for DQ_ERR_NOMEM. Never NULL. */
DQ_API
const char *dq_status_name(dq_status status);

#ifdef __cplusplus
}
#endif
#endif
