"""What a stand-in is built from."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from docker_host.context import write_context
from docker_host.pythons import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """An installed Python 3.9, as far as its files go."""
    prefix = tmp_path / "cpython-3.9.1"
    library = "lib/python3.9"
    for name in (
        *("bin/python3.9", "bin/pip3.9", "include/python3.9/Python.h", "share/man/man1/python.1"),
        *("lib/libpython3.9.so.1.0", "lib/libpython3.9.a", "lib/libtcl8.6.so"),
        *("lib/pkgconfig/python-3.9.pc", f"{library}/os.py", f"{library}/EXTERNALLY-MANAGED"),
        *(f"{library}/site-packages/six.py", f"{library}/__pycache__/os.cpython-39.pyc"),
        *(f"{library}/test/test_os.py", f"{library}/unittest/test/test_case.py"),
        *(f"{library}/tkinter/__init__.py", f"{library}/lib-dynload/_tkinter.so"),
        *(f"{library}/lib-dynload/_ssl.so", f"{library}/_sysconfigdata__linux.py"),
        *(f"{library}/config-3.9/Makefile", f"{library}/config-3.9/libpython3.9.a"),
    ):
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).write_text(
            f"a={prefix}/lib b=/usr/bin/install c=-L/install/lib d={prefix}-other"
        )
        (prefix / name).chmod(0o700)
    (prefix / "lib/libpython3.so").symlink_to("libpython3.9.so.1.0")
    (prefix / "lib/libpython3.9.so").symlink_to("libpython3.9.so.1.0")
    places = (str(prefix), "/install")
    return Source("3.9", "3.9.1", prefix, places, "there", ("ssl", "zlib"))


@pytest.fixture
def context(source: Source) -> Iterator[tarfile.TarFile]:
    file = io.BytesIO()
    write_context(file, source, {"etc/pip.conf": "[global]\n"})
    file.seek(0)
    with tarfile.open(fileobj=file) as tar:
        yield tar


def test_an_image_gets_the_interpreter_alone(context: tarfile.TarFile) -> None:
    names = {name.removeprefix("python/") for name in context.getnames()}
    assert names == {
        *("Dockerfile", "python", "machine", "machine/etc/pip.conf"),
        *("bin/python3.9", "include/python3.9/Python.h"),
        *("lib/libpython3.9.so", "lib/libpython3.9.so.1.0", "lib/pkgconfig/python-3.9.pc"),
        *("lib/python3.9/os.py", "lib/python3.9/lib-dynload/_ssl.so"),
        *("lib/python3.9/_sysconfigdata__linux.py", "lib/python3.9/config-3.9/Makefile"),
    }


def test_its_files_are_root_s_and_everybody_may_read_them(context: tarfile.TarFile) -> None:
    for member in context:
        assert (member.uid, member.gid) == (0, 0)
        assert member.mode & 0o044 == 0o044, member.name
    assert context.getmember("python/bin/python3.9").mode & 0o111 == 0o111


def test_its_old_place_is_forgotten_and_other_paths_are_kept(context: tarfile.TarFile) -> None:
    for name in ("_sysconfigdata__linux.py", "config-3.9/Makefile"):
        file = context.extractfile(f"python/lib/python3.9/{name}")
        assert file
        a, b, c, d = file.read().decode().split()
        assert (a, b, c) == ("a=/usr/local/lib", "b=/usr/bin/install", "c=-L/usr/local/lib")
        assert d.endswith("cpython-3.9.1-other")
