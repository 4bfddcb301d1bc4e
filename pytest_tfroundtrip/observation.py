"""What was seen of a cell: plain data, the same in the engine, a worker and the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.vocabulary import Foreseen, Part, Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping


_LOADED = (Verdict.SAME, Verdict.DRIFT, Verdict.DIFFERS)


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was, for a reader who moves from one save to another."""

    part: Part
    sentence: str  # of a value: with the first of them side by side, on lines of their own


@dataclass(frozen=True)
class FileFault:
    """What is wrong with a SavedModel's files, without TensorFlow: see savedmodel/faults.toml."""

    id: str
    sentence: str
    remedy: str
    stops: bool = True  # whether TensorFlow is known not to load them
    messages: tuple[str, ...] = ()  # regular expressions: what TensorFlow says because of it


@dataclass(frozen=True)
class Observation:
    """The verdict, and where, why and by how much.

    ``message`` is TensorFlow's own text for ``refused``, the agent's for ``crashed`` and
    ``timeout``, the comparison's for ``drift`` and ``differs``; empty for ``same``. ``artifact``
    and ``result`` are folders (see ``engine/store.py``), ``log`` a file, None where there is none.
    ``notes`` are the loader's sentences on how it was done, and on what was not done and why.
    ``faults`` are of a SavedModel that came as a folder.
    """

    verdict: Verdict
    stage: Stage | None = None
    exception: str = ""
    message: str = ""
    traceback: str = ""
    max_abs_error: float | None = None
    max_rel_error: float | None = None
    seconds: float = 0.0
    not_compared: tuple[str, ...] = ()
    artifact: str | None = None
    result: str | None = None
    log: str | None = None
    reused: bool = False  # the artifact came from the store: nothing was saved for it in this run
    notes: tuple[str, ...] = ()
    predicted: Foreseen | None = None  # from the artifact's files, before anything is loaded
    predicted_reason: str = ""
    faults: tuple[FileFault, ...] = ()
    changes: tuple[Change, ...] = ()  # of the contract

    @property
    def mispredicted(self) -> bool:
        """Whether it was said to fail for certain, and loaded."""
        return mispredicted(self.predicted, self.verdict)

    def to_json(self) -> dict[str, Any]:
        """What :func:`from_json` takes. JSON has no NaN and no infinity: they go as text."""
        return {
            **asdict(self),
            "verdict": str(self.verdict),
            "stage": self.stage and str(self.stage),
            "max_abs_error": _text(self.max_abs_error),
            "max_rel_error": _text(self.max_rel_error),
            "predicted": self.predicted and str(self.predicted),
        }


def mispredicted(predicted: Foreseen | None, verdict: Verdict | None) -> bool:
    """Whether a load that was said to fail for certain did not."""
    return predicted is Foreseen.WILL_FAIL and verdict in _LOADED


def from_json(raw: Mapping[str, Any]) -> Observation:
    """The observation that :meth:`Observation.to_json` described."""
    stage = raw["stage"]
    return Observation(
        **{
            **raw,
            "verdict": Verdict(raw["verdict"]),
            "stage": Stage(stage) if stage else None,
            "not_compared": tuple(raw["not_compared"]),
            "notes": tuple(raw["notes"]),
            "predicted": Foreseen(raw["predicted"]) if raw["predicted"] else None,
            "faults": tuple(
                FileFault(**{**fault, "messages": tuple(fault["messages"])})
                for fault in raw["faults"]
            ),
            "changes": tuple(
                Change(Part(change["part"]), change["sentence"]) for change in raw["changes"]
            ),
            "max_abs_error": _number(raw["max_abs_error"]),
            "max_rel_error": _number(raw["max_rel_error"]),
        }
    )


def _text(number: float | None) -> str | None:
    return None if number is None else repr(number)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
