#!/usr/bin/env python3
"""Runs a policy in the real environments and says how it went, a line of JSON for each episode: what
`pipeline evaluate imitation` reads.

    python3 rollout.py lunar-lander --episodes 10 --pipeline .build/release/pipeline
    python3 rollout.py push --episodes 10 --sheet push.png -- --model meta-world

What follows `--` goes to `pipeline run imitation`. `--sheet` makes a contact sheet of the first episode, or a GIF where it
ends in .gif. `--change main_engine=0.6` disturbs LunarLander: `main_engine` and `side_engine` are shares of the engines'
power from step `--change-at` on, `gravity` and `wind` are gymnasium's own.
"""

import argparse
import json
import sys

import numpy as np

import environments
from policy import Policy

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("environment", choices=environments.NAMES)
parser.add_argument("--episodes", type=int, default=100)
parser.add_argument("--first-seed", type=int, default=1_000_000, help="seeds that no demonstration has")
parser.add_argument("--executed", type=int, default=1, help="actions of a chunk that are carried out")
parser.add_argument("--task", help="that the policy is told, of several")
parser.add_argument("--pipeline", default="pipeline")
parser.add_argument("--sheet", help="a PNG or GIF of the first episode")
parser.add_argument("--change", action="append", default=[], metavar="name=value")
parser.add_argument("--change-at", type=int, default=0, metavar="step")
parser.add_argument("--alarm", type=float, default=0.99, help="say when surprise first exceeds this (with -- --surprise)")
split = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
options = parser.parse_args(sys.argv[1:split])

policy = Policy(*sys.argv[split + 1 :], pipeline=options.pipeline)
changes = dict((name, float(value)) for name, value in (change.split("=") for change in options.change))
powers = {name: changes.pop(name) for name in ("main_engine", "side_engine") if name in changes}
if "wind" in changes:
    changes |= {"enable_wind": True, "wind_power": changes.pop("wind")}
environment = environments.make(options.environment, render=options.sheet is not None, **changes)
normal = {}
if powers:
    from gymnasium.envs.box2d import lunar_lander

    normal = {"main_engine": lunar_lander.MAIN_ENGINE_POWER, "side_engine": lunar_lander.SIDE_ENGINE_POWER}


def set_powers(shares):
    for name, power in normal.items():
        setattr(lunar_lander, f"{name.upper()}_POWER", power * shares.get(name, 1))


frames, lines = [], []
for seed in range(options.first_seed, options.first_seed + options.episodes):
    set_powers({} if options.change_at else powers)
    observation, over, steps, trace = environment.reset(seed), False, 0, []
    seen, more = [observation], {"reset": True} | ({"task": options.task} if options.task else {})
    while not over:
        answer = policy(seen, **more)
        trace.append(answer.get("surprise"))
        seen, more = [], {}
        for action in answer["actions"][: options.executed]:
            if steps == options.change_at and options.change_at:
                set_powers(powers)
            observation, _, over = environment.step(np.array(action))
            seen.append(observation)
            steps += 1
            if options.sheet and seed == options.first_seed:
                frames.append(environment.environment.render())
            if over:
                break
    line = {"seed": seed, "return": float(environment.total), "success": bool(environment.succeeded()), "steps": steps}
    if any(value is not None for value in trace):
        # A chunk is asked for once in `executed` steps.
        alarms = [index * options.executed for index, value in enumerate(trace) if value and value > options.alarm]
        line["alarm"] = alarms[0] if alarms else None
    lines.append(line)
    print(json.dumps(line), flush=True)

returns, failures = [line["return"] for line in lines], [line for line in lines if not line["success"]]
summary = f"{len(lines)} episodes: mean return {np.mean(returns):.1f}, {100 - 100 * len(failures) / len(lines):.0f} % success"
if "alarm" in lines[0]:
    alarmed = [line for line in lines if line["alarm"] is not None]
    before = sum(line["alarm"] is not None for line in failures)
    summary += f"; an alarm in {100 * len(alarmed) / len(lines):.0f} %, in {before} of {len(failures)} failures"
    if alarmed:
        ahead = np.median([line["steps"] - line["alarm"] for line in alarmed])
        summary += f"; from it to the end {ahead:.0f} steps by the median"
print(summary, file=sys.stderr)

if options.sheet:
    from PIL import Image

    pictures = [Image.fromarray(frame) for frame in frames]
    if options.sheet.endswith(".gif"):
        small = [picture.resize((240, 240 * picture.height // picture.width)) for picture in pictures[::3]]
        small[0].save(options.sheet, save_all=True, append_images=small[1:], duration=60, loop=0)
    else:
        chosen = [pictures[round(index * (len(pictures) - 1) / 11)] for index in range(12)]
        width, height = 240, 240 * chosen[0].height // chosen[0].width
        sheet = Image.new("RGB", (6 * width, 2 * height))
        for index, picture in enumerate(chosen):
            sheet.paste(picture.resize((width, height)), (index % 6 * width, index // 6 * height))
        sheet.save(options.sheet)
