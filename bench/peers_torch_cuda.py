#!/usr/bin/env python3
"""The book's learning step in PyTorch on a GPU: the peer of `deepq bench act learn --device cuda`.

Needs torch with CUDA and numpy. Prints one JSON object a line, in the format of `deepq bench --json`,
with a key "peer" that names the variant. All of them keep the frames as bytes on the GPU, use
channels-last memory and the fused Adam, and get but a batch's numbers from the host:

  eager     launched from Python, kernel by kernel
  compiled  torch.compile of the step, mode "max-autotune-no-cudagraphs"
  graph     the eager step, the copy of the batch's numbers apart, captured once as a CUDA graph
  both      the compiled step captured as a CUDA graph

each in fp32 (TF32 off), tf32 and bf16 (autocast; float32 weights). With --deepq it runs that program
in between, so that both are measured on the same GPU in the same minutes, and ends with the ratio to
the best of PyTorch in each precision.

    python bench/peers_torch_cuda.py --deepq build/bin/deepq [--variant graph] [--precision bf16]
"""
import argparse
import collections
import json
import statistics
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn

CAPACITY, BATCH, GAMMA, SYNC, ACTIONS, SIDE = 10_000, 32, 0.99, 1000, 6, 84
VARIANTS = ["eager", "compiled", "graph", "both"]
PRECISIONS = ["fp32", "tf32", "bf16"]


def new_net(device):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(),
        nn.Conv2d(64, 64, 3, 1), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(),
        nn.Linear(512, ACTIONS))
    return net.to(device=device, memory_format=torch.channels_last)


class Learner:
    def __init__(self, variant, precision, device):
        self.device, self.bf16 = device, precision == "bf16"
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
        torch.backends.cudnn.benchmark = True
        self.rng = np.random.default_rng(0)
        self.net, self.target = new_net(device), new_net(device)
        gpu = device == "cuda"
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-4, fused=gpu, capturable=gpu)
        self.frames = torch.randint(0, 256, (CAPACITY + 4, SIDE, SIDE), dtype=torch.uint8,
                                    device=device)
        self.actions = self.rng.integers(0, ACTIONS, CAPACITY + 4)
        self.rewards = self.rng.normal(size=CAPACITY + 4).astype(np.float32)
        self.dones = self.rng.random(CAPACITY + 4) < 1 / 900
        # What one step needs: slots, action, reward, done; in pinned memory, and on the GPU.
        self.host = torch.zeros(BATCH, 4, dtype=torch.float64, pin_memory=gpu)
        self.batch = torch.zeros(BATCH, 4, dtype=torch.float64, device=device)
        self.new_frame = torch.zeros(SIDE, SIDE, dtype=torch.uint8, pin_memory=gpu)
        self.stack = torch.arange(4, device=device)
        self.n_updates, self.graph = 0, None
        step = self.step
        if variant in ("compiled", "both"):
            step = torch.compile(self.step, mode="max-autotune-no-cudagraphs")
        self.body = step
        if variant in ("graph", "both"):
            self.capture()

    def scaled(self, slots):
        states = self.frames[slots[:, None] + self.stack]
        return states.to(memory_format=torch.channels_last).float().mul_(1 / 255)

    def step(self):
        slots, actions = self.batch[:, 0].long(), self.batch[:, 1].long()
        rewards, going_on = self.batch[:, 2].float(), self.batch[:, 3].float()
        self.optimizer.zero_grad(set_to_none=False)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            q = self.net(self.scaled(slots)).gather(1, actions[:, None]).squeeze(1)
            with torch.no_grad():
                best = self.target(self.scaled(slots + 1)).max(1)[0].float()
        loss = nn.functional.mse_loss(q.float(), best * going_on * GAMMA + rewards)
        loss.backward()
        self.optimizer.step()

    def capture(self):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(11):
                self.body()
        torch.cuda.current_stream().wait_stream(side)
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph):
            self.body()

    def learn(self):
        if self.device == "cuda":
            torch.cuda.current_stream().synchronize()  # the pinned batch is free again
        if self.n_updates % SYNC == 0:
            with torch.no_grad():
                for a, b in zip(self.target.parameters(), self.net.parameters()):
                    a.copy_(b)
        self.n_updates += 1
        self.frames[self.n_updates % CAPACITY].copy_(self.new_frame, non_blocking=True)
        at = self.rng.choice(CAPACITY, BATCH, replace=False)
        host = self.host.numpy()
        host[:, 0], host[:, 1], host[:, 2] = at, self.actions[at], self.rewards[at]
        host[:, 3] = ~self.dones[at]
        self.batch.copy_(self.host, non_blocking=True)
        if self.graph:
            self.graph.replay()
        else:
            self.body()

    def act(self):
        with torch.no_grad(), torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            return int(self.net(self.scaled(self.stack[:1])).argmax(1))


def measure(name, unit, variant, precision, work, learner, args):
    sync = torch.cuda.synchronize if learner.device == "cuda" else lambda: None
    rates = []
    for _ in range(20):
        work()
    for _ in range(args.repeats):
        sync()
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < args.seconds:
            work()
            done += 1
        sync()
        rates.append(done / (time.perf_counter() - start))
    device = torch.cuda.get_device_name() if learner.device == "cuda" else "cpu"
    figure = {"name": name, "peer": f"PyTorch {torch.__version__}, {variant}, {precision}",
              "unit": unit, "min": round(min(rates), 2), "median": round(statistics.median(rates), 2),
              "max": round(max(rates), 2), "repeats": args.repeats, "threads": 1, "isa": "generic",
              "device": device}
    print(json.dumps(figure), flush=True)
    return figure["median"]


def measure_deepq(program, precision, args):
    command = [program, "bench", "act", "learn", "--device", "cuda", "--precision", precision, "--json",
               "--repeats", str(args.repeats), "--seconds", str(args.seconds)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sys.stdout.write(out)
    sys.stdout.flush()
    return {f["name"]: f["median"] for f in map(json.loads, out.splitlines())}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deepq", help="the program to measure beside it")
    parser.add_argument("--variant", action="append", choices=VARIANTS)
    parser.add_argument("--precision", action="append", choices=PRECISIONS)
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"],
                        help="cpu: only to see that the script runs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    for precision in args.precision or PRECISIONS:
        best = collections.defaultdict(float)
        ours = measure_deepq(args.deepq, precision, args) if args.deepq else {}
        for variant in args.variant or VARIANTS:
            learner = Learner(variant, precision, args.device)
            for name, unit, work in [("learn/book", "updates/s", learner.learn),
                                     ("act", "passes/s", learner.act)]:
                rate = measure(name, unit, variant, precision, work, learner, args)
                best[name] = max(best[name], rate)
        for name, rate in ours.items():
            print(f"{precision} {name}: deepq / the best of PyTorch = {rate / best[name]:.2f}")


if __name__ == "__main__":
    main()
