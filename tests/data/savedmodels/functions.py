"""SavedModels that have no signature, only functions; ``python functions.py DIR`` under 2.8.

As reusable SavedModels of TensorFlow Hub are: traced in training mode and not, with a dict for an
argument; a function that takes and one that gives a ragged tensor; one that gives nothing back. And
as tokenizers of TensorFlow's tutorials are: the root has no functions, what it holds has some.
"""

import sys
from pathlib import Path

import tensorflow as tf


class Encoder(tf.Module):
    def __init__(self):
        super().__init__()
        self.table = tf.Variable(tf.reshape(tf.range(24, dtype=tf.float32), [8, 3]), name="table")
        self.seen = tf.Variable(0, dtype=tf.int64, trainable=False, name="seen")

    @tf.function
    def __call__(self, features, training=False):  # noqa: FBT002  as Keras and Hub have it
        rows = tf.gather(self.table, features["ids"]) * features["weights"][..., tf.newaxis]
        pooled = tf.reduce_sum(rows, 1)
        return {"pooled": pooled * 2.0 if training else pooled, "rows": [rows, pooled]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def tokenize(self, text):
        return tf.strings.split(text)

    @tf.function(input_signature=[tf.RaggedTensorSpec([None, None], tf.float32)])
    def total(self, rows):
        return tf.reduce_sum(rows, 1)

    @tf.function(input_signature=[])
    def forget(self):
        self.seen.assign(0)

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def _own(self, x):
        return x


class Languages(tf.Module):
    def __init__(self):
        super().__init__()
        self.en = Encoder()
        self.en.languages = self  # a circle
        self.several = [Encoder()]


def main(folder):
    module, languages = Encoder(), Languages()
    features = {
        "ids": tf.TensorSpec([None, 4], tf.int64, name="ids"),
        "weights": tf.TensorSpec([None, 4], tf.float32, name="weights"),
    }
    for training in (True, False):
        module.__call__.get_concrete_function(features, training=training)
    tf.saved_model.save(module, str(Path(folder, "functions-2.8")))
    tf.saved_model.save(languages, str(Path(folder, "nested-2.8")))


if __name__ == "__main__":
    main(sys.argv[1])
