#!/usr/bin/env python3
"""Every part of the DQN family on CartPole-v1: how many of the seeds solve it (475 points over 100 games),
after how many steps, and how many seconds of one core that takes.

    python bench/cartpole_family.py [--deepq build/bin/deepq] [--seeds 10] [--part NAME]... [--frames 300000]

Each part is the preset `cartpole` with the settings of its row below. Seconds are processor time, so other
work on the machine changes them little. Prints the table of docs/results/family.md.
"""
import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile

C51 = ["loss=mse", "head=c51", "value_min=0", "value_max=100"]
PARTS = {
    "the preset": [],
    "1-step returns": ["n_step=1"],
    "without Double DQN": ["double_dqn=false"],
    "dueling, two output layers": ["dueling=output"],
    "dueling, two streams": ["dueling=streams"],
    "C51": C51,
    "QR-DQN, 51 quantiles": ["loss=mse", "head=qr"],
    "IQN, 8 levels": ["loss=mse", "head=iqn", "atoms=8", "value_levels=8"],
    "Munchausen IQN, 8 levels": ["loss=mse", "head=iqn", "atoms=8", "value_levels=8", "double_dqn=false",
                                 "munchausen_tau=0.03"],
    "Munchausen": ["double_dqn=false", "munchausen_tau=0.03"],
    "Munchausen, 32 quantiles": ["loss=mse", "head=qr", "atoms=32", "double_dqn=false", "munchausen_tau=0.03"],
    "priorities (Schaul)": ["priority_alpha=0.6", "priority_beta=0.4"],
    "priorities (Dopamine)": ["priority_rule=dopamine", "priority_alpha=0.5", "priority_beta=0.5"],
    "soft target copies": ["target_sync=1", "target_rate=0.002"],
    "two updates every other step": ["updates=2", "train_every=2"],
    "gradient norm 10": ["gradient_norm=10"],
    "layer normalisation": ["layer_norm=true"],
    "rectified Adam": ["optimiser=radam"],
    "rectified Adam, normalised": ["optimiser=radam", "layer_norm=true"],
    "1-step returns, normalised": ["n_step=1", "layer_norm=true"],
    "PQN": ["n_step=1", "double_dqn=false", "loss=half_mse", "layer_norm=true", "initialisation=he_normal",
            "optimiser=radam", "gradient_norm=10", "n_envs=8", "rollout=16", "batch=32", "epochs=4",
            "return_lambda=0.95"],
    "centred RMSProp": ["optimiser=rmsprop", "rmsprop_epsilon=1e-4", "learning_rate=5e-4"],
    "noisy, factorised": ["noisy=factorised", "noisy_sigma=0.1"],
    "noisy, independent": ["noisy=independent"],
    "Rainbow without noise": C51 + ["dueling=streams", "priority_alpha=0.5", "priority_beta=0.4"],
    "Rainbow": C51 + ["dueling=streams", "noisy=factorised", "noisy_sigma=0.1", "priority_alpha=0.5",
                      "priority_beta=0.4"],
}


def run(deepq, settings, seed, frames):
    """(steps or None, seconds of one core)."""
    with tempfile.TemporaryDirectory() as folder:
        command = [deepq, "train", "--env", "CartPole-v1", "--preset", "cartpole", "--seed", str(seed), "--threads",
                   "1", "--frames", str(frames), "--json", "--out", os.path.join(folder, "run")]
        for setting in settings:
            command += ["--set", setting]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    end = json.loads(out.splitlines()[-1])
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (end["frame"] if end["reason"] == "solved" else None), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--frames", type=int, default=300000)
    parser.add_argument("--part", action="append", choices=list(PARTS))
    args = parser.parse_args()
    print("| part | settings | solved | steps, median (most) | seconds, median (most) |")
    print("|---|---|--:|--:|--:|")
    for name in args.part or PARTS:
        runs = [run(args.deepq, PARTS[name], seed, args.frames) for seed in range(args.seeds)]
        steps = [s for s, _ in runs if s]
        seconds = [t for _, t in runs]
        shown = f"{statistics.median(steps):,.0f} ({max(steps):,})" if steps else "-"
        print(f"| {name} | {' '.join(f'`{s}`' for s in PARTS[name])} | {len(steps)}/{len(runs)} | {shown} | "
              f"{statistics.median(seconds):.1f} ({max(seconds):.1f}) |", flush=True)


if __name__ == "__main__":
    main()
