"""``tf.saved_model.save`` of a ``tf.Module`` with signatures.

Variants ``concrete`` (how the signature is made), ``classify`` and ``regress`` (a signature that
parses Examples, renamed by ``MethodNameUpdater``: TensorFlow 2 itself writes predict only).
"""

import collections
import inspect

import tensorflow as tf

from .. import record, serving, training, values, variables
from . import graph

tf1 = tf.compat.v1


#: The model, or what classify and regress ask of it.
view = serving.view


def save(model, payload, variant):
    """Save the module with its ``__call__`` as a function and a signature that calls it.

    The base makes the signature with ``input_signature``, ``concrete`` with
    ``get_concrete_function``. In graph mode ("creation from within compat mode") it is done inside
    a graph and a session with initialised variables.
    """
    if variant not in (None, "concrete") and variant not in serving.METHODS:
        known = ", ".join(["concrete"] + sorted(serving.METHODS))
        raise ValueError("there is no variant %r; there are %s" % (variant, known))
    if tf.executing_eagerly():
        return _save(model, payload, variant, None)
    # 1.15's own tf.Variable is a reference variable, which tf.saved_model.save cannot save
    # ("references a symbolic Tensor"): who calls it from TF1 code enables resource variables.
    with graph.session() as session, graph.variables_of("resource"):
        return _save(model, payload, variant, session)


def _save(model, payload, variant, session):
    module = model.build(_callable_class(model.cls))
    plain = _plain_call(model.cls, module)
    if session is None:
        outputs = [_eager(model, plain, example) for example in model.examples]
    else:
        inputs = graph.placeholders(model.inputs, prefix="fed_")
        built = graph.Built(session, inputs, model.call(plain, inputs))
        graph.initialise(session)
        outputs = built.run(model.examples)
    signature = signature_function(model, module, model.inputs, concrete=variant == "concrete")
    found = variables.by_path(variables.paths(module), session)
    tf.saved_model.save(module, payload, signatures={record.SIGNATURE: signature})
    if variant in serving.METHODS:
        _rename_method(payload, serving.METHODS[variant])
    step = _trained_eagerly if session is None else _trained_in_graph
    return record.Saved(
        model.examples,
        outputs,
        found,
        model.batched,
        callable=variant not in serving.METHODS,  # __call__ takes what Examples are parsed into
        **training.recorded(model, lambda example: step(model, example)),
    )


def _rename_method(payload, method):
    """In place: into another folder the updater writes the ``.pb`` alone, without variables."""
    updater = tf1.saved_model.signature_def_utils.MethodNameUpdater(payload)
    updater.replace_method_name(record.SIGNATURE, method, tags=[record.SERVE])
    updater.save()


def _trained_eagerly(model, example):
    module = model.build()
    call = _plain_call(model.cls, module)
    return training.eagerly(
        lambda **tensors: model.call(call, tensors), example, _trainable(module)
    )


def _trained_in_graph(model, example):
    with graph.session() as session, graph.variables_of("resource"):
        module = model.build()
        inputs = graph.placeholders(model.inputs)
        outputs = model.call(_plain_call(model.cls, module), inputs)
        step = training.InGraph(inputs, outputs, _trainable(module))
        graph.initialise(session)
        return step.run(session, example)


def _trainable(module):
    return {path: each for path, each in variables.paths(module).items() if each.trainable}


def signature_function(model, call, specs, concrete):
    """A ``tf.function`` whose arguments are the inputs' names and whose result is a dict.

    ``__signature__`` gives it those arguments, which TensorFlow reads by ``inspect``, so that no
    source text has to be generated.
    """
    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in specs
    ]
    bound = inspect.Signature(parameters)

    def serving_default(*args, **kwargs):
        return dict(model.call(call, bound.bind(*args, **kwargs).arguments))

    serving_default.__signature__ = bound
    if concrete:
        function = tf.function(serving_default, autograph=False)
        return function.get_concrete_function(*specs.values())
    return tf.function(serving_default, input_signature=list(specs.values()), autograph=False)


def _callable_class(cls):
    """A subclass of the same name whose ``__call__`` is a ``tf.function``, so that it is saved."""
    if not inspect.isfunction(cls.__call__):
        return cls  # the author made it one
    return type(cls.__name__, (cls,), {"__call__": tf.function(cls.__call__)})


def _plain_call(cls, module):
    """``__call__`` as the author wrote it.

    Calling the tf.function with an example would leave a trace of that very shape in the file.
    """
    call = cls.__call__
    if not inspect.isfunction(call):
        call = getattr(call, "python_function", call)
    return lambda **tensors: call(module, **tensors)


def _eager(model, call, example):
    tensors = collections.OrderedDict((name, values.to_tf(example[name])) for name in model.inputs)
    outputs = model.call(call, tensors)
    return {name: values.from_eager(each) for name, each in outputs.items()}
