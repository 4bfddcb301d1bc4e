"""``promises``: what runs have shown of TensorFlow's documents, kept and told.

``promises keep REPORT.json ...`` makes ``measured.json`` from the reports of full runs, such as
those of ``nox -s documents``; ``promises add REPORT.json ...`` adds the cases of runs that are not
full. ``promises page`` prints ``docs/promises.md``, which is made from it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.commands.common import say
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.promises.measured import MEASURED_FILE, keep, measured
from pytest_tfroundtrip.promises.page import page
from pytest_tfroundtrip.report.json_report import write_text

if TYPE_CHECKING:
    import argparse

NAME = "promises"
HELP = "what runs have shown of TensorFlow's documents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=("keep", "add", "page"), help="what to do")
    parser.add_argument(
        "reports", nargs="*", type=Path, metavar="REPORT.json", help="for keep and add"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.action == "page":
        say(page().rstrip("\n"))
        return 0
    if not arguments.reports:
        msg = (
            f"promises {arguments.action}: name the reports of full runs, or of some cases for add"
            " (pytest --tf-report=FILE.json)"
        )
        raise UsageProblem(msg)
    onto = measured() if arguments.action == "add" else None
    text = json.dumps(keep(arguments.reports, onto), indent=1, ensure_ascii=False) + "\n"
    write_text(MEASURED_FILE, text, f"promises {arguments.action}")
    say(f"kept in {MEASURED_FILE}")
    return 0
