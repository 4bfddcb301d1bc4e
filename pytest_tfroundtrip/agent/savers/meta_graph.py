"""``tf.compat.v1.train.Saver.export_meta_graph``, and ``Saver.save`` for the values.

As the migration guide saves a raw MetaGraphDef; variants ``text``, ``ref``, ``resource`` and
``allow_empty``.
"""

import os

import tensorflow as tf

from .. import raw_graphs
from . import graph

tf1 = tf.compat.v1

_KINDS = ("ref", "resource")
_VARIANTS = ("text", "allow_empty") + _KINDS


def save(model, payload, variant):
    """Save the graph with its collections, and the variables beside it.

    The guide's ``Saver()`` refuses a graph without variables; ``allow_empty`` is what it takes to
    export one, and then nothing but the graph is written.
    """
    if variant is not None and variant not in _VARIANTS:
        raise ValueError("there is no variant %r; there are %s" % (variant, ", ".join(_VARIANTS)))
    kind = variant if variant in _KINDS else None
    with graph.built(model, kind) as built:
        outputs = built.run(model.examples)
        initialiser = graph.main_op()
        saver = tf1.train.Saver(allow_empty=variant == "allow_empty")
        os.makedirs(payload)
        as_text = variant == "text"
        saver.export_meta_graph(
            os.path.join(payload, raw_graphs.file_name(as_text)), as_text=as_text
        )
        # The state file would hold the path of this folder, which is about to move; and one meta
        # graph is enough.
        saver.save(
            built.session,
            raw_graphs.checkpoint(payload),
            write_meta_graph=False,
            write_state=False,
        )
        return built.saved(
            model, outputs, kind, format="meta_graph", **raw_graphs.recorded(built, initialiser)
        )
