"""Ways to do the same thing, each in a process of its own, that take turns."""

import json
import subprocess
import sys
import time


class Way:
    """A process that answers every line that it is sent with a line of JSON."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def __call__(self, line=""):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"bench: {' '.join(self.process.args)} ended; run it alone to see why")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def take_turns(commands, rounds, warmups=2, slow=float("inf")):
    """Seconds of every round and peak memory (MB) of each way.

    The warm-ups do not count, except of a way whose last one took longer than `slow` seconds: it is not asked again.
    """
    ways = {name: Way(command) for name, command in commands.items()}
    seconds = {name: [] for name in ways}
    memory = {}
    for turn in range(warmups + rounds):
        for name, way in ways.items():
            if turn >= warmups and seconds[name][warmups - 1] > slow:
                continue
            # Until the threads of the one before have stopped waiting for work.
            time.sleep(0.3)
            answer = way()
            memory[name] = answer["peakMegabytes"]
            seconds[name].append(answer["seconds"])
    for way in ways.values():
        way.close()
    return {name: (values[warmups:] or values[-1:], memory[name]) for name, values in seconds.items()}
