"""Writers: a saver under a runtime, written ``builder@1.15``, for every model."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import Api, Apis, apis
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.errors import UsageProblem, meant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Writer:
    """A saver under a runtime."""

    saver: Api
    runtime: Runtime

    def __str__(self) -> str:
        return f"{self.saver.name}@{self.runtime.name}"


def read_writers(
    words: Sequence[str],
    where: str,
    known: Apis | None = None,
    own: Mapping[str, OwnRuntime] | None = None,
) -> tuple[Writer, ...]:
    """The writers of words such as ``builder@1.15``; none for no words.

    Args:
        words: what was written.
        where: which option it was, for messages.
        known: the savers that there are; none: ours.
        own: the user's runtimes.

    Raises:
        UsageProblem: a word that is no writer, a saver that its release does not have, only one
            writer, or the same one twice in a row.
    """
    writers = tuple(_writer(word, where, known or apis(), own or {}) for word in words)
    if len(writers) == 1:
        msg = f"{where}: {words[0]} alone is no pair: name two saves or more"
        raise UsageProblem(msg)
    for old, new in pairwise(writers):
        if old == new:
            msg = f"{where}: {old} twice in a row: a save is no different from itself"
            raise UsageProblem(msg)
    return writers


def _writer(word: str, where: str, known: Apis, own: Mapping[str, OwnRuntime]) -> Writer:
    name, at, runtime = word.partition("@")
    if not at:
        msg = f"{where}: {word!r}: write SAVER@RUNTIME, as in builder@1.15"
        raise UsageProblem(msg)
    savers = known.savers
    if name not in savers:
        there = ", ".join(savers)
        msg = f"{where}: unknown saver {name!r}.{meant(name, savers)} There are: {there}."
        raise UsageProblem(msg)
    writer = Writer(savers[name], parse_runtime(runtime, own))
    if why := writer.saver.missing_in(writer.runtime):
        msg = f"{where}: {word}: {why}"
        raise UsageProblem(msg)
    return writer
