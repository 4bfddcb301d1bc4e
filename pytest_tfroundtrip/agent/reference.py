"""The record of a SavedModel that nobody saves here: what it gives, in a runtime that reads it.

``FOLDER/record.json`` and ``record.npz`` are what a saver would have left; the SavedModel itself
stays where it is, and nothing is written there.
"""

import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import tensor_pb2

from . import (
    behavior,
    composites,
    contract,
    errors,
    input_specs,
    inputs,
    plugins,
    probe,
    record,
    saved_model_file,
    traces,
    values,
    variables,
    wire,
)

#: What TensorFlow raises where it was fed with what a model does not take.
_UNFIT = (tf.errors.InvalidArgumentError, tf.errors.OutOfRangeError, ValueError, TypeError)
_FLOATS = ("float32", "float64")
_HELD = []  # what is open in this child until it ends
_TWO = 2


def run(message, report):
    """Write the record; return the step's payload.

    Args:
        message: "payload", "tags", "signature", "function" (of the restored object, that is called
            where there is no signature; else None), "keras" (whether Keras wrote it), "loader"
            (None: nothing is loaded, the record has no outputs), "uncalled" (why, then), "given" (a
            file of inputs, or None), "source" (of these, for people), "serialized" (whether they
            are TensorFlow's own messages), "seed", "folder".
        report: child.Report.
    """
    report.stage("load")
    folder = message["folder"]
    try:
        meta_graph = _meta_graph(message["payload"], message["tags"])
    except Exception:  # it is not in form: each loader says so in its own words
        if message.get("loader") is not None:
            raise
        meta_graph = None
    content = _content(message, meta_graph)
    tensors = {}
    if message.get("loader") is None:
        content["uncalled"] = message["uncalled"]
    else:
        loader = plugins.loader(message["loader"])
        loading = loader.load(record.Artifact(message["payload"], content, {}), None)
        _HELD.append(loading)
        loaded = loading.__enter__()
        if message["function"] is not None:
            _describe(loaded, message["function"], meta_graph, content)
        if message["signature"] is None and message["function"] is None:
            content["uncalled"] = "it has no signature, and no function of its own"
        elif _gives_nothing(meta_graph, message["signature"]):
            content["uncalled"] = "its signature gives nothing back"  # a session has nothing to run
        else:
            report.stage("call")
            tensors = _called(loaded, message, meta_graph, content)
        if content["variables"] is None:
            _keep_variables(loaded, content, tensors)
    record.write(folder, content, tensors)
    return {"record": content}


def _gives_nothing(meta_graph, key):
    return key is not None and not meta_graph.signature_def[key].outputs


def _describe(loaded, name, meta_graph, content):
    """Say in the record how the function is called that stands for a signature."""
    told = traces.described(loaded.restored, name)
    traces.declare(meta_graph, told)
    content["function"] = told
    content["composites"] = {"inputs": told["kinds"], "outputs": {}}


def _meta_graph(payload, tags):
    for meta_graph in saved_model_file.meta_graphs(payload):
        if set(meta_graph.meta_info_def.tags) == set(tags):
            return meta_graph
    raise errors.Refusal("%s has no meta graph with the tags %r any more" % (payload, tags))


def _content(message, meta_graph):
    """The record but for what comes of loading."""
    key = message["signature"]
    if meta_graph is None:
        told = {"tags": sorted(message["tags"]), "signatures": {}}
    else:
        told = contract.of_meta_graph(meta_graph)
    keras = None
    if message["keras"] and key is not None:
        signature = told["signatures"][key]
        keras = {part: sorted(signature[part]) for part in ("inputs", "outputs")}
    return {
        "schema": record.SCHEMA,
        "model": {"folder": os.path.basename(message["payload"])},
        "saver": None,
        "variant": None,
        "runtime": {
            "tensorflow": tf.__version__,
            "keras": probe.keras_version(tf),
            "behavior": behavior.effective(),
            "python": sys.version.split()[0],
        },
        "loader": message.get("loader"),
        "format": "saved_model",
        "signature": key,
        "function": message["function"] and {"name": message["function"]},  # more once it is loaded
        "contract": told,
        "composites": key and composites.kinds_of(meta_graph.signature_def[key]),
        "kinds": _kinds(meta_graph),
        "tensors": None,
        "renamed": None,
        "examples": 0,
        "batched": [],
        "variables": None,
        "callable": False,
        "keras": keras,
        "expected": False,
        "trained": None,
        "untrained": "nobody recorded a step of this SavedModel's training",
        "seed": message.get("seed", 0),
        "payload_hash": None,
        "unsteady": False,
        "uncalled": None,
        "refused": None,
        "rounding": {},
    }


def _kinds(meta_graph):
    """{signature: {input: "sparse" or "ragged"}} of those with inputs that are not dense."""
    found = {}
    for key, each in meta_graph.signature_def.items() if meta_graph is not None else ():
        kinds = composites.kinds_of(each)["inputs"]
        if kinds:
            found[key] = kinds
    return found


