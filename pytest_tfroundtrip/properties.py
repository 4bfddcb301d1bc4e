"""What a test says of its cell beside its outcome: ``--junitxml`` keeps it, ``-v`` shows the cause.

They are pytest's user properties, which xdist hands from its workers to the controller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_tfroundtrip.causes import diagnose
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pytest

    from pytest_tfroundtrip.collected import TestCell
    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.statement import Trial

CELL, PROMISE, VERDICT, CAUSE = "tf_cell", "tf_promise", "tf_verdict", "tf_cause"
MAX_ABS_ERROR, MAX_REL_ERROR = "tf_max_abs_error", "tf_max_rel_error"
CASE, RUNTIME = "tf_case", "tf_runtime"
OBJECTION = "tf_objection"  # what a baseline, or a mark's accept=, has against the cell


def tell(item: pytest.Item, properties: Iterable[tuple[str, object]]) -> None:
    """Add them to a test's properties, once however often it runs (``--reruns``)."""
    known = {name for name, _ in item.user_properties}
    item.user_properties += [each for each in properties if each[0] not in known]


def of_cell(test: TestCell, observation: Observation) -> Iterator[tuple[str, object]]:
    """The properties of a test that is a cell; what it has none of is left out.

    The errors are text, as they stand in the report: XML is, and xdist's channel has no infinity.
    """
    diagnosis = diagnose(observation, test.cell)
    yield CELL, test.cell.id
    yield PROMISE, str(test.expectation.promise)
    yield VERDICT, str(observation.verdict)
    if diagnosis is not None:
        yield CAUSE, diagnosis.cause.id
    for name, error in (
        (MAX_ABS_ERROR, observation.max_abs_error),
        (MAX_REL_ERROR, observation.max_rel_error),
    ):
        if error is not None:
            yield name, repr(error)


def of_trial(trial: Trial, observation: Observation) -> Iterator[tuple[str, object]]:
    """The properties of a test that tries a sentence of the documents."""
    yield CASE, trial.case.id
    yield RUNTIME, trial.runtime.name
    yield VERDICT, str(observation.verdict)


class CauseBesideFailure:
    """Puts ``FAILED [debug-name-attr]`` on the line that ``-v`` has for a failing cell."""

    def __init__(self) -> None:
        self._over = False

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Pytest's word for a test that failed, with the cause; None leaves it to pytest."""
        if self._over or not report.failed:
            return None
        told = dict(getattr(report, "user_properties", ()))
        if told.get(VERDICT) in (None, Verdict.SAME) or CELL not in told:
            return None  # no cell, or one whose own body failed
        why = told.get(CAUSE) or f"{told[VERDICT]}, no known cause"
        if report.when == "call":
            return "failed", "F", f"FAILED [{why}]"
        return "error", "E", f"ERROR [{why}]"

    def pytest_terminal_summary(self) -> None:
        """The lines of pytest's own summary are read by programs too: they stay as they are."""
        self._over = True
