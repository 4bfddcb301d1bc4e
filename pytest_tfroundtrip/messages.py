"""TensorFlow's messages, made short."""

from __future__ import annotations

#: Lines with which TensorFlow leads up to what it has to say, in the wordings of its releases.
_LEADS = (
    "Graph execution error:",
    "Detected at node",
    "Node:",
    "Original stack trace",
    "<stack traces unavailable>",
)
_LONGEST = 300


def headline(message: str) -> str:
    """What a message says first, without the stacks that TensorFlow puts before and after it."""
    lines = message.strip().splitlines()
    told = [line for line in lines if line.strip() and not line[0].isspace()]
    meant = [line for line in told if not line.startswith(_LEADS)]
    return (meant or told or lines or [""])[0].strip()[:_LONGEST]
