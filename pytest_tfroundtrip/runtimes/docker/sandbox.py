"""What a container may do: as little as a TensorFlow needs to save and load.

A SavedModel is a program. Its ops read and write files, open sockets, call Python; whoever loads it
runs it. See ``docs/sandbox.md`` for what is held against which attack.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.limits import Limits
    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine
    from pytest_tfroundtrip.runtimes.docker.exchange import Mounted

SCRATCH = "/tmp"  # noqa: S108  the container's own


def memory_of(limits: Limits, engine: ContainerEngine) -> int:
    """The memory that a container may have, in bytes."""
    return limits.memory or engine.memory // 2


def check_limits(engine: ContainerEngine) -> None:
    """Refuse untrusted models where an engine cannot hold them to their limits.

    Raises:
        EnvironmentFailed: it has no control groups for its containers.
    """
    missing = [
        word
        for word, there in (("memory", engine.limits.memory), ("processes", engine.limits.pids))
        if not there
    ]
    if missing:
        msg = (
            f"{engine.name} at {engine.address} cannot limit the {' and '.join(missing)} of its"
            " containers, so an untrusted model could take the machine down. A rootless engine"
            " needs control groups v2 delegated to the user: see"
            " https://docs.docker.com/engine/security/rootless/tips/#limiting-resources"
        )
        raise EnvironmentFailed(msg)


def user_of(engine: ContainerEngine) -> str:
    """The uid and gid of a container's processes: the caller's. In a rootless engine that is root.

    Another one could not read what the caller alone may read: a model in a folder of mode 0700.
    """
    return "0:0" if engine.rootless else f"{os.getuid()}:{os.getgid()}"


def host_config(
    engine: ContainerEngine,
    limits: Limits,
    mounted: Iterable[Mounted],
    *,
    cpus: float,
    volumes: Iterable[str] = (),
) -> dict[str, Any]:
    """The arguments of the SDK's ``create_host_config``.

    Args:
        engine: where the container is going to be.
        limits: what it may have.
        mounted: the files and folders of this machine that it sees.
        cpus: cores it may use where the limits don't say.
        volumes: paths that its image declares as volumes: they would be writable and on disk.
    """
    from docker.types import LogConfig, Mount, Ulimit  # noqa: PLC0415

    security = ["no-new-privileges"]
    if engine.selinux:
        security.append("label=disable")  # labels would deny the caller's own files
    tmpfs = {SCRATCH: f"rw,nosuid,nodev,mode=1777,size={limits.tmp}"}
    tmpfs.update((path, f"rw,nosuid,nodev,mode=1777,size={limits.tmp}") for path in volumes)
    config: dict[str, Any] = {
        "auto_remove": True,
        "network_mode": "none",
        "cap_drop": ["ALL"],
        "security_opt": security,
        "read_only": True,
        "tmpfs": tmpfs,
        "mounts": [
            Mount(each.inside, str(each.here), type="bind", read_only=not each.writable)
            for each in mounted
        ],
        # What the agent says would be written to the engine's disk a second time.
        "log_config": LogConfig(type="none"),
        "ulimits": [Ulimit(name="core", soft=0, hard=0)],
        "init": False,  # the agent is PID 1: its children cannot signal it, and it reaps them
    }
    if engine.remapped:
        config["userns_mode"] = "host"  # else the caller's uid is nobody's
    if engine.limits.memory:
        config["mem_limit"] = memory_of(limits, engine)
        if engine.limits.swap:
            config["memswap_limit"] = memory_of(limits, engine)
    if engine.limits.pids:
        config["pids_limit"] = limits.pids
    if engine.limits.cpus:
        config["nano_cpus"] = int(min(limits.cpus or cpus, engine.cpus) * 1e9)
    return config


def environment(process_env: Mapping[str, str]) -> dict[str, str]:
    """The variables of a container's process besides its image's: none of this machine's."""
    return {
        "HOME": SCRATCH,
        "TMPDIR": SCRATCH,
        "USER": "roundtrip",  # the uid has no name there, and getpass.getuser() wants one
        "LOGNAME": "roundtrip",
        **process_env,
    }
