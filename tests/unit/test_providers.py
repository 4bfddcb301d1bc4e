"""The providers that make nothing, the choice of one, and many environments at once."""

from __future__ import annotations

import json
import os
import platform
import sys
import threading
import time
from concurrent.futures import wait
from pathlib import Path
from typing import Any, cast

import pytest
from extension import write
from fake_docker import fake_engine

from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, Runtime, parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes import prepare, uv
from pytest_tfroundtrip.runtimes.auto import AutoProvider
from pytest_tfroundtrip.runtimes.current import CurrentProvider
from pytest_tfroundtrip.runtimes.docker.provider import DockerProvider
from pytest_tfroundtrip.runtimes.installed import installed, installed_digest
from pytest_tfroundtrip.runtimes.interpreters import Interpreter
from pytest_tfroundtrip.runtimes.launch import Launch
from pytest_tfroundtrip.runtimes.own import OwnProvider
from pytest_tfroundtrip.runtimes.prepare import Providers
from pytest_tfroundtrip.runtimes.provider import Environment, Workplace
from pytest_tfroundtrip.runtimes.uv import Stopped, Uv
from pytest_tfroundtrip.runtimes.venv import VenvProvider


def packages(folder: Path, **versions: str) -> Path:
    """A folder on sys.path in which these distributions are installed."""
    for name, version in versions.items():
        (folder / f"{name}-{version}.dist-info").mkdir(parents=True)
    return folder


# What is installed


def test_installed_tells_by_names_and_the_first_folder_wins(tmp_path: Path) -> None:
    first = packages(tmp_path / "a", tensorflow_cpu="2.15.1", Some_Thing="1.0")
    (first / "gast-0.2.2-py3.7.egg-info").mkdir()
    (first / "numpy").mkdir()
    second = packages(tmp_path / "b", tensorflow_cpu="2.0.0")
    found = installed([first, second, tmp_path / "none"])
    assert found == {"tensorflow-cpu": "2.15.1", "some-thing": "1.0", "gast": "0.2.2"}
    assert installed_digest(found, "3.11.7") != installed_digest(found, "3.11.8")


# current


@pytest.fixture
def beside_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def refusal(runtime: Runtime) -> str:
    with pytest.raises(EnvironmentFailed) as caught:
        CurrentProvider().prepare(runtime, print)
    assert CurrentProvider().ready(runtime) is None
    return str(caught.value)


def test_current_is_the_interpreter_of_pytest(beside_pytest: Path) -> None:
    packages(beside_pytest, tensorflow_cpu="2.15.1", tensorflow_hub="0.15.0")
    found = CurrentProvider().prepare(parse_runtime("2.15+v1"), print)
    assert (found.provider, found.python) == ("current", Path(sys.executable))
    assert found.versions["tensorflow"] == "2.15.1"
    before = found.lock
    packages(beside_pytest, custom_ops="1.0")
    assert CurrentProvider().prepare(parse_runtime("2.15"), print).lock != before


def test_current_without_tensorflow_says_so(beside_pytest: Path) -> None:
    del beside_pytest
    assert "there is none in it" in refusal(parse_runtime("2.15"))


def test_current_with_another_release_says_which(beside_pytest: Path) -> None:
    packages(beside_pytest, tensorflow="2.14.1")
    assert "is TensorFlow 2.15.1, but the interpreter of pytest" in refusal(parse_runtime("2.15"))
    assert "has 2.14.1" in refusal(parse_runtime("2.15"))


def test_current_has_one_hub(beside_pytest: Path) -> None:
    packages(beside_pytest, tensorflow="2.15.1")
    assert "not another tensorflow-hub" in refusal(parse_runtime("2.15+hub0.12"))


# own


def own(python: str, tensorflow: str = "2.15.1", *requirements: str) -> Runtime:
    table = OwnRuntime("prod", tensorflow, python=python, requirements=requirements)
    return parse_runtime("prod", {"prod": table})


@pytest.fixture
def prod(tmp_path: Path) -> Path:
    """A program that answers as a Python with TensorFlow 2.15.1 would."""
    site = packages(tmp_path / "site-packages", tensorflow="2.15.1")
    python = tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/starts\n"
        f'echo \'["3.9.1", "CPython", 8, "{python}", ["", "{site}"]]\'\n'
    )
    python.chmod(0o755)
    return python


