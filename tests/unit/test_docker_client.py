"""Which engine is taken, and why one is not."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import socket
from typing import TYPE_CHECKING

import pytest
from docker.constants import DEFAULT_DOCKER_API_VERSION
from engine_server import Answers, engine_at

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.docker import client
from pytest_tfroundtrip.runtimes.docker.client import ContainerEngine, connect

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nobody_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable names an engine, and none listens at a usual place."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "CONTAINER_HOST", "DOCKER_TLS_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(client, "_sockets", lambda: iter([tmp_path / "usual.sock"]))


def refusal() -> str:
    with pytest.raises(EnvironmentFailed) as failed:
        connect()
    return str(failed.value)


def greeted(folder: Path, answers: Answers) -> ContainerEngine:
    with engine_at(folder / "usual.sock", answers):
        return connect()


# Where it is


def test_the_usual_socket_is_asked_when_nobody_names_an_engine(tmp_path: Path) -> None:
    engine = greeted(tmp_path, Answers())
    assert engine.name == "Docker 28.2.2"
    assert engine.platform == "linux/amd64"
    assert engine.found == "its usual socket"
    assert engine.local
    assert engine.has_bridge
    assert (engine.memory, engine.cpus) == (8 << 30, 4)


def test_what_is_named_first_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another engine that answers is no substitute for the one that was named."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/elsewhere.sock")
    with engine_at(tmp_path / "usual.sock", Answers()):
        assert f"DOCKER_HOST (unix://{tmp_path}/elsewhere.sock): No such file" in refusal()
    with engine_at(tmp_path / "elsewhere.sock", Answers()):
        assert connect().found == "DOCKER_HOST"


def test_podmans_variable_names_one_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    podman = Answers()
    podman.version.update(Version="4.3.1", ApiVersion="1.41")
    podman.version["Components"] = [{"Name": "Podman Engine"}]
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    with engine_at(tmp_path / "podman.sock", podman):
        engine = connect()
    assert (engine.name, engine.found) == ("Podman 4.3.1", "CONTAINER_HOST")


def test_the_chosen_context_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `docker context create lab && docker context use lab` leaves it."""
    meta = tmp_path / ".docker/contexts/meta" / hashlib.sha256(b"lab").hexdigest()
    meta.mkdir(parents=True)
    address = f"unix://{tmp_path}/lab.sock"
    (meta / "meta.json").write_text(
        json.dumps({"Name": "lab", "Metadata": {}, "Endpoints": {"docker": {"Host": address}}}),
        encoding="utf-8",
    )
    config = tmp_path / ".docker/config.json"
    config.write_text('{"currentContext": "lab"}', encoding="utf-8")
    monkeypatch.delenv("DOCKER_CONFIG")
    with engine_at(tmp_path / "lab.sock", Answers()):
        assert connect().found == "the Docker context"
    monkeypatch.setenv("DOCKER_CONTEXT", "lost")
    assert "there is no Docker context 'lost' (DOCKER_CONTEXT)" in refusal()
    monkeypatch.delenv("DOCKER_CONTEXT")
    config.write_text('{"currentContext": "gone"}', encoding="utf-8")
    assert "there is no Docker context 'gone' (chosen)" in refusal()


# Why not


def test_no_engine_tells_who_was_asked_and_what_to_do(tmp_path: Path) -> None:
    text = refusal()
    assert f"its usual socket (unix://{tmp_path}/usual.sock): No such file" in text
    assert "Start Docker" in text
    assert "scripts/docker-host up" in text


def test_a_socket_that_nobody_listens_at(tmp_path: Path) -> None:
    with engine_at(tmp_path / "usual.sock", Answers()):
        pass
    assert "Connection refused" in refusal()


def test_a_file_is_no_socket(tmp_path: Path) -> None:
    (tmp_path / "usual.sock").touch()
    assert "usual.sock): Connection refused" in refusal()


def test_a_socket_that_this_user_may_not_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_as_somebody(*_: object) -> None:  # root may use any
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(socket.socket, "connect", connect_as_somebody)
    with engine_at(tmp_path / "usual.sock", Answers()):
        text = refusal()
    assert "may not be used by this user" in text
    assert "usermod -aG docker" in text
    assert "rootless" in text


def test_an_engine_that_is_too_old(tmp_path: Path) -> None:
    old = Answers()
    old.version.update(Version="18.06.1-ce", ApiVersion="1.38", MinAPIVersion="1.12")
    with engine_at(tmp_path / "usual.sock", old):
        text = refusal()
    assert "Docker 18.06.1-ce, which speaks API 1.38; 1.40 is needed" in text
    assert "--tf-provider=venv" in text


def test_an_engine_of_windows_containers(tmp_path: Path) -> None:
    windows = Answers()
    windows.version.update(Os="windows")
    with engine_at(tmp_path / "usual.sock", windows):
        assert "runs windows containers" in refusal()


def test_somebody_else_who_answers(tmp_path: Path) -> None:
    with engine_at(tmp_path / "usual.sock", Answers(version={"hello": "world"})):
        assert "what answers there is no container engine" in refusal()


@pytest.mark.parametrize(
    ("least", "newest", "spoken"),
    [("1.12", "1.40", "1.40"), ("1.24", "1.99", "1.44"), ("1.98", "1.99", "1.98")],
    ids=["old", "new", "newer-than-the-sdk"],
)
def test_an_api_is_spoken_that_both_know(
    tmp_path: Path, least: str, newest: str, spoken: str
) -> None:
    answers = Answers()
    answers.version.update(ApiVersion=newest, MinAPIVersion=least)
    engine = greeted(tmp_path, answers)
    known = DEFAULT_DOCKER_API_VERSION if spoken == "1.44" else spoken
    assert engine.api == known


# What it can do


def test_what_holds_containers_is_told(tmp_path: Path) -> None:
    limited = Answers(networks=[])
    limited.info.update(MemoryLimit=False, PidsLimit=False)
    limited.info["SecurityOptions"] = ["name=rootless", "name=selinux", "name=userns"]
    engine = greeted(tmp_path, limited)
    assert engine.rootless
    assert engine.selinux
    assert engine.remapped
    assert not engine.has_bridge
    assert not engine.limits.memory
    assert not engine.limits.pids
    assert engine.limits.cpus
