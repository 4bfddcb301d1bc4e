"""The provider ``venv``: environments that uv makes from a lock, in the cache folder.

Layout below the cache folder::

    environments/<name>-<key>/        a whole environment; manifest.json was written last
    environments/.making/<name>-…/    one that is being made: renamed into place when it is whole
    environments/.locks/<name>.lock   held by the process that makes it

``key`` hashes the lock, the Python and the version of this builder: an environment whose lock has
changed is another one, and the old one is left to ``runtimes remove --unused``.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import shutil
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.alone import alone
from pytest_tfroundtrip.runtimes.files import (
    folder_size,
    human_size,
    remove_folder,
    write_aside,
)
from pytest_tfroundtrip.runtimes.installed import installed, told_versions
from pytest_tfroundtrip.runtimes.interpreters import (
    Interpreter,
    find_interpreter,
    own_interpreter,
    remembered_interpreter,
)
from pytest_tfroundtrip.runtimes.launch import agent_launch
from pytest_tfroundtrip.runtimes.locking import (
    LockInput,
    compile_lock,
    lock_digest,
    lock_file,
    lock_input,
)
from pytest_tfroundtrip.runtimes.provider import Environment
from pytest_tfroundtrip.runtimes.uv import Stopped, Uv, UvFailed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytest_tfroundtrip.catalogue.runtime import Runtime
    from pytest_tfroundtrip.runtimes.launch import Launch
    from pytest_tfroundtrip.runtimes.provider import Workplace

MANIFEST = "manifest.json"
BUILDER = 1  # raised when what is made from a lock changes


@dataclass(frozen=True)
class VenvProvider:
    """Has environments made by uv, each from its lock."""

    cache: Path
    uv: Uv = field(default_factory=Uv)
    name: str = "venv"

    @property
    def folder(self) -> Path:
        """Where the environments are."""
        return self.cache / "environments"

    def ready(self, runtime: Runtime) -> Environment | None:
        """The environment, if it is whole and its interpreter is still there."""
        text = self.known_lock(runtime)
        return None if text is None else read_environment(self.folder_of(runtime, text))

    def known_lock(self, runtime: Runtime) -> str | None:
        """The text of its lock, None where it has to be compiled first."""
        python = None
        if runtime.own and runtime.own.python:
            known = remembered_interpreter(runtime.own.python, self.cache)
            if known is None:
                return None
            python = known.series
        made = lock_input(runtime, python)
        try:
            return lock_file(runtime, made, self.cache).read_text(encoding="utf-8")
        except OSError:
            return None

    def prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        """The environment, made if it is not there. See :class:`provider.Provider`."""
        if runtime.own and runtime.own.image:
            msg = (
                f"runtime {runtime.name} is an image ({runtime.own.image}), which the provider"
                " venv cannot run: give it python = ... instead of image = ..."
            )
            raise EnvironmentFailed(msg)
        try:
            return self._prepare(runtime, progress)
        except UvFailed as error:
            raise EnvironmentFailed(self._why_not_made(runtime, error)) from error
        except Stopped:
            msg = f"the environment of {runtime.environment} was not made: interrupted"
            raise EnvironmentFailed(msg) from None
        except OSError as error:
            raise EnvironmentFailed(self._why_no_folder(runtime, error)) from error

    def lock(self, runtime: Runtime) -> str | None:
        """The hash of its lock, where that is compiled already."""
        text = self.known_lock(runtime)
        return lock_digest(text) if text is not None else None

    def command(self, environment: Environment, runtime: Runtime, workplace: Workplace) -> Launch:
        """How the runtime's agent is started in its environment."""
        return agent_launch(environment.python, runtime, workplace)

    def folder_of(self, runtime: Runtime, lock: str) -> Path:
        """The folder of an environment with this lock."""
        python = (runtime.own and runtime.own.python) or runtime.release.python
        key = hashlib.sha256(f"{BUILDER}\n{python}\n{lock_digest(lock)}".encode()).hexdigest()
        return self.folder / f"{runtime.environment}-{key[:16]}"

    def lock_text(self, runtime: Runtime, progress: Callable[[str], None]) -> str:
        """The runtime's lock, compiled into the cache where the catalogue has none.

        Raises:
            EnvironmentFailed: it does not resolve, or the catalogue lacks it.
            OSError: the cache cannot be written.
        """
        made = self.lock_input(runtime)
        file = lock_file(runtime, made, self.cache)
        with contextlib.suppress(FileNotFoundError):
            return file.read_text(encoding="utf-8")
        if not file.is_relative_to(self.cache):
            msg = (
                f"release {runtime.environment} has no lock, {file}. Make it:"
                f" python -m pytest_tfroundtrip lock {runtime.environment}"
            )
            raise EnvironmentFailed(msg)
        progress(f"locking {made.name}: {made.title} ...")
        text = compile_lock(made, self.uv)
        write_aside(file, text)
        return text

    # Making one

    def _prepare(self, runtime: Runtime, progress: Callable[[str], None]) -> Environment:
        found = self.ready(runtime)
        if found is not None:
            return found
        name = runtime.environment
        with self._alone(name, progress):
            lock = self.lock_text(runtime, progress)
            place = self.folder_of(runtime, lock)
            found = read_environment(place)
            if found is not None:  # made by whom we waited for
                return found
            self._sweep(name)
            remove_folder(place)  # broken, or it would have been found
            try:
                return self._make(runtime, lock, place, progress)
            finally:
                self._sweep(name)

    def _make(
        self, runtime: Runtime, lock: str, place: Path, progress: Callable[[str], None]
    ) -> Environment:
        started = time.monotonic()
        name = runtime.environment
        interpreter = self._interpreter(runtime, progress)
        progress(
            f"making {name}: TensorFlow {runtime.release.tensorflow} on Python"
            f" {interpreter.version} ({interpreter.source}) ..."
        )
        making = self.folder / ".making" / f"{name}-{uuid.uuid4().hex[:8]}"
        making.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Relocatable: it is moved when it is whole, and its scripts name their interpreter.
            self.uv.run(
                *("venv", "--quiet", "--relocatable", "--no-project", "--no-config"),
                *("--python", str(interpreter.base), str(making)),
            )
            (making / "lock.txt").write_text(lock, encoding="utf-8")
            self.uv.run(
                *("pip", "install", "--quiet", "--python", str(python_of(making))),
                *("--no-deps", "--require-hashes", "--compile-bytecode"),
                *("--requirements", str(making / "lock.txt")),
            )
            write_manifest(making, name, lock_digest(lock), interpreter)
            making.rename(place)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
        made = read_environment(place)
        if made is None:
            msg = (
                f"the environment of {name} was made, but its interpreter {python_of(place)} is"
                f" not there: {interpreter.base} is gone, or {self.folder} cannot hold links"
            )
            raise EnvironmentFailed(msg)
        seconds, size = time.monotonic() - started, human_size(folder_size(place))
        progress(f"made {name} in {seconds:.0f} s ({size})")
        return made

    def _alone(
        self, name: str, progress: Callable[[str], None]
    ) -> contextlib.AbstractContextManager[None]:
        """Keep other processes, and other threads, from making the same environment."""
        return alone(
            self.folder / ".locks" / f"{name}.lock",
            lambda: self.uv.stopped,
            lambda: progress(f"waiting for another process that makes {name}"),
        )

    def _sweep(self, name: str) -> None:
        """Remove what a process that was killed left half made.

        The lock of this name is held: nobody is making what is removed. The killed process's uv
        may still write there for a moment, so this is done before and after.
        """
        for left in (self.folder / ".making").glob(f"{name}-????????"):
            shutil.rmtree(left, ignore_errors=True)

    def _interpreter(self, runtime: Runtime, progress: Callable[[str], None]) -> Interpreter:
        return self._own(runtime) or find_interpreter(runtime.release.python, self.uv, progress)

    def lock_input(self, runtime: Runtime) -> LockInput:
        """What the lock is compiled from. An interpreter of the user's own decides its series."""
        own = self._own(runtime)
        return lock_input(runtime, own.series if own else None)

    def _own(self, runtime: Runtime) -> Interpreter | None:
        if runtime.own is None or runtime.own.python is None:
            return None
        return own_interpreter(runtime.own.python, runtime.own.name, self.cache)

    # Why it could not be made

    def _why_not_made(self, runtime: Runtime, error: UvFailed) -> str:
        name = runtime.environment
        says = f" uv says:\n{error.said}"
        if error.disk_full:
            return (
                f"the environment of {name} cannot be made: the disk is full. One takes 0.5 to"
                f" 1.5 GB. Make room in {self.cache} (python -m pytest_tfroundtrip runtimes remove"
                f" --unused) or choose another folder with --tf-cache.{says}"
            )
        if error.hash_mismatch:
            return (
                f"the environment of {name} cannot be made: a file that the index gave is not the"
                " one of the lock. A mirror or a proxy hands out another file, or it was"
                " published anew. If you trust it, make the lock again:"
                f" python -m pytest_tfroundtrip lock {name} --upgrade.{says}"
            )
        if error.offline:
            return (
                f"the environment of {name} is not in {self.folder}, and cannot be made without"
                " the package index, which does not answer. Try again when the network is there,"
                " or copy that folder from a machine that has it (--tf-cache names another)."
                f"{says}"
            )
        if error.no_access:
            return (
                f"the environment of {name} cannot be made: {self.folder} or uv's own cache cannot"
                f" be written. Choose a folder that can with --tf-cache (and UV_CACHE_DIR).{says}"
            )
        return (
            f"the environment of {name} cannot be made from its lock: a file has left the index,"
            " there is none for this platform, or a package does not build here. Make the lock"
            f" again: python -m pytest_tfroundtrip lock {name} --upgrade.{says}"
        )

    def _why_no_folder(self, runtime: Runtime, error: OSError) -> str:
        if error.errno == errno.ENOSPC:
            return self._why_not_made(runtime, UvFailed(f"No space left on device: {error}"))
        return (
            f"the environment of {runtime.environment} cannot be made: {self.folder} cannot be"
            f" written ({error}). Choose a folder that can with --tf-cache, or with"
            " TF_ROUNDTRIP_CACHE."
        )


def read_environment(folder: Path) -> Environment | None:
    """The environment in a folder, None where it is not whole or its interpreter is gone."""
    manifest = read_manifest(folder)
    python = python_of(folder)
    if manifest is None or not python.exists():
        return None
    return Environment(
        name=manifest["name"],
        provider="venv",
        python=python,
        versions=manifest["versions"],
        lock=manifest["lock"],
        folder=folder,
        found=manifest["found"],
    )


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of an environment, None where there is no whole one."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        whole = {"name", "versions", "lock", "found", "builder"} <= manifest.keys()
    except (OSError, ValueError, AttributeError):
        return None
    return manifest if whole and manifest["builder"] == BUILDER else None


def write_manifest(folder: Path, name: str, lock: str, interpreter: Interpreter) -> None:
    """Write the manifest: the last thing to be written into an environment."""
    packages = installed(folder.glob("lib/python*/site-packages"))
    manifest = {
        "builder": BUILDER,
        "name": name,
        "lock": lock,
        "versions": told_versions(packages, interpreter.version),
        "found": f"{interpreter.source}: {interpreter.base}",
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text, encoding="utf-8")


def python_of(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / "bin" / "python"
