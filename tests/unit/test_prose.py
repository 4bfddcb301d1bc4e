"""Text that others wrote, as Markdown."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.prose import code, fenced, prose, prose_with_code

HOSTILE = "a|b `c` *d* <img src=x> _e_ [f](g) $h$ \x1b[31m\nsecond & third"


def test_prose_reads_the_same_and_is_no_markup() -> None:
    assert prose(HOSTILE) == (
        "a\\|b \\`c\\` \\*d\\* &lt;img src=x&gt; \\_e\\_ \\[f\\](g) \\$h\\$ \\\\x1b\\[31m second"
        " &amp; third"
    )
    assert prose("tf_module of __init__") == "tf_module of \\_\\_init\\_\\_"


def test_a_sentence_of_ours_keeps_its_code_and_the_blanks_around_it() -> None:
    told = prose_with_code("Call `loaded.signatures['a'](x)`, not __call__; or f[0](x).")
    assert told == "Call `loaded.signatures['a'](x)`, not \\_\\_call\\_\\_; or f\\[0\\](x)."


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("tf1_load", "`tf1_load`"),
        ("a|b", "`a\\|b`"),
        ("a`b", "``a`b``"),
        ("`a``", "``` `a`` ```"),
        ("two\nlines", "`two lines`"),
        ("", ""),
    ],
)
def test_code_is_one_span_whatever_is_in_it(text: str, span: str) -> None:
    assert code(text) == span


def test_a_fence_is_longer_than_what_it_holds() -> None:
    assert fenced("a\n```\n<b>\x07") == "````text\na\n```\n<b>\\x07\n````"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("say `a`b `", "say `a`b \\`"),
        ("``x` <b>", "\\``x` &lt;b&gt;"),
        ("` `", "` `"),
        ("a  `b  c` d", "a `b c` d"),
        ("`<b>`", "`<b>`"),
    ],
)
def test_a_backtick_without_a_fellow_opens_no_code(text: str, told: str) -> None:
    assert prose_with_code(text) == told
