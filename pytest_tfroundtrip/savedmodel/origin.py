"""Which API wrote a SavedModel, as far as its files show.

The words are those of the project's savers, see ``catalogue/apis.json``. Where two write the same,
both are named.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from pytest_tfroundtrip.savedmodel.model import KerasObjects

#: From here on Keras writes keras_metadata.pb, and tf.saved_model.save of a Keras model does not.
_METADATA_FILE = Version("2.5")
#: What an ExportArchive sets on itself, whatever it tracks.
_EXPORT_ARCHIVE = frozenset({"_all_variables", "_misc_assets", "non_trainable_variables"})
#: What every layer of Keras 3 has, so also a model that tf.saved_model.save was given.
_KERAS_3 = frozenset({"_losses_override"})


@dataclass(frozen=True)
class Traces:
    """Files beside ``saved_model.pb`` that only one API writes."""

    keras_metadata: bool
    hub_module: bool


def savers_of(
    head: Any, traces: Traces, children: frozenset[str], keras: KerasObjects | None
) -> tuple[str, ...]:
    """The savers that write such a ``MetaGraphDef``.

    Args:
        head: the message.
        traces: files beside it.
        children: names of the root object's attributes; empty where there are no objects.
        keras: what Keras left among the objects.
    """
    if traces.hub_module:
        return ("hub_module",)
    if not head.object_graph_def.nodes:
        return _by_collections(head)
    if keras is not None and keras.root is not None:
        if traces.keras_metadata:
            return ("keras",)
        later = _release(head) >= _METADATA_FILE
        return ("keras_saved_model",) if later else ("keras", "keras_saved_model")
    if children >= _EXPORT_ARCHIVE:
        return ("keras_export",)
    return ("keras_saved_model",) if children & _KERAS_3 else ("tf_module",)


def _by_collections(head: Any) -> tuple[str, ...]:
    """A TF1 API: an Estimator keeps its step and strips defaults, the others write alike."""
    stripped = head.meta_info_def.stripped_default_attrs
    if stripped and "global_step" in head.collection_def:
        return ("estimator",)
    return ("builder",) if stripped else ("builder", "simple_save")


def _release(head: Any) -> Version:
    try:
        return Version(head.meta_info_def.tensorflow_version)
    except InvalidVersion:  # a build of one's own
        return Version("0")
