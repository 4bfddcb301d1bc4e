"""What travels between plugin and agent arrives as it was sent, bit by bit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent import wire

if TYPE_CHECKING:
    from pathlib import Path

DTYPES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
    "complex64",
    "complex128",
]


def back(path: Path, **tensors: Any) -> dict[str, wire.Tensor]:
    wire.write_tensors(str(path / "t.npz"), tensors)
    return dict(wire.read_tensors(str(path / "t.npz")))


def same(one: wire.Tensor, other: wire.Tensor) -> bool:
    if one.dtype != other.dtype or one.value.shape != other.value.shape:
        return False
    if one.dtype == "string":
        return list(one.value.flat) == list(other.value.flat)
    return bool(one.value.dtype == other.value.dtype) and (
        one.value.tobytes() == other.value.tobytes()
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (1,), (2, 3), (0, 3), (1, 2, 1, 3)])
def test_every_dtype_and_rank_comes_back(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    sent = wire.tensor(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype))
    assert sent.dtype == dtype
    assert same(back(tmp_path, x=sent)["x"], sent)


def test_nan_infinity_and_minus_zero_keep_their_bits(tmp_path: Path) -> None:
    for dtype in ("float16", "float32", "float64", "bfloat16"):
        sent = wire.tensor(np.array([np.nan, np.inf, -np.inf, -0.0]), dtype)
        if dtype != "bfloat16":
            sent = wire.Tensor(dtype, sent.value.astype(dtype))
        assert same(back(tmp_path, x=sent)["x"], sent)


@pytest.mark.parametrize("shape", [(), (3,), (0,), (3, 1)])
def test_bfloat16_widens_to_float32_and_back_without_rounding(
    tmp_path: Path, shape: tuple[int, ...]
) -> None:
    value = np.full(shape, 1.5, np.float32)
    received = back(tmp_path, x=wire.tensor(value, "bfloat16"))["x"]
    assert received.dtype == "bfloat16"
    assert received.value.dtype == np.float32
    np.testing.assert_array_equal(received.value, value)


def test_strings_keep_trailing_zero_bytes_and_emptiness(tmp_path: Path) -> None:
    elements = np.array([b"a\0", b"", "ü".encode(), b"\xff\0\0"], dtype=object).reshape(2, 2)
    sent = wire.tensor(elements)
    received = back(tmp_path, x=sent, none=wire.tensor(np.empty((0, 2), object), "string"))
    assert same(received["x"], sent)
    assert received["none"].value.shape == (0, 2)
    assert received["none"].dtype == "string"


def test_a_scalar_string_comes_back(tmp_path: Path) -> None:
    value = np.empty((), object)
    value[()] = b"one\0"
    assert back(tmp_path, x=wire.tensor(value))["x"].value[()] == b"one\0"


def test_str_becomes_utf_8() -> None:
    assert wire.tensor(np.array(["ü"])).value[0] == "ü".encode()


def test_names_may_be_anything(tmp_path: Path) -> None:
    names = ["examples/0/inputs/x", "../up", "file", "__tensors__", "ü", ""]
    wire.write_tensors(str(tmp_path / "t.npz"), {name: np.int32(7) for name in names})
    assert sorted(wire.read_tensors(str(tmp_path / "t.npz"))) == sorted(names)


def test_nothing_is_pickled(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    wire.write_tensors(str(path), {"x": np.array([b"a"], object)})
    with np.load(path, allow_pickle=False) as file:
        assert all(file[key].dtype != object for key in file.files)


def test_a_message_is_one_line() -> None:
    line = wire.encode_message({"text": "a\nb", "n": 1})
    assert line.count(b"\n") == 1
    assert wire.decode_message(line) == {"text": "a\nb", "n": 1}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes"])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        wire.encode_message({"value": value})


@pytest.mark.parametrize("line", [b"", b"[]", b"3", b"{", b"\xff", b'"text"'])
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        wire.decode_message(line)


def test_a_damaged_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    wire.write_tensors(str(path), {"x": np.arange(100)})
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Exception, match=r".+"):
        wire.read_tensors(str(path))


def test_the_metadata_is_plain_json(tmp_path: Path) -> None:
    path = tmp_path / "t.npz"
    wire.write_tensors(str(path), {"x": np.float32(1)})
    with np.load(path) as file:
        meta = json.loads(file["__tensors__"].tobytes())
    assert meta == [{"dtype": "float32", "key": "t0", "name": "x"}]
