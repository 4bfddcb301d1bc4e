"""TensorFlow on trial, sentence by sentence: see ``promises/cases.toml`` and ``agent/cases``."""

from pytest_tfroundtrip.statement import StatementCase


def test_statement(tf_case: StatementCase) -> None:
    """What the sentence says was tried under the runtime, and held, before this body runs."""
    assert tf_case.kept
