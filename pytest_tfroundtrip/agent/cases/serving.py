"""What the guide says of classification and regression signatures."""

import tensorflow as tf

from .restored import SCALAR, read

tf1 = tf.compat.v1
KEY = "serving_default"


def _parts():
    examples = tf1.placeholder(tf.string, [None])
    numbers = tf1.placeholder(tf.float32, [None, 2])
    return {
        "examples": examples,
        "scores": tf.nn.softmax(numbers),
        "classes": tf.constant([["a", "b"]]),
        "numbers": numbers,
        "counts": tf.cast(numbers, tf.int32),
    }


def _refused(make):
    try:
        made = make()
    except (ValueError, TypeError) as error:
        return str(error).splitlines()[0]
    raise AssertionError("it was made: %s" % str(made)[:200])


def utilities_make_signatures():
    with tf.Graph().as_default():
        parts = _parts()
        saved = tf1.saved_model
        made = (
            saved.classification_signature_def(
                parts["examples"], parts["classes"], parts["scores"]
            ),
            saved.regression_signature_def(parts["examples"], parts["numbers"][:, 0]),
            saved.predict_signature_def({"x": parts["numbers"]}, {"y": parts["scores"]}),
        )
    found = [each.method_name.rpartition("/")[2] for each in made]
    assert found == ["classify", "regress", "predict"], found
    return ", ".join(found)


def names_of_requests():
    """The requests of TensorFlow Serving that TensorFlow has method names for."""
    constants = tf1.saved_model.signature_constants
    named = [getattr(constants, name) for name in dir(constants) if name.endswith("_METHOD_NAME")]
    prefix = "tensorflow/serving/"
    found = sorted(name[len(prefix) :] for name in named if name.startswith(prefix))
    assert found == ["classify", "predict", "regress"], found
    return ", ".join(found)


def classify_restricts():
    with tf.Graph().as_default():
        parts = _parts()
        make = tf1.saved_model.classification_signature_def
        told = [
            _refused(lambda: make(parts["numbers"], parts["classes"], parts["scores"])),
            _refused(lambda: make(parts["examples"], parts["scores"], parts["scores"])),
            _refused(lambda: make(parts["examples"], parts["classes"], parts["counts"])),
            _refused(lambda: make(parts["examples"], None, None)),
        ]
    assert len(set(told)) > 1, told
    return "floats for examples, floats for classes, integers for scores and neither are refused"


def regress_restricts():
    with tf.Graph().as_default():
        parts = _parts()
        make = tf1.saved_model.regression_signature_def
        _refused(lambda: make(parts["numbers"], parts["numbers"]))
        _refused(lambda: make(parts["examples"], parts["counts"]))
    return "floats for examples and integers for predictions are refused"


def regress_output_is_called_prediction():
    with tf.Graph().as_default():
        parts = _parts()
        made = tf1.saved_model.regression_signature_def(parts["examples"], parts["numbers"])
    (name,) = made.outputs
    assert name in ("prediction", "predictions"), "regress' output is called %r" % name
    return name


def method_name_updater_modifies():
    """In place: the file asks for classify afterwards."""

    class Model(tf.Module):
        @tf.function(input_signature=SCALAR)
        def __call__(self, x):
            return {"scores": x}

    model = Model()
    tf.saved_model.save(model, "saved", signatures={KEY: model.__call__})
    assert read("saved").signature_def[KEY].method_name == "tensorflow/serving/predict"
    updater = tf1.saved_model.signature_def_utils.MethodNameUpdater("saved")
    updater.replace_method_name(
        signature_key=KEY, method_name="tensorflow/serving/classify", tags="serve"
    )
    updater.save()
    found = read("saved").signature_def[KEY].method_name
    assert found == "tensorflow/serving/classify", found
    assert tf.saved_model.load("saved").signatures[KEY](tf.constant(2.0))["scores"].numpy() == 2.0
    return "%s, and it still loads" % found
