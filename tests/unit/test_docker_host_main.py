"""The words between the two halves of ``scripts/docker-host``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from docker_host.__main__ import main

SCRIPTS = Path(__file__).parents[2] / "scripts"
SHELL = (SCRIPTS / "docker-host").read_text()
SPOKEN = sorted(set(re.findall(r"\bspeak ([a-z][a-z-]*)", SHELL)))


def test_the_shell_says_words() -> None:
    assert {"engine", "pull", "stand-ins", "wait"} <= set(SPOKEN)


@pytest.mark.parametrize("word", SPOKEN)
def test_each_word_that_the_shell_says_is_understood(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([word, "--help"])
    assert ended.value.code == 0
    assert f"docker-host {word}" in capsys.readouterr().out


def test_it_is_started_as_the_shell_starts_it(tmp_path: Path) -> None:
    (started,) = re.findall(r"^speak\(\) \{.*?(python .+) \"\$@\"; \}", SHELL, re.MULTILINE)
    command = [sys.executable, *started.split()[1:], "listens", str(tmp_path / "none.sock")]
    ended = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (1, "")
