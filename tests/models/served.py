"""What a serving client asks of: features of every kind that a tf.Example has, in 3.6's syntax."""

import numpy as np
import tensorflow as tf

_WEIGHTS = np.array([[1.0, -2.0, 0.5], [0.25, 4.0, -1.0]], dtype=np.float64)


class Rated(tf.Module):
    """Numbers, counts and words in; a count and, in double precision, three scores a row out."""

    inputs = {
        "numbers": tf.TensorSpec([None, 2], tf.float32),
        "count": tf.TensorSpec([None], tf.int64),
        "words": tf.TensorSpec([None, 1, 2], tf.string),
    }
    examples = [
        {
            "numbers": [[1.0, 2.0], [-0.5, 0.25]],
            "count": [2, -(2**40)],
            "words": [[[b"a\0", b"bc"]], [["ü", b""]]],
        },
        {
            "numbers": np.zeros((0, 2), np.float32),
            "count": np.zeros([0], np.int64),
            "words": np.zeros((0, 1, 2), object),
        },
    ]

    def __init__(self):
        super().__init__()
        self.weights = tf.Variable(_WEIGHTS, name="weights")

    def __call__(self, numbers, count, words):
        length = tf.reduce_sum(tf.strings.length(words), axis=[1, 2])
        scores = tf.matmul(tf.cast(numbers, tf.float64), self.weights)
        return {
            "a_count": count + tf.cast(length, tf.int64),
            "scores": scores + tf.cast(length, tf.float64)[:, tf.newaxis],
        }

    @staticmethod
    def expected(numbers, count, words):
        length = np.array([sum(map(len, row.ravel())) for row in words], np.int64)
        return {
            "a_count": count + length,
            "scores": numbers.astype(np.float64) @ _WEIGHTS + length[:, np.newaxis],
        }


class Counted(tf.Module):
    """An input that no tf.Example can hold: it knows int64 only."""

    inputs = {"count": tf.TensorSpec([None], tf.int32)}
    examples = {"count": [1]}

    def __call__(self, count):
        return {"ratio": tf.cast(count, tf.float32) / 2.0}
