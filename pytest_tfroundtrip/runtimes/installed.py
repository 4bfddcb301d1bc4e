"""What is installed where, told from the folders' names: nothing is imported, little is read."""

from __future__ import annotations

import hashlib
import os
import re
from typing import TYPE_CHECKING

from pytest_tfroundtrip.runtimes.provider import DISTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

# The form of these names is a standard: packaging.python.org, "Recording installed projects".
_INFO = re.compile(r"(?P<name>[^-]+)-(?P<version>[^-]+)(-py[\d.]+)?\.(dist-info|egg-info)")


def installed(folders: Iterable[str | Path]) -> dict[str, str]:
    """The versions of the distributions in these folders (``sys.path``) by normalised name.

    The first folder wins, as it does when something is imported.
    """
    found: dict[str, str] = {}
    for folder in folders:
        try:
            names = sorted(os.listdir(folder))  # noqa: PTH208 - the quick way: names only
        except OSError:
            continue
        for name in names:
            match = _INFO.fullmatch(name)
            if match:
                found.setdefault(re.sub(r"[-_.]+", "-", match["name"]).lower(), match["version"])
    return found


def told_versions(found: Mapping[str, str], python: str) -> dict[str, str | None]:
    """The versions that reports tell, None for what is not installed."""
    versions: dict[str, str | None] = {
        word: next((found[name] for name in names if name in found), None)
        for word, names in DISTRIBUTIONS.items()
    }
    return {**versions, "python": python}


def installed_digest(found: Mapping[str, str], python: str) -> str:
    """A sha256 that changes with what is installed: the lock of what has no lock."""
    lines = [f"python=={python}", *(f"{name}=={found[name]}" for name in sorted(found))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
