"""What full runs have shown of every cell: ``rows.txt``, kept with the project.

It holds promise, verdict and cause of each cell of the documents' own models, and is made from the
JSON reports of full runs by ``python -m pytest_tfroundtrip rows keep``. A run is held against it
row by row, and so are promises.toml and causes.toml, without a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_tfroundtrip.catalogue.order import api_order, runtime_order
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.vocabulary import Operation, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

ROWS_FILE = Path(__file__).with_name("rows.txt")
_NOTHING = "--"
_HEAD = """\
# What full runs have shown of every cell, made by `python -m pytest_tfroundtrip rows keep`.
# A line is a model, a saver (and who saved again), a loader and an operation; in it a block for
# each runtime that saves, and in that a place for each that loads. What stands there is explained
# by the lines `seen`: promise, verdict, cause. Where there is no cell, --.
"""


class Key(NamedTuple):
    """Which cell. ``resave_runtime``, ``load`` and ``load_runtime`` may be empty."""

    model: str
    save: str
    save_runtime: str
    resave_runtime: str
    load: str
    load_runtime: str
    operation: Operation

    def __str__(self) -> str:
        again = f"-resave_{self.resave_runtime}" if self.resave_runtime else ""
        load = f"-to-{self.load}_{self.load_runtime}" if self.load else ""
        return f"{self.model}-{self.save}_{self.save_runtime}{again}{load}-{self.operation}"


@dataclass(frozen=True)
class Seen:
    """What a row says: the documents' promise, what was seen, and why (id in causes.toml)."""

    promise: Promise
    verdict: Verdict
    cause: str | None

    def __str__(self) -> str:
        return f"{self.promise}, {self.verdict}{f' ({self.cause})' if self.cause else ''}"


@dataclass(frozen=True)
class Change:
    """A row that is not as it is kept; ``kept`` is None where it is new."""

    key: Key
    kept: Seen | None
    seen: Seen

    def __str__(self) -> str:
        was = f"was {self.kept}" if self.kept else "was not there"
        return f"{self.key}: {was}; is {self.seen}"


@cache
def kept() -> Mapping[Key, Seen]:
    """The rows of ``rows.txt``.

    Raises:
        ValueError: the file is not in form.
    """
    return read(ROWS_FILE.read_text(encoding="utf-8"))


def of_report(cells: Iterable[Mapping[str, Any]]) -> dict[Key, Seen]:
    """The rows of a JSON report's ``cells``.

    Left out are those that were not run, and those of APIs that a release does not have: that is
    the catalogue's to say.

    Raises:
        UsageProblem: an environment could not be had, which says nothing of any cell.
    """
    rows = {}
    for cell in cells:
        if cell["verdict"] in (None, Verdict.ABSENT):
            continue
        if cell["verdict"] == Verdict.ENV_ERROR:
            msg = f"{cell['id']}: its runtime could not be had: {cell['message']}"
            raise UsageProblem(msg)
        words = [cell.get(name) or "" for name in Key._fields]
        key = Key._make(words)._replace(operation=Operation(cell["operation"]))
        rows[key] = Seen(Promise(cell["promise"]), Verdict(cell["verdict"]), cell["cause"])
    return rows


def changes(of: Mapping[Key, Seen], rows: Mapping[Key, Seen]) -> Iterator[Change]:
    """The rows of a run that are not as they are kept in ``of``."""
    for key, seen in rows.items():
        if of.get(key) != seen:
            yield Change(key, of.get(key), seen)


# The file


def write(rows: Mapping[Key, Seen], before: str = "") -> str:
    """The rows as text that :func:`read` takes.

    What stood for something in the text ``before`` stands for it still: a change is few lines.
    """
    runtimes = sorted({key.save_runtime for key in rows} | _loading(rows), key=runtime_order)
    codes = _codes(rows.values(), before)
    lines = [f"runtimes {' '.join(runtimes)}"]
    lines += [
        f"seen {code} {seen.promise} {seen.verdict} {seen.cause or ''}".rstrip()
        for seen, code in codes.items()
    ]
    # A line is what the rows have in common that differ in runtimes only.
    for line in sorted({_line(key) for key in rows}, key=_order):
        columns = runtimes if line.load else [""]
        blocks = [
            " ".join(_at(rows, codes, _between(line, saved, loaded)) for loaded in columns)
            for saved in runtimes
        ]
        again = f",{line.resave_runtime}" if line.resave_runtime else ""
        head = f"{line.model} {line.save}{again} {line.load or _NOTHING} {line.operation}"
        lines.append(f"{head}: {' | '.join(blocks)}")
    return _HEAD + "\n".join(lines) + "\n"


def _codes(all_seen: Iterable[Seen], before: str) -> dict[Seen, str]:
    needed = set(all_seen)
    legend = dict(_explained(line) for line in before.splitlines() if line.startswith("seen "))
    codes = {seen: code for code, seen in legend.items() if seen in needed}
    free = (code for code in map(_code, range(26 * 26)) if code not in codes.values())
    codes.update(zip(sorted(needed - set(codes), key=str), [*free], strict=False))
    return dict(sorted(codes.items(), key=lambda each: each[1]))


def _explained(line: str) -> tuple[str, Seen]:
    _, code, promise, verdict, *cause = line.split()
    return code, Seen(Promise(promise), Verdict(verdict), cause[0] if cause else None)


def read(text: str) -> dict[Key, Seen]:
    """The rows of a text.

    Raises:
        ValueError: naming the line that is not in form.
    """
    runtimes: list[str] = []
    codes: dict[str, Seen] = {}
    rows: dict[Key, Seen] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        try:
            if not words or words[0] == "#":
                continue
            if words[0] == "runtimes":
                runtimes = words[1:]
            elif words[0] == "seen":
                codes.update([_explained(line)])
            else:
                rows.update(_rows_of(line, runtimes, codes))
        except (ValueError, KeyError) as error:
            msg = f"{ROWS_FILE.name}, line {number}: {error!r}"
            raise ValueError(msg) from error
    return rows


def _rows_of(
    line: str, runtimes: list[str], codes: Mapping[str, Seen]
) -> Iterator[tuple[Key, Seen]]:
    head, _, places = line.partition(": ")
    model, saver, load, operation = head.split()
    save, _, again = saver.partition(",")
    load = "" if load == _NOTHING else load
    line_key = Key(model, save, "", again, load, "", Operation(operation))
    columns = runtimes if load else [""]
    for saved, block in zip(runtimes, places.split(" | "), strict=True):
        for loaded, code in zip(columns, block.split(), strict=True):
            if code != _NOTHING:
                yield _between(line_key, saved, loaded), codes[code]


def _between(key: Key, saved: str, loaded: str) -> Key:
    return key._replace(save_runtime=saved, load_runtime=loaded)


def _line(key: Key) -> Key:
    return _between(key, "", "")


def _order(line: Key) -> tuple[object, ...]:
    saved = (api_order(line.save), runtime_order(line.resave_runtime or "0"))
    return (line.model, saved, api_order(line.load), list(Operation).index(line.operation))


def _loading(rows: Iterable[Key]) -> set[str]:
    return {key.load_runtime for key in rows} - {""}


def _at(rows: Mapping[Key, Seen], codes: Mapping[Seen, str], key: Key) -> str:
    seen = rows.get(key)
    return codes[seen] if seen else _NOTHING


def _code(number: int) -> str:
    """Two letters: ``aa``, ``ab``, ..."""
    return chr(ord("a") + number // 26) + chr(ord("a") + number % 26)
