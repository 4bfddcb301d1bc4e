"""An agent as a process of this machine, in a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.runtimes.channel import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_tfroundtrip.runtimes.launch import Launch


class SubprocessChannel:
    """See :class:`channel.Channel`.

    The session of its own keeps Ctrl-C in a terminal to pytest alone. The agent ends when its stdin
    does: also when this process is killed.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def open(cls, launch: Launch, log: Path) -> SubprocessChannel:
        """Start it."""
        with log.open("ab") as stderr:
            process = await asyncio.create_subprocess_exec(
                *launch.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=stderr,
                env=dict(launch.env),
                cwd=launch.cwd,
                limit=LINE_LIMIT,
                start_new_session=True,
            )
        return cls(process)

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    async def read(self) -> bytes:
        """The next line."""
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        return await self._process.stdout.readline()

    async def write(self, line: bytes) -> None:
        """Send a line."""
        self.send_soon(line)
        with contextlib.suppress(ConnectionError):
            await self._stdin.drain()

    def send_soon(self, line: bytes) -> None:
        """Send a line without waiting for room."""
        self._stdin.write(line)

    def close_stdin(self) -> None:
        """End its stdin."""
        with contextlib.suppress(OSError):
            self._stdin.close()

    async def ended(self) -> str:
        """Its exit code or signal, in words."""
        code = await self._process.wait()
        if code >= 0:
            return f"exit code {code}"
        with contextlib.suppress(ValueError):
            return f"killed by signal {-code} ({signal.Signals(-code).name})"
        return f"killed by signal {-code}"

    async def kill(self) -> None:
        """Kill its process group."""
        process = self._process
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        # No public call closes the pipes of a process that has ended. Left to the collector, they
        # are a ResourceWarning after the loop is gone, which `filterwarnings = error` makes fatal.
        transport = getattr(process, "_transport", None)
        if transport is not None:
            transport.close()

    async def hand_over(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """As it is: both sides see the same files."""
        return dict(message)

    async def take_back(
        self,
        message: Mapping[str, Any],  # noqa: ARG002
        answer: Mapping[str, Any],
    ) -> dict[str, Any]:
        """As it is."""
        return dict(answer)

    @property
    def _stdin(self) -> asyncio.StreamWriter:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        return self._process.stdin
