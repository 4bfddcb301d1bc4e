"""Finding variables and their values, by graph name, by attribute path or in Keras' order.

An item is {"name", "dtype", "shape", "kind": "resource" | "ref", "trainable"}; "key" says what the
names are, for whoever loads the model and looks for the same ones.
"""

import collections

import tensorflow as tf

from . import contract, values

tf1 = tf.compat.v1

#: ``items`` as above; ``tensors`` their values, {name: wire.Tensor}.
Variables = collections.namedtuple("Variables", "key items tensors")


def seen(variables):
    """The JSON-able part of :data:`Variables`, or None."""
    return variables and {"key": variables.key, "items": variables.items}


def item(variable, name, **more):
    """Describe one variable."""
    return dict(
        name=name,
        dtype=values.dtype_name(variable.dtype),
        shape=contract.dimensions(variable.shape),
        kind=kind(variable),
        trainable=bool(getattr(variable, "trainable", False)),
        **more,
    )


def kind(variable):
    """Give "ref" for TF1's reference variables, whose dtype has "_ref" in it, else "resource"."""
    dtype = variable.dtype  # a str in Keras 3
    return "ref" if getattr(dtype, "_is_ref_dtype", False) else "resource"


def graph_name(variable):
    """A variable's name without the output index."""
    return variable.name.rpartition(":")[0] or variable.name


def of_collection(session):
    """The variables of the graph's ``GLOBAL_VARIABLES`` by name, None where there are none."""
    found = tf1.global_variables()
    if not found:
        return None
    trainable = {id(variable) for variable in tf1.trainable_variables()}
    items = []
    for variable in found:
        entry = item(variable, graph_name(variable))
        entry["trainable"] = id(variable) in trainable
        items.append(entry)
    return Variables("name", items, read(found, [entry["name"] for entry in items], session))


def by_path(named, session):
    """:data:`Variables` of {attribute path: variable}."""
    names = sorted(named)
    found = [named[name] for name in names]
    items = [item(variable, name) for name, variable in zip(names, found)]
    return Variables("path", items, read(found, names, session))


def by_order(weights, session):
    """:data:`Variables` of a list whose order is its only key; "label" is what Keras calls each."""
    names = [str(index) for index in range(len(weights))]
    items = [item(weight, name, label=weight.name) for weight, name in zip(weights, names)]
    return Variables("order", items, read(weights, names, session))


def by_name(found, session):
    """:data:`Variables` of a list, by the names of the graph they come from."""
    names = [graph_name(variable) for variable in found]
    items = [item(variable, name) for variable, name in zip(found, names)]
    return Variables("name", items, read(found, names, session))


def read(found, names, session):
    """The values of variables, {name: wire.Tensor}: by the session, or eagerly where it is None."""
    if session is None:
        return {name: values.from_eager(plain(each)) for name, each in zip(names, found)}
    arrays = session.run([plain(each) for each in found])
    return {
        name: values.from_array(array, plain(each).dtype)
        for name, each, array in zip(names, found, arrays)
    }


def plain(variable):
    """A Keras 3 variable's TensorFlow variable; every other variable itself."""
    inner = getattr(variable, "value", None)
    return inner if inner is not None and not callable(inner) else variable


def paths(root):
    """{attribute path: variable} below a Trackable, as the saved object graph will have them.

    The shortest path wins where a variable can be reached by several: TensorFlow's own walk over
    its ``Trackable`` dependencies, breadth first, so that a loader finds the same attributes.
    """
    found, visited = {}, {id(root)}
    queue = collections.deque([(root, ())])
    while queue:
        node, path = queue.popleft()
        for name, dependency in _dependencies(node):
            if id(dependency) in visited:
                continue
            visited.add(id(dependency))
            below = path + (name,)
            held = plain(dependency)  # Keras 3's own variable is none of TensorFlow's
            if isinstance(held, tf.Variable):
                found[".".join(below)] = held
            else:
                queue.append((dependency, below))
    return found


def _dependencies(node):
    if hasattr(node, "_maybe_initialize_trackable"):
        node._maybe_initialize_trackable()  # 2.8 forgets to, where no attribute was ever set
    if hasattr(node, "_trackable_children"):  # from 2.8 on
        return sorted(node._trackable_children().items(), key=lambda pair: pair[0])
    if hasattr(node, "_checkpoint_dependencies"):
        pairs = [(each.name, each.ref) for each in node._checkpoint_dependencies]
        return sorted(pairs, key=lambda pair: pair[0])
    return []


def at_path(root, path):
    """What is at an attribute path of a loaded object; LookupError where nothing is."""
    node = root
    for part in path.split("."):
        if hasattr(node, part):
            node = getattr(node, part)
        else:
            try:
                node = node[int(part)] if part.isdigit() else node[part]
            except (TypeError, IndexError, KeyError):
                raise LookupError("the loaded object has no %r on the way to %r" % (part, path))
    return node
