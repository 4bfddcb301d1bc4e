"""Finding SavedModels below a folder, and saying what is there where none is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import islice
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
#: Where TensorFlow Serving looks for requests to warm up with.
WARMUP = ("assets.extra", "tf_serving_warmup_requests")
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
    waiting = [(str(root), "")]  # no recursion: folders may lie as deep as somebody likes
    while waiting:
        folder, name = waiting.pop()
        try:
            with os.scandir(folder) as scan:
                inside = {each.name: each for each in scan}
        except OSError as error:
            if not name:
                raise
            if unread:
                unread(error)
            continue
        form = form_in(Path(folder)) if any(file in inside for file in FILES) else None
        if form is not None:
            yield Found(Path(folder), name or _own_name(root), form)
            continue
        below = [each for each in inside.values() if each.is_dir(follow_symlinks=False)]
        waiting.extend(
            (each.path, f"{name}/{each.name}" if name else each.name)
            for each in sorted(below, key=lambda each: _natural(each.name), reverse=True)
            if not each.name.startswith(".")
        )


def form_in(folder: Path) -> Format | None:
    """How the SavedModel in a folder is written; None where there is none.

    By names: a link to nowhere is what should be one, and so is a folder of that name that is no
    SavedModel itself. What is wrong with them is told when they are read.
    """
    for name, form in FILES.items():
        file = folder / name
        if file.is_dir():
            if not any(os.path.lexists(file / each) for each in FILES):
                return form
        elif os.path.lexists(file):
            return form
    return None


def is_saved_model(folder: Path) -> bool:
    """Whether a folder is a SavedModel, or should be one."""
    return form_in(folder) is not None


def what_is_there(path: Path) -> Fault:
    """Why a path is no SavedModel, and what it is instead."""
    shown = str(path)
    try:
        if not path.exists():
            if path.is_symlink():
                return fault("broken-link", shown, target=path.readlink())
            return fault("not-there", shown, meant=_meant(path))
        return _of_folder(path) if path.is_dir() else _of_file(path)
    except OSError as error:
        return fault("unreadable", shown, why=error.strerror)


def _of_file(path: Path) -> Fault:
    beginning = b""
    if path.is_file():
        with path.open("rb") as file:
            beginning = file.read(BEGINNING)
    return by_beginning(beginning, str(path)) or fault("not-a-folder", str(path))


def _of_folder(path: Path) -> Fault:
    shown = str(path)
    if nearest := next(find(path), None):
        return fault("parent-folder", shown, found=nearest.path)
    return by_names(_names(path), shown) or fault("empty-folder", shown)


def _own_name(root: Path) -> str:
    """A model's own name, with the one above where it is a version's number."""
    whole = root.absolute()
    return f"{whole.parent.name}/{whole.name}" if _VERSION.fullmatch(whole.name) else whole.name


def _natural(name: str) -> tuple[object, ...]:
    """Sorts numbers in names by their value."""
    parts = re.split(r"(\d+)", name)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _names(folder: Path) -> list[str]:
    """What is in a folder and in those in it, with slashes; of many a part."""
    names = (each.relative_to(folder).as_posix() for each in _two_levels(folder))
    return sorted(islice(names, _LISTED))


def _two_levels(folder: Path) -> Iterator[Path]:
    for each in folder.iterdir():
        yield each
        if each.is_dir() and not each.is_symlink():
            yield from each.iterdir()


def _meant(path: Path) -> str:
    try:
        return meant(path.name, [each.name for each in path.parent.iterdir()])
    except OSError:
        return ""
