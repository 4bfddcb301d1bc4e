"""An artifact's record: written beside and into the payload, read back, hashed."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import record, sources, wire

if TYPE_CHECKING:
    from pathlib import Path

TENSORS = {
    "examples/0/inputs/x": wire.tensor(np.float32(1)),
    "examples/1/inputs/a/b": wire.tensor(np.float32(2)),
    "examples/0/outputs/y": wire.tensor(np.float32(3)),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    payload = tmp_path / "payload"
    (payload / "variables").mkdir(parents=True)
    (payload / "saved_model.pb").write_bytes(b"pb")
    (payload / "variables" / "variables.index").write_bytes(b"index")
    return tmp_path


def written(folder: Path, **more: Any) -> dict[str, Any]:
    content = {"schema": record.SCHEMA, "examples": 2, **more}
    record.write(str(folder), content, TENSORS)
    return content


def test_a_record_comes_back(folder: Path) -> None:
    content = written(folder)
    artifact = record.read(str(folder))
    assert artifact.record == content
    assert artifact.payload == str(folder / "payload")
    # A loader is given the inputs; what should come out is the judge's to know.
    assert set(artifact.tensors) == {name for name in TENSORS if "/inputs/" in name}


def test_the_payload_alone_carries_its_record(folder: Path) -> None:
    content = written(folder)
    artifact = record.read(str(folder / "payload"))
    assert artifact.record == content
    assert artifact.payload == str(folder / "payload")


def test_inputs_are_grouped_by_example(folder: Path) -> None:
    written(folder)
    fed = record.inputs_of(record.read(str(folder)))
    assert [sorted(each) for each in fed] == [["x"], ["a/b"]]


def test_another_schema_is_refused(folder: Path) -> None:
    written(folder, schema=99)
    with pytest.raises(ValueError, match="schema 99"):
        record.read(str(folder))


def test_the_hash_ignores_the_record(folder: Path) -> None:
    before = record.payload_hash(str(folder / "payload"))
    written(folder)
    assert record.payload_hash(str(folder / "payload")) == before


@pytest.mark.parametrize("change", ["content", "name", "more"])
def test_the_hash_sees_every_other_change(folder: Path, change: str) -> None:
    payload = folder / "payload"
    before = record.payload_hash(str(payload))
    if change == "content":
        (payload / "saved_model.pb").write_bytes(b"pB")
    elif change == "name":
        (payload / "saved_model.pb").rename(payload / "saved_model.pbtxt")
    else:
        (payload / "assets.extra").mkdir()
        (payload / "assets.extra" / "note").write_bytes(b"")
    assert record.payload_hash(str(payload)) != before


def test_a_record_is_strict_json(folder: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        written(folder, number=float("nan"))
    written(folder)
    json.loads((folder / "record.json").read_text())


def test_sources_are_the_files_read_below_the_root(tmp_path: Path) -> None:
    root, own = tmp_path / "root", tmp_path / "root" / "step"
    own.mkdir(parents=True)
    for name in ("weights.txt", "by_descriptor.txt", "never.txt", "step/log", "written.txt"):
        (root / name).write_text("1")
    outside = tmp_path / "outside.txt"
    outside.write_text("1")
    with sources.watching(str(root), str(own)) as seen:
        (root / "weights.txt").read_text()
        outside.read_text()
        (own / "log").read_text()
        (root / "written.txt").write_text("2")
        os.close(os.open(str(root / "by_descriptor.txt"), os.O_RDONLY))
    outside_of_it = root / "never.txt"
    outside_of_it.read_text()
    assert seen.files() == [
        os.path.realpath(root / name) for name in ("by_descriptor.txt", "weights.txt")
    ]


def test_before_python_3_8_open_itself_is_watched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("sys.addaudithook")
    (tmp_path / "weights.txt").write_text("1")
    before = open
    with sources.watching(str(tmp_path), str(tmp_path / "step")) as seen:
        open(tmp_path / "weights.txt").close()  # noqa: PTH123  what a model does
    assert open is before
    assert seen.files() == [os.path.realpath(tmp_path / "weights.txt")]


@pytest.mark.parametrize(
    ("own", "written", "expected"),
    [
        (["y"], ["output_0"], {"y": "output_0"}),
        (["y"], ["y"], {}),
        (["b", "a"], ["output_0", "output_1"], {"b": "output_0", "a": "output_1"}),
        (["kept", "y"], ["kept", "output_1"], {"y": "output_1"}),
        ([], [], {}),
    ],
)
def test_names_that_were_not_kept_are_paired_in_order(
    own: list[str], written: list[str], expected: dict[str, str]
) -> None:
    assert record.names_written(own, written) == expected


def test_numbered_names_are_in_the_order_of_their_numbers() -> None:
    own = [f"name {index}" for index in range(12)]
    pairs = record.names_written(own, sorted(f"output_{index}" for index in range(12)))
    assert pairs == {f"name {index}": f"output_{index}" for index in range(12)}


def test_a_record_has_the_names_that_were_written() -> None:
    """Loaders feed and read by those; what is not renamed stays as it is."""
    one = wire.tensor(np.float32(1))
    saved = record.Saved(
        [{"x": one, "n": one}],
        [{"y": one, "z": one}],
        Variables({"y": one}),
        [],
        renamed={"inputs": {"x": "args_0"}, "outputs": {"y": "output_0"}},
        trained=record.Trained({"y": one}, {"y": one}),
    )
    assert set(record.tensors_of(saved, [{"y": one}])) == {
        "examples/0/inputs/args_0",
        "examples/0/inputs/n",
        "examples/0/outputs/output_0",
        "examples/0/outputs/z",
        "examples/0/expected/output_0",
        "variables/y",
        "trained/outputs/output_0",
        "trained/variables/y",
    }


@dataclass
class Variables:
    """The part of the agent's own ``variables.Variables`` that a record writes."""

    tensors: dict[str, wire.Tensor]
