"""What real models have and the tests' models do not; ``python odd.py DIR`` under TensorFlow 1.15.

A sparse and a ragged input, two shards, a partitioned variable, a pinned device, a table with an
asset, a graph under two tags, a local variable; and a small one as text.
"""

import sys
import tempfile
from pathlib import Path

import tensorflow as tf

tf1 = tf.compat.v1
info = tf1.saved_model.build_tensor_info


def main(folder):
    with tf.Graph().as_default():
        indices = tf1.sparse_placeholder(tf.float32, [None, 4], name="given")
        ragged = tf1.ragged.placeholder(tf.int64, 1, name="rows")
        with tf.device("/cpu:0"):
            weights = tf1.get_variable("w", [4, 2], use_resource=False)
        with tf.device("/cpu:1"):
            table = tf1.get_variable(
                "parts", [6, 3], partitioner=tf1.fixed_size_partitioner(3), use_resource=True
            )
            frozen = tf1.get_variable("frozen", [], tf.int64, trainable=False, use_resource=True)
        words = Path(tempfile.mkdtemp(), "words.txt")
        words.write_text("a\nb\n", encoding="utf-8")
        tf.lookup.StaticHashTable(
            tf.lookup.TextFileInitializer(str(words), tf.string, 1, tf.int64, -1), -1
        )
        tf1.get_variable("local", [], collections=[tf1.GraphKeys.LOCAL_VARIABLES])
        y = tf.sparse.sparse_dense_matmul(indices, weights)
        z = tf.reduce_sum(tf.concat(list(table), 0)) + tf.cast(frozen, tf.float32)
        spec = tf1.saved_model.build_signature_def
        both = {
            "odd": spec(
                {"given": info(indices), "rows": info(ragged)},
                {"y": info(y), "z": info(z), "total": info(tf.reduce_sum(ragged.values))},
                "any/method",
            ),
            "serving_default": spec({"given": info(indices)}, {"y": info(y)}),
        }
        config = tf1.ConfigProto(device_count={"CPU": 2})
        with tf1.Session(config=config) as session:
            session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
            builder = tf1.saved_model.Builder(str(Path(folder, "odd-1.15")))
            builder.add_meta_graph_and_variables(
                session,
                ["serve"],
                both,
                assets_collection=tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
                main_op=tf1.tables_initializer(),
            )
            builder.add_meta_graph(["serve", "gpu"], both, strip_default_attrs=True)
            builder.save()
    text(folder)


def text(folder):
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 2], name="x")
        weights = tf1.get_variable("w", [2], use_resource=False)
        session.run(tf1.global_variables_initializer())
        builder = tf1.saved_model.Builder(str(Path(folder, "text-1.15")))
        # An output that is the reference itself: its dtype is DT_FLOAT_REF.
        signature = tf1.saved_model.build_signature_def(
            {"x": info(x)}, {"y": info(x * weights), "w": info(weights)}
        )
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save(as_text=True)


if __name__ == "__main__":
    main(sys.argv[1])
