"""A case under a runtime: what the fixture ``tf_case`` gives, and its row in reports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.promises.cases import Broken, Case, cases
from pytest_tfroundtrip.vocabulary import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime
    from pytest_tfroundtrip.observation import Observation


@dataclass(frozen=True)
class Trial:
    """One case under one runtime."""

    case: Case
    runtime: Runtime

    @property
    def id(self) -> str:
        """As it stands in a test's id."""
        return f"{self.case.id}-{self.runtime.name}"

    @property
    def known(self) -> Broken | None:
        """What is known to contradict the sentence here."""
        return self.case.broken_under(self.runtime)

    def as_known(self, observation: Observation) -> bool:
        """Whether what was seen is what is known to contradict the sentence."""
        known = self.known
        return (
            known is not None
            and observation.verdict is not Verdict.SAME
            and any(re.search(message, observation.message) for message in known.messages)
        )

    def to_json(self) -> list[str]:
        """What :func:`from_json` takes."""
        return [self.case.id, self.runtime.name]


def from_json(raw: Iterable[str], own: Mapping[str, OwnRuntime]) -> Trial:
    """The trial that :meth:`Trial.to_json` described; ``own`` are the user's runtimes."""
    name, runtime = raw
    return Trial(cases()[name], parse_runtime(runtime, own))


def trials(runtimes: Iterable[Runtime]) -> Iterator[Trial]:
    """Every case under each of the runtimes for which it means something."""
    chosen = list(dict.fromkeys(runtimes))
    for case in cases().values():
        for runtime in chosen:
            if case.means_something_under(runtime):
                yield Trial(case, runtime)


@dataclass(frozen=True)
class StatementCase:
    """What a test's body gets."""

    trial: Trial
    observation: Observation = field(repr=False)

    @property
    def kept(self) -> bool:
        """Whether TensorFlow does what the sentence says."""
        return self.observation.verdict is Verdict.SAME

    @property
    def seen(self) -> str:
        """What was seen, a clause; the error where it was not kept."""
        return self.observation.message


#: What a report says of a trial, by what was seen.
WORDS: Mapping[Verdict, str] = {Verdict.SAME: "kept", Verdict.REFUSED: "contradicted"}


def row(trial: Trial, observation: Observation | None, outcome: str | None) -> dict[str, Any]:
    """The entry of ``statements`` in the JSON report."""
    verdict = observation.verdict if observation else None
    known = trial.known if observation and trial.as_known(observation) else None
    return {
        "id": trial.id,
        "case": trial.case.id,
        "runtime": trial.runtime.name,
        "statements": [statement.id for statement in trial.case.statements],
        "verdict": None if verdict is None else WORDS.get(verdict, str(verdict)),
        "outcome": outcome,
        "exception": observation.exception if observation else "",
        "message": observation.message if observation else "",
        "why": known.says if known else None,
        "seconds": round(observation.seconds, 3) if observation else 0.0,
    }
