#!/usr/bin/env python3
"""`deepq eval` of a Pong model beside the same weights played in Python, with ALE, OpenCV and NumPy.

    check_eval.py [--deepq build/bin/deepq] [--model data/models/pong.dat] [--games 20]

Twice. Greedy, without no-ops: there is one such game, and its reward and steps are to be equal. By the protocol
nature: the means of the games of both sides differ by no more than three standard errors of the difference, and
Python's mean lies within deepq's 95 % interval widened by its own. Needs ale-py with its ROMs, numpy, opencv.
Exit status 77: one of them is missing.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys
import tempfile

try:
    import numpy as np
    from compare_wrappers import FireReset, MaxAndSkip, ProcessFrame84, Raw, Wrapper
except ImportError as e:
    print(f"SKIP: {e}")
    sys.exit(77)

STEP = 4  # console frames


class NoOps(Wrapper):
    """Up to `most` console frames without an action after a reset, as baselines has them."""

    def __init__(self, env, most, rng):
        super().__init__(env)
        self.most, self.rng = most, rng

    def reset(self):
        obs = self.env.reset()
        for _ in range(self.rng.integers(1, self.most + 1) if self.most else 0):
            obs, _, done = self.env.step(0)
            if done:
                obs = self.env.reset()
        return obs


class Network:
    """The weights in a safetensors file, in float32, of convolutions and two linear layers."""

    def __init__(self, path):
        data = path.read_bytes()
        n = struct.unpack("<Q", data[:8])[0]
        self.w = {}
        for name, t in json.loads(data[8:8 + n]).items():
            if name != "__metadata__":
                begin, end = t["data_offsets"]
                self.w[name] = np.frombuffer(data[8 + n + begin:8 + n + end], "<f4").reshape(t["shape"])

    def values(self, stack):
        x = stack.astype(np.float32) / np.float32(255)
        for layer, stride in (("conv.0", 4), ("conv.2", 2), ("conv.4", 1)):
            w = self.w[f"{layer}.weight"]
            side = w.shape[2]
            patches = np.lib.stride_tricks.sliding_window_view(x, (side, side), axis=(1, 2))[:, ::stride, ::stride]
            rows, columns = patches.shape[1:3]
            flat = patches.transpose(1, 2, 0, 3, 4).reshape(rows * columns, -1)
            x = flat @ w.reshape(w.shape[0], -1).T + self.w[f"{layer}.bias"]
            x = np.maximum(x.T.reshape(-1, rows, columns), 0)
        x = np.maximum(self.w["fc.0.weight"] @ x.reshape(-1) + self.w["fc.0.bias"], 0)
        return self.w["fc.2.weight"] @ x + self.w["fc.2.bias"]


def play(network, env, n_games, epsilon, cap, rng):
    """Rewards and steps of games; the stack of four begins with zeros."""
    games = []
    for _ in range(n_games):
        stack = np.zeros((4, 84, 84), np.uint8)
        stack[3] = env.reset()[..., 0]
        reward, steps, done = 0.0, 0, False
        while not done and (cap == 0 or steps < cap // STEP):
            random = epsilon > 0 and rng.random() < epsilon
            action = rng.integers(len(env.names)) if random else int(np.argmax(network.values(stack)))
            obs, r, done = env.step(action)
            stack = np.concatenate([stack[1:], obs[None, ..., 0]])
            reward += r
            steps += 1
        games.append((reward, steps))
    return games


class Process(ProcessFrame84):
    def reset(self):
        return self.process(self.env.reset())


def chain(noops, rng):
    env = Raw("pong", 1, 0.0, 1)
    if noops:
        env = NoOps(env, noops, rng)
    return Process(FireReset(MaxAndSkip(env)))


def deepq_eval(args, *options):
    done = subprocess.run([args.deepq, "eval", "-m", args.model, "--json", *map(str, options)], check=True,
                          stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--model", default="data/models/pong.dat")
    parser.add_argument("--games", type=int, default=20)
    args = parser.parse_args()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.safetensors"
        subprocess.run([args.deepq, "export", args.model, "-o", path], check=True, stdout=subprocess.DEVNULL)
        network = Network(path)
    ours = deepq_eval(args, "--episodes", 1, "--noops", 0, "--epsilon", 0)
    theirs = play(network, chain(0, rng), 1, 0.0, 0, rng)
    greedy = (ours["rewards"][0], ours["steps"][0]) == theirs[0]
    print(f"greedy: deepq {ours['rewards'][0]:g} in {ours['steps'][0]} steps, Python {theirs[0][0]:g} in {theirs[0][1]}")
    ours = deepq_eval(args, "--protocol", "nature", "--episodes", 4 * args.games)
    rewards = [reward for reward, _ in play(network, chain(30, rng), args.games, 0.05, 18000, rng)]
    mean, error = np.mean(rewards), np.std(rewards, ddof=1) / len(rewards) ** 0.5
    apart = abs(mean - ours["mean"]) / np.hypot(error, ours["sd"] / len(ours["rewards"]) ** 0.5)
    low, high = ours["mean_interval"]
    within = low - 2 * error <= mean <= high + 2 * error
    print(f"nature: deepq {ours['mean']:.2f} ({low:.2f} to {high:.2f}, {len(ours['rewards'])} games), Python {mean:.2f} "
          f"(standard error {error:.2f}, {len(rewards)} games): {apart:.2f} standard errors apart")
    is_fine = greedy and within and apart < 3
    print("the same" if is_fine else "DIFFERENT")
    return not is_fine


if __name__ == "__main__":
    sys.exit(main())
