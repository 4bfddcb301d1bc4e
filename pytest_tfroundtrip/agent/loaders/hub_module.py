"""``hub.Module`` in a graph and a session; variant ``eager``: without a ``tf.Graph``."""

import collections
import contextlib

import tensorflow as tf

from .. import contract, hub, training
from ..operations import Loaded
from ..savers import graph
from ..savers import hub_module as saver

tf1 = tf.compat.v1


class _Loaded(Loaded):
    """A module's spec; each operation instantiates it as it needs it."""

    def __init__(self, spec, artifact, session):
        super(_Loaded, self).__init__(type(spec).__name__)
        self._spec = spec
        self._payload = artifact.payload
        self._record = artifact.record
        self._tags = hub.tags_of(artifact)
        self._session = session
        self._module = None

    def contract(self):
        module = self._instance()
        signatures = {}
        for key in module.get_signature_names():
            inputs, outputs = module.get_input_info_dict(key), module.get_output_info_dict(key)
            parts = contract.of_parts(key, _specs(inputs), _specs(outputs))
            signatures.update(parts["signatures"])
        return {"tags": None, "signatures": signatures}

    def variables(self):
        return saver.variables_of(self._instance(), self._session)

    def calls(self):
        inputs, outputs = self._apply(self._instance())
        self.notes.append(hub.collections_note())
        graph.initialise(self._session)
        return [("session", lambda fed: graph.run(self._session, inputs, outputs, fed))]

    def train(self, example):
        """By the graph with the tag ``train``, where the module has one."""
        import tensorflow_hub

        tags = self._tags
        if frozenset([hub.TRAIN]) in map(frozenset, self._spec.get_tags()):
            tags = {hub.TRAIN}
        module = tensorflow_hub.Module(self._spec, trainable=True, tags=tags)
        inputs, outputs = self._apply(module)
        trainable = {id(each) for each in tf1.trainable_variables()}
        named = {name: each for name, each in module.variable_map.items() if id(each) in trainable}
        self.notes.append(hub.collections_note())
        if not named:
            raise training.nothing_to_train("the module has", self._payload)
        step = training.InGraph(inputs, outputs, named)
        graph.initialise(self._session)
        return "session", step.run(self._session, example)

    def _instance(self):
        if self._module is None:
            import tensorflow_hub

            self._module = tensorflow_hub.Module(self._spec, tags=self._tags)
        return self._module

    def _apply(self, module):
        """Placeholders and the outputs for them, by name."""
        key = self._record["signature"]
        told = module.get_input_info_dict(key)
        inputs = collections.OrderedDict(
            (name, tf1.placeholder(info.dtype, info.get_shape()))
            for name, info in sorted(told.items())
        )
        if list(module.get_output_info_dict(key)) == [hub.DEFAULT] and len(inputs) == 1:
            # The guide's plainest way: one tensor in, one out.
            (tensor,) = inputs.values()
            outputs = {hub.DEFAULT: module(tensor, signature=key)}
        else:
            outputs = module(dict(inputs), signature=key, as_dict=True)
        return inputs, collections.OrderedDict(sorted(outputs.items()))


_Spec = collections.namedtuple("_Spec", "dtype shape")


def _specs(infos):
    return {name: _Spec(info.dtype, info.get_shape()) for name, info in infos.items()}


@contextlib.contextmanager
def load(artifact, variant):
    """Load the module's spec, which refuses what is not in the TF1 Hub format."""
    if variant not in (None, "eager"):
        raise ValueError("there is no variant %r; there is eager" % (variant,))
    import tensorflow_hub

    if variant == "eager":
        yield _Loaded(tensorflow_hub.load_module_spec(artifact.payload), artifact, None)
        return
    with graph.session() as session:
        yield _Loaded(tensorflow_hub.load_module_spec(artifact.payload), artifact, session)
