"""Model files against PyTorch, both ways. Needs PyTorch; the C tests use the files that --write made.

    check_models.py LIBRARY          check libdeepq.so
    check_models.py --write FOLDER   make the files of tests/data/models again
"""
import ctypes
import json
import os
import sys
import tempfile
import zipfile
from collections import OrderedDict

try:
    import torch
    from torch import nn
except ImportError as error:
    print(f"skipped: no PyTorch here ({error})")
    sys.exit(77)


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("n_dims", ctypes.c_int), ("shape", ctypes.c_int * 4),
                ("data", ctypes.POINTER(ctypes.c_float))]


class Model(ctypes.Structure):
    _fields_ = [("tensors", ctypes.POINTER(Tensor)), ("n", ctypes.c_size_t)]  # and more, not needed here


class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char * (96 if name == "network" else 64))
                for name in ("env_id", "dialect", "network", "preset", "version")]
    _fields_ += [("step", ctypes.c_int64), ("score", ctypes.c_double), ("options", ctypes.c_char * 256)]


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(path)
        self.c.dq_errmsg.restype = ctypes.c_char_p

    def save(self, path, tensors, info=None):
        keep = [t.contiguous() for t in tensors.values()]
        array = (Tensor * len(keep))()
        for to, name, t in zip(array, tensors, keep):
            to.name = name.encode()
            to.n_dims = t.dim()
            to.shape[:t.dim()] = list(t.shape)
            to.data = ctypes.cast(t.data_ptr(), ctypes.POINTER(ctypes.c_float))
        self.check(self.c.dq_model_save_with(path.encode(), array, ctypes.c_size_t(len(keep)),
                                             ctypes.byref(info) if info else None))

    def load(self, path):
        model = ctypes.POINTER(Model)()
        self.check(self.c.dq_model_load(ctypes.byref(model), path.encode()))
        tensors = OrderedDict()
        for i in range(model.contents.n):
            t = model.contents.tensors[i]
            shape = list(t.shape)[:t.n_dims]
            count = int(torch.tensor(shape).prod())
            tensors[t.name.decode()] = torch.tensor(t.data[:count]).reshape(shape)
        self.c.dq_model_destroy(model)
        return tensors

    def check(self, status):
        if status != 0:
            raise ValueError(self.c.dq_errmsg().decode())


class DQN(nn.Module):
    """The network of the book's chapter 6, for n actions."""

    def __init__(self, n_actions):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2),
                                  nn.ReLU(), nn.Conv2d(64, 64, 3, 1), nn.ReLU())
        self.fc = nn.Sequential(nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, n_actions))

    def forward(self, x):
        return self.fc(self.conv(x / 255).flatten(1))


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Conv2d(2, 1, 1))
        self.fc = nn.Sequential(nn.Linear(3, 2))


def counting(*shape):
    return torch.arange(float(torch.tensor(shape).prod())).reshape(shape) / 8 - 1


def tiny_state_dict():
    """With _metadata, as every module's; the values count up in eighths, so that C can know them."""
    net = Tiny()
    net.load_state_dict({k: counting(*v.shape) for k, v in net.state_dict().items()})
    return net.state_dict()


def views():
    """Storages shared, sliced and strided."""
    flat = counting(24)
    return {"slice": flat[4:10], "transposed": flat[:6].reshape(2, 3).t(), "every_other": flat[1::2],
            "permuted": flat.reshape(2, 3, 4).permute(2, 0, 1), "whole": flat}


def numbers(dtype):
    """What is special about a type: rounding, subnormal numbers, the largest, infinities, NaN."""
    info = torch.finfo(dtype)
    special = [0.1, -1 / 3, 0.0, -0.0, info.max, info.min, info.tiny, info.smallest_normal / 4, info.eps,
               float("inf"), -float("inf"), float("nan"), 65519, 1e-7, -3.14159]
    return torch.tensor(special, dtype=torch.float64).to(dtype)


DTYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16, "float64": torch.float64}


def checkpoint():
    """As training scripts save it: a state_dict beside an optimiser's, options and counters. Two steps, as
    the optimiser has no state before."""
    net = Tiny()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    for _ in range(2):
        net.conv(torch.ones(1, 1, 2, 2)).sum().backward()
        optimizer.step()
    return {"epoch": 3, "model_state_dict": tiny_state_dict(), "optimizer": optimizer.state_dict(),
            "loss": 0.25, "names": ["a", "b"], "big": 1 << 40, "negative": -(1 << 40), "none": None}


def on_a_gpu(value, path):
    """As torch.save() writes what is on a GPU, without one."""
    rules = torch.serialization._package_registry
    torch.serialization.register_package(0, lambda storage: "cuda:0", lambda storage, place: None)
    torch.save(value, path)
    rules[:] = [rule for rule in rules if rule[0] != 0]


