"""``tf.compat.v1.saved_model.simple_save``."""

import tensorflow as tf

from . import graph

tf1 = tf.compat.v1


def save(model, payload, variant):
    """Save a graph and its variables with the one call that needs no builder."""
    with graph.built(model, variant) as built:
        outputs = built.run(model.examples)
        tf1.saved_model.simple_save(
            built.session,
            payload,
            inputs=dict(built.inputs),
            outputs=dict(built.outputs),
            legacy_init_op=graph.main_op(),
        )
        return built.saved(model, outputs)
