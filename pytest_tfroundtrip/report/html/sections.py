"""The parts of the page below the picture: causes, sentences, pairs of saves, notes."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.report import groups
from pytest_tfroundtrip.report.closing import closing
from pytest_tfroundtrip.report.groups import grouped
from pytest_tfroundtrip.report.lines import count, runtimes
from pytest_tfroundtrip.report.save_pairs import by_move, by_part, seen_of
from pytest_tfroundtrip.report.statements import Standing
from pytest_tfroundtrip.vocabulary import Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_tfroundtrip.report.rows import Row
    from pytest_tfroundtrip.report.save_pairs import SavePair
    from pytest_tfroundtrip.report.statements import StatementRow

EXAMPLES = 25  # of failures that no cause explains, with their messages
LISTED = 100  # of the cells of one cause: the picture has them all


@dataclass(frozen=True)
class Summary:
    """The answer and the counts."""

    answer: str
    tone: str  # failed, known or good
    cells: str
    verdicts: tuple[tuple[str, int], ...]
    outcomes: tuple[tuple[str, int], ...]
    promises: tuple[tuple[str, tuple[int, ...]], ...]  # by promise, a number for each verdict


@dataclass(frozen=True)
class Group:
    """Cells with one cause, or with one reason for which their runtime could not be had."""

    name: str
    cause: str | None
    where: str
    number: int
    why: str | None
    remedy: str | None
    thread: str | None
    message: str
    command: str
    buts: tuple[tuple[str, str], ...] = ()  # how they failed against what was expected, how many
    quotes: tuple[tuple[str, str], ...] = ()  # sentences of the documents, with their sources
    rows: tuple[Row, ...] = ()
    more: int = 0  # cells that are not among ``rows``

    @property
    def explained(self) -> bool:
        """Whether one explanation goes for all: else each cell stands with its own message."""
        return bool(self.why or self.cause)


@dataclass(frozen=True)
class Move:
    """A writer that moves, and what that changes for readers."""

    old: str
    new: str
    seen: str
    changes: tuple[tuple[str, str, str], ...]  # part, sentence, models
    unsaved: tuple[tuple[str, str], ...]  # why, models
    missed: str


@dataclass(frozen=True)
class Sentence:
    """A case: the documents' sentences and how they stand under each runtime."""

    case: str
    quotes: tuple[tuple[str, str], ...]
    standings: tuple[str, ...]  # in the order of the runtimes; empty: not tried


@dataclass(frozen=True)
class Note:
    """What loaders say of how it was done."""

    text: str
    where: str
    loaders: str


def summary(rows: Sequence[Row], statements: Sequence[StatementRow]) -> Summary:
    """What the run says, in a sentence and in numbers."""
    verdicts = Counter(row.verdict for row in rows)
    there = [each for each in (*Verdict, None) if verdicts[each]]
    crossed = Counter((row.promise, row.verdict) for row in rows)
    failed = any(row.failed for row in rows) or any(row.failed for row in statements)
    known = any(row.contradiction for row in rows)
    known = known or any(row.standing is Standing.KNOWN for row in statements)
    return Summary(
        answer=closing(rows, statements) or "There are no cells.",
        tone="failed" if failed else "known" if known else "good",
        cells=f"{len(rows):,} {'cell' if len(rows) == 1 else 'cells'}",
        verdicts=tuple((str(each or "not run"), verdicts[each]) for each in there),
        outcomes=tuple(Counter(row.outcome or "no test" for row in rows).most_common()),
        promises=tuple(
            (str(promise), tuple(crossed[promise, each] for each in there))
            for promise in Promise
            if any(row.promise is promise for row in rows)
        ),
    )


def failures(rows: Sequence[Row]) -> list[Group]:
    """What failed, by cause; first the runtimes that could not be had: that is quick to mend."""
    broken = [row for row in rows if row.verdict is Verdict.ENV_ERROR]
    return [
        *(
            _group("A runtime could not be had", members, message=message or "no message")
            for message, members in grouped(broken, "message")
        ),
        *(_group(title.capitalize(), members) for title, members in groups.same_but_failed(rows)),
        *(
            _group(cause or "No known cause", members)
            for cause, members in grouped(groups.lost(rows), "cause")
        ),
    ]


