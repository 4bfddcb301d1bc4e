"""The last line of a run: the answer to the question it asked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.order import api_order
from pytest_tfroundtrip.report.groups import UNEXPECTED
from pytest_tfroundtrip.report.lines import count, listed, runtimes
from pytest_tfroundtrip.report.predictions import apology
from pytest_tfroundtrip.report.readers import sentences
from pytest_tfroundtrip.report.statements import Standing
from pytest_tfroundtrip.report.uncompared import uncompared_sentence
from pytest_tfroundtrip.vocabulary import Expect, Promise, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_tfroundtrip.report.rows import Row
    from pytest_tfroundtrip.report.statements import StatementRow

_NO_LOAD = (Verdict.REFUSED, Verdict.CRASHED, Verdict.TIMEOUT)


def closing(rows: Sequence[Row], statements: Sequence[StatementRow] = ()) -> str:
    """The answer: a sentence for what was held against each ``expect``, and what was left out.

    Args:
        rows: the cells.
        statements: the documents' sentences that were tried; they are answered first.
    """
    tried = _statements(statements) if statements else ""
    return " ".join([*([tried] if tried else []), *(_sentences(rows) if rows else [])])


def _statements(statements: Sequence[StatementRow]) -> str:
    """Whether TensorFlow does what each sentence says."""
    numbers = Counter(row.standing for row in statements)
    tried = len(statements) - numbers[Standing.NOT_RUN] - numbers[Standing.ENV_ERROR]
    if not tried:
        return "No sentence of the documents was tried to its end: nothing can be said of them."
    # A sentence under a runtime is one that was tried.
    of = f"{count(tried, 'case')} of the documents' sentences"
    text = f"TensorFlow kept its word in {numbers[Standing.KEPT]} of {of}"
    for standing in (Standing.KNOWN, Standing.OUTDATED, Standing.FAILED):
        if numbers[standing]:
            text += f"; {numbers[standing]} {standing}"
    return text + "."


def _sentences(rows: Sequence[Row]) -> Iterator[str]:
    told = [row for row in rows if row.answered]
    documents = [row for row in told if row.expect is Expect.DOCUMENTS]
    folders = [row for row in told if row.expect is Expect.ROUND_TRIP and row.writers]
    models = [row for row in told if row.expect is Expect.ROUND_TRIP and not row.writers]
    if documents:
        yield _documents(documents)
    if models:
        yield _round_trip(models)
    yield from _folders(folders)
    if unseen := uncompared_sentence(rows):
        yield unseen
    if not told:
        yield "No cell was run to a verdict: nothing can be said."
    broken = [row for row in rows if row.verdict is Verdict.ENV_ERROR]
    if broken:
        verb = "says" if len(broken) == 1 else "say"
        yield f"{count(len(broken), 'cell')} {verb} nothing: their runtimes could not be had."
    asserted = sum(row.asserted for row in rows)
    if asserted:
        yield f"{count(asserted, 'cell')} came back the same, but the test itself failed."
    if unexpected := sum(row.unexpected for row in rows):
        yield f"{count(unexpected, 'cell')} failed for coming back the same: {UNEXPECTED}."
    if wrong := sum(row.mispredicted for row in rows):
        yield apology(wrong)
    waiting = sum(row.verdict is None for row in rows)
    if waiting:
        yield f"{count(waiting, 'cell')} {'was' if waiting == 1 else 'were'} not run."


def _documents(rows: Sequence[Row]) -> str:
    """Whether TensorFlow does what its documents say."""
    promised = [row for row in rows if row.promise is Promise.PROMISED]
    kept = sum(row.verdict is Verdict.SAME for row in promised)
    parts = []
    if promised:
        cells = count(len(promised), "promised cell")
        parts.append(f"TensorFlow kept its promises in {kept} of {cells}")
    else:
        parts.append(f"The documents promise none of these {count(len(rows), 'cell')}")
    known = sum(row.contradiction for row in rows)
    if known:
        parts.append(f"{count(known, 'contradiction')} with a known cause")
    empty = sum(row.verdict is Verdict.UNSAVED and not row.failed for row in promised)
    if empty:
        parts.append(f"{empty} had nothing to load, their save being refused")
    failed = [row for row in rows if row.lost]
    if failed:
        parts.append(f"{count(len(failed), 'cell')} failed{_unforeseen(failed)}")
    return "; ".join(parts) + "."


def _unforeseen(failed: Sequence[Row]) -> str:
    if all(row.cause is None for row in failed):
        return ": neither documents nor known causes say so"
    return ": not foreseen there"


def _round_trip(rows: Sequence[Row]) -> str:
    """Whether people's models survive."""
    models = sorted({row.model for row in rows})
    failed = [row for row in rows if row.lost]
    if failed:
        return _failed(rows, failed, models)
    same = sum(row.verdict is Verdict.SAME for row in rows)
    known = sum(row.outcome == "xfailed" for row in rows)
    rest = len(rows) - same - known
    who = models[0] if len(models) == 1 else f"{len(models)} models"
    verb = "comes" if len(models) == 1 else "come"
    if not same:
        text = f"{who} {verb} back the same in none of {count(len(rows), 'cell')}"
    elif same == len(rows):
        cells = "the one cell" if same == 1 else f"all {same} cells"
        text = f"{who} {verb} back the same in {cells}"
    else:
        text = f"{who} {verb} back the same in {same} of {count(len(rows), 'cell')}"
    if known:
        text += f"; {known} not, as expected (unsupported or accepted)"
    if rest > 0:
        text += f"; {rest} were no test that passed or failed"
    return text + "."


