"""TensorFlow's file formats as types of our own, in a descriptor pool of our own.

Whatever TensorFlow or other protobuf code the process has, its pool is neither read nor written.
The files ``*.proto`` say what is read; ``nox -s protos`` makes the ``*.desc`` from them.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "pytest_tfroundtrip.savedmodel"
DESCRIPTORS = tuple(sorted(Path(__file__).parent.glob("*.desc")))


@cache
def message(name: str) -> Any:
    """The class of a message of one of the files, such as ``GraphDef``.

    Raises:
        KeyError: there is none of that name.
    """
    descriptor = _pool().FindMessageTypeByName(f"{PACKAGE}.{name}")
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    factory: Any = message_factory.MessageFactory(_pool())
    return factory.GetPrototype(descriptor)


@cache
def enum_name(name: str, number: int) -> str | None:
    """The name of an enum's number, None for one that is newer than ``saved_model.proto``."""
    value = _pool().FindEnumTypeByName(f"{PACKAGE}.{name}").values_by_number.get(number)
    return value and str(value.name)


@cache
def _pool() -> Any:
    pool: Any = descriptor_pool.DescriptorPool()
    for path in DESCRIPTORS:
        for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
            pool.AddSerializedFile(file.SerializeToString())
    return pool
