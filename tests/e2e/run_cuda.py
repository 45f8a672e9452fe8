"""deepq --device cuda: on the emulated GPU of tests/cuda a whole run; and every way of having none."""

import os
import unittest

from program import OWN_PONG, Case, main, run

EMULATED = os.environ.get("DEEPQ_EMULATED_MODULE", "")
GPU = ["train", "--cuda", "--env", OWN_PONG, "--set", "replay_size=60", "--set", "replay_start=50",
       "--set", "batch=2", "--set", "checkpoint_every=55", "--set", "target_sync=4",
       "--set", "epsilon_decay=100", "--set", "train_every=2", "--set", "network=small"]


def emulated(*words):
    return {"DEEPQ_CUDA_MODULE": EMULATED, "DEEPQ_EMULATED": ",".join(words)}


def state(folder):
    return (folder / "checkpoint" / "state").read_bytes()


class NoGpu(Case):
    """Nothing is left behind by a run that could not begin."""

    def test_none_visible(self):
        out = self.dir / "run"
        for option in ["--cuda"], ["--device", "cuda"]:
            self.check(run("train", *option, "--env", OWN_PONG, "--out", out,
                           env={"CUDA_VISIBLE_DEVICES": "", "DEEPQ_CUDA_MODULE": ""}),
                       1, "no CUDA: ", "--device cpu")
        self.check(run("bench", "learn", "--device", "cuda",
                       env={"CUDA_VISIBLE_DEVICES": "", "DEEPQ_CUDA_MODULE": ""}), 1, "no CUDA: ")
        self.assertFalse(out.exists())

    def test_a_module_that_is_not_one(self):
        bad = self.dir / "module.so"
        bad.write_bytes(b"no library")
        self.check(run(*GPU, env={"DEEPQ_CUDA_MODULE": str(bad)}), 1, "cannot load", "module.so")

    def test_wrong_words(self):
        self.check(run("train", "--device", "tpu"), 2, "auto, cpu or cuda")
        self.check(run("train", "--precision", "tf32", "--env", OWN_PONG), 2, "tf32", "cuda")
        self.check(run("train", "--precision", "fp64", "--env", OWN_PONG), 2, "fp32, tf32 or bf16")


