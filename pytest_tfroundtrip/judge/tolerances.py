"""How far apart two values of a dtype may be before they count as different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_tfroundtrip.cells import Tolerances


@dataclass(frozen=True)
class Limit:
    """``|loaded - saved| <= atol + rtol * |saved|`` holds for equal values; both 0 is exact."""

    rtol: float = 0.0
    atol: float = 0.0

    @property
    def exact(self) -> bool:
        """Whether nothing but the very same value is equal."""
        return not (self.rtol or self.atol)

    def coarser(self, other: Limit) -> Limit:
        """The limit for two dtypes at once: the less exact one decides what can be equal."""
        return Limit(max(self.rtol, other.rtol), max(self.atol, other.atol))


EXACT = Limit()

# float32: kernels of 1.15 ... 2.21 agree on small models to 2.1e-7 (measured: a 64x256 matmul,
# conv2d, tanh, softmax; the loader's kernels decide, never the saver's), so 1e-5 leaves room for
# longer sums and still sees a changed weight. float64 is held as many digits tighter as its own
# precision allows with the same room. The half precisions may be off by two units in the last
# place: kernels differ in whether they round once at the end or at every step.
_FLOAT16 = Limit(rtol=2 * 2.0**-10, atol=1e-4)
_BFLOAT16 = Limit(rtol=2 * 2.0**-7, atol=1e-3)
_FLOAT32 = Limit(rtol=1e-5, atol=1e-6)
_FLOAT64 = Limit(rtol=1e-9, atol=1e-12)

#: By TensorFlow's names. What is not here (integers, bool, string, quantized types) is exact.
DEFAULTS = {
    "float16": _FLOAT16,
    "bfloat16": _BFLOAT16,
    "float32": _FLOAT32,
    "float64": _FLOAT64,
    "complex64": _FLOAT32,
    "complex128": _FLOAT64,
}


def limit_of(dtype: str, asked: Tolerances) -> Limit:
    """The limit of one dtype; what the user asked for replaces the defaults of inexact dtypes."""
    default = DEFAULTS.get(dtype)
    if default is None:
        return EXACT
    return Limit(
        default.rtol if asked.rtol is None else asked.rtol,
        default.atol if asked.atol is None else asked.atol,
    )
