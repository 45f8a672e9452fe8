#include "record/tensorboard_records.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tensorboard_event.pb-c.h"

enum { HEAD_BYTES = 8 + 4 };
static const size_t MAX_FILE_BYTES = (size_t)1 << 32;

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

void dq_tb_frame(uint8_t *record, size_t n)
{
    put_number(record, n, 8);
    put_crc(record + 8, record, 8);
    put_crc(record + HEAD_BYTES + n, record + HEAD_BYTES, n);
}

static bool has_crc(const uint8_t *stored, const uint8_t *bytes, size_t n)
{
    uint8_t crc[4];
    put_crc(crc, bytes, n);
    return memcmp(stored, crc, sizeof(crc)) == 0;
}

/** What a whole record says. */
static dq_verdict judge(const uint8_t *record, size_t n, int64_t last)
{
    const uint8_t *bytes = record + HEAD_BYTES;
    if (!has_crc(bytes + n, bytes, n))
        return DQ_PIECE_DAMAGED;
    Deepq__Event *event = deepq__event__unpack(NULL, n, bytes);
    if (!event)
        return DQ_PIECE_DAMAGED;
    bool later = event->step > last && !event->session_log;  // a restart stays where it is
    deepq__event__free_unpacked(event, NULL);
    return later ? DQ_PIECE_LATER : DQ_PIECE_KEPT;
}

static void look_at_records(dq_repair *repair, const uint8_t *at, size_t left, int64_t last)
{
    while (left > 0) {
        if (left >= HEAD_BYTES && !has_crc(at + 8, at, 8)) {
            dq_repair_add(repair, DQ_PIECE_DAMAGED, left);  // where the next begins nobody knows
            return;
        }
        uint64_t n = 0;
        for (int i = 0; left >= HEAD_BYTES && i < 8; i++)
            n |= (uint64_t)at[i] << 8 * i;
        if (left < DQ_TB_FRAME_BYTES || n > left - DQ_TB_FRAME_BYTES) {
            dq_repair_add(repair, DQ_PIECE_LATER, left);  // unfinished
            return;
        }
        size_t whole = (size_t)n + DQ_TB_FRAME_BYTES;
        dq_repair_add(repair, judge(at, (size_t)n, last), whole);
        at += whole;
        left -= whole;
    }
}

void dq_tb_look(dq_repair *repair, const char *path, int64_t last)
{
    void *bytes;
    size_t n;
    dq_status st = dq_file_read(path, MAX_FILE_BYTES, &bytes, &n);
    if (st == DQ_OK)
        look_at_records(repair, bytes, n, last);
    else if (st != DQ_ERR_NOT_FOUND)
        repair->status = st;
    free(bytes);
}
