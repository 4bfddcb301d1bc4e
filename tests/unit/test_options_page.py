"""``docs/options.md``: made from what the code reads, and with all of it."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from pytest_tfroundtrip import options_page
from pytest_tfroundtrip.__main__ import COMMANDS
from pytest_tfroundtrip.catalogue.apis import apis
from pytest_tfroundtrip.catalogue.runtime import parse_runtime
from pytest_tfroundtrip.cells import Cell, Model, Save
from pytest_tfroundtrip.help import CELL_WORDS
from pytest_tfroundtrip.limits import KEYS, Limits
from pytest_tfroundtrip.marks import KEYWORDS
from pytest_tfroundtrip.options import OPTIONS, VARIABLES
from pytest_tfroundtrip.options_page import page
from pytest_tfroundtrip.vocabulary import Operation

PAGE = Path(__file__).parents[2] / "docs" / "options.md"


def test_the_page_in_docs_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it again: see the top of the page"


def test_every_option_variable_keyword_api_and_command_is_on_it() -> None:
    lines = page().splitlines()
    first = [line.split("|")[1].strip(" `") for line in lines if line.startswith("| `")]
    wanted = {
        *(option.flag for option in OPTIONS),
        *(variable.name for variable in VARIABLES),
        *KEYWORDS,
        *apis().savers,
        *apis().loaders,
        *(field.name for field in fields(Limits)),
    }
    assert wanted <= {cell.partition("=")[0] for cell in first}
    titles = {line.removeprefix("### ") for line in lines if line.startswith("### ")}
    assert {name.replace("_", "-") for name in COMMANDS} <= titles


def test_each_limit_has_a_text() -> None:
    assert set(KEYS) == {field.name for field in fields(Limits)}


def test_every_argument_of_a_command_is_on_it() -> None:
    text = page().partition("## Commands")[2]
    merge = text.partition("### report\n")[2].partition("### ")[0]
    for said in ("`-o, --output=FILE`", "`--markdown=SUMMARY.md`", "`FILE.json ...`", ": needed"):
        assert said in merge
    removal = text.partition("### runtimes\n")[2].partition("### ")[0]
    assert "| `remove` |" in removal
    assert "`--unused`: those whose lock is not current any more" in removal


def test_the_words_of_the_cell_mark_are_those_that_cells_have() -> None:
    model = Model("Affine", Path("affine.py"), Path())
    save = Save(model, apis().savers["builder"], parse_runtime("2.15"))
    assert tuple(Cell(save, Operation.CREATION).mark("promised")) == CELL_WORDS
    said = page().partition("`tf_cell` too")[2].partition("##")[0]
    assert [word for word in CELL_WORDS if f"`{word}`" not in said] == []


def test_a_new_attribute_without_a_text_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(options_page, "_ATTRIBUTES", {})
    with pytest.raises(LookupError, match="cell"):
        page()
