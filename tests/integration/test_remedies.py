"""Each remedy's code, taken from ``causes.toml`` and run after the failure that it is for.

The scenes are in ``tests/remedies``. One process per TensorFlow runs them all, a fork for each.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip import agent
from pytest_tfroundtrip.__main__ import main
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.causes import Cause, causes, diagnose
from pytest_tfroundtrip.cells import Cell, Model, Save
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.runtimes.venv import VenvProvider
from pytest_tfroundtrip.settings import default_cache
from pytest_tfroundtrip.vocabulary import Operation, Stage
from tests.broken_models import POINTER
from tests.saved_models import DATA

if TYPE_CHECKING:
    from collections.abc import Mapping

#: In this order: what 1.15 reads, 2.15 has written before.
RELEASES = ("2.15", "2.21", "1.15")
SCENES = Path(__file__).parents[1] / "remedies"
HERE = "tests/integration/test_remedies.py"
#: Commands are no Python: other tests of this file, or of test_environments.py, run them.
SHELL = ("python -m ", "find ", "pip install ")
TRIED = [cause for cause in causes() if HERE in cause.tried]
#: What the scenes make fail; of some causes the failure is made in test_environments.py.
PLAYED = {
    name
    for file in SCENES.glob("*.py")
    for name in re.findall(r'^@scene\("([^"]+)"', file.read_text(encoding="utf-8"), re.MULTILINE)
}
FAILED = [cause for cause in causes() if cause.id in PLAYED and cause.tried in ((), (HERE,))]


@dataclass
class Seen:
    """What the scenes of one cause told."""

    failures: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)  # by runtime
    ran: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Seen]:
    folder = tmp_path_factory.mktemp("remedies")
    make = [sys.executable, "-m", "pytest_tfroundtrip", "runtimes", "make", *RELEASES]
    subprocess.run(make, check=True, capture_output=True)
    told: dict[str, Seen] = defaultdict(Seen)
    for release in RELEASES:
        for line in _played(release, folder):
            each = told[line["cause"]]
            each.failures += [(line["runtime"], failure) for failure in line["failures"]]
            each.ran |= set(line["ran"])
            if line["error"]:
                each.errors.append(f"{line['runtime']} {line['scene']}:\n{line['error']}")
    return told


def _played(release: str, folder: Path) -> list[dict[str, Any]]:
    """What the scenes of one release tell."""
    there = VenvProvider(default_cache()).ready(parse_runtime(release))
    assert there is not None
    config = {
        "release": release,
        "folder": str(folder),
        "data": str(DATA),
        "agent": str(Path(agent.__path__[0])),
        "code": {cause.id: cause.code() for cause in TRIED},
    }
    file = folder / f"{release}.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = [str(there.python), "-B", "-s", str(SCENES / "run.py"), str(file)]
    log = folder / f"{release}.log"
    with log.open("w") as stderr:
        done = subprocess.run(
            command, check=False, stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=300
        )
    assert done.returncode == 0, log.read_text()[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]


def _cell(runtime: str, failure: Mapping[str, str]) -> Cell:
    model = Model("Affine", Path("affine.py"), Path(), variables=None)
    save = Save(model, apis().savers[failure["saver"]], parse_runtime(runtime))
    if failure["resaved"]:
        save = replace(save, resaved=parse_runtime(runtime))
    if failure["stage"] == Stage.SAVE:
        return Cell(save, Operation.CREATION)
    loader = apis().loaders[failure["loader"]]
    return Cell(save, Operation.INFERENCE, loader, parse_runtime(runtime))


@pytest.mark.parametrize("cause", FAILED, ids=lambda cause: cause.id)
def test_the_failure_is_named(seen: dict[str, Seen], cause: Cause) -> None:
    found = []
    for runtime, failure in seen[cause.id].failures:
        observation = Observation(
            cause.verdict,
            Stage(failure["stage"]),
            failure["exception"],
            failure["message"],
            failure["traceback"],
        )
        diagnosis = diagnose(observation, _cell(runtime, failure))
        found.append((runtime, diagnosis and diagnosis.cause.id, failure["message"]))
    assert found
    assert [each for each in found if each[1] != cause.id] == []


@pytest.mark.parametrize("cause", TRIED, ids=lambda cause: cause.id)
def test_the_remedy_helps(seen: dict[str, Seen], cause: Cause) -> None:
    told = seen[cause.id]
    assert told.errors == []
    python = {each for each in cause.code() if not each.startswith(SHELL)}
    assert told.ran == python


def test_every_scene_is_played(seen: dict[str, Seen]) -> None:
    assert set(seen) == PLAYED
    assert [name for name in seen if seen[name].errors] == []


def _command(cause: str, start: str) -> str:
    (found,) = (
        piece
        for each in causes()
        if each.id == cause
        for piece in each.code()
        if piece.startswith(start)
    )
    return found


@pytest.mark.parametrize("cause", ["no-such-tags", "no-such-signature"])
def test_show_prints_tags_and_signatures(cause: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = _command(cause, "python -m pytest_tfroundtrip ").split()
    assert words.pop() == "DIR"
    assert main([*words[3:], str(DATA / "hub_module-1.15")]) == 0
    said = capsys.readouterr().out
    assert "train" in said
    assert "default" in said


def test_find_lists_the_folders_below(tmp_path: Path) -> None:
    (tmp_path / "model" / "1").mkdir(parents=True)
    (tmp_path / "model" / "1" / "saved_model.pb").write_bytes(POINTER)
    command = _command("saved-model-not-there", "find ").replace("DIR", str(tmp_path))
    done = subprocess.run(command, shell=True, check=True, capture_output=True, text=True)  # noqa: S602
    assert done.stdout.split() == [str(tmp_path / "model" / "1" / "saved_model.pb")]
