"""Models as TensorFlow Hub's guides have them, in syntax that Python 3.6 reads."""

import numpy as np
import tensorflow as tf

_WEIGHTS = np.array([[0.5], [-1.25], [2.0]], dtype=np.float32)


class Reusable(tf.Module):
    """Hub's "reusable SavedModel": lists of its variables and losses, both modes traced.

    In training it counts its batches, as a batch normalization would keep its averages, and gives
    twice as much: a step in the wrong mode ends elsewhere.
    """

    inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}
    examples = {"x": [[1.0, 2.0, 3.0], [-0.5, 0.25, 8.0]]}

    # Properties of tf.Module, which nothing saves; hub.KerasLayer looks for lists.
    variables = None
    trainable_variables = None
    regularization_losses = None

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(_WEIGHTS, name="w")
        self.b = tf.Variable([0.75], name="b")
        self.batches = tf.Variable(0.0, trainable=False, name="batches")
        self.variables = [self.w, self.b, self.batches]
        self.trainable_variables = [self.w, self.b]
        self.regularization_losses = []
        for training in (False, True):
            self.__call__.get_concrete_function(self.inputs["x"], training=training)

    @tf.function
    def __call__(self, x, training=False):  # noqa: FBT002  as Keras calls it
        if training:
            self.batches.assign_add(1.0)
        y = tf.matmul(x, self.w) + self.b
        return {"y": 2.0 * y if training else y}

    @staticmethod
    def expected(x):
        return {"y": x @ _WEIGHTS + np.float32(0.75)}


class Doubled(tf.Module):
    """Gives twice as much in training: a step through the other graph or mode ends elsewhere."""

    inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}
    examples = {"x": [[1.0, 2.0, 3.0], [-0.5, 0.25, 8.0]]}

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(_WEIGHTS, name="w")

    def __call__(self, x, training=False):  # noqa: FBT002  as Keras calls it
        y = tf.matmul(x, self.w)
        return {"y": 2.0 * y if training else y}


class Moving(tf.Module):
    """Moves its offset towards what it is fed, in training only, as a batch normalization does."""

    inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}
    examples = {"x": [[1.0, 2.0, 3.0], [-0.5, 0.25, 8.0]]}

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(_WEIGHTS, name="w")
        self.offset = tf.Variable(0.0, trainable=False, name="offset")

    def __call__(self, x, training=None):
        if training:
            self.offset.assign_add(tf.reduce_mean(x))
        return {"y": tf.matmul(x, self.w) + self.offset}


class Conventional(tf.Module):
    """One input and one output that need no name in the TF1 Hub format."""

    inputs = {"default": tf.TensorSpec([None, 3], tf.float32)}
    examples = {"default": [[1.0, 2.0, 3.0]]}

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(_WEIGHTS, name="w")

    def __call__(self, default):
        return {"default": tf.matmul(default, self.w)}


class TwoInputs(tf.Module):
    """The guide's ``m(dict(x1=..., x2=...), signature="sig", as_dict=True)``."""

    inputs = {"x1": tf.TensorSpec([None], tf.float32), "x2": tf.TensorSpec([None], tf.float32)}
    examples = {"x1": [1.0, 2.0], "x2": [3.0, -4.0]}

    def __init__(self):
        super().__init__()
        self.scale = tf.Variable(1.5, name="scale")

    def __call__(self, x1, x2):
        return {"difference": (x1 - x2) * self.scale, "total": (x1 + x2) * self.scale}
