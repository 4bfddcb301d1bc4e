"""Functions of a restored object: how a SavedModel that has no signature is called.

They are called as they were traced: nests of tensors by position or keyword, plain Python values
among them. A record holds that as templates, see traces.py, so that every release calls alike.
"""

import collections

#: The function that the object itself is called by.
CALL = "__call__"


def callable_as(function, told):
    """A function of named tensors, whole composite ones, that gives a dict of named outputs."""

    def call(**tensors):
        positional = [filled(each, tensors) for each in told["positional"]]
        keywords = {name: filled(each, tensors) for name, each in told["keywords"].items()}
        return named(function(*positional, **keywords))

    return call


def filled(template, tensors):
    """An argument: a template with its tensors in it."""
    ((kind, inner),) = template.items()
    if kind == "tensor":
        return tensors[inner]
    if kind == "dict":
        return {key: filled(each, tensors) for key, each in inner.items()}
    if kind == "value":
        return inner
    parts = [filled(each, tensors) for each in inner]
    return parts if kind == "list" else tuple(parts)


def has_tensors(template):
    """Whether a template holds any tensor."""
    ((kind, inner),) = template.items()
    if kind in ("tensor", "value"):
        return kind == "tensor"
    return any(map(has_tensors, inner.values() if kind == "dict" else inner))


def named(outputs):
    """{name: tensor} of what a function gave: a dict by its keys, others ``output_0`` and so on."""
    found = collections.OrderedDict()
    if not isinstance(outputs, (dict, list, tuple)):
        outputs = [outputs]
    _name("", outputs, found)
    return found


def _name(path, value, found):
    if isinstance(value, dict):
        for key in sorted(value):
            _name("%s.%s" % (path, key) if path else key, value[key], found)
    elif isinstance(value, (list, tuple)):
        for number, each in enumerate(value):
            _name("%s.%d" % (path, number) if path else "output_%d" % number, each, found)
    elif value is not None:
        found[path] = value
