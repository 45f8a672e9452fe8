#include "record/tensorboard.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "record/append_file.h"
#include "record/file_names.h"
#include "record/framed_records.h"
#include "record/png_file.h"
#include "tensorboard_event.pb-c.h"

enum { BUFFER_BYTES = 1 << 16, HOST_CAP = 65, MAX_SAME_NAMES = 1000 };

struct dq_tb {
    dq_append_file file;
    size_t n_damaged;  // records, found when it was opened
    bool is_new;
};

dq_status dq_tb_flush(dq_tb *tb)
{
    return dq_append_flush(&tb->file);
}

dq_status dq_tb_sync(dq_tb *tb)
{
    return dq_append_sync(&tb->file);
}

static dq_status put_event(dq_tb *tb, const Deepq__Event *event, uint8_t *record, size_t n)
{
    deepq__event__pack(event, record + DQ_FRAME_HEAD);
    dq_frame_record(record, n);
    DQ_TRY(dq_append_put(&tb->file, record, n + DQ_FRAME_BYTES));
    return tb->file.n < BUFFER_BYTES ? DQ_OK : dq_tb_flush(tb);
}

static dq_status write_event(dq_tb *tb, const Deepq__Event *event)
{
    uint8_t small[256];
    size_t n = deepq__event__get_packed_size(event), whole = n + DQ_FRAME_BYTES;
    if (whole <= sizeof(small))
        return put_event(tb, event, small, n);
    uint8_t *record = malloc(whole);
    if (!record)
        return dq_fail(DQ_ERR_NOMEM, "no memory for an event of %zu bytes", n);
    dq_status st = put_event(tb, event, record, n);
    free(record);
    return st;
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

dq_status dq_tb_image(dq_tb *tb, const char *tag, int64_t step, const dq_tb_picture *p,
                      double wall_time)
{
    uint8_t *png;
    size_t n = 0;
    DQ_TRY(dq_png_make(&png, &n, p->pixels, p->width, p->height, p->channels));
    Deepq__Summary__Image image = DEEPQ__SUMMARY__IMAGE__INIT;
    image.has_height = image.has_width = image.has_colorspace = true;
    image.height = p->height;
    image.width = p->width;
    image.colorspace = p->channels;
    image.has_encoded_image_string = true;
    image.encoded_image_string = (ProtobufCBinaryData){n, png};
    Deepq__Summary__Value v = DEEPQ__SUMMARY__VALUE__INIT;
    v.tag = (char *)tag;
    v.image = &image;
    dq_status st = write_value(tb, &v, step, wall_time);
    free(png);
    return st;
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
dq_status dq_tb_new_name(char *to, size_t cap, const char *logdir, const char *suffix)
{
    char host[HOST_CAP], path[DQ_PATH_CAP];
    host_name(host);
    for (int i = 0; i < MAX_SAME_NAMES; i++) {
        DQ_TRY(dq_path_format(to, cap, "events.out.tfevents.%010lld.%s.%ld.%d%s",
                              (long long)time(NULL), host, (long)getpid(), i,
                              suffix ? suffix : ""));
        DQ_TRY(dq_path_format(path, sizeof(path), "%s/%s", logdir, to));
        if (access(path, F_OK) != 0)
            break;
    }
    return DQ_OK;
}

/** Steps above *last will come again. */
static dq_verdict judge(void *last, const uint8_t *bytes, size_t n)
{
    Deepq__Event *event = deepq__event__unpack(NULL, n, bytes);
    if (!event)
        return DQ_PIECE_DAMAGED;
    bool later = event->step > *(int64_t *)last && !event->session_log;  // a restart stays
    deepq__event__free_unpacked(event, NULL);
    return later ? DQ_PIECE_LATER : DQ_PIECE_KEPT;
}

/** Open the file of that name, cut back to what is not above `last`. */
static dq_status open_file(dq_tb *tb, const char *logdir, const char *name, int64_t last)
{
    char path[DQ_PATH_CAP], aside[DQ_PATH_CAP];
    size_t end;
    dq_repair repair = {.n = 0};
    DQ_TRY(dq_path_format(path, sizeof(path), "%s/%s", logdir, name));
    DQ_TRY(dq_path_format(aside, sizeof(aside), "%s/" DQ_TB_ASIDE, logdir));
    DQ_TRY(dq_plain_check(path));
    dq_framed_look(&repair, path, judge, &last);
    DQ_TRY(dq_repair_finish(&repair, path, aside, &end, &tb->n_damaged));
    DQ_TRY(dq_append_open(&tb->file, path, (off_t)end));
    tb->is_new = end == 0;
    if (tb->is_new)
        DQ_TRY(write_version(tb, time(NULL)));
    return dq_tb_flush(tb);
}

dq_status dq_tb_open_at(dq_tb **out, const char *logdir, const char *name, int64_t last)
{
    *out = NULL;
    DQ_TRY(dq_make_dirs(logdir));
    dq_tb *tb = calloc(1, sizeof(*tb));
    if (!tb)
        return dq_fail(DQ_ERR_NOMEM, "no memory for an event file");
    tb->file.fd = -1;
    dq_status st = open_file(tb, logdir, name, last);
    if (st == DQ_OK)
        *out = tb;
    else
        dq_tb_close(tb);
    return st;
}

dq_status dq_tb_open(dq_tb **out, const char *logdir, const char *suffix)
{
    char name[DQ_TB_NAME_CAP];
    *out = NULL;
    DQ_TRY(dq_tb_new_name(name, sizeof(name), logdir, suffix));
    return dq_tb_open_at(out, logdir, name, INT64_MAX);
}

bool dq_tb_is_new(const dq_tb *tb)
{
    return tb->is_new;
}

size_t dq_tb_damaged(const dq_tb *tb)
{
    return tb->n_damaged;
}

dq_status dq_tb_close(dq_tb *tb)
{
    if (!tb)
        return DQ_OK;
    dq_status st = dq_append_close(&tb->file);
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
