"""The noxfile's sessions as CI sees them, and what they run."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]

#: The most jobs that a matrix may have on GitHub.
MOST_JOBS = 256


@cache
def listed(*options: str) -> list[dict[str, Any]]:
    """What ``nox -l --json`` says with these options."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("NOX")}
    done = subprocess.run(
        [sys.executable, "-m", "nox", "-l", "--json", *options],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        text=True,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def everything() -> list[dict[str, Any]]:
    """All sessions, also those that ``nox`` alone does not run."""
    return listed("-k", "True")


@cache
def noxfile() -> ModuleType:
    """The noxfile as a module; it reads its files from the project's folder."""
    spec = importlib.util.spec_from_file_location("the_noxfile", ROOT / "noxfile.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        spec.loader.exec_module(module)
    finally:
        os.chdir(here)
    return module


def tagged(tag: str) -> list[dict[str, Any]]:
    """The sessions of a tag."""
    return [session for session in everything() if tag in session["tags"]]


class Skipped(Exception):  # noqa: N818 - what nox's own says
    """The session skipped itself."""


class Recorder:
    """Stands for nox's session: keeps what would be run."""

    def __init__(self, *posargs: str, said: str = "") -> None:
        self.posargs = list(posargs)
        self.said = said  # what a silent command answers
        self.installed: list[str] = []
        self.ran: list[list[str]] = []
        self.folders: list[Path] = []
        self.environ: dict[str, str] = {}

    def install(self, *packages: str) -> None:
        self.installed += packages

    def run(self, *command: str, env: dict[str, str] | None = None, **options: Any) -> str:
        self.environ |= env or {}
        if options.get("silent"):
            return self.said
        self.ran.append(list(command))
        return ""

    @contextmanager
    def chdir(self, folder: Path) -> Iterator[None]:
        self.folders.append(folder)
        yield

    def skip(self, *said: str) -> None:
        raise Skipped(*said)

    def error(self, *said: str) -> None:
        raise SystemExit(*said)


def run(name: str, *posargs: str, said: str = "", **arguments: str) -> Recorder:
    """Run a session against a recorder."""
    session = Recorder(*posargs, said=said)
    with_noxfile = noxfile()
    found = with_noxfile.SHARDS.get(name) or getattr(with_noxfile, name)
    found.func(session, **arguments)
    return session
