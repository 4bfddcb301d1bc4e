"""Rows of outputs that changed places: a sort by scores has no order where scores are equal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from pytest_tfroundtrip.judge.differences import Array, compare, equal_elements

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.judge.tolerances import Limit

    Pairs = Mapping[str, tuple[Tensor, Tensor]]
    Limits = Callable[[Tensor, Tensor], Limit]

_AXES = 2  # rows are along the first axis, or along the second of a batch
_OUTPUTS = 2  # one that moved, and the score by which it was sorted
_ROWS = 1000  # that differ; beyond that it is no swap here and there


@dataclass(frozen=True)
class Moved:
    """Rows that are in both, at other places.

    ``names`` are the outputs whose values moved, ``score`` is one whose values did not: the rows
    that changed places have the same one. ``back`` is what was loaded, with its rows put back.
    """

    rows: int
    names: tuple[str, ...]
    score: str
    back: Mapping[str, Tensor]


def moved_rows(
    saved: Mapping[str, Tensor], loaded: Mapping[str, Tensor], limits: Limits
) -> Moved | None:
    """Which rows changed places, in all outputs that have such rows alike; None if that isn't all.

    Without an output that says by what rows were sorted, and by which those that moved are equal,
    it is None as well: rows that stand where they should not are a fault then.

    Args:
        saved: outputs of one example, by name.
        loaded: the same ones, in the same shapes.
        limits: how far apart two tensors' elements may be.
    """
    if len(saved) < _OUTPUTS or set(saved) != set(loaded):
        return None
    pairs = {name: (saved[name], loaded[name]) for name in sorted(saved)}
    if any(one.value.shape != other.value.shape for one, other in pairs.values()):
        return None
    changed = [
        name
        for name, (one, other) in pairs.items()
        if not compare(one, other, limits(one, other)).equal
    ]
    for axis in range(_AXES):
        found = _along(axis, pairs, changed, limits)
        if found is not None:
            return found
    return None


def _along(axis: int, pairs: Pairs, changed: Sequence[str], limits: Limits) -> Moved | None:
    shapes = {pairs[name][0].value.shape[: axis + 1] for name in changed}
    shape = next(iter(shapes), ())
    if len(shapes) != 1 or len(shape) != axis + 1:
        return None
    table = {name: each for name, each in pairs.items() if each[0].value.shape[: axis + 1] == shape}
    score = next((name for name in table if _is_score(name, table, changed, axis)), None)
    if score is None:
        return None
    rows = 0
    back = {name: other.value.copy() for name, (_, other) in table.items()}
    differing = _differing(axis + 1, table, limits)
    for batch in product(*map(range, shape[:-1])):
        order = _order(batch, np.flatnonzero(differing[batch]).tolist(), table, limits)
        if order is None:
            return None
        rows += len(order)
        for name, (_, other) in table.items():
            for to, origin in order.items():
                back[name][(*batch, to)] = other.value[(*batch, origin)]
    put = {name: pairs[name][1]._replace(value=back[name]) for name in table}
    return Moved(rows, tuple(changed), score, {name: each[1] for name, each in pairs.items()} | put)


def _differing(axes: int, table: Pairs, limits: Limits) -> Array:
    """Of each row whether it differs in any output."""
    found: Array = np.zeros((), dtype=bool)
    for one, other in table.values():
        equal = equal_elements(one, other, limits(one, other))
        found = found | ~equal.reshape((*equal.shape[:axes], -1)).all(axis=-1)
    return found


def _is_score(name: str, table: Pairs, changed: Sequence[str], axis: int) -> bool:
    """Whether it has a number for each row, and none of them changed."""
    value = table[name][0].value
    return name not in changed and value.ndim == axis + 1 and value.dtype.kind == "f"


def _order(
    batch: tuple[int, ...], differing: Sequence[int], table: Pairs, limits: Limits
) -> Mapping[int, int] | None:
    """{row that was saved: row that it is now} of the rows that differ; None where one is gone."""
    if len(differing) > _ROWS:
        return None
    free = list(differing)
    order: dict[int, int] = {}
    for row in differing:
        at = next((one for one in _near(row, free) if _alike(batch, row, one, table, limits)), None)
        if at is None:
            return None
        free.remove(at)
        order[row] = at
    return order


def _near(row: int, free: Sequence[int]) -> Iterator[int]:
    return iter(sorted(free, key=lambda other: abs(other - row)))


def _alike(batch: tuple[int, ...], row: int, other: int, table: Pairs, limits: Limits) -> bool:
    """Whether a saved row and a loaded one are equal in every output."""
    for saved, loaded in table.values():
        one = saved._replace(value=np.asarray(saved.value[(*batch, row)]))
        two = loaded._replace(value=np.asarray(loaded.value[(*batch, other)]))
        if not compare(one, two, limits(saved, loaded)).equal:
            return False
    return True
