"""TensorFlow's C library, the one that this runtime has loaded already, through ctypes.

Serving and the readers in Java, Go, Rust, C++ and JavaScript load a SavedModel by these functions;
none of TensorFlow's Python is in between. See ``tensorflow/c/c_api.h`` in TensorFlow's sources.
"""

import contextlib
import ctypes
import functools
import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import meta_graph_pb2

from . import tstring, values
from .errors import Refusal
from .warmup import tensorflow_libraries

_OK = 0  # TF_OK

_pointer = ctypes.c_void_p


class _Buffer(ctypes.Structure):  # TF_Buffer
    _fields_ = [("data", _pointer), ("length", ctypes.c_size_t), ("deallocator", _pointer)]


class _Output(ctypes.Structure):  # TF_Output
    _fields_ = [("operation", _pointer), ("index", ctypes.c_int)]


# void (*)(void* data, size_t len, void* arg)
_Deallocator = ctypes.CFUNCTYPE(None, _pointer, ctypes.c_size_t, _pointer)

_text, _int, _size = ctypes.c_char_p, ctypes.c_int, ctypes.c_size_t
_array = ctypes.POINTER

#: Function: (what it returns, what it takes).
_FUNCTIONS = {
    "TF_NewStatus": (_pointer, []),
    "TF_DeleteStatus": (None, [_pointer]),
    "TF_GetCode": (_int, [_pointer]),
    "TF_Message": (_text, [_pointer]),
    "TF_NewBuffer": (_array(_Buffer), []),
    "TF_DeleteBuffer": (None, [_array(_Buffer)]),
    "TF_GetAllOpList": (_array(_Buffer), []),
    "TF_NewGraph": (_pointer, []),
    "TF_DeleteGraph": (None, [_pointer]),
    "TF_GraphOperationByName": (_pointer, [_pointer, _text]),
    "TF_NewSessionOptions": (_pointer, []),
    "TF_DeleteSessionOptions": (None, [_pointer]),
    "TF_SetConfig": (None, [_pointer, _text, _size, _pointer]),
    "TF_LoadSessionFromSavedModel": (
        _pointer,
        # options, run options, folder, tags, how many, graph, MetaGraphDef, status
        [_pointer, _pointer, _text, _array(_text), _int, _pointer, _array(_Buffer), _pointer],
    ),
    "TF_CloseSession": (None, [_pointer, _pointer]),
    "TF_DeleteSession": (None, [_pointer, _pointer]),
    "TF_SessionRun": (
        None,
        # session, run options; inputs, their values, how many; outputs, ...; targets, how many;
        # run metadata, status
        [_pointer, _pointer]
        + [_array(_Output), _array(_pointer), _int] * 2
        + [_array(_pointer), _int, _array(_Buffer), _pointer],
    ),
    "TF_AllocateTensor": (_pointer, [_int, _array(ctypes.c_int64), _int, _size]),
    "TF_NewTensor": (
        _pointer,
        [_int, _array(ctypes.c_int64), _int, _pointer, _size, _Deallocator, _pointer],
    ),
    "TF_DeleteTensor": (None, [_pointer]),
    "TF_TensorType": (_int, [_pointer]),
    "TF_NumDims": (_int, [_pointer]),
    "TF_Dim": (ctypes.c_int64, [_pointer, _int]),
    "TF_TensorByteSize": (_size, [_pointer]),
    "TF_TensorData": (_pointer, [_pointer]),
}

#: Up to 2.3 strings lie encoded in a tensor's memory.
_ENCODED = {
    "TF_StringEncodedSize": (_size, [_size]),
    "TF_StringEncode": (_size, [_text, _size, _pointer, _size, _pointer]),
    "TF_StringDecode": (_size, [_pointer, _size, _array(_pointer), _array(_size), _pointer]),
}

_OFFSET = 8  # sizeof(uint64_t)


@functools.lru_cache(maxsize=None)
def library():
    """The library with its functions declared; a runtime without it is refused.

    Raises:
        Refusal: no library of this process exports the C API.
    """
    for path in tensorflow_libraries() if sys.platform.startswith("linux") else ():
        loaded = ctypes.CDLL(path)
        if hasattr(loaded, "TF_LoadSessionFromSavedModel"):
            strings = _ENCODED if hasattr(loaded, "TF_StringEncode") else {}
            for declared in (_FUNCTIONS, strings):
                for name, (returned, taken) in declared.items():
                    function = getattr(loaded, name)
                    function.restype, function.argtypes = returned, taken
            return loaded
    raise Refusal(
        "no library of this process exports TF_LoadSessionFromSavedModel: this build of TensorFlow "
        "%s has no C API. TensorFlow's own wheels for Linux have it; install one of those."
        % tf.__version__
    )


