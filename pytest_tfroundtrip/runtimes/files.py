"""Small things with files that more than one provider needs."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_aside(file: Path, text: str) -> None:
    """Write a file as a whole or not at all.

    Raises:
        OSError: its folder cannot be made or written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    aside = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}")
    try:
        aside.write_text(text, encoding="utf-8")
        aside.replace(file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def remove_folder(folder: Path) -> None:
    """Remove a folder with all in it; none there is no harm.

    Raises:
        OSError: something of it stays.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        msg = "it cannot be removed"
        raise OSError(errno.EACCES, msg, os.fspath(folder))


def folder_size(folder: Path) -> int:
    """Bytes of all files below a folder: links count as links, what has two names counts once."""
    total, seen = 0, set()
    stack = [os.fspath(folder)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    stack.append(entry.path)
                    continue
                status = entry.stat(follow_symlinks=False)
                if (status.st_dev, status.st_ino) not in seen:
                    seen.add((status.st_dev, status.st_ino))
                    total += status.st_size
    return total


def human_size(size: float) -> str:
    """Bytes as people read them: "1.2 GB", "85 MB"."""
    giga = 1e9
    return f"{size / giga:.1f} GB" if size >= giga else f"{size / 1e6:.0f} MB"
