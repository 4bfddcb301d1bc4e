"""What the files of a run's artifacts foretell, to be held against what is seen.

It is no part of the answer: an artifact of which nothing can be said, because it is no SavedModel,
or is too large to be read along the way, has no prediction, and nothing else changes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from pytest_tfroundtrip.engine.files import model_at
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.judge.records import RECORD_JSON
from pytest_tfroundtrip.prediction import Subject, predict
from pytest_tfroundtrip.savedmodel.model import Format
from pytest_tfroundtrip.savedmodel.reading import found_at
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.engine.artifacts import Saved
    from pytest_tfroundtrip.observation import Observation

_PAYLOAD = "payload"
_KEPT = 64  # artifacts: loads of one come after each other
#: Bytes of ``saved_model.*`` that are read: a fraction of a second each.
_MOST = {Format.BINARY: 1 << 28, Format.TEXT: 1 << 20}
_UNCALLED = "values (not called"  # see judge_inference
_NOT_LOADED = frozenset({Verdict.ABSENT, Verdict.ENV_ERROR, Verdict.UNSAVED})


class Predictions:
    """Of the artifacts of a run; may be asked by any thread."""

    def __init__(self) -> None:
        self._subject = lru_cache(maxsize=_KEPT)(_subject)

    def told(self, seen: Observation, cell: Cell, saved: Saved) -> Observation:
        """The observation of a load, with what was foretold of it."""
        model = cell.save.model
        named = model.tags if isinstance(model, Folder) and cell.save.resaved is None else None
        loader, runtime, folder = cell.loader, cell.load_runtime, saved.folder
        if seen.verdict in _NOT_LOADED or loader is None or runtime is None or folder is None:
            return seen
        if any(part.startswith(_UNCALLED) for part in seen.not_compared):
            return seen  # what is foretold is of a load and a call
        try:
            subject = self._subject(folder, saved.payload, named)
            if subject is None:
                return seen
            found = predict(subject, loader, runtime, cell.operation)
        except Exception:  # noqa: BLE001  whatever it is, it must not cost the cell its answer
            return seen
        if found.foreseen is None:
            return seen
        first = found.reasons[0]
        return replace(seen, predicted=found.foreseen, predicted_reason=first.sentence)


def _subject(artifact: Path, payload: Path | None, named: tuple[str, ...] | None) -> Subject | None:
    """The meta graph that loads of an artifact read; None where there is none to be had.

    Args:
        artifact: its folder.
        payload: the SavedModel, where it is not in there.
        named: the tags that loads of somebody's folder say; None of what was saved here.
    """
    place = payload or artifact / _PAYLOAD
    if not any((place / f"saved_model.{form}").is_file() for form in Format):
        return None  # a meta graph, or a GraphDef
    found = found_at(place)
    if found.file.stat().st_size > _MOST[found.format]:
        return None
    tags = named
    if tags is None:
        tags = json.loads((artifact / RECORD_JSON).read_bytes())["contract"]["tags"]
    model = model_at(found)
    graphs = [graph for graph in model.meta_graphs if set(graph.stamp.tags) == set(tags)]
    return Subject(model, graphs[0], named is not None) if len(graphs) == 1 else None
