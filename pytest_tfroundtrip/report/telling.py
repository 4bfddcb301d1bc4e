"""What a failing test tells that another has told: its cause is told once, the rest refers to it.

Of folders, releases and loaders hundreds of cells fail for a handful of causes. What is the same
is not decided by the causes' templates, since what is wrong with files has none: the words of two
tellings are held against each other, and what differs has to be little.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from pytest_tfroundtrip.messages import headline
from pytest_tfroundtrip.report.failure import in_words
from pytest_tfroundtrip.report.lines import wrap
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row
    from pytest_tfroundtrip.statement import StatementCase

_MOST = 0.7  # of the words: names alone are otherwise
_LITTLE = 160  # characters that differ: two lines; what differs by more is told whole
_BOTH = 80  # up to here with what stood in the place of each: one line
_TRIED = (
    20  # of one kind that were told whole: whose words are near; the same words are found always
)
_NUMBER = re.compile(r"\d+")
_AROUND = ".,;:()"  # what a sentence puts beside a name
_OF_NUMBERS = (Verdict.DIFFERS, Verdict.DRIFT)


@dataclass(frozen=True)
class Telling:
    """What a failing test tells."""

    test: str  # its name, by which it is found and selected
    sentence: str  # the cell and what was seen of it
    verdict: str  # what was seen: "refused while loading"
    cause: str  # why, by its id; empty where that is not known
    kind: str  # one of another kind is never the same
    words: str  # why, what to do, and what else is said in sentences of ours
    numbers: str = ""  # how far values are off, which is each cell's own

    @property
    def bracketed(self) -> str:
        """The cause behind a word: `` [debug-name-attr]``; nothing where it is not known."""
        return f" [{self.cause}]" if self.cause else ""


@dataclass(frozen=True)
class Reference:
    """What is told of a test instead, where another has told the same."""

    to: Telling
    here: str  # what is otherwise, empty where nothing is

    def text(self, telling: Telling, width: int) -> str:
        """As lines for a terminal."""
        said = f"{telling.verdict}{telling.bracketed}"
        lines = wrap(f"{said}: as told with {self.to.test}", width, rest="  ")
        if self.here:
            lines += wrap(self.here, width, "  here: ", "  ")
        return "\n".join(lines)


def telling_of(row: Row, objection: str = "") -> Telling:
    """What a failing cell tells.

    A known cause is the same for every model. Where nobody knows why, only failures of one model
    with one message are the same, whatever numbers are in it: those of functions, addresses.

    Args:
        row: the cell's.
        objection: what else is said of it in a sentence of ours.
    """
    verdict, said = in_words(row), headline(row.message)
    words = [row.why, row.remedy, row.note, objection]
    kind = ["", row.model, row.exception, _NUMBER.sub("#", said)]
    if row.verdict is Verdict.ENV_ERROR:
        return _unavailable(_name(row), f"{row.sentence}: {verdict}", verdict, row.message)
    if row.cause:
        kind = [row.cause]
    elif row.verdict not in _OF_NUMBERS:
        words.append(said)
    if row.max_abs_error is not None:
        said += f", max abs error {row.max_abs_error:.6g}"
    return Telling(
        test=_name(row),
        sentence=f"{row.sentence}: {verdict}",
        verdict=verdict,
        cause=row.cause or "",
        kind="\n".join([str(row.verdict), *kind]),
        words=" ".join(filter(None, words)),
        numbers=said if row.verdict in _OF_NUMBERS else "",
    )


def telling_of_case(case: StatementCase, test: str) -> Telling | None:
    """What a sentence tells whose runtime could not be had; None for what is its own.

    Args:
        case: which sentence under which runtime, and what was seen.
        test: the name of its test.
    """
    seen, trial = case.observation, case.trial
    if seen.verdict is not Verdict.ENV_ERROR:
        return None
    sentence = f"{trial.case.id} under {trial.runtime}: {seen.verdict}"
    return _unavailable(test, sentence, str(seen.verdict), seen.message)


def _unavailable(test: str, sentence: str, verdict: str, message: str) -> Telling:
    """A runtime that cannot be had is an error of each test that needs it, for one reason."""
    return Telling(test, sentence, verdict, "", f"{Verdict.ENV_ERROR}\n{message}", "")


def _name(row: Row) -> str:
    """A test as it is selected; a folder's by its cell, for no heading has its node id."""
    return row.id if row.writers or not row.nodeids else row.nodeids[0]


def references(tellings: Iterable[Telling | None]) -> Iterator[Reference | None]:
    """For each, in the order in which they are read, what stands in its place; None: it is told."""
    whole: dict[str, list[Telling]] = defaultdict(list)
    for telling in tellings:
        found = None
        if telling is not None:
            found = next(_found(telling, whole[telling.kind]), None)
            if found is None:
                whole[telling.kind].append(telling)
        yield found


def _found(telling: Telling, whole: Sequence[Telling]) -> Iterator[Reference]:
    for other in [each for each in whole if each.words == telling.words] or whole[:_TRIED]:
        here = _differing(other.words.split(), telling.words.split())
        if here is None:
            continue
        if telling.numbers != other.numbers:
            here = "; ".join(filter(None, (telling.numbers, here)))
        yield Reference(other, here)


def _differing(there: list[str], here: list[str]) -> str | None:
    """The words that are otherwise here; None where that is not little, or more than names."""
    if there == here:
        return ""
    compared = SequenceMatcher(None, there, here, autojunk=False)
    if compared.ratio() < _MOST:
        return None
    pairs: dict[str, str] = {}
    for tag, i1, i2, j1, j2 in compared.get_opcodes():
        if tag == "equal":
            continue
        if tag != "replace":
            return None
        # A number says nothing without what it counts.
        counted = here[j2 : j2 + 1] if all(map(str.isdigit, here[j1:j2])) else []
        mine = " ".join([*here[j1:j2], *counted]).strip(_AROUND)
        pairs[mine] = " ".join(there[i1:i2]).strip(_AROUND)
    both = "; ".join(f"{mine} (there {theirs})" for mine, theirs in pairs.items())
    mine = "; ".join(pairs)
    return both if len(both) <= _BOTH else mine if len(mine) <= _LITTLE else None
