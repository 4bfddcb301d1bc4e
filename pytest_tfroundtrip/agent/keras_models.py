"""A model's ``keras_model()`` as every saver of Keras models needs it: called by names, trained."""

import collections
import contextlib

import tensorflow as tf

from . import training, variables
from .errors import ModelError
from .savers import graph, tf_module

tf1 = tf.compat.v1


class Built(object):
    """A Keras model and what it computes, while its mode lasts.

    Attributes:
        keras: the model.
        session: the default session in graph mode, else None.
        outputs: what it gives for each example, a list of {name: wire.Tensor}.
        told: {"inputs", "outputs"}: its names in its own order, as ``record.Saved`` has them.
    """

    def __init__(self, model, session):
        self.keras = model.keras_model()
        self.session = session
        self.told = {"inputs": input_names(self.keras, model), "outputs": []}
        if session is None:
            self.outputs = [tf_module._eager(model, self.call, each) for each in model.examples]
        else:
            inputs = graph.placeholders(model.inputs, prefix="fed_")
            tensors = model.call(self.call, inputs)
            graph.initialise(session)
            self.outputs = graph.Built(session, inputs, tensors).run(model.examples)

    def call(self, **tensors):
        """Call the model by its inputs' names; returns an OrderedDict of its outputs."""
        outputs = named_call(self.keras, self.told["inputs"])(**tensors)
        self.told["outputs"] = list(outputs)
        return outputs


@contextlib.contextmanager
def built(model):
    """Build the Keras model and compute its outputs; in graph mode in a session of its own."""
    with _session() as session:
        yield Built(model, session)


def recorded(model, named):
    """The step that a saver records, on a Keras model built anew; see ``training.recorded``.

    Args:
        model: the ``models.Model``.
        named: function of a Keras model that gives {name in the record: variable to be trained}.
    """
    return training.recorded(model, lambda example: _trained(model, named, example))


def _trained(model, named, example):
    with _session() as session:
        keras = model.keras_model()
        call = named_call(keras, input_names(keras, model))
        if session is None:
            return training.eagerly(
                lambda **tensors: model.call(call, tensors), example, named(keras)
            )
        inputs = graph.placeholders(model.inputs, prefix="fed_")
        step = training.InGraph(inputs, model.call(call, inputs), named(keras))
        graph.initialise(session)
        return step.run(session, example)


@contextlib.contextmanager
def _session():
    """Open a session that Keras uses too in graph mode; None in eager mode."""
    if tf.executing_eagerly():
        yield None
        return
    with graph.session() as session:
        if hasattr(tf1.keras.backend, "set_session"):  # Keras 3 knows no session
            tf1.keras.backend.set_session(session)
        yield session


def trainable_by_order(keras):
    """{place in ``weights``: variable} of a Keras model's trainable weights."""
    trainable = {id(each) for each in keras.trainable_weights}
    return {
        str(index): variables.plain(each)
        for index, each in enumerate(keras.weights)
        if id(each) in trainable
    }


def trainable_by_path(keras):
    """{attribute path: variable} of a Keras model's trainable weights."""
    trainable = {id(variables.plain(each)) for each in keras.trainable_weights}
    return {path: each for path, each in variables.paths(keras).items() if id(each) in trainable}


def input_names(keras, model):
    """The names of the Keras model's inputs, in its order.

    Raises:
        ModelError: they are not the names in ``inputs``.
    """
    names = tensor_names(keras)
    if sorted(names) != sorted(model.inputs):
        raise ModelError(
            "%s: keras_model() has Input layers %s, `inputs` says %s. Name them alike: "
            "tf.keras.Input(..., name=...)." % (model.title, sorted(names), sorted(model.inputs))
        )
    return names


def tensor_names(keras):
    """The names of a Keras model's Input layers, in the order it takes them."""
    names = getattr(keras, "input_names", None)
    return list(names or [each.name.partition(":")[0] for each in keras.inputs])


def named_outputs(keras, outputs):
    """What a Keras model gave as an OrderedDict: its own dict, or its output layers' names."""
    if isinstance(outputs, dict):
        return collections.OrderedDict(sorted(outputs.items()))
    parts = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return collections.OrderedDict(zip(keras.output_names, parts))


def named_call(keras, names):
    """A function of tensors by name that calls the Keras model and names its outputs."""

    def call(**tensors):
        ordered = [tensors[name] for name in names]
        return named_outputs(keras, keras(ordered[0] if len(ordered) == 1 else ordered))

    return call
