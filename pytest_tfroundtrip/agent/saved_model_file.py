"""The file ``saved_model.pb`` or ``.pbtxt``, read without loading the model."""

import os


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
