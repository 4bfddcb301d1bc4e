"""What the guide says of raw graphs in TensorFlow 2, and of ``wrap_function``."""

import inspect

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
FILES = ("graph.pb", "values.ckpt")


def _export():
    """A meta graph of several kinds of elements, with its values."""
    with tf.Graph().as_default() as graph:
        x = tf1.placeholder(tf.float32, shape=[], name="x")
        v = tf1.get_variable("v", initializer=3.0, use_resource=True)
        middle = tf.multiply(x, v, name="middle")
        tf.add(middle, 1.0, name="y")
        with tf.control_dependencies([tf1.Assert(x < 0.0, ["must be negative"])]):
            tf.identity(x, name="guarded")
        with tf1.Session() as session:
            session.run(v.initializer)
            saver = tf1.train.Saver()
            saver.export_meta_graph(FILES[0], as_text=True)
            saver.save(session, FILES[1])
        return [each.name for each in graph.get_operations()]


def _imported():
    wrapped = tf1.wrap_function(lambda: tf1.train.import_meta_graph(FILES[0]) and None, [])
    tf1.train.Saver(wrapped.variables).restore(sess=None, save_path=FILES[1])
    return wrapped


def wrapped_function_has_all_elements():
    """Operations by their names, and the variable."""
    exported = _export()
    wrapped = _imported()
    found = {each.name for each in wrapped.graph.get_operations()}
    missing = [name for name in exported if name not in found]
    assert not missing, "not imported: %s" % missing
    names = [each.name for each in wrapped.variables]
    assert names == ["v:0"], names
    return "%d operations and the variable v" % len(exported)


#: Feeds and fetches, as Session.run takes them.
ASKED = (
    ({"x:0": 5.0}, "y:0"),
    ({"x:0": 5.0}, "middle:0"),
    ({"middle:0": 7.0}, "y:0"),
    ({"x:0": 5.0}, ["y:0", "middle:0"]),
)


def prune_gives_what_session_run_gives():
    """Whatever is fed and fetched; what is not fetched is not computed (its Assert would fail)."""
    _export()
    with tf.Graph().as_default(), tf1.Session() as session:
        tf1.train.import_meta_graph(FILES[0]).restore(session, FILES[1])
        by_session = [session.run(fetches, feeds) for feeds, fetches in ASKED]
    wrapped = _imported()
    by_prune = [_pruned(wrapped, *each) for each in ASKED]
    assert all(map(np.array_equal, by_prune, by_session)), (by_prune, by_session)
    return "; ".join(
        "%s: %s" % (fetches, np.asarray(each).tolist())
        for (_, fetches), each in zip(ASKED, by_prune)
    )


def _pruned(wrapped, feeds, fetches):
    tensor = wrapped.graph.get_tensor_by_name
    wanted = [tensor(name) for name in fetches] if isinstance(fetches, list) else tensor(fetches)
    function = wrapped.prune([tensor(name) for name in feeds], wanted)
    return tf.nest.map_structure(
        lambda each: each.numpy(), function(*[tf.constant(each) for each in feeds.values()])
    )


def wrap_function_takes_graph_code():
    """Graph-building code of several kinds: variables, control flow, tables, an optimizer."""

    def build(x):
        with tf1.variable_scope("scope", use_resource=True):
            w = tf1.get_variable("w", initializer=2.0)
        _, looped = tf1.while_loop(
            lambda i, _: i < 3, lambda i, y: (i + 1, y * w), (tf.constant(0), x)
        )
        chosen = tf1.cond(x > 0.0, lambda: looped, lambda: -looped)
        keys = tf1.placeholder_with_default(["b"], [None], name="keys")
        table = tf1.lookup.StaticHashTable(
            tf1.lookup.KeyValueTensorInitializer(["a", "b"], [1.0, 2.0]), 0.0
        )
        with tf.control_dependencies([table.initializer]):
            looked_up = table.lookup(keys)
        gradient = tf1.gradients(chosen, [w])[0]
        with tf.control_dependencies([chosen, gradient]):
            step = tf1.train.GradientDescentOptimizer(0.125).apply_gradients([(gradient, w)])
        with tf.control_dependencies([step]):
            after = tf.identity(w.read_value())
        return {"y": chosen, "looked_up": looked_up, "gradient": gradient, "after": after}

    wrapped = tf1.wrap_function(build, [tf.TensorSpec([], tf.float32)])
    found = {name: each.numpy().tolist() for name, each in wrapped(tf.constant(1.0)).items()}
    expected = {"y": 8.0, "looked_up": [2.0], "gradient": 12.0, "after": 0.5}
    assert found == expected, found
    return "get_variable, while_loop, cond, a table, gradients, an optimizer"


