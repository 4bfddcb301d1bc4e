"""TF1 graph code under ``tf.compat.v1.wrap_function``, pruned to a function that runs eagerly.

As the migration guide loads a MetaGraphDef in TensorFlow 2; the variables are restored by a new
``Saver``, in variant ``own_saver`` by the one that the meta graph has inside.
"""

import collections
import contextlib

import tensorflow as tf

from .. import contract, raw_graphs, training, values, variables
from ..errors import Refusal
from ..operations import Loaded
from ..savers import graph

tf1 = tf.compat.v1


class _Loaded(Loaded):
    def __init__(self, wrapped, artifact, session):
        super(_Loaded, self).__init__(type(wrapped).__name__)
        self._wrapped = wrapped
        self._record = artifact.record
        self._session = session
        self._parts = raw_graphs.parts(wrapped.graph, artifact)
        self._pruned = wrapped.prune(
            feeds=list(self._parts.inputs.values()), fetches=dict(self._parts.outputs)
        )

    def contract(self):
        inputs = dict(zip(self._parts.inputs, self._pruned.inputs))  # captures come after them
        outputs = self._pruned.structured_outputs
        return contract.of_parts(self._record["signature"], inputs, outputs)

    def variables(self):
        found = list(getattr(self._wrapped, "variables", ()))  # 1.15's has no such attribute
        return variables.by_name(found, self._session) if found else None

    def calls(self):
        if self._session is None:
            return [("call", self._eager)]
        inputs = self._placeholders()
        outputs = self._call(**inputs)
        return [("call", lambda fed: graph.run(self._session, inputs, outputs, fed))]

    def train(self, example):
        """On the pruned function's variables."""
        told = self._record["trained"]["variables"]
        named = {variables.graph_name(each): each for each in self._pruned.variables}
        named = {name: named[name] for name in told if name in named}
        if not named:
            raise self._nothing_to_train()
        if self._session is None:
            return "call", training.eagerly(self._call, example, named)
        inputs = self._placeholders()
        step = training.InGraph(inputs, self._call(**inputs), named)
        return "call", step.run(self._session, example)

    def _nothing_to_train(self):
        held = self._wrapped.graph.get_collection(tf1.GraphKeys.GLOBAL_VARIABLES)
        names = [variables.graph_name(each) for each in held if variables.kind(each) == "ref"]
        if not names:
            return training.nothing_to_train("the pruned function has", None)
        return Refusal(
            "the pruned function has no variable that can be trained. The file holds reference "
            "variables: %s (dtype with _ref). They stay inside of the graph; only resource "
            "variables can be trained" % ", ".join(names)
        )

    def _call(self, **tensors):
        outputs = self._pruned(*[tensors[name] for name in self._parts.inputs])
        return collections.OrderedDict(sorted(outputs.items()))

    def _eager(self, fed):
        outputs = self._call(**{name: values.to_tf(each) for name, each in fed.items()})
        return {name: values.from_eager(each) for name, each in outputs.items()}

    def _placeholders(self):
        return collections.OrderedDict(
            (name, tf1.placeholder(each.dtype, each.shape))
            for name, each in self._parts.inputs.items()
        )


@contextlib.contextmanager
def load(artifact, variant):
    """Wrap the import, restore the variables; in graph mode within a graph and a session."""
    if variant not in (None, "own_saver"):
        raise ValueError("there is no variant %r; there is own_saver" % (variant,))
    if tf.executing_eagerly():
        yield _loaded(artifact, variant, None)
        return
    with graph.session() as session:
        yield _loaded(artifact, variant, session)


def _loaded(artifact, variant, session):
    importers = []

    def import_it():
        if artifact.record["format"] == "graph_def":
            tf.import_graph_def(raw_graphs.read_graph_def(artifact.payload), name="")
        else:
            importers.append(tf1.train.import_meta_graph(raw_graphs.file(artifact.payload)))

    wrapped = tf1.wrap_function(import_it, [])
    if raw_graphs.has_values(artifact.payload):
        prefix = raw_graphs.checkpoint(artifact.payload)
        if variant == "own_saver":
            saver = importers[0].saver_def
            file_name = wrapped.graph.get_tensor_by_name(saver.filename_tensor_name)
            _run(wrapped, saver.restore_op_name, session, [file_name], [tf.constant(prefix)])
        else:
            tf1.train.Saver(wrapped.variables).restore(sess=None, save_path=prefix)
    loaded = _Loaded(wrapped, artifact, session)
    initialiser = artifact.record["tensors"]["initialiser"]
    if initialiser is not None:
        _run(wrapped, initialiser, session, [], [])
    return loaded


def _run(wrapped, name, session, feeds, given):
    """Run an operation of a wrapped graph: by way of a tensor, for a session to fetch."""
    operation = wrapped.graph.get_operation_by_name(name)
    with wrapped.graph.as_default(), tf.control_dependencies([operation]):
        done = tf.constant("done")
    ran = wrapped.prune(feeds=feeds, fetches=done)(*given)
    if session is not None:
        session.run(ran)
