"""How containers end: with the run that made them, whatever becomes of it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pytest_tfroundtrip.runtimes.docker.owner import LABEL, OWNER, owner
from tests.integration.harness import REFERENCE, Started, private_cache, run, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import DockerClient

    from .conftest import Containers

pytestmark = pytest.mark.usefixtures("on_images")  # the images are there

CHOSEN = (*REFERENCE, "--tf-provider=docker", "--tf-runtimes=1.15,2.15", "-k", "add_two")
#: How many runs are killed; 20 for the figures in the closing notes.
KILLS = int(os.environ.get("TF_ROUNDTRIP_KILLS", "4"))


def until_working(started: Started, containers: Containers, cache: Path) -> None:
    """Wait until both runtimes have a container that has saved something."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if len(containers.names(started.process.pid)) == 2 and len(saved(cache)) >= 2:
            return
        time.sleep(0.05)
    pytest.fail("no containers were seen at work")


def saved(cache: Path) -> set[str]:
    """The runtimes that have saved something."""
    found = set()
    for record in (cache / "artifacts").glob("*/*/record.json"):
        found.add(json.loads(record.read_text(encoding="utf-8"))["runtime"]["tensorflow"])
    return found


def gone(containers: Containers, pid: int, seconds: float = 15) -> bool:
    """Whether a process's containers are gone, after a moment."""
    end = time.monotonic() + seconds
    while containers.names(pid) and time.monotonic() < end:
        time.sleep(0.1)
    return not containers.names(pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_containers_end_with_pytest(
    tmp_path: Path, containers: Containers, number: signal.Signals
) -> None:
    cache = private_cache(tmp_path)
    started = start(tmp_path, *CHOSEN, cache=cache)
    try:
        until_working(started, containers, cache)
    finally:
        started.process.send_signal(number)
        started.process.communicate(timeout=60)
    assert gone(containers, started.process.pid)
    assert started.left() == ()


def test_a_killed_worker_takes_no_container_with_it(tmp_path: Path, containers: Containers) -> None:
    cache = private_cache(tmp_path)
    started = start(tmp_path, *CHOSEN, "-n", "2", cache=cache)
    until_working(started, containers, cache)
    before = containers.names(started.process.pid)
    worker = next(iter(_workers(started)))
    os.kill(worker, signal.SIGKILL)
    time.sleep(0.5)
    assert containers.names(started.process.pid) == before
    output, _ = started.process.communicate(timeout=300)
    assert "replacing crashed worker" in output
    assert gone(containers, started.process.pid)


def _workers(started: Started) -> Iterator[int]:
    for process in started.processes():
        if "sys.stdin.readline()" in " ".join(process.cmdline()):  # as execnet starts them
            yield process.pid


def test_a_container_that_is_killed_is_made_again(
    tmp_path: Path, containers: Containers, client: DockerClient
) -> None:
    cache = private_cache(tmp_path)
    started = start(tmp_path, *CHOSEN, cache=cache)
    until_working(started, containers, cache)
    for name in containers.names(started.process.pid):
        with contextlib.suppress(Exception):  # it may have ended by itself
            client.api.kill(name)
    output, _ = started.process.communicate(timeout=300)
    assert started.process.returncode == 0, output


def test_a_run_sweeps_what_dead_ones_left_and_nothing_else(
    tmp_path: Path, client: DockerClient, containers: Containers
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        dead = owner(process.pid)
        process.kill()
    image = next(image.id for image in client.images.list(filters={"label": LABEL}))
    made = {
        whose: client.api.create_container(image, "true", labels=labels)["Id"]
        for whose, labels in {
            "dead": {OWNER: dead, LABEL: "1"},
            "alive": {OWNER: owner(), LABEL: "1"},
            "stranger": {"somebody": "else"},
        }.items()
    }
    try:
        seen = run(
            tmp_path,
            *(*REFERENCE, "--tf-provider=docker", "--tf-runtimes=1.15"),
            *("-k", "add_two and tf_module"),
            cache=private_cache(tmp_path),
        )
        assert seen.status == 0, seen.output
        left = {each["Id"] for each in client.api.containers(all=True)}
        assert {whose for whose, name in made.items() if name in left} == {"alive", "stranger"}
    finally:
        for name in made.values():
            with contextlib.suppress(Exception):
                client.api.remove_container(name)
    assert containers.names() == []


def test_after_killed_runs_the_next_one_leaves_nothing(
    tmp_path: Path, containers: Containers
) -> None:
    cache = private_cache(tmp_path)
    dice = random.Random(4)  # noqa: S311 - moments, not secrets
    for _ in range(KILLS):
        started = start(tmp_path, *CHOSEN, cache=cache)
        time.sleep(dice.uniform(0, 20 if KILLS >= 20 else 10))
        started.process.send_signal(signal.SIGKILL)
        started.process.communicate()
        assert started.left() == ()
    last = run(tmp_path, *CHOSEN, cache=cache)
    assert last.status == 0, last.output
    assert containers.names() == []
    assert [path.name for path in (cache / "runs").iterdir() if path.is_dir()] == []
    making = cache / "artifacts" / ".making"
    assert [path.name for path in making.iterdir() if path.is_dir()] == []
