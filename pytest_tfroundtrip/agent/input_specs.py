"""What a graph tells of a signature's inputs: what each is for, and in which range it is taken.

Examples that it parses, images that it decodes, ids that look something up and how many there are,
words that a table knows.
"""

import collections
import os

from . import dataflow, saved_model_file

#: What a string may be where the graph does not tell.
TEXTS = ("text", "number", "example", "picture", "sound", "json")
#: What the op says of a string that it takes in.
_TAKES = {
    "DecodeBmp": ("bitmap",),
    "DecodeGif": ("picture",),
    "DecodeImage": ("picture",),
    "DecodeJpeg": ("picture",),
    "DecodePng": ("picture",),
    "DecodeAndCropJpeg": ("picture",),
    "DecodeWav": ("sound",),
    "DecodeRaw": ("raw",) + TEXTS,
    "DecodeCSV": ("csv",),
    "DecodeJSONExample": ("json",),
    "StringToNumber": ("number",),
}
_PARSERS = frozenset(["ParseExample", "ParseExampleV2", "ParseSingleExample"])
_GATHERS = frozenset(["Gather", "GatherV2", "ResourceGather"])
_FINDS = frozenset(["LookupTableFind", "LookupTableFindV2"])
_PLACEHOLDERS = ("Placeholder", "PlaceholderV2", "PlaceholderWithDefault")
_READS = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")
#: What there are values of; quantized, 4 and 8 bit types have no encoding in ``wire.py``.
_DTYPES = frozenset(
    ["float16", "float32", "float64", "bfloat16", "complex64", "complex128", "bool", "string"]
    + [sign + size for sign in ("int", "uint") for size in ("8", "16", "32", "64")]
)
#: Names of integers that are as large as a dimension.
LENGTHS = ("len", "size", "num", "count", "width", "height", "step")

SPARSE, RAGGED = "sparse", "ragged"
_CLASSES = {1: SPARSE, 3: RAGGED}  # TypeSpecProto.TypeSpecClass, in struct.proto
_CHANNELS = (1, 3, 4)
PICTURE_RANK = 3  # the least
PAIR = 2  # rank of a sparse tensor's indices, and of most sparse tensors
_SPARSE_PARTS = 3

#: How an input is to be made. ``kind``: "sparse", "ragged" or None; ``strings``: what a string is,
#: in the order of trying; ``bound``: ids are below it, None where nobody knows; ``words``: of a
#: vocabulary; ``features``: of an Example; ``wrapped``: strings are base64; ``splits``: the dtypes
#: of a ragged one's row splits, from the outermost on, whose ``shape`` is that of its flat values.
Spec = collections.namedtuple(
    "Spec", "name dtype shape kind strings bound words features wrapped splits"
)

#: A feature of a tf.Example: ``shape`` None where it may have any number of values; ``strings``,
#: ``wrapped`` as in :data:`Spec`, what the graph tells.
Feature = collections.namedtuple("Feature", "name dtype shape bound words strings wrapped")


class NotMade(Exception):  # noqa: N818  what it is, not that it failed
    """Why no value is known for an input."""


def specs_of(meta_graph, key, folder, dtype_name):
    """A :data:`Spec` for each input of a signature, in the order of their names.

    Raises:
        NotMade: an input is of a type that nobody knows how to make.
    """
    graph = dataflow.graph_of(meta_graph.graph_def)
    vocabularies = _vocabularies(meta_graph, graph, folder)
    signature = meta_graph.signature_def[key]
    found = []
    for name in sorted(signature.inputs):
        info = signature.inputs[name]
        kind, tensor = _parts(name, info)
        node, _, output = tensor.partition(":")
        uses = dataflow.uses_of(graph, node, int(output or 0))
        dtype, shape, splits = _form(info, graph.nodes.get(node), int(output or 0), dtype_name)
        if dtype not in _DTYPES:
            raise NotMade("input %r is of dtype %s, which nobody knows how to make" % (name, dtype))
        strings, features = _taken(uses) or TEXTS if dtype == "string" else (), None
        for use in uses if dtype == "string" else ():
            if use.input == 0 and use.node.op in _PARSERS:
                features = features_of(use, vocabularies, dtype_name)
                strings = ("example",)
        wrapped = _is_wrapped(uses)
        words, bound = _words(uses, vocabularies), _bound(uses)
        found.append(
            Spec(name, dtype, shape, kind, strings, bound, words, features, wrapped, splits)
        )
    return found


