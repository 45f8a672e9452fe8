"""Models of other programs against deepq, which reads them.

    check_reading.py FORMAT LIBRARY    on states of our own Pong, or of CartPole, values equal within 1e-5
    check_reading.py --write FOLDER    make the small files of tests/data/foreign again

FORMAT is torch, safetensors, cleanrl, sb3 or sb3_contrib. Every file is written by that program, or by the
network class of it, with random parameters; what it computes is compared with what deepq's policy does.
"""
import copy
import pathlib
import sys
import tempfile

TOLERANCE = 1e-5

try:
    import gymnasium
    import numpy
    import torch

    from check_export import Pictures, cleanrl_network
    from exported import Library
except ImportError as error:
    print(f"SKIP: {error}")
    sys.exit(77)


def values(net, states):
    with torch.no_grad():
        return net(torch.as_tensor(states)).numpy()


def book():
    from check_models import DQN
    return DQN(6)


def as_float32(net):
    net = copy.deepcopy(net).float()
    return lambda x: net(x.float())


def torch_files(folder):
    """The book's network as PyTorch users save it: name, path, its values."""
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        net = book().to(dtype)
        for zipped in (True, False):
            path = folder / "model.pt"
            state_dict = {f"module.{name}": t for name, t in net.state_dict().items()}
            torch.save({"state_dict": state_dict, "epoch": 3}, path, _use_new_zipfile_serialization=zipped)
            yield f"{dtype}, zip {zipped}", path, as_float32(net)


def safetensors_files(folder):
    from safetensors.torch import save_file
    for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
        net = book().to(dtype)
        path = folder / "model.safetensors"
        save_file(dict(net.state_dict()), path, {"format": "pt"})
        yield str(dtype), path, as_float32(net)
    net = torch.nn.Sequential(torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)).half()
    save_file(dict(net.state_dict()), path, {"format": "pt", "deepq.env": "CartPole-v1"})
    yield "float16 of 4", path, as_float32(net)


class NoisyLinear(torch.nn.Module):
    """Of rainbow_atari.py, as it evaluates: the means alone."""

    def __init__(self, n_in, n_out, std_init=0.5):
        super().__init__()
        bound = n_in ** -0.5
        self.weight_mu = torch.nn.Parameter(torch.empty(n_out, n_in).uniform_(-bound, bound))
        self.weight_sigma = torch.nn.Parameter(torch.full((n_out, n_in), std_init * bound))
        self.register_buffer("weight_epsilon", torch.randn(n_out, n_in))
        self.bias_mu = torch.nn.Parameter(torch.empty(n_out).uniform_(-bound, bound))
        self.bias_sigma = torch.nn.Parameter(torch.full((n_out,), std_init * n_out ** -0.5))
        self.register_buffer("bias_epsilon", torch.randn(n_out))

    def forward(self, x):
        return torch.nn.functional.linear(x, self.weight_mu, self.bias_mu)


class Rainbow(torch.nn.Module):
    """NoisyDuelingDistributionalNetwork of rainbow_atari.py."""

    def __init__(self, n_actions=6, n_atoms=51, v_min=-10, v_max=10):
        super().__init__()
        self.n_actions, self.n_atoms = n_actions, n_atoms
        self.register_buffer("support", torch.linspace(v_min, v_max, n_atoms))
        nn = torch.nn
        self.network = nn.Sequential(nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(), nn.Conv2d(32, 64, 4, stride=2),
                                     nn.ReLU(), nn.Conv2d(64, 64, 3, stride=1), nn.ReLU(), nn.Flatten())
        self.value_head = nn.Sequential(NoisyLinear(3136, 512), nn.ReLU(), NoisyLinear(512, n_atoms))
        self.advantage_head = nn.Sequential(NoisyLinear(3136, 512), nn.ReLU(), NoisyLinear(512, n_atoms * n_actions))

    def forward(self, x):
        h = self.network(x / 255.0)
        value = self.value_head(h).view(-1, 1, self.n_atoms)
        advantage = self.advantage_head(h).view(-1, self.n_actions, self.n_atoms)
        q = value + advantage - advantage.mean(dim=1, keepdim=True)
        return (torch.softmax(q, dim=2) * self.support).sum(2)


