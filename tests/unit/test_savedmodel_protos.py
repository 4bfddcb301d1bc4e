"""Our own types of TensorFlow's files: what they are made from, and that they disturb nobody."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
from conftest import NEIGHBOURS
from google.protobuf import descriptor_pb2, descriptor_pool

from pytest_tfroundtrip.savedmodel.protos import DESCRIPTORS, PACKAGE, enum_name, message

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENS = re.compile(r"(message|enum|oneof) (\w+) \{")
_FIELD = re.compile(r"(?:(repeated) )?([\w.]+(?:<[^>]*>)?) (\w+) = (\d+);")


def in_source() -> set[tuple[str, str, int]]:
    """(message, field, number) of each field that the source declares."""
    sources = [path.with_suffix(".proto") for path in DESCRIPTORS]
    text = re.sub(r"//.*", "", "".join(each.read_text(encoding="utf-8") for each in sources))
    found, inside = set(), []
    for line in text.splitlines():
        if opened := _OPENS.search(line):
            inside.append(opened.group(1, 2))
        elif "}" in line:
            inside.pop()
        elif inside and inside[-1][0] != "enum" and (field := _FIELD.search(line)):
            owner = ".".join(name for kind, name in inside if kind == "message")
            found.add((owner, field[3], int(field[4])))
    return found


def in_descriptors() -> Iterator[tuple[str, str, int]]:
    def below(kind: Any, owner: str) -> Iterator[tuple[str, str, int]]:
        if not kind.options.map_entry:
            yield from ((owner, field.name, field.number) for field in kind.field)
            for nested in kind.nested_type:
                yield from below(nested, f"{owner}.{nested.name}")

    for path in DESCRIPTORS:
        for file in descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file:
            assert file.package == PACKAGE
            for kind in file.message_type:
                yield from below(kind, kind.name)


def test_the_descriptors_are_made_from_the_source() -> None:
    assert in_source() == set(in_descriptors())
    assert len(in_source()) > 100


def test_the_types_are_in_no_pool_that_others_use() -> None:
    graph = message("GraphDef")()
    graph.node.add(name="n", op="NoOp")
    assert graph.DESCRIPTOR.full_name == f"{PACKAGE}.GraphDef"
    with pytest.raises(KeyError):
        descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.GraphDef")


def test_a_pool_with_tensorflows_own_types_is_no_matter() -> None:
    """The same file's name and the same messages in the default pool, with other fields."""
    other = descriptor_pb2.FileDescriptorProto(name="saved_model.proto", package="tensorflow")
    other.message_type.add(name="GraphDef")
    descriptor_pool.Default().AddSerializedFile(other.SerializeToString())
    assert {field.name for field in message("GraphDef").DESCRIPTOR.fields} >= {"node", "library"}


def test_constants_are_no_field() -> None:
    assert "tensor" not in message("AttrValue").DESCRIPTOR.fields_by_name


def test_numbers_that_nobody_knows_yet_have_no_name() -> None:
    assert enum_name("DataType", 1) == "DT_FLOAT"
    assert enum_name("DataType", 99) is None


def test_round_trips_that_read_no_saved_model_import_no_protobuf(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        model="""
        import tensorflow as tf
        class Model(tf.Module):
            inputs = {"x": tf.TensorSpec([None], tf.float32)}
            examples = {"x": [1.0]}
            def __call__(self, x):
                return {"y": x}
        """,
        test_model="""
        import pytest
        @pytest.mark.tf_roundtrip("model.py:Model")
        def test_model(roundtrip):
            pass
        """,
    )
    pytester.makeconftest(
        """
        import sys
        def pytest_unconfigure():
            assert "pytest_tfroundtrip.session" in sys.modules
            assert not [name for name in sys.modules if name.startswith("google.protobuf")]
            print("LIGHT")
        """
    )
    without = [part for name in NEIGHBOURS for part in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", *without, "--tf-roundtrip", "--co", "-q"]
    result = pytester.run(*command, "test_model.py")
    assert result.ret == 0
    assert "LIGHT" in result.outlines
