"""promises.toml and causes.toml held against every row of the full runs that are kept."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest_tfroundtrip.reference
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.causes import applying, causes
from pytest_tfroundtrip.cells import Cell, Model, Save, absence
from pytest_tfroundtrip.expectations import expectation, known_unsaved
from pytest_tfroundtrip.model_source import find_model
from pytest_tfroundtrip.promises import lookup, promises
from pytest_tfroundtrip.promises.rows import Key, Seen, kept
from pytest_tfroundtrip.reference.test_reference import ACCEPTED
from pytest_tfroundtrip.vocabulary import Expect, Promise, Verdict

REFERENCE = Path(pytest_tfroundtrip.reference.__path__[0])
NOTHING_SEEN = {Verdict.UNSAVED, Verdict.ABSENT}


@cache
def model(name: str) -> Model:
    variables = name != "AddTwo"
    return find_model(f"models.py:{name}", beside=REFERENCE, root=REFERENCE, variables=variables)


@cache
def save_of(name: str, saver: str, runtime: str, again: str) -> Save:
    resaved = parse_runtime(again) if again else None
    return Save(model(name), apis().savers[saver], parse_runtime(runtime), resaved=resaved)


@cache
def cells() -> dict[Key, Cell]:
    return {
        key: Cell(
            save_of(key.model, key.save, key.save_runtime, key.resave_runtime),
            key.operation,
            apis().loaders[key.load] if key.load else None,
            parse_runtime(key.load_runtime) if key.load_runtime else None,
        )
        for key in kept()
    }


def is_accepted(cell: Cell, seen: Seen) -> bool:
    """Whether the reference itself accepts what was seen of a cell, for the cause that it names."""
    return any(
        fnmatchcase(cell.id, glob) and reason.startswith(f"{seen.cause}:")
        for glob, reason in ACCEPTED.items()
    )


def unlike(key: Key, seen: Seen) -> str | None:
    """What the data files say of a row that the row does not."""
    cell = cells()[key]
    expected = expectation(cell, Expect.DOCUMENTS)
    if expected.promise is not seen.promise:
        return f"it is {expected.promise} now"
    if seen.verdict in NOTHING_SEEN or is_accepted(cell, seen):
        return None
    if absence(cell) or known_unsaved(cell):
        return "it is no test now"
    if expected.strict and expected.causes:
        known = {(cause.id, cause.verdict) for cause in expected.causes}
        return None if (seen.cause, seen.verdict) in known else f"it is to be {sorted(known)} now"
    if expected.verdict not in {None, seen.verdict}:
        return f"it is to be {expected.verdict} now"
    return None


def test_every_kept_row_is_as_promises_and_causes_say() -> None:
    wrong = {str(key): why for key, seen in kept().items() if (why := unlike(key, seen))}
    assert not wrong, (len(wrong), dict(list(wrong.items())[:20]))


def test_a_row_of_each_kind_is_kept() -> None:
    assert len(kept()) > 20_000
    assert {seen.promise for seen in kept().values()} == set(Promise)
    assert {key.model for key in kept()} == {"AddTwo", "Affine", "TwoByTwo"}
    assert {key.save.partition(".")[0] for key in kept()} == {
        saver.base for saver in apis().savers.values()
    }
    assert {key.load.partition(".")[0] for key in kept() if key.load} == {
        loader.base for loader in apis().loaders.values()
    }


def test_every_promise_speaks_of_a_row() -> None:
    spoken = {entry.id for cell in cells().values() if (entry := lookup(cell)) is not None}
    assert spoken == {entry.id for entry in promises()}


def test_every_cause_that_is_known_to_strike_there_did() -> None:
    known = {cause.id for cell in cells().values() for cause in applying(cell)}
    struck = {seen.cause for seen in kept().values()}
    assert known - struck == set()


def test_every_cause_of_a_row_is_one_that_there_is() -> None:
    struck = {seen.cause for seen in kept().values() if seen.cause is not None}
    assert struck <= {cause.id for cause in causes()}
    assert len(struck) > 20


def test_what_is_not_same_has_a_cause_or_is_not_supported() -> None:
    """Nothing that full runs have shown is undiagnosed."""
    silent = [
        str(key)
        for key, seen in kept().items()
        if seen.verdict not in {Verdict.SAME, *NOTHING_SEEN}
        and seen.cause is None
        and seen.promise is not Promise.UNSUPPORTED
    ]
    assert not silent, (len(silent), silent[:20])
