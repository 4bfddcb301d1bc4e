"""What pytest shows of one failing cell: for people, no traceback of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.runtime import LOG_LEVEL
from pytest_tfroundtrip.report.lines import count, wrap
from pytest_tfroundtrip.vocabulary import Stage, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_tfroundtrip.report.rows import Row
    from pytest_tfroundtrip.statement import StatementCase

MESSAGE_LINES = 30  # TensorFlow's own text: more is cut in its middle, the log has it whole
LOG_LINES = 15
NOTES = 5  # of the loader; a model of a hundred variables may have one for each
LOG_WIDTH = 200

_DURING = {
    Stage.ENV: " while its runtime was made",
    Stage.SAVE: " while saving",
    Stage.LOAD: " while loading",
    Stage.CALL: " while calling",
    Stage.TRAIN: " while training",
}
#: What TensorFlow did, and nobody knows why.
_UNEXPLAINED = (Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMEOUT, Verdict.DIFFERS, Verdict.DRIFT)
_EXPLAINED = {
    Verdict.DRIFT: " (the values are equal, the contract changed)",
    Verdict.UNSAVED: " (there was nothing to load)",
    Verdict.ENV_ERROR: " (this says nothing of the model)",
}


def failure_text(row: Row, *, log: Sequence[str] = (), width: int = 80) -> str:
    """The text of a failing test.

    Sentences of ours are wrapped; TensorFlow's are left as they are, so that they can be searched
    for.

    Args:
        row: the cell's row.
        log: the last lines of its log, see :func:`log_tail`.
        width: of the terminal.
    """
    parts = [wrap(f"{row.sentence}: {in_words(row)}", width)]
    if row.message:
        named = row.exception and not row.message.startswith(row.exception)
        text = f"{row.exception}: {row.message}" if named else row.message
        parts.append(["", *_shortened(text.splitlines(), "log" if row.log else None), ""])
    for head, sentence in (
        ("but: ", row.note),
        ("why: ", f"{row.why} [{row.cause}]" if row.why and row.cause else row.why),
        ("what to do: ", row.remedy),
        ("promise: ", _promise(row)),
        ("not compared: ", ", ".join(row.not_compared)),
    ):
        if sentence:
            parts.append(wrap(sentence, width, head, "  "))
    parts += [wrap(note, width, "note: ", "  ") for note in row.notes[:NOTES]]
    if len(row.notes) > NOTES:
        parts.append([f"... and {count(len(row.notes) - NOTES, 'more note')}: see --tf-report"])
    parts.append([f"rerun: {row.command}"])
    if row.cause is None and row.verdict in _UNEXPLAINED:
        parts.append(["no known cause. To report it, with TensorFlow's whole log:"])
        parts.append([f"  {LOG_LEVEL}=0 {row.command} -s"])
    if log:
        parts.append([f"log: {row.log}" if row.log else "log, its end (--tf-keep=DIR keeps it):"])
        parts.append([f"  {text}" for text in log])
    return "\n".join(text for part in parts for text in part)


def case_text(
    case: StatementCase, command: str, *, log: Sequence[str] = (), width: int = 80
) -> str:
    """The text of a failing test of a sentence of the documents.

    Args:
        case: which sentence under which runtime, and what was seen.
        command: what tries it again.
        log: the last lines of its log.
        width: of the terminal.
    """
    trial, seen = case.trial, case.observation
    parts = [wrap(f"{trial.case.id} under {trial.runtime}: {seen.verdict}", width)]
    text = f"{seen.exception}: {seen.message}" if seen.exception else seen.message
    parts.append(["", *_shortened(text.splitlines(), None), ""])
    for statement in trial.case.statements:
        said = f'"{statement.english}" ({statement.document})'
        parts.append(wrap(said, width, "against: ", "  "))
    parts.append([f"rerun: {command}"])
    if log:
        parts.append(["log, its end (--tf-keep=DIR keeps it):", *(f"  {line}" for line in log)])
    return "\n".join(line for part in parts for line in part)


def log_tail(path: str | Path | None, lines: int = LOG_LINES) -> list[str]:
    """The last lines of a log, each once; none where there is no log to read."""
    if path is None:
        return []
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as file:
            told = dict.fromkeys(text.rstrip()[:LOG_WIDTH] for text in file)
            return list(told)[-lines:]
    except OSError:
        return []


def in_words(row: Row) -> str:
    """The verdict, with the stage or what it means."""
    if row.verdict is None:
        return "not run"
    if row.creation and row.verdict is Verdict.UNSAVED:
        return f"{row.verdict} (the model itself is not in order)"
    during = _DURING.get(row.stage, "") if row.stage else ""
    return f"{row.verdict}{_EXPLAINED.get(row.verdict, during)}"


def _promise(row: Row) -> str:
    if not row.statement or row.verdict in {Verdict.UNSAVED, Verdict.ENV_ERROR}:
        return ""  # not TensorFlow's doing
    source = f" ({row.document})" if row.document else ""
    return f'{row.promise}, "{row.statement}"{source}'


def _shortened(lines: Sequence[str], where: str | None) -> list[str]:
    if len(lines) <= MESSAGE_LINES:
        return list(lines)
    half = MESSAGE_LINES // 2
    rest = f", see {where}" if where else ""
    cut = f"... {len(lines) - 2 * half} lines left out{rest} ..."
    return [*lines[:half], cut, *lines[-half:]]
