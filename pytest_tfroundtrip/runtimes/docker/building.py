"""Builds and pulls images: the engine does it, this follows, tells, and cleans up."""

from __future__ import annotations

import contextlib
import io
import json
import re
import tarfile
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker import trouble
from pytest_tfroundtrip.runtimes.docker.client import explain
from pytest_tfroundtrip.runtimes.docker.owner import LABEL, owner
from pytest_tfroundtrip.runtimes.docker.streams import follow
from pytest_tfroundtrip.runtimes.files import human_size
from pytest_tfroundtrip.runtimes.process import same_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from docker import APIClient

    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine
    from pytest_tfroundtrip.runtimes.docker.images import ImagePlan
    from pytest_tfroundtrip.runtimes.docker.streams import Event

# Which image it is going to be, and whose build it is. The Dockerfile says both before all else; a
# whole image has no builder any more.
DIGEST = f"{LABEL}.digest"
BUILDER = f"{LABEL}.builder"

_TAIL = 60  # lines of a build that are kept for the case that it fails
# An engine ends a build in 0.1 to 0.5 s when its client goes. It then deletes what its container
# wrote: 0.1 s for little, 1 to 3 s for a gigabyte.
_END_SECONDS = 1.5
_REMOVE_SECONDS = 10.0
_SETTLE_SECONDS = 0.5  # and may finish a quick step of it: one takes 0.1 s
_TELL_SECONDS = 5.0
_LARGE = 50.0  # MB of a package whose download is worth a line
_FEW = 3  # packages that build others, installed before all others

_COLOR = re.compile(r"\x1b\[[0-9;]*m")
_BUILT = re.compile(r"Successfully built ([0-9a-f]{12,64})")
_STAGE = re.compile(r"== (.+)")  # the Dockerfile says them
_DOWNLOAD = re.compile(r"Downloading (\S+?)(?:-py\d|-cp\d|\.tar)\S* \(([\d.]+) MB\)")
_INSTALL = re.compile(r"Installing collected packages: (.+)")
_VERSIONS = re.compile(r"versions: (\{.*\})")  # check.py says them


def make(
    engine: ContainerEngine,
    plan: ImagePlan,
    progress: Callable[[str], None],
    stopped: Callable[[], bool],
    find: Callable[[], str | None],
) -> str:
    """Build an image that is not there yet; its id. Nothing stays of one that fails.

    In two steps: what a label says of versions is what the first step saw when it imported them.
    The second adds labels and tag, so that no image has our tag that is not whole. ``find`` says
    whether somebody else, with another cache folder, has built it in the meantime.

    Raises:
        EnvironmentFailed: why it cannot be built, and what to do.
        Stopped: ``stopped`` said so.
    """
    started = time.monotonic()
    progress(f"building {plan.name}: {plan.title}, as {plan.tag} ...")
    site = _Site(engine, plan, progress, stopped)
    try:
        first = site.build(plan.context(owner()), {"PYTHON": plan.python}, {}, None)
        site.check()
        if found := find():
            return found
        labels = {**plan.labels(site.versions), BUILDER: ""}
        image = site.build({"Dockerfile": f"FROM {first}\n"}, {}, labels, plan.tag)
        size = human_size(site.keep(image))
    finally:
        site.leave()
    progress(f"built {plan.name} in {time.monotonic() - started:.0f} s ({size})")
    return image


