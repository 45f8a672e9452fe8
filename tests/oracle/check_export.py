"""Exported models against the programs whose formats they are in.

    check_export.py FORMAT DEEPQ LIBRARY

FORMAT is torch, safetensors, onnx, sb3, cleanrl or c. Of every network that the format can hold, the other
program computes deepq's values within 1e-5 on states of our own Pong, or of CartPole. C files, of
float and of int8, are compiled and check themselves on theirs.
"""
import subprocess
import sys
import tempfile

TOLERANCE = 1e-5

try:
    import numpy

    from exported import Library, export, models
except ImportError as error:
    print(f"SKIP: {error}")
    sys.exit(77)


def same_tensors(network, tensors, other):
    assert list(tensors) == list(other), f"{network}: other names"
    for name, tensor in tensors.items():
        assert numpy.array_equal(tensor, other[name]), f"{network}: {name} differs"


def check_torch(network, tensors, path, states, want):
    import torch
    state_dict = torch.load(path, weights_only=True)
    same_tensors(network, tensors, {name: t.numpy() for name, t in state_dict.items()})


def check_safetensors(network, tensors, path, states, want):
    from safetensors import safe_open
    with safe_open(path, "numpy") as f:
        other = {name: f.get_tensor(name) for name in f.keys()}
        metadata = f.metadata()
    same_tensors(network, {name: tensors[name] for name in other}, other)
    assert len(other) == len(tensors), network
    assert metadata["deepq.network"] == network and metadata["deepq.score"] == "12.5", metadata


def check_onnx(network, tensors, path, states, want):
    import onnx
    import onnxruntime
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {p.key: p.value for p in model.metadata_props}["deepq.network"] == network
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    compare(network, session.run(["q"], {"obs": states})[0], want)
    compare(network, session.run(["q"], {"obs": states[:1]})[0], want[:1])


class Pictures:
    """An environment of random pictures, to go on learning in."""

    def __new__(cls, n_actions):
        import gymnasium

        class Env(gymnasium.Env):
            observation_space = gymnasium.spaces.Box(0, 255, (4, 84, 84), numpy.uint8)
            action_space = gymnasium.spaces.Discrete(n_actions)

            def reset(self, seed=None, options=None):
                super().reset(seed=seed)
                return self.observation_space.sample(), {}

            def step(self, action):
                return self.observation_space.sample(), 1.0, self.np_random.random() < 0.1, False, {}

        return Env()


def picture_env(n_actions):
    """SB3's own Pong where ale-py and OpenCV are; else random pictures."""
    try:
        import ale_py
        import cv2  # noqa: F401
        import gymnasium
        from stable_baselines3.common.env_util import make_atari_env
        from stable_baselines3.common.vec_env import VecFrameStack
    except ImportError:
        return Pictures(n_actions)
    gymnasium.register_envs(ale_py)
    return VecFrameStack(make_atari_env("PongNoFrameskip-v4", n_envs=1, seed=0), 4)


def check_sb3(network, tensors, path, states, want):
    import gymnasium
    import torch
    torch.set_num_threads(1)
    if " qr " in network:
        from sb3_contrib import QRDQN as DQN
    else:
        from stable_baselines3 import DQN

    def values(model, target=False):
        with torch.no_grad():
            obs = torch.as_tensor(states)
            if " qr " in network:
                return (model.quantile_net_target if target else model.quantile_net)(obs).mean(1).numpy()
            return (model.q_net_target if target else model.q_net)(obs).numpy()

    model = DQN.load(path, device="cpu")
    compare(network, values(model), want)
    compare(network, values(model, target=True), want)
    actions, _ = model.predict(states, deterministic=True)
    assert numpy.array_equal(actions, want.argmax(1)), network
    env = gymnasium.make("CartPole-v1") if network.startswith("mlp") else picture_env(want.shape[1])
    model = DQN.load(path, env=env, device="cpu", learning_starts=20, buffer_size=200, batch_size=4)
    steps = model.num_timesteps
    assert steps == 1000, steps
    model.learn(60, reset_num_timesteps=False)
    assert model.num_timesteps == steps + 60, model.num_timesteps
    learned = values(model)
    assert numpy.abs(learned - want).max() > 0, f"{network}: it did not learn"
    model.save(path)
    assert numpy.array_equal(values(DQN.load(path, device="cpu")), learned), network


