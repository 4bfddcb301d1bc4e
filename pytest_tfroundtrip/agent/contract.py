"""The signature contract: what callers of a SavedModel rely on, read with TensorFlow's protos.

Form: {"tags": [...], "signatures": {key: {"method_name": ..., "inputs": {name: {"dtype", "shape"}},
"outputs": ...}}}. A shape is a list with None for unknown dimensions, or None for unknown rank; a
dtype that the file does not say is None.
"""

import tensorflow as tf

from . import composites, saved_model_file, values

#: Signatures that TensorFlow writes for its own loaders; nobody calls them.
PRIVATE = frozenset(["__saved_model_init_op", "__saved_model_train_op"])


def of_saved_model(folder, tags):
    """The contract of a SavedModel folder's meta graph with these tags, None where it is none.

    Raises:
        google.protobuf.message.DecodeError: the file is damaged.
    """
    for meta_graph in saved_model_file.meta_graphs(folder):
        if set(meta_graph.meta_info_def.tags) == set(tags):
            return of_meta_graph(meta_graph)
    return None


def of_meta_graph(meta_graph):
    """The contract of a ``MetaGraphDef``."""
    signatures = {}
    for key, signature in meta_graph.signature_def.items():
        if key not in PRIVATE:
            signatures[key] = {
                "method_name": signature.method_name,
                "inputs": {name: _of_info(info) for name, info in signature.inputs.items()},
                "outputs": {name: _of_info(info) for name, info in signature.outputs.items()},
            }
    return {"tags": sorted(meta_graph.meta_info_def.tags), "signatures": signatures}


def of_parts(key, inputs, outputs):
    """A contract of one signature where neither tags nor method can be seen.

    Args:
        key: the signature's key.
        inputs: {name: anything with ``dtype`` and ``shape``}.
        outputs: the same.
    """
    signature = {
        "method_name": None,
        "inputs": {name: of_tensor(part) for name, part in inputs.items()},
        "outputs": {name: of_tensor(part) for name, part in outputs.items()},
    }
    return {"tags": None, "signatures": {key: signature}}


def of_tensor(part):
    """{"dtype", "shape"} of a tensor, a spec or a Keras tensor."""
    return {"dtype": values.dtype_name(part.dtype), "shape": dimensions(part.shape)}


def dimensions(shape):
    """A JSON-able shape: ints and None, or None for unknown rank."""
    shape = tf.TensorShape(shape)
    return None if shape.rank is None else shape.as_list()


def _of_info(info):
    shape = info.tensor_shape
    if info.WhichOneof("encoding") == "composite_tensor" and info.composite_tensor.components:
        state = info.composite_tensor.type_spec.type_state.tuple_value.values
        shapes = [each.tensor_shape_value for each in state if each.HasField("tensor_shape_value")]
        info = composites.holding_values(info)
        shape = shapes[0] if shapes else info.tensor_shape
    return {
        # Tools write signatures by hand: TensorFlow runs a tensor by its name, whatever it says.
        "dtype": values.dtype_name(info.dtype) if info.dtype else None,
        "shape": dimensions(tf.TensorShape(shape)),
    }
