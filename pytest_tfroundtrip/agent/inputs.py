"""Inputs for a signature that nobody gave an example of, in ranges that real models take.

The graph tells what an input is for: Examples that it parses, images that it decodes, ids that look
something up and how many there are, words that a table knows. What stays open is tried, the
likeliest first: :func:`candidates`.
"""

import base64
import collections
import itertools
import os
import struct
import zlib

import numpy as np

from . import dataflow, saved_model_file, wire

#: Sizes of an open dimension, the likeliest first; those of pictures and sounds come last for what
#: is neither.
SIZES = (8, 1, 4, 3, 2, 16, 32, 64, 128, 224, 299, 16000)
PICTURE_SIZES = (64, 224, 32, 299, 128, 512, 8)
ROWS = (2, 1)
#: Shapes of an input whose rank is open; None is an open dimension.
SHAPES = ((None,), (None, None), (), (None, None, None, 3), (None, None, None))
#: What a string may be where the graph does not tell.
TEXTS = ("text", "number", "example", "picture", "sound", "json")
#: More are not tried: a model that takes none of these needs an example of its maker's.
MOST = 40
IDS = 2  # ids are small where the graph does not say how many there are
WORDS = (b"the", b"quick", b"brown", b"fox", b"unlikelyword", b"a", b"of", b"to")
RATE = 16000  # samples a second
VALUES = 3  # that a sparse tensor has, and a ragged one in a row

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
_LENGTHS = ("len", "size", "num", "count", "width", "height", "step")

SPARSE, RAGGED = "sparse", "ragged"
_CLASSES = {1: SPARSE, 3: RAGGED}  # TypeSpecProto.TypeSpecClass, in struct.proto
_CHANNELS = (1, 3, 4)
_LEAST_RANK = 3  # of a picture
_PAIR = 2  # rank of a sparse tensor's indices, and of most sparse tensors
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

#: One way of filling in what is open: which of the ``strings``, the shape where a rank is open, the
#: size of an open dimension, the number of rows, whether ``x`` and ``x_1`` are a ragged tensor.
Choice = collections.namedtuple("Choice", "string shape size rows ragged")


class NotMade(Exception):  # noqa: N818  what it is, not that it failed
    """Why no value is known for an input."""


def candidates(meta_graph, key, folder, seed, dtype_name):
    """What may be fed to a signature: {name: wire.Tensor} dicts, the likeliest first.

    Of a sparse or ragged input each part is a tensor, see ``composites.py``.

    Args:
        meta_graph: the ``MetaGraphDef``.
        key: of the signature.
        folder: of the SavedModel, where its assets are.
        seed: the same seed gives the same inputs.
        dtype_name: gives TensorFlow's name of a dtype's number.

    Raises:
        NotMade: an input is of a type that nobody knows how to make.
    """
    specs = specs_of(meta_graph, key, folder, dtype_name)
    for choice in itertools.islice(_choices(specs), MOST):
        random = np.random.RandomState(seed)
        made = {}
        for spec in specs:
            made.update(_made(spec, choice, random))
        for names, kind in _flattened(specs, choice.ragged):
            parts = _parts_of(kind, names, made, choice)
            made.update(zip(names, parts))
        yield made


def _flattened(specs, ragged):
    """[(names, kind)] of inputs that together are a sparse tensor, or may be a ragged one.

    ``tf.saved_model.save`` writes the parts of a composite input as inputs of their own, ``x``,
    ``x_1``, ``x_2``, and nothing says any more what they were. Of a dict or a list of them it
    counts on: ``inputs_3`` to ``inputs_5`` are the second one.
    """
    by_name = {spec.name: spec for spec in specs if spec.kind is None}
    found, taken = [], set()
    for name in sorted(by_name, key=_in_order):
        spec, (second, third) = by_name[name], [by_name.get(each) for each in _following(name)]
        # What follows an input that stands for itself does not begin anything.
        begins = _before(name) not in by_name or _before(name) in taken
        if name in taken or not begins:
            continue
        if second is None or _rank(second) != 1 or not spec.shape:
            continue
        if third is not None and spec.dtype == third.dtype == "int64":
            ranks = (_rank(spec), _rank(third))
            if ranks == (_PAIR, 1) and spec.shape[1] == third.shape[0]:
                found.append(((name, second.name, third.name), SPARSE))
                taken.update(found[-1][0])
        elif ragged and third is None and second.dtype in ("int64", "int32"):
            found.append(((name, second.name), RAGGED))
            taken.update(found[-1][0])
    return found


