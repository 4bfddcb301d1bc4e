"""What rules ask of a file, each a yes or no."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_tfroundtrip.savedmodel.model import Place, TensorKind, VariableKind

if TYPE_CHECKING:
    from pytest_tfroundtrip.savedmodel.model import MetaGraph, SavedModel, Signature

_ACCELERATOR = re.compile("(GPU|TPU)", re.IGNORECASE)
_REFS = frozenset({"Variable", "VariableV2"})  # ops


@dataclass(frozen=True)
class Facts:
    """Of a meta graph in its folder."""

    objects: bool  # it has an object graph: tf.saved_model.save or Keras wrote it
    keras: bool  # whose root is a Keras model
    keras_functional: bool  # of the class that Keras 2.3 renamed to Functional
    keras_uncalled: bool  # and a subclassed one that was never called
    keras_shape_objects: bool  # with the shape of a Sequential's first layer as an object
    keras_metadata: bool  # with keras_metadata.pb beside it
    keras_metadata_inside: bool  # with the metadata inside
    hub_module: bool  # with TF1 Hub's tfhub_module.pb beside it
    tagged: bool
    pinned: bool  # nodes are pinned to a device that not every machine has
    one_graph: bool  # and no other meta graph
    signatures: bool  # some
    reference_outputs: bool  # some give a reference to a variable
    misshapen: bool  # some give an output of another rank than they say
    composite: bool  # some have inputs or outputs of several tensors
    several_inputs: bool  # whichever is called
    rank_1_input: bool
    call: bool  # the root object can be called
    functions: bool  # it has some that can be
    serve: bool  # it has the endpoint that Model.export writes
    lists_trainable: bool  # it lists trainable_variables
    trainable_collection: bool
    variables: bool
    ref_variables: bool  # what there is to train are TF1's reference variables
    estimator: bool  # an Estimator wrote it
    ref_in_functions: bool  # functions of its objects hold reference variables
    saver: bool  # it names the ops of a Saver
    unrestored: bool  # signatures read variables that a session does not restore
    foreign_specs: bool  # functions take or give objects of another library

    @classmethod
    def of(cls, model: SavedModel, graph: MetaGraph) -> Facts:
        """The facts of one of a model's meta graphs."""
        keras, signatures = graph.keras, graph.callable_signatures
        trained = [each for each in graph.variables if each.trainable is not False]
        return cls(
            objects=graph.objects > 0,
            keras=keras is not None and keras.root is not None,
            keras_functional=keras is not None and keras.functional,
            keras_uncalled=keras is not None and keras.uncalled,
            keras_shape_objects=keras is not None and keras.shape_objects,
            keras_metadata=model.keras_metadata,
            keras_metadata_inside=keras is not None and keras.metadata,
            hub_module=model.hub_module,
            tagged=bool(graph.stamp.tags),
            pinned=any(map(_ACCELERATOR.search, graph.devices)),
            one_graph=len(model.meta_graphs) == 1,
            signatures=bool(signatures),
            reference_outputs=any(
                tensor.reference for each in signatures for tensor in each.outputs.values()
            ),
            misshapen=bool(graph.misshapen),
            composite=any(
                tensor.kind is not TensorKind.DENSE
                for each in signatures
                for tensor in (*each.inputs.values(), *each.outputs.values())
            ),
            several_inputs=bool(signatures) and all(len(each.inputs) > 1 for each in signatures),
            rank_1_input=any(map(_rank_1, signatures)),
            call="__call__" in graph.attributes,
            functions=any("." not in each.name for each in graph.restored),
            serve="serve" in graph.attributes,
            lists_trainable="trainable_variables" in graph.attributes,
            trainable_collection=graph.trainable,
            variables=bool(graph.variables),
            ref_variables=bool(trained) and all(each.kind is VariableKind.REF for each in trained),
            estimator=graph.stamp.savers == ("estimator",),
            ref_in_functions=graph.objects > 0
            and any(each.op in _REFS and each.place is not Place.GRAPH for each in graph.uses),
            saver=graph.saver,
            unrestored=bool(graph.unrestored),
            foreign_specs=bool(graph.foreign_specs),
        )


def _rank_1(signature: Signature) -> bool:
    return any(
        each.shape is not None and len(each.shape) == 1 for each in signature.inputs.values()
    )
