"""The search for a Python: each way, and what is told when none works."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path

import pytest

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.interpreters import (
    PINNED,
    Interpreter,
    find_interpreter,
    own_interpreter,
    probe,
    remembered_interpreter,
)
from pytest_tfroundtrip.runtimes.uv import Uv, UvFailed

MINE = ".".join(platform.python_version_tuple()[:2])


class NoUv(Uv):
    """uv on a machine without a network and without Pythons of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[tuple[str, ...], dict[str, str]]] = []

    def run(self, *arguments: str, cwd: object = None, env: object = None) -> str:
        del cwd
        self.asked.append((arguments, dict(env) if isinstance(env, dict) else {}))
        said = "error: Failed to fetch the list\n  cause: dns error"
        raise UvFailed(said)


def python(path: Path, version: str, kind: str = "CPython") -> Path:
    """A program that answers as a Python of that version would."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = json.dumps([version, kind, 8, str(path), []])
    path.write_text(f"#!/bin/sh\necho '{answer}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without a Python: folders `bin` on PATH and `pyenv`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def find(series: str, *, fetch: bool = False) -> Interpreter:
    return find_interpreter(series, NoUv(), lambda _: None, fetch=fetch)


def test_path_comes_first(machine: Path) -> None:
    here = python(machine / "bin" / "python3.7", "3.7.9")
    python(machine / "pyenv" / "versions" / "3.7.16" / "bin" / "python3.7", "3.7.16")
    found = find("3.7")
    assert (found.path, found.version, found.source) == (here, "3.7.9", "PATH")


def test_a_shim_that_fails_is_passed_over_for_what_is_behind_it(machine: Path) -> None:
    shim = machine / "bin" / "python3.7"
    shim.write_text("#!/bin/sh\necho 'pyenv: python3.7: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    python(machine / "pyenv" / "versions" / "3.7.9" / "bin" / "python3.7", "3.7.9")
    python(machine / "pyenv" / "versions" / "3.7.16" / "bin" / "python3.7", "3.7.16")
    python(machine / "pyenv" / "versions" / "3.7-dev" / "bin" / "python3.7", "3.7.17")
    found = find("3.7")
    assert (found.version, found.source) == ("3.7.16", "pyenv")


def test_a_name_that_lies_is_not_taken(machine: Path) -> None:
    python(machine / "bin" / "python3.7", "3.8.1")
    python(machine / "pyenv" / "versions" / "3.7.3" / "bin" / "python3.7", "3.7.3", "PyPy")
    with pytest.raises(EnvironmentFailed, match=r"python3\.7 is there, but does not run as one"):
        find("3.7")


def test_the_python_of_pytest_counts(machine: Path) -> None:
    del machine
    assert find(MINE).path == Path(sys.executable)


def test_none_at_all_names_every_way_and_how_to_get_one(machine: Path) -> None:
    del machine
    with pytest.raises(EnvironmentFailed) as caught:
        find("3.7", fetch=True)
    text = str(caught.value)
    for part in ("PATH: ", "pyenv: ", "uv: ", "uv's downloads: they begin at 3.8", "pinned build"):
        assert f"\n  {part}" in text or f"\n  the {part}" in text
    assert "pyenv install 3.7" in text
    assert "the network is missing" in text
    assert "python = ..." in text


def test_what_uv_has_is_fetched_from_uv_and_3_7_from_its_pinned_build(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del machine
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    for series, env in (("3.9", {}), ("3.7", {"UV_PYTHON_DOWNLOADS_JSON_URL": str(PINNED)})):
        uv, told = NoUv(), list[str]()
        with pytest.raises(EnvironmentFailed):
            find_interpreter(series, uv, told.append)
        installs = [(args[2], env) for args, env in uv.asked if args[1] == "install"]
        assert installs == [(series, env)]
        assert len(told) == 1


def test_a_platform_without_a_pinned_build_says_so(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del machine
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(platform, "machine", lambda: "arm64")
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(EnvironmentFailed, match=r"pinned builds: none of 3\.7 for darwin arm64"):
        find("3.7", fetch=True)


def test_every_pinned_build_has_its_hash() -> None:
    for name, build in json.loads(PINNED.read_text()).items():
        assert name.startswith(f"cpython-{build['major']}.{build['minor']}.{build['patch']}-")
        assert len(build["sha256"]) == 64
        assert build["url"].startswith("https://")


def test_probe_starts_the_program(machine: Path) -> None:
    found = probe(Path(sys.executable), "here")
    assert found
    assert found.version == platform.python_version()
    assert found.series == MINE
    assert any(path.endswith("site-packages") for path in found.sys_path)
    assert probe(machine / "none", "nowhere") is None


def test_an_own_interpreter_is_asked_once(machine: Path) -> None:
    program = python(machine / "prod" / "python", "3.9.1")
    cache = machine / "cache"
    assert remembered_interpreter(str(program), cache) is None
    asked = own_interpreter(str(program), "prod", cache)
    assert remembered_interpreter(str(program), cache) == asked
    os.utime(program, ns=(0, 0))
    assert remembered_interpreter(str(program), cache) is None


def test_an_own_interpreter_that_is_not_there_or_fails_is_named(machine: Path) -> None:
    with pytest.raises(EnvironmentFailed, match=r"runtime\.prod\] is no program"):
        own_interpreter(str(machine / "none"), "prod", machine / "cache")
    broken = python(machine / "broken", "3.9.1")
    broken.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(EnvironmentFailed, match="does not run as a 64 bit CPython"):
        own_interpreter(str(broken), "prod", machine / "cache")
