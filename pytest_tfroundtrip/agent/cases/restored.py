"""What the guide says of objects: what is tracked, saved, restored and within reach."""

import numpy as np
import tensorflow as tf

from .. import saved_model_file

tf1 = tf.compat.v1
SCALAR = [tf.TensorSpec([], tf.float32)]


class Inner(tf.Module):
    def __init__(self):
        super(Inner, self).__init__()
        self.factor = tf.Variable(2.0)


class Outer(tf.Module):
    def __init__(self):
        super(Outer, self).__init__()
        self.inner = Inner()
        self.many = [tf.Variable(1.0), tf.Variable(3.0)]

    @tf.function(input_signature=SCALAR)
    def scaled(self, x):
        return x * self.inner.factor

    @tf.function(input_signature=SCALAR)
    def shifted(self, x):
        return x + self.many[1]

    def plain(self, x):
        return x


class TwoSteps(tf.Module):
    """A function with a value in its middle that no signature gives."""

    def __init__(self):
        super(TwoSteps, self).__init__()
        self.w = tf.Variable(3.0, name="w")

    @tf.function(input_signature=SCALAR)
    def __call__(self, x):
        middle = tf.identity(x * self.w, name="middle")
        return {"y": middle + 1.0}


def read(folder):
    """The one MetaGraphDef of a SavedModel."""
    (meta_graph,) = saved_model_file.meta_graphs(folder)
    return meta_graph


def module_tracks():
    outer = Outer()
    found = {id(each) for each in outer.variables}
    wanted = {id(each) for each in [outer.inner.factor] + list(outer.many)}
    assert found == wanted, outer.variables
    return "%d variables, in attributes, lists and modules below" % len(found)


def keras_model_tracks():
    class Model(tf.keras.Model):
        def __init__(self):
            super(Model, self).__init__()
            self.scale = tf.Variable(2.0)
            self.dense = tf.keras.layers.Dense(1)

        def call(self, inputs):
            return self.dense(inputs) * self.scale

    model = Model()
    model(tf.ones([1, 3]))
    found = {id(each) for each in model.variables}
    assert id(model.scale) in found, "model.variables has no tf.Variable of the model's own"
    return "%d variables" % len(found)


def connections_are_restored():
    outer = Outer()
    tf.saved_model.save(outer, "saved")
    loaded = tf.saved_model.load("saved")
    assert loaded.inner.factor.numpy() == 2.0
    assert [each.numpy() for each in loaded.many] == [1.0, 3.0]
    assert loaded.scaled(tf.constant(4.0)).numpy() == 8.0
    loaded.inner.factor.assign(5.0)
    assert loaded.scaled(tf.constant(4.0)).numpy() == 20.0, "the function has another variable"
    return "loaded.inner.factor, loaded.many[1], loaded.scaled, which uses loaded.inner.factor"


def components_are_saved_separately():
    outer = Outer()
    tf.saved_model.save(outer, "saved")
    meta_graph = read("saved")
    nodes = meta_graph.object_graph_def.nodes
    variables = [node for node in nodes if node.WhichOneof("kind") == "variable"]
    functions = [node for node in nodes if node.WhichOneof("kind") == "function"]
    bodies = [each.signature.name for each in meta_graph.graph_def.library.function]
    assert len(variables) == 3, variables
    assert len(functions) == 2, functions
    for name in ("scaled", "shifted"):
        assert any(name in body for body in bodies), bodies
    return "an object graph of 3 variables and 2 functions, %d function graphs" % len(bodies)


def only_objects_can_be_saved():
    class Plain(object):
        def __init__(self):
            self.v = tf.Variable(1.0)

    try:
        tf.saved_model.save(Plain(), "saved")
    except (ValueError, TypeError, AttributeError) as error:
        return "refused: %s" % str(error).splitlines()[0][:150]
    raise AssertionError("an object that tracks nothing was saved")


def no_global_variables():
    with tf.init_scope():
        made = tf.Variable(1.0)
    assert not tf1.global_variables(), tf1.global_variables()

    @tf.function
    def one():
        return made + 1.0

    @tf.function
    def other():
        return made + 2.0

    graphs = [each.get_concrete_function().graph for each in (one, other)]
    assert graphs[0] is not graphs[1]
    return "tf.compat.v1.global_variables() is empty; two functions, two graphs"


def variables_are_attributes():
    """The guide's model.dense_layer, saved with the object that its call lacks."""
    model = tf.Module()
    model.dense_layer = tf.keras.layers.Dense(2)
    model.dense_layer(tf.ones([1, 3]))
    tf.saved_model.save(model, "saved")
    loaded = tf.saved_model.load("saved")
    kernel = loaded.dense_layer.kernel.numpy()
    assert np.array_equal(kernel, model.dense_layer.kernel.numpy()), kernel
    return "loaded.dense_layer.kernel, of shape %s, has the values that were saved" % (
        kernel.shape,
    )


def _keras_model():
    x = tf.keras.Input(shape=(3,), name="x")
    return tf.keras.Model(x, tf.keras.layers.Dense(2)(x))


def keras_model_by_saved_model_save():
    """A tf.keras.Model, saved and loaded by tf.saved_model."""
    model, given = _keras_model(), np.ones([1, 3], np.float32)
    tf.saved_model.save(model, "saved")
    loaded = tf.saved_model.load("saved")
    (output,) = loaded.signatures["serving_default"](tf.constant(given)).values()
    assert np.allclose(output.numpy(), model(given).numpy()), output
    return "its signature gives what the model gave"


