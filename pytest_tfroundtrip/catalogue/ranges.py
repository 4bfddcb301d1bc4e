"""Ranges of releases as the data files have them: ``>=1.15,<2.16``.

Asked for each of thousands of cells, and by commands that take a tenth of a second as a whole:
packaging's specifiers, which know all of PEP 440, take longer to be imported.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_PART = re.compile(r"(>=|<)(\d+(?:\.\d+)*)\Z")
_RELEASE = re.compile(r"(?:\d+!)?v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Range:
    """Releases from one on, before another, or both. A candidate of a release counts as it."""

    since: tuple[int, ...] | None = None
    before: tuple[int, ...] | None = None

    @classmethod
    def parse(cls, text: str) -> Range:
        """The range of a text.

        Raises:
            ValueError: it has something else than ``>=`` and ``<``.
        """
        bounds: dict[str, tuple[int, ...]] = {}
        for part in text.split(","):
            found = _PART.match(part.strip())
            if found is None:
                msg = f"{text!r} is no range of releases such as '>=1.15,<2.16'"
                raise ValueError(msg)
            bounds[found[1]] = _numbers(found[2])
        return cls(bounds.get(">="), bounds.get("<"))

    def __contains__(self, version: object) -> bool:
        """Whether a version is in it; one that begins with no numbers is in none."""
        found = _RELEASE.match(str(version))
        if found is None:
            return False
        numbers = _numbers(found[1])
        return (self.since is None or numbers >= self.since) and (
            self.before is None or numbers < self.before
        )


@cache
def within(releases: str, version: str) -> bool:
    """Whether a version is in the range of a text."""
    return version in Range.parse(releases)


def _numbers(text: str) -> tuple[int, ...]:
    """``2.15.0`` is ``2.15``."""
    numbers = [int(each) for each in text.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
