"""Which ops and attributes each TensorFlow release has: ``ops.txt``, measured from the releases.

``python -m pytest_tfroundtrip ops`` makes it. A block is an op, a line in it an attribute: name,
releases, type, the values that it may have, its default. Releases are left out where they are those
of the op, of a value (``int16@2.8-``) those of the attribute; ``2.5-`` is 2.5 and all that were
measured since, so a new release changes only the lines of what it changes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

OPS_FILE = Path(__file__).with_name("ops.txt")
_HEAD = """\
# The ops of each TensorFlow release, as the releases themselves tell by TF_GetAllOpList; made by
# `python -m pytest_tfroundtrip ops`. An op and the releases that have it (all, where none are
# named); below it, its attributes: releases, type, the values they may have, = the default.
# "release": TensorFlow's version, then GraphDef versions: its own, the oldest reader that takes its
# graphs, the oldest writer whose graphs it takes; whether it ignores or refuses an attribute that
# it does not know. "dtype": who has it.
"""
_DEPRECATED = "deprecated:"
_IN = "in"
_DTYPE = "type"  # of attributes: type, list(type)
_BLOCK = "\nop "

IGNORED = "ignored"
REFUSED = "refused"

#: Releases by their names in the catalogue.
Releases: TypeAlias = "frozenset[str]"


class Measured(NamedTuple):
    """A release whose ops are known, and what graphs it takes."""

    name: str
    tensorflow: str
    producer: int  # GraphDef version of the graphs that it writes
    min_consumer: int  # what it asks of readers of those
    min_producer: int  # below which it refuses graphs
    unknown_attributes: str  # of a node: IGNORED or REFUSED


class AttributeDefinition(NamedTuple):
    """An attribute as a release defines it."""

    name: str
    type: str  # as TensorFlow has it: "type", "list(int)"
    allowed: tuple[str, ...]  # dtypes or words; empty where any will do
    default: str | None  # JSON; None where a node has to say it

    @property
    def is_dtype(self) -> bool:
        """Whether it is a dtype, or several."""
        return _DTYPE in self.type


@dataclass(frozen=True)
class OpDefinition:
    """An op as one release defines it."""

    attributes: tuple[AttributeDefinition, ...]  # by name
    deprecated: int | None = None  # graphs of this producer version and later may not have it


@dataclass(frozen=True)
class KnownOp:
    """An op in all releases."""

    name: str
    releases: Releases  # that have it
    attributes: Mapping[str, Mapping[AttributeDefinition, Releases]]  # by name
    deprecated: Mapping[int, Releases]  # by the version from which on it is refused

    def having(self, attribute: str) -> Releases:
        """The releases whose op has the attribute."""
        return frozenset().union(*self.attributes.get(attribute, {}).values())


@dataclass
class OpTable:
    """The ops of all releases that were measured; an op's lines are read when it is asked for."""

    releases: Mapping[str, Measured]  # oldest first
    dtypes: Mapping[str, Releases]
    _blocks: Mapping[str, str]
    _known: dict[str, KnownOp] = field(default_factory=dict)

    def __contains__(self, op: str) -> bool:
        return op in self._blocks

    def __iter__(self) -> Iterator[str]:
        return iter(self._blocks)

    def op(self, name: str) -> KnownOp | None:
        """An op; None where no release has it."""
        if name not in self._known:
            if name not in self._blocks:
                return None
            self._known[name] = _known_op(name, self._blocks[name], list(self.releases))
        return self._known[name]

    def of(self, release: str) -> dict[str, OpDefinition]:
        """All ops of a release, by name."""
        found = {}
        for name in self:
            known = self.op(name)
            assert known is not None  # noqa: S101 - it is of the table
            if release in known.releases:
                found[name] = OpDefinition(
                    tuple(
                        definition
                        for definitions in known.attributes.values()
                        for definition, releases in definitions.items()
                        if release in releases
                    ),
                    next((at for at, those in known.deprecated.items() if release in those), None),
                )
        return found


@cache
def op_table() -> OpTable:
    """The table that is kept with the project.

    Raises:
        ValueError: the file is not in form.
    """
    return read(OPS_FILE.read_text(encoding="utf-8"))


def read(text: str) -> OpTable:
    """The table of a text that :func:`write` made; empty of an empty text.

    Raises:
        ValueError: naming what is not in form; of an op's own lines when it is asked for.
    """
    head, *blocks = text.split(_BLOCK)
    measured, dtypes = {}, {}
    for line in head.splitlines():
        kind, *words = line.split()
        try:
            if kind == "release":
                name, tensorflow, *versions, unknown = words
                producer, least, oldest = map(int, versions)
                measured[name] = Measured(name, tensorflow, producer, least, oldest, unknown)
            elif kind == "dtype":
                order = list(measured)
                dtypes[words[0]] = _parsed("".join(words[1:]), order, order)
        except (IndexError, TypeError, ValueError) as error:
            msg = f"{OPS_FILE.name}: {line!r}: {error}"
            raise ValueError(msg) from error
    found = {}
    for block in blocks:
        first, _, lines = block.partition("\n")
        name, _, releases = first.partition(" ")
        found[name] = f"{releases}\n{lines}"
    return OpTable(measured, dtypes, found)


