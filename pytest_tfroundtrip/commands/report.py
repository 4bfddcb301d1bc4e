"""``report``: put the JSON reports of several runs together, as a CI that runs shards needs.

``report merge FILE.json ... --output MERGED.json`` makes one report of the same schema: every cell,
every sentence that was tried and every pair of saves once, what came from where under ``merged``.
On what reports do not agree is told, and the worse one stands. It prints the matrix and summary
that pytest would print of them all.

Exit codes: 0 merged, and nothing failed; 1 a cell or a sentence failed or is an error, reports do
not agree on something, or they are not of the same runtimes (then nothing is written); 2 a file is
no report.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.commands.common import complain, say
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.report.json_report import read, write, write_text
from pytest_tfroundtrip.report.lines import count, plain
from pytest_tfroundtrip.report.markdown import page
from pytest_tfroundtrip.report.merge import merge
from pytest_tfroundtrip.report.terminal import summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

NAME = "report"
HELP = "merge the JSON reports of several runs into one"
_WIDTH = 100  # as pytest's summary: longer lines are hard to read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("action", choices=("merge",), help="what to do")
    parser.add_argument("reports", nargs="+", type=Path, metavar="FILE.json", help="the reports")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="MERGED.json", help="the merged report"
    )
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="SUMMARY.md",
        help="also a page for people, such as a job's summary on GitHub (at most a megabyte)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    files: Sequence[Path] = arguments.reports
    _check(files, arguments.output, arguments.markdown)
    merged = merge({str(file): read(file) for file in files})
    write(arguments.output, merged.content, "--output")
    if arguments.markdown:
        text = page(
            merged.rows,
            merged.runtimes,
            conflicts=merged.conflicts,
            statements=merged.statements,
            save_pairs=merged.save_pairs,
        )
        write_text(arguments.markdown, text, "--markdown")
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    lines = summary(
        merged.rows, width=width, statements=merged.statements, save_pairs=merged.save_pairs
    )
    say(_printable(plain(lines)))
    for conflict in merged.conflicts:
        complain(_printable(_told(conflict)))
    reports = count(len(files), "report")
    more = [
        count(len(rows), word)
        for rows, word in ((merged.statements, "case"), (merged.save_pairs, "save pair"))
        if rows
    ]
    told = ", ".join([count(len(merged.rows), "cell"), *more])
    say(f"{arguments.output}: {told} of {reports}")
    return 1 if merged.failed else 0


def _check(files: Sequence[Path], output: Path, markdown: Path | None) -> None:
    """No file stands for two things: a merged report would count its cells' seconds again."""
    places = [file.resolve() for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            msg = f"merge: {file} is named more than once"
            raise UsageProblem(msg)
    for option, chosen in (("--output", output), ("--markdown", markdown)):
        if chosen and chosen.resolve() in places:
            msg = f"merge: {option} {chosen} is one of the reports to merge: name another file"
            raise UsageProblem(msg)
    if markdown and markdown.resolve() == output.resolve():
        msg = f"merge: --output and --markdown are both {output}: name two files"
        raise UsageProblem(msg)


def _told(conflict: Mapping[str, Any]) -> str:
    sides = "; ".join(
        f"{side['verdict'] or 'not run'} ({side['outcome'] or 'no test'}) in {side['report']}"
        for side in conflict["cells"]
    )
    return f"reports disagree on {conflict['id']}: {sides}"


def _printable(text: str) -> str:
    """The text as any terminal can show it: a message may hold half a character."""
    encoding = sys.stdout.encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
