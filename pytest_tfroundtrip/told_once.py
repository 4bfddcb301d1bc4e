"""pytest's blocks of failures, with what hundreds of them say alike told once.

Where they are printed only: each report keeps its whole text, for ``--junitxml``, other plugins
and whoever reads one test by itself. It travels with what it tells, as plain data, since under
xdist the controller prints what workers found, in the order in which it came.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.outcomes import RuntimeMissing, VerdictFailure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from pytest_tfroundtrip.report.telling import Reference, Telling

_TELLING = "tf_telling"  # a report's attribute
_WHOLE = 2  # ``-vv``
_HOW_TO_SEE = "\n  (-vv tells each whole)"


class ToldOnce:
    """The hooks."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note what a failing test tells."""
        report = yield
        raised = call.excinfo and call.excinfo.value
        if isinstance(raised, VerdictFailure | RuntimeMissing) and raised.telling is not None:
            setattr(report, _TELLING, asdict(raised.telling))
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: Any, config: pytest.Config
    ) -> Generator[None]:
        """Print them: pytest's terminal does it before the first hook that is no wrapper."""
        if config.get_verbosity() >= _WHOLE or config.option.tbstyle == "long":
            return (yield)
        width = min(100, int(terminalreporter._screen_width))  # noqa: SLF001  as Reporting's
        stats = terminalreporter.stats
        line = config.option.tbstyle == "line"
        with _shortened([*stats.get("error", ()), *stats.get("failed", ())], width, line=line):
            return (yield)


@contextmanager
def _shortened(reports: Sequence[pytest.TestReport], width: int, *, line: bool) -> Iterator[None]:
    """Reports, in the order in which they are printed, with those that refer to another short.

    The last lines name each one's cause. With ``line`` (``--tb=line``) there are no blocks: pytest
    has a line for each, and would print the rest too.
    """
    from pytest_tfroundtrip.report.telling import references  # noqa: PLC0415

    kept: list[tuple[pytest.TestReport, dict[str, Any]]] = []
    tellings = [_telling_of(report) for report in reports]
    referred = False
    for report, telling, reference in zip(reports, tellings, references(tellings), strict=True):
        if telling is None:
            continue
        text = "" if line else None
        if reference and not line:
            text = reference.text(telling, width) + ("" if referred else _HOW_TO_SEE)
            referred = True
        short = _Short(report.longrepr, text, _crash(report.longrepr, telling, reference))
        kept.append((report, dict(vars(report))))
        setattr(report, "longrepr", short)  # noqa: B010  all that a terminal asks of one
        if text is not None:
            # xdist's: pytest prints a line on the worker's Python, which ran none of this.
            vars(report).pop("node", None)
    try:
        yield
    finally:
        for report, whole in kept:
            vars(report).update(whole)


def _telling_of(report: pytest.TestReport) -> Telling | None:
    from pytest_tfroundtrip.report.telling import Telling  # noqa: PLC0415

    told = getattr(report, _TELLING, None)
    return Telling(**told) if told else None


@dataclass(frozen=True)
class _Short:
    """What pytest's terminal asks of a failure's representation."""

    whole: Any  # pytest's own
    text: str | None  # what stands in its place
    reprcrash: Any  # where it was raised, with a message: for --tb=line and the last lines

    def toterminal(self, tw: Any) -> None:
        """Print it."""
        if self.text is None:
            self.whole.toterminal(tw)
        elif self.text:
            tw.line(self.text)

    def __str__(self) -> str:
        return str(self.whole) if self.text is None else self.text


def _crash(whole: Any, telling: Telling, reference: Reference | None) -> Any:
    """Where it was raised, with a message of one line: where CI is set, all of it is printed."""
    crash = getattr(whole, "reprcrash", None)
    if crash is None:
        return None
    raised = str(crash.message).partition(":")[0]
    message = f"{raised}{telling.bracketed}: {telling.sentence}"
    if reference and not telling.cause:
        message += f": as told with {reference.to.test}"
    return replace(crash, message=message)
