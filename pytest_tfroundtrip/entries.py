"""What promises.toml, statements.toml and causes.toml have in common: tables of entries in TOML."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.selectors import Selector

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_tfroundtrip.cells import Cell


def read_entries(
    file: Path, kind: str, *, required: Iterable[str], optional: Iterable[str] = ()
) -> tuple[Mapping[str, Any], ...]:
    """The tables ``[[kind]]`` of a TOML file, in their order.

    Every entry has an ``id`` of its own, all ``required`` keys and no key that is not named here:
    a misspelt key would otherwise be a condition that silently never holds.

    Raises:
        ValueError: naming the file, the entry and what is wrong with it.
    """
    entries = tomllib.loads(file.read_text(encoding="utf-8")).get(kind, [])
    needed = {"id", *required}
    seen: set[str] = set()
    for number, entry in enumerate(entries, start=1):
        where = f"{file.name}: {kind} {entry.get('id', f'number {number}')}"
        if missing := needed - set(entry):
            msg = f"{where}: lacks {', '.join(sorted(missing))}"
            raise ValueError(msg)
        if unknown := set(entry) - needed - set(optional):
            msg = f"{where}: unknown key {', '.join(sorted(unknown))}"
            raise ValueError(msg)
        if entry["id"] in seen:
            msg = f"{where}: there are two of that id"
            raise ValueError(msg)
        seen.add(entry["id"])
    return tuple(entries)


@dataclass(frozen=True)
class EntrySelector(Selector):
    """A selector that also knows what the model itself holds.

    ``variables`` is of the artifact: an Estimator's always has some (``global_step``), which is no
    variable that the model reads.
    """

    model_variables: tuple[bool, ...] = ()  # the model holds variables; unknown never holds

    def matches(self, cell: Cell) -> bool:
        """Whether every condition holds for the cell."""
        told = cell.save.model.variables
        return (not self.model_variables or told in self.model_variables) and super().matches(cell)


def selectors(raw: Any, where: str) -> tuple[Selector, ...]:
    """The selectors of a key that holds one table, a list of tables (any of which) or is not there.

    Raises:
        ValueError: a condition that does not exist.
    """
    tables = raw if isinstance(raw, list) else [] if raw is None else [raw]
    return tuple(EntrySelector.parse(table, where) for table in tables)


def any_matches(among: Iterable[Selector], cell: Cell) -> bool:
    """Whether one of the selectors speaks of the cell."""
    return any(selector.matches(cell) for selector in among)