def op_list():
    """A serialized ``OpList`` of all ops there are, internal ones too: ``TF_GetAllOpList``.

    Raises:
        Refusal: no library of this process exports the C API.
    """
    c = library()
    buffer = c.TF_GetAllOpList()
    try:
        return ctypes.string_at(buffer.contents.data, buffer.contents.length)
    finally:
        c.TF_DeleteBuffer(buffer)


class Session(object):
    """A SavedModel in a ``TF_Session``; to be closed, which frees all there is of it.

    Attributes:
        meta_graph: the ``MetaGraphDef`` that loading returned.

    Raises:
        tf.errors.OpError: the class of its status, with the message as the library put it.
    """

    def __init__(self, folder, tags):
        self._library = library()
        self._held = contextlib.ExitStack()
        try:
            self._open(folder, tags)
        except BaseException:
            self._held.close()
            raise

    def _open(self, folder, tags):
        c = self._library
        self._status = self._hold(c.TF_NewStatus(), c.TF_DeleteStatus)
        self._tensors = _Tensors(c, self._status)
        options = self._hold(c.TF_NewSessionOptions(), c.TF_DeleteSessionOptions)
        # What a model pins to a GPU is placed where there is room for it, as Serving does.
        config = tf.compat.v1.ConfigProto(allow_soft_placement=True).SerializeToString()
        c.TF_SetConfig(options, config, len(config), self._status)
        self._graph = self._hold(c.TF_NewGraph(), c.TF_DeleteGraph)
        buffer = self._hold(c.TF_NewBuffer(), c.TF_DeleteBuffer)
        words = (_text * len(tags))(*[each.encode("utf-8") for each in tags])
        self._session = c.TF_LoadSessionFromSavedModel(
            *(options, None, os.fsencode(folder), words, len(tags)),
            *(self._graph, buffer, self._status),
        )
        if self._session:
            self._held.callback(c.TF_DeleteSession, self._session, self._status)
            self._held.callback(c.TF_CloseSession, self._session, self._status)
        self._check()
        self.meta_graph = meta_graph_pb2.MetaGraphDef()
        content = buffer.contents
        self.meta_graph.ParseFromString(ctypes.string_at(content.data, content.length))

    def _hold(self, made, free):
        self._held.callback(free, made)
        return made

    def _check(self):
        code = self._library.TF_GetCode(self._status)
        if code != _OK:
            message = self._library.TF_Message(self._status).decode("utf-8", "replace")
            raise tf.compat.v1.errors.exception_type_from_error_code(code)(None, None, message)

    def close(self):
        """Close the session and free everything."""
        self._held.close()

    def run(self, fed, fetched):
        """``TF_SessionRun``.

        Args:
            fed: {name of a tensor: wire.Tensor}.
            fetched: list of names of tensors.

        Returns:
            A list of wire.Tensor, as ``fetched``.

        Raises:
            tf.errors.OpError: what the library's status says.
            Refusal: the graph has no tensor of such a name.
        """
        c = self._library
        names, count = sorted(fed), len(fetched)
        inputs = (_Output * len(names))(*[self._tensor(name) for name in names])
        outputs = (_Output * count)(*[self._tensor(name) for name in fetched])
        given, got = (_pointer * len(names))(), (_pointer * count)()
        try:
            for index, name in enumerate(names):
                given[index] = self._tensors.make(fed[name])
            c.TF_SessionRun(
                *(self._session, None, inputs, given, len(names), outputs, got, count),
                *(None, 0, None, self._status),
            )
            self._check()
            return [self._tensors.read(each) for each in got]
        finally:
            for each in list(given) + list(got):
                if each:
                    c.TF_DeleteTensor(each)

    def _tensor(self, name):
        operation, _, index = name.partition(":")
        found = self._library.TF_GraphOperationByName(self._graph, operation.encode("utf-8"))
        if not found:
            raise Refusal("the loaded graph has no tensor %r, which the signature names" % name)
        return _Output(found, int(index or 0))


