"""Exported models against the programs whose formats they are in.

    check_export.py FORMAT DEEPQ LIBRARY

FORMAT is torch, safetensors or onnx. Of every network that the format can hold, the other
program computes deepq's values within 1e-5 on states of our own Pong, or of CartPole.
"""
import sys
import tempfile

TOLERANCE = 1e-5

try:
    import numpy

    from exported import Library, export, models
except ImportError as error:
    print(f"SKIP: {error}")
    sys.exit(77)


def same_tensors(network, tensors, other):
    assert list(tensors) == list(other), f"{network}: other names"
    for name, tensor in tensors.items():
        assert numpy.array_equal(tensor, other[name]), f"{network}: {name} differs"


def check_torch(network, tensors, path, states, want):
    import torch
    state_dict = torch.load(path, weights_only=True)
    same_tensors(network, tensors, {name: t.numpy() for name, t in state_dict.items()})


def check_safetensors(network, tensors, path, states, want):
    from safetensors import safe_open
    with safe_open(path, "numpy") as f:
        other = {name: f.get_tensor(name) for name in f.keys()}
        metadata = f.metadata()
    same_tensors(network, {name: tensors[name] for name in other}, other)
    assert len(other) == len(tensors), network
    assert metadata["deepq.network"] == network and metadata["deepq.score"] == "12.5", metadata


def check_onnx(network, tensors, path, states, want):
    import onnx
    import onnxruntime
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {p.key: p.value for p in model.metadata_props}["deepq.network"] == network
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    compare(network, session.run(["q"], {"obs": states})[0], want)
    compare(network, session.run(["q"], {"obs": states[:1]})[0], want[:1])


def compare(network, q, want):
    most = float(numpy.abs(q - want).max())
    assert q.shape == want.shape and most <= TOLERANCE, f"{network}: values differ by {most:.3g}"
    print(f"{network}: largest difference {most:.2g}")


CHECKS = {"torch": (check_torch, ".pth"), "safetensors": (check_safetensors, ".safetensors"),
          "onnx": (check_onnx, ".onnx")}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    check, suffix = CHECKS[sys.argv[1]]
    library = Library(sys.argv[3])
    n_held = 0
    with tempfile.TemporaryDirectory() as folder:
        for network, model, tensors in models(library, folder):
            path = f"{folder}/model{suffix}"
            if not export(sys.argv[2], model, path):
                continue
            states = library.states(network)
            try:
                check(network, tensors, path, states, library.values(model, states))
            except ImportError as error:
                print(f"SKIP: {error}")
                sys.exit(77)
            n_held += 1
    assert n_held > 0
    print(f"{n_held} networks equal")


if __name__ == "__main__":
    main()
