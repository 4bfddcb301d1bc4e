"""Foretells whether a loader fails with a file in a runtime."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_tfroundtrip.prediction import graphs
from pytest_tfroundtrip.prediction.facts import Facts
from pytest_tfroundtrip.prediction.rules import readers, rules
from pytest_tfroundtrip.prediction.words import Prediction, Reason
from pytest_tfroundtrip.vocabulary import Foreseen, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_tfroundtrip.catalogue.apis import Api
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.prediction.rules import Reader, Rule
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, SavedModel

_NAMED = 3  # variables or classes in a sentence


@dataclass
class Subject:
    """A meta graph of a SavedModel; what loaders have in common is worked out once."""

    model: SavedModel
    graph: MetaGraph
    tags_named: bool = False  # whether who loads it says tags=

    def __post_init__(self) -> None:
        self._rules: dict[str, tuple[Rule, ...]] = {}
        self._graphs: dict[Reader, Mapping[str, tuple[Reason, ...]]] = {}

    @cached_property
    def facts(self) -> Facts:
        """What rules ask of it."""
        return Facts.of(self.model, self.graph)

    def rules(self, loader: str) -> tuple[Rule, ...]:
        """The rules that hold of it and a loader, in some runtime."""
        if loader not in self._rules:
            written = self.graph.stamp.tensorflow
            self._rules[loader] = tuple(
                rule
                for rule in rules()
                if rule.holds(self.facts, written, loader, tags_named=self.tags_named)
            )
        return self._rules[loader]

    def of_graph(self, loader: str, release: str) -> tuple[Reason, ...]:
        """What a release does not take of its graph; nothing of one that was not measured.

        ``loader`` is named without its variant.
        """
        reader = readers()[loader]
        if reader not in self._graphs:
            self._graphs[reader] = graphs.reasons(self.graph, reader)
        return self._graphs[reader].get(release, ())


def predict(
    subject: Subject, loader: Api, runtime: Runtime, operation: Operation = Operation.INFERENCE
) -> Prediction:
    """What is foretold of a load.

    Nothing is of a third party's loader, nor of a release that was not measured but what rules say.
    """
    if loader.extension is not None or loader.base not in readers():
        return Prediction()
    found = list(_reasons(subject, loader, runtime, operation))
    return Prediction(tuple(sorted(found, key=lambda each: each.foreseen is Foreseen.MAY_FAIL)))


def _reasons(
    subject: Subject, loader: Api, runtime: Runtime, operation: Operation
) -> Iterator[Reason]:
    for rule in subject.rules(loader.name):
        if rule.strikes(runtime, operation):
            graph = subject.graph
            named = {"names": _some(graph.unrestored), "specs": _some(graph.foreign_specs)}
            sentence = rule.sentence.format_map(named)
            yield Reason(rule.foreseen, rule.short, sentence, rule.id)
    imports = runtime.own is not None and runtime.own.imports
    for reason in subject.of_graph(loader.base, runtime.release.name):
        if not (imports and reason.id == graphs.ADD_ON):
            yield reason


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
