"""Third parties' agent modules, as an agent takes them. Nothing of TensorFlow is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from extension import AGENT, SAVER, write

from pytest_tfroundtrip.agent import plugins
from pytest_tfroundtrip.agent.errors import Unusable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.extensions import Extension


@pytest.fixture(autouse=True)
def no_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plugins, "_EXTENDED", {"savers": {}, "loaders": {}})


def extend(*extensions: Extension, threads: Callable[[], int | None] = lambda: 1) -> Any:
    told = [
        {
            "apis": str(each.apis),
            "agent": str(each.agent),
            "known_as": {"apis": "/here/acme.json", "agent": f"/here/{each.agent.name}"},
        }
        for each in extensions
    ]
    return plugins.extend(told, threads)


def why_not(kind: str = "saver", name: str = "acme_export") -> str:
    with pytest.raises(Unusable) as raised:
        getattr(plugins, kind)(name)
    return str(raised.value)


def test_what_a_module_has_and_its_data_file_declares_is_found(tmp_path: Path) -> None:
    declared, unsafe = extend(write(tmp_path))
    assert plugins.saver("acme_export").save(None, None, None) == "saved"
    assert plugins.loader("acme_read").load(None, None) == "loaded"
    assert [*declared[0]["savers"], *declared[0]["loaders"]] == ["acme_export", "acme_read"]
    assert unsafe == []


def test_what_a_saver_wants_of_a_model_stands_in_the_data_file(tmp_path: Path) -> None:
    extend(write(tmp_path, savers={"acme_export": {**SAVER, "batched": True}}))
    saver = plugins.saver("acme_export")
    assert (saver.BATCHED, saver.NEEDS_KERAS_MODEL) == (True, False)
    assert not hasattr(saver, "view")
    plain = write(tmp_path, agent=AGENT + "Export.view = staticmethod(lambda *_: 'seen')")
    extend(plain)
    assert plugins.saver("acme_export").view(None, None) == "seen"
    assert not plugins.saver("acme_export").BATCHED


def test_what_no_data_file_declares_is_not_taken(tmp_path: Path) -> None:
    """A module cannot put something in the place of a saver of ours."""
    extend(write(tmp_path, agent=AGENT + "SAVERS['builder'] = SAVERS['other'] = Export"))
    assert not plugins._EXTENDED["savers"].keys() - {"acme_export"}
    with pytest.raises(ValueError, match="the agent has no saver 'other'"):
        plugins.saver("other")


def test_a_package_imports_its_own_modules(tmp_path: Path) -> None:
    extension = write(tmp_path)
    package = tmp_path / "acme_agent"
    package.mkdir()
    (package / "__init__.py").write_text("from .inner import SAVERS, LOADERS")
    (package / "inner.py").write_text(AGENT)
    extend(type(extension)(extension.apis, package))
    assert plugins.saver("acme_export").save(None, None, None) == "saved"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import no_such_library", "ModuleNotFoundError: No module named 'no_such_library'"),
        ("def broken(:", "SyntaxError: invalid syntax (acme_agent.py, line 1)"),
        ("import sys; sys.exit('no licence')", "SystemExit: no licence"),
    ],
)
def test_a_module_that_does_not_import_is_an_error_of_its_own_steps_only(
    tmp_path: Path, source: str, says: str
) -> None:
    good = write(tmp_path, name="good", savers={"good_export": SAVER}, loaders={},
                 agent=AGENT.replace("acme_export", "good_export"))  # fmt: skip
    extend(write(tmp_path, agent=source), good)
    for said in (why_not(), why_not("loader", "acme_read")):
        assert said.startswith("the agent module /here/acme_agent.py does not import under Python ")
        assert says in said
    assert plugins.saver("good_export").save(None, None, None) == "saved"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("", "has no SAVERS['acme_export'], which its data file declares. It has: none"),
        ("SAVERS = []", "has no SAVERS['acme_export'], which its data file declares"),
        ("SAVERS = {'acme_exprot': 1}", "It has: acme_exprot"),
        ("SAVERS = {'acme_export': 1}", "its saver 'acme_export' has no function save"),
    ],
)
def test_what_is_declared_and_not_there_is_named(tmp_path: Path, source: str, says: str) -> None:
    extend(write(tmp_path, agent=source))
    assert says in why_not()
    assert "/here/acme_agent.py" in why_not()


def test_what_the_runtime_contradicts_is_refused(tmp_path: Path) -> None:
    extend(write(tmp_path))
    plugins.refuse("savers", "acme_export", "tf.here is missing")
    assert why_not() == "tf.here is missing"
    assert plugins.loader("acme_read").load(None, None) == "loaded"
    plugins.refuse("savers", "acme_export", "and something else")
    assert why_not() == "tf.here is missing"


def test_a_module_whose_import_starts_threads_is_told(tmp_path: Path) -> None:
    counts = iter([3, 3, 3, 7])
    quiet, loud = write(tmp_path, name="quiet"), write(tmp_path, name="loud")
    _, unsafe = extend(quiet, loud, threads=lambda: next(counts))
    assert len(unsafe) == 1
    assert unsafe[0].startswith("importing the agent module /here/loud_agent.py started 4 threads")
    assert extend(loud, threads=lambda: None)[1] == []
