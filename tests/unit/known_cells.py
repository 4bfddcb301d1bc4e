"""Cells by a short spelling, for the tests of promises, causes and expectations."""

from __future__ import annotations

from pathlib import Path

from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, Model, Save
from pytest_tfroundtrip.vocabulary import Operation


def known_cell(
    spelling: str, *, variables: bool | None = True, operation: Operation = Operation.INFERENCE
) -> Cell:
    """The cell of ``"builder@1.15 -> tf2_load@2.21+v1"``; without an arrow, its creation."""
    saved, arrow, loaded = (part.strip() for part in spelling.partition("->"))
    saver, save_runtime = saved.split("@")
    model = Model("Affine", Path("affine.py"), Path(), variables, keras_model=True)
    save = Save(model, apis().savers[saver], parse_runtime(save_runtime))
    if not arrow:
        return Cell(save, Operation.CREATION)
    loader, load_runtime = loaded.split("@")
    return Cell(save, operation, apis().loaders[loader], parse_runtime(load_runtime))
