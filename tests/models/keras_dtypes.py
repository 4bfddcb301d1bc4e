"""The dtypes and ranks that Keras 2 takes through a functional model, in Python 3.6's syntax."""

import numpy as np
import tensorflow as tf

#: Layers cast floating inputs to their own dtype, so each has one of its own.
_FLOATS = ["float16", "float32", "float64"]
_OTHERS = ["int32", "int64", "bool", "string"]


class KerasDtypes(tf.Module):
    """An input of each dtype; each layer reshapes its own, so ranks change too."""

    inputs = {"in_" + name: tf.TensorSpec([None, 1, 2], getattr(tf, name))
              for name in _FLOATS + _OTHERS}  # fmt: skip
    examples = [
        {
            "in_float16": [[[1.5, -2.0]]],
            "in_float32": [[[float("inf"), -0.0]]],
            "in_float64": [[[1e300, float("nan")]]],
            "in_int32": [[[-(2**31), 2**31 - 1]]],
            "in_int64": [[[-(2**63), 2**63 - 1]]],
            "in_bool": [[[True, False]]],
            "in_string": [[[b"a\0", b"\xff\0"]]],
        },
        {
            "in_" + name: np.zeros((0, 1, 2), bool if name == "bool" else "u1")
            for name in _FLOATS + _OTHERS
        },
    ]

    def __call__(self, **given):
        return {"out_" + name[3:]: tf.reshape(each, [-1, 2]) for name, each in given.items()}

    def keras_model(self):
        inputs = {
            name: tf.keras.Input(shape=(1, 2), name="in_" + name, dtype=name)
            for name in _FLOATS + _OTHERS
        }
        outputs = {
            "out_" + name: tf.keras.layers.Reshape((2,), dtype=name)(each)
            for name, each in inputs.items()
        }
        return tf.keras.Model(inputs=list(inputs.values()), outputs=outputs)
