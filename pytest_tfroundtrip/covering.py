"""What a run covers: whether an entry of a baseline would have matched a cell of it, if any.

A run may have been asked for a part of its cells only, by options of the command line, by ``-k``,
by files and folders. Of an entry that matches none of them nothing is known then, unless all that
it could match is among what was chosen: the run would have had it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.savedmodel.folders import is_saved_model
from pytest_tfroundtrip.vocabulary import Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import pytest

    from pytest_tfroundtrip.collected import Collected
    from pytest_tfroundtrip.settings import Settings

_ANY = "*"
_WILD = re.compile(r"[*?[]")
_SUFFIXES = ("", "+v1", "+v2", "+tf_keras")


@dataclass(frozen=True)
class Parts:
    """What a cell's id, or a glob of ids, says of each axis; None: such cells have none."""

    model: str
    saver: str | None
    save_runtime: str | None
    resave_runtime: str | None
    loader: str | None
    load_runtime: str | None
    operation: str


#: Axes besides the model, and the options that choose on them.
_CHOOSE: Mapping[str, frozenset[str]] = {
    "saver": frozenset({"savers"}),
    "save_runtime": frozenset({"runtimes", "save_runtimes"}),
    "resave_runtime": frozenset({"resave_runtimes"}),
    "loader": frozenset({"loaders"}),
    "load_runtime": frozenset({"runtimes", "load_runtimes"}),
    "operation": frozenset({"operations"}),
}


@dataclass(frozen=True)
class Covered:
    """What of all cells a run was asked for."""

    generated: Collection[str]  # ids of cells, before -k and its like
    known: Mapping[str, Collection[str]]  # by axis: the names there are
    chosen: Mapping[str, Collection[str]] = field(
        default_factory=dict
    )  # of axes that were narrowed
    places: bool = False  # something was named to be collected: other tests may be elsewhere
    parents: bool = False  # ... folders of SavedModels only: there are no others
    uncollected: bool = False  # a file could not be collected: nobody knows its cells

    def covers(self, glob: str) -> bool:
        """Whether all cells that a glob could match would be among those of the run."""
        if self.uncollected or any(fnmatchcase(cell, glob) for cell in self.generated):
            return False  # it was left out by -k, -m, --deselect or a node id
        if not self.chosen and not self.places:
            return True
        parts = self._parts(glob)
        asked = [self.chosen]
        if self.places and not (self.parents and parts.saver is None):
            if parts.model not in self._by_model:
                return False
            asked.append(self._by_model[parts.model])
        return all(
            self._within(axis, getattr(parts, axis), names)
            for each in asked
            for axis, names in each.items()
        )

    def _within(self, axis: str, text: str | None, names: Collection[str]) -> bool:
        if text is None:
            return True
        if not _WILD.search(text):
            return text in names
        return all(each in names for each in self.known[axis] if fnmatchcase(each, text))

    @cached_property
    def _by_model(self) -> Mapping[str, Mapping[str, Collection[str]]]:
        """Of each model of the run the names on each axis."""
        found: dict[str, dict[str, set[str]]] = defaultdict(
            lambda: {axis: set() for axis in _CHOOSE}
        )
        for cell in self.generated:
            parts = self._parts(cell)
            for axis in _CHOOSE:
                if (name := getattr(parts, axis)) is not None:
                    found[parts.model][axis].add(name)
        return found

    def _parts(self, glob: str) -> Parts:
        """A glob by its axes. Where a star may stand for several of them each is a star."""
        left, to, right = glob.rpartition("-to-")
        loader: str | None = None
        load_runtime: str | None = None
        if to:
            load, _, operation = _split(right, "-")
            loader, _, load_runtime = _split(load, "_")
        else:
            left, _, operation = _split(glob, "-")
            if _WILD.search(operation) or _WILD.search(left):
                loader = load_runtime = _ANY
        left, again, resave_runtime = (
            left.rpartition("-resave_") if "-resave_" in left else (left, "", "")
        )
        named, _, save_runtime = left.rpartition("_")
        model, _, saver = named.rpartition("-")
        if model and self._is_save(saver, save_runtime):
            saved: tuple[str, str | None, str | None] = (model, saver, save_runtime)
        elif _WILD.search(left):
            saved = (left, _ANY, _ANY)
        else:
            saved = (left, None, None)
        return Parts(*saved, resave_runtime if again else None, loader, load_runtime, operation)

    def _is_save(self, saver: str, runtime: str) -> bool:
        """Whether these are a saver and a runtime; else they are a part of a folder's name."""
        return any(fnmatchcase(each, saver) for each in self.known["saver"]) and any(
            fnmatchcase(each, runtime) for each in self.known["save_runtime"]
        )


def covered(config: pytest.Config, settings: Settings, collected: Collected) -> Covered:
    """What a run covers.

    Args:
        config: with what was typed.
        settings: with what was chosen.
        collected: what came of it.
    """
    matrix, option = settings.matrix, config.option
    names: dict[str, Collection[str]] = {
        "saver": [api.name for api in matrix.savers],
        "save_runtime": [runtime.name for runtime in matrix.save_runtimes],
        "resave_runtime": [runtime.name for runtime in matrix.resave_runtimes],
        "loader": [api.name for api in matrix.loaders],
        "load_runtime": [runtime.name for runtime in matrix.load_runtimes],
        "operation": [each.value for each in matrix.operations],
    }
    runtimes = [f"{release}{suffix}" for release in releases() for suffix in _SUFFIXES]
    runtimes += [*settings.own, *names["save_runtime"], *names["load_runtime"]]
    known: dict[str, Collection[str]] = {
        "saver": settings.apis.savers,
        "loader": settings.apis.loaders,
        "operation": [each.value for each in Operation],
    }
    arguments = list(config.args) if config.args_source is config.ArgsSource.ARGS else []
    places = [config.invocation_params.dir / each.partition("::")[0] for each in arguments]
    places += settings.models if "model" in settings.typed else ()
    left_out = any(getattr(option, name, None) for name in ("lf", "ignore", "ignore_glob"))
    parents = all(each.is_dir() and not is_saved_model(each) for each in places)
    return Covered(
        collected.generated,
        known={axis: known.get(axis, runtimes) for axis in _CHOOSE},
        chosen={axis: names[axis] for axis, by in _CHOOSE.items() if by & settings.typed},
        places=bool(places) or left_out,
        parents=parents and not left_out and not any("::" in each for each in arguments),
        uncollected=collected.incomplete,
    )


def _split(text: str, at: str) -> tuple[str, str, str]:
    """At the last sign; where there is none a star stands for both."""
    left, sign, right = text.rpartition(at)
    return (left, sign, right) if sign else (text, "", text if _WILD.search(text) else "")
