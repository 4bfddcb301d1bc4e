"""What plugins say of their savers and loaders, and the catalogue with these in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from extension import LOADER, SAVER, write

from pytest_tfroundtrip import hookspecs
from pytest_tfroundtrip.catalogue.apis import apis, choose, extended
from pytest_tfroundtrip.catalogue.extensions import Extension, asked
from pytest_tfroundtrip.errors import UsageProblem

if TYPE_CHECKING:
    from pathlib import Path


def manager(**answers: Any) -> pytest.PytestPluginManager:
    """One with a plugin for each answer; one that is callable is called."""
    made = pytest.PytestPluginManager()
    made.add_hookspecs(hookspecs)
    for name, answer in answers.items():
        hook = answer if callable(answer) else lambda answer=answer: answer
        made.register(type(name, (), {"pytest_tf_roundtrip_apis": staticmethod(hook)})(), name)
    return made


def paths(extension: Extension) -> dict[str, Any]:
    return {"apis": str(extension.apis), "agent": extension.agent}


def complaint(**answers: Any) -> str:
    with pytest.raises(UsageProblem) as raised:
        asked(manager(**answers))
    return str(raised.value)


def test_plugins_are_asked_in_the_order_in_which_they_came(tmp_path: Path) -> None:
    first, second = write(tmp_path, name="first"), write(tmp_path, name="second")
    found = asked(manager(a=paths(first), b=paths(second), nothing=None, again=paths(first)))
    assert found == (first, second)
    assert [each.plugin for each in found] == ["a", "b"]


def test_an_agent_module_may_be_a_package(tmp_path: Path) -> None:
    extension = write(tmp_path)
    (tmp_path / "agent").mkdir()
    answer = {"apis": extension.apis, "agent": tmp_path / "agent"}
    assert "there is no agent module" in complaint(acme=answer)
    (tmp_path / "agent" / "__init__.py").touch()
    assert asked(manager(acme=answer)) == (Extension(extension.apis, tmp_path / "agent"),)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"agent": "agent.py"}, "agent has to be an absolute path"),
        ({"agent": 5}, "agent has to be an absolute path"),
        ({"apis": "/nowhere/acme.json"}, "there is no data file /nowhere/acme.json"),
        ({"agent": "/nowhere/agent.py"}, "there is no agent module /nowhere/agent.py"),
        ({"agents": "/"}, "a data file, "),
    ],
)
def test_an_answer_that_is_no_pair_of_paths_names_the_plugin(
    tmp_path: Path, change: dict[str, Any], says: str
) -> None:
    said = complaint(good=None, bad={**paths(write(tmp_path)), **change})
    assert said.startswith("the plugin bad returns {")
    assert says in said


@pytest.mark.parametrize("answer", [{}, "acme.json", ["acme.json", "agent.py"], object])
def test_an_answer_of_another_form_says_which_is_expected(answer: Any) -> None:
    said = complaint(acme=lambda: answer)
    assert '{"apis": a data file, "agent": an agent module} was expected' in said


def test_a_plugin_that_fails_is_named_with_its_error() -> None:
    def fails() -> None:
        msg = "no licence"
        raise RuntimeError(msg)

    said = complaint(good=None, bad=fails)
    assert said == "the plugin bad fails in pytest_tf_roundtrip_apis: RuntimeError: no licence"


def test_the_catalogue_has_theirs_after_ours_and_knows_whose_they_are(tmp_path: Path) -> None:
    variant = {"variants": {"fast": {"releases": ">=2.3"}}}
    extension = write(tmp_path, savers={"acme_export": {**SAVER, **variant}})
    known = extended([extension])
    assert list(known.savers) == [*apis().savers, "acme_export", "acme_export.fast"]
    assert list(known.loaders) == [*apis().loaders, "acme_read"]
    assert known.extensions == (extension,)
    assert known.savers["acme_export.fast"].extension == extension
    assert known.savers["acme_export.fast"].releases == ">=2.3"
    assert known.savers["builder"].extension is None
    assert "acme_export" not in apis().savers


def test_theirs_are_chosen_by_name_and_by_all_and_by_default_where_they_say_so(
    tmp_path: Path,
) -> None:
    ours = [api.name for api in choose([], apis().savers, "saver")]
    quiet = extended([write(tmp_path)]).savers
    assert [api.name for api in choose([], quiet, "saver")] == ours
    assert [api.name for api in choose(["acme_export"], quiet, "saver")] == ["acme_export"]
    assert choose(["all"], quiet, "saver")[-1].name == "acme_export"
    loud = extended([write(tmp_path, savers={"acme_export": {**SAVER, "default": True}})]).savers
    assert [api.name for api in choose([], loud, "saver")] == [*ours, "acme_export"]


def test_a_name_that_is_ours_is_refused(tmp_path: Path) -> None:
    extension = write(tmp_path, loaders={"tf2_load": LOADER})
    with pytest.raises(UsageProblem) as raised:
        extended([extension])
    said = str(raised.value)
    assert f"{extension.apis}: loader 'tf2_load': pytest-tfroundtrip has one of that name" in said


def test_a_name_that_is_another_partys_names_both_files(tmp_path: Path) -> None:
    first, second = write(tmp_path, name="first"), write(tmp_path, name="second", loaders={})
    with pytest.raises(UsageProblem) as raised:
        extended([first, second])
    assert f"{second.apis}: saver 'acme_export': {first.apis} has one" in str(raised.value)


def test_a_saver_and_a_loader_may_share_a_name(tmp_path: Path) -> None:
    known = extended([write(tmp_path, savers={"acme": SAVER}, loaders={"acme": LOADER})])
    assert known.savers["acme"].writes == "saved_model"
    assert known.loaders["acme"].reads == {"saved_model"}


def test_the_files_of_a_package_are_all_of_them_but_caches(tmp_path: Path) -> None:
    extension = write(tmp_path)
    assert extension.files == {"apis": extension.apis, "agent": extension.agent}
    package = tmp_path / "agent"
    for name in ("__init__.py", "words.txt", "inner/more.py", "__pycache__/more.cpython-311.pyc"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).touch()
    files = Extension(extension.apis, package).files
    assert list(files) == ["apis", "agent/__init__.py", "agent/inner/more.py", "agent/words.txt"]
    assert files["agent/inner/more.py"] == package / "inner" / "more.py"
