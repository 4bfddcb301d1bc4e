"""What is foretold of a file, a loader and a runtime."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_tfroundtrip.vocabulary import Foreseen


@dataclass(frozen=True)
class Reason:
    """Why a loader fails."""

    foreseen: Foreseen
    short: str  # "op DisableCopyOnRead"
    sentence: str
    id: str = ""  # the rule's; of a graph "op", "add-on", "attribute", "value", "version"


@dataclass(frozen=True)
class Prediction:
    """What is foretold; without reasons, nothing."""

    reasons: tuple[Reason, ...] = ()  # the certain ones first

    @property
    def foreseen(self) -> Foreseen | None:
        """The surest of the reasons; None where nothing is foretold."""
        return self.reasons[0].foreseen if self.reasons else None