def write(
    releases: Sequence[Measured],
    ops: Mapping[str, Mapping[str, OpDefinition]],
    dtypes: Mapping[str, Iterable[str]],
) -> str:
    """A table as text.

    Args:
        releases: those that were measured, oldest first.
        ops: by release: its ops.
        dtypes: by release: the dtypes that it has.
    """
    order = [release.name for release in releases]
    lines = [f"release {' '.join(map(str, release))}" for release in releases]
    having_dtype = {
        dtype: [release for release in order if dtype in dtypes[release]]
        for dtype in sorted({each for release in order for each in dtypes[release]})
    }
    lines += [
        f"dtype {dtype}{_ranges(those, order, order, ' ')}" for dtype, those in having_dtype.items()
    ]
    for name in sorted({name for release in order for name in ops[release]}):
        having = {release: ops[release][name] for release in order if name in ops[release]}
        lines.append(f"op {name}{_ranges(having, order, order, ' ')}")
        lines += _lines_of(having, order)
    return _HEAD + "\n".join(lines) + "\n"


def _lines_of(op: Mapping[str, OpDefinition], order: Sequence[str]) -> Iterator[str]:
    """An op's attributes; what they may be stands in one line, with the releases of each value."""
    found: dict[tuple[str, str, bool, str | None], dict[str, tuple[str, ...]]] = {}
    deprecated: dict[str, list[str]] = {}
    for release, definition in op.items():
        for name, type_, allowed, default in definition.attributes:
            found.setdefault((name, type_, bool(allowed), default), {})[release] = allowed
        if definition.deprecated is not None:
            deprecated.setdefault(str(definition.deprecated), []).append(release)
    for at, those in deprecated.items():
        yield f"  {_DEPRECATED}{_ranges(those, list(op), order, ' ')} {at}"
    first = sorted(found.items(), key=lambda each: (each[0][0], order.index(next(iter(each[1])))))
    for (name, type_, _, default), by_release in first:
        those = list(by_release)
        values = sorted({value for allowed in by_release.values() for value in allowed})
        said = [
            value
            + _ranges([each for each in those if value in by_release[each]], those, order, "@")
            for value in values
        ]
        allowed_words = f" {_IN} {','.join(said)}" if said else ""
        default_words = "" if default is None else f" = {default}"
        ranges = _ranges(those, list(op), order, " ")
        yield f"  {name}{ranges} {type_}{allowed_words}{default_words}"


def _known_op(name: str, block: str, order: list[str]) -> KnownOp:
    first, *lines = block.splitlines()
    try:
        releases = _parsed(first, order, order)
        within = [release for release in order if release in releases]
        attributes: dict[str, dict[AttributeDefinition, Releases]] = {}
        deprecated = {}
        for line in lines:
            head, equals, default = line.partition(" = ")
            word, *words = head.split()
            those = releases
            if words[0][0].isdigit() and len(words) > 1:
                those = _parsed(words.pop(0), within, order)
            if word == _DEPRECATED:
                deprecated[int(words[0])] = those
                continue
            values = words[2] if words[1:2] == [_IN] else ""
            by_allowed: dict[tuple[str, ...], set[str]] = {}
            for release, allowed in _allowed(values, those, order).items():
                by_allowed.setdefault(allowed, set()).add(release)
            for allowed, having in by_allowed.items():
                definition = AttributeDefinition(
                    word, words[0], allowed, default if equals else None
                )
                attributes.setdefault(word, {})[definition] = frozenset(having)
    except (IndexError, ValueError) as error:
        msg = f"{OPS_FILE.name}, op {name}: {error!r}"
        raise ValueError(msg) from error
    return KnownOp(name, releases, attributes, deprecated)


def _allowed(text: str, those: Releases, order: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The values that an attribute may have, by release."""
    within = [release for release in order if release in those]
    values = {}
    for part in text.split(",") if text else ():
        value, _, releases = part.partition("@")
        values[value] = _parsed(releases, within, order)
    return {
        release: tuple(value for value, having in values.items() if release in having)
        for release in within
    }


# Releases, shortened


def _ranges(those: Iterable[str], within: Sequence[str], order: Sequence[str], lead: str) -> str:
    """``2.5-``, ``1.15-2.3+2.8`` behind a ``lead``; empty for all of ``within``."""
    chosen = set(those)
    if chosen == set(within):
        return ""
    runs: list[list[str]] = []
    previous = -2
    for at, release in enumerate(order):
        if release in chosen:
            if at != previous + 1:
                runs.append([])
            runs[-1].append(release)
            previous = at
    return lead + "+".join(_run(run, order) for run in runs)


def _run(run: Sequence[str], order: Sequence[str]) -> str:
    if run[-1] == order[-1]:
        return f"{run[0]}-"
    return run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}"


def _parsed(text: str, within: Sequence[str], order: Sequence[str]) -> Releases:
    if not text:
        return frozenset(within)
    found: set[str] = set()
    for part in text.split("+"):
        first, dash, last = part.partition("-")
        start = order.index(first)
        end = order.index(last) if last else len(order) - 1 if dash else start
        found.update(order[start : end + 1])
    return frozenset(found)


def as_json(value: Any) -> str:
    """A default as it stands in the table."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True)
