"""What changes for a reader when a writer moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_tfroundtrip.prose import code, prose
from pytest_tfroundtrip.report.lines import count
from pytest_tfroundtrip.report.markdown.blocks import (
    Block,
    table_of,
)
from pytest_tfroundtrip.report.save_pairs import by_move, by_part, seen_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.save_pairs import SavePair


def save_pairs_of(pairs: Sequence[SavePair]) -> Iterator[Block]:
    """A part for each move of a writer: a line for each thing that changes."""
    if not pairs:
        return
    yield Block(f"## What changes for a reader ({count(len(pairs), 'pair')} of saves)", "", 0)
    for (old, new), members in by_move(pairs).items():
        parts = [
            f"### {code(str(old))} → {code(str(new))}",
            prose(seen_of(members)),
        ]
        lines = [
            [str(part), prose(sentence.partition("\n")[0]), prose(", ".join(models))]
            for part, sentences in by_part(members).items()
            for sentence, models in sentences.items()
        ]
        if lines:
            parts.append(table_of([["part", "change", "models"], *lines]))
        for why in dict.fromkeys(pair.message for pair in members if pair.message):
            models = ", ".join(pair.model for pair in members if pair.message == why)
            parts.append(f"Not compared for {prose(models)}: {prose(why)}")
        missed = dict.fromkeys(each for pair in members for each in pair.not_compared)
        if missed:
            parts.append(f"Not compared: {prose(', '.join(missed))}")
        yield Block("\n\n".join(parts), "pair of saves", 2)
