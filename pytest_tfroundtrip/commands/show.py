"""``show``: what is in SavedModels, and what looks wrong with them, without TensorFlow.

``show DIR ...`` prints tags, signatures, variables, ops, assets, who wrote it, who can read it,
sizes, and what looks wrong with the files, with a remedy. Of a folder that is no SavedModel itself
it shows those below it: of several a line each, with ``--whole`` each as if it stood alone. Values
are never read: it takes as long however large the variables are.

Exit codes: 0 nothing looks wrong; 1 something does; 2 a folder has no SavedModel that can be read.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.prediction.page import as_data, explained, foretold, in_short
from pytest_tfroundtrip.prediction.reach import readers
from pytest_tfroundtrip.savedmodel.folders import find, what_is_there
from pytest_tfroundtrip.savedmodel.overview import Entry, head, line, main_graph, totals
from pytest_tfroundtrip.savedmodel.page import page, paragraph, printable
from pytest_tfroundtrip.savedmodel.reading import NoSavedModel, read_saved_model

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.savedmodel.folders import Found
    from pytest_tfroundtrip.savedmodel.model import Fault, SavedModel

NAME = "show"
HELP = "what is in SavedModels and what looks wrong with them, without TensorFlow"
SCHEMA = 1
_WIDTH = (60, 120)  # of lines of words, whatever the terminal has


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="SavedModels, or folders of them"
    )
    parser.add_argument(
        "--whole", action="store_true", help="of several all of each, not a line each"
    )
    parser.add_argument(
        "--all", action="store_true", help="list all variables, not the first 30; with it --whole"
    )
    parser.add_argument("--json", action="store_true", help="print JSON, for machines")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    # Names only: what is in them is read one after the other.
    every = [(folder, found) for folder in arguments.folders for found in _found(folder)]
    shown: _Json | _Text | _Lines
    if arguments.json:
        shown = _Json()
    elif len(every) > 1 and not arguments.whole and not arguments.all:
        shown = _Lines(arguments.folders)
    else:
        shown = _Text(everything=arguments.all)
    code = 0
    for folder, found in every:
        name = str(folder if isinstance(found, NoSavedModel) else found.path)
        try:
            if isinstance(found, NoSavedModel):
                raise found
            model = read_saved_model(found)
        except NoSavedModel as error:
            shown.refused(name, error.fault)
            code = 2
        else:
            shown.model(name, model)
            code = max(code, int(bool(model.faults)))
    shown.end()
    return code


def _found(folder: Path) -> Iterator[Found | NoSavedModel]:
    """The SavedModels of an argument; an error for each place that is none or cannot be read."""
    unread: list[OSError] = []
    try:
        models = list(find(folder, unread.append))
    except OSError:
        models = []
    yield from models
    if not models and not unread:
        yield NoSavedModel(what_is_there(folder))
    for error in unread:
        yield NoSavedModel(what_is_there(Path(error.filename)))


def _width() -> int:
    least, most = _WIDTH
    return max(least, min(most, shutil.get_terminal_size().columns))


class _Text:
    """For people: models on stdout, what could not be read on stderr."""

    def __init__(self, *, everything: bool) -> None:
        self._width = _width()
        self._everything = everything
        self._any = False

    def model(self, name: str, model: SavedModel) -> None:
        told = [foretold(model, graph) for graph in model.meta_graphs]
        lines = page(name, model, told, width=self._width, everything=self._everything)
        _write([*([""] if self._any else []), *lines])
        self._any = True

    def refused(self, _: str, fault: Fault) -> None:
        sys.stdout.flush()
        said = printable(f"{fault.sentence} {fault.remedy}")
        sys.stderr.write(_encodable(f"pytest-tfroundtrip: {said}\n", sys.stderr.encoding))

    def end(self) -> None:
        pass


class _Lines:
    """For people who have many: a line each, as it is read, and what they add up to."""

    def __init__(self, folders: Sequence[Path]) -> None:
        # Below one folder names are short: its own stands at the end.
        self._below = folders[0] if len(folders) == 1 else None
        self._entries: list[Entry] = []
        self._loaders = [loader.name for loader in readers() if loader.default]
        _write([head(self._loaders)])

    def model(self, name: str, model: SavedModel) -> None:
        told, why = in_short(model, main_graph(model), self._loaders)
        self._line(Entry(self._short(name), model, model.faults, told, why))

    def refused(self, name: str, fault: Fault) -> None:
        nobody = dict.fromkeys(self._loaders, "")
        self._line(Entry(self._short(name), None, (fault,), nobody))

    def _line(self, entry: Entry) -> None:
        self._entries.append(entry)
        _write([line(entry)])
        sys.stdout.flush()

    def _short(self, name: str) -> str:
        if self._below is None or not Path(name).is_relative_to(self._below):
            return name
        return str(Path(name).relative_to(self._below))

    def end(self) -> None:
        width = _width()
        one = self._below / "MODEL" if self._below else "MODEL"
        _write(
            [
                "",
                *paragraph(explained(), width, ""),
                *totals(self._entries, width),
                f"All of one: show {one}; of each: --whole",
            ]
        )


class _Json:
    """For machines: one object, with what could not be read in its place."""

    def __init__(self) -> None:
        self._models: list[dict[str, Any]] = []

    def model(self, name: str, model: SavedModel) -> None:
        content = {"name": name, **asdict(model), "path": str(model.path)}
        for graph, read in zip(content["meta_graphs"], model.meta_graphs, strict=True):
            del graph["uses"]  # the ops by place: long, and what is foretold by it is there
            graph["foretold"] = as_data(model, read)
        self._models.append(content)

    def refused(self, name: str, fault: Fault) -> None:
        self._models.append({"name": name, "meta_graphs": None, "faults": [asdict(fault)]})

    def end(self) -> None:
        content = {"schema": SCHEMA, "saved_models": self._models}
        _write([json.dumps(content, indent=1, sort_keys=True)], clean=False)


def _write(lines: Sequence[str], *, clean: bool = True) -> None:
    text = "\n".join(map(printable, lines) if clean else lines)
    sys.stdout.write(_encodable(f"{text}\n", sys.stdout.encoding))


def _encodable(text: str, encoding: str | None) -> str:
    """The text as any terminal can show it: a name may hold half a character."""
    encoding = encoding or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
