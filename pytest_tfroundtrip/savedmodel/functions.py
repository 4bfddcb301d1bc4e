"""The functions of a restored object, by which a SavedModel without signatures is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.model import CALL, Function, Tensor, TensorKind
from pytest_tfroundtrip.savedmodel.protos import enum_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Keras' own, of which ``__call__`` is one part; and what TensorFlow itself calls.
_OWN = (
    "call_and_return_all_conditional_losses",
    "call_and_return_conditional_losses",
    "signatures",
)
_KERAS_OBJECT = "_tf_keras"
_DEEPEST = 5  # levels of objects in objects
_SPARSE = "SPARSE_TENSOR_SPEC"
_UNKNOWN = "COMPOSITE"


def functions_of(object_graph: Any) -> Iterator[Function]:
    """The functions of the root: ``__call__``, then those that take something, then others.

    Where it has none, those of the objects that it holds, the nearest that have some, by their
    paths: ``en.tokenize``. A function may have been traced several times; it is called as its first
    trace was that has the fewest ``True`` among its plain arguments: not in training mode.
    """
    level, seen = [("", 0)], {0}
    for _ in range(_DEEPEST):
        found = {function.name: function for at in level for function in _of(object_graph, *at)}
        if found:
            break
        level = [each for at in level for each in _held(object_graph.nodes, *at, seen)]
    yield from sorted(
        found.values(), key=lambda each: (each.name != CALL, not each.inputs, each.name)
    )


def _of(object_graph: Any, path: str, number: int) -> Iterator[Function]:
    """The functions of one object."""
    for name, node in _attributes(object_graph.nodes, number):
        if object_graph.nodes[node].WhichOneof("kind") == "function":
            saved = object_graph.nodes[node].function
            if function := _function(f"{path}{name}", saved, object_graph.concrete_functions):
                yield function


def _held(nodes: Any, path: str, number: int, seen: set[int]) -> Iterator[tuple[str, int]]:
    """(path, number) of the objects in an object; Keras' have functions of Keras' own."""
    for name, node in _attributes(nodes, number):
        of = nodes[node].WhichOneof("kind") == "user_object" and nodes[node].user_object.identifier
        if of and not of.startswith(_KERAS_OBJECT) and node not in seen:
            seen.add(node)
            yield f"{path}{name}.", node


def _attributes(nodes: Any, number: int) -> Iterator[tuple[str, int]]:
    for child in nodes[number].children if number < len(nodes) else ():
        name = child.local_name
        public = name == CALL or not name.startswith("_")
        if public and name not in _OWN and 0 <= child.node_id < len(nodes):
            yield name, child.node_id


def _function(name: str, saved: Any, concrete_functions: Any) -> Function | None:
    arguments = _arguments(saved)
    traces = []
    for concrete in saved.concrete_functions:
        if concrete not in concrete_functions:
            continue
        signature = concrete_functions[concrete].canonicalized_input_signature
        leaves = list(_leaves(signature, arguments))
        tensors = _named([(path, leaf) for path, leaf in leaves if _is_tensor(leaf)])
        settings = {path: _plain(leaf) for path, leaf in leaves if not _is_tensor(leaf)}
        traces.append(Function(name, tensors, settings))
    return min(
        traces, key=lambda each: sum(v == "True" for v in each.settings.values()), default=None
    )


def _arguments(saved: Any) -> Sequence[str]:
    """The names of a function's arguments."""
    for pair in saved.function_spec.fullargspec.named_tuple_value.values:
        if pair.key == "args":
            names = [each.string_value for each in pair.value.list_value.values]
            return names[1:] if names[:1] == ["self"] else names  # 1.15 writes it
    return ()


def _leaves(signature: Any, arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """(path, value) of each value in an input signature: ((positional ...), {keyword: ...})."""
    parts = signature.tuple_value.values
    for number, value in enumerate(parts[0].tuple_value.values if parts else ()):
        name = arguments[number] if number < len(arguments) else f"argument_{number}"
        yield from _below(name, value)
    if len(parts) > 1:
        fields = parts[1].dict_value.fields
        for name in sorted(fields):
            yield from _below(name, fields[name])


def _below(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """In the order of ``tf.nest.flatten``."""
    kind = value.WhichOneof("kind")
    inner: list[tuple[str, Any]]
    if kind in ("list_value", "tuple_value"):
        inner = [(str(n), each) for n, each in enumerate(getattr(value, kind).values)]
    elif kind == "dict_value":
        fields = value.dict_value.fields
        inner = [(key, fields[key]) for key in sorted(fields)]
    elif kind == "named_tuple_value":
        inner = [(each.key, each.value) for each in value.named_tuple_value.values]
    else:
        yield path, value
        return
    for key, each in inner:
        yield from _below(f"{path}.{key}", each)


def _is_tensor(value: Any) -> bool:
    return value.WhichOneof("kind") in (
        "tensor_spec_value",
        "bounded_tensor_spec_value",
        "type_spec_value",
    )


def _named(leaves: Sequence[tuple[str, Any]]) -> dict[str, Tensor]:
    """Tensors by the names that their specs have, else by where they stand; each name once."""
    found: dict[str, Tensor] = {}
    for path, value in leaves:
        kind = value.WhichOneof("kind")
        own = "" if kind == "type_spec_value" else getattr(value, kind).name
        name = own if own and own not in found else path
        found[name] = _tensor(value)
    return found


def _tensor(value: Any) -> Tensor:
    kind = value.WhichOneof("kind")
    spec = getattr(value, kind)
    if kind != "type_spec_value":
        return Tensor(dtype_name(spec.dtype), shape_of(spec.shape), TensorKind.DENSE, ())
    named = enum_name("TypeSpec.Class", spec.type_spec_class) or _UNKNOWN
    told: dict[str, Any] = {}  # of a ragged one the dtype of its row splits follows its own
    for part in spec.type_state.tuple_value.values:
        told.setdefault(part.WhichOneof("kind"), part)
    shape, dtype = told.get("tensor_shape_value"), told.get("tensor_dtype_value")
    form = TensorKind.SPARSE if named == _SPARSE else TensorKind.COMPOSITE
    return Tensor(
        dtype=dtype_name(dtype.tensor_dtype_value if dtype is not None else 0),
        shape=shape_of(shape.tensor_shape_value) if shape is not None else None,
        kind=form,
        tensors=(),
        type=spec.type_spec_class_name or named,
    )


def _plain(value: Any) -> str:
    """A plain argument as Python would show it."""
    kind = value.WhichOneof("kind")
    if kind in (None, "none_value"):
        return "None"
    plain = getattr(value, kind)
    return (
        repr(plain) if isinstance(plain, (bool, int, float, str)) else kind.removesuffix("_value")
    )
