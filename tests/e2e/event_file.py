"""TensorBoard's event files, read by what their format says (TFRecord, tensorflow/core/util/event.proto).

Nothing of deepq's is used: CRC-32C of every record is checked, unknown fields are passed over.
"""

import struct

from png_picture import read_png


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF  # masked, as TFRecord stores it


def records(data):
    at = 0
    while at < len(data):
        head, n = data[at:at + 8], struct.unpack_from("<Q", data, at)[0]
        body = data[at + 12:at + 12 + n]
        assert struct.unpack_from("<I", data, at + 8)[0] == crc32c(head), "a length's checksum"
        assert struct.unpack_from("<I", data, at + 12 + n)[0] == crc32c(body), "a record's checksum"
        yield body
        at += n + 16


def fields(message):
    """(number, value) of a protobuf message: int, or bytes for what is longer."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(message):
        key = varint()
        kind = key & 7
        if kind == 0:
            yield key >> 3, varint()
            continue
        n = {1: 8, 5: 4}.get(kind) or varint()
        yield key >> 3, message[at:at + n]
        at += n


def scalars(path):
    """[(tag, step, value, wall time)] in the order of the file; what a later start makes void is left out."""
    found = []
    for record in records(path.read_bytes()):
        event = dict(fields(record))
        step, time = event.get(2, 0), struct.unpack("<d", event[1])[0] if 1 in event else 0
        if 7 in event:  # session_log
            found = [s for s in found if s[1] < step]
        for number, value in fields(event.get(5, b"")):  # summary.value
            parts = dict(fields(value))
            if number == 1 and 2 in parts:
                found.append((parts[1].decode(), step, struct.unpack("<f", parts[2])[0], time))
    return found


def summaries(path):
    """(step, fields of a value) of each summary, in the order of the file."""
    for record in records(path.read_bytes()):
        event = dict(fields(record))
        for number, value in fields(event.get(5, b"")):
            if number == 1:
                yield event.get(2, 0), dict(fields(value))


def texts(path):
    """[(tag, step, text)] in the order of the file."""
    return [(parts[1].decode(), step, dict(fields(parts[8]))[8].decode()) for step, parts in summaries(path) if 8 in parts]


def images(path):
    """[(tag, step, rows)] of grey pictures, in the order of the file."""
    found = []
    for step, parts in summaries(path):
        if 4 in parts:
            image = dict(fields(parts[4]))
            width, height, rows = read_png(image[4])
            assert (image[1], image[2], image[3]) == (height, width, 1)
            found.append((parts[1].decode(), step, rows))
    return found
