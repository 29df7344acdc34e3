"""Writes the golden files of the Torch room's file formats with Python's own libraries.

    pip install numpy safetensors
    python3 make_host_golden.py            # writes the files beside this script
    python3 make_host_golden.py check DIR  # reads what the Swift tests wrote into DIR (PIPELINE_GOLDEN_OUT=DIR)
"""

import struct
import sys
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

HERE = Path(__file__).parent

TYPES = ["bool", "uint8", "int8", "int16", "uint16", "float16", "int32", "uint32", "float32", "float64", "int64", "uint64"]


def arrays():
    """One array [2, 3] of each type, with its extremes; then shapes at the border."""
    result = {}
    for name in TYPES:
        dtype = np.dtype(name)
        if dtype.kind == "b":
            values = np.array([[0, 1, 1], [0, 0, 1]], dtype)
        elif dtype.kind in "iu":
            info = np.iinfo(dtype)
            values = np.array([[info.min, 0, 1], [2, 3, info.max]], dtype)
        else:
            info = np.finfo(dtype)
            values = np.array([[info.min, -0.0, info.smallest_subnormal], [1 / 3, info.max, np.inf]], dtype)
        result[name] = values
    result["scalar"] = np.array(-1.5, np.float32)
    result["empty"] = np.zeros((0, 4), np.float32)
    result["line"] = np.arange(5, dtype=np.int64)
    return result


def make():
    everything = arrays()
    everything["näme \"with\" \\ and \n"] = np.array([1, 2, 3], np.uint8)
    # One text only: the reference implementation writes several in no particular order.
    (HERE / "types.safetensors").write_bytes(save(everything, {"note": "é \"quoted\" \\ / \t \x01 \U0001F600"}))
    for name, values in arrays().items():
        np.save(HERE / f"{name}.npy", values)
    cube = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    members = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.arange(100, dtype=np.int64)}
    np.savez(HERE / "stored.npz", **members)
    np.savez_compressed(HERE / "deflated.npz", **members)
    np.save(HERE / "fortran.npy", np.asfortranarray(cube))
    np.save(HERE / "big_endian.npy", cube.astype(">f4"))
    np.save(HERE / "object.npy", np.array([None, "x"], object), allow_pickle=True)
    np.save(HERE / "structured.npy", np.zeros(2, [("a", "<f4"), ("b", "<i4")]))
    for version in [(2, 0), (3, 0)]:
        with open(HERE / f"version{version[0]}.npy", "wb") as file:
            np.lib.format.write_array(file, cube, version=version)


def check(folder):
    expected = arrays()
    for name, values in expected.items():
        read = np.load(folder / f"{name}.npy")
        assert read.dtype == values.dtype and read.shape == values.shape and read.tobytes() == values.tobytes(), name
    with safe_open(folder / "written.safetensors", "numpy") as file:
        assert file.metadata() == {"note": "é \"quoted\" \\ / \t \x01 \U0001F600", "second": "text"}, file.metadata()
        for name, values in expected.items():
            read = file.get_tensor(name)
            assert read.dtype == values.dtype and read.shape == values.shape and read.tobytes() == values.tobytes(), name
    raw = (folder / "written.safetensors").read_bytes()
    assert struct.unpack("<Q", raw[:8])[0] % 8 == 0
    print(f"{len(expected)} npy files and a safetensors file read back")


if __name__ == "__main__":
    check(Path(sys.argv[2])) if sys.argv[1:2] == ["check"] else make()