def cleanrl_network(n_inputs, n_actions, n_atoms):
    """QNetwork of dqn_atari.py and dqn.py, and with atoms that of c51_atari.py and c51.py."""
    import torch
    from torch import nn

    class QNetwork(nn.Module):
        def __init__(self, v_min=-100, v_max=100):
            super().__init__()
            if n_atoms:
                self.register_buffer("atoms", torch.linspace(v_min, v_max, steps=n_atoms))
            outputs = n_actions * max(n_atoms, 1)
            if n_inputs:
                self.network = nn.Sequential(nn.Linear(n_inputs, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
                                             nn.Linear(84, outputs))
            else:
                self.network = nn.Sequential(
                    nn.Conv2d(4, 32, 8, stride=4), nn.ReLU(), nn.Conv2d(32, 64, 4, stride=2), nn.ReLU(),
                    nn.Conv2d(64, 64, 3, stride=1), nn.ReLU(), nn.Flatten(), nn.Linear(3136, 512), nn.ReLU(),
                    nn.Linear(512, outputs))

        def forward(self, x):
            y = self.network(x if n_inputs else x / 255.0)
            if not n_atoms:
                return y
            pmfs = torch.softmax(y.view(len(x), n_actions, n_atoms), dim=2)
            return (pmfs * self.atoms).sum(2)

    return QNetwork


def check_cleanrl(network, tensors, path, states, want):
    import torch
    torch.set_num_threads(1)
    saved = torch.load(path, map_location="cpu", weights_only=True)
    n_inputs = states.shape[1] if states.ndim == 2 else 0
    if "noisy" in network and "c51" in network:
        from check_reading import Rainbow
        net, saved = Rainbow(), saved["model_weights"]
    elif "c51" in network:
        args, saved = saved["args"], saved["model_weights"]
        net = cleanrl_network(n_inputs, want.shape[1], args["n_atoms"])(args["v_min"], args["v_max"])
    else:
        net = cleanrl_network(n_inputs, want.shape[1], 0)()
    assert sorted(net.state_dict()) == sorted(saved), list(saved)
    net.load_state_dict(saved)
    with torch.no_grad():
        compare(network, net(torch.as_tensor(states)).numpy(), want)


def check_c(network, tensors, path, states, want):
    model, deepq = path.replace("model.c", "model.dat"), sys.argv[2]
    for options in ([], ["--quantize", "int8", "--states", "20"]):
        assert export(deepq, model, path, *options)
        subprocess.run(["cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O1", "-DDEEPQ_MODEL_MAIN",
                        path, "-o", f"{path}.bin", "-lm"], check=True)
        told = subprocess.run([f"{path}.bin"], stdout=subprocess.PIPE, text=True).stdout
        assert told == "3 states, 0 failures\n", f"{network}: {told}"
    print(f"{network}: float and int8 check themselves")


def compare(network, q, want):
    most = float(numpy.abs(q - want).max())
    assert q.shape == want.shape and most <= TOLERANCE, f"{network}: values differ by {most:.3g}"
    print(f"{network}: largest difference {most:.2g}")


CHECKS = {"torch": (check_torch, ".pth"), "safetensors": (check_safetensors, ".safetensors"),
          "onnx": (check_onnx, ".onnx"), "sb3": (check_sb3, ".zip"), "cleanrl": (check_cleanrl, ".cleanrl_model"),
          "c": (check_c, ".c")}


def main():
    if len(sys.argv) != 4 or sys.argv[1] not in CHECKS:
        sys.exit(__doc__)
    check, suffix = CHECKS[sys.argv[1]]
    library = Library(sys.argv[3])
    n_held = 0
    with tempfile.TemporaryDirectory() as folder:
        for network, model, tensors in models(library, folder):
            path = f"{folder}/model{suffix}"
            if not export(sys.argv[2], model, path):
                continue
            states = library.states(network)
            try:
                check(network, tensors, path, states, library.values(model, states))
            except ImportError as error:
                print(f"SKIP: {error}")
                sys.exit(77)
            n_held += 1
    assert n_held > 0
    print(f"{n_held} networks equal")


if __name__ == "__main__":
    main()
