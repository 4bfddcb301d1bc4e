"""Naming the cause of what was seen of a cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.causes.catalogue import Cause, applying, causes, possible
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

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
    order of ``causes.toml`` decides.

    What is wrong with the files is the cause where the text is one that TensorFlow is known to
    give for it, and where the message is nobody's and TensorFlow is known not to load such files.
    Where a cause knows the message, whole files would be refused as well: it is told first, and
    the files besides.
    """
    faults = observation.faults if observation.verdict in _OF_FILES else ()
    stopping = next((fault for fault in faults if fault.stops), None)
    texts = (observation.message, observation.traceback, *observation.notes)
    for number, text in enumerate(texts):
        if text and (fault := _speaking(faults, text)):
            return _of_files(fault)
        if text and (found := _named(text, observation, cell)):
            return _besides(found, stopping) if stopping else found
        if number == 0 and stopping:
            return _of_files(stopping)
    return None


#: What comes of files that cannot be loaded.
_OF_FILES = (Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMEOUT)


def _speaking(faults: Iterable[FileFault], text: str) -> FileFault | None:
    """The fault that TensorFlow's text is about."""
    for fault in faults:
        if any(re.search(message, text) for message in fault.messages):
            return fault
    return None


def _of_files(fault: FileFault) -> Diagnosis:
    cause = Cause(fault.id, (), fault.sentence, fault.remedy, "every release", "")
    return Diagnosis(cause, fault.sentence, fault.remedy)


def _besides(found: Diagnosis, fault: FileFault) -> Diagnosis:
    """A cause that would strike whole files as well, with what is wrong with these."""
    return Diagnosis(
        found.cause,
        f"{found.sentence} Besides, its files cannot be loaded as they are: {fault.sentence}",
        f"{found.remedy} The files need mending wherever it is loaded: {fault.remedy}",
    )


def _named(text: str, observation: Observation, cell: Cell) -> Diagnosis | None:
    """The first cause whose words are in a text."""
    for cause in _ranked(cell):
        if not _can_be(cause, observation) or not cause.within(cell):
            continue
        groups = cause.search(text)
        if groups is not None:
            return Diagnosis(cause, cause.says(groups), cause.advises(groups))
    return None


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
