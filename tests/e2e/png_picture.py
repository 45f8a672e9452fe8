"""PNG pictures, read by what their specification says (W3C, second edition); nothing of deepq's is used."""

import struct
import zlib


def chunks(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    at = 8
    while at < len(png):
        n, kind = struct.unpack_from(">I4s", png, at)
        body = png[at + 8:at + 8 + n]
        assert struct.unpack_from(">I", png, at + 8 + n)[0] == zlib.crc32(kind + body), kind
        yield kind, body
        at += 12 + n


def unfiltered(flat, step, size):
    """The rows of `step` bytes behind their filters' numbers, of pixels of `size` bytes."""
    above = bytes(step)
    for at in range(0, len(flat), step + 1):
        how, *row = flat[at:at + step + 1]
        for x in range(step):
            left, corner = (row[x - size], above[x - size]) if x >= size else (0, 0)
            up = above[x]
            nearest = min((left, up, corner), key=lambda v: abs(left + up - corner - v))
            row[x] = (row[x] + (0, left, up, (left + up) // 2, nearest)[how]) % 256
        above = bytes(row)
        yield above


def read_png(png):
    """Width, height and rows: bytes of a grey picture, or RGB where it has colours."""
    packed, palette = b"", None
    for kind, body in chunks(png):
        if kind == b"IHDR":
            width, height, bits, colour, *rest = struct.unpack(">IIBBBBB", body)
        elif kind == b"PLTE":
            palette = [body[i:i + 3] for i in range(0, len(body), 3)]
        elif kind == b"IDAT":
            packed += body
    assert rest == [0, 0, 0] and colour in (0, 2, 3) and (bits == 8 or colour == 3)
    channels = 3 if colour == 2 else 1
    rows = list(unfiltered(zlib.decompress(packed), (width * channels * bits + 7) // 8, channels))
    if colour == 3:
        rows = [b"".join(palette[row[x * bits // 8] >> (8 - bits - x * bits % 8) & (1 << bits) - 1] for x in range(width))
                for row in rows]
    assert len(rows) == height
    return width, height, rows