def counters():
    """A module with a buffer of integers, and a dictionary with other small things."""
    return {"a.weight": counting(3), "bn.num_batches_tracked": torch.tensor(7), "mask": torch.tensor([True]),
            "steps": torch.zeros(0, dtype=torch.int32)}


def write(folder):
    def save(value, name, **options):
        torch.save(value, os.path.join(folder, name), **options)

    save(tiny_state_dict(), "state_dict.dat")
    save(views(), "views.dat")
    save(dict(Tiny().named_parameters()), "parameters.dat")
    save(tiny_state_dict(), "legacy.dat", _use_new_zipfile_serialization=False)
    save(views(), "legacy_views.dat", _use_new_zipfile_serialization=False)
    for name, dtype in DTYPES.items():
        save({"weight": numbers(dtype).float()}, f"{name}_as_float32.dat")
        save({"weight": numbers(dtype)}, f"{name}.dat")
        save({"weight": numbers(dtype)}, f"legacy_{name}.dat", _use_new_zipfile_serialization=False)
    save({"weight": torch.arange(3)}, "integers.dat")
    save(counters(), "counters.dat")
    save(checkpoint(), "checkpoint.dat")
    save({"model": {"state_dict": tiny_state_dict()}}, "twice.dat")
    save({f"module.{k}": v for k, v in tiny_state_dict().items()}, "module_prefix.dat")
    save({f"module._orig_mod.{k}": v for k, v in tiny_state_dict().items()}, "two_prefixes.dat")
    save({"a": torch.ones(2, dtype=torch.complex64)}, "complex.dat")
    on_a_gpu(tiny_state_dict(), os.path.join(folder, "gpu.dat"))
    save({"scalar": torch.tensor(1.0)}, "scalar.dat")
    save({"net": tiny_state_dict(), "step": 3}, "nested.dat")
    save(torch.zeros(2), "not_a_dictionary.dat")
    save(Tiny(), "module.dat")


def same(a, b):
    return list(a) == list(b) and all(torch.equal(a[k], b[k]) and a[k].shape == b[k].shape for k in a)


def check(library, folder):
    path = os.path.join(folder, "model.dat")
    net = DQN(6)
    cases = {"tiny": tiny_state_dict(), "views": views(), "DQN": net.state_dict(),
             "special": {"x": torch.tensor([float("nan"), float("inf"), -0.0, 1e-45])}}
    for name, tensors in cases.items():
        torch.save(tensors, path, _use_new_zipfile_serialization=False)
        old = library.load(path)
        torch.save(tensors, path)
        read = library.load(path)
        library.save(path, tensors, Info(b"Pong-v4", b"book", b"nature", b"book", b"", 1, 0.5, b""))
        back = torch.load(path, weights_only=True)
        mapped = torch.load(path, weights_only=True, mmap=True)
        if name == "special":  # NaN is not equal to itself
            old, read, back, mapped, tensors = ({"x": t["x"].view(torch.int32)}
                                                for t in (old, read, back, mapped, tensors))
        assert same(old, tensors), f"{name}: deepq reads PyTorch's older format differently"
        assert same(read, tensors), f"{name}: deepq reads PyTorch's file differently"
        assert same(back, tensors), f"{name}: PyTorch reads deepq's file differently"
        assert same(mapped, tensors), f"{name}: PyTorch maps deepq's file differently"
        print(f"{name}: equal both ways")
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("archive/deepq.json"))["env"] == "Pong-v4"
    library.save(path, net.state_dict())
    other = DQN(6)
    other.load_state_dict(torch.load(path, weights_only=True))
    x = torch.randint(0, 256, (4, 4, 84, 84)).float()
    assert torch.equal(net(x), other(x)), "the network computes something else"
    print("DQN: load_state_dict() and outputs equal")
    for name, dtype in DTYPES.items():
        for zipped in (True, False):
            torch.save({"x": numbers(dtype)}, path, _use_new_zipfile_serialization=zipped)
            read = library.load(path)["x"]
            want = numbers(dtype).float()
            assert torch.allclose(read, want, 0, 0, equal_nan=True), name
            assert torch.equal(read.signbit(), want.signbit()), name  # of zeros
        print(f"{name}: becomes the same float32")


def main():
    torch.manual_seed(1)
    if len(sys.argv) == 3 and sys.argv[1] == "--write":
        write(sys.argv[2])
    elif len(sys.argv) == 2:
        with tempfile.TemporaryDirectory() as folder:
            check(Library(os.path.abspath(sys.argv[1])), folder)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
