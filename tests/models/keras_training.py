"""Keras models that Model.fit is easily told wrong things about, in Python 3.6's syntax."""

import numpy as np
import tensorflow as tf

_WEIGHTS = np.array([[0.5, -1.0], [2.0, 0.25]], np.float32)


def _dense(name, units, **more):
    return tf.keras.layers.Dense(
        units,
        name=name,
        use_bias=False,
        kernel_initializer=tf.keras.initializers.Constant(_WEIGHTS[:, :units]),
        **more,
    )


class Listed(tf.Module):
    """A list of outputs: an integer between two floats, not in the order of their names."""

    inputs = {"x": tf.TensorSpec([None, 2], tf.float32), "n": tf.TensorSpec([None, 1], tf.int32)}
    examples = {"x": [[1.0, 2.0], [-3.0, 0.5]], "n": [[1], [2]]}

    def __call__(self, x, n):
        z = tf.matmul(x, _WEIGHTS)
        return {"z": z, "m": n, "a": tf.matmul(z, _WEIGHTS[:, :1])}

    def keras_model(self):
        x = tf.keras.Input((2,), name="x", dtype="float32")
        n = tf.keras.Input((1,), name="n", dtype="int32")
        z = _dense("z", 2)(x)
        m = tf.keras.layers.Reshape((1,), name="m", dtype="int32")(n)
        return tf.keras.Model([x, n], [z, m, _dense("a", 1)(z)])


class Keyed(tf.Module):
    """A dict of outputs, one of rank 1; its keys are neither sorted nor the names of layers."""

    inputs = {"x": tf.TensorSpec([None, 2], tf.float32)}
    examples = {"x": [[1.0, 2.0], [-3.0, 0.5], [0.0, 1.0]]}

    def __call__(self, x):
        y = tf.matmul(x, _WEIGHTS)
        return {"rows": y, "flat": y[:, 0]}

    def keras_model(self):
        x = tf.keras.Input((2,), name="x", dtype="float32")
        flat = tf.keras.layers.Reshape((), name="other")(_dense("last", 1)(x))
        return tf.keras.Model(x, {"rows": _dense("inner", 2)(x), "flat": flat})
