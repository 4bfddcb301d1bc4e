"""What the agent holds against a model in its container: memory, disk, processes, leftovers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from agent_server import Server, alive, gone, offspring, quiet
from interpreters import find_python

from pytest_tfroundtrip.agent import cgroup, disk, sandbox, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Start = Callable[..., Server]

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux's means")

#: A PID namespace of its own, where the server is PID 1.
INIT = ("unshare", "--pid", "--ipc", "--fork", "--mount-proc", "--kill-child")


@cache
def why_no_namespace() -> str:
    if os.getuid() != 0 or shutil.which("unshare") is None:
        return "needs root and unshare to make a PID namespace"
    done = subprocess.run([*INIT, "true"], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


@pytest.fixture
def pid_1() -> Sequence[str]:
    if why := why_no_namespace():
        pytest.skip(why)
    return INIT


@pytest.fixture
def unprivileged() -> Sequence[str]:
    """The command around a server that has no capability, as in a container."""
    if os.getuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv to drop root's capabilities")
    return ("setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """A memory controller with a limit of 256 MiB."""
    folder = tmp_path / "cgroup"
    folder.mkdir()
    (folder / "memory.events").write_text("low 0\noom 0\noom_kill 3\n")
    (folder / "memory.max").write_text("268435456\n")
    return folder


@pytest.fixture
def start(tmp_path: Path, group: Path) -> Iterator[Start]:
    """Starts servers with a sandbox: ``start(exclusive=True, disk=..., before=...)``."""
    running: list[Server] = []
    outbox = tmp_path / "outbox"
    outbox.mkdir()

    def one(
        *,
        before: Sequence[str] = (),
        python: str = sys.executable,
        places: Sequence[Path] = (),
        **config: Any,
    ) -> Server:
        config = {
            "sandbox": {"exclusive": False, "disk": None, "scratch": None, **config},
            "places": list(map(str, places)),
            "cgroup": [str(group), "/nowhere"],
            "hello": True,
        }
        config["sandbox"]["outbox"] = str(outbox)
        running.append(Server(outbox, python, before=before, config=config))
        return running[-1]

    yield one
    for server in running:
        server.kill()


def leaf(server: Server) -> int:
    """The server's own process, below what it was started with."""
    pid = server.process.pid
    until = time.monotonic() + 5
    while not offspring(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return offspring(pid)[0]


# What the kernel says of memory.


@pytest.mark.parametrize(
    ("own", "folder", "counter", "limit"),
    [
        ("0::/\n", "", "memory.events", "memory.max"),
        ("0::/jobs/a\n", "jobs/a", "memory.events", "memory.max"),
        ("4:cpu,memory:/a\n0::/\n", "memory/a", "memory.oom_control", "memory.limit_in_bytes"),
        ("4:memory:/host/path\n", "memory", "memory.oom_control", "memory.limit_in_bytes"),
        ("0::/../../b\n", "", "memory.events", "memory.max"),
    ],
    ids=["v2", "v2 without a namespace", "v1", "v1 in a container", "v2 outside of the namespace"],
)
def test_the_kernels_count_is_found(
    tmp_path: Path, own: str, folder: str, counter: str, limit: str
) -> None:
    place = tmp_path / "root" / folder
    place.mkdir(parents=True)
    (place / counter).write_text("under_oom 0\noom_kill 7\n")
    (place / limit).write_text("4096\n")
    (tmp_path / "own").write_text(own)
    memory = cgroup.Memory(str(tmp_path / "root"), str(tmp_path / "own"))
    assert (memory.kills(), memory.limit()) == (7, 4096)


@pytest.mark.parametrize("text", ["max\n", "9223372036854771712\n", ""])
def test_no_limit_is_none(group: Path, text: str) -> None:
    (group / "memory.max").write_text(text)
    assert cgroup.Memory(str(group), "/nowhere").limit() is None


def test_a_kernel_that_does_not_count_is_no_error(tmp_path: Path) -> None:
    memory = cgroup.Memory(str(tmp_path), "/nowhere")
    assert (memory.kills(), memory.limit()) == (None, None)


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_child_that_the_kernel_killed_for_memory_is_told_so(
    start: Start, group: Path, *, exclusive: bool
) -> None:
    server = start(exclusive=exclusive)
    assert server.answer()["oom_kills"] == 3
    counter = str(group / "memory.events")
    result = server.result("itself", value=signal.SIGKILL, counter=counter, kills=4)
    assert (result["status"], result["exception"]) == ("crashed", "OutOfMemory")
    assert result["oom_kills"] == 1
    assert "256 MiB" in result["message"]
    assert "memory = " in result["message"]
    # The next one is held against the count as it is now.
    result = server.result("itself", value=signal.SIGKILL)
    assert (result["status"], result.get("exception")) == ("crashed", None)
    assert "memory" not in result["message"]
    assert "oom_kills" not in result


@pytest.mark.parametrize(
    ("action", "more", "status"),
    [
        ("counted", {"value": "no room"}, "raised"),
        ("counted", {}, "ok"),
        ("itself", {"value": signal.SIGSEGV}, "crashed"),
    ],
)
def test_a_grandchild_that_was_killed_is_a_note(
    start: Start, group: Path, action: str, more: dict[str, Any], status: str
) -> None:
    server = start()
    server.answer()
    counter = str(group / "memory.events")
    result = server.result(action, counter=counter, kills=5, **more)
    assert (result["status"], result["oom_kills"]) == (status, 2)
    assert result.get("exception") != "OutOfMemory"


def test_of_steps_side_by_side_one_alone_is_told_of_one_kill(start: Start, group: Path) -> None:
    server = start()
    server.answer()
    other = server.ask("itself", value=signal.SIGSTOP)  # until it is killed, below
    server.children(1)
    (pid,) = offspring(server.process.pid)
    counter = str(group / "memory.events")
    assert server.result("itself", value=9, counter=counter, kills=4)["exception"] == "OutOfMemory"
    os.kill(pid, signal.SIGKILL)
    result = server.answer()
    assert (result["id"], result["status"]) == (other, "crashed")
    assert "exception" not in result


# What a child may do.


def test_the_agent_is_shut_to_its_children(start: Start, unprivileged: Sequence[str]) -> None:
    server = start(before=unprivileged, disk=1 << 20)
    assert server.answer()["dumpable"] is False
    seen = server.result("look", attach=True)["value"]
    assert {seen[name] for name in ("fd", "mem", "environ", "cwd")} == {"PermissionError"}
    assert seen["ptrace"] == -1
    assert (seen["own fd"], seen["own maps"]) == ("ok", "ok")
    assert seen["dumpable"] == 0
    assert seen["oom_score_adj"] == 1000
    assert seen["file size"] == 1 << 20
    assert seen["blocked"] == []


def test_without_a_sandbox_nothing_changes(tmp_path: Path) -> None:
    before = int(Path("/proc/self/oom_score_adj").read_text())
    server = Server(tmp_path)
    try:
        seen = server.result("look")["value"]
    finally:
        server.kill()
    assert (seen["dumpable"], seen["oom_score_adj"], seen["file size"]) == (1, before, -1)


def test_a_step_works_in_the_scratch_folder_which_goes_with_it(
    start: Start, tmp_path: Path
) -> None:
    scratch = tmp_path / "scratch"
    server = start(scratch=str(scratch))
    server.answer()
    assert Path(server.result("look")["folder"]).parent == scratch
    assert server.result("segfault")["status"] == "crashed"
    assert quiet(server.process.pid)
    assert server.result("echo")["status"] == "ok"
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    "wrong", [[], {"disk": "1g"}, {"disk": 0}, {"disk": True}, {"scratch": 3}, {"outbox": []}]
)
def test_a_sandbox_that_is_none_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="is "):
        sandbox.Sandbox(wrong)


