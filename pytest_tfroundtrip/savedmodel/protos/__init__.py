"""TensorFlow's file formats as types of our own, in a descriptor pool of our own.

Whatever TensorFlow or other protobuf code the process has, its pool is neither read nor written.
``saved_model.proto`` says what is read; ``nox -s protos`` makes ``saved_model.desc`` from it.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

PACKAGE = "pytest_tfroundtrip.savedmodel"
DESCRIPTORS = Path(__file__).with_name("saved_model.desc")


@cache
def message(name: str) -> Any:
    """The class of a message of ``saved_model.proto``, such as ``GraphDef``.

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
    for file in descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes()).file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool
