"""Who is at a socket: an engine that begins to answer, or anybody."""

from __future__ import annotations

import socket
import time
from contextlib import closing
from pathlib import Path


def wait_for(path: str, seconds: float, pid: int) -> bool:
    """Wait until an engine answers on a socket, as long as its process lives."""
    import docker  # noqa: PLC0415 - heavy, as everywhere
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    end = time.monotonic() + seconds
    while time.monotonic() < end and is_running(pid):
        try:
            with closing(docker.APIClient(f"unix://{path}", version="1.40", timeout=2)) as api:
                if api.ping():
                    return True
        except (DockerException, RequestException, OSError):
            time.sleep(0.1)
    return False


def is_running(pid: int) -> bool:
    """Whether a process lives; a zombie does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in "ZX"


def is_held(path: str) -> bool:
    """Whether somebody listens on a socket, answering or not."""
    with closing(socket.socket(socket.AF_UNIX)) as client:
        client.settimeout(2)
        try:
            client.connect(path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        except OSError:
            return True
    return True
