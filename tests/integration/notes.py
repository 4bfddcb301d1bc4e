"""A plugin for a run's own process (``-p notes``): writes what the agents noted on each load."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.observation import Observation

FILE = Path("notes.json")

_engine = importlib.import_module("pytest_tfroundtrip.engine.engine")
_observe = vars(_engine)["observe_load"]
_notes: dict[str, list[str]] = {}


def _noting(cell: Cell, answer: dict[str, Any]) -> Observation:
    _notes[cell.id] = answer.get("notes") or []
    observation: Observation = _observe(cell, answer)
    return observation


vars(_engine)["observe_load"] = _noting


def pytest_sessionfinish() -> None:
    FILE.write_text(json.dumps(_notes), encoding="utf-8")