def cleanrl_files(folder):
    """As the scripts end: the state_dict, or with C51 that and vars(args)."""
    path = folder / "x.cleanrl_model"
    for n_inputs, n_actions in ((0, 6), (4, 2)):
        net = cleanrl_network(n_inputs, n_actions, 0)()
        torch.save(net.state_dict(), path)
        yield f"dqn of {n_inputs or 'pictures'}", path, net
        args = {"exp_name": "c51", "seed": 1, "torch_deterministic": True, "wandb_entity": None,
                "env_id": "CartPole-v1" if n_inputs else "deepq/Pong-v0", "learning_rate": 2.5e-4, "n_atoms": 51,
                "v_min": -10.0, "v_max": 10.0, "total_timesteps": 10_000_000_000}
        net = cleanrl_network(n_inputs, n_actions, args["n_atoms"])(args["v_min"], args["v_max"])
        torch.save({"model_weights": net.state_dict(), "args": args}, path)
        yield f"c51 of {n_inputs or 'pictures'}", path, net
    net = Rainbow()
    torch.save({"model_weights": net.state_dict(), "args": {"env_id": "deepq/Pong-v0"}}, path)
    yield "rainbow", path, net


def sb3_files(folder):
    from stable_baselines3 import DQN
    path = folder / "dqn.zip"
    for policy, env, kwargs in (("CnnPolicy", Pictures(6), {}), ("MlpPolicy", cartpole(), {}),
                                ("MlpPolicy", cartpole(), {"net_arch": [24]})):
        name = f"DQN {policy} {kwargs}"
        model = DQN(policy, env, buffer_size=10, device="cpu", policy_kwargs=kwargs)
        model.save(path)
        yield name, path, model.q_net


def sb3_contrib_files(folder):
    from sb3_contrib import QRDQN
    path = folder / "qrdqn.zip"
    for policy, env, kwargs in (("CnnPolicy", Pictures(6), {}), ("MlpPolicy", cartpole(), {}),
                                ("MlpPolicy", cartpole(), {"net_arch": [24], "n_quantiles": 7})):
        name = f"QRDQN {policy} {kwargs}"
        model = QRDQN(policy, env, buffer_size=10, device="cpu", policy_kwargs=kwargs)
        model.save(path)
        yield name, path, lambda x, m=model: m.quantile_net(x).mean(1)


def cartpole():
    return gymnasium.make("CartPole-v1")


FORMATS = {"torch": torch_files, "safetensors": safetensors_files, "cleanrl": cleanrl_files, "sb3": sb3_files,
           "sb3_contrib": sb3_contrib_files}


def is_of_vectors(name):
    return "Mlp" in name or " of 4" in name


def check(library, files, folder):
    states = {vectors: library.states("mlp 4-1" if vectors else "nature") for vectors in (False, True)}
    n = 0
    for name, path, net in files(folder):
        of = states[is_of_vectors(name)]
        want = values(net, of)
        have = library.values(path, of)
        most = float(numpy.abs(have - want).max())
        assert have.shape == want.shape and most <= TOLERANCE, f"{name}: values differ by {most:.3g}"
        assert most < 1e-2 * numpy.abs(want - want.mean()).max(), f"{name}: they tell nothing"
        print(f"{name}: largest difference {most:.2g}")
        n += 1
    print(f"{n} models equal")


def write(folder):
    """Small files, with states and what the original makes of them, for the C tests."""
    states = numpy.random.default_rng(1).uniform(-1, 1, (4, 4)).astype(numpy.float32)
    with open(folder / "values.txt", "w") as out:
        for kind, files in FORMATS.items():
            for i, (name, path, net) in enumerate(files(folder)):
                if not is_of_vectors(name) or "{}" in name:
                    continue
                to = folder / ("mlp.safetensors" if kind == "safetensors" else f"{kind}_{i}{path.suffix}")
                path.replace(to)
                for state, row in zip(states, values(net, states)):
                    print(to.name, *map(repr, map(float, state)), *map(repr, map(float, row)), file=out)
            path.unlink(missing_ok=True)


def main():
    torch.manual_seed(1)
    torch.set_num_threads(1)
    if len(sys.argv) == 3 and sys.argv[1] == "--write":
        write(pathlib.Path(sys.argv[2]))
    elif len(sys.argv) == 3 and sys.argv[1] in FORMATS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                check(Library(sys.argv[2]), FORMATS[sys.argv[1]], pathlib.Path(folder))
            except ImportError as error:
                print(f"SKIP: {error}")
                sys.exit(77)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
