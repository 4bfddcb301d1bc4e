"""``record``: what is asked for wrongly, and what is written."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from command_on_folders import Idle, Run, runner

from pytest_tfroundtrip.cells import Save
from pytest_tfroundtrip.engine import engine
from pytest_tfroundtrip.engine.references import References
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError
from pytest_tfroundtrip.folder import Folder, folders_of
from pytest_tfroundtrip.golden import PLACE, freeze, record_in
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.savedmodel.reading import found_at, read_stamps
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from pytest_tfroundtrip.cells import Cell

SAVED = Path(__file__).parents[1] / "data" / "savedmodels"
SAME = Observation(Verdict.SAME)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A SavedModel with several signatures."""
    return Path(shutil.copytree(SAVED / "odd-1.15", tmp_path / "m"))


def signatures(model: Path) -> tuple[Folder, ...]:
    found = found_at(model)
    return folders_of(found, read_stamps(found), root=model)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner("record", tmp_path, monkeypatch, capsys)


def record(place: Path, folder: Folder) -> Path:
    place.mkdir(parents=True)
    said = {"signature": folder.signature, "contract": {"tags": list(folder.tags)}}
    (place / "record.json").write_text(json.dumps(said))
    (place / "record.npz").write_bytes(str(folder.signature).encode())
    return place


class Recorder(Idle):
    """An engine that leaves a record for each signature."""

    def __init__(self, place: Path) -> None:
        super().__init__()
        self.seen: dict[str | None, Observation] = {}
        self._place = place

    def observe(self, cell: Cell) -> Observation:
        folder = cell.save.model
        assert isinstance(folder, Folder)
        place = self._place / (folder.signature or "none")
        if not place.is_dir():
            record(place, folder)
        seen = self.seen.get(folder.signature, SAME)
        return replace(seen, artifact=str(place))


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Recorder:
    made = Recorder(tmp_path / "store")
    monkeypatch.setattr(engine, "Engine", made)
    return made


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("gone",), "no SavedModel 'gone': looked for"),
        (("m", "--signature=predict"), "m: no signature 'predict'. There are: "),
        (("m", "--tags=gpu"), "m: no meta graph has the tags gpu. There are: serve"),
        (("m", "--runtime=2.51"), "unknown runtime '2.51'. Did you mean 2.21?"),
        (("m", "--examples=gone.npz"), "gone.npz cannot be read"),
        (("m", "--to=."), "is there already: name another folder with --to"),
        (("m", "--to=m"), "which is left as it is: name another folder with --to"),
        (("m", "--to=m/assets.extra/copy"), "which is left as it is"),
        (("m.zip",), "m.zip is no folder: say with --to=COPY where the copy goes"),
        (("https://host/m",), "say with --to=COPY"),
    ],
)
@pytest.mark.usefixtures("model")
def test_what_is_asked_for_wrongly_is_told_and_nothing_runs(
    run: Run, fake: Recorder, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, [])
    assert told in err
    assert "Traceback" not in err
    assert fake.cells == []


def test_a_copy_beside_it_has_the_records_of_all_signatures(
    run: Run, fake: Recorder, model: Path, tmp_path: Path
) -> None:
    code, out, err = run("m")
    target = tmp_path / "m-recorded"
    assert (code, err, fake.stopped) == (0, "", 1)
    assert out[-1] == (f"{target}: a golden test. Run it with pytest --tf-roundtrip {target}")
    whole = signatures(target)
    assert len(whole) > 1
    for folder in whole:
        place = record_in(folder)
        assert place is not None
        assert (place / "record.npz").read_bytes() == str(folder.signature).encode()
        assert (place.name == PLACE[-1]) is folder.default
        assert f"signature {folder.signature!r}: recorded" in out
    assert not model.joinpath(*PLACE).exists()


