"""What agents import, beside the TensorFlow of their runtime: Python 3.6 syntax, no op yet."""

from . import export, predictor

SAVERS = {"acme_export": export}
LOADERS = {"acme_predictor": predictor}
