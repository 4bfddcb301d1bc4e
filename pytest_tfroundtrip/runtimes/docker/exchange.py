"""What a container and this side hand each other: where files are inside, what comes out of it.

Inside a container everything of ours is below one folder::

    /tf_roundtrip/agent       the agent's program, read-only
    /tf_roundtrip/apis.json   what it knows, read-only
    /tf_roundtrip/extensions  what third parties add to both, read-only
    /tf_roundtrip/read/0 …    folders that steps name: models, artifacts; read-only
    /tf_roundtrip/in          copies of the artifacts that an untrusted model was handed, read-only
    /tf_roundtrip/out         the one place it can write what stays; nobody else's

A step writes into a folder of its own in ``out``. When it is done that folder is moved to where the
engine wants it, without whatever is no plain file: a link that points out of it would be followed
by whoever reads the result.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.errors import AgentDied
from pytest_tfroundtrip.runtimes.files import remove_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

INSIDE = "/tf_roundtrip"
IN, OUT = f"{INSIDE}/in", f"{INSIDE}/out"


@dataclass(frozen=True)
class Mounted:
    """A file or folder of this machine, and where a container sees it."""

    here: Path
    inside: str
    writable: bool = False


@dataclass
class Exchange:
    """The files of one container.

    Args:
        folder: this side's folder for it; empty, or not there.
        fixed: what it sees of this machine besides.
        copies: artifacts are copied in one by one, instead of all being seen.
    """

    folder: Path
    fixed: tuple[Mounted, ...]
    copies: bool = False
    _places: dict[Any, _Place] = field(default_factory=dict)

    def make(self) -> tuple[Mounted, ...]:
        """Make the folders; returns all that is to be mounted."""
        # Nobody else here gets near what a model writes, such as a setuid file of root's.
        self.folder.mkdir(exist_ok=True)
        self.folder.chmod(0o700)
        mounted = [*self.fixed, Mounted(self.folder / "out", OUT, writable=True)]
        if self.copies:
            mounted.append(Mounted(self.folder / "in", IN))
            _make(self.folder / "in")
        _make(self.folder / "out")
        return tuple(mounted)

    async def hand_over(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """A step as the container sees it, with a folder in ``out`` of its own."""
        return await asyncio.to_thread(self._hand_over, message)

    async def take_back(
        self, message: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Move what a step wrote to where it belongs; the answer with this side's paths.

        The name of the step's folder cannot be guessed by another step, and is gone after it.
        """
        return await asyncio.to_thread(self._take_back, message, answer)

    def remove(self) -> None:
        """Remove this side's folder; what cannot be stays for whoever sweeps the run's folder."""
        with contextlib.suppress(OSError):
            keep_plain(self.folder)
            remove_folder(self.folder)

    def _hand_over(self, message: Mapping[str, Any]) -> dict[str, Any]:
        token = secrets.token_hex(8)
        place = _Place(self.folder / "out" / token, f"{OUT}/{token}")
        _make(place.here)
        _make(place.here / "folder")
        place.shown = {
            message["folder"]: f"{place.inside}/folder",
            message["log"]: f"{place.inside}/log",
        }
        if self.copies and "artifact" in message:
            place.copy = self.folder / "in" / token
            _copy(Path(message["artifact"]), place.copy)
            place.shown[message["artifact"]] = f"{IN}/{token}"
        self._places[message["id"]] = place
        seen = {key: self._inside(value, place) for key, value in message.items()}
        return {**seen, "folder": f"{place.inside}/folder", "log": f"{place.inside}/log"}

    def _take_back(self, message: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
        place = self._places.pop(message["id"])
        (self.folder / "out").chmod(0o700)
        if place.here.is_symlink() or not place.here.is_dir():
            # A link is never followed: it would lead to this machine's files here.
            place.here.unlink(missing_ok=True)
            place.here.mkdir()
        dropped = keep_plain(place.here)
        _move(place.here / "folder", Path(message["folder"]))
        _move(place.here / "log", Path(message["log"]))
        remove_folder(place.here)
        if place.copy is not None:
            remove_folder(place.copy)
        names = {inside: here for here, inside in place.shown.items()}
        names.update((mounted.inside, str(mounted.here)) for mounted in self.fixed)
        seen = _renamed(dict(answer), names)
        if dropped:
            seen["dropped"] = dropped
        return dict(seen)

    def _inside(self, value: Any, place: _Place) -> Any:
        if isinstance(value, dict):
            return {key: self._inside(each, place) for key, each in value.items()}
        if isinstance(value, list):
            return [self._inside(each, place) for each in value]
        if not isinstance(value, str) or not value.startswith("/"):
            return value
        if value in place.shown:
            return place.shown[value]
        path = Path(value)
        for mounted in self.fixed:
            if path.is_relative_to(mounted.here):
                return str(Path(mounted.inside, path.relative_to(mounted.here)))
        msg = f"{value} is not among the folders that this container was started with"
        raise AgentDied(msg)


def _make(folder: Path) -> None:
    folder.mkdir(mode=0o700)


@dataclass
class _Place:
    """A step's folder in ``out``."""

    here: Path
    inside: str
    shown: dict[str, str] = field(default_factory=dict)  # this side's path: the container's
    copy: Path | None = None


def keep_plain(folder: Path) -> list[str]:
    """Remove whatever below a folder is neither a plain file nor a folder; what that was.

    Folders and files get ordinary permissions: what a model made unreadable could not be removed.
    Nobody may write there meanwhile.
    """
    dropped: list[str] = []
    folder.chmod(0o700)
    for parent, folders, files in os.walk(folder, topdown=True, onerror=_unreadable):
        for name in folders:
            path = os.path.join(parent, name)  # noqa: PTH118 - thousands of entries, at times
            if os.path.islink(path):  # noqa: PTH114
                os.unlink(path)  # noqa: PTH108
                dropped.append(f"a link, {name!r}")
            else:
                os.chmod(path, 0o700)  # noqa: PTH101
        folders[:] = [name for name in folders if not _dropped(parent, name)]
        for name in files:
            path = os.path.join(parent, name)  # noqa: PTH118
            mode = os.lstat(path).st_mode
            if stat.S_ISREG(mode):
                os.chmod(path, 0o644)  # noqa: PTH101
            else:
                os.unlink(path)  # noqa: PTH108
                dropped.append(f"a {_kind(mode)}, {name!r}")
    return dropped


def _dropped(parent: str, name: str) -> bool:
    return not os.path.lexists(os.path.join(parent, name))  # noqa: PTH118


def _unreadable(error: OSError) -> None:
    raise error


def _kind(mode: int) -> str:
    for test, word in (
        (stat.S_ISLNK, "link"),
        (stat.S_ISFIFO, "named pipe"),
        (stat.S_ISSOCK, "socket"),
    ):
        if test(mode):
            return word
    return "device"


def _move(source: Path, target: Path) -> None:
    """Move a file or folder over what is there: nothing, an empty folder or an older log."""
    if not source.exists():
        return
    try:
        source.rename(target)
    except OSError:  # another file system, or a folder that is not empty
        if target.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.move(source, target)


def _copy(source: Path, target: Path) -> None:
    """Copy a tree by hard links where that is possible: the container cannot write through them."""
    shutil.copytree(source, target, copy_function=_link, symlinks=False)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or not ours to link to
        shutil.copyfile(source, target)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    """A value with this side's names for paths in every text, the longest first."""
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if isinstance(value, str) and INSIDE in value:
        for inside in _longest_first(names):
            value = value.replace(inside, names[inside])
    return value


def _longest_first(names: Iterable[str]) -> list[str]:
    return sorted(names, key=len, reverse=True)
