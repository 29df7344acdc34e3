#!/usr/bin/env python3
"""Records demonstrations of an environment's own expert, or of PushT's planner, a step a line, as `pipeline train imitation --data` takes them.

    python3 record.py lunar-lander --episodes 100 -o lunar-lander.jsonl
    python3 record.py reach push pick-place --episodes 30 -o meta-world.jsonl

`-o` may end in .npz for a single environment. Episodes that the expert fails are left out, and said. With `--noise` the
expert's actions are disturbed before they are carried out, and what the expert wanted is recorded beside that: so the
demonstrations show how to come back (Laskey et al. 2017, "DART: noise injection for robust imitation learning"), and what
follows from actions that the expert would not take.
"""

import argparse
import json
import sys

import numpy as np

import environments

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("environments", nargs="+", choices=environments.NAMES, metavar="environment")
parser.add_argument("--episodes", type=int, default=100, help="of each environment")
parser.add_argument("--first-seed", type=int, default=0, help="of the first episode")
parser.add_argument("--noise", type=float, default=0, help="deviation of what disturbs each action")
parser.add_argument("-o", "--output", required=True)
options = parser.parse_args()
if options.output.endswith(".npz") and len(options.environments) > 1:
    parser.error("an .npz file holds one environment; .jsonl would be right for several")

rows, returns = [], []
for name in options.environments:
    environment = environments.make(name)
    kept, seed = 0, options.first_seed
    while kept < options.episodes:
        random = np.random.default_rng(seed)
        observation, over, episode = environment.reset(seed), False, []
        while not over:
            action = environment.expert(observation)
            executed = np.clip(action + options.noise * random.normal(size=len(action)), -1, 1)
            episode.append((observation, action, len(episode) * environment.seconds, executed))
            observation, _, over = environment.step(executed)
        if environment.succeeded():
            returns.append(environment.total)
            rows += [(name, f"{name}-{seed}", *step) for step in episode]
            kept += 1
        else:
            print(f"{name}: the expert failed with seed {seed}", file=sys.stderr)
        seed += 1
    print(f"{name}: {kept} episodes, mean return {np.mean(returns[-kept:]):.1f}", file=sys.stderr)

if options.output.endswith(".npz"):
    names = [row[1] for row in rows]
    np.savez_compressed(
        options.output,
        observations=np.array([row[2] for row in rows], dtype=np.float32),
        actions=np.array([row[3] for row in rows], dtype=np.float32),
        episodes=np.unique(names, return_inverse=True)[1].astype(np.int64),
        times=np.array([row[4] for row in rows], dtype=np.float64),
        executed=np.array([row[5] for row in rows], dtype=np.float32),
    )
else:
    several = len(options.environments) > 1
    with open(options.output, "w") as file:
        for name, episode, observation, action, time, executed in rows:
            step = {
                "episode": episode,
                "time": round(time, 4),
                "observation": [round(float(value), 6) for value in observation],
                "action": [round(float(value), 6) for value in action],
            }
            if options.noise:
                step["executed"] = [round(float(value), 6) for value in executed]
            file.write(json.dumps(({"task": name} if several else {}) | step) + "\n")
