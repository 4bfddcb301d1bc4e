"""``diff-saves``: two saves of one model held against each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from extension import install_example
from fake_provider import FakeProvider, write_script

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.runtimes import prepare

MODEL = "import tensorflow as tf\n\nclass {name}(tf.Module):\n    inputs = {{}}\n"


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A model, and agents that save it without TensorFlow."""
    (tmp_path / "affine.py").write_text(MODEL.format(name="Affine"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    provider = FakeProvider(tmp_path)
    monkeypatch.setattr(prepare.Providers, "of", lambda *_: provider)
    return "affine.py:Affine"


def diff(*words: str) -> int:
    try:
        return main(["diff-saves", *words, "--cache=cache"])
    except SystemExit as end:
        return int(end.code or 0)


def test_saves_that_agree_are_a_line_each(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(model, "tf_module@1.15", "tf_module@2.15", "tf_module@2.21") == 0
    assert capsys.readouterr().out.splitlines() == [
        "tf_module@1.15 -> tf_module@2.15: same",
        "tf_module@2.15 -> tf_module@2.21: same",
    ]


def test_artifacts_that_are_there_are_compared_without_a_runtime(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    diff(model, "tf_module@2.15", "builder@2.15")
    folders = sorted(
        {str(path.parent) for path in Path("cache").rglob("artifacts/*/*/record.json")}
    )
    capsys.readouterr()
    assert diff(*folders) in (0, 1)
    assert " -> " in capsys.readouterr().out


def test_a_report_has_the_pairs_and_merges_with_others(model: str) -> None:
    words = (model, "tf_module@1.15", "tf_module@2.15", "tf_module@2.21")
    assert diff(*words, "--report=r.json") == 0
    content = json.loads(Path("r.json").read_text())
    assert (content["schema"], content["cells"]) == (1, [])
    assert [pair["id"] for pair in content["save_pairs"]] == [
        "affine-tf_module_1.15-becomes-tf_module_2.15",
        "affine-tf_module_2.15-becomes-tf_module_2.21",
    ]
    assert [runtime["name"] for runtime in content["runtimes"]] == ["1.15", "2.15", "2.21"]
    assert main(["report", "merge", "r.json", "--output=m.json"]) == 0
    assert json.loads(Path("m.json").read_text())["save_pairs"] == content["save_pairs"]
    assert diff(*words, "--report=r.md") == 0
    assert "### `tf_module@1.15` → `tf_module@2.15`\n\nsame for Affine" in Path("r.md").read_text()
    assert diff(*words, "--report=r.txt") == 2


def test_a_report_of_artifacts_says_what_they_are_of(model: str) -> None:
    diff(model, "tf_module@2.15", "builder@1.15")
    folders = {
        json.loads(path.read_text())["saver"]: str(path.parent)
        for path in Path("cache").rglob("artifacts/*/*/record.json")
    }
    diff(folders["builder"], folders["tf_module"], "--report=r.json")
    (pair,) = json.loads(Path("r.json").read_text())["save_pairs"]
    assert pair["id"] == "affine-builder_1.15-becomes-tf_module_2.15"
    assert pair["model"] == "Affine"


def test_a_save_that_failed_is_told_and_the_others_are_compared(
    model: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    script = write_script(
        Path("agent.json"),
        rules=[{"match": {"action": "save", "saver": "builder"}, "status": "raised"}],
    )
    monkeypatch.setattr(prepare.Providers, "of", lambda *_: FakeProvider(Path(), script))
    assert diff(model, "builder@1.15", "tf_module@2.15", "tf_module@2.21") == 1
    out, err = capsys.readouterr()
    assert "builder@1.15 -> tf_module@2.15: not compared: builder@1.15: refused: a fake" in err
    assert out == "tf_module@2.15 -> tf_module@2.21: same\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["tf_module"], "write SAVER@RUNTIME"),
        (["tf_modul@2.15", "builder@2.15"], "Did you mean 'tf_module'?"),
        (["tf_module@2.51", "builder@2.15"], "unknown runtime '2.51'"),
        (["estimator@2.21", "builder@2.15"], "is not in TensorFlow 2.21"),
        (["tf_module@2.15"], "name two saves or more"),
    ],
)
def test_asked_for_wrongly(
    model: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(model, *words) == 2
    assert told in capsys.readouterr().err


def test_a_saver_of_an_installed_plugin_is_known(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_example(Path.cwd(), monkeypatch)
    assert diff(model, "builder@2.15", "acme_export.stripped@2.15") == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "builder@2.15 -> acme_export.stripped@2.15: same"


def test_a_plugin_that_does_not_import_is_told_and_only_where_it_matters(
    model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    install_example(Path.cwd(), monkeypatch, "no_such_module")
    assert diff(model, "builder@2.15", "tf_module@2.15") in (0, 1)
    assert diff(model, "builder@2.15", "acme_export@2.15") == 2
    assert "cannot be loaded: ModuleNotFoundError" in capsys.readouterr().err
