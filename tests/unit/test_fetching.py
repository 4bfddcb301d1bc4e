"""Where a SavedModel is: folders, archives, handles and URLs."""

from __future__ import annotations

import hashlib
import importlib
import io
import os
import random
import socket
import tarfile
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_tfroundtrip import fetching
from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.fetching import folder_of, is_elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FILES = {"saved_model.pb": b"graph", "variables/variables.index": b"index"}


@pytest.fixture(autouse=True)
def no_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep tests from the caches that this machine may have."""
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "hub"))
    monkeypatch.setenv("KAGGLEHUB_CACHE", str(tmp_path / "kagglehub"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def tar(files: dict[str, bytes] = FILES, *more: tarfile.TarInfo, mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as packed:  # type: ignore[call-overload]
        for each in more:
            packed.addfile(each)
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(files: dict[str, bytes] = FILES) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return buffer.getvalue()


def contents(place: Path) -> dict[str, bytes]:
    files = (each for each in place.rglob("*") if each.is_file())
    return {each.relative_to(place).as_posix(): each.read_bytes() for each in files}


def left(cache: Path) -> list[str]:
    """What is in the cache besides locks."""
    found = (cache / "models").iterdir() if (cache / "models").is_dir() else ()
    return [each.name for each in found if each.suffix != ".lock"]


# Folders


def test_the_first_base_that_has_it_counts(tmp_path: Path, cache: Path) -> None:
    test, root = tmp_path / "tests", tmp_path
    for folder in (test / "both", root / "both", root / "one"):
        folder.mkdir(parents=True)
    assert folder_of("both", (test, root), cache) == test / "both"
    assert folder_of("one", (test, root), cache) == root / "one"
    assert folder_of(str(root / "one"), (test,), cache) == root / "one"
    assert not cache.exists()


def test_the_users_own_folder(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "m").mkdir()
    assert folder_of("~/m", (tmp_path / "tests",), cache) == tmp_path / "m"


@pytest.mark.parametrize(
    "where", ["gone", "gone.tar.gz", "~nobody-has-this-name/m", "x" * 5000, ""]
)
def test_what_is_nowhere_is_told_with_where_it_was_looked_for(
    tmp_path: Path, cache: Path, where: str
) -> None:
    with pytest.raises(UsageProblem, match=r"no SavedModel '.*': looked for") as raised:
        folder_of(where, (tmp_path / "tests", tmp_path), cache)
    if where.startswith("gone"):
        assert f"{tmp_path}/tests/{where} and {tmp_path}/{where}" in str(raised.value)


@pytest.mark.parametrize(
    ("where", "elsewhere"),
    [
        ("models/m", False),
        ("m.tar.gz", True),
        ("m.zip", True),
        ("gs://bucket/m", True),
        ("HTTPS://host/m", True),
        ("C:/m", False),
    ],
)
def test_what_is_not_a_folder_of_this_machine(where: str, *, elsewhere: bool) -> None:
    assert is_elsewhere(where) is elsewhere


@pytest.mark.parametrize("form", ["file://{}", "FILE://{}", "file://localhost{}"])
def test_a_file_url_is_a_path(tmp_path: Path, cache: Path, form: str) -> None:
    folder = tmp_path / "a model"
    folder.mkdir()
    url = form.format(str(folder).replace(" ", "%20"))
    assert folder_of(url, (tmp_path / "tests",), cache) == folder
    with pytest.raises(UsageProblem, match="no SavedModel ''"):
        folder_of("file://", (tmp_path,), cache)


# Archives


ARCHIVES: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "m.tar.gz": tar,
    "m.tgz": tar,
    "m.tar": lambda files: tar(files, mode="w:"),
    "m.zip": zipped,
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_is_unpacked_once(tmp_path: Path, cache: Path, name: str) -> None:
    archive = tmp_path / name
    archive.write_bytes(ARCHIVES[name](FILES))
    folder = folder_of(name, (tmp_path,), cache)
    assert contents(folder) == FILES
    assert folder.is_relative_to(cache)
    (folder / "mark").touch()
    assert folder_of(str(archive), (tmp_path / "tests",), cache) == folder
    assert (folder / "mark").exists()


def test_an_archive_that_has_changed_is_unpacked_anew(tmp_path: Path, cache: Path) -> None:
    archive = tmp_path / "m.tar.gz"
    archive.write_bytes(tar())
    first = folder_of("m.tar.gz", (tmp_path,), cache)
    archive.write_bytes(tar({"saved_model.pb": b"other"}))
    os.utime(archive, ns=(1, 1))
    second = folder_of("m.tar.gz", (tmp_path,), cache)
    assert (contents(first), contents(second)) == (FILES, {"saved_model.pb": b"other"})


@pytest.mark.parametrize("name", ["m.tar.gz", "m.zip"])
def test_an_archive_of_nothing_is_an_empty_folder(tmp_path: Path, cache: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ARCHIVES[name]({}))
    folder = folder_of(name, (tmp_path,), cache)
    assert folder.is_dir()
    assert contents(folder) == {}


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def encrypted() -> bytes:
    """A zip that says that its files are."""
    content = bytearray(zipped())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    place = content.index(b"PK\x01\x02")
    content[place + 8] |= 1
    return bytes(content)


def corrupt(content: bytes) -> bytes:
    middle = len(content) // 3
    return content[:middle] + bytes(byte ^ 0x5A for byte in content[middle : 2 * middle])


LARGE = {"saved_model.pb": bytes(range(256)) * 100, "x": random.Random(0).randbytes(4000)}  # noqa: S311
HOSTILE = {
    "no archive.tar.gz": b"<html>not found</html>",
    "nothing.tar.gz": b"",
    "no archive.zip": b"<html>not found</html>",
    "cut off.tar.gz": tar(LARGE)[:-200],
    "cut off.tar": tar(LARGE, mode="w:")[:9000],
    "cut off between files.tar": tar(mode="w:")[:1024],
    "without its checksum.tar.gz": tar(LARGE)[:-8],
    "cut off.zip": zipped(LARGE)[:-200],
    "corrupt.tar.gz": corrupt(tar(LARGE)),
    "corrupt.zip": corrupt(zipped(LARGE)) + zipped(LARGE)[-150:],
    "encrypted.zip": encrypted(),
    "up.tar.gz": tar({"a": b"", "../../escaped": b"x"}),
    "up in between.tar.gz": tar({"a/../../../escaped": b"x"}),
    "up.zip": zipped({"a": b"", "../../escaped": b"x"}),
    "device.tar": tar({}, link("null", "", tarfile.CHRTYPE), mode="w:"),
    "link up.tar.gz": tar({"out/escaped": b"x"}, link("out", "../..")),
    "hard link up.tar.gz": tar({}, link("out", "../../../secret", tarfile.LNKTYPE)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_archive_that_cannot_be_unpacked_leaves_nothing(
    tmp_path: Path, cache: Path, name: str
) -> None:
    (tmp_path / "secret").touch()
    (tmp_path / name).write_bytes(HOSTILE[name])
    with pytest.raises(UsageProblem, match=f"{name} cannot be unpacked: .*name the folder"):
        folder_of(name, (tmp_path,), cache)
    assert left(cache) == []
    assert not list(tmp_path.rglob("escaped"))


@pytest.mark.parametrize("end", [".tar.gz", ".zip"])
@pytest.mark.parametrize("what", ["file", "link"])
def test_absolute_names_are_refused(tmp_path: Path, cache: Path, end: str, what: str) -> None:
    outside = tmp_path / "escaped"
    if what == "link":
        packed = tar({"out/x": b"x"}, link("out", str(tmp_path)))
        end = ".tar.gz"
    else:
        packed = ARCHIVES[f"m{end}"]({str(outside): b"x"})
    (tmp_path / f"m{end}").write_bytes(packed)
    with pytest.raises(UsageProblem, match="leads out of it"):
        folder_of(f"m{end}", (tmp_path,), cache)
    assert left(cache) == []
    assert not outside.exists()


def test_links_inside_are_kept(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(tar({"1/saved_model.pb": b"g"}, link("latest", "1")))
    folder = folder_of("m.tar.gz", (tmp_path,), cache)
    assert (folder / "latest" / "saved_model.pb").read_bytes() == b"g"


def test_callers_at_the_same_time_unpack_once(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.zip").write_bytes(zipped())
    unpacked: list[Path] = []
    unpack = fetching._unpack

    def slowly(archive: Path, target: Path, shown: str) -> None:
        unpacked.append(target)
        time.sleep(0.1)
        unpack(archive, target, shown)

    monkeypatch.setattr(fetching, "_unpack", slowly)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: folder_of("m.zip", (tmp_path,), cache), range(4)))
    assert len(set(found)) == len(unpacked) == 1
    assert contents(found[0]) == FILES


def test_a_cache_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.zip").write_bytes(zipped())
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(UsageProblem, match="must be writable: choose another with --tf-cache"):
        folder_of("m.zip", (tmp_path,), tmp_path / "cache")


# Handles


class Server:
    """Answers on this machine, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, tuple[int, bytes, int]] = {}
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                status, body, length = server.answers.get(self.path, (404, b"", 0))
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def give(self, path: str, body: bytes, missing: int = 0) -> None:
        self.answers[path] = (200, body, len(body) + missing)

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


