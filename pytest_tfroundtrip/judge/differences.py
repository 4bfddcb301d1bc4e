"""Where two tensors of the same shape differ, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.judge.tolerances import Limit

Array: TypeAlias = "np.ndarray[Any, Any]"

SHOWN = 5  # values side by side: enough to see a pattern (an offset, a factor, a permutation)
_BYTES_SHOWN = 16


@dataclass(frozen=True)
class Pair:
    """One element of both tensors, as text."""

    index: tuple[int, ...]
    saved: str
    loaded: str


@dataclass(frozen=True)
class Difference:
    """What a comparison of two tensors found; ``unequal`` 0 is no difference.

    The errors are the largest over all elements, equal ones too: infinite where one side is NaN or
    infinite and the other is not, None where there is no number to give (strings, bool; relative:
    only zeros were saved).
    """

    elements: int
    unequal: int
    worst: tuple[int, ...] | None
    max_abs_error: float | None
    max_rel_error: float | None
    zero_signs: int  # how many of ``unequal`` are 0.0 against -0.0
    first: tuple[Pair, ...]
    ulps: int | None = None  # numbers of their dtype from one to the other, where it is worst

    @property
    def equal(self) -> bool:
        """Whether every element is within its limit."""
        return not self.unequal


@dataclass(frozen=True)
class _Errors:
    """Flat arrays over the elements; ``gap`` and ``size`` (of what was saved) as float64."""

    equal: Array
    gap: Array | None = None
    size: Array | None = None
    zero_signs: Array | None = None


def compare(saved: Tensor, loaded: Tensor, limit: Limit) -> Difference:
    """Compare two tensors element by element.

    Floating numbers are equal within the limit; NaN equals only NaN at the same place, infinities
    only themselves, 0.0 is not -0.0 (1/x tells them apart, and so does a changed kernel). Parts of
    a complex number are held each to the limit of the number's modulus. All else is exact.

    Args:
        saved: what the saving process recorded.
        loaded: what the loading process gave; its dtype may be another.
        limit: see :func:`~pytest_tfroundtrip.judge.tolerances.limit_of`.

    Raises:
        ValueError: the shapes are not the same.
    """
    if saved.value.shape != loaded.value.shape:
        msg = f"shapes differ: {saved.value.shape} and {loaded.value.shape}"
        raise ValueError(msg)
    shape = saved.value.shape
    # One dimension throughout: numpy's 0-d results are scalars, which warn where arrays wrap.
    one, other = saved.value.reshape(-1), loaded.value.reshape(-1)
    # Whatever overflows below is meant to: it ends as an infinite error.
    with np.errstate(all="ignore"):
        errors = _errors(one, other, limit)
        wrong = np.flatnonzero(~errors.equal)
        max_abs, max_rel = _largest(errors)
    worst = None
    if wrong.size:
        worst = wrong[0] if errors.gap is None else wrong[np.argmax(errors.gap[wrong])]
    return Difference(
        elements=one.size,
        unequal=wrong.size,
        worst=None if worst is None else _index(worst, shape),
        max_abs_error=max_abs,
        max_rel_error=max_rel,
        zero_signs=0 if errors.zero_signs is None else int(np.count_nonzero(errors.zero_signs)),
        first=tuple(
            Pair(_index(place, shape), *_texts(one[place], other[place])) for place in wrong[:SHOWN]
        ),
        ulps=None
        if worst is None or saved.dtype != loaded.dtype
        else _ulps(saved.dtype, one[worst : worst + 1], other[worst : worst + 1]),
    )


def equal_elements(saved: Tensor, loaded: Tensor, limit: Limit) -> Array:
    """Which elements are equal, as :func:`compare` has it: bool, in the shape of both."""
    with np.errstate(all="ignore"):
        errors = _errors(saved.value.reshape(-1), loaded.value.reshape(-1), limit)
    return np.asarray(errors.equal).reshape(saved.value.shape)


#: Floating dtypes, and the width of the integers that count them.
_COUNTED = {"float16": 16, "float32": 32, "float64": 64, "bfloat16": 32}


def _ulps(dtype: str, saved: Array, loaded: Array) -> int | None:
    """How many units in the last place lie between two numbers, each an array of one."""
    bits = _COUNTED.get(dtype)
    if bits is None or not (np.isfinite(saved) & np.isfinite(loaded)).all():
        return None
    places = []
    for each in (saved, loaded):
        number = int(each.astype(f"float{bits}").view(f"uint{bits}")[0])
        magnitude = number & ((1 << (bits - 1)) - 1)
        places.append(-magnitude if number >> (bits - 1) else magnitude)
    apart = abs(places[0] - places[1])
    # bfloat16 comes as float32 with its lower half empty.
    return apart >> 16 if dtype == "bfloat16" else apart


def _errors(saved: Array, loaded: Array, limit: Limit) -> _Errors:
    kinds = saved.dtype.kind + loaded.dtype.kind
    if "O" in kinds or "S" in kinds:
        return _Errors(_equal_bytes(saved, loaded))
    if "c" in kinds:
        return _complex_errors(saved.astype(np.complex128), loaded.astype(np.complex128), limit)
    if "f" in kinds:
        return _float_errors(saved.astype(np.float64), loaded.astype(np.float64), limit)
    if kinds == "bb":
        return _Errors(saved == loaded)
    return _integer_errors(saved, loaded)


def _equal_bytes(saved: Array, loaded: Array) -> Array:
    # A number never equals a string; bytes objects are compared by Python, one by one.
    pairs = zip(saved.tolist(), loaded.tolist(), strict=True)
    return np.fromiter((one == other for one, other in pairs), dtype=bool, count=saved.size)


def _integer_errors(saved: Array, loaded: Array) -> _Errors:
    common = np.result_type(saved, loaded)
    if common.kind not in "iu":  # int64 with uint64: numpy would go to float64 and lose digits
        one, other = saved.astype(object), loaded.astype(object)
        equal = np.asarray(one == other, dtype=bool)
        gap = np.abs(other - one).astype(np.float64)
        return _Errors(equal, gap, np.abs(one).astype(np.float64))
    one, other = saved.astype(common), loaded.astype(common)
    # |a - b| of two int64 needs 65 bits signed, 64 unsigned: larger minus smaller, modulo 2**64.
    larger, smaller = np.maximum(one, other), np.minimum(one, other)
    gap = (larger.astype(np.uint64) - smaller.astype(np.uint64)).astype(np.float64)
    return _Errors(one == other, gap, np.abs(one.astype(np.float64)))


def _float_errors(saved: Array, loaded: Array, limit: Limit) -> _Errors:
    size = np.abs(saved)
    return _Errors(*_part(saved, loaded, size, limit), size, _zero_signs(saved, loaded))


def _complex_errors(saved: Array, loaded: Array, limit: Limit) -> _Errors:
    size = np.abs(saved)
    real, real_gap = _part(saved.real, loaded.real, size, limit)
    imaginary, imaginary_gap = _part(saved.imag, loaded.imag, size, limit)
    signs = _zero_signs(saved.real, loaded.real) | _zero_signs(saved.imag, loaded.imag)
    return _Errors(real & imaginary, np.hypot(real_gap, imaginary_gap), size, signs)


def _part(saved: Array, loaded: Array, size: Array, limit: Limit) -> tuple[Array, Array]:
    """Which elements of a real array are equal, and how far apart they are."""
    finite = np.isfinite(saved) & np.isfinite(loaded)
    gap = np.abs(loaded - saved)
    allowed = limit.atol + limit.rtol * size
    near = finite & np.isfinite(allowed) & (gap <= allowed)
    alike = (saved == loaded) | (np.isnan(saved) & np.isnan(loaded))
    equal = (near | alike) & ~_zero_signs(saved, loaded)
    return equal, np.where(finite, gap, np.where(alike, 0.0, np.inf))


def _zero_signs(saved: Array, loaded: Array) -> Array:
    zeros = (saved == 0) & (loaded == 0)
    return np.asarray(zeros & (np.signbit(saved) != np.signbit(loaded)))


def _largest(errors: _Errors) -> tuple[float | None, float | None]:
    gap, size = errors.gap, errors.size
    if gap is None or size is None or not gap.size:
        return None, None
    divisible = (size > 0) & np.isfinite(size)
    ratios = gap[divisible] / size[divisible]
    # Infinite saved, finite loaded: no ratio, but no small error either.
    broken = bool(np.isinf(gap).any())
    relative = float("inf") if broken else float(ratios.max()) if ratios.size else None
    return float(gap.max()), relative


def _index(place: np.intp, shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(int(number) for number in np.unravel_index(place, shape))


def _texts(saved: object, loaded: object) -> tuple[str, str]:
    if isinstance(saved, bytes) and isinstance(loaded, bytes):
        return _excerpts(saved, loaded)
    return _text(saved), _text(loaded)


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return _excerpts(value, b"")[0]
    return str(value)  # numpy's shortest text that reads back as the same number of that dtype


def _excerpts(saved: bytes, loaded: bytes) -> tuple[str, str]:
    """Both strings around the first byte that differs, so that cutting never hides it."""
    length = max(len(saved), len(loaded))
    start = 0
    if length > _BYTES_SHOWN:
        pairs = zip(saved, loaded, strict=False)
        same = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(saved), len(loaded)))
        start = max(0, same - _BYTES_SHOWN // 2)
    return _excerpt(saved, start), _excerpt(loaded, start)


def _excerpt(text: bytes, start: int) -> str:
    end = start + _BYTES_SHOWN
    before = "..." if start else ""
    after = f"... ({len(text)} bytes)" if len(text) > end else ""
    return f"{before}{text[start:end]!r}{after}"
