"""Graphs outside of a SavedModel: the files of their payload, and their tensors by name.

A MetaGraphDef or GraphDef has no signatures: which tensors to feed and to fetch, its users know by
their names. The record holds those.
"""

import collections
import os

import tensorflow as tf
from google.protobuf import text_format

from . import contract, record

tf1 = tf.compat.v1

_BINARY, _TEXT = "graph.pb", "graph.pbtxt"
_VALUES = "values.ckpt"

#: What users of a graph know of it. ``inputs`` and ``outputs`` are OrderedDicts of name to tensor;
#: ``initialiser`` is the operation that fills its tables, or None.
Parts = collections.namedtuple("Parts", "inputs outputs initialiser")


def file_name(as_text):
    """The base name of the graph's file."""
    return _TEXT if as_text else _BINARY


def file(payload):
    """The graph's file in a payload, whichever form it was written in."""
    text = os.path.join(payload, _TEXT)
    return text if os.path.isfile(text) else os.path.join(payload, _BINARY)


def checkpoint(payload):
    """The prefix of the variables' values, where a ``Saver`` writes and reads them."""
    return os.path.join(payload, _VALUES)


def has_values(payload):
    """Whether a ``Saver`` wrote values: it writes none where there are no variables."""
    return os.path.isfile(checkpoint(payload) + ".index")


def recorded(built, initialiser):
    """What ``record.Saved`` takes of a graph: its contract, and the names of its tensors.

    Args:
        built: ``graph.Built``.
        initialiser: the operation that fills the tables, or None.
    """
    return {
        "contract": contract.of_parts(record.SIGNATURE, built.inputs, built.outputs),
        "tensors": {
            "inputs": {name: each.name for name, each in built.inputs.items()},
            "outputs": {name: each.name for name, each in built.outputs.items()},
            "initialiser": initialiser and initialiser.name,
        },
    }


def parts(graph, artifact):
    """The :data:`Parts` of an imported graph, by the recorded names.

    Raises:
        KeyError: TensorFlow's own, for a name that is not in the graph.
    """
    told = artifact.record["tensors"]
    initialiser = told["initialiser"]
    return Parts(
        _tensors(graph, told["inputs"]),
        _tensors(graph, told["outputs"]),
        initialiser and graph.get_operation_by_name(initialiser),
    )


def _tensors(graph, names):
    return collections.OrderedDict(
        (name, graph.get_tensor_by_name(names[name])) for name in sorted(names)
    )


def read_graph_def(payload):
    """The ``GraphDef`` of a payload; TensorFlow has no reader for its own ``write_graph``.

    Raises:
        google.protobuf.message.DecodeError: the file is damaged.
        google.protobuf.text_format.ParseError: the same of a text.
    """
    path = file(payload)
    graph_def = tf1.GraphDef()
    with open(path, "rb") as opened:
        content = opened.read()
    if path.endswith(_TEXT):
        text_format.Merge(content.decode("utf-8"), graph_def)
    else:
        graph_def.ParseFromString(content)
    return graph_def