def test_who_computed_it_and_what_from_is_told(
    run: Run, fake: Recorder, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = {"loader": "tf1_load", "runtime": {"tensorflow": "1.15.5"}, "fed": "made up"}
    monkeypatch.setattr(json, "loads", lambda _: said)
    _, out, _ = run(model)
    assert out[0].endswith("recorded, by tf1_load of TensorFlow 1.15.5, inputs made up")
    assert fake.cells


def test_damaged_files_are_told_before_anything_runs(run: Run, fake: Recorder, model: Path) -> None:
    (model / "variables" / "variables.data-00000-of-00002").unlink()
    code, _, err = run(model)
    assert code == 1
    assert "is not there" in err
    assert fake.cells == []


def test_the_nearest_default_runtime_computes_it(run: Run, fake: Recorder, model: Path) -> None:
    run(model)
    assert {str(cell.load_runtime) for cell in fake.cells} == {"1.15"}
    fake.cells.clear()
    run(model, "--runtime=2.21", "--to=other")
    assert {str(cell.load_runtime) for cell in fake.cells} == {"2.21"}


def test_one_signature_may_be_chosen(run: Run, fake: Recorder, model: Path) -> None:
    last = signatures(model)[-1]
    code, out, _ = run(model, f"--signature={last.signature}")
    assert code == 0
    assert len(out) == 2
    assert [cell.save.model for cell in fake.cells] == [replace(last, anew=True)]
    recorded = [record_in(each) for each in signatures(model.with_name("m-recorded"))]
    assert [each is None for each in recorded] == [True] * (len(recorded) - 1) + [False]


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (Observation(Verdict.REFUSED, message="Op type\n"), "not recorded: refused: Op type"),
        (Observation(Verdict.ENV_ERROR, message="no network"), "not recorded: env_error: no netw"),
        (
            Observation(Verdict.SAME, not_compared=("values (not called: no input)",)),
            "not recorded: values (not called: no input)",
        ),
    ],
)
def test_a_signature_that_cannot_be_recorded_leaves_no_copy(
    run: Run, fake: Recorder, model: Path, seen: Observation, told: str
) -> None:
    last = signatures(model)[-1].signature
    fake.seen[last] = seen
    code, out, err = run(model)
    assert code == 1
    assert err.startswith(f"signature {last!r}: {told}")
    assert "m-recorded was not written: name what can be recorded with --signature=KEY" in err
    assert out
    assert not model.with_name("m-recorded").exists()


def test_what_gives_nothing_back_is_left_out(run: Run, fake: Recorder, model: Path) -> None:
    nothing = ("tags", "values (not called: it gives nothing back)")
    last = signatures(model)[-1].signature
    fake.seen[last] = Observation(Verdict.SAME, not_compared=nothing)
    code, out, err = run(model)
    assert (code, err) == (0, "")
    assert f"signature {last!r}: left out: it gives nothing back" in "\n".join(out)
    recorded = [record_in(each) for each in signatures(model.with_name("m-recorded"))]
    assert [each is None for each in recorded] == [False] * (len(recorded) - 1) + [True]
    code, _, err = run(model, f"--signature={last}", "--to=other")
    assert code == 1
    assert "other was not written" in err


def test_what_was_not_compared_is_told(run: Run, fake: Recorder, model: Path) -> None:
    seen = Observation(Verdict.SAME, not_compared=("values of y (they are random)", "names"))
    fake.seen[signatures(model)[0].signature] = seen
    code, out, _ = run(model)
    assert code == 0
    assert out[0].endswith("recorded (not compared: values of y (they are random))")


class NoEnvironments:
    """Steps of an engine that has no runtime."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    async def environment(self, runtime: Any) -> Any:
        msg = f"{runtime} cannot be had"
        raise EnvironmentFailed(msg)


def test_a_record_of_other_files_is_no_obstacle_to_recording_again(
    run: Run, fake: Recorder, model: Path, tmp_path: Path
) -> None:
    (first,) = (each for each in signatures(model) if each.default)
    golden = tmp_path / "golden"
    freeze(model, golden, [(first, record(tmp_path / "r", first))])
    (golden / "saved_model.pb").touch()
    (golden / "new").touch()
    run(golden)
    saves = [cell.save for cell in fake.cells]
    steps: Any = NoEnvironments(fake.settings)
    references = References(steps, None)  # type: ignore[arg-type]
    for save in saves:
        with pytest.raises(EnvironmentFailed, match="cannot be had"):
            asyncio.run(references.record(save, 0))
    (default,) = (each for each in saves if isinstance(each.model, Folder) and each.model.default)
    assert isinstance(default, Save)
    plain = replace(default, model=replace(default.model, anew=False))  # type: ignore[arg-type]
    with pytest.raises(RoundTripError, match="recorded of other files: new"):
        asyncio.run(references.record(plain, 0))
