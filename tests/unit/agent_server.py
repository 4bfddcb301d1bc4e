"""A fork server in a process of its own, for tests; and what can be seen of its processes."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.agent import wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AGENT = Path(wire.__file__).parent
SCRIPT = Path(__file__).parent / "data" / "fork_server.py"


class Server:
    """A fork server in a process of its own, asked over its pipes."""

    def __init__(
        self,
        folder: Path,
        python: str = sys.executable,
        *,
        before: Sequence[str] = (),
        config: Mapping[str, Any] | None = None,
    ) -> None:
        """Start it, with ``before`` as the command around it and ``config`` as its sandbox's."""
        self.folder = folder
        self._count = 0
        self._buffer = b""
        with (folder / "agent.log").open("wb") as log:
            self.process = subprocess.Popen(
                [
                    *before,
                    *(python, "-B", "-s", str(SCRIPT), str(AGENT)),
                    *([json.dumps(config)] if config is not None else []),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )

    def log(self, number: int) -> Path:
        return self.folder / f"{number}.log"

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, action: str, **more: Any) -> int:
        self._count += 1
        request = {
            "type": "step",
            "id": self._count,
            "action": action,
            "folder": str(self.folder),
            "log": str(self.log(self._count)),
            "timeout": 30,
            **more,
        }
        self.write(wire.encode_message(request))
        return self._count

    def answer(self, seconds: float = 20.0) -> dict[str, Any]:
        assert self.process.stdout is not None
        until = time.monotonic() + seconds
        while b"\n" not in self._buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], until - time.monotonic())
            assert ready, "no answer in time"
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            assert data, (self.folder / "agent.log").read_text()
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return wire.decode_message(line)

    def result(self, action: str, **more: Any) -> dict[str, Any]:
        number = self.ask(action, **more)
        answer = self.answer()
        assert answer["id"] == number
        return answer

    def children(self, number: int, seconds: float = 10.0) -> list[int]:
        """The pids of its children, once there are so many."""
        until = time.monotonic() + seconds
        while len(pids := offspring(self.process.pid)) < number and time.monotonic() < until:
            time.sleep(0.01)
        assert len(pids) == number
        return pids

    def end(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        status = self.process.wait(10)
        self.process.stdout.close()
        return status

    def kill(self) -> None:
        """End it and close its pipes, whatever became of it."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                pipe.close()


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[0] != "Z"


def gone(pid: int, seconds: float = 5.0) -> bool:
    until = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(pid)


def offspring(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(each) for each in text.split()]


def quiet(pid: int, seconds: float = 5.0) -> bool:
    """Whether a process has no child left, not even a zombie."""
    until = time.monotonic() + seconds
    while offspring(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not offspring(pid)


def descriptors(pid: int) -> int:
    """How many a process has open once it rests (while it reaps it looks into /proc, too)."""
    assert quiet(pid)
    counts = [len(list(Path(f"/proc/{pid}/fd").iterdir()))]
    while counts[-3:] != counts[-1:] * 3 and len(counts) < 100:
        time.sleep(0.01)
        counts.append(len(list(Path(f"/proc/{pid}/fd").iterdir())))
    return counts[-1]
