"""The migration guide's program, step by step, with the results that the page prints.

The code is the page's own, but for names that it takes from elsewhere.
"""

import os
import shutil

import numpy as np
import tensorflow as tf

from . import tools

tf1 = tf.compat.v1
KEY = "serving_default"  # tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY


def add_two(input):  # noqa: A001,A002  the guide's own name
    return input + 2


# The five saves


def builder(folder="saved-model-builder"):
    with tf.Graph().as_default(), tf1.Session() as sess:
        placed = tf1.placeholder(tf.float32, shape=[])
        output = add_two(placed)
        printed = sess.run(output, {placed: 3.0})
        saver = tf1.saved_model.Builder(folder)
        signature = tf1.saved_model.predict_signature_def(
            inputs={"input": placed}, outputs={"output": output}
        )
        saver.add_meta_graph_and_variables(sess, tags=["serve"], signature_def_map={KEY: signature})
        saver.save()
    return printed


def simple_save(folder="simple-save"):
    with tf.Graph().as_default(), tf1.Session() as sess:
        placed = tf1.placeholder(tf.float32, shape=[])
        output = add_two(placed)
        printed = sess.run(output, {placed: 3.0})
        tf1.saved_model.simple_save(
            sess, folder, inputs={"input": placed}, outputs={"output": output}
        )
    return printed


def estimator(folder="estimator-model"):
    def model_fn(features, labels, mode):
        del labels
        output = add_two(features["input"])
        step = tf1.train.get_global_step()
        return tf.estimator.EstimatorSpec(
            mode,
            predictions=output,
            train_op=step.assign_add(1),
            loss=tf.constant(0.0),
            export_outputs={KEY: tf.estimator.export.PredictOutput({"output": output})},
        )

    est = tf.estimator.Estimator(model_fn, "estimator-checkpoints")
    est.train(lambda: tf.data.Dataset.from_tensors({"input": 3.0}), steps=1)
    receiver = tf.estimator.export.build_raw_serving_input_receiver_fn(
        {"input": tf.constant(3.0)}  # a dummy batch, made where the guide makes it
    )
    path = est.export_saved_model("exported-estimator", receiver)
    shutil.move(path.decode() if isinstance(path, bytes) else path, folder)


def module(folder="tf2-save"):
    class MyModel(tf.Module):
        @tf.function
        def __call__(self, input):  # noqa: A002
            return add_two(input)

    model = MyModel()

    @tf.function
    def serving_default(input):  # noqa: A002
        return {"output": model(input)}

    signature = serving_default.get_concrete_function(tf.TensorSpec(shape=[], dtype=tf.float32))
    tf.saved_model.save(model, folder, signatures={KEY: signature})


def keras(folder="keras-model"):
    inp = tf.keras.Input(3)
    out = add_two(inp)
    model = tf.keras.Model(inputs=inp, outputs=out)

    @tf.function(input_signature=[tf.TensorSpec(shape=[], dtype=tf.float32)])
    def serving_default(input):  # noqa: A002
        return {"output": model(input)}

    model.save(folder, save_format="tf", signatures={KEY: serving_default})


# What they print


def builder_prints_5():
    printed = builder()
    assert printed == 5.0, printed
    return "add two output: %s" % printed


def simple_save_prints_5():
    printed = simple_save()
    assert printed == 5.0, printed
    return "add_two output: %s" % printed


def cli_before_simple_save():
    """The page runs the tool on a folder that its next cell makes."""
    builder()
    error = tools.cli_error("simple-save", "input=10")
    assert "SavedModel file does not exist at: simple-save" in error, error
    return error


def cli_of_simple_save():
    simple_save()
    return _cli("simple-save", "input=10", np.float32(12.0))


def cli_of_estimator():
    estimator()
    return _cli("estimator-model", "input=[10]", np.array([12.0], np.float32))


def cli_of_module():
    module()
    return _cli("tf2-save", "input=10", np.float32(12.0))


def cli_of_keras():
    keras()
    return _cli("keras-model", "input=10", np.float32(12.0))


def _cli(folder, expressions, expected):
    printed = tools.cli(folder, expressions)
    value = np.load(os.path.join("cli", "output.npy"))
    assert value.shape == np.shape(expected), (value, printed)
    assert np.array_equal(value, expected), (value, printed)
    shown = printed.partition("Result for output key output:")[2].split()
    assert shown and shown[0] == str(expected), printed
    return "Result for output key output: %s" % shown[0]


# Loading them


def _load_tf1(path, given):
    with tf.Graph().as_default(), tf1.Session() as sess:
        meta_graph = tf1.saved_model.load(sess, ["serve"], path)
        signature = meta_graph.signature_def[KEY]
        fed = signature.inputs["input"].name
        fetched = signature.outputs["output"].name
        return sess.run(fetched, feed_dict={fed: given})


