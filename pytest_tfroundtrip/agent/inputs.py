"""Inputs for a signature that nobody gave an example of, in ranges that real models take.

The graph tells what an input is for: Examples that it parses, images that it decodes, ids that look
something up and how many there are, words that a table knows. What stays open is tried, the
likeliest first: :func:`candidates`.
"""

import base64
import collections
import os
import struct
import zlib

import numpy as np

from . import dataflow, wire

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

_PICTURES = frozenset(
    ["DecodeBmp", "DecodeGif", "DecodeImage", "DecodeJpeg", "DecodePng", "DecodeAndCropJpeg"]
)
_PARSERS = frozenset(["ParseExample", "ParseExampleV2", "ParseSingleExample"])
_GATHERS = frozenset(["Gather", "GatherV2", "ResourceGather"])
_FINDS = frozenset(["LookupTableFind", "LookupTableFindV2"])
_READS = ("InitializeTableFromTextFile", "InitializeTableFromTextFileV2")

#: How an input is to be made. ``kinds``: what a string is, in the order of trying; ``bound``: ids are
#: below it, None where nobody knows; ``words``: of a vocabulary; ``features``: of an Example.
Spec = collections.namedtuple("Spec", "name dtype shape kinds bound words features wrapped")

#: A feature of a tf.Example: ``shape`` None where it may have any number of values.
Feature = collections.namedtuple("Feature", "name dtype shape bound words")


def candidates(meta_graph, key, folder, seed, dtype_name):
    """What may be fed to a signature: {name: wire.Tensor} dicts, the likeliest first.

    Args:
        meta_graph: the ``MetaGraphDef``.
        key: of the signature.
        folder: of the SavedModel, where its assets are.
        seed: the same seed gives the same inputs.
        dtype_name: gives TensorFlow's name of a dtype's number.
    """
    specs = specs_of(meta_graph, key, folder, dtype_name)
    pictures = any(_is_picture(spec) for spec in specs)
    sizes = PICTURE_SIZES if pictures else SIZES
    open_ranks = any(spec.shape is None for spec in specs)
    kinds = max([len(spec.kinds) for spec in specs] or [1])
    tried = 0
    for kind in range(kinds):
        for shape in SHAPES if open_ranks else (None,):
            for size in sizes if _are_open(specs, shape) else sizes[:1]:
                for rows in ROWS:
                    if tried == MOST:
                        return
                    tried += 1
                    random = np.random.RandomState(seed)
                    yield {
                        spec.name: _made(spec, kind, shape, size, rows, random) for spec in specs
                    }


def _are_open(specs, shape):
    """Whether a dimension besides the first is unknown."""
    for spec in specs:
        dims = spec.shape if spec.shape is not None else shape
        if any(dim is None for dim in dims[1:]) or (dims[:1] == (None,) and spec.shape is None):
            return True
    return False


def specs_of(meta_graph, key, folder, dtype_name):
    """A :data:`Spec` for each dense input of a signature, in the order of their names.

    Raises:
        NotDense: an input is of several tensors.
    """
    graph = dataflow.graph_of(meta_graph.graph_def)
    vocabularies = _vocabularies(meta_graph, graph, folder)
    signature = meta_graph.signature_def[key]
    found = []
    for name in sorted(signature.inputs):
        info = signature.inputs[name]
        if info.WhichOneof("encoding") not in (None, "name"):
            raise NotDense(
                "input %r is %s, made of several tensors" % (name, info.WhichOneof("encoding"))
            )
        node, _, output = info.name.partition(":")
        uses = dataflow.uses_of(graph, node, int(output or 0))
        found.append(_spec(name, info, uses, vocabularies, dtype_name))
    return found


class NotDense(Exception):
    """An input that no array by itself can be."""


def _spec(name, info, uses, vocabularies, dtype_name):
    dtype = dtype_name(info.dtype)
    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = tuple(None if dim.size < 0 else int(dim.size) for dim in info.tensor_shape.dim)
    features, kinds = None, TEXTS
    for use in uses:
        if use.node.op in _PARSERS and use.input == 0:
            features = features_of(use, vocabularies, dtype_name)
            kinds = ("example",)
        elif use.node.op in _PICTURES:
            kinds = ("picture",)
        elif use.node.op == "DecodeWav":
            kinds = ("sound",)
        elif use.node.op == "StringToNumber":
            kinds = ("number",)
        elif use.node.op == "DecodeRaw":
            kinds = ("raw",) + TEXTS
        elif use.node.op == "DecodeCSV":
            kinds = ("csv",)
        elif use.node.op == "DecodeJSONExample":
            kinds = ("json",)
    if dtype != "string":
        kinds = ("number",)
    wrapped = any(use.node.op == "DecodeBase64" for use in uses)
    return Spec(
        name, dtype, shape, kinds, _bound(uses), _words(uses, vocabularies), features, wrapped
    )


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
    for each in meta_graph.asset_file_def:
        files[each.tensor_info.name.partition(":")[0]] = each.filename
    found = {}
    for node in graph.nodes.values():
        if node.op not in _READS:
            continue
        table, name = [graph.source(each)[1] for each in dataflow.data_inputs(node)[:2]]
        if table is not None and name is not None and name.name in files:
            found[table.name] = _first_words(os.path.join(folder, "assets", files[name.name]))
    return found


