"""Inputs that somebody gave: files of examples, warm-up requests."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.inputs import REQUESTS_MOST, given_for, read_examples, requests
from pytest_tfroundtrip.savedmodel.folders import WARMUP
from pytest_tfroundtrip.savedmodel.protos import message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

KEY = "serving_default"
FORM = r"An \.npz has an array for each input"


def plain(example: Mapping[str, wire.Tensor]) -> dict[str, tuple[str, Any]]:
    return {name: (tensor.dtype, tensor.value.tolist()) for name, tensor in example.items()}


def npz(folder: Path, **arrays: Any) -> Path:
    file = folder / "examples.npz"
    np.savez(file, **arrays)
    return file


def written(folder: Path, content: Any) -> Path:
    file = folder / "examples.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


# .npz


def test_an_npz_has_an_array_for_each_input(tmp_path: Path) -> None:
    file = npz(tmp_path, x=np.ones((1, 2), np.float32), n=np.int64(3), s=np.array(["ü", "b"]))
    (example,) = read_examples(file)
    assert plain(example) == {
        "x": ("float32", [[1, 1]]),
        "n": ("int64", 3),
        "s": ("string", ["ü".encode(), b"b"]),
    }


def test_an_npz_may_have_several_examples_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    arrays = {"10/x": np.ones(1), "2/x": np.zeros(1), "2/words/0": np.zeros(2)}
    found = read_examples(npz(tmp_path, **arrays))
    assert [sorted(each) for each in found] == [["words/0", "x"], ["x"]]
    assert found[1]["x"].value.tolist() == [1]


def test_names_with_slashes_are_names_where_not_all_begin_with_numbers(tmp_path: Path) -> None:
    (example,) = read_examples(npz(tmp_path, **{"0/x": np.ones(1), "words/0": np.ones(1)}))
    assert set(example) == {"0/x", "words/0"}


class Touched:
    """Leaves a file where it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> Any:
        return (open, (str(self.file), "w"))


def test_pickles_are_refused_unopened(tmp_path: Path) -> None:
    harm = tmp_path / "harm"
    file = npz(tmp_path, x=np.array([Touched(harm)], dtype=object))
    with pytest.raises(UsageProblem, match=FORM):
        read_examples(file)
    assert not harm.exists()


@pytest.mark.parametrize(
    "array", [np.array(["2020-01-01"], dtype="M8[D]"), np.zeros(2, dtype="V3")], ids=str
)
def test_what_no_tensor_holds_is_told(tmp_path: Path, array: Any) -> None:
    with pytest.raises(UsageProblem, match=r"'x' has the dtype .*, which no tensor has"):
        read_examples(npz(tmp_path, x=array))


def damaged(folder: Path) -> Iterable[bytes]:
    """Files that end or go on as no .npz does."""
    good = npz(folder, x=np.arange(400)).read_bytes()
    yield b""
    yield b"no archive"
    yield good[: len(good) // 2]
    yield good[:80] + bytes(byte ^ 0xFF for byte in good[80:200]) + good[200:]
    np.save(folder / "alone.npy", np.zeros(3))
    yield (folder / "alone.npy").read_bytes()
    np.savez(folder / "none.npz")
    yield (folder / "none.npz").read_bytes()


def test_a_damaged_npz_is_told(tmp_path: Path) -> None:
    for number, content in enumerate(damaged(tmp_path)):
        file = tmp_path / f"damaged{number}.npz"
        file.write_bytes(content)
        with pytest.raises(UsageProblem, match=FORM):
            read_examples(file)


@pytest.mark.parametrize("name", ["gone.npz", "gone.json"])
def test_a_file_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageProblem, match=f"{name} cannot be read: .*No such file"):
        read_examples(tmp_path / name)


# .json


def test_json_is_an_object_of_inputs_or_a_list_of_such(tmp_path: Path) -> None:
    one = {"x": [[1.5, 2]], "n": 3, "flag": True, "s": ["a", "ü"], "none": []}
    (example,) = read_examples(written(tmp_path, one))
    assert plain(example) == {
        "x": ("float64", [[1.5, 2.0]]),
        "n": ("int64", 3),
        "flag": ("bool", True),
        "s": ("string", [b"a", "ü".encode()]),
        "none": ("float64", []),
    }
    (tmp_path / "two").mkdir()
    two = read_examples(written(tmp_path / "two", [{"x": 1}, {"x": 2}]))
    assert [plain(each) for each in two] == [{"x": ("int64", 1)}, {"x": ("int64", 2)}]


