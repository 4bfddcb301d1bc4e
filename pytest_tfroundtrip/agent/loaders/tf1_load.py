"""``tf.compat.v1.saved_model.load`` into a session; the signature's tensor names are run."""

import collections
import contextlib
import os

import tensorflow as tf

from .. import composites, contract, saved_model_file, training, variables
from ..errors import Refusal
from ..operations import Loaded
from ..savers import graph

tf1 = tf.compat.v1


class _Loaded(Loaded):
    def __init__(self, session, meta_graph, artifact):
        super(_Loaded, self).__init__(type(meta_graph).__name__)
        self._session = session
        self._meta_graph = meta_graph
        self._payload = artifact.payload
        self._key = artifact.record["signature"]

    def contract(self):
        return contract.of_meta_graph(self._meta_graph)

    def variables(self):
        return variables.of_collection(self._session)

    def calls(self):
        inputs, outputs = self._parts()
        return [("session", lambda fed: graph.run(self._session, inputs, outputs, fed))]

    def train(self, example):
        named = {variables.graph_name(each): each for each in tf1.trainable_variables()}
        if not named:
            raise training.nothing_to_train("the graph's collections have", self._payload)
        inputs, outputs = self._parts()
        step = training.InGraph(inputs, outputs, named)
        return "session", step.run(self._session, example)

    def _parts(self):
        signatures = self._meta_graph.signature_def
        if self._key not in signatures:
            raise Refusal(
                "the loaded MetaGraphDef has no signature %r, only: %s"
                % (self._key, ", ".join(sorted(signatures)) or "none")
            )
        signature = signatures[self._key]
        return (
            _tensors(self._session.graph, signature.inputs),
            _tensors(self._session.graph, signature.outputs),
        )


def _tensors(g, infos):
    return collections.OrderedDict(
        (name, g.get_tensor_by_name(tensor)) for name, tensor in composites.flat(infos).items()
    )


def _initialise_tables(session, meta_graph, artifact, notes):
    """Run what TF1 code runs where the file names nothing to run, as in the TF1 Hub format.

    The loader feeds the paths of the assets only to what the file names; without them a table is
    looked for where it was when the model was written.
    """
    signatures = saved_model_file.initialises(artifact.payload, artifact.record["contract"]["tags"])
    if not signatures and tf1.get_collection(tf1.GraphKeys.TABLE_INITIALIZERS):
        fed = {
            tensor: os.path.join(artifact.payload, "assets", name)
            for tensor, name in saved_model_file.assets(meta_graph)
        }
        session.run(tf1.tables_initializer(), fed)
        notes.append("tf.compat.v1.tables_initializer() was run: the file names no initialiser")


@contextlib.contextmanager
def load(artifact, _variant):
    """Load the meta graph of the recorded tags into a session of its own."""
    with graph.session() as session:
        tags = artifact.record["contract"]["tags"]
        meta_graph = tf1.saved_model.load(session, tags, artifact.payload)
        loaded = _Loaded(session, meta_graph, artifact)
        _initialise_tables(session, meta_graph, artifact, loaded.notes)
        yield loaded
