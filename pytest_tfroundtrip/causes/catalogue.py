"""What is known to break, and why: the entries of ``causes.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.entries import read_entries
from pytest_tfroundtrip.index import Index, any_matches, selectors
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.selectors import Selector

CAUSES_FILE = Path(__file__).with_name("causes.toml")
_CODE = re.compile("`([^`]+)`")


@dataclass(frozen=True)
class Cause:
    """Why cells fail, how it is recognised, and what a person does about it.

    In ``remedy``, what stands in backticks was run after the failure, by the tests in ``tried``.

    ``messages`` are searched for anywhere in a text: TensorFlow wraps its errors, and the same
    cause comes as another exception class in another release, so classes are never looked at.
    ``sentence`` and ``remedy`` may name groups of these patterns in braces; ``defaults`` says what
    stands there before a message was seen.
    """

    id: str
    messages: tuple[str, ...]
    sentence: str
    remedy: str
    range: str  # the releases it strikes between, for people
    thread: str  # the public upstream issue or source
    verdict: Verdict = Verdict.REFUSED
    stages: tuple[Stage, ...] = ()  # where it can happen; empty: anywhere
    applies: tuple[Selector, ...] = ()  # where it is known to strike
    spares: tuple[Selector, ...] = ()  # exceptions from ``applies``
    only: tuple[Selector, ...] = ()  # where alone it is recognised; empty: anywhere
    reports: tuple[str, ...] = ()  # more public threads of people who ran into it
    tried: tuple[str, ...] = ()  # the tests that carry out the remedy after the failure
    defaults: Mapping[str, str] | None = field(default=None, hash=False)

    def search(self, text: str) -> dict[str, str] | None:
        """The groups of the first wording found in the text; None where there is none."""
        for message in self.messages:
            if found := re.search(message, text):
                return {name: value for name, value in found.groupdict().items() if value}
        return None

    def within(self, cell: Cell) -> bool:
        """Whether it can be recognised in the cell at all."""
        return not self.only or any_matches(self.only, cell)

    def code(self, groups: Mapping[str, str] | None = None) -> tuple[str, ...]:
        """The pieces of the remedy that a test runs: lines of Python, commands."""
        return tuple(_CODE.findall(self.advises(groups)))

    def says(self, groups: Mapping[str, str] | None = None) -> str:
        """The sentence, with what the message named filled in."""
        return self.sentence.format_map({**(self.defaults or {}), **(groups or {})})

    def advises(self, groups: Mapping[str, str] | None = None) -> str:
        """The remedy, with what the message named filled in."""
        return self.remedy.format_map({**(self.defaults or {}), **(groups or {})})


@cache
def causes() -> tuple[Cause, ...]:
    """All causes, the more specific ones first.

    Raises:
        ValueError: the data file is not in form.
    """
    found = []
    for raw in read_entries(
        CAUSES_FILE,
        "cause",
        required=("messages", "sentence", "remedy", "range", "thread"),
        optional=(
            *("verdict", "stages", "applies", "spares", "defaults"),
            *("only", "reports", "tried"),
        ),
    ):
        where = f"{CAUSES_FILE.name}: {raw['id']}"
        for message in raw["messages"]:
            re.compile(message)
        found.append(
            Cause(
                id=raw["id"],
                messages=tuple(raw["messages"]),
                sentence=raw["sentence"],
                remedy=raw["remedy"],
                range=raw["range"],
                thread=raw["thread"],
                verdict=Verdict(raw.get("verdict", Verdict.REFUSED)),
                stages=tuple(Stage(stage) for stage in raw.get("stages", ())),
                applies=selectors(raw.get("applies"), where),
                spares=selectors(raw.get("spares"), where),
                only=selectors(raw.get("only"), where),
                reports=tuple(raw.get("reports", ())),
                tried=tuple(raw.get("tried", ())),
                defaults=raw.get("defaults"),
            )
        )
    return tuple(found)


def applying(cell: Cell) -> tuple[Cause, ...]:
    """The causes known to strike the cell.

    Several may: which one TensorFlow meets first is its own affair, so any of them is expected.
    Of a model that does not say whether it has variables, those that strike it either way. Of a
    third party's saver or loader nothing is known: what strikes it is told by its message.
    """
    if cell.third_party:
        return ()
    if cell.save.model.variables is not None:
        return _striking(cell)
    with_variables, without = _striking(cell, variables=True), _striking(cell, variables=False)
    return tuple(cause for cause in with_variables if cause in without)


def possible(cell: Cell) -> tuple[Cause, ...]:
    """As :func:`applying`; of a model that does not say, those that strike it one way or other."""
    if cell.third_party:
        return ()
    if cell.save.model.variables is not None:
        return _striking(cell)
    with_variables, without = _striking(cell, variables=True), _striking(cell, variables=False)
    return with_variables + tuple(cause for cause in without if cause not in with_variables)


def _striking(cell: Cell, *, variables: bool | None = None) -> tuple[Cause, ...]:
    """The causes of a cell whose model says, or is taken to say, ``variables``."""
    found = _index().of(cell, variables=variables)
    if variables is not None and any(cause.spares for cause in found):
        model = replace(cell.save.model, variables=variables)
        cell = replace(cell, save=replace(cell.save, model=model))
    return tuple(cause for cause in found if not any_matches(cause.spares, cell))


@cache
def _index() -> Index[Cause]:
    return Index((cause, cause.applies) for cause in causes())
