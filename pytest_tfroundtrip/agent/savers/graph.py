"""What the TF1 savers share: a model built in a graph, its session, its outputs and variables."""

import collections
import contextlib

import tensorflow as tf

from .. import record, training, values, variables

tf1 = tf.compat.v1


class Built(object):
    """A model in a graph. ``inputs`` and ``outputs`` are OrderedDicts of name to tensor."""

    def __init__(self, session, inputs, outputs):
        self.session = session
        self.inputs = inputs
        self.outputs = outputs

    def run(self, fed):
        """The outputs for each example: a list of {name: wire.Tensor}."""
        return [run(self.session, self.inputs, self.outputs, each) for each in fed]

    def saved(self, model, outputs, variant=None, **more):
        """The ``record.Saved`` of a TF1 SavedModel; ``more`` are its attributes."""
        found = variables.of_collection(self.session) or variables.Variables("name", [], {})
        more.update(training.recorded(model, lambda example: trained(model, variant, example)))
        return record.Saved(model.examples, outputs, found, model.batched, **more)


@contextlib.contextmanager
def session():
    """Open a session on a graph of its own; both are the default ones inside.

    What a model pins to a GPU is placed where there is room for it, as TensorFlow Serving does.
    """
    config = tf1.ConfigProto(allow_soft_placement=True)
    with tf.Graph().as_default() as graph, tf1.Session(graph=graph, config=config) as opened:
        yield opened


@contextlib.contextmanager
def built(model, variant=None):
    """Build the model on placeholders in a new graph, initialised; yields :class:`Built`."""
    with session() as opened:
        with variables_of(variant):
            inputs = placeholders(model.inputs)
            outputs = model.call(model.build(), inputs)
        initialise(opened)
        yield Built(opened, inputs, outputs)


def trained(model, variant, example):
    """Train one step in a graph of its own: nothing of it gets into what is saved."""
    with session() as opened:
        with variables_of(variant):
            inputs = placeholders(model.inputs)
            outputs = model.call(model.build(), inputs)
        named = {variables.graph_name(each): each for each in tf1.trainable_variables()}
        step = training.InGraph(inputs, outputs, named)
        initialise(opened)
        return step.run(opened, example)


def placeholders(specs, prefix=""):
    """A placeholder per spec, named as the input."""
    return collections.OrderedDict(
        (name, tf1.placeholder(spec.dtype, spec.shape, name=prefix + name))
        for name, spec in specs.items()
    )


def initialise(session):
    """Run what TF1 code runs first: the initialisers of variables and tables."""
    session.run([tf1.global_variables_initializer(), tf1.local_variables_initializer()])
    session.run(tf1.tables_initializer())


def main_op():
    """What a loader has to run: the tables' initialiser, None where the graph has no table."""
    tables = tf1.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS)
    return tf1.tables_initializer() if tables else None


def run(session, inputs, outputs, example):
    """One ``Session.run``: {name: wire.Tensor} of tensors by name, fed with ``example``."""
    feed = {inputs[name]: values.to_feed(each) for name, each in example.items()}
    arrays = session.run(list(outputs.values()), feed)
    return {
        name: values.from_array(array, tensor.dtype)
        for (name, tensor), array in zip(outputs.items(), arrays)
    }


@contextlib.contextmanager
def variables_of(variant):
    """Have every variable made in this scope be of one kind.

    ``tf.Variable`` makes no reference variable under TensorFlow 2, whatever ``use_resource`` or
    ``disable_v2_behavior`` say; only a creator changes what both it and ``get_variable`` return.

    Args:
        variant: "ref", "resource" or None for what the release does by itself.
    """
    if variant is None:
        yield
        return
    creators = {"ref": _reference, "resource": _resource}
    if variant not in creators:
        raise ValueError("there is no variant %r; there are ref and resource" % (variant,))
    with tf.variable_creator_scope(creators[variant]):
        yield


#: What a variable creator is given that every release's variable classes take.
_TAKEN = (
    "initial_value",
    "trainable",
    "collections",
    "validate_shape",
    "caching_device",
    "name",
    "variable_def",
    "dtype",
    "import_scope",
    "constraint",
    "synchronization",
    "aggregation",
    "shape",
)


def _kept(given):
    return {key: given[key] for key in _TAKEN if given.get(key) is not None}


def _reference(_next_creator, **given):
    kept = _kept(given)
    expected = kept.pop("shape", given.get("expected_shape"))
    if expected is not None:  # RefVariable of 1.15 knows no argument `shape`
        kept["expected_shape"] = expected
    return _ref_variable_class()(**kept)


def _ref_variable_class():
    try:
        from tensorflow.python.ops.ref_variable import RefVariable  # from 2.11 or so on
    except ImportError:
        from tensorflow.python.ops.variables import RefVariable
    return RefVariable


def _resource(next_creator, **given):
    from tensorflow.python.ops.resource_variable_ops import ResourceVariable

    del next_creator  # 1.15's would make a reference variable for tf.Variable
    return ResourceVariable(**_kept(given))
