"""``TF_TString``, what a string tensor is an array of from TensorFlow 2.4 on.

A union whose first two bits say which it is, with the size behind them; a short string lies in it,
a long one in memory of ``malloc`` that it owns. See ``core/platform/ctstring_internal.h`` among
TensorFlow's headers. By hand because 2.4 exports no function for it; later releases do.
"""

import ctypes
import functools

SIZE = 24  # sizeof(TF_TString)

_KIND, _KIND_BITS = 3, 2
_SMALL, _LARGE, _OFFSET, _VIEW = range(4)
_SMALL_CAPACITY = SIZE - 2  # behind the byte of the size, before a final zero


class _Large(ctypes.Structure):
    _fields_ = [
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("pointer", ctypes.c_void_p),
    ]


class _View(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("pointer", ctypes.c_void_p)]


class _Offset(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("offset", ctypes.c_uint32), ("count", ctypes.c_uint32)]


def write(address, text):
    """Make one of bytes, in :data:`SIZE` bytes of memory that are zero; see :func:`free`."""
    if len(text) <= _SMALL_CAPACITY:
        ctypes.memmove(address, bytes([len(text) << _KIND_BITS]) + text, len(text) + 1)
        return
    pointer = _libc().malloc(len(text) + 1)
    ctypes.memmove(pointer, text + b"\0", len(text) + 1)
    made = _Large.from_address(address)
    made.size, made.capacity, made.pointer = len(text) << _KIND_BITS | _LARGE, len(text), pointer


def read(address):
    """The bytes of one, whichever kind it is."""
    kind, first = _kind(address)
    if kind == _SMALL:
        return ctypes.string_at(address + 1, first >> _KIND_BITS)
    if kind == _OFFSET:
        found = _Offset.from_address(address)
        return ctypes.string_at(address + found.offset, found.size >> _KIND_BITS)
    found = (_Large if kind == _LARGE else _View).from_address(address)
    return ctypes.string_at(found.pointer, found.size >> _KIND_BITS)


def free(address):
    """Give back the memory that one owns; only a long one does."""
    if _kind(address)[0] == _LARGE:
        _libc().free(_Large.from_address(address).pointer)


def _kind(address):
    first = ctypes.c_uint8.from_address(address).value
    return first & _KIND, first


@functools.lru_cache(maxsize=None)
def _libc():
    loaded = ctypes.CDLL(None)  # whose malloc TensorFlow takes too: it may resize and free them
    loaded.malloc.restype, loaded.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    loaded.free.restype, loaded.free.argtypes = None, [ctypes.c_void_p]
    return loaded
