"""SavedModels that scenes write, and what they are held to."""

import os

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
X = np.array([[1.0, 2.0, 3.0]], np.float32)
Y = X * 2.0 + 1.0


class Affine(tf.Module):
    """``x * 2 + 1`` in variables."""

    def __init__(self):
        super(Affine, self).__init__()
        self.w = tf.Variable(2.0, name="w")
        self.b = tf.Variable(1.0, name="b")

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32, name="x")])
    def __call__(self, x):
        return {"y": x * self.w + self.b}


def is_y(got):
    """Whether this is what the model gives for ``X``, however it is packed."""
    while isinstance(got, (dict, list, tuple)):
        (got,) = got.values() if isinstance(got, dict) else got
    return np.allclose(np.asarray(got), Y)


def affine(folder, name="affine"):
    directory = os.path.join(folder, name)
    tf.saved_model.save(Affine(), directory)
    return directory


def variables(use_resource):
    """The variables of the model in a graph."""
    w = tf1.get_variable("w", initializer=2.0, use_resource=use_resource)
    return w, tf1.get_variable("b", initializer=1.0, use_resource=use_resource)


def graph(directory, build=None, tags=("serve",), signature=None, **more):
    """Write the model as TF1 code does.

    Args:
        directory: where to.
        build: takes the placeholder, gives the outputs.
        tags: of the meta graph.
        signature: changes the signature before it is written.
        more: for ``add_meta_graph_and_variables``; what is callable is called in the graph.
    """
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        if build is None:
            w, b = variables(use_resource=False)
            outputs = {"y": x * w + b}
        else:
            outputs = build(x)
        session.run([tf1.global_variables_initializer(), tf1.tables_initializer()])
        info = tf1.saved_model.build_tensor_info
        written = tf1.saved_model.build_signature_def(
            {"x": info(x)},
            {name: info(each) for name, each in outputs.items()},
            "tensorflow/serving/predict",
        )
        if signature is not None:
            signature(written)
        more = {name: each() if callable(each) else each for name, each in more.items()}
        writer = tf1.saved_model.Builder(directory)
        writer.add_meta_graph_and_variables(
            session, list(tags), {"serving_default": written}, **more
        )
        writer.save()
    return directory


def run(session, x=X, inputs="x:0", outputs=None):
    """What a session gives; by the tensors of the model's signature."""
    if outputs is None:
        outputs = "add:0"
    return session.run(outputs, {inputs: x})
