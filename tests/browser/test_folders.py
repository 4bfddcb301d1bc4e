"""The page of a run over folders: who reads which model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from . import synthetic
from .conftest import Browser, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_tfroundtrip.report.rows import Row

FEW, MANY = ("2.8", "2.15", "2.21"), ("2.3", "2.8", "2.15", "2.21")
LOADERS = ("tf1_load", "tf2_load")


def folders(runtimes: tuple[str, ...]) -> list[Row]:
    """Two models that 2.5 and 2.9 wrote, one of them with two signatures."""
    found = []
    for row in synthetic.rows(("tf_module",), LOADERS, runtimes):
        if not row.load or row.save_runtime != "2.8":
            continue
        for model, release, signature in (
            ("alpha", "2.9", "serving_default"),
            ("beta", "2.5", "serving_default"),
            ("beta", "2.5", "predict"),
        ):
            of = f"{model}.{signature}-to-{row.load}_{row.load_runtime}-inference"
            found.append(
                replace(
                    row,
                    id=of,
                    model=model,
                    signature=signature,
                    save_runtime=release,
                    writers=("tf_module",),
                    reference_load="tf2_load",
                    reference_runtime="2.15",
                    inputs="made up",
                )
            )
    return found


@pytest.mark.parametrize("runtimes", [FEW, MANY])
def test_a_folder_has_a_line_of_its_own_with_and_without_scripts(
    browser: Browser, tmp_path: Path, runtimes: tuple[str, ...]
) -> None:
    file = write(tmp_path, folders(runtimes))
    browser.open(file)
    heads = [each.get_attribute("aria-label") for each in browser.all("#picture tbody th")]
    assert heads == ["2.5 beta", "2.9 alpha"]
    across = len(runtimes) * (len(LOADERS) if runtimes == FEW else 1)
    drawn = browser.matrix()
    assert [len(line) for line in drawn] == [across, across]
    browser.scripts(on=False)
    browser.open(file)
    assert browser.matrix() == drawn


def test_a_folder_that_was_saved_again_says_by_whom(browser: Browser, tmp_path: Path) -> None:
    rows = folders(FEW)
    again = [
        replace(row, id=row.id.replace("-to-", "-resave_2.15-to-"), resave_runtime="2.15")
        for row in rows
        if row.model == "alpha"
    ]
    file = write(tmp_path, [*rows, *again])
    browser.open(file)
    heads = [each.get_attribute("aria-label") for each in browser.all("#picture tbody th")]
    assert heads == ["2.5 beta", "2.9 alpha", "2.9 alpha, resave 2.15"]
    drawn = browser.matrix()
    browser.scripts(on=False)
    browser.open(file)
    assert browser.matrix() == drawn


def test_a_place_lists_its_signatures_and_a_cell_says_who_computed_it(
    browser: Browser, tmp_path: Path
) -> None:
    browser.open(write(tmp_path, folders(FEW)))
    browser.place("2.5 beta", "2.15 tf2_load").click()
    assert "beta predict" in browser.drawer()
    assert "Saved by 2.5 beta, loaded by 2.15 tf2_load" in browser.drawer()
    browser.one("#drawer tbody tr").click()
    assert "signature\n" in browser.drawer()
    assert "computed by\ntf2_load under 2.15" in browser.drawer()
    assert "inputs\nmade up" in browser.drawer()


def test_functions_are_told_as_signatures_are(browser: Browser, tmp_path: Path) -> None:
    called = {"predict": "en.tokenize", "serving_default": "__call__"}
    rows = [
        replace(row, signature=None, function=called[str(row.signature)]) for row in folders(FEW)
    ]
    browser.open(write(tmp_path, rows))
    browser.place("2.5 beta", "2.15 tf2_load").click()
    assert "beta en.tokenize" in browser.drawer()
    assert "__call__" not in browser.drawer()
    browser.one("#drawer tbody tr").click()
    assert "function\n" in browser.drawer()
