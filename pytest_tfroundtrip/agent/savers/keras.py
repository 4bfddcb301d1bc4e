"""``tf.keras.Model.save(folder, save_format="tf")`` with signatures, as the guide uses it."""

import collections

import tensorflow as tf

from .. import record, training, variables
from ..errors import ModelError, Refusal
from . import graph, tf_module

tf1 = tf.compat.v1

#: Keras layers take batches.
BATCHED = True
NEEDS_KERAS_MODEL = True


def save(model, payload, _variant):
    """Save the model's ``keras_model()``; Keras 3 refuses, and that refusal is the result."""
    built = model.keras_model()
    names = input_names(built, model)
    call = _named_call(built, names)
    if not tf.executing_eagerly() and not hasattr(tf1.keras.backend, "get_session"):
        # Keras 3 knows no session, so there are no outputs to record; its refusal is the result.
        built.save(payload, save_format="tf", signatures={})
        raise Refusal("Keras 3 wrote a SavedModel in graph mode, which nothing here can check")
    if tf.executing_eagerly():
        session = None
        outputs = [tf_module._eager(model, call, example) for example in model.examples]
    else:
        session = tf1.keras.backend.get_session()
        with session.graph.as_default():
            inputs = graph.placeholders(model.inputs, prefix="fed_")
            tensors = model.call(call, inputs)
            # Keras initialises its own variables when it hands out its session.
            session = tf1.keras.backend.get_session()
            outputs = graph.Built(session, inputs, tensors).run(model.examples)
    signature = tf_module.signature_function(model, call, model.inputs, concrete=False)
    found = variables.by_order(built.weights, session)
    built.save(payload, save_format="tf", signatures={record.SIGNATURE: signature})
    step = _trained_eagerly if session is None else _trained_in_graph
    return record.Saved(
        model.examples,
        outputs,
        found,
        model.batched,
        keras={"inputs": names, "outputs": list(outputs[0])},
        **training.recorded(model, lambda example: step(model, example)),
    )


def _trained_eagerly(model, example):
    built = model.keras_model()
    call = _named_call(built, input_names(built, model))
    return training.eagerly(
        lambda **tensors: model.call(call, tensors), example, trainable_by_order(built)
    )


def _trained_in_graph(model, example):
    with graph.session() as session:
        tf1.keras.backend.set_session(session)
        built = model.keras_model()
        inputs = graph.placeholders(model.inputs, prefix="fed_")
        outputs = model.call(_named_call(built, input_names(built, model)), inputs)
        step = training.InGraph(inputs, outputs, trainable_by_order(built))
        graph.initialise(session)
        return step.run(session, example)


def trainable_by_order(built):
    """{place in ``weights``: weight} of a Keras model's trainable weights."""
    trainable = {id(each) for each in built.trainable_weights}
    return {str(index): each for index, each in enumerate(built.weights) if id(each) in trainable}


def input_names(built, model):
    """The names of the Keras model's inputs, in its order.

    Raises:
        ModelError: they are not the names in ``inputs``.
    """
    names = tensor_names(built)
    if sorted(names) != sorted(model.inputs):
        raise ModelError(
            "%s: keras_model() has Input layers %s, `inputs` says %s. Name them alike: "
            "tf.keras.Input(..., name=...)." % (model.title, sorted(names), sorted(model.inputs))
        )
    return names


def tensor_names(built):
    """The names of a Keras model's Input layers, in the order it takes them."""
    names = getattr(built, "input_names", None)
    return list(names or [each.name.partition(":")[0] for each in built.inputs])


def named_outputs(built, outputs):
    """What a Keras model gave as an OrderedDict: its own dict, or its output layers' names."""
    if isinstance(outputs, dict):
        return collections.OrderedDict(sorted(outputs.items()))
    parts = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return collections.OrderedDict(zip(built.output_names, parts))


def _named_call(built, names):
    def call(**tensors):
        ordered = [tensors[name] for name in names]
        return named_outputs(built, built(ordered[0] if len(ordered) == 1 else ordered))

    return call
