"""What a session is about: the cells that are tests, and those that are only rows of its report."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.expectations import Expectation
    from pytest_tfroundtrip.statement import Trial
    from pytest_tfroundtrip.vocabulary import Expect, Verdict


@dataclass(frozen=True)
class TestCell:
    """A cell as one test asks for it."""

    __test__ = False

    cell: Cell
    expect: Expect
    expectation: Expectation = field(repr=False)
    accept: Mapping[str, str] = field(default_factory=dict)

    def accepted(self, causes: Collection[str]) -> str | None:
        """The reason for which the user accepts one of these causes, or the cell by a glob."""
        for name, reason in self.accept.items():
            if name in causes or fnmatchcase(self.cell.id, name):
                return reason
        return None


@dataclass(frozen=True)
class Untested:
    """A cell that is a row and no test: ``absent``, or a load of a save known to be refused."""

    test: TestCell
    verdict: Verdict
    message: str

    @property
    def cell(self) -> Cell:
        """Which one."""
        return self.test.cell


@dataclass
class Collected:
    """The tests by node id, the rows that are no tests by the cell's key, pytest's words."""

    generated: set[str] = field(default_factory=set)  # ids of cells, before -k and its like
    incomplete: bool = False  # whether something could not be collected
    tests: dict[str, TestCell] = field(default_factory=dict)
    untested: dict[str, Untested] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)  # cases under runtimes, by node id
    outcomes: dict[str, str] = field(default_factory=dict)  # by node id
    objections: dict[str, str] = field(default_factory=dict)  # by node id: of those that failed
