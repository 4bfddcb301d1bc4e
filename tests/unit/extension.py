"""A third party's files, for tests of all that takes them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.extensions import Extension

if TYPE_CHECKING:
    import pytest

EXAMPLE = Path(__file__).parents[1] / "example_plugin" / "acme_roundtrip"

SAVER: dict[str, Any] = {
    "calls": "acme.export",
    "generation": "TF1",
    "writes": "saved_model",
    "releases": ">=1.15",
}
LOADER: dict[str, Any] = {
    "calls": "acme.read",
    "generation": "TF2",
    "reads": ["saved_model"],
    "releases": ">=1.15",
    "operations": ["inference"],
    "shows": ["inputs", "outputs"],
}
AGENT = """
class Export:
    save = staticmethod(lambda model, payload, variant: "saved")
class Read:
    load = staticmethod(lambda artifact, variant: "loaded")
SAVERS = {"acme_export": Export}
LOADERS = {"acme_read": Read}
"""


def write(
    folder: Path,
    *,
    savers: dict[str, Any] | None = None,
    loaders: dict[str, Any] | None = None,
    agent: str = AGENT,
    name: str = "acme",
) -> Extension:
    """A data file and an agent module; where nothing is said, one saver and one loader."""
    apis, module = folder / f"{name}.json", folder / f"{name}_agent.py"
    content = {
        "savers": {"acme_export": SAVER} if savers is None else savers,
        "loaders": {"acme_read": LOADER} if loaders is None else loaders,
    }
    apis.write_text(json.dumps(content), encoding="utf-8")
    module.write_text(agent, encoding="utf-8")
    return Extension(apis, module, name)


def install_example(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: str = "acme_roundtrip.plugin"
) -> None:
    """Put the example plugin on sys.path as an installer does: with its entry point."""
    site = folder / "site"
    entry = f"[pytest11]\nacme = {module}\n"
    (site / "acme_roundtrip-1.0.dist-info").mkdir(parents=True)
    (site / "acme_roundtrip-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: acme-roundtrip\nVersion: 1.0\n"
    )
    (site / "acme_roundtrip-1.0.dist-info" / "entry_points.txt").write_text(entry)
    shutil.copytree(EXAMPLE, site / "acme_roundtrip")
    monkeypatch.syspath_prepend(str(site))
