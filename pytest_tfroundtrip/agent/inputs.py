"""Inputs for a signature that nobody gave an example of, in ranges that real models take.

The graph tells what an input is for (``input_specs.py``). What stays open is tried, the likeliest
first: :func:`candidates`.
"""

import itertools

import numpy as np

from . import wire
from .input_specs import LENGTHS, PAIR, RAGGED, SPARSE, is_picture, named, specs_of
from .input_values import VALUES, Choice, indices_of, made_of

#: Sizes of an open dimension, the likeliest first; those of pictures and sounds come last for what
#: is neither.
SIZES = (8, 1, 4, 3, 2, 16, 32, 64, 128, 224, 299, 16000)
PICTURE_SIZES = (64, 224, 32, 299, 128, 512, 8)
ROWS = (2, 1)
#: Shapes of an input whose rank is open; None is an open dimension.
SHAPES = ((None,), (None, None), (), (None, None, None, 3), (None, None, None))
#: More are not tried: a model that takes none of these needs an example of its maker's.
MOST = 40


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
            made.update(made_of(spec, choice, random))
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
            if ranks == (PAIR, 1) and spec.shape[1] == third.shape[0]:
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
        indices = indices_of(dims)
        values = np.resize(second.value, len(indices))
        return [
            wire.tensor(indices),
            wire.Tensor(second.dtype, values),
            wire.tensor(np.array(dims, dtype=np.int64)),
        ]
    ends = (np.arange(choice.rows + 1) * VALUES).astype(second.dtype)
    values = np.resize(first.value, (int(ends[-1]),) + first.value.shape[1:])
    return [wire.Tensor(first.dtype, values), wire.Tensor(second.dtype, ends)]


def _choices(specs):
    shapes = SHAPES if any(spec.shape is None for spec in specs) else (None,)
    ragged = (False, True) if _flattened(specs, ragged=True) else (False,)
    sparse = bool(_flattened(specs, ragged=False))
    for string in range(max([1] + [len(spec.strings) for spec in specs])):
        for shape in shapes:
            formed = [_formed(spec, shape) for spec in specs]
            sizes = PICTURE_SIZES if any(map(is_picture, formed)) else SIZES
            for size in sizes if sparse or any(map(_takes_size, formed)) else sizes[:1]:
                for rows in ROWS:
                    for each in ragged:
                        yield Choice(string, shape, size, rows, each)


def _formed(spec, shape):
    return spec if spec.shape is not None else spec._replace(shape=shape)


def _takes_size(spec):
    """Whether what is made depends on the size of an open dimension."""
    integer = spec.dtype.startswith(("int", "uint"))
    lengths = len(spec.shape) <= 1 and integer and named(spec, *LENGTHS)
    return None in spec.shape[1:] or lengths
