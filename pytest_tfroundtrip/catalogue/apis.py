"""The save and load APIs there are: ``apis.json``, read by the plugin and by every agent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet

from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.vocabulary import Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime

APIS_FILE = Path(__file__).with_name("apis.json")


@dataclass(frozen=True)
class Api:
    """A save or a load API, or a variant of one: what ``apis.json`` says of it.

    ``generation`` is the documents' word for whose API it is: "TF1", "TF2" or "keras".
    """

    name: str  # as people spell it: "builder", "builder.ref"
    calls: str  # TensorFlow's symbol
    generation: str
    releases: str  # PEP 440: ">=1.15,<2.16"
    default: bool
    variant: str | None = None
    keras_model: bool = False  # wants the model's ``keras_model()``
    adds_variables: bool = False  # whatever the model, its artifact holds variables
    operations: frozenset[Operation] = frozenset()
    shows: frozenset[str] = frozenset()  # parts of the contract that a loader lets us see

    @property
    def base(self) -> str:
        """The API's name without its variant."""
        return self.name.partition(".")[0]

    def exists_in(self, runtime: Runtime) -> bool:
        """Whether the runtime's TensorFlow release has this API."""
        return _within(self.releases, runtime.release.tensorflow)


@cache
def _within(releases: str, version: str) -> bool:
    """Asked for each of thousands of cells, of a few dozen pairs; packaging takes its time."""
    return SpecifierSet(releases).contains(version, prereleases=True)


def _read(kind: str, raw: Mapping[str, Any]) -> dict[str, Api]:
    apis: dict[str, Api] = {}
    for name, entry in raw.items():
        for variant, more in ({None: {}} | entry.get("variants", {})).items():
            merged = {**entry, **more}
            operations = merged.get("operations", ["creation"] if kind == "savers" else [])
            full = name if variant is None else f"{name}.{variant}"
            apis[full] = Api(
                name=full,
                calls=merged["calls"],
                generation=merged["generation"],
                releases=merged["releases"],
                default=variant is None and merged.get("default", False),
                variant=variant,
                keras_model=merged.get("keras_model", False),
                adds_variables=merged.get("adds_variables", False),
                operations=frozenset(Operation(word) for word in operations),
                shows=frozenset(merged.get("shows", ())),
            )
    return apis


@dataclass(frozen=True)
class Apis:
    """All savers and loaders by name, in the order of the data file."""

    savers: Mapping[str, Api]
    loaders: Mapping[str, Api]


@cache
def apis() -> Apis:
    """The catalogue of save and load APIs."""
    raw = json.loads(APIS_FILE.read_text(encoding="utf-8"))
    return Apis(_read("savers", raw["savers"]), _read("loaders", raw["loaders"]))


def choose(names: Iterable[str], among: Mapping[str, Api], what: str) -> tuple[Api, ...]:
    """The APIs that were named; ``all`` is every one with its variants, nothing the default ones.

    Raises:
        UsageProblem: a name that is not in the catalogue.
    """
    wanted = list(dict.fromkeys(names))
    if not wanted:
        return tuple(api for api in among.values() if api.default)
    if wanted == ["all"]:
        return tuple(among.values())
    for name in wanted:
        if name not in among:
            known = f"There are: {', '.join(among)} (or all)."
            msg = f"unknown {what} {name!r}.{meant(name, among)} {known}"
            raise UsageProblem(msg)
    return tuple(among[name] for name in wanted)
