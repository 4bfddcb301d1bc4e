"""The object graph that ``tf.saved_model.save`` and Keras write: variables, Keras' objects."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.dtypes import dtype_name, shape_of
from pytest_tfroundtrip.savedmodel.model import KerasObjects, Variable, VariableKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_KERAS = "_tf_keras"
_MODEL, _SEQUENTIAL, _LAYER = "_tf_keras_model", "_tf_keras_sequential", "_tf_keras_layer"
_CALL = "call_and_return_conditional_losses"
_NO_CONFIG = "layer was saved without config"
_FUNCTIONAL = '"class_name": "Functional"'
_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"
_SLOT = ".OPTIMIZER_SLOT"
_REGISTERED = 12  # TypeSpec.Class.REGISTERED_TYPE_SPEC: by the name of a class
_TENSORFLOWS = "tf."  # TensorFlow's own names in that registry
_INVENTED = 1000  # TensorFlow counts its classes from 1; TensorFlow Probability made up a number

#: How an object is reached from the root.
Path = tuple[str, ...]


def variables_of(nodes: Sequence[Any]) -> Iterator[Variable]:
    """The variables of an object graph, by their attribute paths.

    Each has the shortest path that leads to it, as its value in the checkpoint has.
    """
    paths = _paths(nodes)
    slots = _slots(nodes, paths)
    for number, node in enumerate(nodes):
        if node.WhichOneof("kind") != "variable":
            continue
        variable = node.variable
        path = paths.get(number)
        if path is not None:
            name, key = ".".join(path), _key(path)
        else:
            name, key = slots.get(number, (variable.name or f"object {number}", ""))
        yield Variable(
            name=name,
            dtype=dtype_name(variable.dtype),
            shape=shape_of(variable.shape),
            kind=VariableKind.RESOURCE,
            trainable=variable.trainable,
            key=f"{key}/{_VALUE}" if key else "",
            label=variable.name or None,
        )


def keras_of(nodes: Sequence[Any]) -> KerasObjects | None:
    """What Keras left in an object graph; None where it left nothing."""
    found = [each.user_object.identifier for each in nodes]
    identifiers = tuple(sorted({each for each in found if each.startswith(_KERAS)}))
    if not identifiers:
        return None
    metadata = [each.user_object.metadata for each in nodes]
    return KerasObjects(
        root=found[0] if found[0].startswith(_KERAS) else None,
        identifiers=identifiers,
        metadata=any(metadata),
        functional=_FUNCTIONAL in metadata[0],
        uncalled=_uncalled(nodes),
        shape_objects=any(_shape_is_an_object(nodes, each) for each in nodes),
    )


def foreign_specs_of(object_graph: Any) -> frozenset[str]:
    """Classes of other libraries that functions take or give, as nested_structure_coder.py has it.

    TensorFlow makes them anew by their names when it loads the functions.
    """
    queue = [
        each
        for function in object_graph.concrete_functions.values()
        for each in (function.canonicalized_input_signature, function.output_signature)
    ]
    found = set()
    while queue:
        value = queue.pop()
        kind = value.WhichOneof("kind")
        if kind == "type_spec_value":
            spec = value.type_spec_value
            name, number = spec.type_spec_class_name, spec.type_spec_class
            registered = number == _REGISTERED and not name.startswith(_TENSORFLOWS)
            if registered or number >= _INVENTED:
                found.add(name)
            queue.append(spec.type_state)
        elif kind in ("list_value", "tuple_value"):
            queue += getattr(value, kind).values
        elif kind == "dict_value":
            queue += value.dict_value.fields.values()
        elif kind == "named_tuple_value":
            queue += [each.value for each in value.named_tuple_value.values]
    return frozenset(found)


def _uncalled(nodes: Sequence[Any]) -> bool:
    """Whether the root is a subclassed model that was saved without ever having been called.

    Its class has no configuration, so that no release makes it anew by a class of that name.
    """
    root = nodes[0]
    if root.user_object.identifier != _MODEL or _NO_CONFIG not in root.user_object.metadata:
        return False
    api = _child(nodes, root, "keras_api")
    return api is not None and _child(nodes, api, _CALL) is None


def _shape_is_an_object(nodes: Sequence[Any], node: Any) -> bool:
    """Whether it is a Sequential whose first layer has ``batch_input_shape`` as such."""
    if node.user_object.identifier != _SEQUENTIAL:
        return False
    first: Any | None = node
    for name in ("keras_api", "layers", "0"):
        first = first and _child(nodes, first, name)
    if first is None or first.user_object.identifier != _LAYER:
        return False
    try:
        metadata = json.loads(first.user_object.metadata)
    except ValueError:
        return False
    return isinstance(metadata, dict) and isinstance(metadata.get("batch_input_shape"), dict)


def _child(nodes: Sequence[Any], node: Any, name: str) -> Any | None:
    for each in node.children:
        if each.local_name == name and 0 <= each.node_id < len(nodes):
            return nodes[each.node_id]
    return None


def has_variables(nodes: Sequence[Any]) -> bool:
    """Whether there is any variable in an object graph."""
    return any(each.HasField("variable") for each in nodes)


def children_of(nodes: Sequence[Any]) -> frozenset[str]:
    """The names of the root's attributes."""
    return frozenset(each.local_name for each in nodes[0].children) if nodes else frozenset()


def _paths(nodes: Sequence[Any]) -> Mapping[int, Path]:
    """The shortest path to each object, breadth first in the file's order, as TensorFlow walks."""
    paths: dict[int, Path] = {0: ()}
    queue = deque([0])
    while queue:
        number = queue.popleft()
        for child in nodes[number].children:
            if 0 <= child.node_id < len(nodes) and child.node_id not in paths:
                paths[child.node_id] = (*paths[number], child.local_name)
                queue.append(child.node_id)
    return paths


def _slots(nodes: Sequence[Any], paths: Mapping[int, Path]) -> Mapping[int, tuple[str, str]]:
    """Names and keys of optimizers' slot variables, which are no attribute of anything."""
    found = {}
    for number, node in enumerate(nodes):
        for slot in node.slot_variables:
            of, optimizer = paths.get(slot.original_variable_node_id), paths.get(number)
            if of is not None and optimizer is not None:
                name = ".".join((*of, *optimizer, slot.slot_name))
                key = "/".join((_key(of), _SLOT, _key(optimizer), _escaped(slot.slot_name)))
                found[slot.slot_variable_node_id] = (name, key)
    return found


def _key(path: Path) -> str:
    return "/".join(map(_escaped, path))


def _escaped(name: str) -> str:
    """As TensorFlow writes a part of a path into a checkpoint's key."""
    return name.replace(".", "..").replace("/", ".S")