def _in_order(name):
    """By the number at a name's end, "x" before "x_1", "x_2" before "x_10"."""
    whole, _, number = name.rpartition("_")
    return (whole, int(number)) if whole and number.isdigit() else (name, 0)


def _before(name):
    """The name of the part before, None of a name without a number."""
    whole, number = _in_order(name)
    return None if not number else whole if number == 1 else "%s_%d" % (whole, number - 1)


def _following(name):
    """The names of the next two parts of what begins with ``name``."""
    whole, number = _in_order(name)
    return ["%s_%d" % (whole, number + step) for step in (1, 2)]


def _rank(spec):
    return None if spec.shape is None else len(spec.shape)


def _parts_of(kind, names, made, choice):
    """The parts of a composite tensor, from what was made of each of them alone."""
    first, second = [made[name] for name in names[:2]]
    if kind == SPARSE:
        size = made[names[2]].value.shape[0]
        dims = [choice.rows] + [choice.size] * (size - 1)
        indices = _indices(dims)
        values = np.resize(second.value, len(indices))
        return [
            wire.tensor(indices),
            wire.Tensor(second.dtype, values),
            wire.tensor(np.array(dims, dtype=np.int64)),
        ]
    ends = (np.arange(choice.rows + 1) * VALUES).astype(second.dtype)
    values = np.resize(first.value, (int(ends[-1]),) + first.value.shape[1:])
    return [wire.Tensor(first.dtype, values), wire.Tensor(second.dtype, ends)]


def _indices(dims):
    """Where the values of a sparse tensor are, from its beginning on."""
    count = min(VALUES, int(np.prod(dims, dtype=np.int64)))
    indices = np.stack(np.unravel_index(np.arange(count), dims), axis=1)
    return indices.astype(np.int64).reshape(count, len(dims))


def _choices(specs):
    shapes = SHAPES if any(spec.shape is None for spec in specs) else (None,)
    ragged = (False, True) if _flattened(specs, ragged=True) else (False,)
    sparse = bool(_flattened(specs, ragged=False))
    for string in range(max([1] + [len(spec.strings) for spec in specs])):
        for shape in shapes:
            formed = [_formed(spec, shape) for spec in specs]
            sizes = PICTURE_SIZES if any(map(_is_picture, formed)) else SIZES
            for size in sizes if sparse or any(map(_takes_size, formed)) else sizes[:1]:
                for rows in ROWS:
                    for each in ragged:
                        yield Choice(string, shape, size, rows, each)


def _formed(spec, shape):
    return spec if spec.shape is not None else spec._replace(shape=shape)


def _takes_size(spec):
    """Whether what is made depends on the size of an open dimension."""
    integer = spec.dtype.startswith(("int", "uint"))
    lengths = len(spec.shape) <= 1 and integer and _named(spec, *_LENGTHS)
    return None in spec.shape[1:] or lengths


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
            return dtype_name(parts[1].dtype), (None,) * (known or _PAIR), ()
        splits = tuple(dtype_name(each.dtype) for each in list(parts)[1:])
        return dtype_name(parts[0].dtype), _dims(parts[0].tensor_shape) or (None,), splits
    dtype, shape = info.dtype, None
    if node is not None and node.op in _PLACEHOLDERS and node.attr["dtype"].type:
        dtype = node.attr["dtype"].type
    if info.HasField("tensor_shape"):
        shape = _dims(info.tensor_shape)
    if encoding == "coo_sparse":
        shape = shape or (None,) * _PAIR
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


def serialized(features, random):
    """A serialized tf.Example with a value for each feature."""
    from tensorflow.core.example import example_pb2  # not on import: unit tests have none

    example = example_pb2.Example()
    for feature in features:
        name = feature.name.decode("utf-8", "replace")
        count = 1 if feature.shape is None else int(np.prod(feature.shape, dtype=np.int64))
        slot = example.features.feature[name]
        if feature.dtype == "string":
            slot.bytes_list.value.extend(_of_feature(feature, random) for _ in range(count))
        elif feature.dtype == "int64":
            slot.int64_list.value.extend(
                int(each) for each in random.randint(feature.bound or IDS, size=count)
            )
        else:
            slot.float_list.value.extend(float(each) for each in random.uniform(size=count))
    return example.SerializeToString(deterministic=True)


def _of_feature(feature, random):
    """A string of a feature: a picture where the graph decodes one, else a word."""
    if feature.strings:
        made = _MADE[feature.strings[0]](random)
    else:
        words = feature.words or WORDS
        made = words[random.randint(len(words))]
    return base64.urlsafe_b64encode(made) if feature.wrapped else made


# Values


def _is_picture(spec):
    return spec.shape is not None and len(spec.shape) >= _LEAST_RANK and spec.shape[-1] in _CHANNELS