# The disk.


@pytest.mark.parametrize("where", ["folder", "scratch", "elsewhere in the outbox"])
def test_a_step_that_fills_the_disk_is_ended(start: Start, tmp_path: Path, where: str) -> None:
    scratch = tmp_path / "scratch"
    server = start(exclusive=True, disk=1 << 20, scratch=str(scratch))
    server.answer()
    folder = tmp_path / "outbox" / "step"
    place = {"folder": folder, "scratch": scratch}.get(where, tmp_path / "outbox" / "else")
    result = server.result(
        "write", folder=str(folder), value=str(place / "x"), files=200, size=50_000, pause=0.01
    )
    assert (result["status"], result["exception"]) == ("crashed", "DiskFull")
    assert "1 MiB" in result["message"]
    assert "disk = " in result["message"]
    assert list(scratch.iterdir()) == []
    assert not folder.exists() or list(folder.iterdir()) == []
    assert server.result("echo")["status"] == "ok"


def test_who_is_quicker_than_the_look_is_caught_at_the_end(start: Start, tmp_path: Path) -> None:
    server = start(disk=1 << 20)
    server.answer()
    result = server.result("write", value=str(tmp_path / "outbox/x"), files=3, size=500_000)
    assert result["exception"] == "DiskFull"
    assert "1.4" in result["message"]


