"""The TensorFlow releases there are: ``releases.toml``, one table a release."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

from pytest_tfroundtrip.errors import UsageProblem

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Mapping

RELEASES_FILE = Path(__file__).with_name("releases.toml")
LOCKS = Path(__file__).with_name("locks")

# What a table may hold, and what each value has to be.
_KEYS: Mapping[str, type] = {
    "tensorflow": str,
    "python": str,
    "requirements": list,
    "hub": str,
    "keras": str,
    "tf_keras": bool,
    "image": str,
    "patches": list,
}
_OPTIONAL = frozenset({"tf_keras", "patches"})


@dataclass(frozen=True)
class Release:
    """A TensorFlow release that can be a runtime."""

    name: str  # "2.15"
    tensorflow: str  # "2.15.1"
    python: str  # "3.11": the Python of its environment
    requirements: tuple[str, ...]  # what its lock is compiled from
    hub: str  # "0.15.0": tensorflow-hub's version
    keras: str  # as `tf.keras.__version__` has it: "2.2.4-tf"; "3" where Keras goes its own pace
    tf_keras: bool  # Keras 2 as a package of its own is in the environment
    image: str  # the public official image
    patches: tuple[str, ...] = ()  # the other versions of this series

    @property
    def version(self) -> Version:
        """TensorFlow's version, for comparing."""
        return Version(self.tensorflow)

    @property
    def keras_major(self) -> int:
        """2 or 3: what ``tf.keras`` is by default."""
        return int(self.keras.partition(".")[0])

    @property
    def lock(self) -> Path:
        """The hashed lock that both providers install."""
        return LOCKS / f"{self.name}.txt"


@cache
def releases() -> Mapping[str, Release]:
    """The catalogue of releases by name ("1.15", "2.0", ...), oldest first."""
    return read_releases(RELEASES_FILE)


def read_releases(file: Path) -> Mapping[str, Release]:
    """Read a catalogue of releases.

    Raises:
        UsageProblem: what is wrong with the file, and with which table of it.
    """
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"the catalogue of releases {file} cannot be read: {error}"
        raise UsageProblem(msg) from error
    found = [_release(name, table, file) for name, table in tables.items()]
    found.sort(key=lambda release: release.version)
    return MappingProxyType({release.name: release for release in found})


def _release(name: str, table: Any, file: Path) -> Release:
    where = f'{file.name}, table ["{name}"]'
    _check_keys(table, where, name)
    _check_values(table, where)
    version = Version(table["tensorflow"])
    if name != f"{version.major}.{version.minor}":
        msg = f"{where}: TensorFlow {version} belongs in {version.major}.{version.minor}'s table"
        raise UsageProblem(msg)
    return Release(
        name=name,
        tensorflow=table["tensorflow"],
        python=table["python"],
        requirements=tuple(table["requirements"]),
        hub=table["hub"],
        keras=table["keras"],
        tf_keras=table.get("tf_keras", False),
        image=table["image"],
        patches=tuple(table.get("patches", ())),
    )


def _check_keys(table: Any, where: str, name: str) -> None:
    if not isinstance(table, dict):
        msg = f'{where}: a release is a table; write its keys below a line ["{name}"]'
        raise UsageProblem(msg)
    if unknown := sorted(set(table) - set(_KEYS)):
        msg = f"{where}: unknown key {unknown[0]!r}. There are: {', '.join(_KEYS)}"
        raise UsageProblem(msg)
    if missing := [key for key in _KEYS if key not in table and key not in _OPTIONAL]:
        msg = f"{where}: {missing[0]!r} is missing"
        raise UsageProblem(msg)


def _check_values(table: Mapping[str, Any], where: str) -> None:
    for key, value in table.items():
        if type(value) is not _KEYS[key]:
            kind = {str: "a string", bool: "true or false", list: "a list"}[_KEYS[key]]
            msg = f"{where}: {key} has to be {kind}, not {value!r}"
            raise UsageProblem(msg)
    if not re.fullmatch(r"\d+\.\d+", table["python"]):
        msg = f'{where}: python has to be a series such as "3.11", not {table["python"]!r}'
        raise UsageProblem(msg)
    if not re.match(r"\d+(\.|$)", table["keras"]):
        msg = f"{where}: keras has to begin with its major version, not {table['keras']!r}"
        raise UsageProblem(msg)
    if not table["requirements"] or not all(isinstance(r, str) for r in table["requirements"]):
        msg = f"{where}: requirements has to name at least TensorFlow"
        raise UsageProblem(msg)
    for key in ("tensorflow", "hub"):
        if not _is_version(table[key]):
            msg = f"{where}: {key} has to be a version, not {table[key]!r}"
            raise UsageProblem(msg)


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True
