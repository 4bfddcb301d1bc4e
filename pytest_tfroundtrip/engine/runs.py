"""The folder of one run: results and logs, gone with the run unless ``--tf-keep`` names a place."""

from __future__ import annotations

import re
import shutil
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class RunFolder:
    """Where a run's results and logs are. Its lock says that the run is alive."""

    path: Path
    kept: bool
    _lock: FileLock
    _names: dict[str, int] = field(default_factory=dict)

    @classmethod
    def make(cls, cache: Path, keep: Path | None) -> RunFolder:
        """A new folder; what dead runs left in the cache is swept.

        Raises:
            OSError: the folder cannot be written.
        """
        if keep is not None:
            keep.mkdir(parents=True, exist_ok=True)
            path = keep
        else:
            runs = cache / "runs"
            runs.mkdir(parents=True, exist_ok=True)
            path = runs / uuid.uuid4().hex[:12]
            # Another run that starts now must not sweep this folder before it is locked.
            with FileLock(runs / ".lock"):
                _sweep(runs)
                path.mkdir()
                lock = _alive(path)
            return cls(path, kept=False, _lock=lock)
        try:
            return cls(path, kept=True, _lock=_alive(path))
        except Timeout:
            msg = f"another run is using {path}"
            raise OSError(msg) from None

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
        self._lock.release()
        if not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)

    def _unique(self, name: str) -> str:
        """Names come from ids; two models may share one."""
        safe = re.sub(r"[^\w.+-]", "_", name)
        count = self._names[safe] = self._names.get(safe, 0) + 1
        return safe if count == 1 else f"{safe}-{count}"


def _alive(path: Path) -> FileLock:
    lock = FileLock(path / ".alive", thread_local=False)
    lock.acquire(blocking=False)
    return lock


def _sweep(runs: Path) -> None:
    """Remove the folders of runs that were killed: nobody holds their lock."""
    for path in [each for each in runs.iterdir() if each.is_dir()]:
        lock = FileLock(path / ".alive", timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(path, ignore_errors=True)