def keras_model_as_graph_only():
    """What Model.save wrote, by tf.saved_model.load: the graph, and nothing of Keras' own."""
    model, given = _keras_model(), np.ones([1, 3], np.float32)
    model.save("saved", save_format="tf")
    loaded = tf.saved_model.load("saved")
    (output,) = loaded.signatures["serving_default"](tf.constant(given)).values()
    assert np.allclose(output.numpy(), model(given).numpy()), output
    own = ("fit", "predict", "predict_on_batch", "summary", "get_config")
    there = [name for name in own if hasattr(loaded, name)]
    assert not isinstance(loaded, tf.keras.Model) and not there, (type(loaded), there)
    return "a %s without %s; its signature runs" % (type(loaded).__name__, ", ".join(own))


def functions_are_attributes():
    tf.saved_model.save(Outer(), "saved")
    loaded = tf.saved_model.load("saved")
    assert loaded.shifted(tf.constant(1.0)).numpy() == 4.0
    return "loaded.shifted"


def what_is_not_exported_is_gone():
    tf.saved_model.save(Outer(), "saved")
    loaded = tf.saved_model.load("saved")
    assert hasattr(loaded, "scaled")
    assert not hasattr(loaded, "plain"), "a method that is no tf.function was restored"
    return "a tf.function is restored, a plain method is not"


def no_part_of_a_function():
    """A restored function, asked for the tensor in its middle in each direct way."""
    model = TwoSteps()
    tf.saved_model.save(model, "saved")
    loaded = tf.saved_model.load("saved")
    concrete = loaded.__call__.get_concrete_function(*SCALAR)
    assert not hasattr(concrete, "prune"), "a restored function can be pruned"
    names = [each.name for each in concrete.graph.get_operations()]
    middle = [name for name in names if "middle" in name]
    tensor = concrete.graph.get_tensor_by_name("%s:0" % middle[0]) if middle else None
    assert not hasattr(tensor, "_numpy"), "the tensor in the middle has a value"
    return "no prune; %s" % (
        "the tensor has no value" if middle else "its body is a call of another"
    )


def part_of_a_function_by_wrap_function():
    """With TF1's tools the value in the middle can be had: imported, pruned."""
    model = TwoSteps()
    tf.saved_model.save(
        model, "saved", signatures={"serving_default": model.__call__.get_concrete_function()}
    )
    given = _middle_of("saved", 2.0)
    assert given == 6.0, given
    raise AssertionError("wrap_function and prune give the value in the middle: %s" % given)


def _middle_of(folder, x):
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )

    loaded = tf.saved_model.load(folder)
    frozen = freeze(loaded.signatures["serving_default"])
    definition = frozen.graph.as_graph_def()
    middle = [node.name for node in definition.node if node.name.endswith("middle")]
    fed = [node.name for node in definition.node if node.op == "Placeholder"]
    wrapped = tf1.wrap_function(lambda: tf1.import_graph_def(definition, name=""), [])
    graph = wrapped.graph
    pruned = wrapped.prune(
        graph.get_tensor_by_name("%s:0" % fed[0]), graph.get_tensor_by_name("%s:0" % middle[0])
    )
    return float(pruned(tf.constant(x)).numpy())


def session_runs_any_part():
    """TF1: an intermediate value and a variable's value of a graph that was loaded."""
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, shape=[], name="x")
        w = tf1.get_variable("w", initializer=3.0)
        middle = tf.identity(x * w, name="middle")
        y = tf.add(middle, 1.0, name="y")
        session.run(tf1.global_variables_initializer())
        tf1.saved_model.simple_save(session, "saved", inputs={"x": x}, outputs={"y": y})
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        tf1.saved_model.load(session, ["serve"], "saved")
        value = session.run("middle:0", {"x:0": 2.0})
        (variable,) = tf1.global_variables()
        kept = session.run(variable)
        assert graph.get_tensor_by_name("middle:0") is not None
    assert (value, kept) == (6.0, 3.0), (value, kept)
    return "middle:0 is %s, w is %s" % (value, kept)


def save_without_signatures(folder):
    """For :func:`session_needs_signatures`: a module without variables, so that it can be read."""

    class AddTwo(tf.Module):
        @tf.function
        def __call__(self, x):
            return x + 2.0

    model = AddTwo()
    model(tf.constant(1.0))
    model(tf.constant([1.0]))  # of one trace alone a signature would be made
    tf.saved_model.save(model, folder + "/saved")


def session_needs_signatures(folder):
    """A TF2 SavedModel without signatures gives a Session nothing to run."""
    with tf.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], folder + "/saved")
        keys = [key for key in loaded.signature_def if not key.startswith("__")]
    assert not keys, keys
    return "it loads, and has no signature"


def object_needs_no_signatures(folder):
    """The same in TF2: its functions are there."""
    loaded = tf.saved_model.load(folder + "/saved")
    assert not list(loaded.signatures), list(loaded.signatures)
    assert loaded(tf.constant(5.0)).numpy() == 7.0
    return "no signature, loaded(5.) is 7."


def loaded_models_are_composed():
    """A loaded model as a part of another one, which is saved in turn."""
    tf.saved_model.save(TwoSteps(), "part")

    class Whole(tf.Module):
        def __init__(self):
            super(Whole, self).__init__()
            self.part = tf.saved_model.load("part")

        @tf.function(input_signature=SCALAR)
        def __call__(self, x):
            return self.part(x)["y"] * 10.0

    whole = Whole()
    tf.saved_model.save(whole, "whole")
    again = tf.saved_model.load("whole")
    assert again(tf.constant(2.0)).numpy() == 70.0
    again.part.w.assign(1.0)
    assert again(tf.constant(2.0)).numpy() == 30.0
    return "a loaded model inside another, saved and loaded again: 70.0"
