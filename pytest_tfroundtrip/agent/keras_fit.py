"""``Model.fit`` as the step of ``training.py``: SGD, "mse", targets of zero, one batch."""

import tensorflow as tf

from . import record, training, values, variables

tf1 = tf.compat.v1


def fit(model, names, example, trainable, predict):
    """Train a Keras model by one batch.

    Args:
        model: the model; it is compiled here.
        names: of the example's inputs, in the model's order.
        example: {name: wire.Tensor}.
        trainable: {name in the record: weight}.
        predict: function of an example that gives {output: wire.Tensor}.

    Returns:
        ``record.Trained``.
    """
    arrays = [values.to_feed(example[name]) for name in names]
    given = arrays[0] if len(arrays) == 1 else arrays
    model.compile(optimizer=optimizer(), loss=losses(model))
    rows = arrays[0].shape[0]
    model.fit(given, targets(model, rows), batch_size=rows, epochs=1, shuffle=False, verbose=0)
    session = None if tf.executing_eagerly() else tf1.keras.backend.get_session()
    names = sorted(trainable)
    found = variables.read([trainable[name] for name in names], names, session)
    return record.Trained(predict(example), found)


def optimizer():
    """SGD at the rate; in graph mode the legacy one where there are two.

    The other one reads its own variables eagerly: "numpy() is only available when eager execution
    is enabled" (2.11 on, in compat mode).
    """
    optimizers = tf.keras.optimizers
    if not tf.executing_eagerly() and hasattr(optimizers, "legacy"):
        return optimizers.legacy.SGD(training.RATE)
    return optimizers.SGD(training.RATE)


def losses(model):
    """The loss of every floating output is "mse"; None, which is none, is that of the others."""
    kinds = [tf.as_dtype(each.dtype).is_floating for each in model.outputs]
    if len(kinds) == 1:
        return "mse"
    names = getattr(model, "output_names", None)
    return dict(zip(names, ["mse" if kind else None for kind in kinds]))


def targets(model, rows):
    """Zeros in the shape of each output for so many rows."""
    import numpy as np

    shapes = [[rows] + list(each.shape)[1:] for each in model.outputs]
    zeros = [np.zeros([int(part) for part in shape], np.float32) for shape in shapes]
    return zeros[0] if len(zeros) == 1 else dict(zip(model.output_names, zeros))
