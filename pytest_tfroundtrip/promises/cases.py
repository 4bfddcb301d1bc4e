"""The sentences that no cell tries: each a function that an agent runs, see ``agent/cases/``.

``cases.toml`` says which sentence a case is about, under which runtimes the sentence means
something, and where TensorFlow is known not to do what it says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from pytest_tfroundtrip.entries import read_entries
from pytest_tfroundtrip.promises.lookup import statements
from pytest_tfroundtrip.vocabulary import Behavior

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.promises.lookup import Statement

CASES_FILE = Path(__file__).with_name("cases.toml")
_CONDITIONS = frozenset({"releases", "behaviors", "keras", "hub"})


@dataclass(frozen=True)
class Under:
    """Conditions on a runtime, all of which must hold; an empty one holds for every runtime."""

    releases: SpecifierSet | None = None
    behaviors: frozenset[Behavior] = frozenset()
    keras: frozenset[int] = frozenset()
    hub: SpecifierSet | None = None

    @classmethod
    def parse(cls, raw: Mapping[str, Any], where: str) -> Under:
        """The conditions of a TOML table.

        Raises:
            ValueError: a condition that does not exist.
        """
        if unknown := set(raw) - _CONDITIONS:
            msg = f"{where}: unknown condition {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        return cls(
            SpecifierSet(raw["releases"]) if "releases" in raw else None,
            frozenset(Behavior(word) for word in raw.get("behaviors", ())),
            frozenset(raw.get("keras", ())),
            SpecifierSet(raw["hub"]) if "hub" in raw else None,
        )

    def matches(self, runtime: Runtime) -> bool:
        """Whether every condition holds for the runtime."""
        return (
            (self.releases is None or self.releases.contains(runtime.version.base_version))
            and (not self.behaviors or runtime.effective_behavior in self.behaviors)
            and (not self.keras or runtime.keras in self.keras)
            and (self.hub is None or self.hub.contains(runtime.hub_version))
        )


@dataclass(frozen=True)
class Broken:
    """Where TensorFlow does not do what the sentence says, and what it says instead."""

    under: tuple[Under, ...]
    messages: tuple[str, ...]
    says: str  # a sentence for people


@dataclass(frozen=True)
class Case:
    """A function that tries one sentence, or several that are tried in one go."""

    id: str
    statements: tuple[Statement, ...]
    module: str  # of agent/cases
    function: str
    under: tuple[Under, ...]  # any of which; none: every runtime
    broken: tuple[Broken, ...] = ()
    written_by: str | None = None  # a runtime in which `writes` makes what the function is given
    writes: str | None = None

    def means_something_under(self, runtime: Runtime) -> bool:
        """Whether the sentence says something of a runtime."""
        return not self.under or any(under.matches(runtime) for under in self.under)

    def broken_under(self, runtime: Runtime) -> Broken | None:
        """What is known to contradict it under a runtime."""
        for broken in self.broken:
            if any(under.matches(runtime) for under in broken.under):
                return broken
        return None


@cache
def cases() -> Mapping[str, Case]:
    """The cases by their ids.

    Raises:
        ValueError: the data file is not in form, or names a sentence that there is not.
    """
    found = {}
    for raw in read_entries(
        CASES_FILE,
        "case",
        required=("statements", "module"),
        optional=("function", "under", "broken", "written_by", "writes"),
    ):
        where = f"{CASES_FILE.name}: {raw['id']}"
        for name in raw["statements"]:
            if name not in statements():
                msg = f"{where}: statements.toml has no statement {name}"
                raise ValueError(msg)
        found[raw["id"]] = Case(
            id=raw["id"],
            statements=tuple(statements()[name] for name in raw["statements"]),
            module=raw["module"],
            function=raw.get("function", raw["id"]),
            under=_under(raw.get("under"), where),
            broken=tuple(_broken(each, where) for each in raw.get("broken", ())),
            written_by=raw.get("written_by"),
            writes=raw.get("writes"),
        )
    return found


def _under(raw: Any, where: str) -> tuple[Under, ...]:
    tables = raw if isinstance(raw, list) else [] if raw is None else [raw]
    return tuple(Under.parse(table, where) for table in tables)


def _broken(raw: Mapping[str, Any], where: str) -> Broken:
    if set(raw) != {"under", "messages", "says"}:
        msg = f"{where}: broken has under, messages and says"
        raise ValueError(msg)
    for message in raw["messages"]:
        re.compile(message)
    return Broken(_under(raw["under"], where), tuple(raw["messages"]), raw["says"])
