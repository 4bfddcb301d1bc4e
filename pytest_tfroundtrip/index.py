"""Entries of the data files by the cells that they speak of."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pytest_tfroundtrip.selectors import Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_tfroundtrip.cells import Cell, Save

Entry = TypeVar("Entry")


def selectors(raw: Any, where: str) -> tuple[Selector, ...]:
    """The selectors of a key that holds one table, a list of tables (any of which) or is not there.

    Raises:
        ValueError: a condition that does not exist.
    """
    tables = raw if isinstance(raw, list) else [] if raw is None else [raw]
    return tuple(Selector.parse(table, where) for table in tables)


def any_matches(among: Iterable[Selector], cell: Cell) -> bool:
    """Whether one of the selectors speaks of the cell."""
    return any(selector.matches(cell) for selector in among)


class Index(Generic[Entry]):
    """Entries by the cells their selectors speak of, in the order they were given.

    A run asks about thousands of cells that are made of a few dozen saves and a few dozen loads.
    So what a selector asks of the save is answered once per save, what it asks of the load once
    per load; only direction and operation, which belong to the pair, are looked at for each cell.
    """

    def __init__(self, entries: Iterable[tuple[Entry, tuple[Selector, ...]]]) -> None:
        rules = [(entry, selector) for entry, among in entries for selector in among]
        self._entries = [entry for entry, _ in rules]
        self._selectors = [selector for _, selector in rules]
        self._by_save: dict[object, tuple[int, ...]] = {}
        self._by_load: dict[object, frozenset[int]] = {}

    def of(self, cell: Cell, *, variables: bool | None = None) -> tuple[Entry, ...]:
        """The entries that speak of the cell, each once.

        A model that does not say whether it has variables is taken to have said ``variables``.
        """
        loads = self._loads(cell)
        found: list[Entry] = []
        for number in self._saves(cell.save, variables=variables):
            if number not in loads:
                continue
            entry = self._entries[number]
            if not self._selectors[number].of_pair(cell):
                continue
            if not any(entry is other for other in found):
                found.append(entry)
        return tuple(found)

    def _saves(self, save: Save, *, variables: bool | None) -> tuple[int, ...]:
        told = variables if save.model.variables is None else save.model.variables
        again = save.resaved is not None
        key = (save.saver.name, save.runtime.name, save.runtime.release.tensorflow, told, again)
        if key not in self._by_save:
            asked = replace(save, model=replace(save.model, variables=told))
            self._by_save[key] = tuple(
                number for number, selector in enumerate(self._selectors) if selector.of_save(asked)
            )
        return self._by_save[key]

    def _loads(self, cell: Cell) -> frozenset[int]:
        loader, runtime = cell.loader, cell.load_runtime
        key = loader and runtime and (loader.name, runtime.name, runtime.release.tensorflow)
        if key not in self._by_load:
            self._by_load[key] = frozenset(
                number for number, selector in enumerate(self._selectors) if selector.of_load(cell)
            )
        return self._by_load[key]
