"""Numbers and shapes of TensorFlow's files as TensorFlow's Python names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.protos import enum_name

if TYPE_CHECKING:
    from pytest_tfroundtrip.savedmodel.model import Shape

REF = 100  # a reference's number is its dtype's and this
#: Those whose name is not the enum's in lower case.
_NAMED = {"DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16"}


def dtype_name(number: int) -> str:
    """``float32`` of 1, and of 101, which is its reference; ``dtype 99`` of one not known."""
    name = enum_name("DataType", number - REF if number > REF else number)
    return _NAMED.get(name, name[3:].lower()) if name else f"dtype {number}"


def is_reference(number: int) -> bool:
    """Whether it is the dtype of TF1's reference to a variable."""
    return number > REF


def known_dtype(number: int) -> bool:
    """Whether ``saved_model.proto`` has a name for it."""
    return enum_name("DataType", number) is not None


def shape_of(message: Any) -> Shape:
    """The sizes, None for one that is open; None for an unknown rank."""
    if message.unknown_rank:
        return None
    return tuple(dim.size if dim.size >= 0 else None for dim in message.dim)
