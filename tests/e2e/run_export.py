"""Trained models in the formats of other programs: what is in the files, with the standard library alone."""

import base64
import io
import json
import os
import pathlib
import shlex
import shutil
import struct
import subprocess
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


CC = os.environ.get("DEEPQ_CC", "cc")
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1"]
COMPILERS = [c for c in ("gcc", "clang") if shutil.which(c)] or [CC]
HERE = pathlib.Path(__file__).resolve().parent


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

    def test_the_record_names_the_network(self):
        """Tensors of noisy layers do not say which noise they have."""
        folder = self.trained("CartPole-v1", "network=mlp", "hidden=16", "noisy=independent")
        _, header, _ = read_safetensors(self.exported(folder, "model.safetensors"))
        self.assertEqual(header["__metadata__"]["deepq.network"], "mlp 4-16 noisy independent")
        operators, _, _ = onnx_graph(self.exported(folder, "model.onnx"))
        self.assertEqual(operators[:3], ["Gemm", "Relu", "Gemm"])  # of the means

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

    def test_normalised_layers(self):
        """Operators of a later version, and programs that have no such layers."""
        folder = self.trained("CartPole-v1", "network=mlp", "hidden=16,8", "layer_norm=true", "rollout=10",
                              "batch=5")
        path = self.exported(folder, "model.onnx")
        operators, tensors, known = onnx_graph(path)
        layer = ["Gemm", "LayerNormalization", "Relu"]
        self.assertEqual(operators, [*layer, *layer, "Gemm", "Reshape", "Reshape"])
        self.assertEqual(protobuf(protobuf(path.read_bytes())[8][0])[2], [17])
        self.assertEqual(list(tensors)[:4], ["0.weight", "0.bias", "1.weight", "1.bias"])
        self.assertEqual(known["deepq.network"], "mlp 4-16-8 norm")
        self.assertEqual(len(torch_floats(self.exported(folder, "model.dat"))), 10)
        self.check(run("inspect", self.dir / "model.dat"), 0, "mlp 4-16-8 norm")
        self.check(run("eval", "-m", self.dir / "model.dat", "--episodes", "2"), 0)
        for name in ("model.zip", "model.cleanrl_model"):
            self.check(run("export", folder, "-o", self.dir / name), 2, "norm", "onnx")

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
        vector = self.dir / "vector.zip"
        done = run("export", self.trained("CartPole-v1", "network=mlp", "hidden=16,8"), "-o", vector)
        self.assertEqual(self.check(done, 0).stderr, "")  # there are no pictures to be others
        with zipfile.ZipFile(vector) as archive:
            self.assertEqual(json.loads(archive.read("data"))["policy_kwargs"], {"net_arch": [16, 8]})

    def test_a_file_for_cleanrl(self):
        folder = self.trained(BRICKS, "network=nature")
        path = self.exported(folder, "model.cleanrl_model")
        self.assertEqual(torch_floats(path), torch_floats(self.exported(folder, "model.dat")))
        with zipfile.ZipFile(path) as archive:
            self.assertIn(b"network.7.weight", archive.read("archive/data.pkl"))

    def compiled(self, compiler, *arguments):
        """A program from these arguments of a compiler."""
        program = self.dir / f"program{len(list(self.dir.iterdir()))}"
        done = subprocess.run([*compiler, *map(str, arguments), "-o", program, "-lm"], stderr=subprocess.PIPE,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return program

    def check_itself(self, path, compiler, *runner):
        program = self.compiled(compiler, *STRICT, "-DDEEPQ_MODEL_MAIN", path)
        done = subprocess.run([*runner, program], stdout=subprocess.PIPE, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "3 states, 0 failures\n"), path)

    def c_files(self):
        """Pictures and vectors, float and int8; every network is compiled by tests/oracle/check_export.py."""
        kinds = [("small", ["network=small"], ["--dialect", "sb3"]),
                 ("parted", ["network=small", "dueling=streams", "stream_width=128", "head=c51"],
                  ["--dialect", "dopamine", "--quantize", "int8", "--states", "20"])]
        for name, settings, options in kinds:
            yield self.exported(self.trained(BRICKS, *settings), f"{name}.c", *options)
        for name, options in (("vector", []), ("vector8", ["--quantize", "int8", "--states", "20"])):
            folder = self.trained("CartPole-v1", "network=mlp", "hidden=16,8", "dueling=output", "head=qr")
            yield self.exported(folder, f"{name}.c", *options)
            folder = self.trained("CartPole-v1", "network=mlp", "hidden=16,8", "layer_norm=true", "dueling=streams",
                                  "stream_width=8")
            yield self.exported(folder, f"norm_{name}.c", *options)

    def test_a_c_file_checks_itself(self):
        for path in self.c_files():
            for compiler in COMPILERS:
                self.check_itself(path, [compiler])

    def check_on(self, machine):
        """That C files check themselves there, in a machine's emulation."""
        compiler, runner = f"{machine}-linux-gnu-gcc", f"qemu-{machine}"
        if not shutil.which(compiler) or not shutil.which(runner):
            self.skipTest(f"no {compiler} and {runner} here")
        has_libc = subprocess.run([compiler, "-E", "-"], input="#include <stdio.h>", text=True,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
        if not has_libc:
            self.skipTest(f"no C library for {machine} here")
        for path in self.c_files():
            self.check_itself(path, [compiler, "-static"], runner)

    def test_a_c_file_on_an_arm_processor(self):
        self.check_on("aarch64")

    def test_a_c_file_where_the_largest_byte_is_first(self):
        self.check_on("s390x")

    def test_a_c_file_knows_when_it_is_wrong(self):
        path = self.exported(self.trained(BRICKS, "network=small"), "model.c", "--quantize", "int8", "--states", "1")
        text = path.read_text()
        for part, instead, told in [("[MODEL_ACTIONS] = {\n{", "[MODEL_ACTIONS] = {\n{9+", "values differ"),
                                    ("0.587f", "0.588f", "pictures are others")]:
            self.assertEqual(text.count(part), 1, part)
            changed = self.dir / "changed.c"
            changed.write_text(text.replace(part, instead))
            program = self.compiled([CC], *STRICT, "-DDEEPQ_MODEL_MAIN", changed)
            done = subprocess.run([program], stdout=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1)
            self.assertIn(told, done.stdout)

    def test_two_c_files_in_one_program(self):
        folder = self.trained("CartPole-v1", "network=mlp", "hidden=16,8", "dueling=output", "head=qr")
        pole, other = self.exported(folder, "pole-1.c"), self.exported(folder, "other.c", "--quantize", "int8")
        program = self.dir / "main.c"
        program.write_text("""
            #define POLE_1_HEADER
            #include "pole-1.c"
            #define OTHER_HEADER
            #include "other.c"
            int main(void)
            {
                static pole_1_player a;
                static other_player b;
                const float obs[POLE_1_INPUTS] = {0.1f, -0.2f, 0.03f, 0};
                return pole_1_act(&a, obs) >= POLE_1_ACTIONS || other_act(&b, obs) >= OTHER_ACTIONS;
            }""")
        program = self.compiled([CC], *STRICT, program, pole, other)
        self.assertEqual(subprocess.run([program]).returncode, 0)

    def test_a_c_file_sees_what_its_dialect_shows(self):
        library = pathlib.Path(os.environ["DEEPQ_LIBRARY"])
        flags = shlex.split(os.environ.get("DEEPQ_CFLAGS", ""))
        folder = self.trained(BRICKS, "network=small")
        weights = self.exported(folder, "model.dat")
        for dialect in ("book", "sb3", "cleanrl", "gymnasium"):
            path = self.exported(folder, "model.c", "--dialect", dialect)
            program = self.compiled([CC, *flags], "-std=c11", "-O1", f"-DEXPORTED=\"{path}\"",
                                    f"-I{HERE.parents[1]}/include", HERE / "c_model_player.c", library,
                                    f"-Wl,-rpath,{library.parent}")
            done = subprocess.run([program, weights, BRICKS, dialect], stdout=subprocess.PIPE, text=True)
            self.assertEqual((done.returncode, done.stdout),
                             (0, "150 states: pictures differ in 0, values in 0\n"), dialect)

    def test_int8_is_measured(self):
        path = self.dir / "model.c"
        done = self.check(run("export", self.trained(BRICKS, "network=small"), "-o", path, "--quantize", "int8",
                              "--states", "50"), 0)
        self.assertRegex(done.stdout, "int8: in 50 states of deepq/Bricks-v0 the same greedy action in [0-9.]+ %")
        text = path.read_text()
        self.assertIn(f"env      {BRICKS}\n", text)
        self.assertIn("Measured against float weights in 50 states of its game", text)
        self.assertIn('{"NOOP", "FIRE", "RIGHT", "LEFT"}', text)
        self.check(run("export", self.trained(BRICKS, "network=small"), "-o", self.dir / "model.onnx", "--quantize",
                       "int8"), 2, "--quantize")

    def test_a_game_that_is_not_here(self):
        """The states are those of our own Pong, and int8 is not measured."""
        model = self.exported(self.trained(BRICKS, "network=small"), "model.dat")
        nowhere = {**dict.fromkeys(("DEEPQ_ROMS_DIR", "ALE_ROMS_DIR"), ""), "XDG_DATA_HOME": str(self.dir)}
        path = self.dir / "model.c"
        done = run("export", model, "-o", path, "--env", "BreakoutNoFrameskip-v4", "--quantize", "int8", env=nowhere)
        self.check(done, 0)
        self.assertIn("its ROM is not here", done.stderr)
        self.assertIn("was not measured", path.read_text())
        self.check_itself(path, [CC])

    def test_what_is_written_plays_the_same(self):
        """Read back, every file that deepq reads is the same player."""
        folder = self.trained(BRICKS, "network=nature")
        game = ["--env", BRICKS, "--dialect", "book", "--noops", "0", "--epsilon", "0", "--episodes", "1", "--cap",
                "400", "--json"]
        want = None
        for end in ("dat", "safetensors", "zip", "cleanrl_model"):
            path = self.exported(folder, f"model.{end}")
            told = json.loads(self.check(run("eval", "-m", path, *game), 0).stdout)
            told.pop("model")
            want = want or told
            self.assertEqual(told, want, end)
        folder = self.trained("CartPole-v1", "network=mlp", "hidden=16,8", "head=qr", "atoms=8")
        told = [self.check(run("play", "-m", self.exported(folder, f"qr.{end}"), "--env", "CartPole-v1", "--no-vis"),
                           0).stdout for end in ("dat", "zip")]
        self.assertEqual(*told)

    def test_a_card_says_what_was_measured(self):
        folder, card = self.trained(BRICKS, "network=small"), self.dir / "cards" / "one"
        self.check(run("export", folder, "--card", card, "--episodes", "2", "--seed", "3"), 0, "2 games")
        results = json.loads((card / "results.json").read_text())
        done = run("eval", "-m", card / "model.dat", "--episodes", "2", "--seed", "3", "--json")
        told = json.loads(self.check(done, 0).stdout)
        for key, of_eval in (("mean_reward", "mean"), ("std_reward", "sd"), ("rewards", "rewards"),
                             ("n_eval_episodes", "episodes")):
            self.assertEqual(results[key], told[of_eval], key)
        readme = (card / "README.md").read_text()
        front = readme.split("---\n")[1]
        for words in ("type: mean_reward", f'value: "{told["mean"]:.2f} +/- {told["sd"]:.2f}"', f'name: "{BRICKS}"'):
            self.assertIn(words, front)
        self.assertIn("epsilon 0.05", readme)
        self.assertEqual(torch_floats(card / "model.dat"), torch_floats(self.exported(folder, "model.dat")))
        self.assertEqual("replay.mp4" in readme, (card / "replay.mp4").exists())
        self.check(run("export", folder, "--card", card), 2, "README.md")

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
        for wrong in (["--env", "Pogn-v4"], ["--dialect", "books"]):
            self.check(run("export", folder, "-o", self.dir / "model.onnx", *wrong), 2, wrong[1])
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
