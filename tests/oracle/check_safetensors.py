"""Damaged safetensors files: deepq refuses whatever the original refuses.

    check_safetensors.py LIBRARY [N]

N files (3000) that are changed at random, in their header, length or data. What the original reads and deepq
does not must be refused for a reason that is no damage: it is not a network's.
"""
import ctypes
import json
import os
import random
import struct
import sys
import tempfile

try:
    import numpy
    from safetensors import SafetensorError
    from safetensors.numpy import load, save
except ImportError as error:
    print(f"SKIP: {error}")
    sys.exit(77)

OURS_ALONE = ("dimensions", "is empty", "no tensors", "holds", "not a JSON object",  # names that are there twice
              "and only floating-point", "has no dtype", "it is not what")
WORDS = ["F32", "F16", "I64", "F33", "0", "1", "2", "3", "4", "8", "12", "16", "-1", "1.0", "1e1", "null", "true",
         "[]", "{}", "[0,4]", "[2]", '"a"', '"dtype"', '"shape"', '"data_offsets"', '"__metadata__"', ",", ":", "]",
         "}", "[", "{", " ", "\n", "99999999999999999999", "18446744073709551615", "x", "\\u0041"]


def whole(rng):
    tensors = {f"layer.{i}.{rng.choice(['weight', 'bias'])}":
               numpy.zeros(rng.choices([1, 2, 3], k=rng.randint(1, 4)), rng.choice(["float32", "float16", "float64"]))
               for i in range(rng.randint(1, 3))}
    return save(tensors, {"format": "pt", "deepq.env": "CartPole-v1"} if rng.random() < 0.5 else None)


def changed(raw, rng):
    size, = struct.unpack("<Q", raw[:8])
    header, data = raw[8:8 + size].decode(), raw[8 + size:]
    for _ in range(rng.randint(0, 2)):
        at, n = rng.randrange(len(header)), rng.randint(0, 5)
        header = header[:at] + rng.choice(WORDS) * rng.randint(0, 1) + header[at + n:]
    tensors = None
    if rng.random() < 0.4:
        try:
            tensors = json.loads(header)
        except ValueError:
            pass
    if isinstance(tensors, dict) and tensors:
        described = tensors[rng.choice(sorted(tensors))]
        for key in ("shape", "data_offsets"):
            if isinstance(described, dict) and isinstance(described.get(key), list) and rng.random() < 0.5:
                described[key] = [x if rng.random() < 0.7 or not isinstance(x, int) else x + rng.choice([-4, -1, 1, 4])
                                  for x in described[key]]
        header = json.dumps(tensors)
    if rng.random() < 0.1:
        data = data[:-1] if rng.random() < 0.5 else data + b"\0"
    length = len(header) if rng.random() < 0.95 else len(header) + rng.choice([-1, 1, 8, 1 << 40])
    return struct.pack("<Q", max(length, 0)) + header.encode() + data


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    library = ctypes.CDLL(os.path.abspath(sys.argv[1]))
    library.dq_errmsg.restype = ctypes.c_char_p
    library.dq_model_destroy.restype = None
    rng, counts = random.Random(1), {(a, b): 0 for a in (True, False) for b in (True, False)}
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x.safetensors").encode()
        for _ in range(int(sys.argv[2]) if len(sys.argv) > 2 else 3000):
            raw = changed(whole(rng), rng)
            with open(path, "wb") as f:
                f.write(raw)
            model = ctypes.c_void_p()
            ours = library.dq_model_load(ctypes.byref(model), path) == 0
            library.dq_model_destroy(model)
            try:
                load(raw)
                theirs = True
            except SafetensorError:
                theirs = False
            assert theirs or not ours, f"read, and the original refuses it: {raw}"
            why = library.dq_errmsg().decode()
            assert ours or not theirs or any(words in why for words in OURS_ALONE), f"{why}: {raw}"
            counts[theirs, ours] += 1
    print(f"read by both {counts[True, True]}, refused by both {counts[False, False]}, "
          f"refused here alone {counts[True, False]}")
    assert counts[True, True] > 100 and counts[False, False] > 100


if __name__ == "__main__":
    main()
