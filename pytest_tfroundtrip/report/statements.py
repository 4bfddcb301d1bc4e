"""A sentence of the documents that was tried under a runtime: its row, and what is said of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import runtime_order
from pytest_tfroundtrip.report.grid import table
from pytest_tfroundtrip.report.lines import BLANK, Line, count, line, runtimes, wrap, wrapped
from pytest_tfroundtrip.report.places import Column, Piece
from pytest_tfroundtrip.vocabulary import Verdict, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.statement import Trial


class Standing(Word):
    """How a sentence stands under a runtime, after it was tried."""

    KEPT = "kept"
    KNOWN = "contradicted as known"
    OUTDATED = "out of date"  # not what is known of it: the entry of cases.toml
    FAILED = "failed"
    ENV_ERROR = "env_error"
    NOT_RUN = "not run"


@dataclass(frozen=True)
class StatementRow:
    """An entry of ``statements`` in the JSON report; the field names are the report's.

    ``verdict`` is "kept", "contradicted" or, where the case could not be tried to its end, a
    verdict of cells; None where it was not run. ``outcome`` is pytest's word.
    """

    id: str  # keras_model_tracks-2.15
    case: str
    runtime: str
    statements: tuple[str, ...]  # ids in statements.toml
    verdict: str | None
    outcome: str | None
    exception: str
    message: str
    why: str | None  # what is known to contradict it, where that is what was seen
    seconds: float
    sentences: tuple[str, ...] = ()  # what the documents say, quoted ...
    documents: tuple[str, ...] = ()  # ... and where, one for each sentence
    note: str = ""  # how it is not what is known of it
    command: str = ""  # tries it again

    @property
    def failed(self) -> bool:
        """Whether pytest counts it as a failure or an error."""
        return self.outcome in ("failed", "error")

    @property
    def reused(self) -> bool:
        """Every case is tried anew in every run."""
        return False

    @property
    def standing(self) -> Standing:
        """How the sentence stands, for counts."""
        if self.verdict is None:
            return Standing.NOT_RUN
        if self.verdict == Verdict.ENV_ERROR:
            return Standing.ENV_ERROR
        if self.failed:
            return Standing.OUTDATED if self.note else Standing.FAILED
        return Standing.KEPT if self.verdict == Standing.KEPT else Standing.KNOWN

    @property
    def quotes(self) -> tuple[str, ...]:
        """The sentences with their sources."""
        pairs = zip(self.sentences, self.documents, strict=False)
        return tuple(f'"{sentence}" ({document})' for sentence, document in pairs)


#: What a report says of a trial, by what was seen.
WORDS: Mapping[Verdict, str] = {Verdict.SAME: "kept", Verdict.REFUSED: "contradicted"}


def row_of(
    trial: Trial, observation: Observation | None, outcome: str | None, command: str = ""
) -> StatementRow:
    """The entry of ``statements`` in the JSON report.

    Args:
        trial: which case under which runtime.
        observation: what was seen; None where it was not run.
        outcome: pytest's word.
        command: what tries it again.
    """
    verdict = observation.verdict if observation else None
    known = trial.known if observation and trial.as_known(observation) else None
    statements = trial.case.statements
    return StatementRow(
        id=trial.id,
        case=trial.case.id,
        runtime=trial.runtime.name,
        statements=tuple(statement.id for statement in statements),
        verdict=None if verdict is None else WORDS.get(verdict, str(verdict)),
        outcome=outcome,
        exception=observation.exception if observation else "",
        message=observation.message if observation else "",
        why=known.says if known else None,
        seconds=round(observation.seconds, 3) if observation else 0.0,
        sentences=tuple(statement.english for statement in statements),
        documents=tuple(statement.document for statement in statements),
        note=_note(trial, observation),
        command=command,
    )


def _note(trial: Trial, observation: Observation | None) -> str:
    """How what was seen is not what is known of the case, where something is."""
    if trial.known is None or observation is None or trial.as_known(observation):
        return ""
    if observation.verdict is Verdict.ENV_ERROR:
        return ""
    instead = "it is kept" if observation.verdict is Verdict.SAME else "this is something else"
    return (
        f"known is: {trial.known.says} But {instead}: the entry {trial.case.id} of cases.toml is"
        " out of date."
    )


def in_order(rows: Sequence[StatementRow]) -> list[StatementRow]:
    """The rows as they were collected, by case; under each the runtimes in their order."""
    cases = {row.case: place for place, row in reversed(list(enumerate(rows)))}
    return sorted(rows, key=lambda row: (cases[row.case], runtime_order(row.runtime)))


def statement_lines(
    rows: Sequence[StatementRow], width: int, *, quiet: bool = False
) -> Iterator[Line]:
    """The section of the terminal: how many stand how, by runtime; those that failed, by name.

    ``quiet`` leaves what failed. Without rows there is nothing to say.
    """
    if not rows:
        return
    if not quiet:
        yield from _counts(rows, width)
    broken = [row for row in rows if row.standing is Standing.ENV_ERROR]
    if broken:
        title = f"sentences that could not be tried ({count(len(broken), 'case')})"
        yield from _title(title, width)
        for message in dict.fromkeys(row.message for row in broken):
            members = [row for row in broken if row.message == message]
            where = f"{count(len(members), 'case')} under {runtimes(r.runtime for r in members)}: "
            yield from wrapped(" ".join(message.split()), width, 2, where)
        yield BLANK
    failed = [row for row in rows if row.standing in (Standing.FAILED, Standing.OUTDATED)]
    if failed:
        yield from _title(f"sentences that failed ({count(len(failed), 'case')})", width)
        for row in failed:
            yield from _failure(row, width)
        yield BLANK


def _counts(rows: Sequence[StatementRow], width: int) -> Iterator[Line]:
    numbers = Counter((row.runtime, row.standing) for row in rows)
    names = sorted({row.runtime for row in rows}, key=runtime_order)
    there = [each for each in Standing if any(row.standing is each for row in rows)]
    columns = [
        Column(str(each), [Piece(str(numbers[name, each] or "-")) for name in names])
        for each in there
    ]
    yield from table("the documents' sentences", names, columns, width)


def _failure(row: StatementRow, width: int) -> Iterator[Line]:
    said = next(iter(row.message.strip().splitlines()), "")
    # Of what is kept the message says what was seen, which is no news.
    told = f": {said}" if said and row.verdict != Standing.KEPT else ""
    yield from wrapped(f"{row.case} under {row.runtime}: {row.verdict}{told}", width, 2, "- ")
    for quote in row.quotes:
        yield from wrapped(quote, width, 4, "against: ")
    if row.note:
        yield from wrapped(row.note, width, 4, "but: ")
    if row.command:
        yield line(f"    rerun: {row.command}")


def _title(text: str, width: int) -> Iterator[Line]:
    for each in wrap(text, width, rest="  "):
        yield line(each, bold=True, red=True)
