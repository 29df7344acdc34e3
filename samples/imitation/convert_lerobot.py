#!/usr/bin/env python3
"""Makes demonstrations of a data set in lerobot's layout (v2: a Parquet file for each episode, v3: several in one).

    pip install pyarrow numpy
    python3 convert_lerobot.py FOLDER -o demonstrations.jsonl

FOLDER holds `meta/` and `data/`, as `huggingface-cli download --repo-type dataset` lays it. Columns `observation.state` (and
`observation.environment_state`, where there is one) become the observation, `action` the action; pictures are left out. `-o`
may end in .npz for a data set of one task.
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import pyarrow.parquet as parquet

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder", type=pathlib.Path)
parser.add_argument("-o", "--output", required=True)
options = parser.parse_args()

files = sorted(options.folder.glob("data/chunk-*/*.parquet"))
if not files:
    sys.exit(f"{options.folder} holds no data/chunk-*/*.parquet; a data set in lerobot's layout would be right")
tasks = {}
if (options.folder / "meta/tasks.jsonl").exists():
    for line in (options.folder / "meta/tasks.jsonl").read_text().splitlines():
        entry = json.loads(line)
        tasks[entry["task_index"]] = entry["task"]
elif (options.folder / "meta/tasks.parquet").exists():
    table = parquet.read_table(options.folder / "meta/tasks.parquet").to_pydict()
    # pandas writes the index, which is the task's text, as a column of its own.
    names = table.get("task") or table["__index_level_0__"]
    tasks = dict(zip(table["task_index"], names))

rows = []
for file in files:
    table = parquet.read_table(file).to_pydict()
    seen = [name for name in ("observation.state", "observation.environment_state") if name in table]
    if not seen or "action" not in table:
        sys.exit(f"{file} has no column {'action' if seen else 'observation.state'}")
    for index in range(len(table["action"])):
        observation = np.concatenate([np.atleast_1d(table[name][index]) for name in seen])
        action = np.atleast_1d(table["action"][index])
        rows.append((table["episode_index"][index], table["frame_index"][index], table["timestamp"][index],
                     table.get("task_index", [0] * (index + 1))[index], observation, action))
rows.sort(key=lambda row: row[:2])

several = len({row[3] for row in rows}) > 1
if options.output.endswith(".npz"):
    if several:
        sys.exit("the data set has several tasks, which .npz does not hold; .jsonl would be right")
    np.savez_compressed(
        options.output, observations=np.array([row[4] for row in rows], dtype=np.float32),
        actions=np.array([row[5] for row in rows], dtype=np.float32), episodes=np.array([row[0] for row in rows]),
        times=np.array([row[2] for row in rows], dtype=np.float64))
else:
    with open(options.output, "w") as file:
        for episode, _, time, task, observation, action in rows:
            line = {"episode": episode, "time": time, "observation": observation.tolist(), "action": action.tolist()}
            file.write(json.dumps(({"task": tasks.get(task, str(task))} if several else {}) | line) + "\n")
print(f"{len({row[0] for row in rows})} episodes, {len(rows)} steps", file=sys.stderr)
