"""An agent as PID 1 of a container, talked to over the engine's attached stream.

Attached before it is started, so that nothing is missed. The engine closes the container's stdin
when this side goes, also when it is killed; an agent ends with its stdin, and the engine removes
the container.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import threading
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.channel import LINE_LIMIT
from pytest_tfroundtrip.runtimes.docker import sandbox
from pytest_tfroundtrip.runtimes.docker.client import explain, is_disk_full
from pytest_tfroundtrip.runtimes.docker.exchange import INSIDE, OUT, Exchange, Mounted
from pytest_tfroundtrip.runtimes.docker.owner import LABEL, OWNER, owner
from pytest_tfroundtrip.runtimes.launch import agent_config, agent_extension, agent_main

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from docker import DockerClient

    from pytest_tfroundtrip.catalogue.extensions import Extension
    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.limits import Limits
    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine
    from pytest_tfroundtrip.runtimes.provider import Workplace

# The words under which an image may have its Python on PATH: Debian's and the official TensorFlow
# images have python3, a virtual environment first on PATH has both.
PYTHONS = ("python3", "python")
LOG_LIMIT = 64 << 20  # bytes of an agent's log that are kept
RESTART_SECONDS = 30.0  # that an engine may take to come back
_AGAIN_SECONDS = 0.5  # between two tries
_END_SECONDS = 10.0
_KILLED = 137  # 128 + SIGKILL


@dataclass(frozen=True)
class ContainerLaunch:
    """What starts one agent in a container. See :class:`channel.Launcher`."""

    engine: ContainerEngine
    image: str  # its id
    runtime: Runtime
    workplace: Workplace
    limits: Limits
    cpus: int

    @property
    def title(self) -> str:
        """What is started."""
        own = self.runtime.own
        return own.image if own and own.image else f"the image of {self.runtime.environment}"

    @property
    def remake(self) -> str:
        """The commands that make the image again."""
        name = self.runtime.environment
        return f"images remove {name}, then images build {name}"

    async def open(self, log: Path) -> ContainerChannel:
        """Make the container, attach to it, start it."""
        unwanted = threading.Event()
        opening = asyncio.ensure_future(
            asyncio.to_thread(self._open, log, asyncio.get_running_loop(), unwanted)
        )
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread goes on: what it makes has to be ended as well.
            unwanted.set()
            with contextlib.suppress(Exception):
                await (await opening).kill()
            raise

    def _open(
        self, log: Path, loop: asyncio.AbstractEventLoop, unwanted: threading.Event
    ) -> ContainerChannel:
        """Wait for an engine that is being restarted: its containers are gone, the run is not."""
        if self.workplace.untrusted:
            sandbox.check_limits(self.engine)
        until = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                return self._opened(log, loop)
            except _Away as error:
                if time.monotonic() > until or unwanted.wait(_AGAIN_SECONDS):
                    raise EnvironmentFailed(str(error)) from error

    def _opened(self, log: Path, loop: asyncio.AbstractEventLoop) -> ContainerChannel:
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import ConnectionError as NoConnection  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        exchange = self._exchange()
        client = self.engine.open()
        try:
            image = inspect_image(client, self.image)
            return self._started(client, image, exchange, log, loop)
        except BaseException as error:
            client.close()
            exchange.remove()
            if isinstance(error, (NoConnection, ConnectionError)):
                msg = (
                    f"{self.engine.name} at {self.engine.address} does not answer any more:"
                    f" {explain(error)}. Start it again (systemctl start docker, or what it was"
                    " started with) and run again: nothing of this run is left in it."
                )
                raise _Away(msg) from error
            if isinstance(error, (DockerException, RequestException)):
                raise EnvironmentFailed(self._why(error)) from error
            raise

    def _started(
        self,
        client: DockerClient,
        image: Mapping[str, Any],
        exchange: Exchange,
        log: Path,
        loop: asyncio.AbstractEventLoop,
    ) -> ContainerChannel:
        mounted = exchange.make()
        for python in PYTHONS:
            container = self._create(client, python, mounted, image)
            try:
                return ContainerChannel(
                    client,
                    container,
                    exchange=exchange,
                    launch=self,
                    platform=platform_of(image),
                    log=log,
                    loop=loop,
                )
            except _NoPython:
                continue
        msg = (
            f"{self.title} has no Python on its PATH (asked for {' and '.join(PYTHONS)}). A"
            " runtime's image needs the Python that TensorFlow is installed in."
        )
        raise EnvironmentFailed(msg)

    def _exchange(self) -> Exchange:
        package = agent_main().parent
        reads = (
            Mounted(path, f"{INSIDE}/read/{number}")
            for number, path in enumerate(self.workplace.reads)
        )
        return Exchange(
            self.workplace.folder,
            (
                Mounted(package, f"{INSIDE}/agent"),
                Mounted(self.workplace.apis, f"{INSIDE}/apis.json"),
                *reads,
                # Last: a model beside a third party's files is seen where models are.
                *(
                    Mounted(here, inside)
                    for each, seen in self._extensions()
                    for here, inside in ((each.apis, seen["apis"]), (each.agent, seen["agent"]))
                ),
            ),
            copies=self.workplace.untrusted,
        )

    def _extensions(self) -> Iterator[tuple[Extension, dict[str, Any]]]:
        """Third parties' files, and where the agent finds them."""
        for number, each in enumerate(self.workplace.extensions):
            folder = f"{INSIDE}/extensions/{number}"
            agent = f"{folder}/agent{each.agent.suffix if each.agent.is_file() else ''}"
            yield each, agent_extension(each, f"{folder}/apis.json", agent)

    def _create(
        self,
        client: DockerClient,
        python: str,
        mounted: tuple[Mounted, ...],
        image: Mapping[str, Any],
    ) -> str:
        api = client.api
        volumes = (image.get("Config") or {}).get("Volumes") or ()
        config = sandbox.host_config(
            self.engine, self.limits, mounted, cpus=self.cpus, volumes=volumes
        )
        made = api.create_container(
            self.image,
            entrypoint=[python],
            command=["-B", "-s", f"{INSIDE}/agent/__main__.py", self._config()],
            name=f"tf-roundtrip-{self.runtime.process.replace('+', '-')}-{secrets.token_hex(4)}",
            user=sandbox.user_of(self.engine),
            working_dir=sandbox.SCRATCH,
            environment=sandbox.environment(self.runtime.process_env),
            labels={LABEL: version("pytest-tfroundtrip"), OWNER: owner()},
            hostname="sandbox",
            stdin_open=True,
            healthcheck={"test": ["NONE"]},
            host_config=api.create_host_config(**config),
        )
        return str(made["Id"])

    def _config(self) -> str:
        # What the user's own models write while they are saved may be large, and goes where the
        # artifact goes; others' stays in memory.
        scratch = f"{sandbox.SCRATCH}/scratch" if self.workplace.untrusted else None
        return agent_config(
            self.runtime,
            f"{INSIDE}/apis.json",
            [seen for _, seen in self._extensions()],
            sandbox={
                "exclusive": self.workplace.untrusted,
                "disk": self.limits.disk,
                "scratch": scratch,
                "outbox": OUT,
            },
        )

    def _why(self, error: Exception) -> str:
        from docker.errors import NotFound  # noqa: PLC0415

        said = explain(error)
        if is_disk_full(error):
            return (
                f"no container of {self.title} can be made: the engine's disk is full. Make room:"
                f" docker system df shows what takes it; python -m pytest_tfroundtrip images"
                f" remove --unused frees ours. The engine says: {said}"
            )
        if isinstance(error, NotFound):
            return (
                f"{self.title} was there, and is gone: somebody removed it while this ran. Run"
                f" again. The engine says: {said}"
            )
        if "bind source path does not exist" in said or "mounts denied" in said:
            return (
                f"the engine at {self.engine.address} does not see this machine's folders. It is on"
                " another machine, in a container of its own or (Docker Desktop) not allowed to"
                " share them: use one on this machine, put --tf-cache in a folder that it shares,"
                f" or take --tf-provider=venv. The engine says: {said}"
            )
        return f"no container of {self.title} can be started by {self.engine.name}: {said}"


