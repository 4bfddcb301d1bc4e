"""``hub.create_module_spec`` and ``Module.export``: the TF1 Hub format.

Variants: ``train`` has a second graph for training, tagged so, ``signatures`` a second graph with
tags and signatures of its own, ``eager`` does without a ``tf.Graph``, as TensorFlow 2 code would.
"""

import contextlib
import functools

import tensorflow as tf

from .. import hub, record, training, variables
from . import graph

tf1 = tf.compat.v1

#: Tags and signature of the guide's example, ``hub.Module(handle, tags={"foo", "bar"})``.
TAGS = ("bar", "foo")
SIGNATURE = "sig"

_PLAIN = (set(), {})
_GRAPHS = {
    None: [_PLAIN],
    "eager": [_PLAIN],
    "train": [_PLAIN, ({hub.TRAIN}, {"training_mode": True})],
    "signatures": [_PLAIN, (set(TAGS), {"signature": SIGNATURE})],
}


def save(model, payload, variant):
    """Make a spec of all graphs, instantiate the one to be called, export it with its variables."""
    if variant not in _GRAPHS:
        known = ", ".join(name for name in _GRAPHS if name)
        raise ValueError("there is no variant %r; there are %s" % (variant, known))
    import tensorflow_hub

    tags, key = (TAGS, SIGNATURE) if variant == "signatures" else ((), hub.DEFAULT)
    spec = tensorflow_hub.create_module_spec(
        functools.partial(_module_fn, model), tags_and_args=_GRAPHS[variant]
    )
    with _place(variant) as session:
        module = tensorflow_hub.Module(spec, tags=set(tags))
        inputs = graph.placeholders(model.inputs)
        outputs = module(dict(inputs), signature=key, as_dict=True)
        built = graph.Built(session, inputs, model.check_outputs(outputs))
        graph.initialise(session)
        computed = built.run(model.examples)
        module.export(payload, session)
        found = variables_of(module, session)
    step = functools.partial(_trained, model, variant == "train")
    return record.Saved(
        model.examples,
        computed,
        found,
        model.batched,
        signature=key,
        tags=tags,
        **training.recorded(model, step),
    )


@contextlib.contextmanager
def _place(variant):
    """A graph and its session; for ``eager`` whatever is there."""
    if variant == "eager":
        yield None
        return
    with graph.session() as session:
        yield session


def _module_fn(model, training_mode=False, signature=None):
    """Build one graph with the signatures it has."""
    import tensorflow_hub

    inputs, outputs = _built(model, training_mode)
    if signature is None:
        tensorflow_hub.add_signature(inputs=dict(inputs), outputs=dict(outputs))
        return
    tensorflow_hub.add_signature(signature, inputs=dict(inputs), outputs=dict(outputs))
    # The default signature gives less, so that whoever is given it instead can be told.
    first = next(iter(outputs))
    tensorflow_hub.add_signature(inputs=dict(inputs), outputs={"first": outputs[first]})


def _built(model, training_mode):
    instance = model.build()
    call = instance
    if training_mode and hub.takes_training(model.cls.__call__):
        call = functools.partial(instance, training=True)
    inputs = graph.placeholders(model.inputs)
    return inputs, model.call(call, inputs)


def _trained(model, training_mode, example):
    """Train one step in a graph of its own, made as a module's graphs are."""
    with graph.session() as session:
        with graph.variables_of("resource"):
            inputs, outputs = _built(model, training_mode)
        named = {variables.graph_name(each): each for each in tf1.trainable_variables()}
        step = training.InGraph(inputs, outputs, named)
        graph.initialise(session)
        return step.run(session, example)


def variables_of(module, session):
    """:data:`variables.Variables` of a ``hub.Module``, by their names in the module's file."""
    named = module.variable_map
    names = sorted(named)
    found = [named[name] for name in names]
    items = [variables.item(each, name) for each, name in zip(found, names)]
    return variables.Variables("name", items, variables.read(found, names, session))
