"""What there is: an engine, its network, the bases that it has."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from docker_host.bases import REPOSITORY, kind_of
from docker_host.telling import say

if TYPE_CHECKING:
    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine


def describe(engine: ContainerEngine) -> str:
    """An engine in one line."""
    return f"{engine.name} on {engine.address} ({engine.found})"


def show(engine: ContainerEngine, ours: str | None) -> None:
    """An engine, its version, its network, its bases: a line each."""
    whose = f"started from here, in {ours}" if ours else "not started from here"
    say(f"engine: {engine.address} ({engine.found}), {whose}")
    rootless = ", rootless" if engine.rootless else ""
    say(f"version: {engine.name}, API {engine.api}, {engine.platform}{rootless}")
    say("network: " + ("bridge" if engine.has_bridge else "none, builds use the host's"))
    with closing(engine.open()) as client:
        bases = [
            f"{tag} ({kind_of(image)})"
            for image in client.images.list(name=REPOSITORY)
            for tag in image.tags
            if tag.endswith("-slim-bookworm") and "/" not in tag
        ]
    say("bases: " + (", ".join(sorted(bases)) or "none: scripts/docker-host up"))
