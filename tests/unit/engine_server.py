"""A socket behind which an engine answers who it is: for tests that greet one with the real SDK."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VERSION = {
    "Version": "28.2.2",
    "ApiVersion": "1.50",
    "MinAPIVersion": "1.24",
    "Os": "linux",
    "Arch": "amd64",
    "Components": [{"Name": "Engine"}],
}
INFO = {
    "MemoryLimit": True,
    "SwapLimit": True,
    "PidsLimit": True,
    "CpuCfsQuota": True,
    "MemTotal": 8 << 30,
    "NCPU": 4,
    "SecurityOptions": ["name=seccomp,profile=builtin"],
    "OSType": "linux",
}
BRIDGE = [{"Name": "bridge", "Id": "b" * 64, "Driver": "bridge"}]


@dataclass
class Answers:
    """What the engine says."""

    version: dict[str, Any] = field(default_factory=lambda: dict(VERSION))
    info: dict[str, Any] = field(default_factory=lambda: dict(INFO))
    networks: list[dict[str, Any]] = field(default_factory=lambda: list(BRIDGE))


@contextlib.contextmanager
def engine_at(path: Path, answers: Answers) -> Iterator[str]:
    """Serve at a Unix socket; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            word = self.path.partition("?")[0].rsplit("/", 1)[-1]
            known = {"version": answers.version, "info": answers.info, "networks": answers.networks}
            body = json.dumps(known.get(word, {"message": "page not found"})).encode()
            self.send_response(200 if word in known else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "a test"

        def log_message(self, *_: object) -> None:
            pass

    server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"unix://{path}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
