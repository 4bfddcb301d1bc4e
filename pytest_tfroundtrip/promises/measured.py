"""What runs have shown of the documents' sentences: ``measured.json``, kept with the project.

It is made from the JSON reports of full runs, ``python -m pytest_tfroundtrip promises keep``, and
``docs/promises.md`` is made from it. Tests hold new runs against it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.errors import UnknownRuntime, UsageProblem
from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.promises.lookup import statements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.promises.cases import Case

MEASURED_FILE = Path(__file__).with_name("measured.json")
_RUNTIME = ("tensorflow", "keras", "tensorflow_hub", "python")


@cache
def measured() -> Mapping[str, Any]:
    """What is kept: ``date``, ``tool``, ``runtimes``, ``cases``, ``cells``.

    ``cases`` holds {case: {runtime: {"verdict", "said"}}}; ``cells`` {statement: {what was seen:
    how many cells}}, where what was seen is "kept", "denied" (the sentence says that it is not
    supported, and it is not), "works" (it does all the same), a cause's id, or "unsaved".
    """
    found: dict[str, Any] = json.loads(MEASURED_FILE.read_text(encoding="utf-8"))
    return found


def keep(reports: Iterable[Path], onto: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What ``measured.json`` is to hold after these reports; later ones win over earlier ones.

    Args:
        reports: JSON reports of runs.
        onto: what it holds so far, to which the reports' cases are added; what was seen of cells
            stays. Without it the reports are all there is.

    Raises:
        UsageProblem: a file is no report, or has cells that cannot be added to counts.
    """
    kept = onto or {}
    runtimes: dict[str, dict[str, Any]] = dict(kept.get("runtimes", {}))
    tried = defaultdict(dict, _still_meant(kept.get("cases", {})))
    cells: dict[str, dict[str, Any]] = {}
    date, tool = kept.get("date", ""), ""
    for path in reports:
        content = read_report(path)
        date, tool = max(date, str(content["started"])[:10]), str(content["tool"])
        names = {runtime["name"]: _kept_name(runtime) for runtime in content["runtimes"]}
        for runtime in content["runtimes"]:
            versions = {word: runtime.get(word) for word in _RUNTIME}
            runtimes[names[runtime["name"]]] = versions
        for entry in content.get("statements", ()):
            if entry["verdict"] is not None:
                said = entry["why"] or entry["message"].strip().partition("\n")[0]
                seen = {"verdict": entry["verdict"], "said": said}
                tried[entry["case"]][names.get(entry["runtime"], entry["runtime"])] = seen
        cells.update((cell["id"], cell) for cell in content["cells"] if cell["verdict"])
    if onto is not None and cells:
        msg = (
            f"{len(cells)} cells of these reports cannot be added: of those that are kept, only the"
            " numbers are known. Name the reports of all full runs, with promises keep"
        )
        raise UsageProblem(msg)
    return {
        "date": date,
        "tool": tool,
        "runtimes": {name: runtimes[name] for name in sorted(runtimes, key=_order)},
        "cases": {
            case: {name: under[name] for name in sorted(under, key=_order)}
            for case, under in sorted(tried.items())
        },
        "cells": kept["cells"] if onto is not None else _counted(cells.values()),
    }


def _still_meant(
    kept: Mapping[str, Mapping[str, dict[str, str]]],
) -> dict[str, dict[str, dict[str, str]]]:
    """What is kept of cases that there still are, under runtimes where they mean something."""
    found = {}
    for name, under in kept.items():
        if (case := cases().get(name)) is not None:
            found[name] = {
                runtime: seen for runtime, seen in under.items() if _is_meant(case, runtime)
            }
    return found


def _is_meant(case: Case, name: str) -> bool:
    try:
        return case.means_something_under(parse_runtime(name))
    except UnknownRuntime:  # somebody's own: see _kept_name
        return True


def _kept_name(runtime: Mapping[str, Any]) -> str:
    """What a runtime is called here: one of a series that the catalogue lacks, by that series.

    Such a one can only be somebody's own, whose name says nothing to others.
    """
    name, version = str(runtime["name"]), runtime.get("tensorflow")
    base, plus, rest = name.partition("+")
    series = ".".join(str(version).split(".")[:2])
    if base in releases() or version is None or series in releases():
        return name
    return f"{series}{plus}{rest}"


def read_report(path: Path) -> dict[str, Any]:
    """A run's JSON report.

    Raises:
        UsageProblem: it is none.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and {"cells", "runtimes", "started", "tool"} <= content.keys():
            return content
    except (OSError, ValueError) as error:
        msg = f"{path} cannot be read as a report of pytest --tf-report=FILE.json: {error}"
        raise UsageProblem(msg) from error
    msg = f"{path} is no report of pytest --tf-report=FILE.json"
    raise UsageProblem(msg)


def _counted(cells: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    by_text = {each.english: each.id for each in statements().values()}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for cell in cells:
        statement = by_text.get(cell["statement"] or "")
        if statement is not None:
            counts[statement][_seen(cell)] += 1
    return {name: dict(sorted(counts[name].items())) for name in sorted(counts)}


def _seen(cell: Mapping[str, Any]) -> str:
    if cell["promise"] == "unsupported":
        return "works" if cell["verdict"] == "same" else "denied"
    if cell["verdict"] == "same":
        return "kept"
    if cell["verdict"] in ("unsaved", "absent"):
        return str(cell["verdict"])
    return cell["cause"] or f"{cell['verdict']}, no known cause"


def _order(name: str) -> tuple[tuple[int, ...], str]:
    release, plus, rest = name.partition("+")
    numbers = tuple(int(part) for part in release.split(".") if part.isdigit())
    return numbers, plus + rest
