"""``tf.compat.v1.train.import_meta_graph`` and ``Saver.restore``; its tensors run in a session."""

import contextlib

import tensorflow as tf

from .. import raw_graphs, training, variables
from ..savers import graph
from .import_graph_def import Imported

tf1 = tf.compat.v1


class _Loaded(Imported):
    def variables(self):
        return variables.of_collection(self.session)

    def train(self, example):
        """On the variables that the meta graph's collections brought back."""
        named = {variables.graph_name(each): each for each in tf1.trainable_variables()}
        if not named:
            raise training.nothing_to_train("the graph's collections have", None)
        step = training.InGraph(self.parts.inputs, self.parts.outputs, named)
        return "session", step.run(self.session, example)


@contextlib.contextmanager
def load(artifact, _variant):
    """Import into a graph of its own, restore the values into a session."""
    with graph.session() as session:
        importer = tf1.train.import_meta_graph(raw_graphs.file(artifact.payload))
        if raw_graphs.has_values(artifact.payload):  # where not, there is no Saver either
            importer.restore(session, raw_graphs.checkpoint(artifact.payload))
        session.run(tf1.tables_initializer())
        yield _Loaded(session, importer, artifact)
