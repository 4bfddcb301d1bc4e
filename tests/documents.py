"""The documents' examples, as the tests read them that hold them: README.md and docs/*.md.

A block of code whose first line is a comment with a file's name is that file. In a block
``console`` a line that begins with ``$`` is a command (a backslash goes on), ``>>>`` what is typed
into it, and what follows is what it prints, ``...`` standing for anything.
"""

from __future__ import annotations

import doctest
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
#: The pages, as they are named from the project's root.
PAGES = ("README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")))
FIRST_STEPS = "docs/first-steps.md"

_FILE = re.compile(r"# (\.?\w[\w./-]*\.(?:py|toml|yml))\n")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.page}:{self.line}"

    @property
    def file(self) -> str | None:
        """The file that it is; None of a fragment."""
        found = _FILE.match(self.text)
        return found[1] if found else None


@dataclass(frozen=True)
class Command:
    """A command of a block ``console``."""

    place: str
    words: tuple[str, ...]
    typed: str  # what is typed into it
    said: str  # what it is said to print; empty where nothing is said

    def __str__(self) -> str:
        return f"{self.place}: {shlex.join(self.words)}"

    def is_said(self, output: str) -> bool:
        """Whether the output is what the page says it is."""
        want, got = ("\n".join(map(str.rstrip, text.splitlines())) for text in (self.said, output))
        return doctest.OutputChecker().check_output(
            want + "\n", got.strip("\n") + "\n", doctest.ELLIPSIS | doctest.DONT_ACCEPT_BLANKLINE
        )


def text_of(page: str) -> str:
    """A page's text."""
    return (ROOT / page).read_text(encoding="utf-8")


def blocks(page: str, text: str | None = None) -> list[Block]:
    """The fenced blocks of a page, or of a text in its place."""
    tokens = MarkdownIt().parse(text_of(page) if text is None else text)
    return [
        Block(page, token.map[0] + 1, token.info.strip(), token.content)
        for token in tokens
        if token.type == "fence" and token.map
    ]


def commands(page: str, text: str | None = None) -> list[Command]:
    """The commands of a page."""
    return [
        command
        for block in blocks(page, text)
        if block.language == "console"
        for command in _commands(block)
    ]


def _commands(block: Block) -> Iterator[Command]:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block.place}: output before the first $"
    for part in parts[1:]:
        lines = part.replace("\\\n", " ").splitlines()
        typed = [line[4:] for line in lines if line.startswith(">>> ")]
        said = [line for line in lines[1:] if not line.startswith(">>> ")]
        words = tuple(shlex.split(lines[0], comments=True))
        yield Command(block.place, words, "\n".join(typed), "\n".join(said).strip("\n"))


def files(page: str) -> dict[str, str]:
    """The files that a page has, with those of the first steps, which have a model and a test."""
    return {
        block.file: block.text
        for each in (FIRST_STEPS, page)
        for block in blocks(each)
        if block.file
    }


def write(page: str, folder: Path) -> None:
    """Write a page's files."""
    for name, text in files(page).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
