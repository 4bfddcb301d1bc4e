"""A difference in words and numbers, 80 columns wide where its names allow."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_tfroundtrip.agent.wire import Tensor
    from pytest_tfroundtrip.judge.differences import Difference
    from pytest_tfroundtrip.judge.tolerances import Limit

WIDTH = 80
FEW = 1000  # units in the last place: beyond that the relative error says more


def sentence(text: str) -> str:
    """A sentence of ours, wrapped."""
    return textwrap.fill(
        text, WIDTH, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


def tensor_text(tensor: Tensor) -> str:
    """Dtype and shape of a tensor: ``float32 of shape [2, 1]``."""
    return f"{tensor.dtype} of shape {list(tensor.value.shape)}"


def explain(
    what: str,
    difference: Difference,
    dtypes: tuple[str, str],
    limit: Limit,
    sides: tuple[str, str] = ("saved", "loaded"),
) -> str:
    """Say where two tensors differ, how much, what was allowed, with the first values side by side.

    Args:
        what: which tensor it is, the beginning of the sentence.
        difference: what was found, not equal.
        dtypes: of both sides, TensorFlow's names.
        limit: what was allowed.
        sides: the heads of the two columns.
    """
    verb = "differs" if difference.unequal == 1 else "differ"
    lines = [sentence(f"{what}: {difference.unequal} of {difference.elements} elements {verb}")]
    errors = []
    if difference.max_abs_error is not None:
        errors.append(f"max abs error {difference.max_abs_error:.6g}")
    if difference.max_rel_error is not None:
        errors.append(f"max rel error {difference.max_rel_error:.6g}")
    if difference.worst is not None and difference.max_abs_error is not None:
        few = difference.ulps is not None and difference.ulps <= FEW
        apart = f" ({difference.ulps} ULP)" if few else ""
        errors.append(f"worst at {list(difference.worst)}{apart}")
    if errors:
        lines.append("  " + ", ".join(errors))
    dtype = " and ".join(dict.fromkeys(dtypes))
    if limit.exact:
        lines.append(f"  allowed: only the very same value ({dtype})")
    else:
        lines.append(f"  allowed: rtol {limit.rtol:.6g}, atol {limit.atol:.6g} ({dtype})")
    if difference.zero_signs:
        lines.append(f"  {difference.zero_signs} of them: 0.0 against -0.0, which are held apart")
    return "\n".join(lines + _table(difference, sides))


def _table(difference: Difference, sides: tuple[str, str]) -> list[str]:
    rows = [("index", *sides)]
    rows += [(str(list(pair.index)), pair.saved, pair.loaded) for pair in difference.first]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    more = difference.unequal - len(difference.first)
    rest = [f"  ... and {more} more"] if more else []
    if 2 + sum(widths) + 2 * 2 <= WIDTH:
        padded = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return [f"  {row}" for row in padded] + rest
    # Too wide for three columns: one value under the other.
    side = max(map(len, sides))
    lines = []
    for index, saved, loaded in rows[1:]:
        lines.append(f"  {index}")
        lines += [f"    {sides[0]:{side}}  {saved}", f"    {sides[1]:{side}}  {loaded}"]
    return lines + rest