def test_a_handle_is_asked_for_as_tensorflow_hub_does_and_once(server: Server, cache: Path) -> None:
    server.give("/owner/m/1?tf-hub-format=compressed", tar())
    folder = folder_of(f"{server.url}/owner/m/1", (), cache)
    assert contents(folder) == FILES
    assert folder_of(f"{server.url}/owner/m/1", (), cache) == folder
    assert server.asked == ["/owner/m/1?tf-hub-format=compressed"]


def test_a_handle_may_have_a_query(server: Server, cache: Path) -> None:
    server.give("/m?v=1&tf-hub-format=compressed", tar())
    assert contents(folder_of(f"{server.url}/m?v=1", (), cache)) == FILES


@pytest.mark.parametrize(("path", "packed"), [("/m.zip", zipped()), ("/m.zip?key=1", zipped())])
def test_an_archive_is_asked_for_by_its_name(
    server: Server, cache: Path, path: str, packed: bytes
) -> None:
    server.give(path, packed)
    assert contents(folder_of(server.url + path, (), cache)) == FILES


def test_what_a_server_does_not_have_is_told(server: Server, cache: Path) -> None:
    with pytest.raises(UsageProblem, match=r"404.*no cache of tensorflow_hub.*hub\.load"):
        folder_of(f"{server.url}/gone", (), cache)
    assert left(cache) == []


