"""The baseline in a session: what it accepts, what it objects to, its file written anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from pytest_tfroundtrip.baseline import Baseline, objection, updated
from pytest_tfroundtrip.baseline_file import read, text_of
from pytest_tfroundtrip.report.json_report import write_text
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    import pytest

    from pytest_tfroundtrip.covering import Covered
    from pytest_tfroundtrip.observation import Observation
    from pytest_tfroundtrip.report.rows import Row

#: pytest's word for a cell that an update takes into the file; by it the controller of xdist's
#: workers knows which.
NOTED = "noted in the baseline"


@dataclass(frozen=True)
class Judged:
    """What a baseline says of a cell; nothing where it has no entry for it."""

    accepted: str | None = None  # why
    objection: str | None = None  # what is wrong with the entry, and what to do


@dataclass
class Accepting:
    """The file of ``--tf-baseline`` and what a run makes of it."""

    path: Path
    updating: bool
    baseline: Baseline
    noted: set[str] = field(default_factory=set)  # node ids of what an update takes in

    @classmethod
    def open(cls, path: Path, *, updating: bool) -> Accepting:
        """Read the file; one that is to be written anew need not be there.

        Raises:
            UsageProblem: it cannot be read, or understood.
        """
        missing = updating and not path.exists()
        return cls(path, updating, Baseline() if missing else read(path, reasons=not updating))

    def judge(self, cell_id: str, seen: Observation, cause: str | None) -> Judged:
        """What the baseline says of what was seen of a cell that is to be the same."""
        if self.updating:
            return Judged() if seen.verdict is Verdict.SAME else Judged(accepted=NOTED)
        entry = self.baseline.of(cell_id)
        if entry is None:
            return Judged()
        if why := objection(entry, seen, cause, datetime.now(timezone.utc).date()):
            return Judged(objection=why)
        return Judged(accepted=f"{entry.reason} ({entry.thread})" if entry.thread else entry.reason)

    def note(self, report: pytest.TestReport) -> None:
        """Remember the tests that an update takes in."""
        if str(getattr(report, "wasxfail", "")).endswith(NOTED):
            self.noted.add(report.nodeid)

    def unused(self, cell_ids: Iterable[str], covered: Covered) -> list[str]:
        """A sentence on each entry that none of the cells needs, as far as a run can tell."""
        return [
            f"{entry.where} matches no cell of this run ({', '.join(entry.cells)}): take it out,"
            " or have the file written anew by --tf-baseline-update"
            for entry in self.baseline.unused(cell_ids, covered.covers)
        ]

    def write(
        self, rows: Sequence[Row], broken: Collection[str], covered: Covered
    ) -> Iterator[str]:
        """Write the file anew, and say what is in it, and what a person has to do.

        Args:
            rows: all cells of the run.
            broken: the ids of those that are to be accepted.
            covered: what the run was asked for.

        Raises:
            UsageProblem: it cannot be written.
        """
        those = [row for row in rows if row.id in broken]
        after = updated(self.baseline, rows, those, covered.covers)
        write_text(self.path, text_of(after), "--tf-baseline")
        silent = sum(not entry.reason for entry in after.entries)
        number = len(after.entries)
        said = f"{self.path}: {number} {'entry' if number == 1 else 'entries'}"
        yield f"{said}, {silent} without a reason: write one into each" if silent else said
        today = datetime.now(timezone.utc).date()
        for place, entry in enumerate(after.entries, start=1):
            if entry.expired(today):  # a deadline that a machine puts off is none
                yield (
                    f"{self.path.name}, entry {place} held until {entry.until} and fails the next"
                    f" run ({', '.join(entry.cells)}): mend it, or give the entry a later date"
                    " and say why"
                )
