"""Deep Q-learning as one program to be read, not to be fast: what deepq's trainer must do.

The loop is that of Lapan 2020, chapter 6, 02_dqn_pong.py, in its order: schedules, act, store, end of
an episode, copy to the target network, learn. Around it: n-step returns (uncorrected, as in Hessel 2018),
Double DQN (van Hasselt, Guez, Silver 2016), augmentation (Kostrikov 2020), soft target updates (Lillicrap 2016), Huber's loss, prioritized replay (Schaul 2016), several
environments; and PQN (Gallici 2024), which has neither replay nor target network. PyTorch does the gradients and Adam, in float64: rounding differences are deepq's float32.

Where the book and other programs differ, two switches of train(): whether a truncated episode is learned
as one that terminated (the book), and from how many episodes on the mean reward may solve (the book: one).

Two programs only sample the same numbers by agreement. These conventions are deepq's:
- random streams have names and are split from one seed (class Stream); environment i is seeded with
  seed + i; the order in which the streams are used is that of train();
- of a batch all states are augmented, then all next states; each takes a row, a column and a normal number
  of the stream "augmentation";
- the stream "noise" is that of noisy layers: one draw for the actions of a round, if any is not random, and in an
  update one for the target network, one to choose actions in Double DQN and one to learn (Fortunato 2018);
- the stream "levels" is IQN's: in an update the levels of the next state of each transition, whether or not it counts, then those of each state;
- uniform sampling counts back from the newest transition; sampling by priority goes through the
  transitions in the order of their slots, step i in slot i % (replay_size + STACK * n_envs);
- with a rollout the states of all environments go through the network in every round, after one draw of noise; the
  states behind the last steps after one more; for each epoch the steps, in their order, are shuffled from the
  last one down (Durstenfeld 1964) with the stream "replay";
- priorities are (|error| + PRIORITY_EPSILON) ** alpha, of unclipped errors, importance weights are
  relative to the largest of the batch; as Dopamine's Rainbow has it, with alpha = beta = 1/2, priorities
  are (loss + DOPAMINE_EPSILON) ** alpha, and weights (probability + DOPAMINE_EPSILON) ** -beta.
make_learner_golden.py runs variants of it and stores every step.
"""
import math
from dataclasses import dataclass, field

import numpy as np
import torch

from networks import Net
from reference_optimiser import RMSProp

STACK, SIDE = 4, 84
PRIORITY_EPSILON = 1e-3  # Schaul 2016, section 3.3, has one and does not say how large
DOPAMINE_EPSILON = 1e-10
MASK = (1 << 64) - 1


# ------------------------------------------------------------------ chance

def splitmix64(state):
    """The next state and its number. Source: Steele, Lea, Flood 2014."""
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


