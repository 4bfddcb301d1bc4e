"""Whoever writes a model, a message or a report writes no part of the page."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from selenium.webdriver.common.keys import Keys

from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.report.html.text import visible
from pytest_tfroundtrip.report.rows import Row, RuntimeInfo
from pytest_tfroundtrip.report.save_pairs import SavePair, Side
from pytest_tfroundtrip.report.statements import StatementRow
from pytest_tfroundtrip.vocabulary import Part, Verdict

from . import synthetic
from .conftest import Browser, write

if TYPE_CHECKING:
    from pathlib import Path

#: Each would leave `hacked` behind, or ask somebody, if any part of it came to life.
HOSTILE = (
    "<script>hacked=1</script>",
    "</script><script>hacked=1</script><!--",
    "<!--<script>",
    "'\"><img src=x onerror=hacked=1>",
    "<svg onload=hacked=1>",
    "{{ 7 * 7 }}{% raw %}",
    "${hacked=1}`;hacked=1//",
    "javascript:hacked=1",
    "__proto__",
    "constructor",
    "&lt;b&gt;",
    "a\x00b\x1b[31mc\u202ed\u2028e\r\nf",
    "\ud800",
    "style=position:fixed;background:url(//example.invalid)",
)


def hostile_row(text: str, number: int) -> Row:
    row = synthetic.rows(("builder",), ("tf1_load",), ("2.15",))[1]
    return replace(
        row,
        id=f"{number}{text}",
        model=text,
        save=text,
        save_runtime=text,
        load=f"load {text}",
        load_runtime=text,
        resave_runtime=text if number % 2 else "",
        verdict=Verdict.REFUSED,
        outcome="failed",
        exception=text,
        message=text,
        cause=text,
        why=text,
        remedy=text,
        thread=text,
        statement=text,
        document=text,
        note=text,
        notes=(text,),
        not_compared=(text,),
        changes=(Change(Part.VALUE, text),),
        signature=text,
        command=text,
        log=text,
        file=text,
        contradiction=bool(number % 2),
    )


def hostile_kinds() -> dict[str, Any]:
    sentences = [
        StatementRow(
            *(text, text, text, (text,), "contradicted", outcome, text, text, text, 1.0),
            sentences=(text,),
            documents=(text,),
            note=text,
            command=text,
        )
        for text in HOSTILE
        for outcome in ("failed", "xfailed")
    ]
    pairs = [
        SavePair(
            *(text, text, Side(text, text), Side("x", text), Verdict.DRIFT, text),
            *((Change(Part.TAGS, text),), (text,), None, None, text),
        )
        for text in HOSTILE
    ]
    sides = [{"report": text, "verdict": text, "outcome": text} for text in HOSTILE]
    return {
        "infos": [
            RuntimeInfo(text, text, text, text, text, text, text, text, text) for text in HOSTILE
        ],
        "statements": sentences,
        "save_pairs": pairs,
        "conflicts": [{"id": text, "cells": sides} for text in HOSTILE],
        "sources": [
            {"file": text, "started": text, "seconds": text, "had": text, "cells": [text]}
            for text in HOSTILE
        ],
        "tool": "<script>hacked=1</script>",
    }


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [hostile_row(text, number) for number, text in enumerate(HOSTILE)]
    return write(tmp_path_factory.mktemp("hostile"), rows, **hostile_kinds())


def is_unharmed(browser: Browser) -> bool:
    """Whether nothing ran, and nothing is on the page that the page does not make."""
    assert browser.run_file("foreign.js") == []
    return True


def test_names_and_messages_are_text_wherever_they_stand(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    assert is_unharmed(browser)
    for details in browser.all("main details"):
        browser.run("arguments[0].open = true", details)
    page = browser.run("document.body.innerText")
    for text in ("<script>hacked=1</script>", "<svg onload=hacked=1>", "{{ 7 * 7 }}", "&lt;b&gt;"):
        assert page.count(text) > 10
    assert r"a\x00b\x1b[31mc\u202ed\u2028e" in page
    assert r"\ud800" in page


def test_what_is_open_chosen_and_searched_is_text(browser: Browser, hostile: Path) -> None:
    browser.open(hostile)
    cells = browser.run("JSON.parse(document.getElementById('data').textContent).columns.id.values")
    assert len(cells) == len(HOSTILE)
    browser.one("#list").click()
    assert len(browser.all("#drawer tbody tr")) == len(HOSTILE)
    browser.all("#drawer tbody tr")[1].click()
    browser.press(Keys.ESCAPE)
    for number, text in enumerate(HOSTILE):
        id_ = visible(f"{number}{text}")
        browser.go("#" + urlencode({"cell": id_}))
        shown = browser.run("drawer.querySelector('.part:last-child dd').textContent")
        assert shown == id_
        assert is_unharmed(browser)
    browser.press(Keys.ESCAPE)
    for word in HOSTILE[:4]:
        browser.choose("Model", word)
    assert browser.text("#chosen").startswith("4 of 14 cells")
    assert is_unharmed(browser)
    browser.open(hostile, browser.run("location.hash"))
    assert browser.text("#chosen").startswith("4 of 14 cells")
    browser.one("#words").send_keys("onerror=hacked")
    browser.wait(lambda: browser.text("#chosen").startswith("1 of 14 cells"))
    assert is_unharmed(browser)


def test_an_address_is_text_too(browser: Browser, hostile: Path) -> None:
    browser.open(
        hostile, "#q=<img src=x onerror=hacked=1>&cell=<svg onload=hacked=1>&from=</script>"
    )
    assert is_unharmed(browser)


def test_a_script_that_got_in_would_not_run_nor_reach_anybody(
    browser: Browser, hostile: Path, tmp_path: Path
) -> None:
    """The second wall, tried with a page in which the first one has a hole."""
    hole = (
        "<script>hacked=1</script><img src=x onerror=hacked=1 onload=hacked=1>"
        "<img src='http://example.invalid/seen.png'>"
        "<p style='background:url(http://example.invalid/)'>"
    )
    text = hostile.read_text(encoding="utf-8")
    broken = tmp_path / "hole.html"
    broken.write_text(text.replace("<main", f"{hole}<main", 1), encoding="utf-8")
    browser.open(broken)
    assert len(browser.all("img")) == 2
    assert browser.run("typeof hacked") == "undefined"
    refused = browser.complaints()
    assert len(refused) >= 3
    assert all("Content Security Policy" in each for each in refused)
    asked = "fetch('http://example.invalid/').then(() => 'reached', () => 'refused')"
    assert browser.run(asked) == "refused"
    browser.complaints()
    assert browser.requests() == []


def test_only_an_address_of_the_web_is_a_link(browser: Browser, tmp_path: Path) -> None:
    threads = {
        "https://github.com/a/b/issues/1": True,
        "javascript:hacked=1//https://a.invalid": False,
        " https://a.invalid": False,
        "https://a.invalid/\njavascript:hacked=1": False,
        "data:text/html,<script>hacked=1</script>": False,
    }
    rows = [
        replace(hostile_row("plain", number), id=f"cell{number}", thread=thread, cause=str(number))
        for number, thread in enumerate(threads)
    ]
    file = write(tmp_path, rows)
    browser.open(file)
    static = browser.run(
        """[...document.querySelectorAll("#failures a")].map((each) => each.getAttribute("href"))"""
    )
    assert static == [thread for thread, leads in threads.items() if leads]
    for number, leads in enumerate(threads.values()):
        browser.open(file, f"#cell=cell{number}")
        assert (browser.all("#drawer a") != []) == leads


def test_the_data_ends_no_script(hostile: Path) -> None:
    text = hostile.read_text(encoding="utf-8")
    data = text.partition('id="data">')[2].partition("</script>")[0]
    assert "<" not in data
    assert json.loads(data)["count"] == len(HOSTILE)
