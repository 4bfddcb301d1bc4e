from __future__ import annotations

from pathlib import Path

from pytest_tfroundtrip.causes import causes
from pytest_tfroundtrip.causes.page import page

PAGE = Path(__file__).parents[2] / "docs" / "causes.md"


def test_the_page_in_docs_is_what_causes_toml_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make it again: see the top of the page"


def test_the_page_says_who_tried_a_remedy_and_who_ran_into_it() -> None:
    text = page()
    for cause in causes():
        section = text.partition(f"## {cause.id}\n")[2].partition("\n## ")[0]
        assert all(f"<{each}>" in section for each in (cause.thread, *cause.reports))
        assert ("Tried by" in section) == bool(cause.tried)
        assert all(each in section for each in cause.tried)


def test_the_page_has_a_section_for_every_cause() -> None:
    text = page()
    assert all(f"## {cause.id}\n" in text for cause in causes())
