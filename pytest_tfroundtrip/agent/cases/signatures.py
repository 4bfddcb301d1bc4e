"""What the documents say of signatures."""

import tensorflow as tf

from .restored import SCALAR, TwoSteps, read

tf1 = tf.compat.v1
KEY = "serving_default"


def tf1_lists_tensors():
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, shape=[], name="x")
        y = tf.add(x, 2.0, name="y")
        made = tf1.saved_model.predict_signature_def(inputs={"in": x}, outputs={"out": y})
    assert made.inputs["in"].name == "x:0", made
    assert made.outputs["out"].name == "y:0", made
    return "in: x:0, out: y:0"


def tf2_passes_concrete_functions():
    """A tf.function with an input_signature, a concrete function; a plain one is refused."""
    model = TwoSteps()
    concrete = model.__call__.get_concrete_function()
    tf.saved_model.save(model, "saved", signatures={"one": model.__call__, "two": concrete})
    loaded = tf.saved_model.load("saved")
    for key in ("one", "two"):
        assert loaded.signatures[key](tf.constant(2.0))["y"].numpy() == 7.0
    try:
        tf.saved_model.save(model, "other", signatures={"plain": lambda x: {"y": x}})
    except (ValueError, TypeError) as error:
        return "a plain function is refused: %s" % str(error).splitlines()[0][:120]
    raise AssertionError("a plain function became a signature")


def endpoints_tell_inputs():
    model = TwoSteps()
    tf.saved_model.save(model, "saved", signatures={KEY: model.__call__})
    written = read("saved").signature_def[KEY]
    assert list(written.inputs) == ["x"], written
    assert written.inputs["x"].dtype == tf.float32.as_datatype_enum
    _, given = tf.saved_model.load("saved").signatures[KEY].structured_input_signature
    assert list(given) == ["x"], given
    return "x: float32, in the file and of the loaded function"


def predict_takes_anything():
    """Any number of inputs and outputs, of any name, dtype and rank."""
    with tf.Graph().as_default():
        inputs = {
            "words": tf1.placeholder(tf.string, [None]),
            "number": tf1.placeholder(tf.int64, []),
            "flags": tf1.placeholder(tf.bool, None),
        }
        outputs = {"a": tf.identity(inputs["number"]), "b": tf.identity(inputs["words"])}
        made = tf1.saved_model.predict_signature_def(inputs=inputs, outputs=outputs)
    assert len(made.inputs) == 3, made
    assert made.method_name == "tensorflow/serving/predict", made
    return "string, int64, bool of unknown rank"


def tf2_writes_predict_only():
    model = TwoSteps()
    tf.saved_model.save(
        model, "saved", signatures={KEY: model.__call__, "classify": model.__call__}
    )
    found = {
        key: each.method_name
        for key, each in read("saved").signature_def.items()
        if not key.startswith("__")
    }
    assert set(found.values()) == {"tensorflow/serving/predict"}, found
    return ", ".join("%s: %s" % pair for pair in sorted(found.items()))


def all_outputs_are_computed():
    """A restored signature computes an output that nobody asked for: its Assert fails."""
    model = _with_a_failing_output()
    tf.saved_model.save(model, "saved", signatures={KEY: model.__call__})
    loaded = tf.saved_model.load("saved")
    try:
        good = loaded.signatures[KEY](tf.constant(2.0))["good"]
    except tf.errors.InvalidArgumentError as error:
        assert "must be negative" in str(error), error
        return "one output's Assert fails the call for the other"
    raise AssertionError("only what was used was computed: good is %s" % good.numpy())


def session_computes_what_is_fetched():
    """The same graph in a Session: only what is fetched is computed."""
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, shape=[], name="x")
        outputs = _outputs(x)
        tf1.saved_model.simple_save(session, "saved", inputs={"x": x}, outputs=outputs)
    with tf.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], "saved").signature_def[KEY]
        name = loaded.outputs["good"].name
        good = session.run(name, {loaded.inputs["x"].name: 2.0})
    assert good == 3.0, good
    return "good is %s, the failing Assert did not run" % good


def _outputs(x):
    with tf.control_dependencies([tf1.Assert(x < 0.0, ["must be negative"])]):
        bad = tf.identity(x)
    return {"good": x + 1.0, "bad": bad}


def _with_a_failing_output():
    class Model(tf.Module):
        @tf.function(input_signature=SCALAR)
        def __call__(self, x):
            return _outputs(x)

    return Model()


def signatures_are_concrete_functions():
    model = TwoSteps()
    tf.saved_model.save(model, "saved", signatures={KEY: model.__call__})
    signatures = tf.saved_model.load("saved").signatures
    assert list(signatures) == [KEY], list(signatures)
    kinds = [each.__name__ for each in type(signatures[KEY]).__mro__]
    assert any("ConcreteFunction" in kind for kind in kinds), kinds
    return "{%r: %s}" % (KEY, kinds[0])
