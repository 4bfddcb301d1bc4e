"""The page as a user meets it: choose, open, copy, share, go dark, by mouse and by keyboard."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from selenium.webdriver.common.keys import Keys

from pytest_tfroundtrip.observation import Change
from pytest_tfroundtrip.vocabulary import Expect, Operation, Part, Verdict

from . import synthetic
from .conftest import THREE, Browser, write

if TYPE_CHECKING:
    from pathlib import Path

BROKEN = "affine-builder_2.15-to-tf1_load_1.15-inference"


def chosen(browser: Browser) -> int:
    """How many cells the page says are chosen."""
    return int(browser.text("#chosen").split(" ")[0].replace(",", ""))


# Reading


def test_it_opens_with_the_answer_the_counts_and_the_matrix(browser: Browser, small: Path) -> None:
    browser.open(small)
    assert browser.text(".answer").startswith("TensorFlow kept its promises in")
    verdicts = Counter(str(row.verdict) for row in synthetic.rows(runtimes=THREE))
    shown = dict(each.text.rsplit(" ", 1) for each in browser.all("#verdicts button"))
    assert shown == {word: str(number) for word, number in verdicts.items()}
    assert chosen(browser) == verdicts.total() == 240
    # Few runtimes: their APIs are crossed too. The saves have a column of their own.
    assert len(browser.all("#picture tbody tr")) == 3 * 5
    assert len(browser.all("#picture thead th")) == 1 + 1 + 3 * 5


def test_a_verdict_has_a_drawing_of_its_own_that_needs_no_colour(
    browser: Browser, small: Path
) -> None:
    browser.open(small)
    drawings = browser.run(
        """[...document.querySelectorAll("symbol")].map((each) => [each.id, each.innerHTML])"""
    )
    assert {name for name, _ in drawings} == {
        f"sign-{str(verdict or 'not run').replace(' ', '-')}" for verdict in (*Verdict, None)
    }
    assert len({drawing for _, drawing in drawings}) == len(drawings)
    shown = browser.run(
        """[...document.querySelectorAll("#picture td[data-look] use")].map((use) =>
             [use.closest("td").dataset.look, use.getAttribute("href")])"""
    )
    assert len(shown) > 100
    assert [href for look, href in shown if href != f"#sign-{look}"] == []


def test_what_failed_is_filled_and_says_so(browser: Browser, tmp_path: Path) -> None:
    rows = synthetic.rows(("tf_module",), ("tf1_load",), THREE, expect=Expect.ROUND_TRIP)
    browser.open(write(tmp_path, rows))
    failed, kept = (
        browser.place("2.15 tf_module", "1.15 tf1_load"),
        browser.place("2.15 tf_module", "2.15 tf1_load"),
    )
    assert failed.get_attribute("aria-label") == (
        "Saved by tf_module 2.15, loaded by tf1_load 1.15: 1 refused, 1 failed"
    )
    colours = [each.value_of_css_property("background-color") for each in (failed, kept)]
    assert colours[0] != colours[1]
    assert browser.text("#chosen").startswith("12 cells (2 failed)")
    group = browser.one("#failures .group")
    assert "debug-name-attr" in group.text
    assert "Load it with TensorFlow 2.5 or later" in group.text


# Choosing


def test_filters_narrow_the_matrix_and_tell_what_each_other_word_would_leave(
    browser: Browser, small: Path
) -> None:
    browser.open(small)
    browser.choose("Saver", "builder")
    assert chosen(browser) == 48
    assert len(browser.all("#picture tbody tr")) == 3
    browser.choose("Loader", "tf1_load")
    assert chosen(browser) == 9
    numbers = browser.run(
        """Object.fromEntries([...document.querySelectorAll(".menu li")].map((item) =>
             [".word", ".number"].map((part) => item.querySelector(part).textContent)))"""
    )
    # The saver's words as if none were ticked there; the operation's within both.
    assert (numbers["tf_module"], numbers["builder"], numbers["c_api"]) == ("9", "9", "9")
    assert (numbers["inference"], numbers["creation"]) == ("9", "0")
    browser.one("#clear").click()
    assert chosen(browser) == 240


def test_a_verdict_is_chosen_by_its_button_and_leaves_the_axes_as_they_are(
    browser: Browser, small: Path
) -> None:
    browser.open(small)
    heads = [each.text for each in browser.all("#picture tbody th")]
    (refused,) = [each for each in browser.all("#verdicts button") if "refused" in each.text]
    number = int(refused.text.split()[1])
    refused.click()
    (refused,) = [each for each in browser.all("#verdicts button") if "refused" in each.text]
    assert refused.get_attribute("aria-pressed") == "true"
    assert chosen(browser) == number
    assert [each.text for each in browser.all("#picture tbody th")] == heads
    looks = {look for row in browser.matrix() for look, *_ in row}
    assert looks == {"refused", None}


@pytest.mark.parametrize(
    ("filter_", "word"),
    [
        ("Outcome", "xfailed"),
        ("Promise", "promised"),
        ("Cause", "debug-name-attr"),
        ("Operation", "creation"),
    ],
)
def test_every_filter_counts_what_it_leaves(
    browser: Browser, small: Path, filter_: str, word: str
) -> None:
    rows = synthetic.rows(runtimes=THREE)
    values: dict[str, Counter[str | None]] = {
        "Outcome": Counter(row.outcome for row in rows),
        "Promise": Counter(str(row.promise) for row in rows),
        "Cause": Counter(row.cause for row in rows),
        "Operation": Counter(str(row.operation) for row in rows),
    }
    browser.open(small)
    browser.choose(filter_, word)
    assert 0 < chosen(browser) == values[filter_][word] < 240


def test_words_are_searched_for_in_names_messages_and_causes(browser: Browser, small: Path) -> None:
    browser.open(small)
    browser.press("/")
    assert browser.focused.get_attribute("id") == "words"
    browser.press(*"DEBUG_NAME tf_module")
    browser.wait(lambda: chosen(browser) < 240)
    rows = synthetic.rows(runtimes=THREE)
    expected = [row for row in rows if row.cause == "debug-name-attr" and row.save == "tf_module"]
    assert browser.wait(lambda: chosen(browser) == len(expected) > 0)
    browser.press(Keys.ESCAPE)
    assert browser.wait(lambda: chosen(browser) == 240)
    assert browser.focused.get_attribute("data-row") is not None  # in the matrix again


def test_nothing_found_is_an_empty_matrix(browser: Browser, small: Path) -> None:
    browser.open(small)
    browser.one("#words").send_keys("no such word anywhere")
    browser.wait(lambda: chosen(browser) == 0)
    assert {look for row in browser.matrix() for look, *_ in row} == {None}
    browser.place("1.15 builder", "1.15 tf1_load").click()
    assert browser.drawer() == ""


def test_the_matrix_is_by_runtime_or_by_api(browser: Browser, small: Path) -> None:
    browser.open(small)
    browser.one("#by-api").click()
    assert [each.get_attribute("aria-label") for each in browser.all("#picture tbody th")] == [
        *THREE
    ]
    assert "by=runtime" in browser.hash
    place = browser.place("2.15", "1.15")
    same, of = map(int, place.text.split("/"))
    assert 0 < same < of == 21
    browser.one("#by-api").click()
    assert len(browser.all("#picture tbody tr")) == 15


# Opening


def test_a_place_opens_as_a_list_and_a_cell_of_it_with_all_that_is_known(
    browser: Browser, small: Path
) -> None:
    browser.open(small, "#by=runtime")
    browser.place("2.15", "1.15").click()
    assert "Saved by 2.15, loaded by 1.15" in browser.drawer()
    assert "25 cells" in browser.drawer()
    rows = browser.all("#drawer tbody tr")
    assert len(rows) == 25
    (row,) = [
        each
        for each in rows
        if " ".join(each.text.split()).startswith("refused Affine builder 2.15 tf1_load 1.15")
    ]
    row.click()
    drawer = browser.drawer()
    for said in (
        "builder 2.15 → tf1_load 1.15",
        "contradiction",
        "TensorFlow 2.15 and later write the attribute debug_name",
        "Load it with TensorFlow 2.5 or later",
        "NodeDef mentions attr 'debug_name' not in Op<name=VarHandleOp",
        "can be loaded with the APIs of TensorFlow 1 or of TensorFlow 2",
        "promised, Migrate the SavedModel workflow",
        f"pytest --tf-roundtrip 'test_affine.py::test_affine[{BROKEN}]'",
        "forward",
    ):
        assert said in drawer
    thread = browser.one("#drawer a")
    assert thread.get_attribute("href") == "https://github.com/tensorflow/tfjs/issues/8260"
    assert thread.get_attribute("rel") == "noopener noreferrer"
    browser.one("#drawer .back").click()
    assert "25 cells" in browser.drawer()
    browser.press(Keys.ESCAPE)
    assert browser.drawer() == ""
    assert browser.hash == "#by=runtime"


def test_what_failed_comes_first_in_a_list(browser: Browser, tmp_path: Path) -> None:
    rows = synthetic.rows(runtimes=THREE, expect=Expect.ROUND_TRIP)
    browser.open(write(tmp_path, rows))
    browser.one("#list").click()
    assert "240 cells" in browser.drawer()
    shown = browser.all("#drawer tbody tr")
    assert len(shown) == 100
    failed = sum(row.failed for row in rows)
    marked = [each.get_attribute("data-failed") is not None for each in shown]
    assert marked == [True] * failed + [False] * (100 - failed)
    (more,) = [each for each in browser.all("#drawer button") if "more of" in each.text]
    assert more.text == "Show 100 more of 140"
    more.click()
    more.click()
    assert len(browser.all("#drawer tbody tr")) == 240
    assert not more.is_displayed()


def test_numbers_and_the_contract_stand_with_a_cell(browser: Browser, tmp_path: Path) -> None:
    (row,) = [
        row
        for row in synthetic.rows(("builder",), ("tf1_load",), ("2.15",))
        if row.operation is Operation.INFERENCE
    ]
    changes = (
        Change(Part.INPUT, "signature 'serving_default': input 'x' became 'input_1'"),
        Change(Part.METHOD_NAME, "signature 'serving_default': method name was 'a' and is 'b'"),
    )
    far = replace(
        row,
        verdict=Verdict.DIFFERS,
        outcome="failed",
        message=synthetic.FAR,
        max_abs_error=0.25,
        max_rel_error=float("inf"),
        changes=changes,
        not_compared=("tags",),
        notes=("taken by their order",),
        log="/kept/logs/1.txt",
        note="the entry is out of date",
    )
    browser.open(write(tmp_path, [far]))
    browser.one("#picture td[data-look]").click()
    drawer = browser.drawer()
    for said in (
        "largest absolute error\n0.2500",
        "largest relative error\ninf",
        "input signature 'serving_default': input 'x' became 'input_1'",
        "method name signature 'serving_default': method name was 'a' and is 'b'",
        "3 of 4 elements differ\n  max abs error 0.25",
        "not compared\ntags",
        "taken by their order",
        "/kept/logs/1.txt",
        "No known cause.",
        "the entry is out of date",
    ):
        assert said in drawer
    # The only cell of its place: nothing to go back to.
    assert not browser.all("#drawer .back")


def test_heads_open_their_whole_row_or_column(browser: Browser, small: Path) -> None:
    browser.open(small, "#by=runtime")
    heads = {each.get_attribute("aria-label"): each for each in browser.all("#picture tbody th")}
    heads["2.15"].click()
    assert "Saved by 2.15\n" in browser.drawer()
    assert "80 cells" in browser.drawer()  # five saves, each loaded by five APIs of three releases
    browser.press(Keys.ESCAPE)
    (save,) = [
        each
        for each in browser.all("#picture thead th")
        if each.get_attribute("aria-label") == "save"
    ]
    save.click()
    assert "The saves themselves" in browser.drawer()
    assert "15 cells" in browser.drawer()


# By keyboard


def test_arrows_move_in_the_matrix_enter_opens_escape_comes_back(
    browser: Browser, small: Path
) -> None:
    browser.open(small, "#by=runtime")
    assert browser.one("#picture table").get_attribute("role") == "grid"
    stops = browser.all('#picture [tabindex="0"]')
    assert len(stops) == 1  # one stop for the Tab key, however many places
    for _ in range(40):
        browser.press(Keys.TAB)
        if browser.focused == stops[0]:
            break
    assert browser.focused == stops[0] == browser.place("1.15", "save")
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    assert browser.focused == browser.place("2.15", "1.15")
    assert browser.focused.value_of_css_property("outline-style") == "solid"
    browser.press(Keys.ENTER)
    assert "Saved by 2.15, loaded by 1.15" in browser.drawer()
    # The list by keys as well: the first of it, the next, open it.
    browser.press(Keys.TAB, Keys.TAB)
    first = browser.focused
    assert first.tag_name == "button"
    browser.press(Keys.ARROW_DOWN)
    assert browser.focused != first
    browser.press(Keys.ENTER)
    assert "Rerun" in browser.drawer()
    browser.press(Keys.ESCAPE)
    assert browser.drawer() == ""
    assert browser.focused == browser.place("2.15", "1.15")
    browser.press(Keys.END)
    assert browser.focused == browser.place("2.15", "2.21")
    browser.press(Keys.HOME, Keys.ARROW_LEFT)
    assert browser.focused.get_attribute("role") == "rowheader"
    browser.press(Keys.ARROW_RIGHT)
    browser.chord(Keys.CONTROL, Keys.END)
    assert browser.focused == browser.place("2.21", "2.21")
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)  # no further
    assert browser.focused == browser.place("2.21", "2.21")


def test_a_menu_closes_with_escape_and_with_a_click_elsewhere(
    browser: Browser, small: Path
) -> None:
    browser.open(small)
    summary = browser.one(".menu summary")
    summary.send_keys(Keys.ENTER)
    assert len(browser.all(".menu[open]")) == 1
    browser.press(Keys.ESCAPE)
    assert browser.all(".menu[open]") == []
    assert browser.focused == summary
    summary.click()
    browser.one(".answer").click()
    assert browser.all(".menu[open]") == []


def test_parts_of_the_page_are_reached_without_losing_what_is_chosen(
    browser: Browser, small: Path
) -> None:
    browser.open(small, "#saver=builder")
    (link,) = [each for each in browser.all("nav a") if "Contradictions" in each.text]
    link.click()
    top = browser.run("document.getElementById('contradictions').getBoundingClientRect().top")
    assert 0 <= top < 100
    assert browser.hash == "#saver=builder"


def test_a_cause_of_the_page_is_shown_in_the_matrix(browser: Browser, small: Path) -> None:
    browser.open(small, "#saver=builder&q=nothing")
    (button,) = browser.all('#contradictions [data-cause="debug-name-attr"]')
    button.click()
    causes = Counter(row.cause for row in synthetic.rows(runtimes=THREE))
    assert chosen(browser) == causes["debug-name-attr"]
    assert browser.hash == "#cause=debug-name-attr"


# Taking along


def test_a_command_is_copied_with_a_button(browser: Browser, small: Path) -> None:
    browser.open(small, f"#cell={BROKEN}")
    button = browser.one("#drawer .copy")
    button.click()
    browser.wait(lambda: button.text == "Copied")
    assert browser.one("#told").get_attribute("textContent") == "Copied"
    browser.press(Keys.ESCAPE, "/")
    browser.chord(Keys.CONTROL, "v")
    pasted = browser.one("#words").get_attribute("value")
    assert pasted == f"pytest --tf-roundtrip 'test_affine.py::test_affine[{BROKEN}]'"


def test_a_link_shows_another_person_the_same(browser: Browser, small: Path) -> None:
    browser.open(small)
    browser.choose("Saver", "builder")
    browser.choose("Saver", "tf_module")
    browser.choose("Promise", "promised")
    browser.one("#words").send_keys("2.15")
    browser.wait(lambda: "q=2.15" in browser.hash)
    browser.place("2.15 builder", "1.15 tf1_load").click()
    hash_, drawer, matrix = browser.hash, browser.drawer(), browser.matrix()
    assert f"cell={BROKEN}" in hash_
    browser.open(small, browser.run("location.hash"))
    assert (browser.hash, browser.drawer(), browser.matrix()) == (hash_, drawer, matrix)
    assert browser.one("#words").get_attribute("value") == "2.15"
    assert [each.text for each in browser.all(".menu[data-picked] .picked")] == [
        "2 of 5",
        "promised",
    ]
    # And again where the page is open already: the address is what counts.
    browser.go("#verdict=same")
    assert browser.drawer() == ""
    assert chosen(browser) == sum(
        row.verdict is Verdict.SAME for row in synthetic.rows(runtimes=THREE)
    )


def test_a_link_of_another_report_is_taken_as_far_as_it_goes(browser: Browser, small: Path) -> None:
    browser.open(small, "#saver=nobody&cell=nothing&from=3.0&to=4.0&by=%00&__proto__=1&verdict=")
    assert chosen(browser) == 240
    assert browser.drawer() == ""


# Light and dark


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_theme_is_the_systems_until_one_is_chosen_and_is_kept(
    browser: Browser, small: Path, system: str
) -> None:
    other = {"light": "dark", "dark": "light"}[system]
    browser.emulate(system)
    browser.open(small)
    assert is_dark(browser) == (system == "dark")
    assert browser.text("#theme") == other.title()
    browser.one("#theme").click()
    assert is_dark(browser) == (other == "dark")
    assert browser.text("#theme") == system.title()
    browser.open(small)
    assert is_dark(browser) == (other == "dark")


def is_dark(browser: Browser) -> bool:
    colours = [
        browser.one(selector).value_of_css_property(name)
        for selector, name in (("html", "background-color"), (".answer", "color"))
    ]
    paper, ink = (sum(map(float, each.partition("(")[2].split(",")[:3])) for each in colours)
    assert abs(paper - ink) > 300  # it can be read
    return paper < ink


@pytest.mark.parametrize("system", ["light", "dark"])
def test_every_verdict_can_be_read_on_its_ground(
    browser: Browser, small: Path, system: str
) -> None:
    """Contrast as WCAG counts it: 4.5 for text; the filled ones are as good the other way round."""
    browser.emulate(system)
    browser.open(small)
    ratios = browser.run_file("contrast.js")
    assert len(ratios) == 14
    assert [(look, failed, ratio) for look, failed, ratio in ratios if ratio < 4.5] == []
