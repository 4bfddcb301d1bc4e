"""A case under a runtime, and what the fixture ``tf_case`` gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

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
