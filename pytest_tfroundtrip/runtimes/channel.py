"""What an agent is to the code that talks to it, wherever its process runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LINE_LIMIT = 64 << 20  # bytes of one message, as the agent has it
GRACE_SECONDS = 2.0  # from the end of its stdin to the kill of an agent


class Channel(Protocol):
    """An agent's stdin and stdout, and the process or container behind them.

    All its methods belong to one event loop.
    """

    @property
    def pid(self) -> int | None:
        """Its process on this machine; None where that is not known."""

    async def read(self) -> bytes:
        """The next line, b"" at the end.

        Raises:
            ValueError: a line over LINE_LIMIT.
            OSError: it cannot be read.
        """

    async def write(self, line: bytes) -> None:
        """Send a line. Once the agent is gone nothing happens: :meth:`read` tells its end."""

    def send_soon(self, line: bytes) -> None:
        """Send a line without waiting for room."""

    def close_stdin(self) -> None:
        """End its stdin, which ends an agent. Again is no harm."""

    async def ended(self) -> str:
        """Wait until it has ended; how, in words."""

    async def kill(self) -> None:
        """Kill it and let go of everything. Again is no harm."""

    async def hand_over(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A step as the agent is to see it.

        Raises:
            AgentDied: it names what this agent cannot reach; another one could.
        """

    async def take_back(
        self, message: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer as this side is to see it, once what was written is where it belongs.

        ``message`` is the step as it was before :meth:`hand_over`.
        """


class Launcher(Protocol):
    """What starts one agent."""

    @property
    def title(self) -> str:
        """What is started: an interpreter, an image."""

    @property
    def remake(self) -> str:
        """The commands that make its environment again."""

    async def open(self, log: Path) -> Channel:
        """Start the agent; ``log`` gets what it prints outside of steps.

        Raises:
            OSError: the program, the folder or the log is out of reach.
            EnvironmentFailed: it cannot be started for a reason that is known.
        """
