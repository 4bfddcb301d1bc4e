"""What pytest raises for a cell: one class per verdict, so that an xfail can say which it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from _pytest.outcomes import Failed

    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.report.telling import Telling
else:
    Failed = pytest.fail.Exception


class VerdictFailure(Failed):
    """A cell that is not ``same``. Its text is for people: no traceback of ours comes with it."""

    def __init__(self, text: str, observation: Observation, telling: Telling | None = None) -> None:
        super().__init__(text, pytrace=False)
        self.observation = observation
        self.telling = telling  # what of the text others may tell as well


class Drift(VerdictFailure):
    """Values are equal, the contract changed."""


class Differs(VerdictFailure):
    """Other numbers, shapes or structure."""


class Refused(VerdictFailure):
    """A clean error from TensorFlow."""


class Crashed(VerdictFailure):
    """A signal, an abort, out of memory."""


class TimedOut(VerdictFailure):
    """The step took longer than it may."""


class Unsaved(VerdictFailure):
    """The artifact could not be made."""


BY_VERDICT: dict[Verdict, type[VerdictFailure]] = {
    Verdict.DRIFT: Drift,
    Verdict.DIFFERS: Differs,
    Verdict.REFUSED: Refused,
    Verdict.CRASHED: Crashed,
    Verdict.TIMEOUT: TimedOut,
    Verdict.UNSAVED: Unsaved,
}


class RuntimeMissing(Failed):
    """The runtime could not be had: an error at setup, never a verdict on a model."""

    def __init__(self, text: str, telling: Telling | None = None) -> None:
        super().__init__(text, pytrace=False)
        self.telling = telling


for _class in (*BY_VERDICT.values(), RuntimeMissing):
    _class.__module__ = "builtins"  # as pytest's own Failed: a summary line has no room for a path
