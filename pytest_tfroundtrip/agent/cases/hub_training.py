"""What TensorFlow Hub's documents say of fine-tuning, in the ways that they write it.

What is trained gives twice as much in training mode, so that a step tells the mode it was done in:
the loss is the square of the output, the rate :data:`training.RATE`.
"""

import os

import numpy as np
import tensorflow as tf

from .. import keras_fit, training, variables
from . import tools

tf1 = tf.compat.v1
BATCH = [tf.TensorSpec([None, 1], tf.float32)]
GIVEN = np.array([[2.0]], np.float32)
WEIGHT = 3.0
TRAINED = WEIGHT - training.RATE * 96.0  # (2 * 2 * w) ** 2 has the slope 32 * w
NOT_TRAINING = WEIGHT - training.RATE * 24.0


class Reusable(tf.Module):
    """As Hub wants what can be trained: both modes, and lists of variables and losses."""

    variables = trainable_variables = regularization_losses = None  # over tf.Module's properties

    def __init__(self):
        super(Reusable, self).__init__()
        self.w = tf.Variable(WEIGHT)
        self.variables = [self.w]
        self.trainable_variables = [self.w]
        self.regularization_losses = []
        for mode in (False, True):
            self.__call__.get_concrete_function(BATCH[0], training=mode)

    @tf.function
    def __call__(self, x, training=False):
        return x * self.w * (2.0 if training else 1.0)


def save(folder):
    """A reusable SavedModel."""
    tf.saved_model.save(Reusable(), folder + "/reusable")


def save_with_train_graph(folder):
    """A model in the TF1 Hub format with a graph of its own for training."""
    hub = tools.hub()

    def module_fn(training=False):
        w = tf1.get_variable("w", initializer=WEIGHT)
        x = tf1.placeholder(tf.float32, [None, 1], name="x")
        hub.add_signature(inputs=x, outputs=x * w * (2.0 if training else 1.0))

    graphs = [(set(), {}), ({"train"}, {"training": True})]
    spec = hub.create_module_spec(module_fn, tags_and_args=graphs)
    with tf.Graph().as_default():
        module = hub.Module(spec)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            module.export(folder + "/module", session)


def _is_trained(weight):
    assert weight != NOT_TRAINING, "the step was done in inference mode: %s" % weight
    assert weight == TRAINED, weight
    return "from %s to %s by a step in training mode" % (WEIGHT, weight)


def load_is_trained(folder):
    """``m(inputs, training=is_training)``."""
    m = tools.hub().load(folder + "/reusable")
    inputs = tf.constant(GIVEN)
    found = {is_training: m(inputs, training=is_training).numpy() for is_training in (False, True)}
    assert (found[False].tolist(), found[True].tolist()) == ([[6.0]], [[12.0]]), found
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(m(inputs, training=True)))
    (gradient,) = tape.gradient(loss, m.trainable_variables)
    m.trainable_variables[0].assign_sub(training.RATE * gradient)
    return _is_trained(float(m.trainable_variables[0].numpy()))


def fitted(path):
    """The weight of a ``hub.KerasLayer(path, trainable=True)`` after ``Model.fit`` on one batch."""
    if tf.executing_eagerly():
        return _fitted(path)
    with tf.Graph().as_default(), tf1.Session().as_default():
        return _fitted(path)


def _fitted(path):
    layer = tools.hub().KerasLayer(path, trainable=True, input_shape=[1])
    model = tf.keras.Sequential([layer])
    keras = keras_fit.package(model)
    model.compile(optimizer=keras_fit.optimizer(keras), loss="mse")
    model.fit(GIVEN, np.zeros([1, 1], np.float32), batch_size=1, epochs=1, verbose=0)
    (weight,) = model.get_weights()
    return float(weight)


def layer_is_trained_by_fit(folder):
    return _is_trained(fitted(folder + "/reusable"))


def layer_is_trained_in_an_estimator(folder):
    """The migration guide's custom model_fn around a Keras model."""
    names = []

    def model_fn(features, labels, mode):
        is_training = mode == tf.estimator.ModeKeys.TRAIN
        layer = tools.hub().KerasLayer(folder + "/reusable", trainable=True, input_shape=[1])
        model = tf.keras.Sequential([layer])
        loss = tf.reduce_mean(tf.square(model(features, training=is_training) - labels))
        names[:] = [variables.graph_name(each) for each in model.trainable_variables]
        step = tf1.train.GradientDescentOptimizer(training.RATE).minimize(
            loss,
            var_list=model.trainable_variables,
            global_step=tf1.train.get_or_create_global_step(),
        )
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    estimator = tf.estimator.Estimator(model_fn, os.path.abspath("model"))
    estimator.train(lambda: tf.data.Dataset.from_tensors((GIVEN, np.zeros_like(GIVEN))), steps=1)
    return _is_trained(float(estimator.get_variable_value(names[0])))


def module_trains_by_tag(folder):
    """``hub.Module(handle, trainable=True, tags=["train"] * is_training)``."""
    inference, _ = _module_step(folder, is_training=False)
    output, weight = _module_step(folder, is_training=True)
    assert (inference, output) == ([[6.0]], [[12.0]]), (inference, output)
    return _is_trained(weight)


def _module_step(folder, is_training):
    with tf.Graph().as_default():
        m = tools.hub().Module(folder + "/module", trainable=True, tags=["train"] * is_training)
        outputs = m(tf.constant(GIVEN))
        loss = tf.reduce_mean(tf.square(outputs))
        step = tf1.train.GradientDescentOptimizer(training.RATE).minimize(loss)
        (weight,) = tf1.trainable_variables()
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            found = session.run(outputs).tolist()
            session.run(step)
            return found, float(session.run(weight))


def formats_limit_fine_tuning(folder):
    """Of one layer: what a TF2 SavedModel allows, the TF1 Hub format does not."""
    tf.saved_model.save(Reusable(), "reusable")
    taken = _trainable("reusable")
    try:
        _trainable(folder + "/module")
    except ValueError as error:
        assert "trainable = True is unsupported" in str(error), error
        return "trainable=True is refused for the TF1 Hub format; a TF2 SavedModel gives %s" % taken
    raise AssertionError("the TF1 Hub format is taken with trainable=True")


def _trainable(path):
    layer = tools.hub().KerasLayer(path, trainable=True)
    layer(tf.constant(GIVEN))
    return "%d trainable weight" % len(layer.trainable_weights)
