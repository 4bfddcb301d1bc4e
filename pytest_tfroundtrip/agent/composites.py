"""Inputs and outputs of a signature that are made of several tensors: sparse and ragged ones.

Each part goes by a name of its own, ``words/0``, in the order of ``tf.nest.flatten`` with
``expand_composites``: of a sparse tensor the indices, the values, the dense shape; of a ragged one
the flat values, then the row splits from the outermost on. So a record holds arrays only, and what
runs by names of tensors needs nothing else.
"""

import collections

import tensorflow as tf

SPARSE, RAGGED = "sparse", "ragged"


def kind_of(info):
    """None for a dense ``TensorInfo``, "sparse", "ragged", or the name of another type."""
    encoding = info.WhichOneof("encoding")
    if encoding in (None, "name"):
        return None
    if encoding == "coo_sparse":
        return SPARSE
    spec = info.composite_tensor.type_spec
    name = spec.TypeSpecClass.Name(spec.type_spec_class)
    return {"SPARSE_TENSOR_SPEC": SPARSE, "RAGGED_TENSOR_SPEC": RAGGED}.get(name, name)


def holding_values(info):
    """The ``TensorInfo`` of the part of a composite tensor that has its values."""
    parts = info.composite_tensor.components
    return parts[1] if kind_of(info) == SPARSE and len(parts) > 1 else parts[0]


def names_of(info):
    """The names of the tensors in the graph, one for a dense input or output."""
    encoding = info.WhichOneof("encoding")
    if encoding == "coo_sparse":
        sparse = info.coo_sparse
        return [
            sparse.indices_tensor_name,
            sparse.values_tensor_name,
            sparse.dense_shape_tensor_name,
        ]
    if encoding == "composite_tensor":
        return [each.name for each in info.composite_tensor.components]
    return [info.name]


def flat(infos):
    """{name of a part: name of its tensor in the graph} of {name: TensorInfo}, in order."""
    found = collections.OrderedDict()
    for name in sorted(infos):
        tensors = names_of(infos[name])
        if kind_of(infos[name]) is None:
            found[name] = tensors[0]
        else:
            for number, each in enumerate(tensors):
                found["%s/%d" % (name, number)] = each
    return found


def kinds_of(signature):
    """{"inputs", "outputs"}, each {name: "sparse" or "ragged"} of those that are not dense."""
    return {
        part: {name: kind_of(info) for name, info in infos.items() if kind_of(info)}
        for part, infos in (("inputs", signature.inputs), ("outputs", signature.outputs))
    }


def packed(tensors, kinds):
    """{name: tensor, SparseTensor or RaggedTensor} of {name of a part: tensor}."""
    found, parts = {}, {}
    for name, each in tensors.items():
        whole, _, number = name.rpartition("/")
        if whole in kinds:
            parts.setdefault(whole, {})[int(number)] = each
        else:
            found[name] = each
    for name, pieces in parts.items():
        ordered = [pieces[number] for number in sorted(pieces)]
        if kinds[name] == SPARSE:
            found[name] = tf.SparseTensor(*ordered)
        else:
            found[name] = tf.RaggedTensor.from_nested_row_splits(ordered[0], ordered[1:])
    return found


def lifted(kinds, names):
    """{name of a part here: name there} where TF1's signatures were made functions.

    ``tf.saved_model.load`` gives the parts of a composite input names of their own, see
    ``_extract_signatures`` in ``load_v1_in_v2.py``.

    Args:
        kinds: {name: "sparse" or "ragged"} of a signature's inputs.
        names: of the arguments that the function takes.
    """
    found = {}
    for name, kind in kinds.items():
        sparse = ["%s_%s" % (name, part) for part in ("indices", "values", "dense_shape")]
        parts = sparse if kind == SPARSE else ["%s_component_%d" % (name, n) for n in range(9)]
        if name not in names:
            there = [part for part in parts if part in names]
            found.update(("%s/%d" % (name, n), part) for n, part in enumerate(there))
    return found


def unpacked(outputs):
    """{name of a part: tensor} of {name: tensor, SparseTensor or RaggedTensor}."""
    found = collections.OrderedDict()
    for name, each in outputs.items():
        if isinstance(each, (tf.SparseTensor, tf.RaggedTensor)):
            parts = tf.nest.flatten(each, expand_composites=True)
            for number, part in enumerate(parts):
                found["%s/%d" % (name, number)] = part
        else:
            found[name] = each
    return found
