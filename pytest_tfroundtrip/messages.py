"""TensorFlow's messages, made short."""

from __future__ import annotations

import re

#: Lines with which TensorFlow leads up to what it has to say, in the wordings of its releases.
_LEADS = (
    "Graph execution error:",
    "Detected at node",
    "Node:",
    "Original stack trace",
    "<stack traces unavailable>",
    "Errors may have originated from an input operation",
    "in user code:",
)
#: Where several kernels failed; each has an indented line of its own: "  (0) CODE: message".
_SEVERAL = re.compile(r"\d+ root error\(s\) found\.")
_ROOT = re.compile(r"\s*\(0\)\s+(.*)")
_LONGEST = 300


def headline(message: str) -> str:
    """What a message says first, without the stacks that TensorFlow puts before and after it."""
    lines = [line for line in message.strip().splitlines() if line.strip()]
    told = [line for line in lines if not line[0].isspace()]
    meant = [line for line in told if not line.startswith(_LEADS)]
    # Autograph's message ends in what was raised; all of it is indented.
    first = (meant or (lines[-1:] if told[:1] == ["in user code:"] else told) or [""])[0]
    if _SEVERAL.match(first):
        roots = (found[1] for line in lines if (found := _ROOT.match(line)))
        first = next(roots, first)
    first = first.strip()
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST].rstrip()} ..."
