"""Other Pythons on this machine, for tests of code that has to run there too."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def find_python(version: str) -> str | None:
    """A working interpreter of "3.7": on PATH, else among pyenv's versions, else None."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which(f"python{version}")]
    candidates += sorted(map(str, root.glob(f"versions/{version}.*/bin/python")))
    return next((each for each in candidates if each and _works(each, version)), None)


def _works(python: str, version: str) -> bool:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == version  # pyenv's shims exist for versions that are not active