def _load_tf2(path, given):
    loaded = tf.saved_model.load(path)
    return loaded.signatures[KEY](tf.constant(given))["output"].numpy()


def _is(value, expected):
    assert np.shape(value) == np.shape(expected), value
    assert np.asarray(value).dtype == np.float32, value
    assert np.array_equal(value, expected), value
    return "%s" % (value,)


def load_tf1_builder():
    builder()
    return _is(_load_tf1("saved-model-builder", 5.0), 7.0)


def load_tf1_simple_save():
    simple_save()
    return _is(_load_tf1("simple-save", 5.0), 7.0)


def load_tf1_estimator():
    estimator()
    return _is(_load_tf1("estimator-model", [5.0]), [7.0])


def load_tf1_module():
    module()
    return _is(_load_tf1("tf2-save", 5.0), 7.0)


def load_tf1_keras():
    keras()
    return _is(_load_tf1("keras-model", 5.0), 7.0)


def load_tf2_builder():
    builder()
    return _is(_load_tf2("saved-model-builder", 5.0), 7.0)


def load_tf2_simple_save():
    simple_save()
    return _is(_load_tf2("simple-save", 5.0), 7.0)


def load_tf2_estimator():
    estimator()
    return _is(_load_tf2("estimator-model", [5.0]), [7.0])


def load_tf2_module():
    module()
    return _is(_load_tf2("tf2-save", 5.0), 7.0)


def load_tf2_keras():
    keras()
    return _is(_load_tf2("keras-model", 5.0), 7.0)


def estimator_input_is_batched():
    estimator()
    try:
        _load_tf1("estimator-model", 5.0)
    except ValueError as error:
        assert "Cannot feed value of shape ()" in str(error), error
        return "a scalar is refused: %s" % str(error).splitlines()[0]
    raise AssertionError("a scalar was taken")


def restored_call_of_5():
    module()
    loaded = tf.saved_model.load("tf2-save")
    return _is(loaded(5).numpy(), 7.0)


def restored_call_is_a_restored_function():
    module()
    kind = type(tf.saved_model.load("tf2-save").__call__)
    told = "%s.%s" % (kind.__module__, kind.__name__)
    assert told == "tensorflow.python.saved_model.function_deserialization.RestoredFunction", told
    return told


def predict_on_batch():
    keras()
    model = tf.keras.models.load_model("keras-model")
    return _is(model.predict_on_batch(tf.constant([1, 3, 4])), np.array([3.0, 5.0, 6.0]))


# Meta graphs


def _multiply():
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, shape=[], name="x")
        v = tf.Variable(3.0, name="v")
        y = tf.multiply(x, v, name="y")
        with tf1.Session() as sess:
            sess.run(v.initializer)
            printed = sess.run(y, feed_dict={x: 5})
            s = tf1.train.Saver()
            s.export_meta_graph("multiply.pb", as_text=True)
            s.save(sess, "multiply_values.ckpt")
    return printed


def meta_graph_prints_15():
    return _is(_multiply(), 15.0)


def import_meta_graph_gives_15():
    _multiply()
    with tf.Graph().as_default() as g:
        meta = tf1.train.import_meta_graph("multiply.pb")
        x = g.get_tensor_by_name("x:0")
        y = g.get_tensor_by_name("y:0")
        with tf1.Session() as sess:
            meta.restore(sess, "multiply_values.ckpt")
            return _is(sess.run(y, feed_dict={x: 5}), 15.0)


def _wrapped():
    _multiply()

    def import_multiply():
        tf1.train.import_meta_graph("multiply.pb")

    wrapped_import = tf1.wrap_function(import_multiply, [])
    import_graph = wrapped_import.graph
    x = import_graph.get_tensor_by_name("x:0")
    y = import_graph.get_tensor_by_name("y:0")
    tf1.train.Saver(wrapped_import.variables).restore(sess=None, save_path="multiply_values.ckpt")
    return wrapped_import, wrapped_import.prune(feeds=x, fetches=y)


def wrap_function_gives_15():
    _, multiply_fn = _wrapped()
    return _is(multiply_fn(tf.constant(5.0)).numpy(), 15.0)


def concrete_function_takes_tensors_only():
    """The page's comment: inputs to concrete functions must be Tensors."""
    _, multiply_fn = _wrapped()
    taken = []
    for given in (5.0, np.float32(5.0)):
        try:
            taken.append("%s: %s" % (type(given).__name__, multiply_fn(given).numpy()))
        except (TypeError, ValueError) as error:
            said = str(error).splitlines()[0]
    assert not taken, "it takes what is no tensor: %s" % ", ".join(taken)
    return "refused: %s" % said


# The slip


def save_without_object():
    """The page's own call."""
    tf.saved_model.save("my_saved_model")
