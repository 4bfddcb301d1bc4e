"""What a function of a restored object was traced with, as a record holds it.

A template stands for an argument: ``{"tensor": name}``, ``{"value": plain}``, ``{"list": [...]}``,
``{"tuple": [...]}`` or ``{"dict": {...}}``.
"""

import collections

import tensorflow as tf
from tensorflow.core.framework import node_def_pb2

from . import composites, variables
from .errors import Refusal

#: The key of the signature that :func:`declare` writes.
KEY = "tf_roundtrip_function"

_PLAIN = (bool, int, float, str, type(None))
_CALLER = "tf_roundtrip_call"
_RAGGED_CLASS, _SPARSE_CLASS = 3, 1  # TypeSpecProto.TypeSpecClass, in struct.proto


class _Untold(Exception):  # noqa: N818  what it is, not that it failed
    """An argument that a record cannot hold."""


def described(root, name):
    """How a function of a restored object is called, as a record has it.

    Of several traces the first of those with the fewest ``True``: not in training mode.

    Args:
        root: what ``tf.saved_model.load`` gave.
        name: of the attribute, a path as ``en.tokenize`` where an object in it has the function.

    Returns:
        A dict: "name"; "trace", the number of the trace; "arguments", the names of the positional
        ones; "positional", a list of templates; "keywords", {name: template}; "inputs", {name of a
        tensor, of a composite one's part: {"dtype", "shape"}} in the order of the function's
        arguments; "kinds", {name: "sparse" or "ragged"}.

    Raises:
        Refusal: there is no such function, or nobody can tell how it is called.
    """
    try:
        function = variables.at_path(root, name)
    except LookupError:
        function = None
    traces = list(getattr(function, "concrete_functions", ()))
    arguments = _arguments(function) if traces else []
    found = []
    for number, concrete in enumerate(traces):
        try:
            found.append(_described(concrete, arguments, number))
        except _Untold:
            continue
    if not found:
        raise Refusal(
            "the loaded %s has no function %r that was traced with tensors and plain values"
            % (type(root).__name__, name)
        )
    _, told = min(found, key=lambda pair: pair[0])
    told["name"] = name
    return told


def _described(concrete, arguments, number):
    """(how many of the plain arguments are True, what :func:`described` gives) of a trace."""
    positional, keywords = concrete.structured_input_signature
    seen = _Seen()
    named = [
        (arguments[index] if index < len(arguments) else "argument_%d" % index, each)
        for index, each in enumerate(positional)
    ]
    told = {
        "trace": number,
        "arguments": [name for name, _ in named],
        "positional": [seen.template(name, each) for name, each in named],
        "keywords": collections.OrderedDict(
            (name, seen.template(name, keywords[name])) for name in sorted(keywords)
        ),
        "inputs": seen.inputs,
        "kinds": seen.kinds,
    }
    return seen.trues, told


def _arguments(function):
    from tensorflow.python.util import tf_inspect  # sees through what was restored

    return [name for name in tf_inspect.getfullargspec(function).args if name != "self"]


class _Seen(object):
    """Makes templates, and gathers what is in them."""

    def __init__(self):
        self.inputs = collections.OrderedDict()
        self.kinds = {}
        self.trues = 0

    def template(self, path, value):
        """What stands for an argument: ``{"tensor": name}`` for a tensor, nests as such."""
        if isinstance(value, _PLAIN):
            self.trues += value is True
            return {"value": value}
        if isinstance(value, dict):
            return {
                "dict": collections.OrderedDict(
                    (key, self.template("%s.%s" % (path, key), value[key])) for key in sorted(value)
                )
            }
        if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
            parts = [self.template("%s.%d" % (path, n), each) for n, each in enumerate(value)]
            return {"list" if isinstance(value, list) else "tuple": parts}
        return {"tensor": self._tensor(path, value)}

    def _tensor(self, path, spec):
        kind = _kind(spec)
        own = getattr(spec, "name", None) if kind is None else None
        name = own if own and own not in self.inputs else path
        if kind is None:
            self.inputs[name] = _form(spec)
            return name
        self.kinds[name] = kind
        for number, part in enumerate(tf.nest.flatten(spec, expand_composites=True)):
            self.inputs["%s/%d" % (name, number)] = _form(part)
        return name


def _kind(spec):
    if isinstance(spec, getattr(tf, "SparseTensorSpec", ())):
        return composites.SPARSE
    if isinstance(spec, getattr(tf, "RaggedTensorSpec", ())):
        return composites.RAGGED
    if isinstance(spec, tf.TensorSpec):
        return None
    raise _Untold


def _form(spec):
    shape = spec.shape
    return {
        "dtype": tf.as_dtype(spec.dtype).name,
        "shape": None if shape.rank is None else shape.as_list(),
    }


def declare(meta_graph, told):
    """Write a signature into a ``MetaGraphDef`` that says what a function takes, under :data:`KEY`.

    It stands for nothing that could be run: the inputs are placeholders of their own, which a call
    of the function's first trace takes, so that it can be followed where they go to.

    Args:
        meta_graph: is changed.
        told: what :func:`described` gave.
    """
    objects = meta_graph.object_graph_def
    node = objects.nodes[0]
    for part in told["name"].split("."):
        (child,) = [each for each in node.children if each.local_name == part]
        node = objects.nodes[child.node_id]
    trace = node.function.concrete_functions[told["trace"]]
    graph = meta_graph.graph_def
    signature = meta_graph.signature_def[KEY]
    caller = node_def_pb2.NodeDef(name=_CALLER, op="StatefulPartitionedCall")
    caller.attr["f"].func.name = trace
    for number, (name, form) in enumerate(told["inputs"].items()):
        node = graph.node.add(name="tf_roundtrip_input_%d" % number, op="Placeholder")
        node.attr["dtype"].type = tf.as_dtype(form["dtype"]).as_datatype_enum
        caller.input.append(node.name)
        whole = name.rpartition("/")[0]
        if whole in told["kinds"]:
            info = _composite(signature.inputs[whole], told["kinds"][whole]).components.add()
        else:
            info = signature.inputs[name]
        _fill(info, node, form)
    for bound in objects.concrete_functions[trace].bound_inputs:
        caller.input.append(_captured(graph, objects.nodes[bound], bound))
    graph.node.add().CopyFrom(caller)


def _composite(info, kind):
    composite = info.composite_tensor
    ragged = kind == composites.RAGGED
    composite.type_spec.type_spec_class = _RAGGED_CLASS if ragged else _SPARSE_CLASS
    return composite


def _fill(info, node, form):
    info.name = node.name + ":0"
    info.dtype = node.attr["dtype"].type
    shape = tf.TensorShape(form["shape"]).as_proto()
    info.tensor_shape.CopyFrom(shape)
    node.attr["shape"].shape.CopyFrom(shape)


def _captured(graph, held, number):
    """The name of a node that stands for what a function captured; of a variable with its shape."""
    name = "tf_roundtrip_captured_%d" % number
    if held.WhichOneof("kind") == "variable" and not any(n.name == name for n in graph.node[-99:]):
        node = graph.node.add(name=name, op="VarHandleOp")
        node.attr["shape"].shape.CopyFrom(held.variable.shape)
        node.attr["dtype"].type = held.variable.dtype
    return name
