"""``bisect``: what is asked for wrongly, and how the answer is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from command_on_folders import Idle, Run, runner

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.engine import engine
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.cells import Cell

SAVED = Path(__file__).parents[1] / "data" / "savedmodels"
MODEL = SAVED / "tf_module-2.15"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner("bisect", tmp_path, monkeypatch, capsys)


class Releases(Idle):
    """An engine whose releases say what they were told to."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Observation] = {}
        self.asked: list[str] = []
        self.loaders: set[str] = set()

    def observe(self, cell: Cell) -> Observation:
        assert self.settings.matrix.loaders_named
        assert cell == self.cells[-1]
        assert cell.loader is not None
        assert cell.load_runtime is not None
        name = cell.load_runtime.release.tensorflow
        self.asked.append(name)
        self.loaders.add(cell.loader.name)
        return self.answers.get(name, Observation(Verdict.SAME))

    def refuse(self, *names: str, message: str = "Op type not registered 'Odd'") -> None:
        """Say that these releases do not read it."""
        seen = Observation(Verdict.REFUSED, message=message, exception="NotFoundError")
        for name in names:
            self.answers[releases()[name].tensorflow if name in releases() else name] = seen


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Releases:
    made = Releases()
    monkeypatch.setattr(engine, "Engine", made)
    return made


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gone",), "no SavedModel 'gone': looked for"),
        ((SAVED,), "has several SavedModels below it"),
        ((MODEL, "--signature=serve"), "no signature 'serve'. There are: "),
        ((MODEL, "--tags=serve,gpu"), "no meta graph has the tags gpu, serve. There are: serve"),
        ((MODEL, "--load=tf3_load"), "unknown loader 'tf3_load'. Did you mean"),
        ((MODEL, "--load=all"), "--load=all is more than one"),
        ((MODEL, "--load=import_graph_def"), "import_graph_def does not load SavedModels"),
        ((MODEL, "--oldest=2.51"), "unknown runtime '2.51'"),
        ((MODEL, "--newest=2.15+v1"), "2.15+v1 is no release: bisect goes along those from 1.15"),
        ((MODEL, "--oldest=2.15", "--newest=2.3"), "--oldest=2.15 is newer than --newest=2.3"),
        ((MODEL, "--provider=vm"), "invalid choice: 'vm'"),
        ((), "the following arguments are required: DIR"),
    ],
)
def test_what_is_asked_for_wrongly_is_told_and_nothing_runs(
    run: Run, fake: Releases, arguments: tuple[object, ...], told: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, [])
    assert told in err
    assert "Traceback" not in err
    assert fake.asked == []


def test_releases_come_in_their_order() -> None:
    names = list(releases())
    assert names == sorted(names, key=lambda name: tuple(map(int, name.split("."))))


def test_who_reads_it_and_who_does_not(run: Run, fake: Releases) -> None:
    names = list(releases())
    old = names[: names.index("2.10")]
    fake.refuse(*old)
    code, out, err = run(MODEL)
    assert (code, err, fake.stopped) == (0, "", 1)
    newest = list(releases())[-1]
    assert out[0] == "  2.15     same"
    assert f"tf2_load reads it from 2.10 to {newest}." in out
    assert any(line.startswith("2.9 and older: refused, ") for line in out)
    assert not any("and newer" in line for line in out)
    assert out[-1].startswith(f"{len(fake.asked)} releases were asked")
    assert len(set(fake.asked)) == len(fake.asked) < 10


def test_a_border_on_either_side(run: Run, fake: Releases) -> None:
    fake.refuse("2.13", "2.14", "2.17", "2.18", message="no\nmore")
    code, out, _ = run(MODEL, "--oldest=2.13", "--newest=2.18", "--load=tf1_load")
    assert code == 0
    assert fake.loaders == {"tf1_load"}
    assert out[-4:-1] == [
        "tf1_load reads it from 2.15 to 2.16.",
        "2.14 and older: refused, no",
        "2.17 and newer: refused, no",
    ]


def test_what_the_writer_itself_refuses_is_told_as_that(run: Run, fake: Releases) -> None:
    fake.refuse("2.15", message="no")
    _, out, _ = run(MODEL, "--oldest=2.15", "--newest=2.16")
    assert "tf2_load gives refused under 2.15." in out
    assert "2.16 and newer: same" in out


def test_one_release_is_enough(run: Run, fake: Releases) -> None:
    _, out, _ = run(MODEL, "--oldest=2.12", "--newest=2.12")
    assert out[-2:] == ["tf2_load reads it under 2.12.", "1 release was asked."]
    assert len(fake.asked) == 1


def test_what_nobody_reads_has_its_cause_and_remedy_and_exits_1(run: Run, fake: Releases) -> None:
    fake.refuse(*releases(), message="Op type not registered 'Odd'")
    code, out, _ = run(MODEL, "--oldest=2.14", "--newest=2.16")
    assert code == 1
    told = " ".join(out)
    assert "tf2_load gives refused from 2.14 to 2.16." in out
    assert "The file uses the op Odd" in told
    assert "what to do: Load it with the TensorFlow that saved it" in told


def test_patch_releases_are_asked_where_that_is_wanted(run: Run, fake: Releases) -> None:
    pinned, others = releases()["2.8"].tensorflow, releases()["2.8"].patches
    assert pinned not in others
    fake.refuse("2.5", "2.6", "2.7", *releases()["2.7"].patches, *others)
    code, out, _ = run(MODEL, "--oldest=2.5", "--newest=2.16", "--patches")
    assert code == 0
    (line,) = (line for line in out if line.startswith("among patch releases"))
    assert line == f"among patch releases: between {max(others)} and {pinned}"


def test_an_environment_that_cannot_be_had_ends_it(run: Run, fake: Releases) -> None:
    tensorflow = releases()["2.15"].tensorflow
    fake.answers[tensorflow] = Observation(Verdict.ENV_ERROR, message="no network\n")
    code, out, err = run(MODEL)
    assert (code, out, err) == (1, [], "2.15: no network\n")
    assert fake.stopped == 1


def test_a_release_without_the_load_api_is_not_asked(run: Run, fake: Releases) -> None:
    _, out, _ = run(MODEL, "--oldest=2.15", "--newest=2.16", "--load=tfsm_layer")
    assert any(line.startswith("  2.15     absent: ") for line in out)
    assert releases()["2.15"].tensorflow not in fake.asked
