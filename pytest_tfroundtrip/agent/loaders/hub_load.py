"""``hub.load``: the signature and, where there is one, the restored ``__call__``."""

import contextlib

import tensorflow as tf

from .. import hub, training
from ..savers import graph
from . import tf2_load


class _Loaded(tf2_load._Loaded):
    """What ``tf.saved_model.load`` gives, called as Hub's guides call it."""

    def __init__(self, root, artifact, session):
        super(_Loaded, self).__init__(root, artifact, session)
        self._artifact = artifact

    def _functions(self):
        functions = super(_Loaded, self)._functions()
        if functions[-1][0] == "function":
            return functions
        if functions[-1][0] != "call" and hub.restores_call(self._artifact):
            functions.append(("call", self._root))
        return [
            (name, hub.by_position(self._root, self._record) if name == "call" else function)
            for name, function in functions
        ]

    def train(self, example):
        """In training mode: ``m(inputs, training=True)``, or the graph with the tag ``train``.

        Each where what was saved has it.
        """
        if hub.has_train_graph(self._payload):
            with _loaded(self._artifact, {hub.TRAIN}) as other:
                return super(_Loaded, other).train(example)
        return super(_Loaded, self).train(example)

    def _in_training(self, way, function):
        """As Hub's guide says, if the object takes ``training``; a tf.Module's record says it."""
        if way != "call" or not self._takes_training():
            return super(_Loaded, self)._in_training(way, function)
        self.notes.append(training.IN_TRAINING)
        return hub.by_position(self._root, self._record, {"training": True})

    def _takes_training(self):
        if self._record["trained"].get("training"):
            return True
        return bool(self._record.get("keras")) and hub.takes_training(self._root.__call__)


@contextlib.contextmanager
def load(artifact, _variant):
    """Load with the tags that the record has, if a reader needs to name any."""
    with _loaded(artifact, hub.tags_of(artifact)) as loaded:
        yield loaded


@contextlib.contextmanager
def _loaded(artifact, tags):
    """Load eagerly, or in graph mode into a graph and a session of its own."""
    import tensorflow_hub

    more = {} if tags is None else {"tags": tags}
    if tf.executing_eagerly():
        yield _Loaded(tensorflow_hub.load(artifact.payload, **more), artifact, None)
        return
    with graph.session() as session:
        yield _Loaded(tensorflow_hub.load(artifact.payload, **more), artifact, session)
