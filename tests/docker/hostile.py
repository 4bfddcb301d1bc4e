"""Models that nobody should trust: each misbehaves when it is loaded, not while it is saved.

Some do it with ops alone, which any loader runs; others with Python that a Keras Lambda layer
brings along, which ``load_model`` runs. What they do is written into a model file.
"""

from __future__ import annotations

import textwrap

# An op that runs from the second call on: the first one is the saving process's own.
OPS = """
import tensorflow as tf


class {name}(tf.Module):
    inputs = {{"x": tf.TensorSpec([], tf.float32)}}
    examples = [{{"x": 1.0}}]

    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0)

    @tf.function
    def __call__(self, x):
        def attack():
{attack}
        before = self.calls.assign_add(1, read_value=True)
        return {{"y": tf.cond(before > 1, attack, lambda: x)}}
"""

# Python that runs where artifacts are handed in, so not in a container that saves.
PYTHON = """
import tensorflow as tf


class {name}(tf.Module):
    inputs = {{"x": tf.TensorSpec([None, 1], tf.float32)}}
    examples = [{{"x": [[1.0]]}}]

    def __call__(self, x):
        return {{"y": x}}

    def keras_model(self):
        x = tf.keras.Input([1], name="x")
        lambda_ = tf.keras.layers.Lambda(
            lambda v: __import__("tensorflow").py_function(
                lambda t: (exec({source!r}, {{}}), t)[1], [v], "float32"
            ),
            name="y",
        )
        return tf.keras.Model(x, lambda_(x))
"""

HONEST = """
import tensorflow as tf


class {name}(tf.Module):
    inputs = {{"x": tf.TensorSpec([None, 1], tf.float32)}}
    examples = [{{"x": [[1.0]]}}]

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(2.0)

    def __call__(self, x):
        return {{"y": self.w * x}}

    def keras_model(self):
        x = tf.keras.Input([1], name="x")
        return tf.keras.Model(x, tf.keras.layers.Rescaling(2.0, name="y")(x))
"""


def by_ops(name: str, attack: str) -> str:
    """A model file whose graph does this; ``attack`` ends with ``return`` of a float32 scalar."""
    return OPS.format(name=name, attack=textwrap.indent(textwrap.dedent(attack).strip(), " " * 12))


def by_python(name: str, attack: str) -> str:
    """A model file whose Lambda layer runs this Python in the process that loads it."""
    body = textwrap.indent(textwrap.dedent(attack).strip(), "    ")
    loading = (
        "import os\nif os.path.isdir('/tf_roundtrip/in') and os.listdir('/tf_roundtrip/in'):\n"
    )
    return PYTHON.format(name=name, source=loading + body)


def honest(name: str) -> str:
    """A model file of good will."""
    return HONEST.format(name=name)