@unittest.skipUnless(EMULATED, "the GPU is not emulated in this build")
class Emulated(Case):
    def test_every_reason_is_said(self):
        for words, said in [(["no-driver"], "no NVIDIA driver"), (["no-gpu"], "no NVIDIA GPU"),
                            (["old-driver"], "driver knows CUDA 11.4 and this build needs 13.0"),
                            (["capability=61"], "older than compute capability 7.5"),
                            (["no-image"], "no code that this GPU and its driver take"),
                            (["old-ptx"], "update the driver"),
                            (["memory=1000000"], "no memory for a learner"),
                            (["memory=200000000"], "replay of 116388 frames: 825 MB needed")]:
            self.check(run(*GPU, "--set", "replay_size=100000", "--frames", "9", "--out",
                           self.dir / "run", env=emulated(*words)), 1, said, "--device cpu")
            self.assertFalse((self.dir / "run").exists(), words)
        self.check(run(*GPU, "--precision", "bf16", env=emulated("capability=75")), 1,
                   "--precision fp32")

    def test_vectors_are_learned_on_the_cpu_alone(self):
        self.check(run("train", "--cuda", "--env", "CartPole-v1", "--out", self.dir / "run", env=emulated()), 1,
                   "mlp 4-128-128", "CPU only", "--device cpu")
        self.assertFalse((self.dir / "run").exists())

    def test_version(self):
        self.check(run("--version", env=emulated()), 0, "devices: cpu cuda\n", "Emulated GPU")
        self.check(run("--version", env=emulated("no-gpu")), 0, "no NVIDIA GPU is visible")

    def test_in_two_parts_as_in_one(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.check(run(*GPU, "--frames", "66", "--out", whole, env=emulated()), 0)
        self.check(run(*GPU, "--frames", "58", "--out", parts, env=emulated("eager", "reverse")), 0)
        self.check(run("train", "--resume", parts, "--frames", "66", env=emulated()), 0)
        self.assertEqual(state(whole), state(parts))
        config = (whole / "config").read_text()
        self.assertIn("device = cuda\n", config)
        self.assertIn("precision = fp32\n", config)
        # and on the processor from there
        self.check(run("train", "--resume", parts, "--frames", "70", "--device", "cpu"), 0)
        self.assertIn("device = cpu\n", (parts / "config").read_text())

    def test_environments_side_by_side(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        many = [*GPU, "--envs", "3"]
        self.check(run(*many, "--frames", "56", "--out", whole, env=emulated()), 0)
        self.check(run(*many, "--frames", "53", "--out", parts, env=emulated("eager", "reverse")), 0)
        self.check(run("train", "--resume", parts, "--frames", "56", env=emulated()), 0)
        self.assertEqual(state(whole), state(parts))

    def test_every_objective_and_network_learns(self):
        """Each its own way, and on from a checkpoint as if it had not stopped."""
        states = []
        for settings in ([], ["--set", "double_dqn=true"], ["--set", "loss=huber"],
                         ["--set", "priority_alpha=0.6"],
                         ["--set", "augment_shift=4", "--set", "augment_intensity=0.05", "--set", "noisy=factorised",
                          "--set", "double_dqn=true"],
                         ["--set", "head=iqn", "--set", "atoms=3", "--set", "value_levels=2"],
                         ["--set", "rollout=5", "--set", "n_envs=2", "--set", "train_every=1", "--set", "epochs=2",
                          "--set", "return_lambda=0.7", "--set", "layer_norm=true"],
                         ["--preset", "fast", "--set", "n_step=2", "--set", "n_envs=2"]):
            whole, parts = self.dir / f"whole{len(states)}", self.dir / f"parts{len(states)}"
            args = [*GPU, *settings]
            self.check(run(*args, "--frames", "62", "--out", whole, env=emulated()), 0)
            self.check(run(*args, "--frames", "56", "--out", parts, env=emulated("eager", "reverse")), 0)
            self.check(run("train", "--resume", parts, "--frames", "62", env=emulated()), 0)
            self.assertEqual(state(whole), state(parts), settings)
            states.append(state(whole))
        self.assertEqual(len(set(states)), len(states))

    def test_precisions_learn_each_their_own_way(self):
        states = []
        for precision in ["fp32", "tf32", "bf16"]:
            out = self.dir / precision
            self.check(run(*GPU, "--set", "network=nature", "--frames", "53", "--precision", precision, "--out", out,
                           env=emulated()), 0)
            states.append(state(out))
        self.assertEqual(len(set(states)), 3)

    def test_a_lost_gpu_leaves_the_last_checkpoint(self):
        """Lost at a copy, a launch, a wait: the frames continue long enough for each to be met."""
        out = self.dir / "run"
        for i, when in enumerate([500, 501, 503]):
            out = self.dir / str(when)
            done = run(*GPU, "--frames", "500", "--set", "checkpoint_every=20", "--out", out,
                       env=emulated(f"lost={when}", *["eager"] * (i % 2)))
            self.check(done, 1, "the GPU failed", "illegal memory access", "is whole", "--resume")
            self.assertEqual(done.stderr.count("\n"), 1)
            self.check(run("inspect", out), 0, "checksum right")
        saved = state(out)
        done = run("train", "--resume", out, "--frames", "500", env=emulated("no-gpu"))
        self.check(done, 1, "no NVIDIA GPU")
        self.assertEqual(state(out), saved)
        self.check(run("train", "--resume", out, "--frames", "61", env=emulated()), 0)

    def test_a_gpu_lost_at_the_start_leaves_nothing(self):
        for when in [2, 30, 60]:
            self.check(run(*GPU, "--out", self.dir / "run", env=emulated(f"lost={when}")), 1,
                       "the GPU failed", "illegal memory access")
            self.assertFalse((self.dir / "run").exists())

    def test_bench(self):
        for what in ["learn", "act"]:
            self.check(run("bench", what, "--device", "cuda", "--seconds", "0.01", "--repeats", "1",
                           "--json", env=emulated()), 0, '"device": "cuda: Emulated GPU (sm_90), fp32"')


main()
