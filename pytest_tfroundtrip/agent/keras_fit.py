"""``Model.fit`` as the step of ``training.py``: SGD, the mean square, one batch.

It trains models of both Keras packages that a runtime can have: hub.KerasLayer is a layer of
tf_keras where ``tf.keras`` is Keras 3.
"""

import sys

import tensorflow as tf

from . import contract, record, training, values, variables


def fit(model, names, example, trainable, predict):
    """Train a Keras model by one batch.

    Args:
        model: the model, of known outputs; it is compiled here.
        names: of the example's inputs, in the model's order.
        example: {name: wire.Tensor}.
        trainable: {name in the record: weight}.
        predict: function of an example that gives {output: wire.Tensor}.

    Returns:
        ``record.Trained``.
    """
    keras = package(model)
    # Tensors, where there are such: Keras 2 casts numpy's float64 to float32.
    give = values.to_tf if tf.executing_eagerly() else values.to_feed
    arrays = [give(example[name]) for name in names]
    rows = int(arrays[0].shape[0])
    model.compile(optimizer=optimizer(keras), loss=_of_each(model, _loss_of(model)))
    model.fit(
        arrays[0] if len(arrays) == 1 else arrays,
        _of_each(model, lambda output: _zeros(output, rows)),
        batch_size=rows,
        epochs=1,
        shuffle=False,
        verbose=0,
    )
    return record.Trained(predict(example), _read(keras, trainable))


def package(model):
    """The Keras that a model is of: ``tf.keras``, or tf_keras beside it."""
    for base in type(model).__mro__:
        root = base.__module__.partition(".")[0]
        if root == "tf_keras":
            return sys.modules[root]
    return tf.keras


def optimizer(keras):
    """SGD at the rate; in graph mode the legacy one where there are two.

    The other one reads its own variables eagerly: "numpy() is only available when eager execution
    is enabled" (2.11 on, in compat mode).
    """
    optimizers = keras.optimizers
    # Keras 3 has a "legacy" too, whose SGD refuses to be made.
    if not tf.executing_eagerly() and hasattr(optimizers, "legacy") and not _is_keras_3(keras):
        return optimizers.legacy.SGD(training.RATE)
    return optimizers.SGD(training.RATE)


def _is_keras_3(keras):
    return getattr(keras, "__version__", "").startswith("3.")


def _of_each(model, make):
    """``make(output)`` of every output, as ``compile`` and ``fit`` take it for this model.

    They take the structure that the model returns, a dict by its own keys, or they go by the names
    of the output layers, which are others. (In a list these would miss the targets of the outputs
    without a loss.)
    """
    by_layers = _goes_by_layers(model)
    structure = getattr(model, "output", None)
    if isinstance(structure, dict) and not by_layers:
        return {name: make(output) for name, output in structure.items()}
    made = [make(output) for output in model.outputs]
    if len(made) == 1:
        return made[0]
    return dict(zip(model.output_names, made)) if by_layers else made


def _goes_by_layers(model):
    """Whether Keras trains it the old way: before 2.2, and in graph mode."""
    return not (tf.executing_eagerly() and hasattr(type(model), "train_step"))


def _loss_of(model):
    """A function of an output that gives its loss: :func:`_square` of a floating one, else None.

    1.15 gives the losses that are not None to the first outputs when it is eager (``_model_loss``
    in keras/engine/training_eager.py counts them apart), so there no output may be without one.
    """
    none = _nothing if _goes_by_layers(model) and tf.executing_eagerly() else None
    return lambda output: _square if tf.as_dtype(output.dtype).is_floating else none


def _square(_zeros, output):
    """The mean square of each row.

    Not "mse": in graph mode the targets of an output of rank 1 come with a second dimension.
    """
    rest = list(range(1, len(output.shape)))
    return tf.cast(tf.reduce_mean(tf.square(output), axis=rest), tf.float32)


def _nothing(_zeros, output):
    return tf.zeros(tf.shape(output)[:1], tf.float32)


def _zeros(output, rows):
    import numpy as np

    shape = [1 if part is None else part for part in contract.dimensions(output.shape)[1:]]
    return np.zeros([rows] + shape, tf.as_dtype(output.dtype).as_numpy_dtype)


def _read(keras, trainable):
    names = sorted(trainable)
    found = [variables.plain(trainable[name]) for name in names]
    if tf.executing_eagerly():
        return variables.read(found, names, None)
    arrays = keras.backend.batch_get_value(found)
    return {
        name: values.from_array(array, each.dtype)
        for name, each, array in zip(names, found, arrays)
    }