def _folders(rows: Sequence[Row]) -> Iterator[str]:
    """Who reads which SavedModel."""
    yield from sentences(rows)
    failed = sum(row.lost for row in rows)
    if failed:
        yield f"{failed} of {count(len(rows), 'cell')} failed."


def _failed(rows: Sequence[Row], failed: Sequence[Row], models: Sequence[str]) -> str:
    # What was never made is told by its save.
    loads = [row for row in failed if not row.creation and row.verdict is not Verdict.UNSAVED]
    saves = [row for row in failed if row.creation]
    if not loads and not saves:
        saves = list(failed)
    sentences = []
    if loads:
        sentences.append(f"{_loads(rows, loads, models)}{_causes(loads)}.")
    if saves:
        sentences.append(f"{_saves(saves, models)}{_causes(saves)}.")
    sentences.append(f"{len(failed)} of {count(len(rows), 'cell')} failed.")
    return " ".join(sentences)


def _loads(rows: Sequence[Row], loads: Sequence[Row], models: Sequence[str]) -> str:
    who, several = _who(loads, models)
    hit = {row.model for row in loads}
    pairs = {_pair(row) for row in loads}
    saved, loaded = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    verb = "load" if all(row.verdict in _NO_LOAD for row in loads) else "come back the same"
    works = any(
        row.verdict is Verdict.SAME and row.model in hit and _pair(row) in pairs for row in rows
    )
    does = f"{'do' if several else 'does'} not{' always' if works else ''} {verb}"
    if len(pairs) == len(saved) * len(loaded):
        return f"{who} saved by {runtimes(saved, 'or')} {does} under {runtimes(loaded, 'or')}"
    return f"{who} {does} in {count(len(pairs), 'pair')} of runtimes"


def _saves(saves: Sequence[Row], models: Sequence[str]) -> str:
    who, several = _who(saves, models)
    apis = listed(sorted({row.save for row in saves}, key=api_order), "or")
    where = f"by {apis} under {runtimes((row.save_runtime for row in saves), 'or')}"
    if all(row.verdict in (*_NO_LOAD, Verdict.UNSAVED) for row in saves):
        return f"{who} cannot be saved {where}"
    return f"{who} {'are' if several else 'is'} not saved as computed {where}"


def _who(failed: Sequence[Row], models: Sequence[str]) -> tuple[str, bool]:
    """The models that failed, and whether they are several."""
    hit = sorted({row.model for row in failed})
    if len(models) == 1:
        return models[0], False
    return f"{len(hit)} of {len(models)} models ({listed(hit)})", len(hit) > 1


def _pair(row: Row) -> tuple[str, str]:
    return row.save_runtime, row.load_runtime


def _causes(failed: Sequence[Row]) -> str:
    known = sorted({row.cause for row in failed if row.cause})
    unknown = any(row.cause is None for row in failed)
    told = [*known, *(["unknown causes"] if known and unknown else [])]
    return f": {listed(told)}" if told else ""
