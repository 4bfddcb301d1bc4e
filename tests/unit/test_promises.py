from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from extension import write
from known_cells import known_cell

from pytest_tfroundtrip.promises import PromiseEntry, lookup, promise_of, promises, statements
from pytest_tfroundtrip.promises.cases import cases
from pytest_tfroundtrip.vocabulary import Promise

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("spelling", "entry"),
    [
        ("builder@1.15", "tf1-savers-in-tf1"),
        ("simple_save@2.15+v1", "tf1-savers-in-tf1"),
        ("builder.ref@2.21", "tf1-savers-in-tf2"),
        ("estimator@2.15", "tf1-savers-in-tf2"),
        ("tf_module@1.15", "module-saver-in-tf1"),
        ("tf_module@1.15+v2", "module-saver-in-tf1"),
        ("tf_module@2.21+v1", "module-saver-in-tf1"),
        ("tf_module.concrete@2.21", "module-saver-in-tf2"),
        ("keras@2.15", "keras-saver-in-tf2"),
        ("keras@2.21", "keras-saver-in-tf2"),
        ("builder@1.15 -> tf2_load@2.21", "tf2-load-of-tf1-savedmodel"),
        ("estimator@2.15 -> tf2_load@2.15", "tf2-load-of-tf1-savedmodel"),
        ("keras@2.15 -> tf2_load@2.21", "tf2-load-of-keras"),
        ("keras@2.15 -> keras_load@2.15", "keras-load-of-keras"),
        ("keras@1.15 -> keras_load@2.21", "keras-load-of-keras"),
        ("tf_module@2.15 -> tf2_load@2.21", "either-generation-loads"),
        ("builder@1.15 -> tf1_load@1.15", "either-generation-loads"),
        ("keras@2.15 -> tf1_load@2.21", "either-generation-loads"),
        ("builder@2.21 -> tf1_load@1.15", "either-generation-loads"),
        ("builder@2.21 -> tf2_load@1.15+v2", "either-generation-loads"),
        ("tf_module@2.21 -> tf1_load@1.15", "tf1-reads-tf2-savedmodel"),
        ("keras@2.15 -> tf2_load@1.15", "tf1-reads-tf2-savedmodel"),
        ("builder@2.15 -> keras_load@2.15", "keras-load-of-what-keras-did-not-save"),
        ("tf_module@1.15 -> keras_load@2.21", "keras-load-of-what-keras-did-not-save"),
        ("estimator@2.15 -> keras_load@1.15", "keras-load-of-what-keras-did-not-save"),
    ],
)
def test_the_sentence_that_speaks_of_a_cell(spelling: str, entry: str) -> None:
    found = lookup(known_cell(spelling))
    assert found is not None
    assert found.id == entry


@pytest.mark.parametrize(
    "spelling",
    [
        "builder@2.21 -> tf1_load@2.15",  # a newer TensorFlow 2 in an older one
        "tf_module@2.21 -> tf2_load@2.15",
        "keras@2.15 -> keras_load@2.8",
        "keras@2.15 -> keras_load@1.15",  # load_model stands under "TensorFlow 2" only
        "keras@1.15 -> keras_load@1.15",
        "keras@2.15 -> keras_load@2.15+v1",
        "keras@1.15",
        "keras@2.15+v1",
    ],
)
def test_no_sentence_speaks_of_it(spelling: str) -> None:
    assert lookup(known_cell(spelling)) is None
    assert promise_of(known_cell(spelling)) is Promise.UNPROMISED


def test_only_what_keras_did_not_save_is_unsupported() -> None:
    assert promise_of(known_cell("builder@1.15 -> keras_load@1.15")) is Promise.UNSUPPORTED
    assert promise_of(known_cell("keras@2.15 -> keras_load@2.15")) is Promise.PROMISED


def test_every_statement_quotes_a_page() -> None:
    for statement in statements().values():
        assert statement.document
        assert statement.quote.strip() == statement.quote != ""
        assert statement.english
        assert "\n" not in statement.quote


def test_every_statement_is_tried_or_says_why_not() -> None:
    tried = {entry.statement.id for entry in promises()}
    tried |= {statement.id for case in cases().values() for statement in case.statements}
    tried |= {each.id for each in statements().values() if each.held_by}
    excused = {each.id for each in statements().values() if each.untested}
    assert not tried & excused
    assert tried | excused == set(statements())


def test_an_entry_passes_on_what_its_statement_says() -> None:
    entry = lookup(known_cell("tf_module@2.21+v1"))
    assert entry is not None
    assert entry.document == "Model compatibility for TF1/TF2"
    assert entry.quote == entry.english
    assert "tf.saved_model.save()" in entry.quote


@pytest.mark.parametrize("entry", promises(), ids=lambda entry: entry.id)
def test_only_the_unsupported_has_messages(entry: PromiseEntry) -> None:
    assert entry.applies
    assert bool(entry.messages) is (entry.promise is Promise.UNSUPPORTED)


@pytest.mark.parametrize(
    "message",
    [
        "load_model returned a _UserObject, which is no Keras Model: it has no predict, no fit.",
        "list index out of range",
        "list index (0) out of range",
        "File format not supported: filepath=/x. Keras 3 only supports V3 `.keras` files and",
        "File format not supported: filepath=x Keras Core only supports V3 `.keras` files",
    ],
)
def test_every_wording_of_the_refusal_is_known(message: str) -> None:
    entry = lookup(known_cell("builder@1.15 -> keras_load@2.15"))
    assert entry is not None
    assert any(re.search(pattern, message) for pattern in entry.messages)


@pytest.mark.parametrize("spelling", ["builder@1.15 -> tf1_load@1.15", "tf_module@2.15"])
def test_no_sentence_speaks_of_a_third_partys_api(tmp_path: Path, spelling: str) -> None:
    """Whatever generation it says it is of."""
    documented = known_cell(spelling)
    assert promise_of(documented) is Promise.PROMISED
    saver = replace(documented.save.saver, extension=write(tmp_path))
    cell = replace(documented, save=replace(documented.save, saver=saver))
    assert lookup(cell) is None
    assert promise_of(cell) is Promise.UNPROMISED
    if documented.loader is not None:
        read = replace(documented, loader=replace(documented.loader, extension=saver.extension))
        assert promise_of(read) is Promise.UNPROMISED
