"""Models that came back, whose values nobody held against anything: said, or it passes unseen."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_tfroundtrip.report.lines import BLANK, Line, count, line, listed, wrapped
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row

_VALUES = "values ("
_UNCALLED = "not called"
#: By what an agent says of it, see reference.py there.
_ADVICE = {
    "it has no signature": "save it with a signature, tf.saved_model.save(..., signatures=...)",
    "gives nothing back": "",
    "no runtime of this run can call it": "",
}
_NAMED = 5  # models; more are counted


def uncompared(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """The rows of folders that are the same but for values nobody compared, by the reason."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.writers and row.verdict is Verdict.SAME:
            for part in row.not_compared:
                if part.startswith(_VALUES):
                    found[part.removeprefix(_VALUES).removesuffix(")")].append(row)
    return found


def uncompared_lines(rows: Sequence[Row], width: int) -> Iterator[Line]:
    """Each reason with its models, and what to do where something can be done."""
    found = uncompared(rows)
    if not found:
        return
    total = sum(map(len, found.values()))
    yield line(f"values not compared ({count(total, 'cell')})", bold=True)
    for why, several in found.items():
        models = ", ".join(dict.fromkeys(row.named for row in several))
        yield from wrapped(f"{models}: {why}", width, 2)
    uncalled = [why for why in found if why.startswith(_UNCALLED)]
    for advice in dict.fromkeys(map(_advice, uncalled)):
        if advice:
            yield from wrapped(advice, width, 2, "what to do: ")
    yield BLANK


def _advice(why: str) -> str:
    """What can be done that it is called; empty where nothing can."""
    for reason, advice in _ADVICE.items():
        if reason in why:
            return advice
    return "give inputs that it takes with --tf-examples=FILE.npz (or .json)"


def uncompared_sentence(rows: Sequence[Row]) -> str:
    """For the closing lines; empty where all values were compared."""
    models = {row.named for several in uncompared(rows).values() for row in several}
    if not models:
        return ""
    named = listed(sorted(models)) if len(models) <= _NAMED else count(len(models), "model")
    return f"No values of {named} were compared."
