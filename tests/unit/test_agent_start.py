"""How the agent starts, and how it says that it cannot."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_tfroundtrip.agent import wire

AGENT = Path(wire.__file__).parent
APIS = AGENT.parent / "catalogue" / "apis.json"


def start(tmp_path: Path, *arguments: str, path: Path | None = None) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-B", "-s", str(AGENT / "__main__.py"), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(path or tmp_path)},
        timeout=60,
        check=False,
    )
    assert done.stdout.count(b"\n") == 1, done.stderr
    return done.returncode, wire.decode_message(done.stdout)


def config(**more: Any) -> str:
    return json.dumps({"protocol": wire.PROTOCOL, "apis": str(APIS), "release": "2.15.1", **more})


def test_a_tensorflow_that_does_not_import_makes_it_unusable(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("raise ImportError('libthat.so is missing')")
    status, answer = start(tmp_path, config())
    assert (status, answer["type"], answer["exception"]) == (1, "unusable", "ImportError")
    assert "libthat.so is missing" in answer["message"]
    assert "Python %d.%d" % sys.version_info[:2] in answer["message"]  # noqa: UP031


def test_an_import_that_exits_is_an_answer_too(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text("import sys; sys.exit('no licence')")
    status, answer = start(tmp_path, config())
    assert (status, answer["exception"]) == (1, "SystemExit")


def test_what_an_import_prints_stays_out_of_the_channel(tmp_path: Path) -> None:
    (tmp_path / "tensorflow.py").write_text(
        "import os; print('hello'); os.write(1, b'{}\\n'); raise ImportError('x')"
    )
    _, answer = start(tmp_path, config())
    assert answer["type"] == "unusable"


def test_another_protocol_is_refused_with_both_numbers(tmp_path: Path) -> None:
    status, answer = start(tmp_path, config(protocol=99))
    assert (status, answer["exception"]) == (1, "ProtocolMismatch")
    assert "99" in answer["message"]
    assert str(wire.PROTOCOL) in answer["message"]


@pytest.mark.parametrize("arguments", [(), ("no json",), ("[]",), ("{}",)])
def test_a_configuration_that_is_none_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    status, answer = start(tmp_path, *arguments)
    assert (status, answer["type"]) == (1, "unusable")


def test_its_modules_hide_no_others(tmp_path: Path) -> None:
    (tmp_path / "values.py").write_text("MINE = True")
    (tmp_path / "tensorflow.py").write_text("import values; raise ImportError(str(values.MINE))")
    _, answer = start(tmp_path, config())
    assert "True" in answer["message"]