class _Site:
    """One build, and what it leaves lying around."""

    def __init__(
        self,
        engine: ContainerEngine,
        plan: ImagePlan,
        progress: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> None:
        self.versions: Mapping[str, str | None] = {}
        self._engine, self._plan = engine, plan
        self._progress, self._stopped = progress, stopped
        self._client = engine.open().api
        self._finished = False
        self._said: deque[str] = deque(maxlen=_TAIL)
        self._result = ""

    def leave(self) -> None:
        """Remove what is not to stay."""
        self._client.close()
        client = self._engine.open().api  # the other one's connection may be cut
        try:
            labels = {DIGEST: self._plan.digest, BUILDER: owner()}
            _clear(client, labels, 0 if self._finished else _SETTLE_SECONDS)
        finally:
            client.close()

    def build(
        self,
        files: Mapping[str, str],
        arguments: dict[str, str],
        labels: dict[str, str],
        tag: str | None,
    ) -> str:
        """One build of the engine's; the image's id."""
        self._result = ""

        def ask(client: APIClient) -> Iterable[Event]:
            events: Iterable[Event] = client.build(
                fileobj=_context(files),
                custom_context=True,
                buildargs=arguments,
                use_config_proxy=True,
                labels=labels,
                tag=tag,
                # Containers of a bridge-less engine have no network of their own. What is built
                # does not depend on it.
                network_mode=None if self._engine.has_bridge else "host",
                rm=True,
                forcerm=True,
                nocache=True,  # what others left is not what this Dockerfile gives
                decode=True,
            )
            return events

        try:
            for line in self._lines(ask):
                self._listen(line)
        except trouble.engine_errors() as error:
            raise self._failed(trouble.lost(self._engine.name, error)) from error
        if not self._result:
            raise self._failed(trouble.lost(self._engine.name, "it ended without an image"))
        return self._result

    def check(self) -> None:
        """Hold what was imported against what was wanted."""
        seen = self.versions.get("tensorflow")
        if not same_version(self._plan.tensorflow, seen):
            msg = (
                f"the image of {self._plan.name} has TensorFlow {seen} instead of"
                f" {self._plan.tensorflow}: its lock is another release's. Make the lock again:"
                f" python -m pytest_tfroundtrip lock {self._plan.name}"
            )
            raise EnvironmentFailed(msg)

    def keep(self, image: str) -> int:
        """Say which image is to stay; its bytes."""
        try:
            found = inspect(self._client, image)
        except trouble.engine_errors() as error:
            raise self._failed(trouble.lost(self._engine.name, error)) from error
        self._finished = True
        return int(found["Size"])

    def _lines(self, ask: Callable[[APIClient], Iterable[Event]]) -> Iterator[str]:
        """What a build prints, line by line; its errors as ours."""
        rest, pulling = "", _Pulling(f"{self._plan.name}: {self._plan.base}", self._progress)
        with contextlib.closing(follow(self._client, ask, self._stopped)) as events:
            for event in events:
                if error := event.get("error"):
                    self._said.append(rest)
                    raise self._failed(trouble.why_not_built(self._plan, error, self._said))
                self._result = (event.get("aux") or {}).get("ID", "") or self._result
                pulling.tell(event)
                *lines, rest = _COLOR.sub("", rest + event.get("stream", "")).split("\n")
                yield from lines
        yield rest

    def _listen(self, line: str) -> None:
        """Take note of what a line tells."""
        line = line.strip()
        if not line:
            return
        self._said.append(line)
        if match := _BUILT.match(line):
            self._result = self._result or match[1]
        elif match := _VERSIONS.match(line):
            self.versions = json.loads(match[1])
        elif doing := _doing(line):
            self._progress(f"{self._plan.name}: {doing} ...")

    def _failed(self, why: str) -> EnvironmentFailed:
        return EnvironmentFailed(f"the image of {self._plan.name} cannot be built: {why}")


def inspect(client: APIClient, image: str) -> dict[str, Any]:
    """What the engine knows of an image.

    Raises:
        docker.errors.ImageNotFound: there is none.
    """
    found: dict[str, Any] = client.inspect_image(image)  # type: ignore[no-untyped-call]
    return found


def _doing(line: str) -> str:
    """What a line says to somebody who waits; most say nothing."""
    if match := _STAGE.match(line):
        return match[1]
    if (match := _DOWNLOAD.match(line)) and float(match[2]) >= _LARGE:
        return f"fetching {match[1]} ({float(match[2]):.0f} MB)"
    if (match := _INSTALL.match(line)) and (count := len(match[1].split(", "))) > _FEW:
        return f"installing {count} packages"
    return ""


def _context(files: Mapping[str, str]) -> io.BytesIO:
    """The tar that an engine builds from. No dates, no owner: it is the same everywhere."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    return packed


def _clear(client: APIClient, labels: Mapping[str, str], settle: float) -> None:
    """Remove what a build leaves: containers, and images that nobody can name.

    An engine ends and removes the containers itself when its client goes, and is given the time. It
    keeps the parent of a whole image.

    Args:
        client: the engine's.
        labels: what it is told by.
        settle: seconds during which something may still turn up.
    """
    errors, started = trouble.engine_errors(), time.monotonic()
    wanted = {"label": [f"{key}={value}" for key, value in labels.items()]}
    kept: set[str] = set()
    while (now := time.monotonic() - started) < _REMOVE_SECONDS:
        left = False
        with contextlib.suppress(*errors):
            for container in client.containers(all=True, filters=wanted):
                left = True
                if now > _END_SECONDS:
                    with contextlib.suppress(*errors):
                        client.remove_container(container["Id"], force=True, v=True)
            images = client.images(filters={**wanted, "dangling": True})
            for image in {each["Id"] for each in images} - kept:
                left = True
                with contextlib.suppress(*errors):
                    client.remove_image(image)
                    continue
                if now > _END_SECONDS:
                    kept.add(image)
        if not left and now >= settle:
            return
        time.sleep(0.05)


def pull(
    engine: ContainerEngine,
    reference: str,
    progress: Callable[[str], None],
    stopped: Callable[[], bool],
) -> None:
    """Pull an image from its registry.

    Raises:
        EnvironmentFailed: why it cannot be pulled, and what to do.
        Stopped: ``stopped`` said so.
    """
    from docker.utils import parse_repository_tag  # noqa: PLC0415

    repository, tag = parse_repository_tag(reference)
    started = time.monotonic()
    progress(f"pulling {reference} ...")

    def ask(client: APIClient) -> Iterable[Event]:
        # Without a tag, an engine pulls all of them.
        events: Iterable[Event] = client.pull(
            repository, tag=tag or "latest", stream=True, decode=True
        )
        return events

    client, pulling = engine.open().api, _Pulling(reference, progress)
    try:
        with contextlib.closing(follow(client, ask, stopped)) as events:
            for event in events:
                if error := event.get("error"):
                    raise EnvironmentFailed(trouble.why_not_pulled(reference, error, engine))
                pulling.tell(event)
    except trouble.engine_errors() as error:
        raise EnvironmentFailed(
            trouble.why_not_pulled(reference, explain(error), engine)
        ) from error
    finally:
        client.close()
    progress(f"pulled {reference} in {time.monotonic() - started:.0f} s")


class _Pulling:
    """Reduces what an engine says of each layer to a line now and then."""

    def __init__(self, name: str, progress: Callable[[str], None]) -> None:
        self._name, self._progress = name, progress
        self._layers: dict[str, tuple[int, int]] = {}
        self._told = time.monotonic()

    def tell(self, event: Event) -> None:
        detail: dict[str, Any] = event.get("progressDetail") or {}
        if event.get("status") != "Downloading" or "current" not in detail:
            return
        self._layers[str(event.get("id"))] = (detail["current"], detail.get("total") or 0)
        if time.monotonic() - self._told < _TELL_SECONDS:
            return
        self._told = time.monotonic()
        have, total = (sum(column) for column in zip(*self._layers.values(), strict=True))
        self._progress(f"{self._name}: {human_size(have)} of {human_size(total)} pulled ...")
