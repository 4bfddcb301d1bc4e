"""The form of the file of ``--tf-baseline``: TOML, a table for each entry."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.baseline import Baseline, Entry
from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.vocabulary import Verdict

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

#: What an entry ``[[accept]]`` may say.
KEYS = {
    "cells": "a list of ids of cells, or globs of them: needed",
    "verdict": "what is seen of them: needed",
    "cause": "the cause that has to be named",
    "message": "a regular expression that TensorFlow's message has to match",
    "reason": "why it is accepted: needed",
    "until": "the last day on which it is, as in 2027-03-31",
    "thread": "the address of where it is talked about",
}
_HEAD = """\
# What is accepted as broken, and why: pytest --tf-roundtrip --tf-baseline=THIS_FILE
# Each entry needs a reason; `until` (a date) and `thread` (an address) are free. An entry that is
# not needed any more fails the run: --tf-baseline-update takes it out and adds what is new.
"""


def read(path: Path, *, reasons: bool = True) -> Baseline:
    """The entries of a file.

    Args:
        path: the file.
        reasons: each entry has to have one.

    Raises:
        UsageProblem: it cannot be read, or an entry cannot be understood, or has no reason.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        msg = f"--tf-baseline: there is no {path}: --tf-baseline-update makes it"
        raise UsageProblem(msg) from None
    except (OSError, ValueError) as error:
        msg = f"--tf-baseline: {path} cannot be read: {error}"
        raise UsageProblem(msg) from None
    tables = raw.pop("accept", [])
    if raw or not isinstance(tables, list):
        msg = f"--tf-baseline: {path}: only tables [[accept]] were expected"
        raise UsageProblem(msg)
    return Baseline(
        tuple(
            _entry(table, f"{path.name}, entry {number}", reasons=reasons)
            for number, table in enumerate(tables, start=1)
        )
    )


def _entry(raw: Any, where: str, *, reasons: bool) -> Entry:
    if not isinstance(raw, dict):
        raise _wrong(where, "it is no table")
    for key in raw:
        if key not in KEYS:
            raise _wrong(where, f"unknown key {key!r}.{meant(key, KEYS)}")
    cells = [raw["cells"]] if isinstance(raw.get("cells"), str) else raw.get("cells")
    if not isinstance(cells, list) or not cells or not all(isinstance(c, str) for c in cells):
        raise _wrong(where, "cells: a list of ids of cells, or globs of them, was expected")
    words = {key: raw.get(key) for key in ("cause", "message", "reason", "thread")}
    for key, word in words.items():
        if word is not None and not isinstance(word, str):
            raise _wrong(where, f"{key}: a text was expected")
    if reasons and not (words["reason"] or "").strip():
        raise _wrong(where, "it has no reason: say why this is accepted")
    until = raw.get("until")
    if until is not None and type(until) is not date:
        raise _wrong(where, "until: a date was expected, as in until = 2027-01-31")
    return Entry(
        tuple(cells),
        _verdict(raw.get("verdict"), where),
        words["cause"],
        _pattern(words["message"], where),
        (words["reason"] or "").strip(),
        until,
        words["thread"] or "",
        where,
    )


def _verdict(word: Any, where: str) -> Verdict:
    broken = [str(verdict) for verdict in Verdict if verdict not in _NOT_ACCEPTED]
    if word not in broken:
        raise _wrong(where, f"verdict: one of {', '.join(broken)} was expected")
    return Verdict(word)


#: Nothing to accept: it works, there is no such cell, or nothing was seen of it.
_NOT_ACCEPTED = {Verdict.SAME, Verdict.ABSENT, Verdict.ENV_ERROR}


def _pattern(text: str | None, where: str) -> str | None:
    try:
        re.compile(text or "")
    except re.error as error:
        raise _wrong(where, f"message: {text!r} is no regular expression: {error}") from None
    return text


def _wrong(where: str, what: str) -> UsageProblem:
    return UsageProblem(f"--tf-baseline: {where}: {what}")


def text_of(baseline: Baseline) -> str:
    """The file's text."""
    return _HEAD + "".join(f"\n{_table(entry)}" for entry in baseline.entries)


def _table(entry: Entry) -> str:
    words: Mapping[str, Any] = {
        "verdict": str(entry.verdict),
        "cause": entry.cause,
        "message": entry.message,
        "reason": entry.reason,
        "thread": entry.thread or None,
    }
    lines = ["[[accept]]", "cells = [", *(f"    {_quoted(cell)}," for cell in entry.cells), "]"]
    lines += [f"{key} = {_quoted(word)}" for key, word in words.items() if word is not None]
    if entry.until is not None:
        lines.append(f"until = {entry.until.isoformat()}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML: JSON's, but for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
