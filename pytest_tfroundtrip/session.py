"""One pytest session: what was collected, the engine that answers it, what is said of it.

What only a run that goes on needs (the engine, numpy, the report) is imported where it is used:
``--collect-only`` answers in less than half the time.

Three roles: ``alone`` (no xdist, or none of its workers), ``controller`` (owns the engine, collects
nothing) and ``worker`` (collects, asks the controller's engine).
"""

from __future__ import annotations

from datetime import datetime, timezone
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip import collection, expectations, properties
from pytest_tfroundtrip.causes import diagnose, possible
from pytest_tfroundtrip.cells import from_json
from pytest_tfroundtrip.collected import Collected, TestCell, Untested
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.marks import Request, read_folder, read_mark
from pytest_tfroundtrip.outcomes import BY_VERDICT, RuntimeMissing, Unsaved
from pytest_tfroundtrip.settings import Settings, read_settings
from pytest_tfroundtrip.vocabulary import Expect, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_tfroundtrip.accepting import Accepting
    from pytest_tfroundtrip.catalogue.runtime import OwnRuntime
    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.engine.server import EngineServer, RemoteEngine
    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.reporting import Reporting
    from pytest_tfroundtrip.roundtrip import RoundTrip
    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Stamp
    from pytest_tfroundtrip.statement import StatementCase, Trial

CASE: pytest.StashKey[StatementCase] = pytest.StashKey()
ROUND_TRIP: pytest.StashKey[tuple[TestCell, RoundTrip]] = pytest.StashKey()


class Role(Enum):
    """What this process is to xdist."""

    ALONE = auto()
    CONTROLLER = auto()
    WORKER = auto()


def open_session(config: pytest.Config) -> RoundTripSession:
    """Read the settings.

    Raises:
        pytest.UsageError: one that cannot be.
    """
    try:
        return RoundTripSession(config, read_settings(config))
    except UsageProblem as error:
        raise pytest.UsageError(str(error)) from None


