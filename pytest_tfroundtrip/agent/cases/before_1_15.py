"""Hub: "Compatibility of TF2 SavedModel: not supported before TF1.15". What is met there.

Each tries one API on two files, with a variable and without one, and holds the sentence where both
are refused.
"""

import re

import numpy as np
import tensorflow as tf

from . import hub_training, tools

tf1 = tf.compat.v1
KEY = "serving_default"
FILES = ("with a variable", "without")
BATCH = hub_training.BATCH
X = [[2.0]]


class Stateless(tf.Module):
    """The same numbers, with nothing to restore."""

    @tf.function(input_signature=BATCH)
    def __call__(self, x):
        return x * 3.0


def save(folder):
    """For the others: TF2 SavedModels with signatures, one with a variable, one without."""
    for name, model in zip(FILES, (hub_training.Reusable(), Stateless())):
        tf.saved_model.save(model, _path(folder, name), signatures={KEY: _named(model)})


def _named(model):
    return tf.function(lambda x: {"y": model(x)}, input_signature=BATCH)


def _path(folder, name):
    return "%s/%s" % (folder, name.replace(" ", "_"))


def _refused(run, folder):
    """What the API says to each file; AssertionError where it takes one."""
    told, works = [], False
    for name in FILES:
        try:
            found = run(_path(folder, name))
        except Exception as error:
            told.append("%s: %s" % (name, _said(error, folder)))
        else:
            works = True
            told.append("%s: works, %s" % (name, np.asarray(found).tolist()))
    assert not works, "; ".join(told)
    return "refused. %s" % "; ".join(told)


def _said(error, folder):
    """An error's class and first clause; what follows names this machine, or lists an op."""
    line = tools.first_line(error, folder)
    clause = re.split(r" in binary running|; signature=|\. ", line)[0]
    return "%s: %s" % (type(error).__name__, clause)


def _value(call):
    """Of ``call``'s tensor, in the mode that is in force."""
    return tools.run(lambda: {"y": call()})["y"]


def hub_load(folder):
    return _refused(lambda path: _value(lambda: tools.hub().load(path)(tf.constant(X))), folder)


def hub_keras_layer(folder):
    return _refused(
        lambda path: _value(lambda: tools.hub().KerasLayer(path)(tf.constant(X))), folder
    )


def hub_module(folder):
    def run(path):
        with tf.Graph().as_default():
            return repr(tools.hub().Module(path))

    return _refused(run, folder)


def saved_model_load(folder):
    """TF2's loader, which 1.14 has under ``tf.compat.v2``."""
    return _refused(
        lambda path: _value(lambda: tf.compat.v2.saved_model.load(path)(tf.constant(X))), folder
    )


def session(folder):
    """TF1's loader, by the signature."""

    def run(path):
        with tf.Graph().as_default(), tf1.Session() as opened:
            signature = tf1.saved_model.load(opened, ["serve"], path).signature_def[KEY]
            return opened.run(signature.outputs["y"].name, {signature.inputs["x"].name: X})

    return _refused(run, folder)


def fine_tuning(folder):
    """``hub.KerasLayer(trainable=True)`` in ``Model.fit``: the weight moves, or it is refused."""
    path = _path(folder, FILES[0])
    try:
        weight = hub_training.fitted(path)
    except Exception as error:
        return "refused: %s" % _said(error, folder)
    raise AssertionError("it trains, from 3.0 to %s" % weight)


def creation():
    """``tf.saved_model.save``; what it wrote is read back in a session."""
    with tf.Graph().as_default(), tf1.Session() as opened, tf1.variable_scope(
        "", use_resource=True
    ):
        module = tf.Module()
        module.w = tf1.get_variable("w", initializer=3.0)
        opened.run(module.w.initializer)
        call = tf.function(lambda x: {"y": x * module.w}, input_signature=BATCH)
        tf.saved_model.save(module, "saved", signatures={KEY: call})
    with tf.Graph().as_default(), tf1.Session() as opened:
        signature = tf1.saved_model.load(opened, ["serve"], "saved").signature_def[KEY]
        found = opened.run(signature.outputs["y"].name, {signature.inputs["x"].name: X})
    raise AssertionError("it writes one, which gives %s" % found.tolist())
