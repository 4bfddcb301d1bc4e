"""From a session to its report: rows, what is written to the terminal, the file."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import expectations
from pytest_tfroundtrip.causes import diagnose
from pytest_tfroundtrip.collection import PACKAGES
from pytest_tfroundtrip.errors import EnvironmentFailed, UsageProblem
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.options import OPTIONS
from pytest_tfroundtrip.report.failure import case_text, failure_text, log_tail
from pytest_tfroundtrip.report.json_report import report, write, write_text
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo, disambiguate, row_of
from pytest_tfroundtrip.report.terminal import header, summary
from pytest_tfroundtrip.statement import row as statement_row
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.collected import Collected, TestCell
    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.settings import Settings
    from pytest_tfroundtrip.statement import StatementCase

REFERENCE_PACKAGE = "pytest_tfroundtrip.reference"
_WORST = ("error", "failed", "xpassed", "passed", "xfailed", "skipped")


class Reporting:
    """What is said of a session while it runs and when it is over."""

    def __init__(
        self, config: pytest.Config, settings: Settings, collected: Collected, started: datetime
    ) -> None:
        self._config = config
        self._settings = settings
        self._collected = collected
        self._started = started
        self._rows: list[Row] | None = None

    # While it runs

    def progress(self, text: str) -> None:
        """A line for the person who waits: an environment takes a minute to make."""
        if terminal := self._terminal():
            terminal.ensure_newline()
            terminal.write_line(f"tf-roundtrip: {text}")

    def header(self, engine: Engine) -> None:
        """What is about to run; known when the environments are there."""
        terminal = self._terminal()
        if terminal is None or self._config.getoption("verbose") < 0:
            return
        saves = len(engine.plan.saves)
        cells = len(engine.plan.cells)
        infos = [_info(runtime, engine) for runtime in engine.plan.runtimes()]
        terminal.ensure_newline()
        for text in header(
            infos, cells=cells, saves=saves, reused=len(engine.facts.stored), width=self._width()
        ):
            terminal.write_line(text)
        if self._settings.untrusted:
            terminal.write_line("  untrusted: each model has containers of its own")
            if os.getuid() == 0:
                terminal.write_line("  You are root: what got out of a container would be, too.")

    def text(self, test: TestCell, observation: Observation, nodeid: str) -> str:
        """What pytest shows of a failing cell."""
        row = self._row(test, observation, (nodeid,), None)
        # A known cause says more than the end of TensorFlow's log, mostly warnings.
        log = [] if row.cause else log_tail(observation.log)
        return failure_text(row, log=log, width=self._width())

    def case_text(self, case: StatementCase, nodeid: str) -> str:
        """What pytest shows of a sentence that was not kept."""
        log = log_tail(case.observation.log)
        name = f"pytest_tfroundtrip.statements.{Path(nodeid).name}".replace(".py::", "::", 1)
        command = shlex.join(["pytest", "--tf-roundtrip", *self._options(), "--pyargs", name])
        return case_text(case, command, log=log, width=self._width())

    # When it is over

    def summarize(self, engine: Engine) -> None:
        """Print the matrix, the counts and the answer."""
        terminal = self._terminal()
        if terminal is None:
            return
        rows = self.rows(engine)
        if not rows:
            return
        terminal.section("TensorFlow round trips")
        quiet = self._config.getoption("verbose") < 0
        for line in summary(rows, width=self._width(), quiet=quiet):
            for text, markup in line:
                terminal.write(text, **markup)
            terminal.write("\n")

    def write(self, engine: Engine) -> bool:
        """Write the report's file, where one was asked for; False where it cannot be written."""
        path = self._settings.report
        if path is None:
            return True
        rows = self.rows(engine)
        infos = [_info(runtime, engine) for runtime in engine.plan.runtimes()]
        try:
            if path.suffix == ".md":
                write_text(path, page(rows, infos))
                return True
            whole = report(
                rows,
                infos,
                started=self._started,
                seconds=(datetime.now(timezone.utc) - self._started).total_seconds(),
                tool=version("pytest-tfroundtrip"),
                statements=self.statements(engine),
            )
            write(path, whole)
        except UsageProblem as error:
            if terminal := self._terminal():
                terminal.ensure_newline()
                terminal.write_line(f"ERROR: {error}", red=True)
            return False
        return True

    def rows(self, engine: Engine) -> list[Row]:
        """A row for each cell: one, however many tests asked for it."""
        if self._rows is None:
            self._rows = disambiguate(self._all_rows(engine))
        return self._rows

    def statements(self, engine: Engine) -> list[dict[str, Any]]:
        """An entry for each sentence that was tried under a runtime."""
        rows = []
        for nodeid, trial in self._collected.trials.items():
            outcome = self._collected.outcomes.get(nodeid)
            seen = engine.tried.get(trial.id) if outcome else None
            rows.append(statement_row(trial, seen, outcome))
        return rows

    def _all_rows(self, engine: Engine) -> Iterator[Row]:
        outcomes = self._collected.outcomes
        nodeids: dict[str, list[str]] = {}
        for nodeid, test in self._collected.tests.items():
            place = f"{test.cell.save.model.file}:{test.cell.id}"
            nodeids.setdefault(place, []).append(nodeid)
        known = set()
        for names in nodeids.values():
            # Several tests may ask for one cell: the one that came off worst speaks for it.
            names.sort(key=lambda name: _badness(outcomes.get(name)))
            test = self._collected.tests[names[0]]
            known.add(test.cell.key)
            outcome = outcomes.get(names[0])
            # What the engine saw ahead of a test that never ran is no result of this run.
            seen = engine.observations.get(test.cell.key) if outcome else None
            yield self._row(test, seen, names, outcome)
        for untested in self._collected.untested.values():
            if untested.cell.key not in known:
                seen = Observation(untested.verdict, message=untested.message)
                yield self._row(untested.test, seen, (), None)

    def _row(
        self,
        test: TestCell,
        observation: Observation | None,
        nodeids: Sequence[str],
        outcome: str | None,
    ) -> Row:
        cell, expected = test.cell, test.expectation
        diagnosis = diagnose(observation, cell) if observation else None
        cause = diagnosis.cause.id if diagnosis else None
        why, remedy = (diagnosis.sentence, diagnosis.remedy) if diagnosis else (None, None)
        if observation and observation.verdict is Verdict.UNSAVED and diagnosis is None:
            known = expectations.known_unsaved(cell)
            if known is not None:
                cause, why, remedy = known.id, known.says(), known.advises()
        settled = expectations.settle(expected, observation) if observation else None
        packaged = test.cell.save.model.file.parent == PACKAGES[0]
        if packaged:  # a node id is relative to a rootdir that the reference is not below
            nodeids = [f"{REFERENCE_PACKAGE}.{Path(name).name}" for name in nodeids]
            nodeids = [name.replace(".py::", "::", 1) for name in nodeids]
        else:
            relative: Any = self._config.cwd_relative_nodeid  # its NodeId is a str
            nodeids = [relative(name) for name in nodeids]
        row = row_of(
            cell,
            observation,
            expected.promise,
            expect=test.expect,
            outcome=outcome,
            contradiction=bool(
                settled and settled.contradiction and outcome in ("passed", "xfailed")
            ),
            cause=cause,
            why=why,
            remedy=remedy,
            statement=expected.entry.english if expected.entry else None,
            document=expected.entry.document if expected.entry else None,
            note=settled.message if settled and settled.outcome == "failed" else "",
            signature="serving_default",
            nodeids=nodeids,
            test=REFERENCE_PACKAGE if packaged else None,
            options=[*self._options(), *(["--pyargs"] if packaged else [])],
        )
        return row if self._settings.keep else replace(row, log=None)  # gone with the run

    def _options(self) -> list[str]:
        """The options of this run's command line that a rerun of a cell needs as well."""
        flags = {option.flag for option in OPTIONS} - {"--tf-report", "--tf-keep"}
        kept, arguments = [], list(map(str, self._config.invocation_params.args))
        adding = {each.plugin for each in self._settings.apis.extensions}
        switches = {option.flag for option in OPTIONS if option.switch}
        for index, argument in enumerate(arguments):
            flag, equals, _ = argument.partition("=")
            if argument == "-p" and adding & set(arguments[index + 1 : index + 2]):
                kept += arguments[index : index + 2]
            if flag in flags:
                kept.append(argument)
                if not equals and flag not in switches and index + 1 < len(arguments):
                    kept.append(arguments[index + 1])
        return kept

    def _terminal(self) -> Any:
        return self._config.pluginmanager.getplugin("terminalreporter")

    def _width(self) -> int:
        terminal = self._terminal()
        return min(100, int(terminal._screen_width)) if terminal else 80  # noqa: SLF001


