"""From marks to test items: one for each cell."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.collected import TestCell
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.outcomes import VerdictFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_tfroundtrip.expectations import Expectation
    from pytest_tfroundtrip.session import RoundTripSession
    from pytest_tfroundtrip.statement import Trial

FIXTURE = "roundtrip"
CASE_FIXTURE = "tf_case"
#: The packages of this project that are tests: the documents' models, the documents' sentences.
PACKAGES = tuple(Path(__file__).parent / name for name in ("reference", "statements"))


def parametrize(
    metafunc: pytest.Metafunc, mark: pytest.Mark, state: RoundTripSession | None
) -> None:
    """Make a marked test run once for each cell; without round trips it stays one skipped test.

    Raises:
        pytest.Collector.CollectError: the mark cannot be understood; one clear sentence.
    """
    name = metafunc.definition.name
    if FIXTURE not in metafunc.fixturenames:
        msg = f"{name} is marked {mark.name} but does not take the fixture {FIXTURE}: add it"
        raise pytest.Collector.CollectError(msg)
    if state is None:
        return
    try:
        tests = state.tests(mark, beside=metafunc.definition.path.parent)
    except UsageProblem as error:
        msg = f"{name}: {error}"
        raise pytest.Collector.CollectError(msg) from None
    params = [_param(test) for test in tests]
    if not params:
        left_out = [row.message for row in state.collected.untested.values()]
        why = left_out[-1] if left_out else "no operation of the chosen APIs was chosen"
        skip = pytest.mark.skip(reason=f"no cells: {why}")
        params = [pytest.param(None, id="no-cells", marks=skip)]
    metafunc.parametrize(FIXTURE, params, indirect=True)


def _param(test: TestCell) -> Any:
    return pytest.param(test, id=test.cell.id, marks=marks_of(test))


def marks_of(test: TestCell) -> list[pytest.MarkDecorator]:
    """What a cell is, for selection, and that it is expected to fail where it is."""
    marks = [_cell_mark(**test.cell.mark(str(test.expectation.promise)))]
    if test.expectation.strict:
        marks.append(_xfail(test.expectation))
    return marks


def _xfail(expected: Expectation) -> pytest.MarkDecorator:
    """One mark for all cells of an expectation, which they share."""
    if id(expected) not in _XFAILS:
        # Not one verdict's class: several causes may strike, each with a verdict of its own.
        raises = pytest.RaisesExc(VerdictFailure, check=partial(_as_expected, expected))
        mark = pytest.mark.xfail(strict=True, raises=raises, reason=expected.reason)
        _XFAILS[id(expected)] = (expected, mark)
    return _XFAILS[id(expected)][1]


#: By identity: an expectation is never forgotten, so its id is never another's.
_XFAILS: dict[int, tuple[Expectation, pytest.MarkDecorator]] = {}


@cache
def _cell_mark(**keywords: str) -> pytest.MarkDecorator:
    """One mark for the same cell of every model: pytest takes long to make one."""
    return pytest.mark.tf_cell(**keywords)


def _as_expected(expected: Expectation, failure: VerdictFailure) -> bool:
    from pytest_tfroundtrip.expectations import met  # noqa: PLC0415

    return met(expected, failure.observation)


def parametrize_cases(metafunc: pytest.Metafunc, state: RoundTripSession | None) -> None:
    """Make a test that takes ``tf_case`` run once for each case under each chosen runtime."""
    if state is None:
        return
    params = [_case_param(trial) for trial in state.trials()]
    metafunc.parametrize(CASE_FIXTURE, params, indirect=True)


def _case_param(trial: Trial) -> Any:
    marks: list[Any] = [pytest.mark.tf_cell(case=trial.case.id, runtime=trial.runtime.name)]
    if (known := trial.known) is not None:
        check = partial(_as_known, trial)
        raises = pytest.RaisesExc(VerdictFailure, check=check)
        marks.append(pytest.mark.xfail(strict=True, raises=raises, reason=known.says))
    return pytest.param(trial, id=trial.id, marks=marks)


def _as_known(trial: Trial, failure: VerdictFailure) -> bool:
    return trial.as_known(failure.observation)


def is_reference(path: Path) -> bool:
    """Whether a folder is one of this project's own packages of tests."""
    return path in PACKAGES or path.resolve() in {each.resolve() for each in PACKAGES}


class ReferenceFolder(pytest.Directory):
    """The reference package: its tests and nothing else, whatever the user's ini says."""

    def collect(self) -> Iterable[pytest.Collector]:
        """The test modules; the model files are for agents."""
        for path in sorted(self.path.glob("test_*.py")):
            yield ReferenceModule.from_parent(self, path=path)


class ReferenceModule(pytest.Module):
    """A module whose ``test_`` functions are tests, whatever python_functions says."""

    def funcnamefilter(self, name: str) -> bool:
        """Whether a function of that name is a test."""
        return name.startswith("test_")

    def classnamefilter(self, name: str) -> bool:  # noqa: ARG002
        """No classes here."""
        return False


def selected_trials(items: Iterable[pytest.Item]) -> Iterator[tuple[str, Trial]]:
    """The cases among the tests that are going to run, by their node ids."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        if callspec is not None and CASE_FIXTURE in callspec.params:
            yield item.nodeid, callspec.params[CASE_FIXTURE]


def selected(items: Iterable[pytest.Item]) -> Iterator[tuple[str, TestCell]]:
    """The cells among the tests that are going to run, by their node ids."""
    for item in items:
        if isinstance(test := getattr(item, "tf_test", None), TestCell):
            yield item.nodeid, test
            continue
        callspec = getattr(item, "callspec", None)
        if callspec is not None and isinstance(callspec.params.get(FIXTURE), TestCell):
            yield item.nodeid, callspec.params[FIXTURE]
