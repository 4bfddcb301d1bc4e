"""A lookup table and variables: what a raw graph needs besides its tensors' names."""

import numpy as np
import tensorflow as tf


class Words(tf.Module):
    """Ids of words by a table, a sum by variables, and an input that no output needs."""

    inputs = {
        "words": tf.TensorSpec([None], tf.string),
        "x": tf.TensorSpec([None], tf.float32),
        "unused": tf.TensorSpec([], tf.float32),
    }
    examples = [
        {"words": ["a", "b", "z"], "x": [1.0, 2.0], "unused": 1.0},
        {"words": [], "x": [-3.0], "unused": 2.0},
    ]

    def __init__(self):
        super().__init__()
        keys = tf.constant(["a", "b"])
        ids = tf.constant([3, 4], tf.int64)
        self.table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, ids), -1)
        self.scale = tf.Variable(2.0, name="scale")
        self.offset = tf.Variable(7.0, name="offset", trainable=False)

    def __call__(self, words, x, unused):
        del unused
        return {"ids": self.table.lookup(words), "y": x * self.scale + self.offset}

    @staticmethod
    def expected(words, x, unused):
        del unused
        ids = [{b"a": 3, b"b": 4}.get(word, -1) for word in words]
        return {"ids": np.array(ids, np.int64), "y": x * np.float32(2) + np.float32(7)}
