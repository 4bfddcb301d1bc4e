"""Keeps processes, and threads, from making the same thing at once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pytest_tfroundtrip.runtimes.uv import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def alone(
    file: Path, stopped: Callable[[], bool], waiting: Callable[[], None] = lambda: None
) -> Iterator[None]:
    """Hold the lock of a file, which is made if need be.

    Args:
        file: the lock file. It stays: removing it would race with who waits for it.
        stopped: says when to give up waiting.
        waiting: called once if somebody else holds it.

    Raises:
        Stopped: ``stopped`` said so before it was had.
        OSError: the file cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock, told = FileLock(file), False
    while True:
        try:
            lock.acquire(timeout=_POLL_SECONDS)
            break
        except Timeout:
            if stopped():
                raise Stopped from None
            if not told:
                waiting()
                told = True
    try:
        yield
    finally:
        lock.release()
