"""What has to run for the chosen cells: which saves, which loads, in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_tfroundtrip.catalogue.apis import Api
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.cells import Cell, Save
    from pytest_tfroundtrip.statement import Trial
    from pytest_tfroundtrip.vocabulary import Operation


@dataclass(frozen=True)
class Load:
    """One load of one artifact, in a fork of its own; cells that ask the same share it."""

    save: Save
    loader: Api
    runtime: Runtime
    operation: Operation


@dataclass
class Plan:
    """Grows with every batch of cells; asking for the same cell again changes nothing."""

    cells: dict[str, Cell] = field(default_factory=dict)
    saves: dict[str, Save] = field(default_factory=dict)
    loads: dict[str, Load] = field(default_factory=dict)
    trials: dict[str, Trial] = field(default_factory=dict)

    def add(self, cells: Iterable[Cell]) -> tuple[list[str], list[str]]:
        """Take cells in; return the keys of the saves and of the loads that are new."""
        saves, loads = [], []
        for cell in cells:
            self.cells.setdefault(cell.key, cell)
            for save in dict.fromkeys((cell.artifact.original, cell.artifact)):
                if save_key(save) not in self.saves:
                    self.saves[save_key(save)] = save
                    saves.append(save_key(save))
            load = load_of(cell)
            if load is not None and load_key(load) not in self.loads:
                self.loads[load_key(load)] = load
                loads.append(load_key(load))
        return saves, loads

    def runtimes(self) -> tuple[Runtime, ...]:
        """Every runtime that the plan needs, in the order of first need."""
        needed = [save.maker for save in self.saves.values()]
        needed += [load.runtime for load in self.loads.values()]
        needed += [trial.runtime for trial in self.trials.values()]
        return tuple(dict.fromkeys(needed))


def load_of(cell: Cell) -> Load | None:
    """The load that answers a cell; None where the making of an artifact does."""
    if cell.makes is not None or cell.loader is None or cell.load_runtime is None:
        return None
    return Load(cell.save, cell.loader, cell.load_runtime, cell.operation)


def save_key(save: Save) -> str:
    """A save's identity in a run."""
    return save.key


def load_key(load: Load) -> str:
    """A load's identity in a run."""
    return f"{save_key(load.save)}:{load.loader.name}:{load.runtime.name}:{load.operation}"
