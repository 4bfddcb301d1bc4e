"""Lookup tables, vocabularies and other files beside the graph."""

import os

import tensorflow as tf

from .trial import scene
from .writing import graph

tf1 = tf.compat.v1


def _table(path):
    """The outputs of a graph that looks up ``green`` in the file's lines."""

    def outputs(x):
        initializer = tf.lookup.TextFileInitializer(
            path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE,
            tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER,
        )  # fmt: skip
        table = tf.lookup.StaticHashTable(initializer, -1)
        found = table.lookup(tf.constant(["green"]))
        return {"y": tf.identity(found, name="found")}

    return outputs


def _words(trial):
    path = os.path.join(trial.folder, "words.txt")
    with open(path, "w") as file:
        file.write("red\ngreen\nblue\n")
    return path


def _assets():
    return tf1.get_collection(tf1.GraphKeys.ASSET_FILEPATHS)


def _loaded(session, directory):
    return tf1.saved_model.load(session, ["serve"], directory)


@scene("table-not-initialized", "1.15", "2.15", "2.21")
def nothing_fills_it(trial):
    directory = os.path.join(trial.folder, "model")
    graph(directory, _table(_words(trial)), assets_collection=_assets)
    with tf1.Graph().as_default(), tf1.Session() as session:
        _loaded(session, directory)
        trial.fails("call", lambda: session.run("found:0"))
        trial.helps("session.run", tf=tf, session=session)
        assert session.run("found:0") == [1]
    with tf1.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 3], name="x")
        y = _table(_words(trial))(x)
        session.run(tf1.tables_initializer())
        signature = tf1.saved_model.predict_signature_def({"x": x}, y)
        again = os.path.join(trial.folder, "again")
        builder = tf1.saved_model.Builder(again)
        trial.names.update(builder=builder, signatures={"serving_default": signature})
        trial.helps("main_op")
        builder.save()
    with tf1.Graph().as_default(), tf1.Session() as session:
        _loaded(session, again)
        assert session.run("found:0") == [1]


@scene("asset-at-the-writer-s-path", "1.15", "2.15", "2.21")
def the_writers_path(trial):
    words = _words(trial)
    directory = os.path.join(trial.folder, "model")
    graph(directory, _table(words), assets_collection=_assets)
    os.remove(words)
    with tf1.Graph().as_default(), tf1.Session() as session:
        _loaded(session, directory)
        trial.fails("call", lambda: session.run(tf1.tables_initializer()))
        (asset,) = _assets()
        path = os.path.join(directory, "assets", "words.txt")
        trial.helps("session.run", tf=tf, session=session, asset=asset, path=path)
        assert session.run("found:0") == [1]
    if tf.__version__ >= "2":
        loaded = trial.helps("tf.saved_model.load", directory=directory)
        found = loaded.signatures["serving_default"](tf.zeros([1, 3]))["y"]
        assert found.numpy().tolist() == [1]


@scene("file-left-behind", "2.15", "2.21")
def no_asset(trial):
    words = _words(trial)
    directory = os.path.join(trial.folder, "model")
    module = tf.Module()
    module.call = tf.function(
        lambda x: {"y": tf.strings.length(tf.io.read_file(words)) + 0 * x},
        input_signature=[tf.TensorSpec([], tf.int32)],
    )
    tf.saved_model.save(module, directory)
    trial.names.update(tf=tf, module=module, path=words)
    trial.helps("tf.saved_model.Asset")
    module.call = tf.function(
        lambda x: {"y": tf.strings.length(tf.io.read_file(module.words.asset_path)) + 0 * x},
        input_signature=[tf.TensorSpec([], tf.int32)],
    )
    mended = os.path.join(trial.folder, "mended")
    tf.saved_model.save(module, mended)
    os.remove(words)
    loaded = tf.saved_model.load(directory)
    trial.fails("call", lambda: loaded.signatures["serving_default"](tf.constant(0)))
    got = tf.saved_model.load(mended).signatures["serving_default"](tf.constant(0))
    assert got["y"].numpy() == 15
