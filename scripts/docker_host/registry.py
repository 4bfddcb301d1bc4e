"""Bases from a registry, where one answers the engine."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import closing
from typing import TYPE_CHECKING

from docker_host.bases import REPOSITORY, base_of, image_of, kind_of, tag_of
from docker_host.several import each
from docker_host.telling import Failed, say
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, explain

if TYPE_CHECKING:
    from collections.abc import Sequence

REGISTRY_SECONDS = 6  # a registry that is there answers in one; a network that drops packets never


def pull(engine: ContainerEngine, wanted: Sequence[str]) -> list[str]:
    """Pull what is missing, where a registry answers. What is missing still is returned."""
    with closing(engine.open()) as client:
        there = {series: image_of(client, base_of(series)) for series in wanted}
    for series, image in there.items():
        if image is not None:
            say(f"{base_of(series)}: there ({kind_of(image)})")
    missing = [series for series, image in there.items() if image is None]
    if not missing:
        return []
    began = time.monotonic()
    if reason := why_no_registry(engine, missing[0]):
        say(f"no registry: {reason}", began)
        return missing
    failed = each(missing, lambda series: _pull_one(engine, series))
    return list(failed)


def why_no_registry(engine: ContainerEngine, series: str) -> str | None:
    """Why the engine gets nothing from a registry, None where it does.

    Only the engine knows its mirrors and proxies; so it is asked to pull, and let go of at the
    first word from a registry. The SDK waits for that word without an end: hence the thread, which
    ends with this process at the latest.
    """
    answers: queue.Queue[str | None] = queue.Queue()
    ask = threading.Thread(
        target=lambda: answers.put(_first_word(engine, series)), name="registry", daemon=True
    )
    ask.start()
    try:
        return answers.get(timeout=REGISTRY_SECONDS)
    except queue.Empty:
        return f"none answered the engine within {REGISTRY_SECONDS} s"


def _first_word(engine: ContainerEngine, series: str) -> str | None:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    with closing(engine.open()) as client:
        try:
            for event in client.api.pull(REPOSITORY, tag=tag_of(series), stream=True, decode=True):
                if "error" in event:
                    return str(event["error"])
                if "id" in event:
                    return None
        except (DockerException, RequestException) as error:
            return explain(error)
    return None


def _pull_one(engine: ContainerEngine, series: str) -> None:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    began = time.monotonic()
    with closing(engine.open()) as client:
        try:
            image = client.images.pull(REPOSITORY, tag=tag_of(series))
        except (DockerException, RequestException) as error:
            msg = f"not pulled: {explain(error)}"
            raise Failed(msg) from error
        say(f"{base_of(series)}: pulled ({kind_of(image)})", began)
