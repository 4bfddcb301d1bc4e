"""Imports what the lock of this image names and says which versions they are, as one line.

It runs in the image: when that is built, and whenever somebody wants to know::

    docker run --rm IMAGE python /usr/local/share/pytest-tfroundtrip/check.py
"""  # noqa: INP001 - a script

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).with_name("lock.txt")


def main() -> None:
    """Print the versions, null for what the lock does not have."""
    pinned = set(re.findall(r"^([\w.-]+)==", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    tensorflow = importlib.import_module("tensorflow")
    versions = {
        "tensorflow": tensorflow.__version__,
        "keras": keras_version(tensorflow),
        "tf_keras": version_of("tf_keras") if "tf-keras" in pinned else None,
        "tensorflow_hub": version_of("tensorflow_hub") if "tensorflow-hub" in pinned else None,
        "numpy": version_of("numpy"),
        "python": ".".join(str(part) for part in sys.version_info[:3]),
    }
    sys.stdout.write(f"versions: {json.dumps(versions, sort_keys=True)}\n")


def version_of(module: str) -> str:
    """The version that an imported module tells."""
    return str(importlib.import_module(module).__version__)


def keras_version(tensorflow: Any) -> str:
    """The version of the Keras behind tf.keras: TensorFlow's own, or the package keras."""
    package = tensorflow.keras.Model.__module__.partition(".")[0]
    if package.startswith("tensorflow"):
        return str(tensorflow.keras.__version__)
    return version_of(package)


if __name__ == "__main__":
    main()
