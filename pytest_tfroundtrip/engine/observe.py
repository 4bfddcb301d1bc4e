"""From an agent's answer to an observation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from pytest_tfroundtrip.folder import Folder
from pytest_tfroundtrip.judge import (
    Judgement,
    judge_creation,
    judge_fine_tuning,
    judge_inference,
    judge_resave,
    read_observed,
    read_record,
)
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.vocabulary import Operation, Stage, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.cells import Cell
    from pytest_tfroundtrip.engine.artifacts import Saved

#: What the agent calls an error of the user's model: nothing TensorFlow is to blame for.
MODEL_ERROR = "ModelError"
_VERDICTS = {"raised": Verdict.REFUSED, "crashed": Verdict.CRASHED, "timeout": Verdict.TIMEOUT}


def unanswered(answer: dict[str, Any], stage: Stage, log: Path) -> Observation:
    """The observation of a step that did not end well; ``stage`` is where, if it doesn't say."""
    if answer.get("absent"):
        return Observation(Verdict.ABSENT, stage, message=answer["absent"], log=str(log))
    exception = answer.get("exception") or ""
    verdict = _VERDICTS.get(answer["status"], Verdict.ENV_ERROR)
    if exception == MODEL_ERROR:
        verdict = Verdict.UNSAVED
    elif answer["status"] == "raised" and answer.get("stage") == Stage.ENV:
        verdict = Verdict.ENV_ERROR  # nothing of TensorFlow's, or of the model's, was tried yet
    return Observation(
        verdict,
        Stage(answer.get("stage") or stage),
        exception,
        answer.get("message") or answer["status"],
        answer.get("traceback") or "",
        seconds=float(answer.get("seconds", 0.0)),
        log=str(log),
    )


def observe_creation(cell: Cell, saved: Saved) -> Observation:
    """Judge what the saving process computed and wrote."""
    if saved.folder is None:
        return saved.failure or Observation(Verdict.UNSAVED, Stage.SAVE)
    judgement = judge_creation(read_record(saved.folder), cell.tolerances)
    return _judged(judgement, saved.seconds, saved.folder, None, saved)


def observe_resave(cell: Cell, saved: Saved, original: Saved) -> Observation:
    """Judge what was written again against what was written first."""
    if original.folder is None:
        return _unsaved(original.failure)
    if saved.folder is None:
        return saved.failure or Observation(Verdict.UNSAVED, Stage.SAVE)
    judgement = judge_resave(
        read_record(original.folder), read_record(saved.folder), cell.tolerances
    )
    return _judged(judgement, saved.seconds, saved.folder, None, saved)


def _unsaved(failure: Observation | None) -> Observation:
    """What is seen of a cell whose artifact could not be made."""
    verdict = Verdict.UNSAVED
    if failure is not None and failure.verdict is Verdict.ABSENT:
        verdict = Verdict.ABSENT
    return Observation(
        verdict,
        Stage.SAVE,
        failure.exception if failure else "",
        failure.message if failure else "",
        log=failure.log if failure else None,
    )


def observe_load(cell: Cell, answer: dict[str, Any]) -> Observation:
    """Judge what a load gave against the artifact's record."""
    if "unsaved" in answer:
        if isinstance(cell.save.model, Folder):
            return cast("Observation", answer["unsaved"])  # nobody had to save it
        return _unsaved(answer["unsaved"])
    saved: Saved = answer["artifact"]
    folder = saved.folder
    if answer["status"] != "ok" or folder is None or cell.loader is None:
        return replace(unanswered(answer, Stage.LOAD, answer["log"]), faults=saved.faults)
    if answer.get("absent"):
        return unanswered(answer, Stage.TRAIN, answer["log"])
    record, observed = read_record(folder), read_observed(answer["folder"], answer)
    if cell.operation is Operation.FINE_TUNING:
        judgement = judge_fine_tuning(record, observed, cell.tolerances)
    else:
        judgement = judge_inference(record, observed, cell.loader, cell.tolerances)
    seen = _judged(judgement, float(answer.get("seconds", 0.0)), folder, answer["folder"], saved)
    uncalled = record.uncalled if seen.verdict is Verdict.SAME else None
    if uncalled and any(fault.stops for fault in saved.faults):
        # The C API loads a graph without variables/ and says nothing; a call of it would fail.
        said = f"loading raised nothing, but it cannot be called: {uncalled}"
        seen = replace(seen, verdict=Verdict.REFUSED, message=said, faults=saved.faults)
    return replace(seen, notes=observed.notes, log=str(answer["log"]))


def _judged(
    judgement: Judgement, seconds: float, artifact: Path, result: Path | None, saved: Saved
) -> Observation:
    return Observation(
        judgement.verdict,
        Stage.COMPARE,
        message=judgement.message,
        max_abs_error=judgement.max_abs_error,
        max_rel_error=judgement.max_rel_error,
        not_compared=judgement.not_compared,
        seconds=seconds,
        artifact=str(artifact),
        result=str(result) if result else None,
        log=str(saved.log) if saved.log else None,
        reused=saved.reused,
        changes=judgement.changes,
    )
