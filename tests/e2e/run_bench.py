"""deepq bench: every figure by its name, as text and as JSON."""

import json

from program import OWN_PONG, Case, main, run

FAST = ["--seconds", "0.01", "--repeats", "2"]
KEYS = {"name", "unit", "min", "median", "max", "repeats", "threads", "isa", "device",
        "precision"}


class Bench(Case):
    def figures(self, *args):
        lines = self.check(run("bench", *args, *FAST, "--json"), 0).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def test_names_and_format(self):
        wanted = {"emulator": [f"emulator/{OWN_PONG}", f"emulator/{OWN_PONG}/screen"],
                  "env": [f"env/{OWN_PONG}"], "vector": [f"vector/{OWN_PONG}/8"],
                  "act": ["act"], "learn": ["learn/book"],
                  "replay": [f"replay/{OWN_PONG}/{store}" for store in ("plain", "packed", "file")],
                  "tabular": ["tabular/q-learning"]}
        for what, names in wanted.items():
            found = self.figures(what, "--env", OWN_PONG, "--threads", "1")
            self.assertEqual([f["name"] for f in found], names)
            for f in found:
                detail = {"bytes_per_frame"} if f["name"].endswith("packed") else set()
                self.assertEqual(set(f), KEYS | detail)
                self.assertTrue(0 < f["min"] <= f["median"] <= f["max"], f)
                self.assertLess(f["max"], 1e8, "more than a machine can do: nothing is done")
                self.assertEqual((f["repeats"], f["threads"], f["device"]), (2, 1, "cpu"))

    def test_the_instruction_set_is_chosen(self):
        self.assertEqual(self.figures("act", "--isa", "ref")[0]["isa"], "ref")
        self.check(run("bench", "act", "--isa", "mmx"), 2, "mmx")

    def test_the_peak(self):
        figures = self.figures("peak", "--isa", "ref", "--threads", "2")
        self.assertEqual([(f["name"], f["threads"]) for f in figures],
                         [(f"peak/{what}", n) for what in ["fp32", "bf16", "memory"]
                          for n in [1, 2]])
        for f in figures:
            self.assertEqual(set(f), KEYS)
            self.assertTrue(0 < f["min"] <= f["max"] < 1e5, f)

    def test_layers_and_stages(self):
        for precision in ["fp32", "bf16"]:
            rows = self.figures("layers", "--network", "small", "--precision", precision)
            names = [row["layer"] for row in rows]
            for name in ["scale", "conv1 forward", "conv3 weight products", "fc1 forward",
                         "fc1 Adam"]:
                self.assertIn(name, names)
            for row in rows:
                self.assertGreater(row["us"], 0)
                self.assertGreater(row["bytes"], 0)
        text = self.check(run("bench", "learn", "--threads", "1", *FAST), 0, "learn/book").stdout
        for word in ["us a step: sample", "2.18 GFLOP a step", "conv2 backward", "of peak"]:
            self.assertIn(word, text)

    def test_the_network_is_chosen(self):
        few = ["--env", OWN_PONG, "--threads", "1"]
        for network in ["nips", "small"]:
            figures = self.figures("act", "learn", "train", *few, "--network", network)
            self.assertEqual([f["name"] for f in figures],
                             [f"act/{network}", f"learn/book/{network}", f"train/book/{network}"])
        rows = self.figures("layers", "--network", "nips")
        self.assertEqual({row["network"] for row in rows}, {"nips"})
        names = [row["layer"] for row in rows]
        self.assertIn("conv2 backward", names)
        self.assertNotIn("conv3 backward", names)
        self.check(run("bench", "learn", "--network", "small", *few, *FAST), 0, "1.19 GFLOP a step")
        for what in ["act", "layers"]:
            self.check(run("bench", what, "--network", "resnet"), 2, "resnet",
                       "nature, nips, small, nature_same, mlp or cnn")
            self.check(run("bench", what, "--network", "mlp 4-8"), 2, "mlp 4-8 is not for 84x84")

    def test_the_precision_is_chosen(self):
        self.assertEqual(self.figures("act", "--isa", "ref", "--precision", "bf16")[0]["precision"],
                         "bf16")
        done = run("bench", "act", "--isa", "avx2", "--precision", "bf16", "--json", *FAST)
        if done.returncode == 0:  # the machine has AVX2
            self.assertEqual(json.loads(done.stdout)["precision"], "fp32")
            self.assertIn("continuing in fp32", done.stderr)
        self.assertEqual(self.figures("act")[0]["precision"], "fp32")
        self.assertIsNone(self.figures("replay")[0]["precision"])
        for what in "act", "replay":  # even where nothing is multiplied
            self.check(run("bench", what, "--precision", "fp8"), 2, "fp8", "fp32, tf32 or bf16")

    def test_more_threads_than_processors(self):
        done = self.check(run("bench", "act", "--threads", "999", *FAST), 0, "999 threads")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("deepq: 999 threads on ", done.stderr)

    def test_dialects_and_vectors(self):
        figures = self.figures("env", "vector", "--env", OWN_PONG, "--dialect", "sb3", "--envs", "3", "--threads", "2")
        self.assertEqual([f["name"] for f in figures], [f"env/{OWN_PONG}/sb3", f"vector/{OWN_PONG}/sb3/3"])
        self.assertEqual([f["threads"] for f in figures], [2, 2])
        self.check(run("bench", "env", "--env", OWN_PONG, "--dialect", "sb2"), 2, "sb2", "choose one of book")

    def test_text(self):
        self.check(run("bench", "replay", *FAST), 0, "packed", "batches/s", "min ", "max ",
                   "2 repeats", "1 thread")


main()
