"""Writes demonstrations.npz as samples/imitation/record.py does: two episodes, of three steps and two.

    pip install numpy
    python3 make_demonstrations.py
"""

from pathlib import Path

import numpy as np

np.savez_compressed(
    Path(__file__).parent / "demonstrations.npz",
    observations=np.arange(10, dtype=np.float32).reshape(5, 2),
    actions=np.arange(5, dtype=np.float32).reshape(5, 1),
    episodes=np.array([0, 0, 0, 1, 1]),
    executed=np.arange(5, dtype=np.float32).reshape(5, 1) + 0.5,
    times=np.array([0, 0.1, 0.2, 0, 0.1]),
)
