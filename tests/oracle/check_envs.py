#!/usr/bin/env python3
"""Stable-Baselines3's and Gymnasium's check_env on every id of the package, ALE's names as well.

    check_envs.py [WORD]      only the ids that WORD is in

Needs stable-baselines3, gymnasium, the ROMs, and deepq installed (or PYTHONPATH=build/python). Prints the ids
that fail or have a space that Stable-Baselines3 does not take, how many pass, and ends with 1 when one fails.
"""

import sys
import warnings

import gymnasium
import stable_baselines3
from gymnasium.utils.env_checker import check_env as check_gymnasium
from stable_baselines3.common.env_checker import check_env as check_sb3

import deepq
import deepq.ale

word = sys.argv[1] if len(sys.argv) > 1 else ""
ours = ("deepq.", "deepq:")
ids = sorted(i for i, spec in gymnasium.registry.items() if str(spec.entry_point).startswith(ours) and word in i)
n_sb3 = n_gymnasium = n_bad = 0
warnings.simplefilter("ignore")
for env_id in ids:
    try:
        env = gymnasium.make(env_id)
        check_gymnasium(env.unwrapped, skip_render_check=True)
        n_gymnasium += 1
        if isinstance(env.observation_space, gymnasium.spaces.Tuple):
            print(f"{env_id}: Stable-Baselines3 has no Tuple observations")
        else:
            check_sb3(env.unwrapped, warn=False)
            n_sb3 += 1
        env.close()
    except Exception as e:  # noqa: BLE001: whatever a checker raises
        n_bad += 1
        print(f"{env_id}: {type(e).__name__}: {str(e)[:200]}")
print(f"gymnasium {gymnasium.__version__}: {n_gymnasium} of {len(ids)} pass; "
      f"stable-baselines3 {stable_baselines3.__version__}: {n_sb3}; {n_bad} fail")
sys.exit(n_bad > 0)
