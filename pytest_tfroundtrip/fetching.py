"""Where a SavedModel is: a folder, an archive, a handle of TensorFlow Hub, a URL of fsspec's.

What is no folder is copied or unpacked below the cache once, under a name that changes with its
content; a handle that tensorflow_hub or kagglehub have in their caches is taken from there.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import importlib
import lzma
import os
import re
import shutil
import struct
import tarfile
import tempfile
import urllib.request
import uuid
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from filelock import FileLock

from pytest_tfroundtrip.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ARCHIVES = (".tar.gz", ".tgz", ".tar", ".zip")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_KAGGLE = re.compile(r"https?://(?:www\.)?kaggle\.com/models/(?P<model>[\w./-]+)")
#: Words in the longer form of Kaggle's handles: OWNER/MODEL/frameworks/X/variations/Y/versions/1.
_KAGGLE_WORDS = ("frameworks", "variations", "versions")
_TIMEOUT = 60.0  # seconds without a byte
_WHOLE = "model"  # the copy of a URL that is one file
#: What storages call that which changes with a file's content; some write it with capitals.
_STAMPS = ("etag", "md5hash", "mtime", "updated", "lastmodified", "last_modified", "created")
#: What tarfile and zipfile make of bytes that are no archive. RuntimeError: it is encrypted.
_DAMAGE = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, ValueError, TypeError, LookupError, AttributeError, EOFError, MemoryError),
    *(OverflowError, RuntimeError),
)


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
        scheme, _, rest = where.partition("://")
        if scheme.lower() == "file":
            where = urllib.request.url2pathname(re.sub("^localhost(?=/)", "", rest))
        elif scheme.lower() in ("http", "https"):
            return _of_hub(where, cache)
        else:
            return _of_fsspec(where, cache)
    found = _on_this_machine(where, bases)
    if found.is_file() and found.name.endswith(ARCHIVES):
        told = found.stat()
        key = f"{found.resolve()}\0{told.st_size}\0{told.st_mtime_ns}"
        return _once(cache, key, lambda target: _unpack(found, target, str(found)))
    return found


def _on_this_machine(where: str, bases: Sequence[Path]) -> Path:
    """The first path that is there."""
    tried: list[Path] = []
    why = ""
    try:
        if where:
            tried = [(base / Path(where).expanduser()).absolute() for base in bases]
            for path in tried:
                if path.exists():
                    return path
    except (OSError, RuntimeError) as error:  # a name too long; ~ of nobody
        why = f" ({error})"
    looked = " and ".join(dict.fromkeys(map(str, tried))) or "nothing"
    msg = f"no SavedModel {where!r}: looked for {looked}{why}"
    raise UsageProblem(msg)


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
        parts = [part for part in found["model"].split("/") if part not in _KAGGLE_WORDS]
        # Handles say TensorFlow2 where kagglehub's own say tensorFlow2.
        own = [part[:1].lower() + part[1:] for part in parts]
        places += [Path(root, "models", *parts), Path(root, "models", *own)]
    return next((place for place in places if place.is_dir()), None)


def _download(handle: str, target: Path) -> None:
    """As tensorflow_hub asks for a handle: a compressed archive."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            split = urlsplit(handle)
            # An archive's name says how it is packed; a handle's is always .tar.gz.
            named = next((end for end in ARCHIVES if split.path.endswith(end)), None)
            mark = "&" if split.query else "?"
            url = handle if named else f"{handle}{mark}tf-hub-format=compressed"
            archive = Path(scratch, f"model{named or '.tar.gz'}")
            with (
                urllib.request.urlopen(url, timeout=_TIMEOUT) as answer,  # noqa: S310  http(s) only
                archive.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        except (http.client.HTTPException, OSError, ValueError) as error:
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
    state = [(name, each.get("size"), _stamp(each)) for name, each in sorted(listed.items())]

    def copy(target: Path) -> None:
        try:
            for name in listed:
                place = _place(url, path, name, target)
                place.parent.mkdir(parents=True, exist_ok=True)
                system.get_file(name, str(place))
        except UsageProblem:
            raise
        except Exception as error:  # whatever a storage's library raises
            msg = f"{url} cannot be copied: {type(error).__name__}: {error}"
            raise UsageProblem(msg) from error
        whole = target / _WHOLE
        if whole.is_file() and path.endswith(ARCHIVES):
            named = whole.rename(target / Path(path).name)
            (target / "unpacked").mkdir()
            _unpack(named, target / "unpacked", url)
            named.unlink()

    return _once(cache, f"{url}\0{state}", copy)


def _stamp(info: Mapping[str, Any]) -> list[str]:
    """What changes with a file's content, of what a storage tells of it."""
    return sorted(f"{key}={value}" for key, value in info.items() if key.lower() in _STAMPS)


def _place(url: str, path: str, name: str, target: Path) -> Path:
    """Where a file of a storage is copied to.

    Raises:
        UsageProblem: that lies outside.
    """
    if name == path:
        return target / _WHOLE
    relative = name[len(path) :].lstrip("/")
    if _leads_out(relative):
        msg = f"{url} has a file {name!r} outside of itself: name a folder"
        raise UsageProblem(msg)
    return target / relative


def _leads_out(name: str) -> bool:
    """Whether a name may lie elsewhere than below the folder that it is taken from."""
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or PurePosixPath(name).is_absolute() or Path(name).is_absolute()


def _once(cache: Path, key: str, make: Callable[[Path], None]) -> Path:
    """A folder below the cache that ``make`` has made, by whoever came first."""
    folder = cache / "models" / hashlib.sha256(key.encode()).hexdigest()[:24]
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if not folder.is_dir():
                making = folder.with_name(f".{folder.name}-{uuid.uuid4().hex[:8]}")
                try:
                    making.mkdir()
                    make(making)
                    making.rename(folder)
                finally:
                    shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        msg = f"{error}. The folder {cache} must be writable: choose another with --tf-cache=DIR"
        raise UsageProblem(msg) from error
    return folder


def _unpack(archive: Path, target: Path, shown: str) -> None:
    """Unpack an archive into a folder, unless something in it would lie outside of that."""
    try:
        if archive.name.endswith(".zip"):
            with zipfile.ZipFile(archive) as packed:
                for name in packed.namelist():
                    _refuse(name)
                packed.extractall(target)  # noqa: S202  each name was looked at
        else:
            with contextlib.closing(tarfile.open(archive)) as packed_tar:
                packed_tar.extractall(target, filter=_inside)  # noqa: S202  a stricter "data"
                _read_to_the_end(packed_tar)
    except _DAMAGE as error:
        why = str(error).partition("\n")[0].rstrip(":.") or type(error).__name__
        msg = (
            f"{shown} cannot be unpacked: {why}. It is no .tar.gz or .zip, was cut off, or has"
            " files that would lie outside of it. Unpack it yourself, and name the folder"
        )
        raise UsageProblem(msg) from error


def _read_to_the_end(packed: tarfile.TarFile) -> None:
    """Tell an archive that was cut off: tarfile takes what it cannot read for the end."""
    file = packed.fileobj
    assert file is not None  # noqa: S101  for the type checker: it is open
    file.seek(packed.offset)
    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        msg = "it ends in between"
        raise tarfile.ReadError(msg)
    while file.read(1 << 20):  # gzip's checksum comes last
        pass


def _refuse(name: str, what: str = "the file") -> None:
    if _leads_out(name):
        msg = f"{what} {name!r} leads out of it"
        raise ValueError(msg)


def _inside(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo | None:
    """The filter "data" of tarfile, and stricter.

    It takes a link for what it resolves to, which Pythons before 3.13.4 and 3.12.11 can be led to
    see wrongly (CVE-2025-4517): a link that never leads up needs no resolving.
    """
    _refuse(member.name)
    if member.issym() or member.islnk():
        _refuse(member.linkname, "the link to")
    return tarfile.data_filter(member, target)
