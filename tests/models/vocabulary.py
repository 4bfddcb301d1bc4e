"""A table that reads its words from an asset, and a variable; and a model with neither."""

import tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf


def _asset():
    """A file of words, in a folder that the saving process may forget."""
    path = Path(tempfile.mkdtemp(), "words.txt")
    path.write_text("a\nb\n", encoding="utf-8")
    return str(path)


class Vocabulary(tf.Module):
    """Line numbers of words, scaled."""

    inputs = {"words": tf.TensorSpec([None], tf.string)}
    examples = [{"words": ["a", "b", "z"]}]

    def __init__(self):
        super().__init__()
        lines = tf.lookup.TextFileInitializer(
            _asset(),
            tf.string,
            tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64,
            tf.lookup.TextFileIndex.LINE_NUMBER,
        )
        self.table = tf.lookup.StaticHashTable(lines, -1)
        self.scale = tf.Variable(2.0, name="scale")

    def __call__(self, words):
        return {"y": tf.cast(self.table.lookup(words), tf.float32) * self.scale}

    @staticmethod
    def expected(words):
        lines = {b"a": 0, b"b": 1}
        return {"y": np.array([lines.get(word, -1) for word in words], np.float32) * 2}


class Shifted(tf.Module):
    """No variables: what restores them is there or not as the API likes."""

    inputs = {"x": tf.TensorSpec([None], tf.float32)}
    examples = [{"x": [1.0, -2.0]}]

    def __call__(self, x):
        return {"y": x + 2.0}