def _badness(outcome: str | None) -> int:
    return _WORST.index(outcome) if outcome in _WORST else len(_WORST)


def _info(runtime: Runtime, engine: Engine) -> RuntimeInfo:
    environment = engine.facts.environments.get(runtime.environment)
    if environment is None:
        return _stored(runtime, engine)
    if isinstance(environment, EnvironmentFailed):
        return RuntimeInfo(runtime.name, engine.settings.provider)
    hello = engine.facts.hellos.get(runtime.process)
    versions = dict(environment.versions)
    if hello is not None:
        versions |= {name: said for name, said in hello.versions.items() if said}
    elif runtime.tf_keras:
        versions["keras"] = versions.get("tf_keras")
    return RuntimeInfo(
        runtime.name,
        environment.provider,
        tensorflow=versions.get("tensorflow"),
        keras=versions.get("keras"),
        tensorflow_hub=versions.get("tensorflow_hub"),
        numpy=versions.get("numpy"),
        python=versions.get("python"),
        lock=environment.lock,
        image=environment.image,
        import_seconds=hello.import_seconds if hello else None,
    )


def _stored(runtime: Runtime, engine: Engine) -> RuntimeInfo:
    """A runtime that did not run: its saves were in the store, and say what made them."""
    for save in engine.plan.saves.values():
        folder = engine.facts.stored.get(save.key)
        if save.runtime == runtime and folder is not None:
            try:
                said = json.loads((folder / "record.json").read_text(encoding="utf-8"))["runtime"]
                versions = {word: said.get(word) for word in ("tensorflow", "keras", "python")}
            except (OSError, ValueError, KeyError, AttributeError):
                continue
            return RuntimeInfo(runtime.name, "store", **versions)
    return RuntimeInfo(runtime.name, engine.settings.provider)