def _made(spec, choice, random):
    """{name: wire.Tensor} of an input: one tensor, or the parts of a composite one."""
    shape = spec.shape if spec.shape is not None else choice.shape
    # A single picture has no rows; where only the first dimension is open, that has.
    of_rows = not (_is_picture(spec) and len(shape) == _LEAST_RANK and None in shape[1:])
    dims = [
        dim if dim is not None else choice.rows if place == 0 and of_rows else choice.size
        for place, dim in enumerate(shape)
    ]
    if spec.kind is None:
        return {spec.name: _dense(spec, dims, choice, random)}
    if spec.kind == SPARSE:
        indices = _indices(dims)
        parts = [
            wire.tensor(indices),
            _dense(spec, [len(indices)], choice, random),
            wire.tensor(np.array(dims, dtype=np.int64)),
        ]
    else:
        splits, rows = [], choice.rows
        for dtype in spec.splits:
            splits.append(wire.tensor((np.arange(rows + 1) * VALUES).astype(dtype), dtype))
            rows *= VALUES
        parts = [_dense(spec, [rows] + dims[1:], choice, random)] + splits
    return {"%s/%d" % (spec.name, number): part for number, part in enumerate(parts)}


def _dense(spec, dims, choice, random):
    if spec.dtype != "string":
        return wire.tensor(_numbers(spec, dims, choice.size, random), spec.dtype)
    what = spec.strings[min(choice.string, len(spec.strings) - 1)]
    count = int(np.prod(dims, dtype=np.int64))
    flat = [_string(what, spec, random) for _ in range(count)]
    array = np.empty(count, dtype=object)
    array[:] = [base64.urlsafe_b64encode(one) if spec.wrapped else one for one in flat]
    return wire.tensor(array.reshape(dims), "string")


def _numbers(spec, dims, size, random):
    if spec.dtype == "bool":
        return np.zeros(dims, dtype=bool)  # mostly "training": off in a model that is used
    if spec.dtype.startswith(("int", "uint")):
        return _integers(spec, dims, size, random).astype(spec.dtype)
    values = random.uniform(size=dims)
    if not dims and _named(spec, "keep", "prob", "temperature", "scale"):
        values = np.ones(())
    if spec.dtype.startswith("complex"):
        return (values + 1j * random.uniform(size=dims)).astype(spec.dtype)
    return np.asarray(values).astype("float32" if spec.dtype == "bfloat16" else spec.dtype)


def _integers(spec, dims, size, random):
    most = int(np.iinfo(spec.dtype).max)
    if spec.bound is not None:
        return np.asarray(random.randint(min(spec.bound, most), size=dims))
    if _named(spec, "mask"):
        return np.ones(dims, dtype=np.int64)
    if len(dims) <= 1 and _named(spec, *_LENGTHS):
        return np.full(dims, min(size, most))
    if _is_picture(spec):
        return random.randint(128 if spec.dtype == "int8" else 256, size=dims)
    return np.asarray(random.randint(IDS, size=dims))


def _named(spec, *words):
    return any(word in spec.name.lower() for word in words)


def _string(what, spec, random):
    if what == "text":
        words = spec.words or WORDS
        count = 1 if spec.words else 5
        return b" ".join(words[random.randint(len(words))] for _ in range(count))
    if what == "example":
        return serialized(spec.features or (), random)
    return _MADE[what](random)


def _of_bytes(random):
    return bytes(bytearray(random.randint(256, size=64).tolist()))


def picture(random, width=64, height=64):
    """The bytes of a PNG with three channels."""
    pixels = random.randint(256, size=(height, 1 + 3 * width)).astype(np.uint8)
    pixels[:, 0] = 0  # no filter
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(pixels.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def bitmap(random, width=64, height=64):
    """The bytes of a BMP with 24 bits a pixel; ``DecodeBmp`` takes no other format."""
    pixels = random.randint(256, size=3 * width * height).astype(np.uint8).tobytes()
    form = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(pixels), 0, 0, 0, 0)
    start = 14 + len(form)
    return b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start) + form + pixels


def sound(random, samples=RATE):
    """The bytes of a WAV file with one channel of 16 bits."""
    body = random.randint(-1000, 1000, size=samples).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


_MADE = {
    "bitmap": bitmap,
    "picture": picture,
    "sound": sound,
    "number": lambda random: b"%d" % random.randint(IDS),
    "csv": lambda random: b",".join(b"%d" % random.randint(IDS) for _ in range(4)),
    "raw": _of_bytes,
    "json": lambda _: b'{"features": {"feature": {}}}',
}