class RoundTripSession:
    """The state of a run, kept in pytest's stash."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self.config = config
        self.settings = settings
        self.collected = Collected()
        self.started = datetime.now(timezone.utc)
        self.engine: Engine | None = None
        self.remote: RemoteEngine | None = None
        self._server: EngineServer | None = None
        self._makings: dict[str, Cell] = {}  # the cells that make an artifact, by its key
        self._generated = 0  # tests, before -k, -m and --lf
        self._reporting: Reporting | None = None
        self._accepting = _accepting(settings)
        self._of_baseline: list[str] = []  # sentences on the file as a whole

    @property
    def role(self) -> Role:
        """What this process is to xdist."""
        if hasattr(self.config, "workerinput"):
            return Role.WORKER
        if self.config.pluginmanager.hasplugin("dsession"):
            return Role.CONTROLLER
        return Role.ALONE

    @property
    def named_arguments(self) -> bool:
        """Whether somebody named files or folders; else pytest collects what is there."""
        if self.role is Role.WORKER:  # it is always given the controller's, named or not
            return bool(self.config.workerinput["tf_roundtrip_named"])  # type: ignore[attr-defined]
        return self.config.args_source is pytest.Config.ArgsSource.ARGS

    @property
    def address(self) -> str:
        """Where an xdist worker finds the engine."""
        return self._server.address if self._server else ""

    # Life

    def start(self) -> None:
        """Start the engine of a controller, which is asked before it knows what for."""
        if self.role is Role.CONTROLLER:
            self.engine = _started(self.settings)
            from pytest_tfroundtrip.engine.server import EngineServer  # noqa: PLC0415

            self._server = EngineServer(self.engine, self._hear)
            self._server.start()

    def stop(self) -> None:
        """End everything; again is no harm."""
        if self.remote is not None:
            self.remote.close()
        if self._server is not None:
            self._server.stop()
        if self.engine is not None:
            self.engine.stop()

    # Collection

    def tests(self, mark: pytest.Mark, *, beside: Path) -> list[TestCell]:
        """The cells of a marked test that are tests; the others are noted for the report.

        Raises:
            UsageProblem: the mark cannot be understood.
        """
        return self._tests(read_mark(mark.args, mark.kwargs, beside=beside, settings=self.settings))

    def folder_tests(self, found: Found, stamps: Sequence[Stamp], *, root: Path) -> list[TestCell]:
        """The cells of a SavedModel's folder that are tests."""
        return self._tests(read_folder(found, stamps, root=root, settings=self.settings))

    def _tests(self, request: Request) -> list[TestCell]:
        tests = []
        for cell, why in request.cells:
            self.collected.generated.add(cell.id)
            if why is not None:
                self._leave_out(_test_cell(cell, request.expect), Verdict.ABSENT, why)
                continue
            saved_here = not isinstance(cell.save.model, Folder)
            documents = request.expect is Expect.DOCUMENTS and saved_here
            if documents and (cause := expectations.known_unsaved(cell)):
                said = f"its artifact cannot be made: {cause.says()}"
                self._leave_out(_test_cell(cell, request.expect), Verdict.UNSAVED, said)
                continue
            tests.append(_test_cell(cell, request.expect, request.accept))
        self._generated += len(tests)
        return tests

    def trials(self) -> list[Trial]:
        """The documents' sentences that are tried, under the chosen runtimes."""
        from pytest_tfroundtrip.statement import trials  # noqa: PLC0415

        matrix = self.settings.matrix
        return list(trials([*matrix.save_runtimes, *matrix.load_runtimes]))

    def _leave_out(self, test: TestCell, verdict: Verdict, message: str) -> None:
        self.collected.untested[test.cell.key] = Untested(test, verdict, message)

    def plan(self, session: pytest.Session) -> None:
        """Hand the selected cells to the engine; runtimes that are there start at once."""
        tests = dict(collection.selected(session.items))
        self.collected.tests = tests
        self.collected.incomplete = bool(session.testsfailed)
        self.collected.trials = dict(collection.selected_trials(session.items))
        self._makings = {
            made.key: test.cell for test in tests.values() if (made := test.cell.makes) is not None
        }
        if len(tests) < self._generated:
            self._narrow()
        self._check_examples()
        trials = list(self.collected.trials.values())
        nothing = not tests and not trials
        if self.config.getoption("collectonly") or _broken(session) or nothing:
            return
        if self.role is Role.WORKER:
            self._connect()
        elif self.role is Role.ALONE:
            self.engine = _started(self.settings)
        cells = [test.cell for test in tests.values()]
        if self.remote is not None:
            self.remote.submit(cells, _notes(self.collected), trials)
        elif self.engine is not None:
            self.engine.submit(cells, trials)

    def _check_examples(self) -> None:
        """Say that a file of examples is for no signature at all: it would be passed over."""
        if self.settings.examples is None:
            return
        from pytest_tfroundtrip.inputs import unmatched  # noqa: PLC0415

        models = (test.cell.save.model for test in self.collected.tests.values())
        if why := unmatched([model for model in models if isinstance(model, Folder)]):
            msg = f"--tf-examples: {why}"
            raise pytest.UsageError(msg)

    def _narrow(self) -> None:
        """Of a selection's rows that are no tests, keep those whose save was selected."""
        rows = self.collected.untested
        self.collected.untested = {
            key: row for key, row in rows.items() if row.cell.save.key in self._makings
        }

    def _connect(self) -> None:
        """Reach the controller's engine; a worker on another machine has its own."""
        from pytest_tfroundtrip.engine.server import RemoteEngine  # noqa: PLC0415

        address = getattr(self.config, "workerinput")["tf_roundtrip_engine"]  # noqa: B009
        try:
            self.remote = RemoteEngine(address)
        except OSError:
            self.engine = _started(self.settings)

    def _hear(self, notes: Mapping[str, Any]) -> None:
        """A worker's collection, in the controller: every worker's is the same."""
        if self.collected.tests or self.collected.trials or self.engine is None:
            return
        own, known = self.settings.own, self.settings.apis
        self.collected.generated.update(notes["generated"])
        self.collected.incomplete = notes["incomplete"]
        for nodeid, raw in notes["trials"]:
            self.collected.trials[nodeid] = _trial_from_json(raw, own)
        for nodeid, raw, expect, accept in notes["tests"]:
            test = _test_cell(from_json(raw, own, known), Expect(expect), accept)
            self.collected.tests[nodeid] = test
        for raw, expect, verdict, message in notes["untested"]:
            test = _test_cell(from_json(raw, own, known), Expect(expect))
            self._leave_out(test, Verdict(verdict), message)
        self._prepare(self.engine)

    def prepare(self, session: pytest.Session) -> None:
        """Make the environments that are missing, before the first test."""
        if self.config.getoption("collectonly") or _broken(session):
            return
        if self.remote is not None:
            self.remote.wait_until_prepared()
        elif self.engine is not None and self.role is not Role.CONTROLLER:
            self._prepare(self.engine)

    def _prepare(self, engine: Engine) -> None:
        reporting = self.reporting
        engine.prepare(reporting.progress)
        reporting.header(engine)

    # Tests

    def roundtrip(self, item: pytest.Item, test: TestCell) -> RoundTrip:
        """What the fixture gives: waits for the cell.

        Raises:
            RuntimeMissing: the runtime could not be had; an error at setup.
            Unsaved: there is no artifact, and no test of this run that says why.
        """
        from pytest_tfroundtrip.roundtrip import RoundTrip  # noqa: PLC0415

        observation = self._observe(test.cell)
        roundtrip = RoundTrip(test.cell, observation)
        item.stash[ROUND_TRIP] = (test, roundtrip)
        properties.tell(item, properties.of_cell(test, observation))
        making = self._makings.get(test.cell.save.key)
        maker = making if making and making.key != test.cell.key else None
        settled = expectations.settle(test.expectation, observation, maker=maker)
        if settled.outcome == "skipped":
            pytest.skip(settled.message)
        if settled.outcome == "error":
            text, telling = self.reporting.text(test, observation, item.nodeid)
            if observation.verdict is Verdict.ENV_ERROR:
                raise RuntimeMissing(text, telling)
            raise Unsaved(text, observation, telling)
        return roundtrip

    def case(self, item: pytest.Item, trial: Trial) -> StatementCase:
        """What the fixture ``tf_case`` gives: waits for the trial.

        Raises:
            RuntimeMissing: the runtime could not be had; an error at setup.
        """
        from pytest_tfroundtrip.statement import StatementCase  # noqa: PLC0415

        if self.remote is not None:
            observation = self.remote.observe_trial(trial)
        else:
            if self.engine is None:
                self.engine = _started(self.settings)
            self.engine.submit([], [trial])
            if self.engine.unprepared():
                self.engine.prepare(self.reporting.progress)
            observation = self.engine.observe_trial(trial)
        case = StatementCase(trial, observation)
        item.stash[CASE] = case
        properties.tell(item, properties.of_trial(trial, observation))
        if observation.verdict is Verdict.ENV_ERROR:
            raise RuntimeMissing(*self.reporting.case_text(case, item.nodeid))
        return case

    def judge(self, item: pytest.Item) -> None:
        """Hold what was seen against what is expected, before the test's body runs.

        Raises:
            VerdictFailure: it is not ``same``; pytest's xfail tells the expected from the rest.
        """
        if CASE in item.stash and not (case := item.stash[CASE]).kept:
            text, _ = self.reporting.case_text(case, item.nodeid)
            raise BY_VERDICT[case.observation.verdict](text, case.observation)
        if ROUND_TRIP not in item.stash:
            return
        test, roundtrip = item.stash[ROUND_TRIP]
        observation, expected = roundtrip.observation, test.expectation
        if observation.mispredicted:
            said = self.reporting.wrong_prediction(test, observation)
            item.add_report_section("call", "tf-roundtrip prediction", said)
        reason, objection = self._accepted(test, observation)
        if objection is not None:
            properties.tell(item, [(properties.OBJECTION, objection)])
        if observation.verdict is Verdict.SAME:
            if objection is not None:
                pytest.fail(objection, pytrace=False)
            return
        if reason is not None:
            pytest.xfail(reason)
        text, telling = self.reporting.text(test, observation, item.nodeid, objection or "")
        failure = BY_VERDICT[observation.verdict](text, observation, telling)
        if expected.verdict is None:
            first = observation.message.strip().partition("\n")[0]
            pytest.xfail(f"the documents have no word on it: {observation.verdict}: {first}")
        raise failure

    def _accepted(self, test: TestCell, observation: Observation) -> tuple[str | None, str | None]:
        """Why the mark or the baseline accepts a cell, or what it has against it."""
        same = observation.verdict is Verdict.SAME
        diagnosis = diagnose(observation, test.cell)
        struck = [diagnosis.cause] if diagnosis else []
        # Of what is the same: the causes that could have struck, had they not gone.
        reason = test.accepted([cause.id for cause in (possible(test.cell) if same else struck)])
        if reason is None:
            return self._by_baseline(test, observation, struck[0].id if struck else None)
        if not same or test.expectation.strict:
            return reason, None
        why = f"{test.cell.id} is accepted ({reason}), but it is same: take it out of accept"
        return None, why

    def _by_baseline(
        self, test: TestCell, observation: Observation, cause: str | None
    ) -> tuple[str | None, str | None]:
        """Why the baseline accepts a cell, or what is wrong with its entry.

        It has no say in what is expected to fail anyway, or may.
        """
        expected = test.expectation
        foreseen = expected.strict and expectations.met(expected, observation)
        if self._accepting is None or foreseen or expected.verdict is None:
            return None, None
        judged = self._accepting.judge(test.cell.id, observation, cause)
        return judged.accepted, judged.objection

    def _observe(self, cell: Cell) -> Observation:
        if self.remote is not None:
            return self.remote.observe(cell)
        if self.engine is None:  # a cell that was not there at the end of collection
            self.engine = _started(self.settings)
        self.engine.submit([cell])
        if self.engine.unprepared():
            self.engine.prepare(self.reporting.progress)
        live = self.config.getoption("capture") == "no"
        return self.engine.observe(cell, self.reporting.live.follow if live else None)

    # Afterwards

    @property
    def reporting(self) -> Reporting:
        """What is written to the terminal and to files."""
        if self._reporting is None:
            from pytest_tfroundtrip.reporting import Reporting  # noqa: PLC0415

            self._reporting = Reporting(self.config, self.settings, self.collected, self.started)
        return self._reporting

    def note(self, report: pytest.TestReport) -> None:
        """Keep pytest's word for a cell: the worst of its phases."""
        known = report.nodeid in self.collected.tests or report.nodeid in self.collected.trials
        if not known or self.role is Role.WORKER:
            return
        outcomes = self.collected.outcomes
        if report.when == "setup":
            outcomes.pop(report.nodeid, None)
        said = dict(report.user_properties).get(properties.OBJECTION)
        if isinstance(said, str):
            self.collected.objections[report.nodeid] = said
        if report.failed:
            outcomes[report.nodeid] = "failed" if report.when == "call" else "error"
        elif report.skipped:
            outcomes[report.nodeid] = "xfailed" if hasattr(report, "wasxfail") else "skipped"
            if self._accepting is not None:
                self._accepting.note(report)
        elif report.when == "call" and report.passed:
            outcomes[report.nodeid] = "xpassed" if hasattr(report, "wasxfail") else "passed"

    def finish(self, session: pytest.Session) -> None:
        """Cancel what has not begun; write the report."""
        self.stop()
        if self.role is Role.WORKER:
            return
        if self.engine is None:
            # Nothing ran: a report of an earlier run must not pass for this one's.
            for path in () if self.config.getoption("collectonly") else self.settings.reports:
                path.unlink(missing_ok=True)
        elif not self.reporting.write(self.engine):
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif self._accepting is not None:
            self._settle_baseline(session, self._accepting, self.engine)

    def _settle_baseline(
        self, session: pytest.Session, accepting: Accepting, engine: Engine
    ) -> None:
        """Write the baseline anew, or tell what in it no cell needs: then the run has failed."""
        from pytest_tfroundtrip.covering import covered  # noqa: PLC0415

        rows = self.reporting.plain_rows(engine)
        run = covered(self.config, self.settings, self.collected)
        if accepting.updating:
            tests = self.collected.tests
            broken = {tests[nodeid].cell.id for nodeid in accepting.noted}
            try:
                self._of_baseline = list(accepting.write(rows, broken, run))
            except UsageProblem as error:
                self._of_baseline = [str(error)]
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif not session.shouldstop:
            self._of_baseline = accepting.unused((row.id for row in rows), run)
            if self._of_baseline and session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def summarize(self) -> None:
        """Print the matrix, the counts and the answer."""
        if self.role is not Role.WORKER and self.engine is not None:
            self.reporting.summarize(self.engine)
            for line in self._of_baseline:
                self.reporting.progress(line)


