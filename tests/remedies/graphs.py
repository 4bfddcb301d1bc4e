"""Graph mode, reference variables, saving again, training, devices."""

import contextlib
import os

import numpy as np
import tensorflow as tf

from .trial import scene
from .writing import Affine, X, affine, graph, is_y, run

tf1 = tf.compat.v1


def _save_again(directory, again):
    loaded = tf.saved_model.load(directory)
    tf.saved_model.save(loaded, again, signatures=loaded.signatures)


def _reference_variables(trial):
    return graph(os.path.join(trial.folder, "model"))


@scene("save-without-session", "2.15+v1", "2.21+v1")
def no_session(trial):
    directory = os.path.join(trial.folder, "model")
    with tf.Graph().as_default():
        model = Affine()
        trial.fails("save", lambda: tf.saved_model.save(model, directory))
    trial.helps("tf.compat.v1.Session", tf=tf, make_model=Affine, directory=directory)
    with tf.Graph().as_default(), tf1.Session() as session:
        graph_def = tf1.saved_model.load(session, ["serve"], directory)
        signature = graph_def.signature_def["serving_default"]
        y = session.run(signature.outputs["y"].name, {signature.inputs["x"].name: X})
        assert is_y(y)


@scene("uninitialized-ref-in-graph-mode", "2.15+v1", "2.21+v1")
def not_restored(trial):
    directory = _reference_variables(trial)
    with tf1.Graph().as_default(), tf1.Session() as session:
        loaded = tf.saved_model.load(directory)
        y = loaded.signatures["serving_default"](tf.constant(X))["y"]
        session.run(tf1.global_variables_initializer())
        trial.fails("call", lambda: session.run(y))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        assert is_y(run(session))


@scene("resource-variable-without-value", "2.15+v1", "2.21+v1")
def nothing_restored(trial):
    directory = os.path.join(trial.folder, "model")
    with tf1.Graph().as_default(), tf1.Session() as session:
        module = Affine()
        session.run(tf1.global_variables_initializer())
        tf.compat.v2.saved_model.save(module, directory)
    with tf1.Graph().as_default(), tf1.Session() as session:
        loaded = tf.compat.v2.saved_model.load(directory)
        y = loaded.signatures["serving_default"](tf.constant(X))["y"]
        trial.fails("call", lambda: session.run(y))
        trial.helps("global_variables_initializer", tf=tf, session=session)
        assert is_y(session.run(y))


@scene("c-api-restores-by-saver-only", "1.15+v2", "2.15", "2.21")
def without_saver(trial):
    from tf_roundtrip_agent import c_library, wire

    directory = os.path.join(trial.data, "hub_module-1.15")
    fed = {
        "x": np.array([1.0, 2.0], np.float32),
        "words": np.array([b"a", b"b"], object),
        "unused": np.array(0.0, np.float32),
    }

    def run(folder, tags):
        with contextlib.closing(c_library.Session(folder, tags)) as session:
            signatures = session.meta_graph.signature_def
            (key,) = (each for each in signatures if not each.startswith("__"))
            inputs, outputs = signatures[key].inputs, signatures[key].outputs
            given = {inputs[name].name: wire.tensor(fed[name]) for name in inputs}
            return session.run(given, [outputs["y"].name])[0].value

    trial.saver, trial.loader = "hub_module", "c_api"
    trial.fails("call", lambda: run(directory, []))
    again = os.path.join(trial.folder, "again")
    loaded = tf.compat.v2.saved_model.load(directory, tags=[])
    feeds = {name: tf.constant(each) for name, each in fed.items()}
    expected = loaded.signatures["default"](**feeds)["y"].numpy()
    trial.helps("saved_model.save", tf=tf, directory=directory, again=again)
    assert (run(again, ["serve"]) == expected).all()


@scene("resave-loses-reference-variables", "2.15", "2.21")
def saved_again(trial):
    directory = _reference_variables(trial)
    again = os.path.join(trial.folder, "again")
    _save_again(directory, again)
    told = "variable 'w' is not in what was saved again"
    assert not any(name.split("/")[0] == "w" for name, _ in tf.train.list_variables(
        os.path.join(again, "variables", "variables")))  # fmt: skip
    trial.says("compare", told)
    _again_from_a_session(trial, directory)


@scene("resaved-without-reference-variables", "2.15", "2.21")
def saved_again_is_empty(trial):
    directory = _reference_variables(trial)
    again = os.path.join(trial.folder, "again")
    _save_again(directory, again)
    loaded = tf.saved_model.load(again)
    trial.saver, trial.resaved = "builder.ref", True
    trial.fails("call", lambda: loaded.signatures["serving_default"](tf.constant(X)))
    _again_from_a_session(trial, directory)


