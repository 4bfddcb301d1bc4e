"""``images``: list, build and remove the images of runtimes."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.releases import LOCKS, releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.commands.common import (
    Switch,
    add_actions,
    by_environment,
    cache_of,
    complain,
    own_runtimes,
    say,
    table,
)
from pytest_tfroundtrip.errors import EnvironmentFailed, RoundTripError, UsageProblem
from pytest_tfroundtrip.runtimes.docker import images
from pytest_tfroundtrip.runtimes.docker.client import connect
from pytest_tfroundtrip.runtimes.docker.provider import DockerProvider
from pytest_tfroundtrip.runtimes.files import human_size
from pytest_tfroundtrip.runtimes.uv import Uv
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime
    from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine
    from pytest_tfroundtrip.runtimes.docker.images import ImagePlan, OurImage

NAME = "images"
HELP = "list, build and remove the images of runtimes (Docker, Podman)"
_ACTIONS = {
    "list": "list the images of these runtimes, or of all: tag, size, when it was made",
    "build": "build the images of these runtimes, where they are missing",
    "remove": "remove the images of these runtimes, or those that nothing uses",
}
_SWITCHES = (
    Switch("--json", "list", "for programs to read"),
    Switch(
        "--unused",
        "remove",
        "those whose lock or Dockerfile is not current any more, and what killed builds left",
    ),
)
# One fetches and unpacks while the other compiles bytecode; more would only wait for the disk.
_AT_ONCE = 2


@dataclass(frozen=True)
class _Row:
    """One runtime and its image."""

    runtime: Runtime
    tag: str | None  # None where the lock has to be compiled first
    image: OurImage | None

    def as_json(self) -> dict[str, Any]:
        """What other programs read: CI keys its cache by the tags."""
        labels = self.image.labels if self.image else {}
        made = self.image and datetime.fromtimestamp(self.image.created, timezone.utc)
        return {
            "runtime": self.runtime.environment,
            "tag": self.tag,
            "id": self.image.id if self.image else None,
            "size": self.image.size if self.image else None,
            "created": made.isoformat() if made else None,
            "tensorflow": self.runtime.release.tensorflow,
            "python": labels.get(f"{images.LABEL}.python", self.runtime.release.python),
            "lock": labels.get(f"{images.LABEL}.lock"),
        }


@dataclass(frozen=True)
class _Store:
    """What the engine has, and what the runtimes need."""

    cache: Path
    own: Mapping[str, OwnRuntime]
    engine: ContainerEngine

    @cached_property
    def built(self) -> list[OurImage]:
        """The images of ours."""
        return images.built_here(self.engine)

    def all(self) -> dict[str, Runtime]:
        """Every runtime that has an image of ours, or could have one."""
        variants = sorted(file.stem for file in LOCKS.glob("*+*.txt"))
        known = by_environment([*releases(), *variants, *self.own], self.own)
        return {name: runtime for name, runtime in known.items() if _is_built(runtime)}

    def rows(self, runtimes: Iterable[Runtime]) -> list[_Row]:
        """These runtimes with their images."""
        found = []
        for runtime in runtimes:
            plan = self._plan(runtime)
            there = next((each for each in self.built if plan and _is_of(each, plan)), None)
            found.append(_Row(runtime, plan.tag if plan else None, there))
        return found

    def unused(self) -> list[OurImage]:
        """The images that nothing uses, and what killed builds left.

        Not among them: what another project's runtime may use, whose table is not read here.
        """
        unused = []
        for image in self.built:
            if image.tag is None:
                unused.append(image)
                continue
            try:
                runtime = parse_runtime(image.environment, self.own)
            except RoundTripError:
                continue
            plan = self._plan(runtime)
            if plan is None or not _is_of(image, plan):
                unused.append(image)
        return unused

    def _plan(self, runtime: Runtime) -> ImagePlan | None:
        text = VenvProvider(self.cache).known_lock(runtime) if _is_built(runtime) else None
        return None if text is None else images.plan(runtime, text, self.engine)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_actions(parser, _ACTIONS, _SWITCHES)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    for option, action in (("unused", "remove"), ("json", "list")):
        if getattr(arguments, option) and arguments.action != action:
            msg = f"--{option} goes with {action}, not with {arguments.action}"
            raise UsageProblem(msg)
    cache, own = cache_of(arguments), own_runtimes(Path.cwd())
    chosen = by_environment(arguments.runtimes, own)
    if arguments.action == "build":
        return _build(chosen, cache)
    if arguments.action == "remove" and not chosen and not arguments.unused:
        msg = "remove: which runtimes? As in: images remove 2.3, or: images remove --unused"
        raise UsageProblem(msg)
    store = _Store(cache, own, connect())
    if arguments.action == "remove":
        return _remove(store, chosen, unused=arguments.unused)
    return _list(store, chosen, as_json=arguments.json)


def _list(store: _Store, chosen: Mapping[str, Runtime], *, as_json: bool) -> int:
    rows = store.rows((chosen or store.all()).values())
    if as_json:
        say(json.dumps([row.as_json() for row in rows], indent=1))
        return 0
    shown = [("runtime", "TensorFlow", "Python", "tag", "size", "made")]
    for row in rows:
        told, there = row.as_json(), row.image
        size = human_size(there.size) if there else "-"
        made = told["created"][:10] if there else "-"
        tag = row.tag.partition(":")[2] if row.tag else "no lock yet"
        shown.append((told["runtime"], told["tensorflow"], told["python"], tag, size, made))
    for line in table(shown):
        say(line)
    say("")
    total = sum({row.image.id: row.image.size for row in rows if row.image}.values())
    say(f"{images.REPOSITORY}:TAG on {store.engine.name}, {human_size(total)} with their bases")
    if unused := store.unused():
        count = "1 image is" if len(unused) == 1 else f"{len(unused)} images are"
        say(f"{count} not used any more: images remove --unused")
    return 0


def _build(chosen: Mapping[str, Runtime], cache: Path) -> int:
    if not chosen:
        msg = "build: which runtimes? As in: images build 1.15 2.15 2.21"
        raise UsageProblem(msg)
    uv, telling = Uv(), threading.Lock()
    provider = DockerProvider(cache, uv)

    def tell(line: str) -> None:
        with telling:
            say(line)

    def one(runtime: Runtime) -> bool:
        try:
            made = provider.prepare(runtime, tell)
        except EnvironmentFailed as error:
            if not uv.stopped:  # then it is told once, for all
                with telling:
                    complain(str(error))
            return False
        tell(f"{runtime.environment}: ready as {made.found}")
        return True

    engine = provider.engine  # asked once, and told once if there is none
    say(f"{engine.name} at {engine.address}")
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="tf-roundtrip-build") as pool:
        try:
            made = [pool.submit(one, runtime) for runtime in chosen.values()]
            while wait(made, timeout=0.2).not_done:
                pass  # a timeout lets Ctrl-C through
        except BaseException:
            uv.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return 0 if all(future.result() for future in made) else 1


def _remove(store: _Store, chosen: Mapping[str, Runtime], *, unused: bool) -> int:
    going = store.unused() if unused else []
    for name in chosen:
        mine = [each for each in store.built if each.environment == name and each.tag]
        if not mine:
            say(f"{name}: no image is there")
        going += mine
    failed = 0
    for image in {(each.id, each.tag): each for each in going}.values():
        try:
            images.remove(store.engine, image)
        except EnvironmentFailed as error:
            failed += 1
            complain(str(error))
        else:
            say(f"removed {image.title} ({human_size(image.size)})")
    return 1 if failed else 0


def _is_of(image: OurImage, plan: ImagePlan) -> bool:
    """Whether it is this plan's."""
    return image.tag is not None and image.labels.get(images.DIGEST) == plan.digest


def _is_built(runtime: Runtime) -> bool:
    """Whether its image is built here: a user's own is pulled, an interpreter has none."""
    return not (runtime.own and (runtime.own.image or runtime.own.python))
