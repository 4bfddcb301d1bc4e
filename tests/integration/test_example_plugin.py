"""A third party's saver and loader, installed as a user installs them, beside ours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from .harness import HERE, REFERENCE, Run, artifacts, private_cache, run

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = HERE.parent / "example_plugin"
SAVERS = "--tf-savers=builder,acme_export,acme_export.stripped"
LOADERS = "--tf-loaders=tf2_load,acme_predictor"
CHOSEN = (*REFERENCE, "-k", "affine or add_two", SAVERS, LOADERS)
NEW_SYNTAX = "\nif (three_seven_cannot_read_this := True):\n    pass\n"  # TensorFlow 1.15 has 3.7


@dataclass(frozen=True)
class Site:
    """A folder of sys.path that the example is installed in."""

    folder: Path

    @property
    def package(self) -> Path:
        return self.folder / "acme_roundtrip"

    def run(self, where: Path, *arguments: str, cache: Path | None = None) -> Run:
        path = os.pathsep.join([str(self.folder), str(HERE)])
        return run(where, *arguments, cache=cache, environ={"PYTHONPATH": path})

    def change(self, name: str, **more: Any) -> None:
        """Change what the data file says of a saver or a loader."""
        file = self.package / "apis.json"
        content = json.loads(file.read_text(encoding="utf-8"))
        next(each[name] for each in content.values() if name in each).update(more)
        file.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Built and installed, with its entry point."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "uv", "pip", "install", "--no-deps", "--target", str(folder)]
    done = subprocess.run([*command, str(EXAMPLE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return Site(folder)


@pytest.fixture
def mine(installed: Site, tmp_path: Path) -> Site:
    """A copy that may be changed."""
    return Site(shutil.copytree(installed.folder, tmp_path / "site"))


@pytest.fixture(scope="module")
def alone(installed: Site, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return installed.run(tmp_path_factory.mktemp("alone"), *CHOSEN)


def theirs(cell: dict[str, Any]) -> bool:
    return "acme" in cell["save"] or "acme" in (cell["load"] or "")


def unreadable(cell: dict[str, Any]) -> bool:
    """What 1.15 cannot read of an Affine, whoever reads: variables of 2.15 and later."""
    return (cell["model"], cell["load_runtime"]) == ("Affine", "1.15") and (
        cell["save_runtime"] != "1.15"
        # Without default attributes graph mode finds no reference variable either.
        or (cell["save"], cell["load"]) == ("acme_export.stripped", "tf2_load")
    )


def test_theirs_run_beside_ours_on_every_runtime(alone: Run) -> None:
    assert alone.status == 0, alone.output
    assert len(alone.cells) == 2 * 3 * 3 * (1 + 2 * 3)
    for key, cell in alone.cells.items():
        broken = unreadable(cell)
        assert cell["verdict"] == ("refused" if broken else "same"), key
        assert bool(cell["cause"]) is broken, key
    refused = alone.cells["affine-acme_export_2.21-to-acme_predictor_1.15-inference"]
    assert refused["cause"] == "debug-name-attr"
    assert not alone.left


def test_the_documents_promise_nothing_of_theirs(alone: Run) -> None:
    for key, cell in alone.cells.items():
        if theirs(cell):
            assert cell["promise"] == "unpromised", key
            assert not cell["contradiction"], key
        elif cell["direction"] != "forward":
            assert cell["promise"] == "promised", key


def test_under_xdist_it_is_the_same(alone: Run, installed: Site, tmp_path: Path) -> None:
    distributed = installed.run(tmp_path, *CHOSEN, "-n", "2")
    assert distributed.status == 0, distributed.output
    assert distributed.verdicts() == alone.verdicts()
    assert distributed.outcomes() == alone.outcomes()
    assert not distributed.left


def test_a_changed_agent_module_makes_its_saves_again_and_no_other(
    mine: Site, tmp_path: Path
) -> None:
    cache = private_cache(tmp_path)
    chosen = (*REFERENCE, "-k", "affine", SAVERS, "--tf-operations=creation", "--tf-runtimes=2.15")

    def made() -> dict[str, int]:
        seen = mine.run(tmp_path, *chosen, cache=cache)
        assert seen.status == 0, seen.output
        found = [
            json.loads(file.read_text(encoding="utf-8"))
            for file in (cache / "artifacts").glob("*/*/record.json")
        ]
        savers = [record["saver"] for record in found]
        return {name: savers.count(name) for name in savers}

    assert made() == {"builder": 1, "acme_export": 2}  # with its variant
    (key,) = [key for key in artifacts(cache) if key[1] == "acme_export"]
    record = json.loads((artifacts(cache)[key] / "record.json").read_text(encoding="utf-8"))
    assert set(record["contract"]["signatures"]) == {"serving_default", "only_y"}
    assert made() == {"builder": 1, "acme_export": 2}
    with (mine.package / "agent" / "export.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert made() == {"builder": 1, "acme_export": 4}


def test_what_a_runtime_cannot_take_is_an_error_of_those_cells_only(
    mine: Site, tmp_path: Path
) -> None:
    with (mine.package / "agent" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write(NEW_SYNTAX)
    mine.change("acme_predictor", needs=["tf.nothing_of_that_name"])
    seen = mine.run(
        tmp_path,
        *(*REFERENCE, "-k", "add_two", "--tf-runtimes=1.15,2.15"),
        *("--tf-savers=builder,acme_export", LOADERS),
    )
    assert seen.status == 1
    assert "Traceback" not in seen.output
    for key, cell in seen.cells.items():
        saved_by_them = cell["save"] == "acme_export" and cell["save_runtime"] == "1.15"
        read_by_them = cell["load"] == "acme_predictor"
        if saved_by_them and cell["load"]:
            assert cell["verdict"] == "unsaved", key
        elif saved_by_them or (read_by_them and cell["load_runtime"] == "1.15"):
            assert cell["verdict"] == "env_error", key
            assert f"{mine.package}/agent does not import under Python 3.7" in cell["message"], key
            assert "SyntaxError: invalid syntax" in cell["message"], key
        elif read_by_them:
            assert cell["verdict"] == "env_error", key
            told = f"{mine.package}/apis.json says that acme_predictor exists in TensorFlow 2.15"
            assert told in cell["message"], key
            assert "but tf.nothing_of_that_name is missing" in cell["message"], key
        else:
            assert cell["verdict"] == "same", key
        outcome = {"same": "passed", "unsaved": "skipped", "env_error": "error"}[cell["verdict"]]
        assert cell["outcome"] == outcome, key


def test_a_module_that_runs_an_op_when_it_is_imported_is_told(mine: Site, tmp_path: Path) -> None:
    """Every fork of that agent would hang, so none is made."""
    with (mine.package / "agent" / "export.py").open("a", encoding="utf-8") as file:
        file.write("\nONE = tf.constant(1)\n")
    seen = mine.run(
        tmp_path,
        *(*REFERENCE, "-k", "add_two", "--tf-runtimes=2.15", "--tf-operations=inference"),
        *("--tf-savers=acme_export", "--tf-loaders=tf2_load"),
    )
    (cell,) = seen.cells.values()
    assert cell["verdict"] == "env_error"
    assert f"importing the agent module {mine.package / 'agent'} started" in cell["message"]
    assert seen.seconds < 60
