"""The file ``saved_model.pb`` or ``.pbtxt``, read without loading the model."""

import os

#: Collections and a signature that name what a loader runs once the variables are there.
_INITIALIZERS = ("saved_model_main_op", "legacy_init_op")
_INIT_SIGNATURE = "__saved_model_init_op"
#: Where assets stood before MetaGraphDef had a field for them, and tf.Transform still writes them.
_ASSETS = "saved_model_assets"


def initialises(folder, tags):
    """Whether a SavedModel names what is to be run once it is loaded."""
    return any(
        _INIT_SIGNATURE in meta_graph.signature_def
        or any(name in meta_graph.collection_def for name in _INITIALIZERS)
        for meta_graph in meta_graphs(folder)
        if set(meta_graph.meta_info_def.tags) == set(tags)
    )


def assets(meta_graph):
    """[(tensor to be fed, file in ``assets/``)] of a MetaGraphDef's assets."""
    found = list(meta_graph.asset_file_def)
    if not found and _ASSETS in meta_graph.collection_def:
        from tensorflow.core.protobuf import meta_graph_pb2  # not on import: unit tests have none

        for packed in meta_graph.collection_def[_ASSETS].any_list.value:
            found.append(meta_graph_pb2.AssetFileDef())
            packed.Unpack(found[-1])
    return [(each.tensor_info.name, each.filename) for each in found]


def meta_graphs(folder):
    """The MetaGraphDefs of a SavedModel's folder, none where it is no SavedModel.

    Raises:
        google.protobuf.message.DecodeError: the file is damaged.
    """
    path = os.path.join(folder, "saved_model.pb")
    text = os.path.join(folder, "saved_model.pbtxt")
    if not os.path.isfile(path) and not os.path.isfile(text):
        return []
    from tensorflow.core.protobuf import saved_model_pb2  # not on import: unit tests have none

    message = saved_model_pb2.SavedModel()
    if os.path.isfile(path):
        with open(path, "rb") as file:
            message.ParseFromString(file.read())
    else:
        from google.protobuf import text_format

        with open(text, encoding="utf-8") as file:
            text_format.Parse(file.read(), message)
    return message.meta_graphs
