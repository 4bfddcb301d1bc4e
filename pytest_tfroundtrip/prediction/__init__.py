"""Who can read a SavedModel, foretold from its files: no TensorFlow is needed.

What a reader does with the graph is in :mod:`graphs`, by the ops of each release as they were
measured (``catalogue/ops.txt``); what loaders ask besides is data, ``rules.toml``. Only failures
are foretold: where nothing is, nothing in the file says that it fails, which is no promise.
"""

from pytest_tfroundtrip.prediction.predict import Subject, predict
from pytest_tfroundtrip.prediction.words import Prediction, Reason
from pytest_tfroundtrip.vocabulary import Foreseen

__all__ = ["Foreseen", "Prediction", "Reason", "Subject", "predict"]
