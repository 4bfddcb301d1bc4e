"""What a stand-in is built from: a tar with its Dockerfile, a Python's files, a machine's."""

from __future__ import annotations

import io
import re
import tarfile
from typing import TYPE_CHECKING, Any

from docker_host.bases import ROOT_REPOSITORY, ROOT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from docker_host.pythons import Source

_DOCKERFILE = """\
FROM {root}
COPY python/ /usr/local/
COPY machine/ /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
PYTHON_VERSION={version}
RUN set -e; ldconfig; update-ca-certificates >/dev/null 2>&1; \
ln -s python{series} /usr/local/bin/python3; ln -s python3 /usr/local/bin/python; \
python3 -c 'import {modules}'; python3 -m ensurepip --default-pip >/dev/null 2>&1; pip --version; \
find /usr/local -name __pycache__ -prune -exec rm -rf {{}} +
CMD ["python3"]
"""


def write_context(file: Any, source: Source, machine: Mapping[str, str]) -> None:
    """The build context of a stand-in: a tar with Dockerfile, ``python/`` and ``machine/``."""
    dockerfile = _DOCKERFILE.format(
        root=f"{ROOT_REPOSITORY}:{ROOT_TAG}",
        version=source.version,
        series=source.series,
        modules=", ".join(source.modules),
    )
    with tarfile.open(fileobj=file, mode="w") as tar:
        _add_text(tar, "Dockerfile", dockerfile)
        for folder in ("python", "machine"):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(info)
        for name, text in machine.items():
            _add_text(tar, f"machine/{name}", text)
        for path, inside in python_files(source):
            if says_prefix(inside) and not path.is_symlink():
                text = path.read_text(encoding="utf-8", errors="surrogateescape")
                for place in source.places:
                    text = moved(text, place)
                _add_text(tar, f"python/{inside}", text)
            else:
                tar.add(path, f"python/{inside}", recursive=False, filter=_everyones)


def _everyones(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mode |= 0o555 if info.mode & 0o100 else 0o444
    return info


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    data = text.encode("utf-8", "surrogateescape")
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o644
    tar.addfile(info, io.BytesIO(data))


def python_files(source: Source) -> Iterator[tuple[Path, str]]:
    """The files of an interpreter, each with its place below /usr/local.

    As the public slim images are: without tests, caches, archives to link with, Tk.
    """
    prefix, series = source.prefix, source.series
    library = prefix / "lib" / f"python{series}"
    patterns = (f"include/python{series}*/**/*", f"lib/pkgconfig/python-{series}*.pc")
    named = [path for pattern in patterns for path in prefix.glob(pattern)]
    shared = list(prefix.glob(f"lib/libpython{series}*.so*"))
    for path in (prefix / "bin" / f"python{series}", *named, *shared, *library.rglob("*")):
        inside = path.relative_to(prefix)
        if path.is_dir() and not path.is_symlink():
            continue
        if not _left_out(inside.parts[2:] if inside.parts[0] == "lib" else inside.parts):
            yield path, inside.as_posix()


_LEFT_OUT = frozenset(
    ("test", "tests", "idle_test", "idlelib", "tkinter", "turtledemo", "__pycache__")
)


def _left_out(parts: Sequence[str]) -> bool:
    return bool(
        _LEFT_OUT.intersection(parts)
        or parts[:1] == ("site-packages",)
        or (parts and (parts[-1].endswith((".a", ".pyc")) or parts[-1].startswith("_tkinter.")))
        or parts == ("EXTERNALLY-MANAGED",)  # uv's word to pip: not in here
    )


def says_prefix(inside: str) -> bool:
    """Whether a file is text that holds the prefix it was built for."""
    name = inside.rpartition("/")[2]
    return (
        name.startswith("_sysconfigdata")
        or name in ("Makefile", "python-config.py")
        or name.endswith(".pc")
    )


def moved(text: str, place: str) -> str:
    """Text of a Python in a folder, for /usr/local.

    The folder is not taken for a part of another path (`/usr/bin/install` with builds of uv, made
    in `/install`), but it may follow a compiler's option (`-L/install/lib`).
    """
    return re.sub(rf"(?<![a-z0-9_./-]){re.escape(place)}(?![\w.-])", "/usr/local", text)
