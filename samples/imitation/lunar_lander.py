#!/usr/bin/env python3
"""Lands gymnasium's LunarLander-v3 with a policy that runs as a co-process: the whole of what a control loop needs.

    python3 lunar_lander.py [--pipeline .build/release/pipeline]
"""

import sys

import gymnasium

from policy import Policy

policy = Policy("--model", "lunar-lander", pipeline=sys.argv[2] if len(sys.argv) > 2 else "pipeline")
environment = gymnasium.make("LunarLander-v3", continuous=True)
for seed in range(5):
    observation, total, over, begun = environment.reset(seed=seed)[0], 0, False, False
    while not over:
        action = policy([observation], reset=not begun)["actions"][0]
        observation, reward, ended, cut, _ = environment.step(action)
        total, over, begun = total + reward, ended or cut, True
    print(f"seed {seed}: return {total:.1f}")