def _again_from_a_session(trial, directory):
    again = os.path.join(trial.folder, "from_a_session")
    trial.helps("Builder", tf=tf, directory=directory, again=again)
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.saved_model.load(session, ["serve"], again)
        assert is_y(run(session))


@scene("resave-writes-serve-and-predict", "2.15", "2.21")
def method_names(trial):
    def classify(signature):
        signature.method_name = "tensorflow/serving/classify"

    directory = graph(os.path.join(trial.folder, "model"), signature=classify)
    again = os.path.join(trial.folder, "again")
    _save_again(directory, again)
    assert _method(again) == "tensorflow/serving/predict"
    trial.says("compare", "method name was 'tensorflow/serving/classify' and is"
               " 'tensorflow/serving/predict'")  # fmt: skip
    trial.helps("MethodNameUpdater", tf=tf, directory=again)
    assert _method(again) == "tensorflow/serving/classify"


def _method(directory):
    with tf1.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], directory)
    return loaded.signature_def["serving_default"].method_name


@scene("reference-variables-only-run", "2.15", "2.21")
def nothing_to_train(trial):
    directory = _reference_variables(trial)
    loaded = tf.saved_model.load(directory)
    assert not getattr(loaded, "trainable_variables", ())
    trial.says("train", "the restored object has no variables; the SavedModel holds reference"
               " variables: w, b")  # fmt: skip
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        w, _ = tf1.trainable_variables()
        loss = tf.reduce_sum(session.graph.get_tensor_by_name("add:0"))
        step = tf1.train.GradientDescentOptimizer(0.5).minimize(loss)
        session.run(step, {"x:0": X})
        assert session.run(w) == 2.0 - 0.5 * X.sum()


@scene("reference-variables-only-run", "2.15+v1", "2.21+v1")
def made_as_resources(trial):
    trial.helps("enable_resource_variables", tf=tf)
    directory = graph(os.path.join(trial.folder, "model"), _by_default)
    with tf1.Graph().as_default():
        assert len(tf.saved_model.load(directory).variables) == 2


def _by_default(x):
    return {"y": x * tf1.get_variable("w", initializer=2.0) + tf1.get_variable("b", [])}


@scene("no-variables-in-collections", "2.15", "2.21")
def no_collections(trial):
    directory = affine(trial.folder)
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.saved_model.load(session, ["serve"], directory)
        assert not tf1.trainable_variables()
    trial.says("train", "the graph's collections have no variable that can be trained")
    loaded = trial.helps("tf.saved_model.load", tf=tf, directory=directory)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(tf.constant(X))["y"])
    assert tape.gradient(loss, loaded.w).numpy() == X.sum()


@scene("pinned-to-a-device", "1.15", "2.15", "2.21")
def pinned(trial):
    def build(x):
        with tf.device("/gpu:7"):
            w = tf1.get_variable("w", initializer=2.0, use_resource=False)
        return {"y": tf.add(x * w, 1.0, name="add")}

    with tf1.Graph().as_default(), tf1.Session() as session:
        pass
    config = tf1.ConfigProto(allow_soft_placement=True)
    with tf1.Graph().as_default(), tf1.Session(config=config) as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        signature = tf1.saved_model.predict_signature_def({"x": x}, build(x))
        session.run(tf1.global_variables_initializer())
        pinned_to = os.path.join(trial.folder, "pinned")
        builder = tf1.saved_model.Builder(pinned_to)
        signatures = {"serving_default": signature}
        builder.add_meta_graph_and_variables(session, ["serve"], signatures)
        builder.save()
        builder = tf1.saved_model.Builder(os.path.join(trial.folder, "cleared"))
        trial.names.update(session=session, builder=builder, signatures=signatures)
        trial.helps("clear_devices")
        builder.save()
    strict = tf1.ConfigProto(allow_soft_placement=False)
    with tf1.Graph().as_default(), tf1.Session(config=strict) as session:
        trial.fails("load", lambda: tf1.saved_model.load(session, ["serve"], pinned_to))
    with tf1.Graph().as_default(), tf1.Session(config=strict) as session:
        tf1.saved_model.load(session, ["serve"], os.path.join(trial.folder, "cleared"))
        assert is_y(run(session))
    with tf1.Graph().as_default():
        session = trial.helps("allow_soft_placement", tf=tf)
        tf1.saved_model.load(session, ["serve"], pinned_to)
        assert is_y(run(session))


@scene("meta-graphs-need-a-graph", "2.15", "2.21")
def eager_meta_graph(trial):
    path = os.path.join(trial.folder, "model.meta")
    with tf1.Graph().as_default():
        tf1.placeholder(tf.float32, [], name="x")
        tf1.train.export_meta_graph(path)
    trial.fails("load", lambda: tf1.train.import_meta_graph(path))
    trial.helps("as_default", tf=tf, path=path)
