#!/usr/bin/env python3
"""Test cartridges for what ALE does where one frame ends and the next begins, and what the real ALE
does with them.

    DEEPQ_SHARED=... python make_frame_testroms.py tests/data/testroms

The generator of the other test cartridges, make_testroms.py in $DEEPQ_SHARED/atari, gives the frame.
Needs ale-py and numpy.

bus   Frames end in the last instruction of RAM, so that the next one begins with opcodes read from
      the TIA: they are what is left on the data bus, which ALE has read RAM FF from.
cut   Frames end at any pixel of a line, by VSYNC or for want of instructions, with few objects: ALE
      paints some of those lines to the end of a cell of four pixels.
"""
import hashlib
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["DEEPQ_SHARED"], "atari"))
import make_testroms as mt  # noqa: E402  (the folder is only known now)

VSYNC, VBLANK, WSYNC, NUSIZ0, COLUP0, CTRLPF, PF0 = 0x00, 0x01, 0x02, 0x04, 0x06, 0x0A, 0x0D
RESP0, GRP0, ENAM0, VDELP0, RESMP0 = 0x10, 0x1B, 0x1D, 0x25, 0x28


def put(c, register, value):
    c += [0xA9, value, 0x85, register]


def begin_sync(c):
    """VSYNC on; a line later switching it off ends the frame."""
    put(c, VSYNC, 2)
    c += [0x85, WSYNC] * 3


def bus(rng):
    """The high byte of the store that ends the frame, in RAM FF, is an opcode of one byte with which
    the processor runs on through the TIA's addresses, up to the mirror of RAM at 180. So is what it
    stores, which it finds instead when nobody has read RAM, and RAM D1, the last byte that koolaid's
    rules read: for frames that ALE runs in one go."""
    c = mt.Code(0xF000, rng)
    c.start()
    put(c, 0xD1, 0x18)  # CLC, CLI, TYA, CLD, by collisions
    frames = []
    for opcode in [rng.choice([0x0A, 0x2A]) for _ in range(12)]:  # and 4A, 6A, ... EA by collisions
        frames.append(c.here)
        c.lines(rng.randrange(200, 260))
        put(c, VBLANK, 0)
        for register in (GRP0, GRP0 + 1, ENAM0, PF0 + 1):
            put(c, register, rng.choice([0, 2, 0xFF]))
        c += [0xA5, mt.STATE + 8]
        c.mix()
        begin_sync(c)
        back = c.here + 4 * 3 + 4 * 3 + 2 + 3
        for place, byte in ((mt.STATE, 0x4C), (mt.STATE + 1, back & 255), (mt.STATE + 2, back >> 8)):
            put(c, place, byte)
        for place, byte in ((0xFD, 0x8D), (0xFE, VSYNC), (0xFF, opcode)):
            put(c, place, byte)
        c += [0xA9, rng.choice([0x18, 0x38])]
        c.jump(0xFD)
        assert c.here == back
        c.mix()  # what the opcodes made of A
        c += [0x08, 0x68]  # PHP PLA: and of the flags
        c.mix()
        c += [0xA2, 0xFF, 0x9A]
    c.jump(frames[0])
    return mt.image(c)


def cut(rng):
    """One frame after the other, each with a few objects and an end somewhere in a line."""
    c = mt.Code(0xF000, rng)
    c.start()
    first = c.here
    while len(c.b) < 3600:
        put(c, VBLANK, 0)
        for register in (GRP0, GRP0 + 1, ENAM0, ENAM0 + 1, ENAM0 + 2, PF0, PF0 + 1, PF0 + 2, VDELP0,
                         VDELP0 + 1, VDELP0 + 2, RESMP0, RESMP0 + 1):
            c += [0xA9, 0x00] if register == GRP0 else []
            c += [0x85, register]
        for register in rng.sample([GRP0, GRP0 + 1, ENAM0, ENAM0 + 1, ENAM0 + 2], rng.choice([0, 1, 1, 2])):
            put(c, register, 0xFF if register >= ENAM0 else rng.choice([0xFF, 0x81, 0x01]))
        if rng.randrange(2):
            put(c, PF0 + 1, rng.randrange(256))
            put(c, PF0 + 2, rng.randrange(256))
        put(c, CTRLPF, rng.choice([0, 1, 2, 4, 6, 0x31]))
        for register in range(COLUP0, COLUP0 + 4):
            put(c, register, rng.randrange(256))
        put(c, NUSIZ0 + rng.randrange(2), rng.randrange(256))
        c.lines(rng.randrange(40, 200))
        for _ in range(rng.randrange(3)):
            c += [0xEA] * rng.randrange(20) + [0x85, RESP0 + rng.randrange(5)]
        if rng.randrange(4):
            begin_sync(c)
            c += [0xA9, 0x00] + [0xEA] * rng.randrange(9, 36) + rng.choice([[], [0xA5, 0x80]]) + [0x85, VSYNC]
        else:  # a line's last access to the TIA, then more instructions than a frame may have
            c += [0x85, WSYNC] + [0xEA] * rng.randrange(9, 30) + [0x85, rng.choice([0x2D, 0x26, 0x09, 0x1B])]
            c += [0xA0, rng.choice([60, 120]), 0xA2, 0x00, 0xCA, 0xD0, 0xFD, 0x88, 0xD0, 0xF8]
    c.jump(first)
    return mt.image(c)


IMAGES = {"bus0": bus, "bus1": bus, "cut0": cut, "cut1": cut, "cut2": cut, "cut3": cut}


def main():
    for name, make in IMAGES.items():
        path = os.path.join(sys.argv[1], name)
        image = make(random.Random(name))
        with open(path + ".bin", "wb") as f:
            f.write(image)
        with open(path + ".atr", "wb") as f:
            f.write(mt.record_rom(path + ".bin", hashlib.md5(image).digest())[0])


if __name__ == "__main__":
    main()
