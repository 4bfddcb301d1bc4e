"""Which meta graph, which signature, how it is called."""

import gc
import os

import tensorflow as tf
import tensorflow_hub as hub

from .trial import scene
from .writing import X, affine, graph, is_y, run

tf1 = tf.compat.v1


def _hub_format(trial):
    return os.path.join(trial.data, "hub_module-1.15")


@scene("several-meta-graphs", "2.15", "2.21")
def two_meta_graphs(trial):
    directory = _hub_format(trial)
    trial.fails("load", lambda: tf.saved_model.load(directory))
    trial.names.update(tf=tf, hub=hub, directory=directory)
    trial.helps("tf.saved_model.load", lambda got: "default" in got.signatures)
    trial.helps("hub.load", lambda got: "default" in got.signatures)


@scene("no-such-tags", "1.15", "2.15", "2.21")
def wrong_tags_in_a_session(trial):
    with tf1.Graph().as_default(), tf1.Session() as session:
        directory = _hub_format(trial)
        trial.fails("load", lambda: tf1.saved_model.load(session, ["serve"], directory))


@scene("no-such-tags", "2.15", "2.21")
def wrong_tags(trial):
    two = _hub_format(trial)
    one = graph(os.path.join(trial.shared, "evaluated-" + tf.__version__), tags=["eval"])
    trial.fails("load", lambda: tf.saved_model.load(two, tags=["serve"]))
    trial.fails("load", lambda: tf.saved_model.load(one, tags=["serve"]))
    trial.helps("tf.saved_model.load", lambda got: "default" in got.signatures,
                tf=tf, directory=two)  # fmt: skip


@scene("no-such-signature", "2.15", "2.21")
def no_such_signature(trial):
    directory = os.path.join(trial.shared, "unsigned-" + tf.__version__)
    module = tf.Module()
    module.w = tf.Variable(2.0)
    module.call = tf.function(lambda x: {"y": x * module.w + 1.0})
    tf.saved_model.save(module, directory)
    loaded = tf.saved_model.load(directory)
    trial.fails("call", lambda: loaded.signatures["serving_default"](tf.constant(X)))
    trial.fails("load", lambda: hub.KerasLayer(directory, signature="default", output_key="y"))
    if hasattr(tf.keras.layers, "TFSMLayer"):
        trial.fails("load", lambda: tf.keras.layers.TFSMLayer(directory))
    again = os.path.join(trial.folder, "again")
    trial.helps("get_concrete_function", tf=tf, module=module, again=again)
    assert is_y(tf.saved_model.load(again).signatures["serving_default"](tf.constant(X)))


@scene("only-functions", "2.15", "2.21")
def only_functions(trial):
    directory = os.path.join(trial.shared, "functions-" + tf.__version__)
    module = tf.Module()
    module.w = tf.Variable(2.0)
    module.__call__ = tf.function(lambda x, training=False: x * module.w + 1.0)
    for mode in (False, True):
        module.__call__.get_concrete_function(tf.TensorSpec([None, 3]), training=mode)
    tf.saved_model.save(module, directory)
    assert not tf.saved_model.load(directory).signatures
    trial.loader = "tf1_load"
    said = "there is no signature to call; functions of the restored object, here '__call__', "
    trial.says("call", said + "cannot be called through MetaGraphDef")
    again = os.path.join(trial.folder, "again")
    trial.names.update(tf=tf, directory=directory, again=again, x=tf.constant(X))
    trial.helps("__call__(x)", is_y)
    trial.helps("get_concrete_function")
    signature = tf.saved_model.load(again).signatures["serving_default"]
    assert is_y(next(iter(signature(tf.constant(X)).values())))


@scene("saved-model-not-there", "1.15+v2", "2.15", "2.21")
def the_folder_above(trial):
    directory = affine(trial.folder, "model/1")
    above = os.path.dirname(directory)
    trial.fails("load", lambda: tf.compat.v2.saved_model.load(above))


@scene("not-callable", "1.15+v2", "2.15", "2.21")
def not_callable(trial):
    directory = graph(os.path.join(trial.folder, "model"))
    loaded = tf.compat.v2.saved_model.load(directory)
    trial.fails("call", lambda: loaded(tf.constant(X)))
    trial.fails("load", lambda: hub.KerasLayer(directory)(tf.constant(X)))
    trial.names.update(hub=hub, directory=directory, loaded=loaded, x=tf.constant(X))
    trial.helps("loaded.signatures", is_y)
    trial.helps("hub.KerasLayer", is_y)


@scene("no-matching-function", "1.15+v2", "2.15", "2.21")
def another_shape(trial):
    loaded = tf.compat.v2.saved_model.load(affine(trial.folder))
    trial.fails("call", lambda: loaded(tf.ones([2, 5])))
    trial.names.update(tf=tf, loaded=loaded, x=tf.constant(X))
    trial.helps("loaded.signatures", is_y)
    module = tf.Module()
    trial.helps("input_signature", module=module, call=lambda x: {"y": x * 2.0 + 1.0})
    tf.saved_model.save(module, os.path.join(trial.folder, "again"))
    again = tf.compat.v2.saved_model.load(os.path.join(trial.folder, "again"))
    assert again.call(tf.ones([2, 5]))["y"].shape == (2, 5)


@scene("loaded-object-deleted", "1.15+v2")
def only_the_signature_is_kept(trial):
    directory = affine(trial.folder)
    signature = tf.compat.v2.saved_model.load(directory).signatures["serving_default"]
    gc.collect()
    trial.fails("call", lambda: signature(tf.constant(X)))
    x = tf.constant(X)
    trial.helps("loaded.signatures", is_y, tf=tf.compat.v2, directory=directory, x=x)


