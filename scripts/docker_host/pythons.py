"""A Python of this machine that can become an image's."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docker_host.telling import Failed, say
from pytest_tfroundtrip.runtimes import interpreters
from pytest_tfroundtrip.runtimes.interpreters import Interpreter, find_interpreter, probe
from pytest_tfroundtrip.runtimes.uv import Uv, UvFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

# Modules whose libraries differ between machines: what the interpreter has here, it has to have in
# the image. Without the first three pip installs nothing.
LINKED = ("ssl", "zlib", "ctypes", "hashlib", "bz2", "lzma", "sqlite3", "readline", "curses")
NEEDED = LINKED[:3]

_LOOK = (
    "import json,os,sys,sysconfig\n"
    "def works(name):\n"
    "    try: __import__(name)\n"
    "    except ImportError: return False\n"
    "    return True\n"
    "built = os.path.dirname(sysconfig.get_config_var('LIBDIR') or '')\n"
    f"print(json.dumps([sys.base_prefix, built, [name for name in {LINKED!r} if works(name)]]))"
)


@dataclass(frozen=True)
class Source:
    """A Python of this machine that can become an image's."""

    series: str  # "3.7"
    version: str  # "3.7.16"
    prefix: Path  # the folder it is in
    places: tuple[str, ...]  # that folder, and the one it was built for where that is another
    title: str  # where it was found, for people
    modules: tuple[str, ...]  # those of LINKED that it has


def find_source(series: str, named: str | None) -> Source:
    """The Python for a stand-in.

    Args:
        series: "3.7".
        named: an interpreter that the user chose.

    Raises:
        Failed: it cannot be an image's; which can.
        EnvironmentFailed: there is none.
    """
    if named is not None:
        chosen = probe(Path(named), "--python")
        if chosen is None or chosen.series != series:
            what = "does not run as a 64 bit CPython" if chosen is None else f"is {chosen.version}"
            msg = f"--python {series}={named} {what}"
            raise Failed(msg)
        return _source(chosen)
    found = find_interpreter(series, Uv(), say)
    try:
        return _source(found)
    except Failed as refused:
        if (other := _elsewhere(series)) is None:
            raise
        source = _source(other)
        say(f"{refused.args[0].partition('. ')[0]}: taking {source.title} instead")
        return source


def _source(interpreter: Interpreter) -> Source:
    ended = subprocess.run(
        [interpreter.path, "-E", "-s", "-c", _LOOK], capture_output=True, text=True, check=False
    )
    try:
        text, built, modules = json.loads(ended.stdout)
    except ValueError as error:
        msg = f"{interpreter.path} does not say where it is: {ended.stderr.strip()[-200:]}"
        raise Failed(msg) from error
    prefix, series = Path(text), interpreter.series
    places = {text, built} - {"", "/", "/usr", "/usr/local"}
    why = why_not(prefix, series, modules)
    if why:
        msg = (
            f"{interpreter.path} {why}. A Python with a folder of its own can be an image's: pyenv"
            f" install {series}, uv python install {series}, or name one: --python"
            f" {series}=/path/to/python"
        )
        raise Failed(msg)
    title = f"{prefix} ({interpreter.source})"
    return Source(series, interpreter.version, prefix, tuple(places), title, tuple(modules))


def why_not(prefix: Path, series: str, modules: Sequence[str]) -> str | None:
    """Why a Python cannot be an image's; None where it can."""
    if prefix in (Path("/usr"), Path("/")):
        return "is the distribution's own, its files lie among others below /usr"
    if (prefix / "conda-meta").is_dir():
        return "is conda's, its libraries lie among others and know their folder"
    if not (prefix / "bin" / f"python{series}").is_file():
        return f"has no bin/python{series} below {prefix}"
    if lacking := [name for name in NEEDED if name not in modules]:
        return f"has no module {lacking[0]}, which pip needs"
    return None


def _elsewhere(series: str) -> Interpreter | None:
    """One of pyenv's or uv's, whatever else is on this machine, also where uv has to get it."""
    uv = Uv()
    found = interpreters._in_pyenv(series, uv, say)  # noqa: SLF001 - past what PATH has
    if isinstance(found, Interpreter):
        return found
    try:
        uv.run("python", "install", series, "--no-bin")
        said = uv.run(
            *("python", "find", series, "--no-project", "--system"),
            *("--python-preference", "only-managed"),
        )
    except UvFailed:
        return None
    return probe(Path(said.strip()), "uv")
