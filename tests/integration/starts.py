"""A plugin for a run's own process (``-p starts``): notes every program that it starts.

Python says so itself, once for each (the audit event ``subprocess.Popen``, which asyncio's
subprocesses raise too), so none is missed that ends soon, and none is counted that a program
started in its turn.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

#: The file, one line of JSON for each program: its command line.
FILE = "TF_ROUNDTRIP_TEST_STARTS"


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event == "subprocess.Popen":
        line = json.dumps([os.fspath(word) for word in args[1]], default=os.fsdecode)
        with open(os.environ[FILE], "a", encoding="utf-8") as file:  # noqa: PTH123 - in a hook
            file.write(f"{line}\n")


def pytest_configure() -> None:
    sys.addaudithook(_note)
