"""The container engine: found where Docker's and Podman's own tools would find it.

In order: ``DOCKER_HOST``, the Docker context in force (``DOCKER_CONTEXT``, else the chosen one),
``CONTAINER_HOST`` (Podman's word for it), then the sockets where an engine listens as a rule.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from docker import DockerClient
    from docker.tls import TLSConfig

# Attach, hijacked streams and `wait?condition=removed` as they are used here: Docker 17.06 has them
# all. 1.40 is Docker 19.03, the first with rootless engines, and what Podman's service speaks.
LEAST_API = (1, 40)
ANSWER_SECONDS = 60  # for one request; streams and waits have none
_GREET_SECONDS = 10


@dataclass(frozen=True)
class Limits:
    """Which limits an engine can hold containers to: a rootless one without cgroups has none."""

    memory: bool
    swap: bool
    pids: bool
    cpus: bool


@dataclass(frozen=True)
class ContainerEngine:
    """A Docker or Podman that answers."""

    address: str
    found: str  # what named it
    name: str  # "Docker 28.2.2", "Podman 4.3.1"
    api: str  # "1.41"
    platform: str  # "linux/amd64"
    rootless: bool  # root in a container is the engine's user
    remapped: bool  # userns-remap: a container's uids are not the machine's
    selinux: bool
    has_bridge: bool  # else builds reach a network on the host's own only
    limits: Limits
    memory: int  # bytes of the machine it runs on
    cpus: int
    tls: TLSConfig | None = field(default=None, compare=False, repr=False)

    @property
    def local(self) -> bool:
        """Whether it is on this machine: the folders of this machine are its own."""
        return _socket_path(self.address) is not None

    def open(self) -> DockerClient:
        """A client of one's own: requests' sessions are not made for many threads."""
        import docker  # noqa: PLC0415  heavy, and not everybody's

        return docker.DockerClient(
            self.address, version=self.api, timeout=ANSWER_SECONDS, tls=self.tls or False
        )


def connect() -> ContainerEngine:
    """The engine of this user.

    Raises:
        EnvironmentFailed: there is none, it may not be used, or it is of no use; what to do.
    """
    refused: list[str] = []
    for address, found, tls in _addresses():
        try:
            return _greet(address, found, tls)
        except _Silent as error:
            refused.append(f"{found} ({address}): {error}")
            if found in _CHOSEN:
                break  # who names an engine means that one
    raise EnvironmentFailed(_nobody(refused))


def explain(error: Exception) -> str:
    """What an engine's error says, in one line without the request it answered."""
    text = getattr(error, "explanation", None) or str(error)
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    return " ".join(str(text).split())


def is_disk_full(error: Exception | str) -> bool:
    """Whether an engine says that its disk is full."""
    text = explain(error) if isinstance(error, Exception) else error
    return "no space left on device" in text.lower() or "disk quota exceeded" in text.lower()


class _Silent(Exception):  # noqa: N818  nobody sees it
    """Nobody answers at an address, or not to us."""


_DOCKER_HOST, _CONTEXT, _CONTAINER_HOST = "DOCKER_HOST", "the Docker context", "CONTAINER_HOST"
_CHOSEN = (_DOCKER_HOST, _CONTEXT, _CONTAINER_HOST)


def _addresses() -> Iterator[tuple[str, str, TLSConfig | None]]:
    """Where an engine may be: its address, who says so, its certificates."""
    if host := os.environ.get("DOCKER_HOST"):
        yield host, _DOCKER_HOST, _tls_of_environ()
        return
    if chosen := _context():
        yield (chosen[0], _CONTEXT, chosen[1])
        return
    if host := os.environ.get("CONTAINER_HOST"):
        yield host, _CONTAINER_HOST, None
        return
    for path in _sockets():
        yield f"unix://{path}", "its usual socket", None


