#!/usr/bin/env python3
"""Test cartridges of the types that none of ALE's games has, and what the real ALE does with them.

The generator of the other test cartridges, make_testroms.py in $DEEPQ_SHARED/atari, gives the frame;
here are the random bank switches of F4, F4SC, FA, E7, 3F and UA. Needs ale-py and numpy.

    DEEPQ_SHARED=... python make_bank_testroms.py tests/data/testroms

Two things in which ALE 0.12.1 is not followed are left out: that writes to the hot spots of F4SC do
nothing, and that with 3F reads of 00 to 3F give cartridge bytes and not the TIA's.
"""
import hashlib
import os
import random
import sys

sys.path.insert(0, os.path.join(os.environ["DEEPQ_SHARED"], "atari"))
import make_testroms as mt  # noqa: E402  (the folder is only known now)

LDA, STA, BIT = 0xAD, 0x8D, 0x2C


class Code(mt.Code):
    """Reads the fire button from the TIA's mirror at 4C, which 3F leaves alone in ALE."""

    def evolve(self):
        before = len(self.b)
        super().evolve()
        at = self.b.index(bytes([0xA5, 0x0C]), before)
        self.b[at + 1] = 0x4C


def random_bytes(rng, n):
    return bytes(rng.randrange(1, 255) for _ in range(n))


def program(rng, org, room, piece):
    """A frame that runs random pieces of code."""
    c = Code(org, rng)

    def kernel(c, room):
        end = len(c.b) + room
        while len(c.b) < end:
            piece(c)
        return 60 * 76

    mt.whole_frame(c, kernel, room)
    return c


def read(c, address):
    c += [LDA, address & 255, address >> 8]
    c.mix()


def write(c, address):
    c += [0xA5, c.state(), STA, address & 255, address >> 8]


def banked(rng, banks, first_spot, ram, touch):
    """The same code in every bank, other data at FD00; `ram` bytes written at F000, read above."""
    def piece(c):
        kind = rng.randrange(6)
        if kind < 2:
            spot = first_spot + rng.randrange(banks)
            c += [rng.choice(touch), spot & 255, spot >> 8]
        elif kind < 4 or not ram:
            read(c, 0xFD00 + rng.randrange(256))
        else:
            write(c, 0xF000 + rng.randrange(ram))
            read(c, 0xF000 + rng.randrange(2 * ram))

    c = program(rng, 0xF200, 1200, piece)
    out = b""
    for _ in range(banks):
        start = bytes(0x200) if ram else random_bytes(rng, 0x200)
        data = (start + bytes(c.b)).ljust(0xD00, b"\xEA") + random_bytes(rng, 0x100)
        out += data.ljust(0xFFC, b"\x00") + bytes([0x00, 0xF2, 0x00, 0xF2])
    return out


def big_ram(rng):
    """E7: code in the last slice, RAM of two sizes."""
    def piece(c):
        kind = rng.randrange(6)
        if kind == 0:
            c += [rng.choice([LDA, STA, BIT]), 0xE0 + rng.randrange(12), 0xFF]
        elif kind == 1:
            c += [LDA, 0xE7, 0xFF]
        elif kind == 2:
            write(c, 0xF000 + rng.randrange(0x800))
        elif kind == 3:
            write(c, 0xF800 + rng.randrange(0x100))
        else:
            read(c, rng.choice([0xF000, 0xF400, 0xF800, 0xF900]) + rng.randrange(256))

    c = program(rng, 0xFA00, 1000, piece)
    last = bytes(0x200) + bytes(c.b).ljust(0x5E0, b"\xEA") + bytes(0x1C) + bytes([0x00, 0xFA, 0x00, 0xFA])
    return random_bytes(rng, 7 * 2048) + last


def tigervision(rng, slices):
    """3F: code in the last slice; every write to the TIA switches the first one."""
    def piece(c):
        if rng.randrange(2):
            c += [0xA9, rng.randrange(256), 0x85, rng.choice([0x3F, 0x3F, 0x09, 0x0D, 0x3E, 0x42])]
        else:
            read(c, 0xF000 + rng.randrange(0x800))

    c = program(rng, 0xF800, 1000, piece)
    last = bytes(c.b).ljust(0x7FC, b"\xEA") + bytes([0x00, 0xF8, 0x00, 0xF8])
    return random_bytes(rng, (slices - 1) * 2048) + last


def uchida(rng):
    """UA: hot spots among the TIA's mirrors."""
    def piece(c):
        if rng.randrange(3) == 0:
            spot = rng.choice([0x220, 0x240, 0x240, 0x2220, 0x260])
            c += [rng.choice([LDA, STA]), spot & 255, spot >> 8]
            c.mix()
        else:
            read(c, 0xFD00 + rng.randrange(256))

    c = program(rng, 0xF000, 1200, piece)
    out = b""
    for _ in range(2):
        data = bytes(c.b).ljust(0xD00, b"\xEA") + random_bytes(rng, 0x100)
        out += data.ljust(0xFFC, b"\x00") + bytes([0x00, 0xF0, 0x00, 0xF0])
    return out


IMAGES = {
    "f4_0": lambda r: banked(r, 8, 0xFFF4, 0, [LDA, STA, BIT]),
    "f4sc_0": lambda r: banked(r, 8, 0xFFF4, 128, [LDA, BIT]),
    "fa_0": lambda r: banked(r, 3, 0xFFF8, 256, [LDA, STA, BIT]),
    "e7_0": big_ram,
    "3f_0": lambda r: tigervision(r, 4),
    "3f_1": lambda r: tigervision(r, 8),
    "ua_0": uchida,
}


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
