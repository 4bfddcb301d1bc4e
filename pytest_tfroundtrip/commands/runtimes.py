"""``runtimes``: list, make, check and remove environments."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pytest_tfroundtrip.catalogue.releases import LOCKS, releases
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.commands.agents import started
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
from pytest_tfroundtrip.runtimes.files import folder_size, human_size, remove_folder
from pytest_tfroundtrip.runtimes.interpreters import find_interpreter
from pytest_tfroundtrip.runtimes.prepare import Providers
from pytest_tfroundtrip.runtimes.uv import Uv
from pytest_tfroundtrip.runtimes.venv import VenvProvider, read_manifest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime
    from pytest_tfroundtrip.runtimes.process import Hello
    from pytest_tfroundtrip.runtimes.provider import Environment

NAME = "runtimes"
HELP = "list, make, check and remove the environments of runtimes"
_ACTIONS = {
    "list": "list these runtimes, or all: their environments and what they would be made with",
    "make": "make the environments of these runtimes, where they are missing",
    "check": "start an agent in each of these runtimes, or of those that are there",
    "remove": "remove the environments of these runtimes, or those that nothing uses",
}
_SWITCHES = (Switch("--unused", "remove", "those whose lock is not current any more"),)


@dataclass(frozen=True)
class _Catalogue:
    """Every runtime that can be named, and where their environments are."""

    cache: Path
    own: Mapping[str, OwnRuntime]

    @cached_property
    def providers(self) -> Providers:
        """Environments are uv's here; images have a command of their own."""
        return Providers(self.cache, "venv")

    def all(self) -> dict[str, Runtime]:
        variants = sorted(file.stem for file in LOCKS.glob("*+*.txt"))
        return by_environment([*releases(), *variants, *self.own], self.own)

    def ready(self, runtime: Runtime) -> Environment | None:
        return self.providers.of(runtime).ready(runtime)

    def folders(self) -> list[Path]:
        """All environments in the cache, whole or not, current or not."""
        found = VenvProvider(self.cache).folder.glob("[!.]*")
        return sorted(folder for folder in found if folder.is_dir())

    def half_made(self) -> list[Path]:
        """What is being made, or was by a process that was killed: only the lock tells."""
        return sorted(VenvProvider(self.cache).folder.glob(".making/*"))

    def current(self, runtimes: Iterable[Runtime]) -> set[Path]:
        """The folders of the environments that these runtimes would use."""
        ready = [self.ready(runtime) for runtime in runtimes]
        return {there.folder for there in ready if there and there.folder}

    def unused(self) -> list[Path]:
        """The folders that nothing uses. What another project's runtime may use is not among them.

        A folder is named after its environment, then the hash of its lock.
        """
        current, unused = self.current(self.all().values()), []
        for folder in self.folders():
            name = folder.name.rpartition("-")[0]
            try:
                runtime = parse_runtime(name, self.own)
            except RoundTripError:
                continue
            if folder not in current | self.current([runtime]):
                unused.append(folder)
        return unused


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    add_actions(parser, _ACTIONS, _SWITCHES)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    if arguments.unused and arguments.action != "remove":
        msg = f"--unused goes with remove, not with {arguments.action}"
        raise UsageProblem(msg)
    catalogue = _Catalogue(cache_of(arguments), own_runtimes(Path.cwd()))
    chosen = by_environment(arguments.runtimes, catalogue.own)
    if arguments.action == "make":
        return _make(catalogue, chosen)
    if arguments.action == "check":
        named = [parse_runtime(name, catalogue.own) for name in arguments.runtimes]
        return _check(catalogue, named)
    if arguments.action == "remove":
        return _remove(catalogue, chosen, unused=arguments.unused)
    return _list(catalogue, chosen)


def _list(catalogue: _Catalogue, chosen: Mapping[str, Runtime]) -> int:
    runtimes = chosen or catalogue.all()
    uv, found = Uv(), dict[str, str]()
    rows = [("runtime", "TensorFlow", "Python", "environment", "size", "interpreter")]
    total = 0
    for name, runtime in runtimes.items():
        there = catalogue.ready(runtime)
        series = runtime.release.python
        if runtime.own and (runtime.own.python or runtime.own.image):
            interpreter, series = runtime.own.python or runtime.own.image or "", "own"
        else:
            if series not in found:
                found[series] = _interpreter(series, uv)
            interpreter = found[series]
        size = there.size() if there and there.provider == "venv" else 0
        total += size
        state = "ready" if there else "-"
        shown = human_size(size) if size else "-"
        rows.append((name, runtime.release.tensorflow, series, state, shown, interpreter))
    for line in table(rows):
        say(line)
    say("")
    say(f"{catalogue.cache}: {human_size(total)}")
    if unused := catalogue.unused():
        size = sum(folder_size(folder) for folder in unused)
        count = "1 environment is" if len(unused) == 1 else f"{len(unused)} environments are"
        say(f"{count} not used any more ({human_size(size)}): runtimes remove --unused")
    return 0


