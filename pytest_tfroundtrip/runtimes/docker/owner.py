"""Whose a container is, and the end of those whose owner is gone.

Labels say which process of which boot made a container. A container normally ends with its stdin
and is then removed by the engine; what stays is what was made and never started when its owner was
killed, or what an engine kept over a restart.
"""

from __future__ import annotations

import contextlib
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docker import APIClient

LABEL = "pytest-tfroundtrip"
OWNER = f"{LABEL}.owner"


@cache
def _boot() -> str:
    """What tells one boot of one machine from all others; "" where nothing does."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return ""


def owner(pid: int | None = None) -> str:
    """A process as a label: boot, pid namespace, pid, start time in ticks since the boot.

    Where there is no /proc (macOS), the machine's name and the pid are all there is.

    Raises:
        OSError: there is no such process.
    """
    pid = os.getpid() if pid is None else pid
    if not _boot():
        os.kill(pid, 0)
        return f"{os.uname().nodename}//{pid}/"
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    namespace = Path("/proc/self/ns/pid").stat().st_ino
    return f"{_boot()}/{namespace}/{pid}/{fields[19]}"


def is_gone(label: str, *, local: bool) -> bool:
    """Whether the process of a label has ended. What cannot be judged is taken to be alive.

    ``local`` says that the engine is on this machine: a label of another boot is then of an
    earlier one. Else it may be of another machine that uses the same engine.
    """
    parts, mine = label.split("/"), owner().split("/")
    if len(parts) != len(mine) or not parts[2].isdigit():
        return False
    if parts[0] != mine[0]:
        return local and bool(_boot())
    if parts[1] != mine[1]:
        return False  # another pid namespace: its pids say nothing here
    try:
        return owner(int(parts[2])) != label
    except PermissionError:
        return False
    except OSError:
        return True


def sweep(client: APIClient, *, local: bool) -> list[str]:
    """Remove the containers whose owner is gone; their names.

    ``local``: see :func:`is_gone`.

    Raises:
        docker.errors.APIError, requests.exceptions.RequestException: the engine cannot be asked.
    """
    from docker.errors import APIError  # noqa: PLC0415

    removed = []
    for container in client.containers(all=True, filters={"label": OWNER}):
        if not is_gone((container.get("Labels") or {}).get(OWNER, ""), local=local):
            continue
        with contextlib.suppress(APIError):  # gone in the meantime, or being removed
            client.remove_container(container["Id"], force=True, v=True)
            removed.append(str((container.get("Names") or [container["Id"]])[0]).lstrip("/"))
    return removed
