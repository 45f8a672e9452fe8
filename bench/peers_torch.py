#!/usr/bin/env python3
"""The book's DQN loop on Pong in PyTorch: the peer of `deepq bench act`, `learn` and `train`.

Needs torch, ale-py, numpy and opencv. Prints one JSON object a line, in the format of
`deepq bench --json`, with a key "peer" that names the variant:

  book      as the book writes it: float32 states, a deque, a list of arrays made into a batch
  tuned     the same with channels-last memory and the fused Adam
  compiled  tuned, and the networks through torch.compile
  bf16      tuned, and autocast to bfloat16
  compiled-bf16  both
  weights-bf16   tuned with every weight and Adam's moments in bfloat16: as fast as PyTorch gets, but
            steps of 1e-4 round away, so that it does not train; a yardstick of speed alone
  lean      states as bytes in one array, lean wrappers, channels-last, fused Adam, float32
  lean-bf16 lean, and autocast to bfloat16

    python bench/peers_torch.py [--what learn] [--what train] [--variant book] [--threads 2]
"""
import argparse
import collections
import json
import resource
import statistics
import sys
import time

import cv2
import numpy as np
import torch
from torch import nn

CAPACITY, BATCH, GAMMA, SYNC, EPSILON = 10_000, 32, 0.99, 1000, 0.01
VARIANTS = ["book", "tuned", "compiled", "bf16", "compiled-bf16", "weights-bf16", "lean", "lean-bf16"]
FIRE, SECOND = 1, 2


class Game:
    """Pong behind the book's wrappers: skip 4, maximum of the last two pictures, FIRE and action 2
    after a reset, 84x84 cut from 84x110, stack of 4."""

    def __init__(self, seed, as_float):
        import ale_py
        from ale_py import roms
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        self.ale = ale_py.ALEInterface()
        self.ale.setInt("random_seed", seed)
        self.ale.setFloat("repeat_action_probability", 0.0)
        self.ale.loadROM(roms.get_rom_path("pong"))
        self.actions = list(self.ale.getMinimalActionSet())
        self.as_float = as_float
        self.recent = collections.deque(maxlen=2)
        self.stack = np.zeros((4, 84, 84), np.float32 if as_float else np.uint8)

    def observe(self):
        picture = np.max(np.stack(self.recent), axis=0).astype(np.float32)
        luma = picture[:, :, 0] * 0.299 + picture[:, :, 1] * 0.587 + picture[:, :, 2] * 0.114
        small = cv2.resize(luma, (84, 110), interpolation=cv2.INTER_AREA)[18:102]
        self.stack[:-1] = self.stack[1:]
        self.stack[-1] = small.astype(np.uint8)
        return self.stack / np.float32(255) if self.as_float else self.stack.copy()

    def skip(self, action):
        reward = 0.0
        for i in range(4):
            reward += self.ale.act(self.actions[action])
            if self.as_float or i >= 2:  # the book reads every picture
                self.recent.append(self.ale.getScreenRGB())
            if self.ale.game_over():
                break
        return reward, self.ale.game_over()

    def reset(self):
        self.ale.reset_game()
        self.recent.clear()
        self.recent.append(self.ale.getScreenRGB())
        self.stack[:] = 0
        self.skip(FIRE)
        self.skip(SECOND)
        return self.observe()

    def step(self, action):
        reward, done = self.skip(action)
        return self.observe(), reward, done


def new_net(n_actions):
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(),
        nn.Conv2d(64, 64, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(),
        nn.Linear(512, n_actions))


class ListMemory:
    """The book's: a deque of (state, action, reward, done, next state), float32 states."""

    def __init__(self):
        self.items = collections.deque(maxlen=CAPACITY)

    def __len__(self):
        return len(self.items)

    def add(self, state, action, reward, done, next_state):
        self.items.append((state, action, reward, done, next_state))

    def sample(self, rng):
        chosen = [self.items[i] for i in rng.choice(len(self.items), BATCH, replace=False)]
        states, actions, rewards, dones, next_states = zip(*chosen)
        return (torch.tensor(np.array(states)), torch.tensor(np.array(actions)),
                torch.tensor(np.array(rewards, np.float32)), torch.tensor(np.array(dones)),
                torch.tensor(np.array(next_states)))


class ByteMemory:
    """States as bytes in arrays made once."""

    def __init__(self):
        self.states = np.zeros((CAPACITY, 4, 84, 84), np.uint8)
        self.next_states = np.zeros((CAPACITY, 4, 84, 84), np.uint8)
        self.actions = np.zeros(CAPACITY, np.int64)
        self.rewards = np.zeros(CAPACITY, np.float32)
        self.dones = np.zeros(CAPACITY, bool)
        self.n = 0

    def __len__(self):
        return min(self.n, CAPACITY)

    def add(self, state, action, reward, done, next_state):
        at = self.n % CAPACITY
        self.states[at], self.next_states[at] = state, next_state
        self.actions[at], self.rewards[at], self.dones[at] = action, reward, done
        self.n += 1

    def sample(self, rng):
        at = rng.choice(len(self), BATCH, replace=False)
        scale = lambda states: torch.from_numpy(states[at]).float().mul_(1 / 255)
        return (scale(self.states), torch.from_numpy(self.actions[at]),
                torch.from_numpy(self.rewards[at]), torch.from_numpy(self.dones[at]),
                scale(self.next_states))


