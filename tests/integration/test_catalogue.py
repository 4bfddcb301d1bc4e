"""The environments are what the catalogue says they are."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(("name", "tensorflow"), [("1.15", "1.15.5"), ("2.21", "2.21.0")])
def test_an_environment_passes_its_check(name: str, tensorflow: str) -> None:
    command = [sys.executable, "-m", "pytest_tfroundtrip", "runtimes"]
    made = subprocess.run([*command, "make", name], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    seen = subprocess.run([*command, "check", name], capture_output=True, text=True, check=False)
    assert seen.returncode == 0, seen.stdout + seen.stderr
    assert tensorflow in seen.stdout
