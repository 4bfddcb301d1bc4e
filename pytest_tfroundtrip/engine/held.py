"""A folder that is a living process's: whoever finds it without its lock may remove it."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Held:
    """A folder and the lock in it, which the kernel releases however its process ends."""

    path: Path
    _lock: FileLock

    @classmethod
    def make(cls, parent: Path) -> Held:
        """A new folder in ``parent``, from which what dead processes left is removed.

        Raises:
            OSError: it cannot be written.
        """
        parent.mkdir(parents=True, exist_ok=True)
        path = parent / uuid.uuid4().hex[:12]
        # Another process that starts now must not sweep this folder before it is held.
        with FileLock(parent / ".lock"):
            _sweep(parent)
            path.mkdir()
            return cls.hold(path)

    @classmethod
    def hold(cls, path: Path) -> Held:
        """Hold a folder that is there.

        Raises:
            OSError: another process does.
        """
        lock = FileLock(path / ".alive", thread_local=False)
        try:
            lock.acquire(blocking=False)
        except Timeout:
            msg = f"another run is using {path}"
            raise OSError(msg) from None
        return cls(path, lock)

    def release(self) -> None:
        """Let go of it; it stays."""
        self._lock.release()

    def remove(self) -> None:
        """Remove it."""
        self.release()
        shutil.rmtree(self.path, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders in ``parent`` that dead processes left.

    Raises:
        OSError: it cannot be written.
    """
    if parent.is_dir():
        with FileLock(parent / ".lock"):
            _sweep(parent)


def _sweep(parent: Path) -> None:
    for path in [each for each in parent.iterdir() if each.is_dir()]:
        lock = FileLock(path / ".alive", timeout=0)
        try:
            lock.acquire()
        except (Timeout, OSError):
            continue
        lock.release()
        shutil.rmtree(path, ignore_errors=True)
