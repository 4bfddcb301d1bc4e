"""Locks: what exactly is installed in an environment, with the hash of every file.

A lock is compiled for Linux and macOS at once and installed as it stands, without resolving
anything: by ``uv pip install --no-deps --require-hashes`` or by pip with the same options.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pytest_tfroundtrip.catalogue.releases import LOCKS
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.uv import Uv, UvFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_tfroundtrip.catalogue.runtime import Runtime

# Whose presence means that full TensorFlow must not come in as well: the two share their files.
_TENSORFLOWS = frozenset(
    {
        "tensorflow-cpu",
        "tensorflow-gpu",
        "tensorflow-macos",
        "tensorflow-intel",
        "tensorflow-cpu-aws",
        "tf-nightly",
        "tf-nightly-cpu",
    }
)
_PLATFORMS = ("linux", "darwin")  # agents fork: there is no Windows yet

# Where tensorflow-cpu has wheels in every release that has one; elsewhere full TensorFlow is
# without CUDA anyway.
_HAS_CPU = "sys_platform == 'linux' and platform_machine == 'x86_64'"
_NEVER = "sys_platform == 'never'"
_NO_CPU = "sys_platform != 'linux' or platform_machine != 'x86_64'"


@dataclass(frozen=True)
class LockInput:
    """What a lock is compiled from."""

    name: str  # the environment's: "2.15", "1.15+hub0.6", "prod"
    title: str  # "TensorFlow 2.15.1 on Python 3.11"
    python: str  # "3.11"
    requirements: tuple[str, ...]
    where: str  # what to edit when it does not resolve

    @property
    def digest(self) -> str:
        """Changes with what the lock is made from."""
        text = "\n".join([self.python, *_PLATFORMS, *self.requirements])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def lock_input(runtime: Runtime, python: str | None = None) -> LockInput:
    """What the lock of a runtime's environment is compiled from.

    Args:
        runtime: the runtime.
        python: the series of its interpreter ("3.10") where that is not the release's.

    Raises:
        EnvironmentFailed: a requirement of the user's own that is none.
    """
    release, own = runtime.release, runtime.own
    python = python or release.python
    hub = f"tensorflow-hub=={runtime.hub}.*" if runtime.hub else f"tensorflow-hub=={release.hub}"
    requirements: tuple[str, ...] = (*release.requirements, hub)
    where = f'releases.toml, table ["{release.name}"]'
    if own:
        where = f"[tool.tf_roundtrip.runtime.{own.name}]"
        pinned = [_stated(line, own.tensorflow) for line in requirements]
        requirements = _merged(pinned, own.requirements, where)
    title = f"TensorFlow {release.tensorflow} on Python {python}"
    return LockInput(runtime.environment, title, python, requirements, where)


def lock_file(runtime: Runtime, made: LockInput, cache: Path) -> Path:
    """Where the lock is: with the catalogue, or compiled into the cache where that has none."""
    if not runtime.own:
        known = LOCKS / f"{runtime.environment}.txt"
        if known.is_file() or runtime.hub is None:
            return known
    return cache / "locks" / f"{made.name}-{made.digest}.txt"


def lock_digest(text: str) -> str:
    """The sha256 of what a lock installs; its comments don't count."""
    lines = (line.strip() for line in text.splitlines())
    content = "\n".join(line for line in lines if line and not line.startswith("#"))
    return hashlib.sha256(content.encode()).hexdigest()


def compile_lock(made: LockInput, uv: Uv, *, old: str = "", upgrade: bool = False) -> str:
    """The text of a lock.

    Args:
        made: what it is compiled from.
        uv: runs it.
        old: the lock so far: its versions stay as long as they fit.
        upgrade: take the newest versions instead.

    Raises:
        EnvironmentFailed: the requirements do not resolve, or the network is missing.
    """
    with tempfile.TemporaryDirectory(prefix="tf-roundtrip-lock-") as name:
        folder = Path(name)
        _write_project(folder, made)
        (folder / "lock.txt").write_text(old, encoding="utf-8")
        try:
            uv.run(
                *("pip", "compile", "requirements.in", "--output-file", "lock.txt", "--quiet"),
                *("--override", "overrides.txt", "--no-header", "--no-annotate"),
                *("--universal", "--generate-hashes", "--python-version", made.python),
                *(["--upgrade"] if upgrade else []),
                cwd=folder,
            )
        except UvFailed as error:
            raise EnvironmentFailed(_why_no_lock(made, error)) from error
        text = (folder / "lock.txt").read_text(encoding="utf-8")
    return _header(made) + _cleaned(text, made.requirements)


