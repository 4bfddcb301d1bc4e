"""What TensorFlow Hub's documents say of its API."""

import numpy as np
import tensorflow as tf

from . import tools

tf1 = tf.compat.v1
BATCH = [tf.TensorSpec([None, 1], tf.float32)]
TAGS = {"foo", "bar"}


class Scale(tf.Module):
    """A reusable SavedModel: a batch in, a batch out, a variable to train."""

    def __init__(self):
        super(Scale, self).__init__()
        self.w = tf.Variable(3.0)

    @tf.function(input_signature=BATCH)
    def __call__(self, x):
        return x * self.w


# What is given: made once, by TensorFlow 1.15 or by 2.8, which every later release reads


def save_module(folder):
    """A model in the TF1 Hub format: two tag sets, a signature for each."""
    hub = tools.hub()

    def module_fn(special=False):
        w = tf1.get_variable("w", initializer=3.0)
        x = tf1.placeholder(tf.float32, [None], name="x")
        hub.add_signature(inputs={"x": x}, outputs={"default": x * w, "more": x + 1.0})
        if special:
            x1 = tf1.placeholder(tf.float32, [None], name="x1")
            x2 = tf1.placeholder(tf.float32, [None], name="x2")
            outputs = {"sum": x1 + x2, "scaled": x1 * w}
            hub.add_signature("sig", inputs={"x1": x1, "x2": x2}, outputs=outputs)

    spec = hub.create_module_spec(module_fn, tags_and_args=[(set(), {}), (TAGS, {"special": True})])
    with tf.Graph().as_default():
        module = hub.Module(spec)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            module.export(folder + "/module", session)


def save_plain_module(folder):
    """A model in the TF1 Hub format as most are: one graph, one signature, one output."""
    hub = tools.hub()

    def module_fn():
        w = tf1.get_variable("w", initializer=3.0)
        x = tf1.placeholder(tf.float32, [None], name="x")
        hub.add_signature(inputs=x, outputs=x * w)

    spec = hub.create_module_spec(module_fn)
    with tf.Graph().as_default():
        module = hub.Module(spec)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            module.export(folder + "/plain", session)


def save_savedmodel(folder):
    """A TF2 SavedModel."""
    tf.saved_model.save(Scale(), folder + "/saved")


# hub.Module


def module_remains():
    hub = tools.hub()
    assert hasattr(hub, "Module"), "tensorflow_hub %s has no Module" % hub.__version__
    return "tensorflow_hub %s has it" % hub.__version__


def module_is_for_graphs(folder):
    """In plain TF2 hub.Module is refused."""
    try:
        tools.hub().Module(folder + "/module")
    except (RuntimeError, NotImplementedError) as error:
        return "refused: %s" % str(error).splitlines()[0][:120]
    raise AssertionError("hub.Module was made eagerly")


def module_loads_its_own_format_only(folder):
    with tf.Graph().as_default():
        try:
            tools.hub().Module(folder + "/saved")
        except Exception as error:
            return "refused: %s: %s" % (type(error).__name__, tools.first_line(error, folder))
    raise AssertionError("hub.Module took a TF2 SavedModel")


def module_runs_a_signature(folder):
    """hub.Module(handle, tags=...)(dict, signature=..., as_dict=True)."""
    with tf.Graph().as_default():
        module = tools.hub().Module(folder + "/module", tags=TAGS)
        given = {"x1": tf.constant([1.0, 2.0]), "x2": tf.constant([3.0, 4.0])}
        outputs = module(given, signature="sig", as_dict=True)
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            found = session.run(outputs)
    return tools.same(found, {"sum": [4.0, 6.0], "scaled": [3.0, 6.0]})


def module_fills_collections(folder):
    with tf.Graph().as_default():
        tools.hub().Module(folder + "/module", trainable=True)
        found = len(tf1.global_variables()), len(tf1.trainable_variables())
    assert found == (1, 1), found
    return "1 global and 1 trainable variable"


