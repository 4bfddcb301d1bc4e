"""Stand-ins: bases made here where no registry has any."""

from __future__ import annotations

import platform
import tempfile
import time
from contextlib import closing
from typing import TYPE_CHECKING

from docker_host.bases import (
    LABEL,
    REPOSITORY,
    ROOT_REPOSITORY,
    ROOT_TAG,
    base_of,
    image_of,
    tag_of,
)
from docker_host.context import write_context
from docker_host.debian import make_root
from docker_host.machine import machine_files, summary_of
from docker_host.pythons import Source, find_source
from docker_host.several import each
from docker_host.telling import Failed, say
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, explain
from pytest_tfroundtrip.runtimes.files import human_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def make_stand_ins(
    engine: ContainerEngine, wanted: Sequence[str], named: Mapping[str, str], mirror: str | None
) -> list[str]:
    """Make stand-ins; those that failed are returned, each of them was told."""
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    here = f"{platform.system().lower()}/{machine}"
    if engine.platform != here:
        say(
            f"no stand-ins: Pythons of this machine are for {here}, the engine's images for"
            f" {engine.platform}. Load images there: docker save on a machine with a registry, then"
            " docker load"
        )
        return list(wanted)
    sources: dict[str, Source] = {}

    def find(series: str) -> None:
        sources[series] = find_source(series, named.get(series))

    failed = each(wanted, find)
    found = [series for series in wanted if series in sources]
    if found:
        with closing(engine.open()) as client:
            root = image_of(client, f"{ROOT_REPOSITORY}:{ROOT_TAG}")
        if root is None:
            try:
                make_root(engine, mirror)
            except Failed as error:
                say(str(error))
                return list(wanted)
        files = machine_files()
        say(summary_of(files))
        failed += each(found, lambda series: stand_in(engine, sources[series], files))
    return failed


def stand_in(engine: ContainerEngine, source: Source, machine: Mapping[str, str]) -> None:
    """Make an engine's ``python:X.Y-slim-bookworm`` from a Python of this machine.

    Raises:
        Failed: the engine could not build it.
    """
    from docker.errors import BuildError, DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    began = time.monotonic()
    with tempfile.TemporaryFile() as context, closing(engine.open()) as client:
        write_context(context, source, machine)
        context.seek(0)
        try:
            image, _ = client.images.build(
                fileobj=context,
                custom_context=True,
                tag=base_of(source.series),
                network_mode="none",
                rm=True,
                forcerm=True,
                labels={LABEL: "1"},
                timeout=600,
            )
        except BuildError as error:
            said = [str(line.get("stream") or line.get("error") or "") for line in error.build_log]
            noise = (" --->", "Removing intermediate container")
            lines = [line[:160] for line in "".join(said).splitlines() if line.strip()]
            lines = [line for line in lines if not line.startswith(noise)][-4:]
            msg = f"not built from {source.title}:\n  " + "\n  ".join(lines) + _meaning(lines)
            raise Failed(msg) from error
        except (DockerException, RequestException) as error:
            msg = f"not built from {source.title}: {explain(error)}"
            raise Failed(msg) from error
        # Podman takes a short name for one of localhost, unless it has the registry's too.
        image.tag(f"docker.io/library/{REPOSITORY}", tag_of(source.series))
    size = human_size(image.attrs["Size"])
    say(f"{base_of(source.series)}: stand-in of {source.title}, {size}", began)


def _meaning(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    if "GLIBC_" in text or "cannot open shared object" in text:
        return (
            "\nThis Python was built for another distribution than Debian bookworm: take one of"
            " uv's (uv python install), which run on any"
        )
    if "OCI runtime" in text or "operation not permitted" in text:
        return (
            "\nThe engine starts, but no container does: it lacks rights here (itself in a"
            " container?). Give it more (--privileged), or name another engine in DOCKER_HOST"
        )
    return "\nSee what the engine says above"


def forget(engine: ContainerEngine) -> None:
    """Remove the stand-ins that an engine has; images built on them keep what they need."""
    from docker.errors import DockerException  # noqa: PLC0415

    with closing(engine.open()) as client:
        for image in client.images.list(filters={"label": f"{LABEL}=1"}):
            for tag in image.tags:
                # what is built on a stand-in inherits its label
                if not tag.startswith((f"{REPOSITORY}:", f"{ROOT_REPOSITORY}:")):
                    continue
                try:
                    client.images.remove(tag)
                    say(f"{tag}: removed from {engine.address}")
                except DockerException as error:
                    say(f"{tag}: stays, {explain(error)}")