def _first_words(path):
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
    offset = len(sparse_names)
    for number, name in enumerate(sparse_names):
        uses = _outputs(use, "sparse_values", number, offset + number)
        found.append(_feature(name, dtype_name(sparse_types[number]), None, uses, vocabularies))
    for number, name in enumerate(dense_names):
        uses = _outputs(use, "dense_values", number, 3 * offset + number)
        shape = None
        if number < len(shapes) and not shapes[number].unknown_rank:
            shape = tuple(max(int(dim.size), -1) for dim in shapes[number].dim)
        shape = None if shape is not None and -1 in shape else shape
        found.append(_feature(name, dtype_name(dense_types[number]), shape, uses, vocabularies))
    ragged_types = list(node.attr["ragged_value_types"].list.type)
    for number, name in enumerate(ragged_names):
        found.append(_feature(name, dtype_name(ragged_types[number]), None, [], vocabularies))
    return found


def _feature(name, dtype, shape, uses, vocabularies):
    return Feature(name, dtype, shape, _bound(uses), _words(uses, vocabularies))


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
    output = flat if use.scope.caller is None else (name, number)
    return dataflow.uses_of(use.scope, use.node.name, output)


def serialized(features, random):
    """A serialized tf.Example with a value for each feature."""
    from tensorflow.core.example import example_pb2  # not on import: unit tests have none

    example = example_pb2.Example()
    for feature in features:
        name = feature.name.decode("utf-8", "replace")
        count = 1 if feature.shape is None else int(np.prod(feature.shape, dtype=np.int64))
        slot = example.features.feature[name]
        if feature.dtype == "string":
            words = feature.words or WORDS
            slot.bytes_list.value.extend(words[random.randint(len(words))] for _ in range(count))
        elif feature.dtype == "int64":
            slot.int64_list.value.extend(
                int(each) for each in random.randint(feature.bound or IDS, size=count)
            )
        else:
            slot.float_list.value.extend(float(each) for each in random.uniform(size=count))
    return example.SerializeToString(deterministic=True)


# Values


def _is_picture(spec):
    return spec.shape is not None and len(spec.shape) >= 3 and spec.shape[-1] in (1, 3, 4)


def _made(spec, kind, open_shape, size, rows, random):
    """A wire.Tensor for an input."""
    shape = spec.shape if spec.shape is not None else open_shape
    of_rows = not (_is_picture(spec) and len(shape) == 3)  # a single picture has none
    dims = [
        dim if dim is not None else rows if place == 0 and of_rows else size
        for place, dim in enumerate(shape)
    ]
    count = int(np.prod(dims, dtype=np.int64))
    if spec.dtype == "string":
        what = spec.kinds[min(kind, len(spec.kinds) - 1)]
        flat = [_string(what, spec, random) for _ in range(count)]
        array = np.empty(count, dtype=object)
        array[:] = [base64.urlsafe_b64encode(one) if spec.wrapped else one for one in flat]
        return wire.tensor(array.reshape(dims), "string")
    return wire.tensor(_numbers(spec, dims, size, random), spec.dtype)


def _numbers(spec, dims, size, random):
    kind = spec.dtype
    if kind == "bool":
        # Mostly "training": what is off in a model that is used.
        return np.zeros(dims, dtype=bool)
    if kind.startswith(("int", "uint")):
        return _integers(spec, dims, size, random).astype(kind)
    values = random.uniform(size=dims)
    if not dims and _named(spec, "keep", "prob", "temperature", "scale"):
        values = np.ones(())
    if kind.startswith("complex"):
        values = values + 1j * random.uniform(size=dims)
        return values.astype(kind)
    return values.astype("float32" if kind == "bfloat16" else kind)


def _integers(spec, dims, size, random):
    if spec.bound is not None:
        return random.randint(spec.bound, size=dims)
    if _named(spec, "mask"):
        return np.ones(dims, dtype=np.int64)
    if _named(spec, "len", "size", "num", "count", "width", "height", "step") and len(dims) <= 1:
        return np.full(dims, size)
    if _is_picture(spec):
        return (
            random.randint(256, size=dims)
            if spec.dtype == "uint8"
            else random.randint(128, size=dims)
        )
    return random.randint(IDS, size=dims)


def _named(spec, *words):
    return any(word in spec.name.lower() for word in words)


def _string(what, spec, random):
    if what == "example":
        return serialized(spec.features or (), random)
    if what == "picture":
        return picture(random)
    if what == "sound":
        return sound(random)
    if what == "number":
        return b"%d" % random.randint(IDS)
    if what == "csv":
        return b",".join(b"%d" % random.randint(IDS) for _ in range(4))
    if what == "raw":
        return bytes(bytearray(random.randint(256, size=64).tolist()))
    if what == "json":
        return b'{"features": {"feature": {}}}'
    words = spec.words or WORDS
    chosen = [words[random.randint(len(words))] for _ in range(1 if spec.words else 5)]
    return b" ".join(chosen)


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


def sound(random, samples=RATE):
    """The bytes of a WAV file with one channel of 16 bits."""
    body = random.randint(-1000, 1000, size=samples).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
