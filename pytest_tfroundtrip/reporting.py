"""From a session to its report: rows, what is written to the terminal, the file."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import replace
from datetime import datetime, timezone
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip import expectations
from pytest_tfroundtrip.causes import diagnose
from pytest_tfroundtrip.collection import PACKAGES
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.folder import DEFAULT_SIGNATURE, Folder, written_under
from pytest_tfroundtrip.infos import infos
from pytest_tfroundtrip.judge.records import RECORD_JSON
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.options import OPTIONS
from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.report.failure import case_text, failure_text, log_tail
from pytest_tfroundtrip.report.folders import CARRIED
from pytest_tfroundtrip.report.json_report import report, write, write_text
from pytest_tfroundtrip.report.live import LiveLogs
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.report.predictions import apology, said_wrongly
from pytest_tfroundtrip.report.rows import Row, command_of, disambiguate, row_of, told_apart
from pytest_tfroundtrip.report.statements import in_order
from pytest_tfroundtrip.report.statements import row_of as statement_row
from pytest_tfroundtrip.report.telling import telling_of, telling_of_case
from pytest_tfroundtrip.report.terminal import header, summary
from pytest_tfroundtrip.save_pairs import NOT_SAVED, of_run
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pytest

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.collected import Collected, TestCell
    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow
    from pytest_tfroundtrip.report.telling import Telling
    from pytest_tfroundtrip.settings import Settings
    from pytest_tfroundtrip.statement import StatementCase

REFERENCE_PACKAGE = "pytest_tfroundtrip.reference"
#: Nothing to one cell.
_OF_THE_RUN = {"--tf-report", "--tf-keep", "--tf-model", "--tf-diff-saves", "--tf-baseline-update"}
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
        self._raw: list[Row] | None = None
        self.live = LiveLogs()
        self._rows: list[Row] | None = None
        self._pairs: list[SavePair] | None = None

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
        saves_of_plan = engine.plan.saves.values()
        folders = {
            save.model.file
            for save in saves_of_plan
            if isinstance(save.model, Folder) and save.resaved is None
        }
        saves = sum(
            not isinstance(save.model, Folder) or save.resaved is not None for save in saves_of_plan
        )
        cells = len(engine.plan.cells)
        terminal.ensure_newline()
        lines = header(
            infos(engine),
            cells=cells,
            saves=saves,
            reused=len(engine.facts.stored),
            cases=len(engine.plan.trials),
            folders=len(folders),
            width=self._width(),
        )
        for text in lines:
            terminal.write_line(text)
        planned = {
            (save.saver, save.runtime)
            for save in saves_of_plan
            if save.resaved is None and not isinstance(save.model, Folder)
        }
        for writer in dict.fromkeys(self._settings.diff_saves):
            if (writer.saver, writer.runtime) not in planned:
                terminal.write_line(f"  --tf-diff-saves: {writer}: {NOT_SAVED}")
        if any(self._settings.untrusts(save.model) for save in saves_of_plan):
            terminal.write_line("  untrusted: each model has containers of its own")
            if os.getuid() == 0:
                terminal.write_line("  You are root: what got out of a container would be, too.")

    def text(
        self, test: TestCell, observation: Observation, nodeid: str, objection: str = ""
    ) -> tuple[str, Telling]:
        """What pytest shows of a failing cell, and what of it others may tell as well.

        ``objection`` is what the baseline has against it.
        """
        row = self._row(test, observation, (nodeid,), None)
        # A known cause says more than the end of TensorFlow's log, mostly warnings.
        log = [] if row.cause else log_tail(observation.log)
        text = failure_text(row, log=log, width=self._width())
        return f"{text}\n{objection}" if objection else text, telling_of(row, objection)

    def wrong_prediction(self, test: TestCell, observation: Observation) -> str:
        """What is shown with a cell that was said to fail, and loaded."""
        return f"{said_wrongly(self._row(test, observation, (), None))}\n{apology(1)}"

    def case_text(self, case: StatementCase, nodeid: str) -> tuple[str, Telling | None]:
        """What pytest shows of a sentence that was not kept, as of a cell."""
        log = log_tail(case.observation.log)
        text = case_text(case, self._case_command(nodeid), log=log, width=self._width())
        return text, telling_of_case(case, _as_argument(self._config, nodeid))

    def _case_command(self, nodeid: str) -> str:
        """What tries a sentence again."""
        name = f"pytest_tfroundtrip.statements.{Path(nodeid).name}".replace(".py::", "::", 1)
        return shlex.join(["pytest", "--tf-roundtrip", *self._options(), "--pyargs", name])

    # When it is over

    def summarize(self, engine: Engine) -> None:
        """Print the matrix, the counts and the answer."""
        terminal = self._terminal()
        if terminal is None:
            return
        rows, statements = self.rows(engine), self.statements(engine)
        if not rows and not statements:
            return
        terminal.section("TensorFlow round trips")
        lines = summary(
            rows,
            width=self._width(),
            quiet=self._config.getoption("verbose") < 0,
            statements=statements,
            save_pairs=self.save_pairs(engine),
        )
        if self._settings.keep:
            terminal.write_line(f"results and logs are kept in {self._settings.keep}")
        if (writers := self._settings.diff_saves) and not self.save_pairs(engine):
            named = " -> ".join(map(str, writers))
            terminal.write_line(f"--tf-diff-saves: this run saves no model by any of {named}")
        for line in lines:
            for text, markup in line:
                terminal.write(text, **markup)
            terminal.write("\n")

    def write(self, engine: Engine) -> bool:
        """Write the files that were asked for; False where one of them cannot be written."""
        written = [self._write(path, engine) for path in self._settings.reports]
        return all(written)

    def _write(self, path: Path, engine: Engine) -> bool:
        rows, statements = self.rows(engine), self.statements(engine)
        pairs = self.save_pairs(engine)
        told = infos(engine)
        try:
            if path.suffix == ".md":
                write_text(path, page(rows, told, statements=statements, save_pairs=pairs))
                return True
            whole: dict[str, Any] = {
                "started": self._started,
                "seconds": (datetime.now(timezone.utc) - self._started).total_seconds(),
                "tool": version("pytest-tfroundtrip"),
                "statements": statements,
                "save_pairs": pairs,
            }
            if path.suffix == ".html":
                # A template engine, which a run without such a report need not import.
                from pytest_tfroundtrip.report.html import page as html  # noqa: PLC0415

                write_text(path, html.page(rows, told, **whole))
            else:
                write(path, report(rows, told, **whole))
        except UsageProblem as error:
            if terminal := self._terminal():
                terminal.ensure_newline()
                terminal.write_line(f"ERROR: {error}", red=True)
            return False
        return True

    def rows(self, engine: Engine) -> list[Row]:
        """A row for each cell: one, however many tests asked for it."""
        if self._rows is None:
            self._rows = disambiguate(self.plain_rows(engine))
        return self._rows

    def plain_rows(self, engine: Engine) -> list[Row]:
        """The rows with their models' plain names."""
        if self._raw is None:
            self._raw = list(self._all_rows(engine))
        return self._raw

    def statements(self, engine: Engine) -> list[StatementRow]:
        """A row for each case that was tried under a runtime."""
        rows = []
        for nodeid, trial in self._collected.trials.items():
            outcome = self._collected.outcomes.get(nodeid)
            seen = engine.tried.get(trial.id) if outcome else None
            rows.append(statement_row(trial, seen, outcome, self._case_command(nodeid)))
        places = {name: place for place, name in enumerate(cases())}  # tests may be shuffled
        return in_order(sorted(rows, key=lambda row: places[row.case]))

    def save_pairs(self, engine: Engine) -> list[SavePair]:
        """A row for each pair of saves that was asked for, of every model that the run saves."""
        writers = self._settings.diff_saves
        if writers and self._pairs is None:
            tolerances = self._settings.matrix.tolerances
            pairs = of_run(writers, engine, self._collected, tolerances)
            self._pairs = disambiguate(pairs, beside=self.plain_rows(engine))
        return self._pairs or []

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
            objection = self._collected.objections.get(names[0], "")
            row = self._row(test, seen, names, outcome, objection)
            loader, release, fed = _reference(engine, test.cell) if seen else ("", "", "")
            yield replace(row, reference_load=loader, reference_runtime=release, inputs=fed)
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
        objection: str = "",
    ) -> Row:
        cell, expected = test.cell, test.expectation
        diagnosis = diagnose(observation, cell) if observation else None
        cause = diagnosis.cause.id if diagnosis else None
        thread = diagnosis.cause.thread if diagnosis else None
        why, remedy = (diagnosis.sentence, diagnosis.remedy) if diagnosis else (None, None)
        if observation and observation.verdict is Verdict.UNSAVED and diagnosis is None:
            known = expectations.known_unsaved(cell)
            if known is not None:
                cause, why, remedy = known.id, known.says(), known.advises()
                thread = known.thread
        settled = expectations.settle(expected, observation) if observation else None
        packaged = test.cell.save.model.file.parent == PACKAGES[0]
        if packaged:  # a node id is relative to a rootdir that the reference is not below
            nodeids = [f"{REFERENCE_PACKAGE}.{Path(name).name}" for name in nodeids]
            nodeids = [name.replace(".py::", "::", 1) for name in nodeids]
        else:
            nodeids = [_as_argument(self._config, name) for name in nodeids]
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
            thread=thread,
            statement=expected.entry.english if expected.entry else None,
            document=expected.entry.document if expected.entry else None,
            note=settled.message if settled and settled.outcome == "failed" else objection,
            signature=_signature(cell),
            function=model.function if isinstance(model := cell.save.model, Folder) else None,
            nodeids=nodeids,
            test=REFERENCE_PACKAGE if packaged else None,
            options=[*self._options(), *(["--pyargs"] if packaged else [])],
        )
        folder = cell.save.model
        if isinstance(folder, Folder):
            row = replace(row, file=self._files.get(folder.file, row.file))
            if folder.root in self._settings.models:
                # As it came: as an argument, pytest would load what lies beside it.
                row = replace(row, command=command_of(cell, (), options=self._options()))
        return row if self._settings.keep else replace(row, log=None)  # gone with the run

    @cached_property
    def _files(self) -> dict[Path, str]:
        """The file of each folder of the run, once it is collected."""
        cells = [test.cell for test in self._collected.tests.values()]
        cells += [each.cell for each in self._collected.untested.values()]
        models = (cell.save.model for cell in cells)
        return told_apart(model for model in models if isinstance(model, Folder))

    def _options(self) -> list[str]:
        """The options of this run's command line that a rerun of a cell needs as well."""
        flags = {option.flag for option in OPTIONS} - _OF_THE_RUN
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


