"""``tf.import_graph_def``; its tensors run in a session."""

import contextlib

import tensorflow as tf

from .. import contract, raw_graphs
from ..operations import Loaded
from ..savers import graph


class Imported(Loaded):
    """A graph that was imported into a session's, fed and fetched by the recorded names."""

    def __init__(self, session, returned, artifact):
        super(Imported, self).__init__(type(returned).__name__)
        self.session = session
        self.parts = raw_graphs.parts(session.graph, artifact)
        self._key = artifact.record["signature"]

    def contract(self):
        return contract.of_parts(self._key, self.parts.inputs, self.parts.outputs)

    def variables(self):
        return None  # a GraphDef has no collections

    def calls(self):
        inputs, outputs, _ = self.parts
        return [("session", lambda fed: graph.run(self.session, inputs, outputs, fed))]


@contextlib.contextmanager
def load(artifact, _variant):
    """Import into a graph of its own, under the names that were saved."""
    with graph.session() as session:
        graph_def = raw_graphs.read_graph_def(artifact.payload)
        returned = tf.import_graph_def(graph_def, name="")
        loaded = Imported(session, returned, artifact)
        if loaded.parts.initialiser is not None:
            session.run(loaded.parts.initialiser)
        yield loaded
