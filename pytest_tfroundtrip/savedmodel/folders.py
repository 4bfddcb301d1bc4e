"""Finding SavedModels below a folder, and saying what is there where none is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_tfroundtrip.errors import meant
from pytest_tfroundtrip.savedmodel.faults import BEGINNING, by_beginning, by_names, fault
from pytest_tfroundtrip.savedmodel.model import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_tfroundtrip.savedmodel.model import Fault

#: The one that TensorFlow takes where both are there comes first.
FILES = {f"saved_model.{each}": each for each in (Format.BINARY, Format.TEXT)}
_VERSION = re.compile(r"\d+")
_LISTED = 1000  # names are looked at to say what a folder is


@dataclass(frozen=True)
class Found:
    """A SavedModel's folder."""

    path: Path
    name: str  # below what was searched, with slashes; a version stands under its model: m/1
    format: Format

    @property
    def file(self) -> Path:
        """The file with the graphs."""
        return self.path / f"saved_model.{self.format}"


def find(root: Path, unread: Callable[[OSError], None] | None = None) -> Iterator[Found]:
    """The SavedModels in a folder or below it, in the order of their names, 2 before 10.

    Only names are read. Hidden folders and links to folders are left out, so is what lies in a
    SavedModel.

    Args:
        root: where to search; a ``saved_model.pb`` stands for its folder.
        unread: is told of folders below that cannot be read.

    Raises:
        OSError: ``root`` itself cannot be read.
    """
    if root.name in FILES and not root.is_dir():
        root = root.parent
    yield from _below(root, _own_name(root), "", unread, os.listdir(root))


def _below(
    folder: Path,
    name: str,
    prefix: str,
    unread: Callable[[OSError], None] | None,
    names: list[str],
) -> Iterator[Found]:
    for file, form in FILES.items():
        if file in names and not (folder / file).is_dir():
            yield Found(folder, name, form)
            return
    for each in sorted(names, key=_natural):
        below = folder / each
        # A file with a suffix is hardly ever a folder: asking the file system is what takes time.
        if each.startswith(".") or below.is_symlink() or not below.is_dir():
            continue
        try:
            yield from _below(
                below, f"{prefix}{each}", f"{prefix}{each}/", unread, os.listdir(below)
            )
        except OSError as error:
            if unread:
                unread(error)


def what_is_there(path: Path) -> Fault:
    """Why a path is no SavedModel, and what it is instead."""
    shown = str(path)
    if not path.exists():
        if path.is_symlink():
            return fault("broken-link", shown, target=os.readlink(path))
        return fault("not-there", shown, meant=_meant(path))
    try:
        if path.is_file():
            with path.open("rb") as file:
                beginning = file.read(BEGINNING)
            return by_beginning(beginning, shown) or (
                by_names([path.name], str(path.parent))
                if path.suffix
                else None
            ) or fault("not-a-folder", shown)
        names = _names(path)
        if not names:
            return fault("empty-folder", shown)
        if nearest := next(find(path), None):
            return fault("parent-folder", shown, found=nearest.path)
        found = by_names(names, shown)
    except OSError as error:
        return fault("unreadable", shown, why=error.strerror)
    return found or fault("empty-folder", shown)


def _own_name(root: Path) -> str:
    """A model's own name, with the one above where it is a version's number."""
    whole = root.absolute()
    return f"{whole.parent.name}/{whole.name}" if _VERSION.fullmatch(whole.name) else whole.name


def _natural(name: str) -> tuple[object, ...]:
    """Sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _names(folder: Path) -> list[str]:
    """What is in a folder and in those in it, with slashes."""
    found = []
    for each in sorted(os.listdir(folder)):
        found.append(each)
        if (folder / each).is_dir():
            found += [f"{each}/{below}" for below in sorted(os.listdir(folder / each))[:_LISTED]]
        if len(found) > _LISTED:
            break
    return found


def _meant(path: Path) -> str:
    try:
        return meant(path.name, os.listdir(path.parent))
    except OSError:
        return ""