def no_tf2_name_takes_meta_graphs():
    """No function outside of ``tf.compat`` is called after meta graphs."""
    names = set(_functions(tf, "tf", set()))
    assert {"tf.saved_model.load", "tf.graph_util.import_graph_def"} <= names, "not all was seen"
    found = [name for name in names if "meta_graph" in name.lower()]
    assert not found, found
    return "no name of TensorFlow 2's has meta_graph in it; tf.compat.v1 has %s" % ", ".join(
        sorted(name for name in dir(tf1.train) if "meta_graph" in name)
    )


def _functions(module, path, seen):
    """The dotted names of a module's public functions and classes, ``tf.compat`` left out."""
    seen.add(id(module))
    for name in dir(module):
        if name.startswith("_") or (path, name) == ("tf", "compat"):
            continue
        each = getattr(module, name, None)
        if inspect.ismodule(each):
            inside = each.__name__.partition(".")[0] in ("tensorflow", "tensorflow_core", "keras")
            if inside and id(each) not in seen and ".python" not in each.__name__:
                for below in _functions(each, "%s.%s" % (path, name), seen):
                    yield below
        elif callable(each):
            yield "%s.%s" % (path, name)


def concrete_functions_refuse_numbers():
    """Numbers of Python's and numpy's, by a concrete function and by a restored signature."""
    spec = tf.TensorSpec([], tf.float32, name="x")
    module = tf.Module()
    module.run = tf.function(lambda x: {"y": x * 3.0}, input_signature=[spec])
    tf.saved_model.save(module, "saved", signatures={"key": module.run})
    loaded = tf.saved_model.load("saved")
    functions = (
        ("a concrete function", tf.function(lambda x: {"y": x * 3.0}).get_concrete_function(spec)),
        ("a signature", loaded.signatures["key"]),
    )
    taken = []
    for name, function in functions:
        for number in (5.0, np.float32(5.0)):
            try:
                value = function(x=number)["y"].numpy()
            except (TypeError, ValueError):
                continue
            assert value == 15.0, value
            taken.append("%s a %s" % (name, type(number).__name__))
    assert not taken, "taken: %s" % ", ".join(taken)
    return "all are refused"


def graph_def_is_imported_by_tf2():
    """``tf.graph_util.import_graph_def``, a name of TensorFlow 2's, in a ``tf.function``."""
    with tf.Graph().as_default() as graph:
        tf.multiply(tf1.placeholder(tf.float32, shape=[], name="x"), 3.0, name="y")
    definition = graph.as_graph_def()

    @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
    def run(x):
        return tf.graph_util.import_graph_def(
            definition, input_map={"x:0": x}, return_elements=["y:0"]
        )[0]

    value = run(tf.constant(5.0)).numpy()
    assert value == 15.0, value
    raise AssertionError("tf.graph_util.import_graph_def runs one in a tf.function: %s" % value)


def compat_mode_is_graphs_and_sessions():
    """The page's two lines, the second of which every runtime of this behavior begins with."""
    import tensorflow.compat.v1 as compat

    assert not compat.executing_eagerly()
    x = compat.placeholder(compat.float32, [])  # in the default graph, as TF1 code has it
    v = compat.get_variable("v", initializer=2.0)
    assert "_ref" in v.dtype.name, v.dtype
    with compat.Session() as session:
        session.run(v.initializer)
        found = session.run(x * v, {x: 3.0})
    assert found == 6.0, found
    return "a placeholder, a variable of dtype %s and a Session" % v.dtype.name
