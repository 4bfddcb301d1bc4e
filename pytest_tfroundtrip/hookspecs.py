"""What third parties may add. They return paths: what runs in a runtime is imported there only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping


@pytest.hookspec
def pytest_tf_roundtrip_apis() -> Mapping[str, str | os.PathLike[str]] | None:
    """Add savers and loaders: ``{"apis": DATA_FILE, "agent": AGENT_MODULE}``, absolute paths.

    ``apis`` is a JSON file in the form of ``catalogue/apis.json``: what there is, where it exists,
    what it writes, reads and shows. ``agent`` is a Python file, or the folder of a package, with
    the dicts ``SAVERS`` and ``LOADERS``; agents import it beside their TensorFlow, pytest never.

    Asked once, when pytest is configured, so a ``conftest.py`` has to be one that pytest loads at
    its start. No argument: the command line asks too, without a pytest run.
    """
