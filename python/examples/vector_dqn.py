"""A DQN in one file, in CleanRL's manner, with PyTorch and AtariVectorEnv.

    python vector_dqn.py [--env pong] [--steps 20000] [--ale]

With --ale the same script runs on ale-py: the only difference is the import.
"""

import argparse
import random
import time

import numpy as np
import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--env", default="pong", help="ale-py's id of the game, or deepq/Pong-v0")
parser.add_argument("--steps", type=int, default=20_000, help="steps of all environments together")
parser.add_argument("--envs", type=int, default=4)
parser.add_argument("--learning-starts", type=int, default=2_000)
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--ale", action="store_true", help="ale-py instead of deepq")
args = parser.parse_args()

if args.ale:
    from ale_py import AtariVectorEnv
else:
    from deepq.ale import AtariVectorEnv

CAPACITY, BATCH, GAMMA, SYNC_EVERY = 5_000, 32, 0.99, 1_000


class QNetwork(nn.Module):
    def __init__(self, n_actions):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(),
            nn.Conv2d(32, 64, 4, stride=2), nn.ReLU(),
            nn.Conv2d(64, 64, 3, stride=1), nn.ReLU(), nn.Flatten(),
            nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, n_actions),
        )

    def forward(self, x):
        return self.net(x / 255.0)


random.seed(args.seed)
np.random.seed(args.seed)
torch.manual_seed(args.seed)
envs = AtariVectorEnv(args.env, args.envs, episodic_life=True)
n_actions = envs.single_action_space.n
q, target = QNetwork(n_actions), QNetwork(n_actions)
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=1e-4)
replay, scores, score = [], [], np.zeros(args.envs)
obs, _ = envs.reset(seed=args.seed)
was_over = np.zeros(args.envs, bool)
start = time.time()

for step in range(0, args.steps, args.envs):
    epsilon = max(0.05, 1 - step / (0.5 * args.steps))
    actions = np.random.randint(n_actions, size=args.envs)
    if random.random() > epsilon:
        with torch.no_grad():
            actions = q(torch.from_numpy(obs).float()).argmax(1).numpy()
    next_obs, rewards, terminations, truncations, _ = envs.step(actions)
    score += rewards
    for i in np.flatnonzero(~was_over):  # a step after an end is a reset: nothing to learn from
        replay.append((obs[i], actions[i], rewards[i], next_obs[i], terminations[i]))
    replay = replay[-CAPACITY:]
    was_over = terminations | truncations
    scores += score[was_over].tolist()
    score[was_over] = 0
    obs = next_obs
    if step < args.learning_starts:
        continue
    o, a, r, n, d = map(np.array, zip(*random.sample(replay, BATCH)))
    with torch.no_grad():
        best = target(torch.from_numpy(n).float()).amax(1)
    wanted = torch.from_numpy(r).float() + GAMMA * best * (1 - torch.from_numpy(d).float())
    chosen = q(torch.from_numpy(o).float()).gather(1, torch.from_numpy(a).long()[:, None])[:, 0]
    loss = nn.functional.mse_loss(chosen, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % SYNC_EVERY < args.envs:
        target.load_state_dict(q.state_dict())

speed = args.steps / (time.time() - start)
mean = np.mean(scores[-20:]) if scores else float("nan")
print(f"{args.steps} steps, {len(scores)} episodes, mean of the last 20: {mean:.2f}, {speed:.0f} steps/s")
