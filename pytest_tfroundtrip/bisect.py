"""Where along the releases a load begins or ceases to work, in a handful of probes.

Between two releases with different answers the one in the middle is asked, until two neighbours
differ. That finds one border on each side of where it starts; what breaks and heals again in
between stays unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_tfroundtrip.vocabulary import Verdict


@dataclass(frozen=True)
class Answer:
    """What was seen under one release."""

    verdict: Verdict
    why: str = ""  # for people: the cause, or what TensorFlow said
    cause: str | None = None
    says: str = ""  # the cause in a sentence
    advises: str = ""  # and what to do

    @property
    def kind(self) -> tuple[Verdict, str | None]:
        """Two answers of a kind are the same, whatever the numbers in their messages."""
        return self.verdict, self.cause


@dataclass(frozen=True)
class Border:
    """Two neighbours that answer differently."""

    older: str
    newer: str


class Unanswered(Exception):  # noqa: N818  says what happened
    """A release that says nothing, because its environment cannot be had."""


def borders(
    releases: Sequence[str], start: str, probe: Callable[[str], Answer]
) -> tuple[Border | None, Border | None]:
    """The nearest border before ``start`` and the nearest behind it, None where there is none.

    Args:
        releases: oldest first; each is probed once at most.
        start: one of them.
        probe: what is seen under a release.

    Raises:
        Unanswered: what ``probe`` raises.
    """
    known: dict[str, Answer] = {}

    def kind(release: str) -> object:
        if release not in known:
            known[release] = probe(release)
        return known[release].kind

    place = releases.index(start)
    before = _border(releases[: place + 1][::-1], kind)
    behind = _border(releases[place:], kind)
    return before and Border(*before[::-1]), behind and Border(*behind)


def _border(releases: Sequence[str], kind: Callable[[str], object]) -> tuple[str, str] | None:
    """The last that answers as the first of them does, and the one after it."""
    first = kind(releases[0])
    like, other = 0, len(releases) - 1
    if other < 1 or kind(releases[other]) == first:
        return None
    while other - like > 1:
        middle = (like + other) // 2
        if kind(releases[middle]) == first:
            like = middle
        else:
            other = middle
    return releases[like], releases[other]
