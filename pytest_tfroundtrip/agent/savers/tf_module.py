"""``tf.saved_model.save`` of a ``tf.Module`` with signatures.

Variants ``concrete`` (how the signature is made), ``classify`` and ``regress`` (a signature that
parses Examples, renamed by ``MethodNameUpdater``: TensorFlow 2 itself writes predict only).
"""

import collections
import functools
import inspect

import tensorflow as tf

from .. import hub, record, serving, training, values, variables
from . import graph

tf1 = tf.compat.v1


#: The model, or what classify and regress ask of it.
view = serving.view


def save(model, payload, variant):
    """Save the module with its ``__call__`` as a function and a signature that calls it.

    The base makes the signature with ``input_signature``, ``concrete`` with
    ``get_concrete_function``. A ``__call__`` that takes ``training`` is saved in both modes, and
    the step of training that is recorded is one with ``training=True``. In graph mode ("creation
    from within compat mode") it is done inside a graph and a session with initialised variables.
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
    has_modes = variant not in serving.METHODS and _trace_modes(model, module)
    found = variables.by_path(variables.paths(module), session)
    tf.saved_model.save(module, payload, signatures={record.SIGNATURE: signature})
    if variant in serving.METHODS:
        _rename_method(payload, serving.METHODS[variant])
    step = _trained_eagerly if session is None else _trained_in_graph
    step = functools.partial(step, model, {"training": True} if has_modes else {})
    return record.Saved(
        model.examples,
        outputs,
        found,
        model.batched,
        callable=variant not in serving.METHODS,  # __call__ takes what Examples are parsed into
        training=has_modes,
        **training.recorded(model, step),
    )


def _trace_modes(model, module):
    """Have ``__call__`` saved in both modes; whether it has any.

    ``tf.saved_model.save`` saves what was traced, and a signature traces the default alone: of
    Hub's guide ``hub.load(handle)(inputs, training=is_training)`` would find one function.
    """
    call = type(module).__call__
    if "training" in model.inputs or not hub.takes_training(call):
        return False
    if not hasattr(call, "python_function") or _fixes_arguments(call):
        return False
    for mode in (False, True):
        module.__call__.get_concrete_function(training=mode, **model.inputs)
    return True


def _fixes_arguments(function):
    """Whether a tf.function was given an ``input_signature``: it has no mode but the default."""
    return getattr(function, "input_signature", None) is not None


def _rename_method(payload, method):
    """In place: into another folder the updater writes the ``.pb`` alone, without variables."""
    updater = tf1.saved_model.signature_def_utils.MethodNameUpdater(payload)
    updater.replace_method_name(record.SIGNATURE, method, tags=[record.SERVE])
    updater.save()


def _trained_eagerly(model, mode, example):
    module = model.build()
    call = _plain_call(model.cls, module)
    return training.eagerly(
        lambda **tensors: model.call(functools.partial(call, **mode), tensors),
        example,
        _trainable(module),
        after=lambda **tensors: model.call(call, tensors),
    )


def _trained_in_graph(model, mode, example):
    with graph.session() as session, graph.variables_of("resource"):
        # As a tf.function, for what it assigns in training is done only there.
        module = model.build(_callable_class(model.cls) if mode else None)
        inputs = graph.placeholders(model.inputs)
        call = module if mode else _plain_call(model.cls, module)
        outputs = model.call(functools.partial(call, **mode), inputs)
        after = model.call(call, inputs) if mode else outputs
        step = training.InGraph(inputs, outputs, _trainable(module), after)
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
