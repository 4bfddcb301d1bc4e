"""``tf.saved_model.save`` of a Keras model, with signatures."""

import tensorflow as tf

from .. import keras_models, record, variables
from . import tf_module

#: Keras layers take batches.
BATCHED = True
NEEDS_KERAS_MODEL = True


def save(model, payload, _variant):
    """Save the model's ``keras_model()`` as any other ``tf.Module``."""
    with keras_models.built(model) as built:
        signature = tf_module.signature_function(model, built.call, model.inputs, concrete=False)
        # What Keras 2 saves has a list ``variables``, in the order of ``weights``. Keras 3 leaves
        # its variables where its layers have them.
        ordered = all(isinstance(each, tf.Variable) for each in built.keras.weights)
        if ordered:
            found = variables.by_order(built.keras.weights, built.session)
        else:
            found = variables.by_path(variables.paths(built.keras), built.session)
        tf.saved_model.save(built.keras, payload, signatures={record.SIGNATURE: signature})
        saved = {"outputs": built.outputs, "variables": found, "keras": built.told}
    named = keras_models.trainable_by_order if ordered else keras_models.trainable_by_path
    saved.update(keras_models.recorded(model, named))
    return record.Saved(model.examples, batched=model.batched, **saved)
