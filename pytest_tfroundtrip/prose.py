"""Text that others wrote, and sentences of ours, as Markdown that reads the same."""

from __future__ import annotations

import re

# What Markdown, GitHub's $math$ and tables read as more than the character; between letters an
# underscore is one, but not beside another.
_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_SPAN = re.compile(r"`([^`]+)`")
_SPACED = re.compile(r"\S(?:.*\S)?")  # all but the blanks around it
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def prose(text: str) -> str:
    """Text as Markdown that reads the same, on one line."""
    text = " ".join(_visible(text).split())
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def prose_with_code(text: str) -> str:
    """A sentence of ours as text: what stands between backticks stays code.

    It may have names from files in it: a backtick without a fellow is text.
    """
    parts = _SPAN.split(" ".join(_visible(text).split()))
    return "".join(
        f"`{part}`" if number % 2 else _SPACED.sub(lambda found: prose(found[0]), part)
        for number, part in enumerate(parts)
    )


def code(text: str) -> str:
    """Text as a code span on one line, also in a table."""
    text = " ".join(_visible(text).split())
    fence = _fence(text, "`")
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|") if text else ""


def fenced(text: str, language: str = "text") -> str:
    """Text as a block of code, its lines as they are."""
    fence = _fence(text, "```")
    return f"{fence}{language}\n{_visible(text)}\n{fence}"


def _fence(text: str, least: str) -> str:
    """Backticks that the text does not have as many of in a row."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    return "`" * max(len(least), longest + 1)


def _visible(text: str) -> str:
    """The text with its control characters as escapes: a page may be read in a terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text.replace("\r\n", "\n"))