def test_b64_is_bytes_to_the_last_one(tmp_path: Path) -> None:
    given = {"one": {"b64": "AP8A"}, "many": [{"b64": "AAA="}, "text"]}
    (example,) = read_examples(written(tmp_path, given))
    assert plain(example) == {
        "one": ("string", b"\0\xff\0"),
        "many": ("string", [b"\0\0", b"text"]),
    }


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "Expecting property name"),
        ("[" * 100_000, "(?:recursion|overflow)"),
        ("\udcff", "decode"),
        ([], "no object of input names"),
        ({}, "no object of input names"),
        ([{"x": 1}, 2], "no object of input names"),
        (3, "no object of input names"),
        ({"x": [[1], [1, 2]]}, "inhomogeneous"),
        ({"x": [["a"], ["b", "c"]]}, "rows of 'x' have several lengths"),
        ({"x": [1, "a"]}, "'x' holds numbers and strings"),
        ({"x": [True, 1]}, "'x' holds booleans and numbers"),
        ({"x": [1, None]}, "'x' holds a null"),
        ({"x": None}, "'x' holds a null"),
        ({"x": 2**70}, "its numbers are too large"),
        ({"x": {"b64": "AAA"}}, "padding"),
        ({"x": {"b64": 3}}, "bytes-like object or ASCII string"),
        ({"x": {"bytes": "AAAA"}}, "has the key \"b64\" alone, not \\['bytes'\\]"),
    ],
)
def test_json_of_another_form_is_told(tmp_path: Path, content: Any, told: str) -> None:
    file = tmp_path / "examples.json"
    text = content if isinstance(content, str) else json.dumps(content)
    file.write_text(text, errors="surrogateescape")
    with pytest.raises(UsageProblem, match=f"(?s){told}.*{FORM}"):
        read_examples(file)


# Warm-up requests


def record(content: bytes) -> bytes:
    """A record of a TFRecord file; nobody checks the checksums."""
    return struct.pack("<Q", len(content)) + b"\0" * 4 + content + b"\0" * 4


def warmup(folder: Path, *logs: Any) -> Path:
    file = folder.joinpath(*WARMUP)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(record(each.SerializeToString()) for each in logs))
    return file


def predict(signature: str = "", **inputs: bytes) -> Any:
    log = message("PredictionLog")()
    log.predict_log.request.model_spec.signature_name = signature
    for name, content in inputs.items():
        log.predict_log.request.inputs[name] = content
    return log


def of_examples(kind: str, *examples: bytes, context: bytes | None = None) -> Any:
    log = message("PredictionLog")()
    request = getattr(log, kind).request
    request.model_spec.signature_name = kind
    given = request.input
    if context is None:
        given.example_list.examples.extend(examples)
    else:
        given.example_list_with_context.examples.extend(examples)
        given.example_list_with_context.context = context
    return log


def strings(tensor: wire.Tensor) -> tuple[int, list[int], list[bytes]]:
    """(dtype, shape, values) of a serialized TensorProto."""
    read = message("StringTensor").FromString(tensor.value.item())
    return read.dtype, [dim.size for dim in read.tensor_shape.dim], list(read.string_val)


def test_a_predict_request_has_its_inputs_as_they_are(tmp_path: Path) -> None:
    file = warmup(tmp_path, predict("mine", x=b"\x08\x01", y=b""), predict(x=b"\x08\x02"))
    (first, inputs), (second, _) = requests(file)
    assert (first, second) == ("mine", KEY)
    assert plain(inputs) == {"x": ("string", b"\x08\x01"), "y": ("string", b"")}


@pytest.mark.parametrize("kind", ["classify_log", "regress_log"])
def test_examples_are_a_vector_of_strings(tmp_path: Path, kind: str) -> None:
    ((key, inputs),) = requests(warmup(tmp_path, of_examples(kind, b"one", b"two")))
    assert (key, set(inputs)) == (kind, {"inputs"})
    assert strings(inputs["inputs"]) == (7, [2], [b"one", b"two"])


