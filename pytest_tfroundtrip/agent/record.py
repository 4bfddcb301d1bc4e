"""An artifact: the folder with what TensorFlow wrote and the record of what it should give back.

``FOLDER/payload/`` is TensorFlow's, ``record.json`` and ``record.npz`` lie beside it and, for a
SavedModel, once more in ``payload/assets.extra/tf_roundtrip/``, where loaders ignore them.
"""

import collections
import hashlib
import json
import os
import shutil

from . import wire

SCHEMA = 1
SIGNATURE = "serving_default"
SERVE = "serve"
MIRROR = os.path.join("assets.extra", "tf_roundtrip")


class Saved(object):
    """What a saver hands over.

    Attributes:
        fed, outputs: lists of {name: wire.Tensor}, an entry per example.
        variables: ``variables.Variables``.
        batched: names of the inputs that were given a batch dimension.
        callable: whether a loader can call the restored object itself.
        format: what was written: "saved_model", "meta_graph" or "graph_def".
        keras: {"inputs", "outputs"}: a Keras model's names in its own order (1.15 forgets them).
        signature: the key that is called.
        tags: of the meta graph that is loaded.
        contract: where the payload is no SavedModel, the contract as ``contract.of_parts`` has it.
        tensors: {"inputs", "outputs"}, each {name: name of the tensor in the graph}, for formats
            without signatures.
        renamed: {"inputs", "outputs"}, each {the model's name: the name that was written}, where
            the saver has names of its own. What is given here has the model's, the record's tensors
            have those that were written.
        trained: :data:`Trained` of the first example, or None.
        untrained: why ``trained`` is None, a clause for people.
        training: whether ``trained`` comes of a step with ``training=True``.
    """

    def __init__(self, fed, outputs, variables, batched, **more):
        self.fed = fed
        self.outputs = outputs
        self.variables = variables
        self.batched = batched
        self.callable = False
        self.format = "saved_model"
        self.keras = None
        self.signature = SIGNATURE
        self.tags = (SERVE,)
        self.contract = None
        self.tensors = None
        self.renamed = None
        self.trained = None
        self.untrained = None
        self.training = False
        unknown = set(more) - set(vars(self))
        if unknown:
            raise TypeError("a Saved has no %s" % ", ".join(sorted(unknown)))
        vars(self).update(more)


#: What one step of gradient descent did, see training.py: ``outputs`` of the first example after it
#: and the trained ``variables`` after it, both {name: wire.Tensor}.
Trained = collections.namedtuple("Trained", "outputs variables")

#: An artifact that was read: where the payload is, the record, and its tensors by name.
Artifact = collections.namedtuple("Artifact", "payload record tensors")


def write(folder, content, tensors):
    """Write a record beside the payload and into it."""
    payload = os.path.join(folder, "payload")
    with open(os.path.join(folder, "record.json"), "w", encoding="utf-8") as file:
        json.dump(content, file, allow_nan=False, indent=1, sort_keys=True)
        file.write("\n")
    wire.write_tensors(os.path.join(folder, "record.npz"), tensors)
    if os.path.isfile(os.path.join(payload, "saved_model.pb")):
        mirror = os.path.join(payload, MIRROR)
        os.makedirs(mirror, exist_ok=True)
        for name in ("record.json", "record.npz"):
            shutil.copyfile(os.path.join(folder, name), os.path.join(mirror, name))


def read(folder, payload=None):
    """Return the :data:`Artifact` in ``folder``, which may also be a SavedModel with a mirror.

    Args:
        folder: where the record is.
        payload: what TensorFlow wrote, where it is not in that folder.

    Raises:
        FileNotFoundError: there is no record.
        ValueError: it is of a schema that this agent does not know.
    """
    there, where = _places(folder)
    with open(os.path.join(where, "record.json"), encoding="utf-8") as file:
        content = json.load(file)
    if content.get("schema") != SCHEMA:
        raise ValueError(
            "the record in %s has schema %r, this agent reads %d: it was written by another "
            "version of pytest-tfroundtrip; save the model again"
            % (where, content.get("schema"), SCHEMA)
        )
    # A loader is given the inputs; what should come out is the judge's to know.
    tensors = wire.read_tensors(os.path.join(where, "record.npz"), lambda name: "/inputs/" in name)
    return Artifact(payload or there, content, tensors)


def is_of_folder(content):
    """Whether a record is of a SavedModel that nobody saved here."""
    return content.get("saver", "") is None


def all_tensors(folder):
    """All that an artifact's record holds, by the names that :func:`tensors_of` gave."""
    return wire.read_tensors(os.path.join(_places(folder)[1], "record.npz"))


def _places(folder):
    """Where the payload is, and where the record: beside it, or inside."""
    if os.path.isfile(os.path.join(folder, "record.json")):
        return os.path.join(folder, "payload"), folder
    return folder, os.path.join(folder, MIRROR)


def names_written(own, written):
    """{own name: written name} of names that were not kept, paired in order.

    Args:
        own: the model's, in its order.
        written: those in the file; what TensorFlow numbers ("output_0") it numbers in order.
    """
    gone = [name for name in own if name not in written]
    new = [name for name in written if name not in own]
    return dict(zip(gone, sorted(new, key=lambda name: (len(name), name))))


def tensors_of(saved, expected):
    """The tensors of a record by their names in ``record.npz``."""
    renamed = saved.renamed or {"inputs": {}, "outputs": {}}
    inputs, results = renamed["inputs"], renamed["outputs"]
    tensors = {}
    for index, (fed, outputs) in enumerate(zip(saved.fed, saved.outputs)):
        parts = [("inputs", fed, inputs), ("outputs", outputs, results)]
        if expected is not None:
            parts.append(("expected", expected[index], results))
        for part, items, names in parts:
            for name, each in items.items():
                tensors["examples/%d/%s/%s" % (index, part, names.get(name, name))] = each
    for name, each in saved.variables.tensors.items():
        tensors["variables/%s" % name] = each
    if saved.trained is not None:
        for name, each in saved.trained.outputs.items():
            tensors["trained/outputs/%s" % results.get(name, name)] = each
        for name, each in saved.trained.variables.items():
            tensors["trained/variables/%s" % name] = each
    return tensors


def inputs_of(artifact):
    """What was fed: a list of {name: wire.Tensor}, an entry per example."""
    fed = [{} for _ in range(artifact.record["examples"])]
    for name, each in artifact.tensors.items():
        parts = name.split("/", 3)
        if parts[0] == "examples" and parts[2] == "inputs":
            fed[int(parts[1])][parts[3]] = each
    return fed


def payload_hash(payload):
    """sha256 over the relative names and contents of what TensorFlow wrote, the mirror left out."""
    digest = hashlib.sha256()
    names = []
    for folder, _, files in os.walk(payload):
        for base in files:
            names.append(os.path.relpath(os.path.join(folder, base), payload))
    mirror = MIRROR + os.sep
    for name in sorted(names):
        if name.startswith(mirror):
            continue
        digest.update(name.replace(os.sep, "/").encode("utf-8", "surrogateescape") + b"\0")
        with open(os.path.join(payload, name), "rb") as file:
            content = file.read()
        digest.update(b"%d\0" % len(content))
        digest.update(content)
    return "sha256:" + digest.hexdigest()
