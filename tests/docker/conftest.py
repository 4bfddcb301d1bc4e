"""Docker tests: a real engine, real images, real TensorFlow releases.

Without an engine they are skipped; ``TF_ROUNDTRIP_NEEDS_DOCKER=1`` makes that an error.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, connect
from pytest_tfroundtrip.runtimes.docker.owner import OWNER
from tests.integration.harness import REFERENCE, Run, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker import DockerClient

DOCKER = ("--tf-provider=docker",)


@pytest.fixture(scope="session")
def engine() -> ContainerEngine:
    """The engine of this machine."""
    try:
        return connect()
    except EnvironmentFailed as error:
        if os.environ.get("TF_ROUNDTRIP_NEEDS_DOCKER") == "1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def client(engine: ContainerEngine) -> Iterator[DockerClient]:
    """A client of that engine."""
    opened = engine.open()
    yield opened
    opened.close()


@dataclass(frozen=True)
class Containers:
    """The containers of round trips, but for those of other tests' processes."""

    client: DockerClient

    def names(self, of: int | None = None) -> list[str]:
        """Those there are, running or not; of one process, if that is named."""
        found = self.client.api.containers(all=True, filters={"label": OWNER})
        return [
            each["Names"][0].lstrip("/")
            for each in found
            if of is None or each["Labels"][OWNER].split("/")[2] == str(of)
        ]


@pytest.fixture
def containers(client: DockerClient) -> Iterator[Containers]:
    """What containers there are; the test fails if it leaves one."""
    seen = Containers(client)
    before = seen.names()
    yield seen
    assert set(seen.names()) <= set(before)


@pytest.fixture(scope="session")
def on_images(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The reference package on images for 1.15, 2.15 and 2.21: once for all tests."""
    request.getfixturevalue("engine")
    return run(tmp_path_factory.mktemp("images"), *REFERENCE, *DOCKER, timeout=1800)


@pytest.fixture(scope="session")
def in_environments(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same in the environments that uv makes."""
    folder = tmp_path_factory.mktemp("environments")
    return run(folder, *REFERENCE, "--tf-provider=venv")