class Learner:
    def __init__(self, variant, n_actions=6):
        tuned = variant != "book"
        self.lean = variant.startswith("lean")
        self.bf16 = variant.endswith("bf16") and variant != "weights-bf16"
        self.dtype = torch.bfloat16 if variant == "weights-bf16" else torch.float32
        self.layout = torch.channels_last if tuned else torch.contiguous_format
        torch.manual_seed(0)
        self.net = new_net(n_actions).to(self.dtype, memory_format=self.layout)
        self.target = new_net(n_actions).to(self.dtype, memory_format=self.layout)
        compiles = torch.compile if variant.startswith("compiled") else lambda net: net
        self.q, self.target_q = compiles(self.net), compiles(self.target)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-4,
                                          **({"fused": True} if tuned else {}))
        self.memory = ByteMemory() if self.lean else ListMemory()
        self.rng = np.random.default_rng(0)
        self.n_updates = 0

    def act(self, state):
        x = torch.tensor(state[None])
        if self.lean:
            x = x.float().mul_(1 / 255)
        with torch.no_grad():
            return int(self.q(x.to(self.dtype, memory_format=self.layout)).argmax(dim=1))

    def learn(self):
        if self.n_updates % SYNC == 0:
            self.target.load_state_dict(self.net.state_dict())
        self.n_updates += 1
        states, actions, rewards, dones, next_states = self.memory.sample(self.rng)
        states = states.to(self.dtype, memory_format=self.layout)
        next_states = next_states.to(self.dtype, memory_format=self.layout)
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            q = self.q(states).gather(1, actions.unsqueeze(-1)).squeeze(-1)
            with torch.no_grad():
                next_q = self.target_q(next_states).max(1)[0].float()
                next_q[dones] = 0.0
                wanted = next_q.detach() * GAMMA + rewards
            loss = nn.functional.mse_loss(q.float(), wanted.float())
        loss.backward()
        self.optimizer.step()


class Loop:
    """The whole program: play a step, remember it, learn once."""

    def __init__(self, learner):
        self.learner = learner
        self.game = Game(1, as_float=not learner.lean)
        self.state = self.game.reset()

    def step(self, epsilon):
        rng = self.learner.rng
        random = rng.random() < epsilon
        action = int(rng.integers(6)) if random else self.learner.act(self.state)
        next_state, reward, done = self.game.step(action)
        self.learner.memory.add(self.state, action, reward, done, next_state)
        self.state = self.game.reset() if done else next_state

    def fill(self):
        while len(self.learner.memory) < CAPACITY:
            self.step(1.0)

    def turn(self):
        self.step(EPSILON)
        self.learner.learn()


def measure(name, variant, unit, work, args):
    rates = []
    for _ in range(3):
        work()
    for _ in range(args.repeats):
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < args.seconds:
            work()
            done += 1
        rates.append(done / (time.perf_counter() - start))
    print(json.dumps({
        "name": name, "peer": f"PyTorch, {variant}", "unit": unit, "min": round(min(rates), 2),
        "median": round(statistics.median(rates), 2), "max": round(max(rates), 2),
        "repeats": args.repeats, "threads": torch.get_num_threads(),
        "isa": torch.backends.cpu.get_cpu_capability().lower(), "device": "cpu",
        "precision": "bf16" if variant.endswith("bf16") else "fp32",
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--what", action="append", choices=["act", "learn", "train"])
    parser.add_argument("--variant", action="append", choices=VARIANTS)
    parser.add_argument("--threads", type=int, help="torch's threads (all cores)")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    for variant in args.variant or VARIANTS:
        what = args.what or ["act", "learn", "train"]
        try:
            loop = Loop(Learner(variant))
            loop.fill()
            loop.turn()  # compiles, where it does
        except Exception as e:  # torch.compile needs a C++ compiler, and fails in many ways
            print(f"left out: {variant}: {str(e).strip().splitlines()[0]}", file=sys.stderr)
            continue
        if "act" in what:
            measure("act", variant, "passes/s", lambda: loop.learner.act(loop.state), args)
        if "learn" in what:
            measure("learn/book", variant, "updates/s", loop.learner.learn, args)
        if "train" in what:
            measure("train/book", variant, "steps/s", loop.turn, args)


if __name__ == "__main__":
    main()
