#!/usr/bin/env python3
"""Writes tests/data/learner/shifts.txt: NumPy's states padded by their edge and cropped back, by CRC-32, for
tests/unit/test_augmentation.c. A line is the padding, the row, the column, and the CRC.

    python make_shifts_golden.py      (needs numpy)
"""
import os
import zlib

import numpy as np

STACK, SIDE = 4, 84
PATH = os.path.join(os.path.dirname(__file__), "..", "data", "learner", "shifts.txt")


def lcg_bytes(n):
    """The same in test_augmentation.c."""
    state, out = 1, np.empty(n, np.uint8)
    for i in range(n):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out[i] = state >> 24
    return out


def main():
    obs = lcg_bytes(STACK * SIDE * SIDE).reshape(STACK, SIDE, SIDE)
    with open(PATH, "w") as f:
        print(f"# numpy {np.__version__}", file=f)
        for pad in (1, 4, 42):
            padded = np.pad(obs, ((0, 0), (pad, pad), (pad, pad)), mode="edge")
            offsets = range(2 * pad + 1) if pad < 42 else (0, 1, 41, 42, 43, 83, 84)
            for row in offsets:
                for column in offsets:
                    cropped = padded[:, row:row + SIDE, column:column + SIDE]
                    print(pad, row, column, zlib.crc32(np.ascontiguousarray(cropped).tobytes()), file=f)


if __name__ == "__main__":
    main()
