"""Values for an input of a signature, once it is known what it is: numbers, words, Examples."""

import base64
import collections

import numpy as np

from . import wire
from .input_specs import LENGTHS, PICTURE_RANK, SPARSE, is_picture, named
from .media import bitmap, picture, sound

IDS = 2  # ids are small where the graph does not say how many there are
WORDS = (b"the", b"quick", b"brown", b"fox", b"unlikelyword", b"a", b"of", b"to")
VALUES = 3  # that a sparse tensor has, and a ragged one in a row

#: One way of filling in what is open: which of the ``strings``, the shape where a rank is open, the
#: size of an open dimension, the number of rows, whether ``x`` and ``x_1`` are a ragged tensor.
Choice = collections.namedtuple("Choice", "string shape size rows ragged")


def made_of(spec, choice, random):
    """{name: wire.Tensor} of an input: one tensor, or the parts of a composite one."""
    shape = spec.shape if spec.shape is not None else choice.shape
    # A single picture has no rows; where only the first dimension is open, that has.
    of_rows = not (is_picture(spec) and len(shape) == PICTURE_RANK and None in shape[1:])
    dims = [
        dim if dim is not None else choice.rows if place == 0 and of_rows else choice.size
        for place, dim in enumerate(shape)
    ]
    if spec.kind is None:
        return {spec.name: _dense(spec, dims, choice, random)}
    if spec.kind == SPARSE:
        indices = indices_of(dims)
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
    if not dims and named(spec, "keep", "prob", "temperature", "scale"):
        values = np.ones(())
    if spec.dtype.startswith("complex"):
        return (values + 1j * random.uniform(size=dims)).astype(spec.dtype)
    return np.asarray(values).astype("float32" if spec.dtype == "bfloat16" else spec.dtype)


def _integers(spec, dims, size, random):
    most = int(np.iinfo(spec.dtype).max)
    if spec.bound is not None:
        return np.asarray(random.randint(min(spec.bound, most), size=dims))
    if named(spec, "mask"):
        return np.ones(dims, dtype=np.int64)
    if len(dims) <= 1 and named(spec, *LENGTHS):
        return np.full(dims, min(size, most))
    if is_picture(spec):
        return random.randint(128 if spec.dtype == "int8" else 256, size=dims)
    return np.asarray(random.randint(IDS, size=dims))


def indices_of(dims):
    """Where the values of a sparse tensor are, from its beginning on."""
    count = min(VALUES, int(np.prod(dims, dtype=np.int64)))
    indices = np.stack(np.unravel_index(np.arange(count), dims), axis=1)
    return indices.astype(np.int64).reshape(count, len(dims))


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


_MADE = {
    "bitmap": bitmap,
    "picture": picture,
    "sound": sound,
    "number": lambda random: b"%d" % random.randint(IDS),
    "csv": lambda random: b",".join(b"%d" % random.randint(IDS) for _ in range(4)),
    "raw": _of_bytes,
    "json": lambda _: b'{"features": {"feature": {}}}',
}