def _write_project(folder: Path, made: LockInput) -> None:
    """The files that uv reads. The project table is what limits a universal lock to one Python."""
    environments = ", ".join(
        f"\"python_version == '{made.python}' and sys_platform == '{platform}'\""
        for platform in _PLATFORMS
    )
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "lock"\nversion = "0"\nrequires-python = "=={made.python}.*"\n'
        f"[tool.uv]\nenvironments = [{environments}]\n",
        encoding="utf-8",
    )
    lines = [each for line in made.requirements for each in _for_platforms(line)]
    (folder / "requirements.in").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # tensorflow-hub from 0.16 on requires tf-keras, which requires full TensorFlow: an override
    # keeps it out of where another one is.
    overrides = [_override(line) for line in made.requirements]
    (folder / "overrides.txt").write_text("".join(overrides), encoding="utf-8")


def _for_platforms(line: str) -> tuple[str, ...]:
    requirement = Requirement(line)
    if canonicalize_name(requirement.name) != "tensorflow-cpu" or requirement.marker:
        return (line,)
    full = f"tensorflow{requirement.specifier}"
    return (f"{line} ; {_HAS_CPU}", f"{full} ; {_NO_CPU}")


def _override(line: str) -> str:
    requirement = Requirement(line)
    name = canonicalize_name(requirement.name)
    if name == "tensorflow-cpu" and not requirement.marker:
        return f"tensorflow{requirement.specifier} ; {_NO_CPU}\n"
    if name == "tensorflow":
        return f"{line}\n"  # tf-keras asks for a series of its own
    return f"tensorflow ; {_NEVER}\n" if name in _TENSORFLOWS else ""


def _header(made: LockInput) -> str:
    return (
        f"# {made.title}. Made by: python -m pytest_tfroundtrip lock {made.name}\n"
        f"# from {made.where}. Installed with --no-deps --require-hashes.\n"
    )


def _cleaned(text: str, requirements: Iterable[str]) -> str:
    """A lock without comments, what no environment installs, and the marker that all entries have.

    uv repeats the Python and the platforms of the lock on each line. What stands on a requirement
    that has no marker of its own says nothing anywhere.
    """
    entries = re.split(r"\n(?=[^\s#])", "\n" + text)
    names = {canonicalize_name(Requirement(line).name) for line in requirements if ";" not in line}
    always = set()
    for entry in entries:
        pin, _, marker = entry.partition(" \\\n")[0].partition(" ; ")
        if pin.partition("==")[0] in names - {"tensorflow-cpu"}:
            always.add(f" ; {marker}")
    kept = []
    for entry in entries:
        lines = [line for line in entry.splitlines() if line and not line.startswith("#")]
        if lines and _NEVER not in lines[0]:
            first = lines[0].removesuffix(" \\")
            for marker in always:
                first = first.removesuffix(marker)
            kept += [first + lines[0][len(lines[0].removesuffix(" \\")) :], *lines[1:]]
    return "".join(f"{line}\n" for line in kept)


def _stated(line: str, tensorflow: str) -> str:
    """A requirement of the release, with the TensorFlow that the user's own runtime states."""
    name = canonicalize_name(Requirement(line).name)
    if name == "tensorflow" or name in _TENSORFLOWS:
        return f"{name}=={tensorflow}"
    return line


def _merged(base: Iterable[str], own: Iterable[str], where: str) -> tuple[str, ...]:
    """The release's requirements with the user's in their places; TensorFlow is one package."""
    theirs = {_name_of(line, where): line for line in own}
    tensorflow = _TENSORFLOWS | {"tensorflow"}
    replaced = set(theirs) | (tensorflow if tensorflow & set(theirs) else set())
    kept = [line for line in base if _name_of(line, where) not in replaced]
    return (*kept, *theirs.values())


def _name_of(line: str, where: str) -> str:
    try:
        return str(canonicalize_name(Requirement(line).name))
    except InvalidRequirement as error:
        msg = f"{where}: {line!r} is no requirement: {str(error).splitlines()[0]}"
        raise EnvironmentFailed(msg) from error


def _why_no_lock(made: LockInput, error: UvFailed) -> str:
    if error.offline:
        return (
            f"the lock of {made.name} cannot be compiled without the package index, which does"
            f" not answer. Try again when the network is there. uv says:\n{error.said}"
        )
    if error.disk_full:
        return f"the lock of {made.name} cannot be compiled: the disk is full. uv says:\n{error}"
    return (
        f"the requirements of {made.name} do not resolve. A package has left the index, or two"
        f" requirements exclude each other: edit {made.where}. uv says:\n{error.said}"
    )
