"""What a container may have: the table ``[tool.tf_roundtrip.sandbox]``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pytest_tfroundtrip.errors import UsageProblem, meant

_TITLE = "pyproject.toml: [tool.tf_roundtrip.sandbox]"
#: What the table may say.
KEYS = {
    "memory": 'of a container, as in "4g"; what lies in /tmp counts (default: half of the'
    " machine's)",
    "pids": "processes and threads (default: 4096)",
    "cpus": "cores (default: as many as steps run at once)",
    "tmp": "of /tmp (default: 512m)",
    "disk": "that one step may write (default: 4g)",
}
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)i?b?", re.IGNORECASE)
_LEAST = {"memory": 256 << 20, "tmp": 1 << 20, "disk": 1 << 20, "pids": 64, "cpus": 0.1}


@dataclass(frozen=True)
class Limits:
    """How much a container may have; sizes in bytes."""

    memory: int | None = None  # None: half of the engine's machine; what is in /tmp counts
    pids: int = 4096  # processes and threads: TensorFlow starts some per core and child
    cpus: float | None = None  # cores; None: as many as steps run at once
    tmp: int = 512 << 20  # of /tmp
    disk: int = 4 << 30  # that one step may write


def read_limits(table: Any) -> Limits:
    """The limits that a table states, such as ``{"memory": "4g", "pids": 1000}``.

    Raises:
        UsageProblem: what is wrong with it.
    """
    if not isinstance(table, dict):
        msg = f'{_TITLE}: a table was expected, as in memory = "4g", not {table!r}'
        raise UsageProblem(msg)
    for key in table:
        if key not in KEYS:
            msg = f"{_TITLE}: unknown key {key!r}.{meant(key, KEYS)} There are: {', '.join(KEYS)}"
            raise UsageProblem(msg)
    return Limits(**{key: _read(key, value) for key, value in table.items()})


def _read(key: str, value: Any) -> Any:
    if key in ("pids", "cpus"):
        whole = key == "pids"
        ok = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
        number, wanted = value, "a whole number" if whole else "a number of cores"
    else:
        number = _bytes(value)
        ok, wanted = number is not None, 'a size such as "4g" or "512m"'
    if not ok:
        msg = f"{_TITLE}: {key} has to be {wanted}, not {value!r}"
        raise UsageProblem(msg)
    if number < _LEAST[key]:
        least = _LEAST[key]
        shown = f"{int(least) >> 20}m" if least >= 1 << 20 else f"{least}"
        msg = f"{_TITLE}: {key} = {value!r} is too little: {shown} at least"
        raise UsageProblem(msg)
    return number


def _bytes(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(float(found[1]) * _UNITS[found[2].lower()]) if found else None
