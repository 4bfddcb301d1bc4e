"""Where a SavedModel is: a folder, an archive, a handle of TensorFlow Hub, a URL of fsspec's.

What is no folder is copied or unpacked below the cache once, under a name that changes with its
content; a handle that tensorflow_hub or kagglehub have in their caches is taken from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import os
import re
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.request
import uuid
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock

from pytest_tfroundtrip.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_KAGGLE = re.compile(r"https?://(?:www\.)?kaggle\.com/models/(?P<model>[\w./-]+)")
_TIMEOUT = 60.0  # seconds without a byte


def is_elsewhere(where: str) -> bool:
    """Whether a text names what is no folder of this machine."""
    return bool(_SCHEME.match(where)) or where.endswith(ARCHIVES)


def folder_of(where: str, bases: Sequence[Path], cache: Path) -> Path:
    """The folder of this machine that has what was named.

    Args:
        where: a path, an archive's path, a handle of TensorFlow Hub, or a URL such as gs://...
        bases: folders that a relative path may start from, the first that has it counts.
        cache: the folder in which archives are unpacked and URLs are copied.

    Raises:
        UsageProblem: there is no such thing, or it cannot be had.
    """
    if _SCHEME.match(where):
        if where.startswith("file://"):
            where = urlsplit(where).path
        elif where.startswith(("http://", "https://")):
            return _of_hub(where, cache)
        else:
            return _of_fsspec(where, cache)
    tried = [(base / Path(where).expanduser()).absolute() for base in bases]
    found = next((path for path in tried if path.exists()), None)
    if found is None:
        looked = " and ".join(dict.fromkeys(map(str, tried)))
        msg = f"no SavedModel {where!r}: looked for {looked}"
        raise UsageProblem(msg)
    if found.is_file() and found.name.endswith(ARCHIVES):
        told = found.stat()
        key = f"{found.resolve()}\0{told.st_size}\0{told.st_mtime_ns}"
        return _once(cache, key, lambda target: _unpack(found, target, str(found)))
    return found


def _of_hub(handle: str, cache: Path) -> Path:
    """What tensorflow_hub or kagglehub have of a handle, else what its server gives."""
    if there := _in_hub_caches(handle):
        return there
    return _once(cache, handle, lambda target: _download(handle, target))


def _in_hub_caches(handle: str) -> Path | None:
    """By the names that these two give their folders (``_module_dir``; ``get_cached_path``)."""
    chosen = os.environ.get("TFHUB_CACHE_DIR")
    hub = Path(chosen) if chosen else Path(tempfile.gettempdir(), "tfhub_modules")
    places = [hub / hashlib.sha1(handle.encode()).hexdigest()]  # noqa: S324  hub's own way
    if found := _KAGGLE.fullmatch(handle):
        root = os.environ.get("KAGGLEHUB_CACHE") or Path("~/.cache/kagglehub").expanduser()
        places.append(Path(root, "models", *found["model"].split("/")))
    return next((place for place in places if place.is_dir()), None)


def _download(handle: str, target: Path) -> None:
    """As tensorflow_hub asks for a handle: a compressed archive."""
    mark = "&" if urlsplit(handle).query else "?"
    url = handle if handle.endswith(ARCHIVES) else f"{handle}{mark}tf-hub-format=compressed"
    # An archive's name says how it is packed; a handle's is always .tar.gz.
    name = next((end for end in ARCHIVES if handle.endswith(end)), ".tar.gz")
    with tempfile.TemporaryDirectory() as scratch:
        archive = Path(scratch, f"model{name}")
        try:
            with (
                urllib.request.urlopen(url, timeout=_TIMEOUT) as answer,  # noqa: S310  http(s) only
                archive.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        except (urllib.error.URLError, OSError, ValueError) as error:
            msg = (
                f"{handle} cannot be had ({error}), and is in no cache of tensorflow_hub"
                " (TFHUB_CACHE_DIR) or kagglehub. Load it once where there is a network"
                " (hub.load(handle)), or name a folder"
            )
            raise UsageProblem(msg) from error
        _unpack(archive, target, handle)


def _of_fsspec(url: str, cache: Path) -> Path:
    try:
        fsspec: Any = importlib.import_module("fsspec")
    except ImportError:
        scheme = url.partition(":")[0]
        msg = (
            f"{url} is read through fsspec, which is not installed: pip install fsspec and the"
            f" package for {scheme}:// (gcsfs for gs, s3fs for s3), or name a folder"
        )
        raise UsageProblem(msg) from None
    try:
        system, path = fsspec.url_to_fs(url)
        listed = system.find(path, detail=True)
    except Exception as error:  # whatever a storage's library raises
        msg = f"{url} cannot be read: {type(error).__name__}: {error}"
        raise UsageProblem(msg) from error
    if not listed:
        msg = f"{url} has no files: no SavedModel is there"
        raise UsageProblem(msg)
    state = [
        (name, each.get("size"), str(each.get("etag") or each.get("mtime") or each.get("updated")))
        for name, each in sorted(listed.items())
    ]

    def copy(target: Path) -> None:
        target.mkdir()
        for name in listed:
            place = target / name[len(path) :].lstrip("/") if name != path else target / "model"
            if not place.resolve().is_relative_to(target.resolve()):
                msg = f"{url} has a file {name!r} outside of itself"
                raise UsageProblem(msg)
            place.parent.mkdir(parents=True, exist_ok=True)
            system.get_file(name, str(place))
        whole = target / "model"
        if whole.is_file() and path.endswith(ARCHIVES):
            named = whole.rename(target / Path(path).name)
            _unpack(named, target / "unpacked", url)
            named.unlink()

    try:
        return _once(cache, f"{url}\0{state}", copy)
    except UsageProblem:
        raise
    except Exception as error:  # whatever a storage's library raises
        msg = f"{url} cannot be copied: {type(error).__name__}: {error}"
        raise UsageProblem(msg) from error


def _once(cache: Path, key: str, make: Callable[[Path], None]) -> Path:
    """A folder below the cache that ``make`` has made, by whoever came first."""
    folder = cache / "models" / hashlib.sha256(key.encode()).hexdigest()[:24]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                making = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
                try:
                    make(making)
                    making.rename(folder)
                finally:
                    shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        msg = f"{error}. The folder {cache} must be writable: choose another with --tf-cache=DIR"
        raise UsageProblem(msg) from error
    return folder


def _unpack(archive: Path, target: Path, shown: str) -> None:
    """Unpack an archive, without what would lie outside of the folder, links and devices."""
    try:
        if archive.name.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                packed.extractall(target)  # noqa: S202  keeps every name below the folder
        else:
            with contextlib.closing(tarfile.open(archive)) as packed_tar:
                packed_tar.extractall(target, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        msg = (
            f"{shown} cannot be unpacked: {error}. It is no .tar.gz or .zip, was cut off, or has"
            " files that would lie outside of it"
        )
        raise UsageProblem(msg) from error
