"""TensorFlow's values and :data:`wire.Tensor`, both ways, exactly."""

import random

import numpy as np
import tensorflow as tf

from . import wire

#: What a wire.Tensor can hold. Quantized, 4 and 8 bit float types have no agreed encoding yet.
DTYPES = frozenset(
    [
        "float16",
        "float32",
        "float64",
        "bfloat16",
        "int8",
        "int16",
        "int32",
        "int64",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "bool",
        "string",
        "complex64",
        "complex128",
    ]
)


def dtype_name(dtype):
    """TensorFlow's name of a dtype, its enum or a ``_ref`` of it: "float32"."""
    return tf.as_dtype(dtype).base_dtype.name


def to_feed(tensor):
    """The numpy array that ``feed_dict`` and ``tf.constant`` take for a wire.Tensor."""
    if tensor.dtype == "bfloat16":
        return tensor.value.astype(tf.bfloat16.as_numpy_dtype)
    return tensor.value


def round_bfloat16(array):
    """An array rounded to bfloat16, as the float32 array that a wire.Tensor holds.

    By way of float32: 1.15's bfloat16 has casts from and to few numpy types.
    """
    return array.astype(np.float32).astype(tf.bfloat16.as_numpy_dtype).astype(np.float32)


def to_tf(tensor):
    """A constant with the value of a wire.Tensor: eager, or in the current graph."""
    return tf.constant(to_feed(tensor), dtype=tf.as_dtype(tensor.dtype), shape=tensor.value.shape)


def from_array(value, dtype):
    """The wire.Tensor of what ``Session.run`` or ``.numpy()`` gave for a tensor of that dtype.

    Raises:
        TypeError: a dtype that has no encoding, or a value that is no dense array.
    """
    name = dtype_name(dtype)
    if name not in DTYPES:
        raise TypeError("values of dtype %s cannot be recorded; cast them in the model" % name)
    if name == "string":
        if isinstance(value, (bytes, str)):
            # By hand: numpy's own bytes type drops trailing zero bytes.
            array = np.empty((), dtype=object)
            array[()] = value
            value = array
        return wire.tensor(np.asarray(value, dtype=object), "string")
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError("a %s value is no dense tensor" % type(value).__name__)
    return wire.tensor(array, name)


def as_dtype(value, name):
    """The wire.Tensor of any array-like as a dtype; TypeError or ValueError if it can't."""
    if name == "string":
        return from_array(value, tf.string)
    array = np.asarray(value)
    if array.dtype == object:
        raise TypeError("a %s is no dense array" % type(value).__name__)
    if name == "bfloat16":
        return wire.Tensor(name, round_bfloat16(array))
    return wire.Tensor(name, array.astype(tf.as_dtype(name).as_numpy_dtype))


def from_eager(tensor):
    """The wire.Tensor of an eager tensor or variable."""
    return from_array(tensor.numpy(), tensor.dtype)


def seed_everything(seed):
    """Seed Python, numpy and TensorFlow (the current graph's generator, where there is one)."""
    random.seed(seed)
    np.random.seed(seed % (1 << 32))  # noqa: NPY002  the generator that models use
    tf.compat.v1.set_random_seed(seed)
