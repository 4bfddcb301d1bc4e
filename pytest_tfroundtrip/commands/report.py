"""``report``: make a page of JSON reports, or put them together, as a CI that runs shards needs.

``report FILE.json ... --output PAGE.html`` makes one HTML file for people, ``PAGE.md`` Markdown for
a pull request; several reports are put together first.

``report merge FILE.json ... --output MERGED.json`` makes one report of the same schema: every cell,
every sentence that was tried and every pair of saves once, what came from where under ``merged``.
On what reports do not agree is told, and the worse one stands. It prints the matrix and summary
that pytest would print of them all.

Exit codes: 0 merged, and nothing failed (or a page was made, whatever it says); 1 a cell or a
sentence failed or is an error, reports do not agree on something, or they are not of the same
runtimes (then nothing is written); 2 a file is no report.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.commands.common import complain, say
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.report import markdown
from pytest_tfroundtrip.report.json_report import read, write, write_text
from pytest_tfroundtrip.report.lines import count, plain
from pytest_tfroundtrip.report.merge import Merged, merge
from pytest_tfroundtrip.report.terminal import summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

NAME = "report"
MERGE = "merge"
HELP = "make an HTML or Markdown page of JSON reports, or merge them into one"
_WIDTH = 100  # as pytest's summary: longer lines are hard to read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "reports",
        nargs="+",
        metavar="FILE.json",
        help="the reports; after the word merge they are put together as JSON",
    )
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        required=True,
        metavar="FILE",
        help="PAGE.html or PAGE.md, or of merge the merged report",
    )
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="SUMMARY.md",
        help="of merge: also a job's summary on GitHub (at most a megabyte)",
    )
    parser.add_argument("--html", type=Path, metavar="PAGE.html", help="of merge: also a page")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    words: Sequence[str] = arguments.reports
    merging = words[0] == MERGE
    files = [Path(word) for word in (words[1:] if merging else words)]
    output, pages = arguments.output, {"--markdown": arguments.markdown, "--html": arguments.html}
    told = {"--output": output, **{option: file for option, file in pages.items() if file}}
    _check(files, told, merging=merging)
    merged = merge({str(file): read(file) for file in files})
    if not merging:
        write_text(output, _PAGES[output.suffix](merged), "--output")
        return _said(merged, output, len(files), 0)
    write(output, merged.content, "--output")
    for option, file in list(told.items())[1:]:
        write_text(file, (_html if option == "--html" else _markdown)(merged), option)
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    lines = summary(
        merged.rows, width=width, statements=merged.statements, save_pairs=merged.save_pairs
    )
    say(_printable(plain(lines)))
    return _said(merged, output, len(files), 1 if merged.failed else 0)


def _said(merged: Merged, output: Path, files: int, code: int) -> int:
    """Say what was put together, and on what the reports do not agree."""
    for conflict in merged.conflicts:
        complain(_printable(_told(conflict)))
    reports = count(files, "report")
    more = [
        count(len(rows), word)
        for rows, word in ((merged.statements, "case"), (merged.save_pairs, "save pair"))
        if rows
    ]
    told = ", ".join([count(len(merged.rows), "cell"), *more])
    say(f"{output}: {told} of {reports}")
    return code


def _markdown(merged: Merged) -> str:
    return markdown.page(
        merged.rows,
        merged.runtimes,
        conflicts=merged.conflicts,
        statements=merged.statements,
        save_pairs=merged.save_pairs,
    )


def _html(merged: Merged) -> str:
    # A template engine, which nothing else here needs.
    from pytest_tfroundtrip.report.html import page as html  # noqa: PLC0415

    sources = merged.content["merged"]["reports"]
    return html.page(
        merged.rows,
        merged.runtimes,
        started=datetime.fromisoformat(merged.content["started"]),
        seconds=merged.content["seconds"],
        tool=merged.content["tool"],
        conflicts=merged.conflicts,
        statements=merged.statements,
        save_pairs=merged.save_pairs,
        sources=sources if len(sources) > 1 else (),
    )


_PAGES = {".html": _html, ".md": _markdown}


def _check(files: Sequence[Path], outputs: Mapping[str, Path], *, merging: bool) -> None:
    """No file stands for two things: a merged report would count its cells' seconds again."""
    if not files:
        msg = "report merge: name the reports to merge, FILE.json ..."
        raise UsageProblem(msg)
    output = outputs["--output"]
    if not merging and output.suffix not in _PAGES:
        msg = (
            f"report: {output.name} should end in .html or .md; `report merge` puts reports"
            " together as JSON"
        )
        raise UsageProblem(msg)
    if not merging and len(outputs) > 1:
        option = list(outputs)[1]
        msg = f"report: {option} goes with `report merge`; here --output says what is made"
        raise UsageProblem(msg)
    places = [file.resolve() for file in files]
    for file, place in zip(files, places, strict=True):
        if places.count(place) > 1:
            msg = f"merge: {file} is named more than once"
            raise UsageProblem(msg)
    taken: dict[Path, str] = {}
    for option, chosen in outputs.items():
        place = chosen.resolve()
        if place in places:
            msg = f"merge: {option} {chosen} is one of the reports to merge: name another file"
            raise UsageProblem(msg)
        if place in taken:
            msg = f"merge: {taken[place]} and {option} are both {chosen}: name two files"
            raise UsageProblem(msg)
        taken[place] = option


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
