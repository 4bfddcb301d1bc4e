"""A fake of what the project uses of an engine: images and streams, kept in memory."""

from __future__ import annotations

import json
import tarfile
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from docker.errors import APIError, ImageNotFound

from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, Limits

if TYPE_CHECKING:
    import io
    from collections.abc import Callable, Iterator, Mapping, Sequence

Event = dict[str, Any]


@dataclass
class FakeDaemon:
    """An engine's memory, and what it answers."""

    images: dict[str, Event] = field(default_factory=dict)  # id -> what inspecting it gives
    says: list[Event | Exception] = field(default_factory=list)  # during a build or a pull
    asked: list[tuple[str, Event]] = field(default_factory=list)
    in_use: set[str] = field(default_factory=set)
    on_build: Callable[[], None] = lambda: None
    silent: bool = False  # says no more after that, until the client goes
    cut: threading.Event = field(default_factory=threading.Event)

    def add(self, image: str, tags: Sequence[str], labels: Mapping[str, str], at: int = 0) -> None:
        self.images[image] = {
            "Id": image,
            "RepoTags": [*tags],
            "Config": {"Labels": {**labels}},
            "Size": 1_300_000_000,
            "Created": at,
        }

    def named(self, name: str) -> Event | None:
        return next(
            (
                each
                for each in self.images.values()
                if name == each["Id"] or name in each["RepoTags"]
            ),
            None,
        )


class FakeApi:
    """``docker.APIClient`` as far as it is used."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self._daemon = daemon
        self.hooks: dict[str, list[Any]] = {"response": []}

    def inspect_image(self, name: str) -> Event:
        found = self._daemon.named(name)
        if found is None:
            message = "404 Client Error"
            raise ImageNotFound(message, explanation=f"No such image: {name}")
        return found

    def images(self, filters: Mapping[str, Any]) -> list[Event]:
        wanted = filters["label"]
        wanted = [wanted] if isinstance(wanted, str) else wanted
        found = []
        for image in self._daemon.images.values():
            labels = image["Config"]["Labels"]
            told = [*labels, *(f"{key}={value}" for key, value in labels.items())]
            if set(wanted) <= set(told) and not (filters.get("dangling") and image["RepoTags"]):
                found.append({**image, "Labels": labels})
        return found

    def containers(self, **_: Any) -> list[Event]:
        return []

    def remove_image(self, name: str) -> None:
        self._daemon.asked.append(("remove", {"image": name}))
        if name in self._daemon.in_use:
            message, said = "409 Client Error", f"container 0123 is using its image {name}"
            raise APIError(message, response=Conflict(), explanation=said)  # type: ignore[arg-type]
        image = self.inspect_image(name)
        image["RepoTags"] = [tag for tag in image["RepoTags"] if tag != name]
        if not image["RepoTags"]:
            del self._daemon.images[image["Id"]]

    def build(self, fileobj: io.BytesIO, **options: Any) -> Iterator[Event]:
        with tarfile.open(fileobj=fileobj) as archive:
            files = {
                name: content.read().decode()
                for name in archive.getnames()
                if (content := archive.extractfile(name))
            }
        self._daemon.asked.append(("build", {**options, "files": files}))
        self._daemon.on_build()
        if options["labels"]:
            made = f"sha256:{len(self._daemon.images):064}"
            self._daemon.add(made, [options["tag"]], options["labels"])
            return iter([{"aux": {"ID": made}}])
        return self._said()

    def pull(self, repository: str, tag: str, **options: Any) -> Iterator[Event]:
        self._daemon.asked.append(("pull", {**options, "repository": repository, "tag": tag}))
        return self._said()

    def close(self) -> None:
        self._daemon.cut.set()

    def _said(self) -> Iterator[Event]:
        for event in self._daemon.says:
            if isinstance(event, Exception):
                raise event
            yield event
        if self._daemon.silent:
            self._daemon.cut.wait(30)


class Conflict:
    """The answer of an engine that refuses."""

    status_code = 409


class FakeClient:
    """``docker.DockerClient`` as far as it is used."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self.api = FakeApi(daemon)
        self.close = self.api.close


@dataclass(frozen=True)
class FakeEngine(ContainerEngine):
    """An engine that is a :class:`FakeDaemon`."""

    daemon: FakeDaemon = field(default_factory=FakeDaemon, compare=False)

    def open(self) -> Any:
        return FakeClient(self.daemon)


def fake_engine(**changes: Any) -> FakeEngine:
    """An engine without images."""
    known: dict[str, Any] = {
        "address": "unix:///fake.sock",
        "found": "its usual socket",
        "name": "Docker 28.2.2",
        "api": "1.41",
        "platform": "linux/amd64",
        "rootless": False,
        "remapped": False,
        "selinux": False,
        "has_bridge": True,
        "limits": Limits(memory=True, swap=True, pids=True, cpus=True),
        "memory": 8 << 30,
        "cpus": 2,
    }
    return FakeEngine(**{**known, **changes})


def says(*lines: str) -> list[Event | Exception]:
    """A build's output, one event a line."""
    return [{"stream": f"{line}\n"} for line in lines]


VERSIONS = {
    "tensorflow": "2.15.1",
    "keras": "2.15.0",
    "tf_keras": "2.15.1",
    "tensorflow_hub": None,
    "numpy": "1.26.4",
    "python": "3.11.9",
}
BUILT = [
    *says("== fetching packages", f"versions: {json.dumps(VERSIONS)}"),
    {"aux": {"ID": f"sha256:{'f' * 64}"}},
]
