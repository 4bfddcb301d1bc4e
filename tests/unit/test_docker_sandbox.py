"""What a container may do, as it is asked of the engine; tests/docker hold it from inside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from docker.types import HostConfig
from fake_docker import fake_engine

from pytest_tfroundtrip.errors import EnvironmentFailed
from pytest_tfroundtrip.limits import Limits
from pytest_tfroundtrip.runtimes.docker import client, sandbox
from pytest_tfroundtrip.runtimes.docker.exchange import Mounted

NOTHING = client.Limits(memory=False, swap=False, pids=False, cpus=False)


def asked(limits: Limits | None = None, **engine: Any) -> dict[str, Any]:
    """The request as the SDK would send it."""
    config = sandbox.host_config(
        fake_engine(**engine),
        limits or Limits(),
        [
            Mounted(Path("/models"), "/models"),
            Mounted(Path("/o"), "/o", writable=True),
        ],
        cpus=1,
        volumes=["/data"],
    )
    return dict(HostConfig(version="1.41", **config))


def test_a_container_may_do_next_to_nothing() -> None:
    config = asked()
    assert config["NetworkMode"] == "none"
    assert config["CapDrop"] == ["ALL"]
    assert config["SecurityOpt"] == ["no-new-privileges"]  # and the engine's own seccomp profile
    assert config["ReadonlyRootfs"] is True
    assert config["AutoRemove"] is True
    assert not config.get("Privileged")


def test_only_what_is_marked_so_can_be_written() -> None:
    mounts = {each["Target"]: each["ReadOnly"] for each in asked()["Mounts"]}
    assert mounts == {"/models": True, "/o": False}


def test_volumes_of_an_image_are_in_memory_and_small_as_tmp_is() -> None:
    tmpfs = asked(Limits(tmp=7 << 20))["Tmpfs"]
    assert set(tmpfs) == {"/tmp", "/data"}
    assert all(f"size={7 << 20}" in options for options in tmpfs.values())


def test_limits_are_the_users_else_what_the_machine_has() -> None:
    config = asked()
    assert config["Memory"] == config["MemorySwap"] == 4 << 30  # half of it; no swap besides
    assert config["PidsLimit"] == 4096
    assert config["NanoCpus"] == 1_000_000_000
    config = asked(Limits(memory=1 << 30, pids=100, cpus=1.5))
    assert (config["Memory"], config["PidsLimit"]) == (1 << 30, 100)
    assert config["NanoCpus"] == 1_500_000_000
    assert asked(Limits(cpus=64))["NanoCpus"] == 2_000_000_000  # more the engine would refuse


def test_an_engine_without_control_groups_is_not_asked_for_limits() -> None:
    engine = fake_engine(limits=NOTHING)
    config = sandbox.host_config(engine, Limits(memory=1 << 30), [], cpus=1)
    sent = HostConfig(version="1.41", **config)
    assert not {"Memory", "MemorySwap", "PidsLimit", "NanoCpus"} & set(sent)


def test_such_an_engine_is_refused_for_models_that_nobody_trusts() -> None:
    sandbox.check_limits(fake_engine())
    with pytest.raises(EnvironmentFailed, match="cannot limit the memory and processes"):
        sandbox.check_limits(fake_engine(limits=NOTHING))


def test_the_user_inside_is_the_caller() -> None:
    assert sandbox.user_of(fake_engine()) == f"{os.getuid()}:{os.getgid()}"
    assert sandbox.user_of(fake_engine(rootless=True)) == "0:0"
    assert asked(remapped=True)["UsernsMode"] == "host"
    assert "UsernsMode" not in asked()


def test_selinux_does_not_hide_the_callers_files() -> None:
    assert asked(selinux=True)["SecurityOpt"] == ["no-new-privileges", "label=disable"]


def test_nothing_of_this_machines_environment_goes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HOME", "/home/me")
    seen = sandbox.environment({"TF_USE_LEGACY_KERAS": "1"})
    assert set(seen) == {"HOME", "TMPDIR", "USER", "LOGNAME", "TF_USE_LEGACY_KERAS"}
    assert seen["HOME"] == "/tmp"
