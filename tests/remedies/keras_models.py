"""Keras 2 and Keras 3."""

import os

import tensorflow as tf

from .trial import scene
from .writing import X, affine, graph, is_y

tf1 = tf.compat.v1


def _model(outputs=None):
    """The model in a layer of Keras: a kernel of twos on the diagonal, a bias of ones."""
    import numpy as np

    x = tf.keras.layers.Input([3], name="x")
    layer = tf.keras.layers.Dense(3, name="y")
    y = layer(x)
    layer.set_weights([2.0 * np.eye(3), np.ones(3)])
    return tf.keras.Model(x, y if outputs is None else outputs(y))


def _session_gives(directory):
    with tf1.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], directory)
        signature = loaded.signature_def["serving_default"]
        (x,) = signature.inputs.values()
        (y,) = signature.outputs.values()
        return session.run(y.name, {x.name: X})


@scene("keras3-untracked-variables", "2.21")
def not_tracked(trial):
    model, directory = _model(), os.path.join(trial.folder, "model")
    tf.saved_model.save(model, directory)
    trial.saver, trial.loader = "keras_saved_model", "tf1_load"
    trial.fails("call", lambda: _session_gives(directory))
    again = os.path.join(trial.folder, "again")
    trial.helps("model.export", model=model, directory=again)
    assert is_y(_session_gives(again))
    module = tf.Module()
    module.call = tf.function(
        lambda x: {"y": model(x)}, input_signature=[tf.TensorSpec([None, 3], tf.float32)]
    )
    trial.helps("model.variables", module=module)
    third = os.path.join(trial.folder, "third")
    tf.saved_model.save(module, third)
    assert is_y(_session_gives(third))


@scene("keras3-saves-no-savedmodel", "2.21")
def saves_none(trial):
    model, directory = _model(), os.path.join(trial.folder, "model")
    trial.fails("save", lambda: model.save(directory))
    trial.fails("save", lambda: model.save(directory, save_format="tf"))
    trial.helps("model.export", model=model, directory=directory)
    assert is_y(tf.saved_model.load(directory).signatures["serving_default"](tf.constant(X)))


@scene("keras3-loads-no-savedmodel", "2.21")
def loads_none(trial):
    directory = os.path.join(trial.folder, "model")
    _model().export(directory)
    trial.fails("load", lambda: tf.keras.models.load_model(directory))
    trial.names.update(tf=tf, keras=tf.keras, directory=directory)
    layer = trial.helps("TFSMLayer")
    assert is_y(layer(X))
    assert "serving_default" in trial.helps("tf.saved_model.load").signatures


@scene("tfsm-layer-takes-one-argument", "2.21")
def two_inputs(trial):
    module, directory = tf.Module(), os.path.join(trial.folder, "model")
    spec = tf.TensorSpec([None, 3], tf.float32)
    module.call = tf.function(lambda a, b: {"y": a + b}, input_signature=[spec, spec])
    tf.saved_model.save(module, directory, signatures=module.call)
    layer = tf.keras.layers.TFSMLayer(directory, call_endpoint="serving_default")
    trial.fails("call", lambda: layer({"a": X, "b": X + 1.0}))
    trial.fails("call", lambda: layer([X, X + 1.0]))
    a, b = tf.constant(X), tf.constant(X + 1.0)
    trial.helps("signatures[", is_y, tf=tf, directory=directory, a=a, b=b)


@scene("export-renames", "2.15", "2.21")
def renamed(trial):
    directory = os.path.join(trial.folder, "model")
    model = _model()
    model.export(directory)
    signature = tf.saved_model.load(directory).signatures["serving_default"]
    assert list(signature.structured_outputs) == ["output_0"]
    trial.says("compare", "output 'y' of the model was written as 'output_0'")
    again = os.path.join(trial.folder, "again")
    trial.helps("{'y':", tf=tf, model=model, again=again)
    signature = tf.saved_model.load(again).signatures["serving_default"]
    assert list(signature.structured_outputs) == ["y"]


@scene("keras3-fit-in-graph-mode", "2.21+v1")
def fit(trial):
    model = _model()
    model.compile("sgd", "mse")
    trial.fails("train", lambda: model.fit(X, X, verbose=0))


@scene("export-in-graph-mode", "2.15+v1")
def export(trial):
    x = [tf.keras.layers.Input([3], name=name) for name in ("a", "b")]
    model = tf.keras.Model(x, tf.keras.layers.Add(name="y")(x))
    trial.fails("save", lambda: model.export(os.path.join(trial.folder, "model")))
    directory = os.path.join(trial.folder, "again")
    trial.helps("simple_save", tf=tf, model=model, directory=directory)
    with tf1.Graph().as_default(), tf1.Session() as session:
        loaded = tf1.saved_model.load(session, ["serve"], directory)
    assert sorted(loaded.signature_def["serving_default"].inputs) == ["a", "b"]