def contradictions(rows: Sequence[Row]) -> list[tuple[str, list[Group]]]:
    """What contradicts the documents, either way, by cause."""
    return [
        (
            f"{title[0].upper()}{title[1:]}",
            [
                _group(cause or "Not in the causes", members)
                for cause, members in grouped(group, "cause")
            ],
        )
        for title, group in groups.contradictions(rows)
    ]


def _group(name: str, rows: Sequence[Row], message: str = "") -> Group:
    first = rows[0]
    of_one = len({row.cause for row in rows}) == 1
    explained = of_one and bool(first.cause or first.why or message)
    shown = rows[: LISTED if explained else EXAMPLES]
    return Group(
        name=name,
        cause=first.cause if of_one else None,
        where=_where(rows),
        number=len(rows),
        why=first.why if of_one else None,
        remedy=first.remedy if of_one else None,
        thread=first.thread if of_one else None,
        message=message,
        command=first.command,
        buts=tuple(
            (note, count(len(noted), "cell")) for note, noted in grouped(rows, "note") if note
        ),
        quotes=tuple(
            (statement, quoted[0].document or "")
            for statement, quoted in grouped(rows, "statement")
            if statement
        ),
        rows=tuple(shown),
        more=len(rows) - len(shown),
    )


def moves(pairs: Sequence[SavePair]) -> list[Move]:
    """What changes for a reader, a part for each move of a writer."""
    return [_move(str(old), str(new), members) for (old, new), members in by_move(pairs).items()]


def _move(old: str, new: str, pairs: Sequence[SavePair]) -> Move:
    missed = dict.fromkeys(each for pair in pairs for each in pair.not_compared)
    whys = dict.fromkeys(pair.message for pair in pairs if pair.message)
    return Move(
        old=old,
        new=new,
        seen=seen_of(pairs),
        changes=tuple(
            (str(part), sentence, ", ".join(models))
            for part, sentences in by_part(pairs).items()
            for sentence, models in sentences.items()
        ),
        unsaved=tuple(
            (why, ", ".join(pair.model for pair in pairs if pair.message == why)) for why in whys
        ),
        missed=", ".join(missed),
    )


def sentences(rows: Sequence[StatementRow]) -> tuple[list[str], list[Sentence]]:
    """The runtimes under which sentences were tried, and each with how it stands under them."""
    names = sorted({row.runtime for row in rows}, key=runtime_order)
    cases: dict[str, dict[str, StatementRow]] = defaultdict(dict)
    for row in rows:
        cases[row.case][row.runtime] = row
    return names, [_sentence(case, under, names) for case, under in cases.items()]


def _sentence(case: str, under: Mapping[str, StatementRow], names: Sequence[str]) -> Sentence:
    first = next(iter(under.values()))
    documents = (*first.documents, *[""] * len(first.sentences))
    return Sentence(
        case,
        tuple(zip(first.sentences, documents, strict=False)),
        tuple(str(under[name].standing) if name in under else "" for name in names),
    )


def not_kept(rows: Sequence[StatementRow]) -> list[StatementRow]:
    """The sentences that do not stand as they are written, those that failed first."""
    told = [row for row in rows if row.standing not in (Standing.KEPT, Standing.NOT_RUN)]
    return sorted(told, key=lambda row: row.standing is Standing.KNOWN)


def notes(rows: Sequence[Row]) -> Iterator[Note]:
    """What loaders say, also of what is the same; what is true of most cells first."""
    noted: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for note in row.notes:
            noted[note].append(row)
    for note, members in sorted(noted.items(), key=lambda item: -len(item[1])):
        loaders = sorted({row.load for row in members if row.load}, key=api_order)
        yield Note(note, _where(members), ", ".join(loaders))


def _where(rows: Sequence[Row]) -> str:
    """How many cells, and between which runtimes."""
    said = f"{count(len(rows), 'cell')}, saved by {runtimes(row.save_runtime for row in rows)}"
    loads = [row.load_runtime for row in rows if row.load_runtime]
    return f"{said}, loaded by {runtimes(loads)}" if loads else said
