#include "record/tensorboard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/file_names.h"
#include "tensorboard_event.pb-c.h"

enum { BUFFER_BYTES = 1 << 16, FRAME_BYTES = 8 + 4 + 4, HOST_CAP = 65, MAX_SAME_NAMES = 1000 };

struct dq_tb {
    dq_status status;
    int fd;
    char path[DQ_PATH_CAP];
    size_t n;
    uint8_t buffer[BUFFER_BYTES];
};

/** CRC-32C (Castagnoli), bit by bit: records are short. */
static uint32_t crc32c(const uint8_t *bytes, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78 : 0);
    }
    return ~crc;
}

static void put_number(uint8_t *to, uint64_t number, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        to[i] = (uint8_t)(number >> 8 * i);
}

/** The checksum as TFRecord stores it: turned and shifted, so that files may hold files. */
static void put_crc(uint8_t *to, const uint8_t *bytes, size_t n)
{
    uint32_t crc = crc32c(bytes, n);
    put_number(to, (crc >> 15 | crc << 17) + 0xA282EAD8, 4);
}

static dq_status fail_io(dq_tb *tb, const char *verb)
{
    return tb->status = dq_fail_errno(verb, tb->path);
}

static dq_status write_all(dq_tb *tb, const uint8_t *bytes, size_t n)
{
    for (size_t at = 0; at < n && tb->status == DQ_OK;) {
        ssize_t got = write(tb->fd, bytes + at, n - at);
        if (got >= 0)
            at += (size_t)got;
        else if (errno != EINTR)
            fail_io(tb, "write");
    }
    return tb->status;
}

dq_status dq_tb_flush(dq_tb *tb)
{
    write_all(tb, tb->buffer, tb->n);
    tb->n = 0;
    return tb->status;
}

/** Length, its checksum, the event, its checksum; `record` has room for all. */
static void put_record(uint8_t *record, const Deepq__Event *event, size_t event_bytes)
{
    put_number(record, event_bytes, 8);
    put_crc(record + 8, record, 8);
    deepq__event__pack(event, record + 12);
    put_crc(record + 12 + event_bytes, record + 12, event_bytes);
}

static dq_status write_large(dq_tb *tb, const Deepq__Event *event, size_t event_bytes)
{
    uint8_t *record = malloc(event_bytes + FRAME_BYTES);
    if (!record)
        return tb->status =
                   dq_fail(DQ_ERR_NOMEM, "no memory for an event of %zu bytes", event_bytes);
    put_record(record, event, event_bytes);
    write_all(tb, record, event_bytes + FRAME_BYTES);
    free(record);
    return tb->status;
}

static dq_status write_event(dq_tb *tb, const Deepq__Event *event)
{
    size_t event_bytes = deepq__event__get_packed_size(event);
    if (tb->status == DQ_OK && event_bytes + FRAME_BYTES > BUFFER_BYTES - tb->n)
        dq_tb_flush(tb);
    if (tb->status != DQ_OK)
        return tb->status;
    if (event_bytes + FRAME_BYTES > BUFFER_BYTES)
        return write_large(tb, event, event_bytes);
    put_record(tb->buffer + tb->n, event, event_bytes);
    tb->n += event_bytes + FRAME_BYTES;
    return DQ_OK;
}

static Deepq__Event event_at(int64_t step, double wall_time)
{
    Deepq__Event event = DEEPQ__EVENT__INIT;
    event.has_step = event.has_wall_time = true;
    event.step = step;
    event.wall_time = wall_time;
    return event;
}

static dq_status write_value(dq_tb *tb, Deepq__Summary__Value *value, int64_t step,
                             double wall_time)
{
    Deepq__Summary summary = DEEPQ__SUMMARY__INIT;
    summary.n_value = 1;
    summary.value = &value;
    Deepq__Event event = event_at(step, wall_time);
    event.summary = &summary;
    return write_event(tb, &event);
}

dq_status dq_tb_scalar(dq_tb *tb, const char *tag, int64_t step, double value, double wall_time)
{
    Deepq__Summary__Value v = DEEPQ__SUMMARY__VALUE__INIT;
    v.tag = (char *)tag;  // protobuf-c only reads it
    v.has_simple_value = true;
    v.simple_value = (float)value;
    return write_value(tb, &v, step, wall_time);
}

