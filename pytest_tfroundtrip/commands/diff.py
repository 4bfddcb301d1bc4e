"""``diff``: what changed from one run to another: newly broken, newly fixed, other numbers.

``diff OLD.json NEW.json`` compares two reports (``pytest --tf-report=FILE.json``) cell by cell, of
another day, another branch, another machine, and says why a cell is broken that was not.

Exit codes: 0 nothing is newly broken; 1 something is, or is broken worse than it was; 2 a file is
no report.
"""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.commands.common import say
from pytest_tfroundtrip.report.diff import ALARMS, Kind, diff, told
from pytest_tfroundtrip.report.json_report import read
from pytest_tfroundtrip.report.lines import count, plain

if TYPE_CHECKING:
    import argparse

NAME = "diff"
HELP = "what changed from one run to another: newly broken, newly fixed, other numbers"
_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("old", type=Path, metavar="OLD.json", help="a report")
    parser.add_argument("new", type=Path, metavar="NEW.json", help="a later one")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    old, new = read(arguments.old), read(arguments.new)
    changes = diff(old.rows, new.rows)
    lines = list(told(changes, min(_WIDTH, shutil.get_terminal_size().columns)))
    if lines:
        say(plain(lines))
    counted = Counter(change.kind for change in changes)
    parts = [f"{counted[kind]} {kind}" for kind in Kind if counted[kind]]
    summary = ", ".join(parts) or "all as they were"
    say(f"{count(len(new.rows), 'cell')}, {count(len(old.rows), 'cell')} before: {summary}")
    return 1 if ALARMS & set(counted) else 0
