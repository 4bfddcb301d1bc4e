"""Chooses the provider of a runtime, and has the environments of many made at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.current import CurrentProvider
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


def provider_of(
    runtime: Runtime, *, provider: str = "auto", cache: Path, uv: Uv | None = None
) -> Provider:
    """Who has this runtime's environment.

    Args:
        runtime: the runtime.
        provider: "auto" and "venv" make environments, except for runtimes of the user's own that
            name an interpreter to be taken as it is; "current" is the interpreter of pytest.
        cache: the cache folder.
        uv: what runs uv, to be stopped by the caller.
    """
    if runtime.own and runtime.own.python and not runtime.own.requirements:
        return OwnProvider(cache)
    if provider == "current":
        return CurrentProvider()
    return VenvProvider(cache, uv or Uv())


def ready(
    runtimes: Iterable[Runtime], *, provider: str = "auto", cache: Path
) -> dict[str, Environment]:
    """The environments that are there already, by name. Quick."""
    found: dict[str, Environment] = {}
    for name, runtime in _by_environment(runtimes).items():
        try:
            there = provider_of(runtime, provider=provider, cache=cache).ready(runtime)
        except EnvironmentFailed:  # told when it is prepared
            continue
        if there is not None:
            found[name] = there
    return found


def prepare_all(
    runtimes: Iterable[Runtime],
    *,
    provider: str = "auto",
    cache: Path,
    progress: Callable[[str], None],
    uv: Uv | None = None,
) -> dict[str, Environment | EnvironmentFailed]:
    """Every environment of these runtimes by name, made if need be, or why it cannot be had.

    Runs in the calling thread until all are there. On Ctrl-C nothing half made stays, uv's
    processes are gone, and KeyboardInterrupt goes on. ``progress`` is called by one thread at a
    time. Whoever gave ``uv`` can stop all of it from another thread.
    """
    uv, told = uv or Uv(), threading.Lock()

    def tell(line: str) -> None:
        with told:
            progress(line)

    def one(runtime: Runtime) -> Environment | EnvironmentFailed:
        try:
            return provider_of(runtime, provider=provider, cache=cache, uv=uv).prepare(
                runtime, tell
            )
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
            uv.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return {name: future.result() for name, future in made.items()}


def _by_environment(runtimes: Iterable[Runtime]) -> dict[str, Runtime]:
    """One runtime of each environment, in order."""
    found: dict[str, Runtime] = {}
    for runtime in runtimes:
        found.setdefault(runtime.environment, runtime)
    return found
