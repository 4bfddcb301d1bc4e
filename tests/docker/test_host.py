"""``scripts/docker-host`` beside the engine of this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.usefixtures("engine")

SCRIPT = Path(__file__).parents[2] / "scripts" / "docker-host"
BRIDGE = Path("/sys/class/net/docker0")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts an engine")
@pytest.mark.skipif(not BRIDGE.exists(), reason="the engine of this machine has no docker0")
def test_no_second_engine_takes_the_first_one_s_network_down(tmp_path: Path) -> None:
    before = _rules()
    ended = subprocess.run(
        ["bash", str(SCRIPT), "up"],
        env={
            **os.environ,
            "DOCKER_HOST": f"unix://{tmp_path}/docker.sock",
            "TF_ROUNDTRIP_DOCKER_STATE": str(tmp_path / "state"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode != 0
    assert "a Docker engine runs here that does not answer" in ended.stderr
    assert "DOCKER_HOST" in ended.stderr
    assert BRIDGE.exists()
    assert _rules() == before


def _rules() -> str:
    """The firewall's, without what was counted."""
    seen = subprocess.run(
        ["iptables", "-w", "5", "-t", "nat", "-S"], capture_output=True, text=True, check=False
    )
    return seen.stdout
