"""A ``hub.KerasLayer`` in a Keras model: a Sequential or a functional one.

Both give the model and a function of named tensors that calls it; ``layers`` is the
``hub_layers.Layers`` that made the layer.
"""

import importlib

import tensorflow as tf


def sequential(layers, layer):
    """``Sequential([layer])``, of ``tf.keras`` or, for ``tf_keras``, of the layer's own Keras."""
    keras = importlib.import_module("tf_keras") if layers.variant == "tf_keras" else tf.keras
    model = keras.Sequential([layer])
    return model, layers.call(model)


def functional(layers, layer, training=None):
    """A ``tf.keras.Model`` from Input layers through the layer, called in a mode or the default."""
    specs = layers.contract()["inputs"]
    inputs = [
        tf.keras.Input(batch_shape=specs[name]["shape"], dtype=specs[name]["dtype"], name=name)
        for name in layers.inputs
    ]
    outputs = layers.call(layer)(**dict(zip(layers.inputs, inputs)))
    model = tf.keras.Model(inputs=inputs, outputs=outputs)
    mode = {} if training is None else {"training": training}

    def call(**tensors):
        ordered = [tensors[name] for name in layers.inputs]
        return model(ordered[0] if len(ordered) == 1 else ordered, **mode)

    return model, call


def known_inputs(layers):
    """What a layer is told so that a Sequential knows its outputs before it is fed."""
    (spec,) = layers.contract()["inputs"].values()
    return {"input_shape": tuple(spec["shape"][1:]), "dtype": spec["dtype"]}
