"""What a step wrote, measured and removed without being led astray by it.

Whoever made these trees may have made them to harm: links to elsewhere, folders without permissions
or deeper than any path is long, names that are no text. So nothing here follows a link, goes by a
path of more than one name, or opens more folders at once than ``DEPTH``.
"""

import errno
import os
import stat
import time

#: Files and folders that are counted before a tree is simply too large, and how deep.
FILES = 100 * 1000
DEPTH = 50

_FOLDER = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_NO_LINKS = {"follow_symlinks": False}
_NO_TRAPS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class TooMuch(Exception):  # noqa: N818  it is no error, it is a measurement
    """There is more of it than is looked at; the message says of what."""


class _Count(object):
    def __init__(self):
        self.bytes = 0
        self.files = 0
        self.linked = set()

    def add(self, status):
        self.files += 1
        if self.files > FILES:
            raise TooMuch("more than %d files" % FILES)
        if status.st_nlink > 1 and not stat.S_ISDIR(status.st_mode):
            if (status.st_dev, status.st_ino) in self.linked:
                return
            self.linked.add((status.st_dev, status.st_ino))
        used = getattr(status, "st_blocks", 0) * 512
        if stat.S_ISREG(status.st_mode):
            # Holes count: whoever reads or copies the file later gets all of it.
            used = max(used, status.st_size)
        self.bytes += used


def usage(paths):
    """How many bytes lie at these paths (files or folders; what is not there counts nothing).

    Raises:
        TooMuch: there are more than ``FILES`` files, or folders deeper than ``DEPTH``.
    """
    count = _Count()
    for path in paths:
        _walk(path, None, count, 0)
    return count.bytes


def _walk(name, parent, count, depth):
    try:
        status = os.lstat(name) if parent is None else os.stat(name, dir_fd=parent, **_NO_LINKS)
    except OSError:  # removed just now
        return
    count.add(status)
    if not stat.S_ISDIR(status.st_mode):
        return
    if depth > DEPTH:
        raise TooMuch("folders nested deeper than %d" % DEPTH)
    try:
        folder = _open(name, parent)
    except OSError:
        return
    try:
        for entry in os.listdir(folder):
            _walk(entry, folder, count, depth + 1)
    finally:
        os.close(folder)


def _open(name, parent):
    """Open a folder; one that its owner closed to himself is opened up first."""
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno != errno.EACCES:
            raise
    os.chmod(name, 0o700, dir_fd=parent)
    return os.open(name, _FOLDER, dir_fd=parent)


def entries(folder):
    """{name: inode} of what lies in a folder; {} where there is no such folder."""
    found = {}
    try:
        opened = os.open(folder, _FOLDER)
    except OSError:
        return found
    try:
        for name in os.listdir(opened):
            try:
                found[name] = os.stat(name, dir_fd=opened, **_NO_LINKS).st_ino
            except OSError:
                continue
    finally:
        os.close(opened)
    return found


def empty(folder, keep=None, patience=30.0):
    """Remove all that lies in a folder; returns the names of what would not go.

    Nobody else may be writing there: it is for what dead processes left.

    Args:
        folder: its path; itself it stays. Nothing happens where it is none, or a link.
        keep: {name: inode} of what is to stay, as from :func:`entries`.
        patience: seconds after which it gives up.
    """
    until = time.monotonic() + patience
    keep = keep or {}
    try:
        top = os.open(folder, _FOLDER)
    except OSError as error:
        gone = error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
        return [] if gone else [folder]
    try:
        left = []
        while time.monotonic() < until:
            names = [name for name in os.listdir(top) if not _kept(name, top, keep)]
            # Each round takes one level of every tree away: no progress is no level less.
            progress = [_take_away(name, top) for name in names]
            left = [name for name, done in zip(names, progress) if not done]
            if not names or len(left) == len(names):
                return left
        return left or [folder]
    finally:
        os.close(top)


def _kept(name, top, keep):
    try:
        return keep.get(name) == os.stat(name, dir_fd=top, **_NO_LINKS).st_ino
    except OSError:
        return False


def _take_away(name, top):
    """Remove an entry of the folder opened as ``top``; False where it would not go.

    The folders in a folder are moved up beside it, for later rounds: so no tree is too deep.
    """
    try:
        if _unlink(name, top):
            return True
        folder = _open(name, top)
        try:
            os.fchmod(folder, 0o700)
            for inner in os.listdir(folder):
                if not _unlink(inner, folder):
                    os.chmod(inner, 0o700, dir_fd=folder)  # moving a folder writes its ".."
                    fresh = "tf_roundtrip-" + os.urandom(16).hex()
                    os.rename(inner, fresh, src_dir_fd=folder, dst_dir_fd=top)
        finally:
            os.close(folder)
        os.rmdir(name, dir_fd=top)
    except OSError:
        return False
    return True


def _unlink(name, parent):
    """Remove an entry that is no folder; False where it is one."""
    try:
        os.unlink(name, dir_fd=parent)
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EPERM):  # Linux; POSIX
            raise
        return False
    return True


def shorten(path, size):
    """Cut a file down to its first ``size`` bytes; no link or device is touched."""
    descriptor = open_file(path, os.O_WRONLY)
    if descriptor is None:
        return
    try:
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def open_file(path, flags):
    """Open a plain file; None where there is none. A pipe or link in its place harms nobody."""
    try:
        descriptor = os.open(path, flags | _NO_TRAPS)
    except OSError:
        return None
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    return None


def readable(size):
    """A number of bytes for people: "1.5 GiB"."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return "%.4g %s" % (size / float(unit), name)
    return "%d bytes" % size
