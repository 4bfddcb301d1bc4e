"""A ``hub.KerasLayer`` in a Keras model that an Estimator's ``model_fn`` wraps.

The model_fn is the migration guide's, "using a custom model_fn": the optimizer is told the model's
variables, because the layer enters none of them among the graph's trainable ones.
"""

import os

import tensorflow as tf

from . import hub_models, record, training, values, variables

tf1 = tf.compat.v1


def train(layers, example, trainable):
    """Train one step, by an Estimator with a model_dir of its own.

    Args:
        layers: the ``hub_layers.Layers`` that makes the layer.
        example: {name: wire.Tensor}.
        trainable: function of the layer that gives {name in the record: variable}.

    Returns:
        ``record.Trained``; the variables are those of the Estimator's checkpoint.
    """
    graph_names = {}

    def model_fn(features, labels, mode):
        del labels
        layer = layers.make(trainable=True)
        is_training = mode == tf.estimator.ModeKeys.TRAIN
        model, call = hub_models.functional(layers, layer, is_training)
        outputs = call(**features)
        if mode == tf.estimator.ModeKeys.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions=outputs)
        loss = training.loss_of(outputs)
        for name, each in trainable(layer).items():
            graph_names[name] = variables.graph_name(each)
        optimizer = tf1.train.GradientDescentOptimizer(training.RATE)
        step = optimizer.minimize(
            loss,
            var_list=model.trainable_variables,
            global_step=tf1.train.get_or_create_global_step(),
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    def input_fn():
        return tf.data.Dataset.from_tensors(
            {name: values.to_tf(each) for name, each in example.items()}
        )

    estimator = tf.estimator.Estimator(model_fn, os.path.abspath("hub_estimator"))
    estimator.train(input_fn, steps=1)
    (outputs,) = estimator.predict(input_fn, yield_single_examples=False)
    told = layers.contract()["outputs"]
    return record.Trained(
        {name: values.from_array(each, told[name]["dtype"]) for name, each in outputs.items()},
        {name: _checkpointed(estimator, full) for name, full in graph_names.items()},
    )


def _checkpointed(estimator, name):
    value = estimator.get_variable_value(name)
    return values.from_array(value, value.dtype)