def _interpreter(series: str, uv: Uv) -> str:
    try:
        found = find_interpreter(series, uv, complain, fetch=False)
    except EnvironmentFailed:
        return "none yet"
    return f"{found.version} ({found.source})"


def _make(catalogue: _Catalogue, chosen: Mapping[str, Runtime]) -> int:
    if not chosen:
        msg = "make: which runtimes? As in: runtimes make 1.15 2.15 2.21"
        raise UsageProblem(msg)
    made = catalogue.providers.prepare(chosen.values(), say)
    failed = 0
    for name, there in made.items():
        if isinstance(there, EnvironmentFailed):
            failed += 1
            complain(str(there))
        else:
            say(f"{name}: ready in {there.folder or there.found}")
    return 1 if failed else 0


def _check(catalogue: _Catalogue, named: list[Runtime]) -> int:
    runtimes = named or [each for each in catalogue.all().values() if catalogue.ready(each)]
    if not runtimes:
        say("no environment is there yet: runtimes make 1.15 2.15 2.21")
        return 0
    sound = [_is_sound(catalogue, runtime) for runtime in runtimes]  # one at a time: memory
    return 0 if all(sound) else 1


def _is_sound(catalogue: _Catalogue, runtime: Runtime) -> bool:
    try:
        say(_checked(catalogue, runtime))
    except EnvironmentFailed as error:
        complain(f"{runtime.name}: broken: {error}")
        return False
    return True


def _checked(catalogue: _Catalogue, runtime: Runtime) -> str:
    """Start the runtime's agent, which imports TensorFlow and all that goes with it."""
    there = catalogue.ready(runtime)
    if there is None:
        msg = f"not made yet: runtimes make {runtime.environment}"
        raise EnvironmentFailed(msg)
    hello = asyncio.run(_hello(catalogue, runtime, there))
    hub = there.versions.get("tensorflow_hub")
    if hub and not hello.versions.get("tensorflow_hub"):
        msg = f"tensorflow-hub {hub} is installed, but does not import"
        raise EnvironmentFailed(msg)
    versions = ", ".join(
        f"{word} {version}" for word, version in sorted(hello.versions.items()) if version
    )
    return f"{runtime.name}: imported in {hello.import_seconds:.1f} s\n  {versions}"


async def _hello(catalogue: _Catalogue, runtime: Runtime, there: Environment) -> Hello:
    async with started(catalogue.providers.of(runtime), runtime, there) as agent:
        return agent.hello


def _remove(catalogue: _Catalogue, chosen: Mapping[str, Runtime], *, unused: bool) -> int:
    if not chosen and not unused:
        msg = "remove: which runtimes? As in: runtimes remove 2.3, or: runtimes remove --unused"
        raise UsageProblem(msg)
    going = catalogue.unused() if unused else []
    for name in chosen:
        mine = [each for each in catalogue.folders() if each.name.rpartition("-")[0] == name]
        if not mine:
            say(f"{name}: no environment is there")
        going += mine
    if unused:
        going += catalogue.half_made()
    failed = 0
    for folder in dict.fromkeys(going):
        manifest = read_manifest(folder)
        try:
            size = _remove_one(catalogue, folder)
        except Timeout:  # before OSError, whose kind it is
            failed += 1
            complain(f"{folder} is being made by another process: try again when it is done")
        except OSError as error:
            failed += 1
            complain(f"{folder} cannot be removed: {error}. Is it yours?")
        else:
            title = manifest["name"] if manifest else f"{folder.name}, which was half made"
            say(f"removed {title} ({human_size(size)})")
    return 1 if failed else 0


def _remove_one(catalogue: _Catalogue, folder: Path) -> int:
    """Remove an environment: it is out of its place at once, whatever becomes of the rest."""
    root = VenvProvider(catalogue.cache).folder
    name = folder.name.rpartition("-")[0]
    for place in (root / ".locks", root / ".making"):
        place.mkdir(parents=True, exist_ok=True)
    with FileLock(root / ".locks" / f"{name}.lock", timeout=0):
        size = folder_size(folder)
        aside = root / ".making" / f"{name}-{uuid.uuid4().hex[:8]}"
        shutil.move(folder, aside)
        remove_folder(aside)
    return size
