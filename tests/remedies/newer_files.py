"""A newer file in an older reader."""

import os

import tensorflow as tf

from .trial import scene
from .writing import X, affine, graph, is_y, run

tf1 = tf.compat.v1


@scene("debug-name-attr", "2.15")
def debug_name_written(trial):
    graph(os.path.join(trial.shared, "resource"), _of_a_resource)
    graph(os.path.join(trial.shared, "ref"), lambda x: _with(x, trial))


def _of_a_resource(x):
    w = tf1.get_variable("w", initializer=2.0, use_resource=True)
    return {"y": tf.add(x * w, 1.0, name="add")}


def _with(x, trial):
    trial.helps("use_resource=False", tf=tf)
    w = tf1.assign(trial.names["w"], tf.zeros([3]))
    return {"y": tf.add(x * tf.reduce_mean(w + 2.0), 1.0, name="y")}


@scene("debug-name-attr", "1.15")
def debug_name_read(trial):
    with tf1.Session() as session:
        where = os.path.join(trial.shared, "resource")
        trial.fails("load", lambda: tf1.saved_model.load(session, ["serve"], where))
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.saved_model.load(session, ["serve"], os.path.join(trial.shared, "ref"))
        assert is_y(run(session, outputs="y:0"))


@scene("disable-copy-on-read", "2.15")
def copied_written(trial):
    directory = affine(trial.shared)
    trial.names.update(tf=tf, directory=directory, frozen=os.path.join(trial.shared, "frozen"))
    trial.helps("convert_variables_to_constants_v2")


@scene("disable-copy-on-read", "1.15+v2")
def copied_read(trial):
    load = tf.compat.v2.saved_model.load
    trial.fails("load", lambda: load(os.path.join(trial.shared, "affine")))
    loaded = load(os.path.join(trial.shared, "frozen"))
    assert is_y(loaded.signatures["serving_default"](tf.constant(X)))


@scene("keras-metadata-json", "1.15+v2")
def metadata_beside(trial):
    directory = os.path.join(trial.data, "keras-2.8")
    trial.fails("load", lambda: tf.keras.models.load_model(directory))
    trial.helps("saved_model.load(", lambda got: set(got.signatures) == {"serving_default"},
                tf=tf, directory=directory)  # fmt: skip


@scene("attr-not-in-op", "2.15")
def attributes_written(trial):
    def build(x):
        w = tf1.get_variable("w", initializer=2.0, use_resource=False)
        return {"y": tf.add(x * w, 1.0, name="add")}

    graph(os.path.join(trial.shared, "whole"), build)
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        y = build(x)["y"]
        session.run(tf1.global_variables_initializer())
        builder = tf1.saved_model.Builder(os.path.join(trial.shared, "stripped"))
        signature = tf1.saved_model.predict_signature_def({"x": x}, {"y": y})
        signatures = {"serving_default": signature}
        trial.helps("strip_default_attrs", session=session, builder=builder, signatures=signatures)
        builder.save()


@scene("attr-not-in-op", "1.15")
def attributes_read(trial):
    from tf_roundtrip_agent import c_library

    where = os.path.join(trial.shared, "whole")
    trial.fails("load", lambda: c_library.Session(where, ["serve"]))
    c_library.Session(os.path.join(trial.shared, "stripped"), ["serve"]).close()


@scene("sparse-signature-in-old-load", "1.15+v2")
def sparse(trial):
    directory = os.path.join(trial.folder, "model")
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.sparse_placeholder(tf.float32, [None, 3], name="x")
        y = tf.add(tf.sparse.to_dense(x) * 2.0, 1.0, name="y")
        tf1.saved_model.simple_save(session, directory, {"x": x}, {"y": y})
    trial.fails("load", lambda: tf.compat.v2.saved_model.load(directory))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        parts = {"x/values:0": X[0], "x/indices:0": [[0, 0], [0, 1], [0, 2]], "x/shape:0": [1, 3]}
        assert is_y(session.run("y:0", parts))


@scene("kernel-for-another-device", "2.15")
def on_a_gpu(trial):
    layer = tf1.keras.layers.CuDNNLSTM(4)
    x = tf.ones([1, 2, 3])
    trial.fails("call", lambda: layer(x))
    trial.helps("keras.layers.LSTM", lambda got: got(x).shape == (1, 4), tf=tf, units=4)
