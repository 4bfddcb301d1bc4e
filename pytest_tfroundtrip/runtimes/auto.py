"""The provider ``auto``: takes what is there, and makes what can be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.channel import Launcher
    from pytest_tfroundtrip.runtimes.docker.provider import DockerProvider
    from pytest_tfroundtrip.runtimes.provider import Environment, Provider, Workplace
    from pytest_tfroundtrip.runtimes.venv import VenvProvider


@dataclass(frozen=True)
class AutoProvider:
    """An environment of uv's that is there, else an image that is there, else one that is made.

    Environments come first, for they start sooner; images have what this machine may lack, such as
    a Python 3.7.
    """

    venv: VenvProvider
    docker: DockerProvider
    name: str = "auto"

    def ready(self, runtime: Runtime) -> Environment | None:
        """What is there."""
        if runtime.own and runtime.own.image:
            return self.docker.ready(runtime)
        return self.venv.ready(runtime) or self.docker.ready(runtime)

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        """What is there, else an environment, else an image."""
        found = self.ready(runtime)
        if found is not None:
            return found
        if runtime.own and runtime.own.image:
            return self.docker.prepare(runtime, progress)
        try:
            return self.venv.prepare(runtime, progress)
        except EnvironmentFailed as error:
            if self.venv.uv.stopped:
                raise
            why = error
        name = runtime.environment
        try:
            progress(f"{name}: no environment can be made here; asking {self.docker.engine.name}")
            return self.docker.prepare(runtime, progress)
        except EnvironmentFailed as error:
            msg = f"{why}\nNor can it be had as an image (--tf-provider=docker): {error}"
            raise EnvironmentFailed(msg) from why

    def lock(self, runtime: Runtime) -> str | None:
        """Of what is there: an environment and an image of one lock are not the same."""
        there = self.ready(runtime)
        return there.lock if there else None

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launcher:
        """How the runtime's agent is started by whoever has its environment."""
        having: Provider = self.docker if environment.provider == self.docker.name else self.venv
        return having.command(environment, runtime, workplace)
