"""A runtime's OpList, as the table of ops has it."""

from __future__ import annotations

import pytest

from pytest_tfroundtrip.catalogue.ops import AttributeDefinition
from pytest_tfroundtrip.savedmodel.op_list import ops_of
from pytest_tfroundtrip.savedmodel.pieces import Damaged
from pytest_tfroundtrip.savedmodel.protos import message


def test_ops_attributes_and_what_they_may_be() -> None:
    ops = message("OpList")()
    op = ops.op.add(name="Conv2D")
    op.attr.add(name="T", type="type").allowed_values.list.type.extend([3, 1])
    op.attr.add(name="strides", type="list(int)")
    words = op.attr.add(name="padding", type="string")
    words.allowed_values.list.s.extend([b"VALID", b"SAME"])
    words.default_value.s = b"SAME"
    ops.op.add(name="Old").deprecation.version = 9
    found = ops_of(ops.SerializeToString())
    assert found["Conv2D"].attributes == (
        AttributeDefinition("T", "type", ("float32", "int32"), None),
        AttributeDefinition("padding", "string", ("SAME", "VALID"), '"SAME"'),
        AttributeDefinition("strides", "list(int)", (), None),
    )
    assert found["Conv2D"].deprecated is None
    assert found["Old"].deprecated == 9


def test_defaults_of_every_kind() -> None:
    ops = message("OpList")()
    op = ops.op.add(name="Op")
    for name, value in {"i": 5, "f": 0.1, "b": True, "s": b"a b"}.items():
        setattr(op.attr.add(name=name, type="x").default_value, name, value)
    op.attr.add(name="type", type="x").default_value.type = 1
    shape = op.attr.add(name="shape", type="x").default_value.shape
    for size in (2, -1):
        shape.dim.add(size=size)
    op.attr.add(name="rank", type="x").default_value.shape.unknown_rank = True
    op.attr.add(name="empty", type="x").default_value.list.SetInParent()
    op.attr.add(name="several", type="x").default_value.list.i.extend([1, 1, 1])
    op.attr.add(name="large", type="x").default_value.f = 3.4028234663852886e38
    (found,) = ops_of(ops.SerializeToString()).values()
    assert {each.name: each.default for each in found.attributes} == {
        "i": "5",
        "f": "0.1",
        "b": "true",
        "s": '"a b"',
        "type": '"float32"',
        "shape": "[2, null]",
        "rank": "null",
        "empty": "[]",
        "several": "[1, 1, 1]",
        "large": "3.4028235e+38",
    }


def test_what_is_no_op_list() -> None:
    with pytest.raises(Damaged):
        ops_of(b"\x0a\xff")
