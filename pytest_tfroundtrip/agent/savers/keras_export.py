"""``tf.keras.Model.export(folder)``: Keras' own way to write a SavedModel from 2.12 on."""

from .. import contract, keras_models, record, variables

#: Keras layers take batches.
BATCHED = True
NEEDS_KERAS_MODEL = True


def save(model, payload, _variant):
    """Export the model's ``keras_model()``.

    Nobody is asked for names. The outputs of a model that returns no dict are written as
    ``output_0`` and so on, and 2.12 writes inputs as ``args_0``.
    """
    with keras_models.built(model) as built:
        found = variables.by_order(built.keras.weights, built.session)
        built.keras.export(payload)
        saved = {"outputs": built.outputs, "variables": found}
        told = built.told
    saved.update(keras_models.recorded(model, keras_models.trainable_by_order))
    written = contract.of_saved_model(payload, (record.SERVE,))["signatures"]
    # Clients ask for ``serving_default``; ``serve`` is Keras' own name for it.
    key = record.SIGNATURE if record.SIGNATURE in written else min(written)
    renamed = {part: record.names_written(told[part], written[key][part]) for part in told}
    keras = {part: [renamed[part].get(name, name) for name in told[part]] for part in told}
    return record.Saved(
        model.examples,
        batched=model.batched,
        signature=key,
        keras=keras,
        renamed=renamed if any(renamed.values()) else None,
        **saved,
    )
