"""What can be wrong with a SavedModel's files: the entries of ``faults.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.entries import read_entries
from pytest_tfroundtrip.savedmodel.model import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FAULTS_FILE = Path(__file__).with_name("faults.toml")
#: How much of a file says what it is.
BEGINNING = 512
_FILE = "{file}"


@dataclass(frozen=True)
class Entry:
    """A kind of fault, and how a file or a folder of that kind is told."""

    id: str
    sentence: str
    remedy: str
    stops: bool
    starts: re.Pattern[str] | None
    holds: tuple[str, ...]
    messages: tuple[str, ...]


@cache
def entries() -> dict[str, Entry]:
    """All entries by their ids, in the file's order.

    Raises:
        ValueError: the data file is not in form.
    """
    raw = read_entries(
        FAULTS_FILE,
        "fault",
        required=("sentence", "remedy"),
        optional=("stops", "starts", "holds", "messages"),
    )
    return {
        each["id"]: Entry(
            id=each["id"],
            sentence=each["sentence"],
            remedy=each["remedy"],
            stops=each.get("stops", True),
            starts=re.compile(each["starts"]) if "starts" in each else None,
            holds=tuple(each.get("holds", ())),
            messages=tuple(each.get("messages", ())),
        )
        for each in raw
    }


def fault(entry: str, path: str, **found: object) -> Fault:
    """A fault of a file or folder, with what was found filled in."""
    kind = entries()[entry]
    names = {"path": path, **found}
    return Fault(
        kind.id, path, kind.sentence.format_map(names), kind.remedy.format_map(names), kind.stops
    )


def messages_of(fault: Fault) -> tuple[str, ...]:
    """Regular expressions: what TensorFlow says because of a fault, of whatever release."""
    from fnmatch import fnmatchcase  # noqa: PLC0415  only where something is wrong

    path = Path(fault.path)
    whole, file = path.absolute().as_posix(), re.escape(path.name)
    own = entries()[fault.id].messages
    of_place = (
        message
        for place in _places()
        if any(fnmatchcase(whole, pattern) for pattern in place["of"])
        for message in place["messages"]
    )
    return tuple(each.replace(_FILE, file) for each in own or of_place)


@cache
def _places() -> tuple[Mapping[str, Any], ...]:
    return read_entries(FAULTS_FILE, "place", required=("of", "messages"))


def by_beginning(beginning: bytes, path: str) -> Fault | None:
    """What a file is that begins so, if it is nothing that belongs in a SavedModel."""
    text = beginning[:BEGINNING].decode("latin-1")
    for kind in entries().values():
        if kind.starts and kind.starts.search(text):
            return fault(kind.id, path)
    return None


def by_names(names: Sequence[str], path: str) -> Fault | None:
    """What a folder is that holds such files, none of which is ``saved_model.pb``.

    Args:
        names: paths below the folder, with slashes.
        path: the folder, for the sentence.
    """
    from fnmatch import fnmatchcase  # noqa: PLC0415  only where something is wrong

    for kind in entries().values():
        for pattern in kind.holds:
            if found := next((name for name in names if fnmatchcase(name, pattern)), None):
                return fault(kind.id, path, found=found)
    return None
