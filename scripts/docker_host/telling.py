"""What people are told while bases are made, and that one cannot be had."""

from __future__ import annotations

import sys
import time


class Failed(Exception):  # noqa: N818 - says what happened
    """A base cannot be had: what failed and what to do."""


def say(line: str, began: float | None = None) -> None:
    """One line of progress, with the seconds since it began."""
    seconds = "" if began is None else f", {time.monotonic() - began:.1f} s"
    sys.stderr.write(f"docker-host: {line}{seconds}\n")
    sys.stderr.flush()
