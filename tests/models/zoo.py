"""Every dtype and rank there is an encoding for, in syntax that Python 3.6 reads."""

import numpy as np
import tensorflow as tf

_NUMBERS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64"]
_UNSIGNED = ["uint8", "uint16", "uint32", "uint64"]
_COMPLEX = ["complex64", "complex128"]
_ALL = [*_NUMBERS, *_UNSIGNED, *_COMPLEX, "bfloat16", "bool", "string"]


class Dtypes(tf.Module):
    """An input of each dtype, handed back as it is (turned over along its first axis)."""

    inputs = {"in_" + name: tf.TensorSpec([None, 2], getattr(tf, name)) for name in _ALL}
    examples = [
        dict(
            [("in_" + name, [[1, 2], [3, 4]]) for name in _NUMBERS + _UNSIGNED + _COMPLEX],
            in_bfloat16=[[1.5, -2.25], [3.0, 1e30]],
            in_float64=[[float("nan"), float("inf")], [-0.0, 1e300]],
            in_bool=[[True, False], [False, True]],
            in_string=[[b"a\0", "ü"], [b"", b"\xff\0\0"]],
            in_int64=[[-(2**63), 2**63 - 1], [0, 1]],
            in_uint64=np.array([[2**64 - 1, 0], [1, 2]], np.uint64),
            in_complex128=[[1 + 2j, -3j], [0, 1e-300]],
        ),
        {"in_" + name: np.zeros((0, 2), "u1") if name != "bool"
         else np.zeros((0, 2), bool) for name in _ALL},
    ]  # fmt: skip

    def __call__(self, **given):
        return {"out_" + name[3:]: tf.gather(each, tf.range(tf.shape(each)[0])[::-1])
                for name, each in given.items()}  # fmt: skip

    @staticmethod
    def expected(**given):
        return {"out_" + name[3:]: each[::-1] for name, each in given.items()}


class Ranks(tf.Module):
    """Ranks 0 to 4, an unknown rank, fixed and unknown dimensions."""

    inputs = {
        "r0": tf.TensorSpec([], tf.float32),
        "r1": tf.TensorSpec([None], tf.float32),
        "r2": tf.TensorSpec([2, None], tf.float32),
        "r3": tf.TensorSpec([None, 1, 3], tf.float32),
        "r4": tf.TensorSpec([2, 1, 2, 1], tf.float32),
        "any": tf.TensorSpec(None, tf.float32),
    }
    examples = {
        "r0": 1.0,
        "r1": [1.0, 2.0],
        "r2": [[1.0], [2.0]],
        "r3": np.ones((2, 1, 3), np.float32),
        "r4": np.ones((2, 1, 2, 1), np.float32),
        "any": [[[1.0]]],
    }

    def __call__(self, r0, r1, r2, r3, r4, any):  # noqa: A002, PLR0917
        return {"q0": r0 * 2, "q1": r1 * 2, "q2": r2 * 2, "q3": r3 * 2, "q4": r4 * 2, "w": any * 2}


class Weights(tf.Module):
    """Variables in a list, a dict and a submodule, one of them not trainable, of several dtypes."""

    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = {"x": [1.0, 2.0]}

    def __init__(self):
        super().__init__()
        self.listed = [tf.Variable(1.0), tf.Variable(2.0)]
        self.named = {"a": tf.Variable(3.0), "b": tf.Variable(4, dtype=tf.int64, trainable=False)}
        self.below = Below()

    def __call__(self, x):
        total = x * self.listed[0] + self.listed[1] * self.named["a"] + self.below.bias
        return {"y": total + tf.cast(self.named["b"], tf.float32)}


class Below(tf.Module):
    """A submodule."""

    def __init__(self):
        super().__init__()
        self.bias = tf.Variable([0.5], name="bias")
        self.half = tf.Variable([1.5], dtype=tf.float16)