def test_a_log_without_end_is_a_full_disk_and_is_cut(start: Start) -> None:
    server = start(exclusive=True, disk=2 << 20)
    server.answer()
    # By the limit of a file its writes fail, or the look at the disk ends it, whichever is first.
    assert server.result("spam")["status"] in ("crashed", "raised")
    assert server.log(1).stat().st_size <= 2 << 20


def test_a_file_beyond_the_limit_is_an_error_or_a_full_disk(start: Start) -> None:
    server = start(disk=1 << 20)
    server.answer()
    result = server.result("over_the_limit", size=2 << 20)
    assert (result["status"], result["exception"]) == ("crashed", "DiskFull")
    assert result["signal_name"] == "SIGXFSZ"
    folder = server.folder / "two"
    result = server.result("write", folder=str(folder), value=str(folder), files=1, size=2 << 20)
    assert (result["status"], result["exception"]) == ("raised", "OSError")


def test_nothing_is_counted_twice(tmp_path: Path) -> None:
    inner = tmp_path / "folder" / "scratch"
    folder = str(inner.parent)
    watch = sandbox.Watch([folder, folder, str(tmp_path / "folder.log")], folder, 150_000)
    watch.add(str(inner))
    inner.mkdir(parents=True)
    (inner / "file").write_bytes(b"x" * 100_000)
    assert watch.excess() is None


def test_many_small_files_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "FILES", 20)
    watch = sandbox.Watch([str(tmp_path)], str(tmp_path), 1 << 30)
    assert watch.excess() is None
    for index in range(30):
        (tmp_path / str(index)).touch()
    assert "20 files" in watch.excess()


def test_space_that_nobody_sees_counts_when_little_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter([1000 << 20, 500 << 20, 50 << 20])
    monkeypatch.setattr(sandbox.Watch, "_left", lambda _: next(left))
    watch = sandbox.Watch([str(tmp_path)], str(tmp_path), 100 << 20)
    assert watch.excess() is None  # another program may have done it
    assert "from 1000 MiB free to 50 MiB" in watch.excess()


def test_usage_counts_files_once_with_their_holes_and_no_links(tmp_path: Path) -> None:
    empty = disk.usage([str(tmp_path)])
    with (tmp_path / "hole").open("wb") as file:
        file.truncate(1 << 20)
    (tmp_path / "again").hardlink_to(tmp_path / "hole")
    (tmp_path / "link").symlink_to("/")
    (tmp_path / "file").write_bytes(b"x" * 100)
    grown = disk.usage([str(tmp_path), str(tmp_path / "missing")]) - empty
    assert 1 << 20 <= grown <= (1 << 20) + (32 << 10)


def test_usage_looks_into_folders_that_were_shut(
    tmp_path: Path,
) -> None:
    inner = tmp_path / "shut"
    inner.mkdir()
    (inner / "file").write_bytes(b"x" * 100_000)
    inner.chmod(0)
    assert disk.usage([str(tmp_path)]) >= 100_000


def test_usage_does_not_go_down_for_ever(tmp_path: Path) -> None:
    deep(tmp_path, 100)
    with pytest.raises(disk.TooMuch, match="deeper"):
        disk.usage([str(tmp_path)])
    assert disk.empty(str(tmp_path)) == []


