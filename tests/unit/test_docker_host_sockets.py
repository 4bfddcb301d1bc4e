"""Who is at a socket."""

from __future__ import annotations

import os
import socket
import subprocess
from typing import TYPE_CHECKING

from docker_host.sockets import is_held, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_who_holds_a_socket_is_told_from_what_a_dead_one_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("held")
        assert not is_held("held")
        server.listen()
        assert is_held("held")
    assert not is_held("held")
    assert not is_held("none")


def test_waiting_ends_with_the_process_that_is_waited_for(tmp_path: Path) -> None:
    ended = subprocess.Popen(["true"])  # a zombie until it is asked after
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert not wait_for(str(tmp_path / "none.sock"), 60, ended.pid)
    ended.wait()
