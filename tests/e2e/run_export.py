"""Trained models in the formats of other programs: what is in the files, with the standard library alone."""

import base64
import io
import json
import pathlib
import shutil
import struct
import tempfile
import zipfile

from program import Case, main, run

BRICKS = "deepq/Bricks-v0"


def torch_floats(path):
    """The numbers of every tensor of a torch archive, in order."""
    with zipfile.ZipFile(path) as archive:
        names = {pathlib.PurePath(n).name: n for n in archive.namelist() if "/data/" in n}
        return [archive.read(names[str(i)]) for i in range(len(names))]


def read_safetensors(path):
    """Header and data, after the rules that the original's reader has."""
    raw = path.read_bytes()
    size, = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8:8 + size])
    return size, header, raw[8 + size:]


def varint(raw, at):
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        shift += 7
        at += 1
        if byte < 128:
            return value, at


def protobuf(raw):
    """The fields of a message: {number: [values]}; submessages and texts are bytes."""
    fields, at = {}, 0
    while at < len(raw):
        key, at = varint(raw, at)
        value, at = varint(raw, at)
        assert key & 7 in (0, 2), key
        if key & 7 == 2:
            value, at = raw[at:at + value], at + value
        fields.setdefault(key >> 3, []).append(value)
    return fields


def onnx_graph(path):
    """Operators in order, initialisers by name, the entries of the metadata."""
    model = protobuf(path.read_bytes())
    graph = protobuf(model[7][0])
    operators = [protobuf(node)[4][0].decode() for node in graph[1]]
    tensors = [protobuf(t) for t in graph[5]]
    entries = [protobuf(e) for e in model[14]]
    return (operators, {t[8][0].decode(): t[9][0] for t in tensors},
            {e[1][0].decode(): e[2][0].decode() for e in entries})


