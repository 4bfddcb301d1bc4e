"""What a data file of savers and loaders may say: ours (``apis.json``) and third parties' alike.

A misspelt key would be a fact that silently never holds, so every key is known, and every value is
of its kind.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import UsageProblem, meant
from pytest_tfroundtrip.vocabulary import PARTS, Behavior, Operation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

KINDS = ("savers", "loaders")
FORMATS = ("saved_model", "meta_graph", "graph_def")
GENERATIONS = ("TF1", "TF2", "keras")
#: In ids names stand between dashes and underscores, in options between commas; a dot begins a
#: variant and "all" is every one there is.
_NAME = re.compile(r"(?!all\Z)[a-z][a-z0-9_]*\Z")
#: The two comparisons that mean the same to packaging, which sees 2.15.1, and to an agent, which
#: has no packaging and sees (2, 15): "==2.15" and "<=2.15" do not.
_VERSIONS = re.compile(r"(>=|<)\d+\.\d+(,\s*(>=|<)\d+\.\d+)*\Z")


def read_apis(file: Path) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The ``savers`` and ``loaders`` of a data file, as they stand there, known to be in form.

    Raises:
        UsageProblem: the file cannot be read, or what stands in it cannot be; names the file, the
            entry and the key.
    """
    try:
        raw = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=_unique)
    except (OSError, ValueError, RecursionError) as error:
        msg = f"{file}: no data file of savers and loaders can be read there: {error}"
        raise UsageProblem(msg) from None
    if not isinstance(raw, dict) or not all(isinstance(raw.get(kind, {}), dict) for kind in KINDS):
        msg = f"{file}: an object with the tables {' and '.join(KINDS)} was expected"
        raise UsageProblem(msg)
    _known(raw, KINDS, str(file))
    tables = {kind: raw.get(kind, {}) for kind in KINDS}
    if not any(tables.values()):
        msg = f"{file}: there is neither a saver nor a loader in it"
        raise UsageProblem(msg)
    for kind, entries in tables.items():
        for name, entry in entries.items():
            _check(entry, name, kind, f"{file}: {kind[:-1]} {name!r}")
    return tables


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of two keys that are the same the first would be lost without a word."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        msg = f"{twice!r} stands there twice"
        raise ValueError(msg)
    return found


def _check(entry: Any, name: str, kind: str, where: str) -> None:
    _named(name, where)
    keys = {key: each for key, each in KEYS.items() if kind in each.kinds}
    _fits(entry, keys, where)
    if missing := [key for key, each in keys.items() if each.required and key not in entry]:
        msg = f"{where} lacks {', '.join(missing)}"
        raise UsageProblem(msg)
    of_variants = {key: each for key, each in keys.items() if each.varies}
    for variant, more in entry.get("variants", {}).items():
        _named(variant, f"{where}, variant {variant!r}")
        _fits(more, of_variants, f"{where}, variant {variant!r}")


def _named(name: str, where: str) -> None:
    if not _NAME.match(name):
        msg = f"{where}: a name has lower-case letters, digits and underscores only (not: all)"
        raise UsageProblem(msg)


def _fits(entry: Any, keys: Mapping[str, _Key], where: str) -> None:
    if not isinstance(entry, dict):
        msg = f"{where}: a table was expected, not {entry!r}"
        raise UsageProblem(msg)
    _known(entry, keys, where)
    for key, value in entry.items():
        if not keys[key].fits(value):
            msg = f"{where}: {key} is {value!r}; {keys[key].says} was expected"
            raise UsageProblem(msg)


def _known(found: Collection[str], keys: Collection[str], where: str) -> None:
    for key in found:
        if key not in keys:
            there = ", ".join(keys)
            msg = f"{where} has the unknown key {key!r}.{meant(key, keys)} There are: {there}."
            raise UsageProblem(msg)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _switch(value: Any) -> bool:
    return isinstance(value, bool)


def _versions(value: Any) -> bool:
    return isinstance(value, str) and _VERSIONS.match(value) is not None


def _list(of: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and bool(value) and all(map(of, value))


def _one_of(*words: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in words


@dataclass(frozen=True)
class _Key:
    """A key of an entry: what its value has to be."""

    says: str  # completes "... was expected"
    fits: Callable[[Any], bool]
    kinds: tuple[str, ...] = KINDS
    required: bool = False
    varies: bool = True  # a variant's table may have it as well


_LOADER, _SAVER = ("loaders",), ("savers",)
_SHOWN = (*PARTS, "variables")
_LOADED = tuple(each.value for each in Operation if each is not Operation.CREATION)
_BEHAVIORS = tuple(each.value for each in Behavior)
_TRUTH = "true or false"

KEYS: Mapping[str, _Key] = {
    "calls": _Key("the symbol that people call", _text, required=True),
    "says": _Key("a text", _text),
    "generation": _Key(f"one of {', '.join(GENERATIONS)}", _one_of(*GENERATIONS), required=True),
    "releases": _Key('a text like ">=1.15,<2.16" (>= and < only)', _versions, required=True),
    "needs": _Key("a list of symbols", _list(_text), varies=False),
    "default": _Key(_TRUTH, _switch, varies=False),
    "behaviors": _Key(f"a list of {', '.join(_BEHAVIORS)}", _list(_one_of(*_BEHAVIORS))),
    "keras": _Key(
        "a list of Keras' major versions", _list(lambda each: type(each) is int and each > 0)
    ),
    "hub": _Key('a text like ">=0.8,<0.16" (>= and < only)', _versions),
    "writes": _Key(f"one of {', '.join(FORMATS)}", _one_of(*FORMATS), _SAVER, required=True),
    "readers": _Key("a list of loaders", _list(_text), _SAVER, varies=False),
    "batched": _Key(_TRUTH, _switch, _SAVER, varies=False),
    "keras_model": _Key(_TRUTH, _switch, _SAVER, varies=False),
    "adds_variables": _Key(_TRUTH, _switch, _SAVER),
    "freezes_variables": _Key(_TRUTH, _switch, _SAVER),
    "reads": _Key(
        f"a list of {', '.join(FORMATS)}", _list(_one_of(*FORMATS)), _LOADER, required=True
    ),
    "operations": _Key(
        f"a list of {', '.join(_LOADED)}", _list(_one_of(*_LOADED)), _LOADER, required=True
    ),
    "by_signature": _Key(_TRUTH, _switch, _LOADER),
    "by_function": _Key(_TRUTH, _switch, _LOADER),
    "made_by": _Key("a list of savers", _list(_text), _LOADER),
    "shows": _Key(f"a list of {', '.join(_SHOWN)}", _list(_one_of(*_SHOWN)), _LOADER),
    "variants": _Key(
        "a table of tables", lambda value: isinstance(value, dict) and bool(value), varies=False
    ),
}
