"""``tf.compat.v1.saved_model.Builder``, as the migration guide uses it; variants ref, resource."""

import tensorflow as tf

from .. import record
from . import graph

tf1 = tf.compat.v1


def save(model, payload, variant):
    """Save a graph and its variables with one predict signature."""
    with graph.built(model, variant) as built:
        outputs = built.run(model.examples)
        builder = tf1.saved_model.Builder(payload)
        signature = tf1.saved_model.predict_signature_def(
            inputs=dict(built.inputs), outputs=dict(built.outputs)
        )
        builder.add_meta_graph_and_variables(
            built.session,
            tags=[tf1.saved_model.tag_constants.SERVING],
            signature_def_map={record.SIGNATURE: signature},
            main_op=graph.main_op(),
        )
        builder.save()
        return built.saved(model, outputs, variant)