def _signature(cell: Cell) -> str | None:
    """The signature that is called: of what is saved here the one that our savers write."""
    model = cell.save.model
    return model.signature if isinstance(model, Folder) else DEFAULT_SIGNATURE


def _badness(outcome: str | None) -> int:
    return _WORST.index(outcome) if outcome in _WORST else len(_WORST)


def _reference(engine: Engine, cell: Cell) -> tuple[str, str, str]:
    """Who computed what a folder should give, a loader and a release, and from whose inputs."""
    record = engine.artifact(cell.save.original) if isinstance(cell.save.model, Folder) else None
    if not isinstance(record, Path):
        return "", "", ""
    loader, release, fed = _computed_by(record)
    carried = record.is_relative_to(cell.save.model.file)
    return loader, release, CARRIED if carried else fed


@cache
def _computed_by(record: Path) -> tuple[str, str, str]:
    """Whose record it is."""
    told = json.loads((record / RECORD_JSON).read_text(encoding="utf-8"))
    if told.get("uncalled") or not told.get("loader"):
        return "", "", ""
    return told["loader"], written_under(told["runtime"]["tensorflow"]).name, told.get("fed", "")


def _as_argument(config: pytest.Config, nodeid: str) -> str:
    """A node id as it is typed where pytest was started; it is relative to the rootdir.

    ``Config.cwd_relative_nodeid`` takes a string up to pytest 9.1 and a ``NodeId`` from 9.2 on.
    """
    path, colons, rest = nodeid.partition("::")
    if not path or config.invocation_params.dir == config.rootpath:
        return nodeid
    typed = os.path.relpath(config.rootpath / path, config.invocation_params.dir)
    return f"{Path(typed).as_posix()}{colons}{rest}"