class _Tensors(object):
    """Makes and reads ``TF_Tensor`` by a library; how strings lie in one depends on that."""

    def __init__(self, c, status):
        self._c = c
        old = hasattr(c, "TF_StringEncode")
        self._strings = _EncodedStrings(c, status) if old else _StringObjects(c)

    def make(self, tensor):
        """A new ``TF_Tensor`` with the value of a wire.Tensor."""
        shape = tensor.value.shape
        dtype = tf.as_dtype(tensor.dtype).as_datatype_enum
        dimensions = (ctypes.c_int64 * len(shape))(*shape)
        if tensor.dtype == "string":
            return self._strings.make(dtype, dimensions, [bytes(x) for x in tensor.value.ravel()])
        array = np.ascontiguousarray(values.to_feed(tensor))
        made = self._c.TF_AllocateTensor(dtype, dimensions, len(shape), array.nbytes)
        if array.nbytes:
            ctypes.memmove(self._c.TF_TensorData(made), array.ctypes.data, array.nbytes)
        return made

    def read(self, tensor):
        """The wire.Tensor of a ``TF_Tensor``."""
        c = self._c
        dtype = tf.as_dtype(c.TF_TensorType(tensor))
        shape = [c.TF_Dim(tensor, axis) for axis in range(c.TF_NumDims(tensor))]
        data, size = c.TF_TensorData(tensor), c.TF_TensorByteSize(tensor)
        if dtype == tf.string:
            array = np.empty(shape, dtype=object)
            flat = array.reshape(-1)
            for index, each in enumerate(self._strings.read(data, size, array.size)):
                flat[index] = each
            return values.from_array(array, dtype)
        array = np.empty(shape, dtype.as_numpy_dtype)
        if array.nbytes != size:
            raise Refusal(
                "the library gave %d bytes for a %s of shape %s, which has %d"
                % (size, dtype.name, shape, array.nbytes)
            )
        if size:
            ctypes.memmove(array.ctypes.data, data, size)
        return values.from_array(array, dtype)


class _EncodedStrings(object):
    """Strings in a tensor up to 2.3: a table of offsets from its end, then each encoded."""

    def __init__(self, c, status):
        self._c = c
        self._status = status  # must be given; nothing here can fail

    def make(self, dtype, dimensions, strings):
        c, table = self._c, _OFFSET * len(strings)
        sizes = [c.TF_StringEncodedSize(len(each)) for each in strings]
        made = c.TF_AllocateTensor(dtype, dimensions, len(dimensions), table + sum(sizes))
        start = c.TF_TensorData(made)
        offset = 0
        for index, (each, size) in enumerate(zip(strings, sizes)):
            ctypes.c_uint64.from_address(start + _OFFSET * index).value = offset
            c.TF_StringEncode(each, len(each), start + table + offset, size, self._status)
            offset += size
        return made

    def read(self, data, size, count):
        found, length = _pointer(), _size()
        for index in range(count):
            offset = ctypes.c_uint64.from_address(data + _OFFSET * index).value
            start = data + _OFFSET * count + offset
            self._c.TF_StringDecode(start, data + size - start, found, length, self._status)
            yield ctypes.string_at(found, length.value)


class _StringObjects(object):
    """Strings in a tensor from 2.4 on: an array of TF_TString."""

    def __init__(self, c):
        self._c = c

    def make(self, dtype, dimensions, strings):
        # Not by TF_AllocateTensor, whose memory goes without what the strings in it own. This
        # memory goes when the last of TensorFlow's tensors that share it does (a variable's, say).
        size = tstring.SIZE * len(strings)
        block = ctypes.create_string_buffer(max(size, 1))
        start = ctypes.addressof(block)
        for index, each in enumerate(strings):
            tstring.write(start + tstring.SIZE * index, each)
        _BLOCKS[start] = block
        return self._c.TF_NewTensor(
            *(dtype, dimensions, len(dimensions)), *(start, size, _free_strings, None)
        )

    def read(self, data, _whole, count):
        for index in range(count):
            yield tstring.read(data + tstring.SIZE * index)


#: What TensorFlow holds of string tensors that were made here: {address: block}.
_BLOCKS = {}


@_Deallocator
def _free_strings(data, size, _argument):
    for address in range(data, data + size, tstring.SIZE):
        tstring.free(address)
    _BLOCKS.pop(data, None)
