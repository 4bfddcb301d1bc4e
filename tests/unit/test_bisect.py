"""Borders among releases, in few probes."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.bisect import Answer, Border, Unanswered, borders
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

RELEASES = [f"2.{minor}" for minor in range(22)]
READS, REFUSES = Answer(Verdict.SAME), Answer(Verdict.REFUSED, "no", "a-cause")


class Asked:
    """A probe that counts: releases in a range read it."""

    def __init__(self, first: int, last: int) -> None:
        self.counts: Counter[str] = Counter()
        self.order: list[str] = []
        self._reads = set(RELEASES[first : last + 1])

    def __call__(self, release: str) -> Answer:
        self.counts[release] += 1
        self.order.append(release)
        return READS if release in self._reads else REFUSES


@pytest.mark.parametrize("start", [5, 9, 14])
@pytest.mark.parametrize(
    ("first", "last", "wanted"),
    [
        (0, 21, (None, None)),
        (5, 21, (Border("2.4", "2.5"), None)),
        (0, 14, (None, Border("2.14", "2.15"))),
        (5, 14, (Border("2.4", "2.5"), Border("2.14", "2.15"))),
        (1, 20, (Border("2.0", "2.1"), Border("2.20", "2.21"))),
    ],
)
def test_the_borders_on_either_side(
    first: int, last: int, start: int, wanted: tuple[Border | None, Border | None]
) -> None:
    asked = Asked(first, last)
    assert borders(RELEASES, f"2.{start}", asked) == wanted
    assert set(asked.counts.values()) == {1}
    assert len(asked.order) <= 2 * math.ceil(math.log2(len(RELEASES))) + 3
    assert asked.order[0] == f"2.{start}"


def test_it_may_start_at_an_end() -> None:
    assert borders(RELEASES, "2.0", Asked(0, 7)) == (None, Border("2.7", "2.8"))
    assert borders(RELEASES, "2.21", Asked(7, 21)) == (Border("2.6", "2.7"), None)


def test_what_is_refused_at_the_start_has_borders_too() -> None:
    assert borders(RELEASES, "2.3", Asked(9, 21)) == (None, Border("2.8", "2.9"))


def test_one_release_has_no_borders() -> None:
    asked = Asked(0, 0)
    assert borders(["2.0"], "2.0", asked) == (None, None)
    assert borders(["2.0", "2.1"], "2.1", asked) == (Border("2.0", "2.1"), None)


def test_names_need_not_be_numbers() -> None:
    names = ["2.15.0", "2.15.0.post1", "2.15.1", "2.16.0rc0"]
    answers = dict(zip(names, [REFUSES, REFUSES, READS, READS], strict=True))
    found = borders(names, "2.16.0rc0", answers.__getitem__)
    assert found == (Border("2.15.0.post1", "2.15.1"), None)


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        (Answer(Verdict.REFUSED, "said otherwise", "a-cause"), True),
        (Answer(Verdict.REFUSED, "no", "another-cause"), False),
        (Answer(Verdict.CRASHED, "no", "a-cause"), False),
    ],
)
def test_answers_are_alike_by_verdict_and_cause(other: Answer, *, alike: bool) -> None:
    found = borders(["1.15", "2.0"], "1.15", {"1.15": REFUSES, "2.0": other}.__getitem__)
    assert found == (None, None if alike else Border("1.15", "2.0"))


@pytest.mark.parametrize("error", [Unanswered("2.21 cannot be had"), KeyboardInterrupt()])
def test_errors_of_a_probe_pass_through(error: BaseException) -> None:
    def failing(release: str) -> Answer:
        if release == "2.21":
            raise error
        return READS

    probe: Callable[[str], Answer] = failing
    with pytest.raises(type(error)) as raised:
        borders(RELEASES, "2.5", probe)
    assert raised.value is error
