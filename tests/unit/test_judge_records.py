from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.errors import RoundTripError
from pytest_tfroundtrip.judge import ArtifactDamaged, read_observed, read_record

if TYPE_CHECKING:
    from pathlib import Path

SPEC = {"dtype": "float32", "shape": [None, 1]}
RECORD: dict[str, Any] = {
    "schema": 1,
    "signature": "serving_default",
    "contract": {
        "tags": ["serve"],
        "signatures": {
            "serving_default": {"method_name": "p", "inputs": {"x": SPEC}, "outputs": {"a/y": SPEC}}
        },
    },
    "examples": 2,
    "variables": {"key": "name", "items": [{"name": "dense/kernel"}]},
    "callable": True,
}
TENSORS = {
    "examples/0/inputs/x": np.zeros((1, 1), dtype="float32"),
    "examples/0/outputs/a/y": np.ones((1, 1), dtype="float32"),
    "examples/0/expected/a/y": np.ones((1, 1), dtype="float32"),
    "examples/1/outputs/a/y": np.zeros((0, 1), dtype="float32"),
    "variables/dense/kernel": np.array([7], dtype="int64"),
}
ANSWER: dict[str, Any] = {
    "calls": ["signature"],
    "contract": None,
    "variables": None,
    "returned": "AutoTrackable",
    "notes": ["a note"],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "record.json").write_text(json.dumps(RECORD))
    wire.write_tensors(tmp_path / "record.npz", TENSORS)
    wire.write_tensors(
        tmp_path / "observed.npz",
        {"examples/1/signature/a/y": np.ones((2, 1)), "variables/w": np.ones(1)},
    )
    return tmp_path


def test_a_record_is_read_with_names_that_hold_slashes(folder: Path) -> None:
    record = read_record(folder)
    assert [sorted(example.outputs) for example in record.examples] == [["a/y"], ["a/y"]]
    assert record.examples[0].expected is not None
    assert record.examples[1].expected is None
    assert record.variables is not None
    assert record.variables.names == ("dense/kernel",)
    assert record.variables.values["dense/kernel"].value.tolist() == [7]
    assert record.raw["schema"] == 1


def test_an_observation_is_read_from_its_file_and_the_answer(folder: Path) -> None:
    observed = read_observed(folder, ANSWER)
    assert observed.outputs[0] == {}
    assert list(observed.outputs[1]["signature"]) == ["a/y"]
    assert (observed.variables, observed.contract) == (None, None)
    assert (observed.returned, observed.notes) == ("AutoTrackable", ("a note",))


@pytest.mark.parametrize("name", ["record.json", "record.npz"])
@pytest.mark.parametrize("damage", ["gone", "empty", "cut", "garbage", "directory"])
def test_a_damaged_file_is_named_with_a_remedy(folder: Path, name: str, damage: str) -> None:
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if damage == "directory":
        path.mkdir()
    elif damage != "gone":
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2]}.get(damage, b"PK\3\4"))
    with pytest.raises(ArtifactDamaged, match=rf"{name} cannot be read.*run again") as raised:
        read_record(folder)
    assert isinstance(raised.value, RoundTripError)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"schema": 2}, "it is of schema 2, this version reads 1"),
        ({"contract": {"signatures": {"a": {"inputs": {"x": {}}}}}}, "it has no 'shape'"),
        ({"variables": {"key": "name"}}, "it has no 'items'"),
        ({"examples": 1}, "also holds examples/1"),
        ({"examples": "two"}, "cannot be read"),
    ],
)
def test_a_record_not_in_form_says_what_is_wrong(
    folder: Path, change: dict[str, Any], said: str
) -> None:
    (folder / "record.json").write_text(json.dumps({**RECORD, **change}))
    with pytest.raises(ArtifactDamaged, match=said):
        read_record(folder)


def test_every_damaged_byte_is_either_harmless_or_told(folder: Path) -> None:
    path = folder / "record.npz"
    content = bytearray(path.read_bytes())
    encrypted = content.index(b"PK\1\2") + 8  # a zip entry's bit that says it is
    for place in [*range(0, len(content), 23), encrypted]:
        broken = content.copy()
        broken[place] ^= 1
        path.write_bytes(broken)
        try:
            read_record(folder)
        except ArtifactDamaged:
            continue


@pytest.mark.parametrize("key", ["calls", "contract", "variables"])
def test_an_answer_that_lacks_something_is_told(folder: Path, key: str) -> None:
    answer = {name: value for name, value in ANSWER.items() if name != key}
    with pytest.raises(ArtifactDamaged, match=f"it has no '{key}'"):
        read_observed(folder, answer)
