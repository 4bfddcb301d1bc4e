"""What TensorFlow itself says of SavedModels: ``python truth.py DIR ...`` under any release.

Prints JSON, an object a folder, from TensorFlow's own protos and its own checkpoint reader.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf
from google.protobuf import text_format
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

tf1 = tf.compat.v1


def truth(folder):
    graphs = [meta_graph(each) for each in read(folder).meta_graphs]
    return {"meta_graphs": graphs, "checkpoint": checkpoint(folder)}


def read(folder):
    message = saved_model_pb2.SavedModel()
    path = Path(folder, "saved_model.pb")
    if path.exists():
        message.ParseFromString(path.read_bytes())
    else:
        text_format.Parse(path.with_suffix(".pbtxt").read_text(encoding="utf-8"), message)
    return message


def meta_graph(message):
    graph, info = message.graph_def, message.meta_info_def
    listed = {op.name: op for op in info.stripped_op_list.op}
    functions = [node for each in graph.library.function for node in each.node_def]
    nodes = [(0, node) for node in graph.node] + [(1, node) for node in functions]
    ops, attributes = {}, {}
    for where, node in nodes:
        ops.setdefault(node.op, [0, 0])[where] += 1
        seen = attributes.setdefault(node.op, {})
        for name in node.attr:
            if not name.startswith("_"):
                default = is_default(listed.get(node.op), name, node.attr[name])
                seen[name] = default if seen.get(name, True) else seen[name]
    return {
        "tags": sorted(info.tags),
        "tensorflow": info.tensorflow_version,
        "tensorflow_git": info.tensorflow_git_version,
        "producer": graph.versions.producer,
        "min_consumer": graph.versions.min_consumer,
        "signatures": {key: signature(each) for key, each in message.signature_def.items()},
        "ops": ops,
        "attributes": attributes,
        "functions": len(graph.library.function),
        "devices": sorted({node.device for _, node in nodes} - {""}),
        "listed": sorted(listed),
        "assets": sorted(assets(message)),
        "variables": variables(message),
        "objects": len(message.object_graph_def.nodes),
    }


def assets(message):
    """Their names: 1.15 keeps them in a collection, TensorFlow 2 in a field."""
    names = {each.filename for each in message.asset_file_def}
    kept = message.collection_def
    for each in kept["saved_model_assets"].any_list.value if "saved_model_assets" in kept else ():
        asset = meta_graph_pb2.AssetFileDef()
        assert each.Unpack(asset)
        names.add(asset.filename)
    return names


def is_default(op, name, value):
    for each in op.attr if op is not None else ():
        if each.name == name and each.HasField("default_value"):
            return each.default_value == value
    return None


def signature(message):
    return {
        "method_name": message.method_name,
        "inputs": {name: tensor(each) for name, each in message.inputs.items()},
        "outputs": {name: tensor(each) for name, each in message.outputs.items()},
    }


def tensor(message):
    encoding = message.WhichOneof("encoding")
    names = [message.name]
    if encoding == "coo_sparse":
        coo = message.coo_sparse
        names = [coo.values_tensor_name, coo.indices_tensor_name, coo.dense_shape_tensor_name]
    elif encoding == "composite_tensor":
        parts = message.composite_tensor.components
        names, message = [each.name for each in parts], parts[0]
    kind = {"coo_sparse": "sparse", "composite_tensor": "composite"}.get(encoding, "dense")
    return {
        "dtype": tf.as_dtype(message.dtype).base_dtype.name if message.dtype else "invalid",
        "shape": shape(tf.TensorShape(message.tensor_shape)),
        "kind": kind,
        "tensors": names,
    }


def shape(of):
    return None if of.rank is None else of.as_list()


def variables(message):
    """Those that the graph's collections have; None where an object graph has them."""
    if message.object_graph_def.nodes:
        return None
    with tf.Graph().as_default():
        tf1.train.import_meta_graph(message)
        trainable = {each.name for each in tf1.trainable_variables()}
        return {
            each.op.name: {
                "dtype": each.dtype.base_dtype.name,
                "shape": shape(each.shape),
                "kind": "ref" if each.dtype._is_ref_dtype else "resource",
                "trainable": each.name in trainable,
            }
            for each in tf1.global_variables()
        }


def checkpoint(folder):
    prefix = Path(folder, "variables", "variables")
    if not prefix.with_suffix(".index").exists():
        return None
    reader = tf1.train.NewCheckpointReader(str(prefix))
    shapes = reader.get_variable_to_shape_map()
    dtypes = reader.get_variable_to_dtype_map()
    return {name: [dtypes[name].name, shapes[name]] for name in shapes}


if __name__ == "__main__":
    json.dump({folder: truth(folder) for folder in sys.argv[1:]}, sys.stdout, sort_keys=True)
