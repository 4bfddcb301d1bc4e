"""Chooses the provider of a runtime, and has the environments of many made at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.limits import Limits
from pytest_tfroundtrip.runtimes.auto import AutoProvider
from pytest_tfroundtrip.runtimes.current import CurrentProvider
from pytest_tfroundtrip.runtimes.docker.provider import DockerProvider
from pytest_tfroundtrip.runtimes.own import OwnProvider
from pytest_tfroundtrip.runtimes.uv import Uv
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.provider import Environment, Provider

# uv itself downloads and unpacks in parallel; what is left to overlap is one's downloading with
# another's byte-compiling.
AT_ONCE = 3


@dataclass
class Providers:
    """Who has which runtime's environment, in one run.

    Args:
        cache: the cache folder.
        provider: "auto"; "venv" and "docker" make environments and images; "current" is the
            interpreter of pytest. Runtimes of the user's own that name an interpreter to be taken
            as it is are had like that in any case.
        limits: what containers may have.
        jobs: how many steps run at once.
        uv: what runs uv. Stopping it stops all that is being made.
    """

    cache: Path
    provider: str = "auto"
    limits: Limits = field(default_factory=Limits)
    jobs: int = 1
    uv: Uv = field(default_factory=Uv)

    def of(self, runtime: Runtime) -> Provider:
        """Who has this runtime's environment."""
        if runtime.own and runtime.own.python and not runtime.own.requirements:
            return self._own
        return self._chosen

    def ready(self, runtimes: Iterable[Runtime]) -> dict[str, Environment]:
        """The environments that are there already, by name. Quick."""
        found: dict[str, Environment] = {}
        for name, runtime in _by_environment(runtimes).items():
            try:
                there = self.of(runtime).ready(runtime)
            except EnvironmentFailed:  # told when it is prepared
                continue
            if there is not None:
                found[name] = there
        return found

    def prepare(
        self, runtimes: Iterable[Runtime], progress: Callable[[str], None]
    ) -> dict[str, Environment | EnvironmentFailed]:
        """Every environment of these runtimes by name, made if need be, or why it cannot be had.

        Runs in the calling thread until all are there. On Ctrl-C nothing half made stays, uv's
        processes are gone, and KeyboardInterrupt goes on. ``progress`` is called by one thread at
        a time.
        """
        told = threading.Lock()

        def tell(line: str) -> None:
            with told:
                progress(line)

        def one(runtime: Runtime) -> Environment | EnvironmentFailed:
            try:
                return self.of(runtime).prepare(runtime, tell)
            except EnvironmentFailed as error:
                return error

        wanted = _by_environment(runtimes)
        made: dict[str, Future[Environment | EnvironmentFailed]] = {}
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="tf-roundtrip-prepare") as pool:
            try:
                for name, runtime in wanted.items():
                    made[name] = pool.submit(one, runtime)
                while wait(made.values(), timeout=0.2).not_done:
                    pass  # a timeout lets Ctrl-C through on every platform
            except BaseException:
                self.stop()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return {name: future.result() for name, future in made.items()}

    def stop(self) -> None:
        """Stop what is being made, from any thread."""
        self.uv.stop()

    @cached_property
    def _own(self) -> Provider:
        return OwnProvider(self.cache)

    @cached_property
    def _chosen(self) -> Provider:
        if self.provider == "current":
            return CurrentProvider()
        venv = VenvProvider(self.cache, self.uv)
        if self.provider == "venv":
            return venv
        docker = DockerProvider(self.cache, self.uv, self.limits, self.jobs)
        return docker if self.provider == "docker" else AutoProvider(venv, docker)


def _by_environment(runtimes: Iterable[Runtime]) -> dict[str, Runtime]:
    """One runtime of each environment, in order."""
    found: dict[str, Runtime] = {}
    for runtime in runtimes:
        found.setdefault(runtime.environment, runtime)
    return found
