"""What loaders ask of a file besides ops and attributes: the entries of ``rules.toml``."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.ranges import Range
from pytest_tfroundtrip.entries import read_entries
from pytest_tfroundtrip.prediction.facts import Facts
from pytest_tfroundtrip.vocabulary import Behavior, Foreseen, Operation, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime

RULES_FILE = Path(__file__).with_name("rules.toml")


class Imports(Word):
    """What of a file a loader makes a graph of."""

    GRAPH = "graph"
    FUNCTIONS = "functions"


@dataclass(frozen=True)
class Reader:
    """How a loader reads graphs."""

    imports: Imports
    strips_defaults: bool


@dataclass(frozen=True)
class Rule:
    """A reason for loaders to fail."""

    id: str
    short: str
    sentence: str
    load: tuple[str, ...]
    file: Mapping[str, bool]
    release: Range | None
    written: Range | None
    keras: int | None
    behavior: Behavior | None
    operation: Operation | None
    tags_named: bool | None
    foreseen: Foreseen
    add_on: bool

    def holds(self, facts: Facts, written: str, loader: str, *, tags_named: bool = False) -> bool:
        """Whether what it asks of the file and the loader is so, in some runtime."""
        return self.tags_named in (None, tags_named) and (
            (loader in self.load or loader.partition(".")[0] in self.load)
            and all(getattr(facts, name) is wanted for name, wanted in self.file.items())
            and (self.written is None or written in self.written)
        )

    def strikes(self, runtime: Runtime, operation: Operation) -> bool:
        """Whether what it asks of the load is so."""
        return (
            self.keras in (None, runtime.keras)
            and self.behavior in (None, runtime.effective_behavior)
            and self.operation in (None, operation)
            and (self.release is None or runtime.release.tensorflow in self.release)
            and not (self.add_on and runtime.own is not None and runtime.own.imports)
        )


@cache
def rules() -> tuple[Rule, ...]:
    """All rules.

    Raises:
        ValueError: the data file is not in form.
    """
    known = {field.name for field in fields(Facts)}
    found = []
    for raw in read_entries(
        RULES_FILE,
        "rule",
        required=("short", "sentence", "load"),
        optional=(
            *("file", "release", "written", "keras", "behavior"),
            *("operation", "tags_named", "foreseen", "add_on"),
        ),
    ):
        if unknown := set(raw.get("file", {})) - known:
            msg = f"{RULES_FILE.name}: {raw['id']}: unknown fact {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        found.append(
            Rule(
                id=raw["id"],
                short=raw["short"],
                sentence=raw["sentence"],
                load=tuple(raw["load"]),
                file=raw.get("file", {}),
                release=_releases(raw, "release"),
                written=_releases(raw, "written"),
                keras=raw.get("keras"),
                behavior=Behavior(raw["behavior"]) if "behavior" in raw else None,
                operation=Operation(raw["operation"]) if "operation" in raw else None,
                tags_named=raw.get("tags_named"),
                foreseen=Foreseen(raw.get("foreseen", Foreseen.WILL_FAIL)),
                add_on=raw.get("add_on", False),
            )
        )
    return tuple(found)


@cache
def readers() -> Mapping[str, Reader]:
    """How each loader reads graphs, by its name without variants."""
    return {
        raw["id"]: Reader(Imports(raw["imports"]), raw["strips_defaults"])
        for raw in read_entries(RULES_FILE, "loader", required=("imports", "strips_defaults"))
    }


def _releases(raw: Mapping[str, Any], key: str) -> Range | None:
    return Range.parse(raw[key]) if key in raw else None
