"""Writers, as the option and the command name them."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.errors import UsageProblem
from pytest_tfroundtrip.writers import read_writers


def test_a_writer_is_a_saver_under_a_runtime() -> None:
    old, new = read_writers(["builder@1.15", "tf_module.concrete@2.21+v1"], "here")
    assert (old.saver.name, old.runtime.name) == ("builder", "1.15")
    assert (new.saver.name, new.runtime.name) == ("tf_module.concrete", "2.21+v1")
    assert str(new) == "tf_module.concrete@2.21+v1"
    assert read_writers([], "here") == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["builder", "tf_module@2.15"], "here: 'builder': write SAVER@RUNTIME"),
        (
            ["bilder@1.15", "tf_module@2.15"],
            "here: unknown saver 'bilder'. Did you mean 'builder'?",
        ),
        (["builder@2.51", "tf_module@2.15"], "unknown runtime '2.51'"),
        (["builder@1.15", "keras_export@1.15"], "here: keras_export@1.15: .* is not in"),
        (["builder@1.15"], "here: builder@1.15 alone is no pair"),
        (["builder@1.15", "builder@1.15"], "here: builder@1.15 twice in a row"),
    ],
)
def test_what_is_no_pair_of_writers_is_a_usage_error(words: list[str], told: str) -> None:
    with pytest.raises(UsageProblem, match=told):
        read_writers(words, "here")


def test_a_writer_may_come_back() -> None:
    assert len(read_writers(["builder@1.15", "builder@2.15", "builder@1.15"], "here")) == 3
