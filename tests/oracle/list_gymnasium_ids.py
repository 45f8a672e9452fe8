"""Writes tests/data/gymnasium_ids.txt: the Atari ids that ale-py registers with Gymnasium.

Usage: list_gymnasium_ids.py > tests/data/gymnasium_ids.txt   (needs gymnasium and ale-py)
One line each: id, rom id, shortest and longest frame skip, sticky action probability, frame cap.
"""

import ale_py
import gymnasium

gymnasium.register_envs(ale_py)
lines = []
for spec in gymnasium.registry.values():
    if spec.entry_point != "ale_py.env:AtariEnv":
        continue
    k = spec.kwargs
    assert k["full_action_space"] is False
    low, high = k["frameskip"], k["frameskip"]
    if isinstance(low, tuple):
        low, high = low[0], high[1] - 1
    lines.append(f"{spec.id} {k['game']} {low} {high} {k['repeat_action_probability']} "
                 f"{k['max_num_frames_per_episode']}")
print(f"# gymnasium {gymnasium.__version__}, ale-py {ale_py.__version__}")
print("\n".join(sorted(lines)))
