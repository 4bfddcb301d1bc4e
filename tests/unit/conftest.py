from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fake_provider import requests, write_script

# pytester forgets what an in-process run imported; numpy cannot be imported twice.
import pytest_tfroundtrip.engine.server
import pytest_tfroundtrip.reporting
import pytest_tfroundtrip.roundtrip
import pytest_tfroundtrip.session  # noqa: F401

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ["pytester"]

#: Plugins of the development environment that these tests are not about.
NEIGHBOURS = ("asyncio", "randomly", "rerunfailures", "timeout", "pytest_cov")

MODEL = """
import tensorflow as tf
assert False, "pytest imported the model"
class {name}(tf.Module):
    inputs = {{}}
    def keras_model(self): ...
"""
TEST = """
import pytest

@pytest.mark.tf_roundtrip("affine.py:Affine", variables=True)
def test_affine(roundtrip):
    assert roundtrip.outputs["y"].shape == (2, 1)
"""


@pytest.fixture(autouse=True)
def no_container_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep unit tests from the engine that this machine may have."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")


@dataclass
class Project:
    """A user's project whose runtimes have a fake agent."""

    pytester: pytest.Pytester
    environ: dict[str, str]
    script: Path
    log: Path
    options: list[str] = field(default_factory=list)
    neighbours: list[str] = field(default_factory=list)  # plugins to run beside

    @property
    def path(self) -> Path:
        return self.pytester.path

    def agent(self, **script: Any) -> None:
        """Say what the agents do: see fake_agent.py."""
        write_script(self.script, requests=str(self.log), **script)

    def requests(self, kind: str = "step") -> list[dict[str, Any]]:
        """What the agents were asked: "start" or "step"."""
        return [request for request in requests(self.log) if request["type"] == kind]

    def arguments(self, *args: str) -> list[str]:
        others = [name for name in NEIGHBOURS if name not in self.neighbours]
        without = [part for name in others for part in ("-p", f"no:{name}")]
        cache = self.path / "cache"
        fixed = ["--tf-roundtrip", f"--tf-cache={cache}", "-p", "fake_plugin"]
        return [*fixed, *without, *self.options, *args]

    def run(self, *args: str) -> pytest.RunResult:
        """Run pytest with round trips, in this process: it is quicker."""
        return self.pytester.runpytest_inprocess(*self.arguments(*args))

    def run_apart(self, *args: str) -> pytest.RunResult:
        """Run pytest with round trips in a process of its own."""
        command = [sys.executable, "-m", "pytest", *self.arguments(*args)]
        return self.pytester.run(*command, timeout=60)

    def start(self, *args: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", *self.arguments(*args)],
            cwd=self.path,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def report(self, *args: str) -> dict[str, Any]:
        """Run and return the JSON report."""
        run = self.run_apart if "-n" in args else self.run
        run("--tf-report=report.json", *args)
        read: dict[str, Any] = json.loads((self.path / "report.json").read_text())
        return read

    def left_running(self) -> list[str]:
        """The fake agents that are still alive, after a moment to end."""
        end = time.monotonic() + 5
        while (left := list(self._alive())) and time.monotonic() < end:
            time.sleep(0.05)
        return left

    def _alive(self) -> Iterator[str]:
        for started in self.requests("start"):
            try:
                os.kill(started["pid"], 0)
                state = Path(f"/proc/{started['pid']}/stat").read_text()
            except (ProcessLookupError, FileNotFoundError):
                continue
            if state.rpartition(")")[2].split()[0] != "Z":
                yield state


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """A project with a model, its marked test, and agents that find every round trip the same."""
    script, log = pytester.path / "agent.json", pytester.path / "requests.jsonl"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    monkeypatch.setenv("TF_ROUNDTRIP_FAKE", str(script))
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (pytester.path / "affine.py").write_text(MODEL.format(name="Affine"))
    pytester.makepyfile(test_model=TEST)
    made = Project(pytester, dict(os.environ), script, log)
    made.agent()
    yield made
    for started in made.requests("start"):
        try:
            os.kill(started["pid"], signal.SIGKILL)
        except ProcessLookupError:
            continue
