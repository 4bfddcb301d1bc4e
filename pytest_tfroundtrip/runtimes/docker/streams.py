"""What an engine says while it works, read so that whoever listens can leave at any time."""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.runtimes.uv import Stopped

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from docker import APIClient
    from requests import Response

Event = dict[str, Any]
_POLL_SECONDS = 0.1


def follow(
    client: APIClient, ask: Callable[[APIClient], Iterable[Event]], stopped: Callable[[], bool]
) -> Generator[Event, None, None]:
    """The events of one long request, as they come.

    A thread reads them, for a read of a silent stream cannot be interrupted. When the listener
    leaves, be it by Ctrl-C, the connection is shut down: an engine then gives up what it does.

    Args:
        client: one that nobody else uses meanwhile.
        ask: makes the request and returns its events.
        stopped: asked a few times a second.

    Raises:
        Stopped: ``stopped`` said so.
        docker.errors.DockerException, requests.exceptions.RequestException: from ``ask``, or when
            the connection breaks.
    """
    line = _Line()
    said: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
    client.hooks["response"].append(line.opened)

    def read() -> None:
        try:
            for event in ask(client):
                said.put(event)
        except BaseException as error:  # noqa: BLE001 - raised again by who listens
            said.put(error)
        else:
            said.put(None)

    threading.Thread(target=read, name="tf-roundtrip-stream", daemon=True).start()
    try:
        while True:
            if stopped():
                raise Stopped
            try:
                event = said.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if event is None:
                return
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        client.hooks["response"].remove(line.opened)
        line.cut()


class _Line:
    """The connection of a request that may not have been answered yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._responses: list[Response] = []
        self._cut = False

    def opened(self, response: Response, *_: Any, **__: Any) -> None:
        """Take note of a response, before anything of it is read: a hook of requests."""
        with self._lock:
            self._responses.append(response)
            cut = self._cut
        if cut:
            _shut(response)

    def cut(self) -> None:
        """Shut down what is open, and whatever opens from now on."""
        with self._lock:
            self._cut = True
        for response in self._responses:
            _shut(response)


def _shut(response: Response) -> None:
    """Shut a connection down; merely closing it would not wake who reads from it."""
    from docker.types import CancellableStream  # noqa: PLC0415

    # Whatever goes wrong with it, it is open no more: it had ended, or is an SSH channel.
    with contextlib.suppress(Exception):
        CancellableStream(iter(()), response).close()
    with contextlib.suppress(Exception):
        response.close()
