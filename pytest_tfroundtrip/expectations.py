"""What is to be seen of a cell, and what pytest says of what was seen.

Pure functions, used twice: the plugin turns an :class:`Expectation` into pytest's own strict xfail
(``raises=RaisesExc(VerdictFailure, check=lambda failure: met(expectation, failure.observation))``,
so that the very same condition decides, and no shortened or wrapped text is searched) and asks
:func:`settle` whether there is anything to judge; the report asks it of every cell. The two must
say the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.causes import Cause, applying, possible
from pytest_tfroundtrip.cells import Cell
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.promises import PromiseEntry, lookup
from pytest_tfroundtrip.vocabulary import Expect, Operation, Promise, Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.observation import Observation

Outcome = Literal["passed", "failed", "xfailed", "skipped", "error"]


@dataclass(frozen=True)
class Expectation:
    """What is to be seen of one cell.

    ``verdict`` is None where anything may be seen: the documents have no word on the cell. Where
    it is not ``same``, one of ``patterns`` must be found in the message, else the entry that
    foresaw it is out of date; where several causes apply, the verdict is that of the first, and
    :func:`met` takes each with its own. Of a folder any message will do (``worded`` is false): the
    entries were written for models that we save, and somebody's may have more that is refused.
    ``strict`` says that the cell is an xfail put on at collection.
    """

    promise: Promise
    entry: PromiseEntry | None = None
    causes: tuple[Cause, ...] = ()
    verdict: Verdict | None = Verdict.SAME
    patterns: tuple[str, ...] = ()
    worded: bool = True
    strict: bool = False
    reason: str = ""  # why it is an xfail, for ``-rx``
    contradiction_if_met: bool = False


@dataclass(frozen=True)
class Settled:
    """The word of pytest for a cell that ran as a test."""

    outcome: Outcome
    contradiction: bool = False  # TensorFlow does not do what its documents say, and it is known
    message: str = ""  # what was expected instead, or why it is a skip; else empty


def expectation(cell: Cell, expect: Expect) -> Expectation:
    """What is to be seen of the cell, held against ``expect``.

    Under ``documents`` a cause that applies decides, then the promise. Under ``round_trip`` only
    what the documents exclude is expected to fail; a cause that applies is named when it strikes,
    but excuses nothing.
    """
    entry, known = lookup(cell), applying(cell)
    denied = entry is not None and entry.promise is Promise.UNSUPPORTED
    works = denied and entry is not None and entry.works_though_denied(cell)
    # Where nobody said whether the model has variables, either's wordings are taken.
    more = possible(cell) if denied and not known else ()
    names = tuple(cause.id for cause in (*known, *more))
    ours = not isinstance(cell.save.model, Folder)
    key = (expect, entry and entry.id, works, len(known), names, ours)
    if key not in _SHARED:
        found = _expectation(expect, entry, known, more, works=works)
        worded = ours or found.verdict is not Verdict.REFUSED
        _SHARED[key] = found if worded else replace(found, worded=False)
    return _SHARED[key]


#: Thousands of cells have a few dozen expectations.
_SHARED: dict[tuple[object, ...], Expectation] = {}


def _expectation(
    expect: Expect,
    entry: PromiseEntry | None,
    known: tuple[Cause, ...],
    more: tuple[Cause, ...],
    *,
    works: bool,
) -> Expectation:
    promise = entry.promise if entry else Promise.UNPROMISED
    if entry is not None and entry.promise is Promise.UNSUPPORTED:
        if works:
            return Expectation(promise, entry, known, contradiction_if_met=True)
        # A cause that strikes speaks before TensorFlow comes to say that it is unsupported.
        return _broken(promise, entry, known) if known else _unsupported(entry, more)
    if expect is Expect.ROUND_TRIP:
        return Expectation(promise, entry, known)
    if known:
        return _broken(promise, entry, known)
    return Expectation(promise, entry, verdict=Verdict.SAME if entry else None)


def _broken(promise: Promise, entry: PromiseEntry | None, known: tuple[Cause, ...]) -> Expectation:
    contradiction = promise is Promise.PROMISED
    reason = "; ".join(f"{cause.id}: {cause.says()}" for cause in known)
    if contradiction and entry is not None:
        reason += f' (against: "{entry.english}", {entry.document})'
    return Expectation(
        promise,
        entry,
        known,
        known[0].verdict,
        tuple(message for cause in known for message in cause.messages),
        strict=True,
        reason=reason,
        contradiction_if_met=contradiction,
    )


def _unsupported(entry: PromiseEntry, more: tuple[Cause, ...]) -> Expectation:
    return Expectation(
        entry.promise,
        entry,
        (),
        Verdict.REFUSED,
        entry.messages + tuple(message for cause in more for message in cause.messages),
        strict=True,
        reason=f'not supported: "{entry.english}" ({entry.document})',
    )


#: An artifact that is not as it should be is there all the same.
_MADE = frozenset({Verdict.DRIFT, Verdict.DIFFERS})


def known_unsaved(cell: Cell) -> Cause | None:
    """Why the save that a load needs is known to be refused, None where it is to succeed.

    Such loads are rows ``unsaved``, not tests: their creation cell says what there is to say.
    """
    makers = [] if cell.makes == cell.save else [Cell(cell.save.original, Operation.CREATION)]
    if cell.save.resaved is not None:
        resaver = apis().resaver
        makers.append(Cell(cell.save.original, Operation.RESAVE, resaver, cell.save.resaved))
    known = (cause for maker in makers for cause in applying(maker))
    return next((cause for cause in known if cause.verdict not in _MADE), None)


def met(expected: Expectation, observation: Observation) -> bool:
    """Whether what was seen is what was to be seen."""
    if expected.strict and not expected.worded:
        return observation.verdict is expected.verdict
    if expected.strict and expected.causes:
        return any(
            observation.verdict is cause.verdict and cause.search(observation.message) is not None
            for cause in expected.causes
        )
    if expected.verdict is None:
        return True
    if observation.verdict is not expected.verdict:
        return False
    if not expected.patterns:
        return True
    return any(re.search(pattern, observation.message) for pattern in expected.patterns)


def settle(
    expected: Expectation, observation: Observation, *, maker: Cell | None = None
) -> Settled:
    """What pytest says of what was seen.

    ``maker`` is the other cell that made (or failed to make) this cell's artifact, where that is a
    test of this run: only then may an artifact that could not be made be a skip, because a failed
    save is never green. Rows that are no tests (``absent`` at collection, loads of a save known to
    be refused) are not asked about: their outcome is null.
    """
    seen = observation.verdict
    if seen is Verdict.ENV_ERROR:  # says nothing of the model
        return Settled("error")
    if seen is Verdict.ABSENT:
        return Settled("skipped", message=observation.message)
    if seen is Verdict.UNSAVED:
        return _unsaved(maker)
    if expected.verdict is None:
        return Settled("passed" if seen is Verdict.SAME else "xfailed")
    if met(expected, observation):
        return Settled(
            "xfailed" if expected.strict else "passed", contradiction=expected.contradiction_if_met
        )
    # Where its files are damaged no entry was written for that.
    damaged = any(fault.stops for fault in observation.faults)
    return Settled("failed", message="" if damaged else _unmet(expected, seen))


def _unsaved(maker: Cell | None) -> Settled:
    if maker is None:
        return Settled("error")
    return Settled("skipped", message=f"nothing was saved: see {maker.id}")


def _unmet(expected: Expectation, seen: Verdict) -> str:
    if not expected.strict:
        if expected.contradiction_if_met and expected.entry is not None:
            return (
                f"{expected.entry.id} (promises.toml) says that TensorFlow does this though its"
                f" documents deny it, but it was {seen}: take it out of the entry's does_work"
            )
        return ""
    if expected.causes:
        names = " or ".join(f"{cause.id} (causes.toml)" for cause in expected.causes)
    else:
        names = f"{expected.entry.id} (promises.toml)" if expected.entry else "an entry"
    saw = f"it was {seen}" if seen is not expected.verdict else "its message was another one"
    return (
        f"{names} says that this cell is {expected.verdict}, with a message of its own, but {saw}:"
        " the entry is out of date, narrow its applies or add the new wording"
    )
