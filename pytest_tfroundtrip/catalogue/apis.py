"""The save and load APIs there are: ``apis.json``, read by the plugin and by every agent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.ranges import within
from pytest_tfroundtrip.catalogue.schema import KINDS, read_apis
from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.vocabulary import Behavior, Operation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.extensions import Extension
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
    releases: str  # ">=1.15,<2.16"
    default: bool
    writes: str = ""  # a saver: what it makes, "saved_model", "meta_graph" or "graph_def"
    reads: frozenset[str] = frozenset()  # a loader: of those
    behaviors: frozenset[Behavior] = frozenset(Behavior)  # in which it can be called at all
    keras: frozenset[int] = frozenset()  # major versions that have it; none: any
    hub: str = ""  # the versions of tensorflow-hub that have it
    variant: str | None = None
    keras_model: bool = False  # wants the model's ``keras_model()``
    readers: tuple[str, ...] = ()  # a saver: loaders that say what its files give, best first
    adds_variables: bool = False  # whatever the model, its artifact holds variables
    freezes_variables: bool = False  # whatever the model, its artifact holds none
    operations: frozenset[Operation] = frozenset()
    by_signature: bool = True  # a loader: calls what it is told, not the model as a whole
    by_function: bool = False  # a loader: where there is no signature, the function it is told
    made_by: frozenset[str] = frozenset()  # a loader: is for what these savers write; none: any
    shows: frozenset[str] = frozenset()  # parts of the contract that a loader lets us see
    extension: Extension | None = None  # the third party's that brings it; None: it is ours

    @property
    def base(self) -> str:
        """The API's name without its variant."""
        return self.name.partition(".")[0]

    def missing_in(self, runtime: Runtime) -> str | None:
        """Why a runtime does not have this API; None where it has."""
        if not within(self.releases, runtime.release.tensorflow):
            return f"{self.calls} is not in TensorFlow {runtime.version}"
        if self.keras and runtime.keras not in self.keras:
            return f"{self.calls} is not in Keras {runtime.keras}"
        if self.hub and not within(self.hub, runtime.hub_version):
            return f"{self.calls} is not in tensorflow-hub {runtime.hub_version}"
        if runtime.effective_behavior not in self.behaviors:
            return f"{self.calls} is not for behavior {runtime.effective_behavior}"
        return None


def _read(kind: str, raw: Mapping[str, Any], extension: Extension | None = None) -> dict[str, Api]:
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
                writes=merged.get("writes", ""),
                reads=frozenset(merged.get("reads", ())),
                behaviors=frozenset(Behavior(word) for word in merged.get("behaviors", Behavior)),
                keras=frozenset(merged.get("keras", ())),
                hub=merged.get("hub", ""),
                default=variant is None and merged.get("default", False),
                variant=variant,
                keras_model=merged.get("keras_model", False),
                readers=tuple(merged.get("readers", ())),
                adds_variables=merged.get("adds_variables", False),
                freezes_variables=merged.get("freezes_variables", False),
                operations=frozenset(Operation(word) for word in operations),
                made_by=frozenset(merged.get("made_by", ())),
                by_signature=merged.get("by_signature", True),
                by_function=merged.get("by_function", False),
                shows=frozenset(merged.get("shows", ())),
                extension=extension,
            )
    return apis


@dataclass(frozen=True)
class Apis:
    """All savers and loaders by name, in the order of the data files."""

    savers: Mapping[str, Api]
    loaders: Mapping[str, Api]
    extensions: tuple[Extension, ...] = ()  # of third parties, in it already

    @property
    def resaver(self) -> Api:
        """The loader that what is saved again is loaded with."""
        return next(api for api in self.loaders.values() if Operation.RESAVE in api.operations)


@cache
def apis() -> Apis:
    """The catalogue of save and load APIs, without those of third parties."""
    raw = read_apis(APIS_FILE)
    return Apis(_read("savers", raw["savers"]), _read("loaders", raw["loaders"]))


def extended(extensions: Iterable[Extension]) -> Apis:
    """The catalogue with third parties' savers and loaders after ours.

    Raises:
        UsageProblem: a data file is not in form, or has a name that is taken; names both files.
    """
    known: dict[str, dict[str, Api]] = {
        "savers": dict(apis().savers),
        "loaders": dict(apis().loaders),
    }
    extensions = tuple(extensions)
    for extension in extensions:
        raw = read_apis(extension.apis)
        for kind in KINDS:
            for name in raw[kind]:
                if (other := known[kind].get(name)) is not None:
                    whose = other.extension.apis if other.extension else "pytest-tfroundtrip"
                    msg = (
                        f"{extension.apis}: {kind[:-1]} {name!r}: {whose} has one of that name."
                        " Choose another, as with your project's name before it"
                    )
                    raise UsageProblem(msg)
            known[kind].update(_read(kind, raw[kind], extension))
    return Apis(known["savers"], known["loaders"], extensions)


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