def test_a_server_that_gives_something_else_is_told(server: Server, cache: Path) -> None:
    server.give("/page?tf-hub-format=compressed", b"<html>log in</html>")
    server.give("/cut?tf-hub-format=compressed", tar(LARGE)[:-100], missing=100)
    for path in ("/page", "/cut"):
        with pytest.raises(UsageProblem, match=rf"{path} cannot be (unpacked|had)"):
            folder_of(server.url + path, (), cache)
    assert left(cache) == []


def test_no_server_is_told(cache: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UsageProblem, match="cannot be had"):
        folder_of(f"http://127.0.0.1:{port}/m", (), cache)


@pytest.mark.parametrize(
    "url", ["http://[odd/m", "http://host:port/m", "http://h/\x01", "https://"]
)
def test_what_is_no_url_is_told(cache: Path, url: str) -> None:
    with pytest.raises(UsageProblem, match="cannot be had"):
        folder_of(url, (), cache)


def test_tensorflow_hubs_cache_is_looked_at_first(
    server: Server, cache: Path, tmp_path: Path
) -> None:
    handle = f"{server.url}/m/1"
    there = tmp_path / "hub" / hashlib.sha1(handle.encode()).hexdigest()  # noqa: S324  hub's own
    there.mkdir(parents=True)
    assert folder_of(handle, (), cache) == there
    assert server.asked == []