def _taken(uses):
    """What a string is, by the op that takes it in; empty where none tells."""
    told = [_TAKES[use.node.op] for use in uses if use.input == 0 and use.node.op in _TAKES]
    return told[-1] if told else ()


def _is_wrapped(uses):
    return any(use.node.op == "DecodeBase64" for use in uses)


def _parts(name, info):
    """How an input is made, None where it is one tensor, and the tensor that has its values."""
    encoding = info.WhichOneof("encoding")
    if encoding in (None, "name"):
        return None, info.name
    if encoding == "coo_sparse":
        return SPARSE, info.coo_sparse.values_tensor_name
    parts = [each.name for each in info.composite_tensor.components]
    kind = _CLASSES.get(info.composite_tensor.type_spec.type_spec_class)
    if kind is None or len(parts) < (_SPARSE_PARTS if kind == SPARSE else 1):
        raise NotMade("input %r is of a type that nobody knows how to make" % name)
    return kind, parts[1] if kind == SPARSE else parts[0]


def _form(info, node, output, dtype_name):
    """(dtype, shape, splits) of an input, see :data:`Spec`.

    What the signature leaves out (TF 1.0's said no shapes) or has wrong, the graph may know.

    Args:
        info: the ``TensorInfo``.
        node: the NodeDef that it names, None where the graph has none.
        output: the number of the node's output.
        dtype_name: gives TensorFlow's name of a dtype's number.
    """
    encoding = info.WhichOneof("encoding")
    if encoding == "composite_tensor":
        parts = info.composite_tensor.components
        if _CLASSES.get(info.composite_tensor.type_spec.type_spec_class) == SPARSE:
            rank = _dims(parts[2].tensor_shape)  # of the dense shape: [rank]
            known = rank and rank[0]
            return dtype_name(parts[1].dtype), (None,) * (known or PAIR), ()
        splits = tuple(dtype_name(each.dtype) for each in list(parts)[1:])
        return dtype_name(parts[0].dtype), _dims(parts[0].tensor_shape) or (None,), splits
    dtype, shape = info.dtype, None
    if node is not None and node.op in _PLACEHOLDERS and node.attr["dtype"].type:
        dtype = node.attr["dtype"].type
    if info.HasField("tensor_shape"):
        shape = _dims(info.tensor_shape)
    if encoding == "coo_sparse":
        shape = shape or (None,) * PAIR
    elif shape is None and node is not None:
        known = node.attr["_output_shapes"].list.shape if "_output_shapes" in node.attr else ()
        shape = _dims(known[output]) if output < len(known) else None
    return dtype_name(dtype), shape, ()


def _dims(shape):
    """The sizes, None for one that is open; None for an unknown rank."""
    if shape.unknown_rank:
        return None
    return tuple(int(dim.size) if dim.size >= 0 else None for dim in shape.dim)


def _bound(uses):
    """How many rows the smallest table has that is looked into, None where that is not known."""
    bounds = []
    for use in uses:
        if use.node.op in _GATHERS and use.input == 1:
            shape = _shape(use.scope, dataflow.data_inputs(use.node)[0])
            if shape and shape[0] > 0:
                bounds.append(shape[0])
    return min(bounds) if bounds else None


def _shape(scope, name):
    """The shape of a variable or a constant that a tensor comes from."""
    _, node = dataflow.origin(scope, name)
    if node is None:
        return None
    if node.op == "Const":
        dims = node.attr["value"].tensor.tensor_shape
    elif "shape" in node.attr:
        dims = node.attr["shape"].shape
    else:
        return None
    return [int(dim.size) for dim in dims.dim]


def _vocabularies(meta_graph, graph, folder):
    """{table's node: its file's first words} of tables that are read from assets."""
    files = {}
    for tensor, filename in saved_model_file.assets(meta_graph):
        files[tensor.partition(":")[0]] = filename
    found = {}
    for scope, node in dataflow.nodes_of(graph, _READS):
        table, name = (
            dataflow.origin(scope, each)[1] for each in (dataflow.data_inputs(node) + ["", ""])[:2]
        )
        file = files.get(_assigned(graph, name))
        if table is not None and file is not None:
            found[table.name] = _first_words(folder, file)
    return found


