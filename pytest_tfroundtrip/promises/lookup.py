"""Which sentence of TensorFlow's documents speaks of a cell, and what it promises.

``statements.toml`` holds the sentences as they are printed, ``promises.toml`` what they mean for
cells. The entries stand in order of specificity: the first that speaks of a cell holds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.entries import read_entries
from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.index import Index, any_matches, selectors
from pytest_tfroundtrip.vocabulary import Promise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.selectors import Selector

STATEMENTS_FILE = Path(__file__).with_name("statements.toml")
PROMISES_FILE = Path(__file__).with_name("promises.toml")


@dataclass(frozen=True)
class Statement:
    """A sentence of TensorFlow's documents."""

    id: str
    document: str  # the page's English title
    quote: str  # as the page prints it, in the language of that page
    english: str  # our translation, or the quote itself
    untested: str = ""  # why nothing is held against it
    held_by: tuple[str, ...] = ()  # other entries of promises.toml whose cells try it as well


@dataclass(frozen=True)
class PromiseEntry:
    """What a statement means for cells.

    ``messages`` are the wordings, over all releases, in which TensorFlow (or our agent) refuses
    what is ``unsupported``. ``does_work`` names the cells that TensorFlow does all the same.
    """

    id: str
    promise: Promise
    statement: Statement
    applies: tuple[Selector, ...]
    messages: tuple[str, ...] = ()
    does_work: tuple[Selector, ...] = ()

    @property
    def document(self) -> str:
        """The page that the sentence stands on."""
        return self.statement.document

    @property
    def quote(self) -> str:
        """The sentence as it is printed there."""
        return self.statement.quote

    @property
    def english(self) -> str:
        """The sentence in English."""
        return self.statement.english

    def works_though_denied(self, cell: Cell) -> bool:
        """Whether TensorFlow is known to do what the sentence denies."""
        return any_matches(self.does_work, cell)


@cache
def statements() -> Mapping[str, Statement]:
    """The sentences by their ids.

    Raises:
        ValueError: the data file is not in form.
    """
    raw = read_entries(
        STATEMENTS_FILE,
        "statement",
        required=("document", "quote"),
        optional=("english", "untested", "held_by"),
    )
    return {
        entry["id"]: Statement(
            entry["id"],
            entry["document"],
            entry["quote"],
            entry.get("english", entry["quote"]),
            entry.get("untested", ""),
            tuple(entry.get("held_by", ())),
        )
        for entry in raw
    }


@cache
def promises() -> tuple[PromiseEntry, ...]:
    """All entries, the most specific first.

    Raises:
        ValueError: the data file is not in form, or names a statement that does not exist.
    """
    entries = []
    for raw in read_entries(
        PROMISES_FILE,
        "promise",
        required=("promise", "statement", "applies"),
        optional=("messages", "does_work"),
    ):
        where = f"{PROMISES_FILE.name}: {raw['id']}"
        if raw["statement"] not in statements():
            msg = f"{where}: {STATEMENTS_FILE.name} has no statement {raw['statement']}"
            raise ValueError(msg)
        entry = PromiseEntry(
            id=raw["id"],
            promise=Promise(raw["promise"]),
            statement=statements()[raw["statement"]],
            applies=selectors(raw["applies"], where),
            messages=tuple(raw.get("messages", ())),
            does_work=selectors(raw.get("does_work"), where),
        )
        for message in entry.messages:
            re.compile(message)
        entries.append(entry)
    return tuple(entries)


def lookup(cell: Cell) -> PromiseEntry | None:
    """The first entry that speaks of the cell; None where the documents have no word on it.

    They have none on what is saved again: ``resave`` is this project's. Nor on third parties' APIs,
    though these write and read what TF1 or TF2 do. Nor on a TensorFlow 2 SavedModel without
    signatures in TensorFlow 1: it can be executed "as long as it was saved with signatures".
    """
    if cell.third_party or _unsigned_in_tf1(cell):
        return None
    return next(iter(_index().of(cell)), None)


def _unsigned_in_tf1(cell: Cell) -> bool:
    model = cell.save.model
    unsigned = isinstance(model, Folder) and model.signature is None
    return unsigned and cell.loader is not None and cell.loader.generation == "TF1"


def promise_of(cell: Cell) -> Promise:
    """What the documents say of the cell."""
    entry = lookup(cell)
    return entry.promise if entry else Promise.UNPROMISED


@cache
def _index() -> Index[PromiseEntry]:
    return Index((entry, entry.applies) for entry in promises())
