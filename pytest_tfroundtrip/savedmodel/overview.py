"""Many SavedModels, a line each: who wrote it, how large it is, who reads it, what looks wrong."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.page import count, paragraph, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_tfroundtrip.savedmodel.model import Fault, MetaGraph, SavedModel

#: As wide as nearly all are: a line is printed when its model was read, before the next one is.
_RELEASE, _SIZE, _READERS, _SAVER = 4, 8, 8, 12
_SERVE = "serve"  # the tag that loaders take by themselves


@dataclass(frozen=True)
class Entry:
    """A SavedModel as a line; without ``model`` one that cannot be read."""

    name: str
    model: SavedModel | None
    faults: tuple[Fault, ...]
    readers: Mapping[str, str]  # by loader: the releases
    why: str = ""  # where no release reads it


def main_graph(model: SavedModel) -> MetaGraph:
    """The meta graph that a line tells of: what loaders take by themselves, else the first."""
    graphs = model.meta_graphs
    return next((graph for graph in graphs if graph.stamp.tags == (_SERVE,)), graphs[0])


def head(loaders: Sequence[str]) -> str:
    """What the columns are."""
    return _line("TF", "size", _columns({each: each for each in loaders}), "by", "model")


def line(entry: Entry) -> str:
    """A SavedModel. The name stands last, as it may be long."""
    stopping = [fault.id for fault in entry.faults if fault.stops]
    beside = [fault.id for fault in entry.faults if not fault.stops]
    readers = _columns(entry.readers)
    if stopping:  # nobody reads it as it is
        readers = f"! {', '.join(stopping)}".ljust(len(readers))
    name = f"{entry.name}  ! {', '.join(beside)}" if beside else entry.name
    if entry.model is None:
        return _line("", "", readers, "", name)
    graph = main_graph(entry.model)
    if (graphs := len(entry.model.meta_graphs)) > 1:
        name += f" ({graphs} graphs)"
    if entry.why and not stopping:
        name += f": {entry.why}"
    release = re.match(r"\d+\.\d+", graph.stamp.tensorflow)
    written = release[0] if release else "?"
    return _line(written, sized(entry.model.size), readers, graph.savers[0], name)


def totals(entries: Sequence[Entry], width: int) -> Iterator[str]:
    """What it adds up to, and what to do about what looks wrong, each once."""
    size = sized(sum(entry.model.size for entry in entries if entry.model))
    wrong = sum(bool(entry.faults) for entry in entries)
    kinds = _kinds(entries)
    said = ", ".join(f"{kind} {len(faults)}" for kind, faults in kinds.items())
    looks = f"{wrong} {'looks' if wrong == 1 else 'look'} wrong: {said}" if wrong else "all whole"
    yield from paragraph(f"{count(len(entries), 'SavedModel')}, {size}; {looks}", width, "", "  ")
    for kind, faults in kinds.items():
        such = "such as " if len(faults) > 1 else ""
        told = f"{kind}: {such}{faults[0].sentence} {faults[0].remedy}"
        yield from paragraph(told, width, "  ", "    ")


def _kinds(entries: Iterable[Entry]) -> dict[str, list[Fault]]:
    """The faults by their ids, the commonest first."""
    kinds: dict[str, list[Fault]] = defaultdict(list)
    for entry in entries:
        for fault in entry.faults:
            kinds[fault.id].append(fault)
    return dict(sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0])))


def _columns(readers: Mapping[str, str]) -> str:
    widths = (max(len(loader), _READERS) for loader in readers)
    return " ".join(map(str.ljust, readers.values(), widths))


def _line(release: str, size: str, readers: str, saver: str, name: str) -> str:
    first = f"{release:<{_RELEASE}} {size:>{_SIZE}} {readers}"
    return f"{first} {saver:<{_SAVER}} {name}"
