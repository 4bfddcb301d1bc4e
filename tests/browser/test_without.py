"""Without scripts, on paper: what is there can be read."""

from __future__ import annotations

import base64
import io
import re
import unicodedata
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

from pytest_tfroundtrip.vocabulary import Expect

from . import synthetic
from .conftest import THREE, Browser, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People's own models on three releases: what is not the same failed."""
    rows = synthetic.rows(runtimes=THREE, expect=Expect.ROUND_TRIP)
    return write(tmp_path_factory.mktemp("failing"), rows, infos=synthetic.infos(THREE))


@pytest.mark.parametrize("page", ["small", "failing", "large", "largest"])
def test_the_matrix_is_the_same_without_scripts(
    browser: Browser, request: pytest.FixtureRequest, page: str
) -> None:
    """Drawn by picture.py and by js/picture.js: two hands, one rule."""
    file: Path = request.getfixturevalue(page)
    browser.open(file)
    drawn = browser.matrix()
    browser.scripts(on=False)
    browser.open(file)
    assert len(drawn) > 10
    assert browser.matrix() == drawn


def test_summary_and_failures_are_read_without_scripts(browser: Browser, failing: Path) -> None:
    browser.scripts(on=False)
    browser.open(failing)
    page = browser.text("body")
    assert browser.text(".answer").startswith("Affine does not always load")
    for said in (
        "refused",
        "debug-name-attr",
        "Load it with TensorFlow 2.5",
        "pytest --tf-roundtrip",
    ):
        assert said in page
    assert "Search" not in page
    assert [each for each in browser.all(".needs-script, button") if each.is_displayed()] == []
    summary = browser.one("#failures details summary")
    summary.click()
    assert "builder 2.15" in browser.text("#failures table")


def test_on_paper_there_are_the_matrix_and_the_failures_and_no_buttons(
    browser: Browser, failing: Path
) -> None:
    browser.emulate(media="print", scheme="dark")
    browser.open(failing)
    buttons = browser.all("nav, input, button:not(#verdicts button)")  # of these the words are read
    assert len(buttons) > 10
    assert [each for each in buttons if each.is_displayed()] == []
    assert browser.one("#picture").is_displayed()
    paper = browser.one("html").value_of_css_property("background-color")
    assert paper == "rgba(255, 255, 255, 1)"
    assert browser.run("getComputedStyle(document.getElementById('picture')).overflow") == "visible"


def test_a_printed_page_has_all_of_it(browser: Browser, failing: Path) -> None:
    browser.open(failing, "#saver=builder")
    opened = len(browser.all("main details[open]"))
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pages = PdfReader(io.BytesIO(base64.b64decode(printed["data"]))).pages
    assert pages[0].mediabox.width > pages[0].mediabox.height
    text = " ".join(" ".join(each.extract_text().split()) for each in pages)
    text = unicodedata.normalize("NFKC", text)  # fonts join letters: "Affine" has one for "ffi"
    assert re.search(r" 48 of 240 cells \(\d+ failed\) loaded by", text)
    assert "debug-name-attr" in text
    # The cells of a cause are folded up on the screen.
    assert "refused Affine builder 2.15 tf1_load 1.15 inference" in text
    assert len(browser.all("main details[open]")) == opened
