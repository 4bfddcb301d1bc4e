"""pytest's hooks, and nothing else: what they do is in ``session.py`` and below.

A run without round trips must not pay for this plugin, so everything but the options is imported
where it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip import options

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_tfroundtrip.roundtrip import RoundTrip
    from pytest_tfroundtrip.session import RoundTripSession
    from pytest_tfroundtrip.statement import StatementCase

SESSION: pytest.StashKey[RoundTripSession] = pytest.StashKey()
MARK = "tf_roundtrip"
FIXTURE = "roundtrip"
CASE_FIXTURE = "tf_case"
SKIPPED = "round trips run with --tf-roundtrip"


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare what third parties may add; known without --tf-roundtrip, or they could not load."""
    from pytest_tfroundtrip import hookspecs  # noqa: PLC0415

    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """One group of options, each with an ini twin."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Nothing in a SavedModel's folder is run."""
    said = early_config.known_args_namespace
    if said.tf_roundtrip or early_config.getini("tf_roundtrip"):
        from pytest_tfroundtrip import guards  # noqa: PLC0415

        models = said.tf_model or early_config.getini("tf_model")
        guards.check(early_config, said.file_or_dir, models)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Explain the marks; read the settings, so that a wrong one is said before anything runs."""
    from pytest_tfroundtrip.help import CELL_MARK, ROUND_TRIP_MARK  # noqa: PLC0415

    config.addinivalue_line("markers", ROUND_TRIP_MARK)
    config.addinivalue_line("markers", CELL_MARK)
    if options.enabled(config):
        from pytest_tfroundtrip.properties import CauseBesideFailure  # noqa: PLC0415
        from pytest_tfroundtrip.session import open_session  # noqa: PLC0415
        from pytest_tfroundtrip.told_once import ToldOnce  # noqa: PLC0415

        state = open_session(config)
        config.stash[SESSION] = state
        config.pluginmanager.register(Outcomes(state), "tf_roundtrip_outcomes")
        config.pluginmanager.register(CauseBesideFailure(), "tf_roundtrip_causes")
        config.pluginmanager.register(ToldOnce(), "tf_roundtrip_told_once")
        config.pluginmanager.register(TooLate(config.pluginmanager), "tf_roundtrip_too_late")
    elif flag := options.typed_without_switch(config):
        msg = f"{flag} does nothing without --tf-roundtrip"
        raise pytest.UsageError(msg)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the engine, before xdist starts its workers, who are told where it is."""
    if state := _state(session.config):
        state.start()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell an xdist worker where the controller's engine is."""
    if state := _state(node.config):
        node.workerinput["tf_roundtrip_engine"] = state.address
        node.workerinput["tf_roundtrip_named"] = state.named_arguments


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave model files to the agents, and links to what is collected anyway."""
    if collection_path.suffix == ".py" and _collects_widely(config):
        from pytest_tfroundtrip.model_source import holds_model  # noqa: PLC0415

        return True if holds_model(collection_path, config.rootpath) else None
    if _state(config) and collection_path.is_dir():
        from pytest_tfroundtrip import folder_items  # noqa: PLC0415

        return True if folder_items.is_linked_again(collection_path, config) else None
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Name what is collected: the files of ``models/m1::cell``, or folders of --tf-model alone."""
    if state := _state(session.config):
        from pytest_tfroundtrip import folder_items  # noqa: PLC0415

        session.config.args = folder_items.arguments(session.config, state)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The folders of --tf-model hang on the session itself: pytest walks through none of them."""
    report = yield
    state = _state(collector.config)
    if state and isinstance(collector, pytest.Session) and report.passed:
        from pytest_tfroundtrip import folder_items  # noqa: PLC0415

        report.result.extend(folder_items.of_options(collector, state))
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collect_directory(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """SavedModels are items; the reference package is collected whatever python_files says."""
    if state := _state(parent.config):
        from pytest_tfroundtrip import folder_items  # noqa: PLC0415

        if folder_items.is_ours(path, state):
            return folder_items.ModelFolder.of(parent, path, state)
    if path.name in ("reference", "statements") and path.parent.name == "pytest_tfroundtrip":
        from pytest_tfroundtrip.collection import ReferenceFolder, is_reference  # noqa: PLC0415

        if is_reference(path):
            folder: pytest.Collector = ReferenceFolder.from_parent(parent, path=path)
            return folder
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A model's file that was named is said to be no SavedModel; pytest passes it over."""
    if _state(parent.config):
        from pytest_tfroundtrip import folder_items  # noqa: PLC0415

        if folder_items.is_no_model(file_path, parent.session):
            found: pytest.Collector = folder_items.NoModel.from_parent(parent, path=file_path)
            return found
    return None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a marked test over the matrix."""
    if mark := metafunc.definition.get_closest_marker(MARK):
        from pytest_tfroundtrip.collection import parametrize  # noqa: PLC0415

        parametrize(metafunc, mark, _state(metafunc.config))
    elif CASE_FIXTURE in metafunc.fixturenames and _is_ours(metafunc, CASE_FIXTURE):
        from pytest_tfroundtrip.collection import parametrize_cases  # noqa: PLC0415

        parametrize_cases(metafunc, _state(metafunc.config))
    elif FIXTURE in metafunc.fixturenames and _is_ours(metafunc, FIXTURE):
        msg = f"{metafunc.definition.name} takes {FIXTURE} but has no mark {MARK}('path.py:Class')"
        raise pytest.Collector.CollectError(msg)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A mark that pytest cannot parametrize is said, not passed over."""
    for item in items:
        if FIXTURE not in getattr(item, "fixturenames", (FIXTURE,)) and item.get_closest_marker(
            MARK
        ):
            msg = (
                f"{item.nodeid} is marked {MARK} but is not parametrized: pytest does not"
                " parametrize unittest.TestCase methods. Write it as a function that takes the"
                f" fixture {FIXTURE}."
            )
            raise pytest.UsageError(msg)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collection is over: the engine gets the cells that were selected."""
    if state := _state(session.config):
        state.plan(session)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Make the environments before the first test: seen, and on no test's time."""
    if state := _state(session.config):
        state.prepare(session)
    return (yield)


