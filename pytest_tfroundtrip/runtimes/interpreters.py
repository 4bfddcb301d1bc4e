"""Finds a Python of a given series on this machine, or has uv fetch one.

Each way of having one is a small function; they are tried in turn, and what is told when none
works is what each of them said. TensorFlow 1.15 ends at Python 3.7, which no tool fetches any more
(uv's own begin at 3.8): that is what this is for.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.files import write_aside
from pytest_tfroundtrip.runtimes.uv import UvFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_tfroundtrip.runtimes.uv import Uv

# Pinned builds for series that uv has none of, in the form of uv's download list. The last public
# 3.7 of python-build-standalone is of August 2020; its archive is named with its hash.
PINNED = Path(__file__).with_name("python-downloads.json")

_PROBE = (
    "import json,platform,struct,sys;"
    "print(json.dumps([platform.python_version(),platform.python_implementation(),"
    "struct.calcsize('P'),getattr(sys,'_base_executable',None) or sys.executable,sys.path]))"
)
_PROBE_SECONDS = 30


@dataclass(frozen=True)
class Interpreter:
    """A Python that was started and answered."""

    path: Path
    version: str  # "3.7.16"
    source: str  # where it was found, for people: "pyenv", "PATH"
    base: Path  # the interpreter behind it, where it is one of a virtual environment
    sys_path: tuple[str, ...] = ()

    @property
    def series(self) -> str:
        """Its version without the patch: "3.7"."""
        return ".".join(self.version.split(".")[:2])


def find_interpreter(
    series: str, uv: Uv, progress: Callable[[str], None], *, fetch: bool = True
) -> Interpreter:
    """A CPython of that series, the first that is found.

    Args:
        series: "3.7".
        uv: runs uv.
        progress: told before something is downloaded.
        fetch: whether uv may download one.

    Raises:
        EnvironmentFailed: there is none; every way that was tried, and how to get one.
    """
    tried = []
    for way in (_on_path, _in_pyenv, _known_to_uv, *((_from_uv, _pinned) if fetch else ())):
        found = way(series, uv, progress)
        if isinstance(found, Interpreter):
            return found
        tried.append(f"  {found}")
    ways = "\n".join(tried)
    msg = (
        f"there is no Python {series} on this machine. Looked for it in turn:\n{ways}\n"
        f"To get one: pyenv install {series}; or install python{series} so that it is on PATH; or"
        " name one that you have, python = ..., in a [tool.tf_roundtrip.runtime.NAME] of"
        " pyproject.toml."
    )
    raise EnvironmentFailed(msg)


def probe(path: Path, source: str) -> Interpreter | None:
    """The interpreter at a path, None where it does not run.

    Only starting it tells: pyenv's shims are there for every version and fail for inactive ones.
    """
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    try:
        ended = subprocess.run(
            [str(path), "-E", "-s", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_PROBE_SECONDS,
            env=env,
        )
        version, kind, pointer, base, sys_path = json.loads(ended.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if kind != "CPython" or pointer != 8:  # noqa: PLR2004 - bytes: TensorFlow has no 32 bit wheels
        return None
    return Interpreter(path, version, source, Path(base), tuple(sys_path))


def own_interpreter(python: str, runtime: str, cache: Path) -> Interpreter:
    """The interpreter that a user's own runtime names: a path, or a name on ``PATH``.

    It is started once and what it said is remembered in the cache.

    Raises:
        EnvironmentFailed: it is not there, or does not run.
    """
    known = remembered_interpreter(python, cache)
    if known is not None:
        return known
    where = f'python = "{python}" of [tool.tf_roundtrip.runtime.{runtime}]'
    found = shutil.which(python)
    if found is None:
        msg = (
            f"{where} is no program that can be run. Correct the path (a relative one starts at"
            " pyproject.toml's folder), or make what should be there"
        )
        raise EnvironmentFailed(msg)
    interpreter = probe(Path(found), "pyproject.toml")
    if interpreter is None:
        msg = (
            f"{where} does not run as a 64 bit CPython. Try it: {found} -c 0. A shim of pyenv or"
            " asdf fails outside of its folder: name the interpreter itself"
        )
        raise EnvironmentFailed(msg)
    with contextlib.suppress(OSError):  # a read-only cache: it is asked again next time
        said = {
            "path": found,
            "changed": _changed(found),
            "version": interpreter.version,
            "base": str(interpreter.base),
            "sys_path": interpreter.sys_path,
        }
        write_aside(_memory(python, cache), json.dumps(said))
    return interpreter


def remembered_interpreter(python: str, cache: Path) -> Interpreter | None:
    """What an interpreter once said of itself, while it is the same file. Quick: starts nothing."""
    try:
        said = json.loads(_memory(python, cache).read_text(encoding="utf-8"))
        found = shutil.which(python)
        if found is None or said["path"] != found or said["changed"] != _changed(found):
            return None
        return Interpreter(
            path=Path(found),
            version=said["version"],
            source="pyproject.toml",
            base=Path(said["base"]),
            sys_path=tuple(said["sys_path"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _memory(python: str, cache: Path) -> Path:
    key = hashlib.sha256(python.encode()).hexdigest()[:16]
    return cache / "interpreters" / f"{key}.json"


def _changed(path: str) -> int:
    return Path(path).stat().st_mtime_ns


def _first(candidates: Iterable[Path], series: str, source: str) -> Interpreter | None:
    for path in candidates:
        if path.is_file() and (found := probe(path, source)) and found.series == series:
            return found
    return None


def _on_path(series: str, _uv: Uv, _progress: Callable[[str], None]) -> Interpreter | str:
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    exact = [folder / f"python{series}" for folder in folders]
    mine = [Path(sys.executable)] if series == platform.python_version().rpartition(".")[0] else []
    found = _first([*exact, *mine], series, "PATH")
    if found:
        return found
    shims = [path for path in exact if path.is_file()]
    failing = f" ({shims[0]} is there, but does not run as one)" if shims else ""
    return f"PATH: no python{series}{failing}"


def _in_pyenv(series: str, _uv: Uv, _progress: Callable[[str], None]) -> Interpreter | str:
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [path for path in root.glob(f"versions/{series}.*") if _version_of(path)]
    folders.sort(key=lambda path: Version(path.name), reverse=True)
    found = _first([folder / "bin" / f"python{series}" for folder in folders], series, "pyenv")
    return found or f"pyenv: no {series} in {root / 'versions'}"


def _version_of(path: Path) -> Version | None:
    try:
        return Version(path.name)
    except InvalidVersion:  # a virtual environment's name, or "3.13-dev"
        return None


def _known_to_uv(series: str, uv: Uv, _progress: Callable[[str], None]) -> Interpreter | str:
    # The machine's own first, then those that uv installed; in neither case one of a project.
    for preference in ("only-system", "only-managed"):
        try:
            said = uv.run(
                *("python", "find", series, "--no-project", "--system", "--no-python-downloads"),
                *("--python-preference", preference),
            )
        except UvFailed:
            continue
        if found := _first([Path(said.strip())], series, "uv"):
            return found
    return f"uv: no {series} is installed"


def _from_uv(series: str, uv: Uv, progress: Callable[[str], None]) -> Interpreter | str:
    if Version(series) < Version("3.8"):
        return f"uv's downloads: they begin at 3.8, not {series}"
    progress(f"fetching Python {series} with uv")
    return _install(series, uv, {}, "uv's downloads")


def _pinned(series: str, uv: Uv, progress: Callable[[str], None]) -> Interpreter | str:
    builds = json.loads(PINNED.read_text(encoding="utf-8"))
    libc = platform.libc_ver()[0]
    here = (platform.system().lower(), platform.machine(), "gnu" if libc == "glibc" else libc)
    for build in builds.values():
        place = (build["os"], build["arch"]["family"], build["libc"])
        if series == f"{build['major']}.{build['minor']}" and place == here:
            progress(f"fetching the pinned build of Python {series}")
            return _install(
                series, uv, {"UV_PYTHON_DOWNLOADS_JSON_URL": str(PINNED)}, "the pinned build"
            )
    return f"pinned builds: none of {series} for {' '.join(filter(None, here))}"


def _install(series: str, uv: Uv, env: dict[str, str], title: str) -> Interpreter | str:
    try:
        uv.run("python", "install", series, "--no-bin", env=env)
    except UvFailed as error:
        lines = error.said.splitlines()
        return f"{title}: {'the network is missing; ' if error.offline else ''}{lines[-1].strip()}"
    found = _known_to_uv(series, uv, _silent)
    return found if isinstance(found, Interpreter) else f"{title}: installed, but does not run"


def _silent(_line: str) -> None:
    """No progress to tell."""