dq_status dq_tb_text(dq_tb *tb, const char *tag, int64_t step, const char *markdown,
                     double wall_time)
{
    Deepq__Summary__Metadata__PluginData plugin = DEEPQ__SUMMARY__METADATA__PLUGIN_DATA__INIT;
    plugin.plugin_name = (char *)"text";
    Deepq__Summary__Metadata metadata = DEEPQ__SUMMARY__METADATA__INIT;
    metadata.plugin_data = &plugin;
    ProtobufCBinaryData text = {strlen(markdown), (uint8_t *)(uintptr_t)markdown};
    Deepq__Tensor tensor = DEEPQ__TENSOR__INIT;
    tensor.has_dtype = true;
    tensor.dtype = 7;
    tensor.n_string_val = 1;
    tensor.string_val = &text;
    Deepq__Summary__Value v = DEEPQ__SUMMARY__VALUE__INIT;
    v.tag = (char *)tag;
    v.tensor = &tensor;
    v.metadata = &metadata;
    return write_value(tb, &v, step, wall_time);
}

dq_status dq_tb_resume(dq_tb *tb, int64_t step, double wall_time)
{
    Deepq__SessionLog log = DEEPQ__SESSION_LOG__INIT;
    log.has_status = true;
    log.status = 1;
    Deepq__Event event = event_at(step, wall_time);
    event.session_log = &log;
    return write_event(tb, &event);
}

static dq_status write_version(dq_tb *tb, time_t now)
{
    Deepq__Event event = DEEPQ__EVENT__INIT;
    event.has_wall_time = true;
    event.wall_time = (double)now;
    event.file_version = (char *)"brain.Event:2";
    return write_event(tb, &event);
}

static const char *host_name(char host[HOST_CAP])
{
    char name[HOST_CAP];
    if (gethostname(name, sizeof(name)) != 0 || !*name)
        memcpy(name, "localhost", sizeof("localhost"));
    name[HOST_CAP - 1] = '\0';
    return dq_file_name_part(host, HOST_CAP, name);
}

/** TensorBoard reads a folder's files in the order of their names, so the time comes first. */
static dq_status create_file(dq_tb *tb, const char *logdir, const char *suffix, time_t now)
{
    char host[HOST_CAP];
    host_name(host);
    for (int i = 0; i < MAX_SAME_NAMES; i++) {
        DQ_TRY(dq_path_format(tb->path, sizeof(tb->path),
                              "%s/events.out.tfevents.%010lld.%s.%ld.%d%s", logdir, (long long)now,
                              host, (long)getpid(), i, suffix ? suffix : ""));
        tb->fd = open(tb->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (tb->fd >= 0 || errno != EEXIST)
            break;
    }
    return tb->fd >= 0 ? DQ_OK : fail_io(tb, "create");
}

dq_status dq_tb_open(dq_tb **out, const char *logdir, const char *suffix)
{
    *out = NULL;
    DQ_TRY(dq_make_dirs(logdir));
    dq_tb *tb = calloc(1, sizeof(*tb));
    if (!tb)
        return dq_fail(DQ_ERR_NOMEM, "no memory for an event file");
    tb->fd = -1;
    time_t now = time(NULL);
    dq_status st = create_file(tb, logdir, suffix, now);
    if (st == DQ_OK)
        st = write_version(tb, now);
    if (st == DQ_OK)
        st = dq_tb_flush(tb);
    if (st == DQ_OK)
        *out = tb;
    else
        dq_tb_close(tb);
    return st;
}

dq_status dq_tb_close(dq_tb *tb)
{
    if (!tb)
        return DQ_OK;
    if (tb->fd >= 0)
        dq_tb_flush(tb);
    if (tb->fd >= 0 && close(tb->fd) != 0 && tb->status == DQ_OK)
        fail_io(tb, "close");
    dq_status st = tb->status;
    free(tb);
    return st;
}

dq_status dq_tb_default_logdir(char *to, size_t cap, const char *comment, time_t now)
{
    // Not strftime(): month names must not follow the locale.
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    char host[HOST_CAP], part[256];
    struct tm t;
    if (!localtime_r(&now, &t))
        return dq_fail(DQ_ERR_CONFIG, "the clock shows an impossible time");
    return dq_path_format(to, cap, "runs/%s%02d_%02d-%02d-%02d_%s-%s", months[t.tm_mon], t.tm_mday,
                          t.tm_hour, t.tm_min, t.tm_sec, host_name(host),
                          dq_file_name_part(part, sizeof(part), comment));
}