def _called(loaded, message, meta_graph, content):
    """The tensors of inputs and outputs; notes in ``content`` what was found on the way."""
    tensors = {}
    call = loaded.calls()[0][1]
    _keep_variables(loaded, content, tensors)  # before a call changes them
    try:
        examples = _examples(call, message, meta_graph)
    except input_specs.NotMade as error:
        content["uncalled"] = str(error)
        return tensors
    except _Untaken as error:
        content["uncalled"] = str(error)
        content["refused"] = getattr(error, "source", None)
        return tensors
    if not any(outputs for _, outputs in examples):
        content["uncalled"] = "it gives nothing back"
        return tensors
    again = [call(fed) for fed, _ in examples]
    content["unsteady"] = any(
        not _alike(first, second) for (_, first), second in zip(examples, again)
    )
    if not content["unsteady"]:
        content["rounding"] = _rounding(call, examples)
    content["examples"] = len(examples)
    content["fed"] = message.get("source") or "made up"
    if message["function"] is None and not content["keras"]:
        content["callable"] = _takes_names(loaded.restored, *examples[0])
    _drop_changed(loaded, tensors)
    for index, (fed, outputs) in enumerate(examples):
        for part, items in (("inputs", fed), ("outputs", outputs)):
            for name, each in items.items():
                tensors["examples/%d/%s/%s" % (index, part, name)] = each
    return tensors


def _rounding(call, examples):
    """{output: how far it moves at most} where each number fed is moved by its last bit.

    A model that makes much of that makes as much of the rounding in any kernel before: releases
    that compute in another order give other numbers, and nobody's is wrong.
    """
    found = {}
    for index, (fed, outputs) in enumerate(examples):
        moved = {name: _moved(each, index) for name, each in fed.items()}
        if all(moved[name] is fed[name] for name in fed):
            continue
        try:
            given = call(moved)
        except _UNFIT:  # at the edge of what it takes
            continue
        for name, each in outputs.items():
            other = given.get(name)
            if each.dtype not in _FLOATS or other is None or other.value.shape != each.value.shape:
                continue
            apart = np.abs(other.value.astype(np.float64) - each.value.astype(np.float64))
            apart = apart[np.isfinite(apart)]
            if apart.size:
                found[name] = max(found.get(name, 0.0), float(apart.max()))
    return found


def _moved(tensor, seed):
    """A float tensor whose elements are the next ones up or down, by chance; others as they are."""
    if tensor.dtype not in _FLOATS:
        return tensor
    up = np.random.RandomState(seed).randint(2, size=tensor.value.shape).astype(bool)
    far = np.where(up, np.inf, -np.inf).astype(tensor.value.dtype)
    return wire.Tensor(tensor.dtype, np.nextafter(tensor.value, far))


def _keep_variables(loaded, content, tensors):
    found = loaded.variables()
    content["variables"] = variables.seen(found)
    if found is not None:
        tensors.update(("variables/%s" % name, each) for name, each in found.tensors.items())


def _drop_changed(loaded, tensors):
    """Drop the values of variables that calls change: a counter's, a state's."""
    found = loaded.variables()
    for name, each in found.tensors.items() if found is not None else ():
        key = "variables/%s" % name
        if key in tensors and not _alike({key: tensors[key]}, {key: each}):
            del tensors[key]


class _Untaken(Exception):  # noqa: N818  what it is, not that it failed
    """Nothing that was tried was taken as an input."""


class _Refused(_Untaken):
    """What somebody gave was not taken."""

    def __init__(self, source, error):
        super(_Refused, self).__init__("the inputs were refused (%s):\n%s" % (source, error))
        self.source = source


def _examples(call, message, meta_graph):
    """[(inputs, outputs)] of what was given, else of two that were made up and are taken."""
    if message.get("given"):
        signature = meta_graph.signature_def[_key(message)]
        fed = _given(message["given"], signature, message["serialized"])
        try:
            return [(each, call(each)) for each in fed]
        except _UNFIT as error:
            raise _Refused(message["source"], error)
    found = []
    for round_ in range(_TWO):
        seed = message.get("seed", 0) + round_
        last = None
        for fed in inputs.candidates(
            meta_graph, _key(message), message["payload"], seed, values.dtype_name
        ):
            try:
                found.append((fed, call(fed)))
                break
            except _UNFIT as error:
                last = error
        else:
            if not found:
                raise _Untaken("none of the inputs that were made up for it was taken:\n%s" % last)
    return found


def _key(message):
    """Of the signature that says what is taken: a function's was declared for it."""
    return traces.KEY if message["signature"] is None else message["signature"]


def _given(file, signature, serialized):
    """[{name: wire.Tensor}] of what somebody gave, in the dtypes of the signature's inputs."""
    tensors = wire.read_tensors(file)
    fed = [{} for _ in range(1 + max(int(name.partition("/")[0]) for name in tensors))]
    for name, each in tensors.items():
        index, _, key = name.partition("/")
        if serialized:
            proto = tensor_pb2.TensorProto.FromString(each.value.item())
            fed[int(index)][key] = values.from_array(tf.make_ndarray(proto), proto.dtype)
            continue
        wanted = values.dtype_name(signature.inputs[key].dtype)
        fed[int(index)][key] = each if each.dtype == wanted else values.as_dtype(each.value, wanted)
    return fed


def _alike(one, other):
    """Whether two answers are the same, bit by bit; NaN is NaN."""
    if set(one) != set(other):
        return False
    for name, tensor in one.items():
        first, second = tensor.value, other[name].value
        exactly = tensor.dtype != "string" and first.tobytes() == second.tobytes()  # NaN too
        if first.shape != second.shape or not (exactly or first.tolist() == second.tolist()):
            return False
    return True


def _takes_names(restored, fed, outputs):
    """Whether the restored object takes the signature's inputs by name, and gives as much."""
    if not callable(restored) or not tf.executing_eagerly():
        return False
    try:
        given = restored(**{name: values.to_tf(each) for name, each in fed.items()})
    except Exception:  # whatever it takes, it is something else
        return False
    return isinstance(given, dict) and set(given) == set(outputs)
