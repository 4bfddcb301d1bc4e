"""Records that a SavedModel carries: finding them, and freezing them into a copy."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip.errors import RoundTripError, UsageProblem
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.golden import FILES, PLACE, freeze, record_in, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "serving_default"


def folder(file: Path, signature: str | None = KEY, tags: tuple[str, ...] = ("serve",)) -> Folder:
    default = signature in (KEY, None)
    return Folder("m", file, file, tags, signature, default, "2.15.1", ("tf_module",))


def record(place: Path, signature: str | None = KEY, **more: Any) -> Path:
    """A record as an agent leaves it."""
    place.mkdir(parents=True)
    said = {"signature": signature, "contract": {"tags": ["serve"]}, "examples": 1, **more}
    (place / "record.json").write_text(json.dumps(said))
    (place / "record.npz").write_bytes(f"values of {signature}".encode())
    return place


@pytest.fixture
def model(tmp_path: Path) -> Path:
    made = tmp_path / "m"
    for name, content in {
        "saved_model.pb": b"graph",
        "variables/variables.index": b"index",
        "variables/variables.data-00000-of-00001": b"values",
        "assets/words.txt": b"a\nb\n",
        "assets.extra/tf_serving_warmup_requests": b"request",
    }.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_bytes(content)
    return made


@pytest.fixture
def frozen(model: Path, tmp_path: Path) -> Path:
    """A copy with the records of two signatures."""
    target = tmp_path / "copy"
    records = [
        (folder(model), record(tmp_path / "r0")),
        (folder(model, "other"), record(tmp_path / "r1", "other")),
    ]
    freeze(model, target, records)
    return target


def contents(place: Path) -> dict[str, bytes]:
    files = (each for each in place.rglob("*") if each.is_file())
    return {each.relative_to(place).as_posix(): each.read_bytes() for each in files}


# Freezing


def test_a_copy_has_the_files_and_the_records_and_the_source_is_left(
    model: Path, tmp_path: Path
) -> None:
    record(model.joinpath(*PLACE), "old")
    before = contents(model)
    target = tmp_path / "new" / "copy"
    freeze(model, target, [(folder(model), record(tmp_path / "r0"))])
    assert contents(model) == before
    copied = contents(target)
    inside = "/".join(PLACE)
    assert set(copied) == set(before)
    assert {name: copied[name] for name in copied if not name.startswith(inside)} == {
        name: before[name] for name in before if not name.startswith(inside)
    }
    assert json.loads(copied[f"{inside}/record.json"])["signature"] == KEY
    assert copied[f"{inside}/record.npz"] == f"values of {KEY}".encode()


def test_records_of_other_signatures_lie_below(frozen: Path) -> None:
    place = frozen.joinpath(*PLACE)
    assert record_in(folder(frozen)) == place
    assert record_in(folder(frozen, "other")) == place / "signatures" / "0"
    assert (place / "signatures" / "0" / "record.npz").read_bytes() == b"values of other"


def test_a_copy_of_links_is_whole(model: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "blobs"
    (model / "variables").rename(elsewhere)
    (model / "variables").symlink_to(elsewhere)
    target = tmp_path / "copy"
    freeze(model, target, [(folder(model), record(tmp_path / "r0"))])
    assert not (target / "variables").is_symlink()
    assert record_in(folder(target)) == target.joinpath(*PLACE)
    (target / "variables" / "variables.index").write_bytes(b"other")
    with pytest.raises(RoundTripError, match=re.escape("other files: variables/variables.index")):
        record_in(folder(target))


@pytest.mark.parametrize("where", ["m", "m/copy", "m/assets/copy"])
def test_a_copy_into_its_source_is_refused(model: Path, tmp_path: Path, where: str) -> None:
    before = contents(model)
    with pytest.raises(UsageProblem, match="which is left as it is: name another"):
        freeze(model, tmp_path / where, [(folder(model), record(tmp_path / "r0"))])
    assert contents(model) == before


@pytest.mark.parametrize(
    ("name", "text"),
    [("r0/record.npz", None), ("r0/record.json", "{"), ("r0/record.json", "[1]"), ("m/odd", None)],
)
def test_a_copy_that_cannot_be_made_leaves_nothing(
    model: Path, tmp_path: Path, name: str, text: str | None
) -> None:
    place = record(tmp_path / "r0")
    (tmp_path / name).unlink(missing_ok=True)
    if text is None:
        (tmp_path / name).symlink_to("/no/where")
    else:
        (tmp_path / name).write_text(text)
    target = tmp_path / "copies" / "copy"
    with pytest.raises(UsageProblem, match="cannot be copied to"):
        freeze(model, target, [(folder(model), place)])
    assert list(target.parent.iterdir()) == []


def test_what_is_there_is_not_written_over(model: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    with pytest.raises(UsageProblem, match="is there already: name another folder with --to"):
        freeze(model, target, [(folder(model), record(tmp_path / "r0"))])
    assert list(target.iterdir()) == []


# Finding


def test_a_record_goes_by_signature_and_tags(model: Path) -> None:
    place = record(model.joinpath(*PLACE))
    assert record_in(folder(model)) == place
    assert record_in(folder(model, "other")) is None
    assert record_in(folder(model, tags=("serve", "gpu"))) is None
    assert record_in(folder(model, tags=())) is None


def test_a_record_of_a_function_is_of_that_one(model: Path) -> None:
    place = record(model.joinpath(*PLACE), None, function={"name": "total"})
    one = folder(model, None)
    assert record_in(replace(one, function="total")) == place
    assert record_in(replace(one, function="__call__")) is None
    assert record_in(one) is None


def test_a_record_of_a_saver_names_no_files(model: Path) -> None:
    place = record(model.joinpath(*PLACE))
    (model / "saved_model.pb").write_bytes(b"changed since")
    assert record_in(folder(model)) == place


@pytest.mark.parametrize("name", FILES)
def test_a_record_that_is_not_whole(frozen: Path, name: str) -> None:
    place = frozen.joinpath(*PLACE)
    (place / name).unlink()
    if name == "record.json":
        assert record_in(folder(frozen)) is None
        return
    with pytest.raises(RoundTripError, match=f"not whole, {name} is not there: a .gitignore"):
        record_in(folder(frozen))


def same_size(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])


def longer(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b".")


def new(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("saved_model.pb", same_size),
        ("variables/variables.index", same_size),
        ("variables/variables.data-00000-of-00001", longer),
        ("assets/words.txt", longer),
        ("assets/words.txt", Path.unlink),
        ("assets/new.txt", new),
        ("saved_model.pbtxt", new),
    ],
)
def test_a_record_of_files_that_have_changed(
    frozen: Path, name: str, change: Callable[[Path], None]
) -> None:
    change(frozen / name)
    for signature in (KEY, "other"):
        with pytest.raises(RoundTripError, match=f"other files: {name}. Record the SavedModel"):
            record_in(folder(frozen, signature))


def test_what_is_not_recorded_may_change(frozen: Path) -> None:
    (frozen.joinpath(*PLACE) / "notes.txt").write_text("mine")
    same_size(frozen / "assets" / "words.txt")  # told by size only
    assert record_in(folder(frozen)) is not None


HOSTILE = {
    "nothing": "",
    "no json": "{",
    "no text": "\udcff",
    "a list": "[1, 2]",
    "a number": "1e999",
    "empty": "{}",
    "deep": "[" * 200_000,
    "contract is a list": '{"signature": null, "contract": [1]}',
    "contract is a number": '{"signature": null, "contract": 3}',
    "no tags": '{"signature": null, "contract": {}}',
    "tags are a number": '{"signature": null, "contract": {"tags": 3}}',
    "tags are a text": '{"signature": null, "contract": {"tags": "serve"}}',
    "tags are mixed": '{"signature": null, "contract": {"tags": [1, null, {}]}}',
    "signature is a list": '{"signature": [], "contract": {"tags": []}}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_in_form_is_no_record(model: Path, text: str) -> None:
    place = record(model.joinpath(*PLACE))
    (place / "record.json").write_text(text, errors="surrogateescape")
    for signature, tags in ((KEY, ("serve",)), (None, ())):
        assert record_in(folder(model, signature, tags)) is None


@pytest.mark.parametrize("files", [[], 3, "x", {"saved_model.pb": [1]}])
def test_files_that_are_not_in_form_are_other_files(model: Path, files: Any) -> None:
    record(model.joinpath(*PLACE), files=files)
    with pytest.raises(RoundTripError, match="recorded of other files"):
        record_in(folder(model))


def test_a_link_to_nowhere_is_no_file(model: Path) -> None:
    before = state_of(model)
    (model / "assets" / "gone").symlink_to("/no/where")
    assert state_of(model) == before
    assert before["assets/words.txt"] == 4
    assert str(before["saved_model.pb"]).startswith("sha256:")