@pytest.fixture
def roundtrip(request: pytest.FixtureRequest) -> RoundTrip:
    """One cell of the matrix and what was seen of it: inputs, outputs, variables, verdict."""
    state = _state(request.config)
    if state is None:
        pytest.skip(SKIPPED)
    return state.roundtrip(request.node, request.param)


@pytest.fixture
def tf_case(request: pytest.FixtureRequest) -> StatementCase:
    """A sentence of TensorFlow's documents, tried under one runtime, and what was seen."""
    state = _state(request.config)
    if state is None:
        pytest.skip(SKIPPED)
    return state.case(request.node, request.param)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Judge the cell before the test's own body runs."""
    if state := _state(item.config):
        state.judge(item)


class Outcomes:
    """The one hook that is not given pytest's config."""

    def __init__(self, state: RoundTripSession) -> None:
        self._state = state

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note pytest's word for a cell, for the report."""
        self._state.note(report)


class TooLate:
    """Hears of plugins that come when what there is was asked already."""

    def __init__(self, manager: pytest.PytestPluginManager) -> None:
        self._known = manager.get_plugins()

    def pytest_plugin_registered(self, plugin: object, plugin_name: str) -> None:
        """Say so, before their savers and loaders are unknown for no reason that is seen."""
        if hasattr(plugin, "pytest_tf_roundtrip_apis") and plugin not in self._known:
            msg = (
                f"{plugin_name} has pytest_tf_roundtrip_apis, but comes too late: pytest loads it"
                " when it collects. Put the hook in the conftest.py of the rootdir, or in a plugin"
                " (-p, or the entry point pytest11)"
            )
            raise pytest.Collector.CollectError(msg)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Cancel what has not begun and write the report."""
    if state := _state(session.config):
        state.finish(session)


def pytest_terminal_summary(config: pytest.Config) -> None:
    """The matrix people came for."""
    if state := _state(config):
        state.summarize()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Whatever happened, nothing is left running."""
    if state := _state(config):
        state.stop()


def _state(config: pytest.Config) -> RoundTripSession | None:
    return config.stash.get(SESSION, None)


def _is_ours(metafunc: pytest.Metafunc, fixture: str) -> bool:
    """Whether the fixture is this plugin's: others may have one of that name, or a parameter."""
    found = metafunc._arg2fixturedefs.get(fixture, ())  # noqa: SLF001  no public way to ask
    return bool(found) and found[-1].func.__module__ == __name__


def _collects_widely(config: pytest.Config) -> bool:
    """Whether pytest would import more than test files: only then do models need guarding."""
    if config.getoption("doctestmodules", default=False):
        return True
    usual = {"test_*.py", "*_test.py"}
    return not usual.issuperset(config.getini("python_files"))
