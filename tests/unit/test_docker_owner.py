"""Whose a container is."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from pytest_tfroundtrip.runtimes.docker import owner as owners
from pytest_tfroundtrip.runtimes.docker.owner import OWNER, is_gone, owner, sweep

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


@pytest.fixture
def dead() -> str:
    """The label of a process that has ended."""
    with subprocess.Popen(["sleep", "60"]) as process:
        label = owner(process.pid)
        process.kill()
    return label


def with_part(label: str, place: int, value: str) -> str:
    parts = label.split("/")
    parts[place] = value
    return "/".join(parts)


def test_a_living_process_is_not_gone_and_a_dead_one_is(dead: str) -> None:
    assert not is_gone(owner(), local=True)
    assert is_gone(dead, local=True)
    assert is_gone(dead, local=False)


def test_a_pid_that_another_process_has_now_is_gone() -> None:
    assert is_gone(with_part(owner(), 3, "1"), local=True)


def test_what_cannot_be_judged_is_left_alone(dead: str) -> None:
    other_boot, other_namespace = with_part(dead, 0, "another-boot"), with_part(dead, 1, "1")
    assert is_gone(other_boot, local=True)  # of this machine, before it was started anew
    assert not is_gone(other_boot, local=False)  # perhaps of another machine
    assert not is_gone(other_namespace, local=True)
    assert not is_gone("rubbish", local=True)
    assert not is_gone("", local=True)


def test_without_proc_the_machine_and_the_pid_decide(
    monkeypatch: pytest.MonkeyPatch, dead: str
) -> None:
    monkeypatch.setattr(owners, "_boot", lambda: "")
    assert owner() == f"{os.uname().nodename}//{os.getpid()}/"
    assert not is_gone(owner(), local=True)
    assert is_gone(f"{os.uname().nodename}//{dead.split('/')[2]}/", local=True)
    assert not is_gone("another-machine//1/", local=True)


class Client:
    """As much of the SDK as a sweep needs."""

    def __init__(self, *labels: str) -> None:
        self.there = [
            {"Id": str(number), "Names": [f"/c{number}"], "Labels": {OWNER: label}}
            for number, label in enumerate(labels)
        ]
        self.asked: dict[str, Any] = {}

    def containers(self, **asked: Any) -> list[dict[str, Any]]:
        self.asked = asked
        return list(self.there)

    def remove_container(self, container: str, **_: Any) -> None:
        self.there = [each for each in self.there if each["Id"] != container]


def test_a_sweep_takes_the_dead_and_asks_for_ours_only(dead: str) -> None:
    client = Client(owner(), dead, "rubbish")
    assert sweep(client, local=True) == ["c1"]  # type: ignore[arg-type]
    assert [each["Id"] for each in client.there] == ["0", "2"]
    assert client.asked == {"all": True, "filters": {"label": OWNER}}
