"""``lock``: compile the locks of releases, or say which would change."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.catalogue.releases import LOCKS, releases
from pytest_tfroundtrip.commands.common import (
    add_cache,
    by_environment,
    cache_of,
    complain,
    own_runtimes,
    say,
)
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.files import write_aside
from pytest_tfroundtrip.runtimes.locking import compile_lock, lock_digest
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    import argparse

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.uv import Uv

NAME = "lock"
HELP = "compile the hashed locks that environments are made from"
_AT_ONCE = 4
_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True)
class _Lock:
    """One lock: where it is, as it is, as it would be."""

    name: str
    file: Path
    old: str
    new: str

    @property
    def changed(self) -> bool:
        return lock_digest(self.old) != lock_digest(self.new)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "runtimes", nargs="*", metavar="RUNTIME", help="runtimes (default: all that have a lock)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if a lock would change"
    )
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that the bounds allow"
    )
    add_cache(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    names = arguments.runtimes or _all_names()
    runtimes = by_environment(names, own_runtimes(Path.cwd()))
    provider = VenvProvider(cache_of(arguments))
    changed, failed = [], []
    uv = provider.uv

    def one(runtime: Runtime) -> _Lock | EnvironmentFailed:
        try:
            return _compile(runtime, provider, uv, upgrade=arguments.upgrade)
        except EnvironmentFailed as error:
            return error

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            futures = {name: pool.submit(one, runtime) for name, runtime in runtimes.items()}
            for name, future in futures.items():
                while wait([future], timeout=0.2).not_done:
                    pass  # a timeout lets Ctrl-C through
                lock = future.result()
                if isinstance(lock, EnvironmentFailed):
                    failed.append(name)
                    complain(str(lock))
                    continue
                _tell(lock, check=arguments.check)
                if lock.changed:
                    changed.append(name)
                if not arguments.check and lock.old != lock.new:
                    _write(lock)
        except BaseException:
            uv.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    if arguments.check and changed:
        say(f"These locks would change: {', '.join(changed)}. Make them: lock {' '.join(changed)}")
    return 1 if failed or (arguments.check and changed) else 0


def _all_names() -> list[str]:
    """The releases, and the variants of them that have a lock already."""
    variants = sorted(file.stem for file in LOCKS.glob("*+*.txt"))
    return [*releases(), *variants]


def _compile(runtime: Runtime, provider: VenvProvider, uv: Uv, *, upgrade: bool) -> _Lock:
    made = provider.lock_input(runtime)
    # A variant's lock goes where the releases' are: it is asked for by name here.
    file = LOCKS / f"{made.name}.txt"
    if runtime.own:
        file = provider.cache / "locks" / f"{made.name}-{made.digest}.txt"
    try:
        old = file.read_text(encoding="utf-8")
    except OSError:
        old = ""
    return _Lock(made.name, file, old, compile_lock(made, uv, old=old, upgrade=upgrade))


def _tell(lock: _Lock, *, check: bool) -> None:
    if not lock.changed:
        say(f"{lock.name}: unchanged ({len(_pins(lock.new))} packages)")
        return
    if not lock.old:
        say(f"{lock.name}: {'missing' if check else 'new'} ({len(_pins(lock.new))} packages)")
        return
    old, new = _pins(lock.old), _pins(lock.new)
    what = [f"-{name}" for name in old if name not in new]
    what += [f"+{name} {version}" for name, version in new.items() if name not in old]
    what += [
        f"{name} {old[name]} -> {version}"
        for name, version in new.items()
        if name in old and old[name] != version
    ]
    say(f"{lock.name}: {'would change' if check else 'changed'}: {', '.join(what) or 'hashes'}")


def _pins(text: str) -> dict[str, str]:
    return {match["name"]: match["version"] for match in _PIN.finditer(text)}


def _write(lock: _Lock) -> None:
    try:
        write_aside(lock.file, lock.new)
    except OSError as error:
        msg = (
            f"{lock.file} cannot be written: {error}. Locks of releases belong to the package: run"
            " this from a checkout of it"
        )
        raise EnvironmentFailed(msg) from error