def test_an_example_holds_over_its_context(tmp_path: Path) -> None:
    """Of two messages after one another the second holds, so the context comes first."""
    log = of_examples("classify_log", b"one", b"two", context=b"all")
    ((_, inputs),) = requests(warmup(tmp_path, log))
    assert strings(inputs["inputs"])[2] == [b"allone", b"alltwo"]


def test_other_kinds_of_requests_are_left_out(tmp_path: Path) -> None:
    other = message("PredictionLog")()
    file = warmup(tmp_path, other, predict(x=b"a"))
    assert [set(inputs) for _, inputs in requests(file)] == [{"x"}]


def test_what_is_not_in_form_ends_the_file(tmp_path: Path) -> None:
    good, bad = predict(x=b"a").SerializeToString(), b"\xff\xff\xff"
    file = tmp_path / "requests"
    file.write_bytes(record(good) + record(bad) + record(good))
    assert len(requests(file)) == 1


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_file_that_is_cut_off_has_what_is_whole(tmp_path: Path, cut: int) -> None:
    whole = record(predict(x=b"a").SerializeToString())
    assert len(whole) > 24
    file = tmp_path / "requests"
    file.write_bytes(whole + whole[:-cut])
    assert len(requests(file)) == 1


def test_a_length_without_end_is_the_end(tmp_path: Path) -> None:
    file = tmp_path / "requests"
    file.write_bytes(struct.pack("<Q", 2**64 - 1) + bytes(100))
    assert requests(file) == ()
    assert requests(tmp_path / "gone") == ()


def test_no_more_requests_are_read_than_serving_sends(tmp_path: Path) -> None:
    file = warmup(tmp_path, *[predict(x=b"a")] * (REQUESTS_MOST + 5))
    assert len(requests(file)) == REQUESTS_MOST


# Which are taken


def folder(file: Path, signature: str | None = KEY) -> Folder:
    return Folder("m", file, file, ("serve",), signature, True, "2.15.1", ("tf_module",))  # noqa: FBT003


def test_nobody_gave_any(tmp_path: Path) -> None:
    assert given_for(folder(tmp_path), ("x",), None) is None


def test_examples_of_the_same_names_come_before_warm_up_requests(tmp_path: Path) -> None:
    warmup(tmp_path, predict(x=b"a"))
    examples = written(tmp_path, [{"x": 1}, {"y": 2}, {"x": 3}])
    given = given_for(folder(tmp_path), ("x",), examples)
    assert given is not None
    assert [plain(each) for each in given.examples] == [{"x": ("int64", 1)}, {"x": ("int64", 3)}]
    assert (given.source, given.file, given.serialized) == ("examples.json", examples, False)


def test_examples_of_other_names_leave_it_to_the_warm_up_requests(tmp_path: Path) -> None:
    warmup(tmp_path, predict(x=b"a"), predict("other", x=b"b"), predict(x=b"c", y=b"d"))
    given = given_for(folder(tmp_path), ("x",), written(tmp_path, {"y": 1}))
    assert given is not None
    assert [plain(each) for each in given.examples] == [{"x": ("string", b"a")}]
    assert (given.serialized, given.file) == (True, None)


def test_requests_for_another_signature_are_none(tmp_path: Path) -> None:
    warmup(tmp_path, predict("other", x=b"a"))
    assert given_for(folder(tmp_path), ("x",), None) is None
    assert given_for(folder(tmp_path, None), (), None) is None
    assert given_for(folder(tmp_path, "other"), ("x",), None) is not None


def test_an_agent_reads_them_by_number_and_name(tmp_path: Path) -> None:
    given = given_for(folder(tmp_path), ("a/b",), written(tmp_path, [{"a/b": 1}, {"a/b": 2}]))
    assert given is not None
    given.write(tmp_path / "given.npz")
    read = wire.read_tensors(tmp_path / "given.npz")
    assert {name: tensor.value.tolist() for name, tensor in read.items()} == {
        "0/a/b": 1,
        "1/a/b": 2,
    }
