"""``hub.KerasLayer``: called by itself, and trained in a ``tf.keras.Model``.

Variants: ``output_key`` has a layer for each output of the signature, ``sequential`` puts it into a
``tf.keras.Sequential``, ``tf_keras`` does that with the Keras that the layer itself is of,
``estimator`` trains the model in an Estimator.
"""

import collections
import contextlib

import tensorflow as tf

from .. import hub, hub_estimator, hub_layers, hub_models, keras_fit, training, values
from ..errors import Absent
from ..savers import graph
from . import tf2_load

tf1 = tf.compat.v1

_VARIANTS = (None, hub_layers.OUTPUT_KEY, "estimator") + hub_layers.IN_SEQUENCE


class _Loaded(tf2_load._Loaded):
    """A layer, or several. Its object is what tf2_load looks for variables and contract in."""

    def __init__(self, layers, made, session):
        super(_Loaded, self).__init__(_object_of(made[0]), layers.artifact, session)
        self.returned = type(made[0]).__name__
        if layers.note:
            self.notes.append(layers.note)
        self._layers = layers
        self._made = made

    def _functions(self):
        variant = self._layers.variant
        if variant == hub_layers.OUTPUT_KEY:
            return [("call", self._by_keys)]
        if variant in hub_layers.IN_SEQUENCE:
            return [("call", hub_models.sequential(self._layers, self._made[0])[1])]
        way = "function" if self._record.get("function") else "call"
        return [(way, self._layers.call(self._made[0]))]

    def _by_keys(self, **tensors):
        found = {}
        for key, layer in zip(self._layers.outputs, self._made):
            (found[key],) = self._layers.call(layer)(**tensors).values()
        return found

    def calls(self):
        built = super(_Loaded, self).calls()
        if self._session is not None:
            self.notes.append(hub.collections_note())
        return built

    def train(self, example):
        """In a ``tf.keras.Model`` by ``Model.fit``, or in an Estimator."""
        if self._layers.variant == "estimator":
            return "estimator", hub_estimator.train(self._layers, example, self._trainable)
        if self._session is None:
            return "fit", self._fit(example, None)
        with graph.session() as session:  # none of what the load has built
            return "fit", self._fit(example, session)

    def _fit(self, example, session):
        layers = self._layers
        if layers.variant in hub_layers.IN_SEQUENCE:
            layer = layers.make(trainable=True, **hub_models.known_inputs(layers))
            model, call = hub_models.sequential(layers, layer)
        else:
            layer = layers.make(trainable=True)
            model, call = hub_models.functional(layers, layer)
        if session is not None:
            self.notes.append(hub.collections_note())
        # Built here: what has run a PartitionedCall refuses gradients through it.
        after = _eagerly(call) if session is None else _in_graph(call, example, session)
        return keras_fit.fit(model, layers.inputs, example, self._trainable(layer), after)

    def _trainable(self, layer):
        """{name in the record: variable} of what a layer has to train.

        Raises:
            Refusal: nothing.
        """
        found = tf2_load.trained_variables(_object_of(layer), self._record, self.notes)
        held = {id(each) for each in layer.trainable_weights}
        named = {name: each for name, each in found.items() if id(each) in held}
        if not named:
            raise training.nothing_to_train("the hub.KerasLayer has", self._payload)
        return named


def _object_of(layer):
    """What the layer has loaded; in hub 0.6 that has no public name."""
    return getattr(layer, "resolved_object", None) or layer._func


def _eagerly(call):
    def after(example):
        outputs = call(**{name: values.to_tf(each) for name, each in example.items()})
        return {name: values.from_eager(each) for name, each in outputs.items()}

    return after


def _in_graph(call, example, session):
    inputs = collections.OrderedDict(
        (name, tf1.placeholder(tf.as_dtype(each.dtype), each.value.shape))
        for name, each in sorted(example.items())
    )
    outputs = collections.OrderedDict(sorted(call(**inputs).items()))
    return lambda fed: graph.run(session, inputs, outputs, fed)


@contextlib.contextmanager
def load(artifact, variant):
    """Make the layer, in graph mode in a graph and a session of its own."""
    if variant not in _VARIANTS:
        known = ", ".join(name for name in _VARIANTS if name)
        raise ValueError("there is no variant %r; there are %s" % (variant, known))
    layers = hub_layers.Layers(artifact, variant)
    if variant in hub_layers.IN_SEQUENCE and (len(layers.inputs), len(layers.outputs)) != (1, 1):
        raise Absent(
            "a Sequential model has one input and one output, this one has inputs %s and outputs %s"
            % (", ".join(layers.inputs), ", ".join(layers.outputs))
        )
    if tf.executing_eagerly():
        yield _Loaded(layers, layers.all(), None)
        return
    with graph.session() as session:
        yield _Loaded(layers, layers.all(), session)