def deep(place: Path, levels: int) -> None:
    """Folders in folders, deeper than a path can say."""
    opened = os.open(place, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("deeper", dir_fd=opened)
        inner = os.open("deeper", os.O_RDONLY, dir_fd=opened)
        os.close(opened)
        opened = inner
    os.close(opened)


def test_emptying_a_folder_leaves_nothing_and_touches_nothing_else(tmp_path: Path) -> None:
    mine, place = tmp_path / "mine", tmp_path / "place"
    for folder in (mine, place):
        folder.mkdir()
    (mine / "precious").write_text("mine")
    (place / "to my folder").symlink_to(mine)
    (place / "to nowhere").symlink_to(place / "nothing")
    (place / "hard").hardlink_to(mine / "precious")
    os.mkfifo(place / "pipe")
    for name in (b"no \xff text", b"new\nline", b"-rf", b" ", b"x" * 255):
        with open(bytes(place) + b"/" + name, "w"):  # noqa: PTH123
            pass
    shut = place / "shut" / "inner" / "most"
    shut.mkdir(parents=True)
    (shut / "to my folder").symlink_to(mine)
    for folder in (shut, shut.parent, shut.parent.parent):
        folder.chmod(0)
    deep(place, 1000)
    assert disk.empty(str(place)) == []
    assert list(place.iterdir()) == []
    assert (mine / "precious").read_text() == "mine"


def test_emptying_keeps_what_was_there_unless_it_was_replaced(tmp_path: Path) -> None:
    for name in ("old", "replaced"):
        (tmp_path / name).mkdir()
    keep = disk.entries(str(tmp_path))
    (tmp_path / "replaced").rename(tmp_path / "moved")
    (tmp_path / "replaced").touch()
    (tmp_path / "new").touch()
    assert disk.empty(str(tmp_path), keep) == []
    assert [each.name for each in tmp_path.iterdir()] == ["old"]


def test_emptying_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").touch()
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    for name in ("link", "missing"):
        assert disk.empty(str(tmp_path / name)) == []
    assert (tmp_path / "mine" / "precious").exists()


def test_only_a_plain_file_is_shortened(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"x" * 100)
    (tmp_path / "link").symlink_to(file)
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe", "missing"):
        disk.shorten(str(tmp_path / name), 10)
    assert file.stat().st_size == 100
    disk.shorten(str(file), 10)
    assert file.stat().st_size == 10


@pytest.mark.parametrize(
    ("size", "text"),
    [(1023, "1023 bytes"), (1536, "1.5 KiB"), (256 << 20, "256 MiB"), (5 << 29, "2.5 GiB")],
)
def test_sizes_are_for_people(size: int, text: str) -> None:
    assert disk.readable(size) == text


# One step, and nothing of it for the next.


def test_a_second_step_at_once_is_refused(start: Start) -> None:
    server = start(exclusive=True)
    server.answer()
    hanging = server.ask("hang", timeout=60)
    result = server.result("echo")
    assert (result["status"], result["stage"], result["exception"]) == ("raised", "env", "Busy")
    server.write(wire.encode_message({"type": "cancel", "id": hanging}))
    assert server.answer()["status"] == "cancelled"
    assert server.result("echo")["status"] == "ok"


def test_side_by_side_where_it_is_not_exclusive(start: Start) -> None:
    server = start(disk=1 << 20)
    server.answer()
    slow = server.ask("hang", timeout=0.8)
    quick = server.ask("echo")
    assert [server.answer()["id"], server.answer()["id"]] == [quick, slow]


def test_an_answer_means_that_nothing_is_left(start: Start, tmp_path: Path) -> None:
    place, scratch = tmp_path / "place", tmp_path / "scratch"
    for folder in (place, scratch):
        folder.mkdir()
    (place / "from before").touch()
    server = start(exclusive=True, scratch=str(scratch), places=[place])
    server.answer()
    result = server.result("leave", value=[str(place), str(scratch)])
    assert (result["status"], offspring(server.process.pid)) == ("ok", [])
    assert [each.name for each in place.iterdir()] == ["from before"]
    assert list(scratch.iterdir()) == []


def test_what_will_not_go_ends_the_agent(start: Start, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    server = start(exclusive=True, places=[place], python=sys.executable)
    server.answer()
    try:
        if subprocess.run(["mount", "-t", "tmpfs", "x", place], check=False).returncode:
            pytest.skip("needs the right to mount")
        # As if it were busy: a mount point below a folder to clean cannot be removed.
        (place / "point").mkdir()
        assert not subprocess.run(
            ["mount", "-t", "tmpfs", "x", place / "point"], check=False
        ).returncode
        assert server.result("echo")["status"] == "ok"
        assert server.process.wait(5) == 3
        assert "cannot be undone" in (server.folder / "agent.log").read_text()
    finally:
        for each in (place / "point", place):
            subprocess.run(["umount", each], check=False)


@pytest.mark.parametrize("name", ["RLIMIT_NPROC", "RLIMIT_CPU", "RLIMIT_NOFILE"])
def test_who_changes_its_agent_is_named_and_loses_its_container(start: Start, name: str) -> None:
    server = start(exclusive=True)
    server.answer()
    result = server.result("limit_agent", value=name)
    assert (result["status"], result["exception"]) == ("crashed", "Tampered")
    assert name in result["message"]
    assert server.process.wait(5) == 3


# As PID 1.


def test_pid_1_leaves_no_process_and_no_shared_memory(
    start: Start, pid_1: Sequence[str], tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    server = start(exclusive=True, before=pid_1, places=[place])
    assert server.answer()["init"] is True
    assert server.result("leave", value=[str(place)])["status"] == "ok"
    assert offspring(leaf(server)) == []
    assert list(place.iterdir()) == []
    result = server.result("left")
    assert (len(result["pids"]), result["segments"]) == (2, 0)


def test_pid_1_does_not_hear_its_children(start: Start, pid_1: Sequence[str]) -> None:
    server = start(exclusive=True, before=pid_1)
    server.answer()
    result = server.result("forge")
    assert result["status"] == "ok"
    assert result["value"][:2] == [-1, -1]
    assert server.result("echo")["status"] == "ok"
    noisy = server.ask("signals_without_end", value=signal.SIGTERM, timeout=0.5)
    result = server.answer()
    assert (result["id"], result["status"]) == (noisy, "timeout")
    assert server.result("echo")["status"] == "ok"


def test_pid_1_ends_when_it_is_asked_from_outside(start: Start, pid_1: Sequence[str]) -> None:
    server = start(exclusive=True, before=pid_1)
    server.answer()
    server.ask("deaf")
    agent = leaf(server)
    (pid,) = offspring_of(agent)
    os.kill(agent, signal.SIGTERM)
    assert server.process.wait(5) == 0
    assert not alive(pid)


def test_the_end_of_stdin_ends_pid_1_at_once(start: Start, pid_1: Sequence[str]) -> None:
    server = start(before=pid_1)
    server.answer()
    for _ in range(3):
        server.ask("deaf")
    pids = offspring_of(leaf(server), 3)
    started = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - started < 2
    assert all(gone(pid) for pid in pids)


def offspring_of(pid: int, number: int = 1) -> list[int]:
    until = time.monotonic() + 5
    while len(pids := offspring(pid)) < number and time.monotonic() < until:
        time.sleep(0.01)
    assert len(pids) == number
    return pids


@pytest.mark.parametrize("version", ["3.6", "3.7", "3.13"])
def test_other_pythons_do_the_same(
    start: Start, pid_1: Sequence[str], tmp_path: Path, version: str
) -> None:
    python = find_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine")
    place = tmp_path / "place"
    place.mkdir()
    server = start(exclusive=True, disk=1 << 20, before=pid_1, python=python, places=[place])
    assert server.answer()["dumpable"] is False
    assert server.result("leave", value=[str(place)])["status"] == "ok"
    assert list(place.iterdir()) == []
    assert server.result("forge")["status"] == "ok"
    result = server.result("write", value=str(server.folder / "x"), files=3, size=500_000)
    assert result["exception"] == "DiskFull"
    assert server.end() == 0
