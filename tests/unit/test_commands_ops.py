"""``ops``: what it keeps of what releases say, and what it says of it.

What a real release says is asked by tests/integration/test_prediction.py.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.ops import (
    IGNORED,
    REFUSED,
    AttributeDefinition,
    Measured,
    OpDefinition,
    read,
)
from pytest_tfroundtrip.commands import ops as command
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime

    Run = Callable[..., tuple[int, str, str]]

SIZE = AttributeDefinition("size", "int", (), "1")
SAID = {
    "1.15": {"Kept": OpDefinition((SIZE,)), "Old": OpDefinition(())},
    "2.0": {"Kept": OpDefinition((SIZE,))},
    "2.1": {"Kept": OpDefinition((SIZE._replace(default="2"),)), "New": OpDefinition(())},
}
GONE = "2.2"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that is written, which is not there yet."""
    place = tmp_path / "ops.txt"
    monkeypatch.setattr(command, "OPS_FILE", place)
    return place


@pytest.fixture
def run(
    tmp_path: Path,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Run:
    """Run the command on releases that say :data:`SAID`: code, stdout, stderr."""
    assert not file.exists()

    def asked(_: VenvProvider, runtime: Runtime) -> command._Answer:
        name = runtime.release.name
        if name == GONE:
            msg = "it does not start"
            raise EnvironmentFailed(msg)
        known = REFUSED if name == "1.15" else IGNORED
        release = Measured(name, runtime.release.tensorflow, 100, 0, 0, known)
        return command._Answer(release, SAID[name], frozenset({"float32"}))

    monkeypatch.setattr(command, "_asked", asked)
    monkeypatch.setattr(VenvProvider, "ready", lambda _, runtime: runtime.name in SAID or None)

    def call(*words: str) -> tuple[int, str, str]:
        code = main(["ops", "--cache", str(tmp_path / "cache"), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_releases_are_added_to_what_is_kept(run: Run, file: Path) -> None:
    assert run("2.0") == (0, "2.0: 1 ops, new\n", "")
    assert run("1.15", "2.1") == (0, "1.15: 2 ops, new\n2.1: 2 ops, new\n", "")
    table = read(file.read_text())
    assert list(table.releases) == ["1.15", "2.0", "2.1"]  # as the catalogue has them
    assert {name: table.of(name) for name in SAID} == SAID
    assert table.releases["1.15"].unknown_attributes == REFUSED


def test_again_changes_nothing(run: Run, file: Path) -> None:
    run("1.15", "2.0", "2.1")
    before = file.read_bytes()
    code, out, _ = run("2.1", "1.15")
    assert (code, out) == (0, "2.1: 2 ops, as kept\n1.15: 2 ops, as kept\n")
    assert file.read_bytes() == before


def test_a_check_writes_nothing_and_asks_those_that_are_there(run: Run, file: Path) -> None:
    code, out, _ = run("--check")
    assert code == 1
    assert out.splitlines()[:3] == ["1.15: 2 ops, new", "2.0: 1 ops, new", "2.1: 2 ops, new"]
    assert out.splitlines()[3].endswith("would change. Make it anew: ops 1.15 2.0 2.1")
    assert not file.exists()
    run("1.15", "2.0", "2.1")
    assert run("--check")[0] == 0


def test_what_is_not_as_kept_is_named(
    run: Run, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("1.15", "2.0", "2.1")
    before = file.read_bytes()
    monkeypatch.setitem(SAID, "2.0", {"Kept": OpDefinition((SIZE,), 9), "More": OpDefinition(())})
    code, out, _ = run("--check", "2.0")
    assert code == 1
    assert out.startswith("2.0: 2 ops, not as kept: Kept, More\n")
    assert file.read_bytes() == before


def test_one_that_cannot_be_asked_costs_the_others_nothing(run: Run, file: Path) -> None:
    code, out, err = run(GONE, "2.0")
    assert (code, out, err) == (1, "2.0: 1 ops, new\n", "2.2: it does not start\n")
    assert list(read(file.read_text()).releases) == ["2.0"]


@pytest.mark.parametrize(
    ("word", "said"),
    [("2.0+v1", "is no release of the catalogue"), ("9.9", "9.9")],
)
def test_only_releases_are_asked(run: Run, word: str, said: str) -> None:
    code, _, err = run(word)
    assert code == 2
    assert said in err


def test_a_file_that_is_damaged_is_told(run: Run, file: Path) -> None:
    file.write_text("release 1.15 what\n")
    code, _, err = run("2.0")
    assert code == 2
    assert "Restore it from version control" in err
