"""The provider ``docker``: images made from the locks, or a user's own as they are."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.limits import Limits
from pytest_tfroundtrip.runtimes.docker import building, images
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, connect, explain
from pytest_tfroundtrip.runtimes.docker.container import PYTHONS, ContainerLaunch, inspect_image
from pytest_tfroundtrip.runtimes.docker.owner import sweep
from pytest_tfroundtrip.runtimes.provider import DISTRIBUTIONS, Environment
from pytest_tfroundtrip.runtimes.uv import Stopped, Uv
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.channel import Launcher
    from pytest_tfroundtrip.runtimes.provider import Workplace


@dataclass
class DockerProvider:
    """Has images. One of these is one run's: it asks for the engine once.

    Args:
        cache: the cache folder: locks that are compiled, files that keep builds apart.
        uv: compiles locks; says when to stop.
        limits: what containers may have.
        cpus: how many steps run at once.
    """

    cache: Path
    uv: Uv = field(default_factory=Uv)
    limits: Limits = field(default_factory=Limits)
    cpus: int = 1
    name: str = "docker"
    _engine: ContainerEngine | EnvironmentFailed | None = None
    _asking: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def engine(self) -> ContainerEngine:
        """The engine, asked once; what dead runs left there is swept.

        Raises:
            EnvironmentFailed: there is none.
        """
        with self._asking:
            if self._engine is None:
                try:
                    self._engine = connect()
                except EnvironmentFailed as error:
                    self._engine = error
                else:
                    threading.Thread(target=_swept, args=(self._engine,), daemon=True).start()
        if isinstance(self._engine, EnvironmentFailed):
            raise self._engine
        return self._engine

    def ready(self, runtime: Runtime) -> Environment | None:
        """The image, if it is there; None, too, where no engine answers."""
        try:
            return self._found(runtime)
        except EnvironmentFailed:
            return None

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        """The image, pulled if it is a user's own, else built. See :class:`provider.Provider`."""
        _check(runtime)
        found = self._found(runtime)
        if found is not None:
            return found
        try:
            if runtime.own and runtime.own.image:
                building.pull(self.engine, runtime.own.image, progress, self._stopped)
            else:
                text = VenvProvider(self.cache, self.uv).lock_text(runtime, progress)
                plan = images.plan(runtime, text, self.engine)
                images.build(self.engine, plan, progress, self._stopped, cache=self.cache)
        except Stopped:
            msg = f"the image of {runtime.environment} was not made: interrupted"
            raise EnvironmentFailed(msg) from None
        found = self._found(runtime)
        if found is None:
            msg = f"the image of {runtime.environment} was made, and is gone: somebody removed it"
            raise EnvironmentFailed(msg)
        return found

    def lock(self, runtime: Runtime) -> str | None:
        """The hash that its image is tagged with; of an image of the user's own, its id."""
        if runtime.own and runtime.own.image:
            there = self.ready(runtime)
            return there.lock if there else None
        text = VenvProvider(self.cache, self.uv).known_lock(runtime)
        return None if text is None else images.plan(runtime, text, self.engine).digest

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launcher:
        """How the runtime's agent is started, in a container of its own."""
        return ContainerLaunch(
            engine=self.engine,
            image=environment.image or environment.name,
            runtime=runtime,
            workplace=workplace,
            limits=self.limits,
            cpus=self.cpus,
        )

    def _found(self, runtime: Runtime) -> Environment | None:
        own = runtime.own.image if runtime.own else None
        if own:
            image = self._inspect(own)
            return None if image is None else _environment(runtime, image, own, image["Id"])
        text = VenvProvider(self.cache, self.uv).known_lock(runtime)
        if text is None:
            return None
        plan = images.plan(runtime, text, self.engine)
        found = images.find(self.engine, plan)
        image = self._inspect(found) if found else None
        return None if image is None else _environment(runtime, image, plan.tag, plan.digest)

    def _inspect(self, reference: str) -> dict[str, Any] | None:
        from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415
        from requests.exceptions import RequestException  # noqa: PLC0415

        client = self.engine.open()
        try:
            return inspect_image(client, reference)
        except ImageNotFound:
            return None
        except (DockerException, RequestException) as error:
            msg = f"{self.engine.name} does not tell of the image {reference}: {explain(error)}"
            raise EnvironmentFailed(msg) from error
        finally:
            client.close()

    def _stopped(self) -> bool:
        return self.uv.stopped


def _check(runtime: Runtime) -> None:
    own = runtime.own
    if own and own.image and own.requirements:
        msg = (
            f"runtime {runtime.name}: an image is taken as it is, so requirements say nothing"
            f" there. Build an image with them and name that in [tool.tf_roundtrip.runtime"
            f".{own.name}]"
        )
        raise EnvironmentFailed(msg)


def _environment(
    runtime: Runtime, image: Mapping[str, Any], reference: str, lock: str
) -> Environment:
    labels = (image.get("Config") or {}).get("Labels") or {}
    words = [*DISTRIBUTIONS, "python"]
    versions: dict[str, str | None] = {
        word: labels.get(f"{images.LABEL}.{word}") or None for word in words
    }
    versions["tensorflow"] = versions["tensorflow"] or runtime.release.tensorflow
    return Environment(
        name=runtime.environment,
        provider="docker",
        python=Path(PYTHONS[0]),
        versions=versions,
        lock=lock,
        image=str(image["Id"]),
        found=reference,
    )


def _swept(engine: ContainerEngine) -> None:
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    client = engine.open()
    try:
        # Whatever the engine has against it, it will say again where it matters.
        with contextlib.suppress(DockerException, RequestException, OSError):
            sweep(client.api, local=engine.local)
    finally:
        client.close()