def _accepting(settings: Settings) -> Accepting | None:
    if settings.baseline is None:
        return None
    from pytest_tfroundtrip.accepting import Accepting  # noqa: PLC0415

    return Accepting.open(settings.baseline, updating=settings.baseline_update)


def _trial_from_json(raw: list[str], own: Mapping[str, OwnRuntime]) -> Trial:
    from pytest_tfroundtrip.statement import from_json  # noqa: PLC0415

    return from_json(raw, own)


def _started(settings: Settings) -> Engine:
    from pytest_tfroundtrip.engine.engine import Engine  # noqa: PLC0415

    engine = Engine(settings)
    engine.start()
    return engine


def _test_cell(cell: Cell, expect: Expect, accept: Mapping[str, str] | None = None) -> TestCell:
    return TestCell(cell, expect, expectations.expectation(cell, expect), accept or {})


def _notes(collected: Collected) -> dict[str, Any]:
    """What the controller needs for the report besides the cells."""
    return {
        "generated": list(collected.generated),
        "incomplete": collected.incomplete,
        "trials": [[nodeid, trial.to_json()] for nodeid, trial in collected.trials.items()],
        "tests": [
            [nodeid, test.cell.to_json(), str(test.expect), dict(test.accept)]
            for nodeid, test in collected.tests.items()
        ],
        "untested": [
            [row.cell.to_json(), str(row.test.expect), str(row.verdict), row.message]
            for row in collected.untested.values()
        ],
    }


def _broken(session: pytest.Session) -> bool:
    """Whether pytest is going to stop because of errors in collection."""
    keep_on = session.config.getoption("continue_on_collection_errors")
    return bool(session.testsfailed) and not keep_on
