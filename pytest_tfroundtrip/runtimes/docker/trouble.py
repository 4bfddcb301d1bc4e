"""Why an image could not be built or pulled: what engines and pip say, and what to do about it.

The words are those of Docker 20.10 to 29 (its first builder and containerd's resolver), Podman 4
and 5 (containers/image), and pip 22 to 26.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.runtimes.docker.client import explain, is_disk_full

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine
    from pytest_tfroundtrip.runtimes.docker.images import ImagePlan

_LINES = 8  # of a failed build that are shown
_NOISE = re.compile(r"\s*(--->|Step \d|Removing intermediate|WARNING: Retrying|\[notice\]|$)")
_COMMAND = re.compile(r"The command '.*'(?= returned)", re.DOTALL)  # all of what RUN runs


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE | re.MULTILINE)


# Of a registry.
_OFFLINE = _any(
    r"no such host",
    r"server misbehaving",
    r"dial tcp",
    r"i/o timeout",
    r"connection refused",
    r"connection reset",
    r"network is unreachable",
    r"no route to host",
    r"TLS handshake timeout",
    r"Client\.Timeout exceeded",
    r"context deadline exceeded",
    r"proxyconnect",
    r"temporary failure in name resolution",
)
_CERTIFICATE = _any(r"x509:", r"CERTIFICATE_VERIFY_FAILED", r"certificate verify failed")
_LIMIT = _any(r"toomanyrequests", r"too many requests", r"pull rate limit")
_PLATFORM = _any(
    r"no matching manifest for",
    r"no match for platform",
    r"no image found in (manifest list|image index)",
    r"does not (match|provide) the specified platform",
)
_DENIED = _any(r"\bdenied\b", r"unauthorized", r"authentication required", r"no basic auth")
_NOT_FOUND = _any(
    r"manifest unknown",
    r"\bnot found\b",
    r"no such image",
    r"repository does not exist",
    r"name unknown",
    r"unknown: repository",
)
_UNREACHED = _any(_OFFLINE.pattern, _CERTIFICATE.pattern)
_NOT_GIVEN = _any(_NOT_FOUND.pattern, _DENIED.pattern)
_SHORT_NAME = _any(r"short-name", r"unqualified-search")

# Of pip and of what it runs.
_HASH = _any(r"DO NOT MATCH THE HASHES")
_INDEX = _any(
    r"NewConnectionError",
    r"ConnectTimeoutError",
    r"ReadTimeoutError",
    r"NameResolutionError",
    r"ProxyError",
    r"Failed to establish a new connection",
    r"Temporary failure in name resolution",
    r"Connection (to \S+ timed out|aborted|reset)",
    r"Max retries exceeded",
    r"Network is unreachable",
    r"Read timed out",
)
_NO_FILE = _any(r"No matching distribution found for", r"Could not find a version")
_SOURCE = _any(
    r"Failed building wheel",
    r"Failed to build",
    r"failed-wheel-build",
    r"subprocess-exited-with-error",
    r"metadata-generation-failed",
)
# A command that the Dockerfile runs failed: Docker's first builder; Podman.
_CODE = r"(?:returned a non-zero code: |exit(?:ed with)? (?:status|code):? ?)"
_RETURNED = _any(_CODE + r"\d+")
_ILLEGAL = _any(_CODE + r"132\b")  # 128 + SIGILL
_KILLED = _any(_CODE + r"137\b", r"^Killed$")  # 128 + SIGKILL
_PYTHON = _any(r"\w(?:Error|Exception): ")


@dataclass(frozen=True)
class _Why:
    """What is meant when something matches, with what to do; fields in braces are filled in."""

    pattern: re.Pattern[str]
    text: str

    def told(self, says: str, **fields: str) -> str:
        """The sentence, and what was said."""
        return f"{self.text.format(**fields)} {says}"


# Why the commands that the Dockerfile runs failed. The first that matches is meant.
_RUN = (
    _Why(
        _HASH,
        "a file that the index gave is not the one of the lock. A mirror or a proxy hands out"
        " another file, or it was published anew. If you trust it, make the lock again:"
        " python -m pytest_tfroundtrip lock {name} --upgrade.",
    ),
    _Why(
        _CERTIFICATE,
        "the package index has a certificate that the base image does not trust: a proxy that"
        " reads along, or an index of your own. Put its authority into {base}: images/README.md"
        " says how.",
    ),
    _Why(
        _INDEX,
        "the package index cannot be reached from within a build. Try again when the network is"
        " there. If this machine reaches it and a build does not, it is the engine's proxy"
        " (~/.docker/config.json, proxies) or an index of your own, which {base} has to know of:"
        " images/README.md says how.",
    ),
    _Why(
        _NO_FILE,
        "the index has no file of a package for Python {python} on {platform}, or it was"
        " withdrawn. For linux/arm64 there are locks that work from TensorFlow 2.16 on only, see"
        " docs/limits.md; else make the lock again:"
        " python -m pytest_tfroundtrip lock {name} --upgrade.",
    ),
    _Why(
        _SOURCE,
        "a package that exists as source only does not build in the base image, which has no"
        " compiler. Name another version of it in requirements, or make the lock again:"
        " python -m pytest_tfroundtrip lock {name} --upgrade.",
    ),
    _Why(
        _ILLEGAL,
        "TensorFlow uses instructions (AVX) that this processor, or its emulation, does not have."
        " Use an engine on another machine (DOCKER_HOST).",
    ),
    _Why(
        _KILLED,
        "a process of it was killed, as the kernel does when memory runs out: a build needs 2 GB."
        " Give the engine more.",
    ),
    _Why(
        _PYTHON,
        "what its lock names was installed, but does not import: two versions do not go together."
        " Bound them in requirements, then make the lock again.",
    ),
)

# Why FROM failed: the base is not there and cannot be pulled.
_FROM = (
    _Why(
        _UNREACHED,
        "its base image {base} is not there, and the registry cannot be reached. Try again when"
        " the network is there. Without one: docker save {base} where it is and docker load here,"
        " or scripts/docker-host up {python} of a clone of this project, which makes a stand-in"
        " of this machine's Python.",
    ),
    _Why(
        _LIMIT,
        "its base image {base} is not there, and the registry has had enough of this address for"
        " now. Log in (docker login), or try again in some hours.",
    ),
    _Why(_PLATFORM, "there is no base image {base} for {platform}."),
    _Why(
        _SHORT_NAME,
        "Podman does not know which registry its base image {base} is of. Pull it once by its"
        " whole name: podman pull docker.io/library/{base}.",
    ),
    _Why(
        _NOT_GIVEN,
        "the registry has no base image {base}, or does not give it to you: a mirror that lacks"
        " it, or a login that has expired (docker logout).",
    ),
)

# Why an image of the user's own cannot be pulled.
_PULL = (
    _Why(
        _LIMIT,
        "its registry has had enough of this address for now. Log in (docker login), or try again"
        " in some hours.",
    ),
    _Why(
        _PLATFORM,
        "there is none for {platform}. Build one for it, or use an engine of another platform"
        " (DOCKER_HOST).",
    ),
    _Why(
        _CERTIFICATE,
        "the engine does not trust its registry's certificate. Tell it the authority"
        " (/etc/docker/certs.d).",
    ),
    _Why(
        _OFFLINE,
        "its registry cannot be reached. Try again when the network is there, or bring the image:"
        " docker save where it is, docker load here.",
    ),
    _Why(_SHORT_NAME, "name its registry too, as in docker.io/tensorflow/tensorflow:2.15.0."),
    # Registries say "denied" of what is not there as well, lest anybody learns what is.
    _Why(
        _DENIED,
        "its registry does not give it to you, or has none of that name. Check the name; log in"
        " (docker login REGISTRY).",
    ),
    _Why(_NOT_FOUND, "its registry has none of that name, tag or digest. Check the name."),
)


def engine_errors() -> tuple[type[Exception], ...]:
    """What the SDK raises when an engine refuses, or is gone."""
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    return (DockerException, RequestException, HTTPError, OSError)


def lost(engine: str, error: Exception | str) -> str:
    """An engine that stopped in the middle of something."""
    said = error if isinstance(error, str) else explain(error)
    return (
        f"{engine} gave up in the middle, as it does when it is stopped or restarted. See whether"
        f" it runs (docker info), then try again. It says: {said}"
    )


def why_not_built(plan: ImagePlan, error: str, said: Iterable[str]) -> str:
    """Why a build failed.

    Args:
        plan: what was built.
        error: what the engine says.
        said: the last lines that the build printed.
    """
    lines = [*said]
    text = "\n".join([*lines, error])
    if is_disk_full(text):
        return (
            "the engine's disk is full. An image takes 0.7 to 1.5 GB, and the same again while it"
            " is built. Make room: python -m pytest_tfroundtrip images remove --unused, docker"
            f" image prune. {_says([error])}"
        )
    ran = _RETURNED.search(error)
    known, shown = (_RUN, [*lines, error]) if ran else (_FROM, [error])
    told = _first(
        known,
        text if ran else error,
        _says(shown),
        name=plan.name,
        base=plan.base,
        python=plan.python,
        platform=plan.platform,
    )
    return told or _says(shown)


def why_not_pulled(reference: str, error: str, engine: ContainerEngine) -> str:
    """Why an image of the user's own could not be pulled."""
    what = f"the image {reference} is not there and cannot be pulled:"
    if is_disk_full(error):
        return f"{what} the engine's disk is full. Make room: docker image prune. {_says([error])}"
    told = _first(_PULL, error, _says([error]), platform=engine.platform)
    return f"{what} {told or _says([error])}"


def _first(known: Iterable[_Why], text: str, says: str, **fields: str) -> str | None:
    return next((why.told(says, **fields) for why in known if why.pattern.search(text)), None)


def _says(lines: Iterable[str]) -> str:
    """What was said, the end of it; without what says nothing."""
    telling = [_COMMAND.sub("The command", line) for line in lines if not _NOISE.match(line)]
    shown = [line[:200] for line in telling][-_LINES:]
    return "It says: " + ("\n  " if len(shown) > 1 else "") + "\n  ".join(shown)
