"""SavedModels that TensorFlow wrote, and what it says of them: ``tests/data/savedmodels``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_tfroundtrip.savedmodel.protos import message
from pytest_tfroundtrip.savedmodel.reading import found_at, read_saved_model

if TYPE_CHECKING:
    from pytest_tfroundtrip.savedmodel.folders import Found

DATA = Path(__file__).parent / "data" / "savedmodels"
NAMES = tuple(sorted(path.stem for path in DATA.glob("*.json")))


def found(name: str) -> Found:
    """One of them, where it is checked in."""
    return found_at(DATA / name)


def copied(name: str, folder: Path) -> Path:
    """One of them, to be broken."""
    shutil.copytree(DATA / name, folder)
    return folder


def truth(name: str) -> dict[str, Any]:
    """What the TensorFlow that wrote it says, see ``truth.py``."""
    content: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return content


def as_truth(place: Found) -> dict[str, Any]:
    """What our reader says, in the form of ``truth.py``."""
    model = read_saved_model(place)
    graphs = [
        {
            "tags": list(graph.stamp.tags),
            "tensorflow": graph.stamp.tensorflow,
            "tensorflow_git": graph.stamp.tensorflow_git,
            "producer": graph.producer,
            "min_consumer": graph.min_consumer,
            "signatures": {
                each.key: {
                    "method_name": each.method_name,
                    "inputs": {name: _tensor(one) for name, one in each.inputs.items()},
                    "outputs": {name: _tensor(one) for name, one in each.outputs.items()},
                }
                for each in graph.signatures
            },
            "ops": {op.name: [op.in_graph, op.in_functions] for op in graph.ops},
            "attributes": {
                op.name: {each.name: each.default for each in op.attributes} for op in graph.ops
            },
            "functions": graph.functions,
            "devices": list(graph.devices),
            "listed": list(graph.listed),
            "assets": [asset.filename for asset in graph.assets],
            "variables": None
            if graph.objects
            else {
                each.name: {
                    "dtype": each.dtype,
                    "shape": _listed(each.shape),
                    "kind": each.kind.value,
                    "trainable": each.trainable,
                }
                for each in graph.variables
            },
            "objects": graph.objects,
        }
        for graph in model.meta_graphs
    ]
    checkpoint = model.checkpoint and {
        each.name: [each.dtype, _listed(each.shape)] for each in model.checkpoint.stored
    }
    return {"meta_graphs": graphs, "checkpoint": checkpoint}


def written(
    folder: Path,
    *,
    tensorflow: str = "2.15.1",
    signatures: tuple[str, ...] = ("serving_default",),
    tags: tuple[tuple[str, ...], ...] = (("serve",),),
    same: tuple[str, ...] = (),
    objects: bool = True,
    op: str = "Identity",
) -> Path:
    """A SavedModel of a few bytes, which our reader takes for one.

    Args:
        folder: where it goes.
        tensorflow: the release that it says has written it.
        signatures: keys, each with an output of its own.
        tags: of its meta graphs, all with these signatures.
        same: further keys, all for the first signature.
        objects: whether it has an object graph, as TensorFlow 2 writes one.
        op: of a node in it.
    """
    whole = message("SavedModel")(saved_model_schema_version=1)
    for each in tags:
        graph = whole.meta_graphs.add()
        graph.meta_info_def.tags.extend(each)
        graph.meta_info_def.tensorflow_version = tensorflow
        graph.meta_info_def.tensorflow_git_version = "v"
        for key in signatures:
            graph.signature_def[key].method_name = "tensorflow/serving/predict"
            graph.signature_def[key].inputs["x"].name = f"x_{key}:0"
            graph.signature_def[key].outputs["y"].name = f"y_{key}:0"
        for key in same:
            graph.signature_def[key].CopyFrom(graph.signature_def[signatures[0]])
        graph.graph_def.node.add(name="x", op="Placeholder")
        graph.graph_def.node.add(name="n", op=op)
        if objects:
            graph.object_graph_def.nodes.add().user_object.identifier = "_generic_user_object"
    folder.mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(whole.SerializeToString())
    return folder


def _tensor(each: Any) -> dict[str, Any]:
    return {
        "dtype": each.dtype,
        "shape": _listed(each.shape),
        "kind": each.kind.value,
        "tensors": list(each.tensors),
    }


def _listed(shape: Any) -> Any:
    return None if shape is None else list(shape)
