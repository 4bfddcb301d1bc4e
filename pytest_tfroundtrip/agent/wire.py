"""The protocol between plugin and agent: the one file both sides read (Python 3.6 syntax).

Messages are JSON objects, one a line, on the agent's original stdin and stdout. Tensors travel as
``.npz`` files without pickle.

Plugin to agent::

    {"type": "step", "id": 7, "action": "save" | "load", "log": FILE, "folder": DIR,
     "timeout": SECONDS, ...}
    {"type": "cancel", "id": 7}

Agent to plugin::

    {"type": "hello", "protocol": 1, "versions": {...}, "import_seconds": 2.4, "pid": 1, ...}
    {"type": "unusable", "protocol": 1, "exception": ..., "message": ...}   import failed
    {"type": "result", "id": 7, "status": "ok" | "raised" | "crashed" | "timeout" | "cancelled",
     "seconds": 0.1, ...}
"""

import json
from typing import Any, Dict, NamedTuple

import numpy as np

PROTOCOL = 1

#: A tensor outside of TensorFlow. ``dtype`` is TensorFlow's name of it ("float32", "bfloat16",
#: "string", ...); ``value`` a numpy array of that shape: bytes objects for "string", float32 for
#: "bfloat16" (which numpy does not have; the widening is exact), else of that very dtype.
Tensor = NamedTuple("Tensor", [("dtype", str), ("value", Any)])

_META = "__tensors__"


def encode_message(message: Dict[str, Any]) -> bytes:
    """Return a JSON-able dict as one line of bytes.

    NaN and infinity are not JSON and are refused (ValueError).
    """
    text = json.dumps(message, allow_nan=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8") + b"\n"


def decode_message(line: bytes) -> Dict[str, Any]:
    """Return the dict of one line; ValueError where it is no JSON object."""
    message = json.loads(line.decode("utf-8"))  # type: Any
    if not isinstance(message, dict):
        raise ValueError("not a message: %r" % (line[:200],))
    return message


def tensor(value: Any, dtype: Any = None) -> Tensor:
    """Return the :data:`Tensor` of a numpy array or scalar; ``dtype`` names TensorFlow's type.

    Arrays of str, bytes or object become "string" with bytes elements (str as UTF-8).
    """
    array = np.asarray(value)
    name = dtype or array.dtype.name
    if name == "string" or array.dtype.kind in "OSU":
        return Tensor("string", _bytes_array(array))
    if name == "bfloat16":
        return Tensor(name, np.asarray(array, dtype=np.float32))
    return Tensor(name, array)


def write_tensors(path: Any, tensors: Dict[str, Any]) -> None:
    """Write a dict of name to :data:`Tensor` or array into one ``.npz``; any name will do."""
    arrays = {}  # type: Dict[str, Any]
    meta = []
    for index, name in enumerate(sorted(tensors)):
        item = tensors[name]
        if not isinstance(item, Tensor):
            item = tensor(item)
        key = "t%d" % index
        meta.append({"name": name, "dtype": item.dtype, "key": key})
        if item.dtype == "string":
            flat = [bytes(element) for element in item.value.ravel()]
            lengths = np.array([len(element) for element in flat], dtype=np.int64)
            arrays[key] = lengths.reshape(item.value.shape)
            arrays[key + "b"] = np.frombuffer(b"".join(flat), dtype=np.uint8)
        elif item.dtype == "bfloat16":
            # The upper half of a float32 is the bfloat16: no rounding, the widening was exact.
            bits = np.ascontiguousarray(item.value, dtype=np.float32).view(np.uint32)
            arrays[key] = (bits >> 16).astype(np.uint16).reshape(item.value.shape)
        else:
            arrays[key] = item.value
    text = json.dumps(meta, sort_keys=True).encode("utf-8")
    arrays[_META] = np.frombuffer(text, dtype=np.uint8)
    with open(path, "wb") as file:
        np.savez(file, **arrays)


def read_tensors(path: Any, wanted: Any = None) -> Dict[str, Tensor]:
    """Return what :func:`write_tensors` wrote: a dict of name to :data:`Tensor`.

    ``wanted(name)`` chooses which of them are read; None reads all.

    Raises ValueError, OSError, KeyError or zipfile.BadZipFile where the file is damaged.
    """
    tensors = {}
    # Opened here: numpy leaves a file that is no zip open.
    with open(path, "rb") as raw, np.load(raw, allow_pickle=False) as file:
        meta = json.loads(file[_META].tobytes().decode("utf-8"))
        for entry in meta:
            if wanted is not None and not wanted(entry["name"]):
                continue
            array = file[entry["key"]]
            if entry["dtype"] == "string":
                array = _split(array, file[entry["key"] + "b"].tobytes())
            elif entry["dtype"] == "bfloat16":
                # With a plain 16, numpy 1 makes 64 bits of an array without dimensions.
                bits = array.astype(np.uint32) << np.uint32(16)
                array = bits.view(np.float32).reshape(array.shape)
            tensors[entry["name"]] = Tensor(entry["dtype"], array)
    return tensors


def _bytes_array(array: Any) -> Any:
    strings = np.empty(array.shape, dtype=object)
    flat, source = strings.reshape(-1), array.reshape(-1)
    for index in range(source.size):
        element = source[index]
        flat[index] = element.encode("utf-8") if isinstance(element, str) else bytes(element)
    return strings


def _split(lengths: Any, data: bytes) -> Any:
    strings = np.empty(lengths.shape, dtype=object)
    flat, start = strings.reshape(-1), 0
    for index, length in enumerate(lengths.reshape(-1).tolist()):
        flat[index] = data[start : start + length]
        start += length
    return strings
