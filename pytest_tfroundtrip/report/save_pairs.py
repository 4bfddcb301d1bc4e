"""What changes for a reader from one save of a model to another: its row, and how it is told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.report.lines import BLANK, Line, count, line, listed, wrap, wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.observation import Change
    from pytest_tfroundtrip.vocabulary import Part, Verdict


EXAMPLES = 3  # of what changed in a part; the report has it all


@dataclass(frozen=True)
class Side:
    """One of the two saves: by which API, under which TensorFlow."""

    save: str
    save_runtime: str

    def __str__(self) -> str:
        return f"{self.save}@{self.save_runtime}"


@dataclass(frozen=True)
class SavePair:
    """An entry of ``save_pairs`` in the JSON report; the field names are the report's.

    ``verdict`` is None where one of the two was not saved; ``message`` says why.
    """

    id: str  # affine-builder_1.15-becomes-tf_module_2.15
    model: str
    old: Side
    new: Side
    verdict: Verdict | None
    message: str
    changes: tuple[Change, ...]
    not_compared: tuple[str, ...]
    max_abs_error: float | None
    max_rel_error: float | None
    file: str  # the model's, as of a cell

    # What rows of other kinds have: a pair is no test and is never made anew from a report.

    @property
    def outcome(self) -> None:
        """No pair is a test."""
        return

    @property
    def failed(self) -> bool:
        """It is told, not judged: that a contract changes may be what a writer moves for."""
        return False

    @property
    def reused(self) -> bool:
        """Both saves are looked at anew in every run."""
        return False


def by_move(pairs: Iterable[SavePair]) -> dict[tuple[Side, Side], list[SavePair]]:
    """The pairs by what a writer moves from and to, in the order in which they came."""
    moves: dict[tuple[Side, Side], list[SavePair]] = defaultdict(list)
    for pair in pairs:
        moves[pair.old, pair.new].append(pair)
    return dict(moves)


def seen_of(pairs: Sequence[SavePair]) -> str:
    """What was seen of a move: ``drift for Affine; same for 3 models; not compared for AddTwo``."""
    models: dict[Verdict | None, list[str]] = defaultdict(list)
    for pair in pairs:
        models[pair.verdict].append(pair.model)
    ordered = sorted(models.items(), key=lambda item: (item[0] is None, -len(item[1])))
    return "; ".join(
        f"{verdict or 'not compared'} for {listed(sorted(names))}" for verdict, names in ordered
    )


def by_part(pairs: Iterable[SavePair]) -> dict[Part, dict[str, list[str]]]:
    """What changed, by part: each sentence, and the models of which it is true."""
    parts: dict[Part, dict[str, list[str]]] = defaultdict(dict)
    for pair in pairs:
        for change in pair.changes:
            models = parts[change.part].setdefault(change.sentence, [])
            if pair.model not in models:
                models.append(pair.model)
    return dict(parts)


def pair_lines(pairs: Sequence[SavePair], width: int, *, quiet: bool = False) -> Iterator[Line]:
    """The section of the terminal: of each move what was seen, with examples of each part.

    ``quiet`` leaves what was seen. Without pairs there is nothing to say.
    """
    if not pairs:
        return
    title = f"what changes for a reader ({count(len(pairs), 'pair')} of saves)"
    for text in wrap(title, width, rest="  "):
        yield line(text, bold=True)
    for (old, new), members in by_move(pairs).items():
        yield from wrapped(f"{old} -> {new}: {seen_of(members)}", width, 2)
        if quiet:
            continue
        for part, sentences in by_part(members).items():
            first = [each.partition("\n")[0] for each in list(sentences)[:EXAMPLES]]
            more = len(sentences) - len(first)
            said = "; ".join(first)
            yield from wrapped(f"{said} (and {more} more)" if more else said, width, 4, f"{part}: ")
        for why in dict.fromkeys(pair.message for pair in members if pair.message):
            yield from wrapped(why.partition("\n")[0], width, 4, "not compared: ")
    yield BLANK
