"""What the guide says of Estimators' exports."""

import os
import re

import tensorflow as tf

from .restored import read

tf1 = tf.compat.v1
KEY = "serving_default"


def _estimator(outputs):
    def model_fn(features, labels, mode):
        del labels
        step = tf1.train.get_global_step()
        x = features["x"]
        return tf.estimator.EstimatorSpec(
            mode,
            predictions=x,
            train_op=step.assign_add(1),
            loss=tf.constant(0.0),
            export_outputs=outputs(x),
        )

    return tf.estimator.Estimator(model_fn, os.path.abspath("model"))


def _predict(x):
    return {KEY: tf.estimator.export.PredictOutput({"y": x + 2.0})}


def _receiver():
    return tf.estimator.export.build_raw_serving_input_receiver_fn({"x": tf.constant([3.0])})


def _train(estimator):
    estimator.train(lambda: tf.data.Dataset.from_tensors({"x": [3.0]}), steps=1)


def _exported(estimator):
    path = estimator.export_saved_model("exported", _receiver())
    return path.decode() if isinstance(path, bytes) else path


def timestamped_folder():
    estimator = _estimator(_predict)
    _train(estimator)
    path = _exported(estimator)
    parent, name = os.path.split(path)
    assert parent.endswith("exported"), path
    assert re.match(r"\d{10}$", name), path
    return "exported/%s" % re.sub(r"\d", "0", name)


def needs_a_checkpoint():
    try:
        _exported(_estimator(_predict))
    except ValueError as error:
        assert "trained model" in str(error), error
        return "refused without: %s" % str(error).partition(" at ")[0]
    raise AssertionError("it was exported without a checkpoint")


def output_types():
    """ClassificationOutput, RegressionOutput and PredictOutput, by their method names."""

    def outputs(x):
        scores = tf.reshape(x, [-1, 1])
        export = tf.estimator.export
        return {
            KEY: export.PredictOutput({"y": x}),
            "classes": export.ClassificationOutput(scores=scores),
            "value": export.RegressionOutput(value=x),
        }

    estimator = _estimator(outputs)
    _train(estimator)
    features = {"x": tf1.FixedLenFeature([], tf.float32)}
    receiver = tf.estimator.export.build_parsing_serving_input_receiver_fn(features)
    path = estimator.export_saved_model("exported", receiver)
    path = path.decode() if isinstance(path, bytes) else path
    found = {
        key: each.method_name.rpartition("/")[2] for key, each in read(path).signature_def.items()
    }
    wanted = {KEY: "predict", "classes": "classify", "value": "regress"}
    assert {key: found.get(key) for key in wanted} == wanted, found
    return ", ".join("%s: %s" % pair for pair in sorted(wanted.items()))


def raw_receiver_makes_placeholders():
    with tf.Graph().as_default():
        received = _receiver()()
        (feature,) = received.features.values()
        (tensor,) = received.receiver_tensors.values()
    assert feature.op.type == "Placeholder", feature.op.type
    assert tensor is feature, (tensor, feature)
    return "a Placeholder of %s" % feature.dtype.name
