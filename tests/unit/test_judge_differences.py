from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from pytest_tfroundtrip.agent.wire import Tensor
from pytest_tfroundtrip.cells import Tolerances
from pytest_tfroundtrip.judge.differences import Difference, compare
from pytest_tfroundtrip.judge.explain import explain
from pytest_tfroundtrip.judge.tolerances import EXACT, Limit, limit_of

FLOATS = ["float16", "bfloat16", "float32", "float64"]
NAN, INF = math.nan, math.inf
INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)


def tensor(value: Any, dtype: str) -> Tensor:
    if dtype == "string":
        array = np.empty(len(value), dtype=object)
        array[:] = value
        return Tensor(dtype, array)
    return Tensor(dtype, np.array(value, dtype="float32" if dtype == "bfloat16" else dtype))


def difference(saved: Any, loaded: Any, dtype: str, other: str | None = None) -> Difference:
    limit = limit_of(dtype, Tolerances()).coarser(limit_of(other or dtype, Tolerances()))
    return compare(tensor(saved, dtype), tensor(loaded, other or dtype), limit)


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64", "complex128"])
@pytest.mark.parametrize("place", [0, 3, 5])
def test_one_changed_number_among_six_is_found_where_it_is(dtype: str, place: int) -> None:
    saved = np.linspace(0.25, 1.5, 6)
    loaded = saved.copy()
    loaded[place] += 0.05
    found = difference(saved.reshape(2, 3), loaded.reshape(2, 3), dtype)
    assert found.unequal == 1
    assert found.worst == divmod(place, 3)
    assert found.max_abs_error == pytest.approx(0.05, rel=0.2)
    assert found.max_rel_error == pytest.approx(0.05 / saved[place], rel=0.2)


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex64", "complex128"])
@pytest.mark.parametrize("value", [1e-3, 0.5, 1.0, 20.0, -7.0])
def test_an_error_of_a_thousandth_is_never_taken_for_equal(dtype: str, value: float) -> None:
    assert not difference([value], [value + 1e-3], dtype).equal


@pytest.mark.parametrize("dtype", FLOATS)
def test_one_unit_in_the_last_place_is_equal(dtype: str) -> None:
    epsilon = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-23, "float64": 2**-52}[dtype]
    assert difference([1.0, 8.0], [1 + epsilon, 8 + 8 * epsilon], dtype).equal


@pytest.mark.parametrize("dtype", [*FLOATS, "complex64"])
@pytest.mark.parametrize(
    ("saved", "loaded"),
    [(NAN, 0.0), (0.0, NAN), (INF, -INF), (INF, 6e4), (1.0, INF), (NAN, INF), (0.0, -0.0)],
)
def test_nan_infinity_and_the_sign_of_zero_are_exact(
    dtype: str, saved: float, loaded: float
) -> None:
    assert difference([saved], [saved], dtype).equal
    generous = Limit(rtol=1e9, atol=1e9)
    assert not compare(tensor([saved], dtype), tensor([loaded], dtype), generous).equal


def test_nan_equals_nan_at_the_same_place_only() -> None:
    assert difference([NAN, 1.0], [NAN, 1.0], "float32").equal
    assert difference([NAN, 1.0], [1.0, NAN], "float32").unequal == 2


def test_either_part_of_a_complex_number_may_differ() -> None:
    assert difference([1 + 1j], [1 + 1.1j], "complex64").max_abs_error == pytest.approx(0.1)
    assert not difference([complex(1, 0.0)], [complex(1, -0.0)], "complex128").equal
    assert difference([complex(1, NAN)], [complex(1, NAN)], "complex128").equal


@pytest.mark.parametrize(
    ("dtype", "saved", "loaded", "error"),
    [
        ("uint8", 0, 255, 255),
        ("uint64", 0, UINT64.max, float(UINT64.max)),
        ("uint64", UINT64.max, UINT64.max - 1, 1),
        ("int64", INT64.min, INT64.max, float(UINT64.max)),
        ("int64", INT64.max, INT64.max - 1, 1),
        ("int8", -128, 127, 255),
    ],
)
def test_integer_errors_neither_wrap_nor_overflow(
    dtype: str, saved: int, loaded: int, error: float
) -> None:
    found = difference([saved], [loaded], dtype)
    assert (found.unequal, found.max_abs_error) == (1, error)
    assert difference(saved, loaded, dtype).max_abs_error == error  # rank 0


def test_signed_and_unsigned_extremes_are_told_apart() -> None:
    found = difference([-1], [UINT64.max], "int64", "uint64")
    assert (found.unequal, found.max_abs_error) == (1, float(UINT64.max) + 1)
    assert difference([5], [5], "int64", "uint64").equal


def test_float64_extremes_have_an_infinite_error() -> None:
    assert difference([-1.7e308], [1.7e308], "float64").max_abs_error == INF


def test_a_float16_error_is_not_rounded_to_float16() -> None:
    found = difference([60000.0], [-60000.0], "float16")
    assert found.max_abs_error == 120000  # more than float16 can say


