"""What TensorFlow Hub's saver and loaders share: its TF1 format, tags, training mode.

tensorflow_hub is imported where it is used: a runtime need not have it.
"""

import collections
import os

from . import record, saved_model_file

#: The file that makes a SavedModel one in the TF1 Hub format.
MODULE_FILE = "tfhub_module.pb"

#: What a graph for training is tagged with in that format.
TRAIN = "train"

#: The signature, and the input or output, that nobody has to name in that format.
DEFAULT = "default"

#: The collections that hub.Module imports, by the names that TF1 code has for them.
_COLLECTIONS = ("GLOBAL_VARIABLES", "TRAINABLE_VARIABLES", "UPDATE_OPS", "REGULARIZATION_LOSSES")


def is_module(payload):
    """Whether a folder is in the TF1 Hub format."""
    return os.path.isfile(os.path.join(payload, MODULE_FILE))


def tags_of(artifact):
    """The tags that a reader has to name, None where it finds the meta graph without."""
    tags = set(artifact.record["contract"]["tags"])
    if tags and tags != {record.SERVE}:
        return tags
    # What a saver of ours wrote is loaded as the documents load it.
    return tags if record.is_of_folder(artifact.record) and _are_several(artifact.payload) else None


def _are_several(payload):
    return len(saved_model_file.meta_graphs(payload)) > 1


def has_train_graph(payload):
    """Whether a folder in the TF1 Hub format has a graph of its own for training."""
    return is_module(payload) and any(
        set(meta_graph.meta_info_def.tags) == {TRAIN}
        for meta_graph in saved_model_file.meta_graphs(payload)
    )


def restores_call(artifact):
    """Whether the object in a SavedModel has a ``__call__`` that takes what the record fed.

    The record says it of a ``tf.Module``, whose signature may take something else (Examples that
    are parsed into its inputs); Keras saves one unasked, which is found without loading it.
    """
    if artifact.record["callable"] or not artifact.record.get("keras"):
        return artifact.record["callable"]
    return any(
        child.local_name == "__call__"
        for meta_graph in saved_model_file.meta_graphs(artifact.payload)
        for node in meta_graph.object_graph_def.nodes[:1]
        for child in node.children
    )


def takes_training(function):
    """Whether a function, plain or restored, has an argument ``training``."""
    from tensorflow.python.util import tf_inspect  # sees through tf.function, as hub does

    try:
        spec = tf_inspect.getfullargspec(function)
    except TypeError:  # something built in
        return False
    return "training" in spec.args or "training" in spec.kwonlyargs


def by_position(function, record, arguments=None):
    """A function of named tensors that calls another as ``m(inputs)``.

    One input goes in as it is; of several a Keras model takes a list, anything else keywords.
    """
    told = record.get("keras") or {}

    def call(**tensors):
        more = dict(arguments or {})
        if told.get("inputs"):
            ordered = [tensors[name] for name in told["inputs"]]
            outputs = function(ordered[0] if len(ordered) == 1 else ordered, **more)
        elif len(tensors) == 1:
            outputs = function(next(iter(tensors.values())), **more)
        else:
            more.update(tensors)
            outputs = function(**more)
        return _named(outputs, told)

    return call


def _named(outputs, told):
    """What a restored function gave, by name: Keras' own nest by the names in the record."""
    if isinstance(outputs, dict) or not told.get("outputs"):
        return outputs
    parts = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    return collections.OrderedDict(zip(told["outputs"], parts))


def collections_note():
    """A sentence on how many items TF1's collections of the current graph have."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    found = [
        "%d %s" % (len(tf1.get_collection(getattr(tf1.GraphKeys, name))), name)
        for name in _COLLECTIONS
    ]
    return "the graph's collections hold " + ", ".join(found)
