"""One step of gradient descent whose result is the same wherever it is done.

The loss is the sum over the floating outputs of the mean of their squares, the rate is
:data:`RATE`: that is what ``Model.fit`` does with ``SGD(RATE)``, loss "mse" and targets of zero.
The saving process does the step on the model itself and records what comes of it; a loading one
does it on what it loaded. Where a model's ``__call__`` takes ``training`` the step is done with
``training=True`` and the outputs after it are those without, as ``Model.fit`` and then a prediction
have it; the record says so. For ``y = x @ W + b`` with n rows of m columns it is, in closed form,
``W -= RATE * 2 / (n * m) * x.T @ y`` and ``b -= RATE * 2 / (n * m) * y.sum(0)``.
"""

import collections
import itertools

import tensorflow as tf

from . import saved_model_file, values, wire
from .errors import Refusal
from .record import Trained

tf1 = tf.compat.v1

#: A power of two: multiplying by it rounds nothing.
RATE = 0.125
SHOWN = 3  # reference variables that a message names

#: What a loader notes of the mode that it trained in, where the record is of training mode.
IN_TRAINING = "called with training=True"
NOT_IN_TRAINING = (
    "trained by the %s, which is the model in inference mode; the step that was recorded is in "
    "training mode"
)

#: Ops that hold a reference variable; those of resource variables are VarHandleOp.
_REFERENCES = frozenset(["Variable", "VariableV2"])


def loss_of(outputs):
    """The loss of {name: tensor}.

    Raises:
        Refusal: no output is floating, so nothing depends on the variables smoothly.
    """
    floating = [each for _, each in sorted(outputs.items()) if tf.as_dtype(each.dtype).is_floating]
    if not floating:
        raise Refusal("no output is of a floating dtype: there is no gradient")
    return tf.add_n([tf.cast(tf.reduce_mean(tf.square(each)), tf.float32) for each in floating])


def eagerly(call, example, variables, after=None):
    """A step under a ``GradientTape``.

    Args:
        call: function of tensors by name that returns a dict of tensors.
        example: {name: wire.Tensor}.
        variables: {name: tf.Variable} to be trained.
        after: the function that gives the outputs after the step, where it is another one.

    Returns:
        :data:`record.Trained`.

    Raises:
        Refusal: no output depends on any of the variables.
    """
    names = sorted(variables)
    inputs = {name: values.to_tf(each) for name, each in example.items()}
    with tf.GradientTape() as tape:
        loss = loss_of(call(**inputs))
    gradients = _connected(tape.gradient(loss, [variables[name] for name in names]), names)
    for name, gradient in gradients.items():
        variables[name].assign_sub(RATE * tf.cast(gradient, variables[name].dtype))
    outputs = (after or call)(**inputs)
    return Trained(
        {name: values.from_eager(each) for name, each in outputs.items()},
        {name: values.from_eager(each) for name, each in variables.items()},
    )


class InGraph(object):
    """A step in a session: build it before anything of the graph has run.

    A graph that has run a PartitionedCall refuses gradients through it.

    Args:
        inputs: {name: placeholder}.
        outputs: {name: tensor}.
        variables: {name: variable} to be trained.
        after: {name: tensor} that the outputs after the step are, where they are others.

    Raises:
        Refusal: no output depends on any of the variables.
    """

    def __init__(self, inputs, outputs, variables, after=None):
        self._inputs, self._variables = inputs, variables
        self._outputs = outputs if after is None else after
        names = sorted(variables)
        gradients = tf1.gradients(loss_of(outputs), [variables[name] for name in names])
        pairs = [
            (gradient, variables[name]) for name, gradient in _connected(gradients, names).items()
        ]
        self._train = tf1.train.GradientDescentOptimizer(RATE).apply_gradients(pairs)

    def run(self, session, example):
        """Train on ``example``; returns :data:`record.Trained`."""
        feed = {self._inputs[name]: values.to_feed(each) for name, each in example.items()}
        session.run(self._train, feed)
        outputs = _ordered(self._outputs)
        found = _ordered(self._variables)
        arrays = session.run(list(outputs.values()), feed)
        weights = session.run(list(found.values()))
        return Trained(
            {
                name: values.from_array(array, tensor.dtype)
                for (name, tensor), array in zip(outputs.items(), arrays)
            },
            {
                name: values.from_array(array, variable.dtype)
                for (name, variable), array in zip(found.items(), weights)
            },
        )


def _ordered(items):
    return collections.OrderedDict(sorted(items.items()))


def _connected(gradients, names):
    found = collections.OrderedDict(
        (name, tf.convert_to_tensor(gradient))
        for name, gradient in zip(names, gradients)
        if gradient is not None
    )
    if not found:
        raise Refusal(
            "no gradient reaches the variables (%s): no floating output depends on them"
            % (", ".join(names) or "there are none")
        )
    return found


def recorded(model, step):
    """Do a saver's own step; returns what ``record.Saved`` takes: ``trained`` or ``untrained``.

    Args:
        model: the ``models.Model``; what the step builds of it is thrown away.
        step: function of the first example that returns :data:`record.Trained`.
    """
    try:
        with model.apart():
            return {"trained": step(model.examples[0])}
    except Refusal as refusal:
        return {"untrained": str(refusal)}
    except Exception as error:  # a model need not be differentiable to be saved
        return {"untrained": "%s: %s" % (type(error).__name__, error)}


def references(payload):
    """The names of the reference variables in a SavedModel's file, found without loading it.

    The guide: "if the variable's dtype contains "_ref", it is a reference variable".
    """
    found = []
    for meta_graph in saved_model_file.meta_graphs(payload):
        graph = meta_graph.graph_def
        functions = [function.node_def for function in graph.library.function]
        for node in itertools.chain(graph.node, *functions):  # in a function: once saved again
            if node.op in _REFERENCES and node.name not in found:
                found.append(node.name)
    return found


def nothing_to_train(what, payload):
    """The :class:`Refusal` of a loader that finds no variable to train, with the reason.

    Args:
        what: where it looked, as "the loaded object has".
        payload: the SavedModel's folder, or None.
    """
    held = references(payload) if payload else []
    why = ""
    if held:
        shown = ", ".join("%s (dtype with _ref)" % name for name in held[:SHOWN])
        more = ", and %d more" % (len(held) - SHOWN) if len(held) > SHOWN else ""
        why = (
            ". The file holds reference variables: %s%s. TensorFlow 2 runs them, but there is no "
            "object to train; only resource variables can be trained" % (shown, more)
        )
    return Refusal("%s no variable that can be trained%s" % (what, why))


def write(path, trained, way):
    """Write what a loader's step did as an observation: one example, called ``way``."""
    observed = {"examples/0/%s/%s" % (way, name): each for name, each in trained.outputs.items()}
    observed.update(("variables/%s" % name, each) for name, each in trained.variables.items())
    wire.write_tensors(path, observed)