def test_an_own_interpreter_is_started_once_and_looked_at_anew(prod: Path, tmp_path: Path) -> None:
    provider = OwnProvider(tmp_path / "cache")
    runtime = own(str(prod))
    assert provider.ready(runtime) is None
    made = provider.prepare(runtime, print)
    assert provider.ready(runtime) == made
    assert (made.versions["tensorflow"], made.versions["python"]) == ("2.15.1", "3.9.1")
    assert (tmp_path / "starts").read_text() == "x\n"
    packages(tmp_path / "site-packages", custom_ops="1.0")
    there = provider.ready(runtime)
    assert there
    assert there.lock != made.lock


def test_an_own_interpreter_has_to_hold_what_is_stated(prod: Path, tmp_path: Path) -> None:
    provider = OwnProvider(tmp_path / "cache")
    with pytest.raises(EnvironmentFailed, match=r"has TensorFlow 2\.15\.1, but .* says 2\.14\.0"):
        provider.prepare(own(str(prod), "2.14.0"), print)
    (tmp_path / "site-packages" / "tensorflow-2.15.1.dist-info").rmdir()
    with pytest.raises(EnvironmentFailed, match=r'requirements = \["tensorflow==2\.15\.1"\]'):
        provider.prepare(own(str(prod)), print)


# The choice


def test_who_has_which_runtime(tmp_path: Path) -> None:
    def chosen(runtime: Runtime, provider: str = "auto") -> type:
        return type(Providers(tmp_path, provider).of(runtime))

    assert chosen(parse_runtime("2.15")) is AutoProvider
    assert chosen(parse_runtime("2.15"), "venv") is VenvProvider
    assert chosen(parse_runtime("2.15"), "docker") is DockerProvider
    assert chosen(parse_runtime("2.15"), "current") is CurrentProvider
    assert chosen(own("python3")) is OwnProvider
    assert chosen(own("python3", "2.15.1", "custom-ops")) is AutoProvider


class Having:
    """Has some environments, can make others."""

    def __init__(self, name: str, has: str = "", makes: str = "") -> None:
        self.name, self.has, self.makes = name, has.split(), makes.split()
        self.uv, self.engine = Uv(), fake_engine()
        self.asked: list[str] = []

    def ready(self, runtime: Runtime) -> Environment | None:
        return self._made(runtime) if runtime.environment in self.has else None

    def prepare(self, runtime: Runtime, _: object) -> Environment:
        self.asked.append(runtime.environment)
        if runtime.environment not in self.makes:
            msg = f"{self.name} has no {runtime.environment}"
            raise EnvironmentFailed(msg)
        return self._made(runtime)

    def _made(self, runtime: Runtime) -> Environment:
        return Environment(runtime.environment, self.name, Path(), {}, self.name)


def auto(venv: Having, docker: Having) -> AutoProvider:
    return AutoProvider(cast("Any", venv), cast("Any", docker))


def test_auto_takes_what_is_there_before_it_makes_anything() -> None:
    venv, docker = Having("venv", has="2.15", makes="2.15 1.15"), Having("docker", has="2.15 1.15")
    both = auto(venv, docker)
    assert both.prepare(parse_runtime("2.15"), print).provider == "venv"
    assert both.prepare(parse_runtime("1.15"), print).provider == "docker"
    assert venv.asked == docker.asked == []
    assert both.lock(parse_runtime("1.15")) == "docker"


def test_auto_makes_an_environment_else_an_image_and_says_so() -> None:
    venv, docker = Having("venv", makes="2.15"), Having("docker", makes="2.15 1.15")
    both, told = auto(venv, docker), list[str]()
    assert both.prepare(parse_runtime("2.15"), told.append).provider == "venv"
    assert told == docker.asked == []
    assert both.prepare(parse_runtime("1.15"), told.append).provider == "docker"
    assert told == ["1.15: no environment can be made here; asking Docker 28.2.2"]


def test_auto_tells_both_reasons_where_neither_can() -> None:
    with pytest.raises(EnvironmentFailed) as failed:
        auto(Having("venv"), Having("docker")).prepare(parse_runtime("1.15"), print)
    assert str(failed.value).startswith("venv has no 1.15\nNor can it be had as an image")
    assert str(failed.value).endswith("docker has no 1.15")


def test_auto_asks_for_an_image_of_ones_own_where_images_are() -> None:
    venv, docker = Having("venv"), Having("docker", makes="prod")
    prod = parse_runtime("prod", {"prod": OwnRuntime("prod", "2.15.1", image="mine:1")})
    assert auto(venv, docker).prepare(prod, print).provider == "docker"
    assert venv.asked == []


