"""Acme's export: ``serving_default`` with every output, ``only_NAME`` with one."""

import tensorflow as tf
from tf_roundtrip_agent import record
from tf_roundtrip_agent.savers import graph

tf1 = tf.compat.v1


def save(model, payload, variant):
    """Save the model's graph; the variant ``stripped`` without attributes that say the default."""
    with graph.built(model) as built:
        outputs = built.run(model.examples)
        export(built.session, payload, built.inputs, built.outputs, variant == "stripped")
        return built.saved(model, outputs)


def export(session, folder, inputs, outputs, stripped):
    """What Acme's trainers call.

    Args:
        session: holds the trained variables.
        folder: does not exist yet.
        inputs: {name: tensor}.
        outputs: the same.
        stripped: leave out attributes that have their default value.
    """
    signatures = {record.SIGNATURE: _predict(inputs, outputs)}
    for name, tensor in outputs.items():
        signatures["only_" + name] = _predict(inputs, {name: tensor})
    builder = tf1.saved_model.Builder(folder)
    builder.add_meta_graph_and_variables(
        session,
        tags=[record.SERVE],
        signature_def_map=signatures,
        main_op=graph.main_op(),
        strip_default_attrs=stripped,
    )
    builder.save()


def _predict(inputs, outputs):
    return tf1.saved_model.predict_signature_def(inputs=dict(inputs), outputs=dict(outputs))
