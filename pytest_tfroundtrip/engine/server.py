"""The same engine for the workers of pytest-xdist: JSON lines over a Unix socket.

The controller owns the one engine; a worker sends the cells that it selected, waits until their
environments are there, then asks for one cell at a time. A request is answered by one line.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.agent.wire import decode_message, encode_message
from pytest_tfroundtrip.cells import Cell, from_json
from pytest_tfroundtrip.observation import Observation
from pytest_tfroundtrip.observation import from_json as observation_from_json
from pytest_tfroundtrip.statement import from_json as trial_from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_tfroundtrip.engine.engine import Engine
    from pytest_tfroundtrip.statement import Trial

LONGEST_FOLDER = 80  # characters
LINE_LIMIT = 1 << 28  # bytes: 10,000 cells are about 5 MB


class EngineServer:
    """Answers the workers of this machine, and nobody else: the socket's folder is 0700."""

    def __init__(self, engine: Engine, listener: Callable[[dict[str, Any]], None]) -> None:
        self._engine = engine
        self._listener = listener  # hears what workers send along with their cells
        # A socket's path has 107 bytes at most, so not below pytest's own long folders.
        short = len(tempfile.gettempdir()) < LONGEST_FOLDER
        self._folder = Path(tempfile.mkdtemp(prefix="tfrt-", dir=None if short else "/tmp"))  # noqa: S108
        self.address = str(self._folder / "engine")
        self._server: asyncio.Server | None = None
        self._hearing = asyncio.Lock()

    def start(self) -> None:
        """Listen, in the engine's loop."""
        self._engine.call(self._start())

    def stop(self) -> None:
        """Stop listening and remove the socket. Again is no harm."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(TimeoutError, concurrent.futures.TimeoutError):
                self._engine.call(_close(server), timeout=5)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self.address, limit=LINE_LIMIT)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            while line := await reader.readline():
                try:
                    answer = await self._answer(decode_message(line))
                except Exception as error:  # noqa: BLE001  a worker waits for an answer
                    answer = {"type": "failed", "message": f"{type(error).__name__}: {error}"}
                writer.write(encode_message(answer))
                await writer.drain()
        writer.close()

    async def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        own, known = self._engine.settings.own, self._engine.settings.apis
        if message["type"] == "submit":
            cells = [from_json(raw, own, known) for raw in message["cells"]]
            trials = [trial_from_json(raw, own) for raw in message["trials"]]
            await self._engine.submission(cells, trials)
            # One at a time: no worker begins before it is said what runs. And no thread is held
            # by those who wait: the loop's few are needed by whom they wait for.
            async with self._hearing:
                await asyncio.to_thread(self._listener, message["notes"])
            return {"type": "submitted"}
        if message["type"] == "wait":
            await asyncio.to_thread(self._engine.wait_until_prepared)
            return {"type": "prepared"}
        if message["type"] == "try":
            observation = await self._engine.trial(trial_from_json(message["trial"], own))
        else:
            observation = await self._engine.observation(from_json(message["cell"], own, known))
        return {"type": "observed", "observation": observation.to_json()}


async def _close(server: asyncio.Server) -> None:
    server.close()


class RemoteEngine:
    """A worker's view of the controller's engine."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address)
        self._file = self._socket.makefile("rb")
        self._lock = threading.Lock()

    def submit(
        self,
        cells: Iterable[Cell],
        notes: dict[str, Any] | None = None,
        trials: Iterable[Trial] = (),
    ) -> None:
        """Take cells and trials into the plan; ``notes`` are for the controller's report."""
        self._ask(
            {
                "type": "submit",
                "cells": [cell.to_json() for cell in cells],
                "trials": [trial.to_json() for trial in trials],
                "notes": notes or {},
            }
        )

    def wait_until_prepared(self) -> None:
        """Block until every environment that the plan needs is there, or known not to be."""
        self._ask({"type": "wait"})

    def observe(self, cell: Cell) -> Observation:
        """Block until the cell's result is there."""
        answer = self._ask({"type": "observe", "cell": cell.to_json()})
        return observation_from_json(answer["observation"])

    def observe_trial(self, trial: Trial) -> Observation:
        """Block until the result of a case under a runtime is there."""
        answer = self._ask({"type": "try", "trial": trial.to_json()})
        return observation_from_json(answer["observation"])

    def close(self) -> None:
        """Leave the engine alone."""
        with contextlib.suppress(OSError):
            self._file.close()
            self._socket.close()

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            self._socket.sendall(encode_message(message))
            line = self._file.readline()
        if not line:
            msg = "the engine of the xdist controller is gone"
            raise ConnectionError(msg)
        answer = decode_message(line)
        if answer["type"] == "failed":
            msg = f"the engine of the xdist controller could not answer: {answer['message']}"
            raise RuntimeError(msg)
        return answer
