"""Naming the cause of what was seen of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.causes.catalogue import Cause, applying, causes, possible
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.observation import FileFault, Observation


@dataclass(frozen=True)
class Diagnosis:
    """A cause, with the names that this very message gave filled in."""

    cause: Cause
    sentence: str
    remedy: str


def diagnose(observation: Observation, cell: Cell) -> Diagnosis | None:
    """The cause of what was seen, None for what is unknown (and for ``same``).

    TensorFlow's message is searched, then its traceback, where the error that was the reason for
    another one stands, then what the loader noted: numbers by themselves say nothing. Causes known
    to strike this cell come before those that could, these before all others; among equals the
    order of ``causes.toml`` decides. Files that TensorFlow cannot load come before all that.
    """
    if observation.fault is not None and observation.verdict in _OF_FILES:
        return _of_files(observation.fault)
    for text in (observation.message, observation.traceback, *observation.notes):
        if not text:
            continue
        for cause in _ranked(cell):
            if not _can_be(cause, observation) or not cause.within(cell):
                continue
            groups = cause.search(text)
            if groups is not None:
                return Diagnosis(cause, cause.says(groups), cause.advises(groups))
    return None


#: What comes of files that cannot be loaded.
_OF_FILES = (Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMEOUT)


def _of_files(fault: FileFault) -> Diagnosis:
    cause = Cause(fault.id, (), fault.sentence, fault.remedy, "every release", "")
    return Diagnosis(cause, fault.sentence, fault.remedy)


def _ranked(cell: Cell) -> Iterator[Cause]:
    seen: set[str] = set()
    for group in (applying(cell), possible(cell), causes()):
        for cause in group:
            if cause.id not in seen:
                seen.add(cause.id)
                yield cause


def _can_be(cause: Cause, observation: Observation) -> bool:
    # An artifact that could not be made carries the save's own message; a broken environment may
    # show at the import or not before the first step that needs the broken part.
    seen = observation.verdict
    verdicts = {
        Verdict.UNSAVED: (Verdict.REFUSED, Verdict.ENV_ERROR),
        Verdict.REFUSED: (Verdict.REFUSED, Verdict.ENV_ERROR),
    }.get(seen, (seen,))
    if cause.verdict not in verdicts:
        return False
    return not cause.stages or observation.stage is None or observation.stage in cause.stages
