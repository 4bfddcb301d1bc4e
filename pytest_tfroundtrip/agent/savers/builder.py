"""``tf.compat.v1.saved_model.Builder``, as the migration guide uses it.

Variants ``ref`` and ``resource`` (kinds of variables), ``classify`` and ``regress`` (signatures).
"""

import tensorflow as tf

from .. import record, serving
from . import graph

tf1 = tf.compat.v1

#: The model, or what classify and regress ask of it.
view = serving.view


def save(model, payload, variant):
    """Save a graph and its variables with one signature."""
    kind = None if variant in serving.METHODS else variant
    with graph.built(model, kind) as built:
        outputs = built.run(model.examples)
        builder = tf1.saved_model.Builder(payload)
        builder.add_meta_graph_and_variables(
            built.session,
            tags=[tf1.saved_model.tag_constants.SERVING],
            signature_def_map={record.SIGNATURE: _signature(built, variant)},
            # Without it a table's file is read from where it was, on this machine.
            assets_collection=tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS),
            main_op=graph.main_op(),
        )
        builder.save()
        return built.saved(model, outputs, kind)


def _signature(built, variant):
    inputs, outputs = dict(built.inputs), dict(built.outputs)
    if variant == "classify":
        return tf1.saved_model.classification_signature_def(
            examples=inputs[serving.INPUTS],
            classes=outputs[serving.CLASSES],
            scores=outputs[serving.SCORES],
        )
    if variant == "regress":
        return tf1.saved_model.regression_signature_def(
            examples=inputs[serving.INPUTS], predictions=outputs[serving.OUTPUTS]
        )
    return tf1.saved_model.predict_signature_def(inputs=inputs, outputs=outputs)
