#include "record/framed_records.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/error.h"

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

void dq_frame_record(uint8_t *record, size_t n)
{
    put_number(record, n, 8);
    put_crc(record + 8, record, 8);
    put_crc(record + DQ_FRAME_HEAD + n, record + DQ_FRAME_HEAD, n);
}

static bool has_crc(const uint8_t *stored, const uint8_t *bytes, size_t n)
{
    uint8_t crc[4];
    put_crc(crc, bytes, n);
    return memcmp(stored, crc, sizeof(crc)) == 0;
}

static dq_verdict look_at(const uint8_t *record, size_t n, dq_record_judge_fn *judge, void *ctx)
{
    const uint8_t *bytes = record + DQ_FRAME_HEAD;
    return has_crc(bytes + n, bytes, n) ? judge(ctx, bytes, n) : DQ_PIECE_DAMAGED;
}

void dq_framed_look_at(dq_repair *repair, const uint8_t *at, size_t left, dq_record_judge_fn *judge,
                       void *ctx)
{
    while (left > 0) {
        if (left >= DQ_FRAME_HEAD && !has_crc(at + 8, at, 8)) {
            dq_repair_add(repair, DQ_PIECE_DAMAGED, left);  // where the next begins nobody knows
            return;
        }
        uint64_t n = 0;
        for (int i = 0; left >= DQ_FRAME_HEAD && i < 8; i++)
            n |= (uint64_t)at[i] << 8 * i;
        if (left < DQ_FRAME_BYTES || n > left - DQ_FRAME_BYTES) {
            dq_repair_add(repair, DQ_PIECE_LATER, left);  // unfinished
            return;
        }
        size_t whole = (size_t)n + DQ_FRAME_BYTES;
        dq_repair_add(repair, look_at(at, (size_t)n, judge, ctx), whole);
        at += whole;
        left -= whole;
    }
}

void dq_framed_look(dq_repair *repair, const char *path, dq_record_judge_fn *judge, void *ctx)
{
    void *bytes;
    size_t n;
    dq_status st = dq_file_read(path, MAX_FILE_BYTES, &bytes, &n);
    if (st == DQ_OK)
        dq_framed_look_at(repair, bytes, n, judge, ctx);
    else if (st != DQ_ERR_NOT_FOUND)
        repair->status = st;
    free(bytes);
}