def inspect_image(client: DockerClient, reference: str) -> dict[str, Any]:
    """What the engine says of an image.

    Raises:
        docker.errors.ImageNotFound: it is not there.
    """
    inspect: Any = client.api.inspect_image
    found: dict[str, Any] = inspect(reference)
    return found


def platform_of(image: Mapping[str, Any]) -> str:
    """What an image is made for: "linux/amd64"."""
    return f"{image.get('Os') or 'linux'}/{image.get('Architecture') or '?'}"


class _Away(Exception):  # noqa: N818  caught where it is waited for
    """The engine cannot be reached."""


class _NoPython(Exception):  # noqa: N818  caught where the next name is tried
    """The image has no such program."""


class ContainerChannel:
    """See :class:`channel.Channel`. Two threads wait for the engine: its stream, its last word."""

    pid: int | None = None  # in a namespace of its own

    def __init__(
        self,
        client: DockerClient,
        container: str,
        *,
        exchange: Exchange,
        launch: ContainerLaunch,
        platform: str,
        log: Path,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._client, self._container = client, container
        self._exchange, self._launch, self._log = exchange, launch, log
        self._platform = platform
        self._loop = loop
        self._lines = asyncio.StreamReader(limit=LINE_LIMIT, loop=loop)
        self._exit: asyncio.Future[str] = loop.create_future()
        self._writing = asyncio.Lock()
        self._sends: set[asyncio.Task[None]] = set()
        self._released = False
        self._started = time.time()
        self._stream: Any = None
        self._socket: socket.socket | None = None
        try:
            self._begin()
        except BaseException:
            self._disconnect()
            with contextlib.suppress(Exception):
                client.api.remove_container(container, force=True, v=True)
            raise
        self._threads = [
            threading.Thread(target=work, name=f"tf-roundtrip-{word}", daemon=True)
            for word, work in (("stream", self._pump), ("wait", self._wait))
        ]
        for thread in self._threads:
            thread.start()

    def _begin(self) -> None:
        from docker.errors import APIError  # noqa: PLC0415

        api = self._client.api
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._stream = api.attach_socket(self._container, params=streams)
        # A SocketIO around the socket, or (TLS, ssh) the socket itself.
        self._socket = getattr(self._stream, "_sock", self._stream)
        self._socket.settimeout(None)
        try:
            api.start(self._container)
        except APIError as error:
            if "executable file not found" in explain(error):
                raise _NoPython from error
            raise

    async def read(self) -> bytes:
        """The next line."""
        return await self._lines.readline()

    async def write(self, line: bytes) -> None:
        """Send a line."""
        async with self._writing:
            await asyncio.to_thread(self._send, line)

    def send_soon(self, line: bytes) -> None:
        """Send a line after those that are on their way."""
        task = self._loop.create_task(self.write(line))
        self._sends.add(task)
        task.add_done_callback(self._sends.discard)

    def close_stdin(self) -> None:
        """End its stdin."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_WR)

    async def ended(self) -> str:
        """Its exit code, out of memory told apart, in words."""
        return await asyncio.shield(self._exit)

    async def kill(self) -> None:
        """Remove the container, running or not, and wait until it is gone."""
        if self._released:
            return
        self._released = True
        if not self._exit.done():
            await asyncio.to_thread(self._remove)
            await asyncio.wait([self._exit], timeout=_END_SECONDS)
        self._disconnect()
        await asyncio.to_thread(self._release)

    async def hand_over(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The step with the container's paths."""
        return await self._exchange.hand_over(message)

    async def take_back(
        self, message: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer with this side's paths; what the step wrote is where they say."""
        return await self._exchange.take_back(message, answer)

    # In threads

    def _send(self, line: bytes) -> None:
        # After its death sends go nowhere, with or without an error: its end is told by read().
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sendall(line)

    def _pump(self) -> None:
        from docker.utils import socket as streams  # noqa: PLC0415

        frames: Any = streams.frames_iter
        written = 0
        try:
            with self._log.open("ab", buffering=0) as log:
                for stream, data in frames(self._stream, tty=False):
                    if stream == streams.STDOUT:
                        self._soon(self._lines.feed_data, data)
                    elif written < LOG_LIMIT:
                        written += log.write(data)
        except (OSError, ValueError, streams.SocketError):
            pass  # the connection is gone, so is the agent
        finally:
            self._soon(self._lines.feed_eof)

    def _wait(self) -> None:
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        client = self._launch.engine.open()
        try:
            answer = client.api.wait(self._container, timeout=None, condition="removed")
            words = self._words(client, int(answer.get("StatusCode", -1)))
        except (DockerException, RequestException, OSError) as error:
            if getattr(error, "status_code", None) == 404:  # noqa: PLR2004 - already removed
                words = self._words(client, None)
            else:
                words = f"the container engine does not answer any more: {explain(error)}"
        finally:
            client.close()
        self._soon(self._exit.set_result, words)

    def _words(self, client: DockerClient, code: int | None) -> str:
        """How it ended; ``code`` is None where the engine had forgotten it already."""
        out_of_memory, last = self._events(client)
        code = last if code is None else code
        if out_of_memory and code == _KILLED:
            limit = sandbox.memory_of(self._launch.limits, self._launch.engine)
            return (
                f"it ran out of memory: its container may have {limit >> 20} MiB (memory ="
                " ... in [tool.tf_roundtrip.sandbox])"
            )
        wrong = ""
        if self._platform != self._launch.engine.platform:
            wrong = (
                f"; the image is made for {self._platform}, the engine runs"
                f" {self._launch.engine.platform}"
            )
        if code is None:
            return f"its container ended{wrong}"
        if code == _KILLED:
            return f"killed by signal 9 (SIGKILL){wrong}"
        return f"exit code {code}{wrong}"

    def _events(self, client: DockerClient) -> tuple[bool, int | None]:
        """What the engine remembers of the container: memory ran out, its exit code."""
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        wanted = {"container": self._container, "event": ["oom", "die"]}
        out_of_memory, code = False, None
        with contextlib.suppress(DockerException, RequestException, OSError, ValueError):
            for event in client.events(
                since=int(self._started) - 1,
                until=int(time.time()) + 1,
                filters=wanted,
                decode=True,
            ):
                if event.get("status") == "oom":
                    out_of_memory = True
                elif event.get("status") == "die":
                    code = int(event["Actor"]["Attributes"].get("exitCode", -1))
                    break
        return out_of_memory, code

    def _remove(self) -> None:
        from docker.errors import DockerException  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        client = self._launch.engine.open()
        try:
            with contextlib.suppress(DockerException, RequestException, OSError):
                client.api.remove_container(self._container, force=True, v=True)
        finally:
            client.close()

    def _release(self) -> None:
        for thread in self._threads:
            thread.join(_END_SECONDS)
        self._client.close()
        self._exchange.remove()

    def _disconnect(self) -> None:
        """Shut the stream: whoever reads it wakes up."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        if self._stream is not None:
            # The SDK keeps the response with the stream it took out of it; its buffered reader
            # closes the stream itself.
            response = getattr(self._stream, "_response", None)
            with contextlib.suppress(OSError):
                (response or self._stream).close()

    def _soon(self, call: Any, *arguments: Any) -> None:
        def settle() -> None:
            if call is not self._exit.set_result or not self._exit.done():
                call(*arguments)

        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody wants to know
            self._loop.call_soon_threadsafe(settle)
