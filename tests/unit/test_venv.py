"""The provider ``venv``, with the real uv and wheels of a few bytes."""

from __future__ import annotations

import errno
import json
import platform
import shutil
import subprocess
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from local_wheels import make_wheel, offline

from pytest_tfroundtrip.catalogue.releases import releases
from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes import locking, uv
from pytest_tfroundtrip.runtimes.files import human_size
from pytest_tfroundtrip.runtimes.provider import Workplace
from pytest_tfroundtrip.runtimes.uv import UvFailed
from pytest_tfroundtrip.runtimes.venv import VenvProvider

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.runtimes.provider import Environment

MINE = ".".join(platform.python_version_tuple()[:2])


class Place:
    """A release that is two tiny wheels, its lock, and a cache folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wheels = folder / "wheels"
        self.locks = folder / "locks"
        self.locks.mkdir()
        self.cache = folder / "cache"
        self.told: list[str] = []
        self.runtime = Runtime("2.15", replace(releases()["2.15"], python=MINE))
        hashes = {
            "tensorflow-cpu==2.15.1": make_wheel(self.wheels, "tensorflow-cpu", "2.15.1"),
            "tensorflow-hub==0.15.0": make_wheel(self.wheels, "tensorflow-hub", "0.15.0"),
        }
        self.lock = "".join(f"{pin} --hash=sha256:{sha}\n" for pin, sha in hashes.items())
        self.write_lock(self.lock)

    def write_lock(self, text: str) -> None:
        (self.locks / "2.15.txt").write_text(text)

    @property
    def provider(self) -> VenvProvider:
        return VenvProvider(self.cache)

    def prepare(self) -> Environment:
        return self.provider.prepare(self.runtime, self.told.append)

    def left(self) -> list[str]:
        """What is in the folder of environments, half made ones included."""
        root = self.provider.folder
        return sorted(path.name for path in [*root.glob("[!.]*"), *root.glob(".making/*")])


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    found = Place(tmp_path)
    monkeypatch.setattr(locking, "LOCKS", found.locks)
    offline(monkeypatch, found.wheels, tmp_path / "uv")
    return found


def test_an_environment_is_made_once_and_ready_ever_after(place: Place) -> None:
    assert place.provider.ready(place.runtime) is None
    made = place.prepare()
    assert place.prepare() == place.provider.ready(place.runtime) == made
    assert made.versions["tensorflow"] == "2.15.1"
    assert made.versions["tensorflow_hub"] == "0.15.0"
    assert made.versions["tf_keras"] is None
    assert made.versions["python"] == platform.python_version()
    assert made.lock == locking.lock_digest(place.lock)
    assert made.size() > 1000
    assert [line.split()[:2] for line in place.told] == [["making", "2.15:"], ["made", "2.15"]]
    assert "TensorFlow 2.15.1 on Python" in place.told[0]


def test_it_works_where_it_was_moved_to(place: Place) -> None:
    made = place.prepare()
    where = "import sys, tensorflow_cpu; print(sys.prefix, tensorflow_cpu.__file__)"
    done = subprocess.run([made.python, "-c", where], capture_output=True, text=True, check=True)
    prefix, module = done.stdout.split()
    assert made.folder
    assert prefix == str(made.folder)
    assert module.startswith(str(made.folder))
    assert list(made.folder.rglob("tensorflow_cpu/__pycache__/*.pyc"))
    texts = [path.read_bytes() for path in (made.folder / "bin").iterdir() if not path.is_symlink()]
    assert not any(b".making" in text for text in texts)
    assert b".making" not in (made.folder / "pyvenv.cfg").read_bytes()


def test_ready_is_quick(place: Place) -> None:
    place.prepare()
    provider = place.provider
    times = []
    for _ in range(20):
        started = time.perf_counter()
        assert provider.ready(place.runtime)
        times.append(time.perf_counter() - started)
    assert min(times) < 0.002


def test_another_lock_is_another_environment(place: Place) -> None:
    first = place.prepare()
    place.write_lock("# a comment is none\n" + place.lock)
    assert place.provider.ready(place.runtime) == first
    place.write_lock(place.lock.splitlines()[0] + "\n")
    assert place.provider.ready(place.runtime) is None
    assert place.prepare().folder != first.folder


def test_behaviors_share_an_environment(place: Place) -> None:
    made = place.prepare()
    v1 = replace(place.runtime, name="2.15+v1")
    assert place.provider.ready(v1) == made


@pytest.mark.parametrize("how", ["no manifest", "cut off", "no interpreter"])
def test_a_broken_environment_is_made_anew(place: Place, how: str) -> None:
    made = place.prepare()
    assert made.folder
    if how == "no manifest":
        (made.folder / "manifest.json").unlink()
    elif how == "cut off":
        (made.folder / "manifest.json").write_text('{"name":')
    else:
        made.python.unlink()
        made.python.symlink_to(place.folder / "gone")
    assert place.provider.ready(place.runtime) is None
    assert place.prepare() == made


def test_what_a_killed_process_left_is_swept(place: Place) -> None:
    left = place.provider.folder / ".making" / "2.15-0123abcd"
    other = place.provider.folder / ".making" / "2.1-0123abcd"
    for folder in (left, other):
        (folder / "lib").mkdir(parents=True)
    place.prepare()
    assert not left.exists()
    assert other.exists()


def test_two_at_once_make_one(place: Place) -> None:
    results: list[Environment] = []
    threads = [threading.Thread(target=lambda: results.append(place.prepare())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 3
    assert results.count(results[0]) == 3
    assert sum(line.startswith("making") for line in place.told) == 1
    assert len(place.left()) == 1


def test_waiting_for_another_process_is_told(place: Place) -> None:
    locks = place.provider.folder / ".locks"
    locks.mkdir(parents=True)
    lock = FileLock(locks / "2.15.lock", thread_local=False)
    lock.acquire()
    threading.Timer(0.6, lock.release).start()
    place.prepare()
    assert place.told[0] == "waiting for another process that makes 2.15"


def failure(place: Place) -> str:
    with pytest.raises(EnvironmentFailed) as caught:
        place.prepare()
    assert not place.left()
    return str(caught.value)


def test_another_file_than_the_locks_is_refused(place: Place) -> None:
    place.write_lock("tensorflow-cpu==2.15.1 --hash=sha256:" + "0" * 64 + "\n")
    text = failure(place)
    assert "is not the one of the lock" in text
    assert "lock 2.15 --upgrade" in text
    assert "Hash mismatch" in text


def test_a_lock_without_hashes_is_refused(place: Place) -> None:
    place.write_lock("tensorflow-cpu==2.15.1\n")
    assert "cannot be made from its lock" in failure(place)


def test_nothing_cached_and_no_network(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    text = failure(place)
    assert "cannot be made without the package index, which does not answer" in text
    assert "--tf-cache" in text


def test_a_release_without_a_lock_says_how_to_make_it(place: Place) -> None:
    (place.locks / "2.15.txt").unlink()
    assert "python -m pytest_tfroundtrip lock 2.15" in failure(place)


def test_a_cache_that_cannot_be_written_names_the_option(place: Place) -> None:
    place.cache.write_text("a file where the folder should be")
    with pytest.raises(EnvironmentFailed, match=r"cannot be written .* --tf-cache"):
        place.prepare()


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.EROFS, "Read-only file system"), "Choose a folder that can with --tf-cache"),
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (UvFailed("error: No space left on device (os error 28)"), "runtimes remove --unused"),
        (UvFailed("error: Permission denied (os error 13)"), "UV_CACHE_DIR"),
        (UvFailed("error: something new"), "uv says:\nerror: something new"),
    ],
)
def test_what_the_machine_refuses_is_told_with_a_remedy(
    place: Place, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(uv.Uv, "run", refuse)
    assert says in failure(place)


def test_an_image_needs_another_provider(place: Place) -> None:
    own = OwnRuntime(name="prod", tensorflow="2.15.1", image="prod:1")
    place.runtime = parse_runtime("prod", {"prod": own})
    assert "is an image (prod:1)" in failure(place)


def test_an_own_runtime_with_requirements_gets_a_lock_in_the_cache(place: Place) -> None:
    make_wheel(place.wheels, "tensorflow", "2.15.1")
    make_wheel(place.wheels, "custom-ops", "1.0")
    for name, version in (("tf-keras", "2.15.1"), ("setuptools", "80.0")):
        make_wheel(place.wheels, name, version)
    own = OwnRuntime(
        name="prod",
        tensorflow="2.15.1",
        python=shutil.which("python3"),
        requirements=("custom-ops",),
    )
    place.runtime = parse_runtime("prod", {"prod": own})
    made = place.prepare()
    assert (made.name, made.versions["tensorflow"]) == ("prod", "2.15.1")
    (lock,) = (place.cache / "locks").glob("prod-*.txt")
    assert "custom-ops==1.0" in lock.read_text()
    assert place.provider.ready(place.runtime) == made


def test_the_agent_is_started_by_path_with_the_runtimes_variables(place: Place) -> None:
    made = place.prepare()
    runtime = replace(place.runtime, tf_keras=True)
    launch = place.provider.command(made, runtime, Workplace(place.folder))
    assert launch.argv[:3] == (str(made.python), "-B", "-s")
    assert launch.argv[3].endswith("agent/__main__.py")
    config = json.loads(launch.argv[4])
    assert (config["release"], config["keras"], config["protocol"]) == ("2.15.1", 2, 1)
    assert launch.env["TF_USE_LEGACY_KERAS"] == "1"


def test_sizes_are_written_as_people_read_them() -> None:
    assert [human_size(size) for size in (0, 527e6, 1.24e9)] == ["0 MB", "527 MB", "1.2 GB"]