@pytest.mark.parametrize(
    "handle",
    [
        "https://www.kaggle.com/models/google/nnlm/TensorFlow2/en-dim128/2",
        "https://kaggle.com/models/google/nnlm/tensorFlow2/en-dim128/2",
        "https://kaggle.com/models/google/nnlm/frameworks/TensorFlow2/variations/en-dim128/versions/2",
    ],
)
def test_kagglehubs_cache_is_looked_at_first(cache: Path, tmp_path: Path, handle: str) -> None:
    there = tmp_path / "kagglehub/models/google/nnlm/tensorFlow2/en-dim128/2"
    there.mkdir(parents=True)
    assert folder_of(handle, (), cache) == there


# fsspec


@pytest.fixture
def memory() -> Iterator[Any]:
    """Fsspec's own storage in memory, empty."""
    fsspec: Any = importlib.import_module("fsspec")
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


def test_without_fsspec_it_is_told_what_to_install(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", none)
    with pytest.raises(UsageProblem, match=r"pip install fsspec.*gs://.*gcsfs"):
        folder_of("gs://bucket/m", (), cache)


def test_a_folder_of_a_storage_is_copied_once(memory: Any, cache: Path) -> None:
    for name, content in FILES.items():
        memory.pipe(f"/models/m/{name}", content)
    folder = folder_of("memory://models/m", (), cache)
    assert contents(folder) == FILES
    (folder / "mark").touch()
    assert folder_of("memory://models/m", (), cache) == folder
    assert (folder / "mark").exists()
    assert contents(folder_of("memory://models", (), cache)) == {
        f"m/{name}": content for name, content in FILES.items()
    }


def test_a_folder_that_has_changed_is_copied_anew(memory: Any, cache: Path) -> None:
    memory.pipe("/m/saved_model.pb", b"one")
    first = folder_of("memory://m", (), cache)
    memory.pipe("/m/saved_model.pb", b"two")  # as long as before
    second = folder_of("memory://m", (), cache)
    assert [contents(each)["saved_model.pb"] for each in (first, second)] == [b"one", b"two"]


@pytest.mark.parametrize("name", ["m.tar.gz", "m.zip"])
def test_an_archive_of_a_storage_is_unpacked(memory: Any, cache: Path, name: str) -> None:
    memory.pipe(f"/{name}", ARCHIVES[name](FILES))
    folder = folder_of(f"memory://{name}", (), cache)
    assert contents(folder) == {f"unpacked/{file}": content for file, content in FILES.items()}


@pytest.mark.parametrize("where", ["memory://gone", "nosuchscheme://m", "memory://"])
def test_a_url_with_nothing_is_told(memory: Any, cache: Path, where: str) -> None:
    assert memory.find("/") == []
    with pytest.raises(UsageProblem, match=r"has no files|cannot be read"):
        folder_of(where, (), cache)


def test_a_name_that_leads_out_is_refused(
    memory: Any, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory.pipe("/m/saved_model.pb", b"x")
    found = {name: memory.info("/m/saved_model.pb") for name in ("/m/a", "/m/../../../escaped")}
    monkeypatch.setattr(type(memory), "find", lambda *_, **__: found)
    monkeypatch.setattr(type(memory), "get_file", lambda _, __, place: Path(place).touch())
    with pytest.raises(UsageProblem, match="outside of itself"):
        folder_of("memory://m", (), cache)
    assert left(cache) == []
    assert not list(tmp_path.rglob("escaped"))


def test_a_storage_that_fails_is_told_as_what_it_is(
    memory: Any, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: Any) -> None:
        msg = "no access"
        raise PermissionError(msg)

    memory.pipe("/m/saved_model.pb", b"x")
    monkeypatch.setattr(type(memory), "get_file", refused)
    with pytest.raises(UsageProblem, match="memory://m cannot be copied: PermissionError: no acc"):
        folder_of("memory://m", (), cache)
    assert left(cache) == []
