"""Meta graphs and checkpoints, without a SavedModel."""

import os

import tensorflow as tf

from .trial import scene
from .writing import X, is_y

tf1 = tf.compat.v1


def _raw(trial):
    """A meta graph and its checkpoint; returns the checkpoint's prefix."""
    prefix = os.path.join(trial.folder, "model.ckpt")
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        w = tf1.get_variable("w", initializer=2.0, use_resource=False)
        tf.add(x * w, 1.0, name="y")
        session.run(tf1.global_variables_initializer())
        tf1.train.Saver().save(session, prefix)
    return prefix


def _wrapped(checkpoint):
    def build():
        tf1.train.import_meta_graph(checkpoint + ".meta")

    return tf1.wrap_function(build, [])


@scene("saver-without-variables", "1.15", "2.15", "2.21")
def no_variables(trial):
    with tf1.Graph().as_default():
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        tf.add(x * 2.0, 1.0, name="y")
        trial.fails("save", tf1.train.Saver)
        saver = trial.helps("Saver(", tf=tf)
        with tf1.Session() as session:
            saver.save(session, os.path.join(trial.folder, "model.ckpt"))
        path = os.path.join(trial.folder, "alone.meta")
        trial.helps("export_meta_graph", path=path)
        assert os.path.exists(path)


@scene("wrap-function-finds-no-ref-variables", "2.15", "2.21")
def wrapped_references(trial):
    checkpoint = _raw(trial)
    trial.saver, trial.loader = "meta_graph.ref", "wrap_function"
    wrapped = _wrapped(checkpoint)
    trial.fails("load", lambda: tf1.train.Saver(wrapped.variables).restore(None, checkpoint))
    trial.helps("save/restore_all", tf=tf, wrapped=wrapped, checkpoint=checkpoint)
    assert is_y(wrapped.prune("x:0", "y:0")(tf.constant(X)))


@scene("wrapped-function-lists-no-variables", "1.15+v2")
def wrapped_in_1_15(trial):
    checkpoint = _raw(trial)
    wrapped = _wrapped(checkpoint)
    trial.fails("load", lambda: tf1.train.Saver(wrapped.variables))
    trial.helps("save/restore_all", tf=tf, wrapped=wrapped, checkpoint=checkpoint)
    assert is_y(wrapped.prune("x:0", "y:0")(tf.constant(X)))


@scene("restore-without-session", "1.15", "2.15+v1", "2.21+v1")
def without_a_session(trial):
    checkpoint = _raw(trial)
    with tf1.Graph().as_default(), tf1.Session() as session:
        saver = tf1.train.import_meta_graph(checkpoint + ".meta")
        trial.fails("load", lambda: saver.restore(None, checkpoint))
        trial.helps("saver.restore", saver=saver, session=session, checkpoint=checkpoint)
        assert is_y(session.run("y:0", {"x:0": X}))