def v1_layers_fill_collections():
    """The other one that the sentence names."""
    with tf.Graph().as_default():
        x = tf1.placeholder(tf.float32, [None, 3])
        tf1.layers.dense(x, 2, kernel_regularizer=tf.reduce_sum)
        keys = tf1.GraphKeys
        found = [
            len(tf1.get_collection(key))
            for key in (keys.TRAINABLE_VARIABLES, keys.REGULARIZATION_LOSSES)
        ]
    assert found == [2, 1], found
    return "2 trainable variables and 1 regularization loss"


# hub.load


def load_wraps_saved_model_load(folder):
    hub = tools.hub()
    asked = []
    places = [
        (tf.saved_model, "load"),
        (tf1.saved_model, "load_v2"),
        (tf.compat.v2.saved_model, "load"),
    ]
    for place, name in places:
        if hasattr(place, name):
            setattr(place, name, _counted(getattr(place, name), asked))
    tools.run(lambda: {"y": hub.load(folder + "/saved")(tf.constant([[2.0]]))})
    assert asked, "hub.load called none of tf.saved_model.load, tf.compat.v1.saved_model.load_v2"
    return "it calls it"


def contrib_has_v1_layers():
    """The page likens hub.Module to tf.contrib.v1.layers."""
    return repr(tf.contrib.v1.layers)


def _counted(function, asked):
    def counted(*args, **kwargs):
        asked.append(args)
        return function(*args, **kwargs)

    return counted


def load_runs_tf1_format_by_signature(folder):
    """hub.load(path, tags=...).signatures["sig"](x1=..., x2=...)."""

    def build():
        loaded = tools.hub().load(folder + "/module", tags=TAGS)
        return loaded.signatures["sig"](x1=tf.constant([1.0, 2.0]), x2=tf.constant([3.0, 4.0]))

    return tools.same(tools.run(build), {"sum": [4.0, 6.0], "scaled": [3.0, 6.0]})


def saved_model_load_takes_tf1_format(folder):
    def build():
        loaded = tf.compat.v2.saved_model.load(folder + "/module", tags=[])
        return loaded.signatures["default"](x=tf.constant([2.0]))

    return tools.same(tools.run(build), {"default": [6.0], "more": [3.0]})


# hub.KerasLayer


def layer_calls_hub_load(folder):
    from tensorflow_hub import module_v2

    asked = []
    module_v2.load = _counted(module_v2.load, asked)
    found = tools.run(
        lambda: {"y": tools.hub().KerasLayer(folder + "/saved")(tf.constant([[2.0]]))}
    )
    assert asked, "hub.KerasLayer did not call hub.load"
    return tools.same(found, {"y": [[6.0]]})


def layer_in_sequential(folder):
    model = tf.keras.Sequential(
        [tools.hub().KerasLayer(folder + "/saved"), tf.keras.layers.Reshape([1, 1])]
    )
    return _predicts(model)


def layer_beside_layers(folder):
    x = tf.keras.Input(shape=[1], dtype="float32")
    y = tf.keras.layers.Reshape([1, 1])(tools.hub().KerasLayer(folder + "/saved")(x))
    return _predicts(tf.keras.Model(x, y))


def _predicts(model):
    given = np.array([[2.0]], np.float32)
    if not tf.executing_eagerly():
        # Keras initialises the variables that it made; those of the loaded model are not its own.
        model.build([None, 1])
        tf1.keras.backend.get_session().run(tf1.global_variables_initializer())
    return tools.same({"y": model.predict_on_batch(given)}, {"y": [[[6.0]]]})


def layer_as_wrapper(folder):
    """Around a SavedModel that was loaded by other means, called outside of any Keras model."""

    def build():
        loaded = tf.compat.v2.saved_model.load(folder + "/saved")
        return {"y": tools.hub().KerasLayer(loaded)(tf.constant([[2.0]]))}

    return tools.same(tools.run(build), {"y": [[6.0]]})


