"""The agent's other end: starts an agent, hands it steps, takes the results as they come."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pytest_tfroundtrip.agent import wire
from pytest_tfroundtrip.errors import AgentDied, EnvironmentFailed
from pytest_tfroundtrip.runtimes.channel import GRACE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.channel import Channel, Launcher

_TAIL_BYTES = 4000  # of the agent's log, in a message
_TAIL_LINES = 25


@dataclass(frozen=True)
class Hello:
    """What an agent says of itself once TensorFlow is imported."""

    versions: Mapping[str, str | None]  # tensorflow, keras, tensorflow_hub, numpy, python
    import_seconds: float
    pid: int
    fork: bool = True  # each step in a fork; else in a process of its own
    warmup: tuple[str, ...] = ()
    apis: Mapping[str, bool] = field(default_factory=dict)  # API: whether it is there
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the message as it came


class AgentProcess:
    """One agent, in a process or a container. All its methods belong to one event loop."""

    def __init__(self, runtime: Runtime | None = None) -> None:
        self._runtime = runtime
        self._what = ""  # what is started: an interpreter, an image
        self._title = f"the agent of {runtime.process}" if runtime else "the agent"
        self._opened: Channel | None = None
        self._reader: asyncio.Task[None] | None = None
        self._log: Path | None = None
        self._remake = ""
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._ids = count(1)
        self._end: str | None = None  # why no step can be run any more
        self._closing = False

    @property
    def pid(self) -> int | None:
        """The process id; None before the start, and where it is not known."""
        return self._opened.pid if self._opened else None

    @property
    def alive(self) -> bool:
        """Whether it can run steps."""
        return self._opened is not None and self._end is None

    async def start(self, launch: Launcher, *, log: Path, start_timeout: float) -> Hello:
        """Start the agent and wait until it has imported TensorFlow.

        Args:
            launch: what starts it.
            log: gets all that the agent and TensorFlow print outside of steps.
            start_timeout: seconds that this may take.

        Raises:
            EnvironmentFailed: it does not start, or is not what its runtime says.
        """
        self._log, self._remake, self._what = log, launch.remake, launch.title
        try:
            self._opened = await launch.open(log)
        except OSError as error:
            msg = (
                f"{self._title} could not be started ({launch.title}): {error}. Its interpreter,"
                f" its folder or the log's folder is gone or out of bounds.{self._advice()}"
            )
            raise EnvironmentFailed(msg) from error
        try:
            message = await asyncio.wait_for(self._greeting(), start_timeout)
            hello = self._hello(message)
        except asyncio.TimeoutError:
            await self._kill()
            msg = (
                f"{self._title} was killed: it had not imported TensorFlow after"
                f" {start_timeout:g} s. A first import of a new environment on a slow disk or a"
                f" busy machine takes long; try again.{self._tail()}"
            )
            raise EnvironmentFailed(msg) from None
        except BaseException:
            await self._kill()
            raise
        self._reader = asyncio.create_task(self._read())
        return hello

    async def step(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Run a step and return its result. Many may be under way at once.

        A call that is cancelled cancels its step in the agent too.

        Args:
            message: the step as agent/wire.py has it; its id is given here.

        Raises:
            AgentDied: the agent ended before the step did.
        """
        if self._opened is None or self._end is not None:
            raise AgentDied(self._end or f"{self._title} has not been started")
        number = next(self._ids)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        asked = {"type": "step", **message, "id": number}
        try:
            line = wire.encode_message(await self._opened.hand_over(asked))
            await self._opened.write(line)
            return await self._opened.take_back(asked, await answer)
        except asyncio.CancelledError:
            self.cancel(number)
            raise
        finally:
            self._waiting.pop(number, None)

    def cancel(self, number: int) -> None:
        """Have the agent kill a step. Its result, if one was waited for, has status "cancelled"."""
        if self.alive and number in self._waiting:
            self._channel.send_soon(wire.encode_message({"type": "cancel", "id": number}))

    async def close(self) -> None:
        """End the agent: its stdin first, a kill after a grace. Again is no harm."""
        self._closing = True
        if self._opened is None:
            return
        self._opened.close_stdin()
        try:
            await asyncio.wait_for(self._opened.ended(), GRACE_SECONDS)
        except asyncio.TimeoutError:
            pass
        finally:
            await self._kill()

    # Its start

    async def _greeting(self) -> dict[str, Any]:
        """The agent's first message."""
        line = b""
        try:
            line = await self._channel.read()
            if line:
                message: dict[str, Any] = wire.decode_message(line)
                return message
        except ValueError as error:
            msg = (
                f"{self._title} wrote what is no message: {line[:200]!r} ({error}). Something in"
                " its environment writes to stdout before the agent takes it, such as a wrapper"
                f" script or a sitecustomize module.{self._tail()}"
            )
            raise EnvironmentFailed(msg) from error
        msg = (
            f"{self._title} ended before it had imported TensorFlow: {await self._how_it_ended()}."
            " Its interpreter or a library of its environment is broken, or memory ran out."
            f"{self._advice()}{self._tail()}"
        )
        raise EnvironmentFailed(msg)

    def _hello(self, message: Mapping[str, Any]) -> Hello:
        """The first message, if it is that of the runtime that was meant."""
        kind, protocol = message.get("type"), message.get("protocol")
        if kind == "unusable":
            reason = str(message.get("message")).rstrip(".")
            msg = (
                f"{self._title} is unusable: in {self._what} TensorFlow does not import: {reason}."
                f"{self._advice()}{self._tail()}"
            )
            raise EnvironmentFailed(msg)
        if kind != "hello" or protocol != wire.PROTOCOL:
            msg = (
                f"{self._title} speaks protocol {protocol!r}, this plugin protocol"
                f" {wire.PROTOCOL}: their files come from two versions of pytest-tfroundtrip."
                " Install it again."
            )
            raise EnvironmentFailed(msg)
        try:
            hello = Hello(
                versions=dict(message["versions"]),
                import_seconds=float(message["import_seconds"]),
                pid=int(message["pid"]),
                fork=bool(message.get("fork", True)),
                warmup=tuple(message.get("warmup") or ()),
                apis=dict(message.get("apis") or {}),
                raw=message,
            )
        except (KeyError, TypeError, ValueError) as error:
            msg = f"{self._title} introduced itself in a form this plugin cannot read: {error!r}"
            raise EnvironmentFailed(msg) from error
        self._verify(hello)
        return hello

    def _verify(self, hello: Hello) -> None:
        """Hold what the agent found against what the catalogue, or the user, says of it."""
        if self._runtime is None:
            return
        stated, found = self._runtime.release.tensorflow, hello.versions.get("tensorflow")
        if not same_version(stated, found):
            own = self._runtime.own
            where = f"[tool.tf_roundtrip.runtime.{own.name}]" if own else "the catalogue"
            msg = (
                f"{self._title} runs TensorFlow {found}, but {where} says {stated}.{self._advice()}"
            )
            raise EnvironmentFailed(msg)
        if unsafe := hello.raw.get("unsafe"):
            msg = f"{self._title} cannot run steps: {'; '.join(unsafe)}."
            raise EnvironmentFailed(msg)
        if wrong := hello.raw.get("contradictions"):
            msg = (
                f"{self._title} is not what it is declared to be: {'; '.join(wrong)}. Its"
                f" environment was changed, or the declaration is wrong.{self._advice()}"
            )
            raise EnvironmentFailed(msg)

    # Its life

    async def _read(self) -> None:
        """Hand out the results until the agent's end, then tell all who still wait."""
        broken = None
        try:
            while line := await self._channel.read():
                self._take(wire.decode_message(line))
        except ValueError as error:  # no JSON, or a line over LINE_LIMIT
            broken = f"it wrote what is no message: {error}"
        except OSError as error:
            broken = f"its stdout could not be read: {error}"
        if broken:
            await self._kill()
        ended = broken or await self._how_it_ended()
        if self._closing:
            self._end = f"{self._title} was ended before this step was done"
        else:
            self._end = (
                f"{self._title} died: {ended}. Its steps run in processes of their own, so this"
                " is no step's doing as a rule: look for a machine out of memory, or a kill from"
                f" outside.{self._tail()}"
            )
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(AgentDied(self._end))

    def _take(self, message: Mapping[str, Any]) -> None:
        number = message.get("id")
        answer = self._waiting.get(number) if isinstance(number, int) else None
        if answer is not None and not answer.done() and message.get("type") == "result":
            answer.set_result(dict(message))

    async def _how_it_ended(self) -> str:
        """In words. Its stdout is at its end, so it is about to go, or made to."""
        try:
            return await asyncio.wait_for(self._channel.ended(), GRACE_SECONDS)
        except asyncio.TimeoutError:
            await self._kill()
            return "it closed its stdout and stayed, and was killed"

    async def _kill(self) -> None:
        """Kill it, if it is still there, and let go of what belongs to it."""
        if self._opened is None:
            return
        await self._opened.kill()
        if self._reader is not None and self._reader is not asyncio.current_task():
            await asyncio.wait([self._reader], timeout=GRACE_SECONDS)
            self._reader.cancel()

    # For its messages

    def _advice(self) -> str:
        if self._runtime is None:
            return ""
        if self._runtime.own:
            return f" Check [tool.tf_roundtrip.runtime.{self._runtime.own.name}]."
        return (
            " If nothing else helps, make the environment again:"
            f" python -m pytest_tfroundtrip {self._remake}."
        )

    def _tail(self) -> str:
        """The end of the agent's log, for the end of a message."""
        tail = log_tail(self._log) if self._log else ""
        return f"\nThe end of its log, {self._log}:\n{tail}" if tail else ""

    @property
    def _channel(self) -> Channel:
        assert self._opened is not None  # noqa: S101 - for mypy: called after the start only
        return self._opened


def log_tail(log: Path) -> str:
    """The last lines of a log; empty where there is nothing to read."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.strip().splitlines()[-_TAIL_LINES:])


def same_version(stated: str, found: str | None) -> bool:
    """Whether two spellings are one version; a local part ("2.15.1+cpu") doesn't count."""
    if found is None:
        return False
    try:
        return Version(stated).public == Version(found).public
    except InvalidVersion:
        return stated == found
