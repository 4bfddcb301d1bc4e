"""The models that TensorFlow itself is tried with, in syntax that Python 3.6 reads.

Agents import this file, pytest never does.
"""

# ruff: noqa: RUF012  a model states its inputs and examples as class attributes

import numpy as np
import tensorflow as tf


def _model(inputs, outputs):
    """A Keras model from Input layers and a dict or list of outputs, in every release."""
    return tf.keras.Model(inputs=inputs, outputs=outputs)


class AddTwo(tf.Module):
    """The migration guide's model: a scalar plus two, no variables."""

    inputs = {"input": tf.TensorSpec([], tf.float32)}
    examples = [{"input": 3.0}, {"input": -2.5}]

    def __call__(self, input):  # noqa: A002  the guide's own name
        return {"output": input + 2.0}

    def keras_model(self):
        number = tf.keras.Input(shape=(), name="input", dtype="float32")
        return _model(number, {"output": number + 2.0})

    @staticmethod
    def expected(input):  # noqa: A002
        return {"output": input + np.float32(2.0)}


_WEIGHTS = np.array([[0.5], [-1.25], [2.0]], dtype=np.float32)
_BIAS = np.array([0.75], dtype=np.float32)


class Affine(tf.Module):
    """Two variables: ``y = x @ W + b`` on batches of any size, an empty one among them."""

    inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}
    examples = [
        {"x": [[1.0, 2.0, 3.0], [-0.5, 0.25, 8.0]]},
        {"x": np.zeros((0, 3), np.float32)},
    ]

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(_WEIGHTS, name="w")
        self.b = tf.Variable(_BIAS, name="b")

    def __call__(self, x):
        return {"y": tf.matmul(x, self.w) + self.b}

    def keras_model(self):
        x = tf.keras.Input(shape=(3,), name="x", dtype="float32")
        y = tf.keras.layers.Dense(
            1,
            name="y",
            kernel_initializer=tf.keras.initializers.Constant(_WEIGHTS),
            bias_initializer=tf.keras.initializers.Constant(_BIAS),
        )(x)
        return _model(x, y)

    @staticmethod
    def expected(x):
        return {"y": x @ _WEIGHTS + _BIAS}


_TABLE = np.array([[0.5, -1.0], [3.0, 0.25], [-2.0, 8.0]], dtype=np.float32)


class TwoByTwo(tf.Module):
    """Two inputs and two outputs, a float and an integer each; one output needs both inputs."""

    inputs = {
        "values": tf.TensorSpec([None, 2], tf.float32),
        "counts": tf.TensorSpec([None, 1], tf.int32),
    }
    examples = [
        {"values": [[1.5, -2.0], [0.25, 4.0]], "counts": [[2], [0]]},
        {"values": [[7.0, 7.0]], "counts": [[1]]},
    ]

    def __init__(self):
        super().__init__()
        self.table = tf.Variable(_TABLE, name="table")

    def __call__(self, values, counts):
        return {"doubled": counts * 2, "shifted": values + tf.gather(self.table, counts[:, 0])}

    def keras_model(self):
        values = tf.keras.Input(shape=(2,), name="values", dtype="float32")
        counts = tf.keras.Input(shape=(1,), name="counts", dtype="int32")
        # An Embedding: the one layer that takes integers to floats in every Keras.
        rows = tf.keras.layers.Embedding(
            3, 2, embeddings_initializer=tf.keras.initializers.Constant(_TABLE)
        )(counts)
        shifted = values + tf.keras.layers.Flatten()(rows)
        return _model([values, counts], {"doubled": counts * 2, "shifted": shifted})

    @staticmethod
    def expected(values, counts):
        return {"doubled": counts * 2, "shifted": values + _TABLE[counts[:, 0]]}