def layer_takes_tf1_format(folder):
    """hub.KerasLayer(handle) as it stands: without signature, tags or output_key."""
    return tools.same(
        tools.run(lambda: {"y": tools.hub().KerasLayer(folder + "/plain")(tf.constant([2.0]))}),
        {"y": [6.0]},
    )


def layer_refuses_tf1_format(folder):
    try:
        layer_takes_tf1_format(folder)
    except Exception as error:
        return "refused: %s: %s" % (type(error).__name__, tools.first_line(error, folder))
    raise AssertionError("it was taken")


def module_has_no_train_tag(folder):
    spec = tools.hub().load_module_spec(folder + "/plain")
    assert list(spec.get_tags()) == [set()], spec.get_tags()
    with tf.Graph().as_default():
        try:
            tools.hub().Module(folder + "/plain", tags={"train"})
        except ValueError as error:
            return "its tag sets: %s; refused: %s" % ("[set()]", tools.first_line(error, folder))
    raise AssertionError("a graph that there is not was taken")


def layer_has_options(folder):
    hub = tools.hub()
    path = folder + "/module"

    def build():
        one = hub.KerasLayer(path, tags=[], signature="default", output_key="more")
        all_ = hub.KerasLayer(
            path, tags=list(TAGS), signature="default", signature_outputs_as_dict=True
        )
        outputs = all_(tf.constant([2.0]))
        return {
            "more": one(tf.constant([2.0])),
            "all": outputs["default"],
            "all_more": outputs["more"],
        }

    return tools.same(tools.run(build), {"more": [3.0], "all": [6.0], "all_more": [3.0]})


def save_legacy(folder):
    """A SavedModel of TF1's: one signature, two outputs."""
    with tf.Graph().as_default(), tf1.Session() as session:
        w = tf1.get_variable("w", initializer=3.0, use_resource=True)
        x = tf1.placeholder(tf.float32, [None], name="x")
        session.run(w.initializer)
        outputs = {"scaled": x * w, "more": x + 1.0}
        tf1.saved_model.simple_save(session, folder + "/legacy", {"x": x}, outputs)


def layer_has_options_for_legacy_savedmodels(folder):
    path = folder + "/legacy"

    def build():
        layer = tools.hub().KerasLayer
        given = {"tags": ["serve"], "signature": "serving_default"}
        one = layer(path, output_key="more", **given)
        outputs = layer(path, signature_outputs_as_dict=True, **given)(tf.constant([2.0]))
        return {"one": one(tf.constant([2.0])), "all": outputs["scaled"]}

    return tools.same(tools.run(build), {"one": [3.0], "all": [6.0]})


def layer_fills_no_collections(folder):
    with tf.Graph().as_default():
        tools.hub().KerasLayer(folder + "/saved", trainable=True)(tf.constant([[2.0]]))
        keys = tf1.GraphKeys
        found = {
            key: len(tf1.get_collection(key))
            for key in (
                keys.TRAINABLE_VARIABLES,
                keys.REGULARIZATION_LOSSES,
                keys.UPDATE_OPS,
            )
        }
    assert not any(found.values()), found
    return "no trainable variables, losses or update ops"


def layer_leaves_global_variables_alone(folder):
    with tf.Graph().as_default():
        tools.hub().KerasLayer(folder + "/saved")(tf.constant([[2.0]]))
        found = len(tf1.global_variables())
    assert not found, "%d of its variables are in GLOBAL_VARIABLES" % found
    return "GLOBAL_VARIABLES is empty"


def new_api_works(folder):
    """hub.load and hub.KerasLayer on a TF2 SavedModel."""
    x = [[2.0], [4.0]]
    loaded = tools.run(lambda: {"y": tools.hub().load(folder + "/saved")(tf.constant(x))})
    layer = tools.run(lambda: {"y": tools.hub().KerasLayer(folder + "/saved")(tf.constant(x))})
    assert np.array_equal(loaded["y"], layer["y"])
    return tools.same(loaded, {"y": [[6.0], [12.0]]})
