"""Runs uv, from its PyPI package; several at once, all of which can be stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from typing import TYPE_CHECKING

from uv import find_uv_bin

from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# An active environment, or an interpreter that the user's shell prefers, is not what is made here.
_NOT_PASSED_ON = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PYTHON", "UV_SYSTEM_PYTHON", "PYTHONPATH")

# What uv says when the network is not there, or refuses (uv 0.5 to 0.13).
_OFFLINE = (
    "error sending request",
    "Failed to fetch",
    "Could not connect",
    "dns error",
    "network connectivity is disabled",
    "network was disabled",
    "operation timed out",
)
_UNKNOWN = ("no version of", "no versions of", "not found in the cache")
_NO_SPACE = ("No space left on device", "os error 28", "Disk quota exceeded")
_FINDING = threading.Lock()
_NO_ACCESS = ("Read-only file system", "Permission denied")


class UvFailed(Exception):  # noqa: N818 - says what happened
    """uv ended with an error: what it said, as it said it."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said

    @property
    def offline(self) -> bool:
        """Whether the network was missing, or forbidden by the user (UV_OFFLINE)."""
        if os.environ.get("UV_OFFLINE", "").lower() in ("1", "true") and _any(_UNKNOWN, self.said):
            return True
        return _any(_OFFLINE, self.said)

    @property
    def disk_full(self) -> bool:
        """Whether there was no room."""
        return _any(_NO_SPACE, self.said)

    @property
    def no_access(self) -> bool:
        """Whether a folder could not be written."""
        return _any(_NO_ACCESS, self.said)

    @property
    def hash_mismatch(self) -> bool:
        """Whether what was downloaded is not what the lock names."""
        return "Hash mismatch" in self.said


class Stopped(Exception):  # noqa: N818 - says what happened
    """The work was given up: Ctrl-C."""


class Uv:
    """uv's processes of one piece of work. Safe to be used from several threads."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @property
    def stopped(self) -> bool:
        """Whether :meth:`stop` was called."""
        return self._stopped

    def run(
        self, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> str:
        """Run uv and return its stdout.

        Raises:
            UvFailed: it ended with an error.
            EnvironmentFailed: there is no uv.
            Stopped: :meth:`stop` was called.
        """
        program = _program()
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                [program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                cwd=cwd,
                env=_environ(env or {}),
                start_new_session=True,  # Ctrl-C is ours to handle: see stop()
            )
            self._running.add(process)
        try:
            out, said = process.communicate()
        except BaseException:
            _kill(process)
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise Stopped
        if process.returncode != 0:
            raise UvFailed(said.strip() or f"uv ended with exit code {process.returncode}")
        return out

    def stop(self) -> None:
        """Kill what is running; what is asked for later raises Stopped."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                _kill(process)


def _program() -> str:
    # Under a lock: it asks sysconfig, which several threads must not do first (Python 3.11 then
    # gives None for what it has not read yet).
    with _FINDING:
        try:
            return str(find_uv_bin())
        except FileNotFoundError as error:
            msg = f"uv's program is missing ({error}). Install it again: pip install uv"
            raise EnvironmentFailed(msg) from error


def _environ(more: Mapping[str, str]) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
    return {**kept, "NO_COLOR": "1", "UV_NO_PROGRESS": "1", **more}


def _kill(process: subprocess.Popen[str]) -> None:
    """Kill uv and the builds it runs."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(pattern in text for pattern in patterns)
