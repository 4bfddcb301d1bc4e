"""``keras.layers.TFSMLayer``: a SavedModel as a layer, what Keras 3 has instead of load_model.

Variant ``signature``: by the recorded signature, also where Keras wrote an endpoint of its own.
"""

import collections
import contextlib

import tensorflow as tf

from .. import composites, contract, functions, keras_fit, training, values, variables
from ..errors import Absent
from ..operations import Loaded
from ..savers import graph
from . import tf2_load

tf1 = tf.compat.v1

#: What ``Model.export`` calls the function that it writes, and the layer's default.
ENDPOINT = "serve"


class _Loaded(Loaded):
    """Has the signature, or Keras' own endpoint, which takes and gives what the model did."""

    calls_functions = True

    def __init__(self, layer, artifact, session):
        super(_Loaded, self).__init__(type(layer).__name__)
        self._layer = layer
        self._payload = artifact.payload
        self._record = artifact.record
        self._session = session
        self._is_signature = layer.call_endpoint == artifact.record["signature"]
        self._function = artifact.record.get("function")
        if self._function:
            self._specs = self._function.get("inputs", {})
            return
        signature = artifact.record["contract"]["signatures"][artifact.record["signature"]]
        self._specs, self._outputs = signature["inputs"], signature["outputs"]
        self._arguments = _arguments(layer.call_endpoint_fn, self._specs)

    def contract(self):
        function = self._layer.call_endpoint_fn
        if not self._is_signature or not hasattr(function, "structured_input_signature"):
            return None
        inputs, outputs = tf2_load._inputs(function), function.structured_outputs
        return contract.of_parts(self._layer.call_endpoint, inputs, outputs)

    def variables(self):
        return None

    def calls(self):
        if self._function:
            return [("function", self._build())]
        return [("signature" if self._is_signature else "call", self._build())]

    def _build(self):
        if self._session is None:
            return self._eager
        inputs = collections.OrderedDict(
            (name, tf1.placeholder(tf.as_dtype(spec["dtype"]), spec["shape"]))
            for name, spec in sorted(self._specs.items())
        )
        outputs = composites.unpacked(self._named(self._called(inputs)))
        graph.initialise(self._session)
        return lambda fed: graph.run(self._session, inputs, outputs, fed)

    def _eager(self, fed):
        tensors = {name: values.to_tf(each) for name, each in fed.items()}
        outputs = composites.unpacked(self._named(self._called(tensors)))
        return {name: values.from_eager(each) for name, each in outputs.items()}

    def _called(self, tensors):
        if self._function:
            return self._called_as(composites.packed(tensors, self._function["kinds"]))
        if self._arguments is None:
            return self._layer(self._given(tensors))
        first, rest = self._arguments[0], self._arguments[1:]
        given = tf.nest.map_structure(lambda spec: tensors[spec.name], first)
        return self._layer(given, **{spec.name: tensors[spec.name] for spec in rest})

    def _called_as(self, tensors):
        """By the first argument, which the layer is called with, and others by their names."""
        told = self._function
        if not told["positional"]:
            raise Absent("keras.layers.TFSMLayer hands over one argument, %(name)s has none" % told)
        first, rest = told["positional"][0], zip(told["arguments"][1:], told["positional"][1:])
        more = [(name, each) for name, each in rest if functions.has_tensors(each)]
        given = {name: functions.filled(each, tensors) for name, each in more}
        return self._layer(functions.filled(first, tensors), **given)

    def _given(self, tensors):
        """The one argument that the layer hands to its endpoint."""
        if len(tensors) == 1:
            return next(iter(tensors.values()))
        if self._is_signature:
            return dict(tensors)
        return [tensors[name] for name in self._record["keras"]["inputs"]]

    def _named(self, given):
        """What the endpoint gave, by name: an endpoint of Keras may give a tensor or a list."""
        if self._function:
            return functions.named(given)
        if isinstance(given, dict):
            return collections.OrderedDict(sorted(given.items()))
        parts = given if isinstance(given, (list, tuple)) else [given]
        names = (self._record["keras"] or {}).get("outputs") or sorted(self._outputs)
        return collections.OrderedDict(zip(names, parts))

    def train(self, example):
        """By ``Model.fit`` of a functional model around the layer."""
        reached = tf2_load.trained_variables(self._layer._reloaded_obj, self._record, self.notes)
        weights = {id(variables.plain(each)) for each in self._layer.trainable_weights}
        named = {name: each for name, each in reached.items() if id(each) in weights}
        if not named:
            raise training.nothing_to_train("the layer has", self._payload)
        if self._record["trained"].get("training") and self._is_signature:
            self.notes.append(training.NOT_IN_TRAINING % "signature")
        names = sorted(self._specs)
        inputs = collections.OrderedDict(
            (name, tf.keras.Input(batch_shape=spec["shape"], dtype=spec["dtype"], name=name))
            for name, spec in sorted(self._specs.items())
        )
        model = tf.keras.Model(list(inputs.values()), self._called(inputs))
        if self._session is not None:
            graph.initialise(self._session)
        return "fit", keras_fit.fit(model, names, example, named, self._build())


def _arguments(function, wanted):
    """What an attribute takes, where that is the signature's inputs: specs in their structure.

    The layer takes the attribute where a signature has the same name: a RestoredFunction, which is
    called as the original was, by an argument for each input, or one that is a list or a dict.
    """
    for concrete in getattr(function, "concrete_functions", ()):
        positional, _ = concrete.structured_input_signature
        names = [getattr(each, "name", None) for each in tf.nest.flatten(positional)]
        several = all(hasattr(each, "name") for each in positional[1:])
        if sorted(map(str, names)) == sorted(wanted) and several:
            return positional
    return None


@contextlib.contextmanager
def load(artifact, variant):
    """Make the layer, eagerly or in graph mode in a graph and a session of its own."""
    if variant not in (None, "signature"):
        raise ValueError("there is no variant %r; there is signature" % (variant,))
    told = artifact.record["contract"]["signatures"]
    # Whoever else has a signature of that name: Keras' own writer is known by its names.
    by_keras = variant is None and ENDPOINT in told and artifact.record["keras"]
    endpoint = ENDPOINT if by_keras else artifact.record["signature"] or ENDPOINT
    if artifact.record.get("function"):
        endpoint = artifact.record["function"]["name"]
    if tf.executing_eagerly():
        layer = tf.keras.layers.TFSMLayer(artifact.payload, call_endpoint=endpoint)
        yield _Loaded(layer, artifact, None)
        return
    with graph.session() as session:
        layer = tf.keras.layers.TFSMLayer(artifact.payload, call_endpoint=endpoint)
        yield _Loaded(layer, artifact, session)
