"""What the files of a run's artifacts foretell, to be held against what is seen.

It is no part of the answer: an artifact of which nothing can be said, because it is no SavedModel,
or is too large to be read along the way, has no prediction, and nothing else changes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_tfroundtrip.judge.records import RECORD_JSON
from pytest_tfroundtrip.prediction import Subject, predict
from pytest_tfroundtrip.savedmodel.model import Format
from pytest_tfroundtrip.savedmodel.reading import found_at, read_saved_model
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.observation import Observation

_PAYLOAD = "payload"
_KEPT = 64  # artifacts: loads of one come after each other
#: Bytes of ``saved_model.*`` that are read: a fraction of a second each.
_MOST = {Format.BINARY: 1 << 28, Format.TEXT: 1 << 20}
_NOT_LOADED = frozenset({Verdict.ABSENT, Verdict.ENV_ERROR, Verdict.UNSAVED})


class Predictions:
    """Of the artifacts of a run; may be asked by any thread."""

    def __init__(self) -> None:
        self._subject = lru_cache(maxsize=_KEPT)(_subject)

    def told(self, seen: Observation, cell: Cell, artifact: Path) -> Observation:
        """The observation of a load, with what was foretold of it."""
        if seen.verdict in _NOT_LOADED or cell.loader is None or cell.load_runtime is None:
            return seen
        try:
            subject = self._subject(artifact)
            if subject is None:
                return seen
            found = predict(subject, cell.loader, cell.load_runtime, cell.operation)
        except Exception:  # noqa: BLE001  whatever it is, it must not cost the cell its answer
            return seen
        if found.foreseen is None:
            return seen
        first = found.reasons[0]
        return replace(seen, predicted=found.foreseen, predicted_reason=first.sentence)


def _subject(artifact: Path) -> Subject | None:
    """The meta graph that loads of an artifact read; None where there is none to be had."""
    contract = json.loads((artifact / RECORD_JSON).read_bytes())["contract"]
    payload = artifact / _PAYLOAD
    if not any((payload / f"saved_model.{form}").is_file() for form in Format):
        return None  # a meta graph, or a GraphDef
    found = found_at(payload)
    if found.file.stat().st_size > _MOST[found.format]:
        return None
    model = read_saved_model(found)
    tags = set(contract["tags"])
    graphs = [graph for graph in model.meta_graphs if set(graph.stamp.tags) == tags]
    return Subject(model, graphs[0]) if len(graphs) == 1 else None
