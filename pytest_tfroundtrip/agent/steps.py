"""The steps an agent knows: ``save``, ``resave``, ``record`` write an artifact, ``load`` reads."""

import os
import shutil
import sys

import tensorflow as tf

from . import (
    behavior,
    cases,
    contract,
    models,
    op_list,
    plugins,
    probe,
    record,
    reference,
    sources,
    variables,
)
from .errors import Absent
from .operations import fine_tuning, inference, resave

_OPERATIONS = {"inference": inference.run, "fine_tuning": fine_tuning.run}
_HELD = []  # what is open in this child until it ends


def run(message, report):
    """Run one step in a child; returns the payload of its result. ``report`` is child.Report."""
    behavior.apply(message.get("behavior"))
    if message["action"] == "save":
        return save(message, report)
    if message["action"] == "load":
        return load(message, report)
    if message["action"] == "resave":
        return resave.run(message, report)
    if message["action"] == "record":
        return reference.run(message, report)
    if message["action"] == "case":
        return cases.run(message, report)
    if message["action"] == "ops":
        return op_list.run(message, report)
    raise ValueError("the agent has no action %r" % (message["action"],))


def save(message, report):
    """Build the model, compute its outputs, save it, write the record."""
    saver = plugins.saver(message["saver"])  # in stage "env": without it nothing is tried
    report.stage("save")
    request, seed = message["model"], int(message.get("seed", 0))
    folder = message["folder"]
    payload = os.path.join(folder, "payload")
    root = request.get("root") or os.path.dirname(request["file"])
    shutil.rmtree(payload, ignore_errors=True)  # of an agent that died while it saved this
    with sources.watching(root, folder) as seen:
        try:
            model = _model(request, seed, report, saver, message.get("variant"))
            saved = saver.save(model, payload, message.get("variant"))
        except Absent as absent:
            return {"absent": str(absent), "sources": seen.files()}
        expected = model.expected(saved.outputs)
    report.stage("save")
    content = {
        "schema": record.SCHEMA,
        "model": {
            "class": request["class"],
            "file": models.relative(request["file"], request.get("root")),
        },
        "saver": message["saver"],
        "variant": message.get("variant"),
        "runtime": {
            "tensorflow": tf.__version__,
            "keras": probe.keras_version(tf),
            "behavior": behavior.effective(),
            "python": sys.version.split()[0],
        },
        "format": saved.format,
        "signature": saved.signature,
        "contract": saved.contract or contract.of_saved_model(payload, saved.tags),
        "tensors": saved.tensors,
        "renamed": saved.renamed,
        "examples": len(saved.fed),
        "batched": saved.batched,
        "variables": variables.seen(saved.variables),
        "callable": saved.callable,
        "keras": saved.keras,
        "expected": expected is not None,
        "trained": _trained(saved),
        "untrained": saved.untrained,
        "seed": seed,
        "payload_hash": record.payload_hash(payload),
    }
    record.write(folder, content, record.tensors_of(saved, expected))
    return {"record": content, "sources": seen.files()}


def _model(request, seed, report, saver, variant):
    """The model as a saver saves it; see ``savers/__init__.py``."""
    model = models.load(request, seed, report)
    if getattr(saver, "NEEDS_KERAS_MODEL", False) and not model.has_keras_model:
        raise Absent("%s has no keras_model()" % model.title)
    if getattr(saver, "BATCHED", False):
        model = model.with_batches()
    return saver.view(model, variant) if hasattr(saver, "view") else model


def _trained(saved):
    if saved.trained is None:
        return None
    return {
        "key": saved.variables.key,
        "variables": sorted(saved.trained.variables),
        "training": saved.training,
    }


def load(message, report):
    """Load an artifact, operate on it, write what was seen."""
    operation = message.get("operation", "inference")
    if operation not in _OPERATIONS:
        raise ValueError("the agent has no operation %r" % (operation,))
    loader = plugins.loader(message["loader"])
    artifact = record.read(message["artifact"], message.get("payload"))
    if operation == "fine_tuning":
        why = fine_tuning.why_not(artifact)
        if why is not None:
            return {"absent": why}
    report.stage("load")
    loading = loader.load(artifact, message.get("variant"))
    # Entered and never left: closing a session takes milliseconds, and the process is about to end.
    _HELD.append(loading)
    try:
        loaded = loading.__enter__()
        return _OPERATIONS[operation](loaded, artifact, message["folder"], report)
    except Absent as absent:
        return {"absent": str(absent)}
