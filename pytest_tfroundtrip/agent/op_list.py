"""Which ops this runtime has, and which graphs it takes: what it says of itself."""

import os

import tensorflow as tf
from tensorflow.core.framework import types_pb2

from . import c_library

_FILE = "ops.pb"


def run(message, _report):
    """Write the ``OpList`` into the step's folder; tell its dtypes and the graphs that it takes."""
    with open(os.path.join(message["folder"], _FILE), "wb") as file:
        file.write(c_library.op_list())
    return {
        "file": _FILE,
        "dtypes": dict(types_pb2.DataType.items()),
        "graph_def": {
            "producer": tf.version.GRAPH_DEF_VERSION,
            "min_consumer": tf.version.GRAPH_DEF_VERSION_MIN_CONSUMER,
            "min_producer": tf.version.GRAPH_DEF_VERSION_MIN_PRODUCER,
        },
        "unknown_attributes": _takes_unknown_attributes(),
    }


def _takes_unknown_attributes():
    """Whether a graph is taken whose node has an attribute that its op does not."""
    graph_def = tf.compat.v1.GraphDef()
    node = graph_def.node.add(name="node", op="NoOp")
    node.attr["no_such_attribute"].b = True
    try:
        with tf.Graph().as_default():
            tf.import_graph_def(graph_def, name="")
    except ValueError as error:
        if "no_such_attribute" not in str(error):
            raise
        return False
    return True
