"""A runtime's ``OpList`` as the table of ops has it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.catalogue.ops import AttributeDefinition, OpDefinition, as_json
from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.file import parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def ops_of(content: bytes) -> dict[str, OpDefinition]:
    """The ops of a serialized ``OpList``, by name.

    Raises:
        Damaged: it is none.
    """
    return {
        op.name: OpDefinition(
            tuple(sorted(map(_attribute, op.attr))),
            op.deprecation.version if op.HasField("deprecation") else None,
        )
        for op in parsed("OpList", content).op
    }


def _attribute(message: Any) -> AttributeDefinition:
    allowed, default = message.allowed_values.list, None
    if message.HasField("default_value"):
        default = as_json(_value(message.default_value))
    return AttributeDefinition(
        name=message.name,
        type=message.type,
        allowed=tuple(sorted({*map(dtype_name, allowed.type), *map(_text, allowed.s)})),
        default=default,
    )


def _value(message: Any) -> Any:
    """An ``AttrValue`` as JSON has it."""
    kind = message.WhichOneof("value")
    if kind == "list":
        filled = [(name, found) for name in _KINDS if (found := getattr(message.list, name))]
        return [_KINDS[name](each) for name, found in filled for each in found]
    return _KINDS[kind](getattr(message, kind)) if kind in _KINDS else None


def _text(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace")


def _float(value: float) -> float:
    """The shortest number that is the same ``float32``."""
    for digits in range(6, 9):
        short = float(f"{value:.{digits}g}")
        if struct.pack("f", short) == struct.pack("f", value):
            return short
    return value


def _shape(message: Any) -> list[int | None] | None:
    shape = shape_of(message)
    return None if shape is None else list(shape)


_KINDS: Mapping[str, Callable[[Any], Any]] = {
    "s": _text,
    "i": int,
    "f": _float,
    "b": bool,
    "type": dtype_name,
    "shape": _shape,
    "func": lambda message: message.name,
}
