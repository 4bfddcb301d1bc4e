"""``rows``: what full runs have shown of every cell of the documents' models, kept row by row.

``rows compare REPORT.json ...`` holds runs against what is kept (promise, verdict, cause) and tells
each row that changed; ``rows keep REPORT.json ...`` keeps what they show: of the cells that they
have, or with ``--all`` of nothing else.

Exit codes: 0 every row is as it is kept; 1 one is not; 2 asked for wrongly.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.commands.common import say
from pytest_tfroundtrip.promises.measured import read_report
from pytest_tfroundtrip.promises.rows import ROWS_FILE, changes, kept, of_report, read, write
from pytest_tfroundtrip.report.json_report import write_text

if TYPE_CHECKING:
    import argparse

    from pytest_tfroundtrip.promises.rows import Key, Seen

NAME = "rows"
HELP = "what full runs have shown of every cell, kept row by row"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=("compare", "keep"), help="what to do")
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json")
    parser.add_argument(
        "--all",
        action="store_true",
        help="the reports are of the whole matrix: a kept row that they lack is gone",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    rows: dict[Key, Seen] = {}
    for report in arguments.reports:  # a later one wins
        rows.update(of_report(read_report(report)["cells"]))
    if arguments.action == "compare":
        return _compare(rows, whole=arguments.all)
    before = ROWS_FILE.read_text(encoding="utf-8") if ROWS_FILE.exists() else ""
    text = write(rows if arguments.all else {**read(before), **rows}, before)
    write_text(ROWS_FILE, text, "rows keep")
    say(f"{len(rows)} rows kept in {ROWS_FILE}")
    return 0


def _compare(rows: dict[Key, Seen], *, whole: bool) -> int:
    changed = list(changes(kept(), rows))
    gone = [key for key in kept() if key not in rows]
    for change in changed:
        say(str(change))
    if whole:
        for key in gone:
            say(f"{key}: was {kept()[key]}; is not there")
    asked = "" if whole or not gone else f" {len(gone)} kept rows are not in these reports."
    say(f"{len(rows)} rows, {len(changed)} not as they are kept.{asked}")
    return 1 if changed or (whole and gone) else 0
