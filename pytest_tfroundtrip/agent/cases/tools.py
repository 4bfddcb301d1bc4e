"""What several cases do: run in the mode in force, compare, call the command-line tool."""

import contextlib
import importlib
import io
import sys

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def cli(folder, expressions, tag="serve", signature="serving_default"):
    """``saved_model_cli run`` on expressions; what it prints. Results are in the folder ``cli``."""
    tool = importlib.import_module("tensorflow.python.tools.saved_model_cli")
    arguments = ["run", "--dir", folder, "--tag_set", tag, "--signature_def", signature]
    arguments += ["--input_exprs", expressions, "--outdir", "cli", "--overwrite"]
    printed = io.StringIO()
    kept = sys.argv
    sys.argv = ["saved_model_cli"] + arguments
    try:
        with contextlib.redirect_stdout(printed):
            _main(tool)
    finally:
        sys.argv = kept
    return printed.getvalue()


def _main(tool):
    try:
        tool.main()
    except SystemExit as end:  # absl's app.run always ends so
        assert not end.code, "saved_model_cli ended with status %s" % end.code


def cli_error(folder, expressions):
    """What the tool fails with; AssertionError where it does not."""
    try:
        cli(folder, expressions)
    except Exception as error:
        return str(error)
    raise AssertionError("saved_model_cli did not fail on %s" % folder)


def hub():
    """tensorflow_hub, imported where it is used: a runtime need not have it."""
    import tensorflow_hub

    return tensorflow_hub


def run(build):
    """The arrays of {name: tensor} that ``build`` returns, eager or in a graph of its own."""
    if tf.executing_eagerly():
        return {name: each.numpy() for name, each in build().items()}
    with tf.Graph().as_default():
        outputs = build()
        with tf1.Session() as session:
            session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
            session.run(tf1.tables_initializer())
            return session.run(outputs)


def same(found, expected):
    """Assert that the arrays are those; returns them as told."""
    assert sorted(found) == sorted(expected), sorted(found)
    for name, value in expected.items():
        assert np.array_equal(found[name], value), (name, found[name])
    return ", ".join("%s: %s" % pair for pair in sorted(expected.items()))


def first_line(error, folder, length=120):
    """What an error says first, without the machine's folder in it."""
    return str(error).replace(folder, "...").splitlines()[0][:length]
