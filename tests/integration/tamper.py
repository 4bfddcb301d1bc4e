"""A plugin for a run's own process (``-p tamper``): the catalogues are read from other files."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

# By name: the package promises has a function of the same name as its module.
causes = importlib.import_module("pytest_tfroundtrip.causes.catalogue")
promises = importlib.import_module("pytest_tfroundtrip.promises.lookup")

if _causes := os.environ.get("TAMPER_CAUSES"):
    vars(causes)["CAUSES_FILE"] = Path(_causes)
if _promises := os.environ.get("TAMPER_PROMISES"):
    vars(promises)["PROMISES_FILE"] = Path(_promises)