class Export(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.folders = {}

    def trained(self, env, *settings):
        """The folder of a short run, trained once."""
        key = (env, *settings)
        if key not in self.folders:
            folder = self.home / f"run{len(self.folders)}"
            options = [word for s in settings for word in ("--set", s)]
            done = run("train", "--env", env, "--frames", "300", "--set", "checkpoint_every=100", "--seed",
                       "7", "--out", folder, *options)
            self.check(done, 0)
            self.folders[key] = folder
        return self.folders[key]

    def exported(self, model, name, *options):
        path = self.dir / name
        self.check(run("export", model, "-o", path, *options), 0, name)
        return path

    def test_a_torch_file_is_the_model_again(self):
        folder = self.trained(BRICKS, "network=small")
        path = self.exported(folder, "model.pth")
        best = max(folder.glob("*.dat"), key=lambda p: float(p.stem.split("best_")[1]))
        self.assertEqual(torch_floats(path), torch_floats(best))
        game = ["--episodes", "1", "--cap", "400", "--json"]
        one, two = (json.loads(self.check(run("eval", "-m", m, *game), 0).stdout) for m in (path, best))
        one.pop("model"), two.pop("model")
        self.assertEqual(one, two)

    def test_safetensors_say_what_is_known(self):
        folder = self.trained(BRICKS, "network=small")
        size, header, data = read_safetensors(self.exported(folder, "model.safetensors"))
        self.assertEqual(size % 8, 0)
        known = header.pop("__metadata__")
        self.assertEqual((known["deepq.env"], known["deepq.dialect"], known["deepq.network"], known["deepq.seed"]),
                         (BRICKS, "book", "small", "7"))
        self.assertTrue(all(isinstance(v, str) for v in known.values()))
        at = 0
        tensors = torch_floats(self.exported(folder, "model.dat"))
        for (name, tensor), floats in zip(header.items(), tensors, strict=True):
            count = 1
            for side in tensor["shape"]:
                count *= side
            self.assertEqual((tensor["dtype"], tensor["data_offsets"]), ("F32", [at, at + 4 * count]), name)
            self.assertEqual(data[at:at + 4 * count], floats, name)
            at += 4 * count
        self.assertEqual(at, len(data))
        self.assertEqual(list(header)[:2] + list(header)[-1:], ["conv.0.weight", "conv.0.bias", "fc.2.bias"])

    def test_onnx_is_the_network_s_graph(self):
        folder = self.trained(BRICKS, "network=small")
        operators, tensors, known = onnx_graph(self.exported(folder, "model.onnx"))
        self.assertEqual(operators, ["Cast", "Div", *["Conv", "Relu"] * 3, "Flatten", "Gemm", "Relu", "Gemm",
                                     "Reshape", "Reshape"])
        self.assertEqual([t for name, t in tensors.items() if name.startswith(("conv.", "fc."))],
                         torch_floats(self.exported(folder, "model.dat")))
        self.assertEqual((known["deepq.env"], known["deepq.seed"]), (BRICKS, "7"))
        folder = self.trained("CartPole-v1", "network=mlp", "hidden=16", "dueling=output", "head=c51")
        operators, _, _ = onnx_graph(self.exported(folder, "vector.onnx"))
        self.assertEqual(operators, ["Gemm", "Relu", "Gemm", "Gemm", "Reshape", "Reshape", "ReduceMean", "Sub", "Add",
                                     "Softmax", "Mul", "ReduceSum"])

    def test_a_zip_for_stable_baselines3(self):
        folder = self.trained(BRICKS, "network=nature")
        path = self.exported(folder, "model.zip")
        with zipfile.ZipFile(path) as archive:
            self.assertIsNone(archive.testzip())
            data = json.loads(archive.read("data"))
            policy = self.dir / "policy.pth"
            policy.write_bytes(archive.read("policy.pth"))
            self.assertTrue(zipfile.is_zipfile(io.BytesIO(archive.read("policy.optimizer.pth"))))
        self.assertEqual(data["policy_kwargs"], {})
        for key in ("policy_class", "observation_space", "action_space"):
            self.assertEqual(base64.b64decode(data[key][":serialized:"])[:2], b"\x80\x02", key)
        floats = torch_floats(self.exported(folder, "model.dat"))
        self.assertEqual(torch_floats(policy), floats + floats)  # the target network's, too
        with zipfile.ZipFile(policy) as archive:
            pickled = archive.read("archive/data.pkl")
        for name in (b"q_net.features_extractor.linear.0.weight", b"q_net_target.q_net.0.bias"):
            self.assertIn(name, pickled)
        vector = self.exported(self.trained("CartPole-v1", "network=mlp", "hidden=16,8"), "vector.zip")
        with zipfile.ZipFile(vector) as archive:
            self.assertEqual(json.loads(archive.read("data"))["policy_kwargs"], {"net_arch": [16, 8]})

    def test_a_file_for_cleanrl(self):
        folder = self.trained(BRICKS, "network=nature")
        path = self.exported(folder, "model.cleanrl_model")
        self.assertEqual(torch_floats(path), torch_floats(self.exported(folder, "model.dat")))
        with zipfile.ZipFile(path) as archive:
            self.assertIn(b"network.7.weight", archive.read("archive/data.pkl"))

    def test_pictures_of_another_program_are_told(self):
        done = run("export", self.trained(BRICKS, "network=nature"), "-o", self.dir / "model.zip")
        self.check(done, 0)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("dialect book", done.stderr)
        done = run("export", self.trained(BRICKS, "network=nature"), "-o", self.dir / "model.zip", "--dialect", "sb3")
        self.assertEqual(self.check(done, 0).stderr, "")

    def test_a_network_that_a_format_cannot_hold(self):
        folder = self.trained(BRICKS, "network=small")
        for name in ("model.zip", "model.cleanrl_model"):
            self.check(run("export", folder, "-o", self.dir / name), 2, "small", "onnx")
        self.assertEqual(list(self.dir.iterdir()), [])

    def test_what_cannot_be_written_is_one_line(self):
        folder = self.trained(BRICKS, "network=small")
        self.check(run("export", folder), 2, "-o FILE")
        self.check(run("export", "-o", self.dir / "model.dat"), 2, "MODEL")
        self.check(run("export", folder, "-o", self.dir / "model"), 2, ".safetensors", "--format")
        self.check(run("export", folder, "-o", self.dir / "model.dat", "--format", "tensorflow"), 2, "torch")
        self.check(run("export", self.dir / "absent.dat", "-o", self.dir / "model.dat"), 2, "absent.dat")
        self.check(run("export", folder, "-o", self.dir / "none" / "model.dat"), 1, "none")
        self.assertEqual(list(self.dir.iterdir()), [])
        self.exported(folder, "named", "--format", "torch")

    def test_a_former_file_is_replaced(self):
        folder = self.trained(BRICKS, "network=small")
        path = self.dir / "model.dat"
        path.write_text("before")
        self.exported(folder, "model.dat")
        self.assertEqual(path.read_bytes()[:2], b"PK")
        self.assertEqual(len(list(self.dir.iterdir())), 1)


if __name__ == "__main__":
    main()
