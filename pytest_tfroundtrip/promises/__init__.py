"""What TensorFlow's documents promise of a cell, with the sentence that says so."""

from pytest_tfroundtrip.promises.lookup import (
    PromiseEntry,
    Statement,
    lookup,
    promise_of,
    promises,
    statements,
)

__all__ = ["PromiseEntry", "Statement", "lookup", "promise_of", "promises", "statements"]
