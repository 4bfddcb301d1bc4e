"""Text that others wrote (models' names, TensorFlow's messages, paths), made fit to be shown.

That it never becomes markup is the template engine's affair, see ``page.py``. Here it becomes
visible: what a terminal would obey or what would reorder a line stands as its escape.
"""

from __future__ import annotations

import re

#: Characters of one message that the page has: a graph's text is a line of a megabyte.
LIMIT = 8_000

# Control characters; marks and overrides of direction, with which a name can be made to read as
# another one; half characters, which no UTF-8 file can hold.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text with what cannot be seen as escapes."""
    return _UNSEEN.sub(_escape, text.replace("\r\n", "\n"))


def bounded(text: str, limit: int = LIMIT) -> str:
    """The text, or its beginning and end with the number of characters between them."""
    if len(text) <= limit:
        return text
    head, tail = limit * 3 // 4, limit // 4
    left = f"{len(text) - head - tail:,} characters left out; the JSON report has them"
    return f"{text[:head]}\n... {left} ...\n{text[-tail:]}"


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"\\x{number:02x}" if number <= 0xFF else f"\\u{number:04x}"  # noqa: PLR2004
