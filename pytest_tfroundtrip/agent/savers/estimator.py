"""``tf.estimator.Estimator.export_saved_model``, as the guide uses it, with a PredictOutput.

Variants ``classify`` and ``regress``: ClassificationOutput and RegressionOutput, whose Examples
``build_parsing_serving_input_receiver_fn`` parses.
"""

import collections
import os
import shutil

import tensorflow as tf

from .. import record, serving, values
from . import graph

tf1 = tf.compat.v1

#: An Estimator's inputs are batches.
BATCHED = True


def view(model, variant):
    """The model on batches of any size, or what classify and regress ask of it."""
    return serving.view(_without_fixed_batch(model), variant)


def save(model, payload, variant):
    """Train one step that moves nothing but ``global_step``, export, move to ``payload``."""
    # An Estimator is trained on features; the receiver makes them of Examples when it serves.
    plain = model.plain if variant in serving.METHODS else model

    def model_fn(features, labels, mode):
        del labels
        outputs = plain.call(plain.build(), dict(features))
        step = tf1.train.get_or_create_global_step()
        return tf.estimator.EstimatorSpec(
            mode,
            predictions=outputs,
            train_op=step.assign_add(1),
            loss=tf.constant(0.0),
            export_outputs={record.SIGNATURE: _export_output(model, outputs, variant)},
        )

    config = tf.estimator.RunConfig(tf_random_seed=model.seed)
    estimator = tf.estimator.Estimator(model_fn, os.path.abspath("estimator"), config=config)
    estimator.train(lambda: _dataset(plain.examples[0]), steps=1)
    outputs = _outputs(model, estimator.latest_checkpoint())
    with tf.Graph().as_default():
        receiver = _receiver(model, variant)
        exported = estimator.export_saved_model(os.path.abspath("exported"), receiver)
    shutil.move(exported.decode() if isinstance(exported, bytes) else exported, payload)
    return outputs


def _export_output(model, outputs, variant):
    export = tf.estimator.export
    if variant == "classify":
        answer = model.answer(outputs)
        return export.ClassificationOutput(answer[serving.SCORES], answer[serving.CLASSES])
    if variant == "regress":
        return export.RegressionOutput(model.answer(outputs)[serving.OUTPUTS])
    return export.PredictOutput(outputs)


def _receiver(model, variant):
    if variant in serving.METHODS:
        return tf.estimator.export.build_parsing_serving_input_receiver_fn(model.features)
    # Only dtype, shape and name of these are taken, for the placeholders it makes.
    features = dict(graph.placeholders(model.inputs))
    return tf.estimator.export.build_raw_serving_input_receiver_fn(features)


def _without_fixed_batch(model):
    """Leave the first dimension unknown, as ``build_raw_serving_input_receiver_fn`` will."""
    fixed = type(model)(
        model.cls,
        model.title,
        collections.OrderedDict(
            (name, tf.TensorSpec([None] + list(spec.shape)[1:], spec.dtype, name=name))
            if spec.shape.rank
            else (name, spec)
            for name, spec in model.inputs.items()
        ),
        model.examples,
        model.seed,
        model._report,
    )
    fixed.batched = model.batched
    return fixed


def _dataset(example):
    """A dataset of one element."""
    return tf.data.Dataset.from_tensors(
        {name: values.to_tf(each) for name, each in example.items()}
    )


def _outputs(model, checkpoint):
    """Build the model once more, restore the checkpoint, compute; returns ``record.Saved``."""
    with graph.session() as session:
        tf1.train.create_global_step()
        inputs = graph.placeholders(model.inputs, prefix="fed_")
        built = graph.Built(session, inputs, model.call(model.build(), inputs))
        graph.initialise(session)
        tf1.train.Saver().restore(session, checkpoint)
        return built.saved(model, built.run(model.examples))
