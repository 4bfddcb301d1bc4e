"""Images: which one a runtime needs, whether it is there, which others of ours there are.

An image is made of a lock, of the files in ``images/`` and of Debian's Python of a series. Its tag
hashes these, so that a lock which has not changed is never built twice and one which has is never
mistaken. Its labels say what is in it: what was seen when it was imported, not what was planned.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest_tfroundtrip
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.alone import alone
from pytest_tfroundtrip.runtimes.docker import building, owner
from pytest_tfroundtrip.runtimes.docker.client import explain
from pytest_tfroundtrip.runtimes.locking import lock_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from docker import APIClient

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine

LABEL = owner.LABEL
DIGEST, BUILDER = building.DIGEST, building.BUILDER
REPOSITORY = "pytest-tfroundtrip"
FORM = 1  # raised when what is made changes by something that the files of images/ don't show
FILES = ("Dockerfile", "check.py")


@dataclass(frozen=True)
class ImagePlan:
    """The image of a runtime: all that determines it."""

    name: str  # the environment: "2.15", "1.15+hub0.6", "prod"
    tensorflow: str  # "2.15.1"
    python: str  # "3.11"
    platform: str  # "linux/amd64"
    lock_text: str

    @property
    def title(self) -> str:
        """What is in it."""
        return f"TensorFlow {self.tensorflow} on Python {self.python}"

    @property
    def base(self) -> str:
        """The image it is made on."""
        return f"python:{self.python}-slim-bookworm"

    @property
    def lock(self) -> str:
        """The hash of its lock."""
        return lock_digest(self.lock_text)

    @property
    def digest(self) -> str:
        """Changes with whatever determines the image."""
        parts = [str(FORM), self.platform, self.python, self.lock, *_sources().values()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def tag(self) -> str:
        """Its name: "pytest-tfroundtrip:2.15-0123456789ab". A tag cannot hold "+"."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", self.name)[:100]
        return f"{REPOSITORY}:{name}-{self.digest[:12]}"

    def context(self, builder: str) -> Mapping[str, str]:
        """The files that it is built from, by name.

        Args:
            builder: whose build it is, as :func:`owner.owner` has it.
        """
        files = dict(_sources())
        mine = f'{DIGEST}={self.digest} {BUILDER}="{builder}"'
        files["Dockerfile"] = files["Dockerfile"].replace(_UNMARKED, mine)
        return {**files, "lock.txt": self.lock_text}

    def labels(self, versions: Mapping[str, str | None]) -> dict[str, str]:
        """What a whole image says of itself, given the versions it was seen to have.

        No date and nothing of this machine: the same is built to the same.
        """
        told = {word: version for word, version in versions.items() if version}
        return {
            "org.opencontainers.image.title": f"{REPOSITORY} {self.name}",
            "org.opencontainers.image.description": f"{self.title}, exactly as its lock has it",
            "org.opencontainers.image.version": told.get("tensorflow", self.tensorflow),
            "org.opencontainers.image.revision": self.lock,
            "org.opencontainers.image.base.name": f"docker.io/library/{self.base}",
            LABEL: pytest_tfroundtrip_version(),
            DIGEST: self.digest,
            f"{LABEL}.environment": self.name,
            f"{LABEL}.lock": self.lock,
            **{f"{LABEL}.{word}": version for word, version in told.items()},
        }


@dataclass(frozen=True)
class OurImage:
    """An image that was built here."""

    id: str
    tag: str | None  # None for what a build left that was killed
    environment: str
    size: int  # bytes, with its base
    created: int  # seconds since 1970
    labels: Mapping[str, str]

    @property
    def title(self) -> str:
        """What to call it."""
        return self.tag or f"image {self.id.removeprefix('sha256:')[:12]}, half built"


def plan(runtime: Runtime, lock_text: str, engine: ContainerEngine) -> ImagePlan:
    """Which image a runtime needs.

    Raises:
        EnvironmentFailed: an interpreter of this machine cannot be in an image.
    """
    if runtime.own and runtime.own.python:
        msg = (
            f"runtime {runtime.name} names an interpreter of this machine"
            f" ({runtime.own.python}), which no container has. Take the provider venv for it"
            " (--tf-provider=venv), or give it image = ... instead of python = ..."
        )
        raise EnvironmentFailed(msg)
    release = runtime.release
    return ImagePlan(
        name=runtime.environment,
        tensorflow=release.tensorflow,
        python=release.python,
        platform=engine.platform,
        lock_text=lock_text,
    )


def find(engine: ContainerEngine, plan: ImagePlan) -> str | None:
    """The id of the image if it is there. An image that only has its tag is another one.

    Raises:
        EnvironmentFailed: the engine does not tell.
    """
    with _client(engine, "tell which images it has") as client:
        return _find(client, plan)


def build(
    engine: ContainerEngine,
    plan: ImagePlan,
    progress: Callable[[str], None],
    stopped: Callable[[], bool],
    *,
    cache: Path,
) -> str:
    """Build the image if it is not there; its id.

    Processes that share a cache folder build it once.

    Args:
        engine: where.
        plan: what.
        progress: takes a line for the person who waits.
        stopped: asked a few times a second; what was begun is then undone.
        cache: the cache folder.

    Raises:
        EnvironmentFailed: why it cannot be built, and what to do.
        Stopped: ``stopped`` said so.
    """

    def waiting() -> None:
        progress(f"waiting for another process that builds {plan.name}")

    lock = cache / "images" / ".locks" / f"{plan.digest[:16]}.lock"
    try:
        with alone(lock, stopped, waiting):
            found = find(engine, plan)
            if found:
                return found
            _sweep(engine)
            return building.make(engine, plan, progress, stopped, lambda: find(engine, plan))
    except OSError as error:
        msg = (
            f"the image of {plan.name} cannot be built: {lock.parent} cannot be written ({error})."
            " Choose another folder with --tf-cache, or with TF_ROUNDTRIP_CACHE."
        )
        raise EnvironmentFailed(msg) from error


