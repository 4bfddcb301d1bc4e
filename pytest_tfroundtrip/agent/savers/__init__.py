"""One module per save API: ``save(model, payload, variant)`` returns a ``record.Saved``.

``payload`` is a folder that does not exist yet. ``BATCHED`` says that rank 0 inputs need a batch
dimension, ``NEEDS_KERAS_MODEL`` that the model must bring a Keras model. ``view(model, variant)``,
where there is one, gives the model as that variant saves it. Both may raise ``errors.Absent``.
"""
