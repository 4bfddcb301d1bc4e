"""A case under a runtime: what the fixture ``tf_case`` gives, and its row in reports."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.promises.cases import Broken, Case, cases
from pytest_tfroundtrip.report.statements import StatementRow
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


def row(
    trial: Trial, observation: Observation | None, outcome: str | None, command: str = ""
) -> StatementRow:
    """The entry of ``statements`` in the JSON report.

    Args:
        trial: which case under which runtime.
        observation: what was seen; None where it was not run.
        outcome: pytest's word.
        command: what tries it again.
    """
    verdict = observation.verdict if observation else None
    known = trial.known if observation and trial.as_known(observation) else None
    statements = trial.case.statements
    return StatementRow(
        id=trial.id,
        case=trial.case.id,
        runtime=trial.runtime.name,
        statements=tuple(statement.id for statement in statements),
        verdict=None if verdict is None else WORDS.get(verdict, str(verdict)),
        outcome=outcome,
        exception=observation.exception if observation else "",
        message=observation.message if observation else "",
        why=known.says if known else None,
        seconds=round(observation.seconds, 3) if observation else 0.0,
        sentences=tuple(statement.english for statement in statements),
        documents=tuple(statement.document for statement in statements),
        note=_note(trial, observation),
        command=command,
    )


def _note(trial: Trial, observation: Observation | None) -> str:
    """How what was seen is not what is known of the case, where something is."""
    if trial.known is None or observation is None or trial.as_known(observation):
        return ""
    if observation.verdict is Verdict.ENV_ERROR:
        return ""
    instead = "it is kept" if observation.verdict is Verdict.SAME else "this is something else"
    return (
        f"known is: {trial.known.says} But {instead}: the entry {trial.case.id} of cases.toml is"
        " out of date."
    )
