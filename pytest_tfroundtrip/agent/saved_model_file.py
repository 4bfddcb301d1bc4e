"""The file ``saved_model.pb``, read without loading the model."""

import os


def meta_graphs(folder):
    """The MetaGraphDefs of a SavedModel's folder, none where it is no SavedModel.

    Raises:
        google.protobuf.message.DecodeError: the file is damaged.
    """
    path = os.path.join(folder, "saved_model.pb")
    if not os.path.isfile(path):
        return []
    from tensorflow.core.protobuf import saved_model_pb2  # not on import: unit tests have none

    message = saved_model_pb2.SavedModel()
    with open(path, "rb") as file:
        message.ParseFromString(file.read())
    return message.meta_graphs