@scene("several-init-ops", "1.15", "2.15", "2.21")
def two_init_ops(trial):
    def build(x):
        w = tf1.get_variable("w", initializer=2.0)
        for name in ("one", "two"):
            tf1.add_to_collection("legacy_init_op", tf.no_op(name))
        return {"y": x * w + 1.0}

    directory = graph(os.path.join(trial.folder, "two"), build)
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.fails("load", lambda: tf1.saved_model.load(session, ["serve"], directory))
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        signature = tf1.saved_model.predict_signature_def({"x": x}, build(x))
        session.run(tf1.global_variables_initializer())
        trial.helps("main_op", tf=tf)
        builder = tf1.saved_model.Builder(os.path.join(trial.folder, "one"))
        tf1.get_default_graph().clear_collection("legacy_init_op")
        signatures = {"serving_default": signature}
        main_op = trial.names["main_op"]
        builder.add_meta_graph_and_variables(session, ["serve"], signatures, main_op=main_op)
        builder.save()
    with tf1.Graph().as_default(), tf1.Session() as session:
        tf1.saved_model.load(session, ["serve"], os.path.join(trial.folder, "one"))


@scene("signature-says-no-shapes", "2.15", "2.21")
def shapes_left_out(trial):
    def scalar(signature):
        for infos in (signature.inputs, signature.outputs):
            for each in infos.values():
                each.ClearField("tensor_shape")

    def build(x):
        w = tf1.get_variable("w", [3, 3], initializer=tf1.zeros_initializer())
        return {"y": tf.add(tf.matmul(x, w), x * 2.0 + 1.0, name="all")}

    directory = graph(os.path.join(trial.folder, "model"), build, signature=scalar)
    trial.fails("load", lambda: tf.saved_model.load(directory))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        assert is_y(run(session, outputs="all:0"))
        x = session.graph.get_tensor_by_name("x:0")
        trial.helps("build_tensor_info", lambda got: len(got.tensor_shape.dim) == 2, x=x)


@scene("one-tensor-two-inputs", "2.15", "2.21")
def one_tensor_two_inputs(trial):
    def twice(signature):
        signature.inputs["again"].CopyFrom(signature.inputs["x"])

    directory = graph(os.path.join(trial.folder, "model"), signature=twice)
    trial.fails("load", lambda: tf.saved_model.load(directory))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        assert is_y(run(session))

    def apart(x):
        again = trial.helps("tf.identity", x=x)
        names.append(again.name)
        return {"y": again * tf1.get_variable("w", initializer=2.0) + 1.0}

    def named(signature):
        signature.inputs["again"].CopyFrom(signature.inputs["x"])
        signature.inputs["again"].name = names[0]

    names = []
    mended = graph(os.path.join(trial.folder, "mended"), apart, signature=named)
    loaded = tf.saved_model.load(mended)
    x = tf.constant(X)
    assert is_y(loaded.signatures["serving_default"](x=x, again=x))


@scene("output-is-a-reference-variable", "2.15", "2.21")
def a_variable_itself(trial):
    def build(x):
        w = tf1.get_variable("w", initializer=2.0, use_resource=False)
        return {"y": tf.add(x * w, 1.0, name="y"), "w": w}

    directory = graph(os.path.join(trial.folder, "model"), build)
    trial.fails("load", lambda: tf.saved_model.load(directory))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)
        assert is_y(run(session, outputs="y:0"))
        assert session.run("w:0") == 2.0

    def apart(x):
        outputs = build(x)
        outputs["w"] = trial.helps("tf.identity", w=outputs["w"])
        return outputs

    loaded = tf.saved_model.load(graph(os.path.join(trial.folder, "mended"), apart))
    assert loaded.signatures["serving_default"](tf.constant(X))["w"].numpy() == 2.0


@scene("api-moved-to-compat-v1", "2.15", "2.21")
def apis_of_1_x(trial):
    trial.fails("save", lambda: tf.saved_model.builder)
    directory = graph(os.path.join(trial.folder, "model"))
    with tf1.Graph().as_default(), tf1.Session() as session:
        trial.helps("v1.saved_model.load", tf=tf, session=session, directory=directory)


@scene("estimator-removed", "2.21")
def no_estimators(trial):
    trial.fails("save", lambda: tf.estimator.Estimator)
    trial.fails("save", lambda: tf1.estimator.Estimator)


@scene("api-moved-to-compat-v1", "1.15+v2")
def apis_of_2(trial):
    directory = graph(os.path.join(trial.folder, "model"))
    trial.fails("load", lambda: tf.saved_model.load(directory))
    trial.helps("v2.saved_model.load", lambda got: got.signatures, tf=tf, directory=directory)


@scene("tf-function-first-parameter", "2.21")
def not_self(trial):
    def call(this, x):
        return {"y": x * 2.0 + 1.0}

    class Model(tf.Module):
        run = call

    decorate = tf.function(input_signature=[tf.TensorSpec([None, 3])])
    trial.fails("save", lambda: decorate(call))
    module = Model()
    trial.helps("module.run", tf=tf, module=module)
    directory = os.path.join(trial.folder, "model")
    tf.saved_model.save(module, directory)
    assert is_y(tf.saved_model.load(directory).call(tf.constant(X)))


@scene("no-meta-graph-at-all", "2.15", "2.21")
def an_empty_file(trial):
    open(os.path.join(trial.folder, "saved_model.pb"), "w").close()
    trial.fails("load", lambda: tf.saved_model.load(trial.folder))
