"""``tf.keras.Model.save(folder, save_format="tf")`` with signatures, as the guide uses it.

Variant ``save_model``: the function ``tf.keras.models.save_model``, which it names beside it.
"""

import tensorflow as tf

from .. import keras_models, record, variables
from . import tf_module

#: Keras layers take batches.
BATCHED = True
NEEDS_KERAS_MODEL = True


def save(model, payload, variant):
    """Save the model's ``keras_model()``; Keras 3 refuses, and that refusal is the result."""
    if variant not in (None, "save_model"):
        raise ValueError("there is no variant %r; there is save_model" % (variant,))
    with keras_models.built(model) as built:
        signature = tf_module.signature_function(model, built.call, model.inputs, concrete=False)
        found = variables.by_order(built.keras.weights, built.session)
        signatures = {record.SIGNATURE: signature}
        if variant == "save_model":
            tf.keras.models.save_model(
                built.keras, payload, save_format="tf", signatures=signatures
            )
        else:
            built.keras.save(payload, save_format="tf", signatures=signatures)
        saved = {"outputs": built.outputs, "variables": found, "keras": built.told}
    saved.update(keras_models.recorded(model, keras_models.trainable_by_order))
    return record.Saved(model.examples, batched=model.batched, **saved)