@scene("keras-custom-object", "2.15")
def of_ones_own(trial):
    class Scaled(tf.keras.layers.Layer):
        def __init__(self, times=2.0, **more):
            super(Scaled, self).__init__(**more)
            self.times = times

        def get_config(self):
            config = super(Scaled, self).get_config()
            config["times"] = self.times
            return config

        def call(self, x):
            return x * self.times + 1.0

    def distance(y, z):
        return tf.reduce_mean(tf.abs(y - z))

    x = tf.keras.layers.Input([3], name="x")
    model = tf.keras.Model(x, Scaled()(x))
    model.compile("sgd", "mse", metrics=[distance])
    directory = os.path.join(trial.folder, "model")
    model.save(directory, save_format="tf")
    trial.fails("load", lambda: tf.keras.models.load_model(directory))
    trial.names.update(tf=tf, directory=directory, Scaled=Scaled)
    trial.helps("compile=False", lambda got: is_y(got.predict(X, verbose=0)))
    whole = os.path.join(trial.folder, "model.keras")
    model = tf.keras.Model(x, Scaled()(x))
    model.save(whole)
    trial.fails("load", lambda: tf.keras.models.load_model(whole))
    trial.helps("custom_objects", lambda got: is_y(got.predict(X, verbose=0)), directory=whole)


@scene("keras-metadata-missing", "2.15")
def without_metadata(trial):
    directory, again = (os.path.join(trial.folder, name) for name in ("model", "again"))
    model = _model()
    tf.saved_model.save(model, directory)
    trial.fails("load", lambda: tf.keras.models.load_model(directory))
    trial.names.update(tf=tf, model=model, directory=directory, again=again)
    assert "serving_default" in trial.helps("tf.saved_model.load").signatures
    trial.helps("model.save")
    assert is_y(tf.keras.models.load_model(again).predict(X, verbose=0))


@scene("not-a-keras-model", "2.15")
def a_module(trial):
    directory = affine(trial.folder)
    loaded = tf.keras.models.load_model(directory)
    trial.fails("call", lambda: loaded.predict(X))
    trial.helps("signatures", is_y, tf=tf, directory=directory, x=tf.constant(X))


@scene("no-keras-layers", "2.15")
def a_graph(trial):
    directory = graph(os.path.join(trial.folder, "model"))
    trial.fails("load", lambda: tf.keras.models.load_model(directory))
    trial.helps("signatures", is_y, tf=tf, directory=directory, x=tf.constant(X))


@scene("keras-model-never-called", "1.15+v2")
def never_called(trial):
    class Served(tf.keras.Model):
        def __init__(self):
            super(Served, self).__init__()
            self.dense = tf.keras.layers.Dense(3, kernel_initializer="ones")

        def call(self, x):
            return self.dense(x)

        @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
        def serve(self, x):
            return {"y": x * 2.0 + 1.0}

    directory, again = (os.path.join(trial.folder, name) for name in ("model", "again"))
    model = Served()
    tf.compat.v2.saved_model.save(model, directory, signatures=model.serve)
    trial.fails("load", lambda: tf.keras.models.load_model(directory).predict(X))
    trial.names.update(tf=tf, model=model, directory=directory, again=again, x=tf.constant(X))
    trial.helps("signatures[", is_y)
    trial.helps("model.save", x=X)
    assert tf.keras.models.load_model(again).predict(X).shape == (1, 3)


@scene("keras-file-of-another-release", "2.15")
def keras_file_written(trial):
    file = os.path.join(trial.shared, "model.keras")
    _model().save(file)
    trial.names.update(tf=tf, file=file, directory=os.path.join(trial.shared, "model"))
    trial.helps("load_model(file)")


@scene("keras-file-of-another-release", "2.21")
def keras_file_read(trial):
    file = os.path.join(trial.shared, "model.keras")
    trial.fails("load", lambda: tf.keras.models.load_model(file))
    loaded = tf.saved_model.load(os.path.join(trial.shared, "model"))
    assert is_y(loaded.signatures["serving_default"](tf.constant(X)))


@scene("optimizer-slot", "2.15")
def compiled(trial):
    """What reads it without Keras 2 is tests/integration/test_environments.py's."""
    model = _model()
    model.compile(tf.keras.optimizers.legacy.Adam(), "mse")
    model.fit(X, X, verbose=0)
    directory = os.path.join(trial.shared, "compiled")
    model.save(directory, save_format="tf")
    trial.names.update(tf=tf, model=model)
    trial.helps("load_model", lambda got: got.predict(X, verbose=0).shape == (1, 3),
                directory=directory)  # fmt: skip
    trial.helps("include_optimizer=False", directory=os.path.join(trial.shared, "without"))
