"""TensorFlow Hub."""

import os

import tensorflow as tf
import tensorflow_hub as hub

from .trial import scene
from .writing import X, affine, is_y

tf1 = tf.compat.v1


@scene("hub-module-wants-its-format", "1.15+v2")
def another_format(trial):
    directory = affine(trial.folder)
    with tf1.Graph().as_default():
        trial.fails("load", lambda: hub.Module(directory))
    trial.names.update(hub=hub, directory=directory)
    assert is_y(trial.helps("hub.load")(tf.constant(X)))


@scene("hub-without-module", "2.21")
def without_module(trial):
    directory = os.path.join(trial.data, "hub_module-1.15")
    trial.fails("load", lambda: hub.Module(directory))
    trial.helps("hub.load", lambda got: "default" in got.signatures, hub=hub, directory=directory)


@scene("hub-layer-is-keras-2", "2.21")
def in_keras_3(trial):
    directory = affine(trial.folder)
    layer = hub.KerasLayer(directory, output_key="y")
    trial.fails("call", lambda: tf.keras.Sequential([layer]))
    trial.fails("call", lambda: layer(tf.keras.Input([3])))
    trial.names.update(tf=tf, hub=hub, keras=tf.keras, directory=directory)
    assert is_y(trial.helps("TFSMLayer")(X))
    trial.helps("tf_keras")
    assert is_y(trial.names["model"](X))


@scene("hub-layer-finds-no-trainable-variables", "2.15")
def nothing_listed(trial):
    module = tf.train.Checkpoint(w=tf.Variable(2.0))
    module.__call__ = tf.function(
        lambda x: x * module.w + 1.0, input_signature=[tf.TensorSpec([None, 3], tf.float32)]
    )
    directory = os.path.join(trial.folder, "model")
    tf.saved_model.save(module, directory)
    assert not hub.KerasLayer(directory, trainable=True).trainable_variables
    trial.says("train", "the hub.KerasLayer has no variable that can be trained")
    trial.helps("trainable_variables", module=module)
    again = os.path.join(trial.folder, "again")
    tf.saved_model.save(module, again)
    assert len(hub.KerasLayer(again, trainable=True).trainable_variables) == 1


@scene("hub-layer-of-tf1-format-is-not-trainable", "2.15", "2.21")
def old_format(trial):
    directory = os.path.join(trial.data, "hub_module-1.15")
    trial.fails("train", lambda: hub.KerasLayer(directory, trainable=True)({
        "x": tf.zeros([1]), "words": tf.constant(["a"]), "unused": tf.constant(0.0)}))  # fmt: skip
    trial.helps("hub.load", lambda got: len(got.variables) == 2, hub=hub, directory=directory)


@scene("hub-layer-of-a-signature-is-not-trainable", "2.15", "2.21")
def by_its_signature(trial):
    directory = affine(trial.folder)
    trial.fails("train", lambda: hub.KerasLayer(
        directory, signature="serving_default", output_key="y", trainable=True
    )(tf.constant(X)))  # fmt: skip
