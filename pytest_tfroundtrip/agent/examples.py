"""A model's ``inputs`` and ``examples``: what they must be, and the arrays they become."""

import collections
import keyword

import numpy as np
import tensorflow as tf

from . import values, wire
from .errors import ModelError

# Kinds of numpy dtypes that go into a TensorFlow dtype without loss of meaning.
_SAFE = {
    "float": "fiu",
    "bfloat16": "fiu",
    "complex": "cfiu",
    "int": "iu",
    "uint": "iu",
    "bool": "b",
}


def check_inputs(inputs, title):
    """``inputs`` as an OrderedDict of name to ``tf.TensorSpec`` that carries the name.

    Raises:
        ModelError: it is no such dict.
    """
    form = 'such as inputs = {"x": tf.TensorSpec([None, 3], tf.float32)}'
    if not isinstance(inputs, dict) or not inputs:
        what = "has no `inputs`" if not inputs else "has `inputs` of type " + type(inputs).__name__
        raise ModelError(
            "%s %s. It is a dict of input name to tf.TensorSpec, %s." % (title, what, form)
        )
    checked = collections.OrderedDict()
    for name, spec in inputs.items():
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            raise ModelError(
                "%s: input name %r is no Python identifier; __call__ gets its inputs by keyword."
                % (title, name)
            )
        if not isinstance(spec, tf.TensorSpec):
            raise ModelError(
                "%s: input %r is a %s, not a tf.TensorSpec, %s."
                % (title, name, type(spec).__name__, form)
            )
        if values.dtype_name(spec.dtype) not in values.DTYPES:
            raise ModelError(
                "%s: input %r has dtype %s, which cannot be fed from a file; there are %s."
                % (title, name, spec.dtype.name, ", ".join(sorted(values.DTYPES)))
            )
        checked[name] = tf.TensorSpec(spec.shape, spec.dtype, name=name)
    return checked


def check_examples(given, inputs, title):
    """``examples`` as a list of {name: wire.Tensor}.

    Args:
        given: a list of dicts, or one dict.
        inputs: what :func:`check_inputs` returned.
        title: how messages name the model.

    Raises:
        ModelError: which example, which input, what it is and what it must be.
    """
    if isinstance(given, dict):
        given = [given]
    if not isinstance(given, (list, tuple)) or not given:
        raise ModelError(
            "%s has no `examples`. It is a list of dicts, a value per input: %s."
            % (title, "examples = [{%s}]" % ", ".join('"%s": ...' % name for name in inputs))
        )
    return [_example(each, index, inputs, title) for index, each in enumerate(given)]


def _example(given, index, inputs, title):
    where = "%s: example %d" % (title, index)
    if not isinstance(given, dict):
        raise ModelError(
            "%s is a %s, not a dict of input name to value." % (where, type(given).__name__)
        )
    if set(given) != set(inputs):
        missing = sorted(set(inputs) - set(given))
        unknown = sorted(set(map(str, given)) - set(inputs))
        parts = ["lacks %s" % ", ".join(missing)] if missing else []
        parts += ["has %s, which is no input" % ", ".join(unknown)] if unknown else []
        raise ModelError(
            "%s %s. The inputs are: %s." % (where, " and ".join(parts), ", ".join(inputs))
        )
    return {
        name: _value(given[name], spec, "%s, input %r" % (where, name))
        for name, spec in inputs.items()
    }


def _value(given, spec, where):
    name = values.dtype_name(spec.dtype)
    # Strings as objects: numpy's bytes type drops trailing zero bytes, and a list of both bytes
    # and str would be decoded as ASCII.
    array = _array(given, where, object if name == "string" else None)
    if name == "string":
        tensor = _strings(array, where)
    else:
        tensor = wire.Tensor(name, _cast(array, spec.dtype, where))
    if not spec.shape.is_compatible_with(tensor.value.shape):
        raise ModelError(
            "%s has shape %s, but `inputs` says %s." % (where, list(tensor.value.shape), spec.shape)
        )
    return tensor


def _array(given, where, dtype):
    if tf.is_tensor(given) or isinstance(given, tf.Variable):
        if not hasattr(given, "numpy"):
            raise ModelError(
                "%s is a TensorFlow tensor of a graph; write plain numbers, lists or numpy arrays."
                % where
            )
        try:
            given = given.numpy()
        except Exception as error:
            raise ModelError(
                "%s is a TensorFlow tensor without a value (%s); write plain numbers, lists or "
                "numpy arrays." % (where, error)
            ) from error
    try:
        array = np.asarray(given, dtype=dtype)
    except ValueError as error:  # ragged lists, from numpy 1.24 on
        raise ModelError("%s is no rectangular array: %s" % (where, error)) from error
    if array.dtype.kind == "O" and any(isinstance(each, (list, tuple)) for each in array.flat):
        raise ModelError("%s is no rectangular array: its rows have different lengths." % where)
    return array


def _strings(array, where):
    for each in array.flat:
        if not isinstance(each, (bytes, str)):
            raise ModelError(
                "%s holds a %s, but `inputs` says string." % (where, type(each).__name__)
            )
    return wire.tensor(array, "string")


def _cast(array, dtype, where):
    name = values.dtype_name(dtype)
    family = name if name == "bfloat16" else name.rstrip("0123456789")
    # ml_dtypes' bfloat16 has kind "V", an empty list is float64 whatever was meant.
    same = array.dtype == dtype.as_numpy_dtype
    if array.size and not same and array.dtype.kind not in _SAFE[family]:
        what = {"U": "str", "S": "bytes", "O": "object"}.get(array.dtype.kind, array.dtype.name)
        raise ModelError("%s has dtype %s, but `inputs` says %s." % (where, what, name))
    if family in ("int", "uint") and array.size and not same:
        limits = np.iinfo(dtype.as_numpy_dtype)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            raise ModelError("%s holds a number that %s cannot hold." % (where, name))
    with np.errstate(over="ignore"):
        if name == "bfloat16":
            wide = values.round_bfloat16(array)
        else:
            wide = array.astype(dtype.as_numpy_dtype)
    numbers = family in ("float", "bfloat16", "complex") and array.dtype.kind in "fciu"
    if numbers and np.any(np.isfinite(array) & ~np.isfinite(wide)):
        raise ModelError("%s holds a number that is too large for %s." % (where, name))
    return wide