def _assigned(graph, node):
    """The name of a node; of a variable, of what the main graph gives it.

    TensorFlow 2 keeps the path of an asset in a variable.
    """
    if node is None or node.op != "VarHandleOp":
        return node and node.name
    for user, place in graph.uses(node.name):
        if user.op == "AssignVariableOp" and place == 0:
            value = dataflow.origin(graph, dataflow.data_inputs(user)[1])[1]
            return value and value.name
    return None


def _first_words(folder, name):
    path = os.path.join(folder, "assets", name)
    if os.path.isabs(name) or ".." in name.split("/") or not os.path.isfile(path):
        return ()
    try:
        with open(path, "rb") as file:
            lines = [file.readline(200).rstrip(b"\r\n") for _ in range(40)]
    except (OSError, ValueError):
        return ()
    return tuple(line.split(b"\t")[0] for line in lines if line)


def _words(uses, vocabularies):
    for use in uses:
        if use.node.op in _FINDS and use.input == 1:
            _, table = dataflow.origin(use.scope, dataflow.data_inputs(use.node)[0])
            if table is not None and vocabularies.get(table.name):
                return vocabularies[table.name] + (b"unlikelyword",)
    return ()


# Examples


def features_of(use, vocabularies, dtype_name):
    """The :data:`Feature` s that a parsing node wants."""
    node, found = use.node, []
    sparse_names, dense_names, ragged_names = _keys(use)
    sparse_types = list(node.attr["sparse_types"].list.type)
    dense_types = list(node.attr["Tdense"].list.type)
    shapes = list(node.attr["dense_shapes"].list.shape)
    offset = len(sparse_types)
    for number, (name, dtype) in enumerate(zip(sparse_names, sparse_types)):
        uses = _outputs(use, "sparse_values", number, offset + number)
        found.append(_feature(name, dtype_name(dtype), None, uses, vocabularies))
    for number, (name, dtype) in enumerate(zip(dense_names, dense_types)):
        uses = _outputs(use, "dense_values", number, 3 * offset + number)
        shape = _dims(shapes[number]) if number < len(shapes) else None
        shape = None if shape is not None and None in shape else shape
        found.append(_feature(name, dtype_name(dtype), shape, uses, vocabularies))
    offset = 3 * offset + len(dense_types)
    ragged_types = list(node.attr["ragged_value_types"].list.type)
    for number, (name, dtype) in enumerate(zip(ragged_names, ragged_types)):
        uses = _outputs(use, "ragged_values", number, offset + number)
        found.append(_feature(name, dtype_name(dtype), None, uses, vocabularies))
    return found


def _feature(name, dtype, shape, uses, vocabularies):
    strings = _taken(uses) if dtype == "string" else ()
    words = _words(uses, vocabularies)
    return Feature(name, dtype, shape, _bound(uses), words, strings, _is_wrapped(uses))


def _keys(use):
    """Names of the sparse, the dense and the ragged features."""
    node, inputs = use.node, dataflow.data_inputs(use.node)
    if node.op == "ParseSingleExample":
        return [list(node.attr[name].list.s) for name in ("sparse_keys", "dense_keys")] + [[]]
    if node.op == "ParseExampleV2":
        return [_strings(use.scope, name) for name in inputs[2:5]]
    sparse, dense = int(node.attr["Nsparse"].i), int(node.attr["Ndense"].i)
    keys = [_strings(use.scope, name) for name in inputs[2 : 2 + sparse + dense]]
    flat = [each[0] if each else b"" for each in keys]
    return flat[:sparse], flat[sparse:], []


def _strings(scope, name):
    """The strings in the constant that a tensor comes from."""
    _, node = dataflow.origin(scope, name)
    if node is None or node.op != "Const":
        return []
    return list(node.attr["value"].tensor.string_val)


def _outputs(use, name, number, flat):
    return dataflow.uses_of(use.scope, use.node.name, use.scope.output((name, number), flat))


def is_picture(spec):
    return (
        spec.shape is not None and len(spec.shape) >= PICTURE_RANK and spec.shape[-1] in _CHANNELS
    )


def named(spec, *words):
    """Whether one of these words is in an input's name."""
    return any(word in spec.name.lower() for word in words)