# Many at once


class Together(VenvProvider):
    """Makes environments of nothing, two at once or not at all; one is broken."""

    both = threading.Barrier(2, timeout=10)

    def prepare(self, runtime: Runtime, progress: Any) -> Environment:
        progress(f"making {runtime.environment}")
        if runtime.environment == "2.3":
            msg = "no 2.3 today"
            raise EnvironmentFailed(msg)
        self.both.wait()
        return Environment(runtime.environment, "venv", Path(), {}, "", Path())


def test_all_are_made_at_once_and_one_failure_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "VenvProvider", Together)
    names = ["2.15", "2.15+v1", "2.3", "2.21"]
    told: list[str] = []
    made = Providers(tmp_path, "venv").prepare([parse_runtime(name) for name in names], told.append)
    assert list(made) == ["2.15", "2.3", "2.21"]
    assert str(made["2.3"]) == "no 2.3 today"
    assert isinstance(made["2.15"], Environment)
    assert sorted(told) == ["making 2.15", "making 2.21", "making 2.3"]


def test_what_is_there_is_told_by_environment(tmp_path: Path) -> None:
    assert Providers(tmp_path).ready([parse_runtime("2.15"), own("/none")]) == {}


@pytest.fixture
def endless_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A uv that starts a process of its own and never ends; returns the file with their pids."""
    pids = tmp_path / "pids"
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\nsleep 60 &\necho $$ $! >> {pids}\nwait\n")
    program.chmod(0o755)
    monkeypatch.setattr(uv, "_program", lambda: str(program))
    return pids


def until_written(file: Path) -> list[int]:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()).endswith("\n"):
            return [int(pid) for pid in text.split()]
        time.sleep(0.01)
    msg = "uv was not started"
    raise AssertionError(msg)


def running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def all_gone(pids: list[int]) -> bool:
    end = time.monotonic() + 5
    while any(running(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.01)
    return not any(running(pid) for pid in pids)


def test_uv_is_stopped_with_all_it_started(endless_uv: Path) -> None:
    tool, ended = Uv(), list[BaseException]()

    def work() -> None:
        try:
            tool.run("sync")
        except Stopped as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    pids = until_written(endless_uv)
    tool.stop()
    thread.join(5)
    assert len(ended) == 1
    assert all_gone(pids)
    with pytest.raises(Stopped):
        tool.run("sync")


def test_ctrl_c_leaves_nothing_half_made(
    endless_uv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids: list[int] = []

    def interrupted(futures: Any, timeout: float | None = None) -> Any:
        pids.extend(until_written(endless_uv))
        if timeout:
            raise KeyboardInterrupt
        return wait(futures)

    monkeypatch.setattr(prepare, "wait", interrupted)
    monkeypatch.setattr(
        "pytest_tfroundtrip.runtimes.venv.find_interpreter",
        lambda *_: current_interpreter(),
    )
    cache = tmp_path / "cache"
    with pytest.raises(KeyboardInterrupt):
        Providers(cache, "venv").prepare([parse_runtime("2.15")], lambda _: None)
    assert all_gone(pids)
    assert os.listdir(cache / "environments" / ".making") == []  # noqa: PTH208
    assert [path.name for path in (cache / "environments").glob("[!.]*")] == []


def current_interpreter() -> Any:
    mine = Path(sys.executable)
    return Interpreter(mine, platform.python_version(), "PATH", mine)


@pytest.mark.parametrize("chosen", ["venv", "current", "own", "auto"])
def test_every_agent_of_this_machine_is_told_of_third_parties(tmp_path: Path, chosen: str) -> None:
    extension = write(tmp_path)
    runtime = own("/usr/bin/python3") if chosen == "own" else parse_runtime("2.15")
    provider = Providers(tmp_path, "venv" if chosen == "own" else chosen).of(runtime)
    assert provider.name == chosen
    there = Environment(runtime.environment, chosen, Path("/python"), {}, "", tmp_path)
    workplace = Workplace(tmp_path, extensions=(extension,))
    launch = provider.command(there, runtime, workplace)
    assert isinstance(launch, Launch)
    files = {"apis": str(extension.apis), "agent": str(extension.agent)}
    assert json.loads(launch.argv[-1])["extensions"] == [{**files, "known_as": files}]