@pytest.mark.parametrize("dtype", [*FLOATS, "int32", "bool", "complex64"])
@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_empty_tensors_are_equal(dtype: str, shape: tuple[int, ...]) -> None:
    found = difference(np.zeros(shape), np.zeros(shape), dtype)
    assert (found.equal, found.elements, found.max_abs_error) == (True, 0, None)


def test_bool_and_string_are_exact_and_have_no_error() -> None:
    assert difference([True, False], [True, True], "bool").worst == (1,)
    found = difference([b"a", b"b"], [b"a", b"b "], "string")
    assert (found.unequal, found.worst, found.max_abs_error) == (1, (1,), None)
    assert difference([b"\xff"], [b"\xff"], "string").equal


def test_a_string_is_no_number() -> None:
    assert difference([b"1"], [1.0], "string", "float32").unequal == 1


def test_shapes_must_be_the_same() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        compare(tensor([1.0], "float32"), tensor([[1.0]], "float32"), EXACT)


def test_the_error_within_tolerance_is_told_too() -> None:
    found = difference([1.0], [1.0 + 1e-6], "float32")
    assert found.equal
    assert found.max_abs_error == pytest.approx(1e-6, rel=0.1)


def test_asked_tolerances_are_for_inexact_dtypes_only() -> None:
    asked = Tolerances(rtol=0.5, atol=None)
    assert limit_of("float32", asked) == Limit(0.5, 1e-6)
    assert limit_of("float32", Tolerances(atol=0.0)) == Limit(1e-5, 0.0)
    assert limit_of("int32", asked) == limit_of("qint8", asked) == EXACT


def told(saved: Any, loaded: Any, dtype: str) -> list[str]:
    limit = limit_of(dtype, Tolerances())
    found = compare(tensor(saved, dtype), tensor(loaded, dtype), limit)
    return explain("output 'y'", found, (dtype, dtype), limit).splitlines()


def test_a_small_difference_is_told_in_units_of_the_last_place() -> None:
    found = compare(tensor([1.0], "float32"), tensor([1.0 + 2**-22], "float32"), EXACT)
    assert "worst at [0] (2 ULP)\n" in explain("output 'y'", found, ("float32",) * 2, EXACT)


def test_a_difference_is_explained_side_by_side() -> None:
    assert told([[1.0, 0.1], [-2.0, 3.0]], [[1.0, 0.1], [-2.5, 3.25]], "float32") == [
        "output 'y': 2 of 4 elements differ",
        "  max abs error 0.5, max rel error 0.25, worst at [1, 0]",
        "  allowed: rtol 1e-05, atol 1e-06 (float32)",
        "  index   saved  loaded",
        "  [1, 0]  -2.0   -2.5",
        "  [1, 1]  3.0    3.25",
    ]


def test_values_are_written_as_their_dtype_writes_them() -> None:
    assert told([0.1], [0.2], "float32")[-1] == "  [0]    0.1    0.2"


def test_only_the_first_differing_values_are_shown() -> None:
    lines = told(list(range(9)), list(range(1, 10)), "int32")
    assert lines[2] == "  allowed: only the very same value (int32)"
    assert len(lines) == 3 + 1 + 5 + 1
    assert lines[-1] == "  ... and 4 more"


def test_zeros_of_another_sign_are_explained() -> None:
    assert "  1 of them: 0.0 against -0.0, which are held apart" in told([0.0], [-0.0], "float32")


@pytest.mark.parametrize("dtype", ["complex128", "string"])
def test_long_values_fit_80_columns(dtype: str) -> None:
    long: list[Any] = [-math.pi / 1e200 + 1j * math.e / 1e-200, math.pi * 1e99 + 1j / 3e-99]
    if dtype == "string":
        long = [b"\xff" * 3000 + b"a" * 3000, b"\xff" * 3000 + b"b" * 3000]
    lines = told([long[0]], [long[1]], dtype)
    assert max(map(len, lines)) <= 80


def test_a_long_string_is_shown_where_it_differs() -> None:
    text = "\n".join(told([b"x" * 500 + b"old"], [b"x" * 500 + b"new"], "string"))
    assert "...b'xxxxxxxxold'" in text
    assert "...b'xxxxxxxxnew'" in text


@pytest.mark.parametrize(
    ("dtype", "saved", "loaded", "ulps"),
    [
        ("float32", 1.0, np.nextafter(np.float32(1), np.float32(2)), 1),
        ("float32", 0.12652355, 0.12652352, 2),
        ("float64", -1.0, np.nextafter(-1.0, -2.0), 1),
        ("float16", 1.0, 1.0 + 2**-9, 2),
        ("float32", 1e-45, -1e-45, 2),  # the smallest on both sides of zero
        ("bfloat16", 1.0, 1.0 + 2**-6, 2),
        ("float32", 1.0, np.inf, None),
        ("int32", 1, 2, None),
    ],
)
def test_the_worst_is_counted_in_units_of_the_last_place(
    dtype: str, saved: float, loaded: float, ulps: int | None
) -> None:
    found = compare(tensor([[0, saved]], dtype), tensor([[0, loaded]], dtype), EXACT)
    assert found.worst == (0, 1)
    assert found.ulps == ulps