def _sockets() -> Iterator[Path]:
    """Where engines listen unless told otherwise, a user's own before the machine's."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    yield Path("/var/run/docker.sock")
    yield Path(runtime, "docker.sock")  # rootless Docker
    yield Path.home() / ".docker/run/docker.sock"  # Docker Desktop
    yield Path.home() / ".docker/desktop/docker.sock"
    yield Path(runtime, "podman/podman.sock")
    yield Path("/run/podman/podman.sock")


def _context() -> tuple[str, TLSConfig | None] | None:
    """The Docker context that was chosen, None for the default one."""
    from docker.context import ContextAPI  # noqa: PLC0415
    from docker.context.config import get_current_context_name  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415

    chosen: Any
    wanted = os.environ.get("DOCKER_CONTEXT")
    try:
        wanted, by = (
            (wanted, "DOCKER_CONTEXT") if wanted else (get_current_context_name(), "chosen")
        )
        chosen = ContextAPI.get_context(wanted)
    except (DockerException, OSError, ValueError) as error:
        msg = f"the Docker context cannot be read: {error}. See `docker context ls`."
        raise EnvironmentFailed(msg) from error
    if chosen is None:
        msg = f"there is no Docker context {wanted!r} ({by}). See `docker context ls`."
        raise EnvironmentFailed(msg)
    if chosen.name == "default" or not chosen.Host:
        return None
    return str(chosen.Host), chosen.TLSConfig


def _tls_of_environ() -> TLSConfig | None:
    from docker.utils import kwargs_from_env  # noqa: PLC0415

    tls: TLSConfig | None = kwargs_from_env().get("tls") or None
    return tls


def _greet(address: str, found: str, tls: TLSConfig | None) -> ContainerEngine:
    """Ask an engine who it is.

    Raises:
        _Silent: there is none.
        EnvironmentFailed: there is one, but it cannot be used.
    """
    import docker  # noqa: PLC0415
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    if (path := _socket_path(address)) is not None:
        _look_at(path)
    try:
        # Its version is asked without one: an engine refuses what is older or newer than it knows.
        with contextlib.closing(
            docker.APIClient(
                address, version=_text(LEAST_API), timeout=_GREET_SECONDS, tls=tls or False
            )
        ) as stranger:
            version = stranger.version(api_version=False)
        api = _spoken(version, address)
        with contextlib.closing(
            docker.DockerClient(address, version=api, timeout=_GREET_SECONDS, tls=tls or False)
        ) as client:
            info = client.info()
            # An engine that has just started may still be loading its networks.
            bridge = bool(client.networks.list(names=["bridge", "podman"]))
    except (DockerException, RequestException, OSError, ValueError) as error:
        raise _Silent(_why(error)) from error
    return _engine(address, found, tls, version, info, api=api, has_bridge=bridge)


def _name(version: Mapping[str, Any]) -> str:
    components = [str(each.get("Name", "")) for each in version.get("Components") or ()]
    maker = "Podman" if any("podman" in each.lower() for each in components) else "Docker"
    return f"{maker} {version.get('Version', '?')}"


def _spoken(version: Mapping[str, Any], address: str) -> str:
    """The API that is spoken with an engine: its own, but none that is newer than the SDK.

    Raises:
        _Silent: it is no engine.
        EnvironmentFailed: it is too old.
    """
    from docker.constants import DEFAULT_DOCKER_API_VERSION  # noqa: PLC0415

    newest = _numbers(version.get("ApiVersion"))
    if newest is None:
        msg = "what answers there is no container engine"
        raise _Silent(msg)
    if newest < LEAST_API:
        msg = (
            f"the container engine at {address} is {_name(version)}, which speaks API"
            f" {_text(newest)}; {_text(LEAST_API)} is needed (Docker 19.03 or newer, or Podman 3)."
            " Update it, or make environments without it: --tf-provider=venv"
        )
        raise EnvironmentFailed(msg)
    known = _numbers(DEFAULT_DOCKER_API_VERSION) or LEAST_API
    oldest = _numbers(version.get("MinAPIVersion")) or LEAST_API
    return _text(min(newest, max(known, oldest)))


def _numbers(api: Any) -> tuple[int, int] | None:
    """An API's number, such as "1.41"."""
    found = re.fullmatch(r"(\d+)\.(\d+)", str(api))
    return (int(found[1]), int(found[2])) if found else None


def _text(api: tuple[int, int]) -> str:
    return f"{api[0]}.{api[1]}"


def _engine(
    address: str,
    found: str,
    tls: TLSConfig | None,
    version: Mapping[str, Any],
    info: Mapping[str, Any],
    *,
    api: str,
    has_bridge: bool,
) -> ContainerEngine:
    name = _name(version)
    system = str(version.get("Os") or info.get("OSType") or "linux").lower()
    if system != "linux":
        msg = (
            f"the container engine at {address} ({name}) runs {system} containers, TensorFlow's"
            " images are Linux's. Switch Docker Desktop to Linux containers."
        )
        raise EnvironmentFailed(msg)
    options = " ".join(info.get("SecurityOptions") or ())
    return ContainerEngine(
        address=address,
        found=found,
        name=name,
        api=api,
        platform=f"{system}/{version.get('Arch') or 'amd64'}",
        rootless="name=rootless" in options,
        remapped="name=userns" in options,
        selinux="name=selinux" in options,
        has_bridge=has_bridge,
        limits=Limits(
            memory=bool(info.get("MemoryLimit")),
            swap=bool(info.get("SwapLimit")),
            pids=bool(info.get("PidsLimit")),
            cpus=bool(info.get("CpuCfsQuota")),
        ),
        memory=int(info.get("MemTotal") or 0),
        cpus=int(info.get("NCPU") or 1),
        tls=tls,
    )


def _socket_path(address: str) -> Path | None:
    for scheme in ("unix://", "http+unix://"):
        if address.startswith(scheme):
            return Path(address.removeprefix(scheme))
    return None


def _look_at(path: Path) -> None:
    """Tell a socket that is not there from one that may not be used.

    Raises:
        _Silent: there is no socket.
        EnvironmentFailed: this user may not use it.
    """
    # Not the SDK's to find out: it leaves its socket open to the collector when nobody listens.
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_GREET_SECONDS)
        try:
            probe.connect(str(path))
        except PermissionError as error:
            msg = (
                f"the container engine's socket {path} may not be used by this user. Either join"
                " the group that owns it (sudo usermod -aG docker $USER, then log in again; members"
                " are as good as root), or run a rootless engine (dockerd-rootless-setuptool.sh"
                " install, or systemctl --user start podman.socket) and name it in DOCKER_HOST."
            )
            raise EnvironmentFailed(msg) from error
        except OSError as error:
            raise _Silent(error.strerror or str(error)) from error


def _why(error: Exception) -> str:
    """The root of an error that docker, requests and urllib3 have wrapped in turn."""
    seen: BaseException = error
    while (deeper := seen.__cause__ or seen.__context__) is not None:
        seen = deeper
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror
    return explain(error)


def _nobody(refused: list[str]) -> str:
    tried = "; ".join(refused)
    return (
        f"no container engine answers. Asked: {tried}. Start Docker (or systemctl --user start"
        " podman.socket for Podman, with DOCKER_HOST naming its socket), or install one; a clone of"
        " this project has scripts/docker-host up for machines without."
    )
