"""What is foretold of a file, a loader and a runtime."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_tfroundtrip.vocabulary import Word


class Foreseen(Word):
    """How sure it is."""

    WILL_FAIL = "will_fail"
    MAY_FAIL = "may_fail"  # it strikes when what it is about is run, or in some uses only


@dataclass(frozen=True)
class Reason:
    """Why a loader fails."""

    foreseen: Foreseen
    short: str  # "op DisableCopyOnRead"
    sentence: str
    id: str = ""  # the rule's; of a graph "op", "attribute", "value", "version"


@dataclass(frozen=True)
class Prediction:
    """What is foretold; without reasons, nothing."""

    reasons: tuple[Reason, ...] = ()  # the certain ones first

    @property
    def foreseen(self) -> Foreseen | None:
        """The surest of the reasons; None where nothing is foretold."""
        return self.reasons[0].foreseen if self.reasons else None
