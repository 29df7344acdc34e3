"""A policy as a co-process: `pipeline run imitation -` answers an observation a line with a chunk of actions."""

import json
import subprocess


class Policy:
    def __init__(self, *arguments, pipeline="pipeline"):
        self.process = subprocess.Popen(
            [pipeline, "run", "imitation", *arguments, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, observations, **more):
        """Of all observations since the last call: `actions`, a chunk of them, and `surprise` where it was asked for."""
        line = {"observations": [[float(value) for value in row] for row in observations], **more}
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise ValueError(answer["error"])
        return answer
