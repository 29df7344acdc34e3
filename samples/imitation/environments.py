"""The environments that the samples record from and drive: LunarLander-v3 with continuous actions and six tasks of
Meta-World, with the experts that gymnasium and Meta-World bring along, and gym-pusht's PushT with a planner.

    pip install "gymnasium[box2d]" metaworld gym-pusht numpy
"""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np

META_WORLD = ["reach", "push", "pick-place", "drawer-close", "button-press-topdown", "window-open"]
NAMES = ["lunar-lander", "push-t"] + META_WORLD


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


class PushT:
    """18 numbers observed (the agent, and the block's eight corners), 2 of −1…1 acted with (where the agent is to go), 0.1 s
    each. Success is a coverage of 95 %, within 300 steps, as gym-pusht has it; the return is the largest coverage in percent."""

    steps = 300

    def __init__(self, render=False):
        # It can always be rendered.
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
        from gym_pusht.envs.pusht import PushTEnv

        self.environment = PushTEnv(obs_type="environment_state_agent_pos")
        self.task = None
        self.seconds = 0.1

    def observed(self, seen):
        return np.concatenate([seen["agent_pos"], seen["environment_state"]]) / 256 - 1

    def reset(self, seed):
        self.total, self.count, self.done, self.planner = 0, 0, False, None
        return self.observed(self.environment.reset(seed=seed)[0])

    def step(self, action):
        seen, _, self.done, _, info = self.environment.step((np.clip(action, -1, 1) + 1) * 256)
        coverage = 100 * info["coverage"]
        self.total = max(self.total, coverage)
        self.count += 1
        return self.observed(seen), coverage, self.done or self.count >= self.steps

    def succeeded(self):
        return self.done

    def expert(self, observation):
        from push_t_planner import Planner

        self.planner = self.planner or Planner()
        block = self.environment.block
        target = self.planner.act(np.array(self.environment.agent.position), np.array((*block.position, block.angle)))
        return np.clip(target / 256 - 1, -1, 1)


def make(name, **options):
    if name not in NAMES:
        raise SystemExit(f"there is no environment '{name}'; one of {', '.join(NAMES)} would be right")
    kinds = {"lunar-lander": LunarLander, "push-t": PushT}
    return kinds[name](**options) if name in kinds else MetaWorld(name, **options)
