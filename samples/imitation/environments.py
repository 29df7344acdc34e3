"""The environments that the samples record from and drive: LunarLander-v3 with continuous actions, and six tasks of
Meta-World, with the experts that gymnasium and Meta-World bring along.

    pip install "gymnasium[box2d]" metaworld numpy
"""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np

META_WORLD = ["reach", "push", "pick-place", "drawer-close", "button-press-topdown", "window-open"]
NAMES = ["lunar-lander"] + META_WORLD


class LunarLander:
    """8 numbers observed, 2 of −1…1 acted with, 50 steps a second. Success is a return of 200, as gymnasium has it."""

    def __init__(self, render=False, **changes):
        import gymnasium

        self.environment = gymnasium.make(
            "LunarLander-v3", continuous=True, render_mode="rgb_array" if render else None, **changes
        )
        self.task = None
        self.seconds = 1 / 50

    def reset(self, seed):
        self.total = 0
        return self.environment.reset(seed=seed)[0]

    def step(self, action):
        observation, reward, ended, cut, _ = self.environment.step(np.asarray(action, dtype=np.float32))
        self.total += reward
        return observation, reward, ended or cut

    def succeeded(self):
        return self.total >= 200

    def expert(self, observation):
        from gymnasium.envs.box2d.lunar_lander import heuristic

        return np.clip(heuristic(self.environment.unwrapped, observation), -1, 1)


class MetaWorld:
    """39 numbers observed (the goal among them), 4 of −1…1 acted with, 12.5 ms each. An episode ends with its success."""

    steps = 300

    def __init__(self, task, render=False):
        from metaworld import policies
        from metaworld.env_dict import ALL_V3_ENVIRONMENTS_GOAL_OBSERVABLE as environments

        self.task = task
        self.seconds = 1 / 80
        make = environments[f"{task}-v3-goal-observable"]
        self.environment = make(seed=0, render_mode="rgb_array" if render else None)
        # Another place for everything in each episode.
        self.environment._freeze_rand_vec = False
        self.environment.seeded_rand_vec = True
        name = "".join(part.capitalize() for part in task.split("-"))
        self.policy = getattr(policies, f"Sawyer{name}V3Policy")()

    def reset(self, seed):
        self.environment.seed(seed)
        self.total, self.count, self.done = 0, 0, False
        return self.environment.reset(seed=seed)[0]

    def step(self, action):
        observation, reward, _, _, info = self.environment.step(np.clip(action, -1, 1))
        self.total += reward
        self.count += 1
        self.done = self.done or bool(info["success"])
        return observation, reward, self.done or self.count >= self.steps

    def succeeded(self):
        return self.done

    def expert(self, observation):
        return np.clip(self.policy.get_action(observation), -1, 1)


def make(name, **options):
    if name not in NAMES:
        raise SystemExit(f"there is no environment '{name}'; one of {', '.join(NAMES)} would be right")
    return LunarLander(**options) if name == "lunar-lander" else MetaWorld(name, **options)