def built_here(engine: ContainerEngine) -> list[OurImage]:
    """The images that were built by this project, with what killed builds left, newest first.

    Raises:
        EnvironmentFailed: the engine does not tell.
    """
    with _client(engine, "tell which images it has") as client:
        found = client.images(filters={"label": DIGEST})
    images = [each for image in found for each in _ours(image)]
    return sorted(images, key=lambda each: (-each.created, each.tag or ""))


def remove(engine: ContainerEngine, image: OurImage) -> None:
    """Remove an image of ours. What else it is tagged as stays.

    Raises:
        EnvironmentFailed: a container uses it, it is being built, or the engine refuses.
    """
    from docker.errors import APIError, NotFound  # noqa: PLC0415

    builder = image.labels.get(BUILDER)
    if builder and not owner.is_gone(builder, local=engine.local):
        msg = f"{image.title}, is being built: try again when that is done"
        raise EnvironmentFailed(msg)
    with _client(engine, f"remove {image.title}") as client:
        try:
            client.remove_image(image.tag or image.id)
        except NotFound:
            return
        except APIError as error:
            said = explain(error)
            if error.status_code == _CONFLICT or "in use" in said:
                msg = (
                    f"{image.title} is in use and stays: {said}. End that container (docker ps -a"
                    " shows it, docker rm removes one that has ended), then try again"
                )
                raise EnvironmentFailed(msg) from error
            raise


def sources() -> Path:
    """The folder ``images/``: beside the package in a clone, in it where that was installed.

    Raises:
        EnvironmentFailed: it is in neither.
    """
    package = Path(pytest_tfroundtrip.__file__).parent
    for folder in (package / "images", package.parent / "images"):
        if all((folder / name).is_file() for name in FILES):
            return folder
    msg = (
        f"images/{FILES[0]} is missing: it is neither in {package} nor beside it. Install"
        " pytest-tfroundtrip again."
    )
    raise EnvironmentFailed(msg)


def pytest_tfroundtrip_version() -> str:
    """This plugin's version."""
    from importlib.metadata import version  # noqa: PLC0415  slow, and seldom needed

    return version("pytest-tfroundtrip")


_CONFLICT = 409
_UNMARKED = f"{DIGEST}=by-hand"  # what the Dockerfile says by itself


@cache
def _sources() -> Mapping[str, str]:
    folder = sources()
    return MappingProxyType({each: (folder / each).read_text(encoding="utf-8") for each in FILES})


def _sweep(engine: ContainerEngine) -> None:
    """Remove what builds left whose process was killed."""
    for image in built_here(engine):
        if image.tag is None:
            with contextlib.suppress(EnvironmentFailed):  # somebody's who is alive, or just gone
                remove(engine, image)


@contextlib.contextmanager
def _client(engine: ContainerEngine, doing: str) -> Iterator[APIClient]:
    """A client, and its errors as ours.

    Raises:
        EnvironmentFailed: the engine does not do what ``doing`` says.
    """
    from docker.errors import DockerException  # noqa: PLC0415
    from requests.exceptions import RequestException  # noqa: PLC0415

    client = engine.open()
    try:
        yield client.api
    except (DockerException, RequestException, OSError) as error:
        msg = f"{engine.name} does not {doing}: {explain(error)}"
        raise EnvironmentFailed(msg) from error
    finally:
        client.close()


def _find(client: APIClient, plan: ImagePlan) -> str | None:
    from docker.errors import ImageNotFound  # noqa: PLC0415

    try:
        image = building.inspect(client, plan.tag)
    except ImageNotFound:
        return None
    labels = (image.get("Config") or {}).get("Labels") or {}
    whole = labels.get(DIGEST) == plan.digest and labels.get(f"{LABEL}.lock") == plan.lock
    return str(image["Id"]) if whole else None


def _ours(image: Mapping[str, Any]) -> Iterator[OurImage]:
    """An image once for each of our tags; once without, if it is a build's that was killed.

    What somebody made on top of one has its labels too: it is theirs.
    """
    labels = image.get("Labels") or {}
    tags = [tag for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]
    mine: list[str | None] = [tag for tag in tags if _is_our_tag(tag, labels)]
    if not tags and labels.get(BUILDER):
        mine = [None]
    for tag in mine:
        yield OurImage(
            id=str(image["Id"]),
            tag=tag,
            environment=labels.get(f"{LABEL}.environment", ""),
            size=int(image.get("Size") or 0),
            created=int(image.get("Created") or 0),
            labels=labels,
        )


def _is_our_tag(tag: str, labels: Mapping[str, str]) -> bool:
    """Whether a tag is one that :class:`ImagePlan` gave; Podman says localhost/ before it."""
    repository, _, name = tag.removeprefix("localhost/").partition(":")
    return repository == REPOSITORY and name.endswith(f"-{labels.get(DIGEST, '')[:12]}")