def fnv1a(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & MASK
    return value


def rotl(x, k):
    return ((x << k) | (x >> (64 - k))) & MASK


def ziggurat(r=3.442619855899, area=9.91256303526217e-3):
    """The edges of the layers under exp(-x^2 / 2), each of the same area."""
    edges = [area / math.exp(-r * r / 2), r]
    while len(edges) < 128:
        edges.append(math.sqrt(-2 * math.log(area / edges[-1] + math.exp(-edges[-1] ** 2 / 2))))
    return edges + [0.0]


ZIGGURAT = ziggurat()


class Stream:
    """xoshiro256++ (Blackman and Vigna 2021), begun from a seed and a name."""

    def __init__(self, seed, name):
        state = splitmix64(seed)[1] ^ fnv1a(name)
        self.s = []
        for _ in range(4):
            state, word = splitmix64(state)
            self.s.append(word)

    def bits(self):
        s = self.s
        result = (rotl((s[0] + s[3]) & MASK, 23) + s[0]) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = rotl(s[3], 45)
        return result

    def unit(self):
        """Uniform in [0, 1)."""
        return (self.bits() >> 11) * 2.0 ** -53

    def normal(self):
        """Mean 0, variance 1: a ziggurat of 128 layers (Marsaglia, Tsang 2000; Doornik 2005, ZIGNOR). The lowest
        bits of a number choose the layer, its highest a place in it."""
        while True:
            bits = self.bits()
            layer, place = bits % 128, 2 * ((bits >> 11) * 2.0 ** -53) - 1
            x = place * ZIGGURAT[layer]
            if abs(x) < ZIGGURAT[layer + 1]:
                return x
            if layer == 0:
                return math.copysign(self.beyond(ZIGGURAT[1]), place)
            low, high = (math.exp(-(edge * edge - x * x) / 2) for edge in ZIGGURAT[layer:layer + 2])
            if high + self.unit() * (low - high) < 1:
                return x

    def beyond(self, r):
        """A normal number above r (Marsaglia 1964)."""
        while True:
            x, y = -math.log(1 - self.unit()) / r, -math.log(1 - self.unit())
            if 2 * y >= x * x:
                return r + x

    def below(self, n):
        """Uniform in 0 .. n-1 (Lemire 2019)."""
        product = (self.bits() >> 32) * n
        while (product & 0xFFFFFFFF) < (2 ** 32 - n) % n:
            product = (self.bits() >> 32) * n
        return product >> 32


# ------------------------------------------------------------------ hyperparameters

@dataclass
class Config:
    """deepq's names (`deepq train --help-set` explains them); a step is one step of one environment."""
    seed: int = 0
    network: str = "nature"
    gamma: float = 0.99
    batch: int = 32
    replay_size: int = 10000
    replay_start: int = 10000
    optimiser: str = "adam"           # or "rmsprop", "radam"
    learning_rate: float = 1e-4
    learning_rate_final: float = 0.0
    learning_rate_decay: int = 0      # the step from which on it is learning_rate_final; 0: it stays
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    adam_epsilon: float = 1e-8
    head: str = "value"               # outputs of an action: or "c51", "qr", "iqn"
    atoms: int = 51                   # of c51, quantiles of qr, levels that iqn draws
    value_levels: int = 32            # of iqn, of an action value
    value_min: float = -10.0          # c51's first atom
    value_max: float = 10.0           # its last one
    dueling: str = "none"             # or "output": two output layers, or "streams": two hidden layers as well
    stream_width: int = 0             # outputs of each of these
    rmsprop_decay: float = 0.95
    rmsprop_epsilon: float = 0.01 / 32 ** 2
    gradient_norm: float = 0.0        # longest gradient of a batch; 0: any
    noisy: str = "none"               # or "factorised", "independent": noise in the linear layers
    noisy_sigma: float = 0.0          # 0: the paper's
    layer_norm: bool = False          # behind each layer but the last
    initialisation: str = "pytorch"   # or "he_normal"
    loss: str = "mse"                 # or "huber", "half_mse"
    n_step: int = 1
    augment_shift: int = 0            # pixels of padding before a random crop; 0: none
    augment_intensity: float = 0.0    # standard deviation of the brightness; 0: none
    truncation_ends: bool = True      # a truncated episode is learned as one that terminated, as in the book
    double_dqn: bool = False
    munchausen_tau: float = 0.0       # temperature of the softmax policy; 0: Munchausen DQN is off
    munchausen_alpha: float = 0.9
    munchausen_least: float = -1.0
    priority_alpha: float = 0.0       # 0: every transition is equally likely
    priority_rule: str = "schaul"     # or "dopamine"
    priority_beta: float = 0.0
    priority_beta_steps: int = 0       # steps in which beta is annealed to 1; 0: it stays
    n_envs: int = 1
    train_every: int = 1
    updates: int = 1                  # one after another whenever one is due
    rollout: int = 0                  # steps of each environment that are learned together; 0: a replay
    return_lambda: float = 0.65       # of their returns
    epochs: int = 1                   # how often each of them is learned
    target_sync: int = 1000
    target_rate: float = 1.0          # 1: the target network becomes a copy of the online network
    epsilon_begin: int = 0            # until this step it is epsilon_start
    epsilon_decay: int = 150000       # steps in which it would fall by 1
    epsilon_start: float = 1.0
    epsilon_final: float = 0.01
    epsilon_last: float = 0.0
    epsilon_last_decay: int = 0       # the step at which epsilon_last is reached; 0: epsilon_final stays
    reward_bound: float = 19.0
    max_steps: int = 0


def network_name(cfg):
    """As networks.py reads it."""
    words = [cfg.network]
    if cfg.dueling != "none":
        words.append("dueling" if cfg.dueling == "output" else f"streams {cfg.stream_width}")
    if cfg.noisy != "none":
        words.append("noisy" if cfg.noisy == "factorised" else "noisy independent")
    if cfg.layer_norm:
        words.append("norm")
    if cfg.head == "c51":
        words.append(f"c51 {cfg.atoms} {cfg.value_min} {cfg.value_max}")
    elif cfg.head == "qr":
        words.append(f"qr {cfg.atoms}")
    elif cfg.head == "iqn":
        words.append(f"iqn {cfg.atoms} {cfg.value_levels}")
    return " ".join(words)


def epsilon_at(cfg, step):
    """Falls by 1/epsilon_decay a step to epsilon_final, then linearly to epsilon_last."""
    epsilon = cfg.epsilon_start - max(step - cfg.epsilon_begin, 0) / cfg.epsilon_decay
    if epsilon > cfg.epsilon_final or cfg.epsilon_last_decay == 0:
        return max(epsilon, cfg.epsilon_final)
    begin = cfg.epsilon_begin + (cfg.epsilon_start - cfg.epsilon_final) * cfg.epsilon_decay
    return linear(cfg.epsilon_final, cfg.epsilon_last, (step - begin) / (cfg.epsilon_last_decay - begin))


def learning_rate_at(cfg, step):
    if cfg.learning_rate_decay == 0:
        return cfg.learning_rate
    return linear(cfg.learning_rate, cfg.learning_rate_final, step / cfg.learning_rate_decay)


def beta_at(cfg, step):
    if cfg.priority_beta_steps == 0:
        return cfg.priority_beta
    return linear(cfg.priority_beta, 1.0, step / cfg.priority_beta_steps)


def linear(start, end, done):
    return start + min(done, 1.0) * (end - start)


# ------------------------------------------------------------------ memory

@dataclass
class Step:
    """One step of one environment."""
    state: np.ndarray
    action: int
    reward: float
    terminated: bool   # the episode is over
    truncated: bool    # a limit cut it off
    next_state: np.ndarray
    value: float = 0.0  # of the state, the largest by the network that acted; with a rollout


@dataclass
class Transition:
    """An n-step transition."""
    state: np.ndarray
    action: int
    reward: float      # discounted sum of up to n rewards
    discount: float    # of the value of next_state: 0 when nothing follows
    next_state: np.ndarray


class Replay:
    """The last replay_size steps of all environments, which take turns: step i + n_envs follows step i.
    (All steps are stored; drawable() are those that may still be sampled.)"""

    def __init__(self, cfg):
        self.cfg = cfg
        self.steps = []
        self.priority = {}             # of the steps that can be drawn, by their index
        self.highest_priority = 1.0
        self.gaps = []  # from a value sampled by priority to the next boundary, of the priorities' sum
        self.n_slots = cfg.replay_size + STACK * cfg.n_envs

    def __len__(self):
        return min(len(self.steps), self.cfg.replay_size)

    def drawable(self):
        """Indices of the steps that may be sampled: the last n - 1 of each environment wait, even where
        the episode's end is known already."""
        waiting = (self.cfg.n_step - 1) * self.cfg.n_envs
        return range(len(self.steps) - len(self), len(self.steps) - waiting)

    def add(self, step):
        self.steps.append(step)
        drawable = self.drawable()
        self.priority = {i: p for i, p in self.priority.items() if i in drawable}
        if len(drawable) > 0:  # a new transition is as likely as the likeliest so far
            self.priority[drawable[-1]] = self.highest_priority

    def transition(self, i):
        cfg, first, total = self.cfg, self.steps[i], 0.0
        for k in range(cfg.n_step):
            step = self.steps[i + k * cfg.n_envs]
            total += cfg.gamma ** k * step.reward
            if step.terminated or (step.truncated and self.cfg.truncation_ends):
                return Transition(first.state, first.action, total, 0.0, step.next_state)
            if step.truncated:
                break
        return Transition(first.state, first.action, total, cfg.gamma ** (k + 1), step.next_state)

    def draw(self, n, stream):
        """n different steps, every set of n equally likely (Bentley and Floyd 1987)."""
        drawable, chosen = self.drawable(), []
        for i in range(n):
            back = len(drawable) - n + i
            index = drawable[-1] - stream.below(back + 1)
            chosen.append(drawable[-1] - back if index in chosen else index)
        return chosen

    def draw_by_priority(self, n, beta, stream):
        """One step from each of n equal parts of the priorities' sum (Schaul 2016, appendix B.2.1), and the
        importance weights (section 3.4)."""
        order = sorted(self.priority, key=lambda i: i % self.n_slots)
        ends = np.cumsum([self.priority[i] for i in order])
        chosen = []
        for part in range(n):
            at = (part + stream.unit()) / n * ends[-1]
            self.gaps.append(np.abs(ends - at).min() / ends[-1])
            chosen.append(order[np.searchsorted(ends, at, side="right")])
        probability = np.array([self.priority[i] for i in chosen]) / ends[-1]
        if self.cfg.priority_rule == "dopamine":
            probability += DOPAMINE_EPSILON
        weights = probability ** -beta
        return chosen, (weights / weights.max()).tolist()

    def update_priorities(self, chosen, errors):
        for i, error in zip(chosen, errors):
            if self.cfg.priority_rule == "dopamine":
                loss = error if self.cfg.head != "value" else loss_of(self.cfg, error)
                urgency = loss + DOPAMINE_EPSILON
            else:
                urgency = abs(error) + PRIORITY_EPSILON
            self.priority[i] = urgency ** self.cfg.priority_alpha
            self.highest_priority = max(self.highest_priority, self.priority[i])


# ------------------------------------------------------------------ augmentation

class Augmentation:
    """DrQ's (Kostrikov et al. 2020), as Dopamine's atari_100k_rainbow_agent.py does it: each state is padded by
    its edge, cropped back at random, and made brighter or darker; its last row and column are never drawn."""

    def __init__(self, cfg):
        self.shift, self.intensity = cfg.augment_shift, cfg.augment_intensity
        self.stream = Stream(cfg.seed, "augmentation")

    def __call__(self, states):
        return torch.stack([self.change(x) for x in pixels(states)])

    def change(self, x):
        pad = self.shift
        if pad > 0:
            row, column = self.stream.below(2 * pad), self.stream.below(2 * pad)
            padded = np.pad(x.numpy(), ((0, 0), (pad, pad), (pad, pad)), mode="edge")
            x = torch.tensor(padded[:, row:row + SIDE, column:column + SIDE])
        if self.intensity > 0:
            x = x * (1 + self.intensity * min(max(self.stream.normal(), -2.0), 2.0))
        return x


# ------------------------------------------------------------------ learner

class Learner:
    """Online and target network, optimiser, and one learning step."""

    def __init__(self, cfg, n_actions):
        self.cfg = cfg
        self.online = Net(network_name(cfg), n_actions).double()
        self.target = Net(network_name(cfg), n_actions).double()
        self.initialise(Stream(cfg.seed, "initialisation"))
        if cfg.rollout:
            self.target = self.online
        self.copy_to_target()
        self.initial = [p.detach().clone() for p in self.online.parameters()]
        self.optimiser = self.make_optimiser(cfg)
        self.augment = Augmentation(cfg)
        self.noise = Stream(cfg.seed, "noise")
        self.levels = Stream(cfg.seed, "levels")
        self.n_updates = 0
        self.gaps = []  # (updates so far, by how much the best action is better), wherever one was chosen
        self.norms = []  # of the gradients, before they were scaled down
        self.n_other_actions = 0  # targets for which Double DQN chose another action than DQN would have

    def make_optimiser(self, cfg):
        if cfg.optimiser == "rmsprop":
            return RMSProp(self.online.parameters(), lr=cfg.learning_rate, decay=cfg.rmsprop_decay,
                           eps=cfg.rmsprop_epsilon)
        kind = torch.optim.RAdam if cfg.optimiser == "radam" else torch.optim.Adam
        return kind(self.online.parameters(), lr=cfg.learning_rate,
                    betas=(cfg.adam_beta1, cfg.adam_beta2), eps=cfg.adam_epsilon)

    def initialise(self, stream):
        """PyTorch's default: uniform in +-1/sqrt(fan_in), weights and biases in PyTorch's order, float32. Of
        independent noise it is sqrt(3/fan_in) (Fortunato 2018, section 3.2). He's: normal with variance 2/fan_in,
        biases 0. Normalisations begin with 1 and 0."""
        fan_in = 1
        for name, p in self.online.named_parameters():
            layer = self.online.get_submodule(name.rpartition(".")[0])
            if isinstance(layer, torch.nn.LayerNorm):
                p.data = torch.full_like(p, float(name.endswith("weight")))
                continue
            if name.endswith("weight"):
                fan_in = p[0].numel()
            if ".sigma_" in name:
                p.data = torch.full_like(p, np.float32(layer.first_sigma(self.cfg.noisy_sigma)).item())
                continue
            if self.cfg.initialisation == "he_normal":
                p.data = torch.tensor(np.array([stream.normal() * math.sqrt(2 / fan_in) for _ in range(p.numel())]
                                               if name.endswith("weight") else [0] * p.numel(),
                                               np.float32).reshape(p.shape)).double()
                continue
            if getattr(layer, "kind", None) == "independent":
                fan_in = layer.in_features / 3
            drawn = [(2 * stream.unit() - 1) / math.sqrt(fan_in) for _ in range(p.numel())]
            p.data = torch.tensor(np.array(drawn, np.float32).reshape(p.shape)).double()

    def copy_to_target(self):
        self.target.load_state_dict(self.online.state_dict())

    def update_target(self):
        """A part of the way to the online network (Lillicrap et al. 2016, algorithm 1)."""
        rate = self.cfg.target_rate
        with torch.no_grad():
            for of_target, of_online in zip(self.target.parameters(), self.online.parameters()):
                of_target.copy_(rate * of_online + (1 - rate) * of_target)

    def outputs(self, net, inputs, levels=None):
        with torch.no_grad():
            return net(inputs, levels)

    def draw_levels(self, n):
        """Of n states; float32. None: the head has none."""
        if self.cfg.head != "iqn":
            return None
        drawn = [[self.levels.unit() for _ in range(self.cfg.atoms)] for _ in range(n)]
        return torch.tensor(np.array(drawn, np.float32)).double()

    def values(self, net, states):
        return net.values(self.outputs(net, pixels(states)))

    def best(self, q):
        """The best action in each row."""
        two = q.topk(2, dim=1).values
        self.gaps += [(self.n_updates, gap) for gap in (two[:, 0] - two[:, 1]).tolist()]
        return q.argmax(dim=1)

    def act(self, state, draws_noise):
        """draws_noise: whether it is the first action of its round that is not random."""
        if draws_noise:
            self.online.draw_noise(self.noise)
        return self.best(self.values(self.online, [state])).item()

    def values_of_round(self, states):
        """The largest action value of each."""
        self.online.draw_noise(self.noise)
        return self.values(self.online, states).max(dim=1).values.tolist()

    def targets(self, batch, next_inputs):
        """r + discount * max_a Q_target(s', a); Double DQN: Q_target(s', argmax_a Q_online(s', a)). Of
        distributions, that of the same action, moved and shrunk (networks.py)."""
        self.target.draw_noise(self.noise)
        y = self.outputs(self.target, next_inputs, self.draw_levels(len(batch)))
        q = self.target.values(self.outputs(self.target, next_inputs) if self.cfg.head == "iqn" else y)
        if self.cfg.munchausen_tau > 0:
            return self.munchausen_targets(batch, y, q)
        if self.cfg.double_dqn:
            self.online.draw_noise(self.noise)
            action = self.best(self.online.values(self.outputs(self.online, next_inputs)))
            self.n_other_actions += sum(a != b and t.discount > 0
                                        for a, b, t in zip(action.tolist(), q.argmax(dim=1).tolist(), batch))
        elif self.cfg.head == "value":
            action = q.argmax(dim=1)
        else:
            action = self.best(q)
        return self.target.targets(y, action, numbers([t.reward for t in batch]),
                                   numbers([t.discount for t in batch]))

    def munchausen_targets(self, batch, y, q):
        """Vieillard, Pietquin, Geist 2020, equation 1, with the target network for both terms: of each quantile
        r + alpha [tau ln pi(a|s)] + discount * sum_a' pi(a'|s') (y(s', a') - tau ln pi(a'|s'))."""
        cfg, tau = self.cfg, self.cfg.munchausen_tau
        here = self.target.values(self.outputs(self.target, pixels([t.state for t in batch])))
        taken = torch.tensor([[t.action] for t in batch])
        bonus = (tau * (here / tau).log_softmax(1)).gather(1, taken).clamp(cfg.munchausen_least, 0)
        policy = (q / tau).softmax(1)
        soft = (policy[:, :, None] * (y - tau * policy.log()[:, :, None])).sum(1)
        return numbers([t.reward for t in batch])[:, None] + cfg.munchausen_alpha * bonus + \
            numbers([t.discount for t in batch])[:, None] * soft

    def learn(self, batch, weights, learning_rate, returns=None):
        """One step on the weighted mean loss: squared errors, or Huber's with threshold 1, whose gradient
        is the clipped error of Mnih 2015; or the loss of distributions, which is their error too. Returns the
        loss, the errors and the targets, which are the returns where they are given."""
        inputs = self.augment([t.state for t in batch])
        targets = self.targets(batch, self.augment([t.next_state for t in batch])) if returns is None else \
            numbers(returns)[:, None]
        self.online.draw_noise(self.noise)
        levels = self.draw_levels(len(batch))
        y = self.online(inputs, levels)
        action = torch.tensor([t.action for t in batch])
        losses = self.online.losses(y, action, targets, self.cfg.loss, levels)
        errors = losses
        if self.cfg.head == "value":
            errors = (y[torch.arange(len(batch)), action] - targets)[:, 0]
        loss = (numbers(weights) * losses).mean()
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate
        self.optimiser.zero_grad()
        loss.backward()
        if self.cfg.gradient_norm > 0:
            norm = torch.nn.utils.clip_grad_norm_(self.online.parameters(), self.cfg.gradient_norm)
            self.norms.append(norm.item())
        self.optimiser.step()
        self.n_updates += 1
        return loss.item(), errors.detach().tolist(), targets.ravel().tolist()

    def moved(self):
        """The L2 distance of the weights from the initial ones."""
        return math.sqrt(sum(((p - q) ** 2).sum().item()
                             for p, q in zip(self.online.parameters(), self.initial)))


def loss_of(cfg, error):
    if cfg.loss == "huber" and abs(error) >= 1:
        return abs(error) - 0.5
    return error ** 2 if cfg.loss == "mse" else error ** 2 / 2


def numbers(values):
    return torch.tensor(values, dtype=torch.float64)


def pixels(states):
    return torch.tensor(np.stack(states)).double() / 255.0


# ------------------------------------------------------------------ rollouts

def lambda_returns(cfg, steps, after):
    """Of the steps of a rollout, of all environments in turns. after: the largest values of their next states.
    Gallici 2024, section 4: G = r + gamma (max q(s') + lambda (G' - max q(s'))), where s' was acted on."""
    returns = [0.0] * len(steps)
    for i, step in reversed(list(enumerate(steps))):
        follows = i + cfg.n_envs
        if step.terminated or (step.truncated and cfg.truncation_ends):
            ahead = 0.0
        elif step.truncated or follows >= len(steps):
            ahead = after[i]
        else:
            value = steps[follows].value
            ahead = value + cfg.return_lambda * (returns[follows] - value)
        returns[i] = step.reward + cfg.gamma * ahead
    return returns


def shuffled(n, stream):
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = stream.below(i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def learn_rollout(cfg, learner, replay, record, drawing):
    n = cfg.n_envs * cfg.rollout
    first, steps = len(replay.steps) - n, replay.steps[-n:]
    learner.online.draw_noise(learner.noise)
    after = learner.values(learner.online, [s.next_state for s in steps]).max(dim=1).values.tolist()
    returns = lambda_returns(cfg, steps, after)
    for _ in range(cfg.epochs):
        order = shuffled(n, drawing)
        for at in range(0, n, cfg.batch):
            chosen = order[at:at + cfg.batch]
            record.drawn, record.weights = [first + i for i in chosen], [1.0] * cfg.batch
            record.loss, record.errors, record.targets = learner.learn(
                [steps[i] for i in chosen], record.weights, learning_rate_at(cfg, record.step),
                [returns[i] for i in chosen])
            record.updates += 1


# ------------------------------------------------------------------ the loop

@dataclass
class Record:
    """Everything recorded for one step."""
    step: int
    env: int = 0
    at_random: bool = False
    action: int = 0
    reward: float = 0.0
    terminated: bool = False
    truncated: bool = False
    epsilon: float = 0.0               # that the action was chosen with
    games: int = 0                     # episodes so far
    mean: float = 0.0                  # of the returns of the last 100 episodes
    best: float = 0.0                  # the best mean so far
    solved: bool = False
    updates: int = 0
    loss: float = 0.0                  # of the last update
    drawn: list = field(default_factory=list)    # this step's last batch: indices of steps, from 0
    errors: list = field(default_factory=list)
    targets: list = field(default_factory=list)
    weights: list = field(default_factory=list)


def train(cfg, worlds, n_actions, tell, games_to_solve=100):
    """Plays and learns; calls tell(record, learner) after each step. Returns the learner and the replay.

    games_to_solve: episodes before the mean reward may solve; 1 in the book.

    A world is an environment with seed(n), reset() -> state and step(action) -> (state, reward, terminated,
    truncated). With several, a round is one step of each: all its actions are chosen before any is counted;
    then its steps are counted one after another, each with the update that is due. Choosing an action takes
    one number of the stream "exploration", for whether to explore, and one more for a random action.
    """
    exploration, drawing = Stream(cfg.seed, "exploration"), Stream(cfg.seed, "replay")
    learner, replay = Learner(cfg, n_actions), Replay(cfg)
    states, points, games = [], [0.0] * cfg.n_envs, []
    for i, world in enumerate(worlds):
        world.seed(cfg.seed + i)
        states.append(world.reset())
    record, played = Record(0), []
    while record.step < cfg.max_steps and not record.solved:
        env = record.step % cfg.n_envs
        record = Record(record.step + 1, env, games=record.games, mean=record.mean, best=record.best,
                        updates=record.updates, loss=record.loss)
        if env == 0:  # a round begins
            played = []
            values = learner.values_of_round(states) if cfg.rollout else None
            for i in range(cfg.n_envs):
                at_random = exploration.unit() < epsilon_at(cfg, record.step + i)
                draws_noise = not cfg.rollout and not at_random and all(was_random for was_random, *_ in played)
                action = exploration.below(n_actions) if at_random else learner.act(states[i], draws_noise)
                played.append((at_random, action, *worlds[i].step(action)))

        record.at_random, record.action, state, record.reward, record.terminated, record.truncated = played[env]
        replay.add(Step(states[env], record.action, record.reward, record.terminated, record.truncated, state,
                        values[env] if cfg.rollout else 0.0))
        states[env] = state
        points[env] += record.reward
        if record.terminated or record.truncated:
            games.append(points[env])
            record.games, record.mean = len(games), float(np.mean(games[-100:]))
            if len(games) == 1 or record.mean > record.best:
                record.best = record.mean
            record.solved = len(games) >= games_to_solve and record.mean > cfg.reward_bound
            states[env], points[env] = worlds[env].reset(), 0.0

        if cfg.rollout:
            if record.step % (cfg.n_envs * cfg.rollout) == 0 and not record.solved:
                learn_rollout(cfg, learner, replay, record, drawing)
        elif len(replay) >= cfg.replay_start and not record.solved:
            if record.step % cfg.target_sync == 0:
                learner.update_target()
            for _ in range(cfg.updates if record.step % cfg.train_every == 0 else 0):
                if cfg.priority_alpha > 0:
                    record.drawn, record.weights = replay.draw_by_priority(
                        cfg.batch, beta_at(cfg, record.step), drawing)
                else:
                    record.drawn, record.weights = replay.draw(cfg.batch, drawing), [1.0] * cfg.batch
                batch = [replay.transition(i) for i in record.drawn]
                record.loss, record.errors, record.targets = learner.learn(
                    batch, record.weights, learning_rate_at(cfg, record.step))
                if cfg.priority_alpha > 0:
                    replay.update_priorities(record.drawn, record.errors)
                record.updates += 1
        record.epsilon = epsilon_at(cfg, record.step)
        tell(record, learner)
    return learner, replay
