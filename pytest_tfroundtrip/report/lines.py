"""Lines for a terminal: text with pytest's markup, and how words are put in rows and lists."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, TypeAlias

from pytest_tfroundtrip.catalogue.order import runtime_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: What ``terminalreporter.write(text, **markup)`` takes.
Segment: TypeAlias = "tuple[str, dict[str, bool]]"
Line: TypeAlias = "tuple[Segment, ...]"

BLANK: Line = ()
_LISTED = 6
NAMED = 12  # models in a sentence; more are counted


def line(text: str, **markup: bool) -> Line:
    """One line of one colour."""
    return ((text, markup),)


def plain(lines: Iterable[Line]) -> str:
    """The lines without markup."""
    return "\n".join("".join(text for text, _ in segments).rstrip() for segments in lines)


def wrapped(text: str, width: int, indent: int = 0, head: str = "") -> Iterator[Line]:
    """A paragraph of ours as lines; ``head`` stands before the first, the rest hangs below it."""
    first = " " * indent + head
    for row in wrap(text, width, first, " " * len(first)):
        yield line(row)


def wrap(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """The text in rows; words such as URLs and paths are never broken."""
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def count(number: int, word: str) -> str:
    """``1 cell``, ``3 cells``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def listed(words: Sequence[str], last: str = "and") -> str:
    """``2.3, 2.8 and 2.15``; of a long list its ends: ``2.0, 2.1 ... 2.11 (12 of them)``."""
    if len(words) > _LISTED:
        return f"{words[0]}, {words[1]} ... {words[-1]} ({len(words)} of them)"
    *most, final = words or [""]
    return f"{', '.join(most)} {last} {final}" if most else final


def runtimes(names: Iterable[str], last: str = "and") -> str:
    """Names of runtimes in order, each once, as a list in words."""
    return listed(sorted(set(names), key=runtime_order), last)


def named(models: Sequence[str]) -> str:
    """Each by its name, which people look for; too many of them are a number."""
    if len(models) > NAMED:
        return count(len(models), "model")
    *most, last = models
    return f"{', '.join(most)} and {last}" if most else last
