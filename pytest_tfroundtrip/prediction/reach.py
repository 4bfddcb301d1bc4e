"""How far back and forward a file can be read: by loader, over all releases of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.prediction.predict import predict
from pytest_tfroundtrip.vocabulary import Foreseen, Operation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_tfroundtrip.catalogue.apis import Api
    from pytest_tfroundtrip.prediction.predict import Subject
    from pytest_tfroundtrip.prediction.words import Prediction, Reason


@dataclass(frozen=True)
class Span:
    """Releases in a row for which the same is foretold."""

    oldest: str
    newest: str
    foreseen: Foreseen | None
    reasons: tuple[Reason, ...]  # of that certainty


@dataclass(frozen=True)
class Reach:
    """What is foretold of a loader, each release by itself (1.15 in graph mode, 2.x eager)."""

    loader: str
    releases: tuple[str, ...]  # that have the loader
    failing: tuple[str, ...]  # of those
    spans: tuple[Span, ...]  # oldest first; together all that have it

    @property
    def oldest(self) -> str | None:
        """The oldest release that nothing is known to keep from reading it; None: there is none."""
        return next((each for each in self.releases if each not in self.failing), None)

    @property
    def newest(self) -> str | None:
        """The newest one."""
        return next((each for each in reversed(self.releases) if each not in self.failing), None)


def readers(operation: Operation = Operation.INFERENCE) -> Iterator[Api]:
    """The loaders that read SavedModels and know the operation."""
    for loader in apis().loaders.values():
        if (
            loader.variant is None
            and "saved_model" in loader.reads
            and operation in loader.operations
        ):
            yield loader


def reaches(
    subject: Subject,
    operation: Operation = Operation.INFERENCE,
    among: Collection[str] | None = None,
) -> Iterator[Reach]:
    """Of each loader, or of those of these names."""
    for loader in readers(operation):
        if among is None or loader.name in among:
            yield _reach(subject, loader, operation)


def _reach(subject: Subject, loader: Api, operation: Operation) -> Reach:
    found: dict[str, Prediction] = {}
    for name in releases():
        runtime = parse_runtime(name)
        if loader.missing_in(runtime) is None:
            found[name] = predict(subject, loader, runtime, operation)
    failing = [name for name, each in found.items() if each.foreseen is Foreseen.WILL_FAIL]
    spans: list[Span] = []
    for foreseen, group in groupby(found.items(), key=lambda each: each[1].foreseen):
        run = dict(group)
        spans += _spans(run, foreseen) if foreseen else [Span(*_ends(run), None, ())]
    return Reach(loader.name, tuple(found), tuple(failing), tuple(spans))


def _spans(run: dict[str, Prediction], foreseen: Foreseen) -> Iterator[Span]:
    """A run in as few pieces as each have reasons that hold in all of it.

    A reason's sentence is that of the newest release in the piece.
    """
    piece: list[str] = []
    common: list[Reason] = []
    for name, prediction in run.items():
        mine = [each for each in prediction.reasons if each.foreseen is foreseen]
        shorts = {each.short for each in common}
        kept = [each for each in mine if each.short in shorts]
        if piece and not kept:
            yield Span(piece[0], piece[-1], foreseen, tuple(common))
            piece, kept = [], mine
        common = kept or mine
        piece.append(name)
    yield Span(piece[0], piece[-1], foreseen, tuple(common))


def _ends(names: Iterable[str]) -> tuple[str, str]:
    every = list(names)
    return every[0], every[-1]
