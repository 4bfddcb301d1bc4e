"""``tf.io.write_graph`` of a frozen GraphDef; variant ``text``.

A GraphDef has no place for the values of variables: who ships one freezes them into constants first
(``tf.compat.v1.graph_util.convert_variables_to_constants``), and so does this saver.
"""

import tensorflow as tf

from .. import raw_graphs, record, variables
from . import graph

tf1 = tf.compat.v1


def save(model, payload, variant):
    """Write what the inputs, the outputs and the tables' initialiser need of the graph."""
    if variant not in (None, "text"):
        raise ValueError("there is no variant %r; there is text" % (variant,))
    with graph.built(model) as built:
        outputs = built.run(model.examples)
        initialiser = graph.main_op()
        # Inputs are named too: one that no output needs would be dropped.
        kept = [each.op.name for part in (built.inputs, built.outputs) for each in part.values()]
        frozen = tf1.graph_util.convert_variables_to_constants(
            built.session,
            built.session.graph.as_graph_def(),
            kept + ([initialiser.name] if initialiser else []),
        )
        as_text = variant == "text"
        tf.io.write_graph(frozen, payload, raw_graphs.file_name(as_text), as_text=as_text)
        return record.Saved(
            model.examples,
            outputs,
            variables.Variables("name", [], {}),
            model.batched,
            format="graph_def",
            untrained=_frozen(),
            **raw_graphs.recorded(built, initialiser),
        )


def _frozen():
    names = [variables.graph_name(each) for each in tf1.global_variables()]
    if not names:
        return "the model has no variables"
    return "a GraphDef holds no variables: frozen into constants were %s" % ", ".join(names)
