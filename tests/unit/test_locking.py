"""Locks, compiled by uv from wheels in a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from local_wheels import make_wheel, offline

from pytest_tfroundtrip.catalogue.runtime import OwnRuntime, parse_runtime
from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.runtimes.locking import (
    LockInput,
    compile_lock,
    lock_digest,
    lock_file,
    lock_input,
)
from pytest_tfroundtrip.runtimes.uv import Uv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    for name in ("tensorflow", "tensorflow-cpu"):
        make_wheel(folder, name, "2.15.1", "numpy<2")
    make_wheel(folder, "tf-keras", "2.15.1", "tensorflow>=2.15,<2.16")
    for version in ("1.25.0", "1.26.4", "2.0.0"):
        make_wheel(folder, "numpy", version)
    offline(monkeypatch, folder, tmp_path / "uv")
    return folder


def made_from(*requirements: str) -> LockInput:
    return LockInput("2.15", "TensorFlow 2.15.1", "3.11", requirements, "releases.toml")


def pins(lock: str) -> list[str]:
    return [line.removesuffix(" \\") for line in lock.splitlines() if line[0] not in "# "]


@pytest.mark.usefixtures("wheels")
def test_a_lock_names_every_file_and_full_tensorflow_only_where_there_is_no_other() -> None:
    lock = compile_lock(made_from("tensorflow-cpu==2.15.1", "tf-keras==2.15.1"), Uv())
    assert lock.startswith("# TensorFlow 2.15.1. Made by: python -m pytest_tfroundtrip lock 2.15")
    numpy, full, cpu, keras = pins(lock)
    assert (numpy, keras) == ("numpy==1.26.4", "tf-keras==2.15.1")
    assert cpu.startswith("tensorflow-cpu==2.15.1 ; ")
    assert "platform_machine == 'x86_64' and sys_platform == 'linux'" in cpu
    assert full.startswith("tensorflow==2.15.1 ; ")
    assert "platform_machine != 'x86_64'" in full
    assert lock.count("--hash=sha256:") == 4


@pytest.mark.usefixtures("wheels")
def test_a_lock_stays_as_it_is_until_an_upgrade() -> None:
    old = compile_lock(made_from("numpy==1.25.0", "tf-keras", "tensorflow"), Uv())
    wider = made_from("numpy", "tf-keras", "tensorflow")
    kept, upgraded = compile_lock(wider, Uv(), old=old), compile_lock(wider, Uv(), upgrade=True)
    assert "numpy==1.25.0" in pins(kept)
    assert lock_digest(kept) == lock_digest(old)
    assert "numpy==1.26.4" in pins(upgraded)
    assert lock_digest(upgraded) != lock_digest(old)


@pytest.mark.usefixtures("wheels")
def test_requirements_that_exclude_each_other_are_told_with_uvs_reason() -> None:
    with pytest.raises(EnvironmentFailed) as caught:
        compile_lock(made_from("tensorflow-cpu==2.15.1", "numpy>=2"), Uv())
    text = str(caught.value)
    assert text.startswith("the requirements of 2.15 do not resolve.")
    assert "edit releases.toml" in text
    assert "numpy>=2" in text


@pytest.mark.parametrize(
    "env",
    [
        {"UV_OFFLINE": "1"},
        {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"},
    ],
    ids=["forbidden", "unreachable"],
)
def test_without_a_network_it_says_so(
    env: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    with pytest.raises(EnvironmentFailed, match="cannot be compiled without the package index"):
        compile_lock(made_from("tensorflow-cpu==2.15.1"), Uv())


def test_comments_and_line_ends_are_not_what_a_lock_installs() -> None:
    assert lock_digest("# a\nnumpy==1\n") == lock_digest("# b\r\nnumpy==1\r\n")
    assert lock_digest("numpy==1\n") != lock_digest("numpy==2\n")


def test_a_hub_variant_asks_for_its_hub(tmp_path: Path) -> None:
    runtime = parse_runtime("1.15+hub0.6")
    made = lock_input(runtime)
    assert "tensorflow-hub==0.6.*" in made.requirements
    assert lock_file(runtime, made, tmp_path).is_relative_to(tmp_path)


def test_a_release_has_its_lock_in_the_catalogue(tmp_path: Path) -> None:
    runtime = parse_runtime("2.15")
    assert lock_file(runtime, lock_input(runtime), tmp_path) == runtime.release.lock


def own_requirements(*requirements: str) -> tuple[str, ...]:
    own = OwnRuntime(name="prod", tensorflow="2.15.0", requirements=requirements)
    return lock_input(parse_runtime("prod", {"prod": own})).requirements


def test_an_own_runtime_replaces_what_it_names() -> None:
    found = own_requirements("tensorflow_hub==0.14", "custom-ops")
    assert "tensorflow-cpu==2.15.0" in found
    assert "custom-ops" in found
    assert [line for line in found if line.startswith("tensorflow")][1:] == ["tensorflow_hub==0.14"]


def test_an_own_runtime_with_another_tensorflow_package_has_only_that() -> None:
    found = own_requirements("tensorflow==2.15.0")
    assert [line for line in found if "tensorflow" in line] == [
        "tensorflow-hub==0.15.0",
        "tensorflow==2.15.0",
    ]


def test_a_requirement_that_is_none_is_named() -> None:
    with pytest.raises(EnvironmentFailed, match=r"runtime\.prod\]: 'a b' is no requirement"):
        own_requirements("a b")
