"""The folder of one run: results and logs, gone with the run unless ``--tf-keep`` names a place."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_tfroundtrip.engine.held import Held

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class RunFolder:
    """Where a run's results and logs are."""

    held: Held
    kept: bool
    _names: dict[str, int] = field(default_factory=dict)

    @classmethod
    def make(cls, cache: Path, keep: Path | None) -> RunFolder:
        """A new folder; what dead runs left in the cache is swept.

        Raises:
            OSError: the folder cannot be written.
        """
        if keep is None:
            return cls(Held.make(cache / "runs"), kept=False)
        keep.mkdir(parents=True, exist_ok=True)
        return cls(Held.hold(keep), kept=True)

    @property
    def path(self) -> Path:
        """The folder."""
        return self.held.path

    def file(self, name: str, suffix: str) -> Path:
        """A path for a file that no other step of this run writes."""
        return self.path / f"{self._unique(name)}.{suffix}"

    def folder(self, name: str) -> Path:
        """A new empty folder."""
        path = self.path / self._unique(name)
        path.mkdir(exist_ok=True)
        return path

    def remove(self) -> None:
        """Remove it, unless it is to be kept."""
        if self.kept:
            self.held.release()
        else:
            self.held.remove()

    def _unique(self, name: str) -> str:
        """Names come from ids; two models may share one."""
        safe = re.sub(r"[^\w.+-]", "_", name)
        count = self._names[safe] = self._names.get(safe, 0) + 1
        return safe if count == 1 else f"{safe}-{count}"
